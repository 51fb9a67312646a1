package backtest

import (
	"time"

	"tsujiban"
	"tsujiban/replay"
)

// Honest is the label of calls that nobody stole.
const Honest = "honest"

// Score gathers results. Make it with NewScore, give it every result with its label, then ask.
type Score struct {
	from      time.Time
	customers map[tsujiban.CustomerID]*customer
	kinds     map[string]*Kind
	honest    Honesty
}

// customer is what became of one customer.
type customer struct {
	newcomer     bool
	kind         string // of its hijacking; empty: honest
	hurt         int    // honest calls denied or cut
	calls        int    // honest calls
	exposed      tsujiban.Money
	lost         tsujiban.Money
	through      int            // stolen calls that went out before the first that was stopped
	throughYen   tsujiban.Money // what they cost
	stopped      bool
	stolen       int
	firstStolen  time.Time
	stoppedAfter time.Duration
}

// Kind is what became of one kind of hijacking.
type Kind struct {
	Name          string
	Victims       int
	Stopped       int // victims of whose stolen calls at least one was stopped
	Calls         int // stolen
	Through       int // of those, the ones that went out and ran their course
	Exposed, Lost tsujiban.Money
	CallsToStop   []int            // for each victim that was stopped: calls that went out before
	YenToStop     []tsujiban.Money // likewise: what they cost
}

// Honesty is what became of honest calls.
type Honesty struct {
	Calls, Denied, Cut int
	Customers, Hurt    int // customers without a hijacking; those with an honest call denied or cut
}

// Group is a part of all customers: those with history, or newcomers.
type Group struct {
	Honesty
	Exposed, Lost tsujiban.Money
	Victims       int

	CleanCalls, CleanHurt int // honest calls of customers who were not hijacked, and those of them that were denied or cut
}

// NewScore scores what starts at or after from; what is before is history.
func NewScore(from time.Time) *Score {
	return &Score{from: from, customers: map[tsujiban.CustomerID]*customer{}, kinds: map[string]*Kind{}}
}

// Customer tells of a customer before its results come; newcomers have no history.
func (s *Score) Customer(id tsujiban.CustomerID, newcomer bool) {
	s.customers[id] = &customer{newcomer: newcomer}
}

// Add scores one result.
func (s *Score) Add(r *replay.Result, label string) {
	c := s.customers[r.Call.Customer]
	if c == nil {
		c = &customer{}
		s.customers[r.Call.Customer] = c
	}
	if r.Call.Start.Before(s.from) || r.Call.Direction != tsujiban.Out {
		return
	}
	if label == Honest || label == "" {
		c.calls++
		s.honest.Calls++
		switch r.Verdict {
		case replay.Deny:
			s.honest.Denied++
			c.hurt++
		case replay.Cut:
			s.honest.Cut++
			c.hurt++
		}
		return
	}
	k := s.kinds[label]
	if k == nil {
		k = &Kind{Name: label}
		s.kinds[label] = k
	}
	if c.kind == "" {
		c.kind, c.firstStolen = label, r.Call.Start
	}
	c.stolen++
	c.exposed += r.Full
	c.lost += r.Charge
	k.Calls++
	k.Exposed += r.Full
	k.Lost += r.Charge
	switch {
	case r.Verdict != replay.Allow && !c.stopped:
		c.stopped, c.stoppedAfter = true, r.Call.Start.Sub(c.firstStolen)
	case !c.stopped:
		c.through++
		c.throughYen += r.Charge
	}
	if r.Verdict == replay.Allow {
		k.Through++
	}
}

// Kinds are the kinds of hijacking, by name.
func (s *Score) Kinds() map[string]*Kind {
	for _, k := range s.kinds {
		k.Victims, k.Stopped, k.CallsToStop, k.YenToStop = 0, 0, nil, nil
	}
	for _, c := range s.customers {
		if k := s.kinds[c.kind]; k != nil {
			k.Victims++
			if c.stopped {
				k.Stopped++
				k.CallsToStop = append(k.CallsToStop, c.through)
				k.YenToStop = append(k.YenToStop, c.throughYen)
			}
		}
	}
	return s.kinds
}

// Groups are the customers with history, and the newcomers.
func (s *Score) Groups() (settled, newcomers Group) {
	for _, c := range s.customers {
		g := &settled
		if c.newcomer {
			g = &newcomers
		}
		g.Exposed += c.exposed
		g.Lost += c.lost
		g.Calls += c.calls
		g.Denied += c.hurt
		if c.kind != "" {
			g.Victims++
			continue
		}
		g.CleanCalls += c.calls
		g.CleanHurt += c.hurt
		if c.calls > 0 {
			g.Customers++
			if c.hurt > 0 {
				g.Hurt++
			}
		}
	}
	return settled, newcomers
}

// HurtCustomers are the honest customers of whom a call was denied or cut, with the count of those calls.
func (s *Score) HurtCustomers() map[tsujiban.CustomerID]int {
	out := map[tsujiban.CustomerID]int{}
	for id, c := range s.customers {
		if c.kind == "" && c.hurt > 0 {
			out[id] = c.hurt
		}
	}
	return out
}
