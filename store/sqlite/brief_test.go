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

// TestBriefCrews: who needs several connections at once waits while as many others do as there is room for, and holds none meanwhile.
func TestBriefCrews(t *testing.T) {
	s := open(t)
	var d *database
	must(t, s.withView(func(v *database) error { d = v; return nil }))
	if n := d.read.Stats().MaxOpenConnections; briefReaders*cap(d.crews) > n || cap(d.crews) == 0 {
		t.Fatalf("%d times as many of %d connections", cap(d.crews), n)
	}
	q := store.CallQuery{Number: number(t, "+815012345678"), Brief: true, Limit: 1000}
	synctest.Test(t, func(t *testing.T) {
		d.crews = make(chan struct{}, 1)
		d.crews <- struct{}{}
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
		<-d.crews
		if err := <-asked; err != nil {
			t.Error(err)
		}
		if len(d.crews) > 0 {
			t.Error("the room was not given back")
		}
	})
}

// TestBriefSpans: a long page, which is read in two spans of time, has the calls of both in their order, also where the spans meet and where it ends.
func TestBriefSpans(t *testing.T) {
	const calls = 1500
	s := open(t)
	mine, other := number(t, "+815012345678"), number(t, "+819012345678")
	var events []tsujiban.Event
	id := tsujiban.CallID(0)
	for i := range calls {
		at := trafficStart.Add(time.Duration(i/3) * time.Second)
		id = tsujiban.NextCallID(id, at)
		ev := tsujiban.Event{Seq: uint64(i) + 1, Kind: tsujiban.EventAttempt, At: at, Call: id}
		ev.Verdict.Caller, ev.Verdict.Callee = mine, other
		switch i % 4 {
		case 1:
			ev.Verdict.Caller, ev.Verdict.Callee = other, mine
		case 2:
			ev.Verdict.Callee = mine
		}
		events = append(events, ev)
	}
	must(t, s.ApplyEvents(t.Context(), events))
	for _, seconds := range []int{1, 2, 3, 100, 249, 250, 400, 499, 500, 2000} {
		for _, limit := range []int{1024, 1200, 1500, 2000} {
			full := store.CallQuery{Number: mine, Limit: limit, From: trafficStart, To: trafficStart.Add(time.Duration(seconds) * time.Second)}
			brief := full
			brief.Brief = true
			if n := len(briefSpans(brief, limit)); n != 2 {
				t.Fatalf("%d spans", n)
			}
			want, err := s.Calls(t.Context(), full)
			must(t, err)
			got, err := s.Calls(t.Context(), brief)
			must(t, err)
			for _, page := range []store.CallPage{got, want} {
				for i := range page.Calls {
					page.Calls[i] = store.BriefOf(&page.Calls[i])
				}
			}
			sameContents(t, got.Calls, want.Calls)
			if n := min(3*seconds, calls, limit); len(got.Calls) != n || got.Next != want.Next {
				t.Fatalf("%d seconds, at most %d: %d calls, want %d; next %q, want %q", seconds, limit, len(got.Calls), n, got.Next, want.Next)
			}
		}
	}
}
