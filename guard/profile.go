package guard

import (
	"tsujiban"
	"tsujiban/guard/fraud"
)

// Profile tells what is known of a customer's habits; false when it never called. The lock is held for a copy of some kilobytes.
func (g *Guard) Profile(id tsujiban.CustomerID) (fraud.Profile, bool) {
	g.mu.Lock()
	c, ok := g.customers[id]
	if !ok {
		g.mu.Unlock()
		return fraud.Profile{}, false
	}
	state, now := c.fraud, g.sums.now
	g.mu.Unlock()
	return state.Profile(now), true
}
