package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"tsujiban"
	"tsujiban/ledger"
	"tsujiban/store"
)

// ledgerNumbers is how many numbers the benchmarks of the ledger have; TSUJIBAN_LEDGER_NUMBERS=10000000 is the size
// that docs/benchmarks.md speaks of.
func ledgerNumbers(b *testing.B) int64 {
	n := int64(100_000)
	if s := os.Getenv("TSUJIBAN_LEDGER_NUMBERS"); s != "" {
		var err error
		if n, err = strconv.ParseInt(s, 10, 64); err != nil {
			b.Fatal(err)
		}
	}
	return n
}

const benchFirst = int64(815010000000)

var benchDay = time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)

// filledLedger has the hardest case: every number by itself in a row, no two neighbours alike, one in eight with a holder before
// this one; holders of a hundred numbers in chains of three.
func filledLedger(b *testing.B, n int64) *Ledger {
	b.Helper()
	s := open(b)
	l := s.Ledger()
	holders := max(n/100, 10)
	var hs []ledger.HolderChange
	var screens []ledger.Screening
	window := ledger.Window{From: benchDay.AddDate(-2, 0, 0)}
	for i := range holders {
		h := ledger.Holder{ID: tsujiban.CustomerID(fmt.Sprintf("holder-%d", i)), Name: fmt.Sprintf("Holder %d", i), Reseller: i < 10}
		if i > 0 {
			h.Parent = tsujiban.CustomerID(fmt.Sprintf("holder-%d", min(i-1, i%9)))
			if i < 10 {
				h.Parent = "holder-0"
			}
		}
		screens = append(screens, ledger.Screening{Holder: h.ID, Outcome: ledger.ScreenPassed})
		hs = append(hs, ledger.HolderChange{Holder: h, Window: window})
	}
	if _, err := l.Do(b.Context(), &ledger.Order{Entry: ledger.Entry{By: "sato", Verb: "import", Ground: "benchmark"}, Holders: hs, Screens: screens}); err != nil {
		b.Fatal(err)
	}
	const batch = 200_000
	for at := int64(0); at < n; at += batch {
		err := l.d.change(b.Context(), "fill", func(tx *sql.Tx) error { return fillNumbers(b.Context(), tx, at, min(at+batch, n), holders) })
		if err != nil {
			b.Fatal(err)
		}
	}
	return l
}

func fillNumbers(ctx context.Context, tx *sql.Tx, from, to, holders int64) error {
	stmt, err := tx.PrepareContext(ctx, insertSpan)
	if err != nil {
		return err
	}
	defer func() { _ = stmt.Close() }() // the transaction would close it
	began, middle := benchDay.AddDate(-1, 0, 0).UnixMicro(), benchDay.AddDate(0, -6, 0).UnixMicro()
	for i := from; i < to; i++ {
		start := began
		if i%8 == 0 {
			if _, err := stmt.ExecContext(ctx, (benchFirst+i)*16, start, middle, "assigned", 1+(i+7)%holders, 0, 0, 0, 1, 1); err != nil {
				return err
			}
			start = middle
		}
		if _, err := stmt.ExecContext(ctx, (benchFirst+i)*16, start, int64(ledger.Forever), "assigned", 1+(i*7919)%holders, 0, 0, 0, 1, 1); err != nil {
			return err
		}
	}
	return nil
}

// BenchmarkLedger asks a ledger in which every number stands by itself.
func BenchmarkLedger(b *testing.B) {
	n := ledgerNumbers(b)
	l := filledLedger(b, n)
	if info, err := os.Stat(l.d.path); err == nil {
		b.Logf("%d numbers, %d MB", n, info.Size()>>20)
	}
	number := func(i int) tsujiban.Number { return ledger.Number(benchFirst + int64(spread(i, uint64(n)))) }
	b.Run("HolderAt", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			p, err := l.At(b.Context(), number(i), benchDay, time.Time{})
			if err != nil || len(p.Chain) < 1 {
				b.Fatal(p, err)
			}
		}
	})
	b.Run("Near200", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			ns := make([]tsujiban.Number, 200)
			for j := range ns {
				ns[j] = number(200*i + j)
			}
			if _, err := l.AtEach(b.Context(), ns, benchDay, benchDay.AddDate(1, 0, 0)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("HeldBy", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			id := tsujiban.CustomerID(fmt.Sprintf("holder-%d", spread(i, uint64(max(n/100, 10)))))
			page, err := l.HeldBy(b.Context(), ledger.HeldQuery{Holder: id})
			if err != nil || len(page.Held) == 0 {
				b.Fatal(page, err)
			}
		}
	})
	b.Run("Suspend", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			r := ledger.Range{First: benchFirst + int64(i), Last: benchFirst + int64(i)}
			o := &ledger.Order{Entry: ledger.Entry{By: "sato", Verb: "suspend", Ground: "request 12"}, Changes: []ledger.Change{{Verb: ledger.VerbSuspend, Ranges: []ledger.Range{r}, From: benchDay}}}
			if _, err := l.Do(b.Context(), o); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkLedgerImport assigns single numbers out of blocks of ten thousand, as a list that is taken over does: 5,000 lines in an order.
func BenchmarkLedgerImport(b *testing.B) {
	b.Run("alone", func(b *testing.B) { benchmarkLedgerImport(b, nil) })
	b.Run("receipts", func(b *testing.B) {
		benchmarkLedgerImport(b, func(context.Context, *store.Receipt) error { return nil })
	})
}

func benchmarkLedgerImport(b *testing.B, w Witness) {
	const lines = 5000
	s := open(b)
	l := s.Ledger()
	if w != nil {
		if err := s.Witnessed(b.Context(), w); err != nil {
			b.Fatal(err)
		}
	}
	from := benchDay.AddDate(-1, 0, 0)
	o := &ledger.Order{
		Entry:   ledger.Entry{By: "sato", Verb: "import", Ground: "benchmark"},
		Holders: []ledger.HolderChange{{Holder: ledger.Holder{ID: "holder", Name: "Holder"}, Window: ledger.Window{From: from}}},
		Screens: []ledger.Screening{{Holder: "holder", Outcome: ledger.ScreenPassed}},
	}
	if _, err := l.Do(b.Context(), o); err != nil {
		b.Fatal(err)
	}
	n := 0
	for i := int64(0); b.Loop(); i++ {
		first := benchFirst + i*10_000
		cs := []ledger.Change{{Verb: ledger.VerbAdd, Ranges: []ledger.Range{{First: first, Last: first + 9999}}, From: from, Source: "Carrier A"}}
		for j := range int64(lines) {
			at := first + j*2
			cs = append(cs, ledger.Change{Verb: ledger.VerbAssign, Ranges: []ledger.Range{{First: at, Last: at}}, From: benchDay, Holder: "holder", Line: int(j) + 2})
		}
		if _, err := l.Do(b.Context(), &ledger.Order{Entry: ledger.Entry{By: "sato", Verb: "import", Ground: "benchmark"}, Changes: cs}); err != nil {
			b.Fatal(err)
		}
		n += lines
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "lines/s")
}

// BenchmarkLedgerFirstReceipts is the first start after an update from a version that left no receipts: every row of the ledger is told.
func BenchmarkLedgerFirstReceipts(b *testing.B) {
	n := ledgerNumbers(b)
	path := filledLedger(b, n).d.path
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		s, err := Open(b.Context(), filepath.Join(filepath.Dir(path), "store.db"))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := s.ledger.write.ExecContext(b.Context(), `UPDATE receipts SET n = 0`); err != nil {
			b.Fatal(err)
		}
		debug.FreeOSMemory()
		most(b, true)
		b.StartTimer()
		rows, receipts := 0, 0
		err = s.Witnessed(b.Context(), func(_ context.Context, r *store.Receipt) error {
			rows, receipts = rows+len(r.Rows), receipts+1
			return nil
		})
		if err != nil || rows == 0 {
			b.Fatal(rows, err)
		}
		b.ReportMetric(float64(rows), "told")
		b.ReportMetric(float64(receipts), "receipts")
		b.ReportMetric(float64(most(b, false)>>20), "MB-at-most")
		b.StopTimer()
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

// most is the most that the process had in memory since it was asked to begin again.
func most(b *testing.B, again bool) (bytes int64) {
	if again {
		if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
			b.Fatal(err)
		}
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			bytes, err = strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
		}
	}
	if err != nil {
		b.Fatal(err)
	}
	return bytes << 10
}
