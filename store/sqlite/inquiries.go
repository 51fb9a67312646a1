package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	lib "modernc.org/sqlite/lib"

	"tsujiban"
	"tsujiban/inquiry"
	"tsujiban/store"
)

// OpenInquiry takes a new case down and sets its ID. CodeExists when the document of that agency is a case already.
func (s *Store) OpenInquiry(ctx context.Context, c *inquiry.Case) error {
	return s.settings.change(ctx, "open an inquiry", func(tx *sql.Tx) error {
		if err := store.ValidBy(c.By); err != nil {
			return err
		}
		r, err := tx.ExecContext(ctx, `INSERT INTO inquiries (id, at, kind, agency, document, until, body) VALUES ((SELECT id + 1 FROM last_inquiry), ?, ?, ?, ?, ?, '{}')`,
			micros(c.At), string(c.Kind), c.Agency, c.Document, nullMicros(c.Until))
		if constraint(err, lib.SQLITE_CONSTRAINT_UNIQUE) {
			return tsujiban.Errorf(tsujiban.CodeExists, "document %q of %q is a case already; \"tsujiban inquiry list -all\" shows which", c.Document, c.Agency)
		}
		if err == nil {
			c.ID, err = r.LastInsertId()
		}
		if err != nil {
			return err
		}
		return keepInquiry(ctx, tx, c)
	})
}

func keepInquiry(ctx context.Context, tx *sql.Tx, c *inquiry.Case) error {
	body, err := json.Marshal(c)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE inquiries SET closed = ?, body = ? WHERE id = ?`, nullMicros(c.Closed), string(body), c.ID)
	return err
}

// Inquiry returns one case, CodeNotFound when there is none.
func (s *Store) Inquiry(ctx context.Context, id int64) (inquiry.Case, error) {
	c, err := inquiryOf(s.settings.read.QueryRowContext(ctx, `SELECT body FROM inquiries WHERE id = ?`, id))
	return c, s.settings.explain(ctx, "read an inquiry", foundOne(err, "inquiry case", fmt.Sprint(id)))
}

// InquiryOf returns the case of a document, CodeNotFound when there is none.
func (s *Store) InquiryOf(ctx context.Context, agency, document string) (inquiry.Case, error) {
	c, err := inquiryOf(s.settings.read.QueryRowContext(ctx, `SELECT body FROM inquiries WHERE agency = ? AND document = ?`, agency, document))
	return c, s.settings.explain(ctx, "read an inquiry", foundOne(err, "document", document))
}

func inquiryOf(r interface{ Scan(...any) error }) (c inquiry.Case, err error) {
	var body string
	if err := r.Scan(&body); err != nil {
		return c, err
	}
	return c, json.Unmarshal([]byte(body), &c)
}

// Inquiries returns the cases, the newest first: those that are open, or all.
func (s *Store) Inquiries(ctx context.Context, all bool) ([]inquiry.Case, error) {
	return s.inquiries(ctx, `SELECT body FROM inquiries WHERE ? OR closed IS NULL ORDER BY id DESC`, all)
}

// Holds returns the preservation requests that stand at an instant: records of their numbers are not to be erased.
func (s *Store) Holds(ctx context.Context, at time.Time) ([]inquiry.Case, error) {
	return s.inquiries(ctx, holdsQuery, micros(at))
}

const holdsQuery = `SELECT body FROM inquiries WHERE until > ? AND until IS NOT NULL AND closed IS NULL ORDER BY until`

func (s *Store) inquiries(ctx context.Context, query string, args ...any) ([]inquiry.Case, error) {
	out := []inquiry.Case{}
	err := s.settings.list(ctx, "list the inquiries", s.settings.read, query, args, func(r *sql.Rows) error {
		c, err := inquiryOf(r)
		out = append(out, c)
		return err
	})
	return out, err
}

// NameNumber adds a number to those that a case names; naming one twice changes nothing.
func (s *Store) NameNumber(ctx context.Context, id int64, n tsujiban.Number) (inquiry.Case, error) {
	return s.changeInquiry(ctx, id, func(c *inquiry.Case) error {
		if len(c.Numbers) == 0 || slices.Contains(c.Numbers, n.String()) {
			return nil
		}
		if len(c.Numbers) == inquiry.MaxNumbers {
			return tsujiban.Errorf(tsujiban.CodeInvalid, "numbers: case %d names %d, no more fit", id, inquiry.MaxNumbers)
		}
		c.Numbers = append(c.Numbers, n.String())
		return nil
	})
}

// CloseInquiry closes a case. CodeConflict when it is closed already.
func (s *Store) CloseInquiry(ctx context.Context, id int64, at time.Time, by, result string) (inquiry.Case, error) {
	if err := store.ValidText("result", result, store.MaxNote, true); err != nil {
		return inquiry.Case{}, err
	}
	return s.changeInquiry(ctx, id, func(c *inquiry.Case) error {
		c.Closed, c.ClosedBy, c.Result = at, by, result
		return nil
	})
}

func (s *Store) changeInquiry(ctx context.Context, id int64, f func(*inquiry.Case) error) (c inquiry.Case, err error) {
	err = s.settings.change(ctx, "change an inquiry", func(tx *sql.Tx) error {
		c, err = inquiryOf(tx.QueryRowContext(ctx, `SELECT body FROM inquiries WHERE id = ?`, id))
		if err = foundOne(err, "inquiry case", fmt.Sprint(id)); err != nil {
			return err
		}
		if !c.Closed.IsZero() {
			return tsujiban.Errorf(tsujiban.CodeConflict, "inquiry case %d is closed", id)
		}
		if err := f(&c); err != nil {
			return err
		}
		return keepInquiry(ctx, tx, &c)
	})
	return c, err
}

// AddLook keeps a look and sets its ID. It is never changed and never taken away.
func (s *Store) AddLook(ctx context.Context, l *inquiry.Look) error {
	return s.settings.change(ctx, "record a look", func(tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, `INSERT INTO looks (inquiry, at, body) VALUES (?, ?, '{}')`, l.Case, micros(l.At))
		if constraint(err, lib.SQLITE_CONSTRAINT_FOREIGNKEY) {
			return tsujiban.Errorf(tsujiban.CodeNotFound, "inquiry case %d does not exist", l.Case)
		}
		if err == nil {
			l.ID, err = r.LastInsertId()
		}
		if err != nil {
			return err
		}
		body, err := json.Marshal(l)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE looks SET body = ? WHERE id = ?`, string(body), l.ID)
		return err
	})
}

// Look returns one look, CodeNotFound when there is none.
func (s *Store) Look(ctx context.Context, id int64) (l inquiry.Look, err error) {
	var body string
	err = s.settings.read.QueryRowContext(ctx, `SELECT body FROM looks WHERE id = ?`, id).Scan(&body)
	if err = foundOne(err, "look", fmt.Sprint(id)); err == nil {
		err = json.Unmarshal([]byte(body), &l)
	}
	return l, s.settings.explain(ctx, "read a look", err)
}

// Looks returns the looks that were made under a case, the oldest first.
func (s *Store) Looks(ctx context.Context, id int64) ([]inquiry.Look, error) {
	out := []inquiry.Look{}
	err := s.settings.list(ctx, "list the looks", s.settings.read, looksQuery, []any{id}, func(r *sql.Rows) error {
		var body string
		var l inquiry.Look
		err := r.Scan(&body)
		if err == nil {
			err = json.Unmarshal([]byte(body), &l)
		}
		out = append(out, l)
		return err
	})
	return out, err
}

const looksQuery = `SELECT body FROM looks WHERE inquiry = ? ORDER BY id`
