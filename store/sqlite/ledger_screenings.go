package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
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
	body, err := json.Marshal(s)
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

// passed tells why a holder may not get numbers: it has not passed its last onboarding screen.
func (b *batch) passed(id tsujiban.CustomerID) error {
	var outcome string
	err := b.tx.QueryRowContext(b.ctx, `SELECT s.outcome FROM screenings s JOIN holders h ON h.key = s.holder JOIN entries e ON e.id = s.entry
		WHERE h.id = ? AND e.undone = 0 ORDER BY s.entry DESC LIMIT 1`, string(id)).Scan(&outcome)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return tsujiban.Errorf(tsujiban.CodeForbidden, "holder %q: has not been through the onboarding screen: use \"tsujiban holder screen\"", id)
	case err != nil:
		return err
	case outcome != ledger.ScreenPassed.String():
		return tsujiban.Errorf(tsujiban.CodeForbidden, "holder %q: has not passed the onboarding screen (%s): see \"tsujiban holder show %s\"", id, outcome, id)
	}
	return nil
}

// Screenings are the onboarding screens of a holder, the newest first.
func (l *Ledger) Screenings(ctx context.Context, id tsujiban.CustomerID) ([]ledger.Screening, error) {
	out := []ledger.Screening{}
	err := l.d.list(ctx, "list the screens", l.d.read, `SELECT s.body, e.id, e.at, e.actor, e.ground FROM screenings s JOIN holders h ON h.key = s.holder JOIN entries e ON e.id = s.entry
		WHERE h.id = ? AND e.undone = 0 ORDER BY s.entry DESC`, []any{string(id)}, func(r *sql.Rows) error {
		var body string
		var s ledger.Screening
		var at int64
		if err := r.Scan(&body, &s.Entry, &at, &s.By, &s.Ground); err != nil {
			return err
		}
		entry, by, ground := s.Entry, s.By, s.Ground
		err := json.Unmarshal([]byte(body), &s)
		s.Entry, s.At, s.By, s.Ground = entry, fromMicros(at), by, ground
		out = append(out, s)
		return err
	})
	return out, err
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
