package sqlite

import (
	"slices"
	"strings"
	"testing"
	"time"

	"tsujiban"
)

// TestCompareCalls changes every column of a row, drops, adds and exchanges rows: each is found, and named by call, entry and column.
func TestCompareCalls(t *testing.T) {
	const calls = 1200
	events := func() *traffic { return &traffic{calls: calls, overlap: 20} }
	s := open(t)
	for g := events(); ; {
		b := g.events(500)
		if len(b) == 0 {
			break
		}
		must(t, s.ApplyEvents(t.Context(), b))
	}
	compare := func(erased time.Time) *Comparison {
		t.Helper()
		c, err := s.CompareCalls(t.Context(), erased, events().Next)
		must(t, err)
		return c
	}
	if c := compare(time.Time{}); len(c.Differences) != 0 || c.Same != calls {
		t.Fatalf("%d as they should be, %+v", c.Same, c.Differences)
	}
	all, _ := contents(t, s)
	slices.Reverse(all)
	victim := all[calls/2]
	do := func(query string, args ...any) {
		t.Helper()
		r, err := s.view.write.ExecContext(t.Context(), query, args...)
		must(t, err)
		if n, err := r.RowsAffected(); err != nil || n == 0 {
			t.Fatalf("%s: %d rows, %v", query, n, err)
		}
	}
	one := func(name string, want func(Difference) bool) {
		t.Helper()
		if c := compare(time.Time{}); len(c.Differences) != 1 || !want(c.Differences[0]) {
			t.Errorf("%s: %+v", name, c.Differences)
		}
	}
	names := strings.FieldsFunc(callColumns, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' || r == '\t' })
	for _, column := range names[1:] {
		var before any
		must(t, s.view.write.QueryRowContext(t.Context(), `SELECT `+column+` FROM calls WHERE id = ?`, int64(victim.ID)).Scan(&before))
		var after any = "x"
		switch v := before.(type) {
		case int64:
			after = v + 1
		case float64:
			after = v + 0.25
		case nil:
			after = int64(7)
		}
		do(`UPDATE calls SET `+column+` = ? WHERE id = ?`, after, int64(victim.ID))
		one(column, func(d Difference) bool {
			return d.Call == victim.ID && d.Entry == victim.Entries.Asked && len(d.Columns) == 1 && (d.Columns[0] == column || strings.HasPrefix(d.Columns[0], "read the calls: "))
		})
		do(`UPDATE calls SET `+column+` = ? WHERE id = ?`, before, int64(victim.ID))
	}
	row := strings.Join(names[1:], ", ")
	first, last := all[0].ID, all[len(all)-1].ID
	for name, id := range map[string]tsujiban.CallID{"before the first": first - 1, "between": victim.ID + 1, "after the last": last + 1} {
		for _, entry := range []int64{1, int64(victim.Entries.Asked), 1 << 40, 0} {
			do(`INSERT INTO calls (id, `+row+`) SELECT ?, `+row+` FROM calls WHERE id = ?`, int64(id), int64(victim.ID))
			do(`UPDATE calls SET asked_entry = ? WHERE id = ?`, entry, int64(id))
			one("added "+name, func(d Difference) bool { return d.Call == id && !d.Missing && d.Entry == 0 })
			do(`DELETE FROM calls WHERE id = ?`, int64(id))
		}
	}
	do(`UPDATE calls SET id = -7 WHERE id = ?`, int64(victim.ID))
	if c := compare(time.Time{}); len(c.Differences) != 2 || !c.Differences[0].Missing && !c.Differences[1].Missing {
		t.Errorf("hidden below: %+v", c.Differences)
	}
	_, err := s.view.write.ExecContext(t.Context(), `CREATE TEMP TABLE kept AS SELECT * FROM calls WHERE id = -7`)
	must(t, err)
	do(`DELETE FROM calls WHERE id = -7`)
	one("dropped", func(d Difference) bool { return d.Call == victim.ID && d.Missing && d.Entry == victim.Entries.Asked })
	if c := compare(victim.At.Add(time.Second)); len(c.Differences) != 0 {
		t.Errorf("past its term: %+v", c.Differences)
	}
	do(`INSERT INTO calls (` + callColumns + `) SELECT ` + callColumns + ` FROM temp.kept`)
	do(`UPDATE calls SET id = ? WHERE id = -7`, int64(victim.ID))

	// Two calls exchanged: both are named.
	neighbour := all[calls/2+1].ID
	do(`UPDATE calls SET id = -1 WHERE id = ?`, int64(victim.ID))
	do(`UPDATE calls SET id = ? WHERE id = ?`, int64(victim.ID), int64(neighbour))
	do(`UPDATE calls SET id = ? WHERE id = -1`, int64(neighbour))
	if c := compare(time.Time{}); len(c.Differences) != 2 || c.Differences[0].Call != victim.ID || c.Differences[1].Call != neighbour {
		t.Errorf("exchanged: %+v", c.Differences)
	}
}
