package evidence

import (
	"cmp"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// point is a checkpoint that was kept.
type point struct {
	*Signed
	file string
	n    int  // in the file, from 1
	fits bool // the journal leads to it, or the tree does
}

// history reads every checkpoint that was kept, and those of the rotations.
func (c *checker) history(b []byte) {
	notes, rest := splitNotes(b)
	if len(rest) > 0 {
		c.rep.note(Fault{File: historyFile, Ja: "末尾に書きかけがあります。次の起動時に切り取られます", En: "an unfinished checkpoint at the end; cut off at the next start"})
	}
	last := int64(0)
	for i, msg := range notes {
		last = c.kept(historyFile, i+1, msg, last)
	}
	if c.ring != nil {
		for i, msg := range c.ring.rotations {
			c.kept(keyFile(i+2, rotationSuffix), 1, msg, 0)
		}
	}
	slices.SortStableFunc(c.points, func(a, b point) int { return cmp.Compare(a.Size, b.Size) })
	c.pass()
}

// kept takes up one checkpoint; it returns its size.
func (c *checker) kept(file string, n int, msg []byte, before int64) int64 {
	s, err := OpenCheckpoint(msg, c.known()...)
	if err != nil {
		c.rep.fault(Fault{File: file, Ja: fmt.Sprintf("%d 番目のチェックポイント: %s", n, japanese(err)), En: fmt.Sprintf("checkpoint %d: %v", n, err)})
		return before
	}
	if s.Size > c.head.Size {
		c.rep.fault(Fault{File: file, Ja: fmt.Sprintf("%d 番目のチェックポイントは %d 件までで、最新の %d 件より先です。木が古い状態に戻されています", n, s.Size, c.head.Size),
			En: fmt.Sprintf("checkpoint %d covers %d entries, the newest only %d: the tree was put back to an earlier state", n, s.Size, c.head.Size)})
		return s.Size
	}
	if s.Size < before {
		c.rep.fault(Fault{File: file, Ja: fmt.Sprintf("%d 番目のチェックポイントの順序が入れ替わっています", n), En: fmt.Sprintf("checkpoint %d is out of order", n)})
	}
	c.points = append(c.points, point{Signed: s, file: file, n: n})
	return s.Size
}

// pass compares the tree that is made from the journal with the checkpoints of its present size.
func (c *checker) pass() {
	for ; c.passed < len(c.points) && c.points[c.passed].Size <= c.made.size; c.passed++ {
		p := &c.points[c.passed]
		root, err := c.made.root()
		p.fits = err == nil && p.Size == c.made.size && root == p.Root
	}
}

// settle tells of the checkpoints to which neither the journal nor the tree leads.
func (c *checker) settle() {
	for _, p := range c.points {
		if !p.fits {
			root, err := tlog.TreeHash(p.Size, tlog.HashReaderFunc(c.raw))
			p.fits = err == nil && root == p.Root
		}
		if p.fits {
			c.rep.Checkpoints++
			continue
		}
		c.rep.fault(Fault{File: p.file, Ja: fmt.Sprintf("%d 番目のチェックポイント（%s、%d 件）が今の記録とも木とも合いません。その後に書き換えられています", p.n, utc(p.Time), p.Size),
			En: fmt.Sprintf("checkpoint %d (%s, %d entries) fits neither the journal nor the tree as they are now: something was rewritten since", p.n, utc(p.Time), p.Size)})
	}
}

// raw reads hashes from tiles as they are.
func (c *checker) raw(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		t := tlog.TileForIndex(tileHeight, x)
		data, err := readTile(c.dir, t)
		if err == nil {
			out[i], err = tlog.HashFromTile(t, data, x)
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}
