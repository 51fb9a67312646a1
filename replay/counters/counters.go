// Package counters is a peer to measure the guard against: counters per customer and destination with fixed limits, as OpenSIPS's module
// fraud_detection keeps them (calls per minute, calls in all, calls at once, calls to one number one after the other, length of
// a call; critical values of the example in the module's documentation, version 3.x). A call that passes a critical value
// is refused, and the customer's calls abroad with it until somebody releases them. Running calls are not ended: the module is
// asked when a call begins.
package counters

import (
	"time"

	"tsujiban"
	"tsujiban/guard"
	"tsujiban/numbering"
	"tsujiban/rating"
)

// Limits are the critical values, for each customer and country code.
type Limits struct {
	PerMinute  int           // calls in a minute
	Total      int           // calls in a day
	Concurrent int           // calls at once
	Sequential int           // calls to one number, one after the other
	Duration   time.Duration // of one call
}

// Usual are the critical values of the module's documentation.
var Usual = Limits{PerMinute: 5, Total: 35, Concurrent: 5, Sequential: 20, Duration: 13_200 * time.Second}

// Times scales the limits, rounding up.
func (l Limits) Times(f float64) Limits {
	n := func(v int) int { return max(int(float64(v)*f+0.999), 1) }
	return Limits{n(l.PerMinute), n(l.Total), n(l.Concurrent), n(l.Sequential), time.Duration(float64(l.Duration) * f)}
}

// Judge counts. It is a replay.Judge.
type Judge struct {
	limits   Limits
	plan     *numbering.Plan
	deck     *rating.Deck
	location *time.Location
	counts   map[key]*count
	barred   map[tsujiban.CustomerID]bool
	calls    map[tsujiban.CallID]*call
	effects  []guard.Effect
}

type key struct {
	customer tsujiban.CustomerID
	dest     uint16
}

type count struct {
	day        int
	total      int
	recent     []int64 // instants of the last minute's calls, milliseconds
	running    int
	last       tsujiban.Number
	sequential int
}

type call struct {
	key      key
	count    *count // nil: at home
	price    tsujiban.Price
	answered time.Time
}

// New makes a judge.
func New(l Limits, plan *numbering.Plan, deck *rating.Deck, location *time.Location) *Judge {
	return &Judge{limits: l, plan: plan, deck: deck, location: location, counts: map[key]*count{}, barred: map[tsujiban.CustomerID]bool{},
		calls: map[tsujiban.CallID]*call{}}
}

// Decide counts a call that goes out, and refuses it when a counter passes its critical value.
func (j *Judge) Decide(a *tsujiban.Attempt, v *tsujiban.Verdict) {
	*v = tsujiban.Verdict{}
	d, err := j.plan.Parse(a.Dialled)
	if err == nil {
		v.Callee, v.Destination = d.Number, d.Destination
		v.Price, _, _ = j.deck.Find(d.Number, a.At)
	}
	k := &call{price: v.Price}
	dest := v.Destination.Key()
	if a.Direction == tsujiban.Out && dest != 0 {
		if j.barred[a.Customer] {
			v.Action, v.Reason = tsujiban.Deny, tsujiban.ReasonRestricted
			return
		}
		k.key = key{a.Customer, dest}
		k.count = j.count(k.key)
		if k.count.passes(a.At, v.Callee, &j.limits, j.location) {
			v.Action, v.Reason = tsujiban.Deny, tsujiban.ReasonFraud
			j.bar(a.Customer, a.Call, a.At)
			return
		}
		k.count.running++
	}
	j.calls[a.Call] = k
}

func (j *Judge) count(k key) *count {
	c := j.counts[k]
	if c == nil {
		c = &count{}
		j.counts[k] = c
	}
	return c
}

// passes counts the call and tells whether a critical value is passed.
func (c *count) passes(at time.Time, n tsujiban.Number, l *Limits, location *time.Location) bool {
	if day := at.In(location).YearDay(); day != c.day {
		c.day, c.total = day, 0
	}
	c.total++
	now := at.UnixMilli()
	kept := 0
	for _, t := range c.recent {
		if now-t < 60_000 {
			c.recent[kept] = t
			kept++
		}
	}
	c.recent = append(c.recent[:kept], now)
	if n == c.last {
		c.sequential++
	} else {
		c.last, c.sequential = n, 1
	}
	return c.total > l.Total || len(c.recent) > l.PerMinute || c.running+1 > l.Concurrent || c.sequential > l.Sequential
}

func (j *Judge) bar(id tsujiban.CustomerID, call tsujiban.CallID, at time.Time) {
	j.barred[id] = true
	j.effects = append(j.effects, guard.Effect{Reason: tsujiban.ReasonFraud, Restriction: &tsujiban.Restriction{
		Customer: id, Level: tsujiban.LevelRestrict, Reason: tsujiban.ReasonFraud, At: at, By: guard.By, Call: call,
	}})
}

// Answered notes when the call began to cost.
func (j *Judge) Answered(id tsujiban.CallID, at time.Time) time.Time {
	if k := j.calls[id]; k != nil {
		k.answered = at
	}
	return time.Time{}
}

// Extend lets every call go on.
func (j *Judge) Extend(tsujiban.CallID, time.Time) (time.Time, tsujiban.Reason) {
	return time.Time{}, tsujiban.ReasonNone
}

// Ended fills in what the call cost; a call that was too long bars the next ones.
func (j *Judge) Ended(id tsujiban.CallID, at time.Time, o *tsujiban.Outcome) {
	k := j.calls[id]
	if k == nil {
		return
	}
	delete(j.calls, id)
	o.Talk, o.Charge = 0, 0
	if !k.answered.IsZero() {
		o.Talk = at.Sub(k.answered)
		o.Charge = k.price.Charge(o.Talk)
	}
	if k.count != nil {
		k.count.running--
		if o.Talk > j.limits.Duration && !j.barred[k.key.customer] {
			j.bar(k.key.customer, id, at)
		}
	}
}

// Effects gives the restrictions imposed since it was asked last.
func (j *Judge) Effects(dst []guard.Effect) []guard.Effect {
	dst = append(dst, j.effects...)
	j.effects = j.effects[:0]
	return dst
}

// ReleaseReach lifts the bar, and begins to count anew.
func (j *Judge) ReleaseReach(id tsujiban.CustomerID, _ tsujiban.Reach, _ time.Time) bool {
	was := j.barred[id]
	delete(j.barred, id)
	for k, c := range j.counts {
		if k.customer == id {
			c.total, c.recent, c.sequential = 0, c.recent[:0], 0
		}
	}
	return was
}
