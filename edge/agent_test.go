package edge

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// patience is how long a test waits for a message before it fails.
const patience = 10 * time.Second

// agent is a PBX, phone or carrier of the tests: a socket and the dialogs over it.
type agent struct {
	lab     *lab
	name    string
	network string // "udp", "tcp", "tls"
	addr    string
	udp     *net.UDPConn
	ln      net.Listener
	conn    net.Conn
	in      *bufio.Reader
	tls     *tls.Config
	dialogs map[string]*dialog
	seen    map[string]int // what came, with the count of clock moves at that time
	inbox   []*message     // read while something else was waited for
	sent    map[string]*message
	from    string // where the last message came from
}

// dialog is a call as one of its sides knows it (RFC 3261 §12).
type dialog struct {
	callID, local, remote, target string
	routes                        []string
	cseq                          int
	invite                        *message // the last INVITE, sent or received
	mine                          bool     // the last INVITE was sent by this side
	requests                      map[string]*message
	final                         *message // the last final response to an INVITE of this side
}

// agent returns the agent with that name, made at its first use.
func (l *lab) agent(name, network string) *agent {
	l.t.Helper()
	if a := l.agents[name]; a != nil {
		return a
	}
	ip := labIP[strings.TrimRight(name, "'")]
	if ip == "" {
		l.t.Fatalf("no agent is called %q", name)
	}
	a := &agent{lab: l, name: name, network: network, dialogs: map[string]*dialog{}, seen: map[string]int{}, sent: map[string]*message{}}
	switch network {
	case "udp":
		a.udp = listenAgent(l.t, ip)
		a.addr = a.udp.LocalAddr().String()
	default:
		a.ln = listenStream(l.t, ip)
		a.addr = a.ln.Addr().String()
	}
	if network == "tls" {
		a.tls = l.ca.client("", "127.0.0.1")
	}
	l.agents[name] = a
	return a
}

func (a *agent) close() {
	for _, c := range []io.Closer{a.udp, a.ln, a.conn} {
		switch v := c.(type) {
		case *net.UDPConn:
			if v != nil {
				_ = v.Close()
			}
		case net.Listener:
			_ = v.Close()
		case net.Conn:
			_ = v.Close()
		}
	}
}

// sendTo writes a message: a datagram, or on the agent's connection, made at first use.
func (a *agent) sendTo(addr string, m *message) { a.write(addr, m.String()) }

func (a *agent) write(addr, raw string) {
	a.lab.t.Helper()
	var err error
	if a.udp != nil {
		to, rerr := net.ResolveUDPAddr("udp", addr)
		_, err = a.udp.WriteToUDP([]byte(raw), to)
		err = errors.Join(rerr, err)
	} else {
		a.connect(addr)
		_, err = io.WriteString(a.conn, raw)
	}
	if err != nil {
		a.lab.fatalf("%s sends to %s: %v", a.name, addr, err)
	}
}

func (a *agent) connect(addr string) {
	if a.conn != nil {
		return
	}
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: a.ln.Addr().(*net.TCPAddr).IP}}
	c, err := d.Dial("tcp", addr)
	if err != nil {
		a.lab.fatalf("%s connects to %s: %v", a.name, addr, err)
	}
	if a.network == "tls" {
		c = tls.Client(c, a.tls)
	}
	a.conn, a.in = c, bufio.NewReader(c)
}

// read takes the next message, whatever it is.
func (a *agent) read() *message {
	a.lab.t.Helper()
	if len(a.inbox) > 0 {
		m := a.inbox[0]
		a.inbox = a.inbox[1:]
		return m
	}
	raw, err := a.readRaw(patience)
	if err != nil {
		a.lab.fatalf("%s waits for a message: %v", a.name, err)
	}
	m, err := parseMessage(raw)
	if err != nil {
		a.lab.fatalf("%s: %v", a.name, err)
	}
	m.from = a.from
	return m
}

func (a *agent) readRaw(wait time.Duration) (string, error) {
	if a.udp != nil {
		buf := make([]byte, 70_000)
		if err := a.udp.SetReadDeadline(time.Now().Add(wait)); err != nil {
			return "", err
		}
		n, from, err := a.udp.ReadFromUDP(buf)
		a.from = from.String()
		return string(buf[:n]), err
	}
	if a.conn == nil {
		if err := a.ln.(*net.TCPListener).SetDeadline(time.Now().Add(wait)); err != nil {
			return "", err
		}
		c, err := a.ln.Accept()
		if err != nil {
			return "", err
		}
		if a.network == "tls" {
			c = tls.Server(c, a.tls)
		}
		a.conn, a.in = c, bufio.NewReader(c)
	}
	if err := a.conn.SetReadDeadline(time.Now().Add(wait)); err != nil {
		return "", err
	}
	return readFrame(a.in)
}

// readFrame takes one message off a stream (RFC 3261 §18.3).
func readFrame(in *bufio.Reader) (string, error) {
	var b strings.Builder
	length := 0
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return b.String(), err
		}
		if line == "\r\n" && b.Len() == 0 {
			continue // keep-alive
		}
		b.WriteString(line)
		if name, v, ok := strings.Cut(line, ":"); ok && strings.EqualFold(name, "Content-Length") {
			if length, err = strconv.Atoi(strings.TrimSpace(v)); err != nil {
				return b.String(), err
			}
		}
		if line == "\r\n" {
			break
		}
	}
	body := make([]byte, length)
	_, err := io.ReadFull(in, body)
	return b.String() + string(body), err
}

// receive takes the next message that is no mere repeat. A repeat is passed over only when
// the clock was moved since; otherwise somebody sent twice what he should send once.
func (a *agent) receive() *message {
	a.lab.t.Helper()
	for {
		m := a.read()
		at, again := a.seen[m.raw]
		if !again {
			a.seen[m.raw] = a.lab.moved
			return m
		}
		if at == a.lab.moved && a.lab.lastMove < time.Second {
			a.lab.fatalf("%s got twice at the same instant:\n%s", a.name, m.raw)
		}
	}
}

// repeat takes the next message, which must be one that came before.
func (a *agent) repeat() *message {
	a.lab.t.Helper()
	m := a.read()
	if _, again := a.seen[m.raw]; !again {
		a.lab.fatalf("%s waits for a repeat and got\n%s", a.name, m.raw)
	}
	return m
}

// quiet fails the test when anything but repeats is waiting for the agent.
func (a *agent) quiet() {
	a.lab.t.Helper()
	a.lab.settle()
	if a.udp == nil {
		for _, m := range a.inbox {
			a.lab.fatalf("%s got, though nothing should come:\n%s", a.name, m.raw)
		}
		return
	}
	mark := fmt.Sprintf("fence %d", count.next())
	c := listenAgent(a.lab.t, a.udp.LocalAddr().(*net.UDPAddr).IP.String())
	defer func() { _ = c.Close() }()
	if _, err := c.WriteTo([]byte(mark), a.udp.LocalAddr()); err != nil {
		a.lab.t.Fatal(err)
	}
	for {
		raw, err := a.readRaw(patience)
		if err != nil {
			a.lab.fatalf("%s: %v", a.name, err)
		}
		if raw == mark {
			return
		}
		if _, again := a.seen[raw]; !again {
			a.lab.fatalf("%s got, though nothing should come:\n%s", a.name, raw)
		}
	}
}

// settleStream returns when the edge has worked through what the agent sent on its
// connection; what comes meanwhile is kept for later.
func (a *agent) settleStream() {
	if a.conn == nil {
		return
	}
	m := a.options(a.conn.RemoteAddr().String())
	if _, err := io.WriteString(a.conn, m.String()); err != nil {
		return // closed by the edge: there is nothing more to come
	}
	for {
		raw, err := a.readRaw(patience)
		if err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || strings.Contains(err.Error(), "reset") {
				return
			}
			a.lab.fatalf("%s settles: %v", a.name, err)
		}
		r, err := parseMessage(raw)
		if err != nil {
			a.lab.fatalf("%s: %v", a.name, err)
		}
		if r.get("Call-ID") == m.get("Call-ID") {
			return
		}
		a.inbox = append(a.inbox, r)
	}
}

func (a *agent) via() string {
	return fmt.Sprintf("SIP/2.0/%s %s;branch=z9hG4bK%s%d;rport", strings.ToUpper(a.network), a.addr, a.name, count.next())
}

func (a *agent) contact(user string) string {
	uri := "sip:" + user + "@" + a.addr
	if a.network != "udp" {
		uri += ";transport=" + a.network
	}
	return "<" + uri + ">"
}

// request starts a message outside of any dialog.
func (a *agent) request(method, uri, from, to string) *message {
	m := &message{start: method + " " + uri + " SIP/2.0"}
	m.add("Via", a.via())
	m.add("Max-Forwards", "70")
	m.add("From", from)
	m.add("To", to)
	m.add("Call-ID", fmt.Sprintf("%s-%d@%s", a.name, count.next(), labIP[a.name]))
	m.add("CSeq", "1 "+method)
	return m
}

func (a *agent) options(at string) *message {
	return a.request("OPTIONS", "sip:"+at, fmt.Sprintf("<sip:%s@%s>;tag=%d", a.name, a.addr, count.next()), "<sip:"+at+">")
}
