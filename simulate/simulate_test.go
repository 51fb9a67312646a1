package simulate_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"tsujiban"
	"tsujiban/numbering"
	"tsujiban/rating"
	"tsujiban/simulate"
)

func world(t testing.TB, o simulate.Options) *simulate.World {
	t.Helper()
	w, err := simulate.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestSameSeedSameCalls(t *testing.T) {
	o := simulate.Options{Seed: 7, Days: 6, Customers: 40}
	a, b := world(t, o), world(t, o)
	if !slices.Equal(a.Calls(), b.Calls()) {
		t.Error("two worlds of one seed differ")
	}
	if !slices.Equal(a.Calls(), a.Calls()) {
		t.Error("a world's calls differ the second time")
	}
	if !bytes.Equal(a.Rates(), b.Rates()) {
		t.Error("prices of one seed differ")
	}
	o.Seed = 8
	if slices.Equal(a.Calls(), world(t, o).Calls()) {
		t.Error("another seed gives the same calls")
	}
}

// A thief adds calls to a customer's and changes none of them.
func TestThiefChangesNoHonestCall(t *testing.T) {
	o := simulate.Options{Seed: 3, Days: 8, Customers: 60}
	stolen := world(t, o).Calls()
	o.Victims = -1
	honest := world(t, o).Calls()
	strip := func(calls []simulate.Call) []simulate.Call {
		out := slices.DeleteFunc(slices.Clone(calls), func(c simulate.Call) bool { return c.Label != simulate.Honest })
		for i := range out {
			out[i].ID = ""
		}
		return out
	}
	if len(stolen) == len(honest) {
		t.Fatal("no thief came")
	}
	if !slices.Equal(strip(stolen), strip(honest)) {
		t.Error("honest calls differ when thieves come")
	}
}

// Every kind of customer, of surprise and of hijacking occurs, every number can be read and priced, calls start in order within the
// trace, and nobody has more honest calls than lines.
func TestEveryKindAndEveryNumber(t *testing.T) {
	plan, err := numbering.New("JP")
	if err != nil {
		t.Fatal(err)
	}
	firms, labels, surprises := map[string]int{}, map[string]int{}, map[string]int{}
	for seed := range uint64(3) {
		w := world(t, simulate.Options{Seed: 100 + seed, Days: 14, Customers: 200})
		deck, err := rating.Parse(bytes.NewReader(w.Rates()))
		if err != nil {
			t.Fatal(err)
		}
		byID := map[tsujiban.CustomerID]*simulate.Customer{}
		for i := range w.Customers {
			c := &w.Customers[i]
			byID[c.ID] = c
			firms[c.Kind]++
		}
		busy := map[tsujiban.CustomerID][]time.Time{}
		last := time.Time{}
		for _, c := range w.Calls() {
			labels[c.Label]++
			if c.Surprise != "" {
				surprises[c.Surprise]++
			}
			if c.Start.Before(last) {
				t.Fatalf("call %s starts before the one in front of it", c.ID)
			}
			last = c.Start
			if who := byID[c.Customer]; c.Start.Before(who.Opened) {
				t.Fatalf("%s calls before it opened", c.Customer)
			} else if c.Label == simulate.Honest {
				up := slices.DeleteFunc(busy[c.Customer], func(end time.Time) bool { return !end.After(c.Start) })
				busy[c.Customer] = append(up, c.End())
				if len(up) >= who.Lines {
					t.Fatalf("%s (%s) has %d lines and one call more", c.Customer, who.Kind, who.Lines)
				}
			}
			if c.Direction != tsujiban.Out {
				continue
			}
			d, err := plan.Parse([]byte(c.Callee))
			if err != nil {
				t.Errorf("%s dials %q: %v", c.Label, c.Callee, err)
				continue
			}
			if _, _, ok := deck.Find(d.Number, c.Start); !ok && !d.Number.IsLocal() {
				t.Errorf("%q has no price", c.Callee)
			}
		}
	}
	for _, k := range simulate.HonestKinds() {
		if firms[k] == 0 {
			t.Errorf("no customer is a %s", k)
		}
	}
	for _, k := range simulate.Kinds() {
		if labels[k] == 0 {
			t.Errorf("no call is of kind %s", k)
		}
	}
	for _, k := range simulate.SurpriseKinds() {
		if k == "branch" || k == "surge" || k == "softphone" {
			continue // they change the ordinary calls and have none of their own
		}
		if surprises[k] == 0 {
			t.Errorf("no call is part of a %s", k)
		}
	}
	t.Logf("%v\n%v", firms, labels)
}

func TestOptionsThatMakeNoSense(t *testing.T) {
	for _, o := range []simulate.Options{
		{Days: 1}, {Days: 401}, {Customers: -1}, {Customers: 30_000}, {AttackFrom: 28}, {Newcomers: 1.5}, {Kinds: []string{"burglary"}},
	} {
		if _, err := simulate.New(o); tsujiban.CodeOf(err) != tsujiban.CodeInvalid {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

func BenchmarkCalls(b *testing.B) {
	w := world(b, simulate.Options{Seed: 1, Days: 7, Customers: 100})
	n := 0
	for b.Loop() {
		n = len(w.Calls())
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/call")
}
