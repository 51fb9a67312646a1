package journal

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime"

	"tsujiban"
)

// Open opens the journal of a directory for writing and begins to commit. What a crash left unfinished at
// the end is moved aside and logged. Errors: [tsujiban.CodeConflict] when another program has it
// open; [tsujiban.CodeCorrupt] when something that was durable is damaged or missing, with file and offset.
func Open(o Options) (*Journal, error) {
	o.defaults()
	if o.Dir == "" {
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "the journal has no directory")
	}
	if err := o.FS.MakeDir(o.Dir); err != nil {
		return nil, tsujiban.Errorf(tsujiban.CodeUnavailable, "making the journal's directory: %w", err)
	}
	lock, err := lockDir(o.FS, o.Dir)
	if err != nil {
		return nil, err
	}
	j := &Journal{o: o, lock: lock, quit: make(chan struct{}), wake: make(chan struct{}, 1), done: make(chan struct{}), next: 1}
	j.bell.init(o.KernelWait)
	j.packer.init(&j.o, &j.tail, j.Committed, j.quit)
	j.disk.fs, j.disk.dir, j.disk.limit, j.disk.tail, j.disk.begun = o.FS, o.Dir, o.SegmentBytes, &j.tail, j.packer.wakeUp
	if err := j.recover(); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	if runtime.GOMAXPROCS(0) < 2 {
		o.Logger.Warn("the journal's syncs stall the whole program on one processor: set GOMAXPROCS to 2 or more")
	}
	go j.run()
	go j.packer.run()
	return j, nil
}

// recover finds the end of what is on disk, and makes sure of it.
func (j *Journal) recover() error {
	segs, err := j.settleErased()
	if err != nil {
		return err
	}
	if len(segs) == 0 {
		return nil
	}
	if err := verifyOlder(j.o.FS, j.o.Dir, segs, j.o.VerifyBytes); err != nil {
		return err
	}
	e, err := findEnd(j.o.FS, j.o.Dir, segs)
	if err != nil {
		return err
	}
	if len(e.torn) > 0 {
		j.o.Logger.Warn("an unfinished write at the end of the journal is moved aside",
			slog.String("file", e.name), slog.Int64("offset", e.tornAt), slog.Int("bytes", len(e.torn)), slog.Uint64("entry", e.next))
		if err := setAside(j.o.FS, j.o.Dir, e.next, e.torn); err != nil {
			// The disk may be full, and calls for help have to pass all the same: the program starts.
			j.o.Logger.Warn("the unfinished write cannot be moved aside yet", slog.Any("error", err))
			j.packer.torn, j.packer.tornAt = e.torn, e.next
		}
	}
	if e.dropped {
		segs = segs[:len(segs)-1]
	}
	j.tail.segs = segs
	j.disk.first, j.disk.prev = e.first, e.prev
	j.next = e.next
	j.durable.Store(e.next - 1)
	if len(e.unsure.b) > 0 {
		j.secure(e.unsure)
	}
	return nil
}

// secure writes the last batch anew: whether its sync came to an end before the crash is not known, and
// what is read back may come from memory. When that fails it is the first thing that the commit goroutine does; until
// then the entries are read where they are.
func (j *Journal) secure(b batch) {
	if err := j.disk.write(b); err != nil {
		j.open = b
		j.setFailing(err)
	}
}

// verifyOlder checks the chain of headers, and reads the newest segments but the last in whole, up to limit stored bytes
// (all when it is negative).
func verifyOlder(fsys FS, dir string, segs []segment, limit int64) error {
	if err := verifyChain(fsys, dir, segs); err != nil {
		return err
	}
	var read int64
	for i := len(segs) - 2; i >= 0 && (limit < 0 || read < limit); i-- {
		if segs[i].gone != 0 {
			continue
		}
		size, err := verifyWhole(fsys, dir, segs[i], segs[i+1].first)
		if err != nil {
			return err
		}
		read += size
	}
	return nil
}

// verifyChain reads the header of every segment but the last and says which segment is missing.
func verifyChain(fsys FS, dir string, segs []segment) error {
	before := segment{}
	for i, s := range segs {
		if s.gone != 0 {
			if before.first == 0 && s.first != 1 {
				return lost(dir, 1, s.first)
			}
			before = s
			continue
		}
		f, err := openSegment(fsys, dir, s)
		if err != nil {
			if i == len(segs)-1 && errors.Is(err, errHeader) {
				return nil // findEnd sees to that
			}
			return err
		}
		prev := f.prev
		if err := f.close(); err != nil {
			return err
		}
		if err := chained(dir, s, prev, before); err != nil {
			return err
		}
		before = s
	}
	return nil
}

// chained checks that the segment s, whose header names prev, stands behind the one before it; none is the zero segment.
func chained(dir string, s segment, prev uint64, before segment) error {
	switch {
	case before.gone != 0 && before.first <= prev && prev <= before.gone && s.first == before.gone+1:
		return nil
	case before.gone == 0 && prev == before.first && (before.first != 0 || s.first == 1):
		return nil
	case prev > max(before.first, before.gone):
		return lost(dir, prev, s.first)
	}
	return corrupt(s.name(dir), 0, fmt.Errorf("it should follow the segment of entry %d, and stands behind that of %d", prev, before.first))
}

// lost is the error for a segment that begins with first and is missing without a word; the one of entry next follows it.
func lost(dir string, first, next uint64) error {
	return tsujiban.Errorf(tsujiban.CodeCorrupt, "%s is missing: the segment of entry %d follows it, and no record says that it was erased; put a copy of the file in its place, "+
		"or of %q when that is what is missing", plainName(dir, first), next, erasedName)
}

// verifyWhole reads every frame of a segment that ends where the one of entry end begins, and returns the size of its file.
func verifyWhole(fsys FS, dir string, s segment, end uint64) (int64, error) {
	f, err := openSegment(fsys, dir, s)
	if err != nil {
		return 0, err
	}
	defer func() { _ = f.close() }() // read only
	for f.pos < end {
		if _, err := f.entry(); err != nil {
			return 0, err
		}
	}
	return f.file.Size()
}
