package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"time"

	"tsujiban"
	"tsujiban/store"
	"tsujiban/suspicion"
)

// foldedRows holds against the journal what is folded from it beside the calls: cases of suspicion with what they have in common, and accesses. Both are
// folded anew; cases all in memory, for they are few, accesses half hour by half hour.
type foldedRows struct {
	c     *comparing
	first uint64    // the oldest entry
	last  time.Time // of the newest event
	book  *suspicion.Book
	cases map[uint64]*suspicion.Case
	count int

	fold  fold                          // its accesses
	slots map[int64]map[access]accessed // not compared yet
	newer int64                         // the newest half hour
	odd   map[int64]map[access]accessed // did not fit; something may still come for them
	fit   map[int64]bool                // those that did
}

func newFoldedRows(c *comparing) *foldedRows {
	return &foldedRows{
		c: c, book: suspicion.NewBook(nil), cases: map[uint64]*suspicion.Case{},
		slots: map[int64]map[access]accessed{}, odd: map[int64]map[access]accessed{}, fit: map[int64]bool{},
	}
}

// foldEvery is how many events lie between two looks at what has changed.
const foldEvery = 4096

func (f *foldedRows) take(ctx context.Context, ev *tsujiban.Event) error {
	if f.first == 0 {
		f.first = ev.Seq
	}
	if ev.At.After(f.last) {
		f.last = ev.At
	}
	f.book.Apply(ev)
	if f.count++; f.count%foldEvery == 0 {
		f.changes()
	}
	if ev.Kind != tsujiban.EventRegistered && ev.Kind != tsujiban.EventRefused {
		return nil
	}
	f.fold.access(ev)
	for a, x := range f.fold.accesses {
		f.put(a, x)
	}
	clear(f.fold.accesses)
	return f.flush(ctx, f.newer-2)
}

func (f *foldedRows) put(a access, x accessed) {
	slot := f.slots[a.slot]
	if slot == nil {
		if slot = f.odd[a.slot]; slot == nil {
			slot = map[access]accessed{}
			f.slots[a.slot] = slot
		}
	}
	have, ok := slot[a]
	if ok {
		x = accessed{have.count + x.count, min(have.first, x.first), max(have.last, x.last)}
	}
	slot[a] = x
	f.newer = max(f.newer, a.slot)
}

// changes keeps the cases as they are now.
func (f *foldedRows) changes() {
	changed, late := f.book.Changes()
	for _, c := range changed {
		f.cases[c.ID] = c
	}
	for i := range late {
		if c := f.cases[late[i].Step.Case]; c != nil {
			c.Note(&late[i])
		}
	}
}

// flush compares the half hours up to one.
func (f *foldedRows) flush(ctx context.Context, upTo int64) error {
	for slot, want := range f.slots {
		if slot > upTo {
			continue
		}
		have, err := f.read(ctx, slot)
		if err != nil {
			return err
		}
		if delete(f.slots, slot); !sameAccesses(want, have) {
			f.odd[slot] = want
		} else {
			f.fit[slot] = true
			f.c.out.SameRows += len(have)
		}
	}
	return nil
}

func (f *foldedRows) read(ctx context.Context, slot int64) (map[access]accessed, error) {
	out := map[access]accessed{}
	err := f.c.view.list(ctx, "read the accesses", f.c.view.read, `SELECT what, customer, source, agent, count, first, last FROM accesses WHERE slot = ?`, []any{slot}, func(r *sql.Rows) error {
		a := access{slot: slot}
		var x accessed
		err := r.Scan(&a.what, &a.customer, &a.source, &a.agent, &x.count, &x.first, &x.last)
		out[a] = x
		return err
	})
	return out, err
}

// sameAccesses compares a half hour. Beyond so many rows it depends on how the events came in batches which of them are counted together, so then sums are compared.
func sameAccesses(want, have map[access]accessed) bool {
	if len(want) <= maxSlotRows {
		return maps.Equal(want, have)
	}
	return maps.Equal(together(want), together(have))
}

func together(rows map[access]accessed) map[access]accessed {
	out := map[access]accessed{}
	for a, x := range rows {
		a.source, a.agent = "", ""
		if y, ok := out[a]; ok {
			x = accessed{x.count + y.count, min(x.first, y.first), max(x.last, y.last)}
		}
		out[a] = x
	}
	return out
}

// end compares what is left.
func (f *foldedRows) end(ctx context.Context) error {
	f.changes()
	if err := f.flush(ctx, 1<<62); err != nil {
		return err
	}
	now, err := position(ctx, f.c.view.read)
	if err != nil {
		return err
	}
	if err := f.oddAccesses(ctx, now > f.c.upTo); err != nil {
		return err
	}
	return f.compareCases(ctx, now > f.c.upTo)
}

func (f *foldedRows) fault(kind RowFaultKind, table, key string, entry uint64) {
	if len(f.c.out.Differences)+len(f.c.out.Rows) >= MaxDifferences {
		f.c.out.More++
		return
	}
	f.c.out.Rows = append(f.c.out.Rows, RowFault{File: "calls", Table: table, Key: key, Kind: kind, Entry: entry})
}

func (a access) key() string {
	return store.RowKey(time.Unix(a.slot*slotSeconds, 0).UTC().Format(time.RFC3339), a.what, a.customer, a.source, a.agent)
}

// oddAccesses names the rows of the half hours that do not fit, and those of half hours of which the journal has nothing.
func (f *foldedRows) oddAccesses(ctx context.Context, moved bool) error {
	erased := int64(-1 << 62)
	if !f.c.erased.IsZero() {
		erased = floorDiv(f.c.erased.Unix(), slotSeconds) + 1
	}
	open := int64(1 << 62) // of these the view has taken in more meanwhile
	if moved {
		open = floorDiv(f.last.Unix(), slotSeconds)
	}
	for slot, want := range f.odd {
		have, err := f.read(ctx, slot)
		if err != nil {
			return err
		}
		switch {
		case slot < erased || slot >= open || sameAccesses(want, have):
			continue
		case len(want) > maxSlotRows:
			want, have = together(want), together(have)
		}
		for a, x := range want {
			switch y, ok := have[a]; {
			case !ok:
				f.fault(RowMissing, "accesses", a.key(), 0)
			case x != y:
				f.fault(RowChanged, "accesses", a.key(), 0)
			}
		}
		for a := range have {
			if _, ok := want[a]; !ok {
				f.fault(RowAdded, "accesses", a.key(), 0)
			}
		}
	}
	return f.strayAccesses(ctx, erased, open)
}

// strayAccesses names the rows of half hours of which the journal has nothing, but for those that it no longer reaches back to.
func (f *foldedRows) strayAccesses(ctx context.Context, erased, open int64) error {
	var slots []int64
	err := f.c.view.list(ctx, "list the accesses", f.c.view.read, `SELECT DISTINCT slot FROM accesses ORDER BY slot`, nil, func(r *sql.Rows) error {
		var slot int64
		err := r.Scan(&slot)
		if _, odd := f.odd[slot]; !odd && !f.fit[slot] && slot >= erased && slot < open {
			slots = append(slots, slot)
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, slot := range slots {
		rows, err := f.read(ctx, slot)
		if err != nil {
			return err
		}
		for a := range rows {
			f.fault(RowAdded, "accesses", a.key(), 0)
		}
	}
	return nil
}

// caseRow is a row of suspicions, as it is written.
type caseRow struct {
	customer             tsujiban.CustomerID
	opened, last, closed int64 // closed 0: open
	over                 int64 // as it stands there
	assigned, body       string
}

func rowOfCase(c *suspicion.Case) (caseRow, error) {
	body, err := json.Marshal(c)
	r := caseRow{tsujiban.CustomerID(text(c.Customer)), micros(c.Opened), micros(c.Last), 0, 0, c.Assigned, string(body)}
	if c.Over() {
		r.over = 1
	}
	if !c.Closed.IsZero() {
		r.closed = micros(c.Closed)
	}
	return r, err
}

// compareCases holds the cases of suspicion against those that the journal makes. One that began before what the journal still has is left alone, and so
// are its customer's until it was closed: what the journal has of it would open another.
func (f *foldedRows) compareCases(ctx context.Context, moved bool) error {
	have := map[uint64]caseRow{}
	blind := map[tsujiban.CustomerID]int64{}
	err := f.c.view.list(ctx, "list the cases of suspicion", f.c.view.read, `SELECT id, customer, opened, last, ifnull(closed, 0), over, assigned, body FROM suspicions`, nil, func(r *sql.Rows) error {
		var id int64
		var x caseRow
		err := r.Scan(&id, &x.customer, &x.opened, &x.last, &x.closed, &x.over, &x.assigned, &x.body)
		if f.first > 1 && uint64(id) < f.first {
			blind[x.customer] = max(blind[x.customer], cmp.Or(x.closed, 1<<62))
			return err
		}
		have[uint64(id)] = x
		return err
	})
	if err != nil {
		return err
	}
	keys, err := f.caseKeys(ctx)
	if err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(f.cases)) {
		want, err := rowOfCase(f.cases[id])
		if err != nil {
			return err
		}
		row, ok := have[id]
		key := strconv.FormatUint(id, 10)
		wanted := slices.Clone(f.cases[id].Keys)
		if delete(have, id); want.opened <= blind[want.customer] {
			delete(keys, id)
			continue
		}
		switch {
		case !ok && want.closed != 0 && want.closed < micros(f.c.erased):
			wanted = nil // its term is over
		case moved && ok && row.last > micros(f.last):
			delete(keys, id) // the program has taken in more of it since
			continue
		case !ok:
			f.fault(RowMissing, "suspicions", key, id)
		case row != want && (row.closed == 0) != (want.closed == 0) && f.turning(row.last):
		case row != want:
			f.fault(RowChanged, "suspicions", key, id)
		default:
			f.c.out.SameRows++
		}
		f.compareKeys(key, id, wanted, keys[id])
		delete(keys, id)
	}
	for _, id := range slices.Sorted(maps.Keys(have)) {
		if row := have[id]; (!moved || id <= f.c.upTo) && row.opened > blind[row.customer] {
			f.fault(RowAdded, "suspicions", strconv.FormatUint(id, 10), 0)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(keys)) { // of no case
		if (!moved || id <= f.c.upTo) && id >= f.first {
			f.compareKeys(strconv.FormatUint(id, 10), id, nil, keys[id])
		}
	}
	return nil
}

// turning tells whether a case that began to be quiet then is closed about now: the book looks for such cases only now and then, as the events come in batches.
func (f *foldedRows) turning(last int64) bool {
	since := f.last.Sub(fromMicros(last).Add(suspicion.Quiet))
	return since >= 0 && since < 20*time.Minute
}

func (f *foldedRows) caseKeys(ctx context.Context) (map[uint64][]suspicion.Key, error) {
	out := map[uint64][]suspicion.Key{}
	err := f.c.view.list(ctx, "list what cases have in common", f.c.view.read, `SELECT suspicion, factor, value FROM suspicion_keys`, nil, func(r *sql.Rows) error {
		var id int64
		var k suspicion.Key
		err := r.Scan(&id, &k.Factor, &k.Value)
		out[uint64(id)] = append(out[uint64(id)], k)
		return err
	})
	return out, err
}

func (f *foldedRows) compareKeys(id string, entry uint64, want, have []suspicion.Key) {
	for _, k := range want {
		if !slices.Contains(have, k) {
			f.fault(RowMissing, "suspicion_keys", store.RowKey(id, k.Factor, k.Value), entry)
		}
	}
	for _, k := range have {
		if !slices.Contains(want, k) {
			f.fault(RowAdded, "suspicion_keys", store.RowKey(id, k.Factor, k.Value), 0)
		}
	}
}
