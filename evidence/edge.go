package evidence

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// edge is the right edge of a tree: per level of tiles the hashes of the tile that is not full yet. It is all that is
// needed to append, and to know the root. The zero edge is the empty tree.
type edge struct {
	size   int64
	levels [][]byte
}

// filled is a tile that became full.
type filled struct {
	tile tlog.Tile
	data []byte
}

// add appends a leaf hash. Tiles that become full are handed to emit, lower ones first; they are the receiver's.
func (e *edge) add(leaf tlog.Hash, emit func(filled)) {
	e.size++
	for h, l := leaf, 0; ; l++ {
		if l == len(e.levels) {
			e.levels = append(e.levels, make([]byte, 0, tileBytes))
		}
		e.levels[l] = append(e.levels[l], h[:]...)
		if len(e.levels[l]) < tileBytes {
			return
		}
		data := e.levels[l]
		e.levels[l] = make([]byte, 0, tileBytes)
		emit(filled{tlog.Tile{H: tileHeight, L: l, N: e.size>>(tileHeight*(l+1)) - 1, W: tileWidth}, data})
		h = tileHash(data)
	}
}

// tileHash is the hash of the subtree over the hashes of a full tile (RFC 6962 §2.1).
func tileHash(data []byte) tlog.Hash {
	var h [tileWidth]tlog.Hash
	for i := range h {
		h[i] = tlog.Hash(data[i*tlog.HashSize:])
	}
	for n := tileWidth; n > 1; n /= 2 {
		for i := range n / 2 {
			h[i] = tlog.NodeHash(h[2*i], h[2*i+1])
		}
	}
	return h[0]
}

// root is the hash of the whole tree.
func (e *edge) root() (tlog.Hash, error) { return tlog.TreeHash(e.size, e) }

// ReadHashes gives hashes of subtrees that lie in the edge, for [tlog.TreeHash].
func (e *edge) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		t := tlog.TileForIndex(tileHeight, x)
		mine, ok := e.tile(t.L)
		if !ok || mine.N != t.N || mine.W < t.W {
			return nil, fmt.Errorf("hash %d is not at the edge of the tree of size %d", x, e.size)
		}
		h, err := tlog.HashFromTile(mine, e.levels[t.L], x)
		if err != nil {
			return nil, err
		}
		out[i] = h
	}
	return out, nil
}

// tile is the tile of a level that is not full; not ok when it holds nothing.
func (e *edge) tile(l int) (tlog.Tile, bool) { return edgeTile(e.size, l) }

// edgeTile is the partial tile of a level in a tree of a size.
func edgeTile(size int64, l int) (tlog.Tile, bool) {
	n := size >> (tileHeight * l)
	t := tlog.Tile{H: tileHeight, L: l, N: n >> tileHeight, W: int(n & (tileWidth - 1))}
	return t, t.W > 0
}

// edgeLevels is how many levels of tiles a tree of a size has.
func edgeLevels(size int64) (n int) {
	for ; size > 0; size >>= tileHeight {
		n++
	}
	return n
}

// loadEdge reads the edge of a tree of a size from tiles.
func loadEdge(size int64, read func(tlog.Tile) ([]byte, error)) (edge, error) {
	e := edge{size: size}
	for l := range edgeLevels(size) {
		level := make([]byte, 0, tileBytes)
		if t, ok := edgeTile(size, l); ok {
			data, err := read(t)
			if err != nil {
				return edge{}, err
			}
			level = append(level, data...)
		}
		e.levels = append(e.levels, level)
	}
	return e, nil
}
