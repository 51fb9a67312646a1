package journal

import (
	"errors"
	"fmt"
	"sync/atomic"
	"syscall"
)

// disk writes batches to segments. It belongs to the commit goroutine; Open uses it before that runs.
type disk struct {
	fs    FS
	dir   string
	limit int64 // size at which a segment is left
	tail  *tail
	roll  atomic.Bool // the next batch begins a segment; anybody may set it
	begun func()      // called when a segment begins, and the one before it is closed therefore

	file  File   // nil before the first batch and after a fault
	first uint64 // first entry of the newest segment on disk, 0 when there is none
	prev  uint64 // that of the one before
	end   int64  // how much of file is durable
	room  int64  // up to where zero bytes lie behind end; noRoom when none are to be made
	head  []byte
}

const (
	// roomChunk is how much room is made at once. Writing into room costs about two thirds of
	// the CPU that growing the file at each commit costs, since a sync then has no metadata to write.
	roomChunk = 256 << 10
	noRoom    = -1
)

var zeros [roomChunk]byte

// write makes the batch durable. After an error nothing of it counts.
func (d *disk) write(b batch) error {
	need := int64(len(b.b))
	if d.file != nil && d.end > int64(headerSize) && (d.end+need > d.limit || d.roll.Load()) {
		d.leave()
	}
	if d.file == nil {
		d.roll.Store(false)
		return d.begin(b)
	}
	d.makeRoom(d.end + need)
	if err := writeAll(d.file, b.b, d.end); err != nil {
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
	d.end += need
	return nil
}

// makeRoom writes zero bytes behind end when what is written next reaches there. They are synced
// with it. Without room the file simply grows.
func (d *disk) makeRoom(end int64) {
	if d.room == noRoom || end <= d.room || end >= d.limit {
		return
	}
	to := min((end+roomChunk)&^4095, max(d.limit, end))
	if err := writeAll(d.file, zeros[:to-end], end); err != nil {
		d.room = noRoom // the disk is full, most likely: what is left of it is for entries
		return
	}
	d.room = to
}

// begin makes the segment that begins with the batch. It gets its name only when the batch is on disk: at a start it may replace
// a segment that holds this batch and nothing else.
func (d *disk) begin(b batch) error {
	prev := d.first
	if d.first == b.first {
		prev = d.prev
	}
	name := plainName(d.dir, b.first)
	f, err := d.fs.Create(name + tempSuffix)
	if err != nil {
		return fmt.Errorf("beginning a segment: %w", err)
	}
	d.head = appendHeader(d.head[:0], b.first, prev)
	end := int64(len(d.head) + len(b.b))
	if err = writeAll(f, d.head, 0); err == nil {
		err = writeAll(f, b.b, int64(len(d.head)))
	}
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = d.fs.Rename(name+tempSuffix, name)
	}
	if err == nil {
		err = d.fs.SyncDir(d.dir)
	}
	if err != nil {
		// What is left of the file is replaced at the next attempt or removed at the next start.
		return fmt.Errorf("beginning a segment: %w", errors.Join(err, f.Close()))
	}
	d.file, d.first, d.prev, d.end, d.room = f, b.first, prev, end, 0
	d.tail.put(segment{first: b.first, plain: true})
	d.begun()
	return nil
}

// leave gives the present file up; the next batch begins another. Behind end is room, or what a
// failed commit left: both mean nothing once the next segment begins, so that cutting them off may fail.
func (d *disk) leave() {
	_ = d.file.Truncate(d.end)
	_ = d.file.Close()
	d.file = nil
}

// finish closes the last segment in order: the mark says that all before it is durable.
func (d *disk) finish() error {
	if d.file == nil {
		return nil
	}
	f := d.file
	d.file = nil
	end := sealFrame([]byte(blankHead), 0, markEnd)
	err := f.Truncate(d.end)
	if err == nil {
		err = writeAll(f, end, d.end)
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// writeAll writes the whole of b or says why not.
func writeAll(f File, b []byte, at int64) error {
	n, err := f.WriteAt(b, at)
	if err == nil && n < len(b) {
		return fmt.Errorf("%d of %d bytes were written", n, len(b))
	}
	return err
}

// noSpace tells an error that goes away when room is made on the disk.
func noSpace(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
