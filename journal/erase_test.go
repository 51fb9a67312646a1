package journal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"tsujiban"
)

// segmented makes a journal in memory of segments of ten notes each, the last one open.
func segmented(t testing.TB, m *memFS, segments int) *Journal {
	t.Helper()
	j := mustOpen(t, Options{Dir: "/j", FS: m, CommitInterval: -1, QuietRate: 1 << 30})
	for range segments {
		j.Roll()
		appendNotes(t, j, 10, true)
	}
	return j
}

// left reads all that is there, passing over what was erased, and returns the entries.
func left(t testing.TB, r *Reader, n int) (found []uint64) {
	t.Helper()
	for range n {
		ev, err := r.SkipErased().Next(context.Background())
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if ev.Note != fmt.Sprintf("note %d", ev.Seq) {
			t.Fatalf("entry %d reads as %q", ev.Seq, ev.Note)
		}
		found = append(found, ev.Seq)
	}
	mustClose(t, r)
	return found
}

func seqs(from, to uint64) (out []uint64) {
	for ; from <= to; from++ {
		out = append(out, from)
	}
	return out
}

// What was erased is gone for good, by whole segments, at the beginning and in the middle; the rest is read as before, also after a
// start, and the check says what was erased.
func TestErase(t *testing.T) {
	m := newMemFS()
	j := segmented(t, m, 6)
	for _, bad := range []Range{{1, 9}, {2, 10}, {1, 60}, {51, 60}, {11, 25}, {0, 10}, {100, 110}} {
		if err := j.Erase(t.Context(), bad); tsujiban.CodeOf(err) != tsujiban.CodeInvalid {
			t.Errorf("erasing %v: %v", bad, err)
		}
	}
	for _, r := range []Range{{1, 10}, {31, 40}, {11, 20}} {
		if err := j.Erase(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	want := append(seqs(21, 30), seqs(41, 60)...)
	look := func(when string, j *Journal) {
		t.Helper()
		if got := left(t, j.Reader(1), len(want)); !slices.Equal(got, want) {
			t.Errorf("%s: %v is left, want %v", when, got, want)
		}
		if got := j.Erased(); !slices.Equal(got, []Range{{1, 20}, {31, 40}}) || j.First() != 21 {
			t.Errorf("%s: erased %v, the first is %d", when, got, j.First())
		}
		if err := j.Erase(t.Context(), Range{1, 10}); tsujiban.CodeOf(err) != tsujiban.CodeInvalid {
			t.Errorf("%s: erasing twice: %v", when, err)
		}
		r := j.Reader(5)
		if _, err := r.Next(t.Context()); tsujiban.CodeOf(err) != tsujiban.CodeNotFound || !strings.Contains(err.Error(), "entries 1 to 20 were erased") {
			t.Errorf("%s: a reader that does not skip: %v", when, err)
		}
	}
	look("at once", j)
	if got := j.Stats().Segments; got != 3 {
		t.Errorf("%d segments", got)
	}
	mustClose(t, j)
	if got := left(t, offlineErased(t, m), 100); !slices.Equal(got, want) {
		t.Errorf("offline: %v", got)
	}
	for _, n := range []string{"00000000000000000007.torn", "00000000000000000007-2.torn", "00000000000000000025.torn"} {
		if err := writeFile(m, "/j", "/j/"+n, []byte("torn")); err != nil {
			t.Fatal(err)
		}
	}
	names, err := m.List("/j")
	if err != nil || slices.ContainsFunc(names, func(n string) bool { return strings.Contains(n, "000001.j") || strings.Contains(n, "0031.j") }) {
		t.Errorf("files %v, %v", names, err)
	}
	j = mustOpen(t, Options{Dir: "/j", FS: m, VerifyBytes: -1, CommitInterval: -1, QuietRate: 1 << 30})
	look("after a start", j)
	if names, _ = m.List("/j"); slices.ContainsFunc(names, func(n string) bool { return strings.Contains(n, "0007") }) || !slices.Contains(names, "00000000000000000025.torn") {
		t.Errorf("files %v: what was torn off goes with what it stood behind", names)
	}
	appendNotes(t, j, 10, true)
	if err := j.Erase(t.Context(), Range{21, 30}); err != nil { // between two that are gone
		t.Fatal(err)
	}
	if got := j.Erased(); !slices.Equal(got, []Range{{1, 40}}) {
		t.Errorf("erased %v", got)
	}
	mustClose(t, j)
}

func offlineErased(t testing.TB, m *memFS) *Reader {
	t.Helper()
	segs, _, _, err := listJournal(m, "/j")
	if err != nil {
		t.Fatal(err)
	}
	return &Reader{fs: m, dir: "/j", segs: segs, next: 1, upTo: 1<<64 - 1}
}

// The machine dies at each operation of an erasure, in many ways: the next start finds it done or not done, whole, loses nothing
// else, and goes on.
func TestEraseAndDie(t *testing.T) {
	for at := 1; ; at++ {
		done := 0
		for seed := range 20 {
			m := newMemFS()
			j := segmented(t, m, 5)
			start := m.ops
			m.mu.Lock()
			m.fault = func(string, string) error {
				if m.ops > start+at {
					return errDead
				}
				return nil
			}
			m.mu.Unlock()
			err := j.Erase(t.Context(), Range{11, 30})
			if err == nil {
				done++
			}
			after := m.crash(rand.New(rand.NewPCG(uint64(at), uint64(seed))))
			_ = j.Close() // the machine is dead
			again := mustOpen(t, Options{Dir: "/j", FS: after, VerifyBytes: -1, CommitInterval: -1, QuietRate: 1 << 30})
			want := append(seqs(1, 10), seqs(31, 50)...)
			if len(again.Erased()) == 0 {
				if err == nil {
					t.Fatalf("operation %d: an erasure that was done is undone", at)
				}
				want = seqs(1, 50)
			}
			if got := left(t, again.Reader(1), len(want)); !slices.Equal(got, want) {
				t.Fatalf("operation %d, seed %d: %v is left", at, seed, got)
			}
			names, lerr := after.List("/j")
			if lerr != nil || len(again.Erased()) > 0 && slices.ContainsFunc(names, func(n string) bool {
				return strings.Contains(n, "0011.j") || strings.Contains(n, "0021.j") || strings.HasSuffix(n, ".tmp")
			}) {
				t.Fatalf("operation %d, seed %d: files %v, %v", at, seed, names, lerr)
			}
			// A statement that was signed before has it brought to its end.
			mustClose(t, again)
			again = mustOpen(t, Options{Dir: "/j", FS: after, VerifyBytes: -1, CommitInterval: -1, QuietRate: 1 << 30, Erased: []Range{{11, 20}, {21, 30}}})
			if got := again.Erased(); !slices.Equal(got, []Range{{11, 30}}) {
				t.Fatalf("operation %d, seed %d: with a statement %v is erased", at, seed, got)
			}
			appendNotes(t, again, 3, true)
			mustClose(t, again)
		}
		if done == 20 {
			return
		}
	}
}

// A disk that takes nothing more leaves the journal as it was, or erased; it is called for again.
func TestEraseOnFullDisk(t *testing.T) {
	for _, op := range []string{"create", "write", "sync", "rename", "syncdir", "remove"} {
		m := newMemFS()
		f := &failing{}
		m.fault = f.fault
		j := segmented(t, m, 3)
		f.set(op, syscall.ENOSPC)
		if err := j.Erase(t.Context(), Range{1, 10}); err == nil {
			t.Errorf("%s fails, and nobody says so", op)
		}
		f.set("", nil)
		if len(j.Erased()) == 0 {
			if err := j.Erase(t.Context(), Range{1, 10}); err != nil {
				t.Errorf("%s: once more: %v", op, err)
			}
		}
		if got := left(t, j.Reader(1), 20); !slices.Equal(got, seqs(11, 30)) {
			t.Errorf("%s: %v is left", op, got)
		}
		mustClose(t, j)
		j = mustOpen(t, Options{Dir: "/j", FS: m})
		if names, _ := m.List("/j"); slices.ContainsFunc(names, func(n string) bool { return strings.Contains(n, "0001.j") }) {
			t.Errorf("%s: files %v after a start", op, names)
		}
		mustClose(t, j)
	}
}

// A segment that is missing without a record is an error that says what to do, also beside an erasure; a record that is gone is made
// anew from signed statements, and only from those.
func TestLostIsNotErased(t *testing.T) {
	build := func(erase ...Range) *memFS {
		m := newMemFS()
		j := segmented(t, m, 5)
		for _, r := range erase {
			if err := j.Erase(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		}
		mustClose(t, j)
		return m
	}
	drop := func(m *memFS, names ...string) *memFS {
		for _, n := range names {
			if err := m.Remove(filepath.Join("/j", n)); err != nil {
				t.Fatal(err)
			}
		}
		return m
	}
	for _, c := range []struct {
		name string
		m    *memFS
		says string
	}{
		{"the first", drop(build(), "00000000000000000001.journal"), "00000000000000000001.journal is missing"},
		{"the one after what was erased", drop(build(Range{1, 10}), "00000000000000000011.journal"), "00000000000000000011.journal is missing"},
		{"the one before what was erased", drop(build(Range{11, 20}), "00000000000000000001.journal"), "00000000000000000001.journal is missing"},
		{"the record", drop(build(Range{1, 10}), erasedName), `no record says that it was erased; put a copy of the file in its place, or of "erased"`},
	} {
		if _, err := Open(Options{Dir: "/j", FS: c.m, Logger: quietLog()}); tsujiban.CodeOf(err) != tsujiban.CodeCorrupt || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	for name, spoil := range map[string]func(*memFS){
		"gone": func(m *memFS) { drop(m, erasedName) },
		"torn": func(m *memFS) {
			m.names["/j/"+erasedName].data = m.names["/j/"+erasedName].data[:30]
		},
		"changed": func(m *memFS) { m.names["/j/"+erasedName].data[len(erasedLead)+2] = '9' },
	} {
		m := build(Range{1, 10}, Range{21, 30})
		spoil(m)
		if _, err := Open(Options{Dir: "/j", FS: m, Logger: quietLog()}); tsujiban.CodeOf(err) != tsujiban.CodeCorrupt {
			t.Errorf("%s: opens: %v", name, err)
		}
		// A statement about less, or about what is not whole segments, is not enough.
		for _, rs := range [][]Range{{{1, 10}}, {{1, 10}, {21, 29}}, {{1, 10}, {21, 35}}} {
			if _, err := Open(Options{Dir: "/j", FS: m.clone(), Logger: quietLog(), Erased: rs}); tsujiban.CodeOf(err) != tsujiban.CodeCorrupt {
				t.Errorf("%s: opens with %v: %v", name, rs, err)
			}
		}
		j := mustOpen(t, Options{Dir: "/j", FS: m, Erased: []Range{{1, 10}, {21, 30}}})
		mustClose(t, j)
		j = mustOpen(t, Options{Dir: "/j", FS: m})
		if got := j.Erased(); !slices.Equal(got, []Range{{1, 10}, {21, 30}}) {
			t.Errorf("%s: the record made anew says %v", name, got)
		}
		mustClose(t, j)
	}
}

// A statement never takes the last segment, nor a part of one.
func TestStatementsOfAnotherState(t *testing.T) {
	m := newMemFS()
	mustClose(t, segmented(t, m, 3))
	j := mustOpen(t, Options{Dir: "/j", FS: m, Erased: []Range{{1, 10}, {15, 20}, {21, 30}, {40, 50}}})
	if got := left(t, j.Reader(1), 20); !slices.Equal(got, seqs(11, 30)) {
		t.Errorf("%v is left", got)
	}
	mustClose(t, j)
}

// The check tells erased from missing.
func TestCheckErased(t *testing.T) {
	dir := t.TempDir()
	j := mustOpen(t, Options{Dir: dir, CommitInterval: -1, QuietRate: -1})
	for range 4 {
		j.Roll()
		appendNotes(t, j, 10, true)
	}
	if err := j.Erase(t.Context(), Range{11, 20}); err != nil {
		t.Fatal(err)
	}
	mustClose(t, j)
	rep, err := Check(dir, nil)
	if err != nil || !rep.OK() || rep.Entries != 30 || !slices.Equal(rep.Erased, []Range{{11, 20}}) || len(rep.Segments) != 3 {
		t.Fatalf("%+v, %v", rep, err)
	}
	if got, err := ErasedIn(dir); err != nil || !Covered(got, 11, 20) || !Covered(got, 12, 13) || Covered(got, 10, 12) || Covered(got, 20, 21) {
		t.Errorf("%v, %v", got, err)
	}
	if err := OS.Remove(filepath.Join(dir, erasedName)); err != nil {
		t.Fatal(err)
	}
	rep, err = Check(dir, nil)
	if err != nil || len(rep.Problems) == 0 || rep.Problems[len(rep.Problems)-1] != (Problem{File: "00000000000000000011.journal", First: 11, Last: 20, What: missingSegment}) {
		t.Errorf("%+v, %v", rep.Problems, err)
	}
}
