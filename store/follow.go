package store

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"tsujiban"
)

// View is what a [Follower] fills.
type View interface {
	// ApplyEvents folds events in one transaction; all of it has happened, or nothing.
	ApplyEvents(ctx context.Context, events []tsujiban.Event) error
}

// Follower carries events from the journal into a view, in batches, and never loses its
// place: a batch that could not be written is tried again until it is.
type Follower struct {
	View  View
	Batch int           // most events in one transaction; 500 when zero
	Delay time.Duration // longest time that an event waits for others; 100 ms when zero
	// Share, when set, is how many percent of the time may go into writing the view: after
	// a batch the follower rests so long that calls get the rest. What comes meanwhile
	// makes a larger batch, which costs less per event, so give it a Batch of thousands.
	// Under more load than its share the view falls behind, and catches up later.
	Share int
	// OnState, when set, is told of the first error when the view cannot be written, and
	// of nil when it can again. It must not block.
	OnState func(error)
}

// The pauses after a failed write, doubling from one to the other.
const (
	firstRetry = 50 * time.Millisecond
	lastRetry  = 10 * time.Second
)

// Run follows until next returns io.EOF (then everything is written and Run returns nil),
// ctx is done, or an error comes that trying again cannot cure: one of next, or a gap in
// the journal (CodeConflict). next returns the events from the view's position on, one
// after the other, each valid until it is called again; it waits at the end. When its ctx
// is done while it waits it returns ctx.Err() and can be called again.
func (f *Follower) Run(ctx context.Context, next func(context.Context) (*tsujiban.Event, error)) error {
	b := batch{limit: f.Batch}
	if b.limit <= 0 {
		b.limit = 500
	}
	delay := f.Delay
	if delay <= 0 {
		delay = 100 * time.Millisecond
	}
	for {
		end := b.fill(ctx, delay, next)
		if err := f.write(ctx, b.events); err != nil {
			return err
		}
		if errors.Is(end, io.EOF) {
			return nil
		}
		if end != nil {
			return end
		}
	}
}

// write tries until it works, and then rests.
func (f *Follower) write(ctx context.Context, events []tsujiban.Event) error {
	if len(events) == 0 {
		return nil
	}
	pause, failing := firstRetry, false
	for {
		began := time.Now()
		err := f.View.ApplyEvents(ctx, events)
		switch {
		case err == nil:
			if failing {
				f.state(nil)
			}
			return f.rest(ctx, time.Since(began))
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case tsujiban.CodeOf(err) == tsujiban.CodeConflict:
			return err
		}
		if !failing {
			f.state(err)
		}
		failing = true
		if err := wait(ctx, pause); err != nil {
			return err
		}
		pause = min(2*pause, lastRetry)
	}
}

func (f *Follower) state(err error) {
	if f.OnState != nil {
		f.OnState(err)
	}
}

func (f *Follower) rest(ctx context.Context, worked time.Duration) error {
	if f.Share <= 0 || f.Share >= 100 {
		return nil
	}
	return wait(ctx, worked*time.Duration(100-f.Share)/time.Duration(f.Share))
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}

// batch is room for events that outlives the ones that next returned.
type batch struct {
	limit  int
	events []tsujiban.Event
	arena  []byte // what the events' byte slices point into
}

// fill waits for one event and gathers those that follow within delay. The error, if any,
// came after the events that it gathered.
func (b *batch) fill(ctx context.Context, delay time.Duration, next func(context.Context) (*tsujiban.Event, error)) error {
	b.events, b.arena = b.events[:0], b.arena[:0]
	ev, err := next(ctx)
	if err != nil {
		return err
	}
	b.add(ev)
	wait, cancel := context.WithTimeout(ctx, delay)
	defer cancel()
	for len(b.events) < b.limit {
		ev, err := next(wait)
		if err != nil {
			if wait.Err() != nil && ctx.Err() == nil && !errors.Is(err, io.EOF) {
				return nil // no more within delay
			}
			return err
		}
		b.add(ev)
	}
	return nil
}

func (b *batch) add(ev *tsujiban.Event) {
	b.events = append(b.events, *ev)
	e := &b.events[len(b.events)-1]
	a := &e.Attempt
	for _, p := range []*[]byte{&a.Dialled, &a.Caller, &a.UserAgent, &a.SIPCallID} {
		*p = b.keep(*p)
	}
	// Of the dialog a view needs only the carrier.
	e.Dialog = tsujiban.Dialog{Carrier: ev.Dialog.Carrier}
}

// keep copies p. Slices that an earlier, smaller arena holds stay valid when it grows.
func (b *batch) keep(p []byte) []byte {
	if p == nil {
		return nil
	}
	b.arena = slices.Grow(b.arena, len(p))
	start := len(b.arena)
	b.arena = append(b.arena, p...)
	return b.arena[start:len(b.arena):len(b.arena)]
}
