package guard

import (
	"time"

	"tsujiban"
	"tsujiban/guard/fraud"
	"tsujiban/guard/spend"
)

const none int32 = -1 // no call

// call is one call that was let through and has not ended.
type call struct {
	id          tsujiban.CallID
	customer    *customer
	prev, next  int32 // the customer's other calls
	direction   tsujiban.Direction
	line        bool // it counts against the customer's channels
	destination tsujiban.Destination
	callee      tsujiban.Number
	price       tsujiban.Price
	slip        spend.Slip
	asked       time.Time
	answered    time.Time     // zero: not yet
	paid        time.Duration // how long it may talk for what is set aside
	clock       clock
	cut         tsujiban.Reason // an order to end it was given
	trace       fraud.Trace
}

// abroad tells whether the call goes out to another country, or to a number at home that costs extra.
func (c *call) abroad() bool {
	return c.direction == tsujiban.Out && c.destination.Key() != 0
}

// freeLine gives the call's channel back.
func (c *call) freeLine() {
	if c.line {
		c.line = false
		c.customer.running--
		if c.direction == tsujiban.In {
			c.customer.in--
		}
	}
}

func (c *call) emergency() bool { return c.destination.Scope == tsujiban.ScopeEmergency }

// calls holds the running calls in one slab; places that became free are used
// again, so that a call allocates nothing once the slab has grown.
type calls struct {
	byID map[tsujiban.CallID]int32
	slab []call
	free int32 // list through next
}

func (t *calls) init(room int) {
	room = max(room, 64)
	*t = calls{byID: make(map[tsujiban.CallID]int32, room), slab: make([]call, 0, room), free: none}
}

// find returns the running call with the id, nil when there is none. The pointer
// is good until the next add.
func (t *calls) find(id tsujiban.CallID) *call {
	if i, ok := t.byID[id]; ok {
		return &t.slab[i]
	}
	return nil
}

// add makes a place for a call of a customer and returns it, zero but for its id and links.
func (t *calls) add(id tsujiban.CallID, owner *customer, d tsujiban.Direction) *call {
	i := t.free
	if i == none {
		i = int32(len(t.slab))
		t.slab = append(t.slab, call{})
	} else {
		t.free = t.slab[i].next
	}
	c := &t.slab[i]
	*c = call{id: id, customer: owner, direction: d, line: d != tsujiban.Inside, prev: none, next: owner.first}
	if c.next != none {
		t.slab[c.next].prev = i
	}
	owner.first = i
	if c.line {
		owner.running++
		if d == tsujiban.In {
			owner.in++
		}
	}
	t.byID[id] = i
	return c
}

// remove frees the place of a call.
func (t *calls) remove(c *call) {
	i := t.byID[c.id]
	delete(t.byID, c.id)
	if c.prev == none {
		c.customer.first = c.next
	} else {
		t.slab[c.prev].next = c.next
	}
	if c.next != none {
		t.slab[c.next].prev = c.prev
	}
	c.freeLine()
	*c = call{prev: none, next: t.free}
	t.free = i
}
