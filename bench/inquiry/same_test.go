package main

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// TestSame holds the store that the bench writes against the one that the program makes of the same events: the same schema, the same rows in every table, and
// nothing that SQLite would find wrong with any index.
func TestSame(t *testing.T) {
	var dirs [2]string
	for i := range dirs {
		dirs[i] = t.TempDir()
		if _, err := makeStore(t.Context(), options{size: 12_000, dir: dirs[i], driver: i == 1}); err != nil {
			t.Fatal(err)
		}
	}
	db, err := sql.Open("sqlite", filepath.Join(dirs[0], "store.calls.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(`ATTACH ? AS theirs`, filepath.Join(dirs[1], "store.calls.db")); err != nil {
		t.Fatal(err)
	}
	if found := column(t, db, `PRAGMA main.integrity_check`); found != "ok" {
		t.Error(found)
	}
	const schema = `SELECT group_concat(name || ': ' || coalesce(sql, ''), char(10)) FROM (SELECT name, sql FROM %s.sqlite_schema ORDER BY name)`
	if ours, theirs := column(t, db, fmt.Sprintf(schema, "main")), column(t, db, fmt.Sprintf(schema, "theirs")); ours != theirs {
		t.Errorf("schema:\n%s\nwanted:\n%s", ours, theirs)
	}
	for name := range strings.FieldsSeq(column(t, db, `SELECT group_concat(name, ' ') FROM main.sqlite_schema WHERE type = 'table' AND name NOT IN ('goose_db_version', 'sqlite_sequence')`)) {
		const differ = `SELECT (SELECT count(*) FROM (SELECT * FROM main.%[1]s EXCEPT SELECT * FROM theirs.%[1]s)) || ' ' || (SELECT count(*) FROM (SELECT * FROM theirs.%[1]s EXCEPT SELECT * FROM main.%[1]s)) ||
			' ' || ((SELECT count(*) FROM main.%[1]s) - (SELECT count(*) FROM theirs.%[1]s))`
		if found := column(t, db, fmt.Sprintf(differ, name)); found != "0 0 0" {
			t.Errorf("%s: rows that only we have, that only the program has, and how many more we have: %s", name, found)
		}
	}
	if n := column(t, db, `SELECT (SELECT count(*) FROM calls) || ' ' || (SELECT count(*) > 400 FROM days) || ' ' || (SELECT count(*) > 400 FROM billed)`); n != "12000 1 1" {
		t.Errorf("calls, and whether there are many sums: %s", n)
	}
}

func column(t *testing.T, db *sql.DB, query string) string {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return strings.Join(all, "\n")
}
