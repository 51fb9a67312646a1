package simulate

import "time"

// recents is how many of the last new numbers a firm may come back to.
const recents = 40

func milliseconds(ms int64) time.Duration { return time.Duration(ms) * time.Millisecond }

// somebody is whom the firm calls at home: a regular contact by Zipf's law, one that it has just got to know, or a new one.
func (k *worker) somebody() *party {
	d, h := k.d, k.c.habits
	switch x := d.Float64(); {
	case x < h.fresh:
		p := h.stranger(d)
		k.remember(p)
		return p
	case x < h.fresh+h.again && len(k.recent) > 0:
		back := min(int(d.ExpFloat64()*8), len(k.recent)-1)
		return k.recent[len(k.recent)-1-back]
	}
	return k.book[k.rank.draw(d)]
}

func (k *worker) remember(p *party) {
	if len(k.recent) == recents {
		copy(k.recent, k.recent[1:])
		k.recent = k.recent[:recents-1]
	}
	k.recent = append(k.recent, p)
	if k.d.chance(k.c.keep) {
		k.book[len(k.book)-1-k.d.IntN((len(k.book)+1)/2)] = p // some customer is lost for one that is won
	}
}

// partner is whom the firm calls at one of its places abroad: mostly known, sometimes a colleague with a neighbouring number,
// sometimes another company.
func (k *worker) partner(i int) *party {
	d, h := k.d, k.c.habits
	v := &k.abroad[i]
	known := v.rank.draw(d)
	if !d.chance(h.rare) {
		return v.list[known]
	}
	at := h.partners[i].place
	p := h.foreigner(d, at)
	if d.chance(0.45) {
		p = h.party(d, v.list[known].neighbour(d), at, h.answer)
	}
	if d.chance(h.keep) {
		v.list[d.IntN(len(v.list))] = p
	}
	return p
}

// caller is who calls the firm; nil when the number is withheld.
func (k *worker) caller() *party {
	d, h := k.d, k.c.habits
	switch {
	case d.chance(h.withheld):
		return nil
	case d.chance(h.awayIn):
		if len(k.abroad) > 0 && d.chance(0.85) {
			return k.partner(d.IntN(len(k.abroad)))
		}
		return h.foreigner(d, k.w.callers.draw(d))
	case d.chance(h.known):
		if len(k.recent) > 0 && d.chance(0.25) {
			return k.recent[d.IntN(len(k.recent))]
		}
		return k.book[k.rank.draw(d)]
	}
	near := toFixed
	if d.chance(0.2 + h.kinds[toMobile]) {
		near = toMobile
	}
	return h.party(d, homeNumber(d, near, h.area, h.nearby), nil, h.answer)
}

// site is from where a call is made, or where it is taken.
func (k *worker) site(e *event) *site {
	sites := k.c.sites
	if e.site >= 0 && sites[e.site].open(e.at) {
		return &sites[e.site]
	}
	sum := 0.0
	for i := range sites {
		if sites[i].open(e.at) {
			sum += sites[i].share
		}
	}
	x := k.d.Float64() * sum
	for i := range sites {
		if sites[i].open(e.at) {
			if x -= sites[i].share; x < 0 {
				return &sites[i]
			}
		}
	}
	return &sites[0]
}

// ringing is the time from INVITE to answer or failure: the network's, then the bell's.
func (k *worker) ringing(p *party, answered bool) int64 {
	d := k.d
	network := length{1.1, 0.4, 0.25, 6}
	if p.place != nil {
		network = length{3, 0.45, 0.8, 14}
	}
	t := d.seconds(network)
	switch {
	case answered && (p.fax || p.answer > 0.96):
		return t + d.seconds(length{2.5, 0.5, 0.3, 9}) // a machine answers
	case answered:
		return t + d.seconds(length{7.5, 0.65, 0.7, 58})
	case d.chance(0.25):
		return t + d.Int64N(2*second) // engaged, or no such number
	}
	return t + d.seconds(length{27, 0.4, 5, 90})
}

// talking is how long is talked: lognormal (Bolotin 1994; Brown et al. 2005), with a few far longer.
func (k *worker) talking(e *event) int64 {
	d, h, p := k.d, k.c.habits, e.who
	l := h.talk
	switch {
	case e.talk != nil:
		return d.seconds(*e.talk)
	case p.fax:
		l = length{48, 0.5, 12, 900}
	case p.place != nil:
		l = h.far
	}
	l.median *= float64(p.talk)
	if d.chance(0.004) {
		l.median *= d.in(span{3, 9})
	}
	return d.seconds(l)
}

// queue holds what is going to be done, the earliest first.
type queue []event

func (q *queue) push(e event) {
	*q = append(*q, e)
	h := *q
	for i := len(h) - 1; i > 0; {
		up := (i - 1) / 2
		if h[up].at <= h[i].at {
			return
		}
		h[up], h[i] = h[i], h[up]
		i = up
	}
}

func (q *queue) pop() event {
	h := *q
	top, n := h[0], len(h)-1
	h[0] = h[n]
	h[n] = event{} // lets go of the party
	h = h[:n]
	*q = h
	for i := 0; ; {
		child := 2*i + 1
		if child >= n {
			return top
		}
		if child+1 < n && h[child+1].at < h[child].at {
			child++
		}
		if h[i].at <= h[child].at {
			return top
		}
		h[i], h[child] = h[child], h[i]
		i = child
	}
}
