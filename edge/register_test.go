package edge

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"tsujiban"
)

// office is a rig with a PBX that is the registrar of a domain and takes no calls in by itself.
func newOffice(t *testing.T) (g *rig, desk *testDesk, pbx *agent) {
	t.Helper()
	desk = newTestDesk(t)
	g = newRig(t, desk, nil)
	g.office(t, "office")
	return g, desk, g.agent("pbx", "203.0.113.1:5060")
}

func (g *rig) office(t *testing.T, trunks ...tsujiban.TrunkID) {
	t.Helper()
	var list []tsujiban.Trunk
	for i, id := range trunks {
		list = append(list, tsujiban.Trunk{ID: id, Customer: "firm", Sources: prefixes(fmt.Sprintf("203.0.113.%d/32", i+1)), Registrar: fmt.Sprintf("203.0.113.%d:5060", i+1),
			Domain: strings.Repeat("x.", i) + labDomain})
	}
	d, err := NewDirectory(list, func(n []byte) (tsujiban.CustomerID, bool) { return "firm", strings.HasPrefix(string(n), "050") })
	if err != nil {
		t.Fatal(err)
	}
	g.e.SetDirectory(d)
}

// send puts an agent's message in and returns what leaves, as messages by address.
func (g *rig) send(t *testing.T, a *agent, m *message) map[string][]*message {
	t.Helper()
	return parsed(t, g.take([]byte(m.String()), g.from(a.addr)))
}

func parsed(t *testing.T, sent []packet) map[string][]*message {
	t.Helper()
	out := map[string][]*message{}
	for _, p := range sent {
		m, err := parseMessage(string(p.raw))
		if err != nil {
			t.Fatal(err)
		}
		m.from = p.flow.lis.local.String()
		out[p.flow.addr.String()] = append(out[p.flow.addr.String()], m)
	}
	return out
}

// bind registers a user of the phone.
func (g *rig) bind(t *testing.T, pbx, phone *agent, user string) {
	t.Helper()
	out := g.send(t, phone, phone.register("reg "+user, user, "3600"))[pbx.addr]
	if len(out) != 1 {
		t.Fatalf("the registrar gets %d messages", len(out))
	}
	d := pbx.note("reg "+user, out[0])
	g.send(t, pbx, pbx.response(d, out[0], 200))
}

// ring calls a number from the network and returns where the INVITE goes.
func (g *rig) ring(t *testing.T, desk *testDesk, number string) string {
	t.Helper()
	carrier := g.agent("carrier", "198.51.100.1:5060")
	g.send(t, carrier, carrier.newInvite("in", number))
	for to, list := range parsed(t, g.commit(desk.ticket, nil)) {
		if list[0].method() == "INVITE" {
			return to
		}
	}
	return "nowhere"
}

// A number from outside reaches the phone that registered under it last, when the customer's trunk takes no calls itself.
func TestCallInToPhone(t *testing.T) {
	g, desk, pbx := newOffice(t)
	if got := g.ring(t, desk, "0501111111"); got != "nowhere" {
		t.Fatalf("without a phone the call goes to %s", got)
	}
	one, two := g.agent("phone", "192.0.2.50:40000"), g.agent("phone2", "192.0.2.51:40000")
	g.bind(t, pbx, one, "0501111111")
	g.bind(t, pbx, one, "0502222222") // two lines on one port
	for _, number := range []string{"0501111111", "0502222222"} {
		if got := g.ring(t, desk, number); got != one.addr {
			t.Errorf("%s rings at %s", number, got)
		}
	}
	g.bind(t, pbx, two, "0501111111")
	if got := g.ring(t, desk, "0501111111"); got != two.addr {
		t.Errorf("after the phone has moved it rings at %s", got)
	}
	if got := g.ring(t, desk, "0502222222"); got != one.addr {
		t.Errorf("the other line rings at %s", got)
	}
	g.pass(3700 * time.Second)
	if got := g.ring(t, desk, "0502222222"); got != "nowhere" {
		t.Errorf("a registration that has run out rings at %s", got)
	}
	if n := g.e.Stats().Phones; n != 0 {
		t.Errorf("%d phones left", n)
	}
}

// A phone is a stranger as soon as its customer's trunk is taken out of the directory, also when its registrar
// answers only then.
func TestPhonesFollowTheDirectory(t *testing.T) {
	g, desk, pbx := newOffice(t)
	phone := g.agent("phone", "192.0.2.50:40000")
	g.bind(t, pbx, phone, "201")
	calls := func() bool {
		m := phone.newInvite(fmt.Sprint(count.next()), "0398765432")
		return len(g.send(t, phone, m)) > 0
	}
	if !calls() {
		t.Fatal("a phone that registered may not call")
	}
	late := g.send(t, phone, phone.register("reg 201", "201", "3600"))[pbx.addr]
	g.office(t, "another")
	if calls() {
		t.Error("the phone of a trunk that is gone calls")
	}
	d := pbx.note("late", late[0])
	g.send(t, pbx, pbx.response(d, late[0], 200))
	if calls() || len(desk.registered) != 1 {
		t.Error("a registration over a trunk that is gone is taken")
	}
	g.office(t, "another", "office") // the same name, no registrar there any more
	if n := g.e.Stats().Phones; n != 0 {
		t.Errorf("%d phones", n)
	}
}

// A flood of REGISTERs with forged sources, and a registrar that does not answer: what is kept is bounded, and
// phones that are known still get through.
func TestRegisterFlood(t *testing.T) {
	g, _, pbx := newOffice(t)
	phone := g.agent("phone", "192.0.2.50:40000")
	g.bind(t, pbx, phone, "201")
	stranger := g.agent("stranger", "")
	for i := range 6_000 {
		stranger.addr = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}), 5060).String()
		g.send(t, stranger, stranger.register(fmt.Sprint(i%7), "201", "3600"))
	}
	e := g.e
	if len(e.phones.pending) != maxPendingStrangers || e.relays.inUse > maxPendingStrangers+2 || len(e.refusals.sources) > maxSources+1 {
		t.Errorf("%d registrations wait, %d relays, %d sources", len(e.phones.pending), e.relays.inUse, len(e.refusals.sources))
	}
	if got := g.send(t, phone, phone.register("reg 201", "201", "3600"))[pbx.addr]; len(got) != 1 {
		t.Error("a known phone does not get through")
	}
	if e.Stats().Silent["flood"] == 0 {
		t.Error("nothing is counted")
	}
	for range 10 {
		g.pass(20 * time.Second)
	}
	if len(e.phones.pending) != 0 || e.relays.inUse != 0 {
		t.Errorf("%d registrations and %d relays left", len(e.phones.pending), e.relays.inUse)
	}
}

func TestPhonesAreBounded(t *testing.T) {
	var p phones
	p.init()
	lis := &listener{}
	reg := func(i int, user string) *pendingRegister {
		a := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 5060)
		return &pendingRegister{token: uint64(i), flow: flow{lis: lis, addr: a}, trunk: &trunk{}, user: user}
	}
	for i := range maxPhones {
		if !p.put(reg(i, "u"), 1_000) {
			t.Fatalf("phone %d is refused", i)
		}
	}
	if p.put(reg(maxPhones, "u"), 1_000) {
		t.Error("there is no limit of phones")
	}
	for i := 1; i < maxBindings; i++ {
		p.put(reg(0, fmt.Sprint(i)), 1_000)
	}
	if p.put(reg(0, "one more"), 1_000) {
		t.Error("there is no limit of names at one source")
	}
	for range 100 * maxPhones / sweepPhones { // far more often than it takes
		p.expire(2_000)
	}
	if len(p.bySrc)+len(p.byToken)+len(p.byName) != 0 {
		t.Errorf("left: %d by source, %d by token, %d by name", len(p.bySrc), len(p.byToken), len(p.byName))
	}
}

func TestExpiresOf(t *testing.T) {
	g, _, _ := newOffice(t)
	a := g.agent("phone", "192.0.2.50:40000")
	for _, c := range []struct {
		contacts []string
		expires  string
		want     int
	}{
		{[]string{"<sip:a@b>"}, "60", 60},
		{[]string{"<sip:a@b>;expires=30, <sip:c@d>;expires=90"}, "60", 90},
		{[]string{"<sip:a@b>;expires=30", "<sip:c@d>;expires=10"}, "60", 30},
		{[]string{"*"}, "0", 0},
		{[]string{"<sip:a@b>;expires=never"}, "x", 3600},
		{[]string{"<sip:a@b>;expires=4294967295"}, "", maxExpires},
		{nil, "", 3600},
	} {
		m := a.register("x", "201", c.expires)
		m.del("Contact")
		if c.expires == "" {
			m.del("Expires")
		}
		for _, v := range c.contacts {
			m.add("Contact", v)
		}
		if err := g.w.msg.Parse([]byte(m.String())); err != nil {
			t.Fatal(err)
		}
		if got := expiresOf(&g.w.msg, 3600); got != c.want {
			t.Errorf("Contact %q, Expires %q: %d", c.contacts, c.expires, got)
		}
	}
}
