package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"tsujiban/store"
)

// Rules is what is set for all; the zero value when nothing ever was.
func (s *Store) Rules(ctx context.Context) (r store.Rules, err error) {
	var at int64
	var body string
	err = s.settings.read.QueryRowContext(ctx, `SELECT at, actor, note, body FROM rules`).Scan(&at, &r.By, &r.Note, &body)
	if errors.Is(err, sql.ErrNoRows) {
		return store.Rules{}, nil
	}
	if err == nil {
		r.At = fromMicros(at)
		err = json.Unmarshal([]byte(body), &r)
	}
	return r, s.settings.explain(ctx, "read the rules", err)
}

// PutRules sets what is set for all, and logs that it was. what says what has changed.
func (s *Store) PutRules(ctx context.Context, by string, r store.Rules, what string) error {
	if err := store.ValidRules(&r); err != nil {
		return err
	}
	if err := store.ValidText("note", r.Note, store.MaxNote, true); err != nil {
		return err
	}
	body, err := json.Marshal(r)
	if err != nil {
		return err
	}
	a := store.Action{By: by, At: r.At, Verb: "rules-set", Note: store.Note(what + "; " + r.Note)}
	return s.set(ctx, &a, true, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO rules (only, at, actor, note, body) VALUES (1, ?, ?, ?, ?)`, micros(a.At), by, r.Note, string(body))
		return err
	})
}
