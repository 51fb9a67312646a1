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
func (s *Store) DailyUse(ctx context.Context, customer tsujiban.CustomerID, from, to time.Time) ([]store.DayUse, error) {
	if !from.Before(to) || to.Sub(from) > MaxUseDays*24*time.Hour {
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "from, to: want a span of at most %d days, from before to", MaxUseDays)
	}
	sums := daySums{at: make(map[dayKey]int)}
	err := s.withView(func(v *database) error {
		return v.list(ctx, "sum up the calls", v.read, useQuery, []any{string(customer), micros(from), micros(to)}, func(r *sql.Rows) error {
			return sums.add(r, from.Location())
		})
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

// Summed here and not by SQLite: days are those of a time zone, and sums must stop at
// MaxMoney instead of failing.
const useQuery = `SELECT start, answered IS NOT NULL, scope, class, code, iso, talk_ms, charge
	FROM calls INDEXED BY calls_customer WHERE customer = ? AND start >= ? AND start < ? AND direction = 'out'`

type dayKey struct {
	day int64 // Unix seconds of its midnight
	to  tsujiban.Destination
}

type daySums struct {
	at  map[dayKey]int
	use []store.DayUse
}

func (s *daySums) add(r *sql.Rows, loc *time.Location) error {
	var start, talk, charge int64
	var answered bool
	var scope, class, iso string
	var d tsujiban.Destination
	if err := r.Scan(&start, &answered, &scope, &class, &d.Code, &iso, &talk, &charge); err != nil {
		return err
	}
	copy(d.ISO[:], iso)
	p := parser{}
	code(&p, "scope", scope, &d.Scope, parseScope)
	code(&p, "class", class, &d.Class, tsujiban.ParseClass)
	if p.err != nil {
		return p.err
	}
	year, month, day := time.UnixMicro(start).In(loc).Date()
	midnight := time.Date(year, month, day, 0, 0, 0, 0, loc)
	key := dayKey{midnight.Unix(), d}
	i, ok := s.at[key]
	if !ok {
		i = len(s.use)
		s.at[key] = i
		s.use = append(s.use, store.DayUse{Day: midnight, Destination: d})
	}
	u := &s.use[i]
	u.Attempts++
	if answered {
		u.Answered++
	}
	u.Talk += millis(talk)
	u.Charge = u.Charge.Add(tsujiban.Money(charge))
	return nil
}
