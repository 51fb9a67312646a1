package sqlite

import (
	"context"
	"database/sql"
	"slices"

	"tsujiban"
	"tsujiban/ledger"
)

const (
	designationColumns = `n.block, n.start, n.finish, ifnull(c.name, ''), n.said, n.entry FROM designations n LEFT JOIN carriers c ON c.key = n.carrier`
	designatedInside   = `SELECT ` + designationColumns + ` WHERE n.block BETWEEN ? AND ? AND n.closed = 9223372036854775807`
	designatedAround   = `SELECT ` + designationColumns + ` WHERE n.block IN (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) AND n.closed = 9223372036854775807`
)

// Publish takes a designation table into the ledger under one entry: from the day of its publication on its blocks belong
// to the carriers that it names. A block that stands in it twice, or a day that cannot be, refuses it whole.
func (l *Ledger) Publish(ctx context.Context, p *ledger.Publication, o *ledger.Order) (ledger.Outcome, error) {
	return l.carryOut(ctx, o, func(b *batch) error {
		if err := b.each(0, func() error { return ledger.ValidInstant("published", p.Published, fromMicros(b.at)) }); err != nil || len(b.refused.Lines) > 0 {
			return err
		}
		rows := slices.Clone(p.Rows)
		slices.SortFunc(rows, func(a, b ledger.Designation) int { return int(min(max(a.Range.First-b.Range.First, -1), 1)) })
		for i := 1; i < len(rows); i++ {
			if rows[i].Range.First <= rows[i-1].Range.Last {
				at := max(rows[i].Line, rows[i-1].Line)
				b.refused.Add(at, tsujiban.Errorf(tsujiban.CodeInvalid, "%s stands in the table twice, also in line %d", rows[i].Range, min(rows[i].Line, rows[i-1].Line)))
			}
		}
		if len(b.refused.Lines) > 0 {
			return nil
		}
		if err := b.noteCoverage(micros(p.Published), p.Whole, rows); err != nil {
			return err
		}
		for _, r := range uncovered(p.Whole, rows) {
			if err := b.dropDesignations(r, micros(p.Published)); err != nil {
				return err
			}
		}
		for i := range rows {
			if err := b.designate(rows[i].Range, rows[i].Carrier, micros(p.Published)); err != nil {
				return err
			}
		}
		return nil
	})
}

// coverage is numbers that a publication speaks of.
type coverage struct {
	published int64
	r         ledger.Range
}

// noteCoverage keeps what this publication speaks of, and reads what later ones do.
func (b *batch) noteCoverage(published int64, whole []ledger.Range, rows []ledger.Designation) error {
	all := slices.Clone(whole)
	for i := range rows {
		all = append(all, rows[i].Range)
	}
	for _, r := range ledger.Join(all) {
		if err := b.exec(`INSERT INTO publications (published, low, high, entry) VALUES (?, ?, ?, ?)`, published, r.First, r.Last, b.entry); err != nil {
			return err
		}
	}
	return b.d.list(b.ctx, "read the publications", b.tx, `SELECT p.published, p.low, p.high FROM publications p JOIN entries e ON e.id = p.entry
		WHERE p.published > ? AND e.undone = 0 ORDER BY p.published, p.low`, []any{published}, func(r *sql.Rows) error {
		var c coverage
		err := r.Scan(&c.published, &c.r.First, &c.r.Last)
		b.later = append(b.later, c)
		return err
	})
}

// uncovered is what the table covers and does not name. rows are in order.
func uncovered(whole []ledger.Range, rows []ledger.Designation) (out []ledger.Range) {
	for _, w := range ledger.Join(slices.Clone(whole)) {
		at := w.First
		for i := range rows {
			r := rows[i].Range
			if r.Last < at || r.First > w.Last {
				continue
			}
			if r.First > at {
				out = append(out, ledger.Range{First: at, Last: r.First - 1})
			}
			at = r.Last + 1
		}
		if at <= w.Last {
			out = append(out, ledger.Range{First: at, Last: w.Last})
		}
	}
	return out
}

// dropDesignations says of the blocks of earlier tables that nobody holds them any more.
func (b *batch) dropDesignations(r ledger.Range, published int64) error {
	spans, err := b.designated(r)
	if err != nil {
		return err
	}
	var named []ledger.Range
	for _, s := range spans {
		if s.Value.Source != "" && s.To > published {
			named = append(named, ledger.Range{First: max(r.First, s.Block.First()), Last: min(r.Last, s.Block.Last())})
		}
	}
	for _, n := range ledger.Join(named) {
		if err := b.designate(n, "", published); err != nil {
			return err
		}
	}
	return nil
}

func (b *batch) designated(r ledger.Range) (out []ledger.Span, err error) {
	low := int64(ledger.BlockOf(r.First, 0))
	for _, q := range []struct {
		query string
		args  []any
		wide  bool
	}{{designatedInside, []any{low, r.Last<<4 | 15}, false}, {designatedAround, aroundArgs(r.First), true}} {
		err := b.d.list(b.ctx, "read the designations", b.tx, q.query, q.args, func(rows *sql.Rows) error {
			var s ledger.Span
			err := rows.Scan(&s.Block, &s.From, &s.To, &s.Value.Source, &s.Entry, &s.Row)
			if !q.wide || int64(s.Block) < low {
				out = append(out, s)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// designate says what a publication does of a range, up to the next one that speaks of it.
func (b *batch) designate(r ledger.Range, carrier string, published int64) error {
	left := []ledger.Range{r}
	for _, c := range b.later {
		var next []ledger.Range
		for _, l := range left {
			if part := (ledger.Range{First: max(l.First, c.r.First), Last: min(l.Last, c.r.Last)}); part.First <= part.Last {
				if err := b.designateUntil(part, carrier, published, c.published); err != nil {
					return err
				}
			}
			next = append(next, l.Without([]ledger.Range{c.r})...)
		}
		left = next
	}
	for _, l := range left {
		if err := b.designateUntil(l, carrier, published, ledger.Forever); err != nil {
			return err
		}
	}
	return nil
}

func (b *batch) designateUntil(r ledger.Range, carrier string, published, until int64) error {
	current, err := b.designated(r)
	if err != nil {
		return err
	}
	gone, added := ledger.Designate(r, carrier, published, until, current)
	for i := range gone {
		b.touched(gone[i].Block)
		if err := b.withdraw("designations", "block = ? AND start = ?", gone[i].Row, int64(gone[i].Block), gone[i].From); err != nil {
			return err
		}
	}
	for i := range added {
		s := &added[i]
		b.touched(s.Block)
		key, err := b.carrierKey(s.Value.Source)
		if err != nil {
			return err
		}
		err = b.exec(`INSERT INTO designations (block, start, finish, carrier, published, said, entry, closed) VALUES (?, ?, ?, ?, ?, ?, ?, 9223372036854775807)`,
			int64(s.Block), s.From, s.To, key, s.From, b.saidBy(s.Entry), b.entry)
		if err != nil {
			return err
		}
	}
	if len(added) > 0 || len(gone) > 0 {
		b.ranges = append(b.ranges, r)
	}
	return nil
}
