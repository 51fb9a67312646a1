package edge

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"tsujiban"
)

// strange are messages as scanners send them.
func strange(a *agent) []string {
	scan := a.options(rigAddr)
	scan.set("User-Agent", "friendly-scanner")
	return []string{
		scan.String(), a.newInvite("", "0398765432").String(), a.register("", "100", "60").String(),
		"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "\x00\x01\x02\x03 garbage that is no SIP at all", strings.Repeat("A", 60_000), "\r\n\r\n",
		"BYE sip:x@" + rigAddr + " SIP/2.0\r\nVia: SIP/2.0/UDP 1.2.3.4;branch=z9hG4bKx\r\nRoute: <sip:" + rigAddr + ";lr;tj=0pyh573g00000>\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:b@c>;tag=2\r\nCall-ID: x\r\nCSeq: 2 BYE\r\n\r\n",
		"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP " + rigAddr + ";branch=z9hG4bK-tj000000000000000000001\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:b@c>;tag=2\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\n\r\n",
	}
}

// Strangers are met with silence and counted; what they are told of is bounded, and the calls beside them go on.
func TestFloodFromOneSource(t *testing.T) {
	s := newScript(t)
	desk := newTestDesk(t)
	s.g.e.opt.Desk = countingDesk{s.desk, desk}
	s.call(t)
	stranger := s.g.agent("stranger", "192.0.2.66:5060")
	sent := 0
	for range 300 {
		for _, raw := range strange(stranger) {
			if out := s.g.take([]byte(raw), s.g.from(stranger.addr)); len(out) > 0 {
				t.Fatalf("a stranger is answered:\n%s", out[0].raw)
			}
			sent++
		}
	}
	s.call(t)
	e := s.g.e
	if len(e.refusals.sources) != 1 || e.relays.inUse != 4 {
		t.Errorf("%d sources, %d relays", len(e.refusals.sources), e.relays.inUse)
	}
	for range 10 {
		s.g.pass(20 * time.Second)
	}
	told := 0
	for _, n := range desk.refused {
		told += n
	}
	if want := sent - 2*300; told != want { // keep-alives and stray responses are no refusals
		t.Errorf("the desk was told of %d refusals, there were %d: %v", told, want, desk.refused)
	}
	if len(e.refusals.sources) != 0 {
		t.Errorf("%d sources are remembered for ever", len(e.refusals.sources))
	}
}

// countingDesk is a plain desk that hands refusals to another.
type countingDesk struct {
	*plainDesk
	to *testDesk
}

func (d countingDesk) Hurry()                                    {}
func (d countingDesk) Refused(r *tsujiban.Refusal, at time.Time) { d.to.Refused(r, at) }

// Who forges his source fills no table, and cannot keep out one that is real.
func TestFloodFromForgedSources(t *testing.T) {
	r := newRoaming(t)
	stranger := r.agent("stranger", "")
	flood := func(n int) {
		for i := range n {
			stranger.addr = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 5060).String()
			if out := r.take([]byte(stranger.options(rigAddr).String()), r.from(stranger.addr)); len(out) > 0 {
				t.Fatal("a stranger is answered")
			}
		}
	}
	flood(8_000)
	if n := len(r.e.refusals.sources); n > maxSources+1 {
		t.Errorf("%d sources are remembered", n)
	}
	r.challenged(r.pbx)
	flood(8_000)
	m, challenges := r.challenged(r.pbx)
	m = r.again(m)
	answerTo(m, challenges[0], digestUser, digestPassword, hashOf("SHA-256"))
	if got := one(t, r.ask(r.pbx, m)); got != "100" {
		t.Errorf("amid a flood the right password gets %s", got)
	}
	flood(4_000)
	for range 10 {
		r.pass(20 * time.Second)
	}
	if got := r.desk.refused[tsujiban.RefusedUnknownSource]; got != 20_000 {
		t.Errorf("the desk was told of %d refusals of 20,000", got)
	}
}

// A site with IPv6 has a whole /64, and is counted as one.
func TestSourcesOfOneSite(t *testing.T) {
	var r refusals
	r.init()
	site := netip.MustParseAddr("2001:db8::")
	for i := range askBurst {
		if !r.mayAsk(netip.AddrFrom16(addHost(site, i)), 0) {
			t.Fatalf("message %d is not read", i)
		}
	}
	if r.mayAsk(netip.MustParseAddr("2001:db8::ffff"), 0) {
		t.Error("a new address of the same site may ask anew")
	}
	if !r.mayAsk(netip.MustParseAddr("2001:db8:0:1::1"), 0) {
		t.Error("another site may not ask")
	}
	if !r.mayAsk(site, 600) {
		t.Error("half a second later nothing is read")
	}
	r.trust(netip.MustParseAddr("2001:db8::1"), 1_000)
	for i := range askBurst * trustFactor {
		if !r.mayAsk(site, 1_000) {
			t.Fatalf("message %d of a site that showed who it is is not read", i)
		}
	}
}

func addHost(a netip.Addr, n int) [16]byte {
	b := a.As16()
	b[15] = byte(n)
	return b
}

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"Example PBX 1.0": "Example PBX 1.0", "a\x1b[31mb\r\nc\x00": "a[31mbc", "日本": "", strings.Repeat("x", 100): strings.Repeat("x", 64),
	} {
		if got := printable("", []byte(in)); got != want {
			t.Errorf("%q becomes %q", in, got)
		}
	}
	if n := testing.AllocsPerRun(100, func() { printable("friendly-scanner", []byte("friendly-scanner")) }); n > 0 {
		t.Errorf("%.0f allocations for an agent seen before", n)
	}
}
