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
	rates []rate // those of one prefix side by side, the newest first
	local map[tsujiban.Number][2]uint32
}

type node struct {
	digits uint16 // bit d is set when there is a child for digit d
	count  uint16 // of rates
	child  uint32 // index of the first child
	rate   uint32 // index of the first rate
}

type rate struct {
	from  int64 // Unix seconds; alwaysValid without valid_from
	price tsujiban.Price
	name  string
}

const alwaysValid = -1 << 63

// Len is the count of rates.
func (d *Deck) Len() int { return len(d.rates) }

// Find returns the price of the longest prefix of n that is valid at that instant, and
// the name that the deck gives it. Of a local number only the number itself counts.
// It does not allocate.
func (d *Deck) Find(n tsujiban.Number, at time.Time) (p tsujiban.Price, name string, ok bool) {
	now := at.Unix()
	var best *rate
	if n.IsLocal() {
		span := d.local[n]
		best = newest(d.rates[span[0]:span[1]], now)
	} else {
		best = d.longest(n, now)
	}
	if best == nil {
		return tsujiban.Price{}, "", false
	}
	return best.price, best.name, true
}

func (d *Deck) longest(n tsujiban.Number, now int64) (best *rate) {
	if len(d.nodes) == 0 {
		return nil
	}
	at := &d.nodes[0]
	for i := range n.Len() {
		bit := uint16(1) << n.Digit(i)
		if at.digits&bit == 0 {
			break
		}
		at = &d.nodes[at.child+uint32(bits.OnesCount16(at.digits&(bit-1)))]
		if at.count > 0 {
			if r := newest(d.rates[at.rate:at.rate+uint32(at.count)], now); r != nil {
				best = r
			}
		}
	}
	return best
}

// newest is the first rate that is valid; they are sorted from the newest to the oldest.
func newest(rates []rate, now int64) *rate {
	for i := range rates {
		if rates[i].from <= now {
			return &rates[i]
		}
	}
	return nil
}
