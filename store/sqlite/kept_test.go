package sqlite

import (
	"database/sql"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"

	"tsujiban/store"
)

// TestKept asks many questions from many sides: each is answered, so many of them are kept, and they see it when a table changes.
func TestKept(t *testing.T) {
	s := open(t)
	asked := func(query string) (n int) {
		err := s.view.listKept(t.Context(), "ask", query, []any{7}, func(r *sql.Rows) error { return r.Scan(&n) })
		if err != nil {
			t.Error(err)
		}
		var one int
		if err := s.view.rowKept(t.Context(), query, 7).Scan(&one); err != nil || one != n {
			t.Error(one, n, err)
		}
		return n
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 2 * maxKept {
				if n := asked(fmt.Sprintf(`SELECT %d + ?`, i)); n != i+7 {
					t.Errorf("%d, want %d", n, i+7)
				}
			}
		})
	}
	wg.Wait()
	if n := len(s.view.kept.stmts); n < maxKept || n > maxKept+8 {
		t.Errorf("%d are kept", n)
	}
	must(t, s.view.kept.close())
	const query = `SELECT count(*) - ? FROM pragma_table_info('position')`
	before := asked(query)
	_, err := s.view.write.ExecContext(t.Context(), `ALTER TABLE position ADD COLUMN more INTEGER`)
	must(t, err)
	if n := asked(query); n != before+1 {
		t.Errorf("%d columns more, want 1", n-before)
	}
	if err := s.view.listKept(t.Context(), "ask", `SELECT nonsense`, nil, nil); err == nil {
		t.Error("nonsense is answered")
	}
}

var bareLimit = regexp.MustCompile(`LIMIT \?\d*\s*($|\))`)

// TestKeptArePlannedOnce: no text is kept whose plan SQLite makes anew each time that it is asked (see asIs).
func TestKeptArePlannedOnce(t *testing.T) {
	s := open(t)
	for _, limit := range []int{40, 1000} {
		_, err := s.Calls(t.Context(), store.CallQuery{Number: number(t, "+815012345678"), From: trafficStart, Limit: limit, Brief: true})
		must(t, err)
	}
	if n := len(s.view.kept.stmts); n != 3 {
		t.Errorf("%d texts are kept", n)
	}
	for query := range s.view.kept.stmts {
		if !strings.Contains(query, "LIMIT") || bareLimit.MatchString(query) {
			t.Errorf("a bare number in the LIMIT of\n%s", query)
		}
	}
}
