package guard

import (
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"tsujiban"
	"tsujiban/guard/fraud"
	"tsujiban/guard/policy"
	"tsujiban/guard/spend"
)

// Options are what a guard is made of.
type Options struct {
	Policy *policy.Policy // needed; exchanged later by SetPolicy
	Calls  int            // how many running calls to make room for at the start; 0 is a small number
}

// Guard decides on calls. Its methods are safe for concurrent use.
type Guard struct {
	view atomic.Pointer[view]

	mu        sync.Mutex // guards all below; held for microseconds, never over I/O
	customers map[tsujiban.CustomerID]*customer
	calls     calls
	model     fraud.Model
	finding   fraud.Finding // scratch
	effects   []Effect
	sums      sums
}

// customer is what the guard remembers of one customer.
type customer struct {
	id          tsujiban.CustomerID
	books       spend.Books
	pace        spend.Pace
	restriction *tsujiban.Restriction // nil: none stands
	first       int32                 // list of running calls, -1 ends it
	running     int32                 // calls over its lines that are up or being set up
	abroad      int32                 // those of them that go out to other countries, or to numbers at home that cost extra
	in          int32                 // those of them that come in
	fraud       fraud.State
}

// sums are over all customers.
type sums struct {
	now        int64       // the instant of the last event, milliseconds since 1970
	books      spend.Books // what ended calls cost
	reserved   tsujiban.Money
	abroad     int
	restricted int
}

// Effect is what the guard brought about besides its answer.
type Effect struct {
	Restriction *tsujiban.Restriction // newly imposed by the guard; nil when the effect is a cut
	Cut         tsujiban.CallID       // a running call to end, for Reason; 0 when none
	Reason      tsujiban.Reason
}

// view is a policy with the memories of its customers, by Customer.Index: a decision
// then has to look up the customer's name only once.
type view struct {
	*policy.Policy
	memories []atomic.Pointer[customer] // filled at a customer's first call, under Guard.mu
}

// New makes a guard that knows no calls.
func New(o Options) *Guard {
	g := &Guard{customers: make(map[tsujiban.CustomerID]*customer, o.Policy.Len())}
	g.calls.init(o.Calls)
	g.SetPolicy(o.Policy)
	return g
}

// SetPolicy exchanges the policy whole. Running calls go on; their next stretch is
// paid under the new limits.
func (g *Guard) SetPolicy(p *policy.Policy) {
	g.mu.Lock()
	defer g.mu.Unlock()
	caution, harm := p.Caution()
	g.model.Configure(fraud.Options{Caution: caution, Harm: harm})
	g.view.Store(&view{Policy: p, memories: make([]atomic.Pointer[customer], p.Len())})
}

// remember finds the memory of a customer of the view, making one at its first call.
func (g *Guard) remember(w *view, rules *policy.Customer) *customer {
	c := w.memories[rules.Index].Load()
	if c == nil {
		c = g.customer(rules.ID)
		w.memories[rules.Index].Store(c)
	}
	return c
}

// customer finds the memory of a customer by name, making one when there is none. Only
// customers that are set, or that a record speaks of, have one.
func (g *Guard) customer(id tsujiban.CustomerID) *customer {
	c, ok := g.customers[id]
	if !ok {
		c = &customer{id: id, first: none}
		g.customers[id] = c
	}
	return c
}

// saw sets the clock by which the guard tells what "today" is. It follows the
// events back as well: a clock that was wrong for a moment must not stay so.
func (g *Guard) saw(at time.Time) { g.sums.now = at.UnixMilli() }

// Effects appends what Decide, Answered, Extend, Ended and Restrict brought about
// besides their answers since the last time it was asked, in order.
func (g *Guard) Effects(dst []Effect) []Effect {
	g.mu.Lock()
	defer g.mu.Unlock()
	dst = append(dst, g.effects...)
	clear(g.effects)
	g.effects = g.effects[:0]
	return dst
}

// fetch begins to bring what Decide will touch of a customer, and returns its memory, nil before its first call.
func (w *view) fetch(rules *policy.Customer) *customer {
	fetch(unsafe.Pointer(rules), unsafe.Sizeof(*rules))
	c := w.memories[rules.Index].Load()
	if c != nil {
		fetch(unsafe.Pointer(c), unsafe.Offsetof(c.fraud)+64)
		fetch(c.fraud.Hot())
	}
	return c
}
