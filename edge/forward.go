package edge

import (
	"bytes"
	"hash/maphash"

	"tsujiban"
	"tsujiban/sipwire"
)

// build writes the INVITE of a new call as it goes to r.down, whose URI host is target,
// into r.req (RFC 3261 §16.6). m is the INVITE as it came.
func (w *worker) build(r *relay, c *call, m *sipwire.Message, v *sipwire.ViaValue, rt *routes, target []byte) {
	p := &w.patch
	p.Reset()
	w.patchForward(m, v, &r.up, rt)
	w.patchURI(m, target)
	if c.direction == tsujiban.Out {
		// Hints at other callers than the one that was judged stay here.
		for _, k := range []sipwire.Kind{sipwire.RemotePartyID, sipwire.PPreferredIdentity} {
			for h := m.First(k); h != nil; h = m.Next(h) {
				p.Delete(int(h.Start), int(h.Next))
			}
		}
	}
	at := int(m.First(sipwire.Via).Start)
	p.Insert(at, viaName, r.down.lis.via, w.branch(r.slot, r.secret, w.loopHash(m, &r.up)), viaEnd)
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

var (
	rrStart = []byte("Record-Route: <sip:")
	rrMid   = []byte(";lr;tj=")
	rrEnd   = []byte(">\r\n")
)

// patchURI points the Request-URI at the next hop. The user part stays as it was written, for that
// is what was judged; parameters that could lead elsewhere (maddr, transport) go.
func (w *worker) patchURI(m *sipwire.Message, target []byte) {
	uri := m.RequestURI()
	u, err := sipwire.ParseURI(uri)
	if err != nil {
		return
	}
	start, end := m.URISpan()
	userPhone := []byte(nil)
	if v, err := sipwire.OneParam(u.Params, "user"); u.IsTel() || err == nil && sipwire.EqualFold(v, "phone") {
		userPhone = []byte(";user=phone")
	}
	w.patch.Replace(start, end, []byte("sip:"), u.User, []byte("@"), target, userPhone)
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

// send sends a held INVITE, or one for the next carrier.
func (w *worker) send(r *relay) {
	e := w.e
	r.state = relayTrying
	r.noRetry = r.down.reliable()
	r.backoff = t1
	r.giveUp = w.ms + t1x64
	w.out.add(&r.down, r.req)
	due := w.ms + t1
	if r.noRetry {
		due = r.giveUp
	}
	if r.setup != nil && r.setup.carriers != nil && len(r.setup.tried) < len(r.setup.carriers.list) {
		due = min(due, w.ms+e.opt.TryNext.Milliseconds())
	}
	e.wheel.set(&r.timer, due)
}

// forward passes a request inside a dialog on and keeps a relay for it.
func (w *worker) forward(m *sipwire.Message, v *sipwire.ViaValue, up, fl *flow, key txnKey, rt *routes, c *call, to *flow) *relay {
	e := w.e
	r := e.relays.take(w.secret(key))
	r.method, r.up, r.down = m.Method, *up, *to
	if c != nil {
		r.call = c.id
	}
	e.relays.index(r, key)
	w.patch.Reset()
	w.patchForward(m, v, fl, rt)
	w.patch.Insert(int(m.First(sipwire.Via).Start), viaName, to.lis.via, w.branch(r.slot, r.secret, 0), viaEnd)
	r.req = w.patch.Apply(e.relays.buf(), m.Raw)
	w.send(r)
	return r
}

// appendRoutes collects the values of Record-Route headers that are not ours into a Route value.
// With part given, only those before (true) or behind (false) the first value of ours, for the
// proxies of one side; reversed turns their order round.
func (w *worker) appendRoutes(dst []byte, m *sipwire.Message, reversed bool, before *bool) []byte {
	var vals [16][]byte
	n, seen := 0, false
	for h := m.First(sipwire.RecordRoute); h != nil; h = m.Next(h) {
		for val := m.Value(h); len(val) > 0 && n < len(vals); {
			a, err := sipwire.ParseAddress(val)
			if err != nil {
				break
			}
			var rt routes
			switch {
			case w.readOurs(a.URI, &rt):
				seen = true
			case before == nil || *before != seen:
				vals[n] = bytes.TrimSpace(val[:a.Len])
				n++
			}
			if !a.More {
				break
			}
			val = val[a.Len+1:]
		}
	}
	for i := range n {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		if reversed {
			dst = append(dst, vals[n-1-i]...)
		} else {
			dst = append(dst, vals[i]...)
		}
	}
	return dst
}
