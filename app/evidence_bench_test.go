package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"tsujiban"
	"tsujiban/journal"
)

// BenchmarkEvidenceKeepsUp lets a journal grow by 20,000 entries a second, first alone and then with the evidence following it, and reports what share of a
// core each took and how far the newest checkpoint was behind at worst, in seconds of the journal.
func BenchmarkEvidenceKeepsUp(b *testing.B) {
	const rate, span = 20_000, 4 * time.Second
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	for b.Loop() {
		var share [2]float64
		var worst uint64
		for i := range share {
			dir := b.TempDir()
			j, err := journal.Open(journal.Options{Dir: filepath.Join(dir, "journal"), LazyInterval: lazyCommit, QuietRate: 3000, Logger: log})
			if err != nil {
				b.Fatal(err)
			}
			p := &prover{dir: filepath.Join(dir, "evidence"), node: "bench", journal: j, clock: time.Now, log: log, orders: make(chan treeOrder), closing: make(chan struct{})}
			done := make(chan struct{})
			if i == 1 {
				go func() { defer close(done); p.run(context.Background()) }()
			}
			before, start := cpu(b), time.Now()
			tick := time.NewTicker(time.Millisecond)
			for n := 0; time.Since(start) < span; {
				<-tick.C
				for due := int(time.Since(start).Seconds() * rate); n < due; n++ {
					ev := tsujiban.Event{Kind: tsujiban.EventAttempt, At: start, Call: tsujiban.CallID(n) << 22}
					ev.Attempt.Customer, ev.Attempt.Trunk = "hakata-shokai", "hakata-pbx"
					ev.Attempt.SIPCallID = fmt.Appendf(nil, "%032x@203.0.113.7", n)
					if _, err := j.Append(&ev); err != nil {
						b.Fatal(err)
					}
				}
				if i == 1 {
					worst = max(worst, j.Committed()-uint64(p.proven.Load()))
				}
			}
			tick.Stop()
			share[i] = (cpu(b) - before).Seconds() / time.Since(start).Seconds()
			if err := j.Close(); err != nil {
				b.Fatal(err)
			}
			if i == 1 {
				close(p.closing)
				<-done
				if uint64(p.proven.Load()) != j.Committed() {
					b.Fatalf("%d of %d entries are signed for", p.proven.Load(), j.Committed())
				}
			}
		}
		b.ReportMetric(share[0]*100, "%core-journal")
		b.ReportMetric((share[1]-share[0])*100, "%core-evidence")
		b.ReportMetric(float64(worst)/rate, "s-behind")
	}
}

// cpu is the processor time that this program has used.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
