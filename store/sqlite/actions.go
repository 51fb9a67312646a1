package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"

	"tsujiban"
	"tsujiban/store"
)

// AddAction logs something that a person did besides setting something: what is set logs
// itself. ID is set by the store, At too when it is zero. Verb is [a-z0-9-]{1,64}.
func (s *Store) AddAction(ctx context.Context, a store.Action) error {
	if err := store.ValidID("verb", a.Verb); err != nil {
		return err
	}
	if a.Customer != "" {
		if err := store.ValidID("customer", string(a.Customer)); err != nil {
			return err
		}
	}
	if err := store.ValidText("object", a.Object, store.MaxName, false); err != nil {
		return err
	}
	if err := store.ValidText("note", a.Note, store.MaxNote, false); err != nil {
		return err
	}
	return s.set(ctx, &a, false, func(*sql.Tx) error { return nil })
}

func addAction(ctx context.Context, tx *sql.Tx, a *store.Action) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO actions (at, actor, verb, customer, object, note) VALUES (?, ?, ?, ?, ?, ?)`,
		micros(a.At), a.By, a.Verb, string(a.Customer), a.Object, a.Note)
	return err
}

// Actions returns the log, newest first.
func (s *Store) Actions(ctx context.Context, q store.ActionQuery) ([]store.Action, error) {
	limit, err := pageSize(q.Limit)
	if err != nil {
		return nil, err
	}
	query, args := actionsQuery(q, limit)
	var out []store.Action
	err = s.settings.list(ctx, "list the actions", s.settings.read, query, args, func(r *sql.Rows) error {
		var a store.Action
		var at int64
		err := r.Scan(&a.ID, &at, &a.By, &a.Verb, &a.Customer, &a.Object, &a.Note)
		a.At = fromMicros(at)
		out = append(out, a)
		return err
	})
	return out, err
}

func actionsQuery(q store.ActionQuery, limit int) (string, []any) {
	query, args := `SELECT id, at, actor, verb, customer, object, note FROM actions WHERE true`, []any(nil)
	if q.Customer != "" {
		query, args = query+` AND customer = ?`, append(args, string(q.Customer))
	}
	if q.By != "" {
		query, args = query+` AND actor = ?`, append(args, q.By)
	}
	if len(q.Verbs) > 0 {
		list, _ := json.Marshal(q.Verbs) // text
		query, args = query+` AND verb IN (SELECT value FROM json_each(?))`, append(args, string(list))
	}
	if len(q.Without) > 0 {
		list, _ := json.Marshal(q.Without) // text
		query, args = query+` AND verb NOT IN (SELECT value FROM json_each(?))`, append(args, string(list))
	}
	if !q.From.IsZero() {
		query, args = query+` AND at >= ?`, append(args, micros(q.From))
	}
	if !q.To.IsZero() {
		query, args = query+` AND at < ?`, append(args, micros(q.To))
	}
	if q.Verb != "" {
		query, args = query+` AND verb = ?`, append(args, q.Verb)
	}
	if q.Object != "" {
		query, args = query+` AND object = ?`, append(args, q.Object)
	}
	if q.Before != 0 {
		query, args = query+` AND id < ?`, append(args, q.Before)
	}
	return query + ` ORDER BY id DESC LIMIT ?`, append(args, limit)
}

// pageSize checks the size of a page.
func pageSize(n int) (int, error) {
	switch {
	case n == 0:
		return store.DefaultPage, nil
	case n < 0 || n > store.MaxPage:
		return 0, tsujiban.Errorf(tsujiban.CodeInvalid, "limit: %d is not between 1 and %d", n, store.MaxPage)
	}
	return n, nil
}
