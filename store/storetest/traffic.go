package storetest

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"tsujiban"
	"tsujiban/store"
)

// callID is the id of the n-th call of a test.
func callID(n int) tsujiban.CallID { return tsujiban.NextCallID(0, noon) + tsujiban.CallID(n) }

// attempt sets every field that the view keeps.
func attempt(seq uint64, n int, at time.Time) tsujiban.Event {
	ev := tsujiban.Event{Seq: seq, Kind: tsujiban.EventAttempt, At: at, Call: callID(n)}
	ev.Attempt = tsujiban.Attempt{
		Call: ev.Call, At: at, Customer: "hakata", Trunk: "hakata-1", Source: netip.MustParseAddrPort("[2001:db8::1]:5060"),
		Dialled: []byte("18601023276123456"), Caller: []byte("0312345678"), UserAgent: []byte("Asterisk PBX 20.9.1"), SIPCallID: []byte("a84b4c76e66710@pc33"),
	}
	v := &ev.Verdict
	v.Action, v.Rule, v.Weight, v.Withheld = tsujiban.Watch, "watch 10", 12.5, true
	v.Callee, v.Caller = number("+23276123456"), number("+81312345678")
	v.Destination = tsujiban.Destination{Scope: tsujiban.ScopeInternational, Class: tsujiban.ClassMobile, Code: 232, ISO: [2]byte{'S', 'L'}}
	v.Why[0] = tsujiban.Weight{Kind: tsujiban.EvidenceHour, Value: 3.3}
	v.Why[2] = tsujiban.Weight{Kind: tsujiban.EvidencePrice, Value: -1e-7}
	return ev
}

// attempted is the call that attempt makes.
func attempted(seq uint64, n int, at time.Time) store.Call {
	return store.Call{
		ID: callID(n), At: at, Customer: "hakata", Trunk: "hakata-1", Source: netip.MustParseAddrPort("[2001:db8::1]:5060"),
		Presented: "0312345678", Dialled: "18601023276123456", Caller: number("+81312345678"), Callee: number("+23276123456"), Withheld: true,
		Destination: tsujiban.Destination{Scope: tsujiban.ScopeInternational, Class: tsujiban.ClassMobile, Code: 232, ISO: [2]byte{'S', 'L'}},
		Action:      tsujiban.Watch, Rule: "watch 10", Weight: 12.5,
		Why:       []tsujiban.Weight{{Kind: tsujiban.EvidenceHour, Value: 3.3}, {Kind: tsujiban.EvidencePrice, Value: -1e-7}},
		UserAgent: "Asterisk PBX 20.9.1", SIPCallID: "a84b4c76e66710@pc33", Entries: store.Entries{Asked: seq},
	}
}

func answered(seq uint64, n int, at time.Time) tsujiban.Event {
	ev := tsujiban.Event{Seq: seq, Kind: tsujiban.EventAnswered, At: at, Call: callID(n)}
	ev.Dialog = tsujiban.Dialog{SIPCallID: []byte("x"), Carrier: "carrier-a"}
	return ev
}

func ended(seq uint64, n int, at time.Time) tsujiban.Event {
	ev := tsujiban.Event{Seq: seq, Kind: tsujiban.EventEnded, At: at, Call: callID(n)}
	ev.Outcome = tsujiban.Outcome{
		Customer: "hakata", Status: 200, Talk: 32 * time.Second, Charge: 175 * tsujiban.Unit,
		Cut: tsujiban.ReasonCapDay, By: tsujiban.PartyGuard,
	}
	return ev
}

// world is a random course of events and the calls that they must make.
type world struct {
	r      *rand.Rand
	events []tsujiban.Event
	calls  []store.Call // by n-1
	open   []int        // n of calls that are running
	now    time.Time
}

func newWorld(seed uint64) *world {
	return &world{r: rand.New(rand.NewPCG(seed, seed)), now: noon}
}

func (w *world) add(ev tsujiban.Event) {
	ev.Seq = uint64(len(w.events)) + 1
	w.events = append(w.events, ev)
}

// step lets one thing happen; now and then the clock is set back.
func (w *world) step() {
	w.now = w.now.Add(time.Duration(w.r.IntN(3_000_000)) * time.Microsecond)
	if w.r.IntN(200) == 0 {
		w.now = w.now.Add(-time.Minute)
	}
	switch k := w.r.IntN(10); {
	case k < 4 || len(w.open) == 0 && k < 9:
		w.begin()
	case k < 9:
		i := w.r.IntN(len(w.open))
		w.goOn(i)
	default:
		w.add(tsujiban.Event{Kind: tsujiban.EventKind(w.r.IntN(int(tsujiban.EventSet)-3) + 4), At: w.now, By: "x", Note: "y"})
	}
}

func (w *world) begin() {
	n := len(w.calls) + 1
	ev := attempt(0, n, w.now)
	a, v := &ev.Attempt, &ev.Verdict
	c := attempted(uint64(len(w.events))+1, n, w.now)
	a.Customer = tsujiban.CustomerID(fmt.Sprintf("c%d", w.r.IntN(4)))
	v.Caller, v.Callee = w.number(), w.number()
	a.Direction = tsujiban.Direction(w.r.IntN(tsujiban.NumDirections))
	v.Action = []tsujiban.Action{tsujiban.Allow, tsujiban.Allow, tsujiban.Watch, tsujiban.Deny}[w.r.IntN(4)]
	c.Customer, c.Caller, c.Callee, c.Direction, c.Action = a.Customer, v.Caller, v.Callee, a.Direction, v.Action
	if v.Action == tsujiban.Deny {
		v.Reason = tsujiban.ReasonRestricted
		c.Reason, c.Ended, c.Status = v.Reason, w.now, 603
	} else {
		w.open = append(w.open, n)
	}
	w.calls = append(w.calls, c)
	w.add(ev)
}

// number is one of a few, so that there is something to find; sometimes none.
func (w *world) number() tsujiban.Number {
	if k := w.r.IntN(8); k > 0 {
		return number(fmt.Sprintf("+8131234567%d", k))
	}
	return tsujiban.Number{}
}

func (w *world) goOn(i int) {
	n := w.open[i]
	c := &w.calls[n-1]
	if c.Answered.IsZero() && w.r.IntN(3) > 0 {
		w.add(answered(0, n, w.now))
		c.Answered, c.Carrier, c.Entries.Answered = w.now, "carrier-a", uint64(len(w.events))
		return
	}
	ev := ended(0, n, w.now)
	if c.Answered.IsZero() {
		ev.Outcome = tsujiban.Outcome{Status: 486, By: tsujiban.PartyCallee}
	}
	w.add(ev)
	o := &ev.Outcome
	c.Entries.Ended = uint64(len(w.events))
	c.Ended, c.Status, c.Talk, c.Charge, c.Cut, c.By = w.now, o.Status, o.Talk, o.Charge, o.Cut, o.By
	w.open = append(w.open[:i], w.open[i+1:]...)
}
