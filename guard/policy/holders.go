package policy

import (
	"fmt"
	"math/bits"

	"tsujiban"
)

// holders finds who holds a number.
type holders struct {
	whole    map[uint64]tsujiban.CustomerID // by Number.Prefix of all digits
	blocks   map[uint64]tsujiban.CustomerID // by Number.Prefix
	blockLen uint16                         // bit n: there are blocks of n digits
}

// add takes a whole number or a block ending in '*'.
func (h *holders) add(s string, c *Customer) error {
	digits, block := s, false
	if len(s) > 0 && s[len(s)-1] == '*' {
		digits, block = s[:len(s)-1], true
	}
	n, err := tsujiban.ParseNumber(digits)
	if err != nil {
		return fmt.Errorf("%q: %w", s, err)
	}
	if n.IsLocal() {
		return fmt.Errorf("%q: want an E.164 number with a plus sign, such as +81312345678 or +8131234*", s)
	}
	if h.whole == nil {
		h.whole = map[uint64]tsujiban.CustomerID{}
		h.blocks = map[uint64]tsujiban.CustomerID{}
	}
	key := n.Prefix(n.Len())
	other, taken := h.whole[key]
	if block {
		other, taken = h.blocks[key]
	}
	switch {
	case taken && other != c.ID:
		return fmt.Errorf("%q is held by customer %q already", s, other)
	case block:
		h.blocks[key] = c.ID
		h.blockLen |= 1 << n.Len()
		c.blocks = append(c.blocks, key)
	default:
		h.whole[key] = c.ID
		c.whole = append(c.whole, key)
	}
	return nil
}

// find returns who holds a number: the owner of the longest match.
func (h *holders) find(n tsujiban.Number) (tsujiban.CustomerID, bool) {
	if n.IsLocal() || n.IsZero() {
		return "", false
	}
	if c, ok := h.whole[n.Prefix(n.Len())]; ok {
		return c, true
	}
	for lengths := h.blockLen & (1<<(n.Len()+1) - 1); lengths != 0; {
		l := bits.Len16(lengths) - 1
		if c, ok := h.blocks[n.Prefix(l)]; ok {
			return c, true
		}
		lengths &^= 1 << l
	}
	return "", false
}

// mark finds the customers in whose blocks another one holds numbers: of those the
// own list does not say all.
func (h *holders) mark(p *Policy) {
	for i := range p.customers {
		c := &p.customers[i]
		for _, keys := range [][]uint64{c.whole, c.blocks} {
			for _, key := range keys {
				for l := keyLen(key); l > 0; l-- {
					if outer, ok := h.blocks[keyPrefix(key, l)]; ok && outer != c.ID {
						p.Customer(outer).shared = true
					}
				}
			}
		}
	}
}

// packNumbers puts the numbers of all customers one beside the other: those of most are one or two, and each list of
// its own is a miss of the cache.
func (p *Policy) packNumbers() {
	n := 0
	for i := range p.customers {
		n += len(p.customers[i].whole) + len(p.customers[i].blocks)
	}
	all := make([]uint64, 0, n)
	for i := range p.customers {
		for _, keys := range []*[]uint64{&p.customers[i].whole, &p.customers[i].blocks} {
			first := len(all)
			all = append(all, *keys...)
			*keys = all[first:len(all):len(all)]
		}
	}
}

// keyLen and keyPrefix are Len and Prefix of the number that Number.Prefix made a key of.
func keyLen(key uint64) int { return int(key >> 60) }

func keyPrefix(key uint64, l int) uint64 {
	return key<<4>>(64-4*l)<<(60-4*l) | uint64(l)<<60
}

// maxOwn is how many numbers of its own a customer is asked for one by one.
const maxOwn = 16

// holds tells whether the customer holds a number.
func (p *Policy) holds(c *Customer, n tsujiban.Number) bool {
	if c.shared || len(c.whole)+len(c.blocks) > maxOwn {
		holder, ok := p.numbers.find(n)
		return ok && holder == c.ID
	}
	if n.IsLocal() {
		return false
	}
	for _, key := range c.whole {
		if n.Prefix(n.Len()) == key {
			return true
		}
	}
	for _, key := range c.blocks {
		if l := keyLen(key); n.Len() >= l && n.Prefix(l) == key {
			return true
		}
	}
	return false
}
