package evidence

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"tsujiban"
)

// Publish writes and signs a checkpoint over what was appended, if there is something new. It is on disk when Publish returns, the tiles may
// not be: they can be made from the journal. After an error it can be called again.
func (l *Log) Publish() error {
	if l.edge.size == l.head.Size && len(l.head.Note) > 0 {
		return nil
	}
	return l.publish("", l.signer)
}

func (l *Log) publish(next string, signers ...note.Signer) error {
	if err := l.Flush(); err != nil {
		return err
	}
	if err := l.writeEdge(); err != nil {
		return err
	}
	root, err := l.edge.root()
	if err != nil {
		return tsujiban.Errorf(tsujiban.CodeInternal, "%w", err)
	}
	c := Checkpoint{Origin: l.signer.Name(), Size: l.edge.size, Root: root, Time: l.o.Clock().UTC().Truncate(time.Second), NextKey: next}
	msg, err := note.Sign(&note.Note{Text: c.Text()}, signers...)
	if err != nil {
		return tsujiban.Errorf(tsujiban.CodeInternal, "signing the checkpoint: %w", err)
	}
	if next != "" {
		// From here on the new key counts.
		if err := put(l.o.Dir, keyFile(len(l.keys.keys)+1, rotationSuffix), 0o644, true, msg); err != nil {
			return err
		}
	}
	if err := put(l.o.Dir, checkpointFile, 0o644, true, msg); err != nil {
		return err
	}
	l.head = Signed{Checkpoint: c, Note: msg, By: []Key{l.keys.current()}}
	l.clearPartials()
	if c.Time.Sub(l.kept) >= keepEvery || c.Time.Before(l.kept) {
		return l.keepHead()
	}
	return nil
}

// writeEdge writes the tiles that are not full.
func (l *Log) writeEdge() error {
	for i, data := range l.edge.levels {
		t, ok := l.edge.tile(i)
		if !ok || l.partial[i] == t {
			continue
		}
		if err := put(l.o.Dir, tilePath(t), 0o644, false, data); err != nil {
			return err
		}
	}
	return nil
}

// clearPartials removes partial tiles that a wider one, or the full one, has taken the place of. What cannot be removed is left:
// it harms nobody.
func (l *Log) clearPartials() {
	now := map[int]tlog.Tile{}
	for i := range l.edge.levels {
		if t, ok := l.edge.tile(i); ok {
			now[i] = t
		}
	}
	for i, old := range l.partial {
		if now[i] == old {
			continue
		}
		name := filepath.Join(l.o.Dir, tilePath(old))
		_ = os.Remove(name)
		if now[i].N != old.N || now[i].W == 0 {
			_ = os.Remove(filepath.Dir(name))
		}
	}
	l.partial = now
}

// clearLeftovers removes partial tiles that a crash left behind at the edge.
func (l *Log) clearLeftovers() {
	l.partial = map[int]tlog.Tile{}
	for i := range l.edge.levels {
		t, ok := l.edge.tile(i)
		for n := max(t.N-1, 0); n <= t.N; n++ {
			dir := filepath.Join(l.o.Dir, tilePath(tlog.Tile{H: tileHeight, L: i, N: n, W: tileWidth})+".p")
			entries, err := os.ReadDir(dir)
			if err != nil {
				continue // there are none
			}
			for _, e := range entries {
				if name := filepath.Join(dir, e.Name()); !ok || name != filepath.Join(l.o.Dir, tilePath(t)) {
					_ = os.Remove(name)
				} else {
					l.partial[i] = t
				}
			}
			_ = os.Remove(dir) // fails unless it is empty
		}
	}
}

// keepHead adds the newest checkpoint to the history.
func (l *Log) keepHead() (err error) {
	f, err := os.OpenFile(filepath.Join(l.o.Dir, historyFile), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return tsujiban.Errorf(tsujiban.CodeUnavailable, "keeping a checkpoint: %w", err)
	}
	before, err := f.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = f.Write(joinNotes(l.head.Note))
		if err == nil {
			err = f.Sync()
		}
		if err != nil {
			err = errors.Join(err, f.Truncate(before)) // no half checkpoint before the next
		}
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return tsujiban.Errorf(tsujiban.CodeUnavailable, "keeping a checkpoint: %w", err)
	}
	l.kept = l.head.Time
	return nil
}
