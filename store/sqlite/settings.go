package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"tsujiban"
	"tsujiban/store"
)

// set runs f and logs the action that it describes in the same transaction, and tells
// those who watch when policy is true: the change touches what calls are judged by.
func (s *Store) set(ctx context.Context, a *store.Action, policy bool, f func(tx *sql.Tx) error) error {
	if err := store.ValidBy(a.By); err != nil {
		return err
	}
	if a.At.IsZero() {
		a.At = s.clock()
	}
	err := s.settings.change(ctx, a.Verb, func(tx *sql.Tx) error {
		if err := f(tx); err != nil {
			return err
		}
		return addAction(ctx, tx, a)
	})
	if err == nil && policy {
		s.noteChange()
	}
	return err
}

func micros(t time.Time) int64 { return t.UnixMicro() }

func nullMicros(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}

func fromMicros(us int64) time.Time { return time.UnixMicro(us).UTC() }

func fromNullMicros(us sql.NullInt64) time.Time {
	if !us.Valid {
		return time.Time{}
	}
	return fromMicros(us.Int64)
}

// listText writes a list as JSON.
func listText(list []string) (string, error) {
	if len(list) == 0 {
		return "[]", nil
	}
	b, err := json.Marshal(list)
	return string(b), err
}

func parseList(s string) ([]string, error) {
	if s == "[]" {
		return nil, nil
	}
	var list []string
	err := json.Unmarshal([]byte(s), &list)
	return list, err
}

// foundOne turns "no rows" into CodeNotFound.
func foundOne(err error, what, id string) error {
	if errors.Is(err, sql.ErrNoRows) {
		return tsujiban.Errorf(tsujiban.CodeNotFound, "%s %q does not exist", what, id)
	}
	return err
}

// unknown says that a stored code belongs to no set.
func unknown(column, code string) error {
	return fmt.Errorf("column %s holds %q, which is not known", column, code)
}
