package edge

import (
	"hash/maphash"
	"net/netip"
	"strconv"

	"tsujiban/sipwire"
)

// upstream is where the responses to a request go (RFC 3261 §18.2.2, RFC 3581 §4): over the connection
// that it came on, and to the sender's own port when that is closed.
func upstream(fl *flow, v *sipwire.ViaValue) flow {
	up := *fl
	if v.RPort && !fl.lis.reliable() {
		return up
	}
	port := v.Port
	if port == 0 {
		port = defaultPort(fl.lis.transport)
	}
	up.addr = netip.AddrPortFrom(fl.addr.Addr(), port)
	return up
}

// patchVia puts received and rport into the sender's Via, when they say something that it does not.
func (w *worker) patchVia(p *sipwire.Patch, m *sipwire.Message, v *sipwire.ViaValue, fl *flow) {
	h := m.First(sipwire.Via)
	if v.RPort {
		w.text = append(w.text[:0], '=')
		w.text = strconv.AppendUint(w.text, uint64(fl.addr.Port()), 10)
		p.Insert(int(h.Value)+v.RPortEnd, w.text)
	}
	switch {
	case len(v.Received) > 0: // what the sender claims there is overwritten
		w.text = fl.addr.Addr().AppendTo(w.text[:0])
		at := int(h.Value) + v.ReceivedAt
		p.Replace(at, at+len(v.Received), w.text)
	case v.RPort || !sameHost(v.Host, fl.addr.Addr()):
		w.text = append(w.text[:0], ";received="...)
		w.text = fl.addr.Addr().AppendTo(w.text)
		end := int(h.Value) + v.Len
		for m.Raw[end-1] == ' ' || m.Raw[end-1] == '\t' {
			end--
		}
		p.Insert(end, w.text)
	}
}

func sameHost(host []byte, a netip.Addr) bool {
	var buf [48]byte
	s := a.AppendTo(buf[:0])
	if len(host) > 2 && host[0] == '[' {
		host = host[1 : len(host)-1]
	}
	return string(host) == string(s)
}

// reply sends a response of our own to a request and returns its bytes, valid until the
// worker's end. extra is whole header lines.
func (w *worker) reply(q *query, status int, phrase string, extra []byte) []byte {
	return w.respond(q.m, &q.via, &q.up, q.fl, status, phrase, extra)
}

// respond is reply to a request that is kept. fl is where it came from, nil when its Via already says so. The
// To tag is made of the request, so that repeats get the same one and nothing has to be kept.
func (w *worker) respond(m *sipwire.Message, v *sipwire.ViaValue, up, fl *flow, status int, phrase string, extra []byte) []byte {
	w.e.stats.replies[status/100].Add(1)
	b := append(w.out.begin(), "SIP/2.0 "...)
	b = strconv.AppendInt(b, int64(status), 10)
	b = append(append(append(b, ' '), phrase...), crlf...)
	for h := m.First(sipwire.Via); h != nil; h = m.Next(h) {
		b = append(b, "Via: "...)
		if fl != nil {
			w.patch.Reset()
			w.patchVia(&w.patch, m, v, fl)
			b = w.patch.ApplySpan(b, m.Raw, int(h.Value), int(h.Stop))
			fl = nil // the sender's own is the first
		} else {
			b = append(b, m.Value(h)...)
		}
		b = append(b, crlf...)
	}
	b = appendLine(b, "From: ", m.Get(sipwire.From))
	to := m.Get(sipwire.To)
	b = append(append(b, "To: "...), to...)
	if status > 100 && !hasTag(to) {
		b = w.e.appendTag(append(b, ";tag="...), m)
	}
	b = append(b, crlf...)
	b = appendLine(b, "Call-ID: ", m.Get(sipwire.CallID))
	b = appendLine(b, "CSeq: ", m.Get(sipwire.CSeq))
	if status > 100 {
		b = append(b, w.e.server...)
	}
	b = append(b, extra...)
	b = append(b, "Content-Length: 0\r\n\r\n"...)
	return w.out.commit(up, b)
}

func hasTag(to []byte) bool {
	a, err := sipwire.ParseAddress(to)
	if err != nil {
		return true // nothing may be put behind it
	}
	t, err := a.Tag()
	return t != nil || err != nil
}

// ourTag starts the To tags of our own responses, so that their ACKs are known.
const ourTag = "tjg"

func (e *Edge) appendTag(b []byte, m *sipwire.Message) []byte {
	b = append(b, ourTag...)
	h := maphash.Bytes(e.relays.seedA, m.Get(sipwire.CallID)) ^ maphash.Bytes(e.relays.seedB, m.Get(sipwire.From))
	b = append32(b, uint32(h))
	return append32(b, uint32(h>>32))
}
