package guard_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"tsujiban"
	"tsujiban/numbering"
)

// firm is an honest customer as the tests imagine it.
type firm struct {
	id         tsujiban.CustomerID
	open, shut int       // hours of its day; shut may be beyond 24
	days       int       // of the week, from Monday
	home       float64   // domestic calls in a day
	abroad     float64   // calls abroad in a day
	countries  []string  // what it dials for each country, the more frequent first
	skew       float64   // how much it prefers the first ones: 0 all alike
	begins     int       // the day of its first call
	news       newMarket // a new country that it tries
}

// newMarket is a country that a firm has never called and now calls a few times.
type newMarket struct {
	day   int
	head  string
	calls int
}

var world40 = []string{
	"01086", "01082", "010886", "01066", "01084", "0101212", "01044", "01049", "01033", "01091",
	"01065", "01060", "01062", "01063", "01061", "01031", "01039", "01034", "01041", "01046",
	"01055", "01052", "01056", "01057", "01090", "01020", "01027", "010234", "010254", "010971",
	"010966", "010880", "01094", "01095", "010855", "010856", "010976", "010998", "0107495", "01048",
}

func firms() []firm {
	small := world40[:3]
	return []firm{
		{id: "accountant", open: 9, shut: 18, days: 5, home: 25, abroad: 0.3, countries: small[:1]},
		{id: "designer", open: 10, shut: 20, days: 5, home: 12, abroad: 1, countries: small, skew: 1},
		{id: "machine-parts", open: 8, shut: 17, days: 6, home: 30, abroad: 2, countries: world40[:6], skew: 1},
		{id: "domestic-only", open: 9, shut: 18, days: 5, home: 40},
		{id: "trader", open: 9, shut: 21, days: 5, home: 30, abroad: 18, countries: world40, skew: 1},
		{id: "explorer", open: 9, shut: 18, days: 5, home: 20, abroad: 1, countries: small, skew: 1, news: newMarket{9, "010232", 4}},
		{id: "explorer-2", open: 9, shut: 18, days: 5, home: 20, abroad: 0.2, countries: small[:1], news: newMarket{16, "010371", 5}},
		{id: "call-centre", open: 9, shut: 21, days: 7, home: 350, abroad: 90, countries: small[:2]},
		{id: "night-club", open: 19, shut: 29, days: 6, home: 25, abroad: 3, countries: world40[3:6], skew: 1},
		{id: "hotel", open: 6, shut: 28, days: 7, home: 60, abroad: 12, countries: world40, skew: 0.7},
		{id: "newcomer", open: 9, shut: 18, days: 5, home: 20, abroad: 4, countries: world40[:5], skew: 0.5, begins: 14},
		{id: "shop", open: 10, shut: 20, days: 7, home: 15, abroad: 0.5, countries: world40[6:9]},
	}
}

func customerOf(f firm) tsujiban.Customer {
	return tsujiban.Customer{ID: f.id, Name: string(f.id), International: true}
}

// address is where the firm's PBX calls from.
func (f firm) address() string { return fmt.Sprintf("192.0.2.%d", len(f.id)*7%250) }

// traffic plans the calls of a firm over some days: calls that come at random over its
// hours, of lengths as people talk, a quarter not answered and half of those tried again.
func traffic(w *world, r *rand.Rand, f firm, days int) {
	agent, source := "PBX/1.0", f.address()
	numbers := map[string][]string{}
	call := func(at time.Time, head string) {
		known := numbers[head]
		if len(known) == 0 || r.Float64() < 0.25 {
			known = append(known, subscriber(w.t, r, head))
			numbers[head] = known
		}
		dialled := known[r.IntN(len(known))]
		for range 4 {
			talk := time.Duration(0)
			if r.Float64() < 0.75 {
				talk = time.Duration(math.Exp(4.3+1.1*r.NormFloat64())*1000) * time.Millisecond
			}
			w.plan(planned{at: at, customer: f.id, dialled: dialled, source: source, agent: agent, talk: min(talk, 2*time.Hour)})
			if talk > 0 || r.Float64() < 0.5 {
				return
			}
			at = at.Add(time.Duration(30+r.IntN(120)) * time.Second)
		}
	}
	for day := f.begins; day < days; day++ {
		if day%7 >= f.days {
			continue
		}
		at := func() time.Time {
			span := float64(f.shut-f.open) * 3600 * 1000
			return monday.Add(time.Duration(day)*24*time.Hour + time.Duration(f.open)*time.Hour + time.Duration(r.Float64()*span)*time.Millisecond)
		}
		for range poisson(r, f.home) {
			call(at(), []string{"03", "06", "090"}[r.IntN(3)])
		}
		for range poisson(r, f.abroad) {
			call(at(), f.countries[zipf(r, len(f.countries), f.skew)])
		}
		if f.news.calls > 0 && day == f.news.day {
			start := at()
			for i := range f.news.calls {
				call(start.Add(time.Duration(i*(2+r.IntN(20)))*time.Minute), f.news.head)
			}
		}
	}
}

var japan, _ = numbering.New("JP")

// subscriber draws a number of a person or a firm that begins with the digits dialled.
func subscriber(t testing.TB, r *rand.Rand, head string) string {
	for range 2000 {
		dialled := head
		for range 5 + r.IntN(7) {
			dialled += string(rune('0' + r.IntN(10)))
		}
		d, err := japan.Parse([]byte(dialled))
		if err != nil {
			continue
		}
		switch d.Destination.Class {
		case tsujiban.ClassFixed, tsujiban.ClassMobile, tsujiban.ClassUnknown:
			return dialled
		}
	}
	t.Fatalf("no number begins with %s", head)
	return ""
}

func poisson(r *rand.Rand, mean float64) int {
	n, p, limit := 0, r.Float64(), math.Exp(-min(mean, 500))
	for p > limit {
		n++
		p *= r.Float64()
	}
	return n
}

func zipf(r *rand.Rand, n int, skew float64) int {
	weights, sum := make([]float64, n), 0.0
	for i := range weights {
		weights[i] = math.Pow(float64(i+1), -skew)
		sum += weights[i]
	}
	x := r.Float64() * sum
	for i, wt := range weights {
		if x -= wt; x < 0 {
			return i
		}
	}
	return n - 1
}

// honest is a world in which firms call for some days.
func honest(t testing.TB, seed uint64, days int, firms []firm) *world {
	var customers []tsujiban.Customer
	for _, f := range firms {
		customers = append(customers, customerOf(f))
	}
	w := newWorld(t, compile(t, source(t, customers...)))
	r := rand.New(rand.NewPCG(seed, 1))
	for _, f := range firms {
		traffic(w, r, f, days)
	}
	return w
}

func TestHonestTrafficIsLeftAlone(t *testing.T) {
	for seed := range uint64(4) {
		w := honest(t, seed, 28, firms())
		w.noRecord = true
		w.run()
		abroad := 0
		highest := map[tsujiban.CustomerID]tsujiban.Decibans{}
		for _, o := range w.done {
			if o.verdict.Destination.Scope == tsujiban.ScopeInternational {
				abroad++
			}
			highest[o.customer] = max(highest[o.customer], o.verdict.Weight)
			if o.verdict.Action == tsujiban.Deny {
				t.Errorf("seed %d: %s: a call to %s was refused: %v %s", seed, o.customer, o.dialled, o.verdict.Reason, o.verdict.Rule)
			}
		}
		for _, r := range w.imposed {
			t.Errorf("seed %d: %s: %v at %v, weight %.1f\n%s", seed, r.Customer, r.Level, r.At.In(tokyo), r.Weight, w.tell(r.Customer, r.At.Add(-3*time.Hour)))
		}
		t.Logf("seed %d: %d calls, %d abroad; highest weights %v", seed, len(w.done), abroad, highest)
		if len(w.done) < 5000 || abroad < 1000 {
			t.Errorf("seed %d: only %d calls, %d abroad: the generator is broken", seed, len(w.done), abroad)
		}
	}
}
