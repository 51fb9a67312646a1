package edge

import (
	"strconv"

	"tsujiban"
	"tsujiban/sipwire"
)

// cut ends a call for a reason of the guard: BYE to both sides when it is up, CANCEL when it rings.
func (w *worker) cut(c *call, reason tsujiban.Reason) {
	switch c.state {
	case callSetup:
		r := c.setup
		if r == nil || r.setup == nil || r.setup.cut != tsujiban.ReasonNone {
			return
		}
		r.setup.cut = reason
		w.e.stats.cuts[reason].Add(1)
		switch r.state {
		case relayHeld:
			w.giveUp(r, statusOf(reason), reason)
		case relayTrying:
			r.asked = true // a CANCEL must wait for a provisional response (RFC 3261 §9.1)
		case relayProceeding:
			w.sendCancel(r)
		}
	case callUp:
		w.e.stats.cuts[reason].Add(1)
		w.teardown(c, reason)
	}
}

// teardown sends BYE to both sides of a call that is up.
func (w *worker) teardown(c *call, reason tsujiban.Reason) {
	c.state, c.cut, c.endedBy = callEnding, reason, tsujiban.PartyGuard
	c.giveUp, c.byeAt = w.ms+t1x64, 0
	// The carrier's side first: it is the one that charges.
	first := c.lastLeg()
	if c.legs[first].flow.lis == nil { // nobody is left to ask
		w.ended(c)
		return
	}
	w.sendBye(c, first, reason)
	w.sendBye(c, 1-first, reason)
	w.armCall(c)
}

// lastLeg is the leg whose word ends a call that is being ended: the carrier's, as long as there is one.
func (c *call) lastLeg() int {
	if l := c.carrierLeg(); c.legs[l].flow.lis != nil {
		return l
	}
	return 1 - c.carrierLeg()
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
	r.call, r.leg = c.id, uint8(to)
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

// ownResponse takes the answer to a request of the guard's own, or to an INVITE whose caller was given to the
// next carrier.
func (w *worker) ownResponse(r *relay, m *sipwire.Message, fl *flow) {
	switch {
	case r.method == sipwire.INVITE:
		w.abandonedResponse(r, m, fl)
		return
	case m.Status < 200:
		r.state = relayProceeding
		return
	case r.probe != nil:
		w.probed(r, m.Status)
	}
	id, leg, bye := r.call, int(r.leg), r.method == sipwire.BYE
	w.drop(r)
	c := w.e.calls.byID[id]
	if !bye || c == nil || c.state != callEnding || leg != c.lastLeg() {
		return
	}
	// The carrier's side knows that it is over: nothing is charged from here on. The
	// PBX may answer its BYE or not.
	if isOver(m.Status) {
		w.ended(c)
		return
	}
	w.e.stats.byeRefused.Add(1)
	c.byeAt = w.ms + byeAgain
	w.armCall(c)
}

// A BYE that the carrier refuses is sent again after this, with a CSeq so much higher: after a restart
// the last number that a party used may not be known (RFC 3261 §12.2.2 has it refused with 500 then).
const (
	byeAgain = 1_500
	cseqLeap = 1_000
)

// byeOnceMore repeats a BYE that was refused.
func (w *worker) byeOnceMore(c *call) {
	c.byeAt = 0
	to := c.lastLeg()
	c.legs[1-to].cseq += cseqLeap
	w.sendBye(c, to, c.cut)
	w.armCall(c)
}

// ended closes a call that was up.
func (w *worker) ended(c *call) {
	w.outcome = tsujiban.Outcome{Customer: c.customer, Status: 200, Cut: c.cut, By: c.endedBy, Carrier: c.carrier}
	w.close(c)
}

// notAnswered closes a call that never came to be.
func (w *worker) notAnswered(c *call, status int, reason tsujiban.Reason, by tsujiban.Party) {
	w.outcome = tsujiban.Outcome{Customer: c.customer, Status: status, Cut: reason, By: by, Carrier: c.carrier}
	w.close(c)
}

func (w *worker) close(c *call) {
	w.e.opt.Desk.Ended(c.id, w.now, &w.outcome)
	w.e.wheel.stop(&c.timer)
	w.e.calls.release(c)
}

// unwanted takes a 2xx that nobody waits for any more: hung up when it comes first, and only acknowledged
// when it is repeated, or answers a re-INVITE: the call itself may go on.
func (w *worker) unwanted(r *relay, m *sipwire.Message, fl *flow) {
	tag := w.toTag(m)
	if r.tag == tag || r.within {
		w.ackAnswer(m, fl, r.call)
		return
	}
	r.tag = tag
	w.hangUp(m, fl, r.call)
}

// hangUp acknowledges a 2xx that nobody wants and ends it at once. id is the call in our Record-Route,
// 0 when it is not known.
func (w *worker) hangUp(m *sipwire.Message, fl *flow, id tsujiban.CallID) {
	w.e.stats.hungUp.Add(1)
	w.ackAnswer(m, fl, id)
	r := w.own(sipwire.BYE, fl)
	r.req = w.ofAnswer(r, m, fl, id, "BYE", m.CSeq+1)
	w.send(r)
}

// ackAnswer sends the ACK of a 2xx (RFC 3261 §13.2.2.4).
func (w *worker) ackAnswer(m *sipwire.Message, fl *flow, id tsujiban.CallID) {
	r := w.own(sipwire.ACK, fl)
	r.req = w.ofAnswer(r, m, fl, id, "ACK", m.CSeq)
	w.out.add(fl, r.req)
	w.drop(r)
}

// ofAnswer writes a request into the dialog that a 2xx made.
func (w *worker) ofAnswer(r *relay, m *sipwire.Message, fl *flow, id tsujiban.CallID, method string, cseq uint32) []byte {
	l := leg{flow: *fl}
	l.setTarget(m.Get(sipwire.Contact))
	l.routes = w.appendRoutes(nil, m, id, calleeRoutes, true)
	b := append(append(w.e.relays.buf(), method...), ' ')
	b = append(appendTarget(b, &l), " SIP/2.0\r\n"...)
	b = append(w.appendVia(b, r), "Max-Forwards: 70\r\n"...)
	if len(l.routes) > 0 {
		b = appendLine(b, "Route: ", l.routes)
	}
	b = appendLine(b, "From: ", m.Get(sipwire.From))
	b = appendLine(b, "To: ", m.Get(sipwire.To))
	b = appendLine(b, "Call-ID: ", m.Get(sipwire.CallID))
	return appendEnd(b, cseq, method)
}
