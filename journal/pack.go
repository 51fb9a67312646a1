package journal

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/klauspost/compress/zstd"

	"tsujiban"
)

const (
	packWindow  = 4 << 20 // how far back the compression looks; bounds the memory for reading
	packPiece   = 1 << 20 // how much is compressed between two rests
	packBacklog = 32      // segments that wait for a quiet time, at most
)

// packer compresses closed segments in the background. A segment goes through these steps, each of which may be
// the last before a crash: compressed into a file of another name; that file synced, read back and compared;
// renamed; the plain file removed. With both files there the plain one counts and is compressed again.
type packer struct {
	o         *Options
	tail      *tail
	committed func() uint64
	quit      <-chan struct{}
	wake      chan struct{} // cap 1
	erasures  chan erasure
	done      chan struct{}

	// Of the goroutine alone once it runs.
	torn    []byte // what could not be moved aside yet
	tornAt  uint64
	spoiled map[uint64]bool // segments that are damaged: they stay as they are
}

var errQuit = errors.New("closing")

func (p *packer) init(o *Options, t *tail, committed func() uint64, quit <-chan struct{}) {
	*p = packer{o: o, tail: t, committed: committed, quit: quit, wake: make(chan struct{}, 1), erasures: make(chan erasure), done: make(chan struct{}), spoiled: map[uint64]bool{}}
}

func (p *packer) wakeUp() {
	select {
	case p.wake <- struct{}{}:
	default: // it is awake
	}
}

func (p *packer) run() {
	defer close(p.done)
	pause := time.Second
	for {
		more, err := p.step()
		switch {
		case errors.Is(err, errQuit):
			return
		case err != nil:
			p.o.Logger.Warn("a closed segment of the journal cannot be compressed yet", slog.Any("error", err))
			if !p.rest(pause) {
				return
			}
			pause = min(2*pause, time.Minute)
			continue
		}
		pause = time.Second
		if more {
			continue
		}
		select {
		case <-p.wake:
		case o := <-p.erasures:
			p.erase(o)
		case <-p.quit:
			return
		}
	}
}

// rest is sleep between two steps: whoever wants something erased need not wait for the end of it.
func (p *packer) rest(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			return true
		case o := <-p.erasures:
			p.erase(o)
		case <-p.quit:
			return false
		}
	}
}

// step does one thing that waits to be done. It is false when there was none.
func (p *packer) step() (bool, error) {
	if len(p.torn) > 0 {
		if err := setAside(p.o.FS, p.o.Dir, p.tornAt, p.torn); err != nil {
			return false, err
		}
		p.torn = nil
	}
	s, end, waiting := p.oldest()
	if waiting == 0 {
		return false, nil
	}
	if quiet, err := p.quiet(waiting); !quiet || err != nil {
		return true, err
	}
	if now, _, _ := p.oldest(); now != s {
		return true, nil // it was erased meanwhile
	}
	err := p.pack(s, end)
	if tsujiban.CodeOf(err) == tsujiban.CodeCorrupt {
		p.o.Logger.Error("a closed segment of the journal is damaged and stays as it is", slog.Any("error", err))
		p.spoiled[s.first] = true
		return true, nil
	}
	return true, err
}

// oldest is the first segment that can be compressed, where it ends, and how many there are.
func (p *packer) oldest() (s segment, end uint64, waiting int) {
	p.tail.Lock()
	defer p.tail.Unlock()
	segs := p.tail.segs
	for i := len(segs) - 2; i >= 0; i-- {
		if segs[i].plain && !p.spoiled[segs[i].first] {
			s, end = segs[i], segs[i+1].first
			waiting++
		}
	}
	return s, end, waiting
}

// sleep is false when the journal is closing.
func (p *packer) sleep(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-p.quit:
		return false
	}
}

// quiet looks for a second whether the journal has little to do.
func (p *packer) quiet(waiting int) (bool, error) {
	if p.o.QuietRate < 0 || waiting > packBacklog {
		return true, nil
	}
	before := p.committed()
	if !p.rest(time.Second) {
		return false, errQuit
	}
	return p.committed()-before < uint64(p.o.QuietRate), nil
}

// pack compresses one segment and replaces it.
func (p *packer) pack(s segment, end uint64) error {
	name := packedName(p.o.Dir, s.first)
	sum, err := p.compress(s, end, name+tempSuffix)
	if err == nil {
		err = verifyPacked(p.o.FS, name+tempSuffix, end, sum)
	}
	if err != nil {
		return errors.Join(err, p.removeTemp(name+tempSuffix))
	}
	if err := p.o.FS.Rename(name+tempSuffix, name); err != nil {
		return err
	}
	if err := p.o.FS.SyncDir(p.o.Dir); err != nil {
		return err
	}
	p.tail.set(segment{first: s.first, plain: true, packed: true})
	if err := p.o.FS.Remove(plainName(p.o.Dir, s.first)); err != nil {
		return err
	}
	p.tail.set(segment{first: s.first, packed: true})
	return nil
}

// removeTemp removes a file that came to nothing, if it was made at all.
func (p *packer) removeTemp(name string) error {
	names, err := p.o.FS.List(p.o.Dir)
	if err != nil {
		return err
	}
	for _, n := range names {
		if n == filepath.Base(name) {
			return p.o.FS.Remove(name)
		}
	}
	return nil
}

// compress writes the segment's header and entries, each of them checked, and nothing behind them. It returns the CRC-32C of the plain bytes.
func (p *packer) compress(s segment, end uint64, to string) (uint32, error) {
	in, err := openFrames(p.o.FS, plainName(p.o.Dir, s.first), false)
	if err != nil {
		return 0, err
	}
	defer func() { _ = in.close() }() // read only
	f, err := p.o.FS.Create(to)
	if err != nil {
		return 0, err
	}
	sum, err := p.stream(in, end, &sink{file: f})
	if err == nil {
		err = f.Sync()
	}
	return sum, errors.Join(err, f.Close())
}

func (p *packer) stream(in *frames, end uint64, out io.Writer) (uint32, error) {
	// The fastest level is also the smallest on these lines: 7.7 to 1.
	zip, err := zstd.NewWriter(out, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(packWindow), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return 0, err
	}
	header := appendHeader(nil, in.first, in.prev)
	sum := crc32.Checksum(header, castagnoli)
	_, err = zip.Write(header)
	began, piece := time.Now(), in.at
	for err == nil && in.pos < end {
		if _, err = in.entry(); err != nil {
			break
		}
		sum = crc32.Update(sum, castagnoli, in.raw())
		_, err = zip.Write(in.raw())
		if in.at-piece >= packPiece {
			if !p.breathe(time.Since(began)) {
				err = errQuit
			}
			began, piece = time.Now(), in.at
		}
	}
	return sum, errors.Join(err, zip.Close())
}

// breathe leaves the processor to others for three times as long as a piece took. It is false when the journal is closing.
func (p *packer) breathe(took time.Duration) bool {
	if p.o.QuietRate < 0 {
		took = 0
	}
	return p.sleep(3 * took)
}

// sink writes a file from its beginning to its end.
type sink struct {
	file File
	off  int64
}

func (s *sink) Write(b []byte) (int, error) {
	if err := writeAll(s.file, b, s.off); err != nil {
		return 0, err
	}
	s.off += int64(len(b))
	return len(b), nil
}

// verifyPacked reads a compressed file back and compares it with what went in.
func verifyPacked(fsys FS, name string, end uint64, want uint32) error {
	f, err := openFrames(fsys, name, true)
	if err != nil {
		return notTheSame(err)
	}
	defer func() { _ = f.close() }() // read only
	sum := crc32.Checksum(f.buf[:headerSize], castagnoli)
	for f.pos < end {
		if _, err := f.entry(); err != nil {
			return notTheSame(err)
		}
		sum = crc32.Update(sum, castagnoli, f.raw())
	}
	if _, err := f.entry(); !errors.Is(err, errEnd) || sum != want {
		return notTheSame(fmt.Errorf("%s differs", name))
	}
	return nil
}

// notTheSame is no damage of the journal: the plain file is there.
func notTheSame(err error) error {
	return tsujiban.Errorf(tsujiban.CodeUnavailable, "what was compressed does not read back the same: %w", err)
}
