package edge

import (
	"hash/maphash"
	"strconv"

	"tsujiban"
	"tsujiban/sipwire"
)

// party is who a message comes from, as far as its source tells; nobody when all are nil.
type party struct {
	trunk   *trunk
	carrier *carrier
	phone   *phone
}

func (p party) known() bool { return p.trunk != nil || p.carrier != nil || p.phone != nil }

// ofTrunk is the trunk that the party belongs to, nil for a carrier or a stranger.
func (p party) ofTrunk() *trunk {
	if p.phone != nil {
		return p.phone.trunk
	}
	return p.trunk
}

// identify finds who speaks from a flow.
func (w *worker) identify(fl *flow) (p party) {
	e := w.e
	for _, c := range e.carriers.list {
		if c.flow.addr == fl.addr {
			return party{carrier: c}
		}
	}
	if p.trunk = e.dir.certificate(fl.conn); p.trunk != nil {
		return p
	}
	if p.trunk = e.dir.source(fl.addr.Addr()); p.trunk != nil {
		return p
	}
	if p.carrier, _ = e.carriers.bySource.Lookup(fl.addr.Addr()); p.carrier != nil {
		return p
	}
	p.phone = e.phones.bySource(fl, w.ms)
	return p
}

// query is a request that is being worked on.
type query struct {
	m   *sipwire.Message
	via sipwire.ViaValue // the sender's
	fl  *flow            // where it came from
	up  flow             // where its responses go
	key txnKey
	who party
}

const allow = "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER\r\n"

// request sorts a request: a repeat, one inside a dialog, or the start of something.
func (w *worker) request(m *sipwire.Message, fl *flow, who party) {
	e := w.e
	q := &w.query
	*q = query{m: m, fl: fl, who: who}
	var err error
	if q.via, err = sipwire.ParseVia(m.Get(sipwire.Via)); err != nil {
		w.garbage(m, fl, who, err)
		return
	}
	q.up = upstream(fl, &q.via)
	if who.known() && fl.conn != nil {
		fl.conn.proven.Store(true)
	}
	switch m.Method {
	case sipwire.ACK:
		w.ack(q)
		return
	case sipwire.CANCEL:
		w.cancel(q)
		return
	}
	q.key = w.keyOf(m, &q.via, m.Method)
	if r := e.relays.lookup(q.key); r != nil {
		w.repeat(r, q)
		return
	}
	to, err := sipwire.ParseAddress(m.Get(sipwire.To))
	var tag []byte
	if err == nil {
		tag, err = to.Tag()
	}
	if err != nil {
		w.garbage(m, fl, who, err)
		return
	}
	if tag != nil {
		w.inDialog(q)
		return
	}
	if !who.known() {
		if m.Method != sipwire.INVITE && m.Method != sipwire.REGISTER && m.Method != sipwire.OPTIONS {
			e.refuse(w, fl, tsujiban.RefusedUnknownSource, m)
			return
		}
		if !e.refusals.mayAsk(fl.addr.Addr(), w.ms) {
			e.refuse(w, fl, tsujiban.RefusedFlood, m)
			return
		}
	}
	w.outOfDialog(q)
}

// outOfDialog takes a request that starts something.
func (w *worker) outOfDialog(q *query) {
	m := q.m
	if m.Method == sipwire.OPTIONS {
		// A PBX behind digest looks whether its trunk is there: a challenge is an answer, too.
		if q.who.known() || w.challenge(q) != nil {
			w.reply(q, 200, "OK", []byte(allow))
		}
		return
	}
	if !w.hopsLeft(q) {
		return
	}
	if m.Has(sipwire.ProxyRequire) {
		w.turnAway(q, 420, "Bad Extension", append(append([]byte("Unsupported: "), m.Get(sipwire.ProxyRequire)...), crlf...))
		return
	}
	switch m.Method {
	case sipwire.INVITE:
		w.invite(q)
	case sipwire.REGISTER:
		w.register(q)
	default:
		// MESSAGE, REFER, SUBSCRIBE … outside a dialog could make the carrier act where
		// the guard does not look.
		w.reply(q, 405, "Method Not Allowed", []byte(allow))
	}
}

// turnAway refuses a request. An INVITE's refusal is kept, so that its ACK is known and goes no further.
func (w *worker) turnAway(q *query, status int, phrase string, extra []byte) {
	if q.m.Method == sipwire.INVITE {
		w.refuse(q, status, phrase, extra)
		return
	}
	w.reply(q, status, phrase, extra)
}

// hopsLeft reads Max-Forwards (RFC 3261 §16.3 item 3); when the request may go no further it is refused.
func (w *worker) hopsLeft(q *query) bool {
	h := q.m.First(sipwire.MaxForwards)
	if h == nil {
		return true
	}
	switch n, err := sipwire.ParseUint(q.m.Value(h), 255); {
	case q.m.Method == sipwire.ACK: // is never answered
		return err == nil && n > 0
	case err != nil:
		w.turnAway(q, 400, "Malformed Max-Forwards", nil)
	case n == 0:
		w.turnAway(q, 483, "Too Many Hops", nil)
	default:
		return true
	}
	return false
}

// keyOf names the server transaction of a request (RFC 3261 §17.2.3), also for senders
// of RFC 2543 that make no branch.
func (w *worker) keyOf(m *sipwire.Message, v *sipwire.ViaValue, method sipwire.Method) txnKey {
	b := append(w.key[:0], v.Branch...)
	b = append(b, 0)
	b = append(b, v.Host...)
	b = append(b, byte(v.Port>>8), byte(v.Port), byte(method))
	b = strconv.AppendUint(b, uint64(m.CSeq), 10)
	if method == sipwire.MethodOther {
		b = append(b, m.MethodBytes()...)
	}
	b = append(b, 0)
	b = append(b, m.Get(sipwire.CallID)...)
	if len(v.Branch) < 7 || string(v.Branch[:7]) != "z9hG4bK" {
		b = append(append(b, 0), m.Get(sipwire.From)...)
	}
	w.key = b
	return txnKey{maphash.Bytes(w.e.relays.seedA, b), maphash.Bytes(w.e.relays.seedB, b)}
}

// repeat answers a request that came again with what it was answered before (RFC 3261 §17.2.1, §17.2.2).
func (w *worker) repeat(r *relay, q *query) {
	e := w.e
	if !q.who.known() && r.call == 0 && !e.refusals.mayAsk(q.fl.addr.Addr(), w.ms) {
		e.refuse(w, q.fl, tsujiban.RefusedFlood, q.m)
		return
	}
	e.stats.repeatsIn.Add(1)
	switch r.state {
	case relayHeld, relayTrying, relayProceeding, relayCancelling:
		switch {
		case r.method != sipwire.INVITE:
		case r.setup != nil && len(r.setup.provisional) > 0:
			w.out.add(&r.up, r.setup.provisional)
		default:
			w.reply(q, 100, "Trying", nil)
		}
	case relayCompleted:
		if r.status != 0 {
			w.reply(q, int(r.status), "OK", nil)
			return
		}
		w.out.add(&r.up, r.resp)
	}
}

// ack passes the ACK of a 2xx on, and takes in the one of a refusal (RFC 3261 §17.1.1.3).
func (w *worker) ack(q *query) {
	e, m := w.e, q.m
	key := w.keyOf(m, &q.via, sipwire.INVITE)
	if r := e.relays.lookup(key); r != nil && r.state != relayAccepted {
		w.refusalAcked(r)
		return
	}
	rt := w.ourRoutes(m)
	c := e.calls.byID[rt.call]
	if c == nil || !rt.ours || c.state == callLost {
		// To one of our own answers, or to a call that is over: it ends here. An ACK that
		// names us and nothing else would only come back.
		e.stats.ackAbsorbed.Add(1)
		return
	}
	from, ok := w.sender(c, q)
	if !ok {
		e.refuse(w, q.fl, tsujiban.RefusedSpoof, m)
		return
	}
	to := &c.legs[1-from].flow
	if to.lis == nil || !w.hopsLeft(q) {
		return
	}
	w.patch.Reset()
	w.patchForward(m, &q.via, q.fl, &rt)
	// Made of the sender's branch, so that a repeat has the same; slot and secret name no relay.
	branch := w.branch(0, 0, uint32(key.a))
	w.patch.Insert(int(m.First(sipwire.Via).Start), viaName, to.lis.via, branch, viaEnd)
	w.out.commit(to, w.patch.Apply(w.out.begin(), m.Raw))
}

// refusalAcked ends the repeating of a refusal. The relay stays while its other side may
// repeat what it was refused with.
func (w *worker) refusalAcked(r *relay) {
	if r.state != relayCompleted {
		return
	}
	r.state, r.resp = relayConfirmed, nil
	if r.down.lis == nil {
		r.giveUp = w.ms + t4
	}
	w.e.wheel.set(&r.timer, max(r.giveUp, w.ms+t4))
}

var (
	viaName = []byte("Via: ")
	viaEnd  = []byte(";rport\r\n")
)

// branch is what stands behind listener.via: slot, secret and loop hash.
func (w *worker) branch(slot, secret, loop uint32) []byte {
	w.text = append32(w.text[:0], slot)
	w.text = append32(w.text, secret)
	w.text = append32(w.text, loop)
	return w.text
}

// patchForward makes the changes that every forwarded request needs (RFC 3261 §16.6):
// received and rport, Max-Forwards, and our own Route values away.
func (w *worker) patchForward(m *sipwire.Message, v *sipwire.ViaValue, fl *flow, rt *routes) {
	w.patchVia(&w.patch, m, v, fl)
	if h := m.First(sipwire.MaxForwards); h == nil {
		w.patch.Insert(m.HeadersStart(), []byte("Max-Forwards: 70\r\n"))
	} else if n, err := sipwire.ParseUint(m.Value(h), 255); err == nil && n > 0 { // anything else was refused
		w.text = strconv.AppendUint(w.text[:0], n-1, 10)
		w.patch.Replace(int(h.Value), int(h.Stop), w.text)
	}
	for _, s := range rt.spans[:rt.n] {
		w.patch.Delete(s[0], s[1])
	}
	if !m.Has(sipwire.ContentLength) {
		w.patch.Insert(m.HeadersStart(), w.length(m))
	}
}

// length is a Content-Length line for a message that came without one, as a datagram may: the
// next hop may be a stream, which cannot do without (RFC 3261 §20.14).
func (w *worker) length(m *sipwire.Message) []byte {
	w.text = append(w.text[:0], "Content-Length: "...)
	w.text = strconv.AppendInt(w.text, int64(len(m.Body())), 10)
	w.text = append(w.text, crlf...)
	return w.text
}
