package ledger

import (
	"cmp"
	"math"
	"slices"
	"time"

	"tsujiban"
)

// Forever is the end of what has no end, in microseconds of Unix time.
const Forever = math.MaxInt64

// Span is what is true of a block from one instant to another.
type Span struct {
	Block    Block
	From, To int64 // microseconds of Unix time; To is exclusive, or Forever
	Value    Value
	Entry    int64 // the entry that said so; 0 before it is written
	// Row is the entry from which on this row is believed: that of Entry, or a later one that cut a row in
	// pieces or took another entry back. Only the store uses it.
	Row int64
}

// Micros is an instant as spans have it; the zero time is Forever.
func Micros(t time.Time) int64 {
	if t.IsZero() {
		return Forever
	}
	return t.UnixMicro()
}

// Time is the instant of Micros, in UTC; zero for Forever.
func Time(us int64) time.Time {
	if us == Forever {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// part is what is true of a range for a while.
type part struct {
	r        Range
	from, to int64
	value    Value
	entry    int64 // that said so; 0 for what the change says
}

// Rewrite works out what a change does: which of the spans that stand are superseded, and what
// stands in their place. current has every span that stands of a block that overlaps the
// change, of all times. Nothing is changed when there is an error: CodeConflict when a number
// is in a state from which the change does not lead.
func Rewrite(c *Change, current []Span) (gone, added []Span, err error) {
	var parts []part
	for _, r := range Join(slices.Clone(c.Ranges)) {
		for _, seg := range segments(r, current) {
			own := timeline(seg, current)
			p, err := c.apply(seg, own)
			if err == nil {
				err = c.whole(seg, own, p)
			}
			if err != nil {
				return nil, nil, err
			}
			parts = append(parts, p...)
		}
	}
	from, to := c.window()
	for _, s := range current {
		if s.From < to && from < s.To && touches(c.Ranges, s.Block.Range()) {
			gone = append(gone, s)
			parts = append(parts, kept(c.Ranges, s)...)
		}
	}
	for _, p := range joined(parts) {
		added = p.spans(added)
	}
	gone, added = unchanged(gone, added)
	return gone, added, nil
}

// spans appends the part as spans of blocks.
func (p *part) spans(dst []Span) []Span {
	for _, b := range p.r.Blocks() {
		dst = append(dst, Span{Block: b, From: p.from, To: p.to, Value: p.value, Entry: p.entry})
	}
	return dst
}

func touches(rs []Range, r Range) bool {
	return slices.ContainsFunc(rs, r.overlaps)
}

// kept are the numbers of a superseded span that the change does not touch.
func kept(rs []Range, s Span) []part {
	left := s.Block.Range().Without(rs)
	out := make([]part, len(left))
	for i, l := range left {
		out[i] = part{l, s.From, s.To, s.Value, s.Entry}
	}
	return out
}

// segments cuts a range where a span that stands begins or ends: within one all numbers have the same life.
func segments(r Range, current []Span) []Range {
	cuts := []int64{r.First}
	for _, s := range current {
		b := s.Block.Range()
		if b.First > r.First && b.First <= r.Last {
			cuts = append(cuts, b.First)
		}
		if b.Last >= r.First && b.Last < r.Last {
			cuts = append(cuts, b.Last+1)
		}
	}
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)
	out := make([]Range, len(cuts))
	for i, c := range cuts {
		out[i] = Range{c, r.Last}
		if i+1 < len(cuts) {
			out[i].Last = cuts[i+1] - 1
		}
	}
	return out
}

// timeline is the life of a segment, in order.
func timeline(seg Range, current []Span) []part {
	var out []part
	for _, s := range current {
		if s.Block.Range().overlaps(seg) {
			out = append(out, part{seg, s.From, s.To, s.Value, s.Entry})
		}
	}
	slices.SortFunc(out, func(a, b part) int { return cmp.Compare(a.from, b.from) })
	return out
}

// runs joins what follows each other with the same value: nothing happened between two rows of one life.
func runs(own []part) []part {
	var out []part
	for _, p := range own {
		if n := len(out); n > 0 && out[n-1].to == p.from && out[n-1].value == p.value {
			out[n-1].to = p.to
			continue
		}
		out = append(out, p)
	}
	return out
}

// whole tells whether the life of a segment, after the change, has no gap and goes on for ever.
func (c *Change) whole(seg Range, own, now []part) error {
	from, to := c.window()
	life := slices.Clone(now)
	for _, p := range own {
		if p.to <= from || p.from >= to {
			life = append(life, p)
		}
	}
	slices.SortFunc(life, func(a, b part) int { return cmp.Compare(a.from, b.from) })
	for i, p := range life {
		switch {
		case i+1 < len(life) && p.to != life[i+1].from, i+1 == len(life) && p.to != Forever:
			return conflict("%s: there would be a gap from %s on: a number stays in the ledger once it is in; leave until out, or let it meet what comes next", seg, Stamp(Time(p.to)))
		}
	}
	return nil
}

// joined puts together what follows each other in time and in number, with the same value.
func joined(parts []part) []part {
	// In time first: a life in as few steps as it has.
	slices.SortFunc(parts, func(a, b part) int {
		return cmp.Or(cmp.Compare(a.r.First, b.r.First), cmp.Compare(a.r.Last, b.r.Last), cmp.Compare(a.from, b.from))
	})
	out := parts[:0]
	for _, p := range parts {
		if n := len(out); n > 0 && out[n-1].r == p.r && out[n-1].to == p.from && out[n-1].value == p.value && out[n-1].entry == p.entry {
			out[n-1].to = p.to
			continue
		}
		out = append(out, p)
	}
	parts = out
	slices.SortFunc(parts, func(a, b part) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to), compareValues(a.value, b.value), cmp.Compare(a.entry, b.entry), cmp.Compare(a.r.First, b.r.First))
	})
	out = parts[:0]
	for _, p := range parts {
		if n := len(out); n > 0 && out[n-1].from == p.from && out[n-1].to == p.to && out[n-1].value == p.value && out[n-1].entry == p.entry && out[n-1].r.Last+1 == p.r.First {
			out[n-1].r.Last = p.r.Last
			continue
		}
		out = append(out, p)
	}
	return out
}

func compareValues(a, b Value) int {
	forwarding := 0
	if a.Forwarding != b.Forwarding {
		forwarding = 1
		if b.Forwarding {
			forwarding = -1
		}
	}
	return cmp.Or(cmp.Compare(a.State, b.State), cmp.Compare(a.Holder, b.Holder), cmp.Compare(a.Source, b.Source), cmp.Compare(a.Peer, b.Peer), forwarding)
}

// unchanged leaves out what would be written again as it was.
func unchanged(gone, added []Span) ([]Span, []Span) {
	same := make(map[Span]bool, len(gone))
	for _, g := range gone {
		g.Row = 0
		same[g] = true
	}
	again := make(map[Span]bool)
	added = slices.DeleteFunc(added, func(a Span) bool {
		if same[a] {
			again[a] = true
			return true
		}
		return false
	})
	gone = slices.DeleteFunc(gone, func(g Span) bool {
		g.Row = 0
		return again[g]
	})
	slices.SortFunc(added, func(a, b Span) int { return cmp.Or(cmp.Compare(a.Block, b.Block), cmp.Compare(a.From, b.From)) })
	return gone, added
}

func conflict(format string, args ...any) error {
	return tsujiban.Errorf(tsujiban.CodeConflict, format, args...)
}

func invalid(field, format string, args ...any) error {
	return tsujiban.Errorf(tsujiban.CodeInvalid, field+": "+format, args...)
}
