package loadgen

import (
	"bytes"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// writer is a generator without sockets, to build messages with.
func writer(t testing.TB, dial, from Pattern) *Generator {
	t.Helper()
	at := netip.MustParseAddrPort
	g := &Generator{run: "0badcafe", pbx: &socket{local: at("192.0.2.1:5062")}, carrier: &socket{local: at("198.51.100.1:5070")}}
	g.cfg = Config{Proxy: at("203.0.113.1:5060"), Carrier: at("198.51.100.1:5070"), Calls: 1, Dial: []Pattern{dial}, From: []Pattern{from}}
	if err := g.cfg.fill(); err != nil {
		t.Fatal(err)
	}
	g.write()
	return g
}

func TestInvite(t *testing.T) {
	g := writer(t, "03xxxxxxxx", "0312345678")
	a := string(g.appendInvite(nil, &call{number: 0xabc, slot: 7}))
	if again := string(g.appendInvite(nil, &call{number: 0xabc, slot: 7})); again != a {
		t.Error("the same call has two INVITEs")
	}
	b := string(g.appendInvite(nil, &call{number: 0xabd, slot: 7}))
	var m, n message
	for text, to := range map[string]*message{a: &m, b: &n} {
		if err := to.parse([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if len(a) < 850 || len(a) > 950 {
		t.Errorf("INVITE of %d bytes, want about 900", len(a))
	}
	if bytes.Equal(m.uri, n.uri) || bytes.Equal(m.callID, n.callID) || bytes.Equal(m.vias[0], n.vias[0]) || bytes.Equal(m.from, n.from) {
		t.Errorf("two calls share what must differ:\n%s\n%s", a, b)
	}
	if number, slot, ok := callOf(m.callID, g.run); number != 0xabc || slot != 7 || !ok {
		t.Errorf("Call-ID %s leads to call %x, slot %d, %v", m.callID, number, slot, ok)
	}
	if string(m.body) != sdpOf(g.pbx.local) || !bytes.HasPrefix(m.vias[0], g.sentBy) {
		t.Errorf("body or Via:\n%s", a)
	}
	if uri, ok := strings.CutPrefix(string(m.uri), "sip:03"); !ok || len(uri) != 8+len("@203.0.113.1:5060") {
		t.Errorf("Request-URI %s", m.uri)
	}
}

func TestInDialogFollowsRecordRoute(t *testing.T) {
	g := writer(t, "0312345678", "0398765432")
	answer := "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1:5062;branch=z9hG4bKi\r\n" +
		"Record-Route: <sip:203.0.113.9;lr>, <sip:203.0.113.8:5080;lr=on;did=1>\r\nRecord-Route: <sip:203.0.113.7:5060;lr>\r\n" +
		"f: <sip:a@b>;tag=1\r\nt: <sip:c@d>;tag=2\r\nCall-ID: x\r\nCSeq: 102 INVITE\r\nm: <sip:198.51.100.1:5070>\r\nl: 0\r\n\r\n"
	var m message
	if err := m.parse([]byte(answer)); err != nil {
		t.Fatal(err)
	}
	ack, hop := g.appendInDialog(nil, &call{number: 1}, &m, "ACK", "102 ACK", 'a')
	routes := "ACK sip:198.51.100.1:5070 SIP/2.0\r\nRoute: <sip:203.0.113.7:5060;lr>\r\nRoute: <sip:203.0.113.8:5080;lr=on;did=1>\r\nRoute: <sip:203.0.113.9;lr>\r\nVia: "
	if !strings.HasPrefix(string(ack), routes) {
		t.Errorf("routes are not those of the answer, last first:\n%s", ack)
	}
	if string(hop) != "sip:203.0.113.7:5060;lr" || !g.resolve(hop) || g.hop.addrPort() != netip.MustParseAddrPort("203.0.113.7:5060") {
		t.Errorf("first hop %s, %v", hop, g.hop.addrPort())
	}
	if err := m.parse(ack); err != nil {
		t.Errorf("ACK cannot be read: %v\n%s", err, ack)
	}
}

func TestAddressOf(t *testing.T) {
	for uri, want := range map[string]string{
		"sip:192.0.2.1:5061;lr":   "192.0.2.1:5061",
		"sip:192.0.2.1;lr=on":     "192.0.2.1:5060",
		"sip:u@192.0.2.1:5070?a":  "192.0.2.1:5070",
		"sip:[2001:db8::1]:5;lr":  "[2001:db8::1]:5",
		"sip:[2001:db8::1]":       "[2001:db8::1]:5060",
		"sip:proxy.example:5060":  "",
		"tel:+81312345678":        "",
		"sip:192.0.2.1:5061:1;lr": "",
	} {
		at, ok := addressOf([]byte(uri))
		if ok != (want != "") || ok && at.String() != want {
			t.Errorf("%s: %v, %v, want %q", uri, at, ok, want)
		}
	}
}

func TestResponseGoesBack(t *testing.T) {
	src := sockaddrOf(netip.MustParseAddrPort("192.0.2.1:4000"))
	for via, want := range map[string]string{
		"SIP/2.0/UDP 192.0.2.9:5062;branch=z9hG4bKx;rport": "192.0.2.1:4000",
		"SIP/2.0/UDP 192.0.2.9:5062;branch=z9hG4bKx":       "192.0.2.1:5062",
		"SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKx":            "192.0.2.1:5060",
		"SIP/2.0/UDP [2001:db8::1];branch=z9hG4bKx":        "192.0.2.1:5060",
		"SIP/2.0/UDP host:4000 ;branch=z9hG4bKx":           "192.0.2.1:4000",
	} {
		m := message{hops: 1}
		m.vias[0] = []byte(via)
		if got := backTo(&m, &src).addrPort().String(); got != want {
			t.Errorf("%s: %s, want %s", via, got, want)
		}
	}
	if got := string(appendVia(nil, []byte("SIP/2.0/UDP h:1;rport;branch=z9hG4bKx"), &src)); got != "SIP/2.0/UDP h:1;rport=4000;received=192.0.2.1;branch=z9hG4bKx" {
		t.Error(got)
	}
}

func TestParseErrors(t *testing.T) {
	good := string(writer(t, "0312345678", "0398765432").appendInvite(nil, &call{}))
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"empty":            {"", errShort},
		"no empty line":    {good[:200], errShort},
		"bare line feed":   {strings.Replace(good, "\r\nVia", "\nVia", 1), errShort},
		"not SIP":          {"GET / HTTP/1.1\r\n\r\n", errStart},
		"bad status":       {strings.Replace(good, "INVITE sip", "SIP/2.0 9x0 ", 1), errStart},
		"folded":           {strings.Replace(good, "\r\nDate:", "\r\n Date:", 1), errFolded},
		"no colon":         {strings.Replace(good, "\r\nSupported:", "\r\nSupported", 1), errColon},
		"short body":       {good[:len(good)-1], errBody},
		"no From":          {strings.Replace(good, "\r\nFrom:", "\r\nFrum:", 1), errMissing},
		"methods differ":   {strings.Replace(good, "102 INVITE", "102 BYE", 1), errMethod},
		"too many Vias":    {strings.Replace(good, "\r\nDate:", strings.Repeat("\r\nv: x", maxHops)+"\r\nDate:", 1), errHops},
		"too many headers": {strings.Replace(good, "\r\nDate:", strings.Repeat("\r\nx: x", maxHeaders)+"\r\nDate:", 1), errHeaders},
		"too long":         {good + strings.Repeat(" ", maxMessage), errLong},
	} {
		var m message
		if err := m.parse([]byte(c.text)); !errors.Is(err, c.want) || !strings.HasPrefix(err.Error(), "line ") {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	g := writer(f, "033xxxxxxx", "0398765432")
	f.Add(g.appendInvite(nil, &call{number: 1}))
	f.Add([]byte("SIP/2.0 200 OK\r\nv: SIP/2.0/UDP h;rport\r\nRecord-Route: <sip:192.0.2.1;lr>,\r\nf:a\r\nt:b\r\ni:c\r\nCSeq: 1 INVITE\r\nm: <sip:1.2.3.4>\r\n\r\n"))
	f.Add([]byte("BYE sip:a SIP/2.0\r\nVia:x:99999\r\nFrom:\r\nTo:\r\nCall-ID:\r\nCSeq:1 BYE\r\nRoute: <\r\n\r\n"))
	src := sockaddrOf(netip.MustParseAddrPort("192.0.2.1:4000"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var m, back message
		if m.parse(data) != nil {
			return
		}
		backTo(&m, &src)
		request, hop := g.appendInDialog(nil, &call{}, &m, "BYE", "103 BYE", 'b')
		addressOf(hop)
		if m.contact != nil && len(request) <= maxMessage && len(uriOf(m.contact)) > 0 {
			if err := back.parse(request); err != nil && !errors.Is(err, errHeaders) && !errors.Is(err, errHops) {
				t.Errorf("BYE cannot be read: %v\n%q", err, request)
			}
		}
		if m.status != 0 {
			return
		}
		response := append(appendResponse(nil, &m, "200 OK", &src, 1), "Content-Length: 0\r\n\r\n"...)
		if err := back.parse(response); err != nil && len(response) <= maxMessage {
			t.Errorf("response cannot be read: %v\n%q", err, response)
		}
	})
}

func TestNoAllocations(t *testing.T) {
	g := writer(t, "033xxxxxxx", "0398765432")
	src := sockaddrOf(netip.MustParseAddrPort("192.0.2.1:4000"))
	invite := g.appendInvite(nil, &call{number: 1})
	buf := make([]byte, 0, maxMessage)
	var m message
	if n := testing.AllocsPerRun(100, func() {
		if m.parse(invite) != nil {
			panic("INVITE cannot be read")
		}
		buf = appendResponse(buf[:0], &m, "200 OK", &src, 1)
		buf, _ = g.appendInDialog(buf[:0], &call{}, &m, "ACK", "102 ACK", 'a')
		buf = g.appendInvite(buf[:0], &call{number: 2})
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkParseInvite(b *testing.B) {
	invite := writer(b, "033xxxxxxx", "0398765432").appendInvite(nil, &call{number: 1})
	var m message
	b.ReportAllocs()
	for b.Loop() {
		if err := m.parse(invite); err != nil {
			b.Fatal(err)
		}
	}
}

func TestPatterns(t *testing.T) {
	all, err := ParsePatterns("03-xxxx-xxxx,+8150-1234-5678")
	if err != nil || len(all) != 2 || all[0] != "03xxxxxxxx" || all[1] != "+815012345678" {
		t.Fatal(all, err)
	}
	seen := map[string]bool{}
	for n := range uint64(1000) {
		dst := make([]byte, len(all[0]))
		all[0].fill(dst, n)
		seen[string(dst)] = true
	}
	if len(seen) < 990 {
		t.Errorf("%d different numbers in 1,000 calls", len(seen))
	}
	for _, bad := range []string{"", "3", "03y", "0312+", "03,", strings.Repeat("1", 33)} {
		if _, err := ParsePatterns(bad); !errors.Is(err, ErrPattern) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestHistogram(t *testing.T) {
	var h Histogram
	if h.Quantile(0.5) != 0 {
		t.Error("an empty histogram has a median")
	}
	for us := 1; us <= 100_000; us++ {
		h.add(time.Duration(us) * time.Microsecond)
	}
	for q, want := range map[float64]time.Duration{0.5: 50 * time.Millisecond, 0.99: 99 * time.Millisecond, 1: 100 * time.Millisecond} {
		if got := h.Quantile(q); got < want || got > want+want/30 {
			t.Errorf("quantile %v: %v, want %v", q, got, want)
		}
	}
	for _, d := range []time.Duration{0, -1, time.Microsecond, 63 * time.Microsecond, 64 * time.Microsecond, time.Second, time.Hour} {
		if b := bucketOf(d); d < time.Minute && upper(b).Microseconds() < d.Microseconds() {
			t.Errorf("%v is above its bucket's end %v", d, upper(b))
		}
	}
}
