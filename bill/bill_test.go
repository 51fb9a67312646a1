package bill

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"tsujiban"
)

var tokyo = time.FixedZone("JST", 9*3600)

func leone(at time.Time, talk time.Duration, yen tsujiban.Money) *Call {
	n, err := tsujiban.ParseNumber("+23276123456")
	if err != nil {
		panic(err)
	}
	return &Call{
		At: at, Callee: n, Answered: talk > 0, Talk: talk, Charge: yen * tsujiban.Unit,
		Destination: tsujiban.Destination{Scope: tsujiban.ScopeInternational, Class: tsujiban.ClassMobile, Code: 232, ISO: [2]byte{'S', 'L'}},
	}
}

// TestFourteenThousandLinesAreOne: the bill of March 2015 had 351 pages of the same line.
func TestFourteenThousandLinesAreOne(t *testing.T) {
	b := New(tokyo)
	at := time.Date(2015, 3, 20, 15, 0, 0, 0, time.UTC)
	for i := range 14_000 {
		b.Add(leone(at.Add(time.Duration(i)*25*time.Second), time.Duration(28+i%5)*time.Second, 175))
	}
	b.Add(leone(at.Add(time.Hour), 20*time.Minute, 3500))
	b.Add(&Call{At: at, Refused: true, Destination: tsujiban.Destination{Scope: tsujiban.ScopeInternational, ISO: [2]byte{'S', 'L'}}})
	lines := b.Lines()
	if len(lines) != 2 || lines[0].Count != 14_000 || lines[0].Least != 175*tsujiban.Unit || lines[0].Most != lines[0].Least || lines[0].About() != 30*time.Second || lines[0].Charge != 2_450_000*tsujiban.Unit {
		t.Fatalf("%+v", lines)
	}
	if !lines[0].Callee.IsZero() || lines[1].Count != 1 || lines[1].Callee.IsZero() {
		t.Errorf("%+v", lines)
	}
	if b.Total.Attempts != 14_002 || b.Total.Refused != 1 || b.Total.Charge != 2_453_500*tsujiban.Unit {
		t.Errorf("%+v", b.Total)
	}
	// 15:00 UTC is midnight in Tokyo: it is the 21st there.
	if first := time.Date(2015, 3, 21, 0, 0, 0, 0, tokyo); b.Days[first] == nil || b.Days[first].Attempts != 3456+2 {
		t.Errorf("%v", b.Days)
	}
}

// TestNothingIsLost: whatever the calls, lines, days and destinations add up to the total.
func TestNothingIsLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b, u := New(tokyo), NewUse(tokyo, true)
		at := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
		for range rapid.IntRange(0, 200).Draw(t, "calls") {
			c := leone(at, time.Duration(rapid.IntRange(0, 200).Draw(t, "s"))*time.Second, tsujiban.Money(rapid.IntRange(0, 1000).Draw(t, "yen")))
			c.Destination.ISO[1] = rapid.SampledFrom([]byte("LEN")).Draw(t, "iso")
			at = at.Add(time.Duration(rapid.IntRange(0, 100_000).Draw(t, "gap")) * time.Second)
			b.Add(c)
			u.Add(c)
		}
		var lines, days, places, hours tsujiban.Money
		for _, l := range b.Lines() {
			lines = lines.Add(l.Charge)
			if l.First.After(l.Last) || l.Least > l.Most {
				t.Errorf("%+v", l)
			}
		}
		for _, s := range b.Days {
			days = days.Add(s.Charge)
		}
		for _, s := range b.Places {
			places = places.Add(s.Charge)
		}
		for h, s := range u.Hours {
			hours = hours.Add(s.Charge)
			if h.Minute() != 0 || h.Second() != 0 {
				t.Errorf("an hour begins at %v", h)
			}
		}
		if total := b.Total.Charge; lines != total || days != total || places != total || hours != total {
			t.Errorf("total %v, lines %v, days %v, places %v, hours %v", total, lines, days, places, hours)
		}
	})
}
