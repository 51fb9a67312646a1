package inquiry_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tsujiban"
	"tsujiban/inquiry"
	"tsujiban/numbering"
)

func plan(t testing.TB) *numbering.Plan {
	t.Helper()
	p, err := numbering.New("JP")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func find(ns []inquiry.Near, digits string) (int, *inquiry.Near) {
	i := slices.IndexFunc(ns, func(n inquiry.Near) bool { return n.Digits == digits })
	if i < 0 {
		return i, nil
	}
	return i, &ns[i]
}

// TestNear: each kind of slip finds the number that was meant, and says what happened where.
func TestNear(t *testing.T) {
	p := plan(t)
	for _, c := range []struct {
		given, meant string
		slip         inquiry.Slip
		place, rank  int // the rank that it must reach
	}{
		{"050-1232-5678", "05012345678", inquiry.SlipKey, 7, 40}, // the story: 2 for 4
		{"05012315678", "05012375678", inquiry.SlipHeard, 7, 10}, // ichi for shichi
		{"05012375678", "05012345678", inquiry.SlipHeard, 7, 20}, // shichi for shi
		{"05012345670", "05012345676", inquiry.SlipRead, 11, 45},
		{"05012345678", "05021345678", inquiry.SlipSwapped, 4, 60},
		{"05012345678", "05032145678", inquiry.SlipJumped, 4, 120},
		{"05012335678", "05012445678", inquiry.SlipTwin, 6, 130},
		{"050123456778", "05012345678", inquiry.SlipDoubled, 10, 3},
		{"050912345678", "05012345678", inquiry.SlipExtra, 4, 20},
		{"0501345678", "05013345678", inquiry.SlipDropped, 5, 20},
		{"0501345678", "05012345678", inquiry.SlipMissing, 5, 100},
		{"+81-50-1232-5678", "05012345678", inquiry.SlipKey, 7, 40},
		{"０５０－１２３２－５６７８", "05012345678", inquiry.SlipKey, 7, 40},
		{"03-1234-5678", "0312345679", inquiry.SlipKey, 10, 20},
		{"+23277123456", "+23277123457", inquiry.SlipKey, 11, 80},
	} {
		ns := inquiry.NearNumbers(p, c.given)
		i, n := find(ns, c.meant)
		if n == nil {
			t.Errorf("%s: %s is not there", c.given, c.meant)
			continue
		}
		if !slices.Contains(n.Slips, c.slip) || n.Place != c.place || i >= c.rank {
			t.Errorf("%s: %s is rank %d of %d, place %d, %v", c.given, c.meant, i, len(ns), n.Place, n.Slips)
		}
	}
	for _, s := range []string{"", "+", "-", "12", strings.Repeat("1", 40)} {
		if ns := inquiry.NearNumbers(p, s); len(ns) > 0 {
			t.Errorf("%q: %d numbers", s, len(ns))
		}
	}
}

// TestNearOrder: what looks, sounds or lies alike comes before what does not.
func TestNearOrder(t *testing.T) {
	ns := inquiry.NearNumbers(plan(t), "05012345678")
	order := func(first, second string) {
		t.Helper()
		i, a := find(ns, first)
		j, b := find(ns, second)
		if a == nil || b == nil || i >= j {
			t.Errorf("%s (rank %d) comes after %s (rank %d)", first, i, second, j)
		}
	}
	order("05012345679", "05012345672") // 8 for 9, neighbours, before 8 for 2
	order("05012345648", "05012345638") // 7 for 4, shi and shichi, before 7 for 3
	order("05012345618", "05012345658") // 7 for 1, before the corner of a key
	order("05012345677", "08012345678") // who knows it is an 050 number gets that right
	order("05012345687", "05012345876") // swapped, before swapped over one
}

// TestNearAll: every candidate is a number of the plan, in order, once, and one slip away; the weights add up to 1.
func TestNearAll(t *testing.T) {
	p := plan(t)
	rapid.Check(t, func(t *rapid.T) {
		given := rapid.StringMatching(`050[1-9][0-9]{7}|0[789]0[1-9][0-9]{7}|03[1-9][0-9]{7}|050[1-9][0-9]{6}|050[1-9][0-9]{8}`).Draw(t, "given")
		ns := inquiry.NearNumbers(p, given)
		sum, seen := 0.0, map[tsujiban.Number]bool{}
		for i := range ns {
			n := &ns[i]
			d, err := p.Parse([]byte(n.Digits))
			if err != nil || d.Number != n.Number || d.Destination.Class == tsujiban.ClassUndesignated {
				t.Fatalf("%s is no number of the plan: %v", n.Digits, err)
			}
			if seen[n.Number] || n.Digits == given || len(n.Slips) == 0 || n.Place < 1 || n.Weight <= 0 {
				t.Fatalf("%+v", n)
			}
			if i > 0 && n.Weight > ns[i-1].Weight {
				t.Fatalf("%s comes after %s", n.Digits, ns[i-1].Digits)
			}
			if !oneSlip(given, n.Digits) {
				t.Fatalf("%s is not one slip away from %s", n.Digits, given)
			}
			seen[n.Number] = true
			sum += n.Weight
		}
		if len(ns) > 0 && math.Abs(sum-1) > 1e-9 {
			t.Fatalf("the weights add up to %v", sum)
		}
	})
}

// oneSlip is the definition, written another way: after the common beginning and end are taken off, what is left of both is one
// digit each, one digit and none, or two or three in another order, or two pairs.
func oneSlip(a, b string) bool {
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	switch {
	case len(a)+len(b) == 1, len(a) == 1 && len(b) == 1:
		return true
	case len(a) == 2 && len(b) == 2:
		return a[0] == b[1] && a[1] == b[0] || a[0] == a[1] && b[0] == b[1]
	case len(a) == 3 && len(b) == 3:
		return a[0] == b[2] && a[2] == b[0] && a[1] == b[1]
	}
	return false
}

// TestNearComplete: no number with one digit changed, or two swapped, is missing.
func TestNearComplete(t *testing.T) {
	p, given := plan(t), "05021345687"
	ns := inquiry.NearNumbers(p, given)
	for i := range given {
		for d := '0'; d <= '9'; d++ {
			c := given[:i] + string(d) + given[i+1:]
			r, err := p.Parse([]byte(c))
			_, n := find(ns, c)
			want := c != given && err == nil && !r.Number.IsLocal() && r.CarrierCode.IsZero() && r.Destination.Class != tsujiban.ClassUndesignated
			if want != (n != nil) {
				t.Errorf("%s: there %v, want %v", c, n != nil, want)
			}
		}
	}
	for i := 3; i+1 < len(given); i++ {
		c := given[:i] + string(given[i+1]) + string(given[i]) + given[i+2:]
		if _, n := find(ns, c); n == nil && c != given && c[3] != '0' {
			t.Errorf("%s is missing", c)
		}
	}
}

func FuzzNearNumbers(f *testing.F) {
	for _, s := range []string{"050-1232-5678", "+81 3 1234 5678", "１１０", "", "+", "+0", "184050", "00", "0120", "ー〜"} {
		f.Add(s)
	}
	p := plan(f)
	f.Fuzz(func(t *testing.T, s string) {
		for _, n := range inquiry.NearNumbers(p, s) {
			if n.Number.IsZero() || n.Weight <= 0 || n.Weight > 1+1e-9 {
				t.Fatalf("%q: %+v", s, n)
			}
		}
	})
}

func BenchmarkNearNumbers(b *testing.B) {
	p := plan(b)
	for b.Loop() {
		inquiry.NearNumbers(p, "05012325678")
	}
}
