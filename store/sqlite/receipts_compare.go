package sqlite

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"hash"
	"slices"
	"strconv"
	"strings"

	"tsujiban/store"
)

// RowFault is a row of the store that is not what the journal has a receipt of.
type RowFault struct {
	File  string // "settings" or "ledger"
	Table string // empty: the file as a whole
	Key   string // as the receipt names the row, or the first one of a run
	To    string // the last one of a run of Count rows, of which one or more are not as they were
	Count int
	Kind  RowFaultKind
	Entry uint64 // of the journal, which has the receipt; 0 when none has
}

// RowFaultKind says what is wrong.
type RowFaultKind uint8

// The kinds.
const (
	RowChanged RowFaultKind = iota
	RowMissing
	RowAdded   // nothing on record says that it is there
	RowHidden  // of a ledger: withdrawn, or believed again, and nothing on record says so
	FileBehind // Count changes, of which the journal has receipts, are not in the file
	FileAhead  // the file counts changes of which the journal has no receipt
)

// Receipts gathers the receipts that a journal has, in order.
type Receipts struct {
	files map[string][]receiptEntry
	Back  []RowFault // FileBehind, that a later change went on from: the file was put back
	Lost  []RowFault // FileAhead: receipts between two others are missing
}

type receiptEntry struct {
	n, entry uint64
	rows     []store.RowReceipt
}

// Add takes in a receipt, the entry of the journal that has it, and the text of it.
func (g *Receipts) Add(entry uint64, text string) error {
	r, err := store.ParseReceipt(text)
	if err != nil {
		return err
	}
	if g.files == nil {
		g.files = map[string][]receiptEntry{}
	}
	list := g.files[r.File]
	if r.Part > 0 {
		if len(list) > 0 && list[len(list)-1].n == r.N {
			list[len(list)-1].rows = append(list[len(list)-1].rows, r.Rows...)
		}
		return nil
	}
	// A change whose receipt is on record and that was not made to last, for the program was stopped, has its number given anew.
	list, gone := cutReceipts(list, r.N-1)
	if gone > 1 {
		g.Back = append(g.Back, RowFault{File: r.File, Kind: FileBehind, Count: gone, Entry: entry})
	}
	if have := uint64(0); len(list) == 0 && r.N > 1 || len(list) > 0 && list[len(list)-1].n+1 < r.N {
		if len(list) > 0 {
			have = list[len(list)-1].n
		}
		g.Lost = append(g.Lost, RowFault{File: r.File, Kind: FileAhead, Count: int(r.N - have - 1), Entry: entry})
	}
	g.files[r.File] = append(list, receiptEntry{r.N, entry, r.Rows})
	return nil
}

// cutReceipts leaves out those after the n-th.
func cutReceipts(list []receiptEntry, n uint64) ([]receiptEntry, int) {
	keep := len(list)
	for keep > 0 && list[keep-1].n > n {
		keep--
	}
	return list[:keep], len(list) - keep
}

// StoreView is the store at one instant, to be held against the receipts that the journal has of it: it is taken first, then the journal is read.
type StoreView struct {
	s     *Store
	files []*fileView
}

type fileView struct {
	d  *database
	tx *sql.Tx
	n  uint64
}

// ViewStore takes what is set and the ledger as they are now. Close it.
func (s *Store) ViewStore(ctx context.Context) (v *StoreView, err error) {
	v = &StoreView{s: s}
	defer func() {
		if err != nil {
			v.Close()
		}
	}()
	for _, d := range []*database{s.settings, s.ledger} {
		tx, err := d.read.BeginTx(ctx, nil)
		if err != nil {
			return v, d.explain(ctx, "read the store", err)
		}
		f := &fileView{d: d, tx: tx}
		v.files = append(v.files, f)
		if f.n, err = receiptCount(ctx, tx); err != nil {
			return v, d.explain(ctx, "read the store", err)
		}
	}
	return v, nil
}

// Close lets go of it.
func (v *StoreView) Close() {
	for _, f := range v.files {
		_ = f.tx.Rollback() // nothing was changed
	}
}

// Compare holds every row against its receipt, and returns how many are as they should be.
func (v *StoreView) Compare(ctx context.Context, g *Receipts) (same int, faults []RowFault, err error) {
	faults = slices.Clone(g.Lost)
	for _, f := range v.files {
		list := g.files[f.d.receipts.file]
		// What came since is not held against the view; but of what the journal has a receipt of, all but the last must be in the file by now.
		now, err := receiptCount(ctx, f.d.read)
		if err != nil {
			return 0, nil, f.d.explain(ctx, "read the store", err)
		}
		if len(list) > 0 && list[len(list)-1].n > now+1 {
			_, gone := cutReceipts(list, now)
			faults = append(faults, RowFault{File: f.d.receipts.file, Kind: FileBehind, Count: gone, Entry: list[len(list)-gone].entry})
		}
		if len(list) == 0 && f.n == 0 {
			continue // made by a version that gave none: the next start does
		}
		list, _ = cutReceipts(list, f.n)
		if last := lastOf(list); last < f.n {
			faults = append(faults, RowFault{File: f.d.receipts.file, Kind: FileAhead, Count: int(f.n - last)})
		}
		for i := range f.d.receipts.tables {
			c := newTableCheck(f.d.receipts, &f.d.receipts.tables[i], list)
			if err := c.run(ctx, f.tx); err != nil {
				return 0, nil, f.d.explain(ctx, "read the store", err)
			}
			same += c.same
			faults = append(faults, c.faults...)
		}
	}
	return same, faults, nil
}

func lastOf(list []receiptEntry) uint64 {
	if len(list) == 0 {
		return 0
	}
	return list[len(list)-1].n
}

// tableCheck holds one table against its receipts.
type tableCheck struct {
	r      *receipts
	t      *receipted
	rows   map[string]rowIs
	runs   map[runKey][]*runIs
	same   int
	faults []RowFault
}

// rowIs is what the last receipt of a row says.
type rowIs struct {
	sum       string
	withdrawn int64
	gone      bool
	seen      bool
	entry     uint64
}

// runIs is a run, while the table is read.
type runIs struct {
	w     store.RowReceipt
	entry uint64
	from  []int64 // keys of tables with runs are numbers
	to    []int64
	count int
	sum   hash.Hash
}

func newTableCheck(r *receipts, t *receipted, list []receiptEntry) *tableCheck {
	c := &tableCheck{r: r, t: t, rows: map[string]rowIs{}, runs: map[runKey][]*runIs{}}
	for _, e := range list {
		for _, w := range e.rows {
			if w.Table != t.table {
				continue
			}
			switch w.Kind {
			case store.RowIs, store.RowGone:
				c.rows[w.Key] = rowIs{sum: w.Sum, withdrawn: w.Entry, gone: w.Kind == store.RowGone, entry: e.entry}
			default:
				k := runKey{w.Kind, w.Entry}
				c.runs[k] = append(c.runs[k], &runIs{w: w, entry: e.entry, from: numbersOf(w.Key), to: numbersOf(w.To), sum: sha256.New()})
			}
		}
	}
	for _, list := range c.runs {
		slices.SortFunc(list, func(a, b *runIs) int { return slices.Compare(a.from, b.from) })
	}
	return c
}

func numbersOf(key string) (out []int64) {
	for part := range strings.SplitSeq(key, "/") {
		n, _ := strconv.ParseInt(part, 10, 64) // what is no number fits no row
		out = append(out, n)
	}
	return out
}

func (c *tableCheck) run(ctx context.Context, tx *sql.Tx) (err error) {
	c.r.mu.Lock()
	cols, err := c.r.columnsOf(ctx, tx, c.t.table)
	c.r.mu.Unlock()
	if err != nil {
		return err
	}
	mac, err := receiptMAC(ctx, tx)
	if err != nil {
		return err
	}
	s := newRowScanner(c.t, &cols, 0, mac)
	rows, err := tx.QueryContext(ctx, `SELECT * FROM `+c.t.table+` ORDER BY `+strings.Join(c.t.key, ", "))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := rows.Scan(s.dest...); err != nil {
			return err
		}
		c.row(s)
	}
	c.end()
	return rows.Err()
}

func (c *tableCheck) fault(kind RowFaultKind, key string, entry uint64) {
	c.faults = append(c.faults, RowFault{File: c.r.file, Table: c.t.table, Key: key, Kind: kind, Entry: entry})
}

func (c *tableCheck) row(s *rowScanner) {
	key := s.key()
	sum := s.sum()
	is, known := c.rows[key]
	written := (*runIs)(nil)
	if c.t.runs {
		if written = c.in(runKey{store.RunWritten, s.int("entry")}, s); written != nil {
			written.add(sum)
		}
	}
	withdrawn := s.withdrawn()
	by := (*runIs)(nil)
	if withdrawn != 0 {
		if by = c.in(runKey{store.RunWithdraw, withdrawn}, s); by != nil {
			by.add(sum)
		}
	}
	if known {
		is.seen = true
		c.rows[key] = is
	}
	switch {
	case known && is.gone, !known && written == nil:
		c.fault(RowAdded, key, is.entry)
	case known && is.sum != text24(sum):
		c.fault(RowChanged, key, is.entry)
	case withdrawn != is.withdrawn && by == nil:
		c.fault(RowHidden, key, is.entry)
	case written == nil && by == nil:
		c.same++
	}
}

// in finds the run that a row has to be in.
func (c *tableCheck) in(k runKey, s *rowScanner) *runIs {
	list := c.runs[k]
	if len(list) == 0 {
		return nil
	}
	at := make([]int64, len(s.keys))
	for i, j := range s.keys {
		at[i], _ = s.row[j].(int64)
	}
	i, found := slices.BinarySearchFunc(list, at, func(r *runIs, key []int64) int { return slices.Compare(r.from, key) })
	if !found {
		i--
	}
	if i < 0 || slices.Compare(list[i].to, at) < 0 {
		return nil
	}
	return list[i]
}

func (r *runIs) add(sum [32]byte) {
	r.count++
	r.sum.Write(sum[:])
}

func (c *tableCheck) end() {
	for key, is := range c.rows {
		if !is.seen && !is.gone {
			c.fault(RowMissing, key, is.entry)
		}
	}
	for _, list := range c.runs {
		for _, r := range list {
			if r.count == r.w.Count && text24([32]byte(r.sum.Sum(nil))) == r.w.Sum {
				if r.w.Kind == store.RunWritten {
					c.same += r.count
				}
				continue
			}
			kind := RowChanged
			switch {
			case r.w.Kind == store.RunWithdraw:
				kind = RowHidden
			case r.count < r.w.Count:
				kind = RowMissing
			case r.count > r.w.Count:
				kind = RowAdded
			}
			c.faults = append(c.faults, RowFault{File: c.r.file, Table: c.t.table, Key: r.w.Key, To: r.w.To, Count: r.w.Count, Kind: kind, Entry: r.entry})
		}
	}
	slices.SortFunc(c.faults, func(a, b RowFault) int { return strings.Compare(a.Key, b.Key) })
}
