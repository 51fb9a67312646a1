package storetest

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tsujiban"
	"tsujiban/ledger"
)

func (b *bench) publish(d int, whole []ledger.Range, rows ...ledger.Designation) (ledger.Outcome, error) {
	b.now = b.now.Add(time.Hour)
	return b.Publish(b.t.Context(), &ledger.Publication{Published: day(d), Rows: rows, Whole: whole}, &ledger.Order{Entry: by("designations")})
}

func (b *bench) carrier(n int64, d int, believed time.Time) ledger.Designated {
	b.t.Helper()
	got, err := b.Carrier(b.t.Context(), num(n), day(d), believed)
	if err != nil {
		b.t.Fatal(err)
	}
	return got
}

// ledgerDesignations: each day has the table of the last publication before it, in whatever order they were taken in.
func ledgerDesignations(t *testing.T, b *bench) {
	block := func(i int64, carrier string) ledger.Designation {
		return ledger.Designation{Range: rng(10_000*i, 10_000*i+9_999), Carrier: carrier, Line: int(i) + 2}
	}
	must := func(_ ledger.Outcome, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(b.publish(10, nil, block(0, "A"), block(1, "B"), block(2, "")))
	before := b.now
	third, err := b.publish(30, []ledger.Range{rng(0, 29_999)}, block(0, "A"), block(2, "C"))
	must(third, err)
	must(b.publish(20, nil, block(0, "X"), block(1, "B"))) // found later
	for _, w := range []struct {
		n       int64
		day     int
		carrier string
		known   bool
	}{
		{5, 5, "", false}, {5, 10, "A", true}, {5, 20, "X", true}, {5, 30, "A", true}, {10_005, 29, "B", true}, {10_005, 30, "", true},
		{20_005, 15, "", true}, {20_005, 30, "C", true}, {30_005, 40, "", false},
	} {
		if d := b.carrier(w.n, w.day, time.Time{}); d.Carrier != w.carrier || d.Known != w.known {
			t.Errorf("%d on day %d: %+v, want %q, %v", w.n, w.day, d, w.carrier, w.known)
		}
	}
	if d := b.carrier(20_005, 30, before); d.Carrier != "" {
		t.Errorf("as believed before: %+v", d)
	}
	b.now = b.now.Add(time.Hour)
	if _, err := b.Undo(t.Context(), third.Entry.ID, &ledger.Order{Entry: by("undo")}); err != nil {
		t.Error(err)
	}
	if d := b.carrier(20_005, 30, time.Time{}); d.Carrier != "" || !d.Known {
		t.Errorf("after the undo: %+v", d)
	}
}

func ledgerDesignationsRefused(t *testing.T, b *bench) {
	one := ledger.Designation{Range: rng(0, 9_999), Carrier: "A", Line: 2}
	part := ledger.Designation{Range: rng(5_000, 5_999), Carrier: "B", Line: 7}
	if _, err := b.publish(10, nil, one, part); tsujiban.CodeOf(err) != tsujiban.CodeInvalid || !strings.Contains(err.Error(), "line 7: ") || !strings.Contains(err.Error(), "also in line 2") {
		t.Errorf("twice: %v", err)
	}
	if _, err := b.publish(3000, nil, one); tsujiban.CodeOf(err) != tsujiban.CodeInvalid || !strings.Contains(err.Error(), "published") {
		t.Errorf("a day that cannot be: %v", err)
	}
	if d := b.carrier(5, 10, time.Time{}); d.Known {
		t.Errorf("what was refused is there: %+v", d)
	}
}

// scheme is a case's frame: a reseller with two customers, ten numbers each.
func scheme(b *bench) {
	b.holder(ledger.Holder{ID: "top", Reseller: true})
	b.holder(ledger.Holder{ID: "end", Parent: "top"})
	b.holder(ledger.Holder{ID: "other", Parent: "top"})
	b.do(add(0, 99, 0))
	b.do(assign(0, 9, 1, "end"))
	b.do(assign(10, 19, 1, "other"))
}

func (b *bench) open(no string, rules *ledger.SchemeRules, rs ...ledger.Range) (ledger.Case, error) {
	b.now = b.now.Add(time.Hour)
	c := ledger.Case{Request: ledger.Request{Agency: "police", Number: no, Date: day(99)}, Numbers: rs}
	_, err := b.OpenCase(b.t.Context(), &c, rules, &ledger.Order{Entry: by("suspension")})
	return c, err
}

var mild = &ledger.SchemeRules{Version: "t", ReportWithin: time.Hour, NotifyWithin: 2 * time.Hour}

func ledgerCase(t *testing.T, b *bench) {
	scheme(b)
	for words, c := range map[string]struct {
		no string
		rs ledger.Range
	}{"nobody holds it": {"1", rng(50, 50)}, "is not ours": {"1", rng(100, 100)}, "request number": {"", rng(1, 1)}} {
		if _, err := b.open(c.no, mild, c.rs); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%q: %v", words, err)
		}
	}
	c, err := b.open("1", mild, rng(3, 3))
	if err != nil || len(c.Chains) != 1 || len(c.Chains[0]) != 2 || c.Chains[0][1].ID != "top" || len(c.Steps) != 5 {
		t.Fatalf("%+v, %v", c, err)
	}
	b.wantState(3, 101, ledger.StateSuspended, "end")
	if s := c.Steps[2]; s.Kind != ledger.StepReport || !s.Due.Equal(c.At.Add(time.Hour)) || !s.Overdue(c.At.Add(2*time.Hour)) {
		t.Errorf("%+v", s)
	}
	if _, err := b.open("1", mild, rng(4, 4)); tsujiban.CodeOf(err) != tsujiban.CodeExists {
		t.Errorf("the same request again: %v", err)
	}
	b.refuse(tsujiban.CodeForbidden, "is suspended by case 1", ledger.Change{Verb: ledger.VerbResume, Ranges: []ledger.Range{rng(3, 3)}, From: b.now})
	b.refuse(tsujiban.CodeForbidden, "is suspended by case 1", ledger.Change{Verb: ledger.VerbPortOut, Ranges: []ledger.Range{rng(0, 9)}, From: b.now, Peer: "B"})
	again, err := b.open("2", mild, rng(3, 4)) // one of them is suspended already
	if err != nil {
		t.Fatal(err)
	}
	got, err := b.Case(t.Context(), c.ID)
	if err != nil || len(got.Steps) != 5 || got.Request.Number != "1" || got.Chains[0][0].ID != "end" {
		t.Errorf("%+v, %v", got, err)
	}
	lift := func(id int64) {
		t.Helper()
		b.now = b.now.Add(time.Hour)
		if _, err := b.LiftCase(t.Context(), id, &ledger.Order{Entry: by("lift")}); err != nil {
			t.Fatal(err)
		}
	}
	lift(c.ID)
	b.wantState(3, 102, ledger.StateSuspended, "end")
	lift(again.ID)
	b.wantState(3, 102, ledger.StateAssigned, "end")
	if _, err := b.LiftCase(t.Context(), c.ID, &ledger.Order{Entry: by("lift")}); tsujiban.CodeOf(err) != tsujiban.CodeConflict {
		t.Errorf("lifted twice: %v", err)
	}
	if _, err := b.Undo(t.Context(), c.Entry, &ledger.Order{Entry: by("undo")}); tsujiban.CodeOf(err) != tsujiban.CodeConflict || !strings.Contains(err.Error(), "lift") {
		t.Errorf("undo of a case: %v", err)
	}
}

func ledgerThresholds(t *testing.T, b *bench) {
	scheme(b)
	rules := *mild
	rules.Thresholds = []ledger.Threshold{
		{Count: 2, WithinDays: 30, RefuseDays: 10}, {Reseller: true, Count: 3, WithinDays: 30, RefuseDays: 20, WholeStock: true},
	}
	for i, no := range []string{"1", "2"} {
		if _, err := b.open(no, &rules, rng(int64(i), int64(i))); err != nil {
			t.Fatal(err)
		}
	}
	bars, err := b.Bars(t.Context(), b.now)
	if err != nil || len(bars) != 1 || bars[0].Holder != "end" {
		t.Errorf("%+v, %v", bars, err)
	}
	b.refuse(tsujiban.CodeForbidden, `"end": gets no new numbers until`, assign(50, 50, 1, "end"))
	b.do(assign(51, 51, 1, "other"))
	c, err := b.open("3", &rules, rng(10, 10))
	if err != nil || len(c.Stock) == 0 {
		t.Fatalf("%+v, %v", c, err)
	}
	// The reseller is past its threshold: all that is below it is suspended, and nobody below it gets more.
	for _, n := range []int64{0, 5, 9, 10, 19, 51} {
		if p := b.at(n, 101, time.Time{}); p.State != ledger.StateSuspended {
			t.Errorf("%d is %s", n, p.State)
		}
	}
	b.refuse(tsujiban.CodeForbidden, `"top": gets no new numbers`, assign(52, 52, 1, "other"))
	b.now = b.now.AddDate(0, 0, 40)
	b.do(assign(52, 52, 1, "other"))
}

// ledgerPublications holds designation tables, taken in in any order, against the plain rule: a day has what the last
// publication up to it says that speaks of the number.
func ledgerPublications(t *testing.T, open OpenLedger) {
	rapid.Check(t, func(rt *rapid.T) {
		b := &bench{t: t, now: day(100)}
		b.Ledger = open(t, func() time.Time { return b.now })
		const blocks, days = 30, 12
		type said struct {
			carrier string
			known   bool
		}
		var table [days][blocks]said // by day of publication
		for _, d := range rapid.SliceOfNDistinct(rapid.IntRange(1, days-1), 1, 5, rapid.ID[int]).Draw(rt, "days") {
			var rows []ledger.Designation
			var whole []ledger.Range
			for i := 0; i < blocks; i++ {
				width := rapid.SampledFrom([]int{1, 1, 10}).Draw(rt, "width")
				if width == 10 && i%10 != 0 || rapid.IntRange(0, 2).Draw(rt, "named") == 0 {
					continue
				}
				c := rapid.SampledFrom([]string{"A", "B", ""}).Draw(rt, "carrier")
				rows = append(rows, ledger.Designation{Range: rng(int64(100*i), int64(100*(i+width)-1)), Carrier: c, Line: i + 2})
				for j := i; j < i+width; j++ {
					table[d][j] = said{c, true}
				}
				i += width - 1
			}
			if rapid.Bool().Draw(rt, "whole") {
				from := rapid.IntRange(0, 2).Draw(rt, "from") * 10
				whole = append(whole, rng(int64(100*from), int64(100*(from+10)-1)))
				for j := from; j < from+10; j++ {
					table[d][j].known = true
				}
			}
			if len(rows) == 0 {
				table[d] = [blocks]said{}
				continue
			}
			if _, err := b.publish(d, whole, rows...); err != nil {
				rt.Fatal(err)
			}
		}
		for d := range days {
			for i := range blocks {
				var want said
				for e := d; e >= 0 && !want.known; e-- {
					want = table[e][i]
				}
				if got := b.carrier(int64(100*i+37), d, time.Time{}); got.Carrier != want.carrier || got.Known && !want.known || want.carrier != "" && !got.Known {
					rt.Fatalf("block %d on day %d: %+v, want %+v", i, d, got, want)
				}
			}
		}
	})
}
