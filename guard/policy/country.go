package policy

import (
	"errors"
	"fmt"
	"strings"
)

const numCountries = 26 * 26 // every pair of letters

// countrySet is a set of ISO 3166-1 alpha-2 codes; nil is the empty set.
type countrySet [(numCountries + 63) / 64]uint64

var errCountry = errors.New(`want an ISO 3166-1 code of two letters, such as "SL"`)

// newCountrySet reads ISO codes in either case; no codes give nil.
func newCountrySet(codes []string) (*countrySet, error) {
	if len(codes) == 0 {
		return nil, nil
	}
	var s countrySet
	for _, code := range codes {
		up := strings.ToUpper(code)
		if len(up) != 2 {
			return nil, fmt.Errorf("%q: %w", code, errCountry)
		}
		i, ok := countryIndex([2]byte{up[0], up[1]})
		if !ok {
			return nil, fmt.Errorf("%q: %w", code, errCountry)
		}
		s[i/64] |= 1 << (i % 64)
	}
	return &s, nil
}

func (s *countrySet) has(iso [2]byte) bool {
	if s == nil {
		return false
	}
	i, ok := countryIndex(iso)
	return ok && s[i/64]>>(i%64)&1 != 0
}

func countryIndex(iso [2]byte) (int, bool) {
	a, b := int(iso[0])-'A', int(iso[1])-'A'
	return a*26 + b, uint(a) < 26 && uint(b) < 26
}

// countryRules holds "country AA" to "country ZZ" one after the other, so that a
// verdict can name the country without allocating.
type countryRules string

const countryRuleLen = len("country AA")

func newCountryRules() countryRules {
	var b strings.Builder
	for i := range numCountries {
		b.WriteString("country ")
		b.WriteByte('A' + byte(i/26))
		b.WriteByte('A' + byte(i%26))
	}
	return countryRules(b.String())
}

func (r countryRules) of(iso [2]byte) string {
	i, ok := countryIndex(iso)
	if !ok {
		return "country unknown"
	}
	return string(r[i*countryRuleLen : (i+1)*countryRuleLen])
}
