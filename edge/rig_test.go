package edge

import (
	"net/netip"
	"testing"
	"time"

	"tsujiban"
)

// rig is an edge without a socket in use: messages are put into a worker, and what it would send is taken out.
type rig struct {
	e     *Edge
	w     *worker
	clock *manual
	out   []packet
}

const rigAddr = "192.0.2.1:5060"

// agent is somebody at an address who speaks SIP, for tests that carry the messages themselves.
func (g *rig) agent(name, addr string) *agent {
	return &agent{name: name, network: "udp", addr: addr, dialogs: map[string]*dialog{}, seen: map[string]int{}, sent: map[string]*message{}}
}

// packet is a message that the edge sends.
type packet struct {
	flow flow
	raw  []byte // valid until the next step
}

func newRig(t testing.TB, desk Desk, change func(*Options)) *rig {
	t.Helper()
	g := &rig{clock: &manual{now: time.Date(2026, 4, 1, 3, 0, 0, 0, time.UTC)}}
	o := Options{Name: "guard", Desk: desk, Clock: g.clock.Now, Listeners: []Listener{{Transport: "udp", Address: "127.0.0.1:0", Advertise: rigAddr}},
		Carriers: []Carrier{{ID: "a", Address: "198.51.100.1:5060", Transport: "udp", Priority: 1}, {ID: "b", Address: "198.51.100.2:5060", Transport: "udp", Priority: 2}}}
	if change != nil {
		change(&o)
	}
	e, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.discard(); err != nil {
			t.Error(err)
		}
	})
	g.e, g.w = e, newWorker(e)
	d, err := NewDirectory([]tsujiban.Trunk{{ID: "trunk", Customer: "firm", Sources: prefixes("203.0.113.0/28"), Address: "203.0.113.1:5060"}}, func(n []byte) (tsujiban.CustomerID, bool) {
		return "firm", len(n) > 3 && string(n[:3]) == "050"
	})
	if err != nil {
		t.Fatal(err)
	}
	e.SetDirectory(d)
	return g
}

// from is a flow over the rig's first listener.
func (g *rig) from(addr string) *flow {
	return &flow{lis: g.e.listeners[0], addr: netip.MustParseAddrPort(addr)}
}

// take puts one message in.
func (g *rig) take(raw []byte, fl *flow) []packet {
	g.w.begin()
	g.w.take(raw, fl)
	return g.sent()
}

// commit says that all records up to a ticket are on disk, or that the journal fails.
func (g *rig) commit(upTo uint64, err error) []packet {
	g.w.begin()
	g.w.committed(upTo, err)
	return g.sent()
}

// pass lets time pass.
func (g *rig) pass(d time.Duration) []packet {
	g.clock.add(d)
	g.w.begin()
	return g.sent()
}

func (g *rig) sent() []packet {
	w := g.w
	w.settle()
	g.out = g.out[:0]
	for _, it := range w.out.items {
		if it.to > it.from {
			g.out = append(g.out, packet{it.flow, w.out.arena[it.from:it.to]})
		}
	}
	w.out.arena, w.out.items = w.out.arena[:0], w.out.items[:0]
	w.notes = w.notes[:0]
	return g.out
}
