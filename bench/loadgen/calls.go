package loadgen

import (
	"bytes"
	"fmt"
	"net/netip"
	"time"
)

// state is where a call stands, as the PBX sees it.
type state uint8

const (
	idle     state = iota
	inviting       // INVITE sent
	ringing        // and a provisional response received: it is not repeated
	talking        // ACK sent
	leaving        // BYE sent
)

// far is where a call stands, as the carrier sees it.
type far uint8

const (
	unseen   far = iota
	answered     // 200 sent
	acked        // ACK received
	gone         // BYE received
)

// call is one call at both ends. Its slot is used again when it has ended.
type call struct {
	number uint64
	slot   uint32
	state  state
	far    far
	trying bool // 100 seen
	rang   bool // 180 seen

	sent  int64 // when the INVITE left
	again int64 // when the PBX repeats its request
	pause int64 // and how long it waits then

	farAgain int64 // when the carrier repeats its 200
	farPause int64

	bye      []byte // the BYE, written when the call was answered
	byeTo    sockaddr
	answer   []byte // the carrier's 200
	answerTo sockaddr
}

// invite starts a call.
func (g *Generator) invite(c *call) {
	*c = call{number: uint64(g.started), slot: c.slot, state: inviting, bye: c.bye[:0], answer: c.answer[:0]}
	c.sent, c.again, c.pause = int64(time.Since(g.began)), g.now+half, half
	g.send(g.pbx, g.appendInvite(g.pbx.next(), c), &g.proxy)
}

// lookup finds the call of a message. Stale: it has ended. Not ours: nil.
func (g *Generator) lookup(m *message) (c *call, stale bool) {
	number, slot, ok := callOf(m.callID, g.run)
	if !ok || int(slot) >= len(g.calls) {
		return nil, false
	}
	c = &g.calls[slot]
	return c, c.number != number || c.state == idle
}

// past makes what is needed of a call that has ended, to answer what comes late.
func (g *Generator) past(m *message) call {
	number, slot, _ := callOf(m.callID, g.run)
	return call{number: number, slot: slot}
}

// atPBX takes a message that reached the PBX.
func (g *Generator) atPBX(m *message, src *sockaddr) {
	if m.status == 0 {
		g.requestAtPBX(m, src)
		return
	}
	c, stale := g.lookup(m)
	switch {
	case c == nil:
		g.res.Faults["response of no call"]++
	case m.hops != 1 || !bytes.HasPrefix(m.vias[0], g.sentBy):
		g.res.Faults["response with another Via than the PBX's"]++
	case m.method == methodInvite && stale:
		g.lateAnswer(m)
	case m.method == methodInvite && m.status < 200:
		g.provisional(c, m)
	case m.method == methodInvite:
		g.final(c, m)
	case m.method == methodBye && stale:
		g.res.Repeated.Received++
	case m.method == methodBye && c.state == leaving && m.status >= 200:
		g.endBye(c, m)
	default:
		g.res.Faults["unexpected response"]++
	}
}

func (g *Generator) endBye(c *call, m *message) {
	if m.status >= 300 {
		g.end(c, fmt.Sprintf("BYE answered %d", m.status))
		return
	}
	g.end(c, "")
}

// requestAtPBX takes a request that reached the PBX. None should but OPTIONS: a
// BYE means that somebody cut the call.
func (g *Generator) requestAtPBX(m *message, src *sockaddr) {
	if m.method == methodAck {
		g.res.Faults["ACK at the PBX"]++
		return
	}
	g.reply(g.pbx, m, src)
	if m.method == methodOptions {
		return
	}
	if c, stale := g.lookup(m); m.method == methodBye && c != nil && !stale && c.state >= talking {
		g.end(c, "cut by the proxy")
		return
	}
	g.res.Faults["unexpected request at the PBX"]++
}

// reply answers a request with 200 and nothing more.
func (g *Generator) reply(s *socket, m *message, src *sockaddr) {
	number, _, _ := callOf(m.callID, g.run)
	b := appendResponse(s.next(), m, "200 OK", src, number)
	g.send(s, append(b, "Content-Length: 0\r\n\r\n"...), backTo(m, src))
}

// provisional takes a 1xx to an INVITE.
func (g *Generator) provisional(c *call, m *message) {
	switch {
	case m.status == 100:
		c.trying = true
	case m.status == 180 && c.rang:
		g.res.Repeated.Received++
	case m.status == 180:
		c.rang = true
		g.ringCame(c.number)
	}
	if c.state == inviting {
		c.state = ringing
	}
}

// ringCame: a 180 that was missed at the 200 came after all.
func (g *Generator) ringCame(number uint64) {
	if _, missed := g.noRing[number]; missed {
		delete(g.noRing, number)
		g.res.Order.RingAfterAnswer++
	}
}

// final takes a final response to an INVITE.
func (g *Generator) final(c *call, m *message) {
	switch {
	case m.status >= 300 && c.state <= ringing:
		g.send(g.pbx, g.appendRefusedACK(g.pbx.next(), c, m), &g.proxy)
		g.end(c, g.refusal(c, m.status))
	case m.status >= 300:
		g.res.Faults["refused after the answer"]++
	case c.state > ringing: // the carrier did not get our ACK
		g.res.Repeated.Received++
		g.acknowledge(c, m)
	case len(g.cfg.Refused) > 0:
		g.res.Faults["answered, and should have been refused"]++
		g.answered(c, m)
	default:
		g.answered(c, m)
	}
}

// refusal is why a refused call failed, or "" when it was to be refused so.
func (g *Generator) refusal(c *call, status int) string {
	for _, expected := range g.cfg.Refused {
		if status == expected {
			if g.counting {
				g.delay.add(time.Duration(g.now - c.sent))
			}
			return ""
		}
	}
	return fmt.Sprintf("INVITE answered %d", status)
}

// answered sends ACK, and BYE at once or later.
func (g *Generator) answered(c *call, m *message) {
	if g.counting {
		g.delay.add(time.Duration(g.now - c.sent))
	}
	if !c.rang {
		g.noRing[c.number] = struct{}{}
	}
	if !c.trying {
		g.res.NoTrying++
	}
	c.state = talking
	if !g.acknowledge(c, m) {
		g.end(c, "200 without a route that can be followed")
		return
	}
	c.bye, _ = g.appendInDialog(c.bye[:0], c, m, "BYE", "103 BYE", 'b')
	c.byeTo = g.hop
	if g.cfg.Talk > 0 {
		c.again = g.now + giveUp + int64(g.cfg.Talk)
		g.dueBye.push(ending{g.now + int64(g.cfg.Talk), c.number, c.slot})
		return
	}
	g.sayBye(c)
}

// acknowledge sends the ACK of a 2xx; false: there is nowhere to send it to.
func (g *Generator) acknowledge(c *call, m *message) bool {
	b, next := g.appendInDialog(g.pbx.next(), c, m, "ACK", "102 ACK", 'a')
	if !g.resolve(next) {
		g.res.Faults["Record-Route or Contact is no address"]++
		return false
	}
	g.send(g.pbx, b, &g.hop)
	return true
}

func (g *Generator) sayBye(c *call) {
	c.state = leaving
	c.again, c.pause = g.now+half, half
	g.send(g.pbx, append(g.pbx.next(), c.bye...), &c.byeTo)
}

// hangUp sends the BYEs that are due.
func (g *Generator) hangUp() {
	for {
		next, ok := g.dueBye.peek()
		if !ok || next.at > g.now {
			return
		}
		g.dueBye.pop()
		if c := &g.calls[next.slot]; c.number == next.number && c.state == talking {
			g.sayBye(c)
		}
	}
}

// lateAnswer takes a response to the INVITE of a call that has ended.
func (g *Generator) lateAnswer(m *message) {
	c := g.past(m)
	switch {
	case m.status == 180:
		if _, missed := g.noRing[c.number]; !missed {
			g.res.Repeated.Received++
		}
		g.ringCame(c.number)
	case m.status >= 300:
		g.res.Repeated.Received++
		g.send(g.pbx, g.appendRefusedACK(g.pbx.next(), &c, m), &g.proxy)
	case m.status >= 200:
		g.res.Repeated.Received++
		g.acknowledge(&c, m)
	}
}

// resolve makes g.hop the address of a URI whose host is an IP address.
func (g *Generator) resolve(uri []byte) bool {
	if bytes.Equal(uri, g.hopText) {
		return len(uri) > 0
	}
	at, ok := addressOf(uri)
	if !ok {
		return false
	}
	g.hop = sockaddrOf(at)
	g.hopText = append(g.hopText[:0], uri...)
	return true
}

// addressOf reads host and port of a sip URI; the port is 5060 by default.
func addressOf(uri []byte) (netip.AddrPort, bool) {
	rest, ok := bytes.CutPrefix(uri, []byte("sip:"))
	if !ok {
		return netip.AddrPort{}, false
	}
	if end := bytes.IndexAny(rest, ";?"); end >= 0 {
		rest = rest[:end]
	}
	rest = rest[bytes.LastIndexByte(rest, '@')+1:]
	if at, err := netip.ParseAddrPort(string(rest)); err == nil {
		return at, true
	}
	host, err := netip.ParseAddr(string(bytes.Trim(rest, "[]")))
	return netip.AddrPortFrom(host, 5060), err == nil
}
