package loadgen

import (
	"errors"
	"fmt"
	"strings"
)

// Pattern is a telephone number as dialled or shown, in which every x stands for
// a digit that differs from call to call: "033xxxxxxx", "+8150xxxxxxxx".
type Pattern string

// ErrPattern is returned for what is no number of 2 to 32 digits and x.
var ErrPattern = errors.New("not a number of 2 to 32 digits and x, with an optional plus sign")

// ParsePatterns reads a comma-separated list. Visual separators ("03-xxxx-xxxx")
// are taken out.
func ParsePatterns(list string) ([]Pattern, error) {
	var all []Pattern
	for text := range strings.SplitSeq(list, ",") {
		p := Pattern(strings.NewReplacer("-", "", " ", "", "(", "", ")", "").Replace(text))
		if !p.valid() {
			return nil, fmt.Errorf("%q: %w", text, ErrPattern)
		}
		all = append(all, p)
	}
	return all, nil
}

func (p Pattern) valid() bool {
	digits := strings.TrimPrefix(string(p), "+")
	return len(digits) >= 2 && len(digits) <= 32 && strings.Trim(digits, "0123456789x") == ""
}

// fill writes the number of the n-th call over dst, which is as long as p.
func (p Pattern) fill(dst []byte, n uint64) {
	digits := scatter(n)
	for i := range len(p) {
		c := p[i]
		if c == 'x' {
			c = byte('0' + digits%10)
			digits /= 10
		}
		dst[i] = c
	}
}

// scatter is the finalizer of splitmix64: neighbouring calls dial numbers far
// apart, and the same call always the same one.
func scatter(n uint64) uint64 {
	n += 0x9e3779b97f4a7c15
	n = (n ^ n>>30) * 0xbf58476d1ce4e5b9
	n = (n ^ n>>27) * 0x94d049bb133111eb
	return n ^ n>>31
}
