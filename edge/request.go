package edge

import (
	"bytes"
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

const allow = "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER\r\n"

// request sorts a request: a repeat, one inside a dialog, or the start of something.
func (w *worker) request(m *sipwire.Message, fl *flow, who party) {
	e := w.e
	v, err := sipwire.ParseVia(m.Get(sipwire.Via))
	if err != nil {
		w.garbage(m, fl, who, err)
		return
	}
	up := upstream(fl, &v)
	switch m.Method {
	case sipwire.ACK:
		w.ack(m, &v, fl)
		return
	case sipwire.CANCEL:
		w.cancel(m, &v, &up, fl)
		return
	}
	key := w.keyOf(m, &v, m.Method)
	if r := e.relays.lookup(key); r != nil {
		w.repeat(r)
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
		w.inDialog(m, &v, &up, fl, key)
		return
	}
	if !who.known() && m.Method != sipwire.INVITE && m.Method != sipwire.REGISTER {
		e.refuse(w, fl, tsujiban.RefusedUnknownSource, m)
		return
	}
	if h := m.First(sipwire.MaxForwards); h != nil && string(m.Value(h)) == "0" && m.Method != sipwire.OPTIONS {
		w.reply(m, &v, &up, fl, 483, "Too Many Hops", nil)
		return
	}
	if m.Has(sipwire.ProxyRequire) {
		w.reply(m, &v, &up, fl, 420, "Bad Extension", append(append([]byte("Unsupported: "), m.Get(sipwire.ProxyRequire)...), crlf...))
		return
	}
	switch m.Method {
	case sipwire.INVITE:
		w.invite(m, &v, &up, fl, key, who)
	case sipwire.REGISTER:
		w.register(m, &v, &up, fl, key, who)
	case sipwire.OPTIONS:
		w.reply(m, &v, &up, fl, 200, "OK", []byte(allow))
	default:
		// MESSAGE, REFER, SUBSCRIBE … outside a dialog could make the carrier act where
		// the guard does not look.
		w.reply(m, &v, &up, fl, 405, "Method Not Allowed", []byte(allow))
	}
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

// repeat answers a request that came again with what it was answered before.
func (w *worker) repeat(r *relay) {
	w.e.stats.repeatsIn.Add(1)
	if r.resp != nil && r.state != relayConfirmed {
		w.out.add(&r.up, r.resp)
	}
}

// ack passes the ACK of a 2xx on, and takes in the one of a refusal (RFC 3261 §17.1.1.3).
func (w *worker) ack(m *sipwire.Message, v *sipwire.ViaValue, fl *flow) {
	e := w.e
	if r := e.relays.lookup(w.keyOf(m, v, sipwire.INVITE)); r != nil && r.state != relayAccepted {
		if r.state == relayCompleted {
			r.state = relayConfirmed
			r.resp = nil
			if r.down.lis == nil || r.giveUp-w.ms < t4 { // nothing downstream to wait for
				r.giveUp = w.ms + t4
			}
			e.wheel.set(&r.timer, r.giveUp)
		}
		return
	}
	rt := w.ourRoutes(m)
	c := e.calls.byID[rt.call]
	if c == nil || !rt.ours {
		// To one of our own answers, or to a call that is over: it ends here. An ACK that
		// names us and nothing else would only come back.
		e.stats.ackAbsorbed.Add(1)
		return
	}
	from, ok := c.side(m, fl)
	if !ok {
		e.refuse(w, fl, tsujiban.RefusedSpoof, m)
		return
	}
	to := &c.legs[1-from].flow
	if to.lis == nil {
		return
	}
	w.patch.Reset()
	w.patchForward(m, v, fl, &rt)
	branch := w.branch(0, 0, uint32(w.keyOf(m, v, sipwire.ACK).a))
	w.patch.Insert(int(m.First(sipwire.Via).Start), viaName, to.lis.via, branch, viaEnd)
	w.out.commit(to, w.patch.Apply(w.out.begin(), m.Raw))
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
	} else if n, err := sipwire.ParseUint(m.Value(h), 255); err != nil || n == 0 || n > 70 {
		w.patch.Replace(int(h.Value), int(h.Stop), []byte("69"))
	} else {
		w.text = strconv.AppendUint(w.text[:0], n-1, 10)
		w.patch.Replace(int(h.Value), int(h.Stop), w.text)
	}
	for _, s := range rt.spans[:rt.n] {
		w.patch.Delete(s[0], s[1])
	}
}

// routes is what the Route headers of a request say.
type routes struct {
	ours    bool            // the first value is ours
	foreign bool            // values of others follow
	call    tsujiban.CallID // in our value, 0 when there is none
	phone   uint64          // likewise: the phone that a Path of ours leads to
	n       int
	spans   [2][2]int // what to cut
}

// ourRoutes reads the Route values from the first up to the first that is not ours: one, or two
// when the call goes from one listener to another (RFC 5658).
func (w *worker) ourRoutes(m *sipwire.Message) (rt routes) {
	for h := m.First(sipwire.Route); h != nil; h = m.Next(h) {
		val := m.Value(h)
		for off := 0; off < len(val); {
			a, err := sipwire.ParseAddress(val[off:])
			if err != nil || rt.n == len(rt.spans) || !w.readOurs(a.URI, &rt) {
				rt.foreign = true
				return rt
			}
			rt.ours = true
			end := off + a.Len
			switch {
			case a.More:
				end++
				rt.cut(int(h.Value)+off, int(h.Value)+end)
			case off == 0:
				rt.cut(int(h.Start), int(h.Next))
			default: // the last of several: the whole line goes, with what was cut before
				rt.n--
				rt.cut(int(h.Start), int(h.Next))
			}
			off = end
		}
	}
	return rt
}

func (rt *routes) cut(start, end int) {
	rt.spans[rt.n] = [2]int{start, end}
	rt.n++
}

// readOurs tells whether a URI names one of our listeners and reads the call in it.
func (w *worker) readOurs(uri []byte, rt *routes) bool {
	u, err := sipwire.ParseURI(uri)
	if err != nil || !w.e.isOurs(uri, &u) {
		return false
	}
	if v, err := sipwire.OneParam(u.Params, "tj"); err == nil && len(v) == 13 {
		if id, err := tsujiban.ParseCallID(v); err == nil {
			rt.call = id
		}
	} else if v, err := sipwire.OneParam(u.Params, "ph"); err == nil && len(v) == 14 {
		hi, ok1 := parse32(v[:7])
		lo, ok2 := parse32(v[7:])
		if ok1 && ok2 {
			rt.phone = uint64(hi)<<32 | uint64(lo)
		}
	}
	return true
}

func (e *Edge) isOurs(uri []byte, u *sipwire.URI) bool {
	start, end := u.HostSpan()
	for _, l := range e.listeners {
		if bytes.Equal(uri[start:end], l.host) {
			return true
		}
		if u.Port == 0 && len(l.host) > 5 && bytes.HasSuffix(l.host, []byte(":5060")) && bytes.Equal(u.Host, l.host[:len(l.host)-5]) {
			return true
		}
	}
	return false
}
