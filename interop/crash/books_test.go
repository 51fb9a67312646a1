//go:build crash

package crash

import (
	"context"
	"errors"
	"io"
	"testing"

	"tsujiban"
	"tsujiban/journal"
)

// books are what the journal says, read entry by entry as it grows, beside the program.
type books struct {
	dir      string
	caps     map[tsujiban.CustomerID]tsujiban.Money
	last     uint64          // the last entry read
	recorded map[string]bool // Call-IDs of attempts
	open     map[tsujiban.CallID]stake
	risk     map[tsujiban.CustomerID]tsujiban.Money // charged and set aside
	bound    map[tsujiban.CustomerID]int            // calls refused for want of money
	ended    int
}

// stake is what an open call has set aside.
type stake struct {
	customer tsujiban.CustomerID
	money    tsujiban.Money
}

func newBooks(dir string) *books {
	return &books{
		dir: dir, caps: map[tsujiban.CustomerID]tsujiban.Money{}, recorded: map[string]bool{}, open: map[tsujiban.CallID]stake{},
		risk: map[tsujiban.CustomerID]tsujiban.Money{}, bound: map[tsujiban.CustomerID]int{},
	}
}

// read reads what has come since. What a customer has at risk may at no moment exceed his cap.
func (b *books) read(t *testing.T) {
	t.Helper()
	r, err := journal.OpenReader(b.dir, b.last+1)
	if err != nil {
		t.Fatal(err)
	}
	for {
		ev, err := r.Next(context.Background())
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if ev.Seq != b.last+1 {
			t.Fatalf("entry %d comes after %d", ev.Seq, b.last)
		}
		b.last = ev.Seq
		b.apply(t, ev)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
}

func (b *books) apply(t *testing.T, ev *tsujiban.Event) {
	switch ev.Kind {
	case tsujiban.EventAttempt:
		b.recorded[string(ev.Attempt.SIPCallID)] = true
		id := ev.Attempt.Customer
		if ev.Verdict.Action == tsujiban.Deny {
			if ev.Verdict.Reason == tsujiban.ReasonCapDay {
				b.bound[id]++
			}
			return
		}
		b.open[ev.Call] = stake{id, ev.Verdict.Reserved}
		b.risk[id] += ev.Verdict.Reserved
		if limit := b.caps[id]; limit > 0 && b.risk[id] > limit {
			t.Errorf("entry %d: %s has %v at risk, the cap is %v", ev.Seq, id, b.risk[id], limit)
		}
	case tsujiban.EventEnded:
		s, ok := b.open[ev.Call]
		if !ok {
			t.Errorf("entry %d ends the call %s, which is not open", ev.Seq, ev.Call)
			return
		}
		b.ended++
		delete(b.open, ev.Call)
		b.risk[s.customer] += ev.Outcome.Charge - s.money
		if limit := b.caps[s.customer]; limit > 0 && b.risk[s.customer] > limit {
			t.Errorf("entry %d: %s has %v at risk, the cap is %v", ev.Seq, s.customer, b.risk[s.customer], limit)
		}
	}
}
