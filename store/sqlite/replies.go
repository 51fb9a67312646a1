package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"tsujiban"
	"tsujiban/store"
)

// BeginReply claims a key of a person at an instant, or says what was answered under it before. Keys begun before old are
// forgotten first. CodeExists when the person has most keys already.
func (s *Store) BeginReply(ctx context.Context, person, key string, hash [32]byte, now, old time.Time, most int) (before *store.Reply, err error) {
	err = s.settings.change(ctx, "claim a key", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM replies WHERE at < ?`, micros(old)); err != nil {
			return err
		}
		r := store.Reply{}
		var kept []byte
		var header string
		err := tx.QueryRowContext(ctx, `SELECT hash, status, header, body, gone FROM replies WHERE person = ? AND key = ?`, person, key).Scan(&kept, &r.Status, &header, &r.Body, &r.Gone)
		switch {
		case err == nil && len(kept) == len(r.Hash):
			r.Hash, before = [32]byte(kept), &r
			return json.Unmarshal([]byte(header), &r.Header)
		case err == nil:
			return tsujiban.Errorf(tsujiban.CodeCorrupt, "a kept answer is damaged")
		case !errors.Is(err, sql.ErrNoRows):
			return err
		}
		var n int
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM replies WHERE person = ?`, person).Scan(&n); err != nil {
			return err
		}
		if n >= most {
			return tsujiban.Errorf(tsujiban.CodeExists, "%d keys are kept already", n)
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO replies (person, key, hash, at) VALUES (?, ?, ?, ?)`, person, key, hash[:], micros(now))
		return err
	})
	if err != nil {
		before = nil
	}
	return before, err
}

// EndReply keeps what was answered.
func (s *Store) EndReply(ctx context.Context, person, key string, r *store.Reply) error {
	header, err := json.Marshal(r.Header)
	if err != nil {
		return err
	}
	body := r.Body
	if body == nil {
		body = []byte{}
	}
	return s.settings.change(ctx, "keep an answer", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE replies SET status = ?, header = ?, body = ?, gone = ? WHERE person = ? AND key = ?`, r.Status, string(header), body, r.Gone, person, key)
		return err
	})
}

// DropReply forgets a key.
func (s *Store) DropReply(ctx context.Context, person, key string) error {
	return s.settings.change(ctx, "forget a key", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM replies WHERE person = ? AND key = ?`, person, key)
		return err
	})
}
