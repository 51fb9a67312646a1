package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"math"
	"time"

	"tsujiban"
	"tsujiban/ledger"
)

// screen keeps an onboarding screen.
func (b *batch) screen(s *ledger.Screening) error {
	var key int64
	err := b.tx.QueryRowContext(b.ctx, `SELECT key FROM holders WHERE id = ?`, string(s.Holder)).Scan(&key)
	if err := foundOne(err, "holder", string(s.Holder)); err != nil {
		return err
	}
	kept := *s
	kept.Changed = nil // is worked out anew each time
	body, err := json.Marshal(&kept)
	if err != nil {
		return err
	}
	if err := b.exec(`INSERT INTO screenings (holder, entry, outcome, body) VALUES (?, ?, ?, ?)`, key, b.entry, s.Outcome.String(), string(body)); err != nil {
		return err
	}
	for field, value := range s.Marks {
		if value == "" {
			continue
		}
		if err := b.exec(`INSERT OR IGNORE INTO marks (field, value, at, holder) VALUES (?, ?, ?, ?)`, field, value, b.at, key); err != nil {
			return err
		}
	}
	clear(b.may)
	return nil
}

// passed tells why a holder may not get numbers: it has not passed its last onboarding screen, or that holds no longer.
func (b *batch) passed(id tsujiban.CustomerID) error {
	list, err := b.screenings(b.ctx, b.tx, id, b.at, b.entry, `LIMIT 1`)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return tsujiban.Errorf(tsujiban.CodeForbidden, "holder %q: has not been through the onboarding screen: use \"tsujiban holder screen\"", id)
	}
	return list[0].Standing(fromMicros(b.at))
}

// Screenings are the onboarding screens of a holder, the newest first; of that one it is said what changed since.
func (l *Ledger) Screenings(ctx context.Context, id tsujiban.CustomerID) ([]ledger.Screening, error) {
	list, err := l.screenings(ctx, l.d.read, id, micros(l.s.clock()), math.MaxInt64-1, ``)
	return list, l.d.explain(ctx, "list the screens", err)
}

// screenings are the screens of a holder that were not undone, the newest first. What changed since the newest is told as of an instant and belief.
func (l *Ledger) screenings(ctx context.Context, q querier, id tsujiban.CustomerID, at, belief int64, limit string) ([]ledger.Screening, error) {
	out := []ledger.Screening{}
	err := l.d.list(ctx, "list the screens", q, `SELECT s.body, e.id, e.at, e.actor, e.ground FROM screenings s JOIN holders h ON h.key = s.holder JOIN entries e ON e.id = s.entry
		WHERE h.id = ? AND e.undone = 0 ORDER BY s.entry DESC `+limit, []any{string(id)}, func(r *sql.Rows) error {
		var body, by, ground string
		var entry, seen int64
		if err := r.Scan(&body, &entry, &seen, &by, &ground); err != nil {
			return err
		}
		var s ledger.Screening
		err := json.Unmarshal([]byte(body), &s)
		s.Holder, s.Entry, s.At, s.By, s.Ground = id, entry, fromMicros(seen), by, ground
		out = append(out, s)
		return err
	})
	if err != nil || len(out) == 0 || len(out[0].Checked) == 0 {
		return out, err
	}
	// What the screen saw is in the ledger: what was believed then of that instant.
	s := &out[0]
	then, err := holderAt(ctx, q, id, micros(s.At), s.Entry)
	if tsujiban.CodeOf(err) == tsujiban.CodeNotFound && err != nil {
		return out, nil // it begins later
	}
	if err != nil {
		return nil, err
	}
	now, err := holderAt(ctx, q, id, at, belief)
	if err != nil {
		return nil, err
	}
	s.Changed = ledger.ChangedFields(&then, &now, s.Checked)
	return out, nil
}

// Applied are the other holders that were screened with the same value of a field since an instant.
func (l *Ledger) Applied(ctx context.Context, id tsujiban.CustomerID, field, value string, since time.Time) ([]tsujiban.CustomerID, error) {
	var out []tsujiban.CustomerID
	if value == "" {
		return nil, nil
	}
	err := l.d.list(ctx, "look for applications", l.d.read, `SELECT DISTINCT h.id FROM marks m JOIN holders h ON h.key = m.holder
		WHERE m.field = ? AND m.value = ? AND m.at >= ? AND h.id <> ? ORDER BY h.id LIMIT 20`, []any{field, value, micros(since), string(id)}, func(r *sql.Rows) error {
		var other tsujiban.CustomerID
		err := r.Scan(&other)
		out = append(out, other)
		return err
	})
	return out, err
}
