package edge

import (
	"bytes"
	"hash/maphash"

	"tsujiban"
	"tsujiban/sipwire"
)

// build writes the INVITE of a new call as it goes to r.down into r.req (RFC 3261 §16.6). m is
// the INVITE as it came; target is what stands behind the @ in its Request-URI, nil to leave that as it is.
func (w *worker) build(r *relay, c *call, m *sipwire.Message, v *sipwire.ViaValue, rt *routes, target []byte) {
	p := &w.patch
	p.Reset()
	w.patchForward(m, v, &r.setup.source, rt)
	if target != nil {
		w.patchURI(r.setup, m, target)
	}
	if c.direction == tsujiban.Out {
		w.patchOut(m)
	}
	at := int(m.First(sipwire.Via).Start)
	p.Insert(at, viaName, r.down.lis.via, w.branch(r.slot, r.secret, w.loopHash(m, &r.up)), viaEnd)
	if h := m.First(sipwire.RecordRoute); h != nil { // before those of others (RFC 3261 §16.6 item 4)
		at = min(at, int(h.Start))
	}
	id := c.id.Append(w.key[:0])
	w.key = id
	p.Insert(at, rrStart, r.down.lis.host, r.down.lis.uriParams, rrMid, id, rrEnd)
	if r.up.lis != r.down.lis {
		p.Insert(at, rrStart, r.up.lis.host, r.up.lis.uriParams, rrMid, id, rrEnd)
	}
	if r.req == nil {
		r.req = w.e.relays.buf()
	}
	r.req = p.Apply(r.req[:0], m.Raw)
}

// patchOut keeps back what is no business of the network: hints at other callers than the one that was
// judged, and the answer to our own challenge (RFC 3261 §22.3).
func (w *worker) patchOut(m *sipwire.Message) {
	for _, k := range []sipwire.Kind{sipwire.RemotePartyID, sipwire.PPreferredIdentity} {
		for h := m.First(k); h != nil; h = m.Next(h) {
			w.patch.Delete(int(h.Start), int(h.Next))
		}
	}
	for h := m.First(sipwire.ProxyAuthorization); h != nil; h = m.Next(h) {
		if c, err := sipwire.ParseCredentials(m.Value(h)); err == nil && w.e.isOurRealm(c.Realm) {
			w.patch.Delete(int(h.Start), int(h.Next))
		}
	}
}

var (
	rrStart = []byte("Record-Route: <sip:")
	rrMid   = []byte(";lr;tj=")
	rrEnd   = []byte(">\r\n")
)

// patchURI points the Request-URI at the next hop. Its user part becomes the digits that were judged, so that
// no escape, parameter or context in it is read in another way than here; what could lead elsewhere
// (maddr, transport, headers) goes.
func (w *worker) patchURI(s *setup, m *sipwire.Message, target []byte) {
	u, err := sipwire.ParseURI(m.RequestURI())
	if err != nil {
		return
	}
	start, end := m.URISpan()
	var userPhone []byte
	if v, err := sipwire.OneParam(u.Params, "user"); u.IsTel() || err == nil && sipwire.EqualFold(v, "phone") {
		userPhone = paramUserPhone
	}
	user := u.User
	if string(user) != string(s.dialled) {
		w.text = appendUser(w.text[:0], s.dialled)
		user = w.text
	}
	w.patch.Replace(start, end, sipScheme, user, atSign, target, userPhone)
}

var (
	sipScheme      = []byte("sip:")
	atSign         = []byte("@")
	paramUserPhone = []byte(";user=phone")
)

// appendUser writes a user part, escaping what may not stand there (RFC 3261 §25.1).
func appendUser(dst, user []byte) []byte {
	const hex = "0123456789ABCDEF"
	for _, c := range user {
		if c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || bytes.IndexByte([]byte("-_.!~*'()&=+$,"), c) >= 0 {
			dst = append(dst, c)
		} else {
			dst = append(dst, '%', hex[c>>4], hex[c&15])
		}
	}
	return dst
}

// loopHash is made of what routes a request (RFC 3261 §16.6 step 8), and of where it came from: a
// call that passes twice, out and in again, is a spiral and no loop.
func (w *worker) loopHash(m *sipwire.Message, fl *flow) uint32 {
	b := append(w.key[:0], m.RequestURI()...)
	b = append(b, m.Get(sipwire.From)...)
	b = append(b, m.Get(sipwire.To)...)
	b = append(b, m.Get(sipwire.CallID)...)
	b = append(b, m.Get(sipwire.CSeq)...)
	b = fl.addr.Addr().AppendTo(b)
	w.key = b
	return uint32(maphash.Bytes(w.e.relays.seedA, b))
}

// looped tells whether an INVITE was here before, unchanged.
func (w *worker) looped(m *sipwire.Message, top *sipwire.ViaValue, fl *flow) bool {
	if !top.More && m.Next(m.First(sipwire.Via)) == nil {
		return false
	}
	hash := w.loopHash(m, fl)
	for h := m.First(sipwire.Via); h != nil; h = m.Next(h) {
		for val := m.Value(h); len(val) > 0; {
			v, err := sipwire.ParseVia(val)
			if err != nil {
				break
			}
			if _, _, loop, ok := parseBranch(v.Branch); ok && loop == hash {
				return true
			}
			if !v.More {
				break
			}
			val = val[v.Len+1:]
		}
	}
	return false
}

// send sends a held INVITE, one for the next carrier, or a request inside a dialog.
func (w *worker) send(r *relay) {
	r.state = relayTrying
	r.noRetry = r.down.reliable()
	r.backoff = t1
	r.giveUp = w.ms + t1x64
	w.out.add(&r.down, r.req)
	due := w.ms + t1
	if r.noRetry {
		due = r.giveUp
	}
	w.e.wheel.set(&r.timer, min(due, w.tryNextAt(r)))
}

// forward passes a request inside a dialog on, from one leg to the other, and keeps a relay for it.
func (w *worker) forward(q *query, rt *routes, c *call, from int) {
	e, m, to := w.e, q.m, &c.legs[1-from].flow
	r := e.relays.take(w.secret(q.key))
	r.method, r.up, r.down, r.call, r.leg, r.within = m.Method, q.up, *to, c.id, uint8(from), true
	e.relays.index(r, q.key)
	w.patch.Reset()
	w.patchForward(m, &q.via, q.fl, rt)
	w.patch.Insert(int(m.First(sipwire.Via).Start), viaName, to.lis.via, w.branch(r.slot, r.secret, 0), viaEnd)
	r.req = w.patch.Apply(e.relays.buf(), m.Raw)
	w.send(r)
}
