package consoletest

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
)

// Carrier answers every call, and talks until somebody hangs up.
type Carrier struct{ sip }

// PBX asks for calls and keeps them up.
type PBX struct {
	sip
	guard netip.AddrPort
	count int
	Agent string // what it says that it is, when not "Test PBX"
}

// sip is a UDP socket that answers messages by hand: enough of SIP to have calls.
type sip struct {
	t    testing.TB
	conn *net.UDPConn
	done sync.WaitGroup
}

func (p *sip) open(t testing.TB, on func(from netip.AddrPort, lines []string)) {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	p.t, p.conn = t, conn
	p.done.Go(func() {
		buf := make([]byte, 65536)
		for {
			n, from, err := conn.ReadFromUDPAddrPort(buf)
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err == nil {
				head, _, _ := strings.Cut(string(buf[:n]), "\r\n\r\n")
				on(from, strings.Split(head, "\r\n"))
			}
		}
	})
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
		p.done.Wait()
	})
}

// Addr is where the phone is.
func (p *sip) Addr() string { return p.conn.LocalAddr().String() }

// send sends a message; one that is lost at the end of a test is nobody's loss.
func (p *sip) send(to netip.AddrPort, lines ...string) {
	_, _ = p.conn.WriteToUDPAddrPort([]byte(strings.Join(lines, "\r\n")+"\r\nContent-Length: 0\r\n\r\n"), to)
}

func all(lines []string, names ...string) (out []string) {
	for _, name := range names {
		for _, l := range lines {
			if n, _, ok := strings.Cut(l, ":"); ok && strings.EqualFold(n, name) {
				out = append(out, l)
			}
		}
	}
	return out
}

func value(lines []string, name string) string {
	for _, l := range all(lines, name) {
		_, v, _ := strings.Cut(l, ":")
		return strings.TrimSpace(v)
	}
	return ""
}

func (p *sip) answer(to netip.AddrPort, lines []string, status string, more ...string) {
	out := append([]string{"SIP/2.0 " + status}, all(lines, "Via", "Record-Route", "From", "Call-ID", "CSeq")...)
	callee := "To: " + value(lines, "To")
	if !strings.Contains(callee, ";tag=") {
		callee += ";tag=callee"
	}
	p.send(to, append(append(out, callee), more...)...)
}

func newCarrier(t testing.TB) *Carrier {
	c := &Carrier{}
	c.open(t, func(from netip.AddrPort, lines []string) {
		switch method, _, _ := strings.Cut(lines[0], " "); method {
		case "INVITE":
			c.answer(from, lines, "180 Ringing")
			c.answer(from, lines, "200 OK", "Contact: <sip:carrier@"+c.Addr()+">")
		case "BYE", "OPTIONS", "CANCEL":
			c.answer(from, lines, "200 OK")
		}
	})
	return c
}

func newPBX(t testing.TB, guard netip.AddrPort) *PBX {
	p := &PBX{guard: guard}
	p.open(t, func(from netip.AddrPort, lines []string) {
		switch {
		case strings.HasPrefix(lines[0], "SIP/2.0 2") && strings.HasSuffix(value(lines, "CSeq"), "INVITE"):
			p.ack(lines)
		case strings.HasPrefix(lines[0], "SIP/2.0 1"), strings.HasPrefix(lines[0], "SIP/2.0 2"), strings.HasPrefix(lines[0], "ACK"):
		case strings.HasPrefix(lines[0], "SIP/2.0"):
			via := all(lines, "Via")[0]
			p.send(guard, "ACK sip:x@"+guard.String()+" SIP/2.0", via, "Max-Forwards: 70", all(lines, "From")[0], all(lines, "To")[0], all(lines, "Call-ID")[0], "CSeq: 1 ACK")
		default:
			p.answer(from, lines, "200 OK")
		}
	})
	return p
}

func (p *PBX) ack(lines []string) {
	out := []string{
		"ACK " + strings.Trim(value(lines, "Contact"), "<>") + " SIP/2.0", "Via: SIP/2.0/UDP " + p.Addr() + ";branch=z9hG4bKack" + value(lines, "Call-ID") + ";rport",
		"Max-Forwards: 70", all(lines, "From")[0], all(lines, "To")[0], all(lines, "Call-ID")[0], "CSeq: 1 ACK",
	}
	routes := all(lines, "Record-Route")
	for i := len(routes) - 1; i >= 0; i-- {
		out = append(out, strings.Replace(routes[i], "Record-Route", "Route", 1))
	}
	p.send(p.guard, out...)
}

// Invite is what a PBX, or whoever took it over, writes into a request for a call. What is empty is as an honest PBX has it.
type Invite struct{ Dialled, From, Agent, Contact, ID string }

// Call asks for a call and does not wait for what becomes of it.
func (p *PBX) Call(dialled string) { p.Send(Invite{Dialled: dialled}) }

// Send asks for a call in words of one's own.
func (p *PBX) Send(i Invite) {
	p.count++
	to := "sip:" + i.Dialled + "@" + p.guard.String()
	p.send(p.guard,
		"INVITE "+to+" SIP/2.0",
		fmt.Sprintf("Via: SIP/2.0/UDP %s;branch=z9hG4bK%d;rport", p.Addr(), p.count),
		"Max-Forwards: 70", "From: "+cmp.Or(i.From, "<sip:0925551234@"+p.Addr()+">")+";tag=caller", "To: <"+to+">",
		"Call-ID: "+cmp.Or(i.ID, fmt.Sprintf("%d-%s", p.count, p.Addr())), "CSeq: 1 INVITE", "Contact: "+cmp.Or(i.Contact, "<sip:pbx@"+p.Addr()+">"), "User-Agent: "+cmp.Or(i.Agent, p.Agent, "Test PBX"))
}
