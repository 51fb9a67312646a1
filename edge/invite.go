package edge

import (
	"hash/maphash"
	"net/netip"
	"strconv"

	"tsujiban"
	"tsujiban/numbering"
	"tsujiban/sipwire"
)

// maxCSeq is the largest CSeq number that is let through. The rest of what RFC 3261 §8.1.1.5
// allows is for the BYEs that the guard sends in a party's name: who counts up to the end
// would leave no number to end his call with.
const maxCSeq = 1<<31 - 1<<20

// invite takes the INVITE that starts a call: who asks, may he, and where does it go.
func (w *worker) invite(q *query) {
	rt := w.ourRoutes(q.m)
	if t, to, ok := w.insideTrunk(q, &rt); ok {
		w.internal(q, t, to, &rt)
		return
	}
	if !q.who.known() {
		if q.who.trunk = w.challenge(q); q.who.trunk == nil {
			return
		}
	}
	if rt.foreign {
		// Another proxy of the caller's choice would see a call that was judged for this one.
		w.refuse(q, 403, "Route Not Allowed", nil)
		return
	}
	if !w.dialledIn(q) {
		return
	}
	emergency := w.emergency(q)
	if !w.acceptable(q) || !emergency && w.shed(q) {
		return
	}
	if q.who.carrier != nil {
		w.callIn(q, &rt, emergency)
		return
	}
	w.callOut(q, &rt, emergency)
}

// emergency tells whether an emergency number was dialled. One that was written with its country as context (RFC 3966
// §5.1.5) goes on as 110, not as +81110, which a carrier may not know.
func (w *worker) emergency(q *query) bool {
	if !w.e.opt.Emergency(w.dialled) {
		return false
	}
	u, err := sipwire.ParseURI(q.m.RequestURI())
	if local := beforeParams(u.User); err == nil && w.dialled[0] == '+' && w.e.opt.Emergency(local) {
		w.dialled = append(w.dialled[:0], local...)
	}
	return true
}

// acceptable refuses an INVITE that was here before, or that could not be ended later.
func (w *worker) acceptable(q *query) bool {
	switch {
	case w.looped(q.m, &q.via, q.fl):
		w.refuseReason(q, tsujiban.ReasonLoop)
	case q.m.CSeq > maxCSeq:
		w.refuse(q, 400, "CSeq Too High", nil)
	default:
		return true
	}
	return false
}

// dialledIn reads the digits that are judged, and that are sent on, into w.dialled.
func (w *worker) dialledIn(q *query) bool {
	uri := q.m.RequestURI()
	u, err := sipwire.ParseURI(uri)
	if err != nil {
		w.refuse(q, 416, "Unsupported URI Scheme", nil)
		return false
	}
	digits, err := numbering.ParseURI(uri)
	if err != nil && q.who.carrier != nil {
		// Routing numbers and the like come along with calls from the network: they say how the call
		// got here and lead nowhere from here.
		digits, err = beforeParams(u.User), nil
	}
	if err == nil {
		w.dialled, err = appendPrintable(w.dialled[:0], digits)
	}
	if err != nil || len(w.dialled) == 0 {
		w.refuse(q, 484, "Address Incomplete", nil)
		return false
	}
	return true
}

func beforeParams(user []byte) []byte {
	for i, c := range user {
		if c == ';' {
			return user[:i]
		}
	}
	return user
}

// appendPrintable appends text that was unescaped before. What is still, or again, an escape could be
// read in two ways.
func appendPrintable(dst, b []byte) ([]byte, error) {
	for _, c := range b {
		if c <= ' ' || c >= 0x7f || c == '%' {
			return dst, sipwire.ErrURI
		}
	}
	return append(dst, b...), nil
}

// shed turns a call away without keeping anything when there is more than can be served.
func (w *worker) shed(q *query) bool {
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
	after := 1 + maphash.Bytes(e.relays.seedA, q.m.Get(sipwire.CallID))%10
	w.extra = strconv.AppendUint(append(w.extra[:0], "Retry-After: "...), after, 10)
	w.extra = append(w.extra, crlf...)
	w.reply(q, 503, reason.SIPPhrase(), w.extra)
	return true
}

// maxHeld bounds the INVITEs that wait for the journal: at 20,000 calls a second, half a second.
const maxHeld = 10_000

// callOut is a call from a PBX or phone to the carriers.
func (w *worker) callOut(q *query, rt *routes, emergency bool) {
	e, t := w.e, q.who.ofTrunk()
	if !w.fillAttempt(q, tsujiban.Out, t) && !emergency {
		w.refuse(q, 400, "Malformed Caller", nil)
		return
	}
	ticket, ok := w.judge(q, emergency)
	if !ok {
		return
	}
	c, r := w.newCall(q, t, emergency)
	s := r.setup
	s.carriers = e.carriers
	if s.carrier = e.carriers.next(nil); s.carrier < 0 {
		w.giveUp(r, 503, tsujiban.ReasonCarrierFailed)
		return
	}
	s.tried = append(s.tried, uint8(s.carrier))
	k := e.carriers.list[s.carrier]
	c.carrier = k.ID
	w.aim(r, c, k.flow)
	w.build(r, c, q.m, &q.via, rt, k.uri)
	w.hold(r, q, ticket)
}

// callIn is a call from a carrier to the PBX of the customer that holds the number.
func (w *worker) callIn(q *query, rt *routes, emergency bool) {
	t, to := w.inward(w.dialled)
	if t == nil {
		w.refuseReason(q, tsujiban.ReasonNoRoute)
		return
	}
	if !w.fillAttempt(q, tsujiban.In, t) {
		w.refuse(q, 400, "Malformed Caller", nil)
		return
	}
	ticket, ok := w.judge(q, emergency)
	if !ok {
		return
	}
	w.e.stats.callsIn.Add(1)
	c, r := w.newCall(q, t, emergency)
	c.carrier = q.who.carrier.ID
	w.aim(r, c, to)
	w.build(r, c, q.m, &q.via, rt, hostOf(&to))
	w.hold(r, q, ticket)
}

// inward finds the trunk of the customer that holds a number and the way to it.
func (w *worker) inward(dialled []byte) (*trunk, flow) {
	e := w.e
	owner, ok := e.dir.holder(dialled)
	if !ok {
		return nil, flow{}
	}
	for _, t := range e.dir.ofOwner[owner] {
		if to, ok := e.wayTo(t.Transport, t.addr); ok {
			return t, to
		}
		if p := e.phones.ofTrunk(t.ID, dialled, w.ms); p != nil {
			return t, p.flow
		}
	}
	return nil, flow{}
}

// wayTo is the flow to an address of a trunk; false when it has none, or no listener reaches it.
func (e *Edge) wayTo(transport string, a netip.AddrPort) (flow, bool) {
	if !a.IsValid() {
		return flow{}, false
	}
	lis := e.listenerFor(transport, a.Addr())
	return flow{lis: lis, addr: a}, lis != nil
}

// insideTrunk tells a call between a customer's PBX and its phones, and where it goes: a PBX calls a phone by
// the Path that we wrote, a phone calls in the domain of its PBX.
func (w *worker) insideTrunk(q *query, rt *routes) (*trunk, flow, bool) {
	e := w.e
	if t := q.who.trunk; t != nil && rt.phone != 0 {
		if p := e.phones.byToken[rt.phone]; p != nil && p.trunk.ID == t.ID && p.until > w.ms {
			return t, p.flow, true
		}
	}
	if q.who.phone == nil {
		return nil, flow{}, false
	}
	t := w.domainOf(q.m)
	if t == nil || t.ID != q.who.phone.trunk.ID {
		return nil, flow{}, false
	}
	if to, ok := e.wayTo(t.Transport, t.addr); ok {
		return t, to, true
	}
	to, ok := e.wayTo("udp", t.registrar)
	return t, to, ok
}

// internal passes a call between a customer's PBX and its phones: it is recorded and costs nothing.
func (w *worker) internal(q *query, t *trunk, to flow, rt *routes) {
	u, err := sipwire.ParseURI(q.m.RequestURI())
	if err == nil {
		w.dialled, err = sipwire.Unescape(w.dialled[:0], u.User)
	}
	emergency := err == nil && w.e.opt.Emergency(w.dialled)
	switch {
	case err != nil:
		w.refuse(q, 400, "Malformed Address", nil)
		return
	case !w.acceptable(q), !emergency && w.shed(q):
		return
	case !w.fillAttempt(q, tsujiban.Inside, t) && !emergency:
		w.refuse(q, 400, "Malformed Caller", nil)
		return
	}
	ticket, ok := w.judge(q, emergency)
	if !ok {
		return
	}
	c, r := w.newCall(q, t, emergency)
	w.aim(r, c, to)
	w.build(r, c, q.m, &q.via, rt, nil) // registrar and phone know each other by the URI as it is
	w.hold(r, q, ticket)
}

// hostOf is the host part of a URI that leads along a flow.
func hostOf(f *flow) []byte { return append([]byte(f.addr.String()), f.lis.uriParams...) }
