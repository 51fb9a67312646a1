package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tsujiban"
	"tsujiban/inquiry"
	"tsujiban/ledger"
	"tsujiban/people"
	"tsujiban/retention"
	"tsujiban/store"
)

// noReceipt are the tables whose rows are held against nothing, and why.
var noReceipt = map[string]map[string]string{
	"settings": {
		"goose_db_version": "which schema the file has", "sqlite_sequence": "which number the next row gets", "last_inquiry": "likewise", "receipts": "the count that receipts are held against",
		"person_secrets": "what people sign in with; it changes when they do", "passkeys": "likewise", "recovery_codes": "likewise", "tokens": "likewise", "used_links": "likewise",
		"sessions": "who is signed in now", "strikes": "who mistyped a password", "notices": "how a person wants to be told",
		"sign_ins": "a help for staff, kept also when the journal's disk is full; nothing is handed over of it",
		"outbox":   "what waits to be sent; what was done is in the journal", "outbox_position": "how far the journal was read for it",
		"replies": "answers of the API that may be asked for again", "retention": "when retention ran last; what it erased is in the journal",
	},
	"ledger": {"goose_db_version": "which schema the file has", "sqlite_sequence": "which number the next row gets", "last_case": "which number the next case gets", "receipts": "the count that receipts are held against"},
	"calls":  {"goose_db_version": "which schema the file has", "sqlite_sequence": "which number the next row gets", "days": "sums of the calls, held against them (TestDaysThatAreWrong)", "billed": "likewise", "position": "how far the journal was folded"},
}

// witnessed is a store whose receipts are kept in memory.
type witnessed struct {
	*Store
	t        *testing.T
	receipts []string
	events   []tsujiban.Event
}

func (w *witnessed) take(_ context.Context, r *store.Receipt) error {
	for _, p := range r.Parts() {
		w.receipts = append(w.receipts, p.String())
	}
	return nil
}

// faults are what does not fit.
func (w *witnessed) faults() (same int, out []RowFault) {
	w.t.Helper()
	v, err := w.ViewStore(w.t.Context())
	must(w.t, err)
	defer v.Close()
	var g Receipts
	for i, text := range w.receipts {
		must(w.t, g.Add(uint64(i+1), text))
	}
	same, out, err = v.Compare(w.t.Context(), &g)
	must(w.t, err)
	i := 0
	c, err := w.CompareCalls(w.t.Context(), time.Time{}, func(context.Context) (*tsujiban.Event, error) {
		if i++; i > len(w.events) {
			return nil, io.EOF
		}
		return &w.events[i-1], nil
	})
	must(w.t, err)
	out = append(out, c.Rows...)
	for _, d := range c.Differences {
		out = append(out, RowFault{File: "calls", Table: "calls", Key: fmt.Sprint(int64(d.Call))})
	}
	return same + c.SameRows + c.Same, out
}

// everything does something in every table.
func everything(t *testing.T) *witnessed {
	w := &witnessed{Store: open(t), t: t}
	w.clock = func() time.Time { return time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC) }
	ctx := t.Context()
	must(t, w.PutCustomer(ctx, "sato", tsujiban.Customer{ID: "before", Name: "B", Numbers: []string{"+815011110000"}})) // before there is a witness
	must(t, w.Witnessed(ctx, w.take))
	for _, id := range []tsujiban.CustomerID{"hakata", "kyoto"} {
		must(t, w.PutCustomer(ctx, "sato", tsujiban.Customer{ID: id, Name: "商店 " + string(id), Numbers: []string{fmt.Sprintf("+8150222200%d", 10+len(id))}}))
		must(t, w.PutTrunk(ctx, "sato", tsujiban.Trunk{ID: tsujiban.TrunkID(id + "-pbx"), Customer: id, Sources: []netip.Prefix{netip.MustParsePrefix(fmt.Sprintf("192.0.2.%d/32", len(id)))}}))
		must(t, w.PutRestriction(ctx, tsujiban.Restriction{Customer: id, Level: tsujiban.LevelRestrict, Reason: tsujiban.ReasonFraud, By: "guard", Note: string(id), At: time.Unix(1, 0)}))
		h := retention.Hold{Customer: id, Ground: retention.Court, Text: "令和8年(ワ)第1号", At: time.Unix(1, 0), Until: time.Unix(1000, 0), By: "sato"}
		must(t, w.AddHold(ctx, &h))
		c := inquiry.Case{Kind: inquiry.KindWarrant, Agency: "県警", Officer: "山田", Document: "令状 " + string(id), Date: "2026-11-01", By: "sato"}
		must(t, c.Open(time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)))
		must(t, w.OpenInquiry(ctx, &c))
		must(t, w.AddLook(ctx, &inquiry.Look{Case: c.ID, At: time.Unix(2, 0), By: "sato"}))
		must(t, w.ChangePeople(ctx, func(tx people.Tx) error {
			p := people.Person{ID: string(id), Login: string(id) + "@example.jp", Name: "N", Role: people.Administrator, Created: time.Unix(1, 0)}
			q := people.Proposal{Act: people.ActHandOver, Subject: "1", By: string(id), At: time.Unix(1, 0), Until: time.Unix(100, 0), State: people.Waiting, Order: people.Order{Method: "POST", Path: "/v1/x"}}
			return errors.Join(tx.AddPerson(&p), tx.AddProposal(&q))
		}))
	}
	must(t, w.PutRules(ctx, "sato", store.Rules{Closed: []string{"232"}, Note: "x"}, "closed"))
	must(t, w.KeepEntries(ctx, []store.KeptEntry{{Seq: 3, At: time.Unix(1, 0), Line: []byte(`{"seq":3}`)}, {Seq: 4, At: time.Unix(1, 0), Line: []byte(`{"seq":4}`), Lasting: true}}))
	l := w.Ledger()
	day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	order := func(verb string) ledger.Order {
		return ledger.Order{Entry: ledger.Entry{By: "sato", Verb: verb, Ground: "申込書"}}
	}
	o := order("holder")
	for _, h := range []ledger.Holder{{ID: "top", Name: "卸", Reseller: true}, {ID: "end", Name: "店", Parent: "top"}} {
		o.Holders = append(o.Holders, ledger.HolderChange{Holder: h, Window: ledger.Window{From: day}})
		o.Screens = append(o.Screens, ledger.Screening{Holder: h.ID, Outcome: ledger.ScreenPassed, Marks: map[string]string{"phone": "0312345678", "name": string(h.ID)}})
	}
	do := func(o ledger.Order) ledger.Outcome {
		t.Helper()
		out, err := l.Do(ctx, &o)
		must(t, err)
		return out
	}
	do(o)
	r := func(first, last int64) []ledger.Range {
		return []ledger.Range{{First: 815033330000 + first, Last: 815033330000 + last}}
	}
	o = order("add")
	o.Changes = []ledger.Change{{Verb: ledger.VerbAdd, Ranges: r(0, 2999), Source: "Carrier A", From: day}}
	do(o)
	o = order("assign")
	o.Changes = []ledger.Change{{Verb: ledger.VerbAssign, Ranges: r(0, 4), Holder: "end", From: day}}
	do(o)
	o = order("import") // so many that they are told in runs
	for i := int64(10); i < 2010; i += 2 {
		o.Changes = append(o.Changes, ledger.Change{Verb: ledger.VerbAssign, Ranges: r(i, i), Holder: "end", From: day.Add(time.Duration(i) * time.Hour)})
	}
	bulk := do(o).Entry.ID
	for i, carrier := range []string{"A", "B"} {
		o = order("designations")
		pub := ledger.Publication{Published: day.AddDate(0, i, 0), Rows: []ledger.Designation{{Range: ledger.Range{First: 815044440000, Last: 815044449999}, Carrier: carrier}}, Whole: r(0, 9999)}
		_, err := l.Publish(ctx, &pub, &o)
		must(t, err)
	}
	rules := ledger.SchemeRules{Version: "1", ReportWithin: time.Hour, NotifyWithin: time.Hour, Thresholds: []ledger.Threshold{{Count: 1, WithinDays: 9, RefuseDays: 9}}}
	for _, n := range []int64{1, 3} {
		o = order("suspension")
		c := ledger.Case{Request: ledger.Request{Agency: "県警", Number: fmt.Sprint(n), Date: day}, Numbers: r(n, n)}
		_, err := l.OpenCase(ctx, &c, &rules, &o)
		must(t, err)
	}
	must(t, l.DoneStep(ctx, 1, 3, "sato"))
	o = order("undo")
	_, err := l.Undo(ctx, bulk, &o)
	must(t, err)

	at := day
	add := func(ev tsujiban.Event) {
		at = at.Add(20 * time.Minute)
		ev.Seq, ev.At = uint64(len(w.events))+1, at
		w.events = append(w.events, ev)
	}
	source := netip.MustParseAddrPort("203.0.113.9:5060")
	for i := range 12 {
		id := tsujiban.NextCallID(0, at)
		a := tsujiban.Attempt{Call: id, Customer: []tsujiban.CustomerID{"hakata", "kyoto"}[i%2], Source: source, UserAgent: []byte("x")}
		add(tsujiban.Event{Kind: tsujiban.EventRegistered, Attempt: a})
		add(tsujiban.Event{Kind: tsujiban.EventAttempt, Call: id, Attempt: a, Verdict: tsujiban.Verdict{Action: tsujiban.Watch, Weight: 20, Destination: tsujiban.Destination{Scope: tsujiban.ScopeInternational, Code: 232}}})
		add(tsujiban.Event{Kind: tsujiban.EventRefused, Refusal: tsujiban.Refusal{Source: source.Addr(), What: tsujiban.RefusedGarbage, Count: 3}})
		add(tsujiban.Event{Kind: tsujiban.EventEnded, Call: id, Outcome: tsujiban.Outcome{Customer: a.Customer}})
	}
	for i := 0; i < len(w.events); i += 7 {
		must(t, w.ApplyEvents(ctx, w.events[i:min(i+7, len(w.events))]))
	}
	return w
}

// TestEveryTable goes over all tables of the store. Of each, but those that are listed with the reason, a row is changed in every column, dropped, added, and exchanged
// with another, by another program: each is found, and named by table and row.
func TestEveryTable(t *testing.T) {
	w := everything(t)
	if same, faults := w.faults(); len(faults) > 0 || same < 2000 {
		t.Fatalf("%d as they should be; %+v", same, faults)
	}
	for name, d := range map[string]*database{"settings": w.settings, "ledger": w.ledger, "calls": w.view} {
		db, err := connect(d.path, 1, url.Values{"_pragma": {"ignore_check_constraints(1)"}})
		must(t, err)
		for _, table := range column[string](t, db, `SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name`) {
			if noReceipt[name][table] == "" {
				w.tamper(db, table)
			}
		}
		must(t, db.Close())
	}
}

func column[T any](t *testing.T, db *sql.DB, query string, args ...any) (out []T) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query, args...)
	must(t, err)
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var v T
		must(t, rows.Scan(&v))
		out = append(out, v)
	}
	must(t, rows.Err())
	return out
}

func (w *witnessed) tamper(db *sql.DB, table string) {
	t := w.t
	do := func(query string, args ...any) {
		t.Helper()
		if _, err := db.ExecContext(t.Context(), query, args...); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
	}
	found := func(what string, least int) {
		t.Helper()
		_, faults := w.faults()
		n := 0
		for _, f := range faults {
			if f.Table != table {
				t.Errorf("%s %s: %+v", table, what, f)
			} else if f.Key != "" {
				n++
			}
		}
		if n < least {
			t.Errorf("%s %s: not found: %+v", table, what, faults)
		}
	}
	do(`CREATE TEMP TABLE kept AS SELECT * FROM ` + table)
	restore := func() {
		do(`DELETE FROM ` + table)
		do(`INSERT INTO ` + table + ` SELECT * FROM temp.kept`)
	}
	names := column[string](t, db, `SELECT name FROM pragma_table_info(?)`, table)
	types := column[string](t, db, `SELECT type FROM pragma_table_info(?)`, table)
	keys := column[string](t, db, `SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk`, table)
	unique := column[string](t, db, `SELECT DISTINCT c.name FROM pragma_index_list(?) i, pragma_index_info(i.name) c WHERE i."unique"`, table)
	match := make([]string, len(keys))
	for i, k := range keys {
		match[i] = k
	}
	pick := `(` + strings.Join(match, ", ") + `) = (SELECT ` + strings.Join(match, ", ") + ` FROM temp.kept LIMIT 1 OFFSET (SELECT count(*) / 2 FROM temp.kept))`
	if n := column[int](t, db, `SELECT count(*) FROM temp.kept`)[0]; n == 0 || n < 2 && !slices.Equal(keys, []string{"only"}) {
		t.Errorf("%s: has %d rows", table, n)
	}
	other := func(i int) string {
		switch types[i] {
		case "INTEGER":
			return `ifnull(` + names[i] + `, 6) + iif(` + names[i] + ` > 1000000000000000000, -7, 1000000007)`
		case "REAL":
			return names[i] + ` + 0.25`
		case "BLOB":
			return `CAST(` + names[i] + ` || 'x' AS BLOB)`
		}
		return `ifnull(` + names[i] + `, '') || 'x'`
	}
	for i, name := range names {
		do(`UPDATE ` + table + ` SET ` + name + ` = ` + other(i) + ` WHERE ` + pick)
		found("changed in "+name, 1)
		restore()
	}
	do(`DELETE FROM ` + table + ` WHERE ` + pick)
	found("dropped", 1)
	restore()
	if slices.Equal(keys, []string{"only"}) {
		do(`DROP TABLE temp.kept`)
		return // there is one row
	}
	more := make([]string, len(names))
	for i, name := range names {
		if more[i] = name; name == keys[0] || slices.Contains(unique, name) && !slices.Contains(keys, name) {
			if more[i] = name + ` + 1000000007`; types[i] != "INTEGER" {
				more[i] = name + ` || 'x'`
			}
		}
	}
	do(`INSERT INTO ` + table + ` SELECT ` + strings.Join(more, ", ") + ` FROM ` + table + ` WHERE ` + pick)
	found("added", 1)
	restore()
	// Two rows exchanged: each says what the other said.
	do(`UPDATE temp.kept SET ` + keys[0] + ` = ` + keys[0]) // its rows are in the order of the key
	first, last := column[any](t, db, `SELECT `+keys[0]+` FROM temp.kept ORDER BY 1 LIMIT 1`)[0], column[any](t, db, `SELECT `+keys[0]+` FROM temp.kept ORDER BY 1 DESC LIMIT 1`)[0]
	if first != last {
		do(`DELETE FROM ` + table)
		do(`INSERT INTO `+table+` SELECT `+strings.Join(slices.Concat([]string{`CASE ` + keys[0] + ` WHEN ?1 THEN ?2 WHEN ?2 THEN ?1 ELSE ` + keys[0] + ` END`}, without(names, keys[0])), ", ")+` FROM (SELECT `+
			strings.Join(slices.Concat([]string{keys[0]}, without(names, keys[0])), ", ")+` FROM temp.kept)`, first, last)
		found("exchanged", 1)
		restore()
	}
	do(`DROP TABLE temp.kept`)
}

func without(names []string, name string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == name })
}

// TestReceipts: what comes in while the program is stopped in the middle, a file that is put back, receipts that are lost.
func TestReceipts(t *testing.T) {
	w := &witnessed{Store: open(t), t: t}
	must(t, w.Witnessed(t.Context(), w.take))
	put := func(name string) error {
		return w.PutCustomer(t.Context(), "sato", tsujiban.Customer{ID: "hakata", Name: name})
	}
	must(t, put("A"))
	must(t, w.Witnessed(t.Context(), func(ctx context.Context, r *store.Receipt) error {
		return errors.Join(w.take(ctx, r), context.Canceled) // on record, and not made to last
	}))
	if err := put("B"); err == nil {
		t.Fatal("made to last without a receipt")
	}
	if _, faults := w.faults(); len(faults) > 0 {
		t.Errorf("after a change that was taken back: %+v", faults)
	}
	must(t, w.Witnessed(t.Context(), w.take))
	must(t, w.Backup(t.Context(), filepath.Join(t.TempDir(), "b.db")))
	for _, name := range []string{"C", "D", "E"} {
		must(t, put(name))
	}
	if _, faults := w.faults(); len(faults) > 0 {
		t.Errorf("after changes: %+v", faults)
	}
	all := w.receipts
	w.receipts = slices.Concat(all[:3], all[5:]) // "C" is lost, and what was taken back before
	if _, faults := w.faults(); len(faults) != 2 || faults[0].Kind != FileAhead || faults[0].Count != 1 || faults[1].Table != "actions" || faults[1].Kind != RowAdded {
		t.Errorf("lost: %+v", faults)
	}
	w.receipts = append(slices.Clone(all), strings.Replace(all[len(all)-1], "settings 5", "settings 6", 1), strings.Replace(all[len(all)-1], "settings 5", "settings 7", 1))
	if _, faults := w.faults(); len(faults) != 1 || faults[0].Kind != FileBehind || faults[0].Count != 2 {
		t.Errorf("behind: %+v", faults)
	}
}

// TestReceiptsTellNothing: what a row says cannot be found out by trying, for the same row has another sum in another store.
func TestReceiptsTellNothing(t *testing.T) {
	var sums []string
	for range 2 {
		w := &witnessed{Store: open(t), t: t}
		w.clock = func() time.Time { return time.Unix(1, 0) }
		must(t, w.Witnessed(t.Context(), w.take))
		must(t, w.PutCustomer(t.Context(), "sato", tsujiban.Customer{ID: "hakata", Name: "A"}))
		for _, text := range w.receipts {
			r, err := store.ParseReceipt(text)
			must(t, err)
			for _, row := range r.Rows {
				if row.Table == "customers" {
					sums = append(sums, row.Sum)
				}
			}
		}
	}
	if len(sums) != 2 || sums[0] == sums[1] {
		t.Errorf("sums %q", sums)
	}
}

func FuzzParseReceipt(f *testing.F) {
	f.Add("settings 4\n= customers hakata abc\n- numbers +81")
	f.Add("ledger 9.2\n+ numbers 1/2/3 4/5/6 7 8 abc\nx numbers 1 2 3 4 abc\n= numbers 1/2/3 abc 9")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := store.ParseReceipt(text)
		if err != nil {
			return
		}
		again, err := store.ParseReceipt(r.String())
		if err != nil || again.String() != r.String() {
			t.Errorf("%q: %v", text, err)
		}
	})
}
