package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"runtime"
	"slices"
	"sync"
	"time"

	"tsujiban"
	"tsujiban/store"
)

// WithZone says in which zone the days begin by which calls are summed up; UTC when not given.
func WithZone(zone *time.Location) Option { return func(o *options) { o.zone = zone } }

// summedColumns are those of a call that its day's sum is made of.
const summedColumns = `id, direction = 'out', start, customer, scope, class, code, iso, iif(verdict = 'deny', reason, ''),
	answered IS NOT NULL, ended IS NOT NULL, party = 'guard', talk_ms, charge`

const summedCall = `SELECT ` + summedColumns + ` FROM calls WHERE id = ?`

// summed is as much of a call as its day's sum needs.
type summed struct {
	id                                   tsujiban.CallID
	out                                  bool
	start                                int64
	customer, scope, class, iso, refused string
	code                                 int64
	answered, over, guard                bool // guard: it ended the call
	talk, charge                         int64
}

func (c *summed) scan(r interface{ Scan(...any) error }) error {
	return r.Scan(&c.id, &c.out, &c.start, &c.customer, &c.scope, &c.class, &c.code, &c.iso, &c.refused, &c.answered, &c.over, &c.guard, &c.talk, &c.charge)
}

// summedOf is what the row of a call will say.
func summedOf(c *store.Call) summed {
	d := &c.Destination
	s := summed{
		id: c.ID, out: c.Direction == tsujiban.Out, start: micros(c.At), customer: text(c.Customer), scope: d.Scope.String(), class: d.Class.String(), code: int64(d.Code), iso: d.Country(),
		answered: !c.Answered.IsZero(),
	}
	if c.Action == tsujiban.Deny {
		s.refused = c.Reason.String()
	}
	s.end(c)
	return s
}

func (c *summed) end(by *store.Call) {
	c.over, c.guard = !by.Ended.IsZero(), by.By == tsujiban.PartyGuard
	c.talk, c.charge = by.Talk.Milliseconds(), int64(by.Charge)
}

type dayKey struct {
	day                                  int64
	customer, scope, class, iso, refused string
	code                                 int64
}

type daySum struct {
	attempts, answered, cut, night, talk int64
	charge                               tsujiban.Money
}

// dayFold gathers what a batch does to the sums.
type dayFold struct {
	zone  *time.Location
	sums  map[dayKey]daySum
	lines map[lineKey]lineSum // what came to lines of bills
	again map[lineKey]bool    // lines that lost a call: they are made anew
}

func newDayFold(zone *time.Location) *dayFold {
	return &dayFold{zone: zone, sums: map[dayKey]daySum{}, lines: map[lineKey]lineSum{}, again: map[lineKey]bool{}}
}

// dayNumber counts days of the calendar.
func dayNumber(local time.Time) int64 {
	y, m, d := local.Date()
	return floorDiv(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix(), 86400)
}

// dayBegin is the day's midnight.
func dayBegin(day int64, zone *time.Location) time.Time {
	y, m, d := time.Unix(day*86400, 0).UTC().Date()
	return time.Date(y, m, d, 0, 0, 0, 0, zone)
}

// add counts a call n times: once, or -1 times where it is no longer as it was. Sums are of outgoing calls that are over, so that nearly every
// call is counted once and never again; who asks adds those that run.
func (f *dayFold) add(c *summed, n int64) {
	if !c.out || !c.over {
		return
	}
	local := time.UnixMicro(c.start).In(f.zone)
	k := dayKey{day: dayNumber(local), customer: c.customer, scope: c.scope, class: c.class, iso: c.iso, refused: c.refused, code: c.code}
	s := f.sums[k]
	s.attempts += n
	if c.answered {
		s.answered += n
		if c.guard {
			s.cut += n
		}
	}
	if h := local.Hour(); h >= 22 || h < 6 {
		s.night += n
	}
	s.talk += n * c.talk
	s.charge = capped(s.charge, tsujiban.Money(c.charge), n)
	f.sums[k] = s
	f.line(c, local, n)
}

// capped is a + n*b for n of 1 and -1, held at the largest amount.
func capped(a, b tsujiban.Money, n int64) tsujiban.Money {
	if n > 0 {
		return a.Add(b)
	}
	return a.Add(-max(b, -tsujiban.MaxMoney))
}

const putDay = `INSERT INTO days (day, customer, scope, class, code, iso, refused, attempts, answered, cut, night, talk_ms, charge) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
	ON CONFLICT DO UPDATE SET attempts = attempts + excluded.attempts, answered = answered + excluded.answered, cut = cut + excluded.cut, night = night + excluded.night,
	talk_ms = talk_ms + excluded.talk_ms, charge = max(min(charge + excluded.charge, 9223372036854775807), -9223372036854775807)`

func (f *dayFold) len() int { return len(f.sums) + len(f.lines) + len(f.again) }

// write adds what was gathered, in the order of the tables, and forgets it.
func (f *dayFold) write(ctx context.Context, tx *sql.Tx) error {
	defer func() {
		clear(f.sums)
		clear(f.lines)
		clear(f.again)
	}()
	var keys []dayKey
	for k, s := range f.sums {
		if s != (daySum{}) {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(a, b dayKey) int { return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(a.customer, b.customer)) })
	err := putEach(ctx, tx, putDay, keys, func(k *dayKey) []any {
		return dayRow(k, f.sums[*k])
	})
	if err == nil {
		err = f.writeLines(ctx, tx)
	}
	return err
}

// putEach writes rows, giving way to other goroutines after each.
func putEach[K any](ctx context.Context, tx *sql.Tx, query string, keys []K, row func(*K) []any) error {
	if len(keys) == 0 {
		return nil
	}
	put, err := tx.PrepareContext(ctx, query)
	if err != nil {
		return err
	}
	defer func() { _ = put.Close() }() // the transaction would close it
	inner := context.WithoutCancel(ctx)
	for i := range keys {
		if _, err := put.ExecContext(inner, row(&keys[i])...); err != nil {
			return err
		}
		runtime.Gosched()
	}
	return ctx.Err()
}

// zoneOf is the zone of the sums; empty: they are still to be made.
func zoneOf(ctx context.Context, q querier) (zone string, err error) {
	err = q.QueryRowContext(ctx, `SELECT zone FROM position`).Scan(&zone)
	return zone, err
}

// days is what gathers the sums of a batch, nil where they are still to be made. Of a view without calls there is nothing to be made.
func (s *Store) days(ctx context.Context, tx *sql.Tx) (*dayFold, error) {
	zone, err := zoneOf(ctx, tx)
	if err != nil || zone == s.zone.String() {
		return newDayFold(s.zone), err
	}
	var calls bool
	if err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM calls)`).Scan(&calls); err != nil || calls {
		return nil, err
	}
	return newDayFold(s.zone), noSums(ctx, tx)
}

// noSums forgets all sums.
func noSums(ctx context.Context, tx *sql.Tx) error {
	for _, query := range []string{`DELETE FROM days`, `DELETE FROM billed`, `UPDATE position SET billed = 0`} {
		if _, err := tx.ExecContext(ctx, query); err != nil {
			return err
		}
	}
	return nil
}

// daysMadeOf is how many calls MakeDays reads at a time.
const daysMadeOf = 20_000

// MakeDays makes the sums by day anew where there are none, or those of another zone: after an update of the program, or of the
// configuration. Until it has been called, and while it runs, what is asked of days is read from the calls.
func (s *Store) MakeDays(ctx context.Context) error {
	return s.withView(func(v *database) error {
		return v.change(ctx, "sum up the calls by day", func(tx *sql.Tx) error {
			zone, err := zoneOf(ctx, tx)
			if err != nil || zone == s.zone.String() {
				return err
			}
			if err := noSums(ctx, tx); err != nil {
				return err
			}
			f := newDayFold(s.zone)
			for last, more := int64(-1<<63), true; more; {
				n := 0
				err := v.list(ctx, "sum up the calls by day", tx, `SELECT `+summedColumns+` FROM calls WHERE id > ? ORDER BY id LIMIT ?`, []any{last, daysMadeOf}, func(r *sql.Rows) error {
					n++
					var c summed
					err := c.scan(r)
					f.add(&c, 1)
					last = int64(c.id)
					return err
				})
				if more = n == daysMadeOf; err == nil {
					err = f.write(ctx, tx)
				}
				if err != nil {
					return err
				}
			}
			_, err = tx.ExecContext(ctx, `UPDATE position SET zone = ?`, s.zone.String())
			return err
		})
	})
}

// openCalls are those that have begun and not ended, as their sums have them, so that an answer or an end need not read its call first. They
// belong to the view's writer.
type openCalls struct {
	mu    sync.Mutex // guards calls, which is used by the transaction that writes only
	calls map[tsujiban.CallID]summed
}

// maxOpenCalls is how many are kept; of others the row is read.
const maxOpenCalls = 100_000

func (o *openCalls) of() map[tsujiban.CallID]summed {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.calls == nil || len(o.calls) > maxOpenCalls {
		o.calls = map[tsujiban.CallID]summed{}
	}
	return o.calls
}

// forget is for when the view is not what it was: after a batch that failed, and when it is made anew.
func (o *openCalls) forget() {
	o.mu.Lock()
	o.calls = nil
	o.mu.Unlock()
}
