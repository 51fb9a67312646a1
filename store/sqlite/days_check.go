package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"
	"strconv"
	"time"

	"tsujiban"
	"tsujiban/store"
)

// SumFaults are sums that are not what the calls come to: the rows of days and billed, by name.
type SumFaults struct {
	Rows []SumFault
	More int // beyond MaxDifferences
}

// SumFault is a row that is wrong, missing or one too many.
type SumFault struct {
	Table    string    // "days" or "billed"
	From     time.Time // the day or month, in the zone of the sums
	Customer tsujiban.CustomerID
	Key      string // the rest of its key
	Kind     RowFaultKind
}

// Count is how many there are.
func (f *SumFaults) Count() int { return len(f.Rows) + f.More }

func (f *SumFaults) add(r *SumFault) {
	if len(f.Rows) == MaxDifferences {
		f.More++
		return
	}
	f.Rows = append(f.Rows, *r)
}

// faultOf says what is wrong with a row that is kept, or that should be.
func faultOf(kept, walked bool) RowFaultKind {
	switch {
	case !kept:
		return RowMissing
	case !walked:
		return RowAdded
	}
	return RowChanged
}

func (k *dayKey) fault(zone *time.Location, kind RowFaultKind) *SumFault {
	return &SumFault{"days", dayBegin(k.day, zone), tsujiban.CustomerID(k.customer), store.RowKey(k.scope, k.class, strconv.FormatInt(k.code, 10), k.iso, k.refused), kind}
}

func (k *lineKey) fault(zone *time.Location, kind RowFaultKind) *SumFault {
	return &SumFault{"billed", monthBegin(k.month, zone), tsujiban.CustomerID(k.customer), store.RowKey(k.scope, k.class, k.iso, strconv.FormatInt(k.about, 10)), kind}
}

// CompareDays holds the sums by day, and the lines of bills, against the calls that they are made of, and returns those that are not what
// these come to. Each day, and each month, is read as of one moment, so it can be used while a program follows the journal.
func (s *Store) CompareDays(ctx context.Context) (wrong SumFaults, err error) {
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
			if day, err = v.compareDay(ctx, loc, day, &wrong); errors.Is(err, sql.ErrNoRows) {
				return v.explain(ctx, "compare the lines of bills", v.compareMonths(ctx, loc, &wrong))
			}
			if err != nil {
				return v.explain(ctx, "compare the sums by day", err)
			}
		}
	})
	return wrong, err
}

// compareDay compares the first day from a day on that has calls or sums, sql.ErrNoRows when there is none.
func (d *database) compareDay(ctx context.Context, zone *time.Location, from int64, wrong *SumFaults) (day int64, err error) {
	err = d.snapshot(ctx, "compare the sums by day", func(tx querier) error {
		day, err = d.dayCompared(ctx, tx, zone, from, wrong)
		return err
	})
	return day, err
}

func (d *database) dayCompared(ctx context.Context, tx querier, zone *time.Location, from int64, wrong *SumFaults) (day int64, err error) {
	var sums, start sql.NullInt64
	err = tx.QueryRowContext(ctx, `SELECT (SELECT min(day) FROM days WHERE day >= ?), (SELECT min(start) FROM calls WHERE start >= ?)`, from, micros(dayBegin(max(from, -1<<20), zone))).Scan(&sums, &start)
	if err != nil {
		return 0, err
	}
	switch first := dayNumber(time.UnixMicro(start.Int64).In(zone)); {
	case !sums.Valid && !start.Valid:
		return 0, sql.ErrNoRows
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
		return 0, err
	}
	err = d.list(ctx, "read the sums", tx, `SELECT customer, scope, class, code, iso, refused, attempts, answered, cut, night, talk_ms, charge FROM days WHERE day = ?`, []any{day}, func(r *sql.Rows) error {
		k, s := dayKey{day: day}, daySum{}
		if err := r.Scan(&k.customer, &k.scope, &k.class, &k.code, &k.iso, &k.refused, &s.attempts, &s.answered, &s.cut, &s.night, &s.talk, &s.charge); err != nil {
			return err
		}
		if f.sums[k] != s || s == (daySum{}) {
			wrong.add(k.fault(zone, faultOf(true, f.sums[k] != (daySum{}))))
		}
		delete(f.sums, k)
		return nil
	})
	if err != nil {
		return 0, err
	}
	for _, k := range slices.SortedFunc(maps.Keys(f.sums), compareDayKeys) {
		if f.sums[k] != (daySum{}) {
			wrong.add(k.fault(zone, RowMissing))
		}
	}
	return day, nil
}

// compareMonths compares the lines of each customer's months, as far as they are complete.
func (d *database) compareMonths(ctx context.Context, zone *time.Location, wrong *SumFaults) error {
	var first, last sql.NullInt64
	err := d.read.QueryRowContext(ctx, `SELECT min(start), max(start) FROM calls`).Scan(&first, &last)
	if err != nil {
		return err
	}
	var least, most, complete sql.NullInt64
	err = d.read.QueryRowContext(ctx, `SELECT (SELECT min(month) FROM billed), (SELECT max(month) FROM billed), billed FROM position`).Scan(&least, &most, &complete)
	if err != nil || !first.Valid && !least.Valid {
		return err
	}
	from, to := least.Int64, most.Int64
	if first.Valid {
		from, to = monthNumber(time.UnixMicro(first.Int64).In(zone)), max(to, monthNumber(time.UnixMicro(last.Int64).In(zone)))
	}
	if least.Valid {
		from = min(from, least.Int64)
	}
	for month := max(from, complete.Int64); month <= to && err == nil; month++ {
		err = d.snapshot(ctx, "compare the lines of bills", func(tx querier) error {
			return d.monthCompared(ctx, tx, zone, month, wrong)
		})
	}
	return err
}

func (d *database) monthCompared(ctx context.Context, tx querier, zone *time.Location, month int64, wrong *SumFaults) error {
	var customers []tsujiban.CustomerID
	begin, end := monthBegin(month, zone), monthBegin(month+1, zone)
	err := d.list(ctx, "list who has lines of a bill", tx, `SELECT customer FROM billed WHERE month = ? UNION SELECT customer FROM days WHERE day >= ? AND day < ?`, []any{month, dayNumber(begin), dayNumber(end)}, func(r *sql.Rows) error {
		var id tsujiban.CustomerID
		err := r.Scan(&id)
		customers = append(customers, id)
		return err
	})
	for _, id := range customers {
		if err != nil {
			return err
		}
		var kept, walked map[lineKey]lineSum
		if kept, err = d.readLines(ctx, tx, id, month); err != nil {
			return err
		}
		if walked, err = d.walkLines(ctx, tx, id, month, zone); err != nil {
			return err
		}
		for _, k := range slices.SortedFunc(maps.Keys(walked), compareLineKeys) {
			have, ok := kept[k]
			if s := walked[k]; !s.same(have) {
				wrong.add(k.fault(zone, faultOf(ok, true)))
			}
			delete(kept, k)
		}
		for _, k := range slices.SortedFunc(maps.Keys(kept), compareLineKeys) {
			wrong.add(k.fault(zone, RowAdded))
		}
	}
	return err
}

func compareDayKeys(a, b dayKey) int {
	return cmp.Or(cmp.Compare(a.customer, b.customer), cmp.Compare(a.scope, b.scope), cmp.Compare(a.class, b.class), cmp.Compare(a.code, b.code), cmp.Compare(a.iso, b.iso), cmp.Compare(a.refused, b.refused))
}

func compareLineKeys(a, b lineKey) int {
	return cmp.Or(cmp.Compare(a.scope, b.scope), cmp.Compare(a.class, b.class), cmp.Compare(a.iso, b.iso), cmp.Compare(a.about, b.about))
}

func (s lineSum) same(o lineSum) bool {
	slices.Sort(s.ids)
	slices.Sort(o.ids)
	return s.calls == o.calls && s.first == o.first && s.last == o.last && s.talk == o.talk && s.least == o.least && s.most == o.most && s.charge == o.charge && slices.Equal(s.ids, o.ids)
}
