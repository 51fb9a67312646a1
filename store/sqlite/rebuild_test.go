package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tsujiban"
	"tsujiban/store"
)

// contents is everything that a view holds.
func contents(t *testing.T, s *Store) (calls []store.Call, pos uint64) {
	t.Helper()
	for q := (store.CallQuery{Limit: store.MaxPage}); ; {
		page, err := s.Calls(t.Context(), q)
		must(t, err)
		calls = append(calls, page.Calls...)
		if q.Cursor = page.Next; q.Cursor == "" {
			break
		}
	}
	pos, err := s.Position(t.Context())
	must(t, err)
	return calls, pos
}

func sameContents(t *testing.T, got, want []store.Call) {
	t.Helper()
	if d := cmp.Diff(want, got, cmpopts.EquateComparable(netip.AddrPort{}, tsujiban.Number{})); d != "" {
		t.Fatalf("got the + lines, want the - lines:\n%s", d)
	}
}

// TestRebuildIsFollowing compares a rebuilt view with one that followed, over the border
// of a batch; the new file has all indexes, and is followed on.
func TestRebuildIsFollowing(t *testing.T) {
	const calls, batch = 800, 1500
	followed, rebuilt := open(t), open(t)
	g := &traffic{calls: calls, overlap: 200}
	for b := g.events(311); len(b) > 0; b = g.events(311) {
		must(t, followed.ApplyEvents(t.Context(), b))
	}
	rebuilt.rebuildBatch = batch
	var told []uint64
	made := 0
	g = &traffic{calls: calls, overlap: 200}
	must(t, rebuilt.Rebuild(t.Context(), 1, g.Next, func(p Progress) {
		if p.Index == 0 {
			told = append(told, p.Seq)
		} else if made++; p.Index != made || p.Indexes < p.Index {
			t.Errorf("index %d of %d was told as number %d", p.Index, p.Indexes, made)
		}
	}))
	want, wantPos := contents(t, followed)
	got, pos := contents(t, rebuilt)
	if len(want) != calls || pos != wantPos || pos != g.seq {
		t.Fatalf("%d calls up to %d, want %d up to %d", len(got), pos, calls, wantPos)
	}
	sameContents(t, got, want)
	if !slices.Equal(told, []uint64{batch, g.seq}) {
		t.Errorf("progress was %v", told)
	}
	if made < 11 {
		t.Errorf("%d indexes were told", made)
	}
	must(t, rebuilt.ApplyEvents(t.Context(), []tsujiban.Event{{Seq: pos + 1, Kind: tsujiban.EventStopped}}))
	must(t, rebuilt.Check(t.Context()))
	if a, b := indexes(t, followed), indexes(t, rebuilt); !slices.Equal(a, b) {
		t.Errorf("indexes are %v, want %v", b, a)
	}
	if _, err := os.Stat(rebuilt.callsPath() + ".new"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the new file is still there: %v", err)
	}
}

func indexes(t *testing.T, s *Store) (names []string) {
	t.Helper()
	must(t, s.view.list(t.Context(), "list", s.view.read, `SELECT name FROM sqlite_master WHERE type = 'index' ORDER BY name`, nil, func(r *sql.Rows) error {
		var name string
		err := r.Scan(&name)
		names = append(names, name)
		return err
	}))
	return names
}

// TestRebuildThatFails keeps the old view in use.
func TestRebuildThatFails(t *testing.T) {
	s := open(t)
	must(t, s.ApplyEvents(t.Context(), (&traffic{calls: 100, overlap: 10}).events(50)))
	want, wantPos := contents(t, s)
	torn := errors.New("the journal is torn")
	after := func(n int, err error) func(context.Context) (*tsujiban.Event, error) {
		g := &traffic{calls: 100, overlap: 10}
		return func(ctx context.Context) (*tsujiban.Event, error) {
			if n--; n < 0 {
				return nil, err
			}
			return g.Next(ctx)
		}
	}
	if err := s.Rebuild(t.Context(), 1, after(77, torn), nil); !errors.Is(err, torn) {
		t.Errorf("error is %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Rebuild(ctx, 1, after(77, io.EOF), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
	g := &traffic{calls: 100, overlap: 10}
	g.events(39)
	wants(t, s.Rebuild(t.Context(), 1, g.Next, func(Progress) { t.Error("nothing was folded") }), tsujiban.CodeCorrupt, "from event 0 to 40", "journal check")
	got, pos := contents(t, s)
	if pos != wantPos {
		t.Errorf("position is %d, want %d", pos, wantPos)
	}
	sameContents(t, got, want)
	if _, err := os.Stat(s.callsPath() + ".new"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the new file is still there: %v", err)
	}
	must(t, s.ApplyEvents(t.Context(), []tsujiban.Event{{Seq: pos + 1, Kind: tsujiban.EventStopped}}))
}

// TestRebuildFromTheMiddle takes a journal that has let go of its oldest events.
func TestRebuildFromTheMiddle(t *testing.T) {
	s := open(t)
	g := &traffic{calls: 200, overlap: 10}
	g.events(99)
	must(t, s.Rebuild(t.Context(), 100, g.Next, nil))
	got, pos := contents(t, s)
	if pos != g.seq || len(got) == 0 || len(got) >= 200 {
		t.Errorf("%d calls up to %d", len(got), pos)
	}
	must(t, s.Rebuild(t.Context(), 500, func(context.Context) (*tsujiban.Event, error) { return nil, io.EOF }, nil))
	if got, pos := contents(t, s); pos != 499 || len(got) != 0 {
		t.Errorf("%d calls up to %d, want 0 up to 499", len(got), pos)
	}
}

// TestReadWhileRebuilding looks at the old calls all the time.
func TestReadWhileRebuilding(t *testing.T) {
	s := open(t)
	must(t, s.ApplyEvents(t.Context(), (&traffic{calls: 100, overlap: 10}).events(50)))
	stop, stopped := make(chan struct{}), make(chan error, 1)
	go func() {
		for {
			select {
			case <-stop:
				stopped <- nil
				return
			default:
			}
			page, err := s.Calls(context.Background(), store.CallQuery{Limit: 5})
			if err != nil || len(page.Calls) != 5 {
				stopped <- errors.Join(err, errors.New("no page of five calls"))
				return
			}
		}
	}()
	for range 3 {
		g := &traffic{calls: 400, overlap: 10}
		must(t, s.Rebuild(t.Context(), 1, g.Next, nil))
	}
	close(stop)
	must(t, <-stopped)
}

// TestLeftovers of a rebuild that was killed do no harm.
func TestLeftovers(t *testing.T) {
	path := used(t)
	s, err := Open(t.Context(), path)
	must(t, err)
	for _, suffix := range []string{".new", ".new-wal", ".new-shm"} {
		must(t, os.WriteFile(s.callsPath()+suffix, []byte("rubbish"), 0o600))
	}
	g := &traffic{calls: 100, overlap: 10}
	must(t, s.Rebuild(t.Context(), 1, g.Next, nil))
	must(t, s.Close())
	files, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*.new*"))
	must(t, err)
	if len(files) > 0 {
		t.Errorf("left behind: %v", files)
	}
}
