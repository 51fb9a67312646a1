package sqlite

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"os"
	"slices"
)

// ahead asks the kernel for the pages on which rows lie before SQLite reads one after the other: of a file that is in nobody's memory the disk then serves
// all of them at a time, and no reader keeps a processor waiting. It walks the inner pages of a table as they are in the file (SQLite file format, §1.6); what
// it finds is a hint and nothing else, for pages in the WAL may be newer.
type ahead struct {
	f    *os.File // open as long as SQLite has the file open: closing it earlier would drop SQLite's locks
	page int64
	root uint32 // of the table
}

// openAhead is nil when there is nothing to ask, or nobody: reading goes on without.
func openAhead(ctx context.Context, q *sql.DB, path, table string) *ahead {
	a := &ahead{}
	err := q.QueryRowContext(ctx, `SELECT rootpage, (SELECT page_size FROM pragma_page_size) FROM sqlite_master WHERE type = 'table' AND name = ?`, table).Scan(&a.root, &a.page)
	if err != nil {
		return nil
	}
	if a.f, err = os.Open(path); err != nil {
		return nil
	}
	return a
}

func (a *ahead) close() error {
	if a == nil {
		return nil
	}
	return a.f.Close()
}

// branch is a page and the ids that are below it, in order.
type branch struct {
	page uint32
	ids  []int64
}

// The first byte of a page, and how deep a table can be.
const (
	innerPage = 5
	maxDepth  = 20
)

// rows asks for the pages that rows lie on.
func (a *ahead) rows(ids []int64) {
	if a == nil || len(ids) == 0 {
		return
	}
	ids = slices.Clone(ids)
	slices.Sort(ids)
	buf := make([]byte, a.page)
	level := []branch{{a.root, ids}}
	for range maxDepth {
		for _, b := range level {
			willNeed(a.f, int64(b.page-1)*a.page, a.page)
		}
		var below []branch
		for _, b := range level {
			if _, err := a.f.ReadAt(buf, int64(b.page-1)*a.page); err != nil {
				return
			}
			if buf[0] != innerPage {
				return // all pages of a level are of one kind
			}
			var err error
			if below, err = split(below, buf, b.ids); err != nil {
				return
			}
		}
		level = below
	}
}

var errPage = errors.New("this is no inner page of a table")

// split adds the pages below an inner page that have some of the ids. Each cell of it is the number of a page and the largest id below that; what is
// larger than all is below the last one, which the head names.
func split(out []branch, page []byte, ids []int64) ([]branch, error) {
	n := int(binary.BigEndian.Uint16(page[3:]))
	if 12+2*n > len(page) {
		return out, errPage
	}
	cell := func(i int) (child uint32, most int64, err error) {
		at := int(binary.BigEndian.Uint16(page[12+2*i:]))
		if at+4 >= len(page) {
			return 0, 0, errPage
		}
		return binary.BigEndian.Uint32(page[at:]), varint(page[at+4:]), nil
	}
	for len(ids) > 0 {
		low, high := 0, n // the first cell whose largest id is not below the first of ids
		for low < high {
			mid := (low + high) / 2
			_, most, err := cell(mid)
			if err != nil {
				return out, err
			}
			if most < ids[0] {
				low = mid + 1
			} else {
				high = mid
			}
		}
		child, count := binary.BigEndian.Uint32(page[8:]), len(ids)
		if low < n {
			c, most, err := cell(low)
			if err != nil {
				return out, err
			}
			child = c
			if count, _ = slices.BinarySearch(ids, most+1); count == 0 {
				return out, errPage
			}
		}
		if child == 0 {
			return out, errPage
		}
		out = append(out, branch{child, ids[:count]})
		ids = ids[count:]
	}
	return out, nil
}

// varint reads SQLite's: seven bits a byte, the ninth byte all eight.
func varint(b []byte) int64 {
	var v uint64
	for i := 0; i < len(b) && i < 9; i++ {
		if i == 8 {
			return int64(v<<8 | uint64(b[i]))
		}
		if v = v<<7 | uint64(b[i]&0x7f); b[i] < 0x80 {
			break
		}
	}
	return int64(v)
}
