package inquiry_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tsujiban"
	"tsujiban/inquiry"
	"tsujiban/ledger"
	"tsujiban/store/sqlite"
)

// desk is one over a real store: our block is 050-1232-xxxx, from a carrier; 050-1234 is another carrier's, 050-1233 nobody's.
type desk struct {
	*inquiry.Desk
	t     *testing.T
	store *sqlite.Store
	seq   uint64
}

type book struct {
	*sqlite.Ledger
	*sqlite.Store
}

var day = time.Date(2026, 11, 19, 15, 0, 0, 0, time.UTC) // 20 November in Japan

func newDesk(t *testing.T) *desk {
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "store.db"), sqlite.WithClock(func() time.Time { return now }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	d := &desk{t: t, store: s, Desk: &inquiry.Desk{Plan: plan(t), Records: book{s.Ledger(), s}}}
	entry := func(verb string) ledger.Entry { return ledger.Entry{By: "sato", Verb: verb, Ground: "test"} }
	block := func(first int64) ledger.Range { return ledger.Range{First: first, Last: first + 9999} }
	began := day.AddDate(-1, 0, 0)
	_, err = s.Ledger().Do(t.Context(), &ledger.Order{
		Entry:   entry("import"),
		Holders: []ledger.HolderChange{{Holder: ledger.Holder{ID: "hakata", Name: "博多商会"}, Window: ledger.Window{From: began}}},
		Screens: []ledger.Screening{{Holder: "hakata", Outcome: ledger.ScreenPassed}},
		Changes: []ledger.Change{
			{Verb: ledger.VerbAdd, Ranges: []ledger.Range{block(815012320000)}, Source: "Carrier A", From: began},
			{Verb: ledger.VerbTest, Ranges: []ledger.Range{{First: 815012325678, Last: 815012325678}}, From: began},
			{Verb: ledger.VerbAssign, Ranges: []ledger.Range{{First: 815012325670, Last: 815012325677}}, Holder: "hakata", From: began},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Ledger().Publish(t.Context(), &ledger.Publication{Published: began, Rows: []ledger.Designation{
		{Range: block(815012320000), Carrier: "Carrier A"}, {Range: block(815012330000)}, {Range: block(815012340000), Carrier: "Carrier B"},
	}}, &ledger.Order{Entry: entry("designations")})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func number(t *testing.T, s string) tsujiban.Number {
	t.Helper()
	if s == "" {
		return tsujiban.Number{}
	}
	n, err := tsujiban.ParseNumber(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// call puts a call into the records: talk 0 is one that nobody answered, below 0 one that the guard refused.
func (d *desk) call(at time.Time, way tsujiban.Direction, caller, callee string, talk time.Duration) tsujiban.CallID {
	d.t.Helper()
	id := tsujiban.NextCallID(tsujiban.CallID(d.seq), at)
	ev := tsujiban.Event{Kind: tsujiban.EventAttempt, At: at, Call: id}
	ev.Attempt = tsujiban.Attempt{Customer: "hakata", Trunk: "hakata-pbx", Direction: way, Caller: []byte(caller), Dialled: []byte(callee)}
	ev.Verdict.Caller, ev.Verdict.Callee = number(d.t, caller), number(d.t, callee)
	if caller == "" {
		ev.Verdict.Withheld = true
	}
	evs := []tsujiban.Event{ev}
	switch {
	case talk < 0:
		evs[0].Verdict.Action, evs[0].Verdict.Reason = tsujiban.Deny, tsujiban.ReasonSuspended
	case talk == 0:
		evs = append(evs, tsujiban.Event{Kind: tsujiban.EventEnded, At: at.Add(20 * time.Second), Call: id, Outcome: tsujiban.Outcome{Status: 480}})
	default:
		evs = append(evs, tsujiban.Event{Kind: tsujiban.EventAnswered, At: at.Add(time.Second), Call: id},
			tsujiban.Event{Kind: tsujiban.EventEnded, At: at.Add(time.Second + talk), Call: id, Outcome: tsujiban.Outcome{Status: 200, Talk: talk}})
	}
	for i := range evs {
		d.seq++
		evs[i].Seq = d.seq
	}
	if err := d.store.ApplyEvents(d.t.Context(), evs); err != nil {
		d.t.Fatal(err)
	}
	return id
}

func (d *desk) ask(kind inquiry.Kind, change func(*inquiry.Question)) *inquiry.Answer {
	d.t.Helper()
	q := inquiry.Question{Number: "050-1232-5678", From: day, To: day.AddDate(0, 0, 1), Talked: inquiry.Length(50 * time.Minute)}
	if change != nil {
		change(&q)
	}
	a, err := d.Ask(d.t.Context(), &inquiry.Case{ID: 1, Kind: kind}, &q)
	if err != nil {
		d.t.Fatal(err)
	}
	return a
}

const test, police, victim = "+815012325678", "+81926410110", "+819011122222"

// TestStory is the police call: one of our test numbers is said to have talked to a victim for fifty minutes. There are only the calls of the
// police themselves on it, and the number that was meant is another carrier's, one digit away.
func TestStory(t *testing.T) {
	d := newDesk(t)
	d.call(day.Add(-36*time.Hour), tsujiban.In, police, test, 50*time.Minute) // another day
	d.call(day.Add(9*time.Hour), tsujiban.In, police, test, 0)
	d.call(day.Add(10*time.Hour), tsujiban.In, police, test, 40*time.Second)
	d.call(day.Add(11*time.Hour), tsujiban.Out, "+815012325671", "+81312345678", 5*time.Minute)
	a := d.ask(inquiry.KindWarrant, nil)
	if a.Finding != inquiry.FoundNone || len(a.Calls) != 2 || !a.Subject.Ours || a.Subject.Held[0].State != ledger.StateTest {
		t.Fatalf("%s, %d calls, %+v", a.Finding, len(a.Calls), a.Subject)
	}
	if a.Calls[0].Result != inquiry.Connected || a.Calls[1].Result != inquiry.Unanswered || a.Calls[0].Fits {
		t.Errorf("%+v", a.Calls)
	}
	i := slices.IndexFunc(a.Near, func(b inquiry.Beside) bool { return b.Digits == "05012345678" })
	if i < 0 || a.Near[i].Designated.Carrier != "Carrier B" || a.Near[i].RuledOut() {
		t.Fatalf("the number that was meant: %d", i)
	}
	for j, b := range a.Near {
		if b.Ours != (b.Number.HasPrefix(number(t, "+81501232"))) || b.Ours && (!b.RuledOut() || j < i) {
			t.Errorf("%s at %d: ours %v, ruled out %v", b.Digits, j, b.Ours, b.RuledOut())
		}
	}
}

// TestMatching: what fits and what does not.
func TestMatching(t *testing.T) {
	d := newDesk(t)
	fits := d.call(day.Add(time.Hour), tsujiban.Out, test, victim, 47*time.Minute)
	d.call(day.Add(2*time.Hour), tsujiban.Out, test, victim, 20*time.Minute)
	d.call(day.Add(3*time.Hour), tsujiban.In, "", test, 51*time.Minute) // withheld: it may be the victim's
	d.call(day.Add(4*time.Hour), tsujiban.Out, test, victim, -1)
	late := d.call(day.Add(-10*time.Minute), tsujiban.Out, test, victim, 52*time.Minute) // began the day before, went on into this one
	d.call(day.Add(-2*time.Hour), tsujiban.Out, test, victim, 50*time.Minute)            // was over
	d.call(day.Add(25*time.Hour), tsujiban.Out, test, victim, 50*time.Minute)            // the day after
	for name, c := range map[string]struct {
		change func(*inquiry.Question)
		want   int // that fit
		all    int
	}{
		"length":        {nil, 3, 5},
		"within":        {func(q *inquiry.Question) { q.Within = inquiry.Length(150 * time.Second) }, 2, 5},
		"no length":     {func(q *inquiry.Question) { q.Talked = 0 }, 5, 5},
		"out":           {func(q *inquiry.Question) { q.Way = "out" }, 2, 5},
		"in":            {func(q *inquiry.Question) { q.Way = "in" }, 1, 5},
		"other":         {func(q *inquiry.Question) { q.Other = "090-1112-222" }, 1, 5}, // no number; the withheld one may be anybody's
		"other party":   {func(q *inquiry.Question) { q.Other = victim }, 3, 5},
		"another party": {func(q *inquiry.Question) { q.Other = police }, 1, 5}, // the withheld one may be anybody's
		"window":        {func(q *inquiry.Question) { q.From, q.To = day.Add(2*time.Hour), day.Add(3*time.Hour) }, 0, 1},
	} {
		a := d.ask(inquiry.KindWarrant, c.change)
		if n := len(a.Matching()); n != c.want || len(a.Calls) != c.all {
			t.Errorf("%s: %d of %d calls fit, want %d of %d", name, n, len(a.Calls), c.want, c.all)
		}
	}
	a := d.ask(inquiry.KindWarrant, func(q *inquiry.Question) { q.Other = victim })
	got := []tsujiban.CallID{a.Calls[0].ID, a.Calls[1].ID}
	if a.Finding != inquiry.FoundCall || !slices.Equal(got, []tsujiban.CallID{late, fits}) || !a.Calls[2].Unknown {
		t.Errorf("%s: %v", a.Finding, got)
	}
	if e := a.Calls[1].Entries; e.Asked != 1 || e.Answered != 2 || e.Ended != 3 {
		t.Errorf("%+v", e)
	}
	if a.Calls[4].Result != inquiry.Denied && a.Calls[3].Result != inquiry.Denied {
		t.Error("the call that was denied is not there")
	}
	a.Mask()
	if a.Calls[1].Caller != test || a.Calls[1].Callee != victim {
		t.Errorf("who asked for both numbers knows them: %+v", a.Calls[1])
	}
	b := d.ask(inquiry.KindWarrant, nil)
	b.Mask()
	if b.Calls[0].Callee != "+81901112****" {
		t.Errorf("%q is not masked", b.Calls[0].Callee)
	}
}

// TestBusy: of a number with very many calls the one that fits is found wherever it stands, by its length or by the other party.
func TestBusy(t *testing.T) {
	d := newDesk(t)
	d.call(day.Add(time.Minute), tsujiban.Out, test, victim, 50*time.Minute)
	for i := range 700 {
		d.call(day.Add(time.Hour+time.Duration(i)*time.Minute), tsujiban.In, police, test, time.Duration(i%2)*50*time.Minute)
	}
	for name, talked := range map[string]time.Duration{"length": 50 * time.Minute, "party only": 0} {
		a := d.ask(inquiry.KindWarrant, func(q *inquiry.Question) { q.Talked, q.Other = inquiry.Length(talked), victim })
		if a.Finding != inquiry.FoundCall || len(a.Matching()) != 1 || !a.More || len(a.Calls) != 301 {
			t.Errorf("%s: %s, %d fit, %d calls", name, a.Finding, len(a.Matching()), len(a.Calls))
		}
	}
}

// TestForeign: somebody else shows our number.
func TestForeign(t *testing.T) {
	d := newDesk(t)
	d.call(day.Add(time.Hour), tsujiban.In, test, "+815012325671", 50*time.Minute)
	d.call(day.Add(2*time.Hour), tsujiban.Out, test, victim, 50*time.Minute)
	a := d.ask(inquiry.KindWarrant, nil)
	if len(a.Calls) != 2 || !a.Calls[0].Foreign || a.Calls[1].Foreign {
		t.Errorf("%+v", a.Calls)
	}
	a = d.ask(inquiry.KindWarrant, func(q *inquiry.Question) { q.Number = victim })
	if len(a.Calls) != 1 || a.Calls[0].Foreign || a.Finding != inquiry.FoundCall {
		t.Errorf("the victim's number is not ours, and its call passed through here: %s, %+v", a.Finding, a.Calls)
	}
}

// TestNearCall: the number was taken down wrong, and the one that was meant is ours, too.
func TestNearCall(t *testing.T) {
	d := newDesk(t)
	d.call(day.Add(time.Hour), tsujiban.Out, "+815012325671", victim, 50*time.Minute)
	a := d.ask(inquiry.KindWarrant, nil)
	if a.Finding != inquiry.FoundNear || a.Near[0].Digits != "05012325671" || a.Near[0].Matching != 1 || len(a.Near[0].Chain) != 1 || a.Near[0].Chain[0].ID != "hakata" {
		t.Errorf("%s: %+v", a.Finding, a.Near[0])
	}
	if a := d.ask(inquiry.KindConsent, nil); a.Finding != inquiry.FoundNone || a.Near[0].Looked {
		t.Errorf("a consent does not cover other customers: %s", a.Finding)
	}
	// A digit is missing: there is no such number, and still the one that was meant is found.
	a = d.ask(inquiry.KindWarrant, func(q *inquiry.Question) { q.Number = "050-1232-567" })
	if a.Finding != inquiry.FoundNear || a.Subject.Number != "" || a.Subject.Problem == "" || a.Near[0].Digits != "05012325671" {
		t.Errorf("%s: %+v", a.Finding, a.Subject)
	}
}

// TestOtherParty: it is the victim's number that has the wrong digit.
func TestOtherParty(t *testing.T) {
	d := newDesk(t)
	d.call(day.Add(time.Hour), tsujiban.Out, test, "+819011122223", 50*time.Minute)
	a := d.ask(inquiry.KindWarrant, func(q *inquiry.Question) { q.Other = "090-1112-2228" })
	if a.Finding != inquiry.FoundNone || a.OtherNear[0].Digits != "09011122223" || a.OtherNear[0].Matching != 1 {
		t.Fatalf("%s: %+v", a.Finding, a.OtherNear[0])
	}
	a.Mask()
	if strings.Contains(a.OtherNear[0].Digits, "2223") || a.Calls[0].Callee != "+81901112****" {
		t.Errorf("%q, %q", a.OtherNear[0].Digits, a.Calls[0].Callee)
	}
}

// TestWritten: a written inquiry gets the holder and no call; a preservation request gets neither.
func TestWritten(t *testing.T) {
	d := newDesk(t)
	d.call(day.Add(time.Hour), tsujiban.Out, "+815012325671", victim, 50*time.Minute)
	which := func(q *inquiry.Question) { q.Number = "05012325671" }
	a := d.ask(inquiry.KindInquiry, which)
	if a.Finding != inquiry.NotLooked || a.Looked || len(a.Calls) > 0 || len(a.Subject.Held) != 1 || a.Subject.Held[0].Chain[0].Name != "博多商会" {
		t.Errorf("%s: %+v", a.Finding, a.Subject)
	}
	a = d.ask(inquiry.KindPreservation, which)
	if !a.Subject.Ours || a.Subject.Held[0].Holder != "" || len(a.Subject.Held[0].Chain) > 0 || a.Looked {
		t.Errorf("%+v", a.Subject)
	}
	for i := range a.Near {
		if a.Near[i].Looked || len(a.Near[i].Chain) > 0 {
			t.Fatalf("%+v", a.Near[i])
		}
	}
}

func TestAskRefused(t *testing.T) {
	d := newDesk(t)
	for words, c := range map[string]struct {
		code tsujiban.Code
		f    func(*inquiry.Case, *inquiry.Question)
	}{
		"is closed":               {tsujiban.CodeForbidden, func(c *inquiry.Case, _ *inquiry.Question) { c.Closed = now }},
		"names other numbers":     {tsujiban.CodeForbidden, func(c *inquiry.Case, _ *inquiry.Question) { c.Numbers = []string{victim} }},
		"write the number":        {tsujiban.CodeInvalid, func(_ *inquiry.Case, q *inquiry.Question) { q.Number = "" }},
		"is no telephone number":  {tsujiban.CodeInvalid, func(_ *inquiry.Case, q *inquiry.Question) { q.Other = "the victim" }},
		"is not after from":       {tsujiban.CodeInvalid, func(_ *inquiry.Case, q *inquiry.Question) { q.To = q.From }},
		"write in (calls to":      {tsujiban.CodeInvalid, func(_ *inquiry.Case, q *inquiry.Question) { q.Way = "up" }},
		"that is not given: add ": {tsujiban.CodeInvalid, func(_ *inquiry.Case, q *inquiry.Question) { q.Within = 1 }},
	} {
		k := inquiry.Case{ID: 1, Kind: inquiry.KindWarrant}
		q := inquiry.Question{Number: test, From: day, To: day.Add(time.Hour)}
		c.f(&k, &q)
		if _, err := d.Ask(t.Context(), &k, &q); tsujiban.CodeOf(err) != c.code || err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%q: %v", words, err)
		}
	}
}
