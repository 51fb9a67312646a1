package guard

import (
	"cmp"
	"slices"
	"time"

	"tsujiban"
)

// Usage is what one customer uses now. Today and Month go by the node's time zone
// and by the latest instant that the guard has seen.
type Usage struct {
	Customer      tsujiban.CustomerID
	Today, Month  tsujiban.Money // charged for calls that ended
	Reserved      tsujiban.Money // set aside for running calls of today
	CapDay        tsujiban.Money // 0: none
	CapMonth      tsujiban.Money // 0: none
	Running       int            // calls that are up or being set up
	International int            // those of them that go abroad
	Channels      int            // how many there may be at once; 0: no limit
	Level         tsujiban.Level // how far the guard goes, or stands, against a suspicion
	Weight        tsujiban.Decibans
	Restriction   *tsujiban.Restriction // a copy of what stands; nil when nothing does
}

// Totals are over all customers.
type Totals struct {
	Customers     int            // that are set
	Running       int            // calls that are up or being set up
	International int            // those of them that go abroad
	Charged       tsujiban.Money // for calls that ended today
	Reserved      tsujiban.Money // set aside for running calls
	Restricted    int            // customers with a restriction of any level
}

// Running is a call that was let through and has not ended.
type Running struct {
	Call        tsujiban.CallID
	Customer    tsujiban.CustomerID
	Direction   tsujiban.Direction
	Callee      tsujiban.Number
	Destination tsujiban.Destination
	Asked       time.Time
	Answered    time.Time      // zero: not yet
	Reserved    tsujiban.Money // set aside for it
	Cut         tsujiban.Reason
}

// Usage says what a customer uses now; false when it is neither set nor was ever seen.
func (g *Guard) Usage(id tsujiban.CustomerID) (Usage, bool) {
	p := g.view.Load()
	u := Usage{Customer: id}
	rules := p.Customer(id)
	if rules != nil {
		u.CapDay, u.CapMonth, u.Channels = rules.CapDay, rules.CapMonth, rules.Channels
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	c, ok := g.customers[id]
	if !ok {
		return u, rules != nil
	}
	c.usage(&u, p, g.sums.now)
	return u, true
}

func (c *customer) usage(u *Usage, p *view, now int64) {
	m := p.Moment(time.UnixMilli(now))
	s := c.books.Sums(m.Day, m.Month)
	u.Today, u.Month, u.Reserved = s.Today, s.Month, s.TodayReserved
	u.Running, u.International = int(c.running), int(c.abroad)
	u.Weight = c.fraud.Weight(now)
	u.Level = c.fraud.Level(now)
	if c.restriction != nil {
		r := *c.restriction
		u.Restriction = &r
		u.Level = r.Level
	}
}

// Restrictions is all that stands, in no order.
func (g *Guard) Restrictions() map[tsujiban.CustomerID]tsujiban.Restriction {
	g.mu.Lock()
	defer g.mu.Unlock()
	out := map[tsujiban.CustomerID]tsujiban.Restriction{}
	for id, c := range g.customers {
		if c.restriction != nil {
			out[id] = *c.restriction
		}
	}
	return out
}

// Totals says what all customers use now.
func (g *Guard) Totals() Totals {
	p := g.view.Load()
	g.mu.Lock()
	defer g.mu.Unlock()
	m := p.Moment(time.UnixMilli(g.sums.now))
	t := Totals{
		Customers: p.Len(), Running: len(g.calls.byID), International: g.sums.abroad,
		Charged: g.sums.books.Sums(m.Day, m.Month).Today, Reserved: g.sums.reserved, Restricted: g.sums.restricted,
	}
	return t
}

// Running appends the running calls, oldest first.
func (g *Guard) Running(dst []Running) []Running {
	start := len(dst)
	g.mu.Lock()
	for _, i := range g.calls.byID {
		c := &g.calls.slab[i]
		dst = append(dst, Running{
			Call: c.id, Customer: c.customer.id, Direction: c.direction, Callee: c.callee, Destination: c.destination,
			Asked: c.asked, Answered: c.answered, Reserved: c.slip.Reserved, Cut: c.cut,
		})
	}
	g.mu.Unlock()
	slices.SortFunc(dst[start:], func(a, b Running) int { return cmp.Compare(a.Call, b.Call) })
	return dst
}
