//go:build crash

package crash

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"tsujiban/journal"
)

// How often the last segment is torn, and every how many times a program starts on it.
const (
	tears      = 100
	everyStart = 25
)

// quiet: that something is moved aside is what is tested here, again and again.
var quiet = slog.New(slog.DiscardHandler)

// tear cuts the end of a journal off at random bytes, as a power failure may, and opens it
// again: every entry that stands whole before the cut has to be there, and nothing else.
func tear(t *testing.T, w *world, dir string) int {
	t.Helper()
	segments, err := filepath.Glob(filepath.Join(dir, "*.journal"))
	if err != nil || len(segments) == 0 {
		t.Fatalf("no segment in %s: %v", dir, err)
	}
	last := filepath.Base(segments[len(segments)-1])
	whole, err := os.ReadFile(filepath.Join(dir, last))
	if err != nil {
		t.Fatal(err)
	}
	first, err := strconv.ParseUint(last[:len(last)-len(".journal")], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	written := len(bytes.TrimRight(whole, "\x00"))
	for i := range tears {
		cut := w.random.IntN(written + 1)
		torn := filepath.Join(w.Dir, "torn-"+strconv.Itoa(i))
		links(t, dir, torn, last)
		if err := os.WriteFile(filepath.Join(torn, last), whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		want := first - 1 + uint64(max(0, bytes.Count(whole[:cut], []byte("\n"))-1)) // the first line is the header
		if i%everyStart == 0 {
			startOn(t, w, torn)
		}
		j, err := journal.Open(journal.Options{Dir: torn, Logger: quiet})
		if err != nil {
			t.Fatalf("cut at byte %d of %d: %v", cut, written, err)
		}
		got := j.Committed()
		if err := j.Close(); err != nil {
			t.Error(err)
		}
		if got != want && i%everyStart != 0 || got < want {
			t.Errorf("cut at byte %d of %d: %d entries, want %d", cut, written, got, want)
		}
		if rep, err := journal.Check(torn, nil); err != nil || len(rep.Problems) > 0 || rep.Entries != got {
			t.Errorf("cut at byte %d of %d: %+v, %v", cut, written, rep, err)
		}
		if err := os.RemoveAll(torn); err != nil {
			t.Error(err)
		}
	}
	damage(t, w, dir, last, whole[:written])
	return tears
}

// links makes a directory with the segments of another, but for one.
func links(t *testing.T, from, to, without string) {
	t.Helper()
	if err := os.Mkdir(to, 0o700); err != nil {
		t.Fatal(err)
	}
	names, err := os.ReadDir(from)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		if n.Name() == without || n.Name() == "lock" {
			continue
		}
		if err := os.Link(filepath.Join(from, n.Name()), filepath.Join(to, n.Name())); err != nil {
			t.Fatal(err)
		}
	}
}

// startOn starts the program on a torn journal and stops it again.
func startOn(t *testing.T, w *world, torn string) {
	t.Helper()
	if err := os.RemoveAll(w.JournalDir()); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(torn, w.JournalDir()); err != nil {
		t.Fatal(err)
	}
	w.ServeAsIs().Stop()
	w.check()
	if err := os.Rename(w.JournalDir(), torn); err != nil {
		t.Fatal(err)
	}
}

// damage changes a byte in the middle of what was durable: that is no torn tail, and the program must
// not go on as if nothing were missing.
func damage(t *testing.T, w *world, dir, last string, whole []byte) {
	t.Helper()
	bad := filepath.Join(w.Dir, "damaged")
	links(t, dir, bad, last)
	b := bytes.Clone(whole)
	b[len(b)/4] ^= 0x01
	if err := os.WriteFile(filepath.Join(bad, last), b, 0o600); err != nil {
		t.Fatal(err)
	}
	if j, err := journal.Open(journal.Options{Dir: bad, Logger: quiet}); err == nil {
		t.Errorf("a damaged journal is opened")
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	}
}
