package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"tsujiban"
	"tsujiban/store"
	"tsujiban/store/sqlite"
)

// A hundred million calls take one and a half hours of CPU by way of the program's own driver, and needs room for sorting beside it. The
// calls here are a function of their index, so the order of each index can be counted out, and the trees of the view can be written from left to right: a
// quarter of that, and no temporary files. TestSame holds the file against the one that the program makes.

// load writes the calls into the trees of an empty view.
func load(ctx context.Context, o options, path string) (err error) {
	roots, err := rootsOf(ctx, path)
	if err != nil {
		return err
	}
	p, err := openPages(path)
	if err != nil {
		return err
	}
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // there is little that lasts
	l := loading{size: o.size, p: p, roots: roots, tell: newTeller(o.size)}
	err = errors.Join(l.rows(), l.sums())
	for i, index := range l.indexes() {
		if err == nil {
			l.tell.index(sqlite.Progress{Index: i + 1, Indexes: i + len(roots)})
			err = index()
		}
	}
	for name := range l.roots {
		err = errors.Join(err, fmt.Errorf("%s is a table or an index of calls that this bench does not know: see load.go", name))
	}
	if err = errors.Join(err, p.close(err == nil)); err != nil {
		return err
	}
	db, err := sql.Open("sqlite", path)
	if err == nil {
		_, err = db.ExecContext(ctx, `UPDATE position SET seq = ?, zone = 'UTC'`, int64(l.seq))
		err = errors.Join(err, db.Close())
	}
	return err
}

// rootsOf are the trees that hold calls.
func rootsOf(ctx context.Context, path string) (roots map[string]uint32, err error) {
	db, err := sql.Open("sqlite", path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	rows, err := db.QueryContext(ctx, `SELECT name, rootpage FROM sqlite_schema WHERE tbl_name IN ('calls', 'days', 'billed') AND rootpage > 0`)
	if err != nil {
		return nil, err
	}
	roots = map[string]uint32{}
	for rows.Next() {
		var name string
		var root uint32
		if err := rows.Scan(&name, &root); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		roots[name] = root
	}
	return roots, rows.Err()
}

type loading struct {
	size  int
	p     *pages
	roots map[string]uint32 // of trees that are not written yet
	tell  *teller

	seq   uint64
	asked []uint32 // the entry of the journal that each call begins with
	days  [][]byte // rows
	lines [][]byte // likewise, of bills
}

// tree takes one out of those that are to be written.
func (l *loading) tree(name string) *tree {
	root, ok := l.roots[name]
	t := newTree(l.p, root, name == "calls")
	if !ok {
		t.err = fmt.Errorf("there is no %s", name)
	}
	delete(l.roots, name)
	return t
}

// rows writes the table of calls, and gathers its sums.
func (l *loading) rows() error {
	t, sums, g := l.tree("calls"), sqlite.NewLoad(time.UTC), &events{size: l.size}
	l.asked = make([]uint32, 0, l.size)
	day, month := begin, begin // of the calls that are summed up
	gather := func(at time.Time) {
		if at.YearDay() != day.YearDay() {
			l.days, day = appendRecords(l.days, sums.Days()), at
		}
		if at.Month() != month.Month() {
			l.lines, month = appendRecords(l.lines, sums.Lines()), at
		}
	}
	var row []any
	var r record
	for t.err == nil {
		c, ok := g.whole()
		if !ok {
			break
		}
		gather(c.At)
		row = sums.Call(row, c)
		r.reset()
		r.null() // the rowid stands for it
		for _, v := range row[1:] {
			r.any(v)
		}
		t.add(row[0].(int64), r.bytes())
		l.asked = append(l.asked, uint32(c.Entries.Asked))
		l.tell.rows(g.call)
	}
	gather(day.AddDate(0, 1, 1))
	l.seq = g.seq
	return t.finish()
}

func appendRecords(out [][]byte, rows [][]any) [][]byte {
	var r record
	for _, row := range rows {
		r.reset()
		for _, v := range row {
			r.any(v)
		}
		out = append(out, slices.Clone(r.bytes()))
	}
	return out
}

// sums writes the tables of sums, which are kept as indexes are.
func (l *loading) sums() error {
	write := func(name string, rows [][]byte) error {
		t := l.tree(name)
		for _, r := range rows {
			t.add(0, r)
		}
		return t.finish()
	}
	err := errors.Join(write("days", l.days), write("billed", l.lines))
	l.days, l.lines = nil, nil
	return err
}

// whole is the next call as its events make it.
func (g *events) whole() (*store.Call, bool) {
	for {
		ev, err := g.Next(context.Background())
		if err != nil {
			return nil, false
		}
		switch ev.Kind {
		case tsujiban.EventAttempt:
			g.made = store.Attempted(ev)
		case tsujiban.EventAnswered:
			g.made.Answer(ev)
		default:
			g.made.End(ev)
		}
		if !g.made.Ended.IsZero() {
			return &g.made, true
		}
	}
}

// indexes write one index each, the widest first.
func (l *loading) indexes() []func() error {
	party := func(name string, own func(*call) int64) func() error {
		return func() error { return l.index(name, l.sorted(own), nil, l.party(own)) }
	}
	rank := customerRanks()
	ofCustomer := func(c *call) int64 { return rank[c.customer] }
	denied := func(c *call) bool { return c.denied }
	none := func(*call) bool { return false }
	return []func() error{
		party("calls_caller", (*call).caller),
		party("calls_callee", (*call).callee),
		func() error { return l.index("calls_customer", l.sorted(ofCustomer), nil, customerAndStart) },
		func() error { return l.index("calls_held_customer", l.sorted(ofCustomer), denied, customerAndStart) },
		func() error { return l.index("calls_start", nil, nil, onlyStart) },
		func() error { return l.index("calls_held", nil, denied, onlyStart) },
		func() error { return l.index("calls_open", nil, none, onlyStart) },
		func() error { return l.index("calls_running_caller", nil, none, onlyStart) },
		func() error { return l.index("calls_running_callee", nil, none, onlyStart) },
	}
}
