package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"tsujiban"
)

// note is a small event that tells its place.
func note(i int) *tsujiban.Event {
	return &tsujiban.Event{Kind: tsujiban.EventSet, At: time.Unix(1_800_000_000-int64(i), 0).UTC(), By: "staff", Note: fmt.Sprintf("note %d", i)}
}

func quietLog() *slog.Logger { return slog.New(slog.DiscardHandler) }

// logBuffer collects a log that several goroutines write.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func mustOpen(t testing.TB, o Options) *Journal {
	t.Helper()
	if o.Logger == nil {
		o.Logger = quietLog()
	}
	j, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func mustClose(t testing.TB, c io.Closer) {
	t.Helper()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
}

// appendNotes appends notes numbered as the entries will be, and waits until they are durable when it is told to.
func appendNotes(t testing.TB, j *Journal, n int, wait bool) {
	t.Helper()
	var last uint64
	for range n {
		seq, err := j.Append(note(int(j.Stats().Appended) + 1))
		if err != nil {
			t.Fatal(err)
		}
		last = seq
	}
	if wait {
		if err := j.Wait(context.Background(), last); err != nil {
			t.Fatal(err)
		}
	}
}

// checkNotes reads entries from..to and fails unless they are the notes of those numbers.
func checkNotes(t testing.TB, r *Reader, from, to int) {
	t.Helper()
	for i := from; i <= to; i++ {
		ev, err := r.Next(context.Background())
		if err != nil {
			t.Fatalf("entry %d: %v", i, err)
		}
		if ev.Seq != uint64(i) || ev.Note != fmt.Sprintf("note %d", i) {
			t.Fatalf("entry %d reads as %d, %q", i, ev.Seq, ev.Note)
		}
	}
}

// offline is a reader of any file system, as OpenReader makes it.
func offline(t testing.TB, fsys FS, dir string, from uint64) *Reader {
	t.Helper()
	segs, _, err := listSegments(fsys, dir)
	if err != nil {
		t.Fatal(err)
	}
	return &Reader{fs: fsys, dir: dir, segs: segs, next: from, upTo: 1<<64 - 1}
}

// closedJournal makes a journal in memory of notes in batches of the given sizes, and says where in which file each entry begins.
func closedJournal(t testing.TB, segmentBytes int64, orderly bool, sizes ...int) (*memFS, map[string][]int) {
	t.Helper()
	m := newMemFS()
	j := mustOpen(t, Options{Dir: "/j", FS: m, SegmentBytes: segmentBytes, CommitInterval: -1, QuietRate: 1 << 30})
	for _, n := range sizes {
		// Held so that the commit goroutine takes them as one batch.
		j.mu.Lock()
		for range n {
			j.put(note(int(j.next)))
		}
		idle := j.idle
		j.idle = false
		last := j.next - 1
		j.mu.Unlock()
		if idle {
			j.wake <- struct{}{}
		}
		if err := j.Wait(context.Background(), last); err != nil {
			t.Fatal(err)
		}
	}
	before := m.clone()
	mustClose(t, j)
	if orderly {
		before = m
	}
	starts := map[string][]int{}
	segs, _, err := listSegments(before, "/j")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range segs {
		b := before.content(s.name("/j"))
		at := headerSize
		for {
			_, mark, size, state := readFrame(b[at:])
			if state != frameWhole || mark == markEnd {
				break
			}
			starts[filepath.Base(s.name("/j"))] = append(starts[filepath.Base(s.name("/j"))], at)
			at += size
		}
	}
	return before, starts
}

// isCorrupt fails unless the error has the code and names the file.
func isCorrupt(t testing.TB, err error, file string) {
	t.Helper()
	if tsujiban.CodeOf(err) != tsujiban.CodeCorrupt || !strings.Contains(err.Error(), file) {
		t.Fatalf("got error %v, want one of damage that names %s", err, file)
	}
}

func isEOF(t testing.TB, r *Reader) {
	t.Helper()
	if _, err := r.Next(context.Background()); !errors.Is(err, io.EOF) {
		t.Fatalf("got %v at the end, want io.EOF", err)
	}
}
