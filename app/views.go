package app

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"tsujiban"
	"tsujiban/store"
)

// startViews lets the store follow the journal and take what the guard imposes.
func (a *App) startViews(ctx context.Context) error {
	pos, err := a.store.Position(ctx)
	if err != nil {
		return err
	}
	if end := a.journal.Committed(); pos > end {
		// The journal is younger than the view, which was made from another one.
		a.log.Warn("the calls view belongs to another journal and is made anew", slog.Uint64("view", pos), slog.Uint64("journal", end))
		if err := a.store.ResetViews(ctx, 1); err != nil {
			return err
		}
		pos = 0
	}
	if first := a.journal.First(); pos+1 < first {
		// The view is new, or was put back from an old copy: what it lacks is past its term.
		if err := a.store.ResetViews(ctx, first); err != nil {
			return err
		}
		pos = first - 1
	}
	free := context.WithoutCancel(ctx) // they end when the journal does, after the calls
	qctx, cancel := context.WithCancel(free)
	a.stopQueue, a.queueDone = cancel, make(chan struct{})
	go func() {
		defer close(a.queueDone)
		a.desk.stored.run(qctx, a.store, a.log)
	}()
	vctx, cancel := context.WithCancel(free)
	a.stopView, a.viewDone = cancel, make(chan struct{})
	go func() {
		defer close(a.viewDone)
		a.follow(vctx, pos)
	}()
	return nil
}

// follow carries the journal into the calls view until the journal is closed. Calls do not
// depend on it: what it cannot do is logged and shown in the metrics.
func (a *App) follow(ctx context.Context, pos uint64) {
	a.viewed.begin(a.store, pos, a.journal.Committed)
	a.viewed.seen = a.pulse.apply
	a.fillPulse(ctx)
	begun := time.Now()
	err := a.store.MakeIndexes(ctx, func(part string) {
		a.log.Info("indexes of the calls are made anew after the update; the calls view follows when they are there", slog.String("part", part))
	})
	switch took := time.Since(begun); {
	case err != nil && ctx.Err() == nil:
		a.log.Warn("indexes of the calls cannot be made anew; inquiries take longer, and the next start tries again", slog.Any("error", err))
	case took > time.Second:
		a.log.Info("indexes of the calls are made", slog.Duration("took", took))
	}
	if err := a.store.MakeDays(ctx); err != nil && ctx.Err() == nil {
		a.log.Warn("the sums by day cannot be made; pages read the calls instead", slog.Any("error", err))
	}
	rd := a.journal.Reader(pos + 1).SkipErased()
	f := &store.Follower{View: &a.viewed, OnState: func(err error) {
		if err != nil {
			a.viewFailing.Store(&err)
			a.log.Error("the calls view cannot be written; trying again", slog.Any("error", err))
		} else {
			a.viewFailing.Store(nil)
			a.log.Info("the calls view is written again")
		}
	}}
	err = f.Run(ctx, func(ctx context.Context) (*tsujiban.Event, error) { return rd.Next(ctx) })
	err = errors.Join(err, rd.Close())
	if err != nil && ctx.Err() == nil {
		a.viewFailing.Store(&err)
		a.log.Error("the calls view has stopped; stop the program and run \"tsujiban rebuild\"", slog.Any("error", err))
	}
}

// viewed is the calls view together with how far it is, so that who has just seen a call end
// finds it in a search.
type viewed struct {
	store.View
	committed func() uint64          // how far the journal is
	pace      pace                   // of the follower's goroutine
	seen      func([]tsujiban.Event) // told of each batch that was folded

	mu      sync.Mutex // guards what follows; taken with no other lock held
	pos     uint64
	changed chan struct{} // closed at the next step; nil when nobody waits
}

func (v *viewed) begin(to store.View, pos uint64, committed func() uint64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.View, v.pos, v.committed = to, pos, committed
}

// ApplyEvents folds events and tells those who wait.
func (v *viewed) ApplyEvents(ctx context.Context, events []tsujiban.Event) error {
	start := time.Now()
	if err := v.View.ApplyEvents(ctx, events); err != nil {
		return err
	}
	now := time.Now()
	if v.seen != nil {
		v.seen(events)
	}
	v.arrived(events)
	pause(ctx, v.pace.rest(now, v.committed(), now.Sub(start)))
	return nil
}

func (v *viewed) arrived(events []tsujiban.Event) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(events) > 0 {
		v.pos = events[len(events)-1].Seq
	}
	if v.changed != nil {
		close(v.changed)
		v.changed = nil
	}
}

// viewWait is how long a search waits for the view at most.
const viewWait = 2 * time.Second

// wait returns when the view has an entry, and how far it is behind when it does not get there in time.
func (v *viewed) wait(ctx context.Context, seq uint64) (behind uint64) {
	ctx, cancel := context.WithTimeout(ctx, viewWait)
	defer cancel()
	for {
		v.mu.Lock()
		pos := v.pos
		if v.changed == nil {
			v.changed = make(chan struct{})
		}
		changed := v.changed
		v.mu.Unlock()
		if pos >= seq {
			return 0
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return seq - pos
		}
	}
}

// nearBy is how many entries the view may be behind for a page to wait for it: under load it is further, on purpose.
const nearBy = 500

// fresh waits for the view to have what is on disk now, where it is about to, and tells how far it is behind.
func (a *App) fresh(ctx context.Context) (behind uint64) {
	end, pos := a.journal.Committed(), a.viewed.position()
	if end > pos+nearBy {
		return end - pos
	}
	return a.viewed.wait(ctx, end)
}

func (v *viewed) position() uint64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.pos
}
