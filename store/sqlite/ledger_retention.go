package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"time"

	"tsujiban"
	"tsujiban/ledger"
	"tsujiban/retention"
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
		p.Add(at)
		p.Count += n - 1
		keys = append(keys, key)
		return nil
	})
	return p, keys, err
}

// EraseChecks erases what PastChecks counts, in all that was ever believed of these holders. It is the one thing in the ledger that
// changes the past.
func (l *Ledger) EraseChecks(ctx context.Context, before time.Time, held []tsujiban.CustomerID) (n int, err error) {
	return l.eraseOf(ctx, "erase identity checks", func(tx *sql.Tx) (int, error) {
		p, keys, err := l.pastChecks(ctx, tx, before, held)
		for _, key := range keys {
			if err == nil {
				_, err = tx.ExecContext(ctx, `UPDATE holder_versions SET body = json_remove(body, '$.checks') WHERE holder = ?`, key)
			}
		}
		return p.Count, err
	})
}

// pastScreens are the onboarding screens from before an instant, each with whether it is the last one of its holder that was not undone, and
// when the contract ended by what is believed now.
const pastScreens = `SELECT s.holder, h.id, s.entry, e.at, s.outcome,
		s.entry = (SELECT max(x.entry) FROM screenings x JOIN entries y ON y.id = x.entry WHERE x.holder = s.holder AND y.undone = 0),
		ifnull((SELECT json_extract(v.body, '$.ended') FROM holder_versions v WHERE v.holder = s.holder AND v.closed = 9223372036854775807 ORDER BY v.start DESC LIMIT 1), '')
	FROM screenings s JOIN entries e ON e.id = s.entry JOIN holders h ON h.key = s.holder WHERE e.at < ? ORDER BY s.entry`

// screenKey names a screen and the marks that came with it.
type screenKey struct{ holder, entry, at int64 }

// PastScreens counts the onboarding screens past their term: of one that passed and is its holder's last, the term begins with the end of the
// contract. Those of held customers count as held. Applicants are the holders of whom what is known goes with the last of their screens.
func (l *Ledger) PastScreens(ctx context.Context, before time.Time, held []tsujiban.CustomerID) (store.Past, error) {
	p, _, _, err := l.pastScreens(ctx, l.d.read, before, held)
	return p, err
}

func (l *Ledger) pastScreens(ctx context.Context, q querier, before time.Time, held []tsujiban.CustomerID) (p store.Past, keys []screenKey, applicants []int64, err error) {
	day := before.Format(time.DateOnly)
	refused := map[int64]bool{} // their last screen did not pass
	err = l.d.list(ctx, "count the screens past their term", q, pastScreens, []any{micros(before)}, func(r *sql.Rows) error {
		var k screenKey
		var id tsujiban.CustomerID
		var outcome, ended string
		var last bool
		if err := r.Scan(&k.holder, &id, &k.entry, &k.at, &outcome, &last, &ended); err != nil {
			return err
		}
		switch {
		case last && outcome == ledger.ScreenPassed.String() && (ended == "" || ended >= day):
			return nil // it is what the holder has its numbers by
		case slices.Contains(held, id):
			p.Held++
			return nil
		}
		p.Add(fromMicros(k.at))
		keys = append(keys, k)
		if last && outcome != ledger.ScreenPassed.String() {
			refused[k.holder] = true
		}
		return nil
	})
	if err == nil {
		applicants, err = l.pastApplicants(ctx, q, keys, refused)
		p.Applicants = len(applicants)
	}
	return p, keys, applicants, err
}

// pastApplicants are the holders who lose the last of their screens and were turned down: they never had a number, nobody is below them, no case is about them. Of
// the ledger's past nothing needs who they were.
func (l *Ledger) pastApplicants(ctx context.Context, q querier, keys []screenKey, refused map[int64]bool) (out []int64, err error) {
	erased := map[int64]int{}
	for _, k := range keys {
		erased[k.holder]++
	}
	for key := range refused {
		var yes bool
		err := q.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM screenings WHERE holder = ?1) = ?2
			AND NOT EXISTS (SELECT 1 FROM numbers WHERE holder = ?1 AND holder > 0)
			AND NOT EXISTS (SELECT 1 FROM holder_versions WHERE parent = ?1 AND parent > 0)
			AND NOT EXISTS (SELECT 1 FROM case_holders c JOIN holders h ON h.id = c.holder WHERE h.key = ?1)`, key, erased[key]).Scan(&yes)
		if err != nil {
			return nil, err
		}
		if yes {
			out = append(out, key)
		}
	}
	slices.Sort(out)
	return out, nil
}

// forget erases what is known of an applicant, in all that was ever believed.
const forget = `UPDATE holder_versions SET body = json_set(json_remove(body, '$.kana', '$.corporate', '$.representative', '$.address', '$.phone', '$.mail', '$.account', '$.contact', '$.checks'),
	'$.name', ?) WHERE holder = ?`

// EraseScreens erases what PastScreens counts: answers, outcome, by what applications are found to belong together, and who an applicant was that was
// turned down.
func (l *Ledger) EraseScreens(ctx context.Context, before time.Time, held []tsujiban.CustomerID) (n int, err error) {
	return l.eraseOf(ctx, "erase screens", func(tx *sql.Tx) (int, error) {
		p, keys, applicants, err := l.pastScreens(ctx, tx, before, held)
		for _, k := range keys {
			if err == nil {
				_, err = tx.ExecContext(ctx, `DELETE FROM screenings WHERE holder = ? AND entry = ?`, k.holder, k.entry)
			}
			if err == nil {
				_, err = tx.ExecContext(ctx, `DELETE FROM marks WHERE holder = ? AND at = ?`, k.holder, k.at)
			}
		}
		for _, key := range applicants {
			if err == nil {
				_, err = tx.ExecContext(ctx, forget, ledger.ErasedName, key)
			}
		}
		return p.Count, err
	})
}

// PastCases counts the suspension cases that were lifted before an instant. One with a step that is still to be done stays; one that is about
// the number or the holder of a hold counts as held.
func (l *Ledger) PastCases(ctx context.Context, before time.Time, holds []retention.Hold) (store.Past, error) {
	p, _, err := l.pastCases(ctx, l.d.read, before, holds)
	return p, err
}

func (l *Ledger) pastCases(ctx context.Context, q querier, before time.Time, holds []retention.Hold) (p store.Past, ids []int64, err error) {
	err = l.d.list(ctx, "count the suspension cases past their term", q, `SELECT id, lifted, body FROM cases WHERE lifted < ?
			AND NOT EXISTS (SELECT 1 FROM case_steps s WHERE s.case_id = cases.id AND s.due IS NOT NULL AND s.done IS NULL) ORDER BY id`, []any{micros(before)}, func(r *sql.Rows) error {
		var id, lifted int64
		var body string
		if err := r.Scan(&id, &lifted, &body); err != nil {
			return err
		}
		var c ledger.Case
		if err := json.Unmarshal([]byte(body), &c); err != nil {
			return err
		}
		if slices.ContainsFunc(holds, func(h retention.Hold) bool { return c.About(h.Number, h.Customer) }) {
			p.Held++
			return nil
		}
		p.Add(fromMicros(lifted))
		ids = append(ids, id)
		return nil
	})
	return p, ids, err
}

// EraseCases erases what PastCases counts: requests, steps, bars, and what they count towards thresholds.
func (l *Ledger) EraseCases(ctx context.Context, before time.Time, holds []retention.Hold) (n int, err error) {
	return l.eraseOf(ctx, "erase suspension cases", func(tx *sql.Tx) (int, error) {
		p, ids, err := l.pastCases(ctx, tx, before, holds)
		for _, id := range ids {
			for _, query := range []string{`DELETE FROM case_steps WHERE case_id = ?`, `DELETE FROM case_holders WHERE case_id = ?`, `DELETE FROM bars WHERE case_id = ?`, `DELETE FROM cases WHERE id = ?`} {
				if err == nil {
					_, err = tx.ExecContext(ctx, query, id)
				}
			}
		}
		return p.Count, err
	})
}

// eraseOf erases in one transaction what f does, and leaves none of it in the file's log.
func (l *Ledger) eraseOf(ctx context.Context, doing string, f func(*sql.Tx) (int, error)) (n int, err error) {
	err = l.d.erase(ctx, doing, func(tx *sql.Tx) (err error) {
		n, err = f(tx)
		return err
	})
	if err != nil {
		return 0, err
	}
	if n > 0 {
		err = l.d.settle(ctx)
	}
	return n, err
}
