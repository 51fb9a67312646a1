package sqlite

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
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

// TestBriefPairs: who needs two connections at once waits while as many others do as there are pairs, and holds none meanwhile.
func TestBriefPairs(t *testing.T) {
	s := open(t)
	var d *database
	must(t, s.withView(func(v *database) error { d = v; return nil }))
	if n := d.read.Stats().MaxOpenConnections; 2*cap(d.pairs) > n || cap(d.pairs) == 0 {
		t.Fatalf("%d pairs of %d connections", cap(d.pairs), n)
	}
	q := store.CallQuery{Number: number(t, "+815012345678"), Brief: true, Limit: 1000}
	synctest.Test(t, func(t *testing.T) {
		d.pairs = make(chan struct{}, 1)
		d.pairs <- struct{}{}
		asked := make(chan error, 1)
		ask := func(ctx context.Context) {
			_, err := s.Calls(ctx, q)
			asked <- err
		}
		ctx, stop := context.WithCancel(t.Context())
		go ask(ctx)
		synctest.Wait()
		if n := d.read.Stats().InUse; n != 0 || len(asked) > 0 {
			t.Errorf("it did not wait, and holds %d connections", n)
		}
		stop()
		if err := <-asked; !errors.Is(err, context.Canceled) {
			t.Errorf("it waits for somebody who is gone: %v", err)
		}
		go ask(t.Context())
		synctest.Wait()
		<-d.pairs
		if err := <-asked; err != nil {
			t.Error(err)
		}
		if len(d.pairs) > 0 {
			t.Error("a pair was not given back")
		}
	})
}
