package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"tsujiban"
)

// CompareDays holds the sums by day, and the lines of bills, against the calls that they are made of, and returns how many of them are not what
// those come to. Each day, and each month, is read as of one moment, so it can be used while a program follows the journal.
func (s *Store) CompareDays(ctx context.Context) (wrong int, err error) {
	err = s.withView(func(v *database) error {
		zone, err := zoneOf(ctx, v.read)
		if err != nil || zone == "" {
			return v.explain(ctx, "compare the sums by day", err) // still to be made
		}
		loc, err := time.LoadLocation(zone)
		if err != nil {
			return v.damaged("compare the sums by day", err)
		}
		for day := int64(-1 << 40); ; day++ {
			var n int
			if day, n, err = v.compareDay(ctx, loc, day); errors.Is(err, sql.ErrNoRows) {
				n, err = v.compareMonths(ctx, loc)
				wrong += n
				return v.explain(ctx, "compare the lines of bills", err)
			}
			if err != nil {
				return v.explain(ctx, "compare the sums by day", err)
			}
			wrong += n
		}
	})
	return wrong, err
}

// compareDay compares the first day from a day on that has calls or sums, sql.ErrNoRows when there is none.
func (d *database) compareDay(ctx context.Context, zone *time.Location, from int64) (day int64, wrong int, err error) {
	err = d.snapshot(ctx, "compare the sums by day", func(tx querier) error {
		day, wrong, err = d.dayCompared(ctx, tx, zone, from)
		return err
	})
	return day, wrong, err
}

func (d *database) dayCompared(ctx context.Context, tx querier, zone *time.Location, from int64) (day int64, wrong int, err error) {
	var sums, start sql.NullInt64
	err = tx.QueryRowContext(ctx, `SELECT (SELECT min(day) FROM days WHERE day >= ?), (SELECT min(start) FROM calls WHERE start >= ?)`, from, micros(dayBegin(max(from, -1<<20), zone))).Scan(&sums, &start)
	if err != nil {
		return 0, 0, err
	}
	switch first := dayNumber(time.UnixMicro(start.Int64).In(zone)); {
	case !sums.Valid && !start.Valid:
		return 0, 0, sql.ErrNoRows
	case !sums.Valid || start.Valid && first < sums.Int64:
		day = first
	default:
		day = sums.Int64
	}
	f := newDayFold(zone)
	err = d.list(ctx, "sum up the calls", tx, `SELECT `+summedColumns+` FROM calls INDEXED BY calls_start WHERE start >= ? AND start < ?`, []any{micros(dayBegin(day, zone)), micros(dayBegin(day+1, zone))}, func(r *sql.Rows) error {
		var c summed
		err := c.scan(r)
		f.add(&c, 1)
		return err
	})
	if err != nil {
		return 0, 0, err
	}
	err = d.list(ctx, "read the sums", tx, `SELECT customer, scope, class, code, iso, refused, attempts, answered, cut, night, talk_ms, charge FROM days WHERE day = ?`, []any{day}, func(r *sql.Rows) error {
		k, s := dayKey{day: day}, daySum{}
		if err := r.Scan(&k.customer, &k.scope, &k.class, &k.code, &k.iso, &k.refused, &s.attempts, &s.answered, &s.cut, &s.night, &s.talk, &s.charge); err != nil {
			return err
		}
		if f.sums[k] != s || s == (daySum{}) {
			wrong++
		}
		delete(f.sums, k)
		return nil
	})
	for _, s := range f.sums {
		if s != (daySum{}) {
			wrong++
		}
	}
	return day, wrong, err
}

// compareMonths compares the lines of each customer's months, as far as they are complete.
func (d *database) compareMonths(ctx context.Context, zone *time.Location) (wrong int, err error) {
	var first, last sql.NullInt64
	err = d.read.QueryRowContext(ctx, `SELECT min(start), max(start) FROM calls`).Scan(&first, &last)
	if err != nil {
		return 0, err
	}
	var least, most, complete sql.NullInt64
	err = d.read.QueryRowContext(ctx, `SELECT (SELECT min(month) FROM billed), (SELECT max(month) FROM billed), billed FROM position`).Scan(&least, &most, &complete)
	if err != nil || !first.Valid && !least.Valid {
		return 0, err
	}
	from, to := least.Int64, most.Int64
	if first.Valid {
		from, to = monthNumber(time.UnixMicro(first.Int64).In(zone)), max(to, monthNumber(time.UnixMicro(last.Int64).In(zone)))
	}
	if least.Valid {
		from = min(from, least.Int64)
	}
	for month := max(from, complete.Int64); month <= to && err == nil; month++ {
		var n int
		n, err = d.compareMonth(ctx, zone, month)
		wrong += n
	}
	return wrong, err
}

func (d *database) compareMonth(ctx context.Context, zone *time.Location, month int64) (wrong int, err error) {
	err = d.snapshot(ctx, "compare the lines of bills", func(tx querier) error {
		wrong, err = d.monthCompared(ctx, tx, zone, month)
		return err
	})
	return wrong, err
}

func (d *database) monthCompared(ctx context.Context, tx querier, zone *time.Location, month int64) (wrong int, err error) {
	var customers []tsujiban.CustomerID
	begin, end := monthBegin(month, zone), monthBegin(month+1, zone)
	err = d.list(ctx, "list who has lines of a bill", tx, `SELECT customer FROM billed WHERE month = ? UNION SELECT customer FROM days WHERE day >= ? AND day < ?`, []any{month, dayNumber(begin), dayNumber(end)}, func(r *sql.Rows) error {
		var id tsujiban.CustomerID
		err := r.Scan(&id)
		customers = append(customers, id)
		return err
	})
	for _, id := range customers {
		if err != nil {
			return wrong, err
		}
		var kept, walked map[lineKey]lineSum
		if kept, err = d.readLines(ctx, tx, id, month); err != nil {
			return wrong, err
		}
		walked, err = d.walkLines(ctx, tx, id, month, zone)
		for k, s := range walked {
			if !s.same(kept[k]) {
				wrong++
			}
			delete(kept, k)
		}
		wrong += len(kept)
	}
	return wrong, err
}

func (s lineSum) same(o lineSum) bool {
	slices.Sort(s.ids)
	slices.Sort(o.ids)
	return s.calls == o.calls && s.first == o.first && s.last == o.last && s.talk == o.talk && s.least == o.least && s.most == o.most && s.charge == o.charge && slices.Equal(s.ids, o.ids)
}
