//go:build crash

package crash

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"tsujiban/interop/rig"
)

// carrier answers every call at once and remembers which it has seen: its memory is
// what the guard's records are held against.
type carrier struct {
	conn *net.UDPConn

	mu    sync.Mutex
	seen  map[string]bool // Call-IDs of INVITEs that came in
	count chan struct{}   // one for every new one, as long as there is room
}

// pbx is one customer's: it keeps some calls going and leaves a few of them up.
type pbx struct {
	customer, dial, caller string
	conn                   *net.UDPConn
	guard                  netip.AddrPort

	mu      sync.Mutex // guards all below
	left    int        // new calls that may still be started
	n       int
	kept    []*kept // calls that are left up
	refused int     // by the guard, for want of money
}

// kept is a call that is up.
type kept struct {
	id      string
	ok      *message
	from    string
	routes  []string
	contact string
}

const (
	outstanding = 12 // calls that a PBX has going at once
	mostKept    = 4
)

func listen(t *testing.T, a netip.AddrPort) *net.UDPConn {
	t.Helper()
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(a))
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// serve reads messages until the connection is closed.
func serve(t *testing.T, conn *net.UDPConn, handle func(*message)) {
	var wg sync.WaitGroup
	wg.Go(func() {
		buf := make([]byte, 65536)
		for {
			n, from, err := conn.ReadFromUDPAddrPort(buf)
			if err != nil {
				return // closed: the test is over
			}
			if m := parse(string(buf[:n]), from); m != nil {
				handle(m)
			}
		}
	})
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
		wg.Wait()
	})
}

// message is a SIP message as far as the test looks at it.
type message struct {
	first string
	lines []string
	from  netip.AddrPort
}

func parse(text string, from netip.AddrPort) *message {
	head, _, ok := strings.Cut(text, "\r\n\r\n")
	if !ok {
		return nil
	}
	lines := strings.Split(head, "\r\n")
	return &message{lines[0], lines[1:], from}
}

// all are the header lines of a name.
func (m *message) all(name string) (out []string) {
	for _, l := range m.lines {
		if n, _, ok := strings.Cut(l, ":"); ok && strings.EqualFold(n, name) {
			out = append(out, l)
		}
	}
	return out
}

func (m *message) value(name string) string {
	for _, l := range m.all(name) {
		_, v, _ := strings.Cut(l, ":")
		return strings.TrimSpace(v)
	}
	return ""
}

// send writes a message. What cannot be sent is lost, as everywhere with UDP.
func send(conn *net.UDPConn, to netip.AddrPort, lines ...string) {
	_, _ = conn.WriteToUDPAddrPort([]byte(strings.Join(lines, "\r\n")+"\r\nContent-Length: 0\r\n\r\n"), to)
}

// answer answers a request with its own headers.
func answer(conn *net.UDPConn, m *message, status string, more ...string) {
	lines := []string{"SIP/2.0 " + status}
	for _, name := range []string{"Via", "Record-Route", "From", "Call-ID", "CSeq"} {
		lines = append(lines, m.all(name)...)
	}
	to := "To: " + m.value("To")
	if !strings.Contains(to, ";tag=") {
		to += ";tag=callee"
	}
	send(conn, m.from, append(append(lines, to), more...)...)
}

func newCarrier(t *testing.T, at netip.AddrPort) *carrier {
	c := &carrier{conn: listen(t, at), seen: map[string]bool{}, count: make(chan struct{}, 4096)}
	serve(t, c.conn, c.handle)
	return c
}

func (c *carrier) handle(m *message) {
	switch {
	case strings.HasPrefix(m.first, "INVITE "):
		id := m.value("Call-ID")
		c.mu.Lock()
		again := c.seen[id]
		c.seen[id] = true
		c.mu.Unlock()
		answer(c.conn, m, "200 OK", "Contact: <sip:carrier@"+c.conn.LocalAddr().String()+">")
		if !again {
			select {
			case c.count <- struct{}{}:
			default:
			}
		}
	case strings.HasPrefix(m.first, "BYE "):
		answer(c.conn, m, "200 OK")
	}
}

// ids are the calls seen so far.
func (c *carrier) ids() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([]string, 0, len(c.seen))
	for id := range c.seen {
		out = append(out, id)
	}
	return out
}

func newPBX(t *testing.T, s *rig.Site, a netip.Addr, customer, dial, caller string) *pbx {
	p := &pbx{customer: customer, dial: dial, caller: caller, conn: listen(t, netip.AddrPortFrom(a, 0)), guard: s.UDP}
	serve(t, p.conn, p.handle)
	return p
}

// start starts so many calls, and ends half of those that were left up before.
func (p *pbx) start(calls int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.left = calls
	for _, k := range p.kept[:(len(p.kept)+1)/2] {
		p.request(k, "BYE", 2)
	}
	p.kept = p.kept[(len(p.kept)+1)/2:]
	for range outstanding {
		p.invite()
	}
}

// stop starts no further calls.
func (p *pbx) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.left = 0
}

// invite asks for a call. p.mu is held.
func (p *pbx) invite() {
	if p.left == 0 {
		return
	}
	p.left--
	p.n++
	to, local := "sip:"+p.dial+"@"+p.guard.String(), p.conn.LocalAddr().String()
	send(p.conn, p.guard,
		"INVITE "+to+" SIP/2.0",
		fmt.Sprintf("Via: SIP/2.0/UDP %s;branch=z9hG4bKi%d;rport", local, p.n),
		"Max-Forwards: 70",
		"From: <sip:"+p.caller+"@"+local+">;tag=caller",
		"To: <"+to+">",
		fmt.Sprintf("Call-ID: %s-%d@%s", p.customer, p.n, local),
		"CSeq: 1 INVITE",
		"Contact: <sip:pbx@"+local+">")
}

func (p *pbx) handle(m *message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	invite := strings.HasSuffix(m.value("CSeq"), " INVITE")
	switch {
	case strings.HasPrefix(m.first, "BYE "):
		answer(p.conn, m, "200 OK")
	case strings.HasPrefix(m.first, "SIP/2.0 200") && invite:
		p.answered(m)
	case strings.HasPrefix(m.first, "SIP/2.0 200"):
		p.invite()
	case strings.HasPrefix(m.first, "SIP/2.0 1"), !strings.HasPrefix(m.first, "SIP/2.0"):
	case invite:
		if strings.HasPrefix(m.first, "SIP/2.0 402") {
			p.refused++
		}
		send(p.conn, p.guard, append([]string{"ACK sip:" + p.dial + "@" + p.guard.String() + " SIP/2.0", "Max-Forwards: 70",
			m.all("Via")[0], m.all("From")[0], m.all("To")[0], m.all("Call-ID")[0]}, "CSeq: 1 ACK")...)
		p.invite()
	}
}

// answered acknowledges an answer; every fifth call is left up, the others end at once. p.mu is held.
func (p *pbx) answered(m *message) {
	k := &kept{id: m.value("Call-ID"), ok: m, from: m.all("From")[0], contact: strings.Trim(m.value("Contact"), "<>")}
	routes := m.all("Record-Route")
	for i := len(routes) - 1; i >= 0; i-- {
		k.routes = append(k.routes, strings.Replace(routes[i], "Record-Route", "Route", 1))
	}
	p.request(k, "ACK", 1)
	if len(p.kept) < mostKept && p.n%5 == 0 {
		p.kept = append(p.kept, k)
		p.invite()
		return
	}
	p.request(k, "BYE", 2)
}

// request sends a request inside a call. p.mu is held.
func (p *pbx) request(k *kept, method string, cseq int) {
	p.n++
	send(p.conn, p.guard, append([]string{
		method + " " + k.contact + " SIP/2.0",
		fmt.Sprintf("Via: SIP/2.0/UDP %s;branch=z9hG4bKr%d;rport", p.conn.LocalAddr(), p.n),
		"Max-Forwards: 70", k.from, k.ok.all("To")[0], "Call-ID: " + k.id, fmt.Sprintf("CSeq: %d %s", cseq, method),
	}, k.routes...)...)
}
