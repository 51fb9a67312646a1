package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"time"

	"tsujiban"
	"tsujiban/edge"
	"tsujiban/guard"
	"tsujiban/journal"
)

// guardName is how the program signs what it does by itself.
const guardName = guard.By

// recovered is what the journal says of the time before this start.
type recovered struct {
	events uint64
	at     time.Time                                    // of the last event
	last   tsujiban.CallID                              // the highest id that was given
	stands map[tsujiban.CustomerID]tsujiban.Restriction // what stands against whom
	open   map[tsujiban.CallID]*openCall                // calls without an end
}

// openCall is a call that was running when the program stopped.
type openCall struct {
	id        tsujiban.CallID
	customer  tsujiban.CustomerID
	trunk     tsujiban.TrunkID
	at        time.Time
	answered  time.Time // zero: it was being set up
	verdict   tsujiban.Verdict
	callID    []byte          // of SIP, its own memory
	dialog    tsujiban.Dialog // its own memory, when it was answered
	direction tsujiban.Direction
}

// progressEvery is how many events lie between two lines about progress.
const progressEvery = 1_000_000

// replay folds the whole journal into the guard and into what is returned. progress gets a
// line now and then, for a person who waits.
func replay(ctx context.Context, j *journal.Journal, g *guard.Guard, progress io.Writer, log *slog.Logger) (_ *recovered, err error) {
	rec := &recovered{open: map[tsujiban.CallID]*openCall{}}
	end := j.Committed()
	if end == 0 {
		return rec, nil
	}
	rd := j.Reader(1)
	defer func() {
		if cerr := rd.Close(); err == nil {
			err = cerr
		}
	}()
	for rec.events < end {
		ev, err := rd.Next(ctx)
		if err != nil {
			return nil, fmt.Errorf("reading the journal after entry %d: %w", rec.events, err)
		}
		g.Apply(ev)
		rec.apply(ev)
		if rec.events = ev.Seq; rec.events%progressEvery == 0 {
			if _, err := fmt.Fprintf(progress, "journal: %d of %d entries read\n", rec.events, end); err != nil {
				return nil, err
			}
		}
	}
	rec.stands = g.Restrictions()
	log.Info("journal read", slog.Uint64("events", rec.events), slog.Int("open_calls", len(rec.open)), slog.Int("restrictions", len(rec.stands)))
	return rec, nil
}

func (rec *recovered) apply(ev *tsujiban.Event) {
	rec.last, rec.at = max(rec.last, ev.Call), ev.At
	switch ev.Kind {
	case tsujiban.EventAttempt:
		if ev.Verdict.Action != tsujiban.Deny {
			rec.open[ev.Call] = &openCall{
				id: ev.Call, customer: ev.Attempt.Customer, trunk: ev.Attempt.Trunk, at: ev.At,
				verdict: ev.Verdict, callID: slices.Clone(ev.Attempt.SIPCallID), direction: ev.Attempt.Direction,
			}
		}
	case tsujiban.EventAnswered:
		if c := rec.open[ev.Call]; c != nil {
			c.answered, c.dialog = ev.At, ownDialog(&ev.Dialog)
		}
	case tsujiban.EventEnded:
		delete(rec.open, ev.Call)
	}
}

// ownDialog copies a dialog whose bytes belong to somebody else.
func ownDialog(d *tsujiban.Dialog) tsujiban.Dialog {
	own := *d
	own.SIPCallID = slices.Clone(d.SIPCallID)
	for _, l := range []*tsujiban.Leg{&own.Caller, &own.Callee} {
		l.Identity, l.Target, l.Routes = slices.Clone(l.Identity), slices.Clone(l.Target), slices.Clone(l.Routes)
	}
	return own
}

// settleOpen goes through the calls that were open. Those that talked are paid for until now and
// returned, to be watched again; cut says which of them are to be ended. Of those that were
// being set up, the ones to a carrier are returned too, for it may have answered; the others are closed, for nobody
// would see their end.
func settleOpen(d *desk, rec *recovered, now time.Time) (running []edge.Restored, cut map[tsujiban.CallID]tsujiban.Reason) {
	cut = map[tsujiban.CallID]tsujiban.Reason{}
	d.guard.Resume(now)
	for _, id := range slices.Sorted(maps.Keys(rec.open)) {
		c := rec.open[id]
		if c.answered.IsZero() && c.direction == tsujiban.Out {
			running = append(running, c.unanswered(rec.at))
			continue
		}
		if c.answered.IsZero() {
			d.Ended(id, now, &tsujiban.Outcome{Customer: c.customer, Cut: tsujiban.ReasonCallGone, By: tsujiban.PartyGuard})
			continue
		}
		next, why := d.Extend(id, now)
		if why != tsujiban.ReasonNone {
			cut[id] = why
		}
		running = append(running, c.restored(next))
	}
	return running, cut
}
