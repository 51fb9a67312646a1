package edge

import (
	"log/slog"

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

// pop takes the first away. At full load the queue is never empty, so what was taken is also
// cut off now and then.
func (q *heldQueue) pop() {
	q.head++
	if q.head == len(q.items) || q.head >= 1024 && 2*q.head >= len(q.items) {
		q.items, q.head = q.items[:copy(q.items, q.items[q.head:])], 0
	}
}

// waiting is how many INVITEs wait for the journal.
func (q *heldQueue) waiting() int { return len(q.items) - q.head }

// How long an INVITE waits for the journal at most, in milliseconds. An emergency call
// has left within 100 ms, two ticks of the clock included; one that may go without a record waits
// until the disk is more likely stuck than slow; any other is refused before its sender gives up.
const (
	emergencyWait = 100 - 2*tickMS
	passWait      = 1_000
	recordWait    = t2
)

// Committed tells that every record up to a ticket is on disk; an error tells that the
// journal fails at present, nil that it works. The INVITEs that waited are sent by the
// goroutine that calls; calls must not overlap: there is one journal.
func (e *Edge) Committed(upTo uint64, err error) {
	w := e.committer
	w.begin()
	w.committed(upTo, err)
	w.end()
}

func (w *worker) committed(upTo uint64, err error) {
	e := w.e
	if (err == nil) != (e.journal == nil) {
		w.later(func(log *slog.Logger) {
			if err != nil {
				log.Error("the journal fails: calls cannot be recorded", "pass", e.opt.PassOnJournalFailure, "err", err)
			} else {
				log.Info("the journal works again")
			}
		})
	}
	e.journal = err
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
}

// unhold sends an INVITE on, or gives it up when its record cannot be kept.
func (w *worker) unhold(r *relay, durable bool) {
	if !durable && !r.setup.emergency && !w.e.opt.PassOnJournalFailure {
		w.giveUp(r, 503, tsujiban.ReasonJournal)
		return
	}
	w.send(r)
}
