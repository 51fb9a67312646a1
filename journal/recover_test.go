package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"tsujiban"
)

// lastFile is the newest segment's name in /j.
func lastFile(t testing.TB, m *memFS) string {
	t.Helper()
	segs, _, err := listSegments(m, "/j")
	if err != nil {
		t.Fatal(err)
	}
	return segs[len(segs)-1].name("/j")
}

// A journal cut at any byte of its last segment, with or without room behind the cut, keeps every whole entry before the cut; the
// rest is moved aside and logged; the journal goes on.
func TestTornAtEveryByte(t *testing.T) {
	whole, starts := closedJournal(t, 700, false, 3, 1, 2, 1, 4)
	name := lastFile(t, whole)
	content := whole.content(name)
	used := len(bytes.TrimRight(content, "\x00"))
	first := 12 - len(starts[filepath.Base(name)])
	for cut := 0; cut <= used; cut++ {
		for _, room := range []int{0, len(content) - cut} {
			t.Run(fmt.Sprintf("%d+%d", cut, room), func(t *testing.T) {
				m := whole.clone()
				m.put(name, append(bytes.Clone(content[:cut]), make([]byte, room)...))
				entries, end := first-1, 0
				for i, at := range starts[filepath.Base(name)] {
					if i > 0 && cut >= at {
						entries++
						end = at
					}
				}
				if cut >= headerSize && end == 0 {
					end = headerSize
				}
				if cut == used {
					entries++
					end = used
				}
				tornOpen(t, m, entries, bytes.TrimRight(content[end:cut], "\x00"))
			})
		}
	}
}

// tornOpen opens the journal in /j, expects so many entries and these bytes moved aside, and goes on with it.
func tornOpen(t *testing.T, m *memFS, entries int, torn []byte) {
	t.Helper()
	var log logBuffer
	j := mustOpen(t, Options{Dir: "/j", FS: m, Logger: slog.New(slog.NewTextHandler(&log, nil)), QuietRate: 1 << 30, SegmentBytes: 4096})
	if got := j.Committed(); got != uint64(entries) {
		t.Fatalf("%d entries are left, want %d", got, entries)
	}
	if aside := m.content(fmt.Sprintf("/j/%020d.torn", entries+1)); !bytes.Equal(aside, torn) {
		t.Fatalf("moved aside: %q, want %q", aside, torn)
	}
	if logged := strings.Contains(log.String(), "unfinished write"); logged != (len(torn) > 0) {
		t.Fatalf("log: %s", log.String())
	}
	appendNotes(t, j, 3, true)
	r := j.Reader(1)
	checkNotes(t, r, 1, entries+3)
	mustClose(t, j)
	mustClose(t, r)
	again := mustOpen(t, Options{Dir: "/j", FS: m, SegmentBytes: 4096})
	r = again.Reader(1)
	checkNotes(t, r, 1, entries+3)
	mustClose(t, r)
	mustClose(t, again)
}

// Damage to any byte of what was durable is refused, and named with file and offset: in every segment but the last, and in all batches but
// the last of the last.
func TestDamageIsRefused(t *testing.T) {
	for _, orderly := range []bool{false, true} {
		whole, starts := closedJournal(t, 700, orderly, 3, 1, 2, 1, 4)
		segs, _, err := listSegments(whole, "/j")
		if err != nil {
			t.Fatal(err)
		}
		for i, s := range segs {
			name := s.name("/j")
			content := whole.content(name)
			at := starts[filepath.Base(name)]
			end := len(bytes.TrimRight(content, "\x00"))
			if i == len(segs)-1 && !orderly {
				end = at[len(at)-4] // the last batch may have been torn
			}
			for pos := range end {
				m := whole.clone()
				b := bytes.Clone(content)
				b[pos] ^= 0x41
				m.put(name, b)
				j, err := Open(Options{Dir: "/j", FS: m, Logger: quietLog()})
				if err == nil && i == len(segs)-1 && orderly && pos >= end-frameSize {
					mustClose(t, j) // only the mark of the orderly end is damaged: no entry is
					continue
				}
				isCorrupt(t, err, filepath.Base(name))
				want := 0
				for _, a := range at {
					if pos >= a {
						want = a
					}
				}
				if pos < end-frameSize && !strings.Contains(err.Error(), fmt.Sprintf("at byte %d:", want)) {
					t.Fatalf("damage at byte %d, entry at %d: %v", pos, want, err)
				}
			}
		}
	}
}

func TestMissingSegmentIsNamed(t *testing.T) {
	whole, _ := closedJournal(t, 700, true, 3, 1, 2, 1, 4, 4, 4)
	segs, _, err := listSegments(whole, "/j")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range segs[:len(segs)-1] {
		m := whole.clone()
		if err := m.Remove(s.name("/j")); err != nil {
			t.Fatal(err)
		}
		_, err := Open(Options{Dir: "/j", FS: m, Logger: quietLog()})
		isCorrupt(t, err, filepath.Base(s.name("/j")))
		r := offline(t, m, "/j", 1)
		for err = nil; err == nil; {
			_, err = r.Next(t.Context())
		}
		if tsujiban.CodeOf(err) != tsujiban.CodeCorrupt {
			t.Fatalf("reading: %v", err)
		}
		mustClose(t, r)
	}
}

// A foreign segment, one that does not belong where its name puts it, is found.
func TestForeignSegment(t *testing.T) {
	whole, _ := closedJournal(t, 700, true, 3, 1, 2, 1, 4, 4, 4)
	segs, _, err := listSegments(whole, "/j")
	if err != nil {
		t.Fatal(err)
	}
	m := whole.clone()
	m.put(plainName("/j", segs[1].first+1), appendHeader(nil, segs[1].first+1, segs[0].first))
	_, err = Open(Options{Dir: "/j", FS: m, Logger: quietLog()})
	isCorrupt(t, err, ".journal")
	m = whole.clone()
	m.put(plainName("/j", segs[1].first), whole.content(plainName("/j", segs[0].first)))
	_, err = Open(Options{Dir: "/j", FS: m, Logger: quietLog()})
	isCorrupt(t, err, filepath.Base(plainName("/j", segs[1].first)))
}

// After an orderly end nothing is in doubt: the next start begins a new segment only when there is something to write.
func TestOrderlyEndIsKept(t *testing.T) {
	m, _ := closedJournal(t, 0, true, 3)
	for range 3 {
		j := mustOpen(t, Options{Dir: "/j", FS: m})
		mustClose(t, j)
	}
	if names, err := m.List("/j"); err != nil || len(names) != 1 {
		t.Fatalf("%v, %v", names, err)
	}
}

// The same place may be torn again and again: what is moved aside is never overwritten.
func TestTornTwice(t *testing.T) {
	m, _ := closedJournal(t, 0, false, 3)
	for i := range 3 {
		name := lastFile(t, m)
		b := bytes.TrimRight(m.content(name), "\x00")
		m.put(name, fmt.Appendf(b, "torn %d", i))
		mustClose(t, mustOpen(t, Options{Dir: "/j", FS: m}))
		// Take the orderly end off, as a crash would.
		name = lastFile(t, m)
		b = m.content(name)
		m.put(name, b[:len(b)-frameSize])
	}
	for i, name := range []string{"/j/00000000000000000004.torn", "/j/00000000000000000004-2.torn", "/j/00000000000000000004-3.torn"} {
		if got := string(m.content(name)); got != fmt.Sprintf("torn %d", i) {
			t.Errorf("%s holds %q", name, got)
		}
	}
}

func FuzzRecover(f *testing.F) {
	whole, _ := closedJournal(f, 0, false, 2, 2)
	good := bytes.TrimRight(whole.content(plainName("/j", 1)), "\x00")
	f.Add(good, uint16(headerSize))
	f.Add(good[:len(good)-7], uint16(headerSize))
	f.Add(good[headerSize:], uint16(0))
	f.Add([]byte("0000000c*00000000 {\"seq\":5}    \n"), uint16(len(good)))
	f.Add(make([]byte, 300), uint16(len(good)))
	f.Fuzz(func(t *testing.T, data []byte, keep uint16) {
		// Any bytes behind any part of a good segment.
		content := append(bytes.Clone(good[:min(int(keep), len(good))]), data...)
		m := newMemFS()
		m.put(plainName("/j", 1), content)
		j, err := Open(Options{Dir: "/j", FS: m, Logger: quietLog()})
		if err != nil {
			if tsujiban.CodeOf(err) != tsujiban.CodeCorrupt {
				t.Fatal(err)
			}
			return
		}
		before := j.Committed()
		if _, err := j.Append(note(1)); err != nil {
			t.Fatal(err)
		}
		mustClose(t, j)
		r := offline(t, m, "/j", 1)
		n := uint64(0)
		for ; ; n++ {
			if _, err = r.Line(t.Context()); err != nil {
				break
			}
		}
		if !errors.Is(err, io.EOF) || n != before+1 {
			t.Fatalf("%d entries after recovery, then %d and %v", before, n, err)
		}
		mustClose(t, r)
	})
}
