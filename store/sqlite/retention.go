package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/retention"
	"tsujiban/store"
)

// AddHold keeps a hold and sets its ID. The caller has checked it ([retention.Hold.Valid]).
func (s *Store) AddHold(ctx context.Context, h *retention.Hold) error {
	if err := store.ValidBy(h.By); err != nil {
		return err
	}
	return s.settings.change(ctx, "add a hold", func(tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, `INSERT INTO holds (number, customer, start, finish, ground, document, at, until, actor) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			h.Number.String(), string(h.Customer), nullMicros(h.From), nullMicros(h.To), h.Ground.String(), h.Text, micros(h.At), micros(h.Until), h.By)
		if err == nil {
			h.ID, err = r.LastInsertId()
		}
		return err
	})
}

// ReleaseHold ends a hold before its date, CodeNotFound when there is none of that ID, CodeConflict when it was released before.
func (s *Store) ReleaseHold(ctx context.Context, id int64, by, note string, at time.Time) error {
	if err := store.ValidText("note", note, store.MaxNote, true); err != nil {
		return err
	}
	return s.settings.change(ctx, "release a hold", func(tx *sql.Tx) error {
		var released sql.NullInt64
		err := tx.QueryRowContext(ctx, `SELECT released FROM holds WHERE id = ?`, id).Scan(&released)
		if err := foundOne(err, "hold", fmt.Sprint(id)); err != nil {
			return err
		}
		if released.Valid {
			return tsujiban.Errorf(tsujiban.CodeConflict, "hold %d was released on %s", id, fromMicros(released.Int64).Format(time.DateOnly))
		}
		_, err = tx.ExecContext(ctx, `UPDATE holds SET released = ?, released_by = ?, note = ? WHERE id = ?`, micros(at), by, note, id)
		return err
	})
}

// RetentionHolds are all holds ever set, the newest first.
func (s *Store) RetentionHolds(ctx context.Context) ([]retention.Hold, error) {
	out := []retention.Hold{}
	err := s.settings.list(ctx, "list the holds", s.settings.read, `SELECT id, number, customer, start, finish, ground, document, at, until, actor, released, released_by, note FROM holds ORDER BY id DESC`, nil, func(r *sql.Rows) error {
		var h retention.Hold
		var number, ground string
		var from, to, released sql.NullInt64
		var at, until int64
		if err := r.Scan(&h.ID, &number, &h.Customer, &from, &to, &ground, &h.Text, &at, &until, &h.By, &released, &h.ReleasedBy, &h.Note); err != nil {
			return err
		}
		var err error
		if number != "" {
			if h.Number, err = tsujiban.ParseNumber(number); err != nil {
				return err
			}
		}
		if h.Ground, err = retention.ParseGround(ground); err != nil {
			return err
		}
		h.At, h.Until, h.From, h.To, h.Released = fromMicros(at), fromMicros(until), orZero(from), orZero(to), orZero(released)
		out = append(out, h)
		return nil
	})
	return out, err
}

func orZero(n sql.NullInt64) time.Time {
	if !n.Valid {
		return time.Time{}
	}
	return fromMicros(n.Int64)
}

// held is the condition under which a call is under one of the holds.
func held(holds []retention.Hold) (string, []any) {
	conds, args := []string{"false"}, []any(nil)
	var numbers []string // thousands of them are no condition each
	for i := range holds {
		h := &holds[i]
		if h.OnlyNumber() {
			numbers = append(numbers, h.Number.String())
			continue
		}
		var parts []string
		if !h.Number.IsZero() {
			parts, args = append(parts, "? IN (caller, callee)"), append(args, h.Number.String())
		}
		if h.Customer != "" {
			parts, args = append(parts, "customer = ?"), append(args, string(h.Customer))
		}
		if !h.From.IsZero() {
			parts, args = append(parts, "start >= ?"), append(args, micros(h.From))
		}
		if !h.To.IsZero() {
			parts, args = append(parts, "start < ?"), append(args, micros(h.To))
		}
		if len(parts) > 0 {
			conds = append(conds, strings.Join(parts, " AND "))
		}
	}
	if len(numbers) > 0 {
		list, _ := json.Marshal(numbers) // digits
		conds = append(conds, `caller IN (SELECT value FROM json_each(?)) OR callee IN (SELECT value FROM json_each(?))`)
		args = append(args, string(list), string(list))
	}
	return "(" + strings.Join(conds, " OR ") + ")", args
}

// PastCalls counts the calls that are over and were asked for before an instant. holds are those that stand.
func (s *Store) PastCalls(ctx context.Context, before time.Time, holds []retention.Hold) (p store.Past, err error) {
	cond, args := held(holds)
	err = s.withView(func(v *database) error {
		var oldest, newest sql.NullInt64
		err := v.read.QueryRowContext(ctx, `SELECT count(*) FILTER (WHERE NOT h), count(*) FILTER (WHERE h), min(start) FILTER (WHERE NOT h), max(start) FILTER (WHERE NOT h)
			FROM (SELECT start, `+cond+` AS h FROM calls INDEXED BY calls_start WHERE start < ? AND ended IS NOT NULL)`, append(args, micros(before))...).Scan(&p.Count, &p.Held, &oldest, &newest)
		p.Oldest, p.Newest = orZero(oldest), orZero(newest)
		return v.explain(ctx, "count the calls past their term", err)
	})
	return p, err
}

// eraseBatch is how many calls one transaction erases: the view must not wait long for its turn.
const eraseBatch = 500

// EraseCalls erases the calls that PastCalls counts, some at a time; yield is called in between and may stop it. What they held is
// overwritten in the file. It returns how many were erased, also with an error; called again it goes on.
func (s *Store) EraseCalls(ctx context.Context, before time.Time, holds []retention.Hold, yield func() error) (n int, err error) {
	cond, args := held(holds)
	query := `DELETE FROM calls WHERE id IN (SELECT id FROM calls INDEXED BY calls_start WHERE start < ? AND ended IS NOT NULL AND NOT ` + cond + ` ORDER BY start LIMIT ` + fmt.Sprint(eraseBatch) + `) RETURNING ` + summedColumns
	args = append([]any{micros(before)}, args...)
	for {
		some := 0
		err := s.withView(func(v *database) error {
			return v.erase(ctx, "erase calls", func(tx *sql.Tx) (err error) {
				some, err = s.eraseSome(ctx, v, tx, before, query, args)
				if err == nil { // who registered from where goes with the calls
					_, err = tx.ExecContext(ctx, `DELETE FROM accesses WHERE slot < ?`, floorDiv(before.Unix(), slotSeconds))
				}
				return err
			})
		})
		if err == nil {
			n += some
			err = yield()
		}
		if err != nil || some < eraseBatch {
			if n > 0 && err == nil {
				err = s.withView(func(v *database) error { return v.settle(ctx) })
			}
			return n, err
		}
	}
}

// eraseSome erases calls and takes them out of the sums of their days.
func (s *Store) eraseSome(ctx context.Context, v *database, tx *sql.Tx, before time.Time, query string, args []any) (some int, err error) {
	f := newDayFold(s.zone)
	err = v.list(ctx, "erase calls", tx, query, args, func(r *sql.Rows) error {
		some++
		var c summed
		err := c.scan(r)
		f.add(&c, -1)
		return err
	})
	if err != nil {
		return 0, err
	}
	zone, err := zoneOf(ctx, tx)
	if err != nil {
		return some, err
	}
	if zone != s.zone.String() { // the sums are still to be made
		_, err = tx.ExecContext(ctx, `UPDATE position SET zone = ''`)
		return some, err
	}
	clear(f.again) // lines of these months are read from the calls that are left
	if err = f.write(ctx, tx); err == nil {
		_, err = tx.ExecContext(ctx, `DELETE FROM days WHERE day <= ? AND attempts = 0`, dayNumber(before.In(s.zone)))
	}
	month := monthNumber(before.In(s.zone))
	if err == nil && some > 0 {
		_, err = tx.ExecContext(ctx, `DELETE FROM billed WHERE month <= ?`, month)
	}
	if err == nil && some > 0 {
		_, err = tx.ExecContext(ctx, `UPDATE position SET billed = max(billed, ?)`, month+1)
	}
	return some, err
}

// erase is change with what is deleted overwritten by zeros.
func (d *database) erase(ctx context.Context, doing string, f func(*sql.Tx) error) error {
	return d.change(ctx, doing, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `PRAGMA secure_delete = ON`); err != nil {
			return err
		}
		err := f(tx)
		// The connection goes back to what writes the view; there is nothing to be gained from an error here.
		_, _ = tx.ExecContext(ctx, `PRAGMA secure_delete = FAST`)
		return err
	})
}

// settle folds the WAL into the file, so that what was erased is in neither.
func (d *database) settle(ctx context.Context) error {
	var busy, log, done int
	err := d.write.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &log, &done)
	return d.explain(ctx, "fold the log of the store", err)
}

// OldestCall is when the oldest call was asked for; zero when there is none.
func (s *Store) OldestCall(ctx context.Context) (at time.Time, err error) {
	err = s.withView(func(v *database) error {
		var oldest sql.NullInt64
		err := v.read.QueryRowContext(ctx, `SELECT min(start) FROM calls`).Scan(&oldest)
		at = orZero(oldest)
		return v.explain(ctx, "read the oldest call", err)
	})
	return at, err
}

// KeepEntries keeps entries of the journal beyond their segment. Those that are kept already stay as they are.
func (s *Store) KeepEntries(ctx context.Context, entries []store.KeptEntry) error {
	if len(entries) == 0 {
		return nil
	}
	return s.settings.change(ctx, "keep entries of the journal", func(tx *sql.Tx) error {
		for _, e := range entries {
			if _, err := tx.ExecContext(ctx, `INSERT INTO kept_entries (seq, at, line, lasting) VALUES (?, ?, ?, ?) ON CONFLICT (seq) DO NOTHING`, int64(e.Seq), micros(e.At), string(e.Line), e.Lasting); err != nil {
				return err
			}
		}
		return nil
	})
}

// KeptEntries hands the entries that are kept beyond their segment to each, in order.
func (s *Store) KeptEntries(ctx context.Context, each func(store.KeptEntry) error) error {
	return s.settings.list(ctx, "read the kept entries", s.settings.read, `SELECT seq, at, line, lasting FROM kept_entries ORDER BY seq`, nil, func(r *sql.Rows) error {
		var seq, at int64
		var line string
		var lasting int64 // evidence check reads what somebody may have touched
		if err := r.Scan(&seq, &at, &line, &lasting); err != nil {
			return err
		}
		return each(store.KeptEntry{Seq: uint64(seq), At: fromMicros(at), Line: []byte(line), Lasting: lasting != 0})
	})
}

// PastLooks counts the kept entries and the log of actions from before an instant.
func (s *Store) PastLooks(ctx context.Context, before time.Time) (p store.Past, err error) {
	var oldest, newest sql.NullInt64
	err = s.settings.read.QueryRowContext(ctx, `SELECT count(*), min(at), max(at) FROM (SELECT at FROM kept_entries WHERE lasting = 0 UNION ALL SELECT at FROM actions) WHERE at < ?`, micros(before)).Scan(&p.Count, &oldest, &newest)
	p.Oldest, p.Newest = orZero(oldest), orZero(newest)
	return p, s.settings.explain(ctx, "count the looks past their term", err)
}

// EraseLooks erases what PastLooks counts.
func (s *Store) EraseLooks(ctx context.Context, before time.Time) (n int, err error) {
	err = s.settings.erase(ctx, "erase looks and actions", func(tx *sql.Tx) error {
		for _, which := range []string{`kept_entries WHERE lasting = 0 AND at < ?`, `actions WHERE at < ?`} {
			r, err := tx.ExecContext(ctx, `DELETE FROM `+which, micros(before))
			if err != nil {
				return err
			}
			some, err := r.RowsAffected()
			if err != nil {
				return err
			}
			n += int(some)
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	if n > 0 {
		err = s.settings.settle(ctx)
	}
	return n, err
}

// PastInquiries counts the cases that were closed before an instant.
func (s *Store) PastInquiries(ctx context.Context, before time.Time) (p store.Past, err error) {
	var oldest, newest sql.NullInt64
	err = s.settings.read.QueryRowContext(ctx, `SELECT count(*), min(closed), max(closed) FROM inquiries WHERE closed < ?`, micros(before)).Scan(&p.Count, &oldest, &newest)
	p.Oldest, p.Newest = orZero(oldest), orZero(newest)
	return p, s.settings.explain(ctx, "count the inquiries past their term", err)
}

// EraseInquiries erases what PastInquiries counts, with the looks under them.
func (s *Store) EraseInquiries(ctx context.Context, before time.Time) (n int, err error) {
	err = s.settings.erase(ctx, "erase inquiries", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM looks WHERE inquiry IN (SELECT id FROM inquiries WHERE closed < ?)`, micros(before)); err != nil {
			return err
		}
		r, err := tx.ExecContext(ctx, `DELETE FROM inquiries WHERE closed < ?`, micros(before))
		if err != nil {
			return err
		}
		some, err := r.RowsAffected()
		n = int(some)
		return err
	})
	if err != nil {
		return 0, err
	}
	if n > 0 {
		err = s.settings.settle(ctx)
	}
	return n, err
}

// Retained is when retention was enforced last. When it never was, it is not ok, and at is since when the store counts: from now on at the first call.
func (s *Store) Retained(ctx context.Context) (at time.Time, ok bool, err error) {
	var ran int64
	err = s.settings.change(ctx, "read when retention was enforced", func(tx *sql.Tx) error {
		// A beginning is kept as a negative number.
		if _, err := tx.ExecContext(ctx, `UPDATE retention SET ran = ? WHERE ran = 0`, -micros(s.clock())); err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, `SELECT ran FROM retention`).Scan(&ran)
	})
	return fromMicros(max(ran, -ran)), ran > 0, err
}

// SetRetained notes that retention was enforced.
func (s *Store) SetRetained(ctx context.Context, at time.Time) error {
	return s.settings.change(ctx, "note that retention was enforced", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE retention SET ran = ?`, micros(at))
		return err
	})
}
