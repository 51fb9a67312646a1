package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"tsujiban"
	"tsujiban/ledger"
)

// LiftCase lifts what a case brought about: its numbers can be used again, unless another case that stands is about them, and
// the bars that came of it end.
func (l *Ledger) LiftCase(ctx context.Context, id int64, o *ledger.Order) (ledger.Outcome, error) {
	c, err := l.Case(ctx, id)
	if err != nil {
		return ledger.Outcome{}, err
	}
	others, err := l.Cases(ctx, true)
	if err != nil {
		return ledger.Outcome{}, err
	}
	return l.carryOut(ctx, o, func(b *batch) error { return b.each(0, func() error { return b.liftCase(&c, others) }) })
}

func (b *batch) liftCase(c *ledger.Case, standing []ledger.Case) error {
	now := fromMicros(b.at)
	b.lifting = true
	if !c.Lifted.IsZero() {
		return tsujiban.Errorf(tsujiban.CodeConflict, "case %d was lifted already, at %s", c.ID, ledger.Stamp(c.Lifted))
	}
	var keep []ledger.Range
	for i := range standing {
		if standing[i].ID != c.ID {
			keep = append(append(keep, standing[i].Numbers...), standing[i].Stock...)
		}
	}
	var resume []ledger.Range
	for _, r := range append(append([]ledger.Range{}, c.Numbers...), c.Stock...) {
		for _, left := range r.Without(keep) {
			spans, err := b.spans(left)
			if err != nil {
				return err
			}
			for _, s := range spans {
				if s.Value.State == ledger.StateSuspended && s.From <= b.at && s.To > b.at {
					resume = append(resume, ledger.Range{First: max(left.First, s.Block.First()), Last: min(left.Last, s.Block.Last())})
				}
			}
		}
	}
	for resume = ledger.Join(resume); len(resume) > 0; {
		n := min(len(resume), fewRanges)
		if err := b.change(&ledger.Change{Verb: ledger.VerbResume, Ranges: resume[:n], From: now}); err != nil {
			return err
		}
		resume = resume[n:]
	}
	if err := b.exec(`UPDATE bars SET lifted = 1 WHERE case_id = ?`, c.ID); err != nil {
		return err
	}
	if err := b.exec(`UPDATE cases SET lifted = ? WHERE id = ?`, b.at, c.ID); err != nil {
		return err
	}
	return b.insertStep(c.ID, &ledger.Step{N: len(c.Steps) + 1, Kind: ledger.StepLifted, At: now, By: b.out.Entry.By, Note: b.out.Entry.Ground})
}

// DoneStep notes that a step which had a deadline was done, and when.
func (l *Ledger) DoneStep(ctx context.Context, id int64, n int, by string) error {
	return l.d.change(ctx, "note a step", func(tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, `UPDATE case_steps SET done = ?, done_by = ? WHERE case_id = ? AND n = ? AND due IS NOT NULL AND done IS NULL`, micros(l.s.clock()), by, id, n)
		if err != nil {
			return err
		}
		if changed, err := r.RowsAffected(); err != nil || changed > 0 {
			return err
		}
		return tsujiban.Errorf(tsujiban.CodeConflict, "case %d has no step %d that is still to be done; see \"tsujiban suspension show %d\"", id, n, id)
	})
}

// DueStep is a step that is past its deadline.
type DueStep struct {
	Case int64
	Step ledger.Step
}

// Overdue are the steps past their deadline that have not been told of yet.
func (l *Ledger) Overdue(ctx context.Context, now time.Time) (out []DueStep, err error) {
	err = l.d.list(ctx, "look for deadlines", l.d.read, `SELECT case_id, `+stepColumns+` FROM case_steps WHERE due < ? AND due IS NOT NULL AND done IS NULL AND told = 0 ORDER BY due`, []any{micros(now)}, func(r *sql.Rows) error {
		var d DueStep
		s, err := scanStep(r, &d.Case)
		d.Step = s
		out = append(out, d)
		return err
	})
	return out, err
}

// Told notes that staff were told of an overdue step.
func (l *Ledger) Told(ctx context.Context, id int64, n int) error {
	return l.d.change(ctx, "note a deadline", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE case_steps SET told = 1 WHERE case_id = ? AND n = ?`, id, n)
		return err
	})
}

const stepColumns = `n, kind, holder, at, actor, note, until, due, done, done_by`

func scanStep(r interface{ Scan(...any) error }, before ...any) (s ledger.Step, err error) {
	var at int64
	var until, due, done sql.NullInt64
	err = r.Scan(append(before, &s.N, &s.Kind, &s.Holder, &at, &s.By, &s.Note, &until, &due, &done, &s.DoneBy)...)
	s.At, s.Until, s.Due, s.Done = fromMicros(at), fromNullMicros(until), fromNullMicros(due), fromNullMicros(done)
	return s, err
}

// Case returns one case with its steps, CodeNotFound when there is none.
func (l *Ledger) Case(ctx context.Context, id int64) (ledger.Case, error) {
	list, err := l.cases(ctx, `id = ?`, id)
	if err == nil && len(list) == 0 {
		err = tsujiban.Errorf(tsujiban.CodeNotFound, "there is no suspension case %d", id)
	}
	if err != nil {
		return ledger.Case{}, err
	}
	return list[0], nil
}

// Cases are all cases, the newest first; or only those that stand.
func (l *Ledger) Cases(ctx context.Context, standing bool) ([]ledger.Case, error) {
	if standing {
		return l.cases(ctx, `lifted IS NULL`)
	}
	return l.cases(ctx, `true`)
}

func (l *Ledger) cases(ctx context.Context, where string, args ...any) ([]ledger.Case, error) {
	out := []ledger.Case{}
	err := l.d.list(ctx, "list the cases", l.d.read, `SELECT id, lifted, body FROM cases WHERE `+where+` ORDER BY id DESC`, args, func(r *sql.Rows) error {
		var c ledger.Case
		var id int64
		var lifted sql.NullInt64
		var body string
		if err := r.Scan(&id, &lifted, &body); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(body), &c); err != nil {
			return fmt.Errorf("case %d: %w", id, err)
		}
		c.ID, c.Lifted = id, fromNullMicros(lifted)
		out = append(out, c)
		return nil
	})
	for i := 0; i < len(out) && err == nil; i++ {
		out[i].Steps = []ledger.Step{}
		err = l.d.list(ctx, "list the steps", l.d.read, `SELECT `+stepColumns+` FROM case_steps WHERE case_id = ? ORDER BY n`, []any{out[i].ID}, func(r *sql.Rows) error {
			s, err := scanStep(r)
			out[i].Steps = append(out[i].Steps, s)
			return err
		})
	}
	return out, err
}

// askedFor is what a standing case is about.
type askedFor struct {
	id int64
	rs []ledger.Range
}

// notAsked refuses to let numbers be used again, or be taken along, that a standing case is about: the case has to be lifted.
func (b *batch) notAsked(rs []ledger.Range) error {
	if b.lifting {
		return nil
	}
	if b.asked == nil {
		b.asked = []askedFor{}
		err := b.d.list(b.ctx, "list the cases", b.tx, `SELECT id, body FROM cases WHERE lifted IS NULL ORDER BY id`, nil, func(r *sql.Rows) error {
			var id int64
			var body string
			if err := r.Scan(&id, &body); err != nil {
				return err
			}
			var c ledger.Case
			err := json.Unmarshal([]byte(body), &c)
			b.asked = append(b.asked, askedFor{id, append(c.Numbers, c.Stock...)})
			return err
		})
		if err != nil {
			return err
		}
	}
	for _, a := range b.asked {
		for _, x := range a.rs {
			for _, r := range rs {
				if x.First <= r.Last && r.First <= x.Last {
					return tsujiban.Errorf(tsujiban.CodeForbidden, "%s: is suspended by case %d, at the request of an agency: use \"tsujiban suspension lift %d\" when that is over", ledger.Range{First: max(x.First, r.First), Last: min(x.Last, r.Last)}, a.id, a.id)
				}
			}
		}
	}
	return nil
}
