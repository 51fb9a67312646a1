package edge

import (
	"bytes"
	"strconv"
	"time"

	"tsujiban"
	"tsujiban/sipwire"
)

// cut ends a call for a reason of the guard: BYE to both sides when it is up, CANCEL when it rings.
func (w *worker) cut(c *call, reason tsujiban.Reason) {
	e := w.e
	switch c.state {
	case callEnding:
	case callSetup:
		r := c.setup
		if r == nil || r.setup == nil || r.setup.cut != tsujiban.ReasonNone {
			return
		}
		r.setup.cut = reason
		e.stats.cuts[reason].Add(1)
		switch r.state {
		case relayHeld:
			w.giveUp(r, max(reason.SIPStatus(), 480), reason)
		case relayTrying:
			r.asked = true
		case relayProceeding:
			w.sendCancel(r)
		}
	case callUp:
		c.state, c.cut, c.endedBy = callEnding, reason, tsujiban.PartyGuard
		c.giveUp = w.ms + t1x64
		e.stats.cuts[reason].Add(1)
		// The carrier's side first: it is the one that charges.
		first := c.carrierLeg()
		w.sendBye(c, first, reason)
		w.sendBye(c, 1-first, reason)
		w.armCall(c)
	}
}

// sendBye sends a BYE to one leg in the name of the other (RFC 3261 §15.1.1).
func (w *worker) sendBye(c *call, to int, reason tsujiban.Reason) {
	l, other := &c.legs[to], &c.legs[1-to]
	if l.flow.lis == nil {
		return
	}
	other.cseq++
	b := append(w.e.relays.buf(), "BYE "...)
	b = appendTarget(b, l)
	b = append(b, " SIP/2.0\r\n"...)
	r := w.own(sipwire.BYE, &l.flow)
	r.call = c.id
	b = w.appendVia(b, r)
	b = append(b, "Max-Forwards: 70\r\n"...)
	if len(l.routes) > 0 {
		b = appendLine(b, "Route: ", l.routes)
	}
	b = appendLine(b, "From: ", other.identity)
	b = appendLine(b, "To: ", l.identity)
	b = appendLine(b, "Call-ID: ", c.sipCallID)
	b = append(b, w.reasonHeader(reason)...)
	r.req = appendEnd(b, other.cseq, "BYE")
	w.send(r)
}

// own makes a relay for a request of the guard's own.
func (w *worker) own(method sipwire.Method, to *flow) *relay {
	w.e.ownCount++
	r := w.e.relays.take(w.secret(txnKey{b: w.e.ownCount * 0x9e3779b97f4a7c15}))
	r.method, r.down = method, *to
	return r
}

func (w *worker) appendVia(b []byte, r *relay) []byte {
	b = append(append(b, viaName...), r.down.lis.via...)
	b = append(b, w.branch(r.slot, r.secret, 0)...)
	return append(b, viaEnd...)
}

func appendTarget(b []byte, l *leg) []byte {
	if len(l.target) > 0 {
		return append(b, l.target...)
	}
	return append(append(b, "sip:"...), hostOf(&l.flow)...)
}

func appendLine(b []byte, name string, value []byte) []byte {
	return append(append(append(b, name...), value...), crlf...)
}

func appendEnd(b []byte, cseq uint32, method string) []byte {
	b = append(b, "CSeq: "...)
	b = strconv.AppendUint(b, uint64(cseq), 10)
	b = append(append(append(b, ' '), method...), crlf...)
	return append(b, "Content-Length: 0\r\n\r\n"...)
}

// ownResponse takes the answer to a request of the guard's own.
func (w *worker) ownResponse(r *relay, m *sipwire.Message) {
	if m.Status < 200 {
		r.state = relayProceeding
		return
	}
	if r.probe != nil {
		w.probed(r, m.Status)
	}
	id, to, bye := r.call, r.down, r.method == sipwire.BYE
	w.drop(r)
	if !bye {
		return
	}
	// The carrier's side knows that it is over: nothing is charged from here on. The
	// PBX may answer its BYE or not.
	if c := w.e.calls.byID[id]; c != nil && c.state == callEnding && c.legs[c.carrierLeg()].flow == to {
		w.ended(c, w.now)
	}
}

// ended closes a call that was up.
func (w *worker) ended(c *call, at time.Time) {
	w.outcome = tsujiban.Outcome{Customer: c.customer, Status: 200, Cut: c.cut, By: c.endedBy, Carrier: c.carrier}
	w.e.opt.Desk.Ended(c.id, at, &w.outcome)
	w.forget(c)
}

// notAnswered closes a call that never came to be.
func (w *worker) notAnswered(c *call, status int, reason tsujiban.Reason, by tsujiban.Party) {
	w.outcome = tsujiban.Outcome{Customer: c.customer, Status: status, Cut: reason, By: by, Carrier: c.carrier}
	w.e.opt.Desk.Ended(c.id, w.now, &w.outcome)
	w.forget(c)
}

func (w *worker) forget(c *call) {
	w.e.wheel.stop(&c.timer)
	w.e.calls.release(c)
}

// giveUp ends an INVITE with a final response of our own.
func (w *worker) giveUp(r *relay, status int, reason tsujiban.Reason) {
	e := w.e
	phrase, by := "Request Terminated", tsujiban.PartyCaller
	switch {
	case reason != tsujiban.ReasonNone:
		phrase, by = reason.SIPPhrase(), tsujiban.PartyGuard
		e.stats.refused[reason].Add(1)
	case status == 408:
		phrase, by = "Request Timeout", tsujiban.PartyNone
	case status == 504:
		phrase, by = "Server Time-out", tsujiban.PartyNone
	}
	var extra []byte
	if reason != tsujiban.ReasonNone {
		extra = w.reasonHeader(reason)
	}
	resp := w.answer(r, status, phrase, extra)
	if r.setup != nil {
		e.relays.dropSetup(r)
		if c := e.calls.byID[r.call]; c != nil {
			w.notAnswered(c, status, reason, by)
		}
	}
	e.relays.putBuf(r.req)
	r.req = nil
	w.complete(r, resp)
}

// answer makes a response of our own to the request of a relay, from what is kept of it.
func (w *worker) answer(r *relay, status int, phrase string, extra []byte) []byte {
	raw := r.req
	if r.setup != nil {
		raw = r.setup.orig
	}
	if err := w.again.Parse(raw); err != nil {
		return nil
	}
	if r.setup == nil {
		// What is kept is the request as sent on: our Via comes off first.
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
	if r.setup == nil && bytes.Contains(v.Params, []byte(";received=")) {
		return w.reply(&w.again, &v, &r.up, nil, status, phrase, extra)
	}
	return w.reply(&w.again, &v, &r.up, &r.up, status, phrase, extra)
}

// cancel takes a CANCEL: answered here, sent on for itself (RFC 3261 §16.10).
func (w *worker) cancel(m *sipwire.Message, v *sipwire.ViaValue, up, fl *flow) {
	e := w.e
	r := e.relays.lookup(w.keyOf(m, v, sipwire.INVITE))
	if r == nil {
		if w.identify(fl).known() {
			w.reply(m, v, up, fl, 481, "Call/Transaction Does Not Exist", nil)
			return
		}
		e.refuse(w, fl, tsujiban.RefusedUnknownSource, m)
		return
	}
	if fl.addr.Addr() != r.up.addr.Addr() {
		e.refuse(w, fl, tsujiban.RefusedSpoof, m)
		return
	}
	w.reply(m, v, up, fl, 200, "OK", nil)
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

// sendCancel cancels the INVITE that was sent on.
func (w *worker) sendCancel(r *relay) {
	if r.state != relayCancelling {
		r.state, r.backoff, r.noRetry = relayCancelling, t1, r.down.reliable()
		r.giveUp = w.ms + t1x64
	}
	if err := w.again.Parse(r.req); err != nil {
		return
	}
	w.out.commit(&r.down, w.ofInvite(w.out.begin(), &w.again, "CANCEL", w.again.Get(sipwire.To)))
	due := r.giveUp
	if !r.noRetry {
		due = min(due, w.ms+int64(r.backoff))
	}
	w.e.wheel.set(&r.timer, due)
}

// hangUp acknowledges a 2xx that nobody wants and ends it at once.
func (w *worker) hangUp(m *sipwire.Message, fl *flow) {
	w.e.stats.hungUp.Add(1)
	var l leg
	l.flow = *fl
	l.setTarget(m.Get(sipwire.Contact))
	calleeSide := true
	l.routes = w.appendRoutes(nil, m, true, &calleeSide)
	for _, method := range []sipwire.Method{sipwire.ACK, sipwire.BYE} {
		r := w.own(method, fl)
		cseq := m.CSeq
		if method == sipwire.BYE {
			cseq++
		}
		b := append(append(w.e.relays.buf(), method.String()...), ' ')
		b = append(appendTarget(b, &l), " SIP/2.0\r\n"...)
		b = append(w.appendVia(b, r), "Max-Forwards: 70\r\n"...)
		if len(l.routes) > 0 {
			b = appendLine(b, "Route: ", l.routes)
		}
		b = appendLine(b, "From: ", m.Get(sipwire.From))
		b = appendLine(b, "To: ", m.Get(sipwire.To))
		b = appendLine(b, "Call-ID: ", m.Get(sipwire.CallID))
		r.req = appendEnd(b, cseq, method.String())
		if method == sipwire.ACK {
			w.out.add(fl, r.req)
			w.drop(r)
		} else {
			w.send(r)
		}
	}
}
