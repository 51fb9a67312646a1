package edge

import (
	"time"

	"tsujiban"
	"tsujiban/sipwire"
)

// relayTimer is called when a relay's timer is due.
func (w *worker) relayTimer(r *relay) {
	e := w.e
	switch r.state {
	case relayHeld:
		if r.setup.emergency {
			w.send(r) // it has waited long enough; its record is on the way
			return
		}
		w.giveUp(r, 503, tsujiban.ReasonJournal)
	case relayTrying:
		w.trying(r)
	case relayProceeding:
		if w.ms >= r.giveUp {
			w.timedOut(r)
			return
		}
		if r.method == sipwire.INVITE || r.noRetry {
			e.wheel.set(&r.timer, r.giveUp)
			return
		}
		w.again4(r)
	case relayCancelling:
		switch {
		case w.ms >= r.giveUp:
			reason := tsujiban.ReasonNone
			if r.setup != nil {
				reason = r.setup.cut
			}
			w.giveUp(r, max(reason.SIPStatus(), 487), reason)
		case r.noRetry:
			e.wheel.set(&r.timer, r.giveUp)
		default:
			r.backoff = min(2*r.backoff, t2)
			w.sendCancel(r)
		}
	case relayCompleted:
		if r.method != sipwire.INVITE || w.ms >= r.giveUp {
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

// trying repeats a request that nothing came back for, or gives it up.
func (w *worker) trying(r *relay) {
	e := w.e
	if w.ms >= r.giveUp {
		w.timedOut(r)
		return
	}
	if s := r.setup; s != nil && s.carriers != nil && w.ms-(r.giveUp-t1x64) >= e.opt.TryNext.Milliseconds() && !s.cancelled {
		w.carrierFailed(s)
		if c := e.calls.byID[r.call]; c != nil && w.nextCarrier(r, c) {
			return
		}
	}
	if r.noRetry {
		e.wheel.set(&r.timer, r.giveUp)
		return
	}
	w.again4(r)
}

// again4 repeats a request after twice the time (Timers A and E), which for all but INVITE stops growing at 4 s.
func (w *worker) again4(r *relay) {
	w.e.stats.repeatsOut.Add(1)
	w.out.add(&r.down, r.req)
	if r.backoff < 16_000 {
		r.backoff *= 2
	}
	if r.method != sipwire.INVITE {
		r.backoff = min(r.backoff, t2)
	}
	w.e.wheel.set(&r.timer, min(w.ms+int64(r.backoff), r.giveUp))
}

// timedOut ends a relay whose other side does not answer.
func (w *worker) timedOut(r *relay) {
	e := w.e
	e.stats.timeouts.Add(1)
	if r.up.lis == nil {
		if r.probe != nil {
			w.probed(r, 0)
		}
		w.drop(r) // a BYE of ours: the call's own timer ends it
		return
	}
	if r.method == sipwire.INVITE {
		if r.state == relayProceeding { // Timer C: it rings and rings
			if r.setup != nil {
				r.setup.cancelled = true
			}
			w.sendCancel(r)
			return
		}
		if s := r.setup; s != nil {
			w.carrierFailed(s)
			if c := e.calls.byID[r.call]; c != nil && !s.cancelled && s.cut == tsujiban.ReasonNone && w.nextCarrier(r, c) {
				return
			}
			if s.cut != tsujiban.ReasonNone {
				w.giveUp(r, max(s.cut.SIPStatus(), 480), s.cut)
				return
			}
		}
		w.giveUp(r, 408, tsujiban.ReasonNone)
		return
	}
	resp := w.answer(r, 408, "Request Timeout", nil)
	if c := e.calls.byID[r.call]; c != nil && r.method == sipwire.BYE {
		w.byeAnswered(c, 408)
	}
	r.state = relayCompleted
	e.relays.putBuf(r.req)
	r.req = nil
	r.resp = append([]byte(nil), resp...)
	e.wheel.set(&r.timer, w.ms+t1x64)
}

// drop forgets a relay.
func (w *worker) drop(r *relay) {
	if r.method == sipwire.REGISTER {
		delete(w.e.phones.pending, r.slot)
	}
	w.e.wheel.stop(&r.timer)
	w.e.relays.release(r)
}

// nextCarrier sends the INVITE to the next carrier under a new branch, so that what
// the last one still says is known as stray. False when none is left.
func (w *worker) nextCarrier(r *relay, c *call) bool {
	e, s := w.e, r.setup
	if s.carriers == nil {
		return false
	}
	i := s.carriers.next(s.tried)
	if i < 0 {
		return false
	}
	if err := w.again.Parse(s.orig); err != nil {
		return false
	}
	v, err := sipwire.ParseVia(w.again.Get(sipwire.Via))
	if err != nil {
		return false
	}
	s.tried = append(s.tried, uint8(i))
	s.carrier = i
	k := s.carriers.list[i]
	c.carrier, r.down = k.ID, k.flow
	r.secret = w.secret(txnKey{b: r.key.b + uint64(len(s.tried))})
	rt := w.ourRoutes(&w.again)
	w.build(r, c, &w.again, &v, &rt, k.uri)
	e.stats.failovers.Add(1)
	w.send(r)
	return true
}

// carrierFailed and carrierAnswered learn from calls what probes would tell later.
func (w *worker) carrierFailed(s *setup) {
	if s.carriers == nil || s.carrier < 0 {
		return
	}
	k := s.carriers.list[s.carrier]
	k.missed++
	w.setDown(k, k.missed >= missesUntilDown && k.Probe > 0)
}

func (w *worker) carrierAnswered(s *setup) {
	if s.carriers == nil || s.carrier < 0 {
		return
	}
	k := s.carriers.list[s.carrier]
	k.missed = 0
	w.setDown(k, false)
}

func (w *worker) setDown(k *carrier, down bool) {
	if k.down == down {
		return
	}
	k.down = down
	if down {
		w.e.opt.Log.Warn("carrier does not answer", "carrier", string(k.ID))
	} else {
		w.e.opt.Log.Info("carrier answers again", "carrier", string(k.ID))
	}
}

// probe asks a carrier by OPTIONS whether it is there.
func (w *worker) probe(k *carrier) {
	r := w.own(sipwire.OPTIONS, &k.flow)
	r.probe = k
	b := append(w.e.relays.buf(), "OPTIONS sip:"...)
	b = append(append(b, k.uri...), " SIP/2.0\r\n"...)
	b = append(w.appendVia(b, r), "Max-Forwards: 70\r\n"...)
	b = append(append(append(b, "From: <sip:tsujiban@"...), k.flow.lis.host...), ">;tag=tjp"...)
	b = append(append32(b, r.secret), crlf...)
	b = append(append(append(b, "To: <sip:"...), k.uri...), ">\r\n"...)
	b = append(append32(append(b, "Call-ID: tjp"...), uint32(w.ms)), append32(nil, r.secret)...)
	b = append(append(append(b, "@"...), k.flow.lis.host...), crlf...)
	b = append(append(append(b, "User-Agent: "...), w.e.opt.Name...), crlf...)
	r.req = appendEnd(b, 1, "OPTIONS")
	w.send(r)
	// A probe is worth little when it is late.
	r.giveUp = w.ms + min(k.Probe.Milliseconds(), t1x64/4)
}

// probed notes the answer to a probe; any answer but 503 says that somebody is there.
func (w *worker) probed(r *relay, status int) {
	k := r.probe
	if status == 0 || status == 503 {
		k.missed++
	} else {
		k.missed = 0
	}
	w.setDown(k, k.missed >= missesUntilDown)
}

// housekeeping runs once a second: probes, reports of refusals, phones that did not register again.
func (w *worker) housekeeping() {
	e := w.e
	for _, k := range e.carriers.list {
		if k.Probe > 0 && w.ms >= k.nextProbe {
			k.nextProbe = w.ms + k.Probe.Milliseconds()
			w.probe(k)
		}
	}
	e.refusals.report(w.ms, func(r *tsujiban.Refusal) { e.opt.Desk.Refused(r, w.now) })
	e.phones.expire(w.ms)
}

// rateLimit counts INVITEs over the second that runs.
type rateLimit struct {
	second int64
	count  int
}

func (l *rateLimit) take(limit int, ms int64) bool {
	if limit <= 0 {
		return true
	}
	if s := ms / 1000; s != l.second {
		l.second, l.count = s, 0
	}
	l.count++
	return l.count <= limit
}

// Restored is a call that was up when the program stopped, as the journal knows it.
type Restored struct {
	Call      tsujiban.CallID
	Direction tsujiban.Direction
	Customer  tsujiban.CustomerID
	Trunk     tsujiban.TrunkID
	Caller    tsujiban.Number
	Callee    tsujiban.Number
	Dest      tsujiban.Destination
	Started   time.Time
	Answered  time.Time
	Dialog    tsujiban.Dialog
	Next      time.Time // when to ask Desk.Extend; zero: never
}

// Restore takes calls up again after a restart, so that their end is seen and they can be
// ended. Call it before Serve.
func (e *Edge) Restore(list []Restored) {
	w := newWorker(e)
	w.begin()
	defer w.end()
	for i := range list {
		o := &list[i]
		c := e.calls.take(o.Call)
		c.state, c.direction, c.customer, c.trunk = callUp, o.Direction, o.Customer, o.Trunk
		c.carrier, c.caller, c.callee, c.dest = o.Dialog.Carrier, o.Caller, o.Callee, o.Dest
		c.started, c.answered = o.Started, o.Answered
		c.sipCallID = append(c.sipCallID[:0], o.Dialog.SIPCallID...)
		for j, from := range []*tsujiban.Leg{&o.Dialog.Caller, &o.Dialog.Callee} {
			l := &c.legs[j]
			l.setIdentity(from.Identity)
			l.target = append(l.target[:0], from.Target...)
			l.routes = append(l.routes[:0], from.Routes...)
			l.cseq, l.src = from.CSeq, from.Remote.Addr()
			l.flow = flow{lis: e.restoreListener(from), addr: from.Remote}
		}
		c.expires = w.ms + e.opt.IdleLimit.Milliseconds()
		w.setExtend(c, o.Next)
	}
}

func (e *Edge) restoreListener(l *tsujiban.Leg) *listener {
	if l.Local < len(e.listeners) && e.listeners[l.Local].transport == l.Transport {
		return e.listeners[l.Local]
	}
	return e.listenerFor(l.Transport, l.Remote.Addr())
}
