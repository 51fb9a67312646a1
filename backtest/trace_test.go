package backtest_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"tsujiban"
	"tsujiban/backtest"
	"tsujiban/numbering"
	"tsujiban/rating"
	"tsujiban/replay"
	"tsujiban/simulate"
	"tsujiban/trace"
)

// town is a simulated world and its calls.
type town struct {
	world *simulate.World
	calls []simulate.Call
	setup *backtest.Setup
}

func newTown(t testing.TB, o simulate.Options) *town {
	t.Helper()
	w, err := simulate.New(o)
	if err != nil {
		t.Fatal(err)
	}
	v := &town{world: w, calls: w.Calls()}
	v.setup = &backtest.Setup{Customers: w.Trace(), Location: time.FixedZone("JST", 9*3600), ReleaseAfter: 24 * time.Hour}
	v.setup.Limits.AllowClasses = []string{"premium", "satellite", "undesignated"}
	if v.setup.Plan, err = numbering.New("JP"); err != nil {
		t.Fatal(err)
	}
	if v.setup.Deck, err = rating.Parse(bytes.NewReader(w.Rates())); err != nil {
		t.Fatal(err)
	}
	return v
}

// fate is what became of a call.
type fate struct {
	id      string
	verdict replay.Outcome
	talk    time.Duration
	charge  tsujiban.Money
	weight  tsujiban.Decibans
	reason  tsujiban.Reason
}

func (v *town) play(t testing.TB, calls []simulate.Call) []fate {
	t.Helper()
	var out []fate
	if err := v.setup.Play(context.Background(), simulate.Source(calls), replay.Options{}, func(r *replay.Result) error {
		out = append(out, fate{r.Call.ID, r.Verdict, r.Talk, r.Charge, r.Weight, r.Reason})
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if len(out) != len(calls) {
		t.Fatalf("%d calls came back of %d", len(out), len(calls))
	}
	return out
}

// Replaying the beginning of a trace gives the same verdicts as replaying all of it: nothing depends on what comes later.
func TestVerdictsDependOnThePast(t *testing.T) {
	v := newTown(t, simulate.Options{Seed: 11, Days: 6, Customers: 40})
	whole := v.play(t, v.calls)
	denied := 0
	for _, f := range whole {
		if f.verdict == replay.Deny {
			denied++
		}
	}
	if denied < 100 {
		t.Fatalf("%d calls were denied: the trace tests nothing", denied)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	for range 6 {
		n := len(v.calls)/4 + rng.IntN(len(v.calls)*3/4)
		cut := v.calls[n-1].Start
		for i, f := range v.play(t, v.calls[:n]) {
			w := whole[i]
			if (f.verdict == replay.Deny) != (w.verdict == replay.Deny) || f.weight != w.weight {
				t.Fatalf("of %d calls, call %d is %+v, of all it is %+v", n, i, f, w)
			}
			// A call that was up at the cut may be ended by what came after it.
			if v.calls[i].End().Before(cut) && f != w {
				t.Fatalf("of %d calls, call %d came to %+v, of all to %+v", n, i, f, w)
			}
		}
	}
}

// Who a customer is changes nothing but names.
func TestNamesChangeNothing(t *testing.T) {
	v := newTown(t, simulate.Options{Seed: 12, Days: 6, Customers: 40})
	before := v.play(t, v.calls)
	name := map[tsujiban.CustomerID]tsujiban.CustomerID{}
	for i, k := range rand.New(rand.NewPCG(2, 2)).Perm(len(v.setup.Customers)) {
		name[v.setup.Customers[i].ID] = tsujiban.CustomerID(fmt.Sprintf("firm-%d", k))
	}
	calls := slices.Clone(v.calls)
	for i := range calls {
		calls[i].Customer = name[calls[i].Customer]
	}
	for i := range v.setup.Customers {
		v.setup.Customers[i].ID = name[v.setup.Customers[i].ID]
	}
	slices.SortFunc(v.setup.Customers, func(a, b trace.Customer) int { return bytes.Compare([]byte(a.ID), []byte(b.ID)) })
	if after := v.play(t, calls); !slices.Equal(before, after) {
		for i := range after {
			if before[i] != after[i] {
				t.Fatalf("call %d: %+v, renamed %+v", i, before[i], after[i])
			}
		}
	}
}

// A thief prepares the ground: a few harmless calls a day, for two weeks, to the place where he will have his calls. The pump is stopped all
// the same, and what the preparation and the pump cost stays small beside what they would.
func TestSlowPoisonIsBounded(t *testing.T) {
	base := simulate.Options{Days: 28, Customers: 30, Victims: -1}
	worst := 0.0
	for seed := range uint64(6) {
		base.Seed = 500 + seed
		v := newTown(t, base)
		i := slices.IndexFunc(v.world.Customers, func(c simulate.Customer) bool { return c.International && !c.Newcomer })
		victim := &v.world.Customers[i]
		calls := v.calls
		rng := rand.New(rand.NewPCG(seed, 9))
		steal := func(at time.Time, talk time.Duration) {
			calls = append(calls, simulate.Call{Label: "poison", Call: trace.Call{
				ID: fmt.Sprintf("s%d", len(calls)), Start: at, Customer: victim.ID, Direction: tsujiban.Out, Caller: victim.Numbers[0],
				Callee: fmt.Sprintf("010%s%03d", "23277000", rng.IntN(1000)), Setup: 3 * time.Second, Talk: talk, Source: v.calls[0].Source, UserAgent: "Asterisk PBX 18.1.0",
			}})
		}
		first := v.calls[0].Start.Truncate(24 * time.Hour)
		for day := range 14 {
			for range 2 {
				steal(first.Add(time.Duration(day)*24*time.Hour+time.Duration(rng.IntN(10*3600))*time.Second), time.Duration(20+rng.IntN(60))*time.Second)
			}
		}
		pump := len(calls)
		for n := range 2000 {
			steal(first.Add(15*24*time.Hour+time.Duration(n)*25*time.Second), 30*time.Second)
		}
		pumped := map[string]bool{}
		for _, c := range calls[pump:] {
			pumped[c.ID] = true
		}
		slices.SortStableFunc(calls, func(a, b simulate.Call) int { return a.Start.Compare(b.Start) })
		through := func() (prepared, pump int) {
			for _, f := range v.play(t, calls) {
				switch {
				case f.verdict != replay.Allow || f.id[0] != 's':
				case pumped[f.id]:
					pump++
				default:
					prepared++
				}
			}
			return prepared, pump
		}
		prepared, pumpedOut := through()
		t.Logf("of 28 calls that prepare %d went through, of the 2,000 that follow %d", prepared, pumpedOut)
		worst = max(worst, float64(pumpedOut)/2000)
		v.setup.NoEvidence = true
		if _, n := through(); n != 2000 {
			t.Fatalf("%d calls of the pump go through when nobody weighs them: the test tests nothing", n)
		}
	}
	if worst > 0.05 {
		t.Errorf("%.1f %% of the calls of a prepared pump went through", 100*worst)
	}
}

// BenchmarkReplay plays a trace from its CSV to the verdicts.
func BenchmarkReplay(b *testing.B) {
	v := newTown(b, simulate.Options{Seed: 1, Days: 14, Customers: 100})
	var csv bytes.Buffer
	out := trace.NewWriter(&csv)
	for i := range v.calls {
		if err := out.Write(&v.calls[i].Call); err != nil {
			b.Fatal(err)
		}
	}
	if err := out.Flush(); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		r, err := trace.NewReader(bytes.NewReader(csv.Bytes()), "calls.csv")
		if err != nil {
			b.Fatal(err)
		}
		w, err := replay.NewVerdictWriter(io.Discard)
		if err != nil {
			b.Fatal(err)
		}
		if err := v.setup.Play(context.Background(), r, replay.Options{}, w.Write); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*len(v.calls))/b.Elapsed().Seconds(), "calls/s")
}
