package journal

import (
	"fmt"
	"net"
	"os"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"
)

// BenchmarkPath appends the events of calls at a fixed rate and reports what the whole path to the disk costs: CPU time
// of the process per entry without what pacing itself costs, and the time from Append to OnCommit.
func BenchmarkPath(b *testing.B) {
	for _, procs := range []int{1, 2} {
		for _, interval := range []time.Duration{-1, time.Millisecond, 2 * time.Millisecond} {
			for _, calls := range []int{1000, 5000, 25000} {
				b.Run(fmt.Sprintf("procs=%d/interval=%v/calls=%d", procs, interval, calls), func(b *testing.B) {
					defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
					benchmarkPath(b, calls, Options{CommitInterval: interval})
				})
			}
		}
	}
}

// pace calls f n times, rate times a second, as an event loop does that reads a socket and answers. What it reads comes
// from a process of its own, so that its CPU time does not count.
func pace(b *testing.B, n, rate int, f func(i int)) {
	in, out, err := os.Pipe()
	if err != nil {
		b.Fatal(err)
	}
	defer mustClose(b, in)
	child, err := startChild("pace", out, strconv.Itoa(rate), strconv.Itoa(n))
	if err != nil {
		b.Fatal(err)
	}
	mustClose(b, out)
	// Answers go to a socket that nobody reads.
	sink, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		b.Fatal(err)
	}
	defer mustClose(b, sink)
	to := sink.LocalAddr().(*net.UDPAddr).AddrPort()
	var msg [4096]byte
	packet := make([]byte, 800)
	for i := 0; i < n; {
		k, err := in.Read(msg[:])
		if err != nil {
			b.Fatal(err)
		}
		for range k {
			if _, err := sink.WriteToUDPAddrPort(packet, to); err != nil {
				b.Fatal(err)
			}
			f(i)
			i++
		}
	}
	if _, err := child.Wait(); err != nil {
		b.Fatal(err)
	}
}

// eventOf says which of callEvents the packets of a call lead to: INVITE, 100, 180, 200, ACK, BYE, 200 and the one INVITE sent on.
var eventOf = [8]int{0, -1, -1, 1, -1, -1, -1, 2}

func benchmarkPath(b *testing.B, calls int, o Options) {
	evs := callEvents()
	buf := make([]byte, 0, 4096)
	var e encoder
	packets := b.N * 8
	n := packets / 8 * 3
	start := cpuTime()
	pace(b, packets, calls*8, func(i int) {
		if k := eventOf[i%8]; k >= 0 {
			buf = e.event(buf[:0], &evs[k])
		}
	})
	base := cpuTime() - start

	appended := make([]time.Time, n+1)
	late := make([]time.Duration, 0, n)
	commits := 0
	o.Dir = b.TempDir()
	o.OnCommit = func(upTo uint64, err error) {
		if err != nil {
			b.Error(err)
		}
		now := time.Now()
		for s := uint64(len(late)) + 1; s <= upTo; s++ {
			late = append(late, now.Sub(appended[s]))
		}
		commits++
	}
	j := mustOpen(b, o)
	start = cpuTime()
	seq := 0
	pace(b, packets, calls*8, func(i int) {
		k := eventOf[i%8]
		if k < 0 {
			return
		}
		seq++
		appended[seq] = time.Now()
		if _, err := j.Append(&evs[k]); err != nil {
			b.Error(err)
		}
	})
	used := cpuTime() - start
	if err := j.Close(); err != nil {
		b.Fatal(err)
	}
	slices.Sort(late)
	b.ReportMetric(float64((used-base).Nanoseconds())/1e3/float64(n), "cpu-µs/entry")
	b.ReportMetric(float64(n)/float64(commits), "entries/commit")
	b.ReportMetric(float64(late[len(late)/2].Microseconds())/1e3, "p50-ms")
	b.ReportMetric(float64(late[len(late)*99/100].Microseconds())/1e3, "p99-ms")
}
