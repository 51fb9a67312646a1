package evidence

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"tsujiban"
)

// Entries hands every entry that a journal has, in order, to each: its number, file, place in it in bytes, and line, valid
// until each returns.
type Entries func(each func(seq uint64, file string, offset int64, line []byte)) error

// CheckReport is what [Check] found on disk.
type CheckReport struct {
	Dir         string    `json:"dir"`
	Log         string    `json:"log"`
	Entries     int64     `json:"entries"` // that the newest checkpoint covers
	Signed      time.Time `json:"signed"`
	Read        uint64    `json:"read"`   // entries of the journal that are what the tree has
	Erased      uint64    `json:"erased"` // entries that the journal no longer has, by statement
	Behind      uint64    `json:"behind"` // entries behind the newest checkpoint
	Tiles       int       `json:"tiles"`
	Checkpoints int       `json:"checkpoints"` // that were kept and fit
	Keys        int       `json:"keys"`
	Faults      []Fault   `json:"faults"`
	Notes       []Fault   `json:"notes"` // what a crash left, and what is as it should be but worth a word
	More        int       `json:"more_faults,omitempty"`
	Erasures    []Erasure `json:"erasures"` // the signed statements, in order
}

// OK tells whether nothing is wrong.
func (r *CheckReport) OK() bool { return len(r.Faults) == 0 }

// ErasedAll tells whether statements of erasure cover the entries from..to: a journal that lacks them is in order.
func (r *CheckReport) ErasedAll(from, to uint64) bool {
	for seq := from; seq <= to; {
		e := covering(r.Erasures, seq)
		if e == nil {
			return false
		}
		seq = e.To + 1
	}
	return from <= to
}

func covering(es []Erasure, seq uint64) *Erasure {
	for i := range es {
		if es[i].From <= seq && seq <= es[i].To {
			return &es[i]
		}
	}
	return nil
}

func (r *CheckReport) fault(f Fault) {
	if len(r.Faults) == maxFaults {
		r.More++
		return
	}
	r.Faults = append(r.Faults, f)
}

func (r *CheckReport) note(f Fault) {
	if len(r.Notes) < maxFaults {
		r.Notes = append(r.Notes, f)
	}
}

// Check proves a tree's directory and the journal against each other: keys, checkpoints, every tile, every entry. It changes nothing and may run while a
// program keeps the tree. progress may be nil; it is told how many entries are done, and of how many. The error
// says only that the check could not be made.
func Check(dir string, entries Entries, progress func(done, size int64)) (*CheckReport, error) {
	c := checker{dir: dir, rep: &CheckReport{Dir: dir, Faults: []Fault{}, Notes: []Fault{}, Erasures: []Erasure{}}, progress: progress}
	if _, err := os.Stat(dir); err != nil {
		return nil, noTree(dir, err)
	}
	c.keys()
	// Before the checkpoint: the program writes that one first.
	history, err := os.ReadFile(filepath.Join(dir, historyFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, tsujiban.Errorf(tsujiban.CodeUnavailable, "reading the evidence: %w", err)
	}
	if !c.checkpoint(history) {
		return c.rep, nil
	}
	if err := c.erasures(); err != nil {
		return nil, tsujiban.Errorf(tsujiban.CodeUnavailable, "reading the evidence: %w", err)
	}
	if err := c.tiles(); err != nil {
		return nil, tsujiban.Errorf(tsujiban.CodeUnavailable, "reading the evidence: %w", err)
	}
	c.history(history)
	if err := entries(c.entry); err != nil {
		return nil, err
	}
	c.end()
	c.settle()
	return c.rep, c.strays()
}

type checker struct {
	dir      string
	rep      *CheckReport
	ring     *keyring // nil when it cannot be read
	head     Signed
	progress func(done, size int64)

	whole   bool     // the edge leads to the checkpoint's root
	genuine [][]bool // per level and tile: it leads to the checkpoint's root

	reach  []uint64    // up to which entry the statements go, of the first so many
	passed int         // how many of points were compared with the journal
	points []point     // checkpoints that were kept, by size
	agree  []tlog.Tile // that are as the journal makes them and do not lead to the root

	made   edge                // from the journal
	tile   tlog.Tile           // of level 0 that is at hand, as the tree has it
	have   []byte              // its data; nil when it cannot be read
	doubt  []doubt             // entries that differ from a tile that is not genuine
	broken map[string]bool     // tiles already named
	hashes map[int64]tlog.Hash // of tiles of level 0 as the journal makes them, where those on disk are not genuine
	wrong  Fault               // entries that differ, gathered
}

// doubt is entries in one tile that differ from it, where the tile that should tell is not genuine.
type doubt struct {
	Range
	file   string
	offset int64
}

func (c *checker) known() []Key {
	if c.ring == nil {
		return nil
	}
	return c.ring.keys
}

// keys checks the files of the keys.
func (c *checker) keys() {
	ring, err := readKeyring(c.dir)
	if err != nil {
		c.rep.fault(Fault{File: keysDir, Ja: "公開鍵が読めません: " + err.Error(), En: "the public keys cannot be read: " + err.Error()})
		return
	}
	c.ring, c.rep.Keys, c.rep.Log = ring, len(ring.keys), ring.current().Name()
	name := keyFile(len(ring.keys), privateSuffix)
	if st, err := os.Stat(filepath.Join(c.dir, name)); err == nil && st.Mode().Perm()&0o077 != 0 {
		c.rep.fault(Fault{File: name, Ja: fmt.Sprintf("秘密鍵をほかの利用者が読めます（権限 %04o）。権限を 0600 にし、読まれたおそれがあれば tsujiban evidence rotate-key で鍵を替えてください", st.Mode().Perm()),
			En: fmt.Sprintf("others may read the private key (rights %04o); set them to 0600, and if somebody may have read it run \"tsujiban evidence rotate-key\"", st.Mode().Perm())})
	}
	switch _, err := ring.readSigner(c.dir); {
	case err == nil:
	case tsujiban.CodeOf(err) == tsujiban.CodeForbidden:
		c.rep.note(Fault{File: name, Ja: "この利用者には秘密鍵が読めないため、確かめていません", En: "this user may not read the private key, so it was not checked"})
	default:
		c.rep.fault(Fault{File: name, Ja: "秘密鍵が使えません: " + err.Error(), En: err.Error()})
	}
}

// checkpoint reads the newest checkpoint, or one to go on with; false when there is none. One that handed over to a new key is written
// before the file is, and counts when a crash came between.
func (c *checker) checkpoint(history []byte) bool {
	msg, err := readLimited(filepath.Join(c.dir, checkpointFile), MaxNote)
	if err == nil {
		err = c.takeHead(msg)
	}
	if again, kerr := readKeyring(c.dir); err != nil && kerr == nil && msg != nil && c.ring != nil && len(again.keys) > len(c.ring.keys) {
		c.ring, c.rep.Keys = again, len(again.keys) // the key was changed in between
		err = c.takeHead(msg)
	}
	if err != nil {
		ja, en := japanese(err), err.Error()
		if errors.Is(err, fs.ErrNotExist) {
			ja, en = "最新のチェックポイントがありません", "the newest checkpoint is missing"
		}
		c.rep.fault(Fault{File: checkpointFile, Ja: ja, En: en})
		notes, _ := splitNotes(history)
		for _, msg := range notes {
			_ = c.takeHead(msg) // what is wrong with it is said with the history
		}
	}
	if c.ring != nil {
		for _, msg := range c.ring.rotations {
			_ = c.takeHead(msg) // it was verified with the keys
		}
	}
	c.rep.Log, c.rep.Entries, c.rep.Signed = c.head.Origin, c.head.Size, c.head.Time
	return c.head.Note != nil
}

// takeHead goes on with a checkpoint if it is the largest.
func (c *checker) takeHead(msg []byte) error {
	s, err := OpenCheckpoint(msg, c.known()...)
	if err == nil && (c.head.Note == nil || s.Size > c.head.Size) {
		c.head = *s
	}
	return err
}

func (c *checker) erasures() (err error) {
	c.rep.Erasures, err = readErasures(c.dir, c.known(), func(file string, err error) {
		c.rep.fault(Fault{File: file, Ja: "消去の記録が正しくありません: " + japanese(err), En: "the statement of an erasure is wrong: " + err.Error()})
	})
	reach := uint64(0)
	for _, e := range c.rep.Erasures {
		reach = max(reach, e.To)
		c.reach = append(c.reach, reach)
	}
	return err
}

// mayMiss tells by which statement an entry was erased.
// It is asked for every entry, and there is a statement for every day.
func (c *checker) mayMiss(seq uint64) *Erasure {
	es := c.rep.Erasures
	i := sort.Search(len(es), func(i int) bool { return es[i].From > seq })
	if i == 0 || c.reach[i-1] < seq {
		return nil
	}
	return covering(es, seq)
}

// tiles finds from the root down which tiles lead to the checkpoint's root.
func (c *checker) tiles() error {
	size := c.head.Size
	levels := edgeLevels(size)
	c.genuine = make([][]bool, levels)
	e, err := loadEdge(size, func(t tlog.Tile) ([]byte, error) { return readTile(c.dir, t) })
	if err == nil {
		root, rerr := e.root()
		c.whole = rerr == nil && root == c.head.Root
	}
	for l := levels - 1; l >= 0; l-- {
		n := size >> (tileHeight * l)
		c.genuine[l] = make([]bool, (n+tileWidth-1)>>tileHeight)
		var up []byte
		for i := range c.genuine[l] {
			t := tlog.Tile{H: tileHeight, L: l, N: int64(i), W: int(min(n-int64(i)<<tileHeight, tileWidth))}
			c.rep.Tiles++
			if t.W < tileWidth {
				c.genuine[l][i] = c.whole
				continue
			}
			at := i & (tileWidth - 1)
			if at == 0 {
				up = c.parent(t, n)
			}
			if len(up) < (at+1)*tlog.HashSize || !c.genuine[l+1][i>>tileHeight] {
				continue
			}
			data, err := readTile(c.dir, t)
			c.genuine[l][i] = err == nil && tileHash(data) == tlog.Hash(up[at*tlog.HashSize:])
		}
	}
	return nil
}

// parent reads the tile above a full tile of a level with n hashes; nil when it cannot be read.
func (c *checker) parent(t tlog.Tile, n int64) []byte {
	up := n>>tileHeight - (t.N>>tileHeight)<<tileHeight
	data, err := readTile(c.dir, tlog.Tile{H: tileHeight, L: t.L + 1, N: t.N >> tileHeight, W: int(min(up, tileWidth))})
	if err != nil {
		return nil
	}
	return data
}

// isGenuine tells whether a tile leads to the checkpoint's root.
func (c *checker) isGenuine(t tlog.Tile) bool {
	return t.L < len(c.genuine) && t.N < int64(len(c.genuine[t.L])) && c.genuine[t.L][t.N]
}
