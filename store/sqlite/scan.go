package sqlite

import (
	"context"
	"database/sql"
	"time"

	"tsujiban"
	"tsujiban/store"
)

// EachCall hands the calls that were asked for at from or later and before to to each, oldest first, with as much of them as sums need
// ([store.CallSum]): a customer's, or everybody's when customer is empty. An error of each ends it. The pointer is valid until each returns.
func (s *Store) EachCall(ctx context.Context, customer tsujiban.CustomerID, from, to time.Time, each func(*store.CallSum) error) error {
	const columns = `SELECT id, start, answered IS NOT NULL, ended IS NULL, direction, customer, callee, scope, class, code, iso, verdict, talk_ms, charge, carrier FROM calls INDEXED BY `
	query, args := columns+`calls_start WHERE start >= ? AND start < ? ORDER BY start`, []any{micros(from), micros(to)}
	if customer != "" {
		query, args = columns+`calls_customer WHERE customer = ? AND start >= ? AND start < ? ORDER BY start`, []any{string(customer), micros(from), micros(to)}
	}
	var c store.CallSum
	var id, start, talk, charge int64
	var direction, callee, scope, class, iso, verdict string
	return s.withView(func(v *database) error {
		return v.list(ctx, "sum up the calls", v.read, query, args, func(r *sql.Rows) error {
			if err := r.Scan(&id, &start, &c.Answered, &c.Running, &direction, &c.Customer, &callee, &scope, &class, &c.Destination.Code, &iso, &verdict, &talk, &charge, &c.Carrier); err != nil {
				return err
			}
			c.ID, c.At, c.Talk, c.Charge = tsujiban.CallID(id), fromMicros(start), millis(talk), tsujiban.Money(charge)
			c.Destination.ISO = [2]byte{}
			copy(c.Destination.ISO[:], iso)
			p := parser{}
			code(&p, "direction", direction, &c.Direction, tsujiban.ParseDirection)
			code(&p, "scope", scope, &c.Destination.Scope, parseScope)
			code(&p, "class", class, &c.Destination.Class, tsujiban.ParseClass)
			code(&p, "verdict", verdict, &c.Action, tsujiban.ParseAction)
			p.note(c.Callee.UnmarshalText([]byte(callee)))
			if p.err != nil {
				return p.err
			}
			return each(&c)
		})
	})
}

// FirstCall is when the customer's oldest call was asked for; zero when there is none.
func (s *Store) FirstCall(ctx context.Context, customer tsujiban.CustomerID) (at time.Time, err error) {
	err = s.withView(func(v *database) error {
		var oldest sql.NullInt64
		err := v.read.QueryRowContext(ctx, `SELECT min(start) FROM calls INDEXED BY calls_customer WHERE customer = ?`, string(customer)).Scan(&oldest)
		at = orZero(oldest)
		return v.explain(ctx, "read the oldest call", err)
	})
	return at, err
}

// CallsAfter returns the calls behind the one that was asked for at an instant under an id, and before to, oldest first, at most limit.
func (s *Store) CallsAfter(ctx context.Context, at time.Time, id tsujiban.CallID, to time.Time, limit int) (out []store.Call, err error) {
	err = s.withView(func(v *database) error {
		return v.list(ctx, "list the calls", v.read, `SELECT `+callColumns+` FROM calls INDEXED BY calls_start WHERE start >= ?1 AND start < ?3 AND (start > ?1 OR id > ?2) ORDER BY start, id LIMIT ?4`,
			[]any{micros(at), int64(id), micros(to), limit}, func(r *sql.Rows) error {
				c, err := scanCall(r)
				out = append(out, c)
				return err
			})
	})
	return out, err
}
