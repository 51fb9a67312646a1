package tsujiban_test

import (
	"testing"

	"pgregory.net/rapid"

	"tsujiban"
)

func drawReach(t *rapid.T) tsujiban.Reach {
	r := tsujiban.ReachHome().Without(tsujiban.ReachHome())
	for range rapid.IntRange(0, 12).Draw(t, "n") {
		r = r.With(tsujiban.ReachKey(uint16(rapid.SampledFrom([]int{1, 44, 81 | 1<<14, 232, 53, 1876, 870}).Draw(t, "key"))))
	}
	if rapid.Bool().Draw(t, "home") {
		r = r.With(tsujiban.ReachHome())
	}
	if rapid.IntRange(0, 3).Draw(t, "abroad") == 0 {
		r = r.With(tsujiban.ReachAbroad())
	}
	return r
}

// TestReachIsASet: union, difference and inclusion of reaches are those of sets, and a reach reads back as it was written.
func TestReachIsASet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawReach(t), drawReach(t)
		if back, err := tsujiban.ParseReach(a.String()); err != nil || back != a {
			t.Fatalf("%q reads back as %q, %v", a, back, err)
		}
		both := a.With(b)
		if both != b.With(a) || both.With(a) != both || !both.Covers(a) || !both.Covers(b) {
			t.Fatalf("%q with %q is %q", a, b, both)
		}
		left := both.Without(b)
		for _, k := range left.Keys(nil) {
			if b.HasKey(k) {
				t.Fatalf("%q without %q is %q", both, b, left)
			}
		}
		if left.Home() && b.Home() || left.Abroad() && b.Abroad() || !a.Without(a).Empty() {
			t.Fatalf("%q without %q is %q", both, b, left)
		}
		if a.Covers(b) != (a.With(b) == a) {
			t.Fatalf("%q covers %q: %v", a, b, a.Covers(b))
		}
	})
}

// Beyond what it can name a reach means all countries.
func TestReachOverflows(t *testing.T) {
	r := tsujiban.ReachKey(1)
	for k := range uint16(20) {
		r = r.With(tsujiban.ReachKey(200 + k))
		if want := k >= tsujiban.MaxReachCodes-1; r.Abroad() != want {
			t.Errorf("with %d destinations: %q", k+2, r)
		}
		if !r.Covers(tsujiban.ReachKey(200 + k)) {
			t.Errorf("%q does not cover %d", r, 200+k)
		}
	}
}

func TestZeroReachIsAbroad(t *testing.T) {
	var zero tsujiban.Reach
	if !zero.Abroad() || zero.Empty() || zero.String() != "abroad" || zero != tsujiban.ReachAbroad() {
		t.Errorf("the zero reach is %q", zero)
	}
	for _, text := range []string{"1 2 3 4 5 6 7 8 9", "0", "016", "16384", "x", "-premium", "99999"} {
		if r, err := tsujiban.ParseReach(text); err == nil {
			t.Errorf("%q is read as %q", text, r)
		}
	}
}

func TestReachInWords(t *testing.T) {
	r, err := tsujiban.ParseReach("232 81-premium 81-shared-cost home")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := r.Text(tsujiban.English), "+232, +81 premium numbers, +81 shared-cost numbers, numbers at home never called before"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := tsujiban.ReachAbroad().Text(tsujiban.Japanese), "国際発信すべて"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestKeys(t *testing.T) {
	for _, c := range []struct {
		d    tsujiban.Destination
		want string
	}{
		{tsujiban.Destination{Scope: tsujiban.ScopeDomestic, Class: tsujiban.ClassFixed, Code: 81}, "nothing"},
		{tsujiban.Destination{Scope: tsujiban.ScopeDomestic, Class: tsujiban.ClassPremium, Code: 81}, "81-premium"},
		{tsujiban.Destination{Scope: tsujiban.ScopeDomestic, Class: tsujiban.ClassSharedCost, Code: 81}, "81-shared-cost"},
		{tsujiban.Destination{Scope: tsujiban.ScopeEmergency, Class: tsujiban.ClassEmergency}, "nothing"},
		{tsujiban.Destination{Scope: tsujiban.ScopeInternational, Class: tsujiban.ClassMobile, Code: 232}, "232"},
		{tsujiban.Destination{Scope: tsujiban.ScopeInternational, Class: tsujiban.ClassPremium, Code: 44}, "44-premium"},
		{tsujiban.Destination{Scope: tsujiban.ScopeInternational, Class: tsujiban.ClassUndesignated}, "9999"},
	} {
		r := tsujiban.ReachHome().Without(tsujiban.ReachHome())
		if k := c.d.Key(); k != 0 {
			r = tsujiban.ReachKey(k)
		}
		if got := r.String(); got != c.want {
			t.Errorf("%+v: %q, want %q", c.d, got, c.want)
		}
	}
}
