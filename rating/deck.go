package rating

import (
	"math/bits"
	"time"

	"tsujiban"
)

// Deck is a rate deck. It is immutable and safe for concurrent use.
type Deck struct {
	// nodes are a trie over the digits, the root first. The children of a node stand
	// side by side, so that 50,000 prefixes stay in a megabyte and in the processor's cache.
	nodes []node
	rates []rate                     // those of one prefix side by side, the newest first
	local map[tsujiban.Number]uint32 // index of the first rate
}

type node struct {
	digits uint16 // bit d is set when there is a child for digit d
	child  uint32 // index of the first child
	rate   uint32 // index of the first rate of the longest prefix so far, or none
}

type rate struct {
	from  int64 // Unix seconds; alwaysValid without valid_from
	price tsujiban.Price
	name  string
	next  uint32 // what holds before from: an older rate, or one of a shorter prefix, or none
}

const none = 1<<32 - 1

const alwaysValid = -1 << 63

// Len is the count of rates.
func (d *Deck) Len() int { return len(d.rates) }

// Find returns the price of the longest prefix of n that is valid at that instant, and
// the name that the deck gives it. Of a local number only the number itself counts.
// It does not allocate.
func (d *Deck) Find(n tsujiban.Number, at time.Time) (p tsujiban.Price, name string, ok bool) {
	i := uint32(none)
	if !n.IsLocal() {
		i = d.longest(n)
	} else if first, found := d.local[n]; found {
		i = first
	}
	for now := at.Unix(); i != none; {
		r := &d.rates[i]
		if r.from <= now {
			return r.price, r.name, true
		}
		i = r.next
	}
	return tsujiban.Price{}, "", false
}

// longest is the first rate of the longest prefix of n.
func (d *Deck) longest(n tsujiban.Number) uint32 {
	if len(d.nodes) == 0 {
		return none
	}
	at := &d.nodes[0]
	for i := range n.Len() {
		bit := uint16(1) << n.Digit(i)
		if at.digits&bit == 0 {
			break
		}
		at = &d.nodes[at.child+uint32(bits.OnesCount16(at.digits&(bit-1)))]
	}
	return at.rate
}
