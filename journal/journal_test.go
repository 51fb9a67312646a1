package journal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tsujiban"
)

func TestAppendAndRead(t *testing.T) {
	dir := t.TempDir()
	for round := range 3 {
		j := mustOpen(t, Options{Dir: dir})
		appendNotes(t, j, 100, true)
		r := j.Reader(1)
		checkNotes(t, r, 1, (round+1)*100)
		mustClose(t, j)
		isEOF(t, r)
		mustClose(t, r)
	}
	r, err := OpenReader(dir, 150)
	if err != nil {
		t.Fatal(err)
	}
	checkNotes(t, r, 150, 300)
	isEOF(t, r)
	mustClose(t, r)
}

func TestCommitsAreToldInOrder(t *testing.T) {
	var mu sync.Mutex
	var told []uint64
	j := mustOpen(t, Options{Dir: t.TempDir(), OnCommit: func(upTo uint64, err error) {
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			t.Error(err)
		}
		told = append(told, upTo)
	}})
	for range 20 {
		appendNotes(t, j, 7, true)
	}
	mustClose(t, j)
	for i := 1; i < len(told); i++ {
		if told[i] <= told[i-1] {
			t.Fatalf("told %v", told)
		}
	}
	if told[len(told)-1] != 140 {
		t.Fatalf("told %v at last, want 140", told[len(told)-1])
	}
}

func TestOnlyOneProgramMayWrite(t *testing.T) {
	dir := t.TempDir()
	j := mustOpen(t, Options{Dir: dir})
	if _, err := Open(Options{Dir: dir}); tsujiban.CodeOf(err) != tsujiban.CodeConflict {
		t.Fatalf("a second program: %v", err)
	}
	mustClose(t, j)
	mustClose(t, mustOpen(t, Options{Dir: dir}))
}

func TestClosedJournal(t *testing.T) {
	j := mustOpen(t, Options{Dir: t.TempDir()})
	appendNotes(t, j, 3, false)
	mustClose(t, j)
	mustClose(t, j)
	if _, err := j.Append(note(4)); !errors.Is(err, ErrClosed) {
		t.Fatalf("Append: %v", err)
	}
	if err := j.Wait(context.Background(), 3); err != nil {
		t.Fatalf("what was appended before is durable: %v", err)
	}
	if err := j.Wait(context.Background(), 4); !errors.Is(err, ErrClosed) {
		t.Fatalf("Wait: %v", err)
	}
}

func TestEventsWithoutKindAreRefused(t *testing.T) {
	j := mustOpen(t, Options{Dir: t.TempDir()})
	for _, k := range []tsujiban.EventKind{tsujiban.EventNone, tsujiban.EventKind(tsujiban.NumEvents)} {
		if _, err := j.Append(&tsujiban.Event{Kind: k}); !errors.Is(err, ErrKind) {
			t.Errorf("kind %d: %v", k, err)
		}
	}
	mustClose(t, j)
}

func TestWaitEndsWithItsContext(t *testing.T) {
	j := mustOpen(t, Options{Dir: t.TempDir()})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := j.Wait(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if n := len(j.tail.waiters); n != 0 {
		t.Fatalf("%d waiters are left behind", n)
	}
	mustClose(t, j)
}

// A busy journal groups what comes within the interval; an idle one does not wait.
func TestCommitInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := mustOpen(t, Options{Dir: "/j", FS: newMemFS(), CommitInterval: 2 * time.Millisecond})
		start := time.Now()
		appendNotes(t, j, 1, true)
		if d := time.Since(start); d != 0 {
			t.Errorf("the first entry waited %v", d)
		}
		for range 10 {
			appendNotes(t, j, 1, false)
			time.Sleep(time.Millisecond) // of the bubble's clock
		}
		if err := j.Wait(context.Background(), 11); err != nil {
			t.Fatal(err)
		}
		if c := j.Stats().Commits; c > 7 {
			t.Errorf("%d commits in 10 ms", c)
		}
		mustClose(t, j)
	})
}

// What nobody is in a hurry for waits longer.
func TestLazyInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := mustOpen(t, Options{Dir: "/j", FS: newMemFS(), CommitInterval: time.Millisecond, LazyInterval: 5 * time.Millisecond})
		appendNotes(t, j, 1, true)
		for _, hurry := range []bool{false, true, false} {
			appendNotes(t, j, 1, true) // a commit has just begun
			start := time.Now()
			appendNotes(t, j, 1, false)
			want := 5 * time.Millisecond
			if hurry {
				j.Hurry()
				want = time.Millisecond
			}
			if err := j.Wait(context.Background(), j.Stats().Appended); err != nil {
				t.Fatal(err)
			}
			if d := time.Since(start); d > want || d < want/2 {
				t.Errorf("hurry %v: durable after %v, want %v", hurry, d, want)
			}
		}
		mustClose(t, j)
	})
}

// Readers in several goroutines see every entry once and in order, while segments are left, compressed and removed.
func TestConcurrentReaders(t *testing.T) {
	const entries = 6000
	j := mustOpen(t, Options{Dir: t.TempDir(), SegmentBytes: 32 << 10, QuietRate: -1, TailInterval: time.Millisecond, CommitInterval: 200 * time.Microsecond})
	var wg sync.WaitGroup
	for k := range 4 {
		wg.Go(func() {
			from := uint64(1 + k*700)
			r := j.Reader(from)
			for want := from; ; want++ {
				ev, err := r.Next(context.Background())
				if errors.Is(err, io.EOF) && want == entries+1 {
					break
				}
				if err != nil || ev.Seq != want || ev.Note != fmt.Sprintf("note %d", want) {
					t.Errorf("reader %d, entry %d: %v, %v", k, want, ev, err)
					break
				}
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	for i := 1; i <= entries; i++ {
		if _, err := j.Append(note(i)); err != nil {
			t.Fatal(err)
		}
		if i%50 == 0 {
			if err := j.Wait(context.Background(), uint64(i)); err != nil {
				t.Fatal(err)
			}
		}
	}
	waitPacked(t, j)
	mustClose(t, j)
	wg.Wait()
	if s := j.Stats(); s.Segments < 10 || s.Packed != s.Segments-1 || s.Pending != 0 || s.Committed != entries {
		t.Errorf("%+v", s)
	}
}

// waitPacked returns when every closed segment is compressed.
func waitPacked(t testing.TB, j *Journal) {
	t.Helper()
	for {
		if _, _, waiting := j.packer.oldest(); waiting == 0 {
			break
		}
		if err := j.o.FS.SyncDir(j.o.Dir); err != nil { // passes the time
			t.Fatal(err)
		}
	}
}

func TestReaderFromAnyEntry(t *testing.T) {
	dir := t.TempDir()
	j := mustOpen(t, Options{Dir: dir, SegmentBytes: 4 << 10, QuietRate: -1, CommitInterval: -1, TailInterval: -1})
	for range 30 {
		appendNotes(t, j, 10, true)
	}
	waitPacked(t, j)
	for from := 1; from <= 300; from++ {
		r := j.Reader(uint64(from))
		checkNotes(t, r, from, min(from+25, 300))
		mustClose(t, r)
	}
	mustClose(t, j)
	for from := 1; from <= 300; from += 7 {
		r, err := OpenReader(dir, uint64(from))
		if err != nil {
			t.Fatal(err)
		}
		checkNotes(t, r, from, 300)
		isEOF(t, r)
		mustClose(t, r)
	}
}

// An offline reader of a journal that is being written goes on to segments that begin after it was opened.
func TestReadingWhatAnotherProgramWrites(t *testing.T) {
	dir := t.TempDir()
	j := mustOpen(t, Options{Dir: dir, SegmentBytes: 4 << 10, QuietRate: -1, CommitInterval: -1})
	appendNotes(t, j, 10, true)
	r, err := OpenReader(dir, 1)
	if err != nil {
		t.Fatal(err)
	}
	checkNotes(t, r, 1, 10)
	isEOF(t, r)
	for range 20 {
		appendNotes(t, j, 10, true)
	}
	waitPacked(t, j)
	checkNotes(t, r, 11, 210)
	isEOF(t, r)
	mustClose(t, r)
	mustClose(t, j)
}

func TestEmptyJournal(t *testing.T) {
	dir := t.TempDir()
	mustClose(t, mustOpen(t, Options{Dir: dir}))
	r, err := OpenReader(dir, 1)
	if err != nil {
		t.Fatal(err)
	}
	isEOF(t, r)
	if _, err := OpenReader(filepath.Join(dir, "none"), 1); tsujiban.CodeOf(err) != tsujiban.CodeNotFound {
		t.Fatalf("no directory: %v", err)
	}
	if _, err := Open(Options{}); tsujiban.CodeOf(err) != tsujiban.CodeInvalid {
		t.Fatalf("no directory: %v", err)
	}
}

// Neither Append nor the commits behind it make garbage.
func TestAppendAllocatesNothing(t *testing.T) {
	j := mustOpen(t, Options{Dir: t.TempDir()})
	evs := callEvents()
	i := 0
	add := func() {
		if _, err := j.Append(&evs[i%3]); err != nil {
			t.Fatal(err)
		}
		i++
	}
	for range 20_000 {
		add() // until the buffers have grown
	}
	if err := j.Wait(context.Background(), uint64(i)); err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(5_000, add); n != 0 {
		t.Errorf("%v allocations per event", n)
	}
	mustClose(t, j)
}
