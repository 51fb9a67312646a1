package sqlite_test

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tsujiban"
	"tsujiban/store"
	"tsujiban/store/sqlite"
	"tsujiban/suspicion"
)

// suspiciousNight is events about three customers: one released, one open, one that was only watched.
func suspiciousNight(calls int) (events []tsujiban.Event) {
	at := time.Date(2026, 11, 25, 3, 0, 0, 0, time.UTC)
	add := func(ev tsujiban.Event) {
		at = at.Add(25 * time.Second)
		ev.Seq, ev.At = uint64(len(events))+1, at
		events = append(events, ev)
	}
	for i := range calls {
		customer := tsujiban.CustomerID([]string{"hakata", "kyoto", "nara"}[i%3])
		id := tsujiban.NextCallID(0, at) + tsujiban.CallID(i)
		ev := tsujiban.Event{Kind: tsujiban.EventAttempt, Call: id}
		ev.Attempt = tsujiban.Attempt{Call: id, Customer: customer, Source: netip.MustParseAddrPort("203.0.113.9:5060"), UserAgent: []byte("x")}
		callee, err := tsujiban.ParseNumber(fmt.Sprintf("+2327612%04d", i%10000))
		if err != nil {
			panic(err)
		}
		ev.Verdict = tsujiban.Verdict{Action: tsujiban.Watch, Weight: 20, Callee: callee, Destination: tsujiban.Destination{Scope: tsujiban.ScopeInternational, Code: 232, ISO: [2]byte{'S', 'L'}}}
		add(ev)
		if customer != "nara" {
			add(tsujiban.Event{Kind: tsujiban.EventEnded, Call: id, Outcome: tsujiban.Outcome{Customer: customer, Talk: 30 * time.Second, Charge: 175 * tsujiban.Unit}})
		}
	}
	add(tsujiban.Event{Kind: tsujiban.EventRestricted, Restriction: tsujiban.Restriction{Customer: "hakata", Level: tsujiban.LevelRestrict, Reason: tsujiban.ReasonFraud, By: "guard"}})
	add(tsujiban.Event{Kind: tsujiban.EventReleased, Restriction: tsujiban.Restriction{Customer: "hakata", By: "sato"}})
	add(tsujiban.Event{Kind: tsujiban.EventCase, Step: tsujiban.CaseStep{Case: 1, Customer: "hakata", Act: tsujiban.CaseNoted, By: "sato", Note: "afterwards"}})
	return events
}

func allSuspicions(t *testing.T, s *sqlite.Store) []suspicion.Case {
	t.Helper()
	page, err := s.Suspicions(t.Context(), store.SuspicionQuery{})
	if err != nil {
		t.Fatal(err)
	}
	return page.Cases
}

func feed(t *testing.T, s *sqlite.Store, events []tsujiban.Event, batch int) {
	t.Helper()
	for len(events) > 0 {
		n := min(batch, len(events))
		if err := s.ApplyEvents(t.Context(), events[:n]); err != nil {
			t.Fatal(err)
		}
		events = events[n:]
	}
}

// TestSuspicionsSurvive: the cases are the same in one batch, in many, with the store closed in the middle, after a batch that failed, and rebuilt.
func TestSuspicionsSurvive(t *testing.T) {
	events := suspiciousNight(90)
	open := func(name string, o ...sqlite.Option) *sqlite.Store {
		s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), name), o...)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	whole := open("a.db")
	feed(t, whole, events, len(events))
	want := allSuspicions(t, whole)
	if len(want) != 3 || want[2].Calls.Calls != 30 || want[2].Calls.Lost != 30*175*tsujiban.Unit || want[2].Open() || want[2].Steps[len(want[2].Steps)-1].Note != "afterwards" {
		t.Fatalf("%+v", want)
	}

	place := filepath.Join(t.TempDir(), "b.db")
	told := 0
	for i := 0; i < len(events); i += 40 {
		s, err := sqlite.Open(t.Context(), place, sqlite.WithSuspicions(func(*suspicion.Case) { told++ }))
		if err != nil {
			t.Fatal(err)
		}
		cut := events[i:min(i+40, len(events))]
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.ApplyEvents(ctx, cut); err == nil {
			t.Fatal("a cancelled batch was taken")
		}
		feed(t, s, cut, 7)
		if i+40 >= len(events) {
			if d := cmp.Diff(want, allSuspicions(t, s)); d != "" {
				t.Errorf("in pieces: -want +got\n%s", d)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if told == 0 {
		t.Error("nobody was told of a change")
	}

	i := 0
	if err := whole.Rebuild(t.Context(), 1, func(context.Context) (*tsujiban.Event, error) {
		if i == len(events) {
			return nil, io.EOF
		}
		i++
		return &events[i-1], nil
	}, nil); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, allSuspicions(t, whole)); d != "" {
		t.Errorf("rebuilt: -want +got\n%s", d)
	}
	links, err := whole.SuspicionLinks(t.Context(), &want[0])
	if err != nil || len(links) != 4 || links[0].Factor == "agent" {
		t.Errorf("links %+v, %v", links, err)
	}
	if n, err := whole.EraseSuspicions(t.Context(), want[2].Closed.Add(time.Hour), []tsujiban.CustomerID{"hakata"}); n != 0 || err != nil {
		t.Errorf("a held customer's: %d, %v", n, err)
	}
	if n, err := whole.EraseSuspicions(t.Context(), want[2].Closed.Add(time.Hour), []tsujiban.CustomerID{}); n != 1 || err != nil {
		t.Errorf("erased %d, %v", n, err)
	}
	if _, err := whole.Suspicion(t.Context(), 1); tsujiban.CodeOf(err) != tsujiban.CodeNotFound {
		t.Errorf("got %v", err)
	}
	if err := whole.ResetViews(t.Context(), 1); err != nil || len(allSuspicions(t, whole)) != 0 {
		t.Errorf("after a reset: %v", err)
	}
}

func TestSuspicionPages(t *testing.T) {
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "store.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	feed(t, s, suspiciousNight(9), 1000)
	yes, no := true, false
	page, err := s.Suspicions(t.Context(), store.SuspicionQuery{Limit: 2})
	if err != nil || len(page.Cases) != 2 || page.Next == "" {
		t.Fatalf("%d cases, next %q, %v", len(page.Cases), page.Next, err)
	}
	page, err = s.Suspicions(t.Context(), store.SuspicionQuery{Limit: 2, Cursor: page.Next})
	if err != nil || len(page.Cases) != 1 || page.Next != "" {
		t.Fatalf("%d cases, next %q, %v", len(page.Cases), page.Next, err)
	}
	for _, c := range []struct {
		q    store.SuspicionQuery
		want int
	}{{store.SuspicionQuery{Open: &yes}, 2}, {store.SuspicionQuery{Open: &no}, 1}, {store.SuspicionQuery{Customer: "kyoto"}, 1}, {store.SuspicionQuery{Assigned: "x"}, 0}} {
		if page, err := s.Suspicions(t.Context(), c.q); err != nil || len(page.Cases) != c.want {
			t.Errorf("%+v: %d, %v", c.q, len(page.Cases), err)
		}
	}
	if _, err := s.Suspicions(t.Context(), store.SuspicionQuery{Cursor: "x"}); tsujiban.CodeOf(err) != tsujiban.CodeInvalid {
		t.Errorf("got %v", err)
	}
}
