package edge

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"tsujiban"
)

// labDomain is the domain that phones register in.
const labDomain = "pbx.test"

// manual is a clock that stands still until a test moves it.
type manual struct {
	mu  sync.Mutex
	now time.Time
}

func (c *manual) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *manual) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// lab is an edge on loopback with agents around it. Nothing in it waits for time to
// pass: the clock is moved by hand, and what must not come is shown not to have come by
// a message sent after it.
type lab struct {
	t        testing.TB
	opt      Options
	edge     *Edge
	desk     *testDesk
	clock    *manual
	dir      []tsujiban.Trunk
	agents   map[string]*agent
	fence    *agent
	moved    int // how often the clock was moved
	lastMove time.Duration
	where    string // the step of a flow
	worker   *worker
	ca       *authority
	realTime bool // the edge's own ticker runs
	stop     func()
}

// labIP is where an agent lives, so that sources tell them apart.
var labIP = map[string]string{
	"pbx": "127.0.0.2", "pbx2": "127.0.0.3", "other": "127.0.0.4", "phone": "127.0.0.50", "phone2": "127.0.0.51",
	"stranger": "127.0.0.66", "fence": "127.0.0.99", "carrier": "127.0.1.1", "carrier2": "127.0.1.2", "gateway": "127.0.1.9",
}

func newLab(t testing.TB) *lab {
	l := &lab{t: t, desk: newTestDesk(t), agents: map[string]*agent{}, clock: &manual{now: time.Date(2026, 4, 1, 3, 0, 0, 0, time.UTC)}}
	l.opt = Options{Name: "guard", Desk: l.desk, Clock: l.clock.Now, Secret: []byte("a secret of the tests"), Listeners: []Listener{
		{Transport: "udp", Address: "127.0.0.1:0"}, {Transport: "tcp", Address: "127.0.0.1:0"},
	}}
	l.dir = []tsujiban.Trunk{
		{ID: "trunk", Customer: "firm", Sources: prefixes("127.0.0.2/32", "127.0.0.3/32")},
		{ID: "other", Customer: "neighbour", Sources: prefixes("127.0.0.4/32")},
		{ID: "fence", Customer: "fence", Sources: prefixes("127.0.0.99/32")},
	}
	return l
}

func prefixes(list ...string) (out []netip.Prefix) {
	for _, s := range list {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}

func (l *lab) fatalf(format string, args ...any) {
	l.t.Helper()
	l.t.Fatalf(l.where+" "+format, args...)
}

// carrier adds a carrier that an agent plays.
func (l *lab) carrier(name, transport string, priority int, probe time.Duration) *agent {
	a := l.agent(name, transport)
	c := Carrier{ID: tsujiban.CarrierID(name), Address: a.addr, Transport: transport, Priority: priority, Probe: probe}
	if transport == "tls" {
		c.TLS = l.ca.client("", "127.0.0.1")
		a.tls = l.ca.server("127.0.0.1")
	}
	l.opt.Carriers = append(l.opt.Carriers, c)
	return a
}

// start makes the edge and serves until the test ends.
func (l *lab) start() *lab {
	l.t.Helper()
	return l.startWith(nil)
}

// startWith is start after a restart, with the calls that were up.
func (l *lab) startWith(calls []Restored) *lab {
	l.t.Helper()
	e, err := New(l.opt)
	if err != nil {
		l.t.Fatal(err)
	}
	l.edge, l.desk.edge = e, e
	if !l.realTime {
		e.ticks = make(chan time.Time) // the test itself ticks
	}
	l.setDirectory()
	e.Restore(calls)
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- e.Serve(ctx) }()
	l.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-served; err != nil {
			l.t.Errorf("Serve: %v", err)
		}
		for _, a := range l.agents {
			a.close()
		}
	})
	l.t.Cleanup(l.stop)
	if l.listener("udp") != nil {
		l.fence = l.agent("fence", "udp")
		l.settle()
	}
	return l
}

func (l *lab) setDirectory() {
	l.t.Helper()
	d, err := NewDirectory(l.dir, func(n []byte) (tsujiban.CustomerID, bool) {
		return "firm", strings.HasPrefix(string(n), "050") || strings.HasPrefix(string(n), "+8150")
	})
	if err != nil {
		l.t.Fatal(err)
	}
	l.edge.SetDirectory(d)
}

// listener is the first listener with a transport.
func (l *lab) listener(transport string) *listener {
	for _, b := range l.edge.listeners {
		if b.transport == transport {
			return b
		}
	}
	return nil
}

// at is the address of the edge for a transport.
func (l *lab) at(transport string) string { return l.listener(transport).local.String() }

// run lets the edge do what is due, as its ticker would.
func (l *lab) run() {
	if l.worker == nil {
		l.worker = newWorker(l.edge)
	}
	l.worker.begin()
	l.worker.end()
}

// advance moves the clock in steps and lets the edge work after each.
func (l *lab) advance(d time.Duration) {
	l.settle()
	l.moved++
	l.lastMove = d
	step := 50 * time.Millisecond
	switch {
	case d > 5*time.Minute:
		step = 10 * time.Second
	case d > 10*time.Second:
		step = 250 * time.Millisecond
	}
	for ; d > 0; d -= step {
		l.clock.add(min(step, d))
		l.run()
	}
}

// commit says that all records are on disk.
func (l *lab) commit() {
	l.settle()
	l.desk.mu.Lock()
	n := l.desk.ticket
	l.desk.mu.Unlock()
	l.edge.Committed(n, nil)
}

// settle returns when the edge has worked through everything that was sent to its UDP
// sockets before: they are read in order, and the fence's OPTIONS is the last.
func (l *lab) settle() {
	l.t.Helper()
	for _, b := range l.edge.listeners {
		if b.udp == nil || !b.local.Addr().Is4() {
			continue
		}
		m := l.fence.options(b.local.String())
		l.fence.sendTo(b.local.String(), m)
		for {
			if r := l.fence.read(); r.status() == 200 && r.get("Call-ID") == m.get("Call-ID") {
				break
			}
		}
	}
	for _, a := range l.agents {
		if a.network != "udp" {
			a.settleStream()
		}
	}
}

// finish holds that nothing is left: no message that nobody expected, and after every
// time limit no relay, call, set-up or timer.
func (l *lab) finish() {
	l.t.Helper()
	for _, a := range l.agents {
		if a != l.fence {
			a.quiet()
		}
	}
	l.commit()
	for _, d := range []time.Duration{3 * time.Minute, 40 * time.Second, 40 * time.Second, 3 * time.Hour, 40 * time.Second, 40 * time.Second} {
		l.advance(d)
	}
	l.desk.settled()
	l.empty()
}

// empty fails the test when the edge's tables hold anything.
func (l *lab) empty() {
	l.t.Helper()
	e := l.edge
	e.mu.Lock()
	defer e.mu.Unlock()
	timers, setups := 0, 0
	for i := range e.wheel.slots {
		for t := e.wheel.slots[i].next; t != &e.wheel.slots[i]; t = t.next {
			timers++
		}
	}
	for _, chunk := range e.relays.chunks {
		for i := range chunk {
			if chunk[i].setup != nil {
				setups++
			}
		}
	}
	probing := 0
	for _, c := range e.carriers.list {
		if c.Probe > 0 {
			probing++ // one OPTIONS each may be under way
		}
	}
	if e.relays.inUse > probing || e.relays.byKey.n > 0 || len(e.calls.byID) > 0 || timers > probing || setups > 0 || !e.held.empty() || len(e.phones.pending) > 0 {
		l.t.Errorf("left behind: %d relays (%d by key), %d calls, %d timers, %d set-ups, %d held, %d registrations", e.relays.inUse, e.relays.byKey.n,
			len(e.calls.byID), timers, setups, e.held.waiting(), len(e.phones.pending))
	}
}

// serial makes names that are not used twice.
type serial struct {
	mu sync.Mutex
	n  int
}

func (s *serial) next() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n++
	return s.n
}

var count serial

func listenAgent(t testing.TB, ip string) *net.UDPConn {
	t.Helper()
	c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.ParseIP(ip)})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func listenStream(t testing.TB, ip string) net.Listener {
	t.Helper()
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", net.JoinHostPort(ip, "0"))
	if err != nil {
		t.Fatal(err)
	}
	return ln
}
