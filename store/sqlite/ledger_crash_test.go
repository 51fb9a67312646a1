package sqlite

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"tsujiban"
	"tsujiban/ledger"
)

// crashLines is how many numbers an order of the child assigns, one by one.
const crashLines = 200

func crashHolder(i int64) tsujiban.CustomerID {
	return tsujiban.CustomerID(fmt.Sprintf("holder-%d", i))
}

// childLedger takes in one list after the other until it is killed: a holder, a block, numbers out of it. It writes a line
// just before a list is made to last, and one when it was.
func childLedger(ctx context.Context, l *Ledger) error {
	list, err := l.Entries(ctx, 0, 1)
	if err != nil {
		return err
	}
	at := int64(0)
	if len(list) > 0 {
		at = list[0].ID
	}
	from := benchDay.AddDate(-1, 0, 0)
	for ; ; at++ {
		first := benchFirst + at*10_000
		o := &ledger.Order{
			Entry:   ledger.Entry{By: "child", Verb: "import", Ground: "list"},
			Holders: []ledger.HolderChange{{Holder: ledger.Holder{ID: crashHolder(at), Name: "Holder"}, Window: ledger.Window{From: from}}},
			Screens: []ledger.Screening{{Holder: crashHolder(at), Outcome: ledger.ScreenPassed}},
			Changes: []ledger.Change{{Verb: ledger.VerbAdd, Ranges: []ledger.Range{{First: first, Last: first + 9999}}, From: from, Source: "Carrier A"}},
			Confirm: func(*ledger.Outcome) error { fmt.Println("half", at); return nil },
		}
		for j := range int64(crashLines) {
			o.Changes = append(o.Changes, ledger.Change{Verb: ledger.VerbAssign, Ranges: []ledger.Range{{First: first + 3*j, Last: first + 3*j}}, From: benchDay, Holder: crashHolder(at)})
		}
		if _, err := l.Do(ctx, o); err != nil {
			return err
		}
		fmt.Println("whole", at+1)
	}
}

// TestKilledWhileImporting: a list is in the ledger whole or not at all, and what was acknowledged is there.
func TestKilledWhileImporting(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	for range 4 {
		said := killed(t, "ledger", path, rand.IntN(8))
		s, err := Open(t.Context(), path)
		must(t, err)
		must(t, s.ledger.check(t.Context(), "integrity_check"))
		l := s.Ledger()
		list, err := l.Entries(t.Context(), 0, 10_000)
		must(t, err)
		if n := uint64(len(list)); n < said["whole"] || n > said["half"]+1 {
			t.Errorf("%d lists are there, %d were acknowledged, %d begun", n, said["whole"], said["half"]+1)
		}
		for at := range int64(len(list)) + 1 {
			page, err := l.HeldBy(t.Context(), ledger.HeldQuery{Holder: crashHolder(at), Limit: 10_000})
			must(t, err)
			want := crashLines
			if at == int64(len(list)) {
				want = 0
			}
			if len(page.Held) != want {
				t.Errorf("list %d: %d numbers, want %d", at, len(page.Held), want)
			}
			p, err := l.At(t.Context(), ledger.Number(benchFirst+at*10_000+9_999), benchDay, time.Time{})
			must(t, err)
			if (p.State == ledger.StateStock) != (want > 0) {
				t.Errorf("list %d: its last number is %s", at, p.State)
			}
		}
		must(t, s.Close())
	}
}
