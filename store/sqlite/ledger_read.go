package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"time"

	"tsujiban"
	"tsujiban/ledger"
)

// belief is the last entry that was known at an instant; with the zero time, the last one that there is.
func (l *Ledger) belief(ctx context.Context, at time.Time) (id int64, err error) {
	us := int64(ledger.Forever)
	if !at.IsZero() {
		us = micros(at)
	}
	err = l.d.rowKept(ctx, `SELECT id FROM entries WHERE at <= ? ORDER BY at DESC LIMIT 1`, us).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return id, l.d.explain(ctx, "read the ledger", err)
}

const spanAt = `SELECT ` + numberColumns + numberTables + ` WHERE n.block IN (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
	AND n.start <= ? AND n.finish > ? AND n.entry <= ? AND n.closed > ?`

// At says what is true of a number at an instant.
func (l *Ledger) At(ctx context.Context, n tsujiban.Number, at, believed time.Time) (ledger.Position, error) {
	ps, err := l.AtEach(ctx, []tsujiban.Number{n}, at, believed)
	if err != nil {
		return ledger.Position{}, err
	}
	return ps[0], nil
}

// AtEach asks At for many numbers at once.
func (l *Ledger) AtEach(ctx context.Context, ns []tsujiban.Number, at, believed time.Time) (_ []ledger.Position, err error) {
	const doing = "look up the holder of a number"
	b, err := l.belief(ctx, believed)
	if err != nil {
		return nil, err
	}
	if at.IsZero() {
		at = l.s.clock()
	}
	stmt, err := l.d.read.PrepareContext(ctx, spanAt)
	if err != nil {
		return nil, l.d.explain(ctx, doing, err)
	}
	defer func() { err = errors.Join(err, l.d.explain(ctx, doing, stmt.Close())) }()
	known := knownHolders{}
	out := make([]ledger.Position, len(ns))
	for i, n := range ns {
		out[i].Number = n.String()
		v, ok := ledger.Int(n)
		if !ok {
			continue
		}
		s, err := scanSpan(stmt.QueryRowContext(ctx, append(aroundArgs(v), micros(at), micros(at), b, b)...))
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return nil, l.d.explain(ctx, doing, err)
		}
		out[i] = positionOf(n, &s)
		if out[i].Chain, err = known.chain(ctx, l.d.read, s.Value.Holder, micros(at), b); err != nil {
			return nil, l.d.explain(ctx, doing, err)
		}
	}
	return out, nil
}

func positionOf(n tsujiban.Number, s *ledger.Span) ledger.Position {
	return ledger.Position{Value: s.Value, Number: n.String(), Block: s.Block.Range(), From: ledger.Time(s.From), To: ledger.Time(s.To), Entry: s.Entry}
}

// Life is everything that is believed of a number, in order, with who wrote it.
func (l *Ledger) Life(ctx context.Context, n tsujiban.Number, believed time.Time) ([]ledger.Position, error) {
	b, err := l.belief(ctx, believed)
	if err != nil {
		return nil, err
	}
	v, ok := ledger.Int(n)
	if !ok {
		return nil, nil
	}
	out := []ledger.Position{}
	const query = `SELECT ` + numberColumns + numberTables + ` WHERE n.block IN (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) AND n.entry <= ? AND n.closed > ? ORDER BY n.start`
	err = l.d.list(ctx, "read the life of a number", l.d.read, query, append(aroundArgs(v), b, b), func(r *sql.Rows) error {
		s, err := scanSpan(r)
		out = append(out, positionOf(n, &s))
		return err
	})
	if err != nil {
		return nil, err
	}
	chains := map[lifeKey][]ledger.Link{}
	for i := range out {
		p := &out[i]
		if p.Entered, err = l.Entry(ctx, p.Entry); err != nil {
			return nil, err
		}
		if p.Holder == "" {
			continue
		}
		// The chain as it was when this began: what came later is the holder's own history.
		k := lifeKey{p.Holder, micros(p.From)}
		if _, ok := chains[k]; !ok {
			if chains[k], err = l.chain(ctx, l.d.read, k.holder, k.at, b); err != nil {
				return nil, l.d.explain(ctx, "read the life of a number", err)
			}
		}
		p.Chain = chains[k]
	}
	return out, nil
}

type lifeKey struct {
	holder tsujiban.CustomerID
	at     int64
}

const (
	heldQuery = `SELECT ` + numberColumns + numberTables + ` WHERE n.holder = (SELECT key FROM holders WHERE id = ?) AND n.holder > 0
		AND n.block >= ? AND (n.block > ? OR n.start > ?) AND n.entry <= ? AND n.closed > ?`
	heldOrder = ` ORDER BY n.block, n.start LIMIT ?` + asIs
)

// HeldBy is everything that a holder ever held, by number. A page ends between two rows; where a range goes on over the
// end of a page it is told in two.
func (l *Ledger) HeldBy(ctx context.Context, q ledger.HeldQuery) (page ledger.HeldPage, err error) {
	limit := q.Limit
	if limit == 0 {
		limit = 1000
	}
	if limit, err = pageSize(limit); err != nil {
		return page, err
	}
	b, err := l.belief(ctx, q.Believed)
	if err != nil {
		return page, err
	}
	var after, start int64
	if q.Cursor != "" {
		if after, start, err = parseHeldCursor(q.Cursor); err != nil {
			return page, err
		}
	}
	query, args := heldQuery, []any{string(q.Holder), after, after, start, b, b}
	if !q.At.IsZero() {
		query, args = query+` AND n.start <= ? AND n.finish > ?`, append(args, micros(q.At), micros(q.At))
	}
	rows := 0
	var last ledger.Span
	page.Held = []ledger.Held{}
	err = l.d.list(ctx, "list what a holder held", l.d.read, query+heldOrder, append(args, limit), func(r *sql.Rows) error {
		s, err := scanSpan(r)
		if err != nil {
			return err
		}
		rows++
		last = s
		addHeld(&page, &s)
		return nil
	})
	if rows == limit {
		page.Next = strconv.FormatInt(int64(last.Block), 36) + "." + strconv.FormatInt(last.From, 36)
	}
	return page, err
}

// addHeld joins a row to the last one when it goes on where that ended.
func addHeld(page *ledger.HeldPage, s *ledger.Span) {
	r := s.Block.Range()
	if n := len(page.Held); n > 0 {
		h := &page.Held[n-1]
		if h.Range.Last+1 == r.First && h.Value == s.Value && h.From.Equal(ledger.Time(s.From)) && h.To.Equal(ledger.Time(s.To)) && h.Entry == s.Entry {
			h.Range.Last = r.Last
			return
		}
	}
	page.Held = append(page.Held, ledger.Held{Range: r, Value: s.Value, From: ledger.Time(s.From), To: ledger.Time(s.To), Entry: s.Entry})
}

func parseHeldCursor(s string) (block, start int64, err error) {
	for i := range s {
		if s[i] == '.' {
			if block, err = strconv.ParseInt(s[:i], 36, 64); err == nil {
				start, err = strconv.ParseInt(s[i+1:], 36, 64)
			}
			if err == nil {
				return block, start, nil
			}
		}
	}
	return 0, 0, tsujiban.Errorf(tsujiban.CodeInvalid, "cursor: %.40q is not one that a page gave", s)
}

// Carrier says which carrier holds the block of a number by the designation tables.
func (l *Ledger) Carrier(ctx context.Context, n tsujiban.Number, at, believed time.Time) (d ledger.Designated, err error) {
	v, ok := ledger.Int(n)
	if !ok {
		return d, nil
	}
	b, err := l.belief(ctx, believed)
	if err != nil {
		return d, err
	}
	if at.IsZero() {
		at = l.s.clock()
	}
	const query = `SELECT n.block, n.published, ifnull(c.name, '') FROM designations n LEFT JOIN carriers c ON c.key = n.carrier
		WHERE n.block IN (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) AND n.start <= ? AND n.finish > ? AND n.entry <= ? AND n.closed > ?`
	var block ledger.Block
	var published int64
	err = l.d.rowKept(ctx, query, append(aroundArgs(v), micros(at), micros(at), b, b)...).Scan(&block, &published, &d.Carrier)
	if errors.Is(err, sql.ErrNoRows) {
		return d, nil
	}
	if err != nil {
		return d, l.d.explain(ctx, "look up the carrier of a number", err)
	}
	d.Block, d.Published, d.Known = block.Range(), fromMicros(published), true
	return d, nil
}

// Each calls f with everything that is true at an instant of the numbers in a range, by number; the first block may begin
// before the range. The zero times are now. It reads all that there is: for exports and reports.
func (l *Ledger) Each(ctx context.Context, r ledger.Range, at, believed time.Time, f func(*ledger.Span) error) error {
	b, err := l.belief(ctx, believed)
	if err != nil || b == 0 {
		return err
	}
	if at.IsZero() {
		at = l.s.clock()
	}
	scan := func(rows *sql.Rows) error {
		s, err := scanSpan(rows)
		if err != nil {
			return err
		}
		return f(&s)
	}
	const when = ` AND n.start <= ? AND n.finish > ? AND n.entry <= ? AND n.closed > ?`
	args := []any{micros(at), micros(at), b, b}
	low := int64(ledger.BlockOf(r.First, 0))
	err = l.d.list(ctx, "read the ledger", l.d.read, `SELECT `+numberColumns+numberTables+` WHERE n.block IN (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) AND n.block < ?`+when,
		append(append(aroundArgs(r.First), low), args...), scan)
	if err != nil {
		return err
	}
	return l.d.list(ctx, "read the ledger", l.d.read, `SELECT `+numberColumns+numberTables+` WHERE n.block BETWEEN ? AND ?`+when+` ORDER BY n.block`,
		append([]any{low, r.Last<<4 | 15}, args...), scan)
}

const unusableQuery = `SELECT block, state FROM numbers INDEXED BY numbers_unusable
	WHERE state IN ('suspended', 'ageing', 'ported-out', 'returned') AND start <= ? AND finish > ? AND closed = 9223372036854775807 ORDER BY block`

// Unusable calls f with the numbers that nobody may use at an instant, by number: those that are suspended, and those that have
// left their holder and are not stock.
func (l *Ledger) Unusable(ctx context.Context, at time.Time, f func(r ledger.Range, suspended bool)) error {
	return l.d.list(ctx, "list the suspended numbers", l.d.read, unusableQuery, []any{micros(at), micros(at)}, func(rows *sql.Rows) error {
		var k ledger.Block
		var state string
		err := rows.Scan(&k, &state)
		f(k.Range(), state == ledger.StateSuspended.String())
		return err
	})
}
