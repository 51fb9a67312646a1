package sqlite

import (
	"testing"
	"time"

	"tsujiban"
	"tsujiban/store"
)

// TestScatter reads the calls of one number, some of them to itself, by pages of every size: all are there once and in order, and a call that is
// gone when its row is read cuts no listing short.
func TestScatter(t *testing.T) {
	const calls = 200
	s := open(t)
	mine, other := number(t, "+815012345678"), number(t, "+819012345678")
	var events []tsujiban.Event
	id := tsujiban.CallID(0)
	for i := range calls {
		at := trafficStart.Add(time.Duration(i/3) * time.Second) // three at the same instant
		id = tsujiban.NextCallID(id, at)
		ev := tsujiban.Event{Seq: uint64(i) + 1, Kind: tsujiban.EventAttempt, At: at, Call: id}
		ev.Attempt.Direction, ev.Attempt.Customer = tsujiban.Out, "a"
		switch ev.Verdict.Caller, ev.Verdict.Callee = mine, other; i % 5 {
		case 0:
			ev.Verdict.Callee = mine
		case 1:
			ev.Verdict.Caller, ev.Verdict.Callee = other, mine
		}
		events = append(events, ev)
	}
	must(t, s.ApplyEvents(t.Context(), events))
	for limit := scatterFrom; limit < 2*calls; limit += 7 {
		seen := calls
		for q := (store.CallQuery{Number: mine, Limit: limit}); ; {
			if !scattered(&q, limit) {
				t.Fatal("one reader reads them all")
			}
			page, err := s.Calls(t.Context(), q)
			must(t, err)
			for i := range page.Calls {
				if seen--; seen < 0 || page.Calls[i].ID != events[seen].Call {
					t.Fatalf("pages of %d: at %d there is another call", limit, seen)
				}
			}
			if q.Cursor = page.Next; q.Cursor == "" {
				break
			}
		}
		if seen != 0 {
			t.Fatalf("pages of %d: %d calls are missing", limit, seen)
		}
	}
	ids, next, err := s.view.callIDs(t.Context(), layoutNow, store.CallQuery{Number: mine}, 100)
	must(t, err)
	if len(ids) != 100 || next == "" {
		t.Fatalf("%d ids, next %q", len(ids), next)
	}
	ids[7] = 1 // was erased meanwhile
	got, err := s.view.callsOf(t.Context(), ids)
	must(t, err)
	for i := range got {
		if want := tsujiban.CallID(ids[i]); i != 7 && got[i].ID != want || i == 7 && got[i].ID != 0 {
			t.Errorf("call %d is %v, want %v", i, got[i].ID, want)
		}
	}
}

func number(t *testing.T, s string) tsujiban.Number {
	t.Helper()
	n, err := tsujiban.ParseNumber(s)
	must(t, err)
	return n
}
