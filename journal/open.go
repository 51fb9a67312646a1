package journal

import (
	"errors"
	"log/slog"
	"path/filepath"

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
	j := &Journal{o: o, lock: lock, wake: make(chan struct{}, 1), done: make(chan struct{})}
	j.disk = disk{fs: o.FS, dir: o.Dir, limit: o.SegmentBytes, tail: &j.tail, quit: make(chan struct{}), onDone: func(segment) {}}
	if err := j.recover(); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	go j.run()
	return j, nil
}

// recover finds the end of what is on disk.
func (j *Journal) recover() error {
	segs, temps, err := listSegments(j.o.FS, j.o.Dir)
	if err != nil {
		return tsujiban.Errorf(tsujiban.CodeUnavailable, "reading the journal's directory: %w", err)
	}
	for _, t := range temps {
		if err := j.o.FS.Remove(filepath.Join(j.o.Dir, t)); err != nil {
			j.o.Logger.Warn("a leftover file cannot be removed", slog.String("file", t), slog.Any("error", err))
		}
	}
	j.next = 1
	if len(segs) == 0 {
		return nil
	}
	j.tail.segs = segs
	last := segs[len(segs)-1]
	f, err := openFrames(j.o.FS, j.o.Dir, last)
	if err != nil {
		return err
	}
	defer func() { _ = f.close() }() // read only
	j.next = f.first
	for {
		_, mark, state, err := f.next()
		if err != nil {
			return err
		}
		if state != frameWhole {
			break
		}
		if mark != markEnd {
			j.next++
		}
	}
	j.disk.first, j.disk.prev = f.first, f.prev
	j.durable.Store(j.next - 1)
	return nil
}
