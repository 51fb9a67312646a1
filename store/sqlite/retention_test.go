package sqlite

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"tsujiban"
	"tsujiban/inquiry"
	"tsujiban/ledger"
	"tsujiban/retention"
	"tsujiban/store"
)

var retainNow = time.Date(2026, 11, 24, 3, 30, 0, 0, time.UTC)

func aNumber(t *testing.T, s string) tsujiban.Number {
	t.Helper()
	n, err := tsujiban.ParseNumber(s)
	must(t, err)
	return n
}

// callOn are the events of a call some days before now.
func callOn(t *testing.T, seq *uint64, days int, customer tsujiban.CustomerID, callee string, end bool) []tsujiban.Event {
	at := retainNow.AddDate(0, 0, -days)
	id := tsujiban.NextCallID(0, at) + tsujiban.CallID(*seq)
	*seq++
	out := []tsujiban.Event{{Seq: *seq, Kind: tsujiban.EventAttempt, At: at, Call: id,
		Attempt: tsujiban.Attempt{Customer: customer, Caller: []byte("0925551234"), Dialled: []byte(callee)},
		Verdict: tsujiban.Verdict{Action: tsujiban.Allow, Caller: aNumber(t, "+81925551234"), Callee: aNumber(t, callee)}}}
	if end {
		*seq++
		out = append(out, tsujiban.Event{Seq: *seq, Kind: tsujiban.EventEnded, At: at.Add(time.Minute), Call: id, Outcome: tsujiban.Outcome{Customer: customer, Status: 200}})
	}
	return out
}

// TestEraseCalls: what is past its term goes and cannot be found in the file; what is held, running or within its term stays.
func TestEraseCalls(t *testing.T) {
	s := open(t)
	var seq uint64
	var events []tsujiban.Event
	for range 1200 { // several batches
		events = append(events, callOn(t, &seq, 200, "hakata", "+81665550177", true)...)
	}
	events = append(events, callOn(t, &seq, 190, "hakata", "+81312345678", true)...)
	events = append(events, callOn(t, &seq, 190, "kyoto", "+81665550177", true)...)
	events = append(events, callOn(t, &seq, 185, "osaka", "+81665550177", false)...)
	events = append(events, callOn(t, &seq, 10, "hakata", "+81665550188", true)...)
	must(t, s.ApplyEvents(t.Context(), events))
	before := retainNow.AddDate(0, 0, -180)
	holds := []retention.Hold{
		{ID: 1, Number: aNumber(t, "+81312345678")},
		{ID: 2, Customer: "kyoto", From: retainNow.AddDate(0, 0, -191), To: retainNow.AddDate(0, 0, -189)},
		{ID: 3, Customer: "hakata", Number: aNumber(t, "+81999999999")},
	}
	for i := range 3000 { // as many as three inquiries may name
		holds = append(holds, retention.Hold{ID: -1, Number: aNumber(t, fmt.Sprintf("+8150%08d", 10000000+i))})
	}
	p, err := s.PastCalls(t.Context(), before, holds)
	if err != nil || p.Count != 1200 || p.Held != 2 || !p.Oldest.Equal(retainNow.AddDate(0, 0, -200)) {
		t.Fatalf("%+v, %v", p, err)
	}
	yields := 0
	n, err := s.EraseCalls(t.Context(), before, holds, func() error { yields++; return nil })
	if err != nil || n != 1200 || yields != 3 {
		t.Fatalf("%d erased, %d yields, %v", n, yields, err)
	}
	if p, err = s.PastCalls(t.Context(), before, holds); err != nil || p.Count != 0 || p.Held != 2 {
		t.Errorf("%+v, %v", p, err)
	}
	calls, _ := contents(t, s)
	var left []string
	for _, c := range calls {
		left = append(left, string(c.Customer))
	}
	slices.Sort(left)
	if !slices.Equal(left, []string{"hakata", "hakata", "kyoto", "osaka"}) {
		t.Errorf("%v is left", left)
	}
	// Once the last two that know the number are gone it stands nowhere on the disk.
	if _, err := s.EraseCalls(t.Context(), before, nil, func() error { return nil }); err != nil {
		t.Fatal(err)
	}
	must(t, s.ApplyEvents(t.Context(), []tsujiban.Event{{Seq: seq + 1, Kind: tsujiban.EventEnded, At: retainNow, Call: events[len(events)-3].Call}}))
	if _, err := s.EraseCalls(t.Context(), before, nil, func() error { return nil }); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{s.callsPath(), s.callsPath() + "-wal"} {
		b, err := os.ReadFile(name)
		must(t, err)
		if bytes.Contains(b, []byte("665550177")) {
			t.Errorf("%s still holds an erased number", name)
		}
	}
	// A run that is stopped says how far it came.
	must(t, s.Check(t.Context()))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.EraseCalls(ctx, retainNow, nil, func() error { return nil }); err == nil {
		t.Error("erased although it was stopped")
	}
}

// TestGapOfErased: the calls go on behind entries that were erased, and behind no others.
func TestGapOfErased(t *testing.T) {
	s := open(t)
	s.erased = func(from, to uint64) bool { return from >= 3 && to <= 9 }
	var seq uint64
	must(t, s.ApplyEvents(t.Context(), callOn(t, &seq, 5, "hakata", "+81312345678", true)))
	seq = 9
	must(t, s.ApplyEvents(t.Context(), callOn(t, &seq, 4, "hakata", "+81312345678", true)))
	seq = 12
	wants(t, s.ApplyEvents(t.Context(), callOn(t, &seq, 3, "hakata", "+81312345678", true)), tsujiban.CodeConflict, "up to event 11")
}

// TestHolds: kept as they were set, released once.
func TestHolds(t *testing.T) {
	s := open(t)
	h := retention.Hold{Number: aNumber(t, "+81312345678"), Customer: "hakata", From: retainNow.AddDate(0, -1, 0), Ground: retention.Court, Text: "令和8年（ワ）第88号", At: retainNow, Until: retainNow.AddDate(1, 0, 0), By: "sato"}
	must(t, s.AddHold(t.Context(), &h))
	all, err := s.RetentionHolds(t.Context())
	if err != nil || len(all) != 1 || all[0] != h {
		t.Fatalf("%+v, %v", all, err)
	}
	wants(t, s.ReleaseHold(t.Context(), h.ID, "sato", "", retainNow), tsujiban.CodeInvalid, "note")
	must(t, s.ReleaseHold(t.Context(), h.ID, "sato", "settled", retainNow))
	wants(t, s.ReleaseHold(t.Context(), h.ID, "sato", "settled", retainNow), tsujiban.CodeConflict, "was released")
	wants(t, s.ReleaseHold(t.Context(), 7, "sato", "settled", retainNow), tsujiban.CodeNotFound)
	if all, err = s.RetentionHolds(t.Context()); err != nil || all[0].Stands(retainNow) || all[0].Note != "settled" {
		t.Errorf("%+v, %v", all, err)
	}
}

// TestEraseLooksAndInquiries: entries that outlive their segment, the log of actions, cases that were closed.
func TestEraseLooksAndInquiries(t *testing.T) {
	s := open(t)
	old, young := retainNow.AddDate(-4, 0, 0), retainNow.AddDate(-1, 0, 0)
	keep := []store.KeptEntry{{Seq: 3, At: old, Line: []byte(`{"seq":3}`)}, {Seq: 9, At: young, Line: []byte(`{"seq":9}`)}}
	must(t, s.KeepEntries(t.Context(), keep))
	must(t, s.KeepEntries(t.Context(), keep)) // a run that was interrupted does it again
	must(t, s.AddAction(t.Context(), store.Action{At: old, By: "sato", Verb: "test"}))
	must(t, s.AddAction(t.Context(), store.Action{At: young, By: "sato", Verb: "test"}))
	before := retainNow.AddDate(-3, 0, 0)
	p, err := s.PastLooks(t.Context(), before)
	if err != nil || p.Count != 2 || !p.Newest.Equal(old) {
		t.Fatalf("%+v, %v", p, err)
	}
	if n, err := s.EraseLooks(t.Context(), before); err != nil || n != 2 {
		t.Fatalf("%d, %v", n, err)
	}
	var left []uint64
	must(t, s.KeptEntries(t.Context(), func(e store.KeptEntry) error { left = append(left, e.Seq); return nil }))
	if !slices.Equal(left, []uint64{9}) {
		t.Errorf("%v is left", left)
	}

	for i, closed := range []time.Time{old, young, {}} {
		c := inquiry.Case{At: old.AddDate(0, -1, 0), By: "sato", Kind: inquiry.KindWarrant, Agency: "県警", Document: fmt.Sprint(i), Date: "2022-10-01"}
		must(t, s.OpenInquiry(t.Context(), &c))
		if !closed.IsZero() {
			_, err := s.CloseInquiry(t.Context(), c.ID, closed, "sato", "answered")
			must(t, err)
		}
	}
	if p, err := s.PastInquiries(t.Context(), before); err != nil || p.Count != 1 {
		t.Errorf("%+v, %v", p, err)
	}
	if n, err := s.EraseInquiries(t.Context(), before); err != nil || n != 1 {
		t.Errorf("%d, %v", n, err)
	}
	if all, err := s.Inquiries(t.Context(), true); err != nil || len(all) != 2 {
		t.Errorf("%+v, %v", all, err)
	}
}

// TestEraseChecks: identity checks go seven years after the contract, in all that was ever believed; those of others stay.
func TestEraseChecks(t *testing.T) {
	s := open(t)
	l := s.Ledger()
	check := []ledger.Check{{What: "登記事項証明書", How: "in person", By: "sato", At: retainNow.AddDate(-10, 0, 0)}}
	put := func(id tsujiban.CustomerID, ended string) {
		t.Helper()
		_, err := l.Do(t.Context(), &ledger.Order{Entry: ledger.Entry{By: "sato", Verb: "holder", Ground: "test"},
			Holders: []ledger.HolderChange{{Holder: ledger.Holder{ID: id, Name: string(id), Ended: ended, Checks: check}, Window: ledger.Window{From: retainNow.AddDate(-10, 0, 0)}}}})
		must(t, err)
	}
	put("past", "")
	put("past", "2019-10-01")
	put("held", "2019-10-01")
	put("young", "2020-10-01")
	put("stays", "")
	before := retainNow.AddDate(-7, 0, 0)
	p, err := l.PastChecks(t.Context(), before, []tsujiban.CustomerID{"held"})
	if err != nil || p.Count != 1 || p.Held != 1 {
		t.Fatalf("%+v, %v", p, err)
	}
	if n, err := l.EraseChecks(t.Context(), before, []tsujiban.CustomerID{"held"}); err != nil || n != 1 {
		t.Fatalf("%d, %v", n, err)
	}
	for id, want := range map[tsujiban.CustomerID]int{"past": 0, "held": 1, "young": 1, "stays": 1} {
		h, err := l.Holder(t.Context(), id, retainNow, time.Time{})
		if err != nil || len(h.Checks) != want || h.Name != string(id) {
			t.Errorf("%s: %+v, %v", id, h, err)
		}
	}
	var n int
	must(t, s.ledger.read.QueryRowContext(t.Context(), `SELECT count(*) FROM holder_versions v JOIN holders h ON h.key = v.holder WHERE h.id = 'past' AND v.body LIKE '%登記%'`).Scan(&n))
	if n != 0 {
		t.Errorf("%d versions still say what was checked", n)
	}
}

// TestRetained: it counts from the first time that it is asked, until it has run.
func TestRetained(t *testing.T) {
	s := open(t)
	s.clock = func() time.Time { return retainNow }
	for range 2 {
		if at, ok, err := s.Retained(t.Context()); err != nil || ok || !at.Equal(retainNow) {
			t.Errorf("%v, %v, %v", at, ok, err)
		}
		s.clock = func() time.Time { return retainNow.Add(time.Hour) }
	}
	must(t, s.SetRetained(t.Context(), retainNow.Add(2*time.Hour)))
	if at, ok, err := s.Retained(t.Context()); err != nil || !ok || !at.Equal(retainNow.Add(2*time.Hour)) {
		t.Errorf("%v, %v, %v", at, ok, err)
	}
}
