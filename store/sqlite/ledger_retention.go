package sqlite

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"tsujiban"
	"tsujiban/store"
)

// pastChecks are the holders whose contract ended before a day, by what is believed now, and of whom there are identity checks.
const pastChecks = `SELECT h.key, h.id, json_extract(v.body, '$.ended'), (SELECT max(json_array_length(w.body, '$.checks')) FROM holder_versions w WHERE w.holder = h.key)
	FROM holders h JOIN holder_versions v ON v.holder = h.key
	WHERE v.closed = 9223372036854775807
		AND v.start = (SELECT max(w.start) FROM holder_versions w WHERE w.holder = h.key AND w.closed = 9223372036854775807)
		AND json_extract(v.body, '$.ended') < ?
		AND EXISTS (SELECT 1 FROM holder_versions w WHERE w.holder = h.key AND json_extract(w.body, '$.checks') IS NOT NULL)`

// PastChecks counts the identity checks of holders whose contract ended before a day. Those of held customers count as held.
func (l *Ledger) PastChecks(ctx context.Context, before time.Time, held []tsujiban.CustomerID) (store.Past, error) {
	p, _, err := l.pastChecks(ctx, l.d.read, before, held)
	return p, err
}

func (l *Ledger) pastChecks(ctx context.Context, q querier, before time.Time, held []tsujiban.CustomerID) (p store.Past, keys []int64, err error) {
	err = l.d.list(ctx, "count the identity checks past their term", q, pastChecks, []any{before.Format(time.DateOnly)}, func(r *sql.Rows) error {
		var key int64
		var id tsujiban.CustomerID
		var ended string
		var n int
		if err := r.Scan(&key, &id, &ended, &n); err != nil {
			return err
		}
		if slices.Contains(held, id) {
			p.Held += n
			return nil
		}
		at, err := time.Parse(time.DateOnly, ended)
		if err != nil {
			return err
		}
		if p.Oldest.IsZero() || at.Before(p.Oldest) {
			p.Oldest = at
		}
		if at.After(p.Newest) {
			p.Newest = at
		}
		p.Count += n
		keys = append(keys, key)
		return nil
	})
	return p, keys, err
}

// EraseChecks erases what PastChecks counts, in all that was ever believed of these holders. It is the one thing in the ledger that
// changes the past.
func (l *Ledger) EraseChecks(ctx context.Context, before time.Time, held []tsujiban.CustomerID) (n int, err error) {
	err = l.d.erase(ctx, "erase identity checks", func(tx *sql.Tx) error {
		p, keys, err := l.pastChecks(ctx, tx, before, held)
		if err != nil {
			return err
		}
		n = p.Count
		for _, key := range keys {
			if _, err := tx.ExecContext(ctx, `UPDATE holder_versions SET body = json_remove(body, '$.checks') WHERE holder = ?`, key); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	if n > 0 {
		err = l.d.settle(ctx)
	}
	return n, err
}
