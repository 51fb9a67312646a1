package journal

import (
	"errors"
	"fmt"
	"log/slog"
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
	var began time.Time
	for {
		b, more := j.take(&began)
		if !more {
			break
		}
		began = time.Now()
		if err := j.commit(b); err != nil {
			j.closed = tsujiban.Errorf(tsujiban.CodeUnavailable, "closing the journal: entries from %d on are lost: %w", b.first, err)
			break
		}
		j.giveBack(b)
	}
	if err := errors.Join(j.disk.finish(j.closed == nil), j.lock.Close()); err != nil && j.closed == nil {
		j.closed = tsujiban.Errorf(tsujiban.CodeUnavailable, "closing the journal: %w", err)
	}
}

// take waits for entries and takes the open batch. It is false when the journal is closing and nothing is left.
func (j *Journal) take(began *time.Time) (batch, bool) {
	for {
		j.mu.Lock()
		if len(j.open.b) > 0 {
			if wait := j.o.CommitInterval - time.Since(*began); wait > 0 && !j.closing {
				j.mu.Unlock()
				j.rest(wait)
				*began = time.Time{}
				continue
			}
			b := j.open
			j.open = batch{b: j.spare[:0]}
			j.spare = nil
			j.taken = len(b.b)
			j.mu.Unlock()
			return b, true
		}
		if j.closing {
			j.mu.Unlock()
			return batch{}, false
		}
		j.idle = true
		j.mu.Unlock()
		<-j.wake
	}
}

// rest sleeps, less long when the journal is closed.
func (j *Journal) rest(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-j.disk.quit:
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
			j.committed(b.last, pause != firstPause)
			return nil
		}
		j.failed(err, pause == firstPause)
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

func (j *Journal) committed(upTo uint64, failedBefore bool) {
	j.durable.Store(upTo)
	if failedBefore {
		j.tail.Lock()
		j.tail.failing = nil
		j.tail.Unlock()
		j.o.Logger.Info("the journal is written again", slog.Uint64("durable", upTo))
	}
	j.tail.tell(upTo)
	j.o.OnCommit(upTo, nil)
}

func (j *Journal) failed(err error, first bool) {
	err = tsujiban.Errorf(tsujiban.CodeUnavailable, "writing the journal: %w", err)
	j.tail.Lock()
	j.tail.failing = err
	j.tail.Unlock()
	if first {
		j.o.Logger.Error("the journal cannot be written; trying again", slog.Uint64("durable", j.durable.Load()), slog.Any("error", err))
	}
	j.o.OnCommit(j.durable.Load(), err)
}

// disk writes batches to segments. It belongs to the commit goroutine.
type disk struct {
	fs     FS
	dir    string
	limit  int64
	tail   *tail
	quit   chan struct{} // closed when the journal is closing
	file   File          // nil before the first batch and after a fault
	first  uint64        // of the newest segment, 0 when there is none
	prev   uint64        // of the one before
	end    int64         // how much of file is durable
	head   []byte
	onDone func(segment) // a segment is closed
}

// write makes the batch durable. After an error nothing of it counts.
func (d *disk) write(b batch) error {
	if d.file != nil && d.end > int64(headerSize) && d.end+int64(len(b.b)) > d.limit {
		d.leave()
	}
	if d.file == nil {
		if err := d.begin(b.first); err != nil {
			return err
		}
	}
	if _, err := d.file.WriteAt(b.b, d.end); err != nil {
		if !noSpace(err) {
			d.leave()
		}
		return err
	}
	if err := d.file.Sync(); err != nil {
		// The kernel may have dropped the pages and forgotten that they were dirty: another sync
		// would report success for nothing. The batch goes to a new file.
		d.leave()
		return err
	}
	d.end += int64(len(b.b))
	return nil
}

// begin makes the segment whose first entry is first. One of the same name holds nothing durable and is replaced.
func (d *disk) begin(first uint64) error {
	prev := d.first
	if d.first == first {
		prev = d.prev
	}
	name := plainName(d.dir, first)
	f, err := d.fs.Create(name + tempSuffix)
	if err != nil {
		return err
	}
	d.head = appendHeader(d.head[:0], first, prev)
	if _, err = f.WriteAt(d.head, 0); err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = d.fs.Rename(name+tempSuffix, name)
	}
	if err == nil {
		err = d.fs.SyncDir(d.dir)
	}
	if err != nil {
		_ = f.Close() // the first error says more
		return fmt.Errorf("beginning %s: %w", name, err)
	}
	d.file, d.first, d.prev, d.end = f, first, prev, int64(len(d.head))
	d.tail.put(segment{first: first, plain: true})
	return nil
}

// leave gives the present file up; the next batch begins another.
func (d *disk) leave() {
	_ = d.file.Close() // everything that counts in it is synced
	d.file = nil
	d.onDone(segment{first: d.first, plain: true})
}

// finish closes the last segment in order.
func (d *disk) finish(orderly bool) error {
	if d.file == nil {
		return nil
	}
	f := d.file
	d.file = nil
	if orderly {
		end := sealFrame([]byte("                  "[:frameHead]), 0, markEnd)
		if _, err := f.WriteAt(end, d.end); err != nil {
			_ = f.Close()
			return err
		}
		if err := f.Sync(); err != nil {
			_ = f.Close()
			return err
		}
	}
	return f.Close()
}
