package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
)

// How SQLite lays out a file (https://sqlite.org/fileformat2.html): as far as writing whole trees, entry after entry in their order, into a file that is
// closed needs it. Each page is written once, and full.
const (
	pageSize   = 4096
	pageOfLock = 1<<30/pageSize + 1 // §1.7: the page of the lock bytes holds nothing

	leafOfTable, innerOfTable = 0x0d, 0x05 // §1.6
	leafOfIndex, innerOfIndex = 0x0a, 0x02
	longestOfTable            = pageSize - 35
	longestOfIndex            = (pageSize-12)*64/255 - 23
)

// pages appends pages to a file.
type pages struct {
	f    *os.File
	w    *bufio.Writer
	next uint32 // number of the page that is written next
}

var errLayout = errors.New("the file is not laid out as it is expected")

// openPages opens a file of SQLite that nobody has open.
func openPages(path string) (*pages, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	p := &pages{f: f, w: bufio.NewWriterSize(f, 4<<20)}
	var head [100]byte
	info, err := f.Stat()
	if err == nil {
		_, err = f.ReadAt(head[:], 0)
	}
	if err == nil {
		_, err = f.Seek(0, 2)
	}
	// §1.3: the size of a page, nothing kept free in it, the format of rows, no pages of pointers.
	if err == nil && (binary.BigEndian.Uint16(head[16:]) != pageSize || head[20] != 0 || binary.BigEndian.Uint32(head[44:]) != 4 || binary.BigEndian.Uint32(head[52:]) != 0 || info.Size()%pageSize != 0) {
		err = errLayout
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	p.next = uint32(info.Size()/pageSize) + 1
	return p, nil
}

func (p *pages) write(page []byte) (number uint32, err error) {
	if p.next == pageOfLock {
		if _, err := p.w.Write(make([]byte, pageSize)); err != nil {
			return 0, err
		}
		p.next++
	}
	_, err = p.w.Write(page)
	p.next++
	return p.next - 1, err
}

// close writes into the head how large the file is (§1.3.7, §1.3.13).
func (p *pages) close(whole bool) (err error) {
	if whole {
		err = p.w.Flush()
		var b [4]byte
		for _, h := range []struct {
			at    int64
			value uint32
		}{{24, 1 << 20}, {28, p.next - 1}, {92, 1 << 20}} {
			binary.BigEndian.PutUint32(b[:], h.value)
			_, werr := p.f.WriteAt(b[:], h.at)
			err = errors.Join(err, werr)
		}
	}
	return errors.Join(err, p.f.Close())
}

// page is one that is being filled: cells from its end, their places from its head.
type page struct {
	buf   [pageSize]byte
	head  int // 8 in a leaf, 12 elsewhere
	cells int
	end   int // where the last cell begins
	child uint32
	key   []byte // of the last cell, without the child
}

func (g *page) clear(head int) { g.head, g.cells, g.end, g.key = head, 0, pageSize, g.key[:0] }

func (g *page) fits(n int) bool { return g.end-(g.head+2*(g.cells+1)) >= n }

// add puts a cell on the page; child is none in a leaf.
func (g *page) add(child uint32, key []byte) {
	g.end -= len(key)
	copy(g.buf[g.end:], key)
	if g.head == 12 {
		g.end -= 4
		binary.BigEndian.PutUint32(g.buf[g.end:], child)
	}
	binary.BigEndian.PutUint16(g.buf[g.head+2*g.cells:], uint16(g.end))
	g.cells++
	g.child, g.key = child, append(g.key[:0], key...)
}

// drop takes the last cell off again; it stays in child and key.
func (g *page) drop() {
	g.cells--
	g.end += len(g.key)
	if g.head == 12 {
		g.end += 4
	}
}

// bytes are the page with its head (§1.6). last is the child behind all cells.
func (g *page) bytes(kind byte, last uint32) []byte {
	clear(g.buf[g.head+2*g.cells : g.end])
	b := g.buf[:]
	b[0], b[7] = kind, 0
	binary.BigEndian.PutUint16(b[1:], 0)
	binary.BigEndian.PutUint16(b[3:], uint16(g.cells))
	binary.BigEndian.PutUint16(b[5:], uint16(g.end))
	if g.head == 12 {
		binary.BigEndian.PutUint32(b[8:], last)
	}
	return b
}

// tree is one that is being written. Of a table each entry has a rowid, and the inner pages repeat them; of an index an entry stands either in a leaf or in an
// inner page.
type tree struct {
	p      *pages
	table  bool
	root   uint32
	levels []*page // the leaf first
	rowid  int64   // of the last entry
	cell   []byte
	err    error
}

func newTree(p *pages, root uint32, table bool) *tree {
	t := &tree{p: p, root: root, table: table}
	t.level(0)
	return t
}

func (t *tree) level(i int) *page {
	if i == len(t.levels) {
		g := &page{}
		g.clear(8)
		if i > 0 {
			g.clear(12)
		}
		t.levels = append(t.levels, g)
	}
	return t.levels[i]
}

func (t *tree) kind(level int) byte {
	switch {
	case t.table && level == 0:
		return leafOfTable
	case t.table:
		return innerOfTable
	case level == 0:
		return leafOfIndex
	}
	return innerOfIndex
}

// add writes the next entry; the rowid counts in a table only.
func (t *tree) add(rowid int64, record []byte) {
	longest := longestOfIndex
	t.cell = appendVarint(t.cell[:0], uint64(len(record)))
	if t.table {
		longest = longestOfTable
		t.cell = appendVarint(t.cell, uint64(rowid))
	}
	if len(record) > longest {
		t.err = errors.Join(t.err, fmt.Errorf("a row of %d bytes does not fit on a page", len(record)))
		return
	}
	t.cell = append(t.cell, record...)
	leaf := t.levels[0]
	if !leaf.fits(len(t.cell)) {
		t.full(0)
	}
	leaf.add(0, t.cell)
	t.rowid = rowid
}

// full writes a page, and puts it into the one above. In an index, and in an inner page, the last cell goes there.
func (t *tree) full(level int) {
	g := t.levels[level]
	key := g.key
	if t.table && level == 0 {
		key = appendVarint(nil, uint64(t.rowid))
	} else {
		g.drop()
	}
	number, err := t.p.write(g.bytes(t.kind(level), g.child))
	t.err = errors.Join(t.err, err)
	above := t.level(level + 1)
	if !above.fits(4 + len(key)) {
		t.full(level + 1)
	}
	above.add(number, key)
	g.clear(g.head)
}

// finish writes what is left; the last page of all is the root.
func (t *tree) finish() error {
	var last uint32
	for i, g := range t.levels {
		b := g.bytes(t.kind(i), last)
		if i == len(t.levels)-1 {
			_, err := t.p.f.WriteAt(b, int64(t.root-1)*pageSize)
			return errors.Join(t.err, err)
		}
		number, err := t.p.write(b)
		t.err = errors.Join(t.err, err)
		last = number
	}
	return t.err
}

// appendVarint is §1.6's: seven bits a byte, the ninth byte all eight.
func appendVarint(b []byte, v uint64) []byte {
	if v < 1<<7 {
		return append(b, byte(v))
	}
	if v >= 1<<56 {
		for shift := 57; shift > 1; shift -= 7 {
			b = append(b, byte(v>>shift)|0x80)
		}
		return append(b, byte(v))
	}
	shift := 49
	for v>>shift == 0 {
		shift -= 7
	}
	for ; shift > 0; shift -= 7 {
		b = append(b, byte(v>>shift)|0x80)
	}
	return append(b, byte(v)&0x7f)
}

// record is a row as it is kept (§2.1): kinds and lengths first, then the values.
type record struct{ kinds, values, out []byte }

func (r *record) reset() { r.kinds, r.values = r.kinds[:0], r.values[:0] }

func (r *record) null() { r.kinds = append(r.kinds, 0) }

func (r *record) text(s string) {
	r.kinds = appendVarint(r.kinds, uint64(2*len(s)+13))
	r.values = append(r.values, s...)
}

func (r *record) int(v int64) {
	if v == 0 || v == 1 {
		r.kinds = append(r.kinds, byte(8+v))
		return
	}
	u := v ^ v>>63 // how large it is
	kind, n := byte(6), 8
	for i, bits := range [...]int{7, 15, 23, 31, 47} {
		if u>>bits == 0 {
			kind, n = byte(i+1), (bits+1)/8
			break
		}
	}
	r.kinds = append(r.kinds, kind)
	for shift := 8 * (n - 1); shift >= 0; shift -= 8 {
		r.values = append(r.values, byte(v>>shift))
	}
}

// real is as a column has it that holds numbers of this kind: a whole number is kept as one.
func (r *record) real(v float64) {
	if v == math.Trunc(v) && math.Abs(v) < 1<<47 {
		r.int(int64(v))
		return
	}
	r.kinds = append(r.kinds, 7)
	r.values = binary.BigEndian.AppendUint64(r.values, math.Float64bits(v))
}

// any is for values of columns.
func (r *record) any(v any) {
	switch v := v.(type) {
	case nil:
		r.null()
	case string:
		r.text(v)
	case int64:
		r.int(v)
	case int:
		r.int(int64(v))
	case bool:
		if r.int(0); v {
			r.kinds[len(r.kinds)-1] = 9
		}
	case float64:
		r.real(v)
	default:
		panic(fmt.Sprintf("a value of a column is a %T", v))
	}
}

// bytes are valid until the next.
func (r *record) bytes() []byte {
	n := len(r.kinds) + 1
	if n > 127 {
		n++ // the length of the head counts itself
	}
	r.out = appendVarint(r.out[:0], uint64(n))
	r.out = append(append(r.out, r.kinds...), r.values...)
	return r.out
}
