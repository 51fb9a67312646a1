package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/store"
)

// The indexes of numbers hold what an inquiry needs of a call ([store.CallQuery.Brief]): those of a number are read from neighbouring leaves, where each
// row would be another page of the disk.

// briefExprs are as the indexes have them, word for word: SQLite does not look into the table for them.
var briefExprs = []string{
	`talk_ms`, `customer`, `iif({other} GLOB '+[1-9]*', CAST({other} AS INTEGER), iif({other} = '', ' ' || {raw}, {other}))`,
	`iif(direction = 'out', '', direction)`, `iif(verdict = 'allow', '', verdict)`, `iif(reason = 'none', '', reason)`, `withheld`, `status`,
	`answered - start`, `ended - start`, `asked_entry`, `max(answered_entry - asked_entry, 0)`, `max(ended_entry - asked_entry, 0)`,
}

// briefColumns are what is read of them. Each column of an answer costs more than to put two together: what is a code, and usual, comes as one text with the
// customer, the length with the status.
var briefColumns = func() string {
	e := briefExprs
	return strings.Join(append([]string{
		`id`, `start`, e[0] + ` * 2048 + ` + e[7] + ` * 2 + ` + e[6], e[2], e[3] + ` || ' ' || ` + e[4] + ` || ' ' || ` + e[5] + ` || ' ' || ` + e[1],
	}, e[8:]...), `, `)
}()

// side is a number's part in its calls.
type side struct{ own, other, raw string }

var sides = [...]side{{"caller", "callee", "dialled"}, {"callee", "caller", "presented"}}

// ofSides writes the query for the calls in which a number has some of the parts, newest first. Of each part there are two walks, of calls that are over and
// of those that are not; one where the indexes are still those of before. A call to oneself is there twice, one right after the other, unless it is to be
// there once, which only its row tells.
func ofSides(l layout, q store.CallQuery, limit int, parts []side, columns, where string, args []any, once bool) (string, []any, error) {
	var query strings.Builder
	var all []any
	for i, s := range parts {
		cols := strings.NewReplacer("{other}", s.other, "{raw}", s.raw).Replace(columns)
		for _, walk := range l.walks(s.own, q.OnlyOpen) {
			if query.Len() > 0 {
				query.WriteString(` UNION ALL `)
			}
			fmt.Fprintf(&query, `SELECT %s FROM calls INDEXED BY %s WHERE %s AND %[4]s = ? AND %[4]s <> ''%[5]s`, cols, walk.index, where, s.own, walk.only)
			all = append(append(all, args...), q.Number.String())
			if once && i > 0 {
				query.WriteString(` AND caller <> ?`)
				all = append(all, q.Number.String())
			}
		}
	}
	query.WriteString(` ORDER BY start DESC, id DESC LIMIT ?` + asIs)
	return query.String(), append(all, limit), nil
}

// asIs keeps SQLite from looking at the number of a LIMIT when it plans: it would plan anew each time that the number is bound, which takes longer than to
// answer, or a second time right after the first.
const asIs = ` + 0`

// briefQuery writes the query for the calls in which a number has one part, newest first.
func briefQuery(q store.CallQuery, limit int, s side) (string, []any, error) {
	where, args, err := callsWhere(q)
	if err != nil {
		return "", nil, err
	}
	return ofSides(layoutNow, q, limit, []side{s}, briefColumns, where, args, false)
}

const (
	briefFrom   = 100 // fewer are read in full: SQLite takes a third of a millisecond to see that an index has all of the columns
	briefChunk  = 128 // calls that are handed from a reader to the page at a time
	briefChunks = 8   // how far a reader is ahead
)

// errEnough stops a reader of which no more is needed.
var errEnough = errors.New("the page is full")

// brief is a page of the calls of a number, newest first, out of the indexes alone: both are walked at once, and merged as far as the page goes.
func (d *database) brief(ctx context.Context, q store.CallQuery, limit int) (page store.CallPage, err error) {
	// Each walk keeps its connection until the other has come as far: if everybody had one, nobody would get a second.
	select {
	case d.pairs <- struct{}{}:
		defer func() { <-d.pairs }()
	case <-ctx.Done():
		return page, d.explain(ctx, "list the calls", ctx.Err())
	}
	full := make(chan struct{})
	var walks [len(sides)]*briefWalk
	for i := range walks {
		query, args, err := briefQuery(q, limit+1, sides[i])
		if err != nil {
			return page, err
		}
		w := &briefWalk{number: q.Number, side: sides[i], out: make(chan []store.Call, briefChunks), full: full}
		walks[i] = w
		defer func() {
			for range w.out { // until the reader is gone
			}
		}()
		go w.run(ctx, d, query, args)
	}
	defer close(full)
	for {
		c, w := walks[0].head(), 0
		if other := walks[1].head(); c == nil || other != nil && newer(other, c) {
			c, w = other, 1
		}
		for _, w := range walks {
			if err := w.failed(); err != nil {
				return store.CallPage{}, err
			}
		}
		switch n := len(page.Calls); {
		case c == nil:
			return page, nil
		case n > 0 && page.Calls[n-1].ID == c.ID: // to oneself
		case n == limit:
			page.Next = cursorOf(&page.Calls[n-1])
			return page, nil
		case n == 8*briefChunk: // most pages have fewer; a large one is not copied again and again as it grows
			page.Calls = slices.Grow(page.Calls, limit-n)
			fallthrough
		default:
			page.Calls = append(page.Calls, *c)
		}
		walks[w].have = walks[w].have[1:]
	}
}

func newer(a, b *store.Call) bool {
	return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) > 0
}

// briefWalk reads the calls in which a number has one part.
type briefWalk struct {
	number tsujiban.Number
	side   side
	out    chan []store.Call // closed at the end
	full   <-chan struct{}   // closed when nobody wants more
	err    error             // once out is closed
	have   []store.Call      // of what came out
}

// head is the next call, nil at the end.
func (w *briefWalk) head() *store.Call {
	if len(w.have) == 0 {
		w.have = <-w.out
	}
	if len(w.have) == 0 {
		return nil
	}
	return &w.have[0]
}

// failed says why head came to the end, if it should not have.
func (w *briefWalk) failed() error {
	if len(w.have) > 0 {
		return nil
	}
	return w.err
}

func (w *briefWalk) run(ctx context.Context, d *database, query string, args []any) {
	defer close(w.out)
	var chunk []store.Call
	send := func() error {
		select {
		case w.out <- chunk:
			chunk = nil
			return nil
		case <-w.full:
			return errEnough
		}
	}
	r := newBriefRow(w.number, w.side.own == "caller")
	w.err = d.listKept(ctx, "list the calls", query, args, func(rows *sql.Rows) error {
		if chunk == nil {
			chunk = make([]store.Call, 0, briefChunk)
		}
		chunk = append(chunk, store.Call{})
		if err := r.scan(rows, &chunk[len(chunk)-1]); err != nil {
			return err
		}
		if len(chunk) < briefChunk {
			return nil
		}
		return send()
	})
	if w.err == nil && len(chunk) > 0 {
		_ = send() // nobody wants it
	}
}

// briefRow reads entries of an index, one after the other.
type briefRow struct {
	number   tsujiban.Number
	caller   bool // its part
	customer tsujiban.CustomerID
	row      [10]any // what database/sql need not convert: a page has very many of them
	dest     [10]any
}

func newBriefRow(n tsujiban.Number, caller bool) *briefRow {
	b := &briefRow{number: n, caller: caller}
	for i := range b.row {
		b.dest[i] = &b.row[i]
	}
	return b
}

func (b *briefRow) int(i int) int64 {
	v, _ := b.row[i].(int64)
	return v
}

func (b *briefRow) text(i int) string {
	v, _ := b.row[i].(string)
	return v
}

// later is a time that is kept as so much later than start.
func (b *briefRow) later(i int, start int64) time.Time {
	if b.row[i] == nil {
		return time.Time{}
	}
	return fromMicros(start + b.int(i))
}

func (b *briefRow) scan(r *sql.Rows, c *store.Call) error {
	if err := r.Scan(b.dest[:]...); err != nil {
		return err
	}
	start, asked := b.int(1), b.int(7)
	c.ID, c.At = tsujiban.CallID(b.int(0)), fromMicros(start)
	talk := b.int(2)
	c.Talk, c.Status, c.Withheld = millis(talk>>11), int(talk>>1&1023), talk&1 != 0
	c.Answered, c.Ended = b.later(5, start), b.later(6, start)
	c.Entries.Asked = uint64(asked)
	for i, e := range []*uint64{&c.Entries.Answered, &c.Entries.Ended} {
		if n := b.int(8 + i); n > 0 {
			*e = uint64(asked + n)
		}
	}
	p := parser{}
	direction, rest, _ := strings.Cut(b.text(4), " ")
	verdict, rest, _ := strings.Cut(rest, " ")
	reason, customer, _ := strings.Cut(rest, " ")
	code(&p, "direction", cmp.Or(direction, "out"), &c.Direction, tsujiban.ParseDirection)
	code(&p, "verdict", cmp.Or(verdict, "allow"), &c.Action, tsujiban.ParseAction)
	code(&p, "reason", cmp.Or(reason, "none"), &c.Reason, tsujiban.ParseReason)
	if id := tsujiban.CustomerID(customer); id != b.customer {
		b.customer = tsujiban.CustomerID(strings.Clone(customer)) // most calls of a number are one customer's, and need no name each
	}
	c.Customer = b.customer
	own, party, raw := &c.Callee, &c.Caller, &c.Presented
	if b.caller {
		own, party, raw = &c.Caller, &c.Callee, &c.Dialled
	}
	*own = b.number
	switch v := b.row[3].(type) {
	case int64:
		var digits [20]byte
		var err error
		*party, err = tsujiban.NumberFromDigits(strconv.AppendInt(digits[:0], v, 10))
		p.note(err)
	case string:
		if rest, none := strings.CutPrefix(v, " "); none {
			*raw = rest
		} else {
			p.note(party.UnmarshalText([]byte(v)))
		}
	}
	return p.err
}
