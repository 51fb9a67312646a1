package app

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// phone speaks SIP by hand over one UDP socket: enough of a PBX or a carrier to see what
// the program does on the wire.
type phone struct {
	t     *testing.T
	conn  *net.UDPConn
	count int
}

func newPhone(t *testing.T) *phone {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	})
	return &phone{t: t, conn: conn}
}

func (p *phone) addr() string { return p.conn.LocalAddr().String() }

func (p *phone) send(to netip.AddrPort, lines ...string) {
	p.t.Helper()
	text := strings.Join(lines, "\r\n") + "\r\nContent-Length: 0\r\n\r\n"
	if _, err := p.conn.WriteToUDPAddrPort([]byte(text), to); err != nil {
		p.t.Fatal(err)
	}
}

// message is what came in.
type message struct {
	first string
	lines []string
	from  netip.AddrPort
}

// all returns the header lines of a name, as they came.
func (m *message) all(name string) []string {
	var out []string
	for _, l := range m.lines {
		if n, _, ok := strings.Cut(l, ":"); ok && strings.EqualFold(n, name) {
			out = append(out, l)
		}
	}
	return out
}

// value is the value of a header that stands once.
func (m *message) value(name string) string {
	for _, l := range m.all(name) {
		_, v, _ := strings.Cut(l, ":")
		return strings.TrimSpace(v)
	}
	return ""
}

// expect returns the next message whose first line begins so; what comes between is passed over.
func (p *phone) expect(first string) *message {
	p.t.Helper()
	buf := make([]byte, 65536)
	if err := p.conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		p.t.Fatal(err)
	}
	for {
		n, from, err := p.conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			p.t.Fatalf("%s: waiting for %q: %v", p.addr(), first, err)
		}
		head, _, _ := strings.Cut(string(buf[:n]), "\r\n\r\n")
		lines := strings.Split(head, "\r\n")
		if strings.HasPrefix(lines[0], first) {
			return &message{lines[0], lines[1:], from}
		}
	}
}

// answer answers a request with its own headers.
func (p *phone) answer(m *message, status string, more ...string) {
	p.t.Helper()
	lines := []string{"SIP/2.0 " + status}
	for _, name := range []string{"Via", "Record-Route", "From", "Call-ID", "CSeq"} {
		lines = append(lines, m.all(name)...)
	}
	to := m.all("To")[0]
	if !strings.Contains(to, ";tag=") {
		to += ";tag=callee"
	}
	p.send(m.from, append(append(lines, to), more...)...)
}

// call is a call that a phone asked for.
type call struct {
	id, branch string
	to         string
	invite     []string
}

// invite asks for a call.
func (p *phone) invite(guard netip.AddrPort, dialled, caller string) *call {
	p.count++
	c := &call{id: fmt.Sprintf("%d-%s", p.count, p.addr()), branch: fmt.Sprintf("z9hG4bK%d", p.count), to: "sip:" + dialled + "@" + guard.String()}
	c.invite = []string{
		"INVITE " + c.to + " SIP/2.0",
		"Via: SIP/2.0/UDP " + p.addr() + ";branch=" + c.branch + ";rport",
		"Max-Forwards: 70",
		"From: <sip:" + caller + "@" + p.addr() + ">;tag=caller",
		"To: <" + c.to + ">",
		"Call-ID: " + c.id,
		"CSeq: 1 INVITE",
		"Contact: <sip:pbx@" + p.addr() + ">",
		"User-Agent: Test PBX",
	}
	p.send(guard, c.invite...)
	return c
}

// inside sends a request inside the dialog that an answer made.
func (p *phone) inside(guard netip.AddrPort, c *call, ok *message, method string, cseq int) {
	target := strings.Trim(ok.value("Contact"), "<>")
	lines := []string{
		method + " " + target + " SIP/2.0",
		fmt.Sprintf("Via: SIP/2.0/UDP %s;branch=%s%s;rport", p.addr(), c.branch, method),
		"Max-Forwards: 70",
		c.invite[3],
		ok.all("To")[0],
		"Call-ID: " + c.id,
		fmt.Sprintf("CSeq: %d %s", cseq, method),
	}
	routes := ok.all("Record-Route")
	for i := len(routes) - 1; i >= 0; i-- {
		lines = append(lines, strings.Replace(routes[i], "Record-Route", "Route", 1))
	}
	p.send(guard, lines...)
}

// talkTo sets a call up between two phones through the guard and returns it with its answer.
func (p *phone) talkTo(guard netip.AddrPort, carrier *phone, dialled string) (*call, *message, *message) {
	p.t.Helper()
	c := p.invite(guard, dialled, "0925551234")
	in := carrier.expect("INVITE ")
	carrier.answer(in, "180 Ringing")
	p.expect("SIP/2.0 180")
	carrier.answer(in, "200 OK", "Contact: <sip:carrier@"+carrier.addr()+">")
	ok := p.expect("SIP/2.0 200")
	p.inside(guard, c, ok, "ACK", 1)
	carrier.expect("ACK ")
	return c, ok, in
}
