package journal

import (
	"context"
	"errors"
	"io"
	"io/fs"

	"tsujiban"
)

// Reader reads entries in order. It is for one goroutine at a time.
type Reader struct {
	fs   FS
	dir  string
	j    *Journal // nil offline
	segs []segment
	next uint64
	seg  uint64 // first entry of the segment at hand
	end  uint64 // first entry of the segment after it; 0 when that is not known
	upTo uint64 // what may be read
	f    *frames
	ev   tsujiban.Event
}

// Reader returns a reader that begins with entry from (0 counts as 1), sees only what is durable, and
// waits for more at the end.
func (j *Journal) Reader(from uint64) *Reader {
	return &Reader{fs: j.o.FS, dir: j.o.Dir, j: j, next: max(from, 1)}
}

// OpenReader returns a reader for a directory that no program needs to have open. It ends with io.EOF after the last whole entry.
func OpenReader(dir string, from uint64) (*Reader, error) {
	segs, _, err := listSegments(OS, dir)
	if err != nil {
		return nil, tsujiban.Errorf(tsujiban.CodeNotFound, "reading the journal: %w", err)
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
		return nil, corrupt(r.f.name, r.f.at, err)
	}
	return &r.ev, nil
}

// Line returns the JSON of the next entry without newline, byte for byte as it was written. It is valid until the next call.
func (r *Reader) Line(ctx context.Context) ([]byte, error) {
	for {
		if r.next > r.upTo {
			if err := r.wait(ctx); err != nil {
				return nil, err
			}
		}
		if r.f != nil && r.end != 0 && r.next >= r.end {
			if err := r.Close(); err != nil {
				return nil, err
			}
		}
		if r.f == nil {
			if err := r.open(); err != nil {
				return nil, err
			}
		}
		line, mark, state, err := r.f.next()
		switch {
		case err != nil:
			return nil, err
		case state == frameRoom || state == frameBad || mark == markEnd:
			if r.j == nil && r.end == 0 {
				return nil, io.EOF
			}
			return nil, corrupt(r.f.name, r.f.at, errors.New("an entry is missing"))
		}
		seq, ok := lineSeq(line)
		if !ok {
			return nil, corrupt(r.f.name, r.f.at, errors.New("an entry without number"))
		}
		if seq < r.next {
			continue
		}
		if seq > r.next {
			return nil, corrupt(r.f.name, r.f.at, errors.New("entries are missing"))
		}
		r.next++
		return line, nil
	}
}

// wait returns when entry r.next is durable.
func (r *Reader) wait(ctx context.Context) error {
	if err := r.j.Wait(ctx, r.next); err != nil {
		if errors.Is(err, ErrClosed) {
			return io.EOF
		}
		return err
	}
	_, r.end, r.upTo, _ = r.j.tail.at(max(r.seg, 1), &r.j.durable)
	if r.f != nil {
		r.f.rewind()
	}
	return nil
}

// open opens the segment that holds r.next.
func (r *Reader) open() error {
	var s segment
	ok := false
	if r.j != nil {
		s, r.end, r.upTo, ok = r.j.tail.at(r.next, &r.j.durable)
	} else {
		s, r.end, ok = find(r.segs, r.next)
	}
	if !ok {
		return io.EOF
	}
	f, err := openFrames(r.fs, r.dir, s)
	if errors.Is(err, fs.ErrNotExist) && s.plain {
		s.plain = false
		f, err = openFrames(r.fs, r.dir, s)
	}
	if err != nil {
		return err
	}
	r.f, r.seg = f, s.first
	return nil
}

// Close frees the file that is open. The reader can go on afterwards.
func (r *Reader) Close() error {
	if r.f == nil {
		return nil
	}
	f := r.f
	r.f = nil
	return f.close()
}

// rewind forgets what was read ahead: it was not durable then and may have been written since.
func (f *frames) rewind() {
	f.lo, f.hi, f.eof = 0, 0, false
	f.r = io.NewSectionReader(f.file, f.at, 1<<62)
}
