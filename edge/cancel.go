package edge

import (
	"tsujiban"
	"tsujiban/sipwire"
)

// cancel takes a CANCEL: answered here, sent on for itself (RFC 3261 §16.10).
func (w *worker) cancel(q *query) {
	e := w.e
	r := e.relays.lookup(w.keyOf(q.m, &q.via, sipwire.INVITE))
	if r == nil {
		if q.who.known() {
			w.reply(q, 481, "Call/Transaction Does Not Exist", nil)
			return
		}
		e.refuse(w, q.fl, tsujiban.RefusedUnknownSource, q.m)
		return
	}
	if q.fl.addr.Addr() != r.up.addr.Addr() {
		e.refuse(w, q.fl, tsujiban.RefusedSpoof, q.m)
		return
	}
	w.reply(q, 200, "OK", nil)
	if r.setup != nil {
		r.setup.cancelled = true
	}
	switch r.state {
	case relayHeld:
		w.giveUp(r, 487, tsujiban.ReasonNone)
	case relayTrying:
		r.asked = true
	case relayProceeding:
		w.sendCancel(r)
	}
}

// sendCancel cancels the INVITE that was sent on, and repeats that until it is answered.
func (w *worker) sendCancel(r *relay) {
	if r.state != relayCancelling {
		r.state, r.backoff, r.noRetry = relayCancelling, t1, r.down.reliable()
		r.giveUp = w.ms + t1x64
	}
	w.writeCancel(r)
	due := r.giveUp
	if !r.noRetry {
		due = min(due, w.ms+int64(r.backoff))
	}
	w.e.wheel.set(&r.timer, due)
}

func (w *worker) writeCancel(r *relay) {
	if err := w.again.Parse(r.req); err != nil {
		return
	}
	w.out.commit(&r.down, w.ofInvite(w.out.begin(), &w.again, "CANCEL", w.again.Get(sipwire.To)))
}

// ofInvite writes the ACK of a failure, or the CANCEL, of an INVITE that we sent (RFC 3261 §9.1, §17.1.1.3).
func (w *worker) ofInvite(b []byte, inv *sipwire.Message, method string, to []byte) []byte {
	b = append(append(append(append(b, method...), ' '), inv.RequestURI()...), " SIP/2.0\r\n"...)
	top := inv.First(sipwire.Via)
	b = append(b, inv.Raw[top.Start:top.Next]...)
	b = append(b, "Max-Forwards: 70\r\n"...)
	for h := inv.First(sipwire.Route); h != nil; h = inv.Next(h) {
		b = append(b, inv.Raw[h.Start:h.Next]...)
	}
	b = appendLine(b, "From: ", inv.Get(sipwire.From))
	b = appendLine(b, "To: ", to)
	b = appendLine(b, "Call-ID: ", inv.Get(sipwire.CallID))
	return appendEnd(b, inv.CSeq, method)
}

// giveUp ends an INVITE with a final response of our own.
func (w *worker) giveUp(r *relay, status int, reason tsujiban.Reason) {
	id := r.call
	starts := r.setup != nil
	if reason != tsujiban.ReasonNone {
		w.e.stats.refused[reason].Add(1)
	}
	w.finish(r, status, reason)
	if c := w.e.calls.byID[id]; c != nil && starts {
		w.notAnswered(c, status, reason, whoEnded(status, reason))
	}
}

func whoEnded(status int, reason tsujiban.Reason) tsujiban.Party {
	switch {
	case reason != tsujiban.ReasonNone:
		return tsujiban.PartyGuard
	case status == 487:
		return tsujiban.PartyCaller
	case status == 500:
		return tsujiban.PartyCallee
	}
	return tsujiban.PartyNone
}

// finish sends a final response of our own to the INVITE of a relay. What the callee's side still says to it
// is answered from r.req.
func (w *worker) finish(r *relay, status int, reason tsujiban.Reason) {
	var phrase string
	var extra []byte
	switch {
	case reason != tsujiban.ReasonNone:
		phrase, extra = reason.SIPPhrase(), w.reasonHeader(reason)
	case status == 408:
		phrase = "Request Timeout"
	case status == 480:
		phrase = "Temporarily Unavailable"
	case status == 500:
		phrase = "Server Internal Error"
	default:
		phrase = "Request Terminated"
	}
	resp := w.answer(r, status, phrase, extra)
	w.e.relays.dropSetup(r)
	if r.state == relayHeld {
		w.e.relays.putBuf(r.req)
		r.req = nil // it never left
	}
	w.complete(r, resp)
}

// answer makes a response of our own to the request of a relay, from what is kept of it.
func (w *worker) answer(r *relay, status int, phrase string, extra []byte) []byte {
	raw, source := r.req, (*flow)(nil)
	if r.setup != nil {
		raw, source = r.setup.orig, &r.setup.source
	}
	if err := w.again.Parse(raw); err != nil {
		return nil
	}
	if r.setup == nil {
		// What is kept is the request as sent on: our Via comes off first; the sender's
		// below it has received and rport already.
		h := w.again.First(sipwire.Via)
		w.back = append(append(w.back[:0], w.again.Raw[:h.Start]...), w.again.Raw[h.Next:]...)
		if err := w.again.Parse(w.back); err != nil {
			return nil
		}
	}
	v, err := sipwire.ParseVia(w.again.Get(sipwire.Via))
	if err != nil {
		return nil
	}
	return w.respond(&w.again, &v, &r.up, source, status, phrase, extra)
}
