package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"runtime"
	"time"

	"tsujiban"
	"tsujiban/store"
	"tsujiban/suspicion"
)

// Position is the journal's number of the last event that the calls hold, 0 for none.
func (s *Store) Position(ctx context.Context) (seq uint64, err error) {
	err = s.withView(func(v *database) error {
		seq, err = position(ctx, v.read)
		return v.explain(ctx, "read the position of the calls", err)
	})
	return seq, err
}

func position(ctx context.Context, q querier) (uint64, error) {
	var seq int64
	err := q.QueryRowContext(ctx, `SELECT seq FROM position`).Scan(&seq)
	return uint64(seq), err
}

// ApplyEvents folds events into the calls and moves the position, all in one transaction:
// after an error, or a crash, none of it has happened. Events at or below the position
// are skipped, so that a batch may be given twice. CodeConflict when events are missing
// between the position and the first one, or inside the batch, and were not erased ([WithErased]). Of each event only what
// the calls hold is read, and nothing of it is kept after the return.
func (s *Store) ApplyEvents(ctx context.Context, events []tsujiban.Event) error {
	return s.withView(func(v *database) (err error) {
		defer func() {
			if s.suspicions.settled(err); err != nil {
				s.open.forget()
			}
		}()
		return v.change(ctx, "fold events into the calls", func(tx *sql.Tx) error {
			pos, err := position(ctx, tx)
			if err != nil {
				return err
			}
			f := newFold()
			if f.days, err = s.days(ctx, tx); err != nil {
				return err
			}
			f.open = s.open.of()
			if f.book, err = s.suspicions.of(ctx, tx); err != nil {
				return err
			}
			last := pos
			for i := range events {
				ev := &events[i]
				if ev.Seq <= last {
					continue
				}
				if ev.Seq != last+1 && !s.erased(last+1, ev.Seq-1) {
					return missing(last, ev.Seq)
				}
				f.add(ev)
				last = ev.Seq
			}
			if last == pos {
				return nil
			}
			if err := f.write(ctx, tx); err != nil {
				return err
			}
			if s.suspicions.tell != nil {
				s.suspicions.changed = f.changed
			}
			return f.setPosition(ctx, tx, last)
		})
	})
}

func missing(have, next uint64) error {
	return tsujiban.Errorf(tsujiban.CodeConflict, "the calls hold the journal up to event %d, but the next one given is %d: %s", have, next, adviseView)
}

func (f *fold) setPosition(ctx context.Context, tx *sql.Tx, seq uint64) error {
	zone := ""
	if f.days != nil {
		zone = f.days.zone.String()
	}
	_, err := tx.ExecContext(ctx, `UPDATE position SET seq = ?, zone = ?`, int64(seq), zone)
	return err
}

// ResetViews forgets all calls. first is the number of the oldest event that the journal
// still has, from which following will go on; 0 and 1 both mean a whole journal. See
// [Store.Rebuild] for the fast way to fill the view again.
func (s *Store) ResetViews(ctx context.Context, first uint64) error {
	return s.withView(func(v *database) error {
		return v.change(ctx, "forget the calls", func(tx *sql.Tx) error {
			for _, table := range []string{"calls", "suspicions", "suspicion_keys", "accesses"} {
				if _, err := tx.ExecContext(ctx, `DELETE FROM `+table); err != nil {
					return err
				}
			}
			if err := noSums(ctx, tx); err != nil {
				return err
			}
			s.suspicions.forget()
			s.open.forget()
			f := fold{days: newDayFold(s.zone)}
			return f.setPosition(ctx, tx, max(first, 1)-1)
		})
	})
}

// fold gathers what a batch of events does to calls, so that a call that begins and ends
// in one batch is written once.
type fold struct {
	at      map[tsujiban.CallID]int // index in calls
	calls   []folded
	book    *suspicion.Book // cases of suspicion
	changed []*suspicion.Case

	accesses map[access]accessed // made by the first
	days     *dayFold            // nil: the sums are still to be made
	alone    bool                // nobody waits for a core, and nothing counts before all is written
	open     map[tsujiban.CallID]summed
}

type folded struct {
	call                   store.Call
	begun, answered, ended bool // which events there were
}

func newFold() *fold {
	return &fold{at: make(map[tsujiban.CallID]int), book: suspicion.NewBook(nil)}
}

func (f *fold) reset() {
	clear(f.at)
	clear(f.calls) // lets go of their strings
	f.calls = f.calls[:0]
	clear(f.accesses)
}

func (f *fold) add(ev *tsujiban.Event) {
	f.book.Apply(ev)
	switch ev.Kind {
	case tsujiban.EventAttempt:
		c := f.of(ev.Call)
		*c = folded{call: store.Attempted(ev), begun: true}
	case tsujiban.EventAnswered:
		c := f.of(ev.Call)
		c.answered = true
		c.call.Answer(ev)
	case tsujiban.EventEnded:
		c := f.of(ev.Call)
		c.ended = true
		c.call.End(ev)
	case tsujiban.EventRegistered, tsujiban.EventRefused:
		f.access(ev)
	}
}

func (f *fold) of(id tsujiban.CallID) *folded {
	i, ok := f.at[id]
	if !ok {
		i = len(f.calls)
		f.at[id] = i
		f.calls = append(f.calls, folded{call: store.Call{ID: id}})
	}
	return &f.calls[i]
}

const callColumns = `id, start, answered, ended, direction, customer, trunk, source, presented, dialled, caller, callee, withheld,
	scope, class, code, iso, verdict, reason, rule, weight, why, status, talk_ms, charge, cut, party, carrier, user_agent, sip_call_id,
	asked_entry, answered_entry, ended_entry`

// The statements of a fold. A call id that is there already keeps its row: ids name one
// call for ever. An event of a call whose attempt was never folded, because it is older
// than what the journal still has, changes no row.
const (
	insertCall = `INSERT INTO calls (` + callColumns + `) VALUES
		(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`
	answerCall = `UPDATE calls SET answered = ?1, carrier = iif(?2 = '', carrier, ?2), answered_entry = ?4 WHERE id = ?3`
	endCall    = `UPDATE calls SET ended = ?1, status = ?2, talk_ms = ?3, charge = ?4, cut = ?5, party = ?6,
		carrier = iif(?7 = '', carrier, ?7), ended_entry = ?9 WHERE id = ?8`
)

// statements are those of a transaction, prepared.
type statements struct{ insert, answer, end, before *sql.Stmt }

func prepare(ctx context.Context, tx *sql.Tx) (st statements, err error) {
	for _, p := range []struct {
		to   **sql.Stmt
		text string
	}{{&st.insert, insertCall}, {&st.answer, answerCall}, {&st.end, endCall}, {&st.before, summedCall}} {
		if *p.to, err = tx.PrepareContext(ctx, p.text); err != nil {
			return st, err
		}
	}
	return st, nil
}

func (st *statements) close() {
	for _, s := range []*sql.Stmt{st.insert, st.answer, st.end, st.before} {
		if s != nil {
			_ = s.Close() // the transaction would close it
		}
	}
}

// aloneSums is how many sums are gathered before they are written, if nothing counts before all is: of many customers each batch has a call or two.
const aloneSums = 100_000

// write writes all calls of the fold, giving way to other goroutines after each: on one
// core calls must not wait for a whole batch.
func (f *fold) write(ctx context.Context, tx *sql.Tx) error {
	changed, err := writeSuspicions(ctx, tx, f.book)
	if err != nil {
		return err
	}
	f.changed = changed
	st, err := prepare(ctx, tx)
	defer st.close()
	if err != nil {
		return err
	}
	// The driver starts a goroutine per statement when the context can be cancelled.
	inner := context.WithoutCancel(ctx)
	if err := f.writeAccesses(inner, tx); err != nil {
		return err
	}
	args := make([]any, 0, 33)
	for i := range f.calls {
		c := &f.calls[i]
		if c.begun {
			err = f.insert(inner, st.insert, callArgs(args[:0], &c.call), c)
		} else if err = f.summed(inner, st.before, c); err == nil {
			err = c.update(inner, st.answer, st.end)
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		if !f.alone {
			runtime.Gosched()
		}
	}
	if f.days == nil || f.alone && f.days.len() < aloneSums {
		return nil
	}
	return f.days.write(ctx, tx)
}

// insert writes a call that began in the batch. One that is there already stays as it is, and counts once.
func (f *fold) insert(ctx context.Context, insert *sql.Stmt, args []any, c *folded) error {
	r, err := insert.ExecContext(ctx, args...)
	if err != nil || f.days == nil {
		return err
	}
	if n, err := r.RowsAffected(); err != nil || n == 0 {
		return err
	}
	s := summedOf(&c.call)
	if f.days.add(&s, 1); c.call.Open() {
		f.open[c.call.ID] = s
	}
	return nil
}

// summed takes a call that is about to change out of its day's sum, and puts it back as it will be.
func (f *fold) summed(ctx context.Context, before *sql.Stmt, c *folded) error {
	if f.days == nil {
		return nil
	}
	s, known := f.open[c.call.ID]
	if !known {
		err := s.scan(before.QueryRowContext(ctx, int64(c.call.ID)))
		if errors.Is(err, sql.ErrNoRows) {
			return nil // from before what the journal still has
		}
		if err != nil {
			return err
		}
	}
	f.days.add(&s, -1)
	s.answered = s.answered || c.answered
	if c.ended {
		s.end(&c.call)
		delete(f.open, c.call.ID)
	} else if known {
		f.open[c.call.ID] = s
	}
	f.days.add(&s, 1)
	return nil
}

func (c *folded) update(ctx context.Context, answer, end *sql.Stmt) error {
	if c.answered {
		if _, err := answer.ExecContext(ctx, micros(c.call.Answered), text(c.call.Carrier), int64(c.call.ID), int64(c.call.Entries.Answered)); err != nil {
			return err
		}
	}
	if !c.ended {
		return nil
	}
	_, err := end.ExecContext(ctx, micros(c.call.Ended), c.call.Status, c.call.Talk.Milliseconds(), int64(c.call.Charge),
		c.call.Cut.String(), c.call.By.String(), text(c.call.Carrier), int64(c.call.ID), int64(c.call.Entries.Ended))
	return err
}

func callArgs(args []any, c *store.Call) []any {
	source := ""
	if c.Source.IsValid() {
		source = c.Source.String()
	}
	d := &c.Destination
	return append(args, int64(c.ID), micros(c.At), nullMicros(c.Answered), nullMicros(c.Ended), c.Direction.String(),
		text(c.Customer), text(c.Trunk), source, c.Presented, c.Dialled, c.Caller.String(), c.Callee.String(), c.Withheld,
		d.Scope.String(), d.Class.String(), int64(d.Code), d.Country(), c.Action.String(), c.Reason.String(), c.Rule,
		finite(float64(c.Weight)), whyText(c.Why), c.Status, c.Talk.Milliseconds(), int64(c.Charge), c.Cut.String(), c.By.String(),
		text(c.Carrier), c.UserAgent, c.SIPCallID, int64(c.Entries.Asked), int64(c.Entries.Answered), int64(c.Entries.Ended))
}

// text is an id as text that the database takes, whatever it holds.
func text[T ~string](id T) string { return store.Clean(id) }

// finite replaces what neither SQLite nor JSON can hold.
func finite(v float64) float64 {
	switch {
	case math.IsNaN(v):
		return 0
	case math.IsInf(v, 0):
		return math.Copysign(math.MaxFloat32, v)
	}
	return v
}

func millis(ms int64) time.Duration { return time.Duration(ms) * time.Millisecond }
