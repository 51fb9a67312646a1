package storetest

import (
	"context"
	"strings"
	"testing"
	"time"

	"tsujiban"
	"tsujiban/ledger"
)

// Ledger is what the ledger of a store can do.
type Ledger interface {
	ledger.Book
	Do(ctx context.Context, o *ledger.Order) (ledger.Outcome, error)
	Undo(ctx context.Context, id int64, o *ledger.Order) (ledger.Outcome, error)
	Entry(ctx context.Context, id int64) (ledger.Entry, error)
	Entries(ctx context.Context, before int64, limit int) ([]ledger.Entry, error)
	Publish(ctx context.Context, p *ledger.Publication, o *ledger.Order) (ledger.Outcome, error)
	OpenCase(ctx context.Context, c *ledger.Case, rules *ledger.SchemeRules, o *ledger.Order) (ledger.Outcome, error)
	LiftCase(ctx context.Context, id int64, o *ledger.Order) (ledger.Outcome, error)
	Case(ctx context.Context, id int64) (ledger.Case, error)
	Bars(ctx context.Context, at time.Time) ([]ledger.Bar, error)
	Screenings(ctx context.Context, id tsujiban.CustomerID) ([]ledger.Screening, error)
	Applied(ctx context.Context, id tsujiban.CustomerID, field, value string, since time.Time) ([]tsujiban.CustomerID, error)
	Holder(ctx context.Context, id tsujiban.CustomerID, at, believed time.Time) (ledger.Holder, error)
	HolderLife(ctx context.Context, id tsujiban.CustomerID, believed time.Time) ([]ledger.HolderVersion, error)
	Holders(ctx context.Context, below tsujiban.CustomerID, at, believed time.Time) ([]ledger.Holder, error)
}

// OpenLedger opens an empty ledger whose entries are dated by now; it is closed when the test ends.
type OpenLedger func(t testing.TB, now func() time.Time) Ledger

// RunLedger checks what every ledger has to do.
func RunLedger(t *testing.T, open OpenLedger) {
	for name, f := range map[string]func(*testing.T, *bench){
		"life":                        ledgerLife,
		"belief":                      ledgerBelief,
		"blocks":                      ledgerBlocks,
		"refused":                     ledgerRefused,
		"chain":                       ledgerChain,
		"undo":                        ledgerUndo,
		"dry run":                     ledgerDryRun,
		"held by":                     ledgerHeldBy,
		"entries":                     ledgerEntries,
		"cut half":                    ledgerCutHalf,
		"screens":                     ledgerScreens,
		"screens end":                 ledgerScreensEnd,
		"undo under a wider block":    ledgerUndoWide,
		"designations":                ledgerDesignations,
		"designations that are wrong": ledgerDesignationsRefused,
		"case":                        ledgerCase,
		"thresholds":                  ledgerThresholds,
	} {
		t.Run(name, func(t *testing.T) {
			b := &bench{t: t, now: day(100)}
			b.Ledger = open(t, func() time.Time { return b.now })
			f(t, b)
		})
	}
	t.Run("model", func(t *testing.T) { ledgerModel(t, open) })
	t.Run("publications", func(t *testing.T) { ledgerPublications(t, open) })
}

// bench is a ledger with a clock that a test sets.
type bench struct {
	Ledger
	t   *testing.T
	now time.Time
}

// day is midnight of a day of the tests, UTC.
func day(n int) time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, n) }

const first050 = int64(815012340000)

func rng(from, to int64) ledger.Range {
	return ledger.Range{First: first050 + from, Last: first050 + to}
}

func num(n int64) tsujiban.Number { return ledger.Number(first050 + n) }

func by(verb string) ledger.Entry { return ledger.Entry{By: "sato", Verb: verb, Ground: "contract 12"} }

// do carries changes out and expects that it works.
func (b *bench) do(cs ...ledger.Change) ledger.Outcome {
	b.t.Helper()
	b.now = b.now.Add(time.Hour)
	out, err := b.Do(b.t.Context(), &ledger.Order{Entry: by(string(cs[0].Verb)), Changes: cs})
	if err != nil {
		b.t.Fatal(err)
	}
	return out
}

// refuse expects that changes are refused with a code, for a reason that has words.
func (b *bench) refuse(code tsujiban.Code, words string, cs ...ledger.Change) {
	b.t.Helper()
	_, err := b.Do(b.t.Context(), &ledger.Order{Entry: by(string(cs[0].Verb)), Changes: cs})
	if err == nil || tsujiban.CodeOf(err) != code || !strings.Contains(err.Error(), words) {
		b.t.Errorf("got %v (%v), want %v with %q", err, tsujiban.CodeOf(err), code, words)
	}
}

// holder adds a holder that is true from day 0 on.
func (b *bench) holder(h ledger.Holder) { b.t.Helper(); b.holderFrom(h, 0) }

func (b *bench) holderFrom(h ledger.Holder, from int) {
	b.t.Helper()
	b.now = b.now.Add(time.Hour)
	if h.Name == "" {
		h.Name = strings.ToUpper(string(h.ID))
	}
	o := &ledger.Order{Entry: by("holder"), Holders: []ledger.HolderChange{{Holder: h, Window: ledger.Window{From: day(from)}}}, Screens: []ledger.Screening{{Holder: h.ID, Outcome: ledger.ScreenPassed}}}
	if _, err := b.Do(b.t.Context(), o); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) at(n int64, d int, believed time.Time) ledger.Position {
	b.t.Helper()
	p, err := b.At(b.t.Context(), num(n), day(d), believed)
	if err != nil {
		b.t.Fatal(err)
	}
	return p
}

func (b *bench) wantState(n int64, d int, s ledger.State, holder tsujiban.CustomerID) {
	b.t.Helper()
	if p := b.at(n, d, time.Time{}); p.State != s || p.Holder != holder {
		b.t.Errorf("number %d on day %d is %s of %q, want %s of %q", n, d, p.State, p.Holder, s, holder)
	}
}

func add(from, to int64, d int) ledger.Change {
	return ledger.Change{Verb: ledger.VerbAdd, Ranges: []ledger.Range{rng(from, to)}, From: day(d), Source: "Carrier A"}
}

func assign(from, to int64, d int, h tsujiban.CustomerID) ledger.Change {
	return ledger.Change{Verb: ledger.VerbAssign, Ranges: []ledger.Range{rng(from, to)}, From: day(d), Holder: h}
}

func ledgerLife(t *testing.T, b *bench) {
	b.holder(ledger.Holder{ID: "hakata"})
	b.holder(ledger.Holder{ID: "kyoto"})
	b.do(add(0, 9999, 0))
	b.do(assign(1234, 1234, 10, "hakata"))
	b.do(ledger.Change{Verb: ledger.VerbUse, Ranges: []ledger.Range{rng(1234, 1234)}, From: day(12), Forwarding: true})
	b.do(ledger.Change{Verb: ledger.VerbSuspend, Ranges: []ledger.Range{rng(1234, 1234)}, From: day(20)})
	b.do(ledger.Change{Verb: ledger.VerbResume, Ranges: []ledger.Range{rng(1234, 1234)}, From: day(25)})
	b.do(ledger.Change{Verb: ledger.VerbRelease, Ranges: []ledger.Range{rng(1234, 1234)}, From: day(30), Ageing: 30 * 24 * time.Hour})
	b.do(assign(1234, 1234, 60, "kyoto"))
	b.do(ledger.Change{Verb: ledger.VerbPortOut, Ranges: []ledger.Range{rng(1234, 1234)}, From: day(80), Peer: "Carrier B"})
	b.do(ledger.Change{Verb: ledger.VerbTest, Ranges: []ledger.Range{rng(7, 7)}, From: day(3)})
	for _, w := range []struct {
		day   int
		state ledger.State
		h     tsujiban.CustomerID
	}{
		{-1, ledger.StateNone, ""}, {0, ledger.StateStock, ""}, {9, ledger.StateStock, ""}, {10, ledger.StateAssigned, "hakata"}, {22, ledger.StateSuspended, "hakata"},
		{29, ledger.StateAssigned, "hakata"}, {59, ledger.StateAgeing, ""}, {60, ledger.StateAssigned, "kyoto"}, {500, ledger.StatePortedOut, ""},
	} {
		b.wantState(1234, w.day, w.state, w.h)
	}
	b.wantState(7, 4, ledger.StateTest, "")
	b.wantState(1235, 80, ledger.StateStock, "")
	life, err := b.Life(t.Context(), num(1234), time.Time{})
	if err != nil || len(life) != 8 {
		t.Fatalf("life of %d steps, want 8: %v", len(life), err)
	}
	for i, p := range life[1:] {
		if !p.From.Equal(life[i].To) || p.Entered.By != "sato" || p.Entered.Ground != "contract 12" {
			t.Errorf("step %d: %+v does not follow %+v", i+1, p, life[i])
		}
	}
	b.refuse(tsujiban.CodeConflict, "is assigned to \"kyoto\"", assign(1234, 1234, 70, "hakata"))
	b.refuse(tsujiban.CodeConflict, "ageing before reuse", ledger.Change{Verb: ledger.VerbAssign, Ranges: []ledger.Range{rng(1234, 1234)}, From: day(40), Until: day(41), Holder: "kyoto"})
}

// ledgerBelief: what we said on a day is what we say of that day for ever.
func ledgerBelief(_ *testing.T, b *bench) {
	b.holder(ledger.Holder{ID: "hakata"})
	b.holder(ledger.Holder{ID: "kyoto"})
	b.do(add(0, 99, 0))
	b.do(assign(42, 42, 10, "hakata"))
	before := b.now
	// It turns out that the number had been given to somebody else on the days 20 to 30.
	b.do(ledger.Change{Verb: ledger.VerbTransfer, Ranges: []ledger.Range{rng(42, 42)}, From: day(20), Until: day(30), Holder: "kyoto"})
	for _, d := range []int{15, 35} {
		b.wantState(42, d, ledger.StateAssigned, "hakata")
	}
	b.wantState(42, 25, ledger.StateAssigned, "kyoto")
	if p := b.at(42, 25, before); p.Holder != "hakata" {
		b.t.Errorf("before the correction the holder was believed to be %q", p.Holder)
	}
	if p := b.at(42, 25, day(99)); p.State != ledger.StateNone {
		b.t.Errorf("before anything was entered, the number is %s", p.State)
	}
}

func ledgerBlocks(t *testing.T, b *bench) {
	b.do(add(0, 9999, 0))
	b.holder(ledger.Holder{ID: "hakata"})
	b.do(assign(1234, 1234, 10, "hakata"))
	if p := b.at(1235, 10, time.Time{}); p.Block != rng(1235, 1235) {
		t.Errorf("the neighbour's block is %s", p.Block)
	}
	if p := b.at(9000, 10, time.Time{}); p.Block != rng(9000, 9999) {
		t.Errorf("a far number's block is %s", p.Block)
	}
	b.do(ledger.Change{Verb: ledger.VerbRelease, Ranges: []ledger.Range{rng(1234, 1234)}, From: day(20), Ageing: 24 * time.Hour})
	b.do(ledger.Change{Verb: ledger.VerbTest, Ranges: []ledger.Range{rng(0, 9999)}, From: day(30)})
	if p := b.at(1235, 30, time.Time{}); p.Block != rng(0, 9999) || p.State != ledger.StateTest {
		t.Errorf("numbers that are equal again stand in %s", p.Block)
	}
	got, err := b.AtEach(t.Context(), []tsujiban.Number{num(1), num(-1), {}}, day(30), time.Time{})
	if err != nil || got[0].State != ledger.StateTest || got[1].State != ledger.StateNone || got[2].State != ledger.StateNone {
		t.Errorf("each: %+v, %v", got, err)
	}
}

func ledgerRefused(t *testing.T, b *bench) {
	b.holder(ledger.Holder{ID: "hakata"})
	b.do(add(0, 99, 5))
	b.refuse(tsujiban.CodeConflict, "in the ledger already", add(50, 150, 6))
	b.refuse(tsujiban.CodeConflict, "would be a gap", ledger.Change{Verb: ledger.VerbAdd, Ranges: []ledger.Range{rng(0, 99)}, From: day(1), Until: day(3), Source: "Carrier A"})
	b.refuse(tsujiban.CodeConflict, "is not in the ledger", assign(0, 0, 4, "hakata"))
	b.refuse(tsujiban.CodeNotFound, `holder "nobody" is not known`, assign(0, 0, 6, "nobody"))
	b.refuse(tsujiban.CodeInvalid, "stands there twice", ledger.Change{Verb: ledger.VerbTest, Ranges: []ledger.Range{rng(0, 5), rng(5, 7)}, From: day(6)})
	b.refuse(tsujiban.CodeInvalid, "too far ahead", assign(0, 0, 2000, "hakata"))
	b.refuse(tsujiban.CodeInvalid, "not after from", ledger.Change{Verb: ledger.VerbTest, Ranges: []ledger.Range{rng(0, 5)}, From: day(6), Until: day(6)})
	b.refuse(tsujiban.CodeInvalid, "source: must be given", ledger.Change{Verb: ledger.VerbAdd, Ranges: []ledger.Range{rng(200, 205)}, From: day(6)})
	b.refuse(tsujiban.CodeInvalid, "holder: means nothing", ledger.Change{Verb: ledger.VerbTest, Holder: "hakata", Ranges: []ledger.Range{rng(0, 5)}, From: day(6)})
	b.do(assign(0, 0, 50, "hakata"))
	b.refuse(tsujiban.CodeConflict, "there is more from 2026-02-20", ledger.Change{Verb: ledger.VerbTest, Ranges: []ledger.Range{rng(0, 5)}, From: day(10)})
	if _, err := b.Do(t.Context(), &ledger.Order{Entry: ledger.Entry{By: "sato", Verb: "x"}}); tsujiban.CodeOf(err) != tsujiban.CodeInvalid {
		t.Errorf("without a ground: %v", err)
	}
	all, err := b.Entries(t.Context(), 0, 100)
	if err != nil || len(all) != 3 {
		t.Errorf("%d entries, want 3: what is refused leaves nothing: %v", len(all), err)
	}
}
