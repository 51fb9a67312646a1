package edge

import (
	"hash/maphash"
	"strconv"

	"tsujiban"
	"tsujiban/numbering"
	"tsujiban/sipwire"
)

// fillAttempt writes the attempt of an INVITE into w.attempt; false when its caller cannot be read.
func (w *worker) fillAttempt(q *query, d tsujiban.Direction, t *trunk) bool {
	m, a := q.m, &w.attempt
	*a = tsujiban.Attempt{At: w.now, Direction: d, Source: q.fl.addr, Dialled: w.dialled, UserAgent: m.Get(sipwire.UserAgent), SIPCallID: m.Get(sipwire.CallID)}
	a.Customer, a.Trunk = t.Customer, t.ID
	var ok bool
	if w.caller, ok = userOf(w.caller[:0], m.Get(sipwire.From)); !ok {
		return false
	}
	a.Caller = w.caller
	if h := m.First(sipwire.PAssertedIdentity); h != nil {
		// The asserted number counts; the one in From is shown to the callee and must be theirs as
		// well. Out of a PBX, two asserted numbers (a sip: and a tel: URI) must be one: the
		// carrier may pick either. From the network the first is taken.
		if w.shown, ok = w.asserted(m, h, d == tsujiban.Out); !ok {
			return false
		}
		a.Caller, a.Presented = w.shown, w.caller
	}
	return true
}

func (w *worker) asserted(m *sipwire.Message, h *sipwire.Header, strict bool) ([]byte, bool) {
	first := w.shown[:0]
	for found := false; h != nil; h = m.Next(h) {
		val := m.Value(h)
		for {
			ad, err := sipwire.ParseAddress(val)
			if err != nil {
				return first, false
			}
			n := len(first)
			both, ok := userOf(first, val[:ad.Len])
			switch {
			case !ok:
				return first, false
			case !found:
				first, found = both, true
			case strict && string(both[n:]) != string(both[:n]):
				return first, false
			}
			if !ad.More {
				break
			}
			val = val[ad.Len+1:]
		}
		if !strict {
			break
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
	if u.User != nil {
		if d, err := numbering.ParseURI(a.URI); err == nil {
			dst, err = appendPrintable(dst, d)
			return dst, err == nil
		}
	}
	dst, err = sipwire.Unescape(dst, u.User)
	return dst, err == nil
}

// judge asks the desk; false when the call was refused. A ticket of 0 waits for nothing.
func (w *worker) judge(q *query, emergency bool) (ticket uint64, ok bool) {
	e := w.e
	ticket, err := e.opt.Desk.Attempt(&w.attempt, &w.verdict)
	switch {
	case w.verdict.Action == tsujiban.Deny:
		w.refuseReason(q, w.verdict.Reason)
		return 0, false
	case err == nil && e.journal == nil:
		return ticket, true
	case emergency, e.opt.PassOnJournalFailure:
		return 0, true // no record can be waited for
	}
	w.outcome = tsujiban.Outcome{Customer: w.attempt.Customer, Status: 503, Cut: tsujiban.ReasonJournal, By: tsujiban.PartyGuard}
	e.opt.Desk.Ended(w.attempt.Call, w.now, &w.outcome)
	w.refuseReason(q, tsujiban.ReasonJournal)
	return 0, false
}

// newCall makes the call and the relay of an INVITE that was allowed.
func (w *worker) newCall(q *query, t *trunk, emergency bool) (*call, *relay) {
	e, m := w.e, q.m
	c := e.calls.take(w.attempt.Call)
	c.direction, c.customer, c.trunk = w.attempt.Direction, t.Customer, t.ID
	c.started, c.callee, c.caller, c.dest = w.now, w.verdict.Callee, w.verdict.Caller, w.verdict.Destination
	c.sipCallID = append(c.sipCallID[:0], m.Get(sipwire.CallID)...)
	l := &c.legs[legCaller]
	l.flow, l.src = q.up, q.fl.addr.Addr()
	l.setIdentity(m.Get(sipwire.From))
	l.setTarget(m.Get(sipwire.Contact))
	l.cseq = m.CSeq
	l.routes = w.appendRoutes(l.routes[:0], m, c.id, allRoutes, false)
	r := e.relays.take(w.secret(q.key))
	r.method, r.up, r.call = sipwire.INVITE, q.up, c.id
	c.setup = r
	e.relays.index(r, q.key)
	s := e.relays.newSetup()
	s.emergency, s.source, s.carrier = emergency, *q.fl, -1
	s.dialled = append(s.dialled[:0], w.dialled...)
	s.orig = append(e.relays.buf(), m.Raw...)
	r.setup = s
	e.stats.calls.Add(1)
	return c, r
}

// aim points an INVITE at the neighbour that it goes to.
func (w *worker) aim(r *relay, c *call, to flow) {
	r.down = to
	l := &c.legs[legCallee]
	l.flow, l.src = to, to.addr.Addr()
}

// secret makes the part of a branch that cannot be guessed.
func (w *worker) secret(key txnKey) uint32 {
	w.key = strconv.AppendInt(w.key[:0], w.ms, 36)
	return uint32(maphash.Bytes(w.e.relays.seedB, w.key)^key.b) | 1
}

// hold answers 100 and lets the INVITE wait for its record.
func (w *worker) hold(r *relay, q *query, ticket uint64) {
	e, s := w.e, r.setup
	r.state = relayHeld
	w.reply(q, 100, "Trying", nil)
	if ticket == 0 {
		w.send(r)
		return
	}
	e.held.push(heldRef{r.slot, r.secret, ticket})
	w.held = true
	wait := int64(recordWait)
	switch {
	case s.emergency:
		wait = emergencyWait
	case e.opt.PassOnJournalFailure:
		wait = passWait
	}
	e.wheel.set(&r.timer, w.ms+wait)
}

// refuseReason refuses an INVITE for a reason of the vocabulary.
func (w *worker) refuseReason(q *query, reason tsujiban.Reason) {
	w.e.stats.refused[reason].Add(1)
	w.refuse(q, statusOf(reason), reason.SIPPhrase(), w.reasonHeader(reason))
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

// maxRelays bounds what a neighbour that sends one bad INVITE after another can have kept: beyond, a refusal is sent
// and forgotten.
const maxRelays = 1_000_000

// refuse answers an INVITE with a final response and repeats it until the ACK comes.
func (w *worker) refuse(q *query, status int, phrase string, extra []byte) {
	resp := w.reply(q, status, phrase, extra)
	if w.e.relays.inUse >= maxRelays {
		return
	}
	r := w.e.relays.take(w.secret(q.key))
	r.method, r.up = sipwire.INVITE, q.up
	w.e.relays.index(r, q.key)
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
