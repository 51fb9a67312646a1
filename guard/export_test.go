package guard

import (
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strings"
	"unsafe"

	"tsujiban"
)

// SizeOfCustomer is what the guard keeps for one customer, in bytes.
const SizeOfCustomer = unsafe.Sizeof(customer{})

// Dump writes the state in a form that does not depend on how it came to be. What was
// set aside beyond the first stretch is not in the journal, so it is left out.
func (g *Guard) Dump() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var b strings.Builder
	fmt.Fprintf(&b, "abroad %d restricted %d books %v\n", g.sums.abroad, g.sums.restricted, g.sums.books)
	for _, id := range slices.Sorted(maps.Keys(g.customers)) {
		c := g.customers[id]
		books := c.books
		for _, i := range g.calls.byID {
			if k := &g.calls.slab[i]; k.customer == c {
				slip := k.slip
				books.Settle(&slip, 0)
			}
		}
		fmt.Fprintf(&b, "%s books %v pace %v running %d abroad %d fraud %v", id, books, c.pace, c.running, c.abroad, c.fraud)
		if r := c.restriction; r != nil {
			fmt.Fprintf(&b, " %v %v at %d by %s call %v", r.Level, r.Reason, r.At.UnixMilli(), r.By, r.Call)
		}
		b.WriteByte('\n')
	}
	for _, id := range slices.Sorted(maps.Keys(g.calls.byID)) {
		k := g.calls.find(id)
		answered := int64(0)
		if !k.answered.IsZero() {
			answered = k.answered.UnixMilli()
		}
		fmt.Fprintf(&b, "%v %s %v %v %v price %v asked %d answered %d cut %v trace %v\n",
			k.id, k.customer.id, k.direction, k.destination, k.callee, k.price, k.asked.UnixMilli(), answered, k.cut, k.trace)
	}
	model := fnv.New64a()
	fmt.Fprintf(model, "%v", &g.model)
	fmt.Fprintf(&b, "model %x\n", model.Sum64())
	return b.String()
}

// AtRisk is what is charged and reserved for a customer on a day and in a month.
func (g *Guard) AtRisk(id tsujiban.CustomerID, day, month int32) (perDay, perMonth tsujiban.Money) {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.customers[id].books.Sums(day, month)
	return s.Today + s.TodayReserved, s.Month + s.MonthReserved
}

// CheckLists says whether the links between calls and customers hold.
func (g *Guard) CheckLists() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	seen := 0
	for id, c := range g.customers {
		n, abroad := int32(0), int32(0)
		for i, prev := c.first, none; i != none; i = g.calls.slab[i].next {
			k := &g.calls.slab[i]
			if k.customer != c || k.prev != prev || g.calls.byID[k.id] != i {
				return fmt.Errorf("%s: call %v is linked wrongly", id, k.id)
			}
			if k.abroad() {
				abroad++
			}
			n, prev = n+1, i
		}
		if n != c.running || abroad != c.abroad {
			return fmt.Errorf("%s: %d calls (%d abroad) in the list, %d (%d) counted", id, n, abroad, c.running, c.abroad)
		}
		seen += int(n)
	}
	free := 0
	for i := g.calls.free; i != none; i = g.calls.slab[i].next {
		free++
	}
	if seen != len(g.calls.byID) || seen+free != len(g.calls.slab) {
		return fmt.Errorf("%d calls in lists, %d by id, %d free of %d", seen, len(g.calls.byID), free, len(g.calls.slab))
	}
	return nil
}
