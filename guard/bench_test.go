package guard_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"tsujiban"
	"tsujiban/guard"
)

// crowd is a guard with many customers, each with limits, numbers and a call behind it.
func crowd(tb testing.TB, n int) (*guard.Guard, []tsujiban.CustomerID) {
	tb.Helper()
	customers := make([]tsujiban.Customer, n)
	ids := make([]tsujiban.CustomerID, n)
	for i := range customers {
		ids[i] = tsujiban.CustomerID(fmt.Sprintf("customer-%06d", i))
		customers[i] = tsujiban.Customer{
			ID: ids[i], International: true, Numbers: []string{fmt.Sprintf("+8131%06d*", i)},
			Limits: tsujiban.Limits{
				CapCall: 5_000 * tsujiban.Unit, CapDay: 20_000 * tsujiban.Unit, CapMonth: 100_000 * tsujiban.Unit,
				Channels: 10, CallsPerSecond: 5, LongestCall: 4 * time.Hour, Hours: "Mon-Sun 00:00-24:00",
				BarPrefixes: []string{"23299", "8823"}, BarCountries: []string{"CU"},
			},
		}
	}
	g := guard.New(guard.Options{Policy: compile(tb, source(tb, customers...))})
	g.Effects(nil)
	at := monday
	var id tsujiban.CallID
	for i := range ids {
		id = tsujiban.NextCallID(id, at)
		call(tb, g, attempt(id, at, ids, i), "0312345678")
	}
	return g, ids
}

func attempt(id tsujiban.CallID, at time.Time, ids []tsujiban.CustomerID, i int) *tsujiban.Attempt {
	return &tsujiban.Attempt{
		Call: id, At: at, Customer: ids[i], Trunk: "trunk", Source: netip.MustParseAddrPort("192.0.2.1:5060"),
		Caller: fmt.Appendf(nil, "031%06d1", i), UserAgent: []byte("PBX/1.0"),
	}
}

// call plays one whole call that is let through.
func call(tb testing.TB, g *guard.Guard, a *tsujiban.Attempt, dialled string) {
	a.Dialled = append(a.Dialled[:0], dialled...)
	var v tsujiban.Verdict
	g.Decide(a, &v)
	if v.Action == tsujiban.Deny {
		tb.Fatalf("%s to %s was refused: %v %s", a.Customer, dialled, v.Reason, v.Rule)
	}
	var o tsujiban.Outcome
	g.Answered(a.Call, a.At.Add(time.Second))
	g.Extend(a.Call, a.At.Add(9*time.Second))
	g.Ended(a.Call, a.At.Add(40*time.Second), &o)
}

// calling goes round the customers, each call some time after the last. There is one attempt, filled anew for each call: in
// the path it has just been read from the network, so that it is in the cache, and the customer is not.
type calling struct {
	g       *guard.Guard
	ids     []tsujiban.CustomerID
	attempt *tsujiban.Attempt
	callers int
	call    tsujiban.CallID
	at      time.Time
	n       int
}

func newCalling(tb testing.TB, customers, callers int, dialled string) *calling {
	c := &calling{at: monday.Add(9 * time.Hour)}
	c.g, c.ids = crowd(tb, customers)
	c.callers = callers
	c.attempt = attempt(0, c.at, c.ids, 0)
	c.attempt.Dialled = []byte(dialled)
	return c
}

// next makes the next attempt. The time between two calls of one customer is 20 minutes.
func (c *calling) next() *tsujiban.Attempt {
	i := c.n % c.callers * (len(c.ids) / c.callers)
	c.n++
	c.at = c.at.Add(20 * time.Minute / time.Duration(c.callers))
	c.call = tsujiban.NextCallID(c.call, c.at)
	a := c.attempt
	a.Call, a.At, a.Customer = c.call, c.at, c.ids[i]
	for k := range 6 { // the caller is 031, the customer's number, 1
		a.Caller[8-k] = '0' + byte(i%10)
		i /= 10
	}
	return a
}

var benchDials = []struct{ name, dialled string }{{"domestic", "0312345678"}, {"abroad", "01082212345678"}, {"refused", "0108816123456789"}}

// BenchmarkDecide measures a decision, with the call's end out of the sum, among
// 100,000 customers of which 50,000 call in turn: most of what it touches is not in the cache.
func BenchmarkDecide(b *testing.B) {
	for _, d := range benchDials {
		b.Run(d.name, func(b *testing.B) {
			c := newCalling(b, 100_000, 50_000, d.dialled)
			var v tsujiban.Verdict
			var o tsujiban.Outcome
			open := make([]tsujiban.CallID, 0, 1024)
			b.ReportAllocs()
			for b.Loop() {
				a := c.next()
				c.g.Decide(a, &v)
				open = append(open, a.Call)
				if len(open) == cap(open) {
					b.StopTimer()
					for _, id := range open {
						c.g.Ended(id, c.at, &o)
					}
					open = open[:0]
					b.StartTimer()
				}
			}
		})
	}
}

// BenchmarkCall measures all that the guard does for one call: attempt, answer, a
// stretch, end.
func BenchmarkCall(b *testing.B) {
	for _, d := range benchDials[:2] {
		b.Run(d.name, func(b *testing.B) {
			c := newCalling(b, 100_000, 50_000, d.dialled)
			var v tsujiban.Verdict
			var o tsujiban.Outcome
			var effects []guard.Effect
			b.ReportAllocs()
			for b.Loop() {
				a := c.next()
				c.g.Decide(a, &v)
				c.g.Answered(a.Call, a.At.Add(time.Second))
				c.g.Extend(a.Call, a.At.Add(9*time.Second))
				c.g.Ended(a.Call, a.At.Add(15*time.Second), &o)
				effects = c.g.Effects(effects[:0])
			}
		})
	}
}

// TestNoAllocations holds the whole life of a call, let through or refused, to zero allocations.
func TestNoAllocations(t *testing.T) {
	for _, d := range append(benchDials, struct{ name, dialled string }{"emergency", "110"}) {
		t.Run(d.name, func(t *testing.T) {
			c := newCalling(t, 1000, 1000, d.dialled)
			var v tsujiban.Verdict
			var o tsujiban.Outcome
			var effects []guard.Effect
			got := testing.AllocsPerRun(5000, func() {
				a := c.next()
				c.g.Decide(a, &v)
				c.g.Answered(a.Call, a.At.Add(time.Second))
				c.g.Extend(a.Call, a.At.Add(9*time.Second))
				c.g.Ended(a.Call, a.At.Add(15*time.Second), &o)
				effects = c.g.Effects(effects[:0])
			})
			if got != 0 {
				t.Errorf("%v allocations for a call, want none", got)
			}
			if want := d.name == "refused"; (v.Action == tsujiban.Deny) != want {
				t.Errorf("the call was judged %v %v %s", v.Action, v.Reason, v.Rule)
			}
		})
	}
}
