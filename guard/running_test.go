package guard_test

import (
	"slices"
	"testing"
	"time"

	"tsujiban"
	"tsujiban/guard"
	"tsujiban/guard/policy"
)

// TestCallIsCutAtTheCap follows one call of 327 yen a minute against a cap of 200 yen.
func TestCallIsCutAtTheCap(t *testing.T) {
	d := newDesk(t, firmSource(t, tsujiban.Limits{CapDay: 200 * yen}))
	id := d.must("01023277123456")
	answered := d.at.Add(4 * time.Second)
	next := d.g.Answered(id, answered)
	var cut tsujiban.Reason
	for _, want := range []time.Duration{8 * time.Second, 26 * time.Second} {
		if got := next.Sub(answered); got != want {
			t.Fatalf("to be extended after %v, want %v", got, want)
		}
		next, cut = d.g.Extend(id, next)
	}
	// 36 s cost 196.2 yen; another 18 would be over.
	if cut != tsujiban.ReasonCapDay {
		t.Fatalf("cut for %v", cut)
	}
	if _, again := d.g.Extend(id, answered.Add(35*time.Second)); again != cut {
		t.Errorf("asked again it is %v", again)
	}
	var o tsujiban.Outcome
	d.g.Ended(id, answered.Add(36*time.Second), &o)
	if o.Talk != 36*time.Second || o.Charge != 196_200_000 || o.Customer != "firm" {
		t.Errorf("%+v", o)
	}
	if u, _ := d.g.Usage("firm"); u.Today != o.Charge || u.Month != o.Charge || u.Reserved != 0 || u.Running != 0 {
		t.Errorf("%+v", u)
	}
	if totals := d.g.Totals(); totals.Charged != o.Charge {
		t.Errorf("%+v", totals)
	}
}

func TestUnansweredCallsCostNothing(t *testing.T) {
	d := newDesk(t, firmSource(t, tsujiban.Limits{CapDay: 200 * yen}))
	id := d.must("01023277123456")
	o := tsujiban.Outcome{Talk: time.Hour, Charge: 5}
	d.g.Ended(id, d.at.Add(time.Minute), &o)
	if o.Talk != 0 || o.Charge != 0 {
		t.Errorf("%+v", o)
	}
	d.g.Ended(id, d.at.Add(time.Minute), &o)
	if next := d.g.Answered(id, d.at); !next.IsZero() {
		t.Error("a call that ended is answered")
	}
}

func TestLongestCall(t *testing.T) {
	for _, dialled := range []string{"0120123456", "01082212345678"} {
		d := newDesk(t, firmSource(t, tsujiban.Limits{LongestCall: 15 * time.Second}))
		id := d.must(dialled)
		next := d.g.Answered(id, d.at)
		var cut tsujiban.Reason
		for cut == tsujiban.ReasonNone {
			if next.IsZero() {
				t.Fatalf("%s: never asked again", dialled)
			}
			last := next
			if next, cut = d.g.Extend(id, next); cut != tsujiban.ReasonNone && last.Sub(d.at) != 15*time.Second {
				t.Errorf("%s: ended after %v", dialled, last.Sub(d.at))
			}
		}
		if cut != tsujiban.ReasonLongestCall {
			t.Errorf("%s: cut for %v", dialled, cut)
		}
	}
}

// TestNewLimitsHoldForRunningCalls: a policy is swapped under a call that is up.
func TestNewLimitsHoldForRunningCalls(t *testing.T) {
	d := newDesk(t, firmSource(t, tsujiban.Limits{}))
	id := d.must("01023277123456")
	gone := d.must("01023277123457")
	next := d.g.Answered(id, d.at)
	d.g.Answered(gone, d.at)
	d.g.SetPolicy(compile(t, firmSource(t, tsujiban.Limits{CapCall: 70 * yen})))
	if _, cut := d.g.Extend(id, next); cut != tsujiban.ReasonCapCall {
		t.Errorf("cut for %v", cut)
	}
	d.g.SetPolicy(compile(t, source(t)))
	if _, cut := d.g.Extend(gone, next); cut != tsujiban.ReasonUnknownCustomer {
		t.Errorf("the customer is gone, the call is cut for %v", cut)
	}
}

// TestCallOverMidnight counts against the day on which it was asked for.
func TestCallOverMidnight(t *testing.T) {
	d := newDesk(t, firmSource(t, tsujiban.Limits{CapDay: 200 * yen}))
	d.at = monday.Add(24*time.Hour - 7*time.Second)
	id := d.must("01023277123456")
	next := d.g.Answered(id, d.at)
	next, _ = d.g.Extend(id, next)
	d.at = monday.Add(24*time.Hour + 30*time.Second)
	if u, _ := d.g.Usage("firm"); u.Reserved != 0 {
		t.Errorf("%v of yesterday's call are set aside for today", u.Reserved)
	}
	fresh := d.must("01023277123457")
	if u, _ := d.g.Usage("firm"); u.Reserved != 98_100_000 || u.Running != 2 {
		t.Errorf("%+v", u)
	}
	if _, cut := d.g.Extend(id, next); cut != tsujiban.ReasonCapDay {
		t.Errorf("yesterday's money is used up, but: %v", cut)
	}
	var o tsujiban.Outcome
	d.g.Ended(id, d.at, &o)
	d.g.Ended(fresh, d.at, &o)
	if u, _ := d.g.Usage("firm"); u.Today != 0 || u.Month == 0 {
		t.Errorf("%+v", u)
	}
}

// TestRestrictionCutsCallsAbroad and leaves the others; closing cuts all but emergency calls.
func TestRestrictionCutsCallsAbroad(t *testing.T) {
	d := newDesk(t, firmSource(t, tsujiban.Limits{}))
	abroad, ringing := d.must("01082212345678"), d.must("010442071234567")
	home, help := d.must("0612345678"), d.must("110")
	in, _ := d.ask(tsujiban.Attempt{Direction: tsujiban.In, Dialled: []byte("0312345678")})
	d.g.Answered(abroad, d.at)

	cuts := func(l tsujiban.Level) (ids []tsujiban.CallID) {
		d.restrict(l, tsujiban.ReasonFraud)
		for _, e := range d.g.Effects(nil) {
			if e.Restriction != nil || e.Reason != tsujiban.ReasonFraud {
				t.Errorf("effect %+v", e)
			}
			ids = append(ids, e.Cut)
		}
		slices.Sort(ids)
		return ids
	}
	if got := cuts(tsujiban.LevelAsk); len(got) != 0 {
		t.Errorf("asking cut %v", got)
	}
	if got, want := cuts(tsujiban.LevelRestrict), []tsujiban.CallID{abroad, ringing}; !slices.Equal(got, want) {
		t.Errorf("restricting cut %v, want %v", got, want)
	}
	if got, want := cuts(tsujiban.LevelClose), []tsujiban.CallID{home, in}; !slices.Equal(got, want) {
		t.Errorf("closing cut %v, want %v", got, want)
	}
	if _, cut := d.g.Extend(abroad, d.at.Add(time.Second)); cut != tsujiban.ReasonFraud {
		t.Errorf("the call that is to be cut goes on: %v", cut)
	}
	if next := d.g.Answered(help, d.at); !next.IsZero() {
		t.Error("the emergency call is to be extended")
	}
	if totals := d.g.Totals(); totals.Restricted != 1 {
		t.Errorf("%+v", totals)
	}
	if !d.g.Release("firm", d.at) || d.g.Release("firm", d.at) || d.g.Release("nobody", d.at) {
		t.Error("a restriction is lifted once")
	}
	d.must("01082212345678")
	running := d.g.Running(nil)
	if len(running) != 6 || !slices.IsSortedFunc(running, func(a, b guard.Running) int { return int(a.Call) - int(b.Call) }) {
		t.Errorf("running %+v", running)
	}
}

// TestMonotonicReadingsAreBelieved: nobody asked in time, and what the call really took
// is charged, not only what was paid.
func TestMonotonicReadingsAreBelieved(t *testing.T) {
	d := newDesk(t, firmSource(t, tsujiban.Limits{CapDay: 200 * yen}))
	now := time.Now() // carries a monotonic reading, and so do sums with it
	d.at = now
	id := d.must("01023277123456")
	next := d.g.Answered(id, now)
	if next, _ = d.g.Extend(id, next); next.Sub(now) != 26*time.Second {
		t.Errorf("to be extended after %v", next.Sub(now))
	}
	var o tsujiban.Outcome
	d.g.Ended(id, now.Add(70*time.Second), &o)
	if o.Talk != 70*time.Second || o.Charge != 392_400_000 {
		t.Errorf("%+v", o)
	}
}

// TestClockWithoutMonotonicReadings: forth, the call cannot have talked longer than it was
// paid for; back, the paid time has passed.
func TestClockWithoutMonotonicReadings(t *testing.T) {
	d := newDesk(t, firmSource(t, tsujiban.Limits{CapDay: 400 * yen}))
	id := d.must("01023277123456")
	d.g.Answered(id, d.at)
	next, cut := d.g.Extend(id, d.at.Add(time.Hour))
	if cut != tsujiban.ReasonNone || next.Sub(d.at) != time.Hour+8*time.Second {
		t.Errorf("set forth: next after %v, %v", next.Sub(d.at), cut)
	}
	next, cut = d.g.Extend(id, d.at.Add(-time.Hour))
	if cut != tsujiban.ReasonNone || next.Sub(d.at) != -time.Hour+18*time.Second {
		t.Errorf("set back: next after %v, %v", next.Sub(d.at), cut)
	}
	var o tsujiban.Outcome
	d.g.Ended(id, d.at.Add(24*time.Hour), &o)
	if o.Talk != 54*time.Second || o.Charge > 400*yen {
		t.Errorf("%+v", o)
	}
}

// TestDowntimeIsPaid: a call that was up while the program was down has cost what it cost.
func TestDowntimeIsPaid(t *testing.T) {
	for _, c := range []struct {
		down time.Duration
		cut  tsujiban.Reason
		risk tsujiban.Money
	}{
		{5 * time.Second, tsujiban.ReasonNone, 98_100_000},
		{9 * time.Second, tsujiban.ReasonNone, 196_200_000},
		{30 * time.Second, tsujiban.ReasonCapDay, 196_200_000}, // as much was set aside at the latest
		{time.Minute, tsujiban.ReasonCapDay, 392_400_000},
	} {
		src := firmSource(t, tsujiban.Limits{CapDay: 200 * yen})
		w := newWorld(t, compile(t, src))
		w.plan(planned{at: monday, customer: "firm", dialled: "01023277123456", talk: time.Hour})
		w.step()
		w.step()
		g := fold(w, w.journal)
		id := g.Running(nil)[0].Call
		g.Resume(w.now.Add(c.down))
		_, cut := g.Extend(id, w.now.Add(c.down))
		if u, _ := g.Usage("firm"); cut != c.cut || u.Reserved != c.risk {
			t.Errorf("down for %v: %v, %v at risk, want %v, %v", c.down, cut, u.Reserved, c.cut, c.risk)
		}
	}
}

func TestSmallMemory(t *testing.T) {
	if guard.SizeOfCustomer > 4096 {
		t.Errorf("%d bytes for a customer, want at most 4096", guard.SizeOfCustomer)
	}
}

// TestObserveRefusesNothing and says what it would have refused.
func TestObserveRefusesNothing(t *testing.T) {
	src := source(t, tsujiban.Customer{ID: "firm", International: true})
	src.Fraud = policy.FraudObserve
	w := newWorld(t, compile(t, src))
	for i := range 30 {
		w.plan(planned{at: monday.Add(time.Duration(i) * 25 * time.Second), customer: "firm", dialled: "01023277123456", talk: 32 * time.Second})
	}
	w.run()
	would := 0
	for _, o := range w.done {
		if o.verdict.Action == tsujiban.Deny {
			t.Errorf("refused: %v", o.verdict.Reason)
		}
		if o.verdict.Reason == tsujiban.ReasonFraud {
			would++
		}
	}
	if would < 20 || len(w.imposed) != 0 {
		t.Errorf("would have refused %d, imposed %v", would, w.imposed)
	}
}
