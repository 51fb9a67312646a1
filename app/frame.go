package app

import (
	"cmp"
	"slices"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/edge"
)

// maxFrameCalls is how many running calls a picture shows; of the others it tells how many.
const maxFrameCalls = 200

// Frame is a picture of the running program. Numbers are masked.
func (a *App) Frame() control.Frame {
	f := a.shortFrame()
	f.NoCalls = false
	now := f.At
	callers := map[tsujiban.CallID]edge.LiveCall{}
	for _, c := range a.edge.Live(nil) {
		callers[c.Call] = c
	}
	p := a.policy.Load()
	for _, r := range a.guard.Running(nil) {
		c := control.Call{
			Call: r.Call.String(), Customer: string(r.Customer), Direction: r.Direction.String(), Callee: r.Callee.Masked(),
			Country: r.Destination.Country(), Class: r.Destination.Class.String(), Since: r.Asked, Answered: r.Answered,
			Reserved: control.Amount(r.Reserved), Action: tsujiban.Allow.String(),
		}
		l, ok := callers[r.Call]
		if !ok && r.Answered.IsZero() {
			continue // a restart cut its set-up off
		}
		c.Caller = l.Caller.Masked()
		if price, ok := p.Price(r.Callee, r.Destination, r.Asked); ok && r.Direction == tsujiban.Out {
			c.PerMinute = control.Amount(price.PerMinute)
			if !r.Answered.IsZero() {
				c.Cost = control.Amount(price.Charge(max(now.Sub(r.Answered), 0)))
			}
		}
		f.Calls = append(f.Calls, c)
	}
	a.weigh(f.Calls)
	slices.SortStableFunc(f.Calls, func(x, y control.Call) int { return cmp.Compare(y.Reserved, x.Reserved) })
	if len(f.Calls) > maxFrameCalls {
		f.Hidden = len(f.Calls) - maxFrameCalls
		f.Calls = f.Calls[:maxFrameCalls]
	}
	return f
}

// shortFrame is a picture without the calls: they are copied under the locks that calls need.
func (a *App) shortFrame() control.Frame {
	return control.Frame{At: a.now(), Node: a.o.Config.Node.Name, Currency: a.o.Config.Node.Currency, Totals: a.totals(), Notes: a.desk.latest(), NoCalls: true}
}

// weigh puts the suspicion that weighs on a customer beside its calls.
func (a *App) weigh(calls []control.Call) {
	type suspicion struct {
		weight float64
		watch  bool
	}
	seen := map[string]suspicion{}
	for i := range calls {
		c := &calls[i]
		s, ok := seen[c.Customer]
		if !ok {
			if u, known := a.guard.Usage(tsujiban.CustomerID(c.Customer)); known {
				s = suspicion{float64(u.Weight), u.Level >= tsujiban.LevelWatch}
			}
			seen[c.Customer] = s
		}
		c.Weight = s.weight
		if s.watch {
			c.Action = tsujiban.Watch.String()
		}
	}
}

func (a *App) totals() control.Totals {
	t, n := a.guard.Totals(), a.desk.numbers()
	out := control.Totals{
		Running: t.Running, AtRisk: control.Amount(t.Reserved), Today: control.Amount(t.Charged), Restricted: t.Restricted,
	}
	for action, byReason := range n.verdicts {
		for _, v := range byReason {
			out.Attempts += v
			if tsujiban.Action(action) == tsujiban.Deny {
				out.Denied += v
			}
		}
	}
	for _, v := range n.cuts {
		out.Cut += v
	}
	for _, v := range n.refusals {
		out.Refused += v
	}
	return out
}

// Status says how the program is.
func (a *App) Status() control.Status {
	a.admin.Lock()
	customers, trunks := len(a.customers), len(a.trunks)
	realm := a.cfg.SIP.Realm
	a.admin.Unlock()
	s := control.Status{
		Node: a.o.Config.Node.Name, Version: a.o.Version, Realm: realm, Started: a.since.UTC().Truncate(time.Second), Ready: a.ready.Load(),
		Customers: customers, Trunks: trunks, Policy: a.policy.Load().at, Currency: a.o.Config.Node.Currency, Totals: a.totals(),
		Journal: control.JournalNow{Committed: a.journal.Committed()},
	}
	for _, p := range a.Ports() {
		if p.Kind != "control" && p.Kind != "metrics" && p.Kind != "console" {
			s.Listeners = append(s.Listeners, p.String())
		}
	}
	for _, c := range a.edge.Carriers() {
		s.Carriers = append(s.Carriers, control.Carrier{ID: string(c.ID), Address: c.Addr.String(), Up: c.Up})
	}
	if err := a.journal.Failing(); err != nil {
		s.Journal.Failing = err.Error()
	}
	s.Journal.Viewed = a.viewed.position()
	s.Journal.Proven = uint64(a.prover.proven.Load())
	if err := a.prover.failing.Load(); err != nil {
		s.Journal.Unproven = (*err).Error()
	}
	return s
}
