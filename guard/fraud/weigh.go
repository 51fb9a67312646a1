package fraud

import "tsujiban"

// inVain is how long a call must talk, in milliseconds, to have reached somebody.
const inVain = 10_000

// maxRedials is how often a number may be tried again without success before the
// tries count like other calls.
const maxRedials = 5

// trace finds out how a call stands to the ones before it.
func (s *State) trace(c *Call, d *destination) Trace {
	callee := c.Callee.Prefix(tsujiban.MaxDigits)
	t := Trace{
		callee: callee, code: c.Destination.Code, weighed: true,
		novel:   d.calls == 0,
		redial:  s.last != 0 && callee == s.callees[0] && s.lastInVain && s.redials < maxRedials,
		gapped:  s.last != 0,
		gap:     gapKind(c.At - s.last),
		running: uint8(min(c.Running, 3)),
	}
	t.near, t.neared = s.near(c.Callee)
	return t
}

// near says how near the number is to a different one called lately: 2 when they
// differ in the last two digits at most, 1 in the last four, 0 otherwise; false when
// none of those went to the same country.
func (s *State) near(n tsujiban.Number) (kind uint8, ok bool) {
	own := n.Prefix(tsujiban.MaxDigits)
	const country = 3 // digits that two numbers of one country mostly share
	for _, other := range s.callees {
		if other == 0 || other == own {
			continue
		}
		switch {
		case sameHead(own, other, n.Len()-2):
			return 2, true
		case sameHead(own, other, n.Len()-4):
			kind, ok = 1, true
		case sameHead(own, other, country):
			ok = true
		}
	}
	return kind, ok
}

// sameHead tells whether two keys of Number.Prefix have the same length and share
// their first k digits.
func sameHead(a, b uint64, k int) bool { return k > 0 && a>>60 == b>>60 && (a^b)<<4>>(64-4*k) == 0 }

// weigh lists the weights of a call that is asked for.
func (m *Model) weigh(s *State, c *Call, d *destination, t *Trace, e *evidence) {
	visited := d.last != 0 && c.At-d.last < visitMillis && c.At >= d.last
	if !t.redial {
		e.add(tsujiban.EvidenceDestination, m.weighDestination(s, c, d, t, visited))
	}
	// What belongs to the destination is said once in a visit: said again with each
	// call it would count one fact many times.
	if !visited && d.calls < 2*hit {
		if c.Hint {
			e.add(tsujiban.EvidenceHint, 3*deciban)
		}
		e.add(tsujiban.EvidencePrice, weighPrice(c.PerMinute))
	}
	if hour := c.At / hourMillis; hour != s.lastHour {
		s.lastHour = hour
		e.add(tsujiban.EvidenceHour, s.hours.weigh(c.Hour))
	}
	if t.gapped && !t.redial {
		e.add(tsujiban.EvidenceRate, askGap.weigh(&s.gaps, t.gap))
	}
	if t.neared && !t.redial {
		e.add(tsujiban.EvidenceAdjacency, askAdjacency.weigh(&s.adjacency, t.near))
	}
	e.add(tsujiban.EvidenceConcurrency, askConcurrency.weigh(&s.concurrency, t.running))
	if c.Source != 0 && c.Source != s.lastSource && !s.sources.empty() && !s.sources.has(c.Source) {
		e.add(tsujiban.EvidenceSource, askSource.weigh(&s.newSources, 1))
	}
	if c.Agent != 0 && c.Agent != s.lastAgent && !s.agents.empty() && !s.agents.has(c.Agent) {
		e.add(tsujiban.EvidenceUserAgent, askAgent.weigh(&s.newAgents, 1))
	}
}

// Bounds of what a destination may weigh.
const (
	knownLeast = -6 * deciban
	knownMost  = 6 * deciban
	againMost  = 5 * deciban // another number there, within one visit
	sameMost   = 3 * deciban // a number there that was called before, within one visit
)

// weighDestination backs off from the customer's own calls to those of all: a
// destination that it has called weighs by its share; a new one by how often this
// customer calls new ones at all, and by how often others call there.
func (m *Model) weighDestination(s *State, c *Call, d *destination, t *Trace, visited bool) centi {
	var w centi
	if t.novel {
		w = askNovelty.weigh(&s.novelty, 1) + m.popularity(d.code)
	} else {
		// A thief stays with few destinations: one in ten of his calls goes to each.
		w = odds(1, 10, uint64(d.calls), s.novelty.total()+hit)
		w = min(max(w, knownLeast), knownMost)
	}
	if visited {
		w = min(w, againMost)
		if s.called(t.callee) {
			w = min(w, sameMost)
		}
	}
	return w
}

// called tells whether a number is among the last ones called abroad.
func (s *State) called(callee uint64) bool {
	for _, k := range s.callees {
		if k == callee {
			return true
		}
	}
	return false
}

// popularity is the weight of a destination by the calls of all customers. Until there
// are some hundred of them it says nothing.
func (m *Model) popularity(code uint16) centi {
	const countries = 230
	if m.total < 100 || int(code) >= maxCode {
		return 0
	}
	w := odds(1, countries, uint64(m.calls[code])*countries+1, (m.total+1)*countries)
	return min(max(w, -3*deciban), 2*deciban)
}

// weighPrice: stolen calls go where they pay.
func weighPrice(perMinute tsujiban.Money) centi {
	switch {
	case perMinute == 0:
		return 0
	case perMinute < 40*tsujiban.Unit:
		return -1 * deciban
	case perMinute < 100*tsujiban.Unit:
		return 0
	case perMinute < 200*tsujiban.Unit:
		return deciban * 3 / 2
	}
	return 3 * deciban
}

// alike says how many of the last calls talked about as long: within two seconds, or
// within a twentieth. 2 stands for more.
func (s *State) alike(ms int64) uint8 {
	near := max(2000, ms/20)
	var n uint8
	for _, other := range s.talks {
		if other != 0 && max(ms-int64(other), int64(other)-ms) <= near {
			n++
		}
	}
	return min(n, 2)
}

// remember takes down that a call was asked for, whether it goes out or not.
func (s *State) remember(c *Call, d *destination, t *Trace) {
	switch {
	case t.redial:
		s.redials++
	case t.callee != s.callees[0]:
		s.redials = 0
	}
	s.last, d.last = max(c.At, 1), max(c.At, 1)
	s.lastSource, s.lastAgent = c.Source, c.Agent
	s.lastInVain = false
	for i, k := range s.callees {
		if k == t.callee || i == maxCallees-1 {
			copy(s.callees[1:i+1], s.callees[:i])
			break
		}
	}
	s.callees[0] = t.callee
}

// learn makes a call abroad part of the habits. One that was a redial is none.
func (m *Model) learn(s *State, d *destination, t *Trace) {
	if t.redial {
		return
	}
	novel := uint8(0)
	if t.novel {
		novel = 1
	}
	s.novelty.learn(novel)
	d.calls = min(d.calls, full-hit) + hit
	if t.gapped {
		s.gaps.learn(t.gap)
	}
	if t.neared {
		s.adjacency.learn(t.near)
	}
	s.concurrency.learn(t.running)
	if int(d.code) < maxCode {
		m.calls[d.code]++
		m.total++
	}
}

// learnLine learns at what hour, from where and with what device the customer calls.
func (s *State) learnLine(c *Call) {
	s.hours.learn(c.Hour)
	if c.Source != 0 {
		s.newSources.learn(fresh(s.sources.has(c.Source) || s.sources.empty()))
		s.sources.learn(c.Source)
	}
	if c.Agent != 0 {
		s.newAgents.learn(fresh(s.agents.has(c.Agent) || s.agents.empty()))
		s.agents.learn(c.Agent)
	}
}

func fresh(was bool) uint8 {
	if was {
		return 0
	}
	return 1
}
