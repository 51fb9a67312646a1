package simulate

import (
	"math"
	"time"
)

// plan puts what the firm does on a day on the queue.
func (k *worker) plan(n int) {
	h, d := k.c.habits, k.d
	today := k.w.dates[n]
	start := int64(n) * day
	k.mood = 0.5*k.mood + h.noise*d.NormFloat64()
	load := h.load(today) * math.Exp(k.mood-h.noise*h.noise/2) * k.surge(start)
	clock := &h.work
	if today.free() {
		clock = &h.weekend
	}
	k.ordinary(start, load, clock)
	k.incoming(start, load, clock)
	k.routines(start, n, load)
	for i := range k.c.Surprises {
		if s := &k.c.Surprises[i]; start < s.to && start+day > s.from {
			k.surprise(s, int16(i+1), start, today)
		}
	}
}

// ordinary plans the calls out. One call brings the next: calls come in small groups.
func (k *worker) ordinary(start int64, load float64, clock *hours) {
	d, h := k.d, k.c.habits
	for n := d.poisson(h.out * load); n > 0; n-- {
		e := event{site: -1, what: callHome, at: start + clock.draw(d)}
		if d.chance(h.abroad) && k.c.International && len(k.abroad) > 0 {
			k.planAbroad(&e, start, clock)
		}
		k.queue.push(e)
		for e.what == callHome && n > 1 && d.chance(h.cluster) {
			n--
			e.at += 30*second + d.wait(150)
			k.queue.push(e)
		}
	}
}

// planAbroad picks the place, and an hour at which people there work.
func (k *worker) planAbroad(e *event, start int64, clock *hours) {
	d, h := k.d, k.c.habits
	weights := make([]float64, len(h.partners))
	for i := range h.partners {
		if h.partners[i].surprise == 0 {
			weights[i] = h.partners[i].weight
		}
	}
	e.partner, e.what = int16(d.weighted(weights)), callAbroad
	if d.chance(h.odd) {
		return
	}
	for range 8 {
		if there := localHour(e.at, h.partners[e.partner].place.utc); there >= 7.5 && there < 19.5 {
			return
		}
		e.at = start + clock.draw(d)
	}
}

func (k *worker) incoming(start int64, load float64, clock *hours) {
	d, h := k.d, k.c.habits
	for n := d.poisson(h.in * load); n > 0; n-- {
		k.queue.push(event{site: -1, what: takeCall, at: start + clock.draw(d)})
	}
	if d.chance(h.alarm) {
		k.queue.push(event{site: -1, what: callAlarm, at: start + d.Int64N(day), rule: never})
	}
}

func (k *worker) routines(start int64, n int, load float64) {
	d, h := k.d, k.c.habits
	today := k.w.dates[n]
	for i := range h.fax {
		if l := &h.fax[i]; l.days[today.weekday] && !today.holiday && !today.quiet {
			k.broadcast(l, k.lists[i], start)
		}
	}
	if m := h.meeting; m != nil && k.c.International && m.days[today.weekday] && !today.holiday {
		e := event{site: 0, what: callParty, who: m.party, talk: &m.talk, answer: 0.93, rule: eager, at: start + m.at + d.Int64N(4*minute)}
		k.queue.push(e)
	}
	for c := d.poisson(h.oncall); c > 0; c-- {
		// From the evening to the next morning somebody calls, and the PBX rings whoever is on duty.
		at := start + int64(d.in(span{18, 31})*float64(hour))
		k.queue.push(event{site: -1, what: takeCall, at: at})
		k.queue.push(event{site: 0, what: callParty, who: k.doctor[d.IntN(len(k.doctor))], rule: onCall, at: at + 15*second + d.wait(40)})
	}
	if len(h.ships) > 0 && k.c.International {
		for c := d.poisson(h.shipping * min(load, 1.2)); c > 0; c-- {
			k.queue.push(event{site: -1, what: callParty, who: pick(d, h.ships), at: start + d.Int64N(day), rule: eager})
		}
	}
	k.lodge(start)
}

// broadcast faxes to a list, some calls at once.
func (k *worker) broadcast(l *faxList, list []*party, start int64) {
	d := k.d
	for _, t := range l.times {
		pages := length{l.pages.lo, l.pages.hi, 8, 900}
		at := start + t + d.Int64N(20*second)
		step := int64(1000 * (l.pages.lo + 12) / float64(l.ports))
		for _, p := range list {
			if d.chance(0.04) {
				continue // struck off, or added later
			}
			k.queue.push(event{site: 0, what: callParty, who: p, talk: &pages, answer: p.answer, rule: machine, at: at})
			at += step + d.Int64N(second)
		}
	}
}

// guest is somebody who stays at a hotel and uses its telephone.
type guest struct {
	until   int64
	daily   float64
	offset  float64 // hours before UTC at home
	parties []*party
}

// lodge lets guests arrive, leave, and call home.
func (k *worker) lodge(start int64) {
	d, h := k.d, k.c.habits
	if h.guests == 0 {
		return
	}
	from := k.w.market.pool("guests")
	for n := d.poisson(h.guests); n > 0; n-- {
		p := from.draw(d)
		if d.chance(0.06) {
			p = &k.w.market.places[d.IntN(len(k.w.market.places))] // guests come from everywhere
		}
		g := guest{until: start + int64(d.between(1, 6))*day, daily: d.log(span{0.2, 3}), offset: p.utc}
		for range d.between(1, 3) {
			g.parties = append(g.parties, h.foreigner(d, p))
		}
		k.guests = append(k.guests, g)
	}
	stay := k.guests[:0]
	for _, g := range k.guests {
		if g.until <= start {
			continue
		}
		for n := d.poisson(g.daily); n > 0; n-- {
			at := start + int64(d.in(span{7, 24.5})*float64(hour))
			for range 3 {
				if there := localHour(at, g.offset); there > 7 && there < 23 {
					break
				}
				at = start + int64(d.in(span{7, 24.5})*float64(hour))
			}
			talk := length{d.log(span{60, 600}), 0.9, 3, 2 * 3600}
			k.queue.push(event{site: 0, what: callParty, who: pick(d, g.parties), talk: &talk, at: at})
		}
		stay = append(stay, g)
	}
	k.guests = stay
}

// surge is by how much surprises raise the ordinary traffic of the day.
func (k *worker) surge(start int64) float64 {
	f := 1.0
	for i := range k.c.Surprises {
		if s := &k.c.Surprises[i]; start >= s.from && start < s.to && s.factor > 0 {
			f *= s.factor
		}
	}
	return f
}

// workday tells whether a surprise that belongs to work goes on that day.
func workday(d date) bool { return !d.free() && d.weekday != time.Sunday }
