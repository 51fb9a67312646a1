package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/bill"
	"tsujiban/store"
)

// lineKey is what calls that are one line of a bill have in common.
type lineKey struct {
	month                       int64
	customer, scope, class, iso string
	about                       int64
}

type lineSum struct {
	calls, first, last, talk, least, most int64
	charge                                tsujiban.Money
	ids                                   []int64 // nil when there are more than bill.FoldFrom
}

func monthNumber(local time.Time) int64 { return int64(local.Year())*12 + int64(local.Month()) - 1 }

func monthBegin(month int64, zone *time.Location) time.Time {
	return time.Date(int(month/12), time.Month(month%12+1), 1, 0, 0, 0, 0, zone)
}

const aboutMillis = int64(bill.FoldAbout / time.Millisecond)

// line counts a call on its customer's bill: one that lasted, or cost something. Least, most, first and last cannot be taken back, so where a
// call is taken away, which hardly ever happens, its line is made anew.
func (f *dayFold) line(c *summed, local time.Time, n int64) {
	if c.talk <= 0 && c.charge == 0 {
		return
	}
	k := lineKey{monthNumber(local), c.customer, c.scope, c.class, c.iso, (c.talk + aboutMillis/2) / aboutMillis}
	if n < 0 {
		f.again[k] = true
		return
	}
	s := f.lines[k]
	if s.calls == 0 {
		s = lineSum{first: c.start, last: c.start, least: c.charge, most: c.charge}
	}
	s.calls++
	s.first, s.last, s.least, s.most = min(s.first, c.start), max(s.last, c.start), min(s.least, c.charge), max(s.most, c.charge)
	s.talk += c.talk
	s.charge = s.charge.Add(tsujiban.Money(c.charge))
	if s.ids = append(s.ids, int64(c.id)); s.calls > bill.FoldFrom {
		s.ids = nil
	}
	f.lines[k] = s
}

const putLine = `INSERT INTO billed (month, customer, scope, class, iso, about, calls, first, last, talk_ms, least, most, charge, ids) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
	ON CONFLICT DO UPDATE SET calls = calls + ?7, first = min(first, ?8), last = max(last, ?9), talk_ms = talk_ms + ?10, least = min(least, ?11), most = max(most, ?12),
	charge = max(min(charge + ?13, 9223372036854775807), -9223372036854775807), ids = iif(calls + ?7 <= ?15, ids || ',' || ?14, '')`

const (
	lineCalls = `SELECT ` + summedColumns + ` FROM calls WHERE customer = ? AND start >= ? AND start < ? AND scope = ? AND class = ? AND iso = ?`
	dropLine  = `DELETE FROM billed WHERE month = ? AND customer = ? AND scope = ? AND class = ? AND iso = ? AND about = ?`
)

// writeLines writes what was gathered; the calls are written already.
func (f *dayFold) writeLines(ctx context.Context, tx *sql.Tx) error {
	for k := range f.again {
		if err := f.lineAgain(ctx, tx, k); err != nil {
			return err
		}
	}
	keys := make([]lineKey, 0, len(f.lines))
	for k := range f.lines {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b lineKey) int {
		return cmp.Or(cmp.Compare(a.month, b.month), cmp.Compare(a.customer, b.customer))
	})
	return putEach(ctx, tx, putLine, keys, func(k *lineKey) []any {
		return append(lineRow(k, f.lines[*k]), bill.FoldFrom)
	})
}

func idText(ids []int64) string {
	var b []byte
	for i, id := range ids {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, id, 10)
	}
	return string(b)
}

// lineAgain makes a line of the calls that there are.
func (f *dayFold) lineAgain(ctx context.Context, tx *sql.Tx, k lineKey) error {
	if _, err := tx.ExecContext(ctx, dropLine, k.month, k.customer, k.scope, k.class, k.iso, k.about); err != nil {
		return err
	}
	rows, err := tx.QueryContext(ctx, lineCalls, k.customer, micros(monthBegin(k.month, f.zone)), micros(monthBegin(k.month+1, f.zone)), k.scope, k.class, k.iso)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	fresh := newDayFold(f.zone)
	for rows.Next() {
		var c summed
		if err := c.scan(rows); err != nil {
			return err
		}
		fresh.add(&c, 1)
	}
	if delete(f.lines, k); fresh.lines[k].calls > 0 {
		f.lines[k] = fresh.lines[k]
	}
	return rows.Err()
}

const (
	linesQuery = `SELECT scope, class, iso, about, calls, first, last, talk_ms, least, most, charge, ids FROM billed WHERE month = ? AND customer = ?`
	monthCalls = `SELECT ` + summedColumns + ` FROM calls INDEXED BY calls_customer WHERE customer = ? AND start >= ? AND start < ?`
	lineSingle = `SELECT id, start, callee, talk_ms, charge FROM calls WHERE id IN (SELECT value FROM json_each(?))`
)

// Billed are a customer's outgoing calls of a month that lasted or cost something, folded as package bill says; those that are few are told
// singly, too. The month is given by its first midnight. In no order. In the store's zone ([WithZone]) they are read from what is kept, in
// others, and where calls of the month were erased, from the calls.
func (s *Store) Billed(ctx context.Context, customer tsujiban.CustomerID, month time.Time) (out []store.Alike, err error) {
	err = s.withView(func(v *database) error {
		lines, err := v.monthLines(ctx, v.read, customer, monthNumber(month), month.Location())
		if err != nil {
			return v.explain(ctx, "read the lines of a bill", err)
		}
		out, err = v.alikes(ctx, lines)
		return err
	})
	return out, err
}

// monthLines are the lines of a customer's month.
func (d *database) monthLines(ctx context.Context, q querier, customer tsujiban.CustomerID, month int64, zone *time.Location) (map[lineKey]lineSum, error) {
	var name string
	var complete int64
	if err := q.QueryRowContext(ctx, `SELECT zone, billed FROM position`).Scan(&name, &complete); err != nil {
		return nil, err
	}
	if name == zone.String() && month >= complete {
		return d.readLines(ctx, q, customer, month)
	}
	return d.walkLines(ctx, q, customer, month, zone)
}

func (d *database) readLines(ctx context.Context, q querier, customer tsujiban.CustomerID, month int64) (map[lineKey]lineSum, error) {
	lines := map[lineKey]lineSum{}
	err := d.list(ctx, "read the lines of a bill", q, linesQuery, []any{month, string(customer)}, func(r *sql.Rows) error {
		k, s, ids := lineKey{month: month, customer: string(customer)}, lineSum{}, ""
		err := r.Scan(&k.scope, &k.class, &k.iso, &k.about, &s.calls, &s.first, &s.last, &s.talk, &s.least, &s.most, &s.charge, &ids)
		for text := range strings.SplitSeq(ids, ",") {
			if id, err := strconv.ParseInt(text, 10, 64); err == nil {
				s.ids = append(s.ids, id)
			}
		}
		lines[k] = s
		return err
	})
	return lines, err
}

func (d *database) walkLines(ctx context.Context, q querier, customer tsujiban.CustomerID, month int64, zone *time.Location) (map[lineKey]lineSum, error) {
	f := newDayFold(zone)
	err := d.list(ctx, "fold the calls of a bill", q, monthCalls, []any{string(customer), micros(monthBegin(month, zone)), micros(monthBegin(month+1, zone))}, func(r *sql.Rows) error {
		var c summed
		err := c.scan(r)
		f.add(&c, 1)
		return err
	})
	return f.lines, err
}

// alikes reads the single calls of lines that have few.
func (d *database) alikes(ctx context.Context, lines map[lineKey]lineSum) ([]store.Alike, error) {
	out, at, ids := make([]store.Alike, 0, len(lines)), map[int64]int{}, []int64{}
	for k, s := range lines {
		a := store.Alike{
			First: fromMicros(s.first), Last: fromMicros(s.last), Count: int(s.calls), Talk: millis(s.talk), Least: tsujiban.Money(s.least), Most: tsujiban.Money(s.most), Charge: s.charge,
		}
		if err := parseTo(&a.Destination, k.scope, k.class, k.iso); err != nil {
			return nil, err
		}
		for _, id := range s.ids {
			at[id] = len(out)
			ids = append(ids, id)
		}
		out = append(out, a)
	}
	arg, err := json.Marshal(ids)
	if err != nil || len(ids) == 0 {
		return out, err
	}
	err = d.list(ctx, "read the calls of a bill", d.read, lineSingle, []any{string(arg)}, func(r *sql.Rows) error {
		var c store.CallSum
		var id, start, talk int64
		var callee string
		if err := r.Scan(&id, &start, &callee, &talk, &c.Charge); err != nil {
			return err
		}
		c.ID, c.At, c.Talk = tsujiban.CallID(id), fromMicros(start), millis(talk)
		if err := c.Callee.UnmarshalText([]byte(callee)); err != nil {
			return err
		}
		a := &out[at[id]]
		a.Calls = append(a.Calls, c)
		return nil
	})
	return out, err
}
