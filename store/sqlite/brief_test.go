package sqlite

import (
	"fmt"
	"testing"
	"time"

	"tsujiban"
	"tsujiban/store"
)

// TestBrief reads the calls of a number by pages of every size, in full and in brief: of the same calls, in the same order, the same is said.
func TestBrief(t *testing.T) {
	const calls = 300
	s := open(t)
	mine := number(t, "+815012345678")
	others := []tsujiban.Number{number(t, "+819012345678"), number(t, "117"), number(t, "+0123"), {}, mine}
	var events []tsujiban.Event
	id := tsujiban.CallID(0)
	for i := range calls {
		at := trafficStart.Add(time.Duration(i/3) * time.Second)
		id = tsujiban.NextCallID(id, at)
		add := func(ev tsujiban.Event) {
			ev.Seq, ev.Call = uint64(len(events))+1, id
			events = append(events, ev)
		}
		ev := tsujiban.Event{Kind: tsujiban.EventAttempt, At: at}
		a, v := &ev.Attempt, &ev.Verdict
		a.Customer, v.Withheld = tsujiban.CustomerID(fmt.Sprint("c", i/20)), i%4 == 0
		a.SIPCallID = []byte("x")
		a.Caller, a.Dialled = []byte(" presented 1"), []byte("+81dialled")
		v.Caller, v.Callee = mine, others[i%5]
		if i%2 == 1 {
			a.Direction = tsujiban.In
			v.Caller, v.Callee = v.Callee, v.Caller
		}
		if i%7 == 0 {
			v.Action, v.Reason = tsujiban.Deny, tsujiban.ReasonChannels
		}
		add(ev)
		if i%7 == 0 || i%11 == 0 {
			continue
		}
		if i%3 > 0 {
			add(tsujiban.Event{Kind: tsujiban.EventAnswered, At: at.Add(1234567 * time.Microsecond)})
		}
		if i%13 > 0 {
			ev = tsujiban.Event{Kind: tsujiban.EventEnded, At: at.Add(time.Hour)}
			ev.Outcome = tsujiban.Outcome{Status: 200 + i, Talk: time.Duration(i%3*i) * time.Second, By: tsujiban.PartyCaller}
			add(ev)
		}
	}
	for len(events) > 0 {
		n := min(len(events), 50)
		must(t, s.ApplyEvents(t.Context(), events[:n]))
		events = events[n:]
	}
	for limit := 1; limit < calls+20; limit += 13 {
		full := store.CallQuery{Number: mine, Limit: limit, From: trafficStart.Add(time.Second), TalkTo: time.Minute}
		brief := full
		brief.Brief = true
		for more := true; more; {
			want, err := s.Calls(t.Context(), full)
			must(t, err)
			got, err := s.Calls(t.Context(), brief)
			must(t, err)
			for _, page := range []store.CallPage{got, want} {
				for i := range page.Calls {
					if limit >= briefFrom && got.Calls[i].SIPCallID != "" {
						t.Fatal("the row was read")
					}
					page.Calls[i] = store.BriefOf(&page.Calls[i])
				}
			}
			sameContents(t, got.Calls, want.Calls)
			if got.Next != want.Next {
				t.Fatalf("pages of %d: the next one is at %q, want %q", limit, got.Next, want.Next)
			}
			full.Cursor, brief.Cursor, more = want.Next, got.Next, want.Next != ""
		}
	}
	must(t, s.Check(t.Context()))
}
