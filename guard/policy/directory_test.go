package policy

import (
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"tsujiban"
)

// TestDirectory: every name that was put is found at its place, and no other name is.
func TestDirectory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 300).Draw(t, "customers")
		p := &Policy{customers: make([]Customer, 0, n), names: newDirectory(n)}
		for i := range n {
			p.insert(&Customer{ID: tsujiban.CustomerID("c" + strconv.Itoa(i))})
		}
		for i := range 2 * n {
			c := p.Customer(tsujiban.CustomerID("c" + strconv.Itoa(i)))
			if i >= n && c != nil || i < n && (c == nil || c.Index != i) {
				t.Fatalf("customer c%d of %d: %+v", i, n, c)
			}
		}
		if p.Customer("") != nil {
			t.Fatal("the empty name was found")
		}
	})
}

// TestEqualListsAreOne: customers with equal lists share what was made of them, and an order of its own is a list of its own.
func TestEqualListsAreOne(t *testing.T) {
	c := newCompiler()
	var made [3]*Customer
	for i, codes := range [][]string{{"CU", "SL"}, {"CU", "SL"}, {"CU"}} {
		var err error
		if made[i], err = c.limits(&tsujiban.Limits{BarCountries: codes, BarPrefixes: []string{"23299"}}); err != nil {
			t.Fatal(err)
		}
	}
	if made[0].bar != made[1].bar || made[0].prefixes != made[2].prefixes {
		t.Error("equal lists were made twice")
	}
	if made[2].bar == made[0].bar || made[2].bar.has([2]byte{'S', 'L'}) {
		t.Error("another list was taken for the first")
	}
}
