package notify

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"tsujiban/notify/letter"
	"tsujiban/notify/outbox"
)

// Sender hands a parcel over. When it returns nil the other side has taken it. An error is
// marked [outbox.Permanent] when trying again is of no use.
type Sender interface {
	Send(ctx context.Context, p *letter.Parcel) error
}

// Route is the way to one recipient.
type Route struct {
	Sender
	Joins bool // several notices may become one message: people read them
}

// Post takes notices that are due out of the box and sends them, until it is told to stop.
// What cannot be sent is tried again, ever later, and given up after GiveUp.
type Post struct {
	Box outbox.Box
	// Route finds the way to a recipient; an error when there is none (any more).
	Route func(c outbox.Channel, to string) (Route, error)
	// Write makes the letter of notices to one recipient: one, or several that are joined.
	Write func(ns []outbox.Notice) (*letter.Letter, error)
	// Lost is told of notices before they are given up. It may put new ones into the box.
	Lost  func(ctx context.Context, ns []outbox.Notice, reason string) error
	Clock func() time.Time
	Log   *slog.Logger

	Storm  int           // so many notices to one recipient at once, or messages within StormTime, and they are joined
	Spread time.Duration // then a recipient gets one message in so long
	GiveUp time.Duration // how long a notice is tried

	wake chan struct{}
	once sync.Once
}

// Times of the post. The rest is for the configuration.
const (
	stormTime  = 10 * time.Minute
	firstRetry = 30 * time.Second
	lastRetry  = time.Hour
	roundLimit = 5000 // notices that are looked at together
	joinLimit  = 200  // notices in one message
	idle       = time.Minute
)

func (p *Post) init() {
	p.once.Do(func() { p.wake = make(chan struct{}, 1) })
}

// Wake says that something was put into the box.
func (p *Post) Wake() {
	p.init()
	select {
	case p.wake <- struct{}{}:
	default: // it is awake
	}
}

// Run sends until ctx is done.
func (p *Post) Run(ctx context.Context) {
	p.init()
	failing := false
	for ctx.Err() == nil {
		err := p.Round(ctx)
		switch {
		case err != nil && ctx.Err() == nil && !failing:
			p.Log.Error("notices cannot be sent or marked; trying again", slog.Any("error", err))
		case err == nil && failing:
			p.Log.Info("notices are sent again")
		}
		failing = err != nil
		t := time.NewTimer(p.rest(ctx, failing))
		select {
		case <-ctx.Done():
		case <-p.wake:
		case <-t.C:
		}
		t.Stop()
	}
}

// rest is how long there is nothing to do. Notices that a storm holds up are due all the while, so it is a second at least.
func (p *Post) rest(ctx context.Context, failing bool) time.Duration {
	if failing {
		return idle / 6
	}
	next, ok, err := p.Box.NextNotice(ctx)
	if err != nil || !ok {
		return idle
	}
	return min(max(next.Sub(p.Clock()), time.Second), idle)
}

// Round sends all that is due now, each recipient of a webhook beside the others: a slow one holds up nobody else.
func (p *Post) Round(ctx context.Context) error {
	var wg sync.WaitGroup
	var errs [2]error
	for i, c := range []outbox.Channel{outbox.Mail, outbox.Webhook} {
		wg.Go(func() { errs[i] = p.channel(ctx, c) })
	}
	wg.Wait()
	return errors.Join(errs[:]...)
}

func (p *Post) channel(ctx context.Context, c outbox.Channel) error {
	ns, err := p.Box.DueNotices(ctx, c, p.Clock(), roundLimit)
	if err != nil {
		return err
	}
	var order []string
	byTo := map[string][]outbox.Notice{}
	for i := range ns {
		to := ns[i].To
		if byTo[to] == nil {
			order = append(order, to)
		}
		byTo[to] = append(byTo[to], ns[i])
	}
	if c == outbox.Mail { // one server takes them all
		for _, to := range order {
			err = errors.Join(err, p.recipient(ctx, c, to, byTo[to]))
			if ctx.Err() != nil {
				break
			}
		}
		return err
	}
	var wg sync.WaitGroup
	errs := make([]error, len(order))
	for i, to := range order {
		wg.Go(func() { errs[i] = p.recipient(ctx, c, to, byTo[to]) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// recipient sends what is due to one recipient.
func (p *Post) recipient(ctx context.Context, c outbox.Channel, to string, ns []outbox.Notice) error {
	route, err := p.Route(c, to)
	if err != nil {
		return p.settle(ctx, ns, outbox.Permanent(err))
	}
	messages, err := p.messages(ctx, route, c, to, ns)
	if err != nil {
		return err
	}
	for _, m := range messages {
		if ctx.Err() != nil {
			return nil // what was not tried waits
		}
		if err := p.send(ctx, route, m); err != nil {
			return err
		}
	}
	return nil
}

// messages parts notices into messages. What was joined before stays together, so that it has the same id after a crash.
func (p *Post) messages(ctx context.Context, route Route, c outbox.Channel, to string, ns []outbox.Notice) (out [][]outbox.Notice, err error) {
	var fresh []outbox.Notice
	groups := map[string]int{}
	for _, n := range ns {
		i, known := groups[n.Group]
		switch {
		case n.Group != "" && known:
			out[i] = append(out[i], n)
		case n.Group != "":
			groups[n.Group] = len(out)
			out = append(out, []outbox.Notice{n})
		case !route.Joins || n.Kind == outbox.Test || n.Kind == outbox.Digest:
			out = append(out, []outbox.Notice{n})
		default:
			fresh = append(fresh, n)
		}
	}
	if len(fresh) == 0 {
		return out, nil
	}
	now := p.Clock()
	sent, last, err := p.Box.SentNotices(ctx, c, to, now.Add(-stormTime))
	if err != nil {
		return nil, err
	}
	storm := sent >= p.Storm
	if storm && now.Sub(last) < p.Spread {
		return out, nil // it waits for more
	}
	if !storm && len(fresh) < p.Storm || len(fresh) == 1 {
		for _, n := range fresh {
			out = append(out, []outbox.Notice{n})
		}
		return out, nil
	}
	for part := range slices.Chunk(fresh, joinLimit) {
		group := outbox.GroupID(part)
		if err := p.Box.JoinNotices(ctx, group, ids(part)); err != nil {
			return nil, err
		}
		for i := range part {
			part[i].Group = group
		}
		out = append(out, part)
	}
	return out, nil
}

func ids(ns []outbox.Notice) []string {
	out := make([]string, len(ns))
	for i := range ns {
		out[i] = ns[i].ID
	}
	return out
}

// send sends one message and notes what became of it.
func (p *Post) send(ctx context.Context, route Route, ns []outbox.Notice) error {
	l, err := p.Write(ns)
	if err != nil {
		return p.settle(ctx, ns, outbox.Permanent(err))
	}
	first := &ns[0]
	parcel := &letter.Parcel{ID: first.ID, Kind: first.Kind.String(), At: first.Made, To: first.To, Name: first.Name, Letter: l, Event: first.Facts}
	for i := range ns {
		parcel.Urgent = parcel.Urgent || ns[i].Kind.Urgent() && ns[i].Kind != outbox.Test
	}
	if first.Group != "" {
		parcel.ID = first.Group
	}
	return p.settle(ctx, ns, route.Send(ctx, parcel))
}

// settle notes what became of a try, also when the program is about to stop.
func (p *Post) settle(ctx context.Context, ns []outbox.Notice, err error) error {
	if err != nil && ctx.Err() != nil && !outbox.IsPermanent(err) {
		return nil // broken off by us: it is no failure of the other side
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	now := p.Clock()
	o := &outbox.Settled{IDs: ids(ns), State: outbox.Sent, At: now}
	if err != nil {
		o.State, o.Reason = outbox.Waiting, err.Error()
		o.Due = now.Add(retryAfter(ns[0].Tries))
		if outbox.IsPermanent(err) || o.Due.Sub(ns[0].Made) > p.GiveUp {
			o.State = outbox.Dead
		}
		p.Log.Warn("a notice was not taken", slog.String("notice", ns[0].ID), slog.String("kind", ns[0].Kind.String()), slog.String("channel", ns[0].Channel.String()), slog.Int("tries", ns[0].Tries+1), slog.Bool("given_up", o.State == outbox.Dead))
	}
	if o.State == outbox.Dead && p.Lost != nil {
		if err := p.Lost(ctx, ns, o.Reason); err != nil {
			return err
		}
	}
	return p.Box.SettleNotices(ctx, o)
}

// retryAfter is the pause after a try: doubling, with jitter, so that a server that comes back is not run over.
func retryAfter(tries int) time.Duration {
	d := lastRetry
	if tries < 10 {
		d = min(firstRetry<<tries, lastRetry)
	}
	return d/2 + rand.N(d/2+1)
}

// Direct sends one notice once, without the box: for what must be told when nothing can be kept.
func (p *Post) Direct(ctx context.Context, n outbox.Notice) error {
	route, err := p.Route(n.Channel, n.To)
	if err != nil {
		return err
	}
	l, err := p.Write([]outbox.Notice{n})
	if err != nil {
		return err
	}
	return route.Send(ctx, &letter.Parcel{ID: n.ID, Kind: n.Kind.String(), At: n.Made, To: n.To, Name: n.Name, Urgent: true, Letter: l, Event: n.Facts})
}
