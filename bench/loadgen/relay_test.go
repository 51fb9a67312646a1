package loadgen

import (
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
)

// relay is the smallest proxy that the generator can work with: it keeps no
// state, puts itself into Via and Record-Route, and does what tamper says.
type relay struct {
	conn    *net.UDPConn
	at      string
	carrier string
	// tamper is given every message before the relay forwards it, and returns
	// those to forward now. It is called by one goroutine.
	tamper func(message string) []string
}

// startRelay starts a relay on a free port; it ends with the test.
func startRelay(t *testing.T, tamper func(string) []string) *relay {
	t.Helper()
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		t.Fatal(err)
	}
	if tamper == nil {
		tamper = func(m string) []string { return []string{m} }
	}
	r := &relay{conn: conn, at: conn.LocalAddr().String(), tamper: tamper}
	var done sync.WaitGroup
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
		done.Wait()
	})
	done.Go(func() { r.serve(t) })
	return r
}

func (r *relay) address() netip.AddrPort { return netip.MustParseAddrPort(r.at) }

func (r *relay) serve(t *testing.T) {
	buf := make([]byte, 65536)
	for {
		n, from, err := r.conn.ReadFromUDPAddrPort(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			t.Error(err)
			return
		}
		message := string(buf[:n])
		if strings.HasPrefix(message, "INVITE ") && from.Port() != netip.MustParseAddrPort(r.carrier).Port() {
			r.send(t, responseTo(message, "100 Trying"), from)
		}
		for _, m := range r.tamper(message) {
			r.forward(t, m)
		}
	}
}

func (r *relay) send(t *testing.T, message string, to netip.AddrPort) {
	if _, err := r.conn.WriteToUDPAddrPort([]byte(message), to); err != nil && !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}

// responseTo answers a request without its body, record routes and tag.
func responseTo(request, status string) string {
	var out strings.Builder
	out.WriteString("SIP/2.0 " + status + "\r\n")
	for line := range strings.SplitSeq(request, "\r\n") {
		switch name, _, _ := strings.Cut(line, ":"); name {
		case "Via", "From", "To", "Call-ID", "CSeq":
			out.WriteString(line + "\r\n")
		}
	}
	return out.String() + "Content-Length: 0\r\n\r\n"
}

// forward sends a request to its next hop, a response back the way it came; what
// the relay makes itself (a response with one Via) goes to that Via.
func (r *relay) forward(t *testing.T, message string) {
	first, rest, _ := strings.Cut(message, "\r\n")
	if strings.HasPrefix(message, "SIP/2.0 ") {
		top, below, _ := strings.Cut(rest, "\r\n")
		if strings.Contains(top, r.at) {
			rest = below
		}
		via, _, _ := strings.Cut(strings.TrimPrefix(rest, "Via: SIP/2.0/UDP "), ";")
		r.send(t, first+"\r\n"+rest, netip.MustParseAddrPort(via))
		return
	}
	method, uri, _ := strings.Cut(strings.TrimSuffix(first, " SIP/2.0"), " ")
	to := r.carrier
	if method != "INVITE" {
		rest = strings.Replace(rest, "Route: <sip:"+r.at+";lr>\r\n", "", 1)
		at, _ := addressOf([]byte(uri))
		to = at.String()
	}
	branch := "z9hG4bKr" + method
	head := first + "\r\nVia: SIP/2.0/UDP " + r.at + ";branch=" + branch + "\r\n"
	if method == "INVITE" {
		head += "Record-Route: <sip:" + r.at + ";lr>\r\n"
	}
	r.send(t, head+rest, netip.MustParseAddrPort(to))
}
