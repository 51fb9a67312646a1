package simulate

import "time"

// nowhere is the place of numbers that are no country's: satellites.
var nowhere = &place{index: -1, name: "satellite", utc: 9}

// drawRoutines draws what only some kinds do.
func (h *habits) drawRoutines(m *market, d dice) {
	t := h.traits
	h.guests, h.oncall, h.shipping = d.log(t.guests), d.log(t.oncall), d.in(t.ships)
	if t.ships.hi > 0 && d.chance(0.7) {
		for range d.between(2, 12) {
			h.ships = append(h.ships, h.party(d, fill(d, pick(d, m.space).form), nowhere, 0.6))
		}
	}
	if t.fax {
		for range d.between(1, 5) {
			h.fax = append(h.fax, newFaxList(d))
		}
	}
	if d.chance(t.conference) && len(h.partners) > 0 {
		p := h.partners[0].place
		// Mornings and evenings in Japan are the other side's evening and morning: one of them gets up or stays late.
		at := pick(d, []float64{8, 9, 17, 18, 20, 21, 22, 23, 15, 16, 10}) + pick(d, []float64{0, 0.5})
		h.meeting = &meeting{at: int64(at * float64(hour)), talk: length{d.log(span{1500, 6000}), d.in(span{0.1, 0.5}), 300, 5 * 3600}}
		h.meeting.party = h.party(d, fill(d, pick(d, p.fixed)), p, 0.9)
		every := d.in(span{0.4, 1})
		for w := time.Monday; w <= time.Friday; w++ {
			h.meeting.days[w] = d.chance(every)
		}
	}
}

func newFaxList(d dice) faxList {
	pages, base := d.between(1, 4), d.in(span{26, 48})
	l := faxList{size: d.count(span{60, 500}), ports: d.between(2, 12)}
	l.pages = span{float64(pages) * base, d.in(span{0.01, 0.09})} // median and spread
	for range d.between(1, 2) {
		// Batch jobs begin on the hour, at half past, or when somebody presses the button.
		l.times = append(l.times, int64(d.between(7, 20))*hour+pick(d, []int64{0, 0, 30, 15, int64(d.IntN(60))})*minute)
	}
	every := d.in(span{0.15, 1})
	for w := time.Monday; w <= time.Friday; w++ {
		l.days[w] = d.chance(every)
	}
	l.days[d.between(1, 5)] = true
	return l
}
