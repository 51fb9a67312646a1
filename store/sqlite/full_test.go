package sqlite

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"tsujiban"
	"tsujiban/store"
)

// fill leaves no room in a file, as a full disk does; the return value makes room again.
func fill(t *testing.T, d *database) (relieve func()) {
	t.Helper()
	var pages int
	must(t, d.write.QueryRowContext(t.Context(), `PRAGMA page_count`).Scan(&pages))
	limit := func(n int) {
		var now int
		must(t, d.write.QueryRowContext(t.Context(), fmt.Sprintf(`PRAGMA max_page_count = %d`, n)).Scan(&now))
		if now != n {
			t.Fatalf("the limit is %d pages, want %d", now, n)
		}
	}
	limit(pages)
	return func() { limit(1 << 30) }
}

// TestSettingsFull sets customers until the disk is full: the one that does not fit is
// refused whole, the others stay, and it fits when there is room.
func TestSettingsFull(t *testing.T) {
	path := used(t)
	s, err := Open(t.Context(), path)
	must(t, err)
	defer func() { must(t, s.Close()) }()
	relieve := fill(t, s.settings)
	seen, n := s.Changes(), 0
	add := func() error {
		c := tsujiban.Customer{ID: tsujiban.CustomerID(fmt.Sprintf("c%d", n)), Name: strings.Repeat("x", 200), Numbers: []string{fmt.Sprintf("+8131%06d", n)}}
		return s.AddCustomer(t.Context(), "sato", c)
	}
	for ; err == nil && n < 10_000; n++ {
		err = add()
	}
	n--
	wants(t, err, tsujiban.CodeUnavailable, path, "disk space")
	list, err := s.Customers(t.Context())
	must(t, err)
	if len(list) != 3+n || s.Changes() != seen+uint64(n) {
		t.Errorf("%d customers and %d changes, want %d and %d", len(list), s.Changes()-seen, 3+n, n)
	}
	must(t, s.Check(t.Context()))
	relieve()
	must(t, add())
}

// TestCallsFull follows the journal into a full disk: the view says so, keeps what it has,
// and goes on by itself when there is room.
func TestCallsFull(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	s, err := Open(t.Context(), path)
	must(t, err)
	defer func() { must(t, s.Close()) }()
	relieve := fill(t, s.view)
	g := &traffic{calls: 3000, overlap: 50}
	var states []error
	f := store.Follower{View: s, OnState: func(err error) {
		states = append(states, err)
		if err == nil {
			return
		}
		must(t, s.Check(t.Context()))
		_, pos := contents(t, s)
		if pos%500 != 0 {
			t.Errorf("position %d is inside a batch", pos)
		}
		relieve()
	}}
	must(t, f.Run(t.Context(), g.Next))
	if len(states) != 2 || states[1] != nil {
		t.Fatalf("states were %v", states)
	}
	wants(t, states[0], tsujiban.CodeUnavailable, "store.calls.db", "disk space")
	got, pos := contents(t, s)
	if len(got) != 3000 || pos != g.seq {
		t.Errorf("%d calls up to %d, want 3000 up to %d", len(got), pos, g.seq)
	}
}
