package fraud

import (
	"unsafe"

	"tsujiban"
)

// Bounds of what is kept for one customer: a thief chooses what he calls, so each
// table has a fixed size.
const (
	maxDestinations = 20
	maxCallees      = 8
	maxTalks        = 6
)

// The level from which calls teach nothing, and the most that a sum holds.
const (
	watchAt = 22 * deciban
	most    = 100 * deciban
)

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

// How much the sums lose in a day: low and slow thieves are seen over days, an odd morning is forgiven by the
// next.
const (
	leakHere   = 10 * deciban // one destination
	leakAbroad = 20 * deciban // all of them
	leakSource = 10 * deciban
	leakHome   = 200 * deciban // at home there are many calls: what is not a burst is nothing
)

// value is the sum at an instant: it leaks, and never falls below zero.
func (s *scope) value(now int64, leak centi) centi {
	lost := max(now-s.at, 0) / (dayMillis / int64(leak))
	return max(s.sum-centi(min(lost, int64(most))), 0)
}

func (s *scope) add(now int64, w, leak centi) {
	s.sum = clip(s.value(now, leak)+w, 0, most)
	s.at = now
}

// easedMost is the most that is left of a sum: some calls must be strange again before they are stopped again.
const easedMost = 34 * deciban

// ease leaves so many fifths of a sum: nobody has said that the use was theirs.
func (s *scope) ease(now int64, leak, fifths centi) {
	s.sum = min(s.value(now, leak)*fifths/5, easedMost)
	s.at = now
}

// destination is what is known of a customer and one key (tsujiban.Destination.Key).
type destination struct {
	scope   scope
	last    int64 // the last attempt, milliseconds since 1970; 0: the entry is free
	heard   int64 // the last call in from there; 0: none
	key     uint16
	calls   uint16 // learned, in hits
	pending uint16 // learned when they have settled, in hits
	days    uint8  // on how many days calls there have settled
	visit   uint8  // calls of the present visit
	fresh   uint8  // different numbers of the present visit that were not known
	talked  bool   // the last call there reached somebody
	spent   spending
}

// State is what is known of one customer. The zero value knows nothing.
type State struct {
	serial       uint32 // among all customers, in the order of their first calls; 0: not given yet
	like         uint8  // its segment
	abroad       scope  // over all destinations
	home         scope  // over calls at home to numbers that are not known
	source       scope  // over calls abroad from the source sourceKey, which was not known
	sourceKey    uint32
	destinations [maxDestinations]destination
	away, nearby burst // calls abroad, calls at home

	lastHour     int64 // when the hour of the week was weighed last, milliseconds since 1970
	lastHomeHour int64 // the same at home
	homeUpAt     int64 // when the count of lines in use was weighed last at home
	lastSource   uint32
	lastAgent    uint32
	registered   int64 // when somebody last registered from a source that was not known
	called       int64 // when the last call in was answered or came
	today        today
	gathered     gathering
	said         said   // cleared every day
	watched      uint16 // how many days have settled, in hits: what the counts of settled habits are of
	homeUp       uint8  // that count
	redials      uint8  // tries of the same number without success, one after the other
	lastInVain   bool   // the last call abroad ended without talk

	// What is learned settles after a day in which no suspicion arose: a thief's test
	// calls come up to a day before the theft. Only the pace is learned at once.
	settled, pending habits
	pendingSince     int64 // milliseconds since 1970; 0: nothing is pending
	faded            int64 // the week since 1970 in which habits last faded
	numbers          book
}

// weight is how much the entry is worth keeping.
func (d *destination) weight() int { return int(d.calls) + int(d.pending) }

// find returns the entry of a key, nil when there is none.
func (s *State) find(key uint16) *destination {
	for i := range s.destinations {
		if d := &s.destinations[i]; d.last != 0 && d.key == key {
			return d
		}
	}
	return nil
}

// make returns an entry for a new key. What gives way is what was never
// learned, else the least called: so calls to ever new countries push out one
// another and not the customer's habits.
func (s *State) make(key uint16, now int64) *destination {
	worst := &s.destinations[0]
	for i := range s.destinations {
		d := &s.destinations[i]
		if d.last == 0 {
			worst = d
			break
		}
		if d.weight() < worst.weight() || d.weight() == worst.weight() && d.scope.value(now, leakHere) < worst.scope.value(now, leakHere) {
			worst = d
		}
	}
	*worst = destination{key: key}
	return worst
}

func (s *State) entry(key uint16, now int64) *destination {
	if d := s.find(key); d != nil {
		return d
	}
	return s.make(key, now)
}

// largest is the largest sum of the customer at an instant.
func (s *State) largest(now int64) centi {
	w := max(s.abroad.value(now, s.leakAbroad()), s.home.value(now, leakHome), s.source.value(now, leakSource))
	for i := range s.destinations {
		w = max(w, s.destinations[i].scope.value(now, leakHere))
	}
	return w
}

// Weight is the customer's largest sum of evidence at an instant (milliseconds since 1970).
func (s *State) Weight(now int64) tsujiban.Decibans { return s.largest(now).decibans() }

// Level is how far that sum goes by itself: watch or none. What is restricted depends on the price, too.
func (s *State) Level(now int64) tsujiban.Level {
	if s.largest(now) >= watchAt {
		return tsujiban.LevelWatch
	}
	return tsujiban.LevelNone
}

// suspected tells whether calls teach nothing at present.
func (s *State) suspected(now int64) bool {
	return s.abroad.value(now, s.leakAbroad()) >= watchAt+min(s.today.usuallyOdd/2, watchAt/2) || s.home.value(now, leakHome) >= watchAt
}

// Ease takes most of the suspicion away, as when a restriction is lifted and nobody has said whose the use was. It teaches
// nothing.
func (s *State) Ease(now int64) {
	s.abroad.ease(now, s.leakAbroad(), 2)
	s.today.allow(s.home.value(now, leakHome) >= watchAt, s.abroad.value(now, s.leakAbroad()) >= watchAt)
	s.home.ease(now, leakHome, 2)
	s.source.ease(now, leakSource, 2)
	for i := range s.destinations {
		s.destinations[i].scope.ease(now, leakHere, 4)
	}
	s.forgetPending(now)
}

// Theirs takes all suspicion away and makes known what was suspected: the customer says that the use is theirs. The destinations of the
// last two days count as called before, and their numbers and the source as known.
func (m *Model) Theirs(s *State, now int64) {
	m.settle(s, now)
	s.abroad, s.home, s.source = scope{}, scope{}, scope{}
	for i := range s.destinations {
		d := &s.destinations[i]
		if d.scope.sum > 0 && d.last != 0 && now-d.last < 2*dayMillis {
			d.calls = min(d.calls, full) + 3*hit
			d.days = max(d.days, 10)
		}
		d.scope = scope{}
		d.spent.allow()
	}
	for _, b := range [...]*burst{&s.away, &s.nearby} {
		for _, n := range b.callees {
			if n != 0 {
				s.numbers.trust(n, now)
			}
		}
	}
	if s.sourceKey != 0 {
		s.settled.sources.learn(s.sourceKey, hit)
		s.sourceKey = 0
	}
	if s.lastAgent != 0 {
		s.settled.agents.learn(s.lastAgent, hit)
	}
}

// NotTheirs keeps the suspicion and drops what was learned lately: the customer says that the use is not theirs.
func (s *State) NotTheirs(now int64) { s.forgetPending(now) }

// settle makes habits of what has been pending for a day, and lets habits fade by an
// eighth for each week that has begun since they last did.
func (m *Model) settle(s *State, now int64) {
	if m.harm == 0 {
		m.Configure(Options{})
	}
	if day := now / dayMillis; day != s.today.day {
		s.said = said{}
		s.today.close(day, s.home.value(now, leakHome) < homeThreshold-askBelow, s.abroad.value(now, s.leakAbroad()) < m.caution)
	}
	if s.serial == 0 {
		m.customers++
		s.serial = m.customers
		s.like = uint8(s.segment())
	}
	if s.pendingSince != 0 && now-s.pendingSince >= dayMillis && !s.suspected(now) {
		s.watched += uint16(min((now-s.pendingSince)*hit/dayMillis, 60*hit))
		s.watched = min(s.watched, full)
		s.settled.merge(&s.pending)
		m.crowds[s.like].add(&s.pending)
		for i := range s.destinations {
			d := &s.destinations[i]
			if d.pending > 0 {
				d.days = min(d.days, 254) + 1
			}
			d.calls = min(d.calls, full) + min(d.pending, 1<<16-1-full)
			m.learn(d.key, d.pending)
			d.pending = 0
		}
		s.pending, s.pendingSince = habits{}, 0
		s.like = uint8(s.segment())
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
		s.watched = faded(s.watched)
		for i := range s.destinations {
			d := &s.destinations[i]
			if d.calls = faded(d.calls); d.calls == 0 {
				d.days = 0
			}
		}
	}
}

// forgetPending drops what has not settled: suspicion has arisen.
func (s *State) forgetPending(now int64) {
	s.numbers.forget(now)
	s.forgetHabits()
}

// forgetHabits does so but for the numbers.
func (s *State) forgetHabits() {
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

// Beside is where the state would have a number that is called, and how many bytes are looked through for it.
func (s *State) Beside(callee tsujiban.Number) (unsafe.Pointer, uintptr) {
	row, _ := bookPlace(callee.Prefix(tsujiban.MaxDigits))
	return unsafe.Pointer(&s.numbers[row]), unsafe.Sizeof(s.numbers[row])
}

// Hot is the part of a state that every call reads and most write: where it begins and how many bytes it has.
func (s *State) Hot() (unsafe.Pointer, uintptr) {
	return unsafe.Pointer(&s.away), unsafe.Offsetof(s.numbers) - unsafe.Offsetof(s.away)
}
