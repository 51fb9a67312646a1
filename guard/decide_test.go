package guard_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"tsujiban"
	"tsujiban/guard"
	"tsujiban/guard/policy"
)

const yen = tsujiban.Unit

// desk asks a guard for calls of one customer, one second apart.
type desk struct {
	t    testing.TB
	g    *guard.Guard
	at   time.Time
	last tsujiban.CallID
}

func newDesk(t testing.TB, src policy.Source) *desk {
	return &desk{t: t, g: guard.New(guard.Options{Policy: compile(t, src)}), at: monday.Add(10 * time.Hour)}
}

func (d *desk) ask(a tsujiban.Attempt) (tsujiban.CallID, tsujiban.Verdict) {
	d.at = d.at.Add(time.Second)
	d.last = tsujiban.NextCallID(d.last, d.at)
	a.Call, a.At = d.last, d.at
	if a.Customer == "" {
		a.Customer = "firm"
	}
	var v tsujiban.Verdict
	d.g.Decide(&a, &v)
	return a.Call, v
}

func (d *desk) dial(dialled string) (tsujiban.CallID, tsujiban.Verdict) {
	return d.ask(tsujiban.Attempt{Dialled: []byte(dialled)})
}

func (d *desk) must(dialled string) tsujiban.CallID {
	d.t.Helper()
	id, v := d.dial(dialled)
	if v.Action == tsujiban.Deny {
		d.t.Fatalf("%s was refused: %v %s", dialled, v.Reason, v.Rule)
	}
	return id
}

func firmSource(t testing.TB, l tsujiban.Limits) policy.Source {
	src := source(t, tsujiban.Customer{ID: "firm", International: true, Limits: l, Numbers: []string{"+81312345678"}})
	src.Fraud = policy.FraudOff
	return src
}

func TestReasons(t *testing.T) {
	for _, c := range []struct {
		name   string
		limits tsujiban.Limits
		before func(d *desk)
		ask    tsujiban.Attempt
		reason tsujiban.Reason
		rule   string
	}{
		{name: "passes", ask: tsujiban.Attempt{Dialled: []byte("0612345678"), Caller: []byte("0312345678")}},
		{name: "unknown customer", ask: tsujiban.Attempt{Customer: "nobody", Dialled: []byte("0612345678")}, reason: tsujiban.ReasonUnknownCustomer},
		{name: "unreadable number", ask: tsujiban.Attempt{Dialled: []byte("hello")}, reason: tsujiban.ReasonBadNumber},
		{name: "a rule", limits: tsujiban.Limits{BarCountries: []string{"SL"}}, ask: tsujiban.Attempt{Dialled: []byte("01023277123456")}, reason: tsujiban.ReasonBarredCountry, rule: "country SL"},
		{name: "own number asserted, another shown", ask: tsujiban.Attempt{Dialled: []byte("0612345678"), Caller: []byte("0312345678"), Presented: []byte("0312345679")}, reason: tsujiban.ReasonCallerNumber, rule: "caller number"},
		{name: "caller number of another", ask: tsujiban.Attempt{Dialled: []byte("0612345678"), Caller: []byte("0312345679")}, reason: tsujiban.ReasonCallerNumber, rule: "caller number"},
		{name: "channels", limits: tsujiban.Limits{Channels: 1}, before: func(d *desk) { d.must("0612345678") }, ask: tsujiban.Attempt{Dialled: []byte("0612345678")}, reason: tsujiban.ReasonChannels, rule: "channels 1"},
		{name: "channels count incoming calls", limits: tsujiban.Limits{Channels: 1}, before: func(d *desk) { d.must("0612345678") }, ask: tsujiban.Attempt{Direction: tsujiban.In, Dialled: []byte("0312345678")}, reason: tsujiban.ReasonChannels, rule: "channels 1"},
		{name: "calls per second", limits: tsujiban.Limits{CallsPerSecond: 1}, before: func(d *desk) { d.must("0612345678"); d.at = d.at.Add(-time.Second / 2) }, ask: tsujiban.Attempt{Dialled: []byte("0612345678")}, reason: tsujiban.ReasonCallRate, rule: "calls-per-second 1"},
		{name: "cap per call", limits: tsujiban.Limits{CapCall: 3 * yen}, ask: tsujiban.Attempt{Dialled: []byte("01082212345678")}, reason: tsujiban.ReasonCapCall, rule: "cap-call 3"},
		{name: "cap per day", limits: tsujiban.Limits{CapDay: 3 * yen}, ask: tsujiban.Attempt{Dialled: []byte("01082212345678")}, reason: tsujiban.ReasonCapDay, rule: "cap-day 3"},
		{name: "cap per month", limits: tsujiban.Limits{CapMonth: 3 * yen}, ask: tsujiban.Attempt{Dialled: []byte("01082212345678")}, reason: tsujiban.ReasonCapMonth, rule: "cap-month 3"},
		{name: "no price under a cap", limits: tsujiban.Limits{CapMonth: 3000 * yen}, ask: tsujiban.Attempt{Dialled: []byte("104")}, reason: tsujiban.ReasonNoRate, rule: "no rate"},
		{name: "no price without a cap", ask: tsujiban.Attempt{Dialled: []byte("104")}},
		{name: "freephone needs no price", limits: tsujiban.Limits{CapMonth: 3000 * yen}, ask: tsujiban.Attempt{Dialled: []byte("0120123456")}},
		{name: "restricted", before: func(d *desk) { d.restrict(tsujiban.LevelRestrict, tsujiban.ReasonFraud) }, ask: tsujiban.Attempt{Dialled: []byte("01082212345678")}, reason: tsujiban.ReasonRestricted, rule: "restriction restrict"},
		{name: "restricted, domestic", before: func(d *desk) { d.restrict(tsujiban.LevelRestrict, tsujiban.ReasonFraud) }, ask: tsujiban.Attempt{Dialled: []byte("0612345678")}},
		{name: "restricted, incoming", before: func(d *desk) { d.restrict(tsujiban.LevelRestrict, tsujiban.ReasonFraud) }, ask: tsujiban.Attempt{Direction: tsujiban.In, Dialled: []byte("0312345678")}},
		{name: "asked", before: func(d *desk) { d.restrict(tsujiban.LevelAsk, tsujiban.ReasonFraud) }, ask: tsujiban.Attempt{Dialled: []byte("01082212345678")}},
		{name: "closed", before: func(d *desk) { d.restrict(tsujiban.LevelClose, tsujiban.ReasonStaff) }, ask: tsujiban.Attempt{Dialled: []byte("0612345678")}, reason: tsujiban.ReasonRestricted, rule: "restriction close"},
		{name: "suspended", before: func(d *desk) { d.restrict(tsujiban.LevelClose, tsujiban.ReasonSuspended) }, ask: tsujiban.Attempt{Dialled: []byte("0612345678")}, reason: tsujiban.ReasonSuspended, rule: "restriction close"},
		{name: "a restriction is said before a rule", limits: tsujiban.Limits{BarCountries: []string{"SL"}}, before: func(d *desk) { d.restrict(tsujiban.LevelRestrict, tsujiban.ReasonFraud) }, ask: tsujiban.Attempt{Dialled: []byte("01023277123456")}, reason: tsujiban.ReasonRestricted, rule: "restriction restrict"},
		{name: "a bar does not hold for incoming calls", limits: tsujiban.Limits{Hours: "Sun 00:00-01:00", CapDay: 1}, ask: tsujiban.Attempt{Direction: tsujiban.In, Dialled: []byte("0312345678"), Caller: []byte("0699999999")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDesk(t, firmSource(t, c.limits))
			if c.before != nil {
				c.before(d)
			}
			before := d.g.Totals()
			_, v := d.ask(c.ask)
			if v.Reason != c.reason || v.Rule != c.rule || (v.Action == tsujiban.Deny) != (c.reason != tsujiban.ReasonNone) {
				t.Errorf("%v %v %q, want %v %q", v.Action, v.Reason, v.Rule, c.reason, c.rule)
			}
			if after := d.g.Totals(); v.Action == tsujiban.Deny && (after != before || v.Reserved != 0) {
				t.Errorf("refused, but %+v became %+v", before, after)
			}
		})
	}
}

func (d *desk) restrict(l tsujiban.Level, r tsujiban.Reason) {
	d.g.Restrict(&tsujiban.Restriction{Customer: "firm", Level: l, Reason: r, At: d.at, By: "staff"})
}

func TestVerdictSaysWhatWasRead(t *testing.T) {
	d := newDesk(t, firmSource(t, tsujiban.Limits{CapDay: 1000 * yen}))
	_, v := d.ask(tsujiban.Attempt{Dialled: []byte("18401023277123456"), Caller: []byte("0312345678")})
	if v.Callee.String() != "+23277123456" || v.Destination.Country() != "SL" || v.Caller.String() != "+81312345678" || !v.Withheld {
		t.Errorf("read %v %+v from %v, withheld %v", v.Callee, v.Destination, v.Caller, v.Withheld)
	}
	// 327 yen a minute by increments of 6 s: the stretch of at least 15 s is three of them.
	if want := tsujiban.Money(98_100_000); v.Reserved != want || v.Price.PerMinute != 327*yen {
		t.Errorf("set aside %v at %+v, want %v", v.Reserved, v.Price, want)
	}
	u, ok := d.g.Usage("firm")
	if !ok || u.Reserved != v.Reserved || u.Running != 1 || u.International != 1 || u.CapDay != 1000*yen || u.Today != 0 {
		t.Errorf("usage %+v", u)
	}
	if _, ok := d.g.Usage("nobody"); ok {
		t.Error("an unknown customer has a usage")
	}
}

// TestEmergencyAlwaysPasses: whatever is set, restricted, spent or running.
func TestEmergencyAlwaysPasses(t *testing.T) {
	flag := func(rt *rapid.T, label string) bool { return rapid.Bool().Draw(rt, label) }
	rapid.Check(t, func(rt *rapid.T) {
		l := tsujiban.Limits{}
		if flag(rt, "caps") {
			l.CapCall, l.CapDay, l.CapMonth = 1, 1, 1
		}
		if flag(rt, "channels") {
			l.Channels, l.CallsPerSecond = 1, 1
		}
		if flag(rt, "bars") {
			l.BarCountries, l.BarPrefixes, l.AllowCountries = []string{"JP"}, []string{"81", "1", "110", "119"}, []string{"SL"}
			l.Hours, l.LongestCall = "Sun 03:00-03:01", time.Second
		}
		cust := tsujiban.Customer{ID: "firm", International: flag(rt, "international"), Limits: l}
		if flag(rt, "numbers") {
			cust.Numbers = []string{"+81312345678"}
		}
		src := source(t, cust)
		if flag(rt, "closed") {
			src.Closed = []string{"1", "11", "81", "8"}
		}
		if flag(rt, "no rates") {
			src.Rates = nil
		}
		src.Fraud = rapid.SampledFrom([]policy.FraudMode{policy.FraudOff, policy.FraudObserve, policy.FraudEnforce}).Draw(rt, "fraud")
		d := newDesk(t, src)
		for range rapid.IntRange(0, 6).Draw(rt, "calls before") {
			d.dial(rapid.SampledFrom([]string{"0612345678", "01023277123456", "119"}).Draw(rt, "before"))
		}
		if flag(rt, "restriction") {
			d.restrict(rapid.SampledFrom([]tsujiban.Level{tsujiban.LevelAsk, tsujiban.LevelRestrict, tsujiban.LevelClose}).Draw(rt, "level"),
				rapid.SampledFrom([]tsujiban.Reason{tsujiban.ReasonFraud, tsujiban.ReasonSuspended, tsujiban.ReasonStaff}).Draw(rt, "reason"))
		}
		before := d.g.Totals()
		a := tsujiban.Attempt{
			Dialled:  []byte(rapid.SampledFrom([]string{"110", "118", "119", "184110", "186119"}).Draw(rt, "number")),
			Customer: rapid.SampledFrom([]tsujiban.CustomerID{"firm", "nobody"}).Draw(rt, "customer"),
			Caller:   []byte(rapid.SampledFrom([]string{"", "0312345678", "0699999999", "alice"}).Draw(rt, "caller")),
		}
		id, v := d.ask(a)
		if v.Action != tsujiban.Allow || v.Reason != tsujiban.ReasonNone || v.Reserved != 0 || v.Destination.Scope != tsujiban.ScopeEmergency {
			rt.Fatalf("%s: %+v", a.Dialled, v)
		}
		if after := d.g.Totals(); after.Running != before.Running+1 || after.Reserved != before.Reserved {
			rt.Fatalf("%+v, then %+v", before, after)
		}
		d.restrict(tsujiban.LevelClose, tsujiban.ReasonSuspended)
		for _, e := range d.g.Effects(nil) {
			if e.Cut == id {
				rt.Fatal("the emergency call is cut")
			}
		}
		if next := d.g.Answered(id, d.at); !next.IsZero() {
			rt.Fatal("the emergency call is to be extended")
		}
		if next, cut := d.g.Extend(id, d.at.Add(10*time.Hour)); !next.IsZero() || cut != tsujiban.ReasonNone {
			rt.Fatalf("the emergency call is cut: %v", cut)
		}
		o := tsujiban.Outcome{}
		d.g.Ended(id, d.at.Add(10*time.Hour), &o)
		if o.Charge != 0 || o.Talk != 10*time.Hour {
			rt.Fatalf("%+v", o)
		}
	})
}

func TestNoRateAllowed(t *testing.T) {
	src := firmSource(t, tsujiban.Limits{CapDay: 100 * yen})
	src.NoRate = policy.NoRateAllow
	d := newDesk(t, src)
	id := d.must("104")
	if next := d.g.Answered(id, d.at); !next.IsZero() {
		t.Error("a call without price is to be extended")
	}
}
