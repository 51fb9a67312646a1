package bill

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"tsujiban"
)

var tokyo = time.FixedZone("JST", 9*3600)

var leone = tsujiban.Destination{Scope: tsujiban.ScopeInternational, Class: tsujiban.ClassMobile, Code: 232, ISO: [2]byte{'S', 'L'}}

// TestManyLinesAreOne: the bill of March 2015 had 351 pages of the same line.
func TestManyLinesAreOne(t *testing.T) {
	b := New(tokyo)
	at := time.Date(2015, 3, 20, 15, 0, 0, 0, time.UTC)
	yen := 175 * tsujiban.Unit
	b.Add(Line{First: at, Last: at.AddDate(0, 0, 4), Place: PlaceOf(leone), Count: 14_000, Talk: 14_000 * 30 * time.Second, Least: yen, Most: yen, Charge: yen.Times(14_000)}, nil)
	one := Line{First: at.Add(time.Hour), Last: at.Add(time.Hour), Place: PlaceOf(leone), Call: 7, Count: 1, Talk: 20 * time.Minute, Least: yen, Most: yen, Charge: yen}
	b.Add(Line{First: one.First, Last: one.First, Place: one.Place, Count: 1, Talk: one.Talk, Least: yen, Most: yen, Charge: yen}, []Line{one})
	lines := b.Lines()
	if len(lines) != 2 || lines[0].Count != 14_000 || lines[0].About() != 30*time.Second || lines[0].Charge != 2_450_000*tsujiban.Unit || lines[1] != one {
		t.Fatalf("%+v", lines)
	}
}

// TestNothingIsLost: whatever the calls, days and destinations add up to the total, and kinds of line beyond those that are kept to one line for
// each destination.
func TestNothingIsLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b, u := New(tokyo), NewUse(tokyo, true)
		b.groups = maxGroups - rapid.IntRange(0, 20).Draw(t, "room")
		at := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
		var charged tsujiban.Money
		calls := 0
		for range rapid.IntRange(0, 200).Draw(t, "calls") {
			d := leone
			d.ISO[1] = rapid.SampledFrom([]byte("LEN")).Draw(t, "iso")
			at = at.Add(time.Duration(rapid.IntRange(0, 100_000).Draw(t, "gap")) * time.Second)
			s := Sum{Attempts: 1, Answered: 1, Talk: time.Duration(rapid.IntRange(0, 200).Draw(t, "s")) * time.Second, Charge: tsujiban.Money(rapid.IntRange(0, 1000).Draw(t, "yen"))}
			y, m, day := at.In(tokyo).Date()
			u.Add(time.Date(y, m, day, 0, 0, 0, 0, tokyo), d, &s)
			u.AddHour(at, &s)
			n := rapid.IntRange(1, 9).Draw(t, "alike")
			b.Add(Line{First: at, Last: at.Add(time.Hour), Place: PlaceOf(d), Count: n, Talk: s.Talk, Least: s.Charge, Most: s.Charge, Charge: s.Charge}, nil)
			charged, calls = charged.Add(s.Charge), calls+n
		}
		var lines, days, places, hours tsujiban.Money
		for _, l := range b.Lines() {
			lines, calls = lines.Add(l.Charge), calls-l.Count
			if l.First.After(l.Last) || l.Least > l.Most {
				t.Errorf("%+v", l)
			}
		}
		for _, s := range u.Days {
			days = days.Add(s.Charge)
		}
		for _, s := range u.Places {
			places = places.Add(s.Charge)
		}
		for h, s := range u.Hours {
			hours = hours.Add(s.Charge)
			if h.Minute() != 0 || h.Second() != 0 {
				t.Errorf("an hour begins at %v", h)
			}
		}
		if total := u.Total.Charge; charged != total || lines != total || days != total || places != total || hours != total || calls != 0 {
			t.Errorf("total %v, of %v, lines %v, days %v, places %v, hours %v; %d calls lost", total, charged, lines, days, places, hours, calls)
		}
		if got := len(b.Lines()); got > 20+3 {
			t.Errorf("%d lines", got)
		}
	})
}
