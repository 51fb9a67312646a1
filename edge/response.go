package edge

import (
	"bytes"
	"hash/maphash"

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
	switch {
	case r == nil:
		w.stray(m, fl)
	case r.method == sipwire.INVITE && m.Method == sipwire.CANCEL:
		if m.Status >= 200 {
			r.noRetry = true
		}
	case r.method != m.Method:
		e.stats.strayResponses.Add(1)
	case r.up.lis == nil:
		w.ownResponse(r, m, fl)
	case !v.More && m.Next(m.First(sipwire.Via)) == nil:
		e.stats.strayResponses.Add(1) // it would go back to nobody
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
	b, off := w.out.begin(), 0
	if !m.Has(sipwire.ContentLength) {
		off = m.HeadersStart()
		b = append(append(b, m.Raw[:off]...), w.length(m)...)
	}
	if v.More {
		cut := int(h.Value) + v.Len + 1
		b = append(append(b, m.Raw[off:h.Value]...), m.Raw[cut:]...)
	} else {
		b = append(append(b, m.Raw[off:h.Start]...), m.Raw[h.Next:]...)
	}
	return w.out.commit(&r.up, b)
}

func (w *worker) inviteResponse(r *relay, m *sipwire.Message, v *sipwire.ViaValue, fl *flow) {
	c := w.e.calls.byID[r.call]
	switch r.state {
	case relayTrying, relayProceeding, relayCancelling:
		switch {
		case m.Status < 200:
			w.provisional(r, c, m, v)
		case m.Status < 300:
			w.success(r, c, m, v, fl)
		default:
			w.failure(r, c, m, v)
		}
	case relayAccepted:
		switch {
		case m.Status/100 != 2:
		case w.toTag(m) != r.tag:
			// Another phone that the carrier forked to: that one would cost a second time.
			w.hangUp(m, fl, r.call)
		case c != nil:
			w.pass(r, m, v)
		}
	case relayCompleted, relayConfirmed:
		w.afterFinal(r, m, fl)
	}
}

// afterFinal takes what comes when the caller has already had his final response: the callee's side
// has not heard of that, or not yet.
func (w *worker) afterFinal(r *relay, m *sipwire.Message, fl *flow) {
	switch {
	case m.Status/100 == 2:
		w.unwanted(r, m, fl)
	case r.req == nil:
	case r.acked:
		if m.Status >= 300 {
			w.out.add(&r.down, r.req) // our ACK was lost
		}
	case m.Status >= 300:
		w.ackFailure(r, m)
	default:
		w.writeCancel(r)
	}
}

// provisional notes that the callee's side works on it.
func (w *worker) provisional(r *relay, c *call, m *sipwire.Message, v *sipwire.ViaValue) {
	if r.state != relayCancelling {
		r.state, r.noRetry = relayProceeding, true
		r.giveUp = w.ms + w.e.opt.RingLimit.Milliseconds()
		w.e.wheel.set(&r.timer, r.giveUp)
		if r.asked {
			w.sendCancel(r)
		}
	}
	if m.Status == 100 {
		return
	}
	p := w.pass(r, m, v)
	s := r.setup
	if s == nil {
		return
	}
	s.provisional = append(s.provisional[:0], p...)
	if c != nil && m.Has(sipwire.Require) { // 100rel: requests will follow within the early dialog
		w.learnCallee(r, c, m)
	}
}

// success passes a 2xx on. From here on the call costs.
func (w *worker) success(r *relay, c *call, m *sipwire.Message, v *sipwire.ViaValue, fl *flow) {
	r.tag = w.toTag(m)
	if s := r.setup; s != nil && c != nil {
		w.carrierAnswered(s)
		w.answered(r, c, m)
		if s.cut != tsujiban.ReasonNone {
			w.answeredTooLate(r, c, m, fl, s.cut)
			return
		}
		w.e.relays.dropSetup(r)
	} else if c != nil {
		w.refreshed(r, c, m)
	}
	w.pass(r, m, v)
	r.state = relayAccepted
	w.e.relays.putBuf(r.req)
	r.req = nil
	r.giveUp = w.ms + t1x64
	w.e.wheel.set(&r.timer, r.giveUp)
}

// answeredTooLate ends a call that the guard had given up while it rang; the callee was quicker than the
// CANCEL, so it costs.
func (w *worker) answeredTooLate(r *relay, c *call, m *sipwire.Message, fl *flow, why tsujiban.Reason) {
	w.ackAnswer(m, fl, r.call)
	w.finish(r, statusOf(why), why)
	w.e.relays.putBuf(r.req)
	r.req = nil
	c.legs[legCaller].flow = flow{} // has had a refusal
	w.teardown(c, why)
}

// toTag is a hash of the To tag, never 0.
func (w *worker) toTag(m *sipwire.Message) uint32 {
	a, err := sipwire.ParseAddress(m.Get(sipwire.To))
	if err != nil {
		return 1
	}
	tag, err := a.Tag()
	if err != nil {
		return 1
	}
	return w.tagHash(tag)
}

func (w *worker) tagHash(tag []byte) uint32 { return uint32(maphash.Bytes(w.e.relays.seedA, tag)) | 1 }

// refreshed notes a 2xx of a re-INVITE or UPDATE: new Contacts of both (RFC 3261 §12.2.1.2, §12.2.2), a new session
// interval, or none (RFC 4028 §7.2).
func (w *worker) refreshed(r *relay, c *call, m *sipwire.Message) {
	c.legs[1-r.leg].setTarget(m.Get(sipwire.Contact))
	if err := w.again.Parse(r.req); err == nil {
		c.legs[r.leg].setTarget(w.again.Get(sipwire.Contact))
	}
	if c.state != callUp {
		return
	}
	w.sessionTimer(c, m)
	w.armCall(c)
}

// failure takes a final response that is no 2xx: ACK it, try the next carrier or pass it on.
func (w *worker) failure(r *relay, c *call, m *sipwire.Message, v *sipwire.ViaValue) {
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
	switch {
	case s.cut != tsujiban.ReasonNone, r.state == relayCancelling && !s.cancelled, m.Status == 503 && s.cancelled:
		status, reason := s.end()
		w.giveUp(r, status, reason)
		return
	case m.Status == 503 && s.carriers == nil:
		// A 503 is about who gave it, not about the guard: it is not passed on (RFC 3261 §16.7 item 6).
		w.giveUp(r, 500, tsujiban.ReasonNone)
		return
	case m.Status == 503:
		if !w.nextCarrier(r, c) {
			w.giveUp(r, 503, tsujiban.ReasonCarrierFailed)
		}
		return
	}
	by := tsujiban.PartyCallee
	if s.cancelled || m.Status == 487 { // by CANCEL, or by BYE within an early dialog
		by = tsujiban.PartyCaller
	}
	resp := w.pass(r, m, v)
	w.e.relays.dropSetup(r)
	if c != nil {
		w.notAnswered(c, m.Status, tsujiban.ReasonNone, by)
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
	r.req, r.acked = append([]byte(nil), ack...), true
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
	switch {
	case r.up.reliable():
		r.giveUp = w.ms + t4
	case r.method == sipwire.BYE && m.Status == 200:
		// The commonest of all: nothing in it that a repeat would miss, so nothing is kept of it.
		r.giveUp, r.status = w.ms+t1x64, 200
	default:
		r.giveUp = w.ms + t1x64
		r.resp = append([]byte(nil), resp...)
	}
	e.wheel.set(&r.timer, r.giveUp)
	w.afterOther(r, m)
	e.relays.putBuf(r.req)
	r.req = nil
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
// carrier refuses is still being charged, so the call is not over.
func (w *worker) byeAnswered(c *call, status int) {
	switch {
	case c.state == callSetup: // an early dialog; the INVITE has its own end
	case isOver(status):
		w.ended(c)
	case c.state == callUp:
		c.endedBy = tsujiban.PartyNone
	}
}

// isOver tells whether an answer to a BYE says that there is no such call any more (RFC 3261 §15.1.1).
func isOver(status int) bool {
	return status < 300 || status == 481 || status == 408 || status == 404 || status == 410
}

// stray takes a response whose relay is gone, after a restart say. A 2xx would cost although nobody
// listens, so it is hung up.
func (w *worker) stray(m *sipwire.Message, fl *flow) {
	w.e.stats.strayResponses.Add(1)
	if m.Method != sipwire.INVITE || m.Status/100 != 2 {
		return
	}
	k := w.identify(fl).carrier
	if k == nil {
		return
	}
	c := w.e.calls.byID[w.recordedCall(m)]
	switch {
	case c == nil || !bytes.Equal(c.sipCallID, m.Get(sipwire.CallID)):
		w.hangUp(m, fl, 0)
	case c.state == callLost:
		w.answeredLost(c, m, fl, k.ID)
	case w.toTag(m) == w.tagHash(c.legs[legCallee].tag):
		w.ackAnswer(m, fl, c.id) // the call's own answer once more
	default: // by a carrier that was given up long ago
		w.hangUp(m, fl, 0)
	}
}

// recordedCall is the call in our Record-Route value of a response, 0 when there is none.
func (w *worker) recordedCall(m *sipwire.Message) tsujiban.CallID {
	for h := m.First(sipwire.RecordRoute); h != nil; h = m.Next(h) {
		for val := m.Value(h); len(val) > 0; {
			a, err := sipwire.ParseAddress(val)
			if err != nil {
				break
			}
			var rt routes
			if w.readOurs(a.URI, &rt) && rt.call != 0 {
				return rt.call
			}
			if !a.More {
				break
			}
			val = val[a.Len+1:]
		}
	}
	return 0
}
