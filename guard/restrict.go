package guard

import (
	"time"

	"tsujiban"
	"tsujiban/guard/fraud"
)

// By is how the guard signs its restrictions.
const By = "guard"

// levelRules name the levels that refuse calls.
var levelRules = [...]string{
	tsujiban.LevelNone: "", tsujiban.LevelWatch: "", tsujiban.LevelAsk: "",
	tsujiban.LevelRestrict: "restriction restrict", tsujiban.LevelClose: "restriction close",
}

// restricts returns the restriction that stands against a call, nil when none does.
func (c *customer) restricts(a *tsujiban.Attempt, v *tsujiban.Verdict) *tsujiban.Restriction {
	r := c.restriction
	if r == nil || r.Level < tsujiban.LevelRestrict {
		return nil
	}
	unknown := a.Direction == tsujiban.Out && !c.fraud.Known(v.Callee, v.Destination, a.At.UnixMilli())
	if touches(r, a.Direction, v.Destination, unknown) {
		return r
	}
	return nil
}

// touches tells whether a restriction stands against a call; unknown says that the customer has not had to do with that
// number before. Whom it knows a customer can go on calling, unless a person has said that all of it is to end.
func touches(r *tsujiban.Restriction, d tsujiban.Direction, to tsujiban.Destination, unknown bool) bool {
	switch {
	case to.Scope == tsujiban.ScopeEmergency:
		return false
	case r.Level >= tsujiban.LevelClose:
		return true
	case r.Level < tsujiban.LevelRestrict || d != tsujiban.Out:
		return false
	}
	switch key := to.Key(); {
	case r.By == By && !unknown:
		return false
	case key == 0:
		return unknown && r.Reach.Home()
	case r.Reach.HasKey(key):
		return true
	}
	return r.Reach.Abroad() && to.Scope != tsujiban.ScopeDomestic
}

func restrictionReason(r *tsujiban.Restriction) tsujiban.Reason {
	if r.Reason == tsujiban.ReasonSuspended {
		return tsujiban.ReasonSuspended
	}
	return tsujiban.ReasonRestricted
}

// impose puts what the evidence came to on a customer, unless as much stands already: a restriction of a higher
// level, or one of the same that reaches as far. What stands and what is new are put together.
func (g *Guard) impose(c *customer, f *fraud.Finding, id tsujiban.CallID, at time.Time) {
	r := tsujiban.Restriction{
		Customer: c.id, Level: f.Level, Reach: f.Reach, Reason: tsujiban.ReasonFraud, At: at, By: By,
		Call: id, Weight: f.Weight, Why: f.Why, Campaign: f.Campaign,
	}
	if old := c.restriction; old != nil {
		switch {
		case old.Level > r.Level, old.Level == r.Level && old.Reach.Covers(r.Reach):
			return
		case old.Level == r.Level:
			r.Reach = r.Reach.With(old.Reach)
		}
	}
	stands := r
	g.effects = append(g.effects, Effect{Restriction: &stands, Reason: r.Reason})
	g.put(c, r)
}

// put makes r what stands against the customer and orders the end of the running calls
// that it touches. Level none is none.
func (g *Guard) put(c *customer, r tsujiban.Restriction) {
	if r.Level == tsujiban.LevelNone {
		g.lift(c, r.At.UnixMilli())
		return
	}
	if c.restriction == nil {
		g.sums.restricted++
	}
	c.restriction = &r
	for i := c.first; i != none; i = g.calls.slab[i].next {
		k := &g.calls.slab[i]
		if k.cut == tsujiban.ReasonNone && touches(&r, k.direction, k.destination, k.trace.Strange()) {
			k.cut = r.Reason
			g.effects = append(g.effects, Effect{Cut: k.id, Reason: r.Reason})
		}
	}
}

// lift takes away what stands against the customer, with most of the suspicion that led to
// it, and tells whether something stood.
func (g *Guard) lift(c *customer, now int64) bool {
	if c.restriction == nil {
		return false
	}
	g.sums.restricted--
	c.restriction = nil
	c.fraud.Ease(now)
	return true
}

// Restrict puts a restriction on a customer, in place of the one that stands. The
// running calls that it touches are cut through Effects.
func (g *Guard) Restrict(r *tsujiban.Restriction) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.saw(r.At)
	g.put(g.customer(r.Customer), *r)
}

// Release lifts what stands against a customer and takes most of the suspicion away; it teaches nothing, for nobody has said
// whose the use was (see Answer). When nothing stood it changes nothing and returns false.
func (g *Guard) Release(id tsujiban.CustomerID, at time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.saw(at)
	c, ok := g.customers[id]
	return ok && g.lift(c, at.UnixMilli())
}

// ReleaseReach lifts a part of what stands against a customer, and all of it when nothing is left.
func (g *Guard) ReleaseReach(id tsujiban.CustomerID, reach tsujiban.Reach, at time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.saw(at)
	c, ok := g.customers[id]
	return ok && g.release(c, reach, at)
}

func (g *Guard) release(c *customer, reach tsujiban.Reach, at time.Time) bool {
	if c.restriction == nil {
		return false
	}
	left := c.restriction.Reach.Without(reach)
	if c.restriction.Level != tsujiban.LevelRestrict || left.Empty() {
		return g.lift(c, at.UnixMilli())
	}
	r := *c.restriction
	r.Reach = left
	c.restriction = &r
	c.fraud.Ease(at.UnixMilli())
	return true
}

// Answer is what the customer says when asked whether the use was theirs. "Yes" lifts what the guard put on
// and teaches that such use is theirs; "no" keeps it, or puts it on where it was only asked, and ends the running
// calls that it touches, through Effects. What staff put on stays either way, but for a question: that is answered, whoever asked. It returns what stands now, nil when nothing does.
func (g *Guard) Answer(id tsujiban.CustomerID, theirs bool, at time.Time) *tsujiban.Restriction {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.saw(at)
	c, ok := g.customers[id]
	if !ok {
		return nil
	}
	g.answer(c, theirs, at)
	if c.restriction == nil {
		return nil
	}
	r := *c.restriction
	return &r
}

func (g *Guard) answer(c *customer, theirs bool, at time.Time) {
	r := c.restriction
	ours := r != nil && (r.By == By || r.Level == tsujiban.LevelAsk)
	switch {
	case theirs && ours:
		g.sums.restricted--
		c.restriction = nil
		g.model.Theirs(&c.fraud, at.UnixMilli())
	case theirs && r == nil:
		g.model.Theirs(&c.fraud, at.UnixMilli())
	case !theirs && ours && r.Level < tsujiban.LevelRestrict:
		stands := *r
		stands.Level, stands.At = tsujiban.LevelRestrict, at
		c.fraud.NotTheirs(at.UnixMilli())
		g.effects = append(g.effects, Effect{Restriction: &stands, Reason: stands.Reason})
		g.put(c, stands)
	case !theirs:
		c.fraud.NotTheirs(at.UnixMilli())
	}
}
