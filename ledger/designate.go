package ledger

import "time"

// Designation is what a table of the ministry says of a block.
type Designation struct {
	Range   Range
	Carrier string // empty: the table names nobody
	Line    int
	Where   string // file and sheet
}

// Publication is a designation table as it was published.
type Publication struct {
	Published time.Time // midnight of the day of publication; needed
	Rows      []Designation
	// Whole are the numbers that the table covers: blocks in them that it does not name are nobody's from then on.
	Whole []Range
}

// Designate works out what a publication says of one range from its day on until the next publication that speaks of it,
// Forever when there is none yet. current has every row that stands of a block that overlaps the range; Value.Source is the carrier.
func Designate(r Range, carrier string, published, until int64, current []Span) (gone, added []Span) {
	var parts []part
	cut := map[Span]bool{}
	for _, seg := range segments(r, current) {
		to := until
		for _, s := range current {
			if s.Block.Range().overlaps(seg) && s.From > published {
				to = min(to, s.From)
			}
		}
		said := false // before, and by whom stays
		for _, s := range current {
			if !s.Block.Range().overlaps(seg) || s.From >= to || s.To <= published {
				continue
			}
			cut[s] = true
			if s.Value.Source == carrier {
				said = true
				parts = append(parts, part{seg, s.From, s.To, s.Value, s.Entry})
				continue
			}
			if s.From < published {
				parts = append(parts, part{seg, s.From, published, s.Value, s.Entry})
			}
			if s.To > to {
				parts = append(parts, part{seg, to, s.To, s.Value, s.Entry})
			}
		}
		if !said {
			parts = append(parts, part{seg, published, to, Value{Source: carrier}, 0})
		}
	}
	for _, s := range current {
		if cut[s] {
			gone = append(gone, s)
			parts = append(parts, kept([]Range{r}, s)...)
		}
	}
	for _, p := range joined(parts) {
		added = p.spans(added)
	}
	return unchanged(gone, added)
}
