package sqlite

import (
	"database/sql"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"tsujiban"
	"tsujiban/store"
)

// filled is a store with many calls, rebuilt as a node would.
func filled(t *testing.T) *Store {
	t.Helper()
	s := open(t)
	g := &traffic{calls: manyCalls, overlap: 2000}
	if err := s.Rebuild(t.Context(), 1, g.Next, nil); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestManyCalls looks for calls among many.
func TestManyCalls(t *testing.T) {
	s := filled(t)
	t.Run("plans", func(t *testing.T) { queryPlans(t, s) })
	t.Run("find", func(t *testing.T) { find(t, s) })
}

// queryPlans asks SQLite how it would answer every combination of filters: always by an
// index, in the order of the listing, never by sorting or reading the table through.
func queryPlans(t *testing.T, s *Store) {
	n, err := tsujiban.ParseNumber("+81312345678")
	if err != nil {
		t.Fatal(err)
	}
	deny, allow, in := tsujiban.Deny, tsujiban.Allow, tsujiban.In
	filters := []func(*store.CallQuery){
		func(q *store.CallQuery) { q.Customer = "customer-1" },
		func(q *store.CallQuery) { q.Number = n },
		func(q *store.CallQuery) { q.From = trafficStart },
		func(q *store.CallQuery) { q.To = trafficStart.Add(time.Hour) },
		func(q *store.CallQuery) { q.Direction = &in },
		func(q *store.CallQuery) { q.Action = &deny },
		func(q *store.CallQuery) { q.Action = &allow },
		func(q *store.CallQuery) { q.OnlyOpen = true },
		func(q *store.CallQuery) { q.TalkFrom, q.TalkTo = time.Minute, time.Hour },
		func(q *store.CallQuery) { q.Cursor = cursorOf(&store.Call{At: trafficStart, ID: 1}) },
	}
	for mask := range 1 << len(filters) {
		var q store.CallQuery
		for i, f := range filters {
			if mask>>i&1 == 1 {
				f(&q)
			}
		}
		query, args, err := callsQuery(layoutNow, q, 100)
		if err != nil {
			t.Fatal(err)
		}
		if scattered(&q, 100) {
			ids, args, err := idsQuery(layoutNow, q, 100)
			if err != nil {
				t.Fatal(err)
			}
			checkPlan(t, s.view, ids, args, "calls", "COVERING INDEX calls_caller (caller=?")
			checkPlan(t, s.view, ids, args, "calls", "COVERING INDEX calls_callee (callee=?")
			for _, side := range sides {
				brief, args, err := briefQuery(q, 100, side)
				if err != nil {
					t.Fatal(err)
				}
				checkPlan(t, s.view, brief, args, "calls", "COVERING INDEX calls_"+side.own+" ("+side.own+"=?")
				checkPlan(t, s.view, brief, args, "calls", "calls_running_"+side.own+" ("+side.own+"=?")
			}
		}
		want := "calls_start"
		switch {
		case !q.Number.IsZero() && q.OnlyOpen:
			want = "calls_running_caller (caller=?"
		case !q.Number.IsZero():
			want = "calls_caller (caller=?"
		case q.OnlyOpen:
			want = "calls_open"
		case q.Action == &deny && q.Customer != "":
			want = "calls_held_customer (customer=?"
		case q.Action == &deny:
			want = "calls_held"
		case q.Customer != "":
			want = "calls_customer (customer=?"
		}
		checkPlan(t, s.view, query, args, "calls", want)
	}
	checkPlan(t, s.view, useQuery, []any{"a", 1, 2}, "calls", "calls_customer (customer=? AND start>? AND start<?)")
	checkPlan(t, s.view, useOfOpen, []any{"a", 1, 2}, "calls", "calls_open (start>? AND start<?)")
	checkPlan(t, s.view, daysOfOne, []any{1, 2, "a"}, "d", "PRIMARY KEY (day=? AND customer=?)")
	checkPlan(t, s.view, daysOfAll, []any{1, 2}, "days", "PRIMARY KEY (day>? AND day<?)")
	checkPlan(t, s.view, linesQuery, []any{1, "a"}, "billed", "PRIMARY KEY (month=? AND customer=?)")
	checkPlan(t, s.view, summedCall, []any{1}, "calls", "INTEGER PRIMARY KEY (rowid=?)")
	checkPlan(t, s.view, `SELECT `+callColumns+` FROM calls WHERE id = ?`, []any{1}, "calls", "INTEGER PRIMARY KEY (rowid=?)")
	checkPlan(t, s.view, rowsQuery, []any{"[1]"}, "calls", "INTEGER PRIMARY KEY (rowid=?)")
	checkPlan(t, s.view, answerCall, []any{1, "", 1, 2}, "calls", "INTEGER PRIMARY KEY (rowid=?)")
	checkPlan(t, s.view, endCall, []any{1, 2, 3, 4, "", "", "", 5, 6}, "calls", "INTEGER PRIMARY KEY (rowid=?)")
}

func TestSettingsPlans(t *testing.T) {
	s := open(t)
	query, args := overlapQuery(prefix(t, "192.0.2.0/24"), "a")
	checkPlan(t, s.settings, query, args, "s", "trunk_sources_first (first>? AND first<?)")
	checkPlan(t, s.settings, query, args, "s", "trunk_sources_network (network=?)")
	for _, q := range []store.ActionQuery{{}, {Before: 5}, {Customer: "a"}, {By: "b"}, {Customer: "a", By: "b", Before: 7}} {
		query, args := actionsQuery(q, 10)
		checkPlan(t, s.settings, query, args, "actions", "")
	}
	checkPlan(t, s.settings, looksQuery, []any{1}, "looks", "looks_inquiry (inquiry=?)")
	checkPlan(t, s.settings, holdsQuery, []any{1}, "inquiries", "inquiries_until (until>?)")
}

// TestLedgerPlans: a number is found by the blocks around it, a holder's numbers by their index.
func TestLedgerPlans(t *testing.T) {
	l := open(t).Ledger()
	checkPlan(t, l.d, spanAt, append(aroundArgs(815012345678), 1, 1, 1, 1), "n", "PRIMARY KEY (block=? AND start<?)")
	checkPlan(t, l.d, spansAround, aroundArgs(815012345678), "n", "PRIMARY KEY (block=?)")
	checkPlan(t, l.d, spansInside, []any{1, 2}, "n", "PRIMARY KEY (block>? AND block<?)")
	checkPlan(t, l.d, unusableQuery, []any{1, 1}, "numbers_", "numbers_unusable")
	checkPlan(t, l.d, heldQuery+heldOrder, []any{"a", 0, 0, 0, 1, 1, 10}, "n", "numbers_holder (holder=? AND block>?)")
}

func prefix(t *testing.T, s string) netip.Prefix {
	t.Helper()
	p, err := netip.ParsePrefix(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

var through = regexp.MustCompile(`^SCAN (\w+)( USING (COVERING )?INDEX .*)?$`)

// checkPlan fails when the table is read through or anything is sorted, and when want is
// not in the plan.
func checkPlan(t *testing.T, d *database, query string, args []any, table, want string) {
	t.Helper()
	var plan []string
	err := d.list(t.Context(), "explain", d.read, "EXPLAIN QUERY PLAN "+query, args, func(r *sql.Rows) error {
		var id, parent, unused int
		var step string
		err := r.Scan(&id, &parent, &unused, &step)
		plan = append(plan, step)
		m := through.FindStringSubmatch(step)
		if m != nil && m[1] == table && m[2] == "" && table != "actions" || strings.Contains(step, "TEMP B-TREE") {
			t.Errorf("%s\nin the plan of\n%s", step, query)
		}
		return err
	})
	if err != nil {
		t.Fatalf("%v\n%s", err, query)
	}
	if text := strings.Join(plan, "\n"); !strings.Contains(text, want) {
		t.Errorf("no %q in the plan\n%s\nof\n%s", want, text, query)
	}
}

// find looks for one call deep inside.
func find(t *testing.T, s *Store) {
	g := &traffic{}
	g.attempt(manyCalls / 2)
	want := g.ev
	for name, q := range map[string]store.CallQuery{
		"callee":   {Number: want.Verdict.Callee},
		"caller":   {Number: want.Verdict.Caller, From: want.At, To: want.At.Add(time.Microsecond)},
		"customer": {Customer: want.Attempt.Customer, To: want.At.Add(time.Microsecond)},
		"cursor":   {Cursor: cursorOf(&store.Call{At: want.At, ID: want.Call + 1}), Limit: 1},
	} {
		page, err := s.Calls(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Calls) == 0 || page.Calls[0].ID != want.Call {
			t.Errorf("by %s: found %d calls, not the one", name, len(page.Calls))
		}
	}
}
