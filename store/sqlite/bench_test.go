package sqlite

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"tsujiban"
	"tsujiban/store"
)

// traffic writes the events of calls, three per call unless it is refused: the attempts
// in order, the answer and the end of each so much later that overlap calls are up at once.
type traffic struct {
	calls, overlap int
	seq            uint64
	step           int
	ev             tsujiban.Event
	buf            []byte
}

var trafficStart = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// Next returns the next event and io.EOF after the end of the last call.
func (g *traffic) Next(context.Context) (*tsujiban.Event, error) {
	for ; ; g.step++ {
		call, what := g.step/3, g.step%3
		switch {
		case what == 0 && call < g.calls:
			g.attempt(call)
		case what == 1 && call >= g.overlap/2 && call-g.overlap/2 < g.calls && !refused(call-g.overlap/2):
			g.answer(call - g.overlap/2)
		case what == 2 && call >= g.overlap && call-g.overlap < g.calls && !refused(call-g.overlap):
			g.end(call - g.overlap)
		case call-g.overlap >= g.calls:
			return nil, io.EOF
		default:
			continue
		}
		g.step++
		g.seq++
		g.ev.Seq = g.seq
		return &g.ev, nil
	}
}

func refused(call int) bool { return call%17 == 0 }

// at is the instant at which a call is asked for: 100 calls per second.
func at(call int) time.Time { return trafficStart.Add(time.Duration(call) * 10 * time.Millisecond) }

func callID(call int) tsujiban.CallID {
	return tsujiban.NextCallID(0, at(call))
}

func spread(call int, n uint64) uint64 { return uint64(call) * 0x9e3779b97f4a7c15 >> 20 % n }

func (g *traffic) attempt(call int) {
	g.buf = g.buf[:0]
	field := func(format string, args ...any) []byte {
		start := len(g.buf)
		g.buf = fmt.Appendf(g.buf, format, args...)
		return g.buf[start:len(g.buf):len(g.buf)]
	}
	g.ev = tsujiban.Event{Kind: tsujiban.EventAttempt, At: at(call), Call: callID(call)}
	a, v := &g.ev.Attempt, &g.ev.Verdict
	a.Customer = tsujiban.CustomerID(field("customer-%d", spread(call, 1000)))
	a.Trunk = tsujiban.TrunkID(field("trunk-%d", spread(call, 1000)))
	a.Source = netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(call)}), 5060)
	a.Dialled = field("03%08d", spread(call, 99999989))
	a.Caller = field("050%08d", spread(call, 9973))
	a.UserAgent = []byte("Asterisk PBX 20.9.1")
	a.SIPCallID = field("%016x-%d@192.0.2.1", spread(call, 1<<40), call)
	v.Callee, _ = tsujiban.NumberFromDigits(field("813%08d", spread(call, 99999989)))
	v.Caller, _ = tsujiban.NumberFromDigits(field("8150%08d", spread(call, 9973)))
	v.Destination = tsujiban.Destination{Scope: tsujiban.ScopeDomestic, Class: tsujiban.ClassFixed, Code: 81, ISO: [2]byte{'J', 'P'}}
	v.Weight = tsujiban.Decibans(call%40) / 4
	v.Why[0] = tsujiban.Weight{Kind: tsujiban.EvidenceRate, Value: 1.5}
	v.Why[1] = tsujiban.Weight{Kind: tsujiban.EvidenceHour, Value: -2.25}
	if call%5 == 0 {
		a.Direction = tsujiban.In
	}
	if refused(call) {
		v.Action, v.Reason, v.Rule = tsujiban.Deny, tsujiban.ReasonCapDay, "cap-day 20000"
	}
}

func (g *traffic) answer(call int) {
	g.ev = tsujiban.Event{Kind: tsujiban.EventAnswered, At: at(call).Add(2 * time.Second), Call: callID(call)}
	g.ev.Dialog.Carrier = "carrier-a"
}

func (g *traffic) end(call int) {
	g.ev = tsujiban.Event{Kind: tsujiban.EventEnded, At: at(call).Add(32 * time.Second), Call: callID(call)}
	g.ev.Outcome = tsujiban.Outcome{Status: 200, Talk: 30 * time.Second, Charge: 4 * tsujiban.Unit, By: tsujiban.PartyCaller, Carrier: "carrier-a"}
}

// events collects the next n events.
func (g *traffic) events(n int) (out []tsujiban.Event) {
	for range n {
		ev, err := g.Next(context.Background())
		if err != nil {
			break
		}
		e := *ev
		for _, p := range []*[]byte{&e.Attempt.Dialled, &e.Attempt.Caller, &e.Attempt.SIPCallID} {
			*p = append([]byte(nil), *p...)
		}
		out = append(out, e)
	}
	return out
}

func open(t testing.TB) *Store {
	t.Helper()
	s, err := Open(context.Background(), filepath.Join(t.TempDir(), "store.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// BenchmarkFollow is what the view costs while it follows: batches of events of calls
// that end long after the batch in which they began, on top of 100,000 calls.
func BenchmarkFollow(b *testing.B) {
	for _, size := range []int{500, 2000, 5000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) { benchmarkFollow(b, size) })
	}
}

func benchmarkFollow(b *testing.B, size int) {
	s := open(b)
	g := &traffic{calls: 1 << 40, overlap: 2000}
	for range 60 {
		if err := s.ApplyEvents(context.Background(), g.events(5000)); err != nil {
			b.Fatal(err)
		}
	}
	n, cpu := 0, time.Duration(0)
	for b.Loop() {
		b.StopTimer()
		batch := g.events(size)
		b.StartTimer()
		before := cpuTime(b)
		if err := s.ApplyEvents(context.Background(), batch); err != nil {
			b.Fatal(err)
		}
		cpu += cpuTime(b) - before
		n += len(batch)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64(cpu.Microseconds())/float64(n), "cpu-µs/event")
}

// cpuTime is what the process has used, user and system.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkRebuild is the fast path: 200,000 calls.
func BenchmarkRebuild(b *testing.B) {
	s := open(b)
	n, before := uint64(0), cpuTime(b)
	for b.Loop() {
		g := &traffic{calls: 200_000, overlap: 2000}
		if err := s.Rebuild(b.Context(), 1, g.Next, nil); err != nil {
			b.Fatal(err)
		}
		n += g.seq
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64((cpuTime(b)-before).Microseconds())/float64(n), "cpu-µs/event")
}

// BenchmarkCalls reads a page of 100 calls of a customer.
func BenchmarkCalls(b *testing.B) {
	s := open(b)
	g := &traffic{calls: 100_000, overlap: 2000}
	if err := s.Rebuild(b.Context(), 1, g.Next, nil); err != nil {
		b.Fatal(err)
	}
	g.attempt(5)
	q := store.CallQuery{Customer: g.ev.Attempt.Customer}
	for b.Loop() {
		if page, err := s.Calls(b.Context(), q); err != nil || len(page.Calls) != 100 {
			b.Fatal(len(page.Calls), err)
		}
	}
}

// BenchmarkCallsOfNumber asks for the few calls of a number in a span, as an inquiry does for each near number.
func BenchmarkCallsOfNumber(b *testing.B) {
	s := open(b)
	g := &traffic{calls: 100_000, overlap: 2000}
	if err := s.Rebuild(b.Context(), 1, g.Next, nil); err != nil {
		b.Fatal(err)
	}
	g.attempt(5)
	q := store.CallQuery{Number: g.ev.Verdict.Caller, From: at(0), To: at(50_000), Brief: true, Limit: 50}
	for b.Loop() {
		if page, err := s.Calls(b.Context(), q); err != nil || len(page.Calls) == 0 {
			b.Fatal(len(page.Calls), err)
		}
	}
}
