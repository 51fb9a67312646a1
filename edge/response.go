package edge

import (
	"bytes"

	"tsujiban"
	"tsujiban/sipwire"
)

// response finds the relay that a response belongs to and passes it on.
func (w *worker) response(m *sipwire.Message, fl *flow) {
	e := w.e
	v, err := sipwire.ParseVia(m.Get(sipwire.Via))
	if err != nil {
		e.stats.strayResponses.Add(1)
		return
	}
	slot, secret, _, ok := parseBranch(v.Branch)
	if !ok {
		e.stats.strayResponses.Add(1)
		return
	}
	r := e.relays.find(slot, secret)
	if r == nil {
		w.stray(m, fl)
		return
	}
	switch {
	case r.method == sipwire.INVITE && m.Method == sipwire.CANCEL:
		if m.Status >= 200 {
			r.noRetry = true
		}
	case r.method != m.Method:
		e.stats.strayResponses.Add(1)
	case r.up.lis == nil:
		w.ownResponse(r, m)
	case r.method == sipwire.INVITE:
		w.inviteResponse(r, m, &v, fl)
	default:
		w.otherResponse(r, m, &v)
	}
}

// pass sends a response back without our Via (RFC 3261 §16.7) and returns its bytes, valid
// until the worker's end.
func (w *worker) pass(r *relay, m *sipwire.Message, v *sipwire.ViaValue) []byte {
	h := m.First(sipwire.Via)
	b := w.out.begin()
	if v.More {
		cut := int(h.Value) + v.Len + 1
		b = append(append(b, m.Raw[:h.Value]...), m.Raw[cut:]...)
	} else {
		b = append(append(b, m.Raw[:h.Start]...), m.Raw[h.Next:]...)
	}
	return w.out.commit(&r.up, b)
}

func (w *worker) inviteResponse(r *relay, m *sipwire.Message, v *sipwire.ViaValue, fl *flow) {
	e := w.e
	c := e.calls.byID[r.call]
	switch r.state {
	case relayTrying, relayProceeding, relayCancelling:
		switch {
		case m.Status < 200:
			w.provisional(r, m, v)
		case m.Status < 300:
			w.success(r, c, m, v, fl)
		default:
			w.failure(r, c, m, v)
		}
	case relayAccepted:
		if m.Status/100 != 2 {
			return
		}
		// A repeat of the 2xx, or one of another phone that the carrier forked to: that
		// one would cost a second time.
		a, err := sipwire.ParseAddress(m.Get(sipwire.To))
		if err != nil || c == nil {
			return
		}
		if tag, err := a.Tag(); err == nil && bytes.Equal(tag, c.legs[legCallee].tag) {
			w.pass(r, m, v)
			return
		}
		if r.resp == nil { // not for a re-INVITE
			w.hangUp(m, fl)
		}
	case relayCompleted, relayConfirmed:
		if m.Status >= 300 && r.req != nil {
			w.out.add(&r.down, r.req) // the ACK was lost
		} else if m.Status/100 == 2 {
			w.hangUp(m, fl)
		}
	}
}

// provisional notes that the callee's side works on it.
func (w *worker) provisional(r *relay, m *sipwire.Message, v *sipwire.ViaValue) {
	e := w.e
	if r.state != relayCancelling {
		r.state, r.noRetry = relayProceeding, true
		r.giveUp = w.ms + e.opt.RingLimit.Milliseconds()
		e.wheel.set(&r.timer, r.giveUp)
		if r.asked {
			w.sendCancel(r)
		}
	}
	if m.Status > 100 {
		w.pass(r, m, v)
	}
}

// success passes a 2xx on. From here on the call costs.
func (w *worker) success(r *relay, c *call, m *sipwire.Message, v *sipwire.ViaValue, fl *flow) {
	e := w.e
	if s := r.setup; s != nil {
		if c == nil {
			return
		}
		if s.cut != tsujiban.ReasonNone {
			// The guard gave the call up and the callee was quicker than the CANCEL.
			w.hangUp(m, fl)
			w.giveUp(r, max(s.cut.SIPStatus(), 480), s.cut)
			return
		}
		w.carrierAnswered(s)
		w.answered(r, c, m)
		e.relays.dropSetup(r)
	} else if c != nil {
		w.refreshed(r, c, m)
	}
	w.pass(r, m, v)
	r.state = relayAccepted
	e.relays.putBuf(r.req)
	r.req = nil
	r.giveUp = w.ms + t1x64
	e.wheel.set(&r.timer, r.giveUp)
}

// refreshed notes a 2xx of a re-INVITE or UPDATE: new Contact, new session interval.
func (w *worker) refreshed(r *relay, c *call, m *sipwire.Message) {
	other := legCallee
	if r.down.addr == c.legs[legCaller].flow.addr && r.down.conn == c.legs[legCaller].flow.conn {
		other = legCaller
	}
	c.legs[other].setTarget(m.Get(sipwire.Contact))
	w.sessionTimer(c, m)
	w.armCall(c)
}

// failure takes a final response that is no 2xx: ACK it, try the next carrier or pass it on.
func (w *worker) failure(r *relay, c *call, m *sipwire.Message, v *sipwire.ViaValue) {
	e := w.e
	w.ackFailure(r, m)
	s := r.setup
	if s == nil { // a re-INVITE
		w.complete(r, w.pass(r, m, v))
		return
	}
	if m.Status == 503 {
		w.carrierFailed(s)
	} else {
		w.carrierAnswered(s)
	}
	if s.cut != tsujiban.ReasonNone {
		w.giveUp(r, max(s.cut.SIPStatus(), 480), s.cut)
		return
	}
	if m.Status == 503 && !s.cancelled && w.nextCarrier(r, c) {
		return
	}
	status := m.Status
	resp := w.pass(r, m, v)
	e.relays.dropSetup(r)
	if c != nil {
		by := tsujiban.PartyCallee
		if s.cancelled {
			by = tsujiban.PartyCaller
		}
		w.notAnswered(c, status, tsujiban.ReasonNone, by)
	}
	w.complete(r, resp)
}

// ackFailure acknowledges a final response hop by hop and keeps the ACK for repeats.
func (w *worker) ackFailure(r *relay, m *sipwire.Message) {
	if err := w.again.Parse(r.req); err != nil {
		return
	}
	b := w.ofInvite(w.out.begin(), &w.again, "ACK", m.Get(sipwire.To))
	ack := w.out.commit(&r.down, b)
	w.e.relays.putBuf(r.req)
	r.req = append([]byte(nil), ack...)
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

// otherResponse passes the response to a request that is no INVITE.
func (w *worker) otherResponse(r *relay, m *sipwire.Message, v *sipwire.ViaValue) {
	e := w.e
	if r.state == relayCompleted {
		return
	}
	if m.Status < 200 {
		r.state = relayProceeding
		if m.Status > 100 {
			w.pass(r, m, v)
		}
		return
	}
	resp := w.pass(r, m, v)
	r.state = relayCompleted
	e.relays.putBuf(r.req)
	r.req = nil
	r.giveUp = w.ms + t1x64
	if r.up.reliable() {
		r.giveUp = w.ms + t4
	} else {
		r.resp = append([]byte(nil), resp...)
	}
	e.wheel.set(&r.timer, r.giveUp)
	w.afterOther(r, m)
}

// afterOther draws the conclusions from a final response.
func (w *worker) afterOther(r *relay, m *sipwire.Message) {
	if r.method == sipwire.REGISTER {
		w.registered(r, m)
		return
	}
	c := w.e.calls.byID[r.call]
	if c == nil {
		return
	}
	switch r.method {
	case sipwire.BYE:
		w.byeAnswered(c, m.Status)
	case sipwire.UPDATE:
		if m.Status < 300 {
			w.refreshed(r, c, m)
		}
	}
}

// byeAnswered ends a call when the other side agrees that it is over. A PBX whose BYE the
// carrier refuses (a stale CSeq, say) is still being charged, so the call is not over.
func (w *worker) byeAnswered(c *call, status int) {
	switch {
	case status < 300, status == 481, status == 408, status == 404, status == 410:
		w.ended(c, w.now)
	default:
		c.endedBy = tsujiban.PartyNone
	}
}

// stray takes a response whose relay is gone: after a restart, or from a carrier that was given up
// for the next. A 2xx would cost although nobody listens, so it is hung up.
func (w *worker) stray(m *sipwire.Message, fl *flow) {
	w.e.stats.strayResponses.Add(1)
	if m.Method == sipwire.INVITE && m.Status/100 == 2 && w.identify(fl).carrier != nil {
		w.hangUp(m, fl)
	}
}
