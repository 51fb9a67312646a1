package sqlite

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"go.uber.org/goleak"

	"tsujiban"
	"tsujiban/store"
)

// childEnv tells the test binary to be the child that is killed: "work", "rebuild", "indexes" or "ledger", and
// childPath where its store is.
const (
	childEnv  = "TSUJIBAN_STORE_CHILD"
	childPath = "TSUJIBAN_STORE_PATH"
)

func TestMain(m *testing.M) {
	if what := os.Getenv(childEnv); what != "" {
		if err := child(context.Background(), what, os.Getenv(childPath)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

var crashTraffic = traffic{calls: 200_000, overlap: 300}

// child works until it is killed. It writes a line about everything that the store has
// acknowledged.
func child(ctx context.Context, what, path string) error {
	s, err := Open(ctx, path)
	if err != nil {
		return err
	}
	if what == "rebuild" {
		s.rebuildBatch = 500
		g := crashTraffic
		return s.Rebuild(ctx, 1, g.Next, func(p Progress) { fmt.Println("rebuilt", p.Seq) })
	}
	if what == "indexes" {
		return childIndexes(ctx, s)
	}
	if what == "ledger" {
		return childLedger(ctx, s.Ledger())
	}
	failed := make(chan error)
	go func() { failed <- childEvents(ctx, s) }()
	go func() { failed <- childCustomers(ctx, s) }()
	return <-failed
}

func childEvents(ctx context.Context, s *Store) error {
	pos, err := s.Position(ctx)
	if err != nil {
		return err
	}
	g := crashTraffic
	g.events(int(pos))
	for {
		batch := g.events(1 + rand.IntN(100))
		if err := s.ApplyEvents(ctx, batch); err != nil {
			return err
		}
		fmt.Println("applied", batch[len(batch)-1].Seq)
	}
}

func childCustomers(ctx context.Context, s *Store) error {
	list, err := s.Customers(ctx)
	if err != nil {
		return err
	}
	for n := len(list); ; n++ {
		c := tsujiban.Customer{ID: tsujiban.CustomerID(fmt.Sprintf("c%d", n)), Name: "x", Numbers: []string{fmt.Sprintf("+8131%06d", n)}}
		if err := s.AddCustomer(ctx, "child", c); err != nil {
			return err
		}
		fmt.Println("customers", n+1)
	}
}

// killed starts a child, kills it (as kill -9 does) after so many lines, and returns the
// last number that it wrote about each thing.
func killed(t *testing.T, what, path string, lines int) map[string]uint64 {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+what, childPath+"="+path)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	said := make(map[string]uint64)
	for in := bufio.NewScanner(out); in.Scan(); lines-- {
		var thing string
		var n uint64
		_, err := fmt.Sscan(in.Text(), &thing, &n)
		must(t, err)
		said[thing] = n
		if lines == 0 {
			must(t, cmd.Process.Kill())
		}
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != -1 {
		t.Fatalf("the child was not killed but ended: %v", err)
	}
	return said
}

// TestKilled kills a process that folds events and sets customers, again and again, each
// going on where the one before was killed: what was acknowledged is there, rows and
// position agree, and nothing is half done.
func TestKilled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	for range 6 {
		said := killed(t, "work", path, 5+rand.IntN(80))
		s, err := Open(t.Context(), path)
		must(t, err)
		must(t, s.Check(t.Context()))
		calls, pos := contents(t, s)
		if pos < said["applied"] {
			t.Errorf("position %d, but %d was acknowledged", pos, said["applied"])
		}
		sameContents(t, calls, foldedTraffic(pos))
		customers, err := s.Customers(t.Context())
		must(t, err)
		if uint64(len(customers)) < said["customers"] {
			t.Errorf("%d customers, but %d were acknowledged", len(customers), said["customers"])
		}
		log, err := s.Actions(t.Context(), store.ActionQuery{By: "child", Limit: store.MaxPage})
		must(t, err)
		if len(log) != len(customers) {
			t.Errorf("%d actions of %d customers", len(log), len(customers))
		}
		for _, c := range customers {
			if len(c.Numbers) != 1 {
				t.Errorf("%s has the numbers %v", c.ID, c.Numbers)
			}
		}
		must(t, s.Close())
	}
}

// foldedTraffic is what the first events of the child make, folded in memory.
func foldedTraffic(pos uint64) (calls []store.Call) {
	f := newFold()
	g := crashTraffic
	for _, ev := range g.events(int(pos)) {
		f.add(&ev)
	}
	for i := range f.calls {
		calls = append(calls, f.calls[i].call)
	}
	slices.SortFunc(calls, func(a, b store.Call) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.ID, a.ID)) })
	return calls
}

// TestKilledWhileRebuilding keeps the old calls, and can be rebuilt.
func TestKilledWhileRebuilding(t *testing.T) {
	path := used(t)
	s, err := Open(t.Context(), path)
	must(t, err)
	want, wantPos := contents(t, s)
	must(t, s.Close())
	for range 3 {
		killed(t, "rebuild", path, rand.IntN(6))
		s, err := Open(t.Context(), path)
		must(t, err)
		got, pos := contents(t, s)
		if pos != wantPos {
			t.Errorf("position %d, want %d", pos, wantPos)
		}
		sameContents(t, got, want)
		must(t, s.Close())
	}
	s, err = Open(t.Context(), path)
	must(t, err)
	g := traffic{calls: 1000, overlap: 10}
	must(t, s.Rebuild(t.Context(), 1, g.Next, nil))
	if got, _ := contents(t, s); len(got) != 1000 {
		t.Errorf("rebuilt %d calls, want 1000", len(got))
	}
	must(t, s.Close())
}
