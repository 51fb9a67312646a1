package guard

import (
	"time"

	"tsujiban"
	"tsujiban/guard/fraud"
	"tsujiban/guard/policy"
)

// Apply folds one event of the journal into the state: all events in order give the
// state of a guard that lived through them, under the same policy. What was decided is
// taken from the record and not judged anew; there are no effects. What the record does
// not hold is what was set aside beyond the first stretch: Extend pays that again.
func (g *Guard) Apply(ev *tsujiban.Event) {
	p := g.view.Load()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.saw(ev.At)
	switch ev.Kind {
	case tsujiban.EventAttempt:
		g.applyAttempt(p, ev)
	case tsujiban.EventAnswered:
		if c := g.calls.find(ev.Call); c != nil {
			c.answer(ev.At)
			c.clock.believe = true
		}
	case tsujiban.EventEnded:
		if c := g.calls.find(ev.Call); c != nil {
			g.close(p, c, ev.At, &ev.Outcome)
		}
	case tsujiban.EventRestricted:
		g.put(g.customer(ev.Restriction.Customer), ev.Restriction)
		g.forgetEffects()
	case tsujiban.EventReleased:
		g.applyReleased(&ev.Restriction, ev.At)
	case tsujiban.EventReplied:
		if c, ok := g.customers[ev.Reply.Customer]; ok {
			g.answer(c, ev.Reply.Theirs, ev.At)
			g.forgetEffects()
		}
	case tsujiban.EventRegistered:
		if c, ok := g.customers[ev.Attempt.Customer]; ok {
			g.registered(c, &ev.Attempt, ev.At)
		}
	}
}

// applyReleased folds a release: of all that stood, or of the reach that the record names.
func (g *Guard) applyReleased(r *tsujiban.Restriction, at time.Time) {
	c, ok := g.customers[r.Customer]
	switch {
	case !ok:
	case r.Reach == tsujiban.ReachAbroad():
		g.lift(c, at.UnixMilli())
	default:
		g.release(c, r.Reach, at)
	}
}

// applyAttempt folds a call that was asked for. Only what was let through, and what
// was refused for the evidence it gave, leaves a trace.
func (g *Guard) applyAttempt(p *view, ev *tsujiban.Event) {
	v, a := &ev.Verdict, ev.Attempt
	a.Call, a.At = ev.Call, ev.At
	denied := v.Action == tsujiban.Deny
	if denied && v.Reason != tsujiban.ReasonFraud || g.calls.find(a.Call) != nil {
		return
	}
	c, m := g.customer(a.Customer), p.Moment(a.At)
	out := a.Direction == tsujiban.Out && v.Destination.Scope != tsujiban.ScopeEmergency
	if !denied && v.Destination.Scope != tsujiban.ScopeEmergency {
		g.arrived(p, c, &a, v)
	}
	var t fraud.Trace
	if out && p.Fraud() != policy.FraudOff {
		g.observe(p, m, c, &a, v, &t)
	}
	if denied {
		g.impose(c, &fraud.Finding{Level: tsujiban.LevelRestrict, Weight: v.Weight, Reach: v.Reach, Why: v.Why, Campaign: v.Campaign}, a.Call, a.At)
		g.forgetEffects()
		return
	}
	g.open(c, m, &a, v).trace = t
	if rules := p.Customer(a.Customer); out && rules != nil {
		c.pace.Take(a.At.UnixMilli(), rules.CallsPerSecond)
	}
}

// forgetEffects drops what folding the record would bring about: it was brought
// about when it happened. The order to cut stays with the calls, and Extend gives it again.
func (g *Guard) forgetEffects() {
	clear(g.effects)
	g.effects = g.effects[:0]
}
