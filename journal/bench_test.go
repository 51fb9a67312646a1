package journal

import (
	"context"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"tsujiban"
)

// callEvents are the three events of an ordinary call abroad, as large as they are in life.
func callEvents() [3]tsujiban.Event {
	at := time.Date(2026, 11, 22, 2, 26, 59, 123456000, time.UTC)
	call := tsujiban.NextCallID(0, at)
	callee, _ := tsujiban.NumberFromDigits("23277123456")
	caller, _ := tsujiban.NumberFromDigits("81312345678")
	source := netip.MustParseAddrPort("192.0.2.17:5060")
	id := []byte("a84b4c76e66710.1234567890@pbx.hakata-shokai.example")
	attempt := tsujiban.Event{
		Kind: tsujiban.EventAttempt, At: at, Call: call,
		Attempt: tsujiban.Attempt{
			Call: call, At: at, Customer: "hakata-shokai", Trunk: "hakata-1", Source: source,
			Dialled: []byte("01023277123456"), Caller: []byte("0312345678"),
			UserAgent: []byte("Asterisk PBX 20.6.0"), SIPCallID: id,
		},
		Verdict: tsujiban.Verdict{
			Action: tsujiban.Watch, Callee: callee, Caller: caller,
			Destination: tsujiban.Destination{Scope: tsujiban.ScopeInternational, Class: tsujiban.ClassMobile, Code: 232, ISO: [2]byte{'S', 'L'}},
			Reserved:    17_500_000, Price: tsujiban.Price{PerMinute: 175 * tsujiban.Unit, Increment: 6 * time.Second},
			Weight: 7.3125, Rule: "watch 5",
			Why: [tsujiban.MaxWhy]tsujiban.Weight{
				{Kind: tsujiban.EvidenceDestination, Value: 4.7712}, {Kind: tsujiban.EvidenceHour, Value: 2.2185},
				{Kind: tsujiban.EvidenceRate, Value: 1.25}, {Kind: tsujiban.EvidenceCarried, Value: -0.9273},
			},
		},
	}
	leg := func(port, from string) tsujiban.Leg {
		return tsujiban.Leg{
			Transport: "udp", Remote: netip.MustParseAddrPort("192.0.2.17:" + port), CSeq: 101,
			Identity: []byte(`"Hakata" <sip:` + from + `@pbx.hakata-shokai.example>;tag=1928301774`),
			Target:   []byte("sip:" + from + "@192.0.2.17:" + port),
		}
	}
	answered := tsujiban.Event{
		Kind: tsujiban.EventAnswered, At: at.Add(400 * time.Microsecond), Call: call,
		Dialog: tsujiban.Dialog{SIPCallID: id, Carrier: "carrier-a", Caller: leg("5060", "0312345678"), Callee: leg("5070", "01023277123456")},
	}
	ended := tsujiban.Event{
		Kind: tsujiban.EventEnded, At: at.Add(600 * time.Microsecond), Call: call,
		Outcome: tsujiban.Outcome{Customer: "hakata-shokai", Status: 200, Talk: 32012345 * time.Microsecond, Charge: 105_000_000, By: tsujiban.PartyCaller, Carrier: "carrier-a"},
	}
	return [3]tsujiban.Event{attempt, answered, ended}
}

// cpuTime is what the process has used of all cores.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// reportCPU adds the CPU time per operation, which means something also on a machine that others use.
func reportCPU(b *testing.B, since time.Duration) {
	b.ReportMetric(float64((cpuTime()-since).Nanoseconds())/float64(b.N), "cpu-ns/op")
}

func BenchmarkEncode(b *testing.B) {
	evs := callEvents()
	var e encoder
	buf := make([]byte, 0, 4096)
	for _, name := range []string{"attempt", "answered", "ended"} {
		ev := evs[map[string]int{"attempt": 0, "answered": 1, "ended": 2}[name]]
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			start := cpuTime()
			for b.Loop() {
				buf = e.event(buf[:0], &ev)
			}
			reportCPU(b, start)
			b.ReportMetric(float64(len(buf)), "bytes")
		})
	}
}

// BenchmarkAppend is what the SIP event loop pays for an event; commits happen beside it, in groups of 256.
func BenchmarkAppend(b *testing.B) {
	evs := callEvents()
	j := mustOpen(b, Options{Dir: b.TempDir()})
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := j.Append(&evs[i%3]); err != nil {
			b.Fatal(err)
		}
		if i%256 == 255 {
			b.StopTimer()
			if err := j.Wait(context.Background(), evs[i%3].Seq); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
		}
	}
	mustClose(b, j)
}

func BenchmarkParse(b *testing.B) {
	evs := callEvents()
	for i, name := range []string{"attempt", "answered", "ended"} {
		line := AppendEvent(nil, &evs[i])
		var ev tsujiban.Event
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			start := cpuTime()
			for b.Loop() {
				if err := ParseEvent(line, &ev); err != nil {
					b.Fatal(err)
				}
			}
			reportCPU(b, start)
		})
	}
}
