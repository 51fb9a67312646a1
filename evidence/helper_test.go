package evidence

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"tsujiban"
	"tsujiban/journal"
)

var epoch = time.Date(2026, 4, 1, 3, 4, 5, 0, time.UTC)

// site is a journal and a tree of it.
type site struct {
	t       testing.TB
	journal string
	dir     string
	now     time.Time
	log     *slog.Logger
}

func newSite(t testing.TB, entries int) *site {
	t.Helper()
	top := t.TempDir()
	s := &site{t: t, journal: filepath.Join(top, "journal"), dir: filepath.Join(top, "evidence"), now: epoch, log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	s.write(entries)
	return s
}

// write appends entries to the journal and returns how many it has.
func (s *site) write(n int) uint64 {
	s.t.Helper()
	j, err := journal.Open(journal.Options{Dir: s.journal, SegmentBytes: 64 << 10, QuietRate: 1 << 30, Logger: s.log})
	if err != nil {
		s.t.Fatal(err)
	}
	for range n {
		if _, err := j.Append(&tsujiban.Event{Kind: tsujiban.EventSet, At: s.now, By: "front desk", Note: "caller +81925551201 was looked up"}); err != nil {
			s.t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		s.t.Fatal(err)
	}
	return j.Committed()
}

func (s *site) source(from uint64) (Lines, error) { return journal.OpenReader(s.journal, from) }

func (s *site) committed() uint64 {
	s.t.Helper()
	rep, err := journal.Check(s.journal, nil)
	if err != nil || !rep.OK() {
		s.t.Fatalf("the journal: %v, %+v", err, rep.Problems)
	}
	return rep.Entries
}

func (s *site) options() Options {
	return Options{Dir: s.dir, Node: "guard1", Source: s.source, Clock: func() time.Time { return s.now }, Logger: s.log}
}

func (s *site) open() *Log {
	s.t.Helper()
	l, err := Open(s.t.Context(), s.options(), s.committed())
	if err != nil {
		s.t.Fatal(err)
	}
	return l
}

// catchUp appends what the journal has and the tree has not.
func (s *site) catchUp(l *Log) {
	s.t.Helper()
	rd, err := s.source(l.Size() + 1)
	if err != nil {
		s.t.Fatal(err)
	}
	for {
		line, err := rd.Line(context.Background())
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			s.t.Fatal(err)
		}
		l.Append(line)
	}
	s.must(rd.Close())
}

// keep makes the tree follow the journal: open, append, publish, close.
func (s *site) keep() {
	s.t.Helper()
	l := s.open()
	s.catchUp(l)
	s.must(l.Close())
}

func (s *site) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) tree() *Tree {
	s.t.Helper()
	tr, err := OpenTree(s.dir)
	s.must(err)
	return tr
}

// lines reads the whole journal.
func (s *site) lines() [][]byte {
	s.t.Helper()
	rd, err := s.source(1)
	s.must(err)
	var out [][]byte
	for {
		line, err := rd.Line(context.Background())
		if errors.Is(err, io.EOF) {
			s.must(rd.Close())
			return out
		}
		s.must(err)
		out = append(out, append([]byte(nil), line...))
	}
}

// root is the tree's root as RFC 6962 §2.1 defines it, recursively, without any of our code.
func rootOf(lines [][]byte) tlog.Hash {
	switch len(lines) {
	case 0:
		h, _ := tlog.TreeHash(0, nil)
		return h
	case 1:
		return tlog.RecordHash(lines[0])
	}
	k := 1
	for k*2 < len(lines) {
		k *= 2
	}
	return tlog.NodeHash(rootOf(lines[:k]), rootOf(lines[k:]))
}

func (s *site) path(name string) string { return filepath.Join(s.dir, filepath.FromSlash(name)) }

func (s *site) read(name string) []byte {
	s.t.Helper()
	b, err := os.ReadFile(s.path(name))
	s.must(err)
	return b
}

func (s *site) put(name string, b []byte) {
	s.t.Helper()
	s.must(os.WriteFile(s.path(name), b, 0o600))
}

// flip changes one bit of a file.
func flip(t testing.TB, name string, at int) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	b[min(at, len(b)-1)] ^= 1
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// few is n, or less where time is short (with -race it runs ten times as long).
func few(n int) int {
	if testing.Short() {
		return max(n/10, 2)
	}
	return n
}

func testName(n int) string { return fmt.Sprintf("%d entries", n) }
