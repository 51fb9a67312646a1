package edge

import (
	"hash/maphash"
	"strconv"

	"tsujiban"
	"tsujiban/numbering"
	"tsujiban/sipwire"
)

// invite takes the INVITE that starts a call: who asks, may he, and where does it go.
func (w *worker) invite(m *sipwire.Message, v *sipwire.ViaValue, up, fl *flow, key txnKey, who party) {
	e := w.e
	rt := w.ourRoutes(m)
	if who.trunk != nil && rt.phone != 0 {
		if p := e.phones.byToken[rt.phone]; p != nil && p.trunk.ID == who.trunk.ID && p.until > w.ms {
			w.internal(m, v, up, fl, key, who.trunk, p.flow, &rt)
			return
		}
	}
	if who.phone != nil {
		if t := w.domainOf(m); t != nil && t.ID == who.phone.trunk.ID && t.addr.IsValid() {
			if lis := e.listenerFor(t.Transport, t.addr.Addr()); lis != nil {
				w.internal(m, v, up, fl, key, t, flow{lis: lis, addr: t.addr}, &rt)
				return
			}
		}
	}
	if !who.known() {
		if who.trunk = w.challenge(m, v, up, fl, 407); who.trunk == nil {
			return
		}
	}
	if rt.foreign {
		// Another proxy of the caller's choice would see a call that was judged for this one.
		w.refuse(m, v, up, fl, key, 403, "Route Not Allowed", nil)
		return
	}
	if w.looped(m, v, fl) {
		w.refuseReason(m, v, up, fl, key, tsujiban.ReasonLoop)
		return
	}
	digits, err := numbering.ParseURI(m.RequestURI())
	if err == nil {
		w.dialled, err = sipwire.Unescape(w.dialled[:0], digits)
	}
	if err != nil || len(w.dialled) == 0 {
		w.refuse(m, v, up, fl, key, 484, "Address Incomplete", nil)
		return
	}
	emergency := e.opt.Emergency(w.dialled)
	if !emergency && w.shed(m, v, up, fl) {
		return
	}
	if who.carrier != nil {
		w.callIn(m, v, up, fl, key, who.carrier, &rt, emergency)
		return
	}
	w.callOut(m, v, up, fl, key, who, &rt, emergency)
}

// shed turns a call away without keeping anything when there is more than can be served.
func (w *worker) shed(m *sipwire.Message, v *sipwire.ViaValue, up, fl *flow) bool {
	e := w.e
	reason := tsujiban.ReasonOverload
	switch {
	case e.draining:
		reason = tsujiban.ReasonShutdown
	case e.journal != nil && !e.opt.PassOnJournalFailure:
		reason = tsujiban.ReasonJournal
	case len(e.calls.byID) >= e.opt.MaxCalls, e.held.waiting() >= maxHeld, !e.rate.take(e.opt.MaxCallsPerSecond, w.ms):
	default:
		return false
	}
	e.stats.refused[reason].Add(1)
	// Spread over ten seconds, so that those who come back do not come at once.
	after := 1 + maphash.Bytes(e.relays.seedA, m.Get(sipwire.CallID))%10
	extra := append(strconv.AppendUint([]byte("Retry-After: "), after, 10), crlf...)
	w.reply(m, v, up, fl, 503, reason.SIPPhrase(), extra)
	return true
}

// maxHeld bounds the INVITEs that wait for the journal: at 20,000 calls a second, half a second.
const maxHeld = 10_000

// fillAttempt writes the attempt of an INVITE into w.attempt.
func (w *worker) fillAttempt(m *sipwire.Message, fl *flow, d tsujiban.Direction, t *trunk) bool {
	a := &w.attempt
	*a = tsujiban.Attempt{At: w.now, Direction: d, Source: fl.addr, Dialled: w.dialled, UserAgent: m.Get(sipwire.UserAgent), SIPCallID: m.Get(sipwire.CallID)}
	if t != nil {
		a.Customer, a.Trunk = t.Customer, t.ID
	}
	var ok bool
	if w.caller, ok = userOf(w.caller[:0], m.Get(sipwire.From)); !ok {
		return false
	}
	a.Caller = w.caller
	if h := m.First(sipwire.PAssertedIdentity); h != nil {
		// The asserted number counts; the one in From is shown to the callee and must be
		// theirs as well. Two asserted numbers (a sip: and a tel: URI) must be one.
		if w.shown, ok = w.asserted(m, h); !ok {
			return false
		}
		a.Caller, a.Presented = w.shown, w.caller
	}
	return true
}

func (w *worker) asserted(m *sipwire.Message, h *sipwire.Header) ([]byte, bool) {
	first := w.shown[:0]
	for ; h != nil; h = m.Next(h) {
		val := m.Value(h)
		for {
			ad, err := sipwire.ParseAddress(val)
			if err != nil {
				return nil, false
			}
			n := len(first)
			var ok bool
			if first, ok = userOf(first, val[:ad.Len]); !ok {
				return nil, false
			}
			if n > 0 && string(first[n:]) != string(first[:n]) {
				return nil, false
			}
			if n > 0 {
				first = first[:n]
			}
			if !ad.More {
				break
			}
			val = val[ad.Len+1:]
		}
	}
	return first, true
}

// userOf appends the user part of an address header, unescaped; nothing when it has none.
func userOf(dst, value []byte) ([]byte, bool) {
	a, err := sipwire.ParseAddress(value)
	if err != nil {
		return dst, false
	}
	u, err := sipwire.ParseURI(a.URI)
	if err != nil {
		return dst, false
	}
	user := u.User
	if u.User != nil {
		if d, err := numbering.ParseURI(a.URI); err == nil {
			user = d
		}
	}
	dst, err = sipwire.Unescape(dst, user)
	return dst, err == nil
}

// judge asks the desk; false when the call was refused.
func (w *worker) judge(m *sipwire.Message, v *sipwire.ViaValue, up, fl *flow, key txnKey, emergency bool) (ticket uint64, ok bool) {
	e := w.e
	ticket, err := e.opt.Desk.Attempt(&w.attempt, &w.verdict)
	if w.verdict.Action == tsujiban.Deny {
		w.refuseReason(m, v, up, fl, key, w.verdict.Reason)
		return 0, false
	}
	if err != nil && !emergency && !e.opt.PassOnJournalFailure {
		w.outcome = tsujiban.Outcome{Customer: w.attempt.Customer, Status: 503, Cut: tsujiban.ReasonJournal, By: tsujiban.PartyGuard}
		e.opt.Desk.Ended(w.attempt.Call, w.now, &w.outcome)
		w.refuseReason(m, v, up, fl, key, tsujiban.ReasonJournal)
		return 0, false
	}
	return ticket, true
}

// callOut is a call from a PBX or phone to the carriers.
func (w *worker) callOut(m *sipwire.Message, v *sipwire.ViaValue, up, fl *flow, key txnKey, who party, rt *routes, emergency bool) {
	e := w.e
	t := who.trunk
	if t == nil {
		t = who.phone.trunk
	}
	if !w.fillAttempt(m, fl, tsujiban.Out, t) {
		w.refuse(m, v, up, fl, key, 400, "Malformed Caller", nil)
		return
	}
	ticket, ok := w.judge(m, v, up, fl, key, emergency)
	if !ok {
		return
	}
	c, r := w.newCall(m, v, up, fl, key, t, ticket, emergency)
	r.setup.carriers = e.carriers
	r.setup.carrier = e.carriers.next(nil)
	if r.setup.carrier < 0 {
		w.giveUp(r, 503, tsujiban.ReasonCarrierFailed)
		return
	}
	r.setup.tried = append(r.setup.tried, uint8(r.setup.carrier))
	k := e.carriers.list[r.setup.carrier]
	c.carrier = k.ID
	r.down = k.flow
	w.build(r, c, m, v, rt, k.uri)
	w.hold(r, m, v)
}

// callIn is a call from a carrier to the PBX of the customer that holds the number.
func (w *worker) callIn(m *sipwire.Message, v *sipwire.ViaValue, up, fl *flow, key txnKey, k *carrier, rt *routes, emergency bool) {
	t, to := w.inward(w.dialled)
	if t == nil {
		w.refuseReason(m, v, up, fl, key, tsujiban.ReasonNoRoute)
		return
	}
	if !w.fillAttempt(m, fl, tsujiban.In, t) {
		w.refuse(m, v, up, fl, key, 400, "Malformed Caller", nil)
		return
	}
	ticket, ok := w.judge(m, v, up, fl, key, emergency)
	if !ok {
		return
	}
	c, r := w.newCall(m, v, up, fl, key, t, ticket, emergency)
	c.carrier = k.ID
	r.setup.carrier = -1
	r.down = to
	w.build(r, c, m, v, rt, hostOf(&to))
	w.hold(r, m, v)
}

// inward finds the trunk of the customer that holds a number and the way to it.
func (w *worker) inward(dialled []byte) (*trunk, flow) {
	e := w.e
	owner, ok := e.dir.holder(dialled)
	if !ok {
		return nil, flow{}
	}
	for _, t := range e.dir.ofOwner[owner] {
		if t.addr.IsValid() {
			if lis := e.listenerFor(t.Transport, t.addr.Addr()); lis != nil {
				return t, flow{lis: lis, addr: t.addr}
			}
		}
		if p := e.phones.ofTrunk(t, dialled, w.ms); p != nil {
			return t, p.flow
		}
	}
	return nil, flow{}
}

// newCall makes the call and the relay of an INVITE that was allowed.
func (w *worker) newCall(m *sipwire.Message, v *sipwire.ViaValue, up, fl *flow, key txnKey, t *trunk, ticket uint64, emergency bool) (*call, *relay) {
	e := w.e
	c := e.calls.take(w.attempt.Call)
	c.direction, c.customer, c.trunk = w.attempt.Direction, t.Customer, t.ID
	c.started, c.callee, c.caller, c.dest = w.now, w.verdict.Callee, w.verdict.Caller, w.verdict.Destination
	c.sipCallID = append(c.sipCallID[:0], m.Get(sipwire.CallID)...)
	l := &c.legs[legCaller]
	l.flow, l.src = *fl, fl.addr.Addr()
	l.setIdentity(m.Get(sipwire.From))
	l.setTarget(m.Get(sipwire.Contact))
	l.cseq = m.CSeq
	l.routes = w.appendRoutes(l.routes[:0], m, false, nil)
	r := e.relays.take(w.secret(key))
	r.method, r.up, r.call = sipwire.INVITE, *up, c.id
	c.setup = r
	e.relays.index(r, key)
	s := e.relays.newSetup()
	s.ticket, s.emergency, s.held = ticket, emergency, w.ms
	s.dialled = append(s.dialled[:0], w.dialled...)
	s.orig = append(e.relays.buf(), m.Raw...)
	r.setup = s
	e.stats.calls.Add(1)
	return c, r
}

// secret makes the part of a branch that cannot be guessed.
func (w *worker) secret(key txnKey) uint32 {
	w.key = strconv.AppendInt(w.key[:0], w.ms, 36)
	return uint32(maphash.Bytes(w.e.relays.seedB, w.key)^key.b) | 1
}

// hold answers 100 and lets the INVITE wait for its record.
func (w *worker) hold(r *relay, m *sipwire.Message, v *sipwire.ViaValue) {
	e := w.e
	r.state = relayHeld
	w.reply(m, v, &r.up, &r.up, 100, "Trying", nil)
	if e.journal != nil { // an emergency call, or the operator's choice to pass
		w.send(r)
		return
	}
	e.held.push(heldRef{r.slot, r.secret, r.setup.ticket})
	wait := int64(t2)
	if r.setup.emergency {
		wait = emergencyWait
	}
	e.wheel.set(&r.timer, w.ms+wait)
}

// hostOf is the host part of a URI that leads along a flow.
func hostOf(f *flow) []byte { return append([]byte(f.addr.String()), f.lis.uriParams...) }

// refuseReason refuses an INVITE for a reason of the vocabulary.
func (w *worker) refuseReason(m *sipwire.Message, v *sipwire.ViaValue, up, fl *flow, key txnKey, reason tsujiban.Reason) {
	w.e.stats.refused[reason].Add(1)
	w.refuse(m, v, up, fl, key, reason.SIPStatus(), reason.SIPPhrase(), w.reasonHeader(reason))
}

// reasonHeader is a Reason header line (RFC 3326) with the reason's code, valid until it is called again.
func (w *worker) reasonHeader(reason tsujiban.Reason) []byte {
	w.extra = append(w.extra[:0], "Reason: SIP ;cause="...)
	w.extra = strconv.AppendInt(w.extra, int64(max(reason.SIPStatus(), 200)), 10)
	w.extra = append(w.extra, ";text=\""...)
	w.extra = append(w.extra, reason.String()...)
	w.extra = append(w.extra, "\"\r\n"...)
	return w.extra
}

// refuse answers an INVITE with a final response and repeats it until the ACK comes.
func (w *worker) refuse(m *sipwire.Message, v *sipwire.ViaValue, up, fl *flow, key txnKey, status int, phrase string, extra []byte) {
	e := w.e
	resp := w.reply(m, v, up, fl, status, phrase, extra)
	if status == 407 || status == 401 {
		return // nothing is kept for who has not said who he is
	}
	r := e.relays.take(w.secret(key))
	r.method, r.up = sipwire.INVITE, *up
	e.relays.index(r, key)
	w.complete(r, resp)
}

// complete keeps the final response of an INVITE and repeats it until the ACK (Timers G and H).
func (w *worker) complete(r *relay, resp []byte) {
	r.state = relayCompleted
	r.resp = append([]byte(nil), resp...)
	r.giveUp = w.ms + t1x64
	r.backoff = t1
	due := r.giveUp
	if !r.up.reliable() {
		due = w.ms + t1
	}
	w.e.wheel.set(&r.timer, due)
}
