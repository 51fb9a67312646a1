package evidence

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"tsujiban"
)

// entry compares the next entry of the journal with the tree.
func (c *checker) entry(seq uint64, file string, offset int64, line []byte) {
	if seq > uint64(c.head.Size) {
		c.rep.Behind++
		return
	}
	next := uint64(c.made.size) + 1
	if seq < next {
		c.rep.fault(Fault{File: file, Entry: seq, Ja: fmt.Sprintf("%d バイト目: 同じ番号の記録が二度あります", offset), En: fmt.Sprintf("byte %d: an entry of this number is there twice, or out of order", offset)})
		return
	}
	c.gap(next, seq)
	leaf := tlog.RecordHash(line)
	want, ok := c.leaf(seq)
	switch {
	case ok && want == leaf:
		c.rep.Read++
		if e := c.mayMiss(seq); e != nil {
			c.rep.fault(Fault{File: file, Entry: seq, Ja: "消去したと記録されているのに、まだあります", En: "it is still there although it was stated as erased on " + utc(e.At)})
		}
		c.flushWrong()
	case c.isGenuine(c.tile):
		c.differs(seq, file, offset)
	default:
		if k := len(c.doubt) - 1; k >= 0 && c.doubt[k].To+1 == seq && c.doubt[k].file == file && (seq-1)&(tileWidth-1) != 0 {
			c.doubt[k].To = seq
		} else {
			c.doubt = append(c.doubt, doubt{Range{seq, seq}, file, offset})
		}
	}
	c.add(leaf)
	if c.progress != nil && seq%10_000 == 0 {
		c.progress(int64(seq), c.head.Size)
	}
}

// add takes a leaf into the tree that is made from the journal, and compares the tiles that become full.
func (c *checker) add(leaf tlog.Hash) {
	c.made.add(leaf, func(f filled) { c.compare(f.tile, f.data) })
	c.pass()
}

// compare compares a tile that follows from the journal with the one on disk. One that leads to the checkpoint's
// root is right whatever the journal says.
func (c *checker) compare(t tlog.Tile, data []byte) {
	if c.isGenuine(t) {
		return
	}
	have, err := readTile(c.dir, t)
	if err == nil && bytes.Equal(have, data) {
		c.agree = append(c.agree, t)
		return
	}
	if t.L == 0 && t.W == tileWidth {
		if c.hashes == nil {
			c.hashes = map[int64]tlog.Hash{}
		}
		c.hashes[t.N] = tileHash(data)
	}
	c.tileFault(t, err)
}

// tileFault names a tile that is missing, cut short or changed.
func (c *checker) tileFault(t tlog.Tile, err error) {
	name := tilePath(t)
	if c.broken[name] {
		return
	}
	if c.broken == nil {
		c.broken = map[string]bool{}
	}
	c.broken[name] = true
	first, last := covers(t, c.head.Size)
	f := Fault{File: name, Entry: first, Last: last}
	switch {
	case err != nil && c.mayMiss(f.Entry) != nil:
		f.Ja, f.En = "木のファイルが読めず、記録も消去済みで作り直せません。写しから戻してください: "+err.Error(), "the tile cannot be read, and not be made anew, its entries being erased; put it back from a copy: "+err.Error()
	case errors.Is(err, fs.ErrNotExist):
		f.Ja, f.En = "木のファイルがありません。次の起動時に記録から作り直されます", "the tile is missing; the next start makes it anew from the journal"
	case err != nil:
		f.Ja, f.En = "木のファイルが読めません: "+err.Error(), "the tile cannot be read: "+err.Error()
	default:
		f.Ja, f.En = "木のファイルが変わっていて、チェックポイントにつながりません", "the tile was changed: it does not lead to the checkpoint"
	}
	c.rep.fault(f)
}

// covers gives the first and the last entry under a tile.
func covers(t tlog.Tile, size int64) (first, last uint64) {
	from := t.N << (tileHeight * (t.L + 1))
	return uint64(from) + 1, uint64(min(from+int64(t.W)<<(tileHeight*t.L), size))
}

// leaf is the hash that the tree has of an entry; not ok when the tile cannot be read.
func (c *checker) leaf(seq uint64) (tlog.Hash, bool) {
	i := int64(seq) - 1
	if t := c.levelZero(i >> tileHeight); t != c.tile {
		c.tile = t
		c.have, _ = readTile(c.dir, t) // the tile is named when it is compared
	}
	if c.have == nil {
		return tlog.Hash{}, false
	}
	return tlog.Hash(c.have[(i&(tileWidth-1))*tlog.HashSize:]), true
}

func (c *checker) levelZero(n int64) tlog.Tile {
	return tlog.Tile{H: tileHeight, N: n, W: int(min(c.head.Size-n<<tileHeight, tileWidth))}
}

// gap goes over entries from..to (to not among them) that the journal does not have.
func (c *checker) gap(from, to uint64) {
	if from == to {
		return
	}
	c.flushWrong()
	run := Range{}
	for seq := from; seq < to; seq++ {
		h, _ := c.leaf(seq) // zero when the tile is gone, too: then it is named
		c.add(h)
		if c.mayMiss(seq) != nil {
			c.rep.Erased++
			continue
		}
		if run.To+1 != seq || run.From == 0 {
			c.lost(run)
			run.From = seq
		}
		run.To = seq
	}
	c.lost(run)
}

func (c *checker) lost(r Range) {
	if r.From == 0 {
		return
	}
	c.rep.fault(Fault{File: "journal", Entry: r.From, Last: r.To, Ja: "記録がありません。チェックポイントが署名されたときにはありました", En: "the journal does not have it, and had it when the checkpoint was signed"})
}

// differs gathers entries that are not what the tree has.
func (c *checker) differs(seq uint64, file string, offset int64) {
	if c.wrong.Entry != 0 && c.wrong.Last+1 == seq && c.wrong.File == file {
		c.wrong.Last = seq
		return
	}
	c.flushWrong()
	c.wrong = Fault{File: file, Entry: seq, Last: seq, Ja: fmt.Sprintf("%d バイト目: 署名の後で変えられています。木にある値と違います", offset), En: fmt.Sprintf("byte %d: it was changed after it was signed: it is not what the tree has", offset)}
}

func (c *checker) flushWrong() {
	if c.wrong.Entry != 0 {
		c.rep.fault(c.wrong)
		c.wrong = Fault{}
	}
}

// end compares what is left when the journal is read.
func (c *checker) end() {
	c.gap(uint64(c.made.size)+1, uint64(c.head.Size)+1)
	c.flushWrong()
	for l, data := range c.made.levels {
		if t, ok := c.made.tile(l); ok {
			c.compare(t, data)
		}
	}
	root, err := c.made.root()
	fits := err == nil && root == c.head.Root
	for _, d := range c.doubt {
		if fits || c.leads(d.From) {
			c.rep.Read += d.To - d.From + 1
			continue
		}
		c.rep.fault(Fault{File: d.file, Entry: d.From, Last: d.To, Ja: fmt.Sprintf("%d バイト目から: 木の値と違い、どちらもチェックポイントにつながりません", d.offset),
			En: fmt.Sprintf("from byte %d on: it is not what the tree has, and neither leads to the checkpoint", d.offset)})
	}
	for _, t := range c.agree {
		if up := (tlog.Tile{L: t.L + 1, N: t.N >> tileHeight}); !fits && c.isGenuine(up) {
			first, last := covers(t, c.head.Size)
			c.rep.fault(Fault{File: tilePath(t), Entry: first, Last: last, Ja: "記録と木は互いに合いますが、署名されたチェックポイントにつながりません。両方が書き換えられています",
				En: "journal and tree agree with each other here and do not lead to the signed checkpoint: both were rewritten"})
		}
	}
	if !fits && c.rep.OK() {
		c.rep.fault(Fault{File: checkpointFile, Ja: "記録と木は互いに合いますが、署名されたチェックポイントと合いません。両方が書き換えられています", En: "journal and tree agree with each other and not with the signed checkpoint: both were rewritten"})
	}
}

// leads tells whether the entries of the level 0 tile around an entry, as the journal has them, lead to a tile above that is genuine.
func (c *checker) leads(seq uint64) bool {
	t := c.levelZero(int64(seq-1) >> tileHeight)
	up := tlog.Tile{H: tileHeight, L: 1, N: t.N >> tileHeight}
	if t.W < tileWidth || !c.isGenuine(up) {
		return false
	}
	data := c.parent(t, c.head.Size)
	made, ok := c.hashes[t.N]
	at := t.N & (tileWidth - 1)
	return ok && len(data) >= int(at+1)*tlog.HashSize && tlog.Hash(data[at*tlog.HashSize:]) == made
}

// strays names files that do not belong there.
func (c *checker) strays() error {
	err := filepath.WalkDir(filepath.Join(c.dir, tileDir), func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // taken away in the meantime
		}
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(c.dir, path)
		if err != nil {
			return err
		}
		if _, err := parseTilePath(filepath.ToSlash(name)); err != nil {
			c.rep.note(Fault{File: name, Ja: "木のファイルではありません", En: "this is no tile"})
		}
		return nil
	})
	if err != nil {
		return tsujiban.Errorf(tsujiban.CodeUnavailable, "reading the evidence: %w", err)
	}
	return nil
}

// Text says to a person what was found.
func (r *CheckReport) Text(l tsujiban.Lang) string {
	var b strings.Builder
	list := func(fs []Fault) {
		for _, f := range fs {
			fmt.Fprintf(&b, "  %s\n", f.Text(l))
		}
	}
	say := func(ja, en string) string {
		if l == tsujiban.English {
			return en
		}
		return ja
	}
	list(r.Faults)
	if r.More > 0 {
		fmt.Fprintf(&b, say("  ほか %d 件\n", "  and %d more\n"), r.More)
	}
	list(r.Notes)
	for _, e := range r.Erasures {
		fmt.Fprintf(&b, say("  #%s: 保存期間の満了により %s に消去（署名つき）: %s\n", "  #%s: erased on %s at the end of the term, by a signed statement: %s\n"), e.Range, utc(e.At), e.Why)
	}
	if r.OK() {
		fmt.Fprintf(&b, say("%s: 問題ありません（署名された %d 件のうち記録 %d 件を照合、消去済み %d 件、署名待ち %d 件、木のファイル %d、保存チェックポイント %d、鍵 %d）\n",
			"%s: OK (%d entries signed for, %d read and as signed, %d erased, %d not signed for yet; %d tiles, %d kept checkpoints, %d keys)\n"),
			r.Dir, r.Entries, r.Read, r.Erased, r.Behind, r.Tiles, r.Checkpoints, r.Keys)
	}
	return b.String()
}
