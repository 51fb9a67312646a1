package policy

import (
	"strings"

	"tsujiban"
)

// suspend compiles the numbers that nobody may use, each whole or a block ending in '*', and finds the customers all of
// whose numbers are among them: those may not call without showing a number either.
func (p *Policy) suspend(patterns []string) error {
	digits := make([]string, len(patterns))
	for i, s := range patterns {
		digits[i] = strings.TrimSuffix(s, "*")
	}
	var err error
	if p.suspended, err = newPrefixSet("suspended", digits); err != nil {
		return tsujiban.Errorf(tsujiban.CodeInvalid, "suspended numbers: %w", err)
	}
	if len(patterns) == 0 {
		return nil
	}
	for i := range p.customers {
		c := &p.customers[i]
		c.suspended = len(c.whole)+len(c.blocks) > 0
		for _, keys := range [][]uint64{c.whole, c.blocks} {
			for _, key := range keys {
				if _, ok := p.suspended.find(numberOf(key)); !ok {
					c.suspended = false
				}
			}
		}
	}
	return nil
}

// numberOf is the number of whose digits Number.Prefix made a key.
func numberOf(key uint64) tsujiban.Number {
	var b [tsujiban.MaxDigits]byte
	n := keyLen(key)
	for i := range n {
		b[i] = '0' + byte(key>>(56-4*i)&15)
	}
	v, err := tsujiban.NumberFromDigits(b[:n])
	if err != nil {
		return tsujiban.Number{}
	}
	return v
}

// Suspended tells whether nobody may use a number: neither call with it nor be called at it.
func (p *Policy) Suspended(n tsujiban.Number) bool {
	if p.suspended.lengths == 0 || n.IsZero() {
		return false
	}
	_, ok := p.suspended.find(n)
	return ok
}

// MayCall tells whether a customer may call with a number, as far as suspensions go; with the zero number when it shows
// none. c may be nil.
func (p *Policy) MayCall(c *Customer, n tsujiban.Number) bool {
	if n.IsZero() {
		return c == nil || !c.suspended
	}
	return !p.Suspended(n)
}
