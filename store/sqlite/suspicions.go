package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"strconv"
	"sync"
	"time"

	"tsujiban"
	"tsujiban/store"
	"tsujiban/suspicion"
)

// suspicions keeps the book of cases between two batches, as long as they are written.
type suspicions struct {
	tell func(*suspicion.Case) // nil: nobody wants to know; see WithSuspicions

	mu      sync.Mutex
	book    *suspicion.Book   // nil: to be read from the view
	changed []*suspicion.Case // in the batch that is being written
}

// WithSuspicions has f told of every case of suspicion that a batch of events has changed, once it is written. It is called by who gave the
// batch, must not keep the case, and must not block.
func WithSuspicions(f func(*suspicion.Case)) Option { return func(o *options) { o.suspicions = f } }

// of is the book as of the view.
func (s *suspicions) of(ctx context.Context, tx *sql.Tx) (*suspicion.Book, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.book != nil {
		return s.book, nil
	}
	cases, err := readSuspicions(ctx, tx, `SELECT body FROM suspicions INDEXED BY suspicions_rest WHERE over = 0 ORDER BY id`)
	if err != nil {
		return nil, err
	}
	list := make([]*suspicion.Case, len(cases))
	for i := range cases {
		list[i] = &cases[i]
	}
	s.book = suspicion.NewBook(list)
	return s.book, nil
}

// settled is told how a batch ended: after an error the book knows what the view does not.
func (s *suspicions) settled(err error) {
	changed := s.changed
	if s.changed = nil; err != nil {
		s.forget()
		return
	}
	for _, c := range changed {
		s.tell(c)
	}
}

func (s *suspicions) forget() {
	s.mu.Lock()
	s.book = nil
	s.mu.Unlock()
}

func readSuspicions(ctx context.Context, q querier, query string, args ...any) (out []suspicion.Case, err error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	for rows.Next() {
		var body string
		var c suspicion.Case
		if err := rows.Scan(&body); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(body), &c); err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, rows.Err()
}

// writeSuspicions writes the cases that a batch has changed: none, in nearly all batches.
func writeSuspicions(ctx context.Context, tx *sql.Tx, b *suspicion.Book) (changed []*suspicion.Case, err error) {
	changed, late := b.Changes()
	for _, c := range changed {
		if err := writeSuspicion(ctx, tx, c); err != nil {
			return nil, err
		}
	}
	for i := range late {
		list, err := readSuspicions(ctx, tx, `SELECT body FROM suspicions WHERE id = ?`, int64(late[i].Step.Case))
		if err != nil {
			return nil, err
		}
		for j := range list { // none, when its term was over
			list[j].Note(&late[i])
			if err := writeSuspicion(ctx, tx, &list[j]); err != nil {
				return nil, err
			}
			changed = append(changed, &list[j])
		}
	}
	return changed, nil
}

func writeSuspicion(ctx context.Context, tx *sql.Tx, c *suspicion.Case) error {
	body, err := json.Marshal(c)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT OR REPLACE INTO suspicions (id, customer, opened, last, closed, over, assigned, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		int64(c.ID), text(c.Customer), micros(c.Opened), micros(c.Last), nullMicros(c.Closed), c.Over(), c.Assigned, string(body))
	for _, k := range c.Keys {
		if err == nil {
			_, err = tx.ExecContext(ctx, `INSERT OR IGNORE INTO suspicion_keys (factor, value, suspicion) VALUES (?, ?, ?)`, k.Factor, k.Value, int64(c.ID))
		}
	}
	return err
}

// Suspicions returns a page of cases of suspicion, newest first.
func (s *Store) Suspicions(ctx context.Context, q store.SuspicionQuery) (page store.SuspicionPage, err error) {
	limit, err := pageSize(q.Limit)
	if err != nil {
		return page, err
	}
	query, args := `SELECT body FROM suspicions WHERE true`, []any(nil)
	if q.Open != nil && *q.Open {
		query += ` AND closed IS NULL`
	} else if q.Open != nil {
		query += ` AND closed IS NOT NULL`
	}
	if q.Customer != "" {
		query, args = query+` AND customer = ?`, append(args, string(q.Customer))
	}
	if q.Assigned != "" {
		query, args = query+` AND assigned = ?`, append(args, q.Assigned)
	}
	if q.Cursor != "" {
		before, err := strconv.ParseInt(q.Cursor, 10, 64)
		if err != nil || before <= 0 {
			return page, tsujiban.Errorf(tsujiban.CodeInvalid, "cursor: %q is not one of a page of cases", q.Cursor)
		}
		query, args = query+` AND id < ?`, append(args, before)
	}
	err = s.withView(func(v *database) error {
		page.Cases, err = readSuspicions(ctx, v.read, query+` ORDER BY id DESC LIMIT ?`, append(args, limit+1)...)
		return v.explain(ctx, "list the cases of suspicion", err)
	})
	if len(page.Cases) > limit {
		page.Cases = page.Cases[:limit]
		page.Next = strconv.FormatUint(page.Cases[limit-1].ID, 10)
	}
	return page, err
}

// Suspicion returns one case, CodeNotFound when there is none.
func (s *Store) Suspicion(ctx context.Context, id uint64) (c suspicion.Case, err error) {
	err = s.withView(func(v *database) error {
		list, err := readSuspicions(ctx, v.read, `SELECT body FROM suspicions WHERE id = ?`, int64(id))
		if err != nil {
			return v.explain(ctx, "read the case of suspicion", err)
		}
		if len(list) == 0 {
			return tsujiban.Errorf(tsujiban.CodeNotFound, "there is no case of suspicion %d", id)
		}
		c = list[0]
		return nil
	})
	return c, err
}

// linkSpan is how far apart two cases may begin and end that have something in common.
const linkSpan = 7 * 24 * time.Hour

// maxLinks is how many other cases are named.
const maxLinks = 50

// SuspicionLinks returns other customers' cases of about the same time that have something in common with c: the
// first digits called, or a source; the kind of device only where the guard found it to be what a campaign has in common, for many have the same.
func (s *Store) SuspicionLinks(ctx context.Context, c *suspicion.Case) (out []store.SuspicionLink, err error) {
	end := c.Closed
	if end.IsZero() {
		end = c.Last
	}
	agents := c.Campaign != nil && c.Campaign.Factor == tsujiban.FactorAgent.String()
	err = s.withView(func(v *database) error {
		return v.list(ctx, "find cases that have something in common", v.read, `SELECT o.id, o.customer, o.opened, o.closed, t.factor, t.value
			FROM suspicion_keys k JOIN suspicion_keys t ON t.factor = k.factor AND t.value = k.value JOIN suspicions o ON o.id = t.suspicion
			WHERE k.suspicion = ?1 AND o.id <> ?1 AND o.customer <> ?2 AND o.opened < ?3 AND o.last > ?4 AND (k.factor <> 'agent' OR ?5)
			ORDER BY o.id DESC LIMIT ?6`,
			[]any{int64(c.ID), string(c.Customer), micros(end.Add(linkSpan)), micros(c.Opened.Add(-linkSpan)), agents, maxLinks}, func(r *sql.Rows) error {
				var l store.SuspicionLink
				var id, opened int64
				var closed sql.NullInt64
				err := r.Scan(&id, &l.Customer, &opened, &closed, &l.Factor, &l.Value)
				l.Case, l.Opened, l.Open = uint64(id), fromMicros(opened), !closed.Valid
				out = append(out, l)
				return err
			})
	})
	return out, err
}

// EraseSuspicions erases the cases that were closed before an instant, as EraseCalls does the calls. Those of customers that are held stay.
func (s *Store) EraseSuspicions(ctx context.Context, before time.Time, held []tsujiban.CustomerID) (n int, err error) {
	list, err := json.Marshal(held) // ids
	if err != nil {
		return 0, err
	}
	err = s.withView(func(v *database) error {
		return v.erase(ctx, "erase cases of suspicion", func(tx *sql.Tx) error {
			const which = `closed < ? AND over = 1 AND customer NOT IN (SELECT value FROM json_each(?))`
			if _, err := tx.ExecContext(ctx, `DELETE FROM suspicion_keys WHERE suspicion IN (SELECT id FROM suspicions WHERE `+which+`)`, micros(before), string(list)); err != nil {
				return err
			}
			r, err := tx.ExecContext(ctx, `DELETE FROM suspicions WHERE `+which, micros(before), string(list))
			if err != nil {
				return err
			}
			some, err := r.RowsAffected()
			n = int(some)
			return err
		})
	})
	return n, err
}
