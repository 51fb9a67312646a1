package edge

import (
	"bytes"
	"net/netip"
	"time"

	"tsujiban"
	"tsujiban/sipwire"
)

// inDialog takes a request with a To tag: it belongs to a running call, or to nothing.
func (w *worker) inDialog(q *query) {
	e, m := w.e, q.m
	rt := w.ourRoutes(m)
	c := e.calls.byID[rt.call]
	if c == nil || !rt.ours || c.state == callLost {
		if q.who.known() {
			w.turnAway(q, 481, "Call/Transaction Does Not Exist", nil)
			return
		}
		e.refuse(w, q.fl, tsujiban.RefusedUnknownSource, m)
		return
	}
	from, ok := w.sender(c, q)
	if !ok {
		e.refuse(w, q.fl, tsujiban.RefusedSpoof, m)
		return
	}
	if !w.hopsLeft(q) {
		return
	}
	if status, phrase := w.mayPass(m, c, from, &rt); status != 0 {
		e.stats.dialogRefused.Add(1)
		w.turnAway(q, status, phrase, nil)
		return
	}
	w.heard(c, from, q)
	if m.Method == sipwire.INVITE {
		// Before the request goes on: the final answer may come over another connection, and
		// must not overtake this one.
		w.reply(q, 100, "Trying", nil)
	}
	w.forward(q, &rt, c, from)
	if m.Method == sipwire.BYE && c.state != callSetup {
		w.saidBye(c, from)
	}
}

// saidBye notes who ended a call. When the carrier says that it is over it charges no more,
// whatever the PBX answers; the other way round the carrier's answer counts.
func (w *worker) saidBye(c *call, from int) {
	if c.state == callUp {
		c.endedBy = c.party(from)
	}
	if from == c.carrierLeg() && !c.internal() {
		w.ended(c)
	}
}

// heard notes what a request inside a dialog tells about its sender.
func (w *worker) heard(c *call, from int, q *query) {
	l := &c.legs[from]
	l.cseq = max(l.cseq, q.m.CSeq)
	if from != c.carrierLeg() || c.internal() {
		l.flow = q.up // behind a NAT the way back changes
	}
	if c.refresh == 0 && c.state == callUp {
		c.expires = w.ms + w.e.opt.IdleLimit.Milliseconds()
	}
}

// mayPass holds what a customer's PBX may do inside a call that was judged: a request that makes
// the carrier's side call elsewhere would be a call that nobody judged.
func (w *worker) mayPass(m *sipwire.Message, c *call, from int, rt *routes) (status int, phrase string) {
	switch {
	case m.CSeq > maxCSeq:
		return 400, "CSeq Too High"
	case c.legs[1-from].flow.lis == nil:
		return 480, "Temporarily Unavailable"
	case c.state == callSetup && m.Method == sipwire.INVITE:
		return 491, "Request Pending"
	case c.internal(), from == c.carrierLeg():
		return 0, ""
	case m.Method == sipwire.REFER, m.Method == sipwire.MESSAGE, m.Method == sipwire.SUBSCRIBE, m.Method == sipwire.PUBLISH:
		return 403, "Transfer By Carrier Not Allowed"
	case rt.foreign && len(c.legs[1-from].routes) == 0:
		return 403, "Route Not Allowed"
	}
	target := c.legs[1-from].target
	if c.state != callSetup && len(target) > 0 && !sameTarget(m.RequestURI(), target) {
		return 403, "Not The Other Party's Contact"
	}
	return 0, ""
}

// sameTarget tells whether a Request-URI leads where a Contact does: user, host and port must be the same, and nothing in
// it may lead elsewhere; what else a PBX makes of a Contact does not matter.
func sameTarget(uri, contact []byte) bool {
	if bytes.Equal(uri, contact) {
		return true
	}
	u, err := sipwire.ParseURI(uri)
	if err != nil || u.Headers != nil {
		return false
	}
	c, err := sipwire.ParseURI(contact)
	if err != nil || !bytes.Equal(u.User, c.User) || !bytes.EqualFold(u.Host, c.Host) || u.Port != c.Port {
		return false
	}
	at, err := sipwire.OneParam(u.Params, "maddr")
	if err != nil {
		return false
	}
	want, err := sipwire.OneParam(c.Params, "maddr")
	return err == nil && bytes.Equal(at, want)
}

// learnCallee notes from a response with a To tag who the callee is, and the way to it.
func (w *worker) learnCallee(r *relay, c *call, m *sipwire.Message) {
	l := &c.legs[legCallee]
	l.setIdentity(m.Get(sipwire.To))
	l.setTarget(m.Get(sipwire.Contact))
	l.routes = w.appendRoutes(l.routes[:0], m, c.id, calleeRoutes, true)
	l.flow = nextHop(r, c, l)
}

// answered notes the 2xx of a call's INVITE: from now on it costs.
func (w *worker) answered(r *relay, c *call, m *sipwire.Message) {
	e := w.e
	c.state, c.answered, c.setup = callUp, w.now, nil
	w.learnCallee(r, c, m)
	w.sessionTimer(c, m)
	c.dialog(&w.dialog)
	next := e.opt.Desk.Answered(c.id, w.now, &w.dialog)
	w.setExtend(c, next)
	e.stats.answered.Add(1)
}

// nextHop is where requests to the callee go: its nearest proxy, or its Contact; the address that
// the INVITE went to when those are names or private addresses behind a public one.
func nextHop(r *relay, c *call, l *leg) flow {
	to := r.down
	if c.direction != tsujiban.Out || to.conn != nil {
		return to
	}
	uri := l.target
	if len(l.routes) > 0 {
		if a, err := sipwire.ParseAddress(l.routes); err == nil {
			uri = a.URI
		}
	}
	u, err := sipwire.ParseURI(uri)
	if err != nil || u.IsTel() {
		return to
	}
	a, ok := parseHost(u.Host)
	if !ok || a.IsPrivate() != to.addr.Addr().IsPrivate() || a.IsLoopback() != to.addr.Addr().IsLoopback() || a.Is4() != to.addr.Addr().Is4() || !a.IsGlobalUnicast() && !a.IsLoopback() {
		return to
	}
	port := u.Port
	if port == 0 {
		port = 5060
	}
	to.addr = netip.AddrPortFrom(a, port)
	return to
}

// parseHost reads a host that is an address, an IPv4 one without allocating.
func parseHost(host []byte) (netip.Addr, bool) {
	if len(host) > 2 && host[0] == '[' {
		a, err := netip.ParseAddr(string(host[1 : len(host)-1]))
		return a, err == nil
	}
	var v4 [4]byte
	for i := range v4 {
		part, rest, more := bytes.Cut(host, []byte{'.'})
		n, err := sipwire.ParseUint(part, 255)
		if err != nil || more != (i < 3) || len(part) > 1 && part[0] == '0' {
			return netip.Addr{}, false
		}
		v4[i], host = byte(n), rest
	}
	return netip.AddrFrom4(v4), true
}

// sessionTimer reads what was agreed on in a 2xx (RFC 4028 §7.2, §9); without it the idle limit holds.
func (w *worker) sessionTimer(c *call, m *sipwire.Message) {
	c.refresh = 0
	c.expires = w.ms + w.e.opt.IdleLimit.Milliseconds()
	val := m.Get(sipwire.SessionExpires)
	if i := bytes.IndexByte(val, ';'); i >= 0 {
		val = val[:i]
	}
	n, err := sipwire.ParseUint(bytes.TrimSpace(val), 1<<31)
	if err != nil || n < 90 { // RFC 4028 §4: at least 90 s
		return
	}
	c.refresh = int64(n) * 1000
	// RFC 4028 §10 lets the sides end a minute or a third earlier; the guard waits it out.
	c.expires = w.ms + c.refresh
}

func (w *worker) setExtend(c *call, next time.Time) {
	c.extendAt = 0
	if !next.IsZero() {
		c.extendAt = max(w.ms+next.Sub(w.now).Milliseconds(), 1)
	}
	w.armCall(c)
}

func (w *worker) armCall(c *call) {
	due := c.expires
	if c.extendAt != 0 && (due == 0 || c.extendAt < due) {
		due = c.extendAt
	}
	if c.state == callEnding {
		if due = c.giveUp; c.byeAt != 0 {
			due = min(due, c.byeAt)
		}
	}
	if due == 0 {
		w.e.wheel.stop(&c.timer)
		return
	}
	w.e.wheel.set(&c.timer, due)
}

// callTimer asks for more money, ends calls whose end was not seen, and gives up on BYEs.
func (w *worker) callTimer(c *call) {
	e := w.e
	switch {
	case c.state == callEnding && w.ms >= c.giveUp:
		w.ended(c)
		e.stats.byeLost.Add(1)
	case c.state == callEnding && c.byeAt != 0 && w.ms >= c.byeAt:
		w.byeOnceMore(c)
	case c.state == callEnding:
		w.armCall(c)
	case c.state == callLost && w.ms >= c.expires:
		w.e.calls.lost--
		w.notAnswered(c, 0, tsujiban.ReasonCallGone, tsujiban.PartyGuard)
	case c.state == callLost:
		w.armCall(c)
	case c.state != callUp:
	case c.extendAt != 0 && c.extendAt <= w.ms:
		next, cut := e.opt.Desk.Extend(c.id, w.now)
		if cut != tsujiban.ReasonNone {
			w.cut(c, cut)
			return
		}
		w.setExtend(c, next)
	case c.expires != 0 && c.expires <= w.ms:
		w.cut(c, tsujiban.ReasonSessionExpired)
	default:
		w.armCall(c)
	}
}
