package evidence

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"tsujiban"
)

// Lines reads the lines of a journal in order. *journal.Reader is one.
type Lines interface {
	// Line returns the next entry without newline; valid until the next call.
	Line(ctx context.Context) ([]byte, error)
	Close() error
}

// Options of a log. Dir and Source are needed.
type Options struct {
	Dir    string // made when missing
	Node   string // for the name of the log at the first start
	Source Source
	Clock  func() time.Time // for the instants in checkpoints; time.Now when nil
	Logger *slog.Logger     // slog.Default() when nil
}

// Source opens a journal for reading from an entry on.
type Source func(from uint64) (Lines, error)

// Log keeps the tree of a journal. Its methods are for one goroutine at a time; readers of the directory, [Tree] and
// [Handler], need no word with it.
type Log struct {
	o        Options
	lock     *os.File
	keys     *keyring
	signer   note.Signer
	journal  cursor // for repairs
	edge     edge
	head     Signed // what was published last; the zero Signed when nothing was
	full     []filled
	unsynced []tlog.Tile       // full tiles that may not be on disk yet
	partial  map[int]tlog.Tile // partial tiles of the last checkpoint, by level
	synced   int64             // as the file says
	kept     time.Time         // of the last checkpoint in the history
	repaired int               // tiles that Open wrote anew
}

// keepEvery is how often a checkpoint is kept for good.
const keepEvery = time.Hour

// Open opens the tree of a journal whose entries up to committed are durable, and makes it and its key when there is none.
// Tiles that a crash or a fault of the disk damaged are made anew from the journal. Errors: [tsujiban.CodeConflict] when another
// program has it; [tsujiban.CodeCorrupt] when tree and journal do not belong together or the tree cannot be
// made whole, with what to do; [tsujiban.CodeUnavailable] when the disk does not work: try again later.
func Open(ctx context.Context, o Options, committed uint64) (_ *Log, err error) {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if err := os.MkdirAll(o.Dir, 0o750); err != nil {
		return nil, tsujiban.Errorf(tsujiban.CodeUnavailable, "making the directory of the evidence: %w", err)
	}
	l := &Log{o: o, journal: cursor{source: o.Source}, partial: map[int]tlog.Tile{}}
	if l.lock, err = lock(o.Dir); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, l.lock.Close())
		}
	}()
	if l.keys, l.signer, err = openKeys(o.Dir, o.Node, o.Logger); err != nil {
		return nil, err
	}
	if err := l.readHead(); err != nil {
		return nil, err
	}
	if uint64(l.head.Size) > committed {
		return nil, tsujiban.Errorf(tsujiban.CodeCorrupt, "the tree has %d entries and the journal only %d: the journal was cut short or is another one. "+
			"Put the journal back from a copy; if that cannot be done, keep %s elsewhere as it is: a new tree with a new key is begun at the next start", l.head.Size, committed, o.Dir)
	}
	if err := l.load(ctx); err != nil {
		return nil, err
	}
	if err := l.belongs(ctx); err != nil {
		return nil, err
	}
	if err := l.journal.close(); err != nil {
		return nil, err
	}
	l.clearLeftovers()
	return l, nil
}

// readHead finds the newest checkpoint. It is in its file, unless a crash came between, or the file was damaged or put back: the tree never goes
// behind one that was signed.
func (l *Log) readHead() error {
	kept, err := l.readHistory()
	if err != nil {
		return err
	}
	msg, err := readLimited(filepath.Join(l.o.Dir, checkpointFile), MaxNote)
	if err == nil {
		s, err := OpenCheckpoint(msg, l.keys.keys...)
		if err != nil {
			l.o.Logger.Warn("the newest checkpoint cannot be read; the tree goes on from the last one that was kept", slog.String("dir", l.o.Dir), slog.Any("error", err))
		} else {
			l.head = *s
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return tsujiban.Errorf(tsujiban.CodeUnavailable, "reading the checkpoint: %w", err)
	}
	for _, msg := range append(kept, l.keys.rotations...) {
		s, err := OpenCheckpoint(msg, l.keys.keys...)
		if err != nil {
			return tsujiban.Errorf(tsujiban.CodeCorrupt, "%s: %w; put a copy of the file back", historyFile, err)
		}
		if s.Size > l.head.Size || s.Size == l.head.Size && l.head.Note == nil {
			l.head = *s
			l.head.Note = nil // Publish writes it anew
		}
	}
	return nil
}

// readHistory reads the last checkpoint that was kept, and cuts off what a crash left unfinished behind it.
func (l *Log) readHistory() ([][]byte, error) {
	name := filepath.Join(l.o.Dir, historyFile)
	b, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, tsujiban.Errorf(tsujiban.CodeUnavailable, "reading the checkpoints that were kept: %w", err)
	}
	notes, rest := splitNotes(b)
	if len(rest) > 0 {
		l.o.Logger.Warn("an unfinished checkpoint at the end of the history is cut off", slog.Int("bytes", len(rest)))
		if err := put(l.o.Dir, historyFile, 0o644, true, b[:len(b)-len(rest)]); err != nil {
			return nil, err
		}
	}
	notes = notes[max(len(notes)-1, 0):]
	if len(notes) > 0 {
		if s, err := OpenCheckpoint(notes[0], l.keys.keys...); err == nil {
			l.kept = s.Time
		}
	}
	return notes, nil
}

// belongs tells whether the tree was made from this journal, by its last entry. One that the journal no longer has says nothing.
func (l *Log) belongs(ctx context.Context) error {
	if l.edge.size == 0 {
		return nil
	}
	last := l.edge.size - 1
	tile := tlog.Tile{H: tileHeight, N: last >> tileHeight, W: int(last&(tileWidth-1)) + 1}
	data, err := readTile(l.o.Dir, tile)
	if err != nil {
		return tsujiban.Errorf(tsujiban.CodeUnavailable, "reading the tree: %w", err)
	}
	leaves, err := l.fromJournal(ctx, last, last+1)
	if errors.Is(err, errGone) {
		return nil
	}
	if err != nil {
		return err
	}
	if leaves[0] != tlog.Hash(data[len(data)-tlog.HashSize:]) {
		return tsujiban.Errorf(tsujiban.CodeCorrupt, "entry %d of the journal is not the one that the tree has: the journal is another one, or was changed. "+
			"\"tsujiban evidence check\" says more; put the journal back from a copy. If that cannot be done, keep %s elsewhere as it is: a new tree with a new key is begun at the next start", last+1, l.o.Dir)
	}
	return nil
}

// Size is how many entries were appended.
func (l *Log) Size() uint64 { return uint64(l.edge.size) }

// Published is the last checkpoint; its Size is 0 before the first.
func (l *Log) Published() Signed { return l.head }

// Repaired is how many tiles Open made anew from the journal.
func (l *Log) Repaired() int { return l.repaired }

// Append adds the next entry, a line of the journal without newline. It does no I/O. [Log.Flush] is to be called every few thousand entries.
func (l *Log) Append(line []byte) { l.edge.add(tlog.RecordHash(line), l.keep) }

func (l *Log) keep(f filled) { l.full = append(l.full, f) }

// Flush writes the tiles that became full. After an error it can be called again, and nothing is lost.
func (l *Log) Flush() error {
	for len(l.full) > 0 {
		f := l.full[0]
		if err := put(l.o.Dir, tilePath(f.tile), 0o644, false, f.data); err != nil {
			return err
		}
		l.unsynced = append(l.unsynced, f.tile)
		l.full = l.full[1:]
	}
	l.full = nil
	return nil
}

// Sync makes all tiles durable. Nothing is lost without it as long as the journal has the entries: it must come before the
// journal drops any.
func (l *Log) Sync() error {
	if err := l.Flush(); err != nil {
		return err
	}
	if err := l.syncTiles(); err != nil {
		return tsujiban.Errorf(tsujiban.CodeUnavailable, "making tiles durable: %w", err)
	}
	l.unsynced = nil
	if size := l.edge.size &^ (tileWidth - 1); size != l.synced {
		if err := putSynced(l.o.Dir, size); err != nil {
			return err
		}
		l.synced = size
	}
	return nil
}

// manyTiles are so many that the whole file system is sooner made durable than they are one by one.
const manyTiles = 64

func (l *Log) syncTiles() error {
	if len(l.unsynced) >= manyTiles {
		if err := syncAll(l.lock); !errors.Is(err, errors.ErrUnsupported) {
			return err
		}
	}
	dirs := map[string]bool{}
	for _, t := range l.unsynced {
		name := filepath.Join(l.o.Dir, tilePath(t))
		if err := syncPath(name); err != nil {
			return err
		}
		for d := filepath.Dir(name); d != l.o.Dir; d = filepath.Dir(d) {
			dirs[d] = true
		}
	}
	for _, t := range l.partial {
		name := filepath.Join(l.o.Dir, tilePath(t))
		if err := errors.Join(syncPath(name), syncPath(filepath.Dir(name))); err != nil {
			return err
		}
	}
	for d := range dirs {
		if err := syncPath(d); err != nil {
			return err
		}
	}
	return nil
}

// Unsynced is how many tiles wait for [Log.Sync].
func (l *Log) Unsynced() int { return len(l.unsynced) }

// Close publishes what was appended and lets the directory go. A few tiles are made durable, too; many would hold up a stop for as long as
// the disk is busy, and what the machine's crash takes of them the next Open makes again from the journal.
func (l *Log) Close() error {
	err := l.Publish()
	if err == nil && len(l.unsynced) < manyTiles {
		err = l.Sync()
	}
	return errors.Join(err, l.lock.Close())
}
