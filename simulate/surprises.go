package simulate

import "time"

// Surprise is something honest that the firm has not done before.
type Surprise struct {
	Kind     string    // one of SurpriseKinds
	From, To time.Time // local days

	from, to int64
	factor   float64 // of ordinary traffic; 0: not touched
	daily    float64 // calls a day
	partner  int     // of the habits' partners
	site     int     // of the customer's sites
	parties  []*party
	clock    hours
	talk     length
}

// surprises by kind: how likely one is within four weeks, how many days it lasts, and what is drawn for it.
var surprises = []struct {
	kind   string
	chance float64
	abroad bool // needs international calls
	days   span
	draw   func(w *World, c *Customer, d dice, s *Surprise)
}{
	{"trip", 0.10, true, span{2, 12}, drawTrip},
	{"new-country", 0.06, true, span{5, 60}, drawNewCountry},
	{"branch", 0.05, false, span{200, 300}, drawBranch},
	{"phone-campaign", 0.07, false, span{1, 6}, drawPhoneCampaign},
	{"midnight-conference", 0.06, true, span{1, 4}, drawConference},
	{"holiday-work", 0.12, false, span{1, 3}, drawHolidayWork},
	{"surge", 0.10, false, span{3, 15}, drawSurge},
	{"softphone", 0.06, false, span{3, 40}, drawSoftphone},
}

// SurpriseKinds are the names of what may surprise an honest firm.
func SurpriseKinds() []string {
	out := make([]string, len(surprises))
	for i := range surprises {
		out[i] = surprises[i].kind
	}
	return out
}

func (w *World) drawSurprises(c *Customer) {
	d := newDice(w.opts.Seed, forSurprise, uint64(c.number))
	scale := float64(w.opts.Days) / 28
	for i := range surprises {
		k := &surprises[i]
		first := max(0, int(c.opened/day))
		if !d.chance(k.chance*scale) || k.abroad && !c.International || first >= w.opts.Days {
			continue
		}
		from := first + d.IntN(w.opts.Days-first)
		s := Surprise{Kind: k.kind, from: int64(from) * day, partner: -1, site: -1}
		s.to = s.from + int64(d.count(k.days))*day
		k.draw(w, c, d, &s)
		s.From, s.To = w.at(s.from).UTC(), w.at(s.to).UTC()
		c.Surprises = append(c.Surprises, s)
	}
}

// newPlace is a place with which the firm has not dealt.
func newPlace(w *World, c *Customer, d dice) *place {
	pools := []string{c.traits.pool, "wide", "travel", "trade"}
	for range 20 {
		if p := w.market.pool(pick(d, pools)).draw(d); !c.deals(p) {
			return p
		}
	}
	return &w.market.places[d.IntN(len(w.market.places))]
}

// drawTrip: a colleague is in a country that the firm has not called. The office calls the hotel, the customer there and a local
// mobile, mostly in vain, and calls again.
func drawTrip(w *World, c *Customer, d dice, s *Surprise) {
	p := newPlace(w, c, d)
	for range d.between(1, 5) {
		s.parties = append(s.parties, c.party(d, fill(d, pick(d, append(p.fixed[:len(p.fixed):len(p.fixed)], p.mobile...))), p, d.in(span{0.2, 0.6})))
	}
	s.daily, s.clock = d.log(span{1, 10}), c.work
	if d.chance(0.4) {
		s.clock = opening(8, 23.5, 0.9, 0.1)
	}
	s.talk = length{d.log(span{40, 600}), 0.9, 3, 2 * 3600}
}

func drawNewCountry(w *World, c *Customer, d dice, s *Surprise) {
	p := newPlace(w, c, d)
	s.partner = len(c.partners)
	c.partners = append(c.partners, partner{place: p, weight: 1, numbers: d.between(1, 6), steep: d.in(span{0.3, 1.4}), surprise: 1 + len(c.Surprises)})
	s.daily, s.clock, s.talk = d.log(span{0.7, 8}), c.work, c.far
}

func drawBranch(w *World, c *Customer, d dice, s *Surprise) {
	a := c.area
	if d.chance(0.7) {
		a = &areas[d.weighted(areaWeights)]
	}
	b := w.market.newSite(d, a, c.maker, s.from, w.end(), d.chance(0.3))
	b.share = d.in(span{0.1, 0.8})
	s.site, s.factor = len(c.sites), 1+b.share*d.in(span{0.3, 1})
	c.sites = append(c.sites, b)
}

// drawPhoneCampaign: customers are called one after the other.
func drawPhoneCampaign(w *World, c *Customer, d dice, s *Surprise) {
	s.daily, s.clock = c.out*d.log(span{1, 6}), c.work
	s.talk = length{d.log(span{15, 90}), 1, 2, 1800}
}

// drawConference: with the other side of the world, at its hours.
func drawConference(w *World, c *Customer, d dice, s *Surprise) {
	var p *place
	if len(c.partners) > 0 && d.chance(0.7) {
		p = c.partners[d.IntN(len(c.partners))].place
	} else {
		p = newPlace(w, c, d)
	}
	for range d.between(1, 3) {
		s.parties = append(s.parties, c.party(d, fill(d, pick(d, p.fixed)), p, 0.85))
	}
	s.daily = float64(len(s.parties))
	s.talk = length{d.log(span{1200, 6000}), 0.4, 120, 4 * 3600}
}

func drawHolidayWork(w *World, c *Customer, d dice, s *Surprise) {
	// It moves to the next day on which nobody would work.
	for s.from+day < w.end() && !w.dates[s.from/day].free() {
		s.from += day
		s.to += day
	}
	s.daily, s.clock = c.out*d.in(span{0.15, 0.8}), c.work
}

func drawSurge(_ *World, _ *Customer, d dice, s *Surprise) { s.factor = d.in(span{1.4, 3.2}) }

// drawSoftphone: somebody begins to work from home, or on the way.
func drawSoftphone(w *World, c *Customer, d dice, s *Surprise) {
	phone := w.market.newWanderer(d, &c.sites[0], s.from, w.end())
	phone.share, phone.to = d.in(span{0.03, 0.3}), s.to
	s.site = len(c.sites)
	c.sites = append(c.sites, phone)
}

// surprise plans what a surprise brings on a day.
func (k *worker) surprise(s *Surprise, number int16, start int64, today date) {
	d := k.d
	e := event{site: -1, surprise: number}
	switch s.Kind {
	case "trip", "new-country":
		if !workday(today) && !d.chance(0.25) {
			return
		}
		for n := d.poisson(s.daily); n > 0; n-- {
			e.what, e.at, e.talk, e.rule = callAbroad, start+s.clock.draw(d), nil, byHabit
			e.partner = int16(s.partner)
			if s.Kind == "trip" {
				e.what, e.who, e.talk, e.rule = callParty, pick(d, s.parties), &s.talk, eager
			}
			k.queue.push(e)
		}
	case "phone-campaign":
		if !workday(today) && k.c.week[today.weekday] < 0.3 {
			return
		}
		for n := d.poisson(s.daily); n > 0; n-- {
			e.what, e.who, e.at, e.talk, e.rule = callParty, k.c.stranger(d), start+s.clock.draw(d), &s.talk, never
			k.queue.push(e)
		}
	case "midnight-conference":
		at := start + int64(d.in(span{21.5, 27})*float64(hour))
		for _, p := range s.parties {
			e.what, e.who, e.at, e.talk, e.rule = callParty, p, at+d.Int64N(4*minute), &s.talk, eager
			k.queue.push(e)
		}
	case "holiday-work":
		for n := d.poisson(s.daily); n > 0; n-- {
			e.what, e.at = callHome, start+s.clock.draw(d)
			if d.chance(k.c.abroad) && k.c.International && len(k.abroad) > 0 {
				k.planAbroad(&e, start, &s.clock)
			}
			k.queue.push(e)
		}
	}
}
