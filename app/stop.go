package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"tsujiban"
	"tsujiban/edge"
)

// How long the parts of a stop may take at most, besides the drain that is configured.
const (
	byeTime  = 3 * time.Second // for the BYEs of calls that are ended
	viewTime = 2 * time.Second // for the calls view to catch up; what it misses it reads at the next start
)

// stop takes in nothing more, drains, flushes and closes, as far as things were started, and
// says why in that order. It returns what could not be kept.
func (a *App) stop(why string) error {
	a.ready.Store(false)
	a.log.Info("stopping: no new calls are taken in", slog.String("why", why))
	var errs []error
	if a.stopEdge != nil {
		errs = append(errs, a.drain())
	}
	errs = append(errs, a.stopConsole(), a.control.stop(), a.metrics.stop())
	if a.watchDone != nil {
		a.stopWatch()
		<-a.watchDone
	}
	a.stopRetention()
	a.teller.stop()
	if a.folderDone != nil {
		a.stopFolder()
		<-a.folderDone
	}
	if a.journal != nil {
		if _, err := a.desk.said(tsujiban.EventStopped, a.now(), a.cfg.Node.Name, why); err != nil {
			errs = append(errs, err)
		}
		a.log.Info("stopping: the journal is flushed")
		errs = append(errs, a.journal.Close())
	}
	a.stopEvidence()
	a.stopViews()
	if a.store != nil {
		errs = append(errs, a.store.Close())
	}
	err := errors.Join(errs...)
	if err != nil {
		a.log.Error("stopped, not everything in order", slog.Any("error", err))
	} else {
		a.log.Info("stopped")
	}
	return err
}

// drain lets running calls end, ends the rest, and stops serving.
func (a *App) drain() error {
	ctx, cancel := a.bounded(a.cfg.SIP.Drain)
	left := a.edge.Drain(ctx)
	cancel()
	switch {
	case left > 0 && a.cfg.SIP.KeepCalls:
		a.log.Info("stopping: running calls go on and are taken up at the next start", slog.Int("calls", left))
	case left > 0:
		a.log.Info("stopping: running calls are ended", slog.Int("calls", left))
		for _, c := range a.edge.Live(nil) {
			a.edge.Cut(c.Call, tsujiban.ReasonShutdown)
		}
		ctx, cancel := context.WithTimeout(context.Background(), byeTime)
		if left = a.edge.Drain(ctx); left > 0 {
			a.log.Warn("stopping: calls whose BYE was not answered", slog.Int("calls", left))
		}
		cancel()
	}
	a.stopEdge()
	if err := <-a.served; err != nil {
		return fmt.Errorf("edge: %w", err)
	}
	return nil
}

// bounded is a context that ends after d, or when the stop is to be cut short.
func (a *App) bounded(d time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	if a.o.Now != nil {
		go func() {
			select {
			case <-a.o.Now:
				cancel()
			case <-ctx.Done():
			}
		}()
	}
	return ctx, cancel
}

// stopViews waits until the store has what the journal has, for a bounded time. The journal
// is closed, so the view ends by itself.
func (a *App) stopViews() {
	if a.viewDone != nil {
		ctx, cancel := a.bounded(viewTime)
		select {
		case <-a.viewDone:
		case <-ctx.Done():
			a.log.Warn("stopping: the calls view is behind; it goes on at the next start")
		}
		cancel()
		a.stopView()
		<-a.viewDone
	}
	if a.queueDone != nil {
		a.stopQueue()
		<-a.queueDone
	}
}

// restored is a running call as the edge wants it.
func (c *openCall) restored(next time.Time) edge.Restored {
	return edge.Restored{
		Call: c.ID, Direction: c.Direction, Customer: c.Customer, Trunk: c.Trunk, Caller: c.Verdict.Caller, Callee: c.Verdict.Callee,
		Dest: c.Verdict.Destination, Started: c.At, Answered: c.Answered, Dialog: c.Dialog, Next: next,
	}
}

// unanswered is a call whose set-up was cut off as the edge wants it; since is the last instant at which it was not answered.
func (c *openCall) unanswered(since time.Time) edge.Restored {
	r := c.restored(time.Time{})
	r.Unanswered, r.Answered, r.Dialog = true, since, tsujiban.Dialog{SIPCallID: c.SIPCallID}
	return r
}
