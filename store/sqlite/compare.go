package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/store"
)

// Difference is a call of which the view does not say what the journal says.
type Difference struct {
	Call    tsujiban.CallID
	Entry   uint64   // of the journal, which has the call; 0 when no entry does
	Missing bool     // the view does not have it
	Columns []string // what the view says otherwise
}

// Comparison is what came of comparing the view with the journal.
type Comparison struct {
	Same        int // calls that the view has as the journal has them
	Differences []Difference
	Rows        []RowFault // of what else is folded from the journal: cases of suspicion, accesses
	SameRows    int
	More        int // differences beyond MaxDifferences
}

// MaxDifferences is how many calls a comparison names.
const MaxDifferences = 1000

const (
	compareBatch = 512
	comparePage  = 5000
)

// CompareCalls holds the view against the journal, call by call: each column of each row, and that there is a row for each call and no other. next
// returns the events in order, from the oldest that the journal has, and io.EOF at the end. Calls from before erased may be missing: their term
// is over. It can be used while a program follows the journal; what that takes in meanwhile is left to the next time.
func (s *Store) CompareCalls(ctx context.Context, erased time.Time, next func(context.Context) (*tsujiban.Event, error)) (*Comparison, error) {
	c := &comparing{erased: erased, running: map[tsujiban.CallID]*store.Call{}, strays: map[tsujiban.CallID]bool{}, ahead: map[tsujiban.CallID]uint64{}}
	err := s.withView(func(v *database) (err error) {
		c.view = v
		c.folded = newFoldedRows(c)
		if c.upTo, err = position(ctx, v.read); err == nil {
			err = c.run(ctx, next)
		}
		if err == nil {
			err = c.folded.end(ctx)
		}
		return v.explain(ctx, "compare the calls with the journal", err)
	})
	return &c.out, err
}

type comparing struct {
	view    *database
	erased  time.Time
	upTo    uint64 // of the journal: what the view has taken in
	running map[tsujiban.CallID]*store.Call
	done    []store.Call // to be compared
	last    tsujiban.CallID
	page    []tsujiban.CallID          // ids of the view, in order, that no attempt has passed yet
	paged   tsujiban.CallID            // up to here the ids were read
	ended   bool                       // all ids were read
	strays  map[tsujiban.CallID]bool   // in the view, and not in the journal so far
	ahead   map[tsujiban.CallID]uint64 // taken in since, as the row says: its entry
	folded  *foldedRows
	out     Comparison
}

func (c *comparing) run(ctx context.Context, next func(context.Context) (*tsujiban.Event, error)) error {
	for {
		ev, err := next(ctx)
		if errors.Is(err, io.EOF) || err == nil && ev.Seq > c.upTo {
			break
		}
		if err == nil {
			err = c.take(ctx, ev)
		}
		if err != nil {
			return err
		}
	}
	for _, call := range c.running {
		c.done = append(c.done, *call)
	}
	slices.SortFunc(c.done, func(a, b store.Call) int { return cmp.Compare(a.ID, b.ID) })
	for len(c.done) > 0 {
		if err := c.compare(ctx); err != nil {
			return err
		}
	}
	if err := c.pass(ctx, 1<<63-1); err != nil {
		return err
	}
	err := c.view.list(ctx, "list the ids", c.view.read, `SELECT id FROM calls WHERE id <= 0 LIMIT ?`, []any{comparePage}, func(r *sql.Rows) error {
		var id int64
		err := r.Scan(&id)
		c.strays[tsujiban.CallID(id)] = true // no call has such an id
		return err
	})
	if err != nil {
		return err
	}
	now, err := position(ctx, c.view.read)
	if err != nil {
		return err
	}
	for id, entry := range c.ahead {
		c.strays[id] = c.strays[id] || entry > now // nobody has taken that in
	}
	for id, stray := range c.strays {
		if stray {
			c.differ(Difference{Call: id})
		}
	}
	slices.SortFunc(c.out.Differences, func(a, b Difference) int { return cmp.Compare(a.Call, b.Call) })
	return nil
}

func (c *comparing) take(ctx context.Context, ev *tsujiban.Event) error {
	if err := c.folded.take(ctx, ev); err != nil {
		return err
	}
	call := c.running[ev.Call]
	switch {
	case ev.Kind == tsujiban.EventAttempt && call == nil:
		if err := c.pass(ctx, ev.Call); err != nil {
			return err
		}
		a := store.Attempted(ev)
		if a.Open() {
			c.running[ev.Call] = &a
			return nil
		}
		c.done = append(c.done, a)
	case ev.Kind == tsujiban.EventAnswered && call != nil:
		call.Answer(ev)
	case ev.Kind == tsujiban.EventEnded && call != nil:
		call.End(ev)
		c.done = append(c.done, *call)
		delete(c.running, ev.Call)
	}
	if len(c.done) < compareBatch {
		return nil
	}
	if err := c.compare(ctx); err != nil {
		return err
	}
	return ctx.Err()
}

// pass notes the ids of the view that lie before that of an attempt: ids are given in the order of the journal.
func (c *comparing) pass(ctx context.Context, id tsujiban.CallID) error {
	delete(c.strays, id) // given after the clock was set back
	if id <= c.last {
		return nil
	}
	c.last = id
	for {
		for len(c.page) > 0 && c.page[0] <= id {
			if c.page[0] != id && len(c.strays) < comparePage {
				c.strays[c.page[0]] = true
			}
			c.page = c.page[1:]
		}
		if len(c.page) > 0 || c.ended || c.paged >= id {
			return nil
		}
		c.page = c.page[:0]
		read := 0
		err := c.view.list(ctx, "list the ids", c.view.read, `SELECT id, asked_entry FROM calls WHERE id > ? ORDER BY id LIMIT ?`, []any{int64(c.paged), comparePage}, func(r *sql.Rows) error {
			var id, entry int64
			err := r.Scan(&id, &entry)
			c.paged = tsujiban.CallID(id)
			read++
			switch {
			case uint64(entry) <= c.upTo:
				c.page = append(c.page, c.paged)
			case len(c.ahead) < comparePage:
				c.ahead[c.paged] = uint64(entry)
			}
			return err
		})
		if err != nil {
			return err
		}
		c.ended = read == 0
	}
}

// compare reads the rows of some calls and holds them against what the journal says.
func (c *comparing) compare(ctx context.Context) error {
	some := c.done[:min(len(c.done), compareBatch)]
	ids := make([]int64, len(some))
	for i := range some {
		ids[i] = int64(some[i].ID)
	}
	rows, err := c.view.callsOf(ctx, ids)
	if err != nil && ctx.Err() == nil {
		rows = c.oneByOne(ctx, some, ids)
	}
	for i := range some {
		want, row := &some[i], &rows[i]
		switch {
		case row.ID == unreadable:
		case row.ID == 0 && want.At.Before(c.erased):
		case row.ID == 0:
			c.differ(Difference{Call: want.ID, Entry: want.Entries.Asked, Missing: true})
		case max(row.Entries.Answered, row.Entries.Ended) > c.upTo && want.Open():
			// The program has taken in more of it since.
		default:
			if columns := differing(want, row); len(columns) > 0 {
				c.differ(Difference{Call: want.ID, Entry: want.Entries.Asked, Columns: columns})
			} else {
				c.out.Same++
			}
		}
	}
	c.done = append(c.done[:0], c.done[len(some):]...)
	return nil
}

// unreadable is the id of a row that this program cannot read: some column says what it never writes.
const unreadable = ^tsujiban.CallID(0)

// oneByOne finds the rows that cannot be read, and notes them.
func (c *comparing) oneByOne(ctx context.Context, some []store.Call, ids []int64) []store.Call {
	rows := make([]store.Call, len(ids))
	for i := range ids {
		row, err := c.view.callsOf(ctx, ids[i:i+1])
		if err != nil {
			c.differ(Difference{Call: some[i].ID, Entry: some[i].Entries.Asked, Columns: []string{err.Error()}})
			rows[i].ID = unreadable
			continue
		}
		rows[i] = row[0]
	}
	return rows
}

func (c *comparing) differ(d Difference) {
	if len(c.out.Differences)+len(c.out.Rows) >= MaxDifferences {
		c.out.More++
		return
	}
	c.out.Differences = append(c.out.Differences, d)
}

// differing names the columns in which two calls would be kept differently.
func differing(a, b *store.Call) (columns []string) {
	names := strings.FieldsFunc(callColumns, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' || r == '\t' })
	x, y := callArgs(nil, a), callArgs(nil, b)
	for i, name := range names {
		if x[i] != y[i] {
			columns = append(columns, name)
		}
	}
	return columns
}
