package sqlite

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"tsujiban"
	"tsujiban/ledger"
	"tsujiban/retention"
)

// TestEraseScreens: of who was turned down nothing is left after the term; the screen by which a holder has its numbers stays until its contract
// has been over so long.
func TestEraseScreens(t *testing.T) {
	s := open(t)
	l := s.Ledger()
	now := retainNow.AddDate(-9, 0, 0)
	s.clock = func() time.Time { return now }
	parent := tsujiban.CustomerID("")
	put := func(id tsujiban.CustomerID, ended string, outcomes ...ledger.ScreenOutcome) {
		t.Helper()
		now = now.Add(time.Hour)
		o := &ledger.Order{Entry: ledger.Entry{By: "sato", Verb: "holder", Ground: "test"}, Holders: []ledger.HolderChange{{Holder: ledger.Holder{ID: id, Name: string(id), Address: "address of " + string(id), Ended: ended, Parent: parent, Reseller: id == "seller"}, Window: ledger.Window{From: retainNow.AddDate(-10, 0, 0)}}}}
		_, err := l.Do(t.Context(), o)
		must(t, err)
		for _, outcome := range outcomes {
			now = now.Add(time.Hour)
			_, err := l.Do(t.Context(), &ledger.Order{Entry: ledger.Entry{By: "sato", Verb: "screen", Ground: "test"}, Screens: []ledger.Screening{{Holder: id, Outcome: outcome,
				Answers: map[string]string{"purpose": "secret of " + string(id)}, Marks: map[string]string{"phone": "092" + string(id)}}}})
			must(t, err)
		}
	}
	put("seller", "", ledger.ScreenRefused)
	parent = "seller"
	put("refused", "", ledger.ScreenReview, ledger.ScreenRefused)
	parent = ""
	put("customer", "", ledger.ScreenIncomplete, ledger.ScreenPassed)
	put("gone", "2019-10-01", ledger.ScreenPassed)
	put("just-gone", "2026-10-01", ledger.ScreenPassed)
	put("held", "", ledger.ScreenRefused)
	now = retainNow.AddDate(-1, 0, 0)
	put("young", "", ledger.ScreenRefused)
	before, held := retainNow.AddDate(-5, 0, 0), []tsujiban.CustomerID{"held"}
	p, err := l.PastScreens(t.Context(), before, held)
	if err != nil || p.Count != 5 || p.Held != 1 || p.Applicants != 1 || p.Oldest.IsZero() || !p.Newest.Before(before) {
		t.Fatalf("%+v, %v", p, err)
	}
	if n, err := l.EraseScreens(t.Context(), before, held); err != nil || n != 5 {
		t.Fatalf("%d, %v", n, err)
	}
	for id, want := range map[tsujiban.CustomerID]int{"refused": 0, "customer": 1, "gone": 0, "just-gone": 1, "held": 1, "young": 1} {
		list, err := l.Screenings(t.Context(), id)
		if err != nil || len(list) != want {
			t.Errorf("%s: %+v, %v", id, list, err)
		}
		others, err := l.Applied(t.Context(), "somebody", "phone", "092"+string(id), time.Time{}.AddDate(1, 0, 0))
		if err != nil || len(others) != want {
			t.Errorf("%s: marks %v, %v", id, others, err)
		}
		if want == 0 {
			notInFile(t, s.ledger.path, "secret of "+string(id))
		}
	}
	notInFile(t, s.ledger.path, "address of refused")
	for _, id := range []tsujiban.CustomerID{"refused", "seller", "gone", "held", "young"} {
		h, err := l.Holder(t.Context(), id, now, time.Time{})
		want := "address of " + string(id)
		if id == "refused" {
			want = ""
		}
		if err != nil || h.Address != want || (h.Name == ledger.ErasedName) != (want == "") || h.ID != id {
			t.Errorf("%s: %+v, %v", id, h, err)
		}
	}
	if p, err := l.PastScreens(t.Context(), before, held); err != nil || p.Count != 0 || p.Held != 1 {
		t.Errorf("afterwards %+v, %v", p, err)
	}
}

// TestEraseCases: a suspension case goes after it was lifted, not before all that it asks for is done; what is under a hold stays. Its number is
// not given again.
func TestEraseCases(t *testing.T) {
	s := open(t)
	l := s.Ledger()
	now := retainNow.AddDate(-8, 0, 0)
	s.clock = func() time.Time { return now }
	from := now.AddDate(-1, 0, 0)
	const first = int64(815012340000)
	o := &ledger.Order{Entry: ledger.Entry{By: "sato", Verb: "add", Ground: "test"}, Changes: []ledger.Change{{Verb: ledger.VerbAdd, Ranges: []ledger.Range{{First: first, Last: first + 9}}, Source: "A", From: from}}}
	for i := range int64(5) {
		id := tsujiban.CustomerID(fmt.Sprint("h", i))
		o.Holders = append(o.Holders, ledger.HolderChange{Holder: ledger.Holder{ID: id, Name: string(id)}, Window: ledger.Window{From: from}})
		o.Screens = append(o.Screens, ledger.Screening{Holder: id, Outcome: ledger.ScreenPassed})
		o.Changes = append(o.Changes, ledger.Change{Verb: ledger.VerbAssign, Ranges: []ledger.Range{{First: first + i, Last: first + i}}, Holder: id, From: from})
	}
	_, err := l.Do(t.Context(), o)
	must(t, err)
	rules := &ledger.SchemeRules{Version: "1", ReportWithin: time.Hour, NotifyWithin: time.Hour}
	open := func(i int64) ledger.Case {
		t.Helper()
		now = now.Add(time.Hour)
		c := ledger.Case{Request: ledger.Request{Agency: "県警", Number: fmt.Sprint("secret ", i), Date: now.Truncate(24 * time.Hour)}, Numbers: []ledger.Range{{First: first + i, Last: first + i}}}
		_, err := l.OpenCase(t.Context(), &c, rules, &ledger.Order{Entry: ledger.Entry{By: "sato", Verb: "suspend", Ground: "test"}})
		must(t, err)
		return c
	}
	done := func(c *ledger.Case) {
		t.Helper()
		for _, step := range c.Steps {
			if !step.Due.IsZero() {
				must(t, l.DoneStep(t.Context(), c.ID, step.N, "sato"))
			}
		}
	}
	lift := func(c *ledger.Case) {
		t.Helper()
		now = now.Add(time.Hour)
		_, err := l.LiftCase(t.Context(), c.ID, &ledger.Order{Entry: ledger.Entry{By: "sato", Verb: "lift", Ground: "test"}})
		must(t, err)
	}
	stands, byNumber, byHolder, undone, past := open(0), open(1), open(2), open(3), open(4)
	done(&stands)
	for _, c := range []*ledger.Case{&byNumber, &byHolder, &past} {
		done(c)
		lift(c)
	}
	lift(&undone)
	holds := []retention.Hold{{Number: ledger.Number(first + 1)}, {Customer: "h2"}, {Number: ledger.Number(first + 9)}, {Customer: "nobody"}}
	before := retainNow.AddDate(-5, 0, 0)
	if p, err := l.PastCases(t.Context(), before, holds); err != nil || p.Count != 1 || p.Held != 2 {
		t.Fatalf("%+v, %v", p, err)
	}
	if n, err := l.EraseCases(t.Context(), before, holds); err != nil || n != 1 {
		t.Fatalf("%d, %v", n, err)
	}
	_, err = l.Case(t.Context(), past.ID)
	wants(t, err, tsujiban.CodeNotFound)
	if all, err := l.Cases(t.Context(), false); err != nil || len(all) != 4 {
		t.Errorf("%d cases are left, %v", len(all), err)
	}
	notInFile(t, s.ledger.path, "secret 4")
	now = retainNow
	if c := open(5 - 1); c.ID != past.ID+1 {
		t.Errorf("the case after case %d, which was erased, is %d", past.ID, c.ID)
	}
}

// notInFile fails when the database, or what is beside it, has a text anywhere.
func notInFile(t *testing.T, path, text string) {
	t.Helper()
	names, err := filepath.Glob(path + "*")
	must(t, err)
	for _, name := range names {
		b, err := os.ReadFile(name)
		must(t, err)
		if bytes.Contains(b, []byte(text)) {
			t.Errorf("%s still has %q", filepath.Base(name), text)
		}
	}
}
