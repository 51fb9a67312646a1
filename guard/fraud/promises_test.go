package fraud

import (
	"fmt"
	"testing"
	"time"

	"tsujiban"
)

// home is a call to a number at home.
func home(t testing.TB, at int64, number string) *Call {
	c := abroad(t, at, 81, number)
	c.Destination, c.PerMinute, c.Out = tsujiban.Destination{Scope: tsujiban.ScopeDomestic, Code: 81}, 3*tsujiban.Unit, 5
	return c
}

// strangers calls numbers at home that nobody there was ever called on, one after the other. It returns how many calls there were before the
// line was restricted, or -1.
func strangers(t testing.TB, m *Model, s *State, from int64, n int) int {
	var tr Trace
	var f Finding
	for i := range n {
		at := from + int64(i)*8000
		m.Attempt(s, home(t, at, fmt.Sprintf("819012%06d", i)), &tr, &f)
		if f.Level >= tsujiban.LevelRestrict {
			return i
		}
		m.Ended(s, &tr, at+7000, 6*time.Second, &f)
		if f.Level >= tsujiban.LevelRestrict {
			return i
		}
	}
	return -1
}

// TestOnlyAFloodAtHomeIsStopped: a firm that calls fifty known numbers a day may call three times as many strangers in one, however they look; two
// thousand are stopped. One that does so every day goes on.
func TestOnlyAFloodAtHomeIsStopped(t *testing.T) {
	settled := func() (m *Model, s *State, now int64) {
		m, s = &Model{}, &State{}
		var tr Trace
		var f Finding
		for day := range 28 {
			for i := range 50 {
				now = start + int64(day)*dayMillis + 10*hourMillis + int64(i)*600_000
				m.Attempt(s, home(t, now, fmt.Sprintf("81312345%03d", i)), &tr, &f)
				m.Ended(s, &tr, now+120_000, time.Duration(60+7*(i%13))*time.Second, &f)
			}
		}
		return m, s, start + 28*dayMillis + 10*hourMillis
	}
	m, s, now := settled()
	if at := strangers(t, m, s, now, 240); at >= 0 {
		t.Errorf("a phone campaign was stopped at call %d", at)
	}
	m, s, now = settled()
	if at := strangers(t, m, s, now, 2000); at < 240 || at > 1200 {
		t.Errorf("a flood of two thousand was stopped at call %d", at)
	}
	m, s, now = settled()
	// It grows by at most twice a day and 80: whoever wants to poison it needs days.
	for day := range 8 {
		n := min(2000, 200<<day)
		if at := strangers(t, m, s, now+int64(day)*dayMillis, n); at >= 0 {
			t.Fatalf("day %d: %d calls were stopped at call %d", day, n, at)
		}
	}
}

// TestDaysMakeADestinationOnesOwn, not calls: a hundred calls in one night give the trust of one day.
func TestDaysMakeADestinationOnesOwn(t *testing.T) {
	play := func(days, daily int) centi {
		var m Model
		var s State
		var tr Trace
		var f Finding
		now := int64(0)
		for day := range days {
			for i := range daily {
				now = start + int64(day)*dayMillis + 10*hourMillis + int64(i)*240_000
				m.Attempt(&s, abroad(t, now, 1, "12125550100"), &tr, &f)
				m.Ended(&s, &tr, now+60_000, 3*time.Minute, &f)
			}
		}
		m.settle(&s, now+2*dayMillis)
		d := s.find(1)
		if d == nil {
			t.Fatal("the destination is forgotten")
		}
		return d.trust()
	}
	if one, ten := play(1, 4), play(10, 1); one <= 0 || one > 40 || ten < 75 {
		t.Errorf("four calls of one day give a trust of %d, one call on each of ten days %d", one, ten)
	}
}

// TestOddDestinationsAreNamed: what all destinations weigh together stops those that are odd themselves, and all of them when they are
// many. A country that the customer calls is not among them.
func TestOddDestinationsAreNamed(t *testing.T) {
	var m Model
	var s State
	now := year(t, &m, &s, 4) + 12*hourMillis
	odd := func(n int) tsujiban.Reach {
		for i := range n {
			d := s.entry(uint16(231+i), now)
			d.last, d.scope = now, scope{at: now, sum: 2 * oddFrom}
		}
		return s.odd(now)
	}
	if r := odd(3); r.String() != "231 232 233" {
		t.Errorf("three odd destinations give %q", r)
	}
	if r := odd(manyOdd + 1); !r.Abroad() {
		t.Errorf("%d odd destinations give %q", manyOdd+1, r)
	}
}

// TestStrangersDoNotSetThePace: the pace of calls to numbers that are not known settles like every habit, that of known ones at once.
func TestStrangersDoNotSetThePace(t *testing.T) {
	var m Model
	var s State
	now := year(t, &m, &s, 4) + 12*hourMillis
	before := s.settled.quick
	var tr Trace
	var f Finding
	m.Attempt(&s, abroad(t, now, 82, "82298765432"), &tr, &f)
	m.Ended(&s, &tr, now+60_000, time.Minute, &f)
	if s.settled.quick != before {
		t.Error("a call to a stranger taught the pace at once")
	}
	m.Attempt(&s, abroad(t, now+600_000, 82, "82212345678"), &tr, &f)
	m.Ended(&s, &tr, now+700_000, time.Minute, &f)
	if s.settled.quick == before {
		t.Error("a call to a known number did not teach the pace")
	}
}
