package journal

import (
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"

	"tsujiban"
)

// frames reads a segment's lines one after the other, from a plain file or a compressed one.
type frames struct {
	name   string
	file   File
	src    *source
	zip    *zstd.Decoder // nil for a plain file
	r      io.Reader
	buf    []byte
	lo, hi int   // what of buf is not yet read
	size   int   // of the frame before lo
	at     int64 // offset of buf[lo] in the plain bytes
	eof    bool

	first, prev uint64 // from the header
	pos         uint64 // number of the next entry
}

// windowSize is how much is read from a file at once.
const windowSize = 64 << 10

// Errors of a place in a segment.
var (
	errHeader = errors.New("the first line is damaged or cut off")
	errEnd    = errors.New("the file ends")
	errLine   = errors.New("no whole entry")
)

// source reads a file from an offset on and remembers why reading failed, which a decompressor does not tell.
type source struct {
	file File
	off  int64
	err  error
}

func (s *source) Read(b []byte) (int, error) {
	n, err := s.file.ReadAt(b, s.off)
	s.off += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	if n > 0 {
		err = nil
	}
	return n, err
}

// openSegment opens a segment and reads its header. When that is damaged the error has
// [tsujiban.CodeCorrupt] and errHeader.
func openSegment(fsys FS, dir string, s segment) (*frames, error) {
	f, err := openFrames(fsys, s.name(dir), !s.plain)
	if err == nil && f.first != s.first {
		err = errors.Join(corrupt(f.name, 0, fmt.Errorf("%w: it names entry %d", errHeader, f.first)), f.close())
	}
	if err != nil {
		return nil, err
	}
	return f, nil
}

func openFrames(fsys FS, name string, packed bool) (*frames, error) {
	file, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	f := &frames{name: name, file: file, src: &source{file: file}}
	f.r = f.src
	if packed {
		zip, err := zstd.NewReader(f.src, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(packWindow))
		if err != nil {
			return nil, errors.Join(fmt.Errorf("reading %s: %w", name, err), file.Close())
		}
		f.zip, f.r = zip, zip
	}
	if err := f.header(); err != nil {
		return nil, errors.Join(err, f.close())
	}
	return f, nil
}

func (f *frames) header() error {
	f.buf = make([]byte, windowSize)
	for f.hi < headerSize && !f.eof {
		if err := f.fill(); err != nil {
			return err
		}
	}
	first, prev, ok := readHeader(f.buf[:f.hi])
	if !ok {
		return corrupt(f.name, 0, errHeader)
	}
	f.first, f.prev, f.pos = first, prev, first
	f.lo, f.at = headerSize, int64(headerSize)
	return nil
}

func (f *frames) close() error {
	if f.zip != nil {
		f.zip.Close()
	}
	return f.file.Close()
}

// fill reads more bytes behind those at hand.
func (f *frames) fill() error {
	if f.lo > 0 {
		copy(f.buf, f.buf[f.lo:f.hi])
		f.hi -= f.lo
		f.lo = 0
	}
	if f.hi == len(f.buf) {
		f.buf = append(f.buf, make([]byte, len(f.buf))...)
	}
	n, err := f.r.Read(f.buf[f.hi:])
	f.hi += n
	switch {
	case f.src.err != nil:
		return fmt.Errorf("reading %s: %w", f.name, f.src.err)
	case errors.Is(err, io.EOF):
		f.eof = true
	case err != nil:
		return corrupt(f.name, f.at, err)
	}
	return nil
}

// next returns the next line with its mark. The state is frameWhole, frameRoom at the end of what
// was written, or frameBad; only a whole frame is passed over. The line is valid until the next call.
func (f *frames) next() (line []byte, mark byte, state frameState, err error) {
	for {
		line, mark, size, state := readFrame(f.buf[f.lo:f.hi])
		switch {
		case state == frameWhole:
			f.lo += size
			f.at += int64(size)
			f.size = size
			return line, mark, state, nil
		case state != frameMore:
			return nil, 0, state, nil
		case f.eof && f.lo == f.hi:
			return nil, 0, frameRoom, nil
		case f.eof:
			return nil, 0, frameBad, nil
		}
		if err := f.fill(); err != nil {
			return nil, 0, frameBad, err
		}
	}
}

// raw is the frame of the line that next returned last, valid as long as that.
func (f *frames) raw() []byte { return f.buf[f.lo-f.size : f.lo] }

// entry reads the line of entry f.pos. Errors have [tsujiban.CodeCorrupt] and errEnd or errLine when it
// is not there.
func (f *frames) entry() ([]byte, error) {
	at := f.at
	line, mark, state, err := f.next()
	switch {
	case err != nil:
		return nil, err
	case state == frameRoom || state == frameWhole && mark == markEnd:
		return nil, corrupt(f.name, at, fmt.Errorf("%w before entry %d", errEnd, f.pos))
	case state != frameWhole:
		return nil, corrupt(f.name, at, fmt.Errorf("%w: entry %d is expected", errLine, f.pos))
	}
	if seq, ok := lineSeq(line); !ok || seq != f.pos {
		return nil, corrupt(f.name, at, fmt.Errorf("%w: entry %d is expected, entry %d stands there", errLine, f.pos, seq))
	}
	f.pos++
	return line, nil
}

// rewind forgets what was read ahead of a plain file: it may have been written since.
func (f *frames) rewind() {
	if f.zip != nil {
		return
	}
	f.lo, f.hi, f.size, f.eof = 0, 0, 0, false
	f.src.off, f.src.err = f.at, nil
}

// rest reads a plain file from an offset to its end.
func (f *frames) rest(at int64) ([]byte, error) {
	size, err := f.file.Size()
	if err != nil || size <= at {
		return nil, err
	}
	b := make([]byte, size-at)
	n, err := f.file.ReadAt(b, at)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("reading %s: %w", f.name, err)
	}
	return b[:n], nil
}

// corrupt is the error for damage to what was durable. The offset counts uncompressed bytes.
func corrupt(name string, at int64, err error) error {
	return tsujiban.Errorf(tsujiban.CodeCorrupt, "%s: damaged at byte %d: %w; put a copy of the file in its place", name, at, err)
}
