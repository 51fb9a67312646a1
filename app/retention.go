package app

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/evidence"
	"tsujiban/inquiry"
	"tsujiban/journal"
	"tsujiban/retention"
)

// keeper enforces retention once a day, and on demand. What it does runs in one goroutine, so that a hold that was answered stands
// before anything more is erased.
type keeper struct {
	app    *App
	since  time.Time // when it counts from, as long as it has not run
	orders chan retainOrder
	done   chan struct{}
	cancel context.CancelFunc

	erased  [retention.NumKinds]atomic.Uint64 // since the start
	oldest  [retention.NumKinds]atomic.Int64  // Unix seconds; 0 is not known, or none
	ran     atomic.Int64                      // Unix seconds
	failing atomic.Pointer[error]
}

// retainOrder is something to be done in the keeper's goroutine. A run is not begun while another one goes on.
type retainOrder struct {
	run   bool
	do    func(context.Context) error
	reply chan<- error // cap 1
}

// retainRetry is how long what could not be erased waits for the next attempt.
const retainRetry = 10 * time.Minute

// stated are the entries that signed statements say are erased. What is wrong with them is for "evidence check" to tell: calls do not wait for it.
func (a *App) stated() []journal.Range {
	es, err := evidence.Erasures(a.cfg.EvidenceDir())
	if err != nil {
		a.log.Warn("the signed statements of erasure cannot be read; the journal goes by its own record", slog.Any("error", err))
	}
	var out []journal.Range
	for _, e := range es {
		out = append(out, journal.Range{First: e.From, Last: e.To})
	}
	return out
}

// erased tells the store which entries the journal lacks in order.
func (a *App) erased(from, to uint64) bool {
	return a.journal != nil && journal.Covered(a.journal.Erased(), from, to)
}

func (a *App) startRetention(ctx context.Context) error {
	ran, ok, err := a.store.Retained(ctx)
	if err != nil {
		return err
	}
	free, cancel := context.WithCancel(context.WithoutCancel(ctx))
	k := &keeper{app: a, since: ran, orders: make(chan retainOrder), done: make(chan struct{}), cancel: cancel}
	if ok {
		k.ran.Store(ran.Unix())
	}
	a.keeper = k
	go func() {
		defer close(k.done)
		k.loop(free)
	}()
	return nil
}

func (a *App) stopRetention() {
	if a.keeper != nil {
		a.keeper.cancel()
		<-a.keeper.done
	}
}

func (k *keeper) loop(ctx context.Context) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	var failed time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case o := <-k.orders:
			o.reply <- o.do(ctx)
		case <-tick.C:
			now := k.app.now()
			if now.Before(k.next()) || now.Sub(failed) < retainRetry {
				continue
			}
			if _, err := k.enforce(ctx, guardName, false); err != nil && ctx.Err() == nil {
				failed = now
				k.app.log.Error("what is past its term could not be erased, or not all; it is tried again", slog.Any("error", err))
			}
		}
	}
}

// next is when retention is to be enforced: at the hour of the day that is set, and at once when a day was missed.
func (k *keeper) next() time.Time {
	k.app.admin.Lock()
	at, zone := k.app.cfg.Retention.At, k.app.cfg.Node.TimeZone
	k.app.admin.Unlock()
	last := k.since.In(zone)
	if ran := k.ran.Load(); ran != 0 {
		last = time.Unix(ran, 0).In(zone)
	}
	y, m, d := last.Date()
	hour, minute := int(at/time.Hour), int(at%time.Hour/time.Minute)
	next := time.Date(y, m, d, hour, minute, 0, 0, zone)
	if !next.After(last) {
		next = time.Date(y, m, d+1, hour, minute, 0, 0, zone)
	}
	return next.UTC()
}

// order has something done in the keeper's goroutine.
func (k *keeper) order(ctx context.Context, run bool, do func(context.Context) error) error {
	reply := make(chan error, 1)
	select {
	case k.orders <- retainOrder{run, do, reply}:
		return <-reply
	case <-k.done:
		return tsujiban.Errorf(tsujiban.CodeUnavailable, "the program is stopping")
	case <-ctx.Done():
		return ctx.Err()
	}
}

// yield lets holds come into force between two steps of a run, and ends a run when the program stops.
func (k *keeper) yield(ctx context.Context) error {
	for {
		select {
		case o := <-k.orders:
			if o.run {
				o.reply <- tsujiban.Errorf(tsujiban.CodeConflict, "what is past its term is being erased right now; see \"tsujiban retention show\" in a while")
				continue
			}
			o.reply <- o.do(ctx)
		case <-ctx.Done():
			return ctx.Err()
		default:
			return nil
		}
	}
}

// terms are the terms in force, how many days the rules look back at each kind, and the zone in which months begin.
func (k *keeper) terms() (t retention.Terms, back [retention.NumKinds]int, zone *time.Location) {
	k.app.admin.Lock()
	defer k.app.admin.Unlock()
	for _, u := range k.app.rules.screen.Rules {
		if u.Repeated != nil {
			back[retention.Screens] = max(back[retention.Screens], u.Repeated.WithinDays)
		}
	}
	for _, t := range k.app.rules.scheme.Thresholds {
		back[retention.Suspensions] = max(back[retention.Suspensions], t.WithinDays)
	}
	return k.app.cfg.Retention.Terms, back, k.app.cfg.Node.TimeZone
}

// holds are those that stand now; see Holding.
func (k *keeper) holds(ctx context.Context) ([]retention.Hold, error) {
	now := k.app.now()
	all, err := k.app.store.RetentionHolds(ctx)
	if err != nil {
		return nil, err
	}
	cases, err := k.app.store.Holds(ctx, now)
	if err != nil {
		return nil, err
	}
	return Holding(all, cases, now)
}

// Holding are the holds that stand: those that staff have set, and one for each number of the inquiries that are preservation requests, with
// the negative number of the case.
func Holding(set []retention.Hold, cases []inquiry.Case, now time.Time) ([]retention.Hold, error) {
	var out []retention.Hold
	for _, h := range set {
		if h.Stands(now) {
			out = append(out, h)
		}
	}
	for i := range cases {
		c := &cases[i]
		for _, n := range c.Numbers {
			number, err := tsujiban.ParseNumber(n)
			if err != nil {
				return nil, tsujiban.Errorf(tsujiban.CodeCorrupt, "inquiry case %d: %w; nothing is erased before this is put right", c.ID, err)
			}
			out = append(out, retention.Hold{ID: -c.ID, Number: number, Ground: retention.Preservation, Text: c.Agency + " " + c.Document, At: c.At, Until: c.Until, By: c.By})
		}
	}
	return out, nil
}

// enforce erases what is past its term, or tells with dry what would be.
func (k *keeper) enforce(ctx context.Context, by string, dry bool) (*control.RetentionRun, error) {
	r := &retainRun{keeper: k, by: by, out: control.RetentionRun{DryRun: dry, At: k.app.now(), Kinds: []control.RetentionKind{}, Segments: []control.RetentionSegment{}}}
	r.terms, r.back, r.zone = k.terms()
	err := r.all(ctx)
	if dry {
		return &r.out, err
	}
	if err != nil {
		k.failing.Store(&err)
		return nil, err
	}
	k.failing.Store(nil)
	k.ran.Store(r.out.At.Unix())
	for _, kind := range r.out.Kinds {
		if kind.Erased > 0 {
			k.app.log.Info("erased at the end of their term", slog.String("kind", kind.Kind), slog.Int("records", kind.Erased), slog.Int("held", kind.Held))
		}
	}
	// What comes from now on can be erased a day later than what stands before it.
	k.app.journal.Roll()
	return &r.out, k.app.store.SetRetained(ctx, r.out.At)
}

func (k *keeper) collect(gauge gaugeFunc, count countFunc) {
	for kind := range retention.Kind(retention.NumKinds) {
		count(descErased, k.erased[kind].Load(), kind.String())
		if at := k.oldest[kind].Load(); at != 0 {
			gauge(descOldest, float64(at), kind.String())
		}
	}
	gauge(descRetained, float64(k.ran.Load()))
	gauge(descNotErased, truth(k.failing.Load() != nil))
}
