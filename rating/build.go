package rating

import (
	"cmp"
	"slices"

	"tsujiban"
)

// build lays the rows out for Find. No two rows have the same prefix and valid_from.
func build(rows []row) *Deck {
	slices.SortFunc(rows, func(a, b row) int {
		return cmp.Or(
			cmp.Compare(b2i(a.prefix.IsLocal()), b2i(b.prefix.IsLocal())),
			compareDigits(a.prefix, b.prefix),
			cmp.Compare(b.from, a.from),
		)
	})
	d := &Deck{rates: make([]rate, len(rows)), local: make(map[tsujiban.Number]uint32)}
	for i, r := range rows {
		d.rates[i] = r.rate
		d.rates[i].next = none
		if i+1 < len(rows) && rows[i+1].prefix == r.prefix {
			d.rates[i].next = uint32(i + 1)
		}
	}
	global := 0
	for global < len(rows) && !rows[global].prefix.IsLocal() {
		global++
	}
	for i := global; i < len(rows); i = same(rows, i) {
		d.local[rows[i].prefix] = uint32(i)
	}
	d.nodes = append(d.nodes, node{})
	d.grow(rows[:global], 0, 0, 0, none)
	return d
}

// grow lays out the rows below a node: they share their first depth digits and stand
// at first in the rates. shorter is the first rate of the longest prefix above.
func (d *Deck) grow(rows []row, first, at uint32, depth int, shorter uint32) {
	if len(rows) > 0 && rows[0].prefix.Len() == depth {
		n := same(rows, 0)
		rows = rows[n:]
		d.rates[first+uint32(n)-1].next = shorter
		shorter = first
		first += uint32(n)
	}
	child := uint32(len(d.nodes))
	d.nodes[at].rate, d.nodes[at].child = shorter, child
	for i, r := range rows {
		if i == 0 || r.prefix.Digit(depth) != rows[i-1].prefix.Digit(depth) {
			d.nodes[at].digits |= 1 << r.prefix.Digit(depth)
			d.nodes = append(d.nodes, node{})
		}
	}
	for i := 0; i < len(rows); child++ {
		j := i
		for j < len(rows) && rows[j].prefix.Digit(depth) == rows[i].prefix.Digit(depth) {
			j++
		}
		d.grow(rows[i:j], first+uint32(i), child, depth+1, shorter)
		i = j
	}
}

// same is the index after the rows with the prefix of row i.
func same(rows []row, i int) int {
	j := i
	for j < len(rows) && rows[j].prefix == rows[i].prefix {
		j++
	}
	return j
}

// compareDigits orders as text does: a prefix before what it begins.
func compareDigits(a, b tsujiban.Number) int {
	for i := range min(a.Len(), b.Len()) {
		if c := cmp.Compare(a.Digit(i), b.Digit(i)); c != 0 {
			return c
		}
	}
	return cmp.Compare(a.Len(), b.Len())
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
