package policy

import (
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"tsujiban"
)

// TestOwnNumbersSayTheSame: asking one customer for its own numbers gives what asking
// all of them for the holder gives.
func TestOwnNumbersSayTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := &Policy{customers: make([]Customer, 0, 4), names: newDirectory(4)}
		for i := range rapid.IntRange(1, 4).Draw(t, "customers") {
			c := p.insert(&Customer{ID: tsujiban.CustomerID(strconv.Itoa(i))})
			for range rapid.IntRange(1, 20).Draw(t, "numbers") {
				s := "+" + rapid.StringMatching(`81[01]{0,4}\*?`).Draw(t, "number")
				_ = p.numbers.add(s, c) // one that is taken stays with the first
			}
		}
		p.packNumbers()
		p.numbers.mark(p)
		n, err := tsujiban.NumberFromDigits(rapid.StringMatching(`81[01]{0,6}`).Draw(t, "asked"))
		if err != nil {
			t.Fatal(err)
		}
		holder, ok := p.Holder(n)
		for i := range p.customers {
			c := &p.customers[i]
			id := c.ID
			if got, want := p.holds(c, n), ok && holder == id; got != want {
				t.Fatalf("%s holds %v: %v, but the holder is %q", id, n, got, holder)
			}
		}
	})
}
