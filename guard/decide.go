package guard

import (
	"time"

	"tsujiban"
	"tsujiban/guard/fraud"
	"tsujiban/guard/policy"
	"tsujiban/guard/spend"
	"tsujiban/numbering"
)

// inquiry is what the policy alone says about an attempt; it is made before the
// lock is taken.
type inquiry struct {
	policy *view
	rules  *policy.Customer // nil: the customer is not known
	moment policy.Moment
	reason tsujiban.Reason // the rule that stands against the call, if any
	rule   string
	priced bool
}

// Decide judges an attempt and fills the verdict whole. What is let through counts
// as running, with its first stretch set aside, until Ended; a call that is denied
// leaves nothing set aside and needs no Ended.
//
// The order of the checks is: emergency, the customer and the digits, restrictions,
// the rules, channels and calls per second, money, evidence. The first that stands
// against the call gives the reason.
func (g *Guard) Decide(a *tsujiban.Attempt, v *tsujiban.Verdict) {
	*v = tsujiban.Verdict{}
	var q inquiry
	readable := q.look(g.view.Load(), a, v)

	g.mu.Lock()
	defer g.mu.Unlock()
	g.saw(a.At)
	switch {
	case v.Destination.Scope == tsujiban.ScopeEmergency:
		g.open(g.customer(a.Customer), q.moment, a, v)
	case q.rules == nil:
		deny(v, tsujiban.ReasonUnknownCustomer, "")
	case !readable:
		deny(v, tsujiban.ReasonBadNumber, "")
	default:
		g.judge(&q, a, v)
	}
}

// look asks the policy and puts into the verdict what it says of the numbers and
// the price. It returns whether the digits say enough to judge by.
func (q *inquiry) look(p *view, a *tsujiban.Attempt, v *tsujiban.Verdict) bool {
	q.policy, q.rules = p, p.Customer(a.Customer)
	var c *customer
	if q.rules != nil {
		c = p.fetch(q.rules)
	}
	q.moment = p.Moment(a.At)
	dialled, err := p.Plan().Parse(a.Dialled)
	if err != nil && a.Direction == tsujiban.Out {
		return false // a call in may go to an extension, or to the contact of a phone
	}
	v.Callee, v.Destination = dialled.Number, dialled.Destination
	if c != nil {
		fetch(c.fraud.Beside(v.Callee))
	}
	v.Withheld = dialled.Privacy == numbering.PrivacyWithhold
	var mine bool
	v.Caller, mine = p.Caller(q.rules, a.Caller)
	if mine && len(a.Presented) > 0 {
		// An asserted number of their own does not excuse a stranger's in From: that is what the callee sees.
		var shown tsujiban.Number
		shown, mine = p.Caller(q.rules, a.Presented)
		q.suspend(a, v, shown)
	}
	q.suspend(a, v, v.Caller)
	if a.Direction != tsujiban.Out || q.rules == nil || v.Destination.Scope == tsujiban.ScopeEmergency {
		return true
	}
	v.Price, q.priced = p.Price(v.Callee, v.Destination, a.At)
	if q.reason == tsujiban.ReasonSuspended {
		return true
	}
	q.reason, q.rule = p.Check(q.rules, v.Callee, v.Destination, q.moment)
	if q.reason == tsujiban.ReasonNone && !mine {
		q.reason, q.rule = tsujiban.ReasonCallerNumber, "caller number"
	}
	return true
}

// suspend notes that a number which nobody may use is to be shown, or is called.
func (q *inquiry) suspend(a *tsujiban.Attempt, v *tsujiban.Verdict, shown tsujiban.Number) {
	if a.Direction == tsujiban.Out && !q.policy.MayCall(q.rules, shown) || a.Direction == tsujiban.In && q.policy.Suspended(v.Callee) {
		q.reason, q.rule = tsujiban.ReasonSuspended, "number suspended"
	}
}

// judge goes through what stands between a readable attempt of a known customer
// and the network. Nothing is set aside or counted before the last check has passed.
func (g *Guard) judge(q *inquiry, a *tsujiban.Attempt, v *tsujiban.Verdict) {
	c := g.remember(q.policy, q.rules)
	if r := c.restricts(a, v); r != nil {
		deny(v, restrictionReason(r), levelRules[r.Level])
		v.Weight, v.Why, v.Campaign = r.Weight, r.Why, r.Campaign
		return
	}
	rules := q.rules
	out := a.Direction == tsujiban.Out
	switch {
	case q.reason != tsujiban.ReasonNone:
		deny(v, q.reason, q.rule)
		return
	case a.Direction != tsujiban.Inside && rules.Channels > 0 && int(c.running) >= rules.Channels:
		deny(v, tsujiban.ReasonChannels, rules.ChannelsRule)
		return
	case out && !c.pace.Allows(a.At.UnixMilli(), rules.CallsPerSecond):
		deny(v, tsujiban.ReasonCallRate, rules.CallsPerSecondRule)
		return
	case out && !q.priced && rules.Capped() && q.policy.NoRate() == policy.NoRateDeny:
		deny(v, tsujiban.ReasonNoRate, "no rate")
		return
	}
	if !out {
		g.arrived(q.policy, c, a, v)
		g.open(c, q.moment, a, v)
		return
	}
	v.Reserved = v.Price.Charge(spend.First(v.Price))
	if reason := c.books.Allows(caps(rules), q.moment.Day, q.moment.Month, v.Reserved); reason != tsujiban.ReasonNone {
		deny(v, reason, capRule(rules, reason))
		return
	}
	var t fraud.Trace
	if !g.weigh(q, c, a, v, &t) {
		deny(v, tsujiban.ReasonFraud, "evidence")
		v.Reach = g.finding.Reach
		g.impose(c, &g.finding, a.Call, a.At)
		return
	}
	g.open(c, q.moment, a, v).trace = t
	c.pace.Take(a.At.UnixMilli(), rules.CallsPerSecond)
}

// weigh puts the evidence that an attempt gives into the verdict. It returns false
// when the call must not go out.
func (g *Guard) weigh(q *inquiry, c *customer, a *tsujiban.Attempt, v *tsujiban.Verdict, t *fraud.Trace) bool {
	mode := q.policy.Fraud()
	if mode == policy.FraudOff {
		return true
	}
	g.observe(q.policy, q.moment, c, a, v, t)
	v.Weight, v.Why, v.Campaign = g.finding.Weight, g.finding.Why, g.finding.Campaign
	level := g.finding.Level
	if level >= tsujiban.LevelWatch {
		v.Action = tsujiban.Watch
	}
	if level >= tsujiban.LevelRestrict {
		if mode == policy.FraudEnforce {
			return false
		}
		v.Reason = tsujiban.ReasonFraud // what would have been said
	}
	if level == tsujiban.LevelAsk && mode == policy.FraudEnforce {
		g.impose(c, &g.finding, a.Call, a.At)
	}
	return true
}

// arrived shows a call from the network to the weighing of evidence: who calls a customer is no stranger to it.
func (g *Guard) arrived(p *view, c *customer, a *tsujiban.Attempt, v *tsujiban.Verdict) {
	if p.Fraud() == policy.FraudOff || a.Direction != tsujiban.In {
		return
	}
	g.model.Incoming(&c.fraud, a.At.UnixMilli(), v.Caller, p.Plan().Classify(v.Caller))
}

// observe shows an attempt to the weighing of evidence; the answer is in g.finding.
func (g *Guard) observe(p *view, m policy.Moment, c *customer, a *tsujiban.Attempt, v *tsujiban.Verdict, t *fraud.Trace) {
	seen := fraud.Call{
		At:          a.At.UnixMilli(),
		Hour:        m.Hour(),
		Callee:      v.Callee,
		Destination: v.Destination,
		PerMinute:   v.Price.PerMinute,
		Step:        v.Price.Increment,
		Hint:        p.Hint(v.Callee),
		Source:      fraud.HashAddress(a.Source.Addr()),
		Agent:       fraud.HashText(a.UserAgent),
		Abroad:      int(c.abroad),
		Out:         int(c.running - c.in),
		In:          int(c.in),
	}
	g.model.Attempt(&c.fraud, &seen, t, &g.finding)
}

// Registered notes that a phone registered at a customer's PBX through the guard.
func (g *Guard) Registered(a *tsujiban.Attempt, at time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.saw(at)
	g.registered(g.customer(a.Customer), a, at)
}

func (g *Guard) registered(c *customer, a *tsujiban.Attempt, at time.Time) {
	g.model.Registered(&c.fraud, at.UnixMilli(), fraud.HashAddress(a.Source.Addr()), fraud.HashText(a.UserAgent))
}

// open makes a call that was let through a running one. What the verdict says is
// set aside, without asking: Decide has asked, or the record says so.
func (g *Guard) open(c *customer, m policy.Moment, a *tsujiban.Attempt, v *tsujiban.Verdict) *call {
	k := g.calls.add(a.Call, c, a.Direction)
	k.destination, k.callee = v.Destination, v.Callee
	k.asked, k.price = a.At, v.Price
	k.paid = spend.First(v.Price)
	if k.abroad() {
		c.abroad++
		g.sums.abroad++
	}
	if v.Reserved > 0 {
		c.books.Reserve(&k.slip, m.Day, m.Month, v.Reserved)
		g.sums.reserved = g.sums.reserved.Add(v.Reserved)
	}
	return k
}

func deny(v *tsujiban.Verdict, r tsujiban.Reason, rule string) {
	v.Action, v.Reason, v.Rule, v.Reserved = tsujiban.Deny, r, rule, 0
}

func caps(c *policy.Customer) spend.Caps {
	if c == nil {
		return spend.Caps{}
	}
	return spend.Caps{Call: c.CapCall, Day: c.CapDay, Month: c.CapMonth}
}

func capRule(c *policy.Customer, r tsujiban.Reason) string {
	switch r {
	case tsujiban.ReasonCapCall:
		return c.CapCallRule
	case tsujiban.ReasonCapDay:
		return c.CapDayRule
	default:
		return c.CapMonthRule
	}
}
