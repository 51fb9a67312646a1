package evidence

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"golang.org/x/mod/sumdb/tlog"

	"tsujiban"
)

// errGone says that the journal no longer has an entry.
var errGone = errors.New("the journal no longer has it")

// load reads the tree up to the checkpoint. What was written since the last sync is verified, since a power failure may have taken
// it; what does not lead to the checkpoint's root is made anew from the journal.
func (l *Log) load(ctx context.Context) error {
	l.synced = readSynced(l.o.Dir)
	l.synced = min(l.synced, l.head.Size) &^ (tileWidth - 1)
	if l.head.Size == 0 {
		return nil
	}
	why := l.loadWhole()
	if why == nil {
		return nil
	}
	l.o.Logger.Warn("the tree is not whole and is made anew from the journal where it is not", slog.Uint64("entries", uint64(l.head.Size)), slog.Any("error", why))
	for _, try := range []struct {
		from  int64
		trust bool // tiles on disk that fit what stands above them
	}{{l.synced, true}, {0, true}, {0, false}} {
		err := l.rebuild(ctx, try.from, try.trust)
		if err == nil {
			l.o.Logger.Info("the tree is whole again", slog.Int("tiles", l.repaired))
			return nil
		}
		if c := tsujiban.CodeOf(err); ctx.Err() != nil || c == tsujiban.CodeUnavailable {
			return err
		}
		why = err
	}
	return tsujiban.Errorf(tsujiban.CodeCorrupt, "the tree cannot be made whole: %w. \"tsujiban evidence check\" names what is wrong; put %s or the journal back from a copy", why, l.o.Dir)
}

func (l *Log) disk(t tlog.Tile) ([]byte, error) { return readTile(l.o.Dir, t) }

// loadWhole reads the edge and verifies what may not have been on disk.
func (l *Log) loadWhole() error {
	e, err := loadEdge(l.head.Size, l.disk)
	if err != nil {
		return err
	}
	root, err := e.root()
	if err != nil {
		return err
	}
	if root != l.head.Root {
		return errors.New("its edge does not lead to the root of the checkpoint")
	}
	l.unsynced = nil
	for lev := range edgeLevels(e.size) {
		shift := tileHeight * (lev + 1)
		for n := l.synced >> shift; n < e.size>>shift; n++ {
			t := tlog.Tile{H: tileHeight, L: lev, N: n, W: tileWidth}
			data, err := l.disk(t)
			if err != nil {
				return err
			}
			want, err := l.above(t, &e)
			if err != nil {
				return err
			}
			if tileHash(data) != want {
				return fmt.Errorf("%s does not fit what stands above it", tilePath(t))
			}
			l.unsynced = append(l.unsynced, t) // it may have been read from memory
		}
	}
	l.edge = e
	return nil
}

// above is the hash of a full tile as the level above has it.
func (l *Log) above(t tlog.Tile, e *edge) (tlog.Hash, error) {
	at := t.N & (tileWidth - 1)
	up := tlog.Tile{H: tileHeight, L: t.L + 1, N: t.N >> tileHeight, W: int(at) + 1}
	if e != nil && up.L < len(e.levels) && up.N == e.size>>(tileHeight*(up.L+1)) {
		return tlog.Hash(e.levels[up.L][at*tlog.HashSize:]), nil
	}
	data, err := l.disk(up)
	if err != nil {
		return tlog.Hash{}, err
	}
	return tlog.Hash(data[at*tlog.HashSize:]), nil
}

// rebuild makes the tree from an entry on (a multiple of a tile's width) up to the checkpoint, from tiles that
// can be trusted and from the journal, and writes what is not on disk as it should be.
func (l *Log) rebuild(ctx context.Context, from int64, trust bool) error {
	e, err := loadEdge(from, l.disk)
	if err != nil {
		return err
	}
	l.full, l.unsynced = nil, nil // what an attempt before wanted to write
	emit := func(f filled) {
		if have, err := l.disk(f.tile); err != nil || !bytes.Equal(have, f.data) {
			l.full = append(l.full, f)
		} else {
			l.unsynced = append(l.unsynced, f.tile)
		}
	}
	for e.size < l.head.Size {
		t := tlog.Tile{H: tileHeight, N: e.size >> tileHeight, W: int(min(l.head.Size-e.size, tileWidth))}
		leaves, err := l.leaves(ctx, t, trust)
		if err != nil {
			return err
		}
		for _, h := range leaves {
			e.add(h, emit)
		}
	}
	root, err := e.root()
	if err != nil {
		return err
	}
	if root != l.head.Root {
		return fmt.Errorf("the entries do not lead to the root of the checkpoint of %d entries", l.head.Size)
	}
	l.edge = e
	l.repaired = len(l.full)
	if err := l.Flush(); err != nil {
		return err
	}
	return l.writeEdge()
}

// leaves gives the leaf hashes of a tile of level 0: from disk when that can be trusted, else from the journal, else from disk all the same:
// the root tells in the end.
func (l *Log) leaves(ctx context.Context, t tlog.Tile, trust bool) ([]tlog.Hash, error) {
	data, derr := l.disk(t)
	if derr == nil && trust && t.W == tileWidth {
		if want, err := l.above(t, nil); err == nil && want == tileHash(data) {
			return split(data), nil
		}
	}
	from := t.N << tileHeight
	leaves, err := l.fromJournal(ctx, from, from+int64(t.W))
	if err == nil || ctx.Err() != nil {
		return leaves, err
	}
	if derr == nil {
		return split(data), nil
	}
	return nil, errors.Join(derr, err)
}

func split(data []byte) []tlog.Hash {
	h := make([]tlog.Hash, len(data)/tlog.HashSize)
	for i := range h {
		h[i] = tlog.Hash(data[i*tlog.HashSize:])
	}
	return h
}

// fromJournal gives the leaf hashes of entries from..to (counted from 0, to not among them). errGone when the journal lacks one.
func (l *Log) fromJournal(ctx context.Context, from, to int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, 0, to-from)
	for i := from; i < to; i++ {
		line, err := l.journal.line(ctx, uint64(i)+1)
		if err != nil {
			return nil, err
		}
		out = append(out, tlog.RecordHash(line))
	}
	return out, nil
}

// cursor reads single lines of a journal. To open one anew means to look for the place, so it goes on where it is when that
// is near.
type cursor struct {
	source Source
	lines  Lines
	next   uint64
}

// cursorSkip is how many entries are read over rather than opening the journal anew.
const cursorSkip = 20_000

// line is the line of an entry; valid until the next call.
func (c *cursor) line(ctx context.Context, seq uint64) ([]byte, error) {
	if c.lines != nil && (seq < c.next || seq-c.next > cursorSkip) {
		if err := c.close(); err != nil {
			return nil, err
		}
	}
	if c.lines == nil {
		lines, err := c.source(seq)
		if err != nil {
			return nil, err
		}
		c.lines, c.next = lines, seq
	}
	for {
		line, err := c.lines.Line(ctx)
		if errors.Is(err, io.EOF) || tsujiban.CodeOf(err) == tsujiban.CodeCorrupt || tsujiban.CodeOf(err) == tsujiban.CodeNotFound {
			return nil, errors.Join(fmt.Errorf("entry %d: %w: %w", seq, errGone, err), c.close())
		}
		if err != nil {
			return nil, errors.Join(err, c.close())
		}
		if c.next++; c.next > seq {
			return line, nil
		}
	}
}

func (c *cursor) close() error {
	if c.lines == nil {
		return nil
	}
	err := c.lines.Close()
	c.lines = nil
	return err
}
