package guard

import (
	"time"

	"tsujiban"
	"tsujiban/guard/fraud"
	"tsujiban/guard/policy"
	"tsujiban/guard/spend"
)

// Resume sets aside, after a restart and before Extend is asked for any call, what the calls that
// were answered have talked until now, with the time that a BYE takes. It asks no cap: after an outage of at most
// [spend.Outage] that much was set aside before the crash, and after a longer one it is spent all the same. Calls
// that were being set up keep their money, since they may turn out to have been answered, but not their channel.
func (g *Guard) Resume(at time.Time) {
	p := g.view.Load()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.saw(at)
	for _, i := range g.calls.byID {
		c := &g.calls.slab[i]
		if c.answered.IsZero() {
			c.freeLine()
			continue
		}
		if c.emergency() || !c.metered() {
			continue
		}
		talked := c.clock.at(at, c.limit(p.Customer(c.customer.id)))
		before := c.slip.Reserved
		c.paid = spend.Cover(c.price, c.paid, talked+spend.HangUp)
		c.customer.books.Owe(&c.slip, c.price.Charge(c.paid))
		g.sums.reserved = g.sums.reserved.Add(c.slip.Reserved - before)
	}
}

// Answered starts the time for which a call costs money. It returns the instant at
// which Extend is to be asked, or the zero instant: never, since the call costs
// nothing and has no limit.
func (g *Guard) Answered(id tsujiban.CallID, at time.Time) (next time.Time) {
	p := g.view.Load()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.saw(at)
	c := g.calls.find(id)
	if c == nil {
		return time.Time{}
	}
	c.answer(at)
	return c.due(p.Customer(c.customer.id), at)
}

func (c *call) answer(at time.Time) {
	if c.answered.IsZero() {
		c.answered = at
		c.clock.set(at, 0)
	}
}

// metered tells whether the call costs more the longer it talks.
func (c *call) metered() bool { return c.price.Increment > 0 && c.price.PerMinute > 0 }

// due is when Extend is to be asked, seen from the given instant.
func (c *call) due(rules *policy.Customer, now time.Time) time.Time {
	if c.emergency() {
		return time.Time{}
	}
	at := time.Duration(-1)
	if c.metered() && (rules == nil || rules.Capped() || c.trace.Lasting()) {
		at = c.paid - spend.Margin
	}
	if rules != nil && rules.LongestCall > 0 && (at < 0 || rules.LongestCall < at) {
		at = rules.LongestCall
	}
	if at < 0 {
		return time.Time{}
	}
	return now.Add(at - c.clock.at(now, c.limit(rules)))
}

// limit is how long the call can have talked at most: what it was paid for, when
// there is a cap that would have ended it. 0: no limit.
func (c *call) limit(rules *policy.Customer) time.Duration {
	if rules == nil || !rules.Capped() || !c.metered() {
		return 0
	}
	return c.paid
}

// Extend is asked when the instant has come that Answered or the last Extend gave.
// It pays the call's next stretch and returns when to ask again; or it returns why
// the call is to be cut, which must be done before the paid stretch ends: within
// [spend.Margin]. After a restart it is asked for each running call that was
// answered, before new calls are let in: it pays for what has passed.
func (g *Guard) Extend(id tsujiban.CallID, at time.Time) (next time.Time, cut tsujiban.Reason) {
	p := g.view.Load()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.saw(at)
	c := g.calls.find(id)
	if c == nil || c.answered.IsZero() || c.emergency() {
		return time.Time{}, tsujiban.ReasonNone
	}
	rules := p.Customer(c.customer.id)
	if c.cut == tsujiban.ReasonNone {
		c.cut = g.extend(c, rules, at)
	}
	if c.cut == tsujiban.ReasonNone && p.Fraud() == policy.FraudEnforce {
		g.weighRunning(c, at)
	}
	if c.cut != tsujiban.ReasonNone {
		return time.Time{}, c.cut
	}
	return c.due(rules, at), tsujiban.ReasonNone
}

// weighRunning looks at a call that talks on and on: no new attempt may ever come to judge by. What it says is
// not carried on: the call's end does that. A restriction that comes of it cuts the call like the others that it touches.
func (g *Guard) weighRunning(c *call, at time.Time) {
	others := int(c.customer.abroad)
	if c.abroad() {
		others--
	}
	g.model.Running(&c.customer.fraud, &c.trace, at.UnixMilli(), c.clock.talked.Milliseconds(), others, &g.finding)
	if g.finding.Level >= tsujiban.LevelRestrict {
		g.impose(c.customer, &g.finding, c.id, at)
	}
}

// nextLook is when a call that no cap bounds is looked at again: when it gets into another kind of length
// (fraud's durationKind), and then every half hour.
func nextLook(talked time.Duration) time.Duration {
	for _, at := range [...]time.Duration{time.Minute, 3 * time.Minute, 10 * time.Minute, 30 * time.Minute} {
		if talked < at {
			return at
		}
	}
	return talked.Truncate(30*time.Minute) + 30*time.Minute
}

// extend pays the next stretch if it has to be paid by now, or says why it cannot be.
func (g *Guard) extend(c *call, rules *policy.Customer, at time.Time) tsujiban.Reason {
	if rules == nil {
		return tsujiban.ReasonUnknownCustomer
	}
	talked := c.clock.at(at, c.limit(rules))
	if at.Before(c.clock.base) {
		talked = max(talked, c.paid-spend.Margin)
	}
	c.clock.set(at, talked)
	c.clock.believe = false
	if rules.LongestCall > 0 && talked >= rules.LongestCall {
		return tsujiban.ReasonLongestCall
	}
	if !c.metered() {
		return tsujiban.ReasonNone
	}
	paid := spend.Next(c.price, c.paid, talked)
	if !rules.Capped() {
		// Nothing bounds it: what is set aside only shows what is at risk, and the call is looked at when its length says more.
		paid = spend.Cover(c.price, c.paid, nextLook(talked)+spend.Margin)
	}
	if paid == c.paid {
		return c.customer.books.Over(&c.slip, caps(rules)) // it is, after a long outage
	}
	before := c.slip.Reserved
	reason := c.customer.books.Extend(&c.slip, caps(rules), c.price.Charge(paid))
	if reason == tsujiban.ReasonNone {
		c.paid = paid
	} else if talked > c.paid {
		c.customer.books.Owe(&c.slip, c.price.Charge(talked))
		c.paid = talked
	}
	g.sums.reserved = g.sums.reserved.Add(c.slip.Reserved - before)
	return reason
}

// Ended closes a call: it fills in how long the call talked, if it was answered,
// and what it cost, and gives back what was set aside. It is called exactly once for
// each attempt that was not denied; for an unknown call it does nothing.
func (g *Guard) Ended(id tsujiban.CallID, at time.Time, o *tsujiban.Outcome) {
	p := g.view.Load()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.saw(at)
	c := g.calls.find(id)
	if c == nil {
		return
	}
	o.Customer, o.Talk, o.Charge = c.customer.id, 0, 0
	if !c.answered.IsZero() {
		talked := c.clock.at(at, c.limit(p.Customer(c.customer.id)))
		o.Talk = (talked + time.Millisecond - 1).Truncate(time.Millisecond)
		o.Charge = c.price.Charge(o.Talk)
	}
	owner := c.customer
	f := g.close(p, c, at, o)
	if f.Level >= tsujiban.LevelAsk && p.Fraud() == policy.FraudEnforce {
		g.impose(owner, f, id, at)
	}
}

// close settles a call that ended, shows its end to the weighing of evidence and
// forgets it.
func (g *Guard) close(p *view, c *call, at time.Time, o *tsujiban.Outcome) *fraud.Finding {
	g.sums.reserved -= c.slip.Reserved
	c.customer.books.Settle(&c.slip, o.Charge)
	m := p.Moment(at)
	g.sums.books.Charge(m.Day, m.Month, o.Charge)
	if c.abroad() {
		c.customer.abroad--
		g.sums.abroad--
	}
	g.finding = fraud.Finding{}
	g.model.Ended(&c.customer.fraud, &c.trace, at.UnixMilli(), o.Talk, &g.finding)
	g.calls.remove(c)
	return &g.finding
}
