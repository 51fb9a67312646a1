package app

import (
	"sync"
	"sync/atomic"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/edge"
	"tsujiban/guard"
	"tsujiban/journal"
	"tsujiban/suspicion"
)

// desk answers the edge: the guard decides, the journal keeps it, and what the guard
// brought about besides is set going. It does no I/O.
type desk struct {
	guard   *guard.Guard
	journal *journal.Journal
	stored  *queue                    // restrictions on their way to the store
	edge    atomic.Pointer[edge.Edge] // nil until it is there

	mu      sync.Mutex // guards all below; see the package's locks
	last    tsujiban.CallID
	event   tsujiban.Event // scratch
	effects []guard.Effect // scratch
	counts  counts
	notes   notes
}

// counts are what happened since the start.
type counts struct {
	verdicts [3][tsujiban.NumReasons]uint64 // by action and reason
	answered uint64
	ended    uint64
	cuts     [tsujiban.NumReasons]uint64 // answered calls that the guard ended
	refusals [tsujiban.NumRefusals]uint64
	lost     uint64 // events that the journal did not take
	imposed  [tsujiban.LevelClose + 1]uint64
}

// append keeps an event. What the journal does not take is counted: its own log and
// the failing gauge tell why.
func (d *desk) append(ev *tsujiban.Event) (uint64, error) {
	seq, err := d.journal.Append(ev)
	if err != nil {
		d.counts.lost++
	}
	return seq, err
}

// Attempt judges a call and appends attempt and verdict to the journal.
func (d *desk) Attempt(a *tsujiban.Attempt, v *tsujiban.Verdict) (ticket uint64, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	a.Call = tsujiban.NextCallID(d.last, a.At)
	d.last = a.Call
	d.guard.Decide(a, v)
	ev := &d.event
	ev.Kind, ev.At, ev.Call = tsujiban.EventAttempt, a.At, a.Call
	ev.Attempt, ev.Verdict = *a, *v
	ticket, err = d.append(ev)
	d.counts.verdicts[min(v.Action, tsujiban.Deny)][v.Reason]++
	if v.Action != tsujiban.Allow {
		d.notes.verdict(a, v)
	}
	d.settle()
	return ticket, err
}

// Hurry has the journal commit what it was given in this turn of the edge.
func (d *desk) Hurry() { d.journal.Hurry() }

// Answered starts the money.
func (d *desk) Answered(call tsujiban.CallID, at time.Time, dialog *tsujiban.Dialog) (next time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	next = d.guard.Answered(call, at)
	ev := &d.event
	ev.Kind, ev.At, ev.Call, ev.Dialog = tsujiban.EventAnswered, at, call, *dialog
	_, _ = d.append(ev) // counted; the call is up, and its end is told in any case
	d.counts.answered++
	d.settle()
	return next
}

// Extend asks whether the call may go on.
func (d *desk) Extend(call tsujiban.CallID, at time.Time) (next time.Time, cut tsujiban.Reason) {
	d.mu.Lock()
	defer d.mu.Unlock()
	next, cut = d.guard.Extend(call, at)
	d.settle()
	return next, cut
}

// Ended settles a call.
func (d *desk) Ended(call tsujiban.CallID, at time.Time, o *tsujiban.Outcome) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.guard.Ended(call, at, o)
	ev := &d.event
	ev.Kind, ev.At, ev.Call, ev.Outcome = tsujiban.EventEnded, at, call, *o
	_, _ = d.append(ev) // counted
	d.counts.ended++
	if isCut(o) {
		d.counts.cuts[o.Cut]++
		d.notes.cut(call, at, o)
	}
	d.settle()
}

// isCut tells a call that the guard ended from one that came to nothing.
func isCut(o *tsujiban.Outcome) bool {
	switch o.Cut {
	case tsujiban.ReasonNone:
		return false
	case tsujiban.ReasonFraud, tsujiban.ReasonSuspended, tsujiban.ReasonStaff, tsujiban.ReasonStopped:
		return true
	}
	return o.Talk > 0
}

// Registered keeps a registration.
func (d *desk) Registered(a *tsujiban.Attempt, at time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	ev := &d.event
	d.guard.Registered(a, at)
	ev.Kind, ev.At, ev.Call, ev.Attempt = tsujiban.EventRegistered, at, 0, *a
	_, _ = d.append(ev) // counted
}

// Refused keeps what was turned away.
func (d *desk) Refused(r *tsujiban.Refusal, at time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	ev := &d.event
	ev.Kind, ev.At, ev.Call, ev.Refusal = tsujiban.EventRefused, at, 0, *r
	_, _ = d.append(ev) // counted
	d.counts.refusals[r.What] += uint64(max(r.Count, 0))
}

// settle sets going what the guard brought about besides its answer. desk.mu is held.
func (d *desk) settle() {
	d.effects = d.guard.Effects(d.effects[:0])
	for i := range d.effects {
		e := &d.effects[i]
		if e.Restriction != nil {
			_, _ = d.restricted(e.Restriction) // counted; it stands in any case
		}
		if to := d.edge.Load(); e.Cut != 0 && to != nil {
			to.Cut(e.Cut, e.Reason)
		}
	}
}

// restricted keeps a restriction that stands from now on. desk.mu is held.
func (d *desk) restricted(r *tsujiban.Restriction) (uint64, error) {
	ev := &d.event
	ev.Kind, ev.At, ev.Call, ev.Restriction = tsujiban.EventRestricted, r.At, r.Call, *r
	seq, err := d.append(ev)
	d.counts.imposed[r.Level]++
	d.notes.restricted(r)
	d.stored.put(standing{restriction: *r})
	return seq, err
}

// restrict puts a restriction on a customer for a member of staff.
func (d *desk) restrict(r *tsujiban.Restriction) (uint64, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.guard.Restrict(r)
	seq, err := d.restricted(r)
	d.settle()
	return seq, err
}

// release lifts what stands against a customer, or the part of it that r.Reach names; ok is false when nothing stood.
func (d *desk) release(r *tsujiban.Restriction) (seq uint64, ok bool, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if r.Reach == tsujiban.ReachAbroad() {
		ok = d.guard.Release(r.Customer, r.At)
	} else {
		ok = d.guard.ReleaseReach(r.Customer, r.Reach, r.At)
	}
	if !ok {
		return 0, false, nil
	}
	ev := &d.event
	ev.Kind, ev.At, ev.Call, ev.Restriction = tsujiban.EventReleased, r.At, 0, *r
	seq, err = d.append(ev)
	d.notes.released(r)
	d.store(r)
	return seq, true, err
}

// store has the store keep what stands against a customer now. r says who changed it, when and why.
func (d *desk) store(r *tsujiban.Restriction) {
	if u, ok := d.guard.Usage(r.Customer); ok && u.Restriction != nil {
		d.stored.put(standing{restriction: *u.Restriction})
		return
	}
	d.stored.put(standing{restriction: *r, released: true})
}

// replied keeps what a customer said of a use, and does what follows from it. It returns what stands now, nil when nothing does.
func (d *desk) replied(r *tsujiban.Reply, at time.Time) (stands *tsujiban.Restriction, seq uint64, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	stands = d.guard.Answer(r.Customer, r.Theirs, at)
	ev := &d.event
	ev.Kind, ev.At, ev.Call, ev.Reply = tsujiban.EventReplied, at, 0, *r
	seq, err = d.append(ev)
	d.notes.replied(r, at)
	d.settle()
	d.store(&tsujiban.Restriction{Customer: r.Customer, At: at, By: r.By, Note: r.Note})
	return stands, seq, err
}

// step keeps what a member of staff did to a case of suspicion.
func (d *desk) step(s *tsujiban.CaseStep, at time.Time) (uint64, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	ev := &d.event
	ev.Kind, ev.At, ev.Call, ev.Step = tsujiban.EventCase, at, 0, *s
	seq, err := d.append(ev)
	d.notes.step(at, s)
	return seq, err
}

// caseChanged tells who listens to events that a case of suspicion has changed.
func (d *desk) caseChanged(c *suspicion.Case) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.notes.changed(c)
}

// events copies the notes after an id, oldest first, at most so many. missed tells that some after it are gone; last is the id up to which all is
// told now, and more is closed when there is another.
func (d *desk) events(after uint64, most int) (list []control.Event, last uint64, missed bool, more <-chan struct{}) {
	d.mu.Lock()
	n := &d.notes
	end := n.first + n.n
	from := max(min(after, end), end-min(n.n, maxNotes))
	missed = after < from && (after != 0 || n.n > maxNotes)
	ns := make([]note, 0, min(uint64(most), end-from))
	for id := from; id < end && len(ns) < most; id++ {
		ns = append(ns, n.ring[(id-n.first)%maxNotes])
	}
	if n.more == nil {
		n.more = make(chan struct{})
	}
	more = n.more
	d.mu.Unlock()
	last = from
	for i := range ns {
		last++
		list = append(list, control.Event{ID: last, Notable: ns[i].notable()})
	}
	return list, last, missed, more
}

// said keeps what staff or the program itself did.
func (d *desk) said(kind tsujiban.EventKind, at time.Time, by, note string) (uint64, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	ev := &d.event
	ev.Kind, ev.At, ev.Call, ev.By, ev.Note = kind, at, 0, by, note
	seq, err := d.append(ev)
	if kind == tsujiban.EventSet {
		d.notes.set(at, by, note)
	}
	return seq, err
}

// numbers copies the counts.
func (d *desk) numbers() counts {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.counts
}
