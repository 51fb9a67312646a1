//go:build crash

package crash

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"tsujiban"
	"tsujiban/evidence"
	"tsujiban/journal"
)

func (w *world) evidenceDir() string { return filepath.Join(w.Dir, "data", "evidence") }

// sign notes the newest checkpoint, as somebody would who keeps it: the program has just been killed.
func (w *world) sign() {
	b, err := os.ReadFile(filepath.Join(w.evidenceDir(), "checkpoint"))
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		w.t.Fatal(err)
	}
	w.signed = append(w.signed, b)
}

// prove checks that the tree has every entry of the journal, and goes on from every checkpoint that was kept.
func (w *world) prove() {
	rep, err := evidence.Check(w.evidenceDir(), func(each func(uint64, string, int64, []byte)) error {
		_, err := journal.CheckLines(w.JournalDir(), nil, each)
		return err
	}, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	if !rep.OK() || rep.Behind != 0 || rep.Read != uint64(rep.Entries) || rep.Read == 0 {
		w.t.Errorf("%d entries signed for, %d read, %d behind:\n%s", rep.Entries, rep.Read, rep.Behind, rep.Text(tsujiban.English))
	}
	tree, err := evidence.OpenTree(w.evidenceDir())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, old := range w.signed {
		s, err := evidence.OpenCheckpoint(old, tree.Keys()...)
		if err != nil {
			w.t.Fatal(err)
		}
		c, err := tree.Consistency(s.Size)
		if err != nil {
			w.t.Fatal(err)
		}
		if _, _, err := c.Verify(old, tree.Keys()...); err != nil {
			w.t.Errorf("the checkpoint of %d entries: %v", s.Size, err)
		}
	}
	if len(w.signed) < rounds/2 {
		w.t.Errorf("only %d checkpoints in %d rounds", len(w.signed), rounds)
	}
}
