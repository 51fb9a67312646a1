package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"tsujiban"
	"tsujiban/ledger"
)

// Ledger keeps who holds which number, in a file of its own: it can have many millions of rows, exists nowhere else, and
// a damaged one must not keep calls from being judged. Its methods are safe for concurrent use; changes wait for each other.
type Ledger struct {
	s *Store
	d *database
}

var _ ledger.Book = (*Ledger)(nil)

var ledgerKind = kind{
	migrations: "migrations/ledger", synchronous: "FULL", advice: adviseLedger, receipted: ledgerReceipted,
	writer: []string{"cache_size(-32768)", "secure_delete(fast)"},
	// A number is anywhere in a file of gigabytes: what the machine has in memory is read from there.
	reader: []string{"cache_size(-8192)", "mmap_size(17179869184)"},
}

// Ledger is the ledger of the store.
func (s *Store) Ledger() *Ledger { return &Ledger{s, s.ledger} }

// ledgerPath is the file of the ledger: store.ledger.db beside store.db.
func ledgerPath(path string) string { return strings.TrimSuffix(path, ".db") + ".ledger.db" }

// batch is one order while it is carried out.
type batch struct {
	*Ledger
	ctx      context.Context
	tx       *sql.Tx
	entry    int64
	at       int64
	out      ledger.Outcome
	refused  ledger.Refusals
	carriers map[string]int64
	holders  map[tsujiban.CustomerID]int64
	may      map[mayKey]error
	stmts    map[string]*sql.Stmt // closed when the order is done
	ranges   []ledger.Range
	low      ledger.Block // the lowest and the highest block that was written or withdrawn
	high     ledger.Block
	lifting  bool       // a case is being lifted
	asked    []askedFor // what standing cases are about; nil: not read yet
	later    []coverage // of publications after the one that is taken in
}

// errDry takes a dry run back.
var errDry = errors.New("dry run")

// Do carries an order out: all of it, on disk when Do returns, or nothing. The error holds [ledger.Refusals] when
// the order itself is what is wrong; a dry run tells the same in Outcome.Refused.
func (l *Ledger) Do(ctx context.Context, o *ledger.Order) (ledger.Outcome, error) {
	return l.carryOut(ctx, o, func(b *batch) error {
		for i := range o.Holders {
			if err := b.each(o.Holders[i].Line, func() error { return b.changeHolder(&o.Holders[i]) }); err != nil {
				return err
			}
		}
		for i := range o.Screens {
			if err := b.each(0, func() error { return b.screen(&o.Screens[i]) }); err != nil {
				return err
			}
		}
		for i := range o.Changes {
			if err := b.each(o.Changes[i].Line, func() error { return b.change(&o.Changes[i]) }); err != nil {
				return err
			}
		}
		return nil
	})
}

// carryOut runs f under a new entry.
func (l *Ledger) carryOut(ctx context.Context, o *ledger.Order, f func(*batch) error) (ledger.Outcome, error) {
	b := &batch{
		Ledger: l, ctx: ctx, carriers: map[string]int64{}, holders: map[tsujiban.CustomerID]int64{},
		may: map[mayKey]error{}, stmts: map[string]*sql.Stmt{},
	}
	b.refused.File = o.Entry.File
	if err := o.Entry.Valid(); err != nil {
		return b.out, err
	}
	err := l.d.change(ctx, "change the ledger", func(tx *sql.Tx) error {
		b.tx = tx
		defer b.closeStatements()
		if err := b.begin(o.Entry); err != nil {
			return err
		}
		if err := f(b); err != nil {
			return err
		}
		if err := b.finish(); err != nil {
			return err
		}
		if o.DryRun {
			return &tsujiban.Error{Code: tsujiban.CodeConflict, Err: errDry}
		}
		if err := b.refused.Err(); err != nil {
			return err
		}
		if o.Confirm != nil {
			return o.Confirm(&b.out)
		}
		return nil
	})
	if errors.Is(err, errDry) {
		b.out.Refused, err = b.refused.Lines, nil
		b.out.Entry.ID = 0
	}
	return b.out, err
}

// each lets f do one line. What is wrong with the line is noted, so that all lines are told at once; what is wrong with the
// store ends the order.
func (b *batch) each(line int, f func() error) error {
	err := f()
	var coded *tsujiban.Error
	if err == nil {
		return nil
	}
	if errors.As(err, &coded) && b.ctx.Err() == nil {
		switch coded.Code {
		case tsujiban.CodeInvalid, tsujiban.CodeNotFound, tsujiban.CodeExists, tsujiban.CodeForbidden, tsujiban.CodeConflict:
			b.refused.Add(line, err)
			return nil
		}
	}
	return err
}

// begin writes the entry. Entries are a microsecond apart at least: an instant then says what was believed.
func (b *batch) begin(e ledger.Entry) error {
	var last sql.NullInt64
	if err := b.tx.QueryRowContext(b.ctx, `SELECT max(at) FROM entries`).Scan(&last); err != nil {
		return err
	}
	b.at = max(micros(b.s.clock()), last.Int64+1)
	r, err := b.tx.ExecContext(b.ctx, `INSERT INTO entries (at, actor, verb, ground, note, undoes, file, sha256) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		b.at, e.By, e.Verb, e.Ground, e.Note, e.Undoes, e.File, e.SHA256)
	if err != nil {
		return err
	}
	if b.entry, err = r.LastInsertId(); err != nil {
		return err
	}
	e.ID, e.At = b.entry, fromMicros(b.at)
	b.out.Entry = e
	return nil
}

// finish notes which blocks the entry touched.
func (b *batch) finish() error {
	b.ranges = ledger.Join(b.ranges)
	for _, r := range b.ranges {
		b.out.Numbers += r.Count()
	}
	b.out.Ranges = b.ranges
	if len(b.ranges) == 0 {
		return nil
	}
	return b.exec(`UPDATE entries SET low = ?, high = ? WHERE id = ?`, int64(b.low), int64(b.high), b.entry)
}

// touched notes a block that is written or withdrawn.
func (b *batch) touched(k ledger.Block) {
	if b.low == 0 || k < b.low {
		b.low = k
	}
	b.high = max(b.high, k)
}

// statement prepares a statement once per order.
func (b *batch) statement(query string) (*sql.Stmt, error) {
	if s, ok := b.stmts[query]; ok {
		return s, nil
	}
	s, err := b.tx.PrepareContext(b.ctx, query)
	if err == nil {
		b.stmts[query] = s
	}
	return s, err
}

func (b *batch) closeStatements() {
	for _, s := range b.stmts {
		_ = s.Close() // the transaction would close it
	}
}

func (b *batch) exec(query string, args ...any) error {
	s, err := b.statement(query) //nolint:sqlclosecheck // closeStatements does
	if err != nil {
		return err
	}
	_, err = s.ExecContext(b.ctx, args...)
	return err
}

// carrierKey finds the key of a carrier's name, making one when there is none.
func (b *batch) carrierKey(name string) (int64, error) {
	if name == "" {
		return 0, nil
	}
	if k, ok := b.carriers[name]; ok {
		return k, nil
	}
	k, err := b.keyOf(`carriers`, `name`, name)
	b.carriers[name] = k
	return k, err
}

func (b *batch) holderKey(id tsujiban.CustomerID) (int64, error) {
	if id == "" {
		return 0, nil
	}
	if k, ok := b.holders[id]; ok {
		return k, nil
	}
	k, err := b.keyOf(`holders`, `id`, string(id))
	b.holders[id] = k
	return k, err
}

func (b *batch) keyOf(table, column, text string) (key int64, err error) {
	err = b.tx.QueryRowContext(b.ctx, `SELECT key FROM `+table+` WHERE `+column+` = ?`, text).Scan(&key)
	if !errors.Is(err, sql.ErrNoRows) {
		return key, err
	}
	r, err := b.tx.ExecContext(b.ctx, `INSERT INTO `+table+` (`+column+`) VALUES (?)`, text)
	if err != nil {
		return 0, err
	}
	return r.LastInsertId()
}

// withdraw takes a row out of what is believed. One that this very order wrote was never believed: it goes.
func (b *batch) withdraw(table, where string, entry int64, args ...any) error {
	if entry == b.entry {
		return b.exec(`DELETE FROM `+table+` WHERE `+where+` AND entry = ?`, append(args, entry)...)
	}
	return b.exec(`UPDATE `+table+` SET closed = ? WHERE `+where+` AND entry = ?`, append(append([]any{b.entry}, args...), entry)...)
}

// Entry returns one entry, CodeNotFound when there is none.
func (l *Ledger) Entry(ctx context.Context, id int64) (ledger.Entry, error) {
	e, err := scanEntry(l.d.read.QueryRowContext(ctx, entryQuery+` WHERE id = ?`, id))
	return e, l.d.explain(ctx, "read the entry", foundOne(err, "entry", fmt.Sprint(id)))
}

// Entries returns the entries, the newest first: those with a smaller ID than before, all when it is 0.
func (l *Ledger) Entries(ctx context.Context, before int64, limit int) ([]ledger.Entry, error) {
	n, err := pageSize(limit)
	if err != nil {
		return nil, err
	}
	if before <= 0 {
		before = ledger.Forever
	}
	out := []ledger.Entry{}
	err = l.d.list(ctx, "list the entries", l.d.read, entryQuery+` WHERE id < ? ORDER BY id DESC LIMIT ?`, []any{before, n}, func(r *sql.Rows) error {
		e, err := scanEntry(r)
		out = append(out, e)
		return err
	})
	return out, err
}

const entryQuery = `SELECT id, at, actor, verb, ground, note, undoes, undone, file, sha256 FROM entries`

func scanEntry(r interface{ Scan(...any) error }) (e ledger.Entry, err error) {
	var at int64
	err = r.Scan(&e.ID, &at, &e.By, &e.Verb, &e.Ground, &e.Note, &e.Undoes, &e.UndoneBy, &e.File, &e.SHA256)
	e.At = fromMicros(at)
	return e, err
}
