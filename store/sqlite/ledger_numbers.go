package sqlite

import (
	"database/sql"
	"slices"
	"time"

	"tsujiban"
	"tsujiban/ledger"
)

const numberColumns = `n.block, n.start, n.finish, n.state, ifnull(h.id, ''), ifnull(c.name, ''), ifnull(p.name, ''), n.forwarding, n.said, n.entry`

const numberTables = ` FROM numbers n LEFT JOIN holders h ON h.key = n.holder LEFT JOIN carriers c ON c.key = n.source LEFT JOIN carriers p ON p.key = n.peer`

// The spans that stand of the blocks in a range, and of the blocks around its first number.
const (
	spansInside = `SELECT ` + numberColumns + numberTables + ` WHERE n.block BETWEEN ? AND ? AND n.closed = 9223372036854775807`
	spansAround = `SELECT ` + numberColumns + numberTables + ` WHERE n.block IN (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) AND n.closed = 9223372036854775807`
)

func scanSpan(r interface{ Scan(...any) error }) (s ledger.Span, err error) {
	var state string
	v := &s.Value
	if err := r.Scan(&s.Block, &s.From, &s.To, &state, &v.Holder, &v.Source, &v.Peer, &v.Forwarding, &s.Entry, &s.Row); err != nil {
		return s, err
	}
	var ok bool
	if v.State, ok = ledger.ParseState(state); !ok {
		return s, unknown("state", state)
	}
	return s, nil
}

// aroundArgs are the blocks around a number as the statements want them: eleven, the last one repeated.
func aroundArgs(n int64) []any {
	blocks := ledger.Around(n)
	out := make([]any, 11)
	for i := range out {
		out[i] = int64(blocks[min(i, len(blocks)-1)])
	}
	return out
}

// change does one change of an order.
func (b *batch) change(c *ledger.Change) error {
	if err := c.Valid(fromMicros(b.at)); err != nil {
		return err
	}
	if c.Holder != "" {
		if err := b.mayHold(c.Holder, c.From); err != nil {
			return err
		}
	}
	if c.Verb == ledger.VerbResume || c.Verb == ledger.VerbPortOut {
		if err := b.notAsked(c.Ranges); err != nil {
			return err
		}
	}
	var current []ledger.Span
	for _, r := range c.Ranges {
		spans, err := b.spans(r)
		if err != nil {
			return err
		}
		current = append(current, spans...)
	}
	if len(c.Ranges) > 1 {
		current = distinct(current)
	}
	gone, added, err := ledger.Rewrite(c, current)
	if err != nil {
		return err
	}
	if err := b.replace(gone, added); err != nil {
		return err
	}
	b.ranges = append(b.ranges, c.Ranges...)
	return nil
}

// replace withdraws spans and writes others.
func (b *batch) replace(gone, added []ledger.Span) error {
	for i := range gone {
		b.touched(gone[i].Block)
		if err := b.withdraw("numbers", "block = ? AND start = ?", gone[i].Row, int64(gone[i].Block), gone[i].From); err != nil {
			return err
		}
	}
	for i := range added {
		b.touched(added[i].Block)
		if err := b.writeSpan(&added[i]); err != nil {
			return err
		}
	}
	return nil
}

// distinct drops the blocks that two ranges of a change found.
func distinct(spans []ledger.Span) []ledger.Span {
	seen := make(map[[2]int64]bool, len(spans))
	return slices.DeleteFunc(spans, func(s ledger.Span) bool {
		k := [2]int64{int64(s.Block), s.From}
		was := seen[k]
		seen[k] = true
		return was
	})
}

// spans reads what stands of the blocks that overlap a range.
func (b *batch) spans(r ledger.Range) (out []ledger.Span, err error) {
	low, high := int64(ledger.BlockOf(r.First, 0)), r.Last<<4|15
	inside, err := b.statement(spansInside)
	if err != nil {
		return nil, err
	}
	if out, err = b.scanSpans(inside, []any{low, high}, nil); err != nil {
		return nil, err
	}
	around, err := b.statement(spansAround)
	if err != nil {
		return nil, err
	}
	before := func(s *ledger.Span) bool { return int64(s.Block) < low }
	wide, err := b.scanSpans(around, aroundArgs(r.First), before)
	return append(out, wide...), err
}

func (b *batch) scanSpans(s *sql.Stmt, args []any, keep func(*ledger.Span) bool) (out []ledger.Span, err error) {
	rows, err := s.QueryContext(b.ctx, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // Err says what matters
	for rows.Next() {
		s, err := scanSpan(rows)
		if err != nil {
			return nil, err
		}
		if keep == nil || keep(&s) {
			out = append(out, s)
		}
	}
	return out, rows.Err()
}

const insertSpan = `INSERT INTO numbers (block, start, finish, state, holder, source, peer, forwarding, said, entry, closed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 9223372036854775807)`

func (b *batch) writeSpan(s *ledger.Span) error {
	v := &s.Value
	holder, err := b.holderKey(v.Holder)
	if err != nil {
		return err
	}
	source, err := b.carrierKey(v.Source)
	if err != nil {
		return err
	}
	peer, err := b.carrierKey(v.Peer)
	if err != nil {
		return err
	}
	return b.exec(insertSpan, int64(s.Block), s.From, s.To, v.State.String(), holder, source, peer, v.Forwarding, b.saidBy(s.Entry), b.entry)
}

// saidBy is who said what is written: this entry, when nobody did before.
func (b *batch) saidBy(entry int64) int64 {
	if entry == 0 {
		return b.entry
	}
	return entry
}

// mayKey is what mayHold was asked: whether a holder may get numbers from an instant on.
type mayKey struct {
	holder tsujiban.CustomerID
	from   int64
}

// mayHold tells why a holder may not get numbers: it, and every reseller above it, has to be
// known at that instant, to have passed the onboarding screen, and not to be barred.
func (b *batch) mayHold(id tsujiban.CustomerID, from time.Time) error {
	key := mayKey{id, micros(from)}
	if err, ok := b.may[key]; ok {
		return err
	}
	links, err := b.chain(b.tx, id, micros(from), b.entry)
	for i := 0; i < len(links) && err == nil; i++ {
		if err = b.passed(links[i].ID); err == nil {
			err = b.barred(links[i].ID)
		}
	}
	b.may[key] = err
	return err
}
