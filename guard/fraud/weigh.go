package fraud

import "tsujiban"

// inVain is how long a call must talk, in milliseconds, to have reached somebody.
const inVain = 10_000

// maxVisit is where calls of one visit are no longer counted.
const maxVisit = 250

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
		again:   d.last != 0 && c.At >= d.last && c.At-d.last < visitMillis,
		gapped:  s.last != 0,
		gap:     gapKind(c.At - s.last),
		gapHere: gapKind(c.At - d.last),
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
	if !t.redial {
		e.add(tsujiban.EvidenceDestination, m.weighDestination(s, d, t))
		s.weighPace(t, e)
	}
	// What belongs to the destination is said once in a visit: said again with each
	// call it would count one fact many times.
	if !t.again && d.calls < 2*hit {
		if c.Hint {
			e.add(tsujiban.EvidenceHint, 3*deciban)
		}
		e.add(tsujiban.EvidencePrice, weighPrice(c.PerMinute))
	}
	if c.At-s.lastHour >= visitMillis || c.At < s.lastHour {
		s.lastHour = c.At
		e.add(tsujiban.EvidenceHour, s.settled.hours.weigh(c.Hour))
	}
	if t.neared && !t.redial {
		e.add(tsujiban.EvidenceAdjacency, askAdjacency.weigh(&s.settled.adjacency, t.near))
	}
	running := askConcurrency.weigh(&s.concurrency, t.running)
	if running > 0 && e.paceHere > 0 {
		running /= 2 // calls that follow closely overlap: half of it is said already
	}
	e.add(tsujiban.EvidenceConcurrency, running)
	if c.Source != 0 && c.Source != s.lastSource && s.settled.sources.fresh(c.Source) == 1 {
		e.add(tsujiban.EvidenceSource, askSource.weigh(&s.settled.newSources, 1))
	}
	if c.Agent != 0 && c.Agent != s.lastAgent && s.settled.agents.fresh(c.Agent) == 1 {
		e.add(tsujiban.EvidenceUserAgent, askAgent.weigh(&s.settled.newAgents, 1))
	}
}

// Bounds of what a destination may weigh.
const (
	destinationDoubt = 10 // calls; a share of fewer is no share

	knownLeast = -6 * deciban
	knownMost  = 6 * deciban
	againMost  = 5 * deciban // another number there, within one visit
	sameMost   = 3 * deciban // a number there that was called before, within one visit
)

// weighDestination backs off from the customer's own calls to those of all: a
// destination that it has called weighs by its share; a new one by how often this
// customer calls new ones at all, and by how often others call there.
func (m *Model) weighDestination(s *State, d *destination, t *Trace) centi {
	var w centi
	if t.novel {
		w = askNovelty.weigh(&s.settled.novelty, 1) + m.popularity(d.code)
	} else {
		// A thief stays with few destinations: one in ten of his calls goes to each.
		w = odds(1, 10, uint64(d.calls), s.settled.novelty.total()+destinationDoubt*hit)
		w = min(max(w, knownLeast), knownMost)
	}
	if !t.again {
		return w
	}
	w = min(w, againMost)
	if s.called(t.callee) {
		w = min(w, sameMost)
	}
	if w > 0 { // the more calls went there in this visit, the less the next one says
		w /= centi(max(d.visit, 1))
	}
	return w
}

// weighPace weighs how long ago the last call was.
func (s *State) weighPace(t *Trace, e *evidence) {
	if t.again {
		e.paceHere = askGap.weigh(&s.gapsAgain, t.gapHere)
	}
	if t.gapped {
		e.paceAbroad = askGapAbroad.weigh(&s.gaps, t.gap)
	}
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
	switch {
	case !t.again:
		d.visit = 1
	case !t.redial:
		d.visit = min(d.visit, maxVisit-1) + 1
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

// learn takes down a call abroad that is to become part of the habits.
func (s *State) learn(now int64, d *destination, t *Trace) {
	h := s.teach(now)
	novel := uint8(0)
	if t.novel && d.pending == 0 {
		novel = 1
	}
	h.novelty.learn(novel)
	d.pending = min(d.pending, full) + hit
	if t.neared {
		h.adjacency.learn(t.near)
	}
	if t.gapped {
		s.gaps.learn(t.gap)
	}
	if t.again {
		s.gapsAgain.learn(t.gapHere)
	}
	s.concurrency.learn(t.running)
}

// learnLine takes down at what hour, from where and with what device the customer calls.
func (s *State) learnLine(c *Call) {
	h := s.teach(c.At)
	h.hours.learn(c.Hour)
	if c.Source != 0 {
		h.newSources.learn(s.settled.sources.fresh(c.Source))
		h.sources.learn(c.Source, hit)
	}
	if c.Agent != 0 {
		h.newAgents.learn(s.settled.agents.fresh(c.Agent))
		h.agents.learn(c.Agent, hit)
	}
}
