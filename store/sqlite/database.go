package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver

	"tsujiban"
)

//go:embed migrations
var migrations embed.FS

// defaultReaders is how many connections read when a kind does not say.
const defaultReaders = 4

// database is one file: a connection that writes and a few that read.
type database struct {
	path   string
	advice string // what to do when it is damaged
	write  *sql.DB
	read   *sql.DB

	kept     kept
	pairs    chan struct{} // taken by who needs two reading connections at once: all of them together find theirs
	layouts  layouts       // of a view: how its indexes of numbers are laid out
	ahead    *ahead        // nil: nothing of it is read so
	receipts *receipts     // nil: the journal itself says what has to be in it
}

// kind is what differs between the files.
type kind struct {
	migrations  string // folder in migrations
	journal     string // WAL when empty
	synchronous string
	writer      []string // pragmas of the writing connection
	reader      []string // of those that read
	readers     int      // how many of those; defaultReaders when 0
	check       string   // how thoroughly the file is read when it is opened
	advice      string
	receipted   []receipted
	calls       bool   // it has the calls
	ahead       string // the table whose rows are read in any order
}

var (
	settingsKind = kind{
		migrations: "migrations/settings", synchronous: "FULL", check: "quick_check", advice: adviseSettings, writer: []string{"secure_delete(fast)"},
		receipted: settingsReceipted,
	}
	// Every call goes to random places of three indexes. 16 MiB hold the leaves that are in
	// use, and a WAL of 16 MiB takes a leaf many times before it is copied into the file once.
	// What is moved from one page to another leaves nothing behind, or a call that is erased later could be found where it once
	// stood (secure_delete, which at "fast" costs no further page).
	viewKind = kind{
		migrations: "migrations/calls", synchronous: "NORMAL", advice: adviseView,
		writer:  []string{"cache_size(-16384)", "wal_autocheckpoint(4000)", "secure_delete(fast)"},
		readers: 2 * scatterReaders, calls: true, ahead: "calls",
	}
	// A view that is made anew. Nothing of the file is of use before it is whole: it has no journal, which would write everything twice, is
	// synced once at the end, and becomes a WAL database when it is opened in its place. The cache is also how much is sorted at a time when
	// the indexes are made; the sorter and the cache together take several times as much.
	buildKind = kind{
		migrations: viewKind.migrations, journal: "OFF", synchronous: "OFF", advice: adviseView, calls: true,
		writer: []string{"cache_size(-65536)", "secure_delete(fast)"},
	}
)

// openDatabase opens or makes the file and brings it to the current schema.
func openDatabase(ctx context.Context, path string, k kind) (*database, error) {
	d := &database{path: path, advice: k.advice}
	if k.receipted != nil {
		d.receipts = &receipts{file: filepath.Base(k.migrations), tables: k.receipted}
	}
	// Made here and not by SQLite so that nobody else can read it: it holds credentials
	// and who called whom. The -wal and -shm files take over its mode.
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, tsujiban.Errorf(tsujiban.CodeUnavailable, "open the store: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, tsujiban.Errorf(tsujiban.CodeUnavailable, "open the store: %w", err)
	}
	pragmas := url.Values{"_pragma": {
		"busy_timeout(5000)", "journal_mode(" + cmp.Or(k.journal, "WAL") + ")", "synchronous(" + k.synchronous + ")", "foreign_keys(1)",
		"journal_size_limit(67108864)", "trusted_schema(0)",
	}}
	d.write, err = connect(path, 1, pragmas, url.Values{"_txlock": {"immediate"}, "_pragma": k.writer})
	if err != nil {
		return nil, d.explain(ctx, "open the store", err)
	}
	readers := cmp.Or(k.readers, defaultReaders)
	d.pairs = make(chan struct{}, readers/2)
	d.read, err = connect(path, readers, pragmas, url.Values{"_pragma": append([]string{"query_only(1)"}, k.reader...)})
	if err != nil {
		return nil, errors.Join(d.explain(ctx, "open the store", err), d.close())
	}
	err = d.probe(ctx, k.check)
	if err == nil {
		err = d.explain(ctx, "open the store", d.migrate(ctx, k.migrations))
	}
	if err != nil {
		return nil, errors.Join(err, d.close())
	}
	if k.calls {
		if err := d.findLayout(ctx); err != nil {
			return nil, errors.Join(d.explain(ctx, "open the store", err), d.close())
		}
	}
	if k.ahead != "" {
		d.ahead = openAhead(ctx, d.read, path, k.ahead)
	}
	return d, nil
}

// probe looks for damage before migrations do, which would take a table that cannot be
// read for one that is not there.
func (d *database) probe(ctx context.Context, check string) error {
	if check != "" {
		if err := d.check(ctx, check); err != nil {
			return err
		}
	}
	var tables int
	const have = `SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'goose_db_version'`
	err := d.read.QueryRowContext(ctx, have).Scan(&tables)
	if err == nil && tables > 0 {
		err = d.read.QueryRowContext(ctx, `SELECT count(version_id) FROM goose_db_version NOT INDEXED`).Scan(&tables)
	}
	return d.explain(ctx, "open the store", err)
}

func connect(path string, conns int, values ...url.Values) (*sql.DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	q := url.Values{}
	for _, v := range values {
		for name, list := range v {
			q[name] = append(q[name], list...)
		}
	}
	u := url.URL{Scheme: "file", Path: abs, RawQuery: q.Encode()}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	return db, nil
}

// migrate brings the schema up to date. A schema that this program does not know yet is refused.
func (d *database) migrate(ctx context.Context, dir string) error {
	files, err := fs.Sub(migrations, dir)
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, d.write, files, goose.WithLogger(goose.NopLogger()), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	have, want, err := p.GetVersions(ctx)
	if err != nil {
		return err
	}
	if have > want {
		return tsujiban.Errorf(tsujiban.CodeConflict,
			"%s has schema %d, made by a newer tsujiban; this one knows up to %d: install that version again, or: %s", d.path, have, want, d.advice)
	}
	if have == want {
		return nil
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("bring %s from schema %d to %d: %w", d.path, have, want, err)
	}
	return nil
}

func (d *database) close() error {
	errs := []error{d.kept.close()}
	if d.read != nil {
		errs = append(errs, d.read.Close())
	}
	if d.write != nil {
		// Last: closing the last connection folds the WAL into the file.
		errs = append(errs, d.write.Close())
	}
	errs = append(errs, d.ahead.close())
	return errors.Join(errs...)
}

// change runs f in one transaction on the writing connection.
func (d *database) change(ctx context.Context, doing string, f func(tx *sql.Tx) error) error {
	tx, err := d.write.BeginTx(ctx, nil)
	if err != nil {
		return d.explain(ctx, doing, err)
	}
	if d.receipts != nil {
		err = d.receipts.prepare(ctx, tx)
	}
	if err == nil {
		err = f(tx)
	}
	if err == nil && d.receipts != nil {
		err = d.receipts.hand(ctx, tx)
	}
	if err != nil {
		// What went wrong first is what matters; a failed rollback leaves nothing behind either.
		_ = tx.Rollback()
		return d.explain(ctx, doing, err)
	}
	return d.explain(ctx, doing, tx.Commit())
}

// check reads the file through. The error is CodeCorrupt and says what to do.
func (d *database) check(ctx context.Context, pragma string) error {
	var answer string
	if err := d.read.QueryRowContext(ctx, "PRAGMA "+pragma+"(1)").Scan(&answer); err != nil {
		return d.explain(ctx, "check the store", err)
	}
	if answer != "ok" {
		return d.damaged("check the store", errors.New(answer))
	}
	return nil
}

// list runs a query and calls scan for each row.
func (d *database) list(ctx context.Context, doing string, q querier, query string, args []any, scan func(*sql.Rows) error) error {
	rows, err := q.QueryContext(ctx, query, args...)
	return d.each(ctx, doing, rows, err, scan)
}

// each calls scan for each row of an answer.
func (d *database) each(ctx context.Context, doing string, rows *sql.Rows, asked error, scan func(*sql.Rows) error) (err error) {
	if asked != nil {
		return d.explain(ctx, doing, asked)
	}
	defer func() { err = errors.Join(err, d.explain(ctx, doing, rows.Close())) }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return d.explain(ctx, doing, err)
		}
	}
	return d.explain(ctx, doing, rows.Err())
}

// querier is what both *sql.DB and *sql.Tx can do.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}
