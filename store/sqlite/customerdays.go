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

// The sums of whole days, and the same of any span from the calls: by destination, reason and half hour, for hours of the night are those
// of a zone and told apart here.
const (
	daysOfAll        = `SELECT customer, scope, class, code, iso, refused, 0, night, attempts, answered, cut, talk_ms, charge FROM days WHERE day >= ? AND day < ?`
	callColumnsOfAll = `SELECT customer, scope, class, code, iso, iif(verdict = 'deny', reason, ''), start / 1800000000, 0, count(*), count(answered), sum(ended IS NOT NULL AND party = 'guard' AND answered IS NOT NULL), sum(talk_ms), sum(min(charge, 1000000000000000)) FROM calls INDEXED BY `
	callsOfAll       = callColumnsOfAll + `calls_start WHERE start >= ? AND start < ? AND direction = 'out' GROUP BY 1, 2, 3, 4, 5, 6, 7`
	openOfAll        = callColumnsOfAll + `calls_open WHERE start >= ? AND start < ? AND ended IS NULL AND direction = 'out' GROUP BY 1, 2, 3, 4, 5, 6, 7`
)

// Destinations abroad and special numbers that were reached.
const (
	unusual     = ` AND (scope <> 'domestic' OR class IN ('premium', 'shared-cost', 'satellite', 'personal'))`
	reachedDays = `SELECT DISTINCT customer, scope, class, code, iso FROM days WHERE day >= ? AND day < ? AND answered > 0` + unusual
	reachedOpen = `SELECT DISTINCT customer, scope, class, code, iso FROM calls INDEXED BY calls_open WHERE start >= ? AND start < ? AND ended IS NULL AND direction = 'out' AND answered IS NOT NULL` + unusual
	reached     = `SELECT DISTINCT customer, scope, class, code, iso FROM calls INDEXED BY calls_start WHERE start >= ? AND start < ? AND direction = 'out' AND answered IS NOT NULL` + unusual
)

type customerTo struct {
	customer tsujiban.CustomerID
	to       tsujiban.Destination
}

// CustomerDays sums up the outgoing calls of all customers that were asked for at from or later and before to, by customer,
// destination and reason of refusal. New are destinations abroad and special numbers without an answered call since before, or since the
// beginning of its day: where from and to are midnights in the store's zone, sums by day are read and not the calls.
func (s *Store) CustomerDays(ctx context.Context, from, to, before time.Time) ([]store.CustomerDay, error) {
	sums := customerDays{loc: from.Location(), called: map[customerTo]bool{}, at: map[customerDay]int{}}
	err := s.withView(func(v *database) error {
		return v.snapshot(ctx, "sum up the calls", func(q querier) error { return sums.fill(ctx, snapshot{v, q}, from, to, before) })
	})
	slices.SortFunc(sums.out, func(a, b store.CustomerDay) int {
		return cmp.Or(cmp.Compare(a.Customer, b.Customer), cmp.Compare(b.Charge, a.Charge), cmp.Compare(a.Destination.Code, b.Destination.Code), cmp.Compare(a.Destination.Class, b.Destination.Class), cmp.Compare(a.Reason, b.Reason))
	})
	return sums.out, err
}

type customerDay struct {
	customerTo
	reason tsujiban.Reason
}

type customerDays struct {
	loc    *time.Location
	kept   bool // sums by day are read, which tell how many were at night
	called map[customerTo]bool
	at     map[customerDay]int
	out    []store.CustomerDay
}

func (s *customerDays) fill(ctx context.Context, v snapshot, from, to, before time.Time) error {
	zone, err := zoneOf(ctx, v.q)
	if err != nil {
		return err
	}
	first, last := dayNumber(from), dayNumber(to.In(s.loc))
	if zone != s.loc.String() || !dayBegin(first, s.loc).Equal(from) || !dayBegin(last, s.loc).Equal(to) {
		return s.read(ctx, v, []stretch{{reached, micros(before), micros(from)}}, stretch{callsOfAll, micros(from), micros(to)})
	}
	past := dayNumber(before.In(s.loc))
	since := micros(dayBegin(past, s.loc))
	err = s.read(ctx, v, []stretch{{reachedDays, past, first}, {reachedOpen, since, micros(from)}}, stretch{openOfAll, micros(from), micros(to)})
	if s.kept = true; err == nil {
		err = s.read(ctx, v, nil, stretch{daysOfAll, first, last})
	}
	return err
}

// stretch is a query and from where to where it goes.
type stretch struct {
	query    string
	from, to int64
}

// read notes what was called before, then adds up.
func (s *customerDays) read(ctx context.Context, v snapshot, before []stretch, sum stretch) error {
	for _, b := range before {
		err := v.list(ctx, "list what was called before", v.q, b.query, []any{b.from, b.to}, func(r *sql.Rows) error {
			var k customerTo
			err := scanTo(r, &k)
			s.called[k] = true
			return err
		})
		if err != nil {
			return err
		}
	}
	return v.list(ctx, "sum up the calls", v.q, sum.query, []any{sum.from, sum.to}, s.add)
}

func (s *customerDays) add(r *sql.Rows) error {
	var k customerDay
	var reason string
	var slot, night, attempts, answered, cut, talk, charge int64
	if err := scanTo(r, &k.customerTo, &reason, &slot, &night, &attempts, &answered, &cut, &talk, &charge); err != nil {
		return err
	}
	if reason != "" {
		var ok bool
		if k.reason, ok = tsujiban.ParseReason(reason); !ok {
			return unknown("reason", reason)
		}
	}
	i, known := s.at[k]
	if !known {
		i = len(s.out)
		s.at[k] = i
		s.out = append(s.out, store.CustomerDay{Customer: k.customer, Destination: k.to, Reason: k.reason, New: !s.called[k.customerTo]})
	}
	d := &s.out[i]
	d.Attempts, d.Answered, d.Cut, d.Night = d.Attempts+int(attempts), d.Answered+int(answered), d.Cut+int(cut), d.Night+int(night)
	d.Talk += millis(talk)
	d.Charge = d.Charge.Add(tsujiban.Money(charge))
	if h := time.Unix(slot*slotSeconds, 0).In(s.loc).Hour(); !s.kept && (h >= 22 || h < 6) {
		d.Night += int(attempts)
	}
	return nil
}

// scanTo reads customer and destination, then what follows.
func scanTo(r *sql.Rows, k *customerTo, more ...any) error {
	var scope, class, iso string
	if err := r.Scan(append([]any{&k.customer, &scope, &class, &k.to.Code, &iso}, more...)...); err != nil {
		return err
	}
	return parseTo(&k.to, scope, class, iso)
}
