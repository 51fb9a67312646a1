package edge

import (
	"tsujiban"
)

// heldQueue holds the INVITEs that wait for the journal, in the order of their tickets.
type heldQueue struct {
	items []heldRef
	head  int
}

type heldRef struct {
	slot, secret uint32
	ticket       uint64
}

func (q *heldQueue) push(h heldRef) { q.items = append(q.items, h) }

func (q *heldQueue) empty() bool { return q.head == len(q.items) }

func (q *heldQueue) pop() {
	q.head++
	if q.head == len(q.items) {
		q.items, q.head = q.items[:0], 0
	}
}

// waiting is how many INVITEs wait for the journal.
func (q *heldQueue) waiting() int { return len(q.items) - q.head }

// emergencyWait is how long an emergency call waits for the journal at most.
const emergencyWait = 100

// Committed tells that every record up to a ticket is on disk; an error tells that the
// journal fails at present, nil that it works. The INVITEs that waited are sent by the
// goroutine that calls.
func (e *Edge) Committed(upTo uint64, err error) {
	w := e.committer
	w.begin()
	if (err == nil) != (e.journal == nil) {
		if e.journal = err; err != nil {
			e.opt.Log.Error("the journal fails: calls cannot be recorded", "pass", e.opt.PassOnJournalFailure, "err", err)
		} else {
			e.opt.Log.Info("the journal works again")
		}
	}
	for !e.held.empty() {
		h := e.held.items[e.held.head]
		durable := h.ticket <= upTo
		if !durable && err == nil {
			break
		}
		e.held.pop()
		if r := e.relays.find(h.slot, h.secret); r != nil && r.state == relayHeld {
			w.unhold(r, durable)
		}
	}
	w.end()
}

// unhold sends an INVITE on, or gives it up when its record cannot be kept.
func (w *worker) unhold(r *relay, durable bool) {
	e, s := w.e, r.setup
	e.wheel.stop(&r.timer)
	switch {
	case s.cancelled:
		w.giveUp(r, 487, tsujiban.ReasonNone)
	case s.cut != tsujiban.ReasonNone:
		w.giveUp(r, s.cut.SIPStatus(), s.cut)
	case !durable && !s.emergency && !e.opt.PassOnJournalFailure:
		w.giveUp(r, 503, tsujiban.ReasonJournal)
	default:
		w.send(r)
	}
}
