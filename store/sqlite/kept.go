package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

// kept are statements of the reading connections that are prepared once: an answer with near numbers asks the same thing a hundred times, and SQLite takes
// longer to understand the question than to answer it. Statements notice by themselves that the schema has changed.
type kept struct {
	mu    sync.Mutex
	stmts map[string]*sql.Stmt // guarded by mu; by their text
}

// maxKept bounds them, and with them what each connection keeps in memory: a further text is prepared each time (a few more
// where several come at once).
const maxKept = 32

// keep is the statement of a text, nil when there are enough already.
func (d *database) keep(ctx context.Context, query string) (*sql.Stmt, error) {
	s, full := d.kept.find(query)
	if s != nil || full {
		return s, nil
	}
	s, err := d.read.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	d.kept.mu.Lock()
	defer d.kept.mu.Unlock()
	if other := d.kept.stmts[query]; other != nil { // somebody was faster
		return other, s.Close()
	}
	if d.kept.stmts == nil {
		d.kept.stmts = map[string]*sql.Stmt{}
	}
	d.kept.stmts[query] = s
	return s, nil
}

// find returns the statement of a text, and whether no further one is kept.
func (k *kept) find(query string) (s *sql.Stmt, full bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.stmts[query], len(k.stmts) >= maxKept
}

// close closes them before their connections are.
func (k *kept) close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	var errs []error
	for _, s := range k.stmts {
		errs = append(errs, s.Close())
	}
	k.stmts = nil
	return errors.Join(errs...)
}

// listKept is list on the reading connections, with a statement that is kept.
func (d *database) listKept(ctx context.Context, doing, query string, args []any, scan func(*sql.Rows) error) error {
	s, err := d.keep(ctx, query)
	if err != nil {
		return d.explain(ctx, doing, err)
	}
	if s == nil {
		return d.list(ctx, doing, d.read, query, args, scan)
	}
	rows, err := s.QueryContext(ctx, args...)
	return d.each(ctx, doing, rows, err, scan)
}

// rowKept likewise asks for one row.
func (d *database) rowKept(ctx context.Context, query string, args ...any) *sql.Row {
	if s, err := d.keep(ctx, query); err == nil && s != nil {
		return s.QueryRowContext(ctx, args...)
	}
	return d.read.QueryRowContext(ctx, query, args...)
}
