package retention

import (
	"testing"
	"time"

	"tsujiban"
)

var now = time.Date(2026, 11, 24, 3, 30, 0, 0, time.UTC)

func number(t *testing.T, digits string) tsujiban.Number {
	t.Helper()
	n, err := tsujiban.NumberFromDigits(digits)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestTerms(t *testing.T) {
	for s, want := range map[string]string{"180d": "2026-05-28", "6mo": "2026-05-24", "7y": "2019-11-24", "1d": "2026-11-23"} {
		term, err := ParseTerm(s)
		if err != nil || term.String() != s || term.Before(now).Format(time.DateOnly) != want {
			t.Errorf("%s: %v, %v: before %s", s, term, err, term.Before(now).Format(time.DateOnly))
		}
	}
	for _, s := range []string{"", "0d", "-1d", "+1d", "01d", "180", "6m", "d", "1.5y", "1y6mo", "101y", "180 d", "４d", "99999999999999999999d"} {
		if term, err := ParseTerm(s); tsujiban.CodeOf(err) != tsujiban.CodeInvalid {
			t.Errorf("%q: %v, %v", s, term, err)
		}
	}
	for k := range numKinds {
		if got, ok := ParseKind(k.String()); !ok || got != k || k.Text(tsujiban.Japanese) == "" {
			t.Errorf("kind %v", k)
		}
	}
}

func TestHoldsAreBounded(t *testing.T) {
	n := number(t, "81925551234")
	for _, c := range []struct {
		name string
		h    Hold
		code tsujiban.Code
		ok   bool
	}{
		{"30 days", Hold{Number: n, Ground: Preservation, Text: "県警 第12号", At: now, Until: now.AddDate(0, 0, 30)}, 0, true},
		{"31 days", Hold{Number: n, Ground: Preservation, Text: "県警 第12号", At: now, Until: now.AddDate(0, 0, 31)}, tsujiban.CodeForbidden, false},
		{"a warrant may last longer", Hold{Customer: "hakata-shokai", Ground: Warrant, Text: "令状 第3号", At: now, Until: now.AddDate(0, 0, 90)}, 0, true},
		{"nothing named", Hold{Ground: Warrant, Text: "令状", At: now, Until: now.AddDate(0, 0, 1)}, tsujiban.CodeInvalid, false},
		{"no document", Hold{Number: n, Ground: Warrant, Text: " ", At: now, Until: now.AddDate(0, 0, 1)}, tsujiban.CodeInvalid, false},
		{"past", Hold{Number: n, Ground: Warrant, Text: "令状", At: now, Until: now}, tsujiban.CodeInvalid, false},
		{"period backwards", Hold{From: now, To: now.Add(-time.Hour), Ground: Warrant, Text: "令状", At: now, Until: now.AddDate(0, 0, 1)}, tsujiban.CodeInvalid, false},
		{"a line that is two", Hold{Number: n, Ground: Warrant, Text: "a\nb", At: now, Until: now.AddDate(0, 0, 1)}, tsujiban.CodeInvalid, false},
	} {
		if err := c.h.Valid(); (err == nil) != c.ok || err != nil && tsujiban.CodeOf(err) != c.code {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// A call that began under a hold is under it to its end, also where the entry names neither party; others are not.
func TestWeigher(t *testing.T) {
	caller, other := number(t, "81925551234"), number(t, "81312345678")
	holds := []Hold{
		{ID: 1, Number: other, Ground: Warrant, Text: "x", Until: now.AddDate(0, 0, -1)}, // over
		{ID: 2, Number: caller, From: now.Add(-time.Hour), Ground: Warrant, Text: "x", Until: now.AddDate(0, 0, 1)},
		{ID: 3, Customer: "kyoto", Ground: Court, Text: "x", Until: now.AddDate(0, 0, 1)},
		{ID: 4, Number: other, Ground: Court, Text: "x", Until: now.AddDate(0, 0, 1), Released: now},
		{ID: 5, Number: number(t, "81665550100"), Ground: Court, Text: "x", Until: now.AddDate(0, 0, 1)},
	}
	w := NewWeigher(holds, now)
	attempt := func(id tsujiban.CallID, at time.Time, customer tsujiban.CustomerID, from tsujiban.Number) *tsujiban.Event {
		return &tsujiban.Event{Kind: tsujiban.EventAttempt, Call: id, At: at, Attempt: tsujiban.Attempt{Customer: customer}, Verdict: tsujiban.Verdict{Caller: from, Callee: other}}
	}
	for i, c := range []struct {
		ev   *tsujiban.Event
		want int64
	}{
		{attempt(1, now, "hakata", caller), 2},
		{attempt(2, now.Add(-2*time.Hour), "hakata", caller), 0},
		{attempt(3, now, "hakata", other), 0},
		{attempt(4, now, "kyoto", other), 3},
		{&tsujiban.Event{Kind: tsujiban.EventAnswered, Call: 1, At: now}, 2},
		{&tsujiban.Event{Kind: tsujiban.EventAnswered, Call: 3, At: now}, 0},
		{&tsujiban.Event{Kind: tsujiban.EventEnded, Call: 1, At: now, Outcome: tsujiban.Outcome{Customer: "hakata"}}, 2},
		{&tsujiban.Event{Kind: tsujiban.EventEnded, Call: 3, At: now, Outcome: tsujiban.Outcome{Customer: "hakata"}}, 0},
		{&tsujiban.Event{Kind: tsujiban.EventRestricted, At: now, Restriction: tsujiban.Restriction{Customer: "kyoto"}}, 3},
		{&tsujiban.Event{Kind: tsujiban.EventReplied, At: now, Reply: tsujiban.Reply{Customer: "kyoto"}}, 3},
		{attempt(5, now.AddDate(-1, 0, 0), "osaka", number(t, "81665550100")), 5},
		{&tsujiban.Event{Kind: tsujiban.EventEnded, Call: 5, At: now}, 5},
		{&tsujiban.Event{Kind: tsujiban.EventSet, At: now, Note: "kyoto"}, 0},
	} {
		if got := w.Held(c.ev); got != c.want {
			t.Errorf("%d: held by %d, want %d", i, got, c.want)
		}
	}
	if len(w.calls) != 1 {
		t.Errorf("%d calls are remembered, one is open", len(w.calls))
	}
}
