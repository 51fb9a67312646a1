package app

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/guard"
	"tsujiban/guard/policy"
	"tsujiban/replay"
	"tsujiban/store"
	"tsujiban/trace"
)

// A preview replays the operator's own calls of the last days twice, under the rules in force and under those that are proposed, and tells
// the difference. It runs beside the calls and yields to them: it works a quarter of the time, reads a page of calls at a time and holds what
// one guard holds. There is one at a time.

// The bounds of a preview.
const (
	previewDays = 31
	previewWarm = 14 * 24 * time.Hour // what the guard learns from before the days that count
	previewPage = 2000                // calls
	previewRest = 3                   // rest for each unit of work
	previewTop  = 20                  // customers that are named
)

type preview struct {
	mu     sync.Mutex // guards what follows
	now    control.Preview
	cancel context.CancelFunc
	done   chan struct{} // closed when it has ended; nil: there never was one
}

func (s *controlServer) showPreview(*http.Request) (any, error) { return s.app.preview.told(), nil }

func (p *preview) told() control.Preview {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := p.now
	out.State = cmp.Or(out.State, "none")
	return out
}

// startPreview begins one and returns at once; showPreview tells how far it is.
func (s *controlServer) startPreview(r *http.Request) (any, error) {
	a := s.app
	var o control.PreviewOrder
	if err := read(r, &o); err != nil {
		return nil, err
	}
	if o.Days == 0 {
		o.Days = 7
	}
	if o.Days < 1 || o.Days > previewDays {
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "days: write 1 to %d", previewDays)
	}
	if o.Version == "" {
		a.admin.Lock()
		o.Version = a.rules.version()
		a.admin.Unlock()
	}
	run, err := a.previewRun(&o)
	if err != nil {
		return nil, err
	}
	if err := a.preview.begin(a.ctx, byOf(r), &o, run); err != nil {
		return nil, err
	}
	return a.preview.told(), nil
}

// cancelPreview ends the one that runs, and returns when it has ended.
func (s *controlServer) cancelPreview(r *http.Request) (any, error) {
	p := &s.app.preview
	p.mu.Lock()
	running, cancel, done := p.now.State == "running", p.cancel, p.done
	p.mu.Unlock()
	if !running {
		return nil, tsujiban.Errorf(tsujiban.CodeConflict, "no preview is running")
	}
	cancel()
	select {
	case <-done:
	case <-r.Context().Done():
	}
	return p.told(), nil
}

// begin starts the run unless another is running.
func (p *preview) begin(base context.Context, by string, o *control.PreviewOrder, run *previewRun) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.now.State == "running" {
		return tsujiban.Errorf(tsujiban.CodeConflict, "a preview of %s is running; wait for it, or cancel it", p.now.By)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(base))
	done := make(chan struct{})
	p.cancel, p.done = cancel, done
	p.now = control.Preview{State: "running", By: by, Started: run.to, From: run.from, To: run.to, Order: o}
	run.progress = func(share float64) {
		p.mu.Lock()
		p.now.Progress = share
		p.mu.Unlock()
	}
	go func() {
		defer close(done)
		defer cancel()
		err := run.all(ctx)
		p.mu.Lock()
		defer p.mu.Unlock()
		p.now.Ended = run.app.now()
		switch {
		case err == nil:
			p.now.State, p.now.Progress = "done", 1
			p.now.Now, p.now.Then, p.now.Differ, p.now.Skipped = run.outcomes[0].told(), run.outcomes[1].told(), run.differ(), run.outcomes[1].skipped
		case ctx.Err() != nil:
			p.now.State = "cancelled"
		default:
			p.now.State, p.now.Error = "failed", err.Error()
		}
	}()
	return nil
}

// stop ends what runs.
func (p *preview) stop() {
	p.mu.Lock()
	cancel, done := p.cancel, p.done
	p.mu.Unlock()
	if done != nil {
		cancel()
		<-done
	}
}

// previewRun is one preview.
type previewRun struct {
	app      *App
	policies [2]*policy.Policy // in force, proposed
	from, to time.Time
	progress func(float64)
	outcomes [2]*previewOutcome
	names    func(tsujiban.CustomerID) string
}

// previewRun compiles what is needed.
func (a *App) previewRun(o *control.PreviewOrder) (*previewRun, error) {
	a.admin.Lock()
	defer a.admin.Unlock()
	then := *a.rules
	var err error
	if then.set, err = over(then.set, &o.RulesOrder); err != nil {
		return nil, err
	}
	run := &previewRun{app: a, to: a.now()}
	run.from = run.to.AddDate(0, 0, -o.Days)
	if run.policies[0], err = a.rules.compile(a.customers); err != nil {
		return nil, err
	}
	run.policies[1], err = then.compile(a.customers)
	set := newSettings(a.customers, a.trunks)
	run.names = func(id tsujiban.CustomerID) string {
		if i, ok := set.customer(id); ok {
			return set.customers[i].Name
		}
		return ""
	}
	return run, err
}

func (p *previewRun) all(ctx context.Context) error {
	suspects, err := p.suspects(ctx)
	if err != nil {
		return err
	}
	for i, pol := range p.policies {
		out := &previewOutcome{from: p.from, suspects: suspects, reasons: map[string]int{}, customers: map[tsujiban.CustomerID]*previewDiffer{}}
		p.outcomes[i] = out
		src := &viewSource{ctx: ctx, store: p.app.store, at: p.from.Add(-previewWarm), to: p.to, progress: func(share float64) { p.progress((float64(i) + share) / 2) }}
		player := replay.New(guard.New(guard.Options{Policy: pol}), replay.Options{
			ReleaseAfter: 24 * time.Hour,
			OnReject:     func(*trace.RowError) error { out.skipped++; return nil },
		}, out.add)
		if err := player.Play(ctx, src); err != nil {
			return err
		}
	}
	return nil
}

// span is a time in which a customer was under suspicion.
type span struct{ from, to time.Time }

// suspects are the spans in which customers were under suspicion and did not say that the use was theirs: what is stopped then hurts nobody.
func (p *previewRun) suspects(ctx context.Context) (map[tsujiban.CustomerID][]span, error) {
	out, q := map[tsujiban.CustomerID][]span{}, store.SuspicionQuery{Limit: 500}
	for {
		page, err := p.app.store.Suspicions(ctx, q)
		if err != nil {
			return nil, err
		}
		for i := range page.Cases {
			c := &page.Cases[i]
			if c.Level == tsujiban.LevelWatch.String() || c.Answer == "theirs" {
				continue
			}
			end := c.Closed
			if end.IsZero() {
				end = p.to
			}
			out[c.Customer] = append(out[c.Customer], span{c.Opened.Add(-time.Hour), end})
		}
		if q.Cursor = page.Next; page.Next == "" || len(page.Cases) > 0 && page.Cases[len(page.Cases)-1].Opened.Before(p.from.AddDate(0, -1, 0)) {
			return out, nil
		}
	}
}

// viewSource reads the calls of the view as a trace, a page at a time, and rests between pages.
type viewSource struct {
	ctx   context.Context
	store interface {
		CallsAfter(ctx context.Context, at time.Time, id tsujiban.CallID, to time.Time, limit int) ([]store.Call, error)
	}
	at, to   time.Time // from here on
	id       tsujiban.CallID
	page     []store.Call
	began    time.Time
	first    time.Time
	progress func(float64)
}

func (v *viewSource) Next(c *trace.Call) error {
	if len(v.page) == 0 {
		if err := v.read(); err != nil {
			return err
		}
	}
	s := &v.page[0]
	v.page = v.page[1:]
	*c = trace.Call{
		ID: s.ID.String(), Start: s.At, Customer: s.Customer, Direction: s.Direction, Caller: s.Presented, Callee: s.Dialled, Talk: s.Talk,
		Source: s.Source.Addr(), UserAgent: s.UserAgent,
	}
	if !s.Answered.IsZero() {
		c.Setup = max(s.Answered.Sub(s.At), 0)
	}
	if s.Direction == tsujiban.Inside {
		return &trace.RowError{Err: errors.New("a call between a customer's own phones")}
	}
	return nil
}

func (v *viewSource) read() (err error) {
	if v.first.IsZero() {
		v.first = v.at
	} else {
		pause(v.ctx, previewRest*time.Since(v.began)) // calls come first
	}
	v.began = time.Now() // a measurement; no decision depends on it
	if v.page, err = v.store.CallsAfter(v.ctx, v.at, v.id, v.to, previewPage); err != nil {
		return err
	}
	if len(v.page) == 0 {
		return io.EOF
	}
	last := &v.page[len(v.page)-1]
	v.at, v.id = last.At, last.ID
	v.progress(float64(v.at.Sub(v.first)) / float64(max(v.to.Sub(v.first), 1)))
	return nil
}

// previewOutcome adds up what a guard did.
type previewOutcome struct {
	from      time.Time
	suspects  map[tsujiban.CustomerID][]span
	sum       control.PreviewOutcome
	saved     tsujiban.Money
	charge    tsujiban.Money
	reasons   map[string]int
	customers map[tsujiban.CustomerID]*previewDiffer
	skipped   int
}

type previewDiffer struct {
	stopped, hurt int
	saved         tsujiban.Money
}

func (o *previewOutcome) add(r *replay.Result) error {
	if r.Call.Start.Before(o.from) || r.Call.Direction != tsujiban.Out {
		return nil
	}
	o.sum.Calls++
	o.charge = o.charge.Add(r.Charge)
	if r.Verdict == replay.Allow {
		return nil
	}
	if r.Verdict == replay.Deny {
		o.sum.Refused++
	} else {
		o.sum.Cut++
	}
	o.reasons[r.Reason.String()]++
	d := entry(o.customers, r.Call.Customer, previewDiffer{})
	d.stopped++
	saved := max(r.Full-r.Charge, 0)
	d.saved, o.saved = d.saved.Add(saved), o.saved.Add(saved)
	if r.Call.Talk > 0 && !o.suspected(r) {
		d.hurt++
		o.sum.Hurt++
	}
	return nil
}

func (o *previewOutcome) suspected(r *replay.Result) bool {
	return slices.ContainsFunc(o.suspects[r.Call.Customer], func(s span) bool { return !r.Call.Start.Before(s.from) && r.Call.Start.Before(s.to) })
}

func (o *previewOutcome) told() *control.PreviewOutcome {
	out := o.sum
	out.Charge, out.Saved, out.Reasons = control.Amount(o.charge), control.Amount(o.saved), o.reasons
	return &out
}

// differ names the customers for whom it makes the most difference.
func (p *previewRun) differ() []control.PreviewDiffer {
	all := map[tsujiban.CustomerID]*control.PreviewDiffer{}
	for i, sign := range [2]int{-1, 1} {
		for id, d := range p.outcomes[i].customers {
			v := entry(all, id, control.PreviewDiffer{Customer: string(id), Name: p.names(id)})
			v.Stopped, v.Hurt, v.Saved = v.Stopped+sign*d.stopped, v.Hurt+sign*d.hurt, v.Saved+control.Difference(sign)*control.Difference(d.saved)
		}
	}
	list := sorted(all, func(x, y *control.PreviewDiffer) int {
		return cmp.Or(cmp.Compare(abs(y.Stopped), abs(x.Stopped)), cmp.Compare(x.Customer, y.Customer))
	})
	list = slices.DeleteFunc(list, func(d control.PreviewDiffer) bool { return d.Stopped == 0 && d.Hurt == 0 && d.Saved == 0 })
	return list[:min(len(list), previewTop)]
}

func abs(n int) int { return max(n, -n) }
