package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"

	"tsujiban"
)

// ending is what stands at the end of a journal.
type ending struct {
	name        string
	first, prev uint64 // header of the newest segment that counts
	next        uint64 // the number after the last whole entry
	orderly     bool   // the journal was closed, nothing is in doubt
	unsure      batch  // the last batch: a crash may have come before its sync
	torn        []byte // what stands behind the last whole entry
	tornAt      int64
	dropped     bool // the last segment holds not even a header: it counts as not there
}

// findEnd reads the last segment. Damage is a torn tail only when nothing behind it says that it was durable.
func findEnd(fsys FS, dir string, segs []segment) (ending, error) {
	last := segs[len(segs)-1]
	f, err := openSegment(fsys, dir, last)
	if errors.Is(err, errHeader) && last.plain {
		return headless(fsys, dir, segs, err)
	}
	if err != nil {
		return ending{}, err
	}
	defer func() { _ = f.close() }() // read only
	e := ending{name: f.name, first: f.first, prev: f.prev, next: f.first}
	for !e.orderly {
		e.tornAt = f.at
		line, mark, state, err := f.next()
		if err != nil {
			return ending{}, err
		}
		if state == frameWhole && mark == markEnd {
			e.orderly = true
			e.tornAt = f.at
			break
		}
		if seq, ok := lineSeq(line); state != frameWhole || !ok || seq != e.next {
			break
		}
		if mark == markBatch {
			e.unsure = batch{b: e.unsure.b[:0], first: e.next}
		}
		e.unsure.b = append(e.unsure.b, f.raw()...)
		e.unsure.last = e.next
		e.next++
	}
	if e.orderly || !last.plain {
		e.unsure = batch{} // it was synced, and verified when it was compressed
	}
	return e, e.behind(f)
}

// behind looks at what follows the last whole entry.
func (e *ending) behind(f *frames) error {
	rest, err := f.rest(e.tornAt)
	if err != nil {
		return err
	}
	if f.zip != nil {
		if _, err := f.entry(); !e.orderly && !errors.Is(err, errEnd) {
			return err
		}
		return nil
	}
	e.torn = bytes.TrimRight(rest, "\x00")
	if len(e.torn) == 0 {
		return nil
	}
	if at := provesDurable(e.torn, e.next); at >= 0 || e.orderly {
		return corrupt(f.name, e.tornAt, fmt.Errorf("%w, and what was written later stands behind it: entry %d is expected", errLine, e.next))
	}
	return nil
}

// provesDurable finds a frame that was written when everything before it was durable: the beginning of a batch
// after entry next, or an orderly end.
func provesDurable(b []byte, next uint64) int {
	for at := 1; at < len(b); at++ {
		line, mark, _, state := readFrame(b[at:])
		if state != frameWhole {
			continue
		}
		if seq, ok := lineSeq(line); mark == markEnd || mark == markBatch && ok && seq > next {
			return at
		}
	}
	return -1
}

// headless deals with a last segment whose header cannot be read. It gets its name when the header is on
// disk, so that only a file cut short can come from a crash.
func headless(fsys FS, dir string, segs []segment, cause error) (ending, error) {
	last := segs[len(segs)-1]
	b, err := readFile(fsys, last.name(dir))
	if err != nil {
		return ending{}, err
	}
	b = bytes.TrimRight(b, "\x00")
	if len(b) >= headerSize {
		return ending{}, cause
	}
	if len(segs) == 1 && last.first != 1 {
		return ending{}, cause
	}
	if len(segs) == 1 {
		return ending{name: last.name(dir), next: last.first, torn: b, dropped: true}, nil
	}
	before := segs[len(segs)-2]
	if before.gone != 0 {
		return ending{name: last.name(dir), first: before.first, next: last.first, orderly: true, torn: b, dropped: true}, nil
	}
	if _, err := verifyWhole(fsys, dir, before, last.first); err != nil {
		return ending{}, err
	}
	f, err := openSegment(fsys, dir, before)
	if err != nil {
		return ending{}, err
	}
	return ending{name: last.name(dir), first: f.first, prev: f.prev, next: last.first, orderly: true, torn: b, dropped: true}, f.close()
}

func readFile(fsys FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // read only
	return io.ReadAll(&source{file: f})
}

// setAside keeps the bytes of an unfinished write in a file of their own, named after the entry that should have stood there.
func setAside(fsys FS, dir string, next uint64, torn []byte) error {
	name := filepath.Join(dir, fmt.Sprintf("%020d%s", next, tornSuffix))
	for i := 2; ; i++ {
		f, err := fsys.Open(name)
		if errors.Is(err, fs.ErrNotExist) {
			break
		}
		if err != nil {
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
		name = filepath.Join(dir, fmt.Sprintf("%020d-%d%s", next, i, tornSuffix))
	}
	return writeFile(fsys, dir, name, torn)
}

// writeFile makes a file with the given content, durable under its name or not there at all.
func writeFile(fsys FS, dir, name string, b []byte) error {
	f, err := fsys.Create(name + tempSuffix)
	if err != nil {
		return err
	}
	if err = writeAll(f, b, 0); err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = fsys.Rename(name+tempSuffix, name)
	}
	if err != nil {
		return tsujiban.Errorf(tsujiban.CodeUnavailable, "keeping %s: %w", name, err)
	}
	return fsys.SyncDir(dir)
}
