package journal

import (
	"errors"
	"log/slog"
	"runtime"
	"time"

	"tsujiban"
)

// The pause after a failed commit, doubled from the one to the other.
const (
	firstPause = 10 * time.Millisecond
	longPause  = time.Second
)

// run is the commit goroutine: it swaps the buffers, writes and syncs what was appended while the
// last sync ran, and says how far the journal is durable.
func (j *Journal) run() {
	defer close(j.done)
	j.timer = time.NewTimer(0)
	defer j.timer.Stop()
	var began, before time.Time // the last commit, and the one before
	var yielded time.Time
	for {
		b, more := j.take(began, began.Sub(before) < lookAgain)
		if !more {
			break
		}
		before, began = began, time.Now()
		if err := j.commit(b); err != nil {
			j.closed = tsujiban.Errorf(tsujiban.CodeUnavailable, "closing the journal: entries from %d on are not safely on disk: %w", b.first, err)
			break
		}
		j.giveBack(b)
		if now := time.Now(); now.Sub(yielded) > giveWay {
			yielded = now
			runtime.Gosched()
		}
	}
	err := j.disk.finish()
	<-j.packer.done // it writes in the directory too: the lock goes last
	if err := errors.Join(err, j.lock.Close()); err != nil && j.closed == nil {
		j.closed = tsujiban.Errorf(tsujiban.CodeUnavailable, "closing the journal: %w", err)
	}
}

// giveWay is how often a busy commit goroutine gives way: whom the runtime finds at work for 10 ms without that, or in a system call, it
// takes for one that holds up others and looks after every 20 µs.
const giveWay = 8 * time.Millisecond

// lookAgain is for how long after a commit a busy journal looks by itself whether there is something to commit: to be woken
// costs both sides more.
const lookAgain = 10 * time.Millisecond

// take waits for entries and takes the open batch, a commit interval after began at the earliest. It is false when the journal is
// closing and nothing is left.
func (j *Journal) take(began time.Time, busy bool) (batch, bool) {
	for {
		interval := j.o.LazyInterval
		if j.hurry.Load() {
			interval = j.o.CommitInterval
		}
		since := time.Since(began)
		j.mu.Lock()
		switch some := len(j.open.b) > 0; {
		case some && (since >= interval || j.closing):
			j.hurry.Store(false)
			b := j.open
			j.open = batch{b: j.spare[:0]}
			j.spare = nil
			j.taken = len(b.b)
			j.mu.Unlock()
			return b, true
		case j.closing:
			j.mu.Unlock()
			return batch{}, false
		case some, busy && interval > 0 && since < lookAgain:
			j.mu.Unlock()
			j.bell.wait(interval - since%interval)
		default:
			j.idle = true
			j.mu.Unlock()
			<-j.wake
		}
	}
}

// rest sleeps, less long when the journal is closed.
func (j *Journal) rest(d time.Duration) {
	j.timer.Reset(d)
	select {
	case <-j.timer.C:
	case <-j.quit:
	}
}

// bufferKept is the largest buffer that is kept for the next batch: what a long failure made larger goes back.
const bufferKept = 1 << 20

func (j *Journal) giveBack(b batch) {
	j.mu.Lock()
	j.taken = 0
	if cap(b.b) <= bufferKept {
		j.spare = b.b[:0]
	}
	j.mu.Unlock()
}

// commit makes the batch durable, trying again until it works. When the journal is closing it tries once more only.
func (j *Journal) commit(b batch) error {
	pause := firstPause
	for {
		last := j.isClosing()
		err := j.disk.write(b)
		if err == nil {
			j.committed(b.last)
			return nil
		}
		j.report(err)
		if last {
			return err
		}
		j.rest(pause)
		pause = min(2*pause, longPause)
	}
}

func (j *Journal) isClosing() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.closing
}

func (j *Journal) committed(upTo uint64) {
	j.durable.Store(upTo)
	j.commits.Add(1)
	if j.failing.Load() {
		j.setFailing(nil)
		j.o.Logger.Info("the journal is written again", slog.Uint64("durable", upTo))
	}
	j.tail.tell(upTo)
	j.o.OnCommit(upTo, nil)
}

func (j *Journal) report(err error) {
	j.setFailing(err)
	j.o.OnCommit(j.durable.Load(), j.Failing())
}

// setFailing notes why a commit failed, or with nil that one has succeeded.
func (j *Journal) setFailing(err error) {
	j.tail.Lock()
	defer j.tail.Unlock()
	if err == nil {
		j.failing.Store(false)
		j.tail.failing = nil
		return
	}
	j.failures.Add(1)
	err = tsujiban.Errorf(tsujiban.CodeUnavailable, "writing the journal: %w", err)
	if j.tail.failing == nil {
		j.failing.Store(true)
		j.tail.since = j.o.Clock()
		j.o.Logger.Error("the journal cannot be written; trying again", slog.Uint64("durable", j.durable.Load()), slog.Any("error", err))
	}
	j.tail.failing = err
}
