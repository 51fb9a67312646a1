package journal

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"tsujiban"
)

// told remembers what OnCommit said.
type told struct {
	mu   sync.Mutex
	upTo uint64 // of the last call without error
	errs []error
	bad  string // a call that broke the promise
}

func (c *told) commit(upTo uint64, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case upTo < c.upTo:
		c.bad = fmt.Sprintf("OnCommit(%d, %v) after %d", upTo, err, c.upTo)
	case err == nil:
		c.upTo = upTo
	default:
		c.errs = append(c.errs, err)
	}
}

func (c *told) seen() (uint64, []error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.upTo, c.errs
}

// failing makes operations of one kind fail with an error, while it is not nil.
type failing struct {
	mu  sync.Mutex
	op  string
	err error
}

func (f *failing) set(op string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.op, f.err = op, err
}

func (f *failing) fault(op, _ string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if op == f.op {
		return f.err
	}
	return nil
}

// Whatever fails, entries stay in memory and are tried again; OnCommit tells the failure and then the success; nothing is lost or doubled.
func TestFaults(t *testing.T) {
	for _, c := range []struct {
		op  string
		err error
	}{
		{"write", syscall.ENOSPC}, {"write", syscall.EIO}, {"write", syscall.EDQUOT}, {"write", errShort},
		{"sync", syscall.EIO}, {"sync", syscall.ENOSPC}, {"create", syscall.ENOSPC}, {"rename", syscall.EIO}, {"syncdir", syscall.EIO},
	} {
		t.Run(c.op+" "+c.err.Error(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { testFault(t, c.op, c.err) })
		})
	}
}

func testFault(t *testing.T, op string, cause error) {
	m := newMemFS()
	var f failing
	var seen told
	var log logBuffer
	m.fault = f.fault
	// Segments of one batch: every commit also creates, renames and syncs the directory.
	j := mustOpen(t, Options{Dir: "/j", FS: m, SegmentBytes: 100, OnCommit: seen.commit, Logger: slog.New(slog.NewTextHandler(&log, nil)), QuietRate: 1 << 30})
	appendNotes(t, j, 5, true)
	f.set(op, cause)
	appendNotes(t, j, 5, false)
	time.Sleep(10 * time.Second) // of the bubble's clock
	if j.Failing() == nil || tsujiban.CodeOf(j.Failing()) != tsujiban.CodeUnavailable || j.Stats().FailingSince.IsZero() {
		t.Fatalf("Failing() = %v", j.Failing())
	}
	upTo, errs := seen.seen()
	if upTo != 5 || len(errs) < 5 || j.Committed() != 5 {
		t.Fatalf("committed %d, told %d and %d errors", j.Committed(), upTo, len(errs))
	}
	if n := strings.Count(log.String(), "level=ERROR"); n != 1 {
		t.Fatalf("%d errors logged:\n%s", n, log.String())
	}
	appendNotes(t, j, 5, false)
	f.set("", nil)
	if err := j.Wait(t.Context(), 15); err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
	if upTo, _ := seen.seen(); upTo != 15 || j.Failing() != nil || seen.bad != "" {
		t.Fatalf("told %d, failing %v, %s", upTo, j.Failing(), seen.bad)
	}
	r := j.Reader(1)
	checkNotes(t, r, 1, 15)
	mustClose(t, r)
	mustClose(t, j)
	j = mustOpen(t, Options{Dir: "/j", FS: m.crash(rand.New(rand.NewPCG(1, 1)))})
	r = j.Reader(1)
	checkNotes(t, r, 1, 15)
	mustClose(t, r)
	mustClose(t, j)
}

// After a failed sync the same pages are not trusted: the batch goes to a new segment, also when the next sync of the old one would succeed.
func TestFailedSyncIsNotTrusted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemFS()
		var f failing
		m.fault = f.fault
		j := mustOpen(t, Options{Dir: "/j", FS: m, QuietRate: 1 << 30})
		appendNotes(t, j, 5, true)
		f.set("sync", syscall.EIO)
		appendNotes(t, j, 5, false)
		time.Sleep(50 * time.Millisecond) // of the bubble's clock
		f.set("", nil)
		if err := j.Wait(t.Context(), 10); err != nil {
			t.Fatal(err)
		}
		// The machine dies: only what really was synced is left.
		after := m.crash(rand.New(rand.NewPCG(1, 2)))
		mustClose(t, j)
		if after.content(plainName("/j", 6)) == nil {
			t.Error("the batch whose sync failed is in no new segment")
		}
		j = mustOpen(t, Options{Dir: "/j", FS: after})
		r := j.Reader(1)
		checkNotes(t, r, 1, 10)
		mustClose(t, r)
		mustClose(t, j)
	})
}

func TestMemoryIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemFS()
		var f failing
		m.fault = f.fault
		f.set("create", syscall.ENOSPC)
		j := mustOpen(t, Options{Dir: "/j", FS: m, MaxPending: 8 << 10})
		n := 0
		var err error
		for ; err == nil; n++ {
			_, err = j.Append(note(n + 1))
		}
		if !errors.Is(err, ErrFull) || tsujiban.CodeOf(err) != tsujiban.CodeUnavailable {
			t.Fatal(err)
		}
		if p := j.Stats().Pending; p < 8<<10 || p > 9<<10 {
			t.Errorf("%d bytes pending", p)
		}
		f.set("", nil)
		if err := j.Wait(t.Context(), uint64(n-1)); err != nil {
			t.Fatal(err)
		}
		if _, err := j.Append(note(n)); err != nil {
			t.Fatalf("after the fault: %v", err)
		}
		mustClose(t, j)
	})
}

// A journal that is closed while the disk fails says what is lost, and leaves what was durable readable.
func TestCloseWhileFailing(t *testing.T) {
	for _, op := range []string{"write", "sync", "create"} {
		synctest.Test(t, func(t *testing.T) {
			m := newMemFS()
			var f failing
			m.fault = f.fault
			j := mustOpen(t, Options{Dir: "/j", FS: m, SegmentBytes: 200})
			appendNotes(t, j, 5, true)
			f.set(op, syscall.ENOSPC)
			appendNotes(t, j, 2, false)
			synctest.Wait()
			err := j.Close()
			if tsujiban.CodeOf(err) != tsujiban.CodeUnavailable || !strings.Contains(err.Error(), "from 6 on") {
				t.Errorf("%s: %v", op, err)
			}
			f.set("", nil)
			j = mustOpen(t, Options{Dir: "/j", FS: m})
			if c := j.Committed(); c < 5 || c > 7 {
				t.Errorf("%s: committed %d", op, c)
			}
			appendNotes(t, j, 2, true)
			r := j.Reader(1)
			checkNotes(t, r, 1, int(j.Committed()))
			mustClose(t, r)
			mustClose(t, j)
		})
	}
}

// A program has to start on a full disk as well: emergency calls pass without a record.
func TestOpenOnFullDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, _ := closedJournal(t, 0, false, 3, 4)
		name := lastFile(t, m)
		b := m.content(name)
		end := len(b) - len(zeros)
		for end < len(b) && b[end] != 0 {
			end++
		}
		m.put(name, append(b[:end:end], "torn"...))
		var f failing
		m.fault = f.fault
		f.set("create", syscall.ENOSPC)
		var seen told
		j := mustOpen(t, Options{Dir: "/j", FS: m, OnCommit: seen.commit})
		if j.Failing() == nil || j.Committed() != 7 {
			t.Fatalf("failing %v, committed %d", j.Failing(), j.Committed())
		}
		appendNotes(t, j, 2, false)
		f.set("", nil)
		if err := j.Wait(t.Context(), 9); err != nil {
			t.Fatal(err)
		}
		r := j.Reader(1)
		checkNotes(t, r, 1, 9)
		mustClose(t, r)
		time.Sleep(time.Minute) // of the bubble's clock: what could not be moved aside is moved later
		if got := string(m.content("/j/00000000000000000008.torn")); got != "torn" {
			t.Errorf("moved aside: %q", got)
		}
		mustClose(t, j)
	})
}

// Whatever the machine loses when it dies at any operation, with faults before that, everything whose OnCommit was seen is there after the next
// start, and what was compressed is not lost.
func TestMachineDies(t *testing.T) {
	for seed := range uint64(100) {
		rnd := rand.New(rand.NewPCG(7, seed))
		m := newMemFS()
		durable := 0
		for round := range 4 {
			ok := t.Run(fmt.Sprintf("%d/%d", seed, round), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { durable = liveAndDie(t, m, rnd, durable) })
			})
			if !ok {
				return
			}
			m = m.crash(rnd)
		}
	}
}

// liveAndDie runs a journal until the machine dies, and returns how far it was durable.
func liveAndDie(t *testing.T, m *memFS, rnd *rand.Rand, durable int) int {
	dieAt, faults := rnd.IntN(60), rnd.IntN(4)
	rolls := rand.New(rand.NewPCG(rnd.Uint64(), 0)) // used under the lock of m only
	m.fault = func(op, name string) error {
		switch {
		case m.ops > dieAt:
			return errDead
		case faults > 0 && rolls.IntN(12) == 0:
			faults--
			return []error{syscall.EIO, syscall.ENOSPC, errShort}[rolls.IntN(3)]
		}
		return nil
	}
	var seen told
	j, err := Open(Options{
		Dir: "/j", FS: m, SegmentBytes: int64(200 + rnd.IntN(2000)), OnCommit: seen.commit, QuietRate: -1,
		CommitInterval: time.Duration(rnd.IntN(3)) * time.Millisecond, Logger: quietLog(), VerifyBytes: -1,
	})
	if err != nil {
		if !errors.Is(err, errDead) {
			t.Fatal(err)
		}
		return durable
	}
	if c := int(j.Committed()); c < durable {
		t.Fatalf("%d entries are left of %d that were durable:\n%s", c, durable, m.describe())
	}
	r := j.Reader(1)
	checkNotes(t, r, 1, int(j.Committed()))
	mustClose(t, r)
	for range 3 + rnd.IntN(30) {
		appendNotes(t, j, 1+rnd.IntN(3), false)
		if rnd.IntN(3) == 0 {
			time.Sleep(time.Duration(rnd.IntN(20)) * time.Millisecond) // of the bubble's clock
		}
	}
	time.Sleep(5 * time.Second)
	if rnd.IntN(4) == 0 {
		m.mu.Lock()
		m.ops = dieAt + 1
		m.mu.Unlock()
	}
	_ = j.Close() // fails when the machine is dead
	if seen.bad != "" {
		t.Fatal(seen.bad)
	}
	upTo, _ := seen.seen()
	return max(int(upTo), durable)
}

// describe lists the files, for the message of a failed test.
func (m *memFS) describe() string {
	var b strings.Builder
	for _, name := range []string{"/j"} {
		names, _ := m.List(name)
		for _, n := range names {
			fmt.Fprintf(&b, "%s: %q\n", n, strings.TrimRight(string(m.content(filepath.Join(name, n))), "\x00"))
		}
	}
	return b.String()
}

// Compression may be cut off after any operation: at the next start everything is there, once.
func TestDyingWhileCompressing(t *testing.T) {
	whole, _ := closedJournal(t, 700, true, 3, 1, 2, 1, 4, 4, 4, 3)
	for dieAt := range 45 {
		rnd := rand.New(rand.NewPCG(3, uint64(dieAt)))
		m := whole.clone()
		synctest.Test(t, func(t *testing.T) {
			m.fault = func(op, name string) error {
				if m.ops > dieAt {
					return errDead
				}
				return nil
			}
			j, err := Open(Options{Dir: "/j", FS: m, QuietRate: -1, Logger: quietLog()})
			if err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			_ = j.Close() // fails when the machine is dead
		})
		after := m.crash(rnd)
		j := mustOpen(t, Options{Dir: "/j", FS: after, QuietRate: -1, VerifyBytes: -1})
		r := j.Reader(1)
		checkNotes(t, r, 1, 22)
		waitPacked(t, j)
		checkNotes(t, &Reader{fs: after, dir: "/j", j: j, next: 1}, 1, 22)
		mustClose(t, r)
		mustClose(t, j)
		if names, err := after.List("/j"); err != nil || strings.Contains(strings.Join(names, " "), tempSuffix) {
			t.Fatalf("%v, %v", names, err)
		}
	}
}
