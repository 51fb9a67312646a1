package edge

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"

	"tsujiban"
)

func TestNewRefuses(t *testing.T) {
	taken := listenAgent(t, "127.0.0.1")
	defer func() { _ = taken.Close() }()
	for what, o := range map[string]Options{
		"no desk":                             {Listeners: []Listener{{Transport: "udp", Address: "127.0.0.1:0"}}},
		"no listener":                         {Desk: &plainDesk{}},
		"a strange transport":                 {Desk: &plainDesk{}, Listeners: []Listener{{Transport: "sctp", Address: "127.0.0.1:0"}}},
		"every address without a name for it": {Desk: &plainDesk{}, Listeners: []Listener{{Transport: "udp", Address: "127.0.0.1:0"}, {Transport: "udp", Address: "0.0.0.0:0"}}},
		"the same over TCP":                   {Desk: &plainDesk{}, Listeners: []Listener{{Transport: "tcp", Address: "[::]:0"}}},
		"TLS without a certificate":           {Desk: &plainDesk{}, Listeners: []Listener{{Transport: "tls", Address: "127.0.0.1:0"}}},
		"an address that is taken":            {Desk: &plainDesk{}, Listeners: []Listener{{Transport: "tcp", Address: "127.0.0.1:0"}, {Transport: "udp", Address: taken.LocalAddr().String()}}},
		"no address":                          {Desk: &plainDesk{}, Listeners: []Listener{{Transport: "udp", Address: "here"}}},
		"a carrier that cannot be reached":    {Desk: &plainDesk{}, Listeners: []Listener{{Transport: "udp", Address: "127.0.0.1:0"}}, Carriers: []Carrier{{ID: "a", Address: "[::1]:5060"}}},
	} {
		if _, err := New(o); err == nil || tsujiban.CodeOf(err) == tsujiban.CodeInternal {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// What a listener calls itself in Via and Record-Route, and which URIs it takes for its own.
func TestListenerNames(t *testing.T) {
	for _, c := range []struct {
		l             Listener
		local         string
		host, via     string
		ours, notOurs []string
	}{
		{Listener{Transport: "udp"}, "192.0.2.1:5060", "192.0.2.1:5060", "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-tj",
			[]string{"sip:192.0.2.1:5060", "sip:192.0.2.1", "sip:a@192.0.2.1;lr"}, []string{"sip:192.0.2.1:5061", "sip:192.0.2.2", "sip:192.0.2.1.example"}},
		{Listener{Transport: "tls", Advertise: "Guard.Example"}, "0.0.0.0:5061", "Guard.Example:5061", "SIP/2.0/TLS Guard.Example:5061;branch=z9hG4bK-tj",
			[]string{"sip:guard.example:5061", "sips:GUARD.EXAMPLE", "sip:guard.example;lr"}, []string{"sip:guard.example:5060", "sip:0.0.0.0:5061"}},
		{Listener{Transport: "tcp", Advertise: "[2001:db8::1]"}, "[::]:5062", "[2001:db8::1]:5062", "SIP/2.0/TCP [2001:db8::1]:5062;branch=z9hG4bK-tj",
			[]string{"sip:[2001:DB8::1]:5062"}, []string{"sip:[2001:db8::1]"}},
		{Listener{Transport: "udp", Advertise: "198.51.100.9:6000"}, "10.0.0.1:5060", "198.51.100.9:6000", "SIP/2.0/UDP 198.51.100.9:6000;branch=z9hG4bK-tj",
			[]string{"sip:198.51.100.9:6000"}, []string{"sip:10.0.0.1:5060", "tel:+81312345678", "mailto:a@198.51.100.9:6000"}},
	} {
		b, err := newListener(0, c.l, netip.MustParseAddrPort(c.local))
		if err != nil {
			t.Fatal(err)
		}
		if string(b.host) != c.host || string(b.via) != c.via {
			t.Errorf("%+v at %s is %q, %q", c.l, c.local, b.host, b.via)
		}
		w := &worker{e: &Edge{listeners: []*listener{b}}}
		for _, uri := range append(c.ours, c.notOurs...) {
			var rt routes
			if got, want := w.readOurs([]byte(uri), &rt), strings.Contains(strings.Join(c.ours, " "), uri); got != want {
				t.Errorf("%s: is %s its own? %v", c.host, uri, got)
			}
		}
	}
}

func TestOurRoutes(t *testing.T) {
	g := newRig(t, &plainDesk{}, nil)
	const id, other = "0pyh573g00000", "0pyh573g00001"
	us := func(call string) string { return "<sip:" + rigAddr + ";lr;tj=" + call + ">" }
	for _, c := range []struct {
		name    string
		lines   []string
		left    []string
		call    string
		foreign bool
	}{
		{"none", nil, nil, "", false},
		{"ours", []string{us(id)}, nil, id, false},
		{"two of ours in one line", []string{us(id) + ", " + us(id)}, nil, id, false},
		{"two of ours in two lines", []string{us(id), us(id)}, nil, id, false},
		{"ours and another's", []string{us(id) + ",<sip:192.0.2.99;lr>"}, []string{"<sip:192.0.2.99;lr>"}, id, true},
		{"ours twice and another's", []string{us(id), us(id) + " , <sip:192.0.2.99;lr>"}, []string{"<sip:192.0.2.99;lr>"}, id, true},
		{"another's first", []string{"<sip:192.0.2.99;lr>", us(id)}, []string{"<sip:192.0.2.99;lr>", us(id)}, "", true},
		{"ours, of another call behind", []string{us(id), us(other)}, []string{us(other)}, id, true},
		{"the same in one line", []string{us(id) + ", " + us(other)}, []string{us(other)}, id, true},
		{"more than two", []string{us(id), us(id), us(id)}, []string{us(id)}, id, true},
		{"no address", []string{us(id) + ", <<>"}, []string{"<<>"}, id, true},
	} {
		raw := "BYE sip:x@192.0.2.5 SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bKx\r\n"
		for _, l := range c.lines {
			raw += "Route: " + l + "\r\n"
		}
		raw += "From: <sip:a@b>;tag=1\r\nTo: <sip:x@b>;tag=2\r\nCall-ID: c\r\nCSeq: 1 BYE\r\nContent-Length: 0\r\n\r\n"
		if err := g.w.msg.Parse([]byte(raw)); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		rt := g.w.ourRoutes(&g.w.msg)
		want := tsujiban.CallID(0)
		if c.call != "" {
			want, _ = tsujiban.ParseCallID(c.call)
		}
		if rt.call != want || rt.foreign != c.foreign || rt.ours != (c.call != "") {
			t.Errorf("%s: %+v", c.name, rt)
		}
		g.w.patch.Reset()
		for _, s := range rt.spans[:rt.n] {
			g.w.patch.Delete(s[0], s[1])
		}
		m := &message{}
		for line := range strings.SplitSeq(string(g.w.patch.Apply(nil, []byte(raw))), "\r\n") {
			if v, ok := strings.CutPrefix(line, "Route: "); ok {
				m.add("Route", v)
			}
		}
		if got := m.all("Route"); fmt.Sprint(got) != fmt.Sprint(c.left) {
			t.Errorf("%s: left is %q", c.name, got)
		}
	}
}

func TestParseHost(t *testing.T) {
	for host, want := range map[string]string{
		"192.0.2.1": "192.0.2.1", "255.255.255.255": "255.255.255.255", "0.0.0.0": "0.0.0.0", "[2001:db8::1]": "2001:db8::1",
		"192.0.2": "", "192.0.2.1.5": "", "192.0.2.256": "", "192.0.2.01": "", "192.0..1": "", "a.b.c.d": "", "192.0.2.1x": "", "": "", "[::": "", "[x]": "", "1.2.3.": "",
	} {
		got, ok := parseHost([]byte(host))
		if ok != (want != "") || ok && got.String() != want {
			t.Errorf("%q is %s, %v", host, got, ok)
		}
	}
}

// Branches survive being written and read; what is not ours is not taken for ours.
func TestBranch(t *testing.T) {
	var w worker
	for _, v := range []uint32{0, 1, 31, 32, 1 << 20, 1<<32 - 1} {
		b := append([]byte(branchMagic), w.branch(v, v^0x5555, v+7)...)
		slot, secret, loop, ok := parseBranch(b)
		if !ok || slot != v || secret != v^0x5555 || loop != v+7 {
			t.Errorf("%s is %d %d %d %v", b, slot, secret, loop, ok)
		}
		for i := range b {
			if _, _, _, ok := parseBranch(b[:i]); ok {
				t.Errorf("%s is taken for a branch", b[:i])
			}
		}
	}
	for _, s := range []string{"", "z9hG4bK-tjVVVVVVV0000000000000", "z9hG4bK-tjwwwwwww00000000000000", "z9hG4bK-tj777777700000000000000 ", "z9hG4bK-xx000000000000000000000"} {
		if _, _, _, ok := parseBranch([]byte(s)); ok {
			t.Errorf("%q is taken for a branch", s)
		}
	}
}

// A response finds its relay by slot and secret, and only then.
func TestRelayTable(t *testing.T) {
	var r relays
	r.init()
	seen := map[uint32]bool{}
	var all []*relay
	for i := range uint32(3_000) {
		a := r.take(i | 1)
		a.state = relayTrying
		if seen[a.slot] {
			t.Fatalf("slot %d twice", a.slot)
		}
		seen[a.slot] = true
		r.index(a, txnKey{uint64(i), 1})
		all = append(all, a)
	}
	for i, a := range all {
		if r.find(a.slot, a.secret) != a || r.find(a.slot, a.secret+2) != nil || r.lookup(txnKey{uint64(i), 1}) != a {
			t.Fatalf("relay %d is not found", i)
		}
	}
	if r.find(1<<31, 1) != nil || r.lookup(txnKey{1, 2}) != nil {
		t.Error("found what is not there")
	}
	slot, secret := all[7].slot, all[7].secret
	r.release(all[7])
	if r.find(slot, secret) != nil || r.lookup(txnKey{7, 1}) != nil || r.inUse != 2_999 {
		t.Error("found what was released")
	}
	if a := r.take(secret + 2); a.slot != slot || r.find(slot, secret) != nil {
		t.Error("a slot is not used again, or is found under its old secret")
	}
}

func TestDrainAndAddrs(t *testing.T) {
	l := newLab(t)
	pbx, carrier := l.agent("pbx", "udp"), l.carrier("carrier", "udp", 1, 0)
	l.start()
	addrs := l.edge.Addrs()
	if len(addrs) != 2 || addrs[0].String() != l.at("udp") || addrs[1].String() != l.at("tcp") {
		t.Errorf("addresses %v", addrs)
	}
	l.connectCall(pbx, carrier, "")
	live := l.edge.Live(nil)
	if len(live) != 1 || live[0].Customer != "firm" || live[0].Carrier != "carrier" || live[0].Answered.IsZero() {
		t.Errorf("live: %+v", live)
	}
	done, cancel := context.WithCancel(t.Context())
	cancel()
	if n := l.edge.Drain(done); n != 1 {
		t.Errorf("%d calls left", n)
	}
	l.edge.Cut(l.desk.call(0).attempt.Call, tsujiban.ReasonShutdown)
	m := carrier.receive()
	if got := l.edge.Live(nil); len(got) != 0 {
		t.Errorf("a call that is being ended is shown as live: %+v", got)
	}
	carrier.sendTo(m.from, carrier.response(carrier.dialogs[""], m, 200))
	if n := l.edge.Drain(t.Context()); n != 0 {
		t.Errorf("%d calls left", n)
	}
	if got := pbx.receive().what(); got != "BYE" {
		t.Errorf("the PBX got %s", got)
	}
}

// However many relays come and go in whatever order, each is found by its key, and none that went.
func TestRelayTableKeepsUp(t *testing.T) {
	var r relays
	r.init()
	rng := rand.New(rand.NewPCG(1, 2))
	var live []*relay
	serial := uint64(0)
	for round := range 180_000 { // up to 40,000, so that buckets are split through a whole round and into the next
		if grow := round < 120_000; len(live) == 0 || grow == (rng.IntN(3) > 0) {
			serial++
			a := r.take(uint32(serial))
			key := txnKey{rng.Uint64(), serial}
			if serial%8 == 0 {
				key.a &^= 0xfff00 // some share a few buckets, and overflow them
			}
			r.index(a, key)
			live = append(live, a)
			continue
		}
		i := rng.IntN(len(live))
		a, k := live[i], live[i].key
		if r.lookup(k) != a {
			t.Fatalf("round %d: a relay is not found", round)
		}
		r.release(a)
		if r.lookup(k) != nil {
			t.Fatalf("round %d: a relay is found that went", round)
		}
		live[i] = live[len(live)-1]
		live = live[:len(live)-1]
	}
	if r.byKey.mask < 2*firstBuckets-1 {
		t.Error("no whole round of splitting")
	}
	if r.byKey.n != len(live) || r.inUse != len(live) || len(live) == 0 {
		t.Errorf("%d by key, %d in use, want %d", r.byKey.n, r.inUse, len(live))
	}
	for _, a := range live {
		if r.lookup(a.key) != a {
			t.Fatal("a relay is not found")
		}
	}
}
