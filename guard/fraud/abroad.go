package fraud

import "tsujiban"

// inVain is how long a call must talk, in milliseconds, to have reached somebody.
const inVain = 10_000

// maxVisit is where calls of one visit are no longer counted.
const maxVisit = 250

// maxRedials is how often a number may be tried again without success before the
// tries count like other calls.
const maxRedials = 5

// attemptAbroad weighs a call to another country, or to numbers at home that cost extra.
func (m *Model) attemptAbroad(s *State, c *Call, key uint16, t *Trace, f *Finding) {
	d := s.entry(key, c.At)
	s.turn(d, c.At)
	*t = s.trace(c, d)
	var e evidence
	m.weighCall(s, c, d, t, &e)
	own := e.total()
	if t.strange {
		m.campaign(s, c, own, &e, f)
	}
	m.conclude(s, d, t, c.At, 0, c.Abroad, &e, f)
	s.remember(c, d, t)
}

// turn begins a new day of the money that a destination costs.
func (s *State) turn(d *destination, now int64) {
	d.spent.turn(now, d.scope.value(now, leakHere) < watchAt, &spendingAbroad)
}

// trace finds out how a call stands to the ones before it.
func (s *State) trace(c *Call, d *destination) Trace {
	callee := c.Callee.Prefix(tsujiban.MaxDigits)
	b := &s.away
	t := Trace{
		callee: callee, key: d.key, weighed: true, price: c.PerMinute, step: stepOf(c.Step),
		novel:   d.calls == 0,
		strange: !s.numbers.has(callee, c.At),
		redial:  b.last != 0 && callee == b.callees[0] && s.lastInVain && s.redials < maxRedials,
		again:   d.last != 0 && c.At >= d.last && c.At-d.last < visitMillis,
		talked:  d.talked,
		gapped:  b.last != 0,
		gap:     gapKind(c.At - b.last),
		gapHere: gapKind(c.At - d.last),
		up:      uint8(min(c.Abroad, 3)),
		overlap: c.In > 0,
	}
	t.beside = s.gathered.joins(c, d, &t)
	t.near, t.neared = b.near(c.Callee)
	if c.Source != 0 {
		if c.Source != s.sourceKey && s.settled.sources.fresh(c.Source) == 1 {
			s.source, s.sourceKey = scope{}, c.Source
			t.arrives = true
		}
		t.fromNew = c.Source == s.sourceKey
	}
	return t
}

// weighCall lists the weights of a call that is asked for.
func (m *Model) weighCall(s *State, c *Call, d *destination, t *Trace, e *evidence) {
	if t.redial {
		return // another try of the same number is no news
	}
	m.weighDestination(s, c, d, t, e)
	m.weighPace(s, d, t, e)
	if t.neared && t.strange {
		e.add(tsujiban.EvidenceAdjacency, m.weigh(s, topicAdjacency, t.near))
	}
	overlap := uint8(0)
	if t.overlap {
		overlap = 1
	}
	e.add(tsujiban.EvidenceOverlap, m.weigh(s, topicOverlap, overlap))
	if c.At-s.lastHour >= 3*visitMillis || c.At < s.lastHour {
		s.lastHour = c.At // said with each call it would count one fact many times
		e.add(tsujiban.EvidenceHour, s.settled.hours.weigh(c.Hour))
	}
	if t.arrives && s.said.first(c.Source) {
		e.add(tsujiban.EvidenceSource, m.weigh(s, topicSource, 1))
	}
	if c.Agent != 0 && c.Agent != s.lastAgent && s.settled.agents.fresh(c.Agent) == 1 && s.said.first(c.Agent) {
		e.add(tsujiban.EvidenceUserAgent, m.weigh(s, topicAgent, 1))
	}
	if s.registered != 0 && c.At-s.registered < dayMillis {
		e.add(tsujiban.EvidenceRegistration, 4*deciban)
		s.registered = 0 // said once
	}
}

// weighPace weighs how long ago the last calls were, and how many are up.
func (m *Model) weighPace(s *State, d *destination, t *Trace, e *evidence) {
	if t.beside > 0 {
		return
	}
	pace := centi(0)
	switch {
	case t.again && t.talked:
		pace = s.weighQuick(quickGapVisit, t.gapHere)
	case t.again:
		pace = s.weighQuick(quickGapRetry, t.gapHere)
	case t.gapped:
		pace = s.weighQuick(quickGap, t.gap)
	}
	e.add(tsujiban.EvidenceRate, pace)
	up := s.weighQuick(quickUp, t.up)
	if up > 0 && pace > 0 {
		up /= 2 // calls that follow closely overlap: half of it is said already
	}
	e.add(tsujiban.EvidenceConcurrency, up)
}

// conclude adds the evidence to the sums that a call abroad belongs to and says what they come to. ms is how long it has talked.
func (m *Model) conclude(s *State, d *destination, t *Trace, now, ms int64, others int, e *evidence, f *Finding) {
	w := e.total()
	here, abroad, source := d.scope.value(now, leakHere), s.abroad.value(now, s.leakAbroad()), s.source.value(now, leakSource)
	d.scope.add(now, w, leakHere)
	s.abroad.add(now, w, s.leakAbroad())
	s.today.odd = min(s.today.odd+max(w, 0), mostOdd)
	limit := m.threshold(t.price, ms, others, d.daily())
	f.find(d.scope.sum, here, limit, tsujiban.ReachKey(d.key), e)
	if w >= oddCall {
		f.find(s.abroad.sum, abroad, limit+s.widerAbroad(), s.odd(now), e)
	}
	if t.fromNew {
		s.source.add(now, w, leakSource)
		if w >= oddCall {
			f.find(s.source.sum, source, limit+widerSource, s.odd(now), e)
		}
	}
	if f.Level >= tsujiban.LevelAsk {
		s.forgetPending(now)
	}
}

// widerAbroad is how much more evidence it takes to stop calls for what all destinations together weigh: more where every day is odd.
func (s *State) widerAbroad() centi { return widerAbroad + s.today.usuallyOdd/2 }

// leakAbroad is what the sum over all destinations loses in a day: more where every day is odd.
func (s *State) leakAbroad() centi { return leakAbroad + s.today.usuallyOdd*3/2 }

// How much more evidence it takes at least to stop calls abroad for what all of them weigh, or all from a source, than for what one
// destination weighs.
const (
	widerAbroad = 8 * deciban
	widerSource = 4 * deciban
)

// remember takes down that a call abroad was asked for, whether it goes out or not.
func (s *State) remember(c *Call, d *destination, t *Trace) {
	b := &s.away
	switch {
	case t.redial:
		s.redials++
	case t.callee != b.callees[0]:
		s.redials = 0
	}
	switch {
	case !t.again:
		d.visit, d.fresh = 1, 1
	case !t.redial:
		d.visit = min(d.visit, maxVisit-1) + 1
		if t.strange && !b.called(t.callee) {
			d.fresh = min(d.fresh, maxVisit-1) + 1
		}
	}
	b.last, d.last = max(c.At, 1), max(c.At, 1)
	d.talked = false
	s.lastInVain = false
	b.dial(t.callee)
}

// endedAbroad weighs the end of a call abroad.
func (m *Model) endedAbroad(s *State, t *Trace, now, ms int64, f *Finding) {
	d := s.find(t.key)
	if d == nil { // pushed out by other destinations meanwhile
		d = &destination{key: t.key}
	}
	b := &s.away
	if t.callee == b.callees[0] {
		s.lastInVain = ms < inVain
		d.talked = ms >= inVain
	}
	var e evidence
	beside := centi(1 + t.up) // calls that run beside each other, as of a conference, say one thing
	length, alike := durationKind(ms), b.alike(ms)
	answered := uint8(0)
	if ms > 0 {
		answered = 1
	}
	if t.strange && !t.redial {
		w := m.weigh(s, topicAnswered, answered)
		if t.again && w > 0 {
			w /= 2
		}
		e.add(tsujiban.EvidenceAnswerRate, w)
		if ms > 0 {
			e.add(tsujiban.EvidenceDuration, m.weighLength(s, ms)/beside+t.shared(longer(ms)))
			if b.talks[0] != 0 && ms >= inVain {
				e.add(tsujiban.EvidenceEqualDurations, m.weigh(s, topicEqual, alike)/beside)
			}
		}
	}
	if t.strange {
		s.turn(d, now)
		e.add(tsujiban.EvidenceSpending, d.spent.add(t.charge(ms)/uint32(1+t.beside), s.usualAbroad(), &spendingAbroad))
	}
	m.conclude(s, d, t, now, ms, 0, &e, f)
	if f.Level < tsujiban.LevelWatch && !s.suspected(now) && !t.redial {
		s.learnAbroad(now, d, t, answered)
		if ms > 0 {
			s.pending.topics[topicDuration].learn(length)
			s.pending.topics[topicEqual].learn(alike)
		}
	}
	if ms >= inVain {
		b.talked(ms)
		if !s.suspected(now) {
			s.numbers.note(t.callee, now)
		}
	}
}

// weighLength weighs how long a call abroad has talked, or talks already.
func (m *Model) weighLength(s *State, ms int64) centi {
	return m.weigh(s, topicDuration, durationKind(ms))
}

// Running weighs a call abroad that talks for so long already, with so many beside it. It changes nothing: what a call came to
// is written down when it ends.
func (m *Model) Running(s *State, t *Trace, now int64, ms int64, others int, f *Finding) {
	*f = Finding{}
	if !t.weighed || t.key == 0 || !t.strange {
		return
	}
	d := s.find(t.key)
	if d == nil {
		return
	}
	var e evidence
	e.add(tsujiban.EvidenceAnswerRate, m.weigh(s, topicAnswered, 1))
	e.add(tsujiban.EvidenceDuration, t.shared(max(m.weighLength(s, ms), 0)+longer(ms)))
	spent := d.spent // a copy: nothing is changed
	spent.turn(now, d.scope.value(now, leakHere) < watchAt, &spendingAbroad)
	e.add(tsujiban.EvidenceSpending, spent.more(t.charge(ms)/uint32(1+t.beside), s.usualAbroad(), &spendingAbroad))
	w := e.total()
	here, abroad := d.scope.value(now, leakHere), s.abroad.value(now, s.leakAbroad())
	limit := m.threshold(t.price, ms, others, d.daily())
	f.find(here+w, here, limit, tsujiban.ReachKey(d.key), &e)
	f.find(abroad+w, abroad, limit+s.widerAbroad(), s.odd(now), &e)
}

// odd is where the sum over all destinations comes from: those that are suspicious themselves, or everything abroad when they are
// many.
func (s *State) odd(now int64) tsujiban.Reach {
	var keys [maxDestinations]uint16
	n := 0
	for i := range s.destinations {
		if d := &s.destinations[i]; d.scope.value(now, leakHere) >= oddFrom {
			keys[n] = d.key
			n++
		}
	}
	if n == 0 || n > manyOdd {
		return tsujiban.ReachAbroad()
	}
	r := tsujiban.ReachKey(keys[0])
	for _, k := range keys[1:n] {
		r = r.With(tsujiban.ReachKey(k))
	}
	return r
}

const (
	oddCall = 3 * deciban // what a call must weigh to be stopped for what others weighed
	oddFrom = 6 * deciban
	manyOdd = 6
)

// longer is what a call that outlasts an hour weighs beside its kind: hardly an honest one to a strange number lasts three.
func longer(ms int64) centi {
	w := centi(0)
	for _, step := range [...]struct {
		minutes int64
		w       centi
	}{{60, 3}, {90, 3}, {120, 4}, {150, 4}, {180, 4}, {240, 6}} {
		if ms >= step.minutes*60_000 {
			w += step.w * deciban
		}
	}
	return w
}
