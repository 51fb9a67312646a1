package loadgen

import (
	"bytes"
	"net/netip"
	"time"
)

// atCarrier takes a message that reached the carrier.
func (g *Generator) atCarrier(m *message, src *sockaddr) {
	if m.status != 0 {
		g.res.Faults["response at the carrier"]++
		return
	}
	if m.method == methodOptions {
		g.reply(g.carrier, m, src)
		return
	}
	c, stale := g.lookup(m)
	if c == nil {
		g.res.Faults["request of no call at the carrier"]++
		return
	}
	switch m.method {
	case methodInvite:
		g.inviteAtCarrier(c, stale, m, src)
	case methodAck:
		g.ackAtCarrier(c, stale)
	case methodBye:
		g.byeAtCarrier(c, stale, m, src)
	default:
		g.res.Faults["unexpected request at the carrier"]++
	}
}

// inviteAtCarrier rings and answers.
func (g *Generator) inviteAtCarrier(c *call, stale bool, m *message, src *sockaddr) {
	if stale || c.far != unseen {
		g.res.Repeated.Received++
		if !stale && c.far == answered {
			g.send(g.carrier, append(g.carrier.next(), c.answer...), &c.answerTo)
		}
		return
	}
	if g.counting {
		g.setup.add(time.Duration(g.now - c.sent))
	}
	if !bytes.Equal(m.body, g.offer) {
		g.res.Faults["body of the INVITE was changed"]++
	}
	if m.routes > 0 {
		g.res.Faults["Route in an INVITE at the carrier"]++
	}
	to := backTo(m, src)
	b := appendResponse(g.carrier.next(), m, "180 Ringing", src, c.number)
	g.send(g.carrier, append(b, g.ringing...), to)
	c.answer = append(appendResponse(c.answer[:0], m, "200 OK", src, c.number), g.answer...)
	c.answerTo = *to
	c.far, c.farAgain, c.farPause = answered, g.now+half, half
	g.send(g.carrier, append(g.carrier.next(), c.answer...), to)
}

func (g *Generator) ackAtCarrier(c *call, stale bool) {
	switch {
	case stale: // its BYE was faster, and that was counted
	case c.far == answered:
		c.far = acked
	case c.far == acked:
		g.res.Repeated.Received++
	}
}

// byeAtCarrier answers a BYE, and notes whether the ACK was there before it.
func (g *Generator) byeAtCarrier(c *call, stale bool, m *message, src *sockaddr) {
	if !bytes.Equal(m.uri, g.target) {
		g.res.Faults["Request-URI of a BYE is not the carrier's Contact"]++
	}
	if m.routes > 0 {
		g.res.Faults["Route in a BYE at the carrier"]++
	}
	switch {
	case stale || c.far == gone:
		g.res.Repeated.Received++
	case c.far == answered:
		g.res.Order.ByeBeforeAck++
	}
	if !stale {
		c.far = gone
	}
	g.reply(g.carrier, m, src)
}

// backTo is where the response to a request goes: to where it came from, at the
// port of the topmost Via unless that has an rport (RFC 3261 §18.2.2, RFC 3581 §4).
func backTo(m *message, src *sockaddr) *sockaddr {
	via := m.vias[0]
	if bytes.Contains(via, rport) {
		return src
	}
	sentBy := via
	if space := bytes.LastIndexByte(bytes.TrimRight(cut(via, ';'), " "), ' '); space >= 0 {
		sentBy = via[space+1:]
	}
	sentBy = bytes.TrimSpace(cut(sentBy, ';'))
	port := uint64(5060)
	if colon := bytes.LastIndexByte(sentBy, ':'); colon >= 0 && bytes.IndexByte(sentBy[colon:], ']') < 0 {
		n, ok := decimal(sentBy[colon+1:])
		if !ok || n > 65535 {
			return src
		}
		port = uint64(n)
	}
	from := src.addrPort()
	if uint64(from.Port()) == port {
		return src
	}
	at := sockaddrOf(netip.AddrPortFrom(from.Addr(), uint16(port)))
	return &at
}

func cut(text []byte, at byte) []byte {
	if i := bytes.IndexByte(text, at); i >= 0 {
		return text[:i]
	}
	return text
}
