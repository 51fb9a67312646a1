package app

import (
	"context"
	"fmt"
	"io"
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
	from   uint64                                       // the entries up to here came from a snapshot
	at     time.Time                                    // of the last event
	last   tsujiban.CallID                              // the highest id that was given
	stands map[tsujiban.CustomerID]tsujiban.Restriction // what stands against whom
	open   map[tsujiban.CallID]*openCall                // calls without an end
}

// openCall is a call that was running when the program stopped. Its fields are exported for the snapshot.
type openCall struct {
	ID        tsujiban.CallID
	Customer  tsujiban.CustomerID
	Trunk     tsujiban.TrunkID
	At        time.Time
	Answered  time.Time // zero: it was being set up
	Verdict   tsujiban.Verdict
	SIPCallID []byte          // its own memory
	Dialog    tsujiban.Dialog // its own memory, when it was answered
	Direction tsujiban.Direction
}

// progressEvery is how many events lie between two lines about progress.
const progressEvery = 1_000_000

// replay folds the entries that follow into the guard and into rec. progress gets a
// line now and then, for a person who waits; it may be nil.
func (rec *recovered) replay(ctx context.Context, rd *journal.Reader, end uint64, g *guard.Guard, progress io.Writer) error {
	for rec.events < end {
		ev, err := rd.Next(ctx)
		if err != nil {
			return fmt.Errorf("reading the journal after entry %d: %w", rec.events, err)
		}
		g.Apply(ev)
		rec.apply(ev)
		if rec.events = ev.Seq; progress != nil && rec.events%progressEvery == 0 {
			if _, err := fmt.Fprintf(progress, "journal: %d of %d entries read\n", rec.events, end); err != nil {
				return err
			}
		}
	}
	return nil
}

func (rec *recovered) apply(ev *tsujiban.Event) {
	rec.last, rec.at = max(rec.last, ev.Call), ev.At
	switch ev.Kind {
	case tsujiban.EventAttempt:
		if ev.Verdict.Action != tsujiban.Deny {
			rec.open[ev.Call] = &openCall{
				ID: ev.Call, Customer: ev.Attempt.Customer, Trunk: ev.Attempt.Trunk, At: ev.At,
				Verdict: ev.Verdict, SIPCallID: slices.Clone(ev.Attempt.SIPCallID), Direction: ev.Attempt.Direction,
			}
		}
	case tsujiban.EventAnswered:
		if c := rec.open[ev.Call]; c != nil {
			c.Answered, c.Dialog = ev.At, ownDialog(&ev.Dialog)
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
		if c.Answered.IsZero() && c.Direction == tsujiban.Out {
			running = append(running, c.unanswered(rec.at))
			continue
		}
		if c.Answered.IsZero() {
			d.Ended(id, now, &tsujiban.Outcome{Customer: c.Customer, Cut: tsujiban.ReasonCallGone, By: tsujiban.PartyGuard})
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
