package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"time"

	"tsujiban"
	"tsujiban/store"
)

// MaxUseDays is the longest span of DailyUse.
const MaxUseDays = 400

// DailyUse sums up the outgoing calls of a customer that were asked for at from or later
// and before to, by day in from's location and by destination: the lines of its bill.
// Running calls count with what they have cost so far, which is nothing: they are charged
// when they end. Ordered by day, then charge, dearest first.
//
// Whole days of the store's zone ([WithZone]) are read from sums that are kept, and calls
// that run; what is before and behind them, and days of another zone, from the calls.
func (s *Store) DailyUse(ctx context.Context, customer tsujiban.CustomerID, from, to time.Time) ([]store.DayUse, error) {
	if !from.Before(to) || to.Sub(from) > MaxUseDays*24*time.Hour {
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "from, to: want a span of at most %d days, from before to", MaxUseDays)
	}
	sums := daySums{loc: from.Location(), at: make(map[dayTo]int)}
	err := s.withView(func(v *database) error {
		return v.snapshot(ctx, "sum up the calls", func(q querier) error { return sums.fill(ctx, snapshot{v, q}, customer, from, to) })
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(sums.use, func(a, b store.DayUse) int {
		return cmp.Or(a.Day.Compare(b.Day), cmp.Compare(b.Charge, a.Charge), cmp.Compare(a.Destination.Code, b.Destination.Code),
			cmp.Compare(a.Destination.Class, b.Destination.Class), cmp.Compare(a.Destination.Country(), b.Destination.Country()))
	})
	return sums.use, nil
}

// snapshot is the view as of one moment: calls that end meanwhile are told once.
type snapshot struct {
	*database
	q querier
}

func (d *database) snapshot(ctx context.Context, doing string, f func(querier) error) error {
	tx, err := d.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return d.explain(ctx, doing, err)
	}
	defer func() { _ = tx.Rollback() }() // nothing was written
	return d.explain(ctx, doing, f(tx))
}

func (s *daySums) fill(ctx context.Context, v snapshot, customer tsujiban.CustomerID, from, to time.Time) error {
	first, last, err := v.wholeDays(ctx, customer, from, to)
	if err != nil {
		return err
	}
	if first >= last {
		return s.walk(ctx, v, useQuery, customer, from, to)
	}
	begin, end := dayBegin(first, s.loc), dayBegin(last, s.loc)
	if err := s.read(ctx, v, customer, first, last); err != nil {
		return err
	}
	if err = s.walk(ctx, v, useOfOpen, customer, begin, end); err == nil && from.Before(begin) {
		err = s.walk(ctx, v, useQuery, customer, from, begin)
	}
	if err == nil && end.Before(to) {
		err = s.walk(ctx, v, useQuery, customer, end, to)
	}
	return err
}

// wholeDays are the days, from the first to before the last, of which the span has all calls: also today's, when to is now. None when the
// sums are those of another zone.
func (d snapshot) wholeDays(ctx context.Context, customer tsujiban.CustomerID, from, to time.Time) (first, last int64, err error) {
	zone, err := zoneOf(ctx, d.q)
	if err != nil || zone != from.Location().String() {
		return 0, 0, err
	}
	loc := from.Location()
	if first = dayNumber(from); dayBegin(first, loc).Before(from) {
		calls, err := d.someCall(ctx, customer, dayBegin(first, loc), from)
		if err != nil {
			return 0, 0, err
		}
		if calls {
			first++
		}
	}
	if last = dayNumber(to.In(loc)); dayBegin(last, loc).Before(to) {
		calls, err := d.someCall(ctx, customer, to, dayBegin(last+1, loc))
		if err != nil {
			return 0, 0, err
		}
		if !calls {
			last++
		}
	}
	return first, last, nil
}

// someCall tells whether a customer has a call in a span.
func (d snapshot) someCall(ctx context.Context, customer tsujiban.CustomerID, from, to time.Time) (there bool, err error) {
	err = d.q.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM calls INDEXED BY calls_customer WHERE customer = ? AND start >= ? AND start < ?)`, string(customer), micros(from), micros(to)).Scan(&there)
	return there, err
}

// daysOfOne seeks the customer in each day.
const daysOfOne = `WITH RECURSIVE span (day) AS (SELECT ?1 UNION ALL SELECT day + 1 FROM span WHERE day + 1 < ?2)
	SELECT d.day, d.scope, d.class, d.code, d.iso, d.refused <> '', d.attempts, d.answered, d.talk_ms, d.charge FROM span CROSS JOIN days d ON d.day = span.day AND d.customer = ?3`

// Summed here and not by SQLite: days are those of a time zone, and sums must stop at
// MaxMoney instead of failing.
const (
	useColumns = `SELECT start, answered IS NOT NULL, verdict = 'deny', scope, class, code, iso, talk_ms, charge FROM calls `
	useQuery   = useColumns + `INDEXED BY calls_customer WHERE customer = ? AND start >= ? AND start < ? AND direction = 'out'`
	useOfOpen  = useColumns + `INDEXED BY calls_open WHERE customer = ? AND start >= ? AND start < ? AND ended IS NULL AND direction = 'out'`
)

type dayTo struct {
	day int64 // Unix seconds of its midnight
	to  tsujiban.Destination
}

type daySums struct {
	loc *time.Location
	at  map[dayTo]int
	use []store.DayUse
}

// of is the sum of a day and a destination.
func (s *daySums) of(midnight time.Time, to tsujiban.Destination) *store.DayUse {
	key := dayTo{midnight.Unix(), to}
	i, ok := s.at[key]
	if !ok {
		i = len(s.use)
		s.at[key] = i
		s.use = append(s.use, store.DayUse{Day: midnight, Destination: to})
	}
	return &s.use[i]
}

func (s *daySums) read(ctx context.Context, v snapshot, customer tsujiban.CustomerID, first, last int64) error {
	return v.list(ctx, "read the sums by day", v.q, daysOfOne, []any{first, last, string(customer)}, func(r *sql.Rows) error {
		var day, talk, charge int64
		var refused bool
		var attempts, answered int
		var scope, class, iso string
		var to tsujiban.Destination
		if err := r.Scan(&day, &scope, &class, &to.Code, &iso, &refused, &attempts, &answered, &talk, &charge); err != nil {
			return err
		}
		if err := parseTo(&to, scope, class, iso); err != nil {
			return err
		}
		u := s.of(dayBegin(day, s.loc), to)
		u.Attempts, u.Answered = u.Attempts+attempts, u.Answered+answered
		if refused {
			u.Refused += attempts
		}
		u.Talk += millis(talk)
		u.Charge = u.Charge.Add(tsujiban.Money(charge))
		return nil
	})
}

func (s *daySums) walk(ctx context.Context, v snapshot, query string, customer tsujiban.CustomerID, from, to time.Time) error {
	return v.list(ctx, "sum up the calls", v.q, query, []any{string(customer), micros(from), micros(to)}, func(r *sql.Rows) error {
		var start, talk, charge int64
		var answered, refused bool
		var scope, class, iso string
		var d tsujiban.Destination
		if err := r.Scan(&start, &answered, &refused, &scope, &class, &d.Code, &iso, &talk, &charge); err != nil {
			return err
		}
		if err := parseTo(&d, scope, class, iso); err != nil {
			return err
		}
		year, month, day := time.UnixMicro(start).In(s.loc).Date()
		u := s.of(time.Date(year, month, day, 0, 0, 0, 0, s.loc), d)
		u.Attempts++
		if answered {
			u.Answered++
		}
		if refused {
			u.Refused++
		}
		u.Talk += millis(talk)
		u.Charge = u.Charge.Add(tsujiban.Money(charge))
		return nil
	})
}

// parseTo reads a destination's columns; its code is there already.
func parseTo(d *tsujiban.Destination, scope, class, iso string) error {
	copy(d.ISO[:], iso)
	p := parser{}
	code(&p, "scope", scope, &d.Scope, parseScope)
	code(&p, "class", class, &d.Class, tsujiban.ParseClass)
	return p.err
}
