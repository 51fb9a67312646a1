package sqlite

import (
	"context"
	"database/sql"
	"time"

	"tsujiban"
	"tsujiban/store"
)

const restrictionColumns = `customer, level, reason, at, actor, note, call, weight, why, reach, factor, customers`

// PutRestriction puts a restriction on a customer in place of the one that stands, if any.
// r.By is who acts: "guard", or a person. The note is cut and cleaned rather than refused
// ([store.Note]): a restriction must not be lost over it.
func (s *Store) PutRestriction(ctx context.Context, r tsujiban.Restriction) error {
	r.Note = store.Note(r.Note)
	if err := store.ValidRestriction(&r); err != nil {
		return err
	}
	a := store.Action{By: r.By, At: r.At, Verb: "restrict", Customer: r.Customer, Object: r.Level.String(), Note: r.Note}
	return s.set(ctx, &a, false, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO restrictions (`+restrictionColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			string(r.Customer), r.Level.String(), r.Reason.String(), micros(r.At), r.By, r.Note, int64(r.Call), finite(float64(r.Weight)), whyText(r.Why[:]), r.Reach.String(), r.Campaign.Factor.String(), int64(r.Campaign.Customers))
		return err
	})
}

// ReleaseRestriction takes the restriction off, CodeNotFound when none stands. at is
// when; zero is now.
func (s *Store) ReleaseRestriction(ctx context.Context, by string, id tsujiban.CustomerID, at time.Time, note string) error {
	if err := store.ValidText("note", note, store.MaxNote, false); err != nil {
		return err
	}
	a := store.Action{By: by, At: at, Verb: "release", Customer: id, Note: note}
	return s.set(ctx, &a, false, func(tx *sql.Tx) error {
		old, err := restriction(ctx, tx, id)
		if err != nil {
			return err
		}
		a.Object = old.Level.String()
		_, err = tx.ExecContext(ctx, `DELETE FROM restrictions WHERE customer = ?`, string(id))
		return err
	})
}

// Restriction returns what stands against a customer, CodeNotFound when nothing does.
func (s *Store) Restriction(ctx context.Context, id tsujiban.CustomerID) (tsujiban.Restriction, error) {
	r, err := restriction(ctx, s.settings.read, id)
	return r, s.settings.explain(ctx, "read the restriction", err)
}

func restriction(ctx context.Context, q querier, id tsujiban.CustomerID) (tsujiban.Restriction, error) {
	r, err := scanRestriction(q.QueryRowContext(ctx, `SELECT `+restrictionColumns+` FROM restrictions WHERE customer = ?`, string(id)))
	return r, foundOne(err, "a restriction on customer", string(id))
}

// Restrictions returns all that stand, by customer.
func (s *Store) Restrictions(ctx context.Context) ([]tsujiban.Restriction, error) {
	var out []tsujiban.Restriction
	err := s.settings.list(ctx, "list the restrictions", s.settings.read,
		`SELECT `+restrictionColumns+` FROM restrictions ORDER BY customer`, nil, func(rows *sql.Rows) error {
			r, err := scanRestriction(rows)
			out = append(out, r)
			return err
		})
	return out, err
}

func scanRestriction(row interface{ Scan(...any) error }) (r tsujiban.Restriction, err error) {
	var level, reason, why, reach, factor string
	var at, call, customers int64
	var weight float64
	if err := row.Scan(&r.Customer, &level, &reason, &at, &r.By, &r.Note, &call, &weight, &why, &reach, &factor, &customers); err != nil {
		return r, err
	}
	var ok bool
	if r.Level, ok = tsujiban.ParseLevel(level); !ok {
		return r, unknown("level", level)
	}
	if r.Reason, ok = tsujiban.ParseReason(reason); !ok {
		return r, unknown("reason", reason)
	}
	r.At, r.Call, r.Weight = fromMicros(at), tsujiban.CallID(call), tsujiban.Decibans(weight)
	if r.Reach, err = tsujiban.ParseReach(reach); err != nil {
		return r, unknown("reach", reach)
	}
	if r.Campaign.Factor, ok = tsujiban.ParseFactor(factor); !ok {
		return r, unknown("factor", factor)
	}
	r.Campaign.Customers = uint16(min(max(customers, 0), 1<<16-1))
	list, err := parseWhy(why)
	copy(r.Why[:], list)
	return r, err
}
