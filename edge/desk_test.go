package edge

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"tsujiban"
)

// testDesk is a Desk that holds the edge to its promises: every call that is allowed ends
// exactly once, is answered at most once and before its end, and nothing is asked about it
// afterwards; what a message lends is not kept.
type testDesk struct {
	t  testing.TB
	mu sync.Mutex

	last   tsujiban.CallID
	ticket uint64
	calls  map[tsujiban.CallID]*deskCall
	order  []tsujiban.CallID

	full    bool            // the record of an attempt cannot be kept
	extend  time.Duration   // Answered and Extend ask to be asked again after this
	refuse  tsujiban.Reason // what Extend cuts for
	verdict func(v *tsujiban.Verdict, dialled string)
	edge    *Edge

	registered []tsujiban.Attempt
	refused    map[tsujiban.RefusalKind]int
}

type deskCall struct {
	attempt  tsujiban.Attempt
	dialled  string
	caller   string
	ticket   uint64
	denied   bool
	answered bool
	extends  int
	dialog   tsujiban.Dialog
	outcome  *tsujiban.Outcome
	ended    time.Time

	sipCallID  string
	answeredAt time.Time
}

func newTestDesk(t testing.TB) *testDesk {
	return &testDesk{t: t, calls: map[tsujiban.CallID]*deskCall{}, refused: map[tsujiban.RefusalKind]int{}}
}

// set changes what the desk does from now on.
func (d *testDesk) set(change func(d *testDesk)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change(d)
}

var errFull = errors.New("the journal's memory is full")

func (d *testDesk) Attempt(a *tsujiban.Attempt, v *tsujiban.Verdict) (uint64, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.last = tsujiban.NextCallID(d.last, a.At)
	a.Call = d.last
	*v = tsujiban.Verdict{}
	dialled := string(a.Dialled)
	switch {
	case d.verdict != nil:
		d.verdict(v, dialled)
	case strings.HasPrefix(dialled, "010"):
		v.Action, v.Reason = tsujiban.Deny, tsujiban.ReasonInternationalOff
	case strings.HasPrefix(dialled, "0570"):
		v.Action, v.Reason = tsujiban.Deny, tsujiban.ReasonFraud
	}
	c := &deskCall{attempt: *a, dialled: dialled, caller: string(a.Caller), sipCallID: string(a.SIPCallID), denied: v.Action == tsujiban.Deny}
	d.calls[a.Call] = c
	d.order = append(d.order, a.Call)
	if d.full {
		return 0, errFull
	}
	d.ticket++
	c.ticket = d.ticket
	return d.ticket, nil
}

func (d *testDesk) Hurry() {}

func (d *testDesk) Answered(id tsujiban.CallID, at time.Time, g *tsujiban.Dialog) time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	c := d.running(id, "Answered")
	if c == nil {
		return time.Time{}
	}
	if c.answered {
		d.t.Errorf("call %s was answered twice", id)
	}
	c.answered, c.answeredAt = true, at
	c.dialog = copyDialog(g)
	if d.extend == 0 {
		return time.Time{}
	}
	return at.Add(d.extend)
}

func (d *testDesk) Extend(id tsujiban.CallID, at time.Time) (time.Time, tsujiban.Reason) {
	d.mu.Lock()
	defer d.mu.Unlock()
	c := d.running(id, "Extend")
	if c == nil {
		return time.Time{}, 0
	}
	if !c.answered {
		d.t.Errorf("Extend of call %s, which was not answered", id)
	}
	c.extends++
	if d.refuse != tsujiban.ReasonNone {
		return time.Time{}, d.refuse
	}
	return at.Add(d.extend), tsujiban.ReasonNone
}

func (d *testDesk) Ended(id tsujiban.CallID, at time.Time, o *tsujiban.Outcome) {
	d.mu.Lock()
	defer d.mu.Unlock()
	c := d.running(id, "Ended")
	if c == nil {
		return
	}
	if c.answered != (o.Status >= 200 && o.Status < 300) {
		d.t.Errorf("call %s, answered %v, ended with status %d", id, c.answered, o.Status)
	}
	if o.Customer != c.attempt.Customer {
		d.t.Errorf("call %s of customer %s ended as one of %s", id, c.attempt.Customer, o.Customer)
	}
	out := *o
	c.outcome, c.ended = &out, at
}

// running finds a call that the edge may still speak of.
func (d *testDesk) running(id tsujiban.CallID, what string) *deskCall {
	c := d.calls[id]
	switch {
	case c == nil:
		d.t.Errorf("%s of call %s, which nobody asked for", what, id)
	case c.denied:
		d.t.Errorf("%s of call %s, which was denied", what, id)
		return nil
	case c.outcome != nil:
		d.t.Errorf("%s of call %s, which had ended with %d by %s", what, id, c.outcome.Status, c.outcome.By)
		return nil
	}
	return c
}

func (d *testDesk) Registered(a *tsujiban.Attempt, _ time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	r := *a
	r.UserAgent = append([]byte(nil), a.UserAgent...)
	d.registered = append(d.registered, r)
}

func (d *testDesk) Refused(r *tsujiban.Refusal, _ time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.refused[r.What] += r.Count
}

func copyDialog(g *tsujiban.Dialog) tsujiban.Dialog {
	out := *g
	out.SIPCallID = append([]byte(nil), g.SIPCallID...)
	for _, l := range []*tsujiban.Leg{&out.Caller, &out.Callee} {
		l.Identity, l.Target, l.Routes = append([]byte(nil), l.Identity...), append([]byte(nil), l.Target...), append([]byte(nil), l.Routes...)
	}
	return out
}

// call is the last call that was asked for, or one counted back from it.
func (d *testDesk) call(back int) *deskCall {
	d.mu.Lock()
	defer d.mu.Unlock()
	if back >= len(d.order) {
		d.t.Fatalf("only %d calls were asked for", len(d.order))
	}
	c := *d.calls[d.order[len(d.order)-1-back]]
	return &c
}

// settled fails the test unless every allowed call has ended.
func (d *testDesk) settled() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for id, c := range d.calls {
		if !c.denied && c.outcome == nil {
			d.t.Errorf("call %s to %s never ended (answered %v)", id, c.dialled, c.answered)
		}
	}
}

// summary says how a call ended, as the flows write it.
func (c *deskCall) summary() string {
	switch {
	case c.denied:
		return "denied"
	case c.outcome == nil && c.answered:
		return "answered"
	case c.outcome == nil:
		return "asked"
	}
	s := fmt.Sprintf("ended %d by %s", c.outcome.Status, c.outcome.By)
	if c.outcome.Cut != tsujiban.ReasonNone {
		s += " for " + c.outcome.Cut.String()
	}
	if c.outcome.Carrier != "" {
		s += " at " + string(c.outcome.Carrier)
	}
	return s
}
