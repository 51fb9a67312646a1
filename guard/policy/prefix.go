package policy

import (
	"cmp"
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"tsujiban"
)

// prefixSet finds the longest of its prefixes that a number starts with. It is
// immutable: sorted keys, and one bit per length that occurs, so that a lookup is
// a few binary searches and allocates nothing.
type prefixSet struct {
	lengths uint16 // bit n: there are prefixes of n digits
	keys    []uint64
	rules   []string // what to call the key that was met, for people
}

// newPrefixSet reads E.164 digits, with or without a plus sign. The rule of each
// is label and the digits: "prefix 8823".
func newPrefixSet(label string, prefixes []string) (prefixSet, error) {
	type entry struct {
		key  uint64
		rule string
	}
	entries := make([]entry, 0, len(prefixes))
	var s prefixSet
	for _, p := range prefixes {
		n, err := tsujiban.NumberFromDigits(strings.TrimPrefix(p, "+"))
		if err != nil {
			return prefixSet{}, fmt.Errorf("%q: %w", p, err)
		}
		s.lengths |= 1 << n.Len()
		entries = append(entries, entry{n.Prefix(n.Len()), label + " " + n.Digits()})
	}
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.key, b.key) })
	entries = slices.CompactFunc(entries, func(a, b entry) bool { return a.key == b.key })
	for _, e := range entries {
		s.keys = append(s.keys, e.key)
		s.rules = append(s.rules, e.rule)
	}
	return s, nil
}

// find returns the index of the longest prefix of n. Local numbers have none:
// the prefixes are E.164.
func (s *prefixSet) find(n tsujiban.Number) (int, bool) {
	if n.IsLocal() {
		return 0, false
	}
	for lengths := s.lengths & (1<<(n.Len()+1) - 1); lengths != 0; {
		l := bits.Len16(lengths) - 1
		if i, ok := slices.BinarySearch(s.keys, n.Prefix(l)); ok {
			return i, true
		}
		lengths &^= 1 << l
	}
	return 0, false
}
