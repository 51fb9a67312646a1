package sqlite

import (
	"os"
	"slices"
	"testing"
)

// TestAhead: the pages that are asked for are those on which the rows lie, as SQLite itself says.
func TestAhead(t *testing.T) {
	s := open(t)
	must(t, s.ApplyEvents(t.Context(), (&traffic{calls: 6000, overlap: 20}).events(20_000)))
	must(t, s.view.settle(t.Context()))
	ids := column[int64](t, s.view.read, `SELECT id FROM calls ORDER BY id`)
	page, err := os.ReadFile(s.view.path)
	must(t, err)
	a := s.view.ahead
	at := func(n uint32) []byte { return page[int64(n-1)*a.page : int64(n)*a.page] }
	leaves := []branch{{a.root, ids}}
	depth := 0
	for ; at(leaves[0].page)[0] == innerPage; depth++ {
		var below []branch
		for _, b := range leaves {
			below, err = split(below, at(b.page), b.ids)
			must(t, err)
		}
		leaves = below
	}
	got := make([]int64, len(leaves))
	for i, b := range leaves {
		got[i] = int64(b.page)
		if first := int64(at(b.page)[3])<<8 | int64(at(b.page)[4]); int64(len(b.ids)) != first {
			t.Errorf("page %d has %d rows, %d were looked for there", b.page, first, len(b.ids))
		}
	}
	want := column[int64](t, s.view.read, `SELECT pageno FROM dbstat WHERE name = 'calls' AND pagetype = 'leaf' ORDER BY path`)
	slices.Sort(got)
	slices.Sort(want)
	if depth < 2 || !slices.Equal(got, want) {
		t.Errorf("depth %d: %d leaves were found, there are %d", depth, len(got), len(want))
	}
	a.rows(ids) // for what it does: nothing
	for i := range 200 {
		_, _ = split(nil, at(uint32(i%len(page)/int(a.page)+1)), ids[:5]) // any page: it must not fall over
	}
}
