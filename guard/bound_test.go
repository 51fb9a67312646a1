package guard_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tsujiban"
	"tsujiban/guard"
	"tsujiban/guard/policy"
	"tsujiban/guard/spend"
)

// bound plays calls against small caps with a clock that is set back and forth, a
// program that crashes, and ends that are reported late. Time really passes in real;
// the guard only sees the wall clock. What is held to the caps is what is charged.
type bound struct {
	t       *rapid.T
	policy  *policy.Policy
	caps    tsujiban.Limits
	g       *guard.Guard
	real    time.Duration // since the start
	offset  time.Duration // of the wall clock
	stepped bool          // the clock was set, ever
	last    tsujiban.CallID
	calls   []*boundCall // running
	done    []*boundCall
	journal []tsujiban.Event
}

type boundCall struct {
	id       tsujiban.CallID
	customer tsujiban.CustomerID
	asked    time.Time
	price    tsujiban.Price
	answered bool
	since    time.Duration // real, of the answer
	due      time.Duration // real, when the edge's timer fires; 0: never
	over     bool          // hung up; the end is not reported yet
	overAt   time.Time     // wall
	talked   time.Duration // real
	charge   tsujiban.Money
}

const boundDeck = "prefix,name,yen_per_minute,increment_s\n81,HOME,8,180\n82,KOREA,30,6\n232,SIERRA LEONE,327,1\n44,UK,20,60\n"

var boundDials = []string{"0312345678", "01082212345678", "01023277123456", "010442071234567", "110"}

func (b *bound) wall() time.Time {
	return time.Date(2026, 11, 29, 13, 0, 0, 0, time.UTC).Add(b.real + b.offset)
}

func (b *bound) attempt() {
	b.last = tsujiban.NextCallID(b.last, b.wall())
	a := tsujiban.Attempt{
		Call: b.last, At: b.wall(), Customer: rapid.SampledFrom([]tsujiban.CustomerID{"a", "b"}).Draw(b.t, "customer"),
		Dialled: []byte(rapid.SampledFrom(boundDials).Draw(b.t, "dialled")),
	}
	var v tsujiban.Verdict
	b.g.Decide(&a, &v)
	b.journal = append(b.journal, tsujiban.Event{Kind: tsujiban.EventAttempt, At: a.At, Call: a.Call, Attempt: a, Verdict: v})
	if v.Action != tsujiban.Deny {
		b.calls = append(b.calls, &boundCall{id: a.Call, customer: a.Customer, asked: a.At, price: v.Price})
	} else if v.Reserved != 0 {
		b.t.Fatalf("refused with %v set aside", v.Reserved)
	}
}

// pick draws a running call that has not been hung up.
func (b *bound) pick(answered bool) *boundCall {
	var open []*boundCall
	for _, c := range b.calls {
		if c.answered == answered && !c.over {
			open = append(open, c)
		}
	}
	if len(open) == 0 {
		return nil
	}
	return open[rapid.IntRange(0, len(open)-1).Draw(b.t, "call")]
}

func (b *bound) answer() {
	if c := b.pick(false); c != nil {
		c.answered, c.since = true, b.real
		b.timer(c, b.g.Answered(c.id, b.wall()))
		b.journal = append(b.journal, tsujiban.Event{Kind: tsujiban.EventAnswered, At: b.wall(), Call: c.id})
	}
}

// timer sets the edge's timer, which runs by real time.
func (b *bound) timer(c *boundCall, next time.Time) {
	c.due = 0
	if !next.IsZero() {
		c.due = b.real + max(next.Sub(b.wall()), 0)
	}
}

func (b *bound) hangUp(c *boundCall) {
	c.over, c.overAt, c.due = true, b.wall(), 0
	if c.answered {
		c.talked = b.real - c.since
	}
}

// report tells the guard the end of a call that was hung up, perhaps long ago.
func (b *bound) report(c *boundCall) {
	var o tsujiban.Outcome
	b.g.Ended(c.id, c.overAt, &o)
	b.journal = append(b.journal, tsujiban.Event{Kind: tsujiban.EventEnded, At: c.overAt, Call: c.id, Outcome: o})
	c.charge = o.Charge
	b.calls = slices.DeleteFunc(b.calls, func(x *boundCall) bool { return x == c })
	b.done = append(b.done, c)
	if c.answered && !b.stepped && o.Talk != c.talked {
		b.t.Fatalf("call %v talked %v, but the guard says %v", c.id, c.talked, o.Talk)
	}
}

// pass lets real time go by; timers fire when they are due, up to a second late.
func (b *bound) pass(d time.Duration) {
	until := b.real + d
	for {
		var first *boundCall
		for _, c := range b.calls {
			if c.due != 0 && c.due <= until && (first == nil || c.due < first.due) {
				first = c
			}
		}
		if first == nil {
			break
		}
		late := time.Duration(rapid.IntRange(0, 900).Draw(b.t, "late")) * time.Millisecond
		b.real = max(b.real, first.due+late)
		b.extend(first)
	}
	b.real = max(b.real, until)
}

func (b *bound) extend(c *boundCall) {
	next, cut := b.g.Extend(c.id, b.wall())
	if cut != tsujiban.ReasonNone {
		b.hangUp(c)
		return
	}
	b.timer(c, next)
}

// crash loses all but the journal, for as long as a cap has to hold. Ends that were seen are in it: of a call whose end
// nobody saw it would not be known when it was.
func (b *bound) crash() {
	for _, c := range slices.Clone(b.calls) {
		if c.over {
			b.report(c)
		}
	}
	b.g = guard.New(guard.Options{Policy: b.policy})
	for i := range b.journal {
		b.g.Apply(&b.journal[i])
	}
	b.real += time.Duration(rapid.IntRange(0, int(spend.Outage/time.Millisecond)).Draw(b.t, "outage")) * time.Millisecond
	b.g.Resume(b.wall())
	for _, r := range b.g.Running(nil) {
		i := slices.IndexFunc(b.calls, func(c *boundCall) bool { return c.id == r.Call })
		if i < 0 {
			b.t.Fatalf("call %v runs after the crash, but it ended before", r.Call)
		}
		if c := b.calls[i]; c.answered {
			b.extend(c)
		}
	}
}

// check holds all that was charged, with what is still set aside, to the caps.
func (b *bound) check() {
	type key struct {
		customer tsujiban.CustomerID
		label    int32
	}
	days, months := map[key]tsujiban.Money{}, map[key]tsujiban.Money{}
	for _, c := range b.done {
		if c.charge > b.caps.CapCall {
			b.t.Fatalf("call %v was charged %v, over the cap of %v", c.id, c.charge, b.caps.CapCall)
		}
		m := b.policy.Moment(c.asked)
		days[key{c.customer, m.Day}] += c.charge
		months[key{c.customer, m.Month}] += c.charge
		if !b.stepped && c.charge != c.price.Charge(c.talked) && c.answered {
			b.t.Fatalf("call %v talked %v and was charged %v", c.id, c.talked, c.charge)
		}
	}
	for k, charged := range days {
		atRisk, _ := b.g.AtRisk(k.customer, k.label, 0)
		if charged > b.caps.CapDay || atRisk > b.caps.CapDay {
			b.t.Fatalf("%s: charged %v, at risk %v on day %d, over the cap of %v", k.customer, charged, atRisk, k.label, b.caps.CapDay)
		}
	}
	for k, charged := range months {
		_, atRisk := b.g.AtRisk(k.customer, 0, k.label)
		if charged > b.caps.CapMonth || atRisk > b.caps.CapMonth {
			b.t.Fatalf("%s: charged %v, at risk %v in month %d, over the cap of %v", k.customer, charged, atRisk, k.label, b.caps.CapMonth)
		}
	}
}

func TestChargesStayWithinTheCaps(t *testing.T) {
	for _, clock := range []struct {
		name string
		sets bool
	}{{"steady clock", false}, {"clock set back and forth", true}} {
		t.Run(clock.name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) { playBound(t, rt, clock.sets) })
		})
	}
}

func playBound(t *testing.T, rt *rapid.T, sets bool) {
	yen := func(label string, most int) tsujiban.Money {
		return tsujiban.Money(rapid.IntRange(1, most).Draw(rt, label)) * tsujiban.Unit
	}
	src := source(t,
		tsujiban.Customer{ID: "a", International: true, Limits: tsujiban.Limits{LongestCall: time.Hour}},
		tsujiban.Customer{ID: "b", International: true})
	src.Defaults = tsujiban.Limits{CapCall: yen("call", 500), CapDay: yen("day", 1500), CapMonth: yen("month", 3000)}
	src.Rates = parseDeck(t, boundDeck)
	src.Fraud = policy.FraudOff
	b := &bound{t: rt, caps: src.Defaults, policy: compile(t, src)}
	b.g = guard.New(guard.Options{Policy: b.policy})
	set := time.Duration(-1) // real, when the clock was set last
	for range rapid.IntRange(1, 120).Draw(rt, "steps") {
		switch rapid.IntRange(0, 11).Draw(rt, "what") {
		case 0, 1, 2:
			b.attempt()
		case 3, 4:
			b.answer()
		case 5:
			if c := b.pick(rapid.Bool().Draw(rt, "answered")); c != nil {
				b.hangUp(c)
			}
		case 6:
			if i := slices.IndexFunc(b.calls, func(c *boundCall) bool { return c.over }); i >= 0 {
				b.report(b.calls[i])
			}
		case 7, 8:
			b.pass(time.Duration(rapid.IntRange(0, 40_000).Draw(rt, "ms")) * time.Millisecond)
		case 9:
			b.pass(time.Duration(rapid.IntRange(0, 200).Draw(rt, "minutes")) * time.Minute)
		case 10:
			if sets && b.real < 20*time.Hour {
				// Days that the books keep: the wall clock stays within three of them.
				b.offset = time.Duration(rapid.IntRange(0, 36*3600).Draw(rt, "offset")) * time.Second
				b.stepped, set = true, b.real
			}
		case 11:
			// What the clock did while a call was up cannot be told from time that
			// passed while the program was down: no crash between the two.
			if !slices.ContainsFunc(b.calls, func(c *boundCall) bool { return c.answered && !c.over && c.since <= set }) {
				b.crash()
			}
		}
		b.check()
	}
	for _, c := range slices.Clone(b.calls) {
		if !c.over {
			b.hangUp(c)
		}
		b.report(c)
	}
	b.check()
	if totals := b.g.Totals(); totals.Running != 0 || totals.Reserved != 0 {
		rt.Fatalf("all calls ended, but %+v", totals)
	}
}
