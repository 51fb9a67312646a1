package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tsujiban"
	"tsujiban/ledger"
)

func ledgerChain(t *testing.T, b *bench) {
	b.holder(ledger.Holder{ID: "top", Reseller: true, Corporate: "7000012050002"})
	b.holder(ledger.Holder{ID: "mid", Reseller: true, Parent: "top"})
	b.holder(ledger.Holder{ID: "end", Parent: "mid", Forwarding: true})
	b.do(add(0, 9, 0))
	b.do(assign(3, 3, 1, "end"))
	var ids []tsujiban.CustomerID
	for _, l := range b.at(3, 2, time.Time{}).Chain {
		ids = append(ids, l.ID)
	}
	if d := cmp.Diff([]tsujiban.CustomerID{"end", "mid", "top"}, ids); d != "" {
		t.Error(d)
	}
	for what, h := range map[string]ledger.HolderChange{
		"must not lead back":       {Holder: ledger.Holder{ID: "top", Name: "TOP", Reseller: true, Parent: "mid"}, Window: ledger.Window{From: day(5)}},
		"leads back for some days": {Holder: ledger.Holder{ID: "top", Name: "TOP", Reseller: true, Parent: "mid"}, Window: ledger.Window{From: day(5), Until: day(6)}},
		"would be its own":         {Holder: ledger.Holder{ID: "mid", Name: "MID", Reseller: true, Parent: "mid"}, Window: ledger.Window{From: day(5)}},
		"is not a reseller":        {Holder: ledger.Holder{ID: "new", Name: "NEW", Parent: "end"}, Window: ledger.Window{From: day(5)}},
		"is not known at":          {Holder: ledger.Holder{ID: "new", Name: "NEW", Parent: "top"}, Window: ledger.Window{From: day(-5)}},
		"wrong check digit":        {Holder: ledger.Holder{ID: "new", Name: "NEW", Corporate: "7000012050003"}, Window: ledger.Window{From: day(5)}},
	} {
		_, err := b.Do(t.Context(), &ledger.Order{Entry: by("holder"), Holders: []ledger.HolderChange{h}})
		if err == nil || !strings.Contains(err.Error(), what) && what != "leads back for some days" {
			t.Errorf("%s: %v", what, err)
		}
	}
	// The chain is that of the day: from day 50 on the middle has gone.
	b.holderFrom(ledger.Holder{ID: "end", Parent: "top", Forwarding: true}, 50)
	if n := len(b.at(3, 49, time.Time{}).Chain); n != 3 {
		t.Errorf("on day 49 the chain has %d links", n)
	}
	if n := len(b.at(3, 50, time.Time{}).Chain); n != 2 {
		t.Errorf("on day 50 the chain has %d links", n)
	}
	below, err := b.Holders(t.Context(), "top", day(60), time.Time{})
	if err != nil || len(below) != 2 {
		t.Errorf("below top: %+v, %v", below, err)
	}
	life, err := b.HolderLife(t.Context(), "end", time.Time{})
	if err != nil || len(life) != 2 || life[1].Parent != "top" || !life[0].To.Equal(day(50)) {
		t.Errorf("life of end: %+v, %v", life, err)
	}
}

func ledgerUndo(t *testing.T, b *bench) {
	b.holder(ledger.Holder{ID: "hakata"})
	holder, err := b.Entries(t.Context(), 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	whole := b.do(add(0, 99, 0))
	one := b.do(assign(1, 9, 10, "hakata"))
	two := b.do(ledger.Change{Verb: ledger.VerbUse, Ranges: []ledger.Range{rng(5, 5)}, From: day(11), Forwarding: true})
	during := b.now
	undo := func(id int64) (ledger.Outcome, error) {
		b.now = b.now.Add(time.Hour)
		return b.Undo(t.Context(), id, &ledger.Order{Entry: by("undo")})
	}
	if _, err := undo(one.Entry.ID); tsujiban.CodeOf(err) != tsujiban.CodeConflict || !strings.Contains(err.Error(), "undo that one first") {
		t.Errorf("undo of what others build on: %v", err)
	}
	// What was added was one block; a later entry has cut it in pieces.
	if _, err := undo(whole.Entry.ID); tsujiban.CodeOf(err) != tsujiban.CodeConflict || !strings.Contains(err.Error(), fmt.Sprintf("entry %d ", two.Entry.ID)) && !strings.Contains(err.Error(), fmt.Sprintf("entry %d ", one.Entry.ID)) {
		t.Errorf("undo of an addition that others build on: %v", err)
	}
	b.wantState(5, 20, ledger.StateAssigned, "hakata")
	if _, err := undo(holder[0].ID); tsujiban.CodeOf(err) != tsujiban.CodeConflict || !strings.Contains(err.Error(), "has numbers") {
		t.Errorf("undo of a holder with numbers: %v", err)
	}
	if _, err := undo(two.Entry.ID); err != nil {
		t.Fatal(err)
	}
	back, err := undo(one.Entry.ID)
	if err != nil || back.Entry.Undoes != one.Entry.ID {
		t.Fatalf("%+v, %v", back, err)
	}
	b.wantState(5, 20, ledger.StateStock, "")
	if p := b.at(5, 20, during); p.Holder != "hakata" || !p.Forwarding {
		t.Errorf("what was believed is now said to be %+v", p.Value)
	}
	if e, err := b.Entry(t.Context(), one.Entry.ID); err != nil || e.UndoneBy != back.Entry.ID {
		t.Errorf("the entry says %+v, %v", e, err)
	}
	if _, err := undo(one.Entry.ID); tsujiban.CodeOf(err) != tsujiban.CodeConflict || !strings.Contains(err.Error(), "already") {
		t.Errorf("undo again: %v", err)
	}
	if _, err := undo(9999); tsujiban.CodeOf(err) != tsujiban.CodeNotFound {
		t.Errorf("undo of nothing: %v", err)
	}
	if _, err := undo(back.Entry.ID); tsujiban.CodeOf(err) != tsujiban.CodeConflict || !strings.Contains(err.Error(), "enter again") {
		t.Errorf("undo of an undo: %v", err)
	}
	// What others did to the neighbours stays.
	slip := b.do(assign(20, 20, 10, "hakata"))
	b.do(assign(21, 21, 10, "hakata"))
	if out, err := undo(slip.Entry.ID); err != nil || out.Numbers != 1 {
		t.Errorf("%+v, %v", out, err)
	}
	b.wantState(20, 20, ledger.StateStock, "")
	b.wantState(21, 20, ledger.StateAssigned, "hakata")
}

// ledgerUndoWide: what an entry said has since become a part of a block that begins long before.
func ledgerUndoWide(t *testing.T, b *bench) {
	b.holder(ledger.Holder{ID: "hakata"})
	var all []ledger.Change // ten blocks of ten thousand, so that together they are one
	for i := int64(-4); i < 6; i++ {
		all = append(all, add(10_000*i, 10_000*i+9_999, 0))
	}
	b.do(all...)
	slip := b.do(assign(5, 5, 5, "hakata"))
	b.do(ledger.Change{Verb: ledger.VerbRelease, Ranges: []ledger.Range{rng(5, 5)}, From: day(6), Ageing: 24 * time.Hour})
	b.do(ledger.Change{Verb: ledger.VerbTest, Ranges: []ledger.Range{rng(-40_000, 59_999)}, From: day(8)})
	if p := b.at(5, 9, time.Time{}); p.Block != rng(-40_000, 59_999) {
		t.Fatalf("the block is %s", p.Block)
	}
	b.now = b.now.Add(time.Hour)
	if _, err := b.Undo(t.Context(), slip.Entry.ID, &ledger.Order{Entry: by("undo")}); tsujiban.CodeOf(err) != tsujiban.CodeConflict {
		t.Errorf("undo below others: %v", err)
	}
	b.wantState(5, 5, ledger.StateAssigned, "hakata")
	b.wantState(5, 9, ledger.StateTest, "")
}

func ledgerDryRun(t *testing.T, b *bench) {
	b.do(add(0, 99, 0))
	cs := []ledger.Change{assign(1, 1, 5, "nobody"), add(100, 199, 5), add(50, 59, 5)}
	for i := range cs {
		cs[i].Line = i + 2
	}
	o := &ledger.Order{Entry: by("import"), Changes: cs, DryRun: true}
	o.Entry.File = "numbers.csv"
	out, err := b.Do(t.Context(), o)
	if err != nil || len(out.Refused) != 2 || out.Refused[0].Line != 2 || out.Refused[1].Line != 4 {
		t.Fatalf("%+v, %v", out, err)
	}
	o.DryRun = false
	_, err = b.Do(t.Context(), o)
	if r := ledger.RefusalsOf(err); r == nil || len(r.Lines) != 2 || !strings.Contains(err.Error(), "numbers.csv:4: ") {
		t.Errorf("refused: %v", err)
	}
	b.wantState(150, 6, ledger.StateNone, "")
	kept := errors.New("the record cannot be kept")
	_, err = b.Do(t.Context(), &ledger.Order{Entry: by("add"), Changes: cs[1:2], Confirm: func(*ledger.Outcome) error { return kept }})
	if !errors.Is(err, kept) {
		t.Errorf("not confirmed: %v", err)
	}
	b.wantState(150, 6, ledger.StateNone, "")
}

func ledgerHeldBy(t *testing.T, b *bench) {
	b.holder(ledger.Holder{ID: "hakata"})
	b.holder(ledger.Holder{ID: "kyoto"})
	b.do(add(0, 999, 0))
	b.do(assign(95, 305, 10, "hakata"))
	b.do(assign(400, 400, 10, "kyoto"))
	b.do(ledger.Change{Verb: ledger.VerbRelease, Ranges: []ledger.Range{rng(200, 200)}, From: day(20)})
	page, err := b.HeldBy(t.Context(), ledger.HeldQuery{Holder: "hakata"})
	if err != nil || len(page.Held) != 3 || page.Held[1].Range != rng(200, 200) || !page.Held[1].To.Equal(day(20)) {
		t.Fatalf("%+v, %v", page, err)
	}
	page, err = b.HeldBy(t.Context(), ledger.HeldQuery{Holder: "hakata", At: day(25)})
	if err != nil || len(page.Held) != 2 || page.Held[0].Range != rng(95, 199) {
		t.Errorf("on day 25: %+v, %v", page, err)
	}
	var all []ledger.Range
	q := ledger.HeldQuery{Holder: "hakata", Limit: 2}
	for {
		page, err := b.HeldBy(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range page.Held {
			all = append(all, h.Range)
		}
		if q.Cursor = page.Next; q.Cursor == "" {
			break
		}
	}
	if got := ledger.Join(all); !slices.Equal(got, []ledger.Range{rng(95, 305)}) {
		t.Errorf("page by page: %v", got)
	}
	if page, err := b.HeldBy(t.Context(), ledger.HeldQuery{Holder: "nobody"}); err != nil || len(page.Held) != 0 {
		t.Errorf("nobody: %+v, %v", page, err)
	}
}

func ledgerEntries(t *testing.T, b *bench) {
	for i := range 5 {
		b.do(add(int64(10*i), int64(10*i+9), 0))
		b.now = b.now.Add(-time.Hour) // the clock stands still: entries are in order all the same
	}
	list, err := b.Entries(t.Context(), 0, 3)
	if err != nil || len(list) != 3 || !list[0].At.After(list[1].At) || list[0].ID <= list[1].ID {
		t.Fatalf("%+v, %v", list, err)
	}
	rest, err := b.Entries(t.Context(), list[2].ID, 10)
	if err != nil || len(rest) != 2 {
		t.Errorf("%+v, %v", rest, err)
	}
}

// ledgerCutHalf: an order whose context ends half way leaves nothing.
func ledgerCutHalf(t *testing.T, b *bench) {
	ctx, cancel := context.WithCancel(t.Context())
	o := &ledger.Order{Entry: by("import"), Changes: []ledger.Change{add(0, 99, 0), add(100, 199, 0)}, Confirm: func(*ledger.Outcome) error {
		cancel()
		return ctx.Err()
	}}
	if _, err := b.Do(ctx, o); !errors.Is(err, context.Canceled) {
		t.Errorf("cut: %v", err)
	}
	b.wantState(50, 1, ledger.StateNone, "")
	if list, err := b.Entries(t.Context(), 0, 10); err != nil || len(list) != 0 {
		t.Errorf("entries: %+v, %v", list, err)
	}
}

// ledgerScreens: nobody gets a number before it, and every reseller above it, has passed.
func ledgerScreens(t *testing.T, b *bench) {
	screen := func(id tsujiban.CustomerID, o ledger.ScreenOutcome) {
		t.Helper()
		b.now = b.now.Add(time.Hour)
		s := ledger.Screening{Holder: id, Outcome: o, Answers: map[string]string{"purpose": "support"}, Hits: []ledger.Hit{{Rule: "x", Ja: "あ", En: "a"}}, Marks: map[string]string{"phone": "0925551234", "mail": ""}}
		if _, err := b.Do(t.Context(), &ledger.Order{Entry: by("screen"), Screens: []ledger.Screening{s}}); err != nil {
			t.Fatal(err)
		}
	}
	for _, h := range []ledger.Holder{{ID: "top", Reseller: true}, {ID: "end", Parent: "top"}} {
		h.Name = "X"
		if _, err := b.Do(t.Context(), &ledger.Order{Entry: by("holder"), Holders: []ledger.HolderChange{{Holder: h, Window: ledger.Window{From: day(0)}}}}); err != nil {
			t.Fatal(err)
		}
	}
	b.do(add(0, 9, 0))
	b.refuse(tsujiban.CodeForbidden, `"end": has not been through`, assign(1, 1, 1, "end"))
	screen("end", ledger.ScreenPassed)
	b.refuse(tsujiban.CodeForbidden, `"top": has not been through`, assign(1, 1, 1, "end"))
	screen("top", ledger.ScreenReview)
	b.refuse(tsujiban.CodeForbidden, `"top": has not passed the onboarding screen (review)`, assign(1, 1, 1, "end"))
	screen("top", ledger.ScreenPassed)
	b.do(assign(1, 1, 1, "end"))
	screen("end", ledger.ScreenRefused)
	b.refuse(tsujiban.CodeForbidden, "(refused)", assign(2, 2, 1, "end"))
	b.wantState(1, 2, ledger.StateAssigned, "end")
	list, err := b.Screenings(t.Context(), "end")
	if err != nil || len(list) != 2 || list[0].Outcome != ledger.ScreenRefused || list[1].By != "sato" || list[0].Answers["purpose"] != "support" || list[0].Hits[0].Ja != "あ" {
		t.Errorf("%+v, %v", list, err)
	}
	others, err := b.Applied(t.Context(), "end", "phone", "0925551234", day(0))
	if err != nil || len(others) != 1 || others[0] != "top" {
		t.Errorf("applied: %v, %v", others, err)
	}
	if _, err := b.Do(t.Context(), &ledger.Order{Entry: by("screen"), Screens: []ledger.Screening{{Holder: "nobody"}}}); tsujiban.CodeOf(err) != tsujiban.CodeNotFound {
		t.Errorf("nobody: %v", err)
	}
}

// ledgerScreensEnd: a screen that passed holds until its term is over, and as long as what was checked stays what it was.
func ledgerScreensEnd(t *testing.T, b *bench) {
	set := func(h ledger.Holder, from time.Time) ledger.Outcome {
		t.Helper()
		b.now = b.now.Add(time.Hour)
		out, err := b.Do(t.Context(), &ledger.Order{Entry: by("holder"), Holders: []ledger.HolderChange{{Holder: h, Window: ledger.Window{From: from}}}})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	screen := func(id tsujiban.CustomerID) {
		t.Helper()
		b.now = b.now.Add(time.Hour)
		s := ledger.Screening{Holder: id, Outcome: ledger.ScreenPassed, Until: b.now.AddDate(1, 0, 0), Checked: ledger.ScreenedFields, Changed: []string{"made up"}}
		if _, err := b.Do(t.Context(), &ledger.Order{Entry: by("screen"), Screens: []ledger.Screening{s}}); err != nil {
			t.Fatal(err)
		}
	}
	changed := func(id tsujiban.CustomerID, want ...string) {
		t.Helper()
		list, err := b.Screenings(t.Context(), id)
		if err != nil || !slices.Equal(list[0].Changed, want) {
			t.Fatalf("changed %v, %v, want %v", list[0].Changed, err, want)
		}
	}
	top := ledger.Holder{ID: "top", Name: "Top", Reseller: true}
	end := ledger.Holder{ID: "end", Name: "End", Parent: "top", Corporate: "7000012050002", Representative: "山田 太郎", Address: "福岡市博多区1-2", Phone: "092-555-1234", Contact: "佐藤", Mail: "tel@example.jp"}
	set(top, day(0))
	set(end, day(0))
	b.do(add(0, 9, 0))
	screen("top")
	screen("end")
	b.do(assign(0, 0, 1, "end"))
	changed("end")

	// Written another way it is the same; each field that changes needs a new screen, until the change is undone or the screen made.
	same := end
	same.Address, same.Phone, same.Kana = "福岡市 博多区１−２", "+81 92 555 1234", "エンド"
	set(same, b.now)
	changed("end")
	for field, change := range map[string]func(*ledger.Holder){
		"corporate": func(h *ledger.Holder) { h.Corporate = "" }, "name": func(h *ledger.Holder) { h.Name = "Ende" },
		"representative": func(h *ledger.Holder) { h.Representative = "山田 花子" }, "address": func(h *ledger.Holder) { h.Address = "福岡市博多区1-3" },
		"phone": func(h *ledger.Holder) { h.Phone = "092-555-1235" }, "account": func(h *ledger.Holder) { h.Account = "X 1" },
		"contact": func(h *ledger.Holder) { h.Contact = "鈴木" }, "mail": func(h *ledger.Holder) { h.Mail = "tel@example.com" },
		"reseller": func(h *ledger.Holder) { h.Reseller = true },
	} {
		other := same
		change(&other)
		out := set(other, b.now)
		changed("end", field)
		b.refuse(tsujiban.CodeForbidden, `"end": `+field+" changed after the onboarding screen", assign(1, 1, 1, "end"))
		if _, err := b.Undo(t.Context(), out.Entry.ID, &ledger.Order{Entry: by("undo")}); err != nil {
			t.Fatal(err)
		}
		changed("end")
	}
	moved := same
	moved.Address = "福岡市博多区9-9"
	set(moved, b.now)
	b.refuse(tsujiban.CodeForbidden, "address changed after", assign(1, 1, 1, "end"))
	screen("end")
	b.do(assign(1, 1, 1, "end"))

	// The term of the reseller above is over, then that of the holder itself. What they hold stays.
	b.now = b.now.AddDate(1, 0, 0).Add(-time.Hour - time.Minute) // "end" was screened an hour ago
	b.refuse(tsujiban.CodeForbidden, `"top": its onboarding screen of `, assign(2, 2, 1, "end"))
	screen("top")
	b.refuse(tsujiban.CodeForbidden, `"end": its onboarding screen of `, assign(2, 2, 1, "end"))
	screen("end")
	b.do(assign(2, 2, 1, "end"))
	b.wantState(1, 2, ledger.StateAssigned, "end")
}
