package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"

	"tsujiban"
)

// rebuildBatch is how many events Rebuild folds at a time: enough for most calls to begin
// and end in one batch, and some megabytes.
const rebuildBatch = 10_000

// Progress is how far a rebuild is: first the entries of the journal are read, then the indexes are made, which takes about a third of the time.
type Progress struct {
	Seq            uint64 // the last entry that was read
	Index, Indexes int    // the index that is being made, of so many; 0 while entries are read
}

// Rebuild makes the calls anew from the journal and puts them in the place of the old
// ones, which can be read meanwhile and stay if it fails or is stopped. first is the number
// of the oldest event that the journal has; next returns one event after the other from
// there, valid until it is called again, and io.EOF at the end. progress, if not nil, is
// told after every batch, and before every index, how far it is. Nothing may follow the journal into the store
// while it runs. CodeConflict when another process has the store open.
func (s *Store) Rebuild(ctx context.Context, first uint64, next func(context.Context) (*tsujiban.Event, error), progress func(Progress)) (err error) {
	release, err := s.lock.exclusive()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	path := s.callsPath() + ".new"
	if err := removeDatabase(path); err != nil {
		return err
	}
	if err := s.build(ctx, path, max(first, 1)-1, next, progress); err != nil {
		return errors.Join(err, removeDatabase(path))
	}
	return s.swap(ctx, path)
}

// build makes a file with all calls.
func (s *Store) build(ctx context.Context, path string, pos uint64, next func(context.Context) (*tsujiban.Event, error), progress func(Progress)) (err error) {
	const doing = "rebuild the calls"
	d, err := openDatabase(ctx, path, buildKind)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	indexes, err := d.dropIndexes(ctx)
	if err != nil {
		return d.explain(ctx, doing, err)
	}
	f := newFold()
	f.days, f.open, f.alone = newDayFold(s.zone), map[tsujiban.CallID]summed{}, true
	for more := true; more; {
		f.reset()
		from := pos
		if pos, more, err = f.fill(ctx, pos, s.rebuildBatch, next, s.erased); err != nil {
			return err
		}
		if pos == from {
			break
		}
		err := d.change(ctx, doing, func(tx *sql.Tx) error {
			if err := f.write(ctx, tx); err != nil {
				return err
			}
			return f.setPosition(ctx, tx, pos)
		})
		if err != nil {
			return err
		}
		if progress != nil {
			progress(Progress{Seq: pos})
		}
	}
	if err := d.change(ctx, doing, func(tx *sql.Tx) error { return f.days.write(ctx, tx) }); err != nil {
		return err
	}
	// Sorted once at the end: far cheaper than kept sorted on the way.
	for i, create := range indexes {
		if progress != nil {
			progress(Progress{Seq: pos, Index: i + 1, Indexes: len(indexes)})
		}
		if _, err := d.write.ExecContext(ctx, create); err != nil {
			return d.explain(ctx, doing, err)
		}
	}
	return d.change(ctx, doing, func(tx *sql.Tx) error { return f.setPosition(ctx, tx, pos) })
}

// fill folds a batch of events that follow on pos. more is false at the journal's end.
func (f *fold) fill(ctx context.Context, pos uint64, limit int, next func(context.Context) (*tsujiban.Event, error), erased func(from, to uint64) bool) (last uint64, more bool, err error) {
	for range limit {
		ev, err := next(ctx)
		if errors.Is(err, io.EOF) {
			return pos, false, nil
		}
		if err != nil {
			return pos, false, err
		}
		if ev.Seq <= pos {
			continue
		}
		if ev.Seq != pos+1 && !erased(pos+1, ev.Seq-1) {
			return pos, false, tsujiban.Errorf(tsujiban.CodeCorrupt, "rebuild the calls: the journal goes from event %d to %d: check it with 'tsujiban journal check'", pos, ev.Seq)
		}
		f.add(ev)
		pos = ev.Seq
	}
	return pos, true, nil
}

// dropIndexes returns the statements that make them again.
func (d *database) dropIndexes(ctx context.Context) (create []string, err error) {
	var names []string
	err = d.list(ctx, "list the indexes", d.write, `SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL`, nil, func(r *sql.Rows) error {
		var name, text string
		err := r.Scan(&name, &text)
		names, create = append(names, name), append(create, text)
		return err
	})
	for _, name := range names {
		if err == nil {
			_, err = d.write.ExecContext(ctx, `DROP INDEX `+name)
		}
	}
	// The widest first: while one is sorted the disk has to hold it twice.
	slices.SortStableFunc(create, func(a, b string) int { return len(b) - len(a) })
	return create, err
}

// swap puts the file at path, which is closed, in the place of the view.
func (s *Store) swap(ctx context.Context, path string) error {
	if err := syncFile(path); err != nil {
		return err
	}
	s.viewMu.Lock()
	defer s.viewMu.Unlock()
	if s.view != nil {
		if err := s.view.close(); err != nil {
			return s.view.explain(ctx, "close the old calls", err)
		}
		s.view = nil
	}
	// What is beside the old file goes first: its WAL must never meet the new file.
	if err := removeBeside(s.callsPath()); err != nil {
		return err
	}
	if err := os.Rename(path, s.callsPath()); err != nil {
		return tsujiban.Errorf(tsujiban.CodeUnavailable, "rebuild the calls: %w", err)
	}
	if err := syncFolder(path); err != nil {
		return err
	}
	s.suspicions.forget()
	s.open.forget()
	v, err := openDatabase(ctx, s.callsPath(), viewKind)
	s.view = v
	return err
}

// removeDatabase removes a file and what SQLite keeps beside it, if they are there.
func removeDatabase(path string) error {
	if err := removeBeside(path); err != nil {
		return err
	}
	return remove(path)
}

func removeBeside(path string) error {
	for _, suffix := range []string{"-wal", "-shm", "-journal"} {
		if err := remove(path + suffix); err != nil {
			return err
		}
	}
	return nil
}

func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return tsujiban.Errorf(tsujiban.CodeUnavailable, "remove old files of the calls: %w", err)
	}
	return nil
}

// syncFolder makes the entry of path in its folder durable.
func syncFolder(path string) error { return syncFile(filepath.Dir(path)) }

func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return tsujiban.Errorf(tsujiban.CodeUnavailable, "write to the disk: %w", err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return tsujiban.Errorf(tsujiban.CodeUnavailable, "write to the disk: %w", err)
	}
	return nil
}
