package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync"
)

// What an inquiry needs of a call stands in the indexes of numbers: each call of a number lies on another page of the table, its entries in an index lie
// side by side. They are kept short: the other party is a whole number where it is one (and what was dialled or presented, behind a space, where it is
// none), what is usual is empty, times and entries of the journal count from the first. A call gets there when it is over, in one go; while it runs it
// stands in small indexes of their own, so that nothing is moved about in the large ones.
//
// In a store of before, an index has four columns, and calls that run. Making the new ones of ten million calls takes minutes, so no migration does it but
// [Store.MakeIndexes], beside calls, and until then each question is asked as its layout has it.

// layout is how a view's indexes of numbers are laid out.
type layout struct{ caller, callee bool } // whether they have what an inquiry needs

// layoutNow is that of a view that this program has made.
var layoutNow = layout{true, true}

func (l layout) has(own string) bool {
	if own == "caller" {
		return l.caller
	}
	return l.callee
}

// walk is an index, and a condition on what of it is walked.
type walk struct{ index, only string }

// walks are those that find the calls in which a number has a part.
func (l layout) walks(own string, onlyOpen bool) []walk {
	if !l.has(own) {
		return []walk{{"calls_" + own, ""}}
	}
	running := walk{"calls_running_" + own, " AND ended IS NULL"}
	if onlyOpen {
		return []walk{running}
	}
	return []walk{{"calls_" + own, " AND ended - start IS NOT NULL"}, running}
}

// layouts keeps the layout. Who asks for calls of a number holds it for reading until the answer is there: an index is not exchanged below a question.
type layouts struct {
	mu sync.RWMutex
	is layout // guarded by mu
}

// layOut returns the layout, which stays until it is released.
func (d *database) layOut() (l layout, release func()) {
	d.layouts.mu.RLock()
	return d.layouts.is, d.layouts.mu.RUnlock
}

// indexColumns are those of the index of the side's calls that are over.
func (s side) indexColumns() string {
	return s.own + `, start, id, ` + strings.NewReplacer("{other}", s.other, "{raw}", s.raw).Replace(strings.Join(briefExprs, `, `))
}

// create are the statements that bring a side's indexes to the layout of now.
func (s side) create() []string {
	return []string{
		`DROP INDEX IF EXISTS calls_` + s.own,
		`DROP INDEX IF EXISTS calls_running_` + s.own,
		`CREATE INDEX calls_` + s.own + ` ON calls (` + s.indexColumns() + `) WHERE ` + s.own + ` <> '' AND ended - start IS NOT NULL`,
		`CREATE INDEX calls_running_` + s.own + ` ON calls (` + s.own + `, start, id, talk_ms) WHERE ` + s.own + ` <> '' AND ended IS NULL`,
	}
}

// findLayout reads how the file is laid out. Of a view without calls all is made at once.
func (d *database) findLayout(ctx context.Context) error {
	l, err := layoutOf(ctx, d.write)
	if err != nil || l == layoutNow {
		d.layouts.is = l
		return err
	}
	var calls bool
	if err := d.write.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM calls)`).Scan(&calls); err != nil || calls {
		d.layouts.is = l
		return err
	}
	return d.makeIndexes(ctx, nil)
}

func layoutOf(ctx context.Context, q querier) (l layout, err error) {
	err = q.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM sqlite_schema WHERE name IN ('calls_caller', 'calls_running_caller') AND sql LIKE '%ended%') = 2,
		(SELECT count(*) FROM sqlite_schema WHERE name IN ('calls_callee', 'calls_running_callee') AND sql LIKE '%ended%') = 2`).Scan(&l.caller, &l.callee)
	return l, err
}

// MakeIndexes brings the indexes of numbers of a store of before to the layout of now: after an update of the program. Calls can be asked for meanwhile, but
// the view does not follow the journal. progress, if not nil, is told before each part that is made. A part that is made stays if the next one is stopped.
func (s *Store) MakeIndexes(ctx context.Context, progress func(part string)) error {
	return s.withView(func(v *database) error { return v.makeIndexes(ctx, progress) })
}

func (d *database) makeIndexes(ctx context.Context, progress func(part string)) error {
	const doing = "make the indexes of numbers"
	l, err := layoutOf(ctx, d.write)
	if err != nil {
		return d.explain(ctx, doing, err)
	}
	for _, s := range sides {
		if l.has(s.own) {
			continue
		}
		if progress != nil {
			progress(s.own)
		}
		if s.own == "caller" {
			l.caller = true
		} else {
			l.callee = true
		}
		if err := d.makeSide(ctx, doing, s, l); err != nil {
			return err
		}
	}
	return nil
}

// viewCheckpoints is as viewKind has it.
const viewCheckpoints = `PRAGMA wal_autocheckpoint = 4000`

// makeSide makes those of one side, and says what the layout is from then on.
func (d *database) makeSide(ctx context.Context, doing string, s side, after layout) (err error) {
	// Copying what was written from the WAL into the file takes its time: not at the commit, while nobody may ask.
	if _, err := d.write.ExecContext(ctx, `PRAGMA wal_autocheckpoint = 0`); err != nil {
		return d.explain(ctx, doing, err)
	}
	defer func() {
		_, werr := d.write.ExecContext(context.WithoutCancel(ctx), viewCheckpoints)
		err = errors.Join(err, d.explain(ctx, doing, werr))
	}()
	locked := false
	defer func() {
		if locked {
			d.layouts.mu.Unlock()
		}
	}()
	err = d.change(ctx, doing, func(tx *sql.Tx) error {
		for _, query := range s.create() {
			if _, err := tx.ExecContext(ctx, query); err != nil {
				return err
			}
		}
		// All that is written has been written; what is left is to make it count, with nobody in the middle of a question.
		d.layouts.mu.Lock()
		locked = true
		return nil
	})
	if err == nil {
		d.layouts.is = after
	}
	return err
}
