package sqlite

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"math"
	"slices"
	"strings"
	"sync"

	"tsujiban/store"
)

// Witness puts a receipt on record, in order, and returns when it is on disk. Its error takes the change back.
type Witness func(ctx context.Context, r *store.Receipt) error

// Witnessed has w told of every change of what is set and of the ledger from now on, before it is made to last: of each row that a change touched, what it
// is now. What was changed since the store was opened is told first, and of a store that never had a witness all that it holds.
func (s *Store) Witnessed(ctx context.Context, w Witness) error {
	for _, d := range []*database{s.settings, s.ledger} {
		d.receipts.mu.Lock()
		d.receipts.witness = w
		d.receipts.mu.Unlock()
		if err := d.change(ctx, "put the store on record", func(tx *sql.Tx) error {
			n, err := receiptCount(ctx, tx)
			if err == nil && n == 0 {
				err = d.receipts.touchAll(ctx, tx)
			}
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

// receipted is a table whose rows have receipts.
type receipted struct {
	table string
	key   []string // its primary key
	shown []string // what of it the journal names; all, when empty
	runs  bool     // rows are written and withdrawn by entries, many at a time: see ledger's numbers
}

// What has no receipts is what nobody hands over as a record, or what is held against the journal in another way; TestEveryTable lists it with the reasons.
var (
	settingsReceipted = []receipted{
		{table: "customers", key: []string{"id"}},
		{table: "numbers", key: []string{"pattern"}},
		{table: "trunks", key: []string{"id"}},
		{table: "trunk_sources", key: []string{"trunk", "network"}},
		{table: "restrictions", key: []string{"customer"}},
		{table: "actions", key: []string{"id"}},
		{table: "rules", key: []string{"only"}},
		{table: "holds", key: []string{"id"}},
		{table: "kept_entries", key: []string{"seq"}},
		{table: "inquiries", key: []string{"id"}},
		{table: "looks", key: []string{"id"}},
		{table: "persons", key: []string{"id"}},
		{table: "proposals", key: []string{"id"}},
	}
	ledgerReceipted = []receipted{
		{table: "entries", key: []string{"id"}},
		{table: "holders", key: []string{"key"}},
		{table: "carriers", key: []string{"key"}},
		{table: "numbers", key: []string{"block", "start", "entry"}, runs: true},
		{table: "holder_versions", key: []string{"holder", "start", "entry"}},
		{table: "designations", key: []string{"block", "start", "entry"}, runs: true},
		{table: "publications", key: []string{"published", "entry", "low"}},
		{table: "screenings", key: []string{"holder", "entry"}},
		// The value is a telephone number, a name, an address.
		{table: "marks", key: []string{"field", "value", "at", "holder"}, shown: []string{"field", "at", "holder"}},
		{table: "cases", key: []string{"id"}},
		{table: "case_steps", key: []string{"case_id", "n"}},
		{table: "case_holders", key: []string{"holder", "reseller", "at", "case_id"}},
		{table: "bars", key: []string{"holder", "case_id"}},
	}
)

// receipts gathers which rows a change touches, by triggers that only this connection has, and says what they are before it is made to last.
type receipts struct {
	file   string
	tables []receipted

	mu      sync.Mutex
	witness Witness            // guarded by mu
	columns map[string]columns // guarded by mu: by table
}

// columns are those of a table, in order, and what a row has in them that does not say.
type columns struct {
	names    []string
	defaults []any // nil: it has to say
}

// maxKey is how many columns a key has at most.
const maxKey = 4

// prepare makes what gathers, unless the connection has it.
func (r *receipts) prepare(ctx context.Context, tx *sql.Tx) error {
	var have int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM temp.sqlite_master WHERE name = 'touched'`).Scan(&have); err != nil || have > 0 {
		return err
	}
	list := []string{`CREATE TEMP TABLE touched (t INTEGER, a, b, c, d, PRIMARY KEY (t, a, b, c, d)) WITHOUT ROWID`}
	for i, t := range r.tables {
		note := func(row string) string {
			values := []string{fmt.Sprint(i)}
			for _, k := range t.key {
				values = append(values, row+"."+k)
			}
			for len(values) < 1+maxKey {
				values = append(values, "0")
			}
			// Not OR IGNORE: in a trigger the statement that fires it would decide.
			return `INSERT INTO touched VALUES (` + strings.Join(values, ", ") + `) ON CONFLICT DO NOTHING;`
		}
		for event, body := range map[string]string{"INSERT": note("new"), "DELETE": note("old"), "UPDATE": note("old") + note("new")} {
			list = append(list, fmt.Sprintf(`CREATE TEMP TRIGGER touch_%s_%s AFTER %s ON main.%s BEGIN %s END`, t.table, strings.ToLower(event), event, t.table, body))
		}
	}
	for _, query := range list {
		if _, err := tx.ExecContext(ctx, query); err != nil {
			return err
		}
	}
	return nil
}

// touchAll takes every row for touched.
func (r *receipts) touchAll(ctx context.Context, tx *sql.Tx) error {
	for i, t := range r.tables {
		if _, err := tx.ExecContext(ctx, `INSERT OR IGNORE INTO temp.touched SELECT `+fmt.Sprint(i)+`, `+strings.Join(padKey(t.key, ""), ", ")+` FROM main.`+t.table); err != nil {
			return err
		}
	}
	return nil
}

func padKey(key []string, prefix string) (out []string) {
	for _, k := range key {
		out = append(out, prefix+k)
	}
	for len(out) < maxKey {
		out = append(out, "0")
	}
	return out
}

func receiptCount(ctx context.Context, q querier) (n uint64, err error) {
	var v int64
	err = q.QueryRowContext(ctx, `SELECT n FROM receipts`).Scan(&v)
	return uint64(v), err
}

// receiptMAC makes the sums of rows. Its key is in the file and nowhere else: much of what rows say is a telephone number or a name, which who has
// the journal alone would find by trying, also when the row was erased at the end of its term.
func receiptMAC(ctx context.Context, q querier) (hash.Hash, error) {
	var key []byte
	if err := q.QueryRowContext(ctx, `SELECT key FROM receipts`).Scan(&key); err != nil {
		return nil, err
	}
	return hmac.New(sha256.New, key), nil
}

// hand gives the witness the receipt of a change that is about to be made to last.
func (r *receipts) hand(ctx context.Context, tx *sql.Tx) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.witness == nil {
		return nil // the one who comes is told
	}
	out := &store.Receipt{File: r.file}
	for i := range r.tables {
		if err := r.rows(ctx, tx, i, out); err != nil {
			return err
		}
	}
	n, err := receiptCount(ctx, tx)
	if err != nil || n > 0 && len(out.Rows) == 0 {
		return err // of a file that holds nothing yet, the first says so
	}
	out.N = n + 1
	if _, err := tx.ExecContext(ctx, `UPDATE receipts SET n = ?`, int64(out.N)); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM temp.touched`); err != nil {
		return err
	}
	return r.witness(ctx, out)
}

// fewRows is how many rows of a table with runs are told one by one; of more, runs of so many.
const (
	fewRows = 256
	runRows = 1000
)

// rows adds what the touched rows of a table are now.
func (r *receipts) rows(ctx context.Context, tx *sql.Tx, i int, out *store.Receipt) error {
	t := &r.tables[i]
	var touched int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM temp.touched WHERE t = ?`, i).Scan(&touched); err != nil || touched == 0 {
		return err
	}
	cols, err := r.columnsOf(ctx, tx, t.table)
	if err != nil {
		return err
	}
	on := make([]string, len(t.key))
	for j, k := range t.key {
		on[j] = "m." + k + " = x." + string(rune('a'+j))
	}
	query := `SELECT ` + strings.Join(padKey([]string{"a", "b", "c", "d"}, "x."), ", ") + `, m.` + t.key[0] + ` IS NOT NULL, m.* FROM temp.touched x LEFT JOIN main.` + t.table +
		` m ON ` + strings.Join(on, " AND ") + ` WHERE x.t = ` + fmt.Sprint(i) + ` ORDER BY x.a, x.b, x.c, x.d`
	rows, err := tx.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // Err tells
	n, err := receiptCount(ctx, tx)
	if err != nil {
		return err
	}
	mac, err := receiptMAC(ctx, tx)
	if err != nil {
		return err
	}
	g := runner{t: t, first: n == 0, out: out}
	s := newRowScanner(t, &cols, maxKey+1, mac)
	for rows.Next() {
		if err := rows.Scan(s.dest...); err != nil {
			return err
		}
		there, _ := s.head[maxKey].(int64)
		switch {
		case there == 0 && t.runs && touched > fewRows: // written and taken back by the same order
		case there == 0:
			out.Rows = append(out.Rows, store.RowReceipt{Kind: store.RowGone, Table: t.table, Key: t.shownKey(s.head[:len(t.key)])})
		case t.runs && touched > fewRows:
			g.add(s)
		default:
			out.Rows = append(out.Rows, store.RowReceipt{Table: t.table, Key: s.key(), Sum: text24(s.sum()), Entry: s.withdrawn()})
		}
	}
	g.end()
	return rows.Err()
}

// columnsOf reads the columns of a table once. r.mu is held.
func (r *receipts) columnsOf(ctx context.Context, q querier, table string) (c columns, err error) {
	if c, ok := r.columns[table]; ok {
		return c, nil
	}
	rows, err := q.QueryContext(ctx, `SELECT name, dflt_value FROM pragma_table_info(?) ORDER BY cid`, table)
	if err != nil {
		return c, err
	}
	var texts []sql.NullString
	for rows.Next() {
		var name string
		var def sql.NullString
		if err := rows.Scan(&name, &def); err != nil {
			return c, errors.Join(err, rows.Close())
		}
		c.names, texts = append(c.names, name), append(texts, def)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return c, err
	}
	c.defaults = make([]any, len(texts))
	for i, def := range texts {
		if def.Valid {
			if err := q.QueryRowContext(ctx, `SELECT `+def.String).Scan(&c.defaults[i]); err != nil {
				return c, err
			}
		}
	}
	if r.columns == nil {
		r.columns = map[string]columns{}
	}
	r.columns[table] = c
	return c, nil
}

// runner gathers rows into runs, those that an entry wrote and those that it withdrew. The first time all rows are told: then a withdrawn one is among
// those that were written, too.
type runner struct {
	t     *receipted
	first bool
	open  map[runKey]*run
	out   *store.Receipt
}

type runKey struct {
	kind  store.RowKind
	entry int64
}

type run struct {
	from, to string
	count    int
	sum      hash.Hash
}

func (g *runner) add(s *rowScanner) {
	withdrawn := s.withdrawn()
	if withdrawn == 0 || g.first {
		g.put(runKey{store.RunWritten, s.int("entry")}, s)
	}
	if withdrawn != 0 {
		g.put(runKey{store.RunWithdraw, withdrawn}, s)
	}
}

func (g *runner) put(k runKey, s *rowScanner) {
	r := g.open[k]
	if r == nil {
		if g.open == nil {
			g.open = map[runKey]*run{}
		}
		r = &run{from: s.key(), sum: sha256.New()}
		g.open[k] = r
	}
	sum := s.sum()
	r.sum.Write(sum[:])
	r.to = s.key()
	if r.count++; r.count == runRows {
		g.close(k, r)
	}
}

func (g *runner) close(k runKey, r *run) {
	delete(g.open, k)
	g.out.Rows = append(g.out.Rows, store.RowReceipt{Kind: k.kind, Table: g.t.table, Key: r.from, To: r.to, Entry: k.entry, Count: r.count, Sum: text24([32]byte(r.sum.Sum(nil)))})
}

func (g *runner) end() {
	keys := make([]runKey, 0, len(g.open))
	for k := range g.open {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b runKey) int {
		if a.kind != b.kind {
			return int(a.kind) - int(b.kind)
		}
		return int(min(max(a.entry-b.entry, -1), 1))
	})
	for _, k := range keys {
		g.close(k, g.open[k])
	}
}

// rowScanner reads rows of a table whose columns come behind some others.
type rowScanner struct {
	t      *receipted
	cols   *columns
	head   []any
	row    []any
	dest   []any
	keys   []int // where the key is shown
	at     map[string]int
	mac    hash.Hash
	buffer []byte
}

func newRowScanner(t *receipted, cols *columns, before int, mac hash.Hash) *rowScanner {
	s := &rowScanner{t: t, cols: cols, head: make([]any, before), row: make([]any, len(cols.names)), at: map[string]int{}, mac: mac}
	for i := range s.head {
		s.dest = append(s.dest, &s.head[i])
	}
	for i, name := range cols.names {
		s.dest = append(s.dest, &s.row[i])
		s.at[name] = i
	}
	shown := t.shown
	if len(shown) == 0 {
		shown = t.key
	}
	for _, name := range shown {
		s.keys = append(s.keys, s.at[name])
	}
	return s
}

func (s *rowScanner) int(column string) int64 {
	v, _ := s.row[s.at[column]].(int64)
	return v
}

// withdrawn is the entry of the ledger that withdrew the row, 0 when none did.
func (s *rowScanner) withdrawn() int64 {
	if !s.t.runs {
		return 0
	}
	if v := s.int("closed"); v != math.MaxInt64 {
		return v
	}
	return 0
}

func (s *rowScanner) key() string {
	values := make([]string, len(s.keys))
	for i, at := range s.keys {
		values[i] = fmt.Sprint(s.row[at])
	}
	return store.RowKey(values...)
}

// shownKey is the key of a row that is gone.
func (t *receipted) shownKey(key []any) string {
	var values []string
	for i, name := range t.key {
		if len(t.shown) == 0 || slices.Contains(t.shown, name) {
			values = append(values, fmt.Sprint(key[i]))
		}
	}
	return store.RowKey(values...)
}

// sum is over what the row says, column by column. A column that says what a row says that does not mention it is left out, so that a later version may
// add columns; by which entry a row of the ledger was withdrawn stands beside the sum.
func (s *rowScanner) sum() [32]byte {
	b := append(append(s.buffer[:0], s.t.table...), 0)
	for i, v := range s.row {
		name := s.cols.names[i]
		if s.t.runs && name == "closed" || s.cols.defaults[i] != nil && same(v, s.cols.defaults[i]) {
			continue
		}
		b = append(append(b, name...), 0)
		b = appendValue(b, v)
	}
	s.buffer = b
	s.mac.Reset()
	s.mac.Write(b)
	return [32]byte(s.mac.Sum(nil))
}

func same(a, b any) bool { return string(appendValue(nil, a)) == string(appendValue(nil, b)) }

func appendValue(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, 'n')
	case int64:
		return binary.BigEndian.AppendUint64(append(b, 'i'), uint64(v))
	case float64:
		return binary.BigEndian.AppendUint64(append(b, 'f'), math.Float64bits(v))
	case string:
		b = binary.BigEndian.AppendUint64(append(b, 's'), uint64(len(v)))
		return append(b, v...)
	case []byte:
		b = binary.BigEndian.AppendUint64(append(b, 'b'), uint64(len(v)))
		return append(b, v...)
	}
	return fmt.Append(append(b, '?'), v)
}

// text24 is a sum as it is written: 24 bytes of it.
func text24(sum [32]byte) string { return base64.RawURLEncoding.EncodeToString(sum[:24]) }
