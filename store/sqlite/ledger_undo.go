package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"tsujiban"
	"tsujiban/ledger"
)

// Undo takes an entry back by a counter-entry: what it wrote is no longer believed, what it superseded is believed
// again, and both remain on record. o.Entry says who and why. CodeConflict when later entries build on it, naming one.
func (l *Ledger) Undo(ctx context.Context, id int64, o *ledger.Order) (ledger.Outcome, error) {
	o.Entry.Undoes = id
	return l.carryOut(ctx, o, func(b *batch) error {
		return b.each(0, func() error { return b.undo(id) })
	})
}

func (b *batch) undo(id int64) error {
	var undone, undoes, low, high int64
	var verb string
	err := b.tx.QueryRowContext(b.ctx, `SELECT undone, undoes, low, high, verb FROM entries WHERE id = ? AND id <> ?`, id, b.entry).Scan(&undone, &undoes, &low, &high, &verb)
	if errors.Is(err, sql.ErrNoRows) {
		return tsujiban.Errorf(tsujiban.CodeNotFound, "there is no entry %d", id)
	}
	if err != nil {
		return err
	}
	if undone != 0 {
		return tsujiban.Errorf(tsujiban.CodeConflict, "entry %d was taken back already, by entry %d", id, undone)
	}
	var c int64
	switch err := b.tx.QueryRowContext(b.ctx, `SELECT id FROM cases WHERE entry = ?`, id).Scan(&c); {
	case err == nil:
		return tsujiban.Errorf(tsujiban.CodeConflict, "entry %d is suspension case %d: use \"tsujiban suspension lift %d\"", id, c, c)
	case !errors.Is(err, sql.ErrNoRows):
		return err
	}
	if undoes != 0 {
		return tsujiban.Errorf(tsujiban.CodeConflict, "entry %d takes back entry %d: enter again what that one said", id, undoes)
	}
	touched, err := b.restoreNumbers(id, low, high)
	if err != nil {
		return err
	}
	for _, t := range []struct{ table, key, columns string }{
		{"designations", "block", "block, start, finish, carrier, published"}, {"holder_versions", "holder", "holder, start, finish, parent, body"},
	} {
		n, err := b.takeBack(t.table, t.key, t.columns, id)
		if err != nil {
			return err
		}
		touched += n
	}
	if touched == 0 {
		return tsujiban.Errorf(tsujiban.CodeConflict, "entry %d (%s) changed no number and no holder: there is nothing to take back", id, verb)
	}
	if err := b.orphans(); err != nil {
		return err
	}
	return b.exec(`UPDATE entries SET undone = ? WHERE id = ?`, b.entry, id)
}

// restoreNumbers takes back what an entry said of numbers.
func (b *batch) restoreNumbers(id, low, high int64) (int, error) {
	read := func(low, high int64, where string, args ...any) (out []ledger.Span, err error) {
		err = b.d.list(b.ctx, "undo", b.tx, `SELECT `+numberColumns+numberTables+` WHERE n.block BETWEEN ? AND ? AND `+where, append([]any{low, high}, args...), func(r *sql.Rows) error {
			s, err := scanSpan(r)
			out = append(out, s)
			return err
		})
		return out, err
	}
	said, err := read(low, high, `n.entry = ? AND n.said = ?`, id, id)
	if err != nil || len(said) == 0 {
		return 0, err
	}
	before, err := read(low, high, `n.closed = ?`, id)
	if err != nil {
		return 0, err
	}
	// What stands now may have been cut in pieces: they lie anywhere between the first number and the last.
	first, last := said[0].Block.First(), said[0].Block.Last()
	for i := range said {
		first, last = min(first, said[i].Block.First()), max(last, said[i].Block.Last())
	}
	low = first << 4
	current, err := read(low, last<<4|15, `n.closed = ?`, int64(ledger.Forever))
	if err != nil {
		return 0, err
	}
	// It may also be wider, and begin before all that the entry touched.
	stmt, err := b.statement(spansAround)
	if err != nil {
		return 0, err
	}
	wide, err := b.scanSpans(stmt, aroundArgs(first), func(s *ledger.Span) bool { return int64(s.Block) < low })
	if err != nil {
		return 0, err
	}
	current = append(current, wide...)
	gone, added, err := ledger.Restore(id, said, before, current)
	if err != nil {
		return 0, err
	}
	for _, s := range said {
		b.ranges = append(b.ranges, s.Block.Range())
	}
	return len(gone), b.replace(gone, added)
}

// takeBack withdraws what an entry wrote into a table and writes again what it superseded. What it wrote has to stand still,
// as it wrote it or written again when a later entry was taken back.
func (b *batch) takeBack(table, key, columns string, id int64) (int, error) {
	const twin = ` EXISTS (SELECT 1 FROM %[1]s w WHERE w.%[2]s = t.%[2]s AND w.start = t.start AND w.finish = t.finish AND w.said = t.said AND w.closed = ?2)`
	var later sql.NullInt64
	err := b.tx.QueryRowContext(b.ctx, fmt.Sprintf(`SELECT min(t.closed) FROM %[1]s t WHERE t.entry = ?1 AND t.closed < ?2 AND NOT`+twin, table, key),
		id, int64(ledger.Forever)).Scan(&later)
	if err != nil {
		return 0, err
	}
	if later.Valid {
		return 0, tsujiban.Errorf(tsujiban.CodeConflict, "entry %d cannot be taken back: entry %d builds on it; undo that one first", id, later.Int64)
	}
	gone, err := b.tx.ExecContext(b.ctx, fmt.Sprintf(`UPDATE %[1]s SET closed = ?3 WHERE closed = ?2 AND EXISTS
		(SELECT 1 FROM %[1]s t WHERE t.entry = ?1 AND t.%[2]s = %[1]s.%[2]s AND t.start = %[1]s.start AND t.finish = %[1]s.finish AND t.said = %[1]s.said)`, table, key),
		id, int64(ledger.Forever), b.entry)
	if err != nil {
		return 0, err
	}
	again, err := b.tx.ExecContext(b.ctx, `INSERT INTO `+table+` (`+columns+`, said, entry, closed)
		SELECT `+columns+`, said, ?, ? FROM `+table+` WHERE closed = ?`, b.entry, int64(ledger.Forever), id)
	if err != nil {
		return 0, err
	}
	n, err := gone.RowsAffected()
	if err != nil {
		return 0, err
	}
	m, err := again.RowsAffected()
	return int(n + m), err
}

// orphans refuses to leave numbers, or holders below, with a holder that nobody knows.
func (b *batch) orphans() error {
	var id string
	err := b.tx.QueryRowContext(b.ctx, `SELECT h.id FROM holder_versions gone JOIN holders h ON h.key = gone.holder WHERE gone.closed = ?1
		AND NOT EXISTS (SELECT 1 FROM holder_versions v WHERE v.holder = gone.holder AND v.closed = ?2)
		AND (EXISTS (SELECT 1 FROM numbers n WHERE n.holder = gone.holder AND n.holder > 0 AND n.closed = ?2)
			OR EXISTS (SELECT 1 FROM holder_versions v WHERE v.parent = gone.holder AND v.parent > 0 AND v.closed = ?2)) LIMIT 1`,
		b.entry, int64(ledger.Forever)).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return tsujiban.Errorf(tsujiban.CodeConflict, "holder %q would be gone, and has numbers or holders below it: take those back first", id)
}
