package ledger

import (
	"cmp"
	"slices"
)

// Restore works out how to take an entry back: said are the spans that it wrote, before what it superseded, current all that
// stands of the blocks that overlap said. What others did beside it stays. CodeConflict, naming the other, when an entry
// has since said something else of the same numbers at the same time.
func Restore(entry int64, said, before, current []Span) (gone, added []Span, err error) {
	region := newShelf(said)
	var parts []part
	for _, s := range current {
		hit := false
		left := []part{{s.Block.Range(), s.From, s.To, s.Value, s.Entry}}
		for _, r := range region.over(s.Block) {
			if r.From >= s.To || s.From >= r.To {
				continue
			}
			if s.Entry != entry {
				return nil, nil, conflict("entry %d cannot be taken back: entry %d has since said more of %s; undo that one first", entry, s.Entry, s.Block.Range())
			}
			hit = true
			left = cutOut(left, r)
		}
		if hit {
			gone = append(gone, s)
			parts = append(parts, left...)
		}
	}
	for _, o := range before {
		for _, r := range region.over(o.Block) {
			narrow := o.Block
			if r.Block.Free() < o.Block.Free() {
				narrow = r.Block
			}
			if from, to := max(r.From, o.From), min(r.To, o.To); from < to {
				parts = append(parts, part{narrow.Range(), from, to, o.Value, o.Entry})
			}
		}
	}
	for _, p := range joined(parts) {
		added = p.spans(added)
	}
	gone, added = unchanged(gone, added)
	return gone, added, nil
}

// cutOut takes a span out of parts of a block that overlaps it.
func cutOut(parts []part, r Span) []part {
	var out []part
	for _, p := range parts {
		if !p.r.overlaps(r.Block.Range()) || r.From >= p.to || p.from >= r.To {
			out = append(out, p)
			continue
		}
		for _, l := range p.r.without(r.Block.Range(), nil) {
			out = append(out, part{l, p.from, p.to, p.value, p.entry})
		}
		both := Range{max(p.r.First, r.Block.First()), min(p.r.Last, r.Block.Last())}
		if p.from < r.From {
			out = append(out, part{both, p.from, r.From, p.value, p.entry})
		}
		if r.To < p.to {
			out = append(out, part{both, r.To, p.to, p.value, p.entry})
		}
	}
	return out
}

// shelf finds spans by block. Of two blocks that overlap one lies inside the other.
type shelf struct {
	sorted []Span // by block
	at     map[Block][2]int
}

func newShelf(spans []Span) *shelf {
	s := &shelf{sorted: slices.Clone(spans), at: make(map[Block][2]int, len(spans))}
	slices.SortFunc(s.sorted, func(a, b Span) int { return cmp.Or(cmp.Compare(a.Block, b.Block), cmp.Compare(a.From, b.From)) })
	for i := 0; i < len(s.sorted); {
		j := i
		for j < len(s.sorted) && s.sorted[j].Block == s.sorted[i].Block {
			j++
		}
		s.at[s.sorted[i].Block] = [2]int{i, j}
		i = j
	}
	return s
}

// over are the spans whose blocks overlap a block.
func (s *shelf) over(b Block) []Span {
	var out []Span
	for _, wide := range Around(b.First()) {
		if wide.Free() > b.Free() {
			if at, ok := s.at[wide]; ok {
				out = append(out, s.sorted[at[0]:at[1]]...)
			}
		}
	}
	i, _ := slices.BinarySearchFunc(s.sorted, BlockOf(b.First(), 0), func(x Span, k Block) int { return cmp.Compare(x.Block, k) })
	for ; i < len(s.sorted) && s.sorted[i].Block.First() <= b.Last(); i++ {
		if s.sorted[i].Block.Free() <= b.Free() {
			out = append(out, s.sorted[i])
		}
	}
	return out
}
