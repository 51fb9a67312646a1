package journal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"tsujiban"
)

// Reader reads entries in order. It is for one goroutine at a time.
type Reader struct {
	fs   FS
	dir  string
	j    *Journal  // nil offline
	segs []segment // offline
	next uint64
	seg  segment // the one at hand
	end  uint64  // first entry of the segment after it; 0 when there is none yet
	upTo uint64  // what may be read
	f    *frames // nil between segments
	look time.Time
	skip bool // over what was erased
	ev   tsujiban.Event
}

// Reader returns a reader that begins with entry from (0 counts as 1), sees only what is durable, and
// waits for more at the end.
func (j *Journal) Reader(from uint64) *Reader {
	return &Reader{fs: j.o.FS, dir: j.o.Dir, j: j, next: max(from, 1)}
}

// OpenReader returns a reader of a directory that a program may have open or not. It ends with io.EOF after the last whole
// entry, which a program that writes need not yet have found durable.
func OpenReader(dir string, from uint64) (*Reader, error) {
	segs, _, _, err := listJournal(OS, dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, tsujiban.Errorf(tsujiban.CodeNotFound, "there is no journal: %w", err)
	case tsujiban.CodeOf(err) == tsujiban.CodeCorrupt && err != nil:
		return nil, err
	case err != nil:
		return nil, tsujiban.Errorf(tsujiban.CodeUnavailable, "reading the journal: %w", err)
	}
	return &Reader{fs: OS, dir: dir, segs: segs, next: max(from, 1), upTo: 1<<64 - 1}, nil
}

// Next returns the next entry. It and its byte slices are valid until the next call. Errors: io.EOF, that of ctx, and
// [tsujiban.CodeCorrupt] when entries are damaged or missing.
func (r *Reader) Next(ctx context.Context) (*tsujiban.Event, error) {
	line, err := r.Line(ctx)
	if err != nil {
		return nil, err
	}
	if err := ParseEvent(line, &r.ev); err != nil {
		return nil, corrupt(r.f.name, r.f.at-int64(r.f.size), err)
	}
	return &r.ev, nil
}

// Line returns the JSON of the next entry without newline, byte for byte as it was written. It is valid until the next
// call. Errors are those of Next.
func (r *Reader) Line(ctx context.Context) ([]byte, error) {
	for {
		if r.f != nil && r.end != 0 && r.next >= r.end {
			if err := r.Close(); err != nil {
				return nil, err
			}
		}
		if r.next > r.upTo {
			if err := r.wait(ctx); err != nil {
				return nil, err
			}
			continue
		}
		if r.f == nil {
			if err := r.open(); err != nil {
				return nil, err
			}
			continue
		}
		line, err := r.f.entry()
		if err != nil && r.j == nil && r.end == 0 && (errors.Is(err, errEnd) || errors.Is(err, errLine)) {
			line, err = r.atEnd(err)
		}
		if err != nil {
			return nil, err
		}
		if line != nil && r.f.pos > r.next {
			r.next++
			return line, nil
		}
	}
}

// wait returns when entry r.next is durable.
func (r *Reader) wait(ctx context.Context) error {
	if d := r.j.o.TailInterval - time.Since(r.look); d > 0 {
		t := time.NewTimer(d)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
			return ctx.Err()
		case <-r.j.done:
		}
	}
	err := r.j.Wait(ctx, r.next)
	r.look = time.Now()
	if errors.Is(err, ErrClosed) {
		return io.EOF
	}
	if err != nil {
		return err
	}
	_, r.end, r.upTo, _ = r.j.tail.at(r.seg.first, &r.j.durable)
	if r.f != nil {
		r.f.rewind()
	}
	return nil
}

// open opens the segment that holds r.next.
func (r *Reader) open() error {
	var ok bool
	if r.j != nil {
		r.seg, r.end, r.upTo, ok = r.j.tail.at(r.next, &r.j.durable)
	} else {
		r.seg, r.end, ok = find(r.segs, r.next)
		if len(r.segs) == 0 {
			return io.EOF
		}
	}
	if !ok {
		return tsujiban.Errorf(tsujiban.CodeCorrupt, "%s: entry %d is missing: the first segment there begins later", r.dir, r.next)
	}
	if r.seg.gone != 0 && r.skip {
		r.next = r.seg.gone + 1
		return nil
	}
	if r.seg.gone != 0 {
		return tsujiban.Errorf(tsujiban.CodeNotFound, "%s: entry %d is no longer there: the entries %d to %d were erased at the end of their term", r.dir, r.next, r.seg.first, r.seg.gone)
	}
	f, err := openSegment(r.fs, r.dir, r.seg)
	if errors.Is(err, fs.ErrNotExist) && r.seg.plain {
		r.seg.plain = false // compressed in the meantime
		f, err = openSegment(r.fs, r.dir, r.seg)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist) && r.goneSince():
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return tsujiban.Errorf(tsujiban.CodeCorrupt, "a segment is missing: %w", err)
	case errors.Is(err, errHeader) && r.j == nil && r.end == 0:
		return r.headless(err)
	case err != nil:
		return err
	}
	r.f = f
	return nil
}

// goneSince tells whether the segment was erased since the table of segments was looked at, and looks again when it is offline.
func (r *Reader) goneSince() bool {
	if r.j == nil {
		segs, _, _, err := listJournal(r.fs, r.dir)
		if err != nil {
			return false
		}
		r.segs = segs
		s, _, ok := find(segs, r.next)
		return ok && s.gone != 0
	}
	s, _, _, ok := r.j.tail.at(r.next, &r.j.durable)
	return ok && s.gone != 0
}

// SkipErased has the reader go on behind entries that were erased at the end of their term, instead of failing with
// [tsujiban.CodeNotFound] where they stood. It returns the reader.
func (r *Reader) SkipErased() *Reader {
	r.skip = true
	return r
}

// headless is the end of a journal whose last segment has not even a header.
func (r *Reader) headless(err error) error {
	if _, err := findEnd(r.fs, r.dir, r.segs); err != nil {
		return err
	}
	return io.EOF
}

// atEnd decides what it means that the last segment holds no further whole entry: the journal ends there, or goes
// on because a program writes it, or is damaged.
func (r *Reader) atEnd(cause error) ([]byte, error) {
	segs, _, _, err := listJournal(r.fs, r.dir)
	if err != nil {
		return nil, err
	}
	r.segs = segs
	if _, r.end, _ = find(segs, r.seg.first); r.end != 0 && r.next >= r.end {
		return nil, nil
	}
	r.f.rewind()
	line, err := r.f.entry()
	if err == nil || r.end != 0 || r.f.zip != nil && errors.Is(err, errLine) {
		return line, err
	}
	return nil, r.endOrHole(cause)
}

// endOrHole is io.EOF unless something behind says that more was durable.
func (r *Reader) endOrHole(cause error) error {
	if r.f.zip != nil {
		return io.EOF
	}
	rest, err := r.f.rest(r.f.at)
	if err != nil {
		return err
	}
	if provesDurable(rest, r.f.pos) >= 0 {
		return cause
	}
	return io.EOF
}

// Close frees the file that is open. The reader can go on afterwards.
func (r *Reader) Close() error {
	if r.f == nil {
		return nil
	}
	f := r.f
	r.f = nil
	if err := f.close(); err != nil {
		return fmt.Errorf("closing a segment: %w", err)
	}
	return nil
}
