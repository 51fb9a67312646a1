package fraud

import "tsujiban"

// burst is what is remembered of calls of one kind, one after the other.
type burst struct {
	callees [maxCallees]uint64 // the last different numbers, latest first
	talks   [maxTalks]uint32   // how long the last answered calls talked, milliseconds
	last    int64              // the last attempt, milliseconds since 1970; 0: none
}

// near says how near the number is to a different one called lately: 2 when they
// differ in the last two digits at most, 1 in the last four, 0 otherwise; false when
// none of those went to the same country.
func (b *burst) near(n tsujiban.Number) (kind uint8, ok bool) {
	own := n.Prefix(tsujiban.MaxDigits)
	const country = 3 // digits that two numbers of one country mostly share
	for _, other := range b.callees {
		if other == 0 || other == own {
			continue
		}
		switch {
		case sameHead(own, other, n.Len()-2):
			return 2, true
		case sameHead(own, other, n.Len()-4):
			kind, ok = 1, true
		case sameHead(own, other, country):
			ok = true
		}
	}
	return kind, ok
}

// sameHead tells whether two keys of Number.Prefix have the same length and share
// their first k digits.
func sameHead(a, b uint64, k int) bool { return k > 0 && a>>60 == b>>60 && (a^b)<<4>>(64-4*k) == 0 }

// called tells whether a number is among the last ones.
func (b *burst) called(callee uint64) bool {
	for _, k := range b.callees {
		if k == callee {
			return true
		}
	}
	return false
}

// alike says how many of the last calls talked about as long: within two seconds, or
// within a twentieth. 2 stands for more.
func (b *burst) alike(ms int64) uint8 {
	near := max(2000, ms/20)
	var n uint8
	for _, other := range b.talks {
		if other != 0 && max(ms-int64(other), int64(other)-ms) <= near {
			n++
		}
	}
	return min(n, 2)
}

// dial puts a number in front of the last ones.
func (b *burst) dial(callee uint64) {
	for i, k := range b.callees {
		if k == callee || i == maxCallees-1 {
			copy(b.callees[1:i+1], b.callees[:i])
			break
		}
	}
	b.callees[0] = callee
}

func (b *burst) talked(ms int64) {
	copy(b.talks[1:], b.talks[:])
	b.talks[0] = uint32(min(ms, 1<<32-1))
}
