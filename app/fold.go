package app

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/guard"
	"tsujiban/guard/policy"
	"tsujiban/journal"
)

// A start would have to read the whole journal to know what the guard knew. A snapshot of that state, written beside the calls
// and never on their path, spares most of it: a guard of its own folds the entries since the last snapshot when
// it is quiet, and writes the next. What a snapshot says can be had from the journal as well, so one that is torn, belongs to another
// journal or was written by another version is left aside.

const (
	foldEvery   = 250_000 // entries between two snapshots
	foldLook    = time.Minute
	foldQuiet   = 1_000      // entries in a second above which the fold waits
	foldLongest = 20_000_000 // entries after which it waits no longer
	foldKeep    = 2          // snapshots that are kept
)

// folder makes the guard's state from snapshots and the journal.
type folder struct {
	dir     string
	journal *journal.Journal
	policy  func() *policy.Policy
	stands  func(context.Context) ([]tsujiban.Restriction, error) // as stored
	log     *slog.Logger
}

func (a *App) folder() *folder {
	return &folder{dir: a.cfg.SnapshotDir(), journal: a.journal, policy: func() *policy.Policy { return a.policy.Load().Policy }, stands: a.store.Restrictions, log: a.log}
}

// snapshotHead stands before the guard's own part in a snapshot.
type snapshotHead struct {
	Version int
	Seq     uint64 // the last entry in it
	At      time.Time
	Last    tsujiban.CallID
	Leaf    []byte // SHA-256 of that entry's line: whose journal it is
	Open    []*openCall
}

const snapshotVersion = 1

// upTo gives the state after an entry of the journal: from the newest snapshot that can be used, and the entries since.
func (f *folder) upTo(ctx context.Context, end uint64, progress io.Writer) (*guard.Guard, *recovered, error) {
	g, rec := f.newest(ctx, end)
	if g == nil {
		g, rec = guard.New(guard.Options{Policy: f.policy()}), &recovered{open: map[tsujiban.CallID]*openCall{}}
		if err := f.seed(ctx, g); err != nil {
			return nil, nil, err
		}
	}
	if rec.events >= end {
		return g, rec, nil
	}
	rd := f.journal.Reader(rec.events + 1).SkipErased()
	err := errors.Join(rec.replay(ctx, rd, end, g, progress), rd.Close())
	return g, rec, err
}

// seed puts upon a new guard what was imposed in entries that were erased: what stands against a customer must not end with the
// term of the record that says so. What the entries that are left release is released by them.
func (f *folder) seed(ctx context.Context, g *guard.Guard) error {
	if len(f.journal.Erased()) == 0 {
		return nil
	}
	f.log.Warn("no snapshot of the guard's state can be used, and the beginning of the journal is erased: it starts from what is left", slog.Uint64("from", f.journal.First()))
	stands, err := f.stands(ctx)
	for i := range stands {
		g.Restrict(&stands[i])
	}
	return err
}

// newest reads the newest snapshot that can be used; nil when there is none.
func (f *folder) newest(ctx context.Context, end uint64) (*guard.Guard, *recovered) {
	names, err := f.list()
	if err != nil {
		f.log.Warn("the snapshots cannot be listed; the whole journal is read", slog.Any("error", err))
		return nil, nil
	}
	for _, name := range slices.Backward(names) {
		g, rec, err := f.read(ctx, name, end)
		if err == nil {
			return g, rec
		}
		f.log.Warn("a snapshot of the guard's state is not used", slog.String("file", name), slog.Any("error", err))
	}
	return nil, nil
}

const snapshotSuffix = ".snapshot"

// list gives the names of the snapshots, the oldest first.
func (f *folder) list() ([]string, error) {
	entries, err := os.ReadDir(f.dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	var names []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), snapshotSuffix) {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names, err
}

func (f *folder) read(ctx context.Context, name string, end uint64) (_ *guard.Guard, _ *recovered, err error) {
	file, err := os.Open(filepath.Join(f.dir, name))
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	size, err := verifySum(file)
	if err != nil {
		return nil, nil, err
	}
	r := bufio.NewReaderSize(io.LimitReader(file, size), 1<<16)
	line, err := r.ReadBytes('\n')
	if err != nil {
		return nil, nil, fmt.Errorf("reading its head: %w", err)
	}
	var head snapshotHead
	if err := json.Unmarshal(line, &head); err != nil {
		return nil, nil, fmt.Errorf("reading its head: %w", err)
	}
	if head.Version != snapshotVersion {
		return nil, nil, fmt.Errorf("it is of version %d, this program writes %d", head.Version, snapshotVersion)
	}
	if err := f.belongs(ctx, &head, end); err != nil {
		return nil, nil, err
	}
	g, err := guard.Restore(guard.Options{Policy: f.policy()}, r)
	if err != nil {
		return nil, nil, err
	}
	rec := &recovered{events: head.Seq, from: head.Seq, at: head.At, last: head.Last, open: map[tsujiban.CallID]*openCall{}}
	for _, c := range head.Open {
		rec.open[c.ID] = c
	}
	return g, rec, nil
}

// verifySum checks the SHA-256 at the end of the file and leaves it at its beginning. It returns what stands before the sum.
func verifySum(file io.ReadSeeker) (int64, error) {
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return 0, err
	}
	if size -= sha256.Size; size < 0 {
		return 0, errors.New("it is cut short")
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return 0, err
	}
	h := sha256.New()
	if _, err := io.CopyN(h, file, size); err != nil {
		return 0, err
	}
	var sum [sha256.Size]byte
	if _, err := io.ReadFull(file, sum[:]); err != nil {
		return 0, err
	}
	if !bytes.Equal(sum[:], h.Sum(nil)) {
		return 0, errors.New("its check sum is wrong")
	}
	_, err = file.Seek(0, io.SeekStart)
	return size, err
}

// belongs tells whether the snapshot was made from this journal.
func (f *folder) belongs(ctx context.Context, head *snapshotHead, end uint64) error {
	if head.Seq > end {
		return fmt.Errorf("it knows entry %d, the journal ends with %d", head.Seq, end)
	}
	leaf, err := f.leaf(ctx, head.Seq)
	if err == nil && !bytes.Equal(leaf, head.Leaf) {
		err = errors.New("it was made from another journal")
	}
	return err
}

// leaf is the SHA-256 of an entry's line.
func (f *folder) leaf(ctx context.Context, seq uint64) ([]byte, error) {
	rd := f.journal.Reader(seq)
	line, err := rd.Line(ctx)
	sum := sha256.Sum256(line)
	return sum[:], errors.Join(err, rd.Close())
}

// write writes a snapshot and removes all but the newest.
func (f *folder) write(ctx context.Context, g *guard.Guard, rec *recovered) error {
	leaf, err := f.leaf(ctx, rec.events)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(f.dir, 0o750); err != nil {
		return err
	}
	head := snapshotHead{Version: snapshotVersion, Seq: rec.events, At: rec.at, Last: rec.last, Leaf: leaf}
	for _, c := range rec.open {
		head.Open = append(head.Open, c)
	}
	slices.SortFunc(head.Open, func(a, b *openCall) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	name := filepath.Join(f.dir, fmt.Sprintf("%020d%s", rec.events, snapshotSuffix))
	if err := writeSummed(name, func(w io.Writer) error {
		line, err := json.Marshal(&head)
		if err != nil {
			return err
		}
		if _, err := w.Write(append(line, '\n')); err != nil {
			return err
		}
		return g.Snapshot(w)
	}); err != nil {
		return err
	}
	names, err := f.list()
	for _, old := range names[:max(len(names)-foldKeep, 0)] {
		err = errors.Join(err, os.Remove(filepath.Join(f.dir, old)))
	}
	return err
}

// writeSummed writes a file with its SHA-256 at the end, whole or not at all.
func writeSummed(name string, write func(io.Writer) error) error {
	file, err := os.OpenFile(name+".tmp", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o640)
	if err != nil {
		return err
	}
	w := summed{bufio.NewWriterSize(file, 1<<16), sha256.New()}
	err = write(&w)
	if err == nil {
		_, err = w.w.Write(w.h.Sum(nil))
	}
	if err == nil {
		err = w.w.Flush()
	}
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(name+".tmp", name)
	}
	if err == nil {
		err = journal.OS.SyncDir(filepath.Dir(name))
	}
	if err != nil {
		err = errors.Join(err, removeIfThere(name+".tmp"))
	}
	return err
}

func removeIfThere(name string) error {
	if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

type summed struct {
	w *bufio.Writer
	h hash.Hash
}

func (s *summed) Write(b []byte) (int, error) {
	s.h.Write(b) // never fails (hash.Hash)
	return s.w.Write(b)
}

// startFolder has snapshots written while the program runs.
func (a *App) startFolder(context.Context) error {
	a.folderDone = make(chan struct{})
	ctx, cancel := context.WithCancel(context.WithoutCancel(a.ctx))
	a.stopFolder = cancel
	f := a.folder() // before a reload can change the configuration
	go func() {
		defer close(a.folderDone)
		a.keepSnapshots(ctx, f)
	}()
	return nil
}

// keepSnapshots writes a snapshot now and then, until ctx is done.
func (a *App) keepSnapshots(ctx context.Context, f *folder) {
	last, seen := a.snapshotted, a.journal.Committed()
	t := time.NewTicker(foldLook)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		end := a.journal.Committed()
		busy := end-seen > foldQuiet*uint64(foldLook/time.Second)
		if seen = end; end-last < foldEvery || busy && end-last < foldLongest {
			continue
		}
		if err := a.snapshot(ctx, f, end); err != nil {
			if ctx.Err() == nil {
				a.log.Error("no snapshot of the guard's state could be written; the next start reads more of the journal", slog.Any("error", err))
			}
			continue
		}
		last = end
	}
}

// snapshot folds the journal up to an entry and writes what comes of it.
func (a *App) snapshot(ctx context.Context, f *folder, end uint64) error {
	a.folds <- struct{}{}
	defer func() { <-a.folds }()
	start := time.Now() // a measurement; no decision depends on it
	g, rec, err := f.upTo(ctx, end, nil)
	if err == nil {
		err = f.write(ctx, g, rec)
	}
	if err == nil {
		a.log.Info("snapshot of the guard's state", slog.Uint64("entry", end), slog.Uint64("from", rec.from), slog.Duration("took", time.Since(start)))
	}
	return err
}
