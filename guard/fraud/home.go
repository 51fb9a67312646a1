package fraud

import "tsujiban"

// At home a thief does not earn by the minute; he uses the line as a stepping stone, to call people by the hundred who see the
// firm's number. What shows him is the burst: numbers that the firm has never had to do with, one after the other, on more lines
// than it ever used, often next to each other or with an announcement of always the same length. Only such numbers are weighed, and
// only they are restricted: whom the firm knows it can go on calling.

// attemptHome weighs a call at home.
func (m *Model) attemptHome(s *State, c *Call, t *Trace, f *Finding) {
	callee := c.Callee.Prefix(tsujiban.MaxDigits)
	b := &s.nearby
	*t = Trace{
		callee: callee, weighed: true, price: c.PerMinute,
		strange: !s.numbers.has(callee, c.At),
		again:   b.called(callee),
		gapped:  b.last != 0,
		gap:     homeGapKind(c.At - b.last),
		up:      uint8(min(c.Out, kinds-1)),
	}
	t.near, t.neared = b.near(c.Callee)
	t.seen = s.numbers.seen(callee)
	flood := s.flood(c)
	if !t.strange {
		s.learnHome(c.At, t)
		return
	}
	var e evidence
	if !t.again {
		e.add(tsujiban.EvidenceDestination, m.weigh(s, topicNumberHome, 1))
		if t.gapped {
			e.add(tsujiban.EvidenceRate, s.weighQuick(quickHomeGap, t.gap))
		}
		if t.up > s.homeUp || c.At-s.homeUpAt >= episode || c.At < s.homeUpAt {
			// So many lines in use for half an hour are one fact.
			s.homeUp, s.homeUpAt = t.up, c.At
			e.add(tsujiban.EvidenceConcurrency, s.weighQuick(quickHomeUp, t.up))
		}
		if t.neared {
			e.add(tsujiban.EvidenceAdjacency, m.weigh(s, topicHomeNear, t.near))
		}
		if c.At-s.lastHomeHour >= visitMillis || c.At < s.lastHomeHour {
			s.lastHomeHour = c.At
			e.add(tsujiban.EvidenceHour, s.settled.hours.weigh(c.Hour))
		}
		if c.Source != 0 && s.settled.sources.fresh(c.Source) == 1 {
			e.add(tsujiban.EvidenceSource, m.weigh(s, topicSource, 1)/4)
		}
		if c.Agent != 0 && s.settled.agents.fresh(c.Agent) == 1 {
			e.add(tsujiban.EvidenceUserAgent, m.weigh(s, topicAgent, 1)/4)
		}
	}
	e.scale(s.maturity() * flood / 100)
	m.concludeHome(s, t, c.At, &e, f)
	b.last = max(c.At, 1)
	b.dial(callee)
}

// flood counts a call at home, and says how far the day has left what is usual, in percent. Calls from where the customer has never
// called count double.
func (s *State) flood(c *Call) centi {
	s.today.calls++
	n := uint64(s.today.calls) * 100
	if c.Source != 0 && s.settled.sources.fresh(c.Source) == 1 {
		n *= 2
	}
	return s.today.flood(n)
}

// maturity is how far the customer is known by its calls at home, in percent: to somebody whose numbers nobody has
// written down yet every number is new, and that says nothing.
func (s *State) maturity() centi {
	const half = 200 * hit // calls that make half of it
	n := s.settled.topics[topicNumberHome].total()
	return centi(n * 100 / (n + half))
}

// concludeHome adds the evidence to the sum of calls at home and says what it comes to.
func (m *Model) concludeHome(s *State, t *Trace, now int64, e *evidence, f *Finding) {
	before := s.home.value(now, leakHome)
	s.home.add(now, e.total(), leakHome)
	f.find(s.home.sum, before, max(m.threshold(t.price, 0, 0, 0), homeThreshold), tsujiban.ReachHome(), e)
	if f.Level >= tsujiban.LevelAsk {
		s.forgetHabits()
	}
}

// episode is for how long what goes on is one fact.
const episode = 30 * 60_000 // milliseconds

// homeThreshold holds for calls at home whatever they cost.
const homeThreshold = 95 * deciban

// endedHome weighs the end of a call at home.
func (m *Model) endedHome(s *State, t *Trace, now, ms int64, f *Finding) {
	b := &s.nearby
	if t.strange && !t.again {
		var e evidence
		alike := b.alike(ms)
		if ms > 0 {
			e.add(tsujiban.EvidenceDuration, m.weigh(s, topicHomeLength, durationKind(ms)))
			if b.talks[0] != 0 {
				e.add(tsujiban.EvidenceEqualDurations, m.weigh(s, topicHomeEqual, alike))
			}
		}
		e.scale(s.maturity() * s.today.flood(uint64(s.today.calls)*100) / 100)
		m.concludeHome(s, t, now, &e, f)
		if ms > 0 {
			if f.Level < tsujiban.LevelWatch {
				h := s.teach(now)
				h.topics[topicHomeLength].learn(durationKind(ms))
				h.topics[topicHomeEqual].learn(alike)
			}
			b.talked(ms)
		}
		if f.Level < tsujiban.LevelWatch {
			s.learnHome(now, t)
		}
	}
	if ms >= inVain && s.home.value(now, leakHome) < watchAt {
		s.numbers.note(t.callee, now)
	}
}

// learnHome takes down a call at home that is to become part of the habits.
func (s *State) learnHome(now int64, t *Trace) {
	h := s.teach(now)
	kind := uint8(0)
	if t.strange {
		kind = 1
		if t.gapped {
			s.settled.quick[quickHomeGap].learn(t.gap)
		}
		if t.neared {
			h.topics[topicHomeNear].learn(t.near)
		}
	}
	h.topics[topicNumberHome].learn(kind)
	s.settled.quick[quickHomeUp].learn(t.up)
}
