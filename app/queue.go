package app

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"tsujiban"
	"tsujiban/store/sqlite"
)

// standing is a restriction, or its release, on its way to the store.
type standing struct {
	restriction tsujiban.Restriction
	released    bool
}

// queue carries what the guard imposed from the path of a call to the store. It grows as
// it must: there are few restrictions, and the journal has them in any case.
type queue struct {
	mu    sync.Mutex
	items []standing
	wake  chan struct{} // cap 1
}

func newQueue() *queue { return &queue{wake: make(chan struct{}, 1)} }

func (q *queue) put(s standing) {
	q.mu.Lock()
	q.items = append(q.items, s)
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

func (q *queue) take() []standing {
	q.mu.Lock()
	defer q.mu.Unlock()
	items := q.items
	q.items = nil
	return items
}

// run writes to the store until ctx is done, and then what is left.
func (q *queue) run(ctx context.Context, st *sqlite.Store, log *slog.Logger) {
	for {
		for _, s := range q.take() {
			q.write(ctx, st, &s, log)
		}
		select {
		case <-q.wake:
		case <-ctx.Done():
			for _, s := range q.take() {
				q.write(context.WithoutCancel(ctx), st, &s, log)
			}
			return
		}
	}
}

// write writes one, trying again while the store is not available: up to a few seconds, for
// the next start puts the store right after the journal.
func (q *queue) write(ctx context.Context, st *sqlite.Store, s *standing, log *slog.Logger) {
	r := &s.restriction
	attrs := []any{slog.String("customer", string(r.Customer)), slog.String("level", r.Level.String()), slog.String("by", r.By)}
	if s.released {
		log.Info("restriction released", attrs...)
	} else {
		log.Warn("restriction imposed", append(attrs, slog.String("reason", r.Reason.String()), slog.Float64("weight", float64(r.Weight)), slog.Any("call", r.Call))...)
	}
	for try := 0; ; try++ {
		err := s.save(ctx, st)
		if err == nil || tsujiban.CodeOf(err) != tsujiban.CodeUnavailable || try == 5 || ctx.Err() != nil {
			if err != nil {
				log.Error("the store did not take a restriction; it stands, and the next start will store it", append(attrs, slog.Any("error", err))...)
			}
			return
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
		}
	}
}

func (s *standing) save(ctx context.Context, st *sqlite.Store) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if s.released {
		err := st.ReleaseRestriction(ctx, s.restriction.By, s.restriction.Customer, s.restriction.At, s.restriction.Note)
		if tsujiban.CodeOf(err) == tsujiban.CodeNotFound && err != nil {
			return nil
		}
		return err
	}
	return st.PutRestriction(ctx, s.restriction)
}

// sameStanding makes the store's restrictions those of the journal, which is the truth.
func sameStanding(ctx context.Context, st *sqlite.Store, stands map[tsujiban.CustomerID]tsujiban.Restriction, now time.Time) error {
	stored, err := st.Restrictions(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for i := range stored {
		r := &stored[i]
		if want, ok := stands[r.Customer]; !ok {
			errs = append(errs, st.ReleaseRestriction(ctx, guardName, r.Customer, now, "not in the journal"))
		} else if want.Level == r.Level && want.At.Truncate(time.Microsecond).Equal(r.At.Truncate(time.Microsecond)) {
			delete(stands, r.Customer)
		}
	}
	for _, r := range stands {
		err := st.PutRestriction(ctx, r)
		if err != nil && tsujiban.CodeOf(err) == tsujiban.CodeNotFound {
			continue // the customer was removed; what stands against it stays in the guard
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
