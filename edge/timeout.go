package edge

import (
	"tsujiban"
	"tsujiban/sipwire"
)

// relayTimer is called when a relay's timer is due.
func (w *worker) relayTimer(r *relay) {
	e := w.e
	switch r.state {
	case relayHeld:
		w.heldTooLong(r)
	case relayTrying:
		w.trying(r)
	case relayProceeding:
		switch {
		case w.ms >= r.giveUp:
			w.timedOut(r)
		case r.noRetry:
			e.wheel.set(&r.timer, r.giveUp)
		default:
			w.sendAgain(r)
		}
	case relayCancelling:
		w.cancelling(r)
	case relayCompleted:
		if r.method != sipwire.INVITE || r.up.lis == nil || w.ms >= r.giveUp {
			w.drop(r)
			return
		}
		e.stats.repeatsOut.Add(1)
		w.out.add(&r.up, r.resp)
		r.backoff = min(2*r.backoff, t2)
		e.wheel.set(&r.timer, min(w.ms+int64(r.backoff), r.giveUp))
	default:
		w.drop(r)
	}
}

// heldTooLong decides what becomes of an INVITE whose record is not on disk in time.
func (w *worker) heldTooLong(r *relay) {
	if r.setup.emergency || w.e.opt.PassOnJournalFailure {
		w.send(r) // its record is on the way, if there is one
		return
	}
	w.giveUp(r, statusOf(tsujiban.ReasonJournal), tsujiban.ReasonJournal)
}

// trying repeats a request that nothing came back for, hands it to the next carrier, or gives it up.
func (w *worker) trying(r *relay) {
	if w.ms >= r.giveUp {
		w.timedOut(r)
		return
	}
	if w.ms >= w.tryNextAt(r) {
		w.carrierFailed(r.setup)
		if w.nextCarrier(r, w.e.calls.byID[r.call]) {
			return
		}
	}
	if r.noRetry {
		w.e.wheel.set(&r.timer, min(r.giveUp, w.tryNextAt(r)))
		return
	}
	w.sendAgain(r)
}

// sendAgain repeats a request after twice the time (Timers A and E), which for all but INVITE stops growing at 4 s.
func (w *worker) sendAgain(r *relay) {
	w.e.stats.repeatsOut.Add(1)
	w.out.add(&r.down, r.req)
	if r.backoff < 16_000 {
		r.backoff *= 2
	}
	if r.method != sipwire.INVITE {
		r.backoff = min(r.backoff, t2)
	}
	w.e.wheel.set(&r.timer, min(w.ms+int64(r.backoff), r.giveUp, w.tryNextAt(r)))
}

// cancelling repeats a CANCEL, and stops waiting for the 487 after 32 s (RFC 3261 §9.1).
func (w *worker) cancelling(r *relay) {
	switch {
	case w.ms >= r.giveUp && r.up.lis == nil:
		w.drop(r)
	case w.ms >= r.giveUp:
		status, reason := 487, tsujiban.ReasonNone
		if r.setup != nil {
			status, reason = r.setup.end()
		}
		w.giveUp(r, status, reason)
	case r.noRetry:
		w.e.wheel.set(&r.timer, r.giveUp)
	default:
		r.backoff = min(2*r.backoff, t2)
		w.sendCancel(r)
	}
}

// timedOut ends a relay whose other side does not answer.
func (w *worker) timedOut(r *relay) {
	w.e.stats.timeouts.Add(1)
	switch {
	case r.up.lis == nil:
		if r.probe != nil {
			w.probed(r, 0)
		}
		w.drop(r) // a BYE of ours: the call's own timer ends it
	case r.method == sipwire.INVITE && r.state == relayProceeding:
		w.sendCancel(r) // Timer C: it rings and rings
	case r.method == sipwire.INVITE:
		w.noAnswer(r)
	default:
		// The sender has given up by himself: a 408 to what is no INVITE is never sent (RFC 4320 §4.1).
		id, bye := r.call, r.method == sipwire.BYE
		w.drop(r)
		if c := w.e.calls.byID[id]; c != nil && bye {
			w.byeAnswered(c, 408)
		}
	}
}

// noAnswer ends an INVITE that nothing came back for.
func (w *worker) noAnswer(r *relay) {
	s := r.setup
	if s == nil {
		w.giveUp(r, 408, tsujiban.ReasonNone)
		return
	}
	w.carrierFailed(s)
	status, reason := s.end()
	if status == 408 && w.nextCarrier(r, w.e.calls.byID[r.call]) {
		return
	}
	w.giveUp(r, status, reason)
}

// drop forgets a relay.
func (w *worker) drop(r *relay) {
	if r.method == sipwire.REGISTER {
		delete(w.e.phones.pending, r.slot)
	}
	w.e.wheel.stop(&r.timer)
	w.e.relays.release(r)
}
