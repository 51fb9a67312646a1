package fraud

import "tsujiban"

// Bounds of what is kept for one customer: a thief chooses what he calls, so each
// table has a fixed size.
const (
	maxDestinations = 24
	maxCallees      = 8
	maxTalks        = 6
)

// The sums at which the levels begin, and the sum from which calls teach nothing.
const (
	watchAt    = 25 * deciban
	askAt      = 45 * deciban
	restrictAt = 60 * deciban
	most       = 100 * deciban // a sum does not grow beyond
	learnBelow = watchAt
)

// leak is how much a sum loses in an hour: what was odd in the morning is half
// forgiven in the evening.
const leak = 2 * deciban

const (
	hourMillis  = 3600 * 1000
	visitMillis = 6 * hourMillis // calls to a destination within this time are one visit
	dayMillis   = 24 * hourMillis
	weekMillis  = 7 * dayMillis
)

// scope is one running sum of evidence (CUSUM).
type scope struct {
	at  int64 // when it was last moved, milliseconds since 1970
	sum centi
}

// value is the sum at an instant: it leaks, and never falls below zero.
func (s *scope) value(now int64) centi {
	lost := max(now-s.at, 0) / (hourMillis / int64(leak))
	return max(s.sum-centi(min(lost, int64(most))), 0)
}

func (s *scope) add(now int64, w centi) {
	s.sum = min(max(s.value(now)+w, 0), most)
	s.at = now
}

// destination is what is known of a customer and one country code.
type destination struct {
	scope   scope
	last    int64 // the last attempt, milliseconds since 1970; 0: the entry is free
	code    uint16
	calls   uint16 // learned, in hits
	pending uint16 // learned when they have settled, in hits
	visit   uint8  // calls of the present visit
}

// State is what is known of one customer, in less than two kilobytes. The zero value
// knows nothing.
type State struct {
	abroad       scope // over all destinations abroad
	destinations [maxDestinations]destination
	callees      [maxCallees]uint64 // the last different numbers called abroad, latest first
	talks        [maxTalks]uint32   // how long the last answered calls abroad talked, milliseconds

	last       int64  // the last attempt abroad, milliseconds since 1970; 0: none
	lastHour   int64  // when the hour of the week was weighed last, milliseconds since 1970
	lastSource uint32 // likewise the source
	lastAgent  uint32
	redials    uint8 // tries of the same number without success, one after the other
	lastInVain bool  // the last call abroad ended without talk

	// What is learned settles after a day in which no suspicion arose: a thief's test
	// calls come up to a day before the theft. Only the pace is learned at once.
	settled, pending habits
	pendingSince     int64 // milliseconds since 1970; 0: nothing is pending
	faded            int64 // the week since 1970 in which habits last faded
	gaps             habit // to any destination
	gapsAgain        habit // to one destination, within a visit
	concurrency      habit
}

// weight is how much the entry is worth keeping.
func (d *destination) weight() int { return int(d.calls) + int(d.pending) }

// find returns the entry of a country code, nil when there is none.
func (s *State) find(code uint16) *destination {
	for i := range s.destinations {
		if d := &s.destinations[i]; d.last != 0 && d.code == code {
			return d
		}
	}
	return nil
}

// make returns an entry for a new country code. What gives way is what was never
// learned, else the least called: so calls to ever new countries push out one
// another and not the customer's habits.
func (s *State) make(code uint16, now int64) *destination {
	worst := &s.destinations[0]
	for i := range s.destinations {
		d := &s.destinations[i]
		if d.last == 0 {
			worst = d
			break
		}
		if d.weight() < worst.weight() || d.weight() == worst.weight() && d.scope.value(now) < worst.scope.value(now) {
			worst = d
		}
	}
	*worst = destination{code: code}
	return worst
}

// largest is the largest sum of the customer at an instant.
func (s *State) largest(now int64) centi {
	w := s.abroad.value(now)
	for i := range s.destinations {
		w = max(w, s.destinations[i].scope.value(now))
	}
	return w
}

// Weight is the customer's largest sum of evidence at an instant (milliseconds since 1970).
func (s *State) Weight(now int64) tsujiban.Decibans { return s.largest(now).decibans() }

// Level is how far that sum goes.
func (s *State) Level(now int64) tsujiban.Level { return level(s.largest(now)) }

func level(w centi) tsujiban.Level {
	switch {
	case w >= restrictAt:
		return tsujiban.LevelRestrict
	case w >= askAt:
		return tsujiban.LevelAsk
	case w >= watchAt:
		return tsujiban.LevelWatch
	}
	return tsujiban.LevelNone
}

// Clear forgets all suspicion; habits stay.
func (s *State) Clear() {
	s.abroad = scope{}
	for i := range s.destinations {
		s.destinations[i].scope = scope{}
	}
}

// settle makes habits of what has been pending for a day, and lets habits fade by an
// eighth for each week that has begun since they last did.
func (m *Model) settle(s *State, now int64) {
	if s.pendingSince != 0 && now-s.pendingSince >= dayMillis {
		s.settled.merge(&s.pending)
		for i := range s.destinations {
			d := &s.destinations[i]
			d.calls = min(d.calls, full) + min(d.pending, 1<<16-1-full)
			m.learn(d.code, d.pending)
		}
		s.forgetPending()
	}
	week := now / weekMillis
	if week == s.faded {
		return
	}
	weeks := week - s.faded
	if s.faded == 0 || weeks < 0 { // the first call, or a clock that was set back
		weeks = 0
	}
	s.faded = week
	for range min(weeks, 52) {
		s.settled.fade()
		s.gaps.fade()
		s.gapsAgain.fade()
		s.concurrency.fade()
		for i := range s.destinations {
			s.destinations[i].calls = faded(s.destinations[i].calls)
		}
	}
}

// forgetPending drops what has not settled: suspicion has arisen.
func (s *State) forgetPending() {
	if s.pendingSince == 0 {
		return
	}
	s.pending, s.pendingSince = habits{}, 0
	for i := range s.destinations {
		s.destinations[i].pending = 0
	}
}

// teach returns where to learn at the given instant.
func (s *State) teach(now int64) *habits {
	if s.pendingSince == 0 {
		s.pendingSince = max(now, 1)
	}
	return &s.pending
}

// learn counts settled calls (in hits) for all customers.
func (m *Model) learn(code, hits uint16) {
	if int(code) < maxCode {
		m.calls[code] += uint32(hits / hit)
		m.total += uint64(hits / hit)
	}
}
