package guard

import (
	"time"

	"tsujiban"
)

// By is how the guard signs its restrictions.
const By = "guard"

// levelRules name the levels that refuse calls.
var levelRules = [...]string{
	tsujiban.LevelNone: "", tsujiban.LevelWatch: "", tsujiban.LevelAsk: "",
	tsujiban.LevelRestrict: "restriction restrict", tsujiban.LevelClose: "restriction close",
}

// restricts returns the restriction that stands against a call, nil when none does.
func (c *customer) restricts(d tsujiban.Direction, to tsujiban.Destination) *tsujiban.Restriction {
	if c.restriction != nil && touches(c.restriction.Level, d, to) {
		return c.restriction
	}
	return nil
}

// touches tells whether a restriction of that level stands against a call.
func touches(l tsujiban.Level, d tsujiban.Direction, to tsujiban.Destination) bool {
	switch {
	case to.Scope == tsujiban.ScopeEmergency:
		return false
	case l >= tsujiban.LevelClose:
		return true
	}
	return l == tsujiban.LevelRestrict && d == tsujiban.Out && isAbroad(to)
}

func restrictionReason(r *tsujiban.Restriction) tsujiban.Reason {
	if r.Reason == tsujiban.ReasonSuspended {
		return tsujiban.ReasonSuspended
	}
	return tsujiban.ReasonRestricted
}

// impose puts the guard's own restriction on a customer, unless one of that level
// or a higher one stands already.
func (g *Guard) impose(c *customer, l tsujiban.Level, id tsujiban.CallID, at time.Time, w tsujiban.Decibans, why *[tsujiban.MaxWhy]tsujiban.Weight) {
	if c.restriction != nil && c.restriction.Level >= l {
		return
	}
	r := &tsujiban.Restriction{
		Customer: c.id, Level: l, Reason: tsujiban.ReasonFraud, At: at, By: By,
		Call: id, Weight: w, Why: *why,
	}
	g.effects = append(g.effects, Effect{Restriction: r, Reason: r.Reason})
	g.put(c, *r)
}

// put makes r what stands against the customer and orders the end of the running calls
// that it touches. Level none is none.
func (g *Guard) put(c *customer, r tsujiban.Restriction) {
	if r.Level == tsujiban.LevelNone {
		g.lift(c)
		return
	}
	if c.restriction == nil {
		g.sums.restricted++
	}
	c.restriction = &r
	for i := c.first; i != none; i = g.calls.slab[i].next {
		k := &g.calls.slab[i]
		if k.cut == tsujiban.ReasonNone && touches(r.Level, k.direction, k.destination) {
			k.cut = r.Reason
			g.effects = append(g.effects, Effect{Cut: k.id, Reason: r.Reason})
		}
	}
}

// lift takes away what stands against the customer, with the suspicion that led to
// it, and tells whether something stood.
func (g *Guard) lift(c *customer) bool {
	if c.restriction == nil {
		return false
	}
	g.sums.restricted--
	c.restriction = nil
	c.fraud.Clear()
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

// Release lifts what stands against a customer and forgets the suspicion. When
// nothing stood it changes nothing and returns false. Who did it and why is for the
// record, which the guard does not keep.
func (g *Guard) Release(id tsujiban.CustomerID, at time.Time, _, _ string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.saw(at)
	c, ok := g.customers[id]
	return ok && g.lift(c)
}
