package edge

import (
	"strings"
	"testing"

	"tsujiban"
)

// A call over IPv6, and one from an IPv6 PBX to an IPv4 carrier: brackets where RFC 3261 §25.1 wants them, none in
// received (RFC 5118 §4.5), and each side on its own listener.
func TestIPv6(t *testing.T) {
	for _, carrierIP := range []string{"::1", "127.0.1.1"} {
		t.Run(carrierIP, func(t *testing.T) {
			l := newLab(t)
			l.opt.Listeners = append(l.opt.Listeners, Listener{Transport: "udp", Address: "[::1]:0"})
			l.dir = append(l.dir, tsujiban.Trunk{ID: "six", Customer: "firm", Sources: prefixes("::1/128")})
			pbx := l.agentAt("pbx", "::1")
			carrier := l.agentAt("carrier", carrierIP)
			l.opt.Carriers = []Carrier{{ID: "carrier", Address: carrier.addr, Transport: "udp"}}
			l.start()
			l.connectCall(pbx, carrier, "")
			inv, answer := carrier.dialogs[""].invite, pbx.dialogs[""].final
			at6 := pbx.edgeAddr()
			if !strings.HasPrefix(at6, "[::1]:") {
				t.Fatalf("the edge is at %s", at6)
			}
			wantVia, wantRoutes := at6, 1
			if carrierIP != "::1" {
				wantVia, wantRoutes = l.at("udp"), 2
			}
			if via := inv.all("Via"); !strings.HasPrefix(via[0], "SIP/2.0/UDP "+wantVia+";branch=") || !strings.HasSuffix(via[1], ";received=::1") {
				t.Errorf("Via %q", via)
			}
			if got := inv.all("Record-Route"); len(got) != wantRoutes || !strings.HasPrefix(got[0], "<sip:"+wantVia+";lr;") {
				t.Errorf("Record-Route %q", got)
			}
			if got := inv.uri(); got != "sip:0312345678@"+carrier.addr {
				t.Errorf("Request-URI %s", got)
			}
			if got := answer.all("Via"); len(got) != 1 {
				t.Errorf("Via of the answer %q", got)
			}
			l.edge.Cut(l.desk.call(0).attempt.Call, tsujiban.ReasonStaff)
			for _, a := range []*agent{carrier, pbx} {
				m := a.receive()
				if m.what() != "BYE" {
					t.Fatal(m.raw)
				}
				a.sendTo(m.from, a.response(a.dialogs[""], m, 200))
			}
			l.finish()
		})
	}
}

// agentAt is an agent with an address of its own.
func (l *lab) agentAt(name, ip string) *agent {
	l.t.Helper()
	a := l.agent(name, "udp")
	if err := a.udp.Close(); err != nil {
		l.t.Fatal(err)
	}
	a.udp = listenAgent(l.t, ip)
	a.addr = a.udp.LocalAddr().String()
	return a
}
