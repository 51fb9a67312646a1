package app

import (
	"context"
	"errors"
	"log/slog"

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
	rd := a.journal.Reader(pos + 1)
	f := &store.Follower{View: a.store, OnState: func(err error) {
		if err != nil {
			a.viewFailing.Store(&err)
			a.log.Error("the calls view cannot be written; trying again", slog.Any("error", err))
		} else {
			a.viewFailing.Store(nil)
			a.log.Info("the calls view is written again")
		}
	}}
	err := f.Run(ctx, func(ctx context.Context) (*tsujiban.Event, error) { return rd.Next(ctx) })
	err = errors.Join(err, rd.Close())
	if err != nil && ctx.Err() == nil {
		a.viewFailing.Store(&err)
		a.log.Error("the calls view has stopped; stop the program and run \"tsujiban rebuild\"", slog.Any("error", err))
	}
}
