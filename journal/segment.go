package journal

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/klauspost/compress/zstd"

	"tsujiban"
)

const (
	plainSuffix  = ".journal"
	packedSuffix = ".journal.zst"
	tornSuffix   = ".torn"
	tempSuffix   = ".tmp"
)

// segment is one file, or two while it is being compressed: the plain one then counts.
type segment struct {
	first         uint64 // sequence number of its first entry
	plain, packed bool   // which files there are
}

func plainName(dir string, first uint64) string {
	return filepath.Join(dir, fmt.Sprintf("%020d%s", first, plainSuffix))
}

func packedName(dir string, first uint64) string {
	return filepath.Join(dir, fmt.Sprintf("%020d%s", first, packedSuffix))
}

// name is the file that counts.
func (s segment) name(dir string) string {
	if s.plain {
		return plainName(dir, s.first)
	}
	return packedName(dir, s.first)
}

// listSegments finds the segments of a directory in order, and the files that an interrupted step left behind.
func listSegments(fsys FS, dir string) (segs []segment, temps []string, err error) {
	names, err := fsys.List(dir)
	if err != nil {
		return nil, nil, err
	}
	for _, n := range names {
		if strings.HasSuffix(n, tempSuffix) {
			temps = append(temps, n)
			continue
		}
		digits, packed := strings.CutSuffix(n, packedSuffix)
		plain := false
		if !packed {
			digits, plain = strings.CutSuffix(n, plainSuffix)
		}
		first, err := strconv.ParseUint(digits, 10, 64)
		if !packed && !plain || len(digits) != 20 || err != nil || first == 0 {
			continue
		}
		if k := len(segs) - 1; k >= 0 && segs[k].first == first {
			segs[k].plain = segs[k].plain || plain
			segs[k].packed = segs[k].packed || packed
			continue
		}
		segs = append(segs, segment{first: first, plain: plain, packed: packed})
	}
	slices.SortFunc(segs, func(a, b segment) int {
		if a.first < b.first {
			return -1
		}
		return 1
	})
	return segs, temps, nil
}

// frames reads a segment's lines one after the other, from a plain file or a compressed one.
type frames struct {
	name   string
	file   File
	zip    *zstd.Decoder // nil for a plain file
	r      io.Reader
	buf    []byte
	lo, hi int   // what of buf is not yet read
	at     int64 // offset of buf[lo] in the plain bytes
	eof    bool

	first, prev uint64 // from the header
}

// windowSize is how much is read from a file at once.
const windowSize = 64 << 10

// openFrames opens a segment and reads its header. A damaged header is an error with
// [tsujiban.CodeCorrupt] and errHeader.
func openFrames(fsys FS, dir string, s segment) (*frames, error) {
	f := &frames{name: s.name(dir)}
	file, err := fsys.Open(f.name)
	if err != nil {
		return nil, err
	}
	f.file = file
	if err := f.start(s); err != nil {
		return nil, errors.Join(err, f.close())
	}
	return f, nil
}

// errHeader marks the error of a segment whose first line is damaged or cut off.
var errHeader = errors.New("the first line is damaged or cut off")

func (f *frames) start(s segment) error {
	f.r = io.NewSectionReader(f.file, 0, 1<<62)
	if !s.plain {
		zip, err := zstd.NewReader(f.r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(64<<20))
		if err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		f.zip, f.r = zip, zip
	}
	f.buf = make([]byte, windowSize)
	for f.hi < headerSize && !f.eof {
		if err := f.fill(); err != nil {
			return err
		}
	}
	first, prev, ok := readHeader(f.buf[:f.hi])
	if !ok || first != s.first {
		return corrupt(f.name, 0, errHeader)
	}
	f.first, f.prev = first, prev
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
	case err == io.EOF:
		f.eof = true
	case err != nil && f.zip != nil && !errors.As(err, new(*fs.PathError)):
		return corrupt(f.name, f.at, err)
	case err != nil:
		return fmt.Errorf("reading %s: %w", f.name, err)
	}
	return nil
}

// next returns the next line with its mark. The state is frameWhole, frameRoom at the end of what
// was written, or frameBad. The line is valid until the next call.
func (f *frames) next() (line []byte, mark byte, state frameState, err error) {
	for {
		line, mark, size, state := readFrame(f.buf[f.lo:f.hi])
		if state != frameMore {
			f.lo += size
			f.at += int64(size)
			return line, mark, state, nil
		}
		if f.eof {
			if f.lo == f.hi {
				return nil, 0, frameRoom, nil
			}
			return nil, 0, frameBad, nil
		}
		if err := f.fill(); err != nil {
			return nil, 0, frameBad, err
		}
	}
}

// corrupt is the error for damage to what was durable.
func corrupt(name string, at int64, err error) error {
	return tsujiban.Errorf(tsujiban.CodeCorrupt, "%s: damaged at byte %d: %w; put a copy of the file in its place", name, at, err)
}
