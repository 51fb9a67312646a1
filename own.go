package tsujiban

import (
	"slices"
	"time"
)

// Own is what a customer has set for itself. It narrows what the operator allows and never widens it; the zero value changes nothing.
type Own struct {
	Stopped         bool // the kill switch: nothing goes out but emergency calls
	NoInternational bool
	BarCountries    []string // ISO codes
	// CapCall, CapDay and CapMonth are limits of its own; zero: the operator's.
	CapCall, CapDay, CapMonth Money
	LongestCall               time.Duration
}

// Narrow is what holds of limits by which the operator bounds the customer.
func (o *Own) Narrow(l Limits) Limits {
	l.CapCall, l.CapDay, l.CapMonth = lower(o.CapCall, l.CapCall), lower(o.CapDay, l.CapDay), lower(o.CapMonth, l.CapMonth)
	l.LongestCall = lower(o.LongestCall, l.LongestCall)
	if len(o.BarCountries) > 0 {
		l.BarCountries = slices.Concat(l.BarCountries, o.BarCountries)
		slices.Sort(l.BarCountries)
		l.BarCountries = slices.Compact(l.BarCountries)
	}
	return l
}

// lower is the smaller of two limits, of which zero is none.
func lower[T Money | time.Duration](own, theirs T) T {
	if own == 0 || theirs != 0 && theirs < own {
		return theirs
	}
	return own
}
