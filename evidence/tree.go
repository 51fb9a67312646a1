package evidence

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"tsujiban"
)

// Tree reads the directory of a tree and changes nothing; a program may be keeping it. It stands at one checkpoint. It is for one
// goroutine at a time.
type Tree struct {
	dir    string
	keys   *keyring
	head   Signed
	hashes *verified
}

// OpenTree opens a directory at its newest checkpoint. Errors: [tsujiban.CodeNotFound] when there is no checkpoint yet;
// [tsujiban.CodeCorrupt] when keys or checkpoint are not what they should be.
func OpenTree(dir string) (*Tree, error) {
	keys, err := readKeyring(dir)
	if err != nil {
		return nil, noTree(dir, err)
	}
	msg, err := readLimited(filepath.Join(dir, checkpointFile), MaxNote)
	if err != nil {
		return nil, noTree(dir, err)
	}
	head, err := OpenCheckpoint(msg, keys.keys...)
	if err != nil {
		// A rotation may have come between.
		again, kerr := readKeyring(dir)
		if kerr == nil {
			keys = again
			head, err = OpenCheckpoint(msg, keys.keys...)
		}
	}
	if err != nil {
		return nil, tsujiban.Errorf(tsujiban.CodeCorrupt, "%s: %w; \"tsujiban evidence check\" says more", checkpointFile, err)
	}
	return &Tree{dir: dir, keys: keys, head: *head, hashes: newVerified(dir, head)}, nil
}

func noTree(dir string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return tsujiban.Errorf(tsujiban.CodeNotFound, "there is no evidence yet in %s: \"tsujiban serve\" begins it, and signs the first checkpoint some seconds later", dir)
	case errors.Is(err, fs.ErrPermission):
		return tsujiban.Errorf(tsujiban.CodeForbidden, "%w: run this as the user that the program runs as", err)
	case tsujiban.CodeOf(err) != tsujiban.CodeInternal:
		return err
	}
	return tsujiban.Errorf(tsujiban.CodeUnavailable, "reading the evidence: %w", err)
}

// Checkpoint is the one that the tree stands at.
func (t *Tree) Checkpoint() Signed { return t.head }

// Keys are the public keys of the log, in the order in which they signed; the last one signs now.
func (t *Tree) Keys() []Key { return slices.Clone(t.keys.keys) }

// Rotations are the checkpoints that handed over from one key to the next.
func (t *Tree) Rotations() [][]byte { return slices.Clone(t.keys.rotations) }

// Prove proves that an entry (counted from 1, as the journal does) is in the tree. Errors: [tsujiban.CodeConflict] when no checkpoint covers it yet;
// [tsujiban.CodeCorrupt] when tiles are damaged.
func (t *Tree) Prove(seq uint64) (*Proof, error) {
	if seq == 0 {
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "entries are counted from 1")
	}
	if seq > uint64(t.head.Size) {
		return nil, tsujiban.Errorf(tsujiban.CodeConflict, "entry %d is not under a checkpoint yet: the newest covers %d entries; try again in some seconds", seq, t.head.Size)
	}
	p, err := tlog.ProveRecord(t.head.Size, int64(seq)-1, t.hashes)
	if err != nil {
		return nil, t.damaged(err)
	}
	return &Proof{Index: int64(seq) - 1, Hashes: p, Checkpoint: t.head.Note}, nil
}

func (t *Tree) damaged(err error) error {
	return tsujiban.Errorf(tsujiban.CodeCorrupt, "the tree is damaged: %w; \"tsujiban evidence check\" names what is wrong", err)
}

// Root is the hash that the tree had when it held size entries.
func (t *Tree) Root(size int64) (tlog.Hash, error) {
	if size < 0 || size > t.head.Size {
		return tlog.Hash{}, tsujiban.Errorf(tsujiban.CodeConflict, "the newest checkpoint covers %d entries, not %d", t.head.Size, size)
	}
	h, err := tlog.TreeHash(size, t.hashes)
	if err != nil {
		return h, t.damaged(err)
	}
	return h, nil
}

// Consistency proves that the tree at its checkpoint is the tree of an earlier size with entries added, and nothing else.
func (t *Tree) Consistency(size int64) (*Consistency, error) {
	root, err := t.Root(size)
	if err != nil {
		return nil, err
	}
	c := &Consistency{OldSize: size, OldRoot: root, Checkpoint: t.head.Note}
	if size > 0 {
		if c.Hashes, err = tlog.ProveTree(t.head.Size, size, t.hashes); err != nil {
			return nil, t.damaged(err)
		}
	}
	return c, nil
}

// At is the same tree at an earlier checkpoint of the same log, of which one of its keys must have signed.
func (t *Tree) At(msg []byte) (*Tree, error) {
	s, err := OpenCheckpoint(msg, t.keys.keys...)
	if err != nil {
		return nil, err
	}
	root, err := t.Root(s.Size)
	if err != nil {
		return nil, err
	}
	if root != s.Root {
		return nil, tsujiban.Errorf(tsujiban.CodeCorrupt, "the checkpoint of %d entries does not fit this tree: at that size its root is %s, not %s", s.Size, root, s.Root)
	}
	return &Tree{dir: t.dir, keys: t.keys, head: *s, hashes: newVerified(t.dir, s)}, nil
}

// verified gives hashes of a tree from its tiles, each verified against the checkpoint once ([tlog.TileHashReader]).
type verified struct {
	dir    string
	tree   tlog.Tree
	tiles  map[tlog.Tile][]byte
	reader tlog.HashReader
}

// maxTiles bounds the tiles in memory, 8 KiB each.
const maxTiles = 8192

func newVerified(dir string, s *Signed) *verified {
	v := &verified{dir: dir, tree: tlog.Tree{N: s.Size, Hash: s.Root}, tiles: map[tlog.Tile][]byte{}}
	v.reader = tlog.TileHashReader(v.tree, v)
	return v
}

// ReadHashes implements [tlog.HashReader].
func (v *verified) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	var missing []int64
	var at []int
	for i, x := range indexes {
		t := v.widen(tlog.TileForIndex(tileHeight, x))
		data, ok := v.tiles[t]
		if !ok {
			missing, at = append(missing, x), append(at, i)
			continue
		}
		h, err := tlog.HashFromTile(t, data, x)
		if err != nil {
			return nil, err
		}
		out[i] = h
	}
	if len(missing) == 0 {
		return out, nil
	}
	if len(v.tiles) > maxTiles {
		clear(v.tiles)
	}
	found, err := v.reader.ReadHashes(missing)
	if err != nil {
		return nil, err
	}
	for i, h := range found {
		out[at[i]] = h
	}
	return out, nil
}

// widen is the tile as wide as the tree has it.
func (v *verified) widen(t tlog.Tile) tlog.Tile {
	if e, ok := edgeTile(v.tree.N, t.L); ok && e.N == t.N {
		return e
	}
	return whole(t)
}

// Height implements [tlog.TileReader].
func (v *verified) Height() int { return tileHeight }

// ReadTiles implements [tlog.TileReader].
func (v *verified) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, t := range tiles {
		b, err := readTile(v.dir, t)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", tilePath(t), err)
		}
		data[i] = b
	}
	return data, nil
}

// SaveTiles implements [tlog.TileReader]: what comes here is verified.
func (v *verified) SaveTiles(tiles []tlog.Tile, data [][]byte) {
	for i, t := range tiles {
		v.tiles[t] = data[i]
	}
}
