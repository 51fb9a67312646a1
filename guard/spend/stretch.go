package spend

import (
	"time"

	"tsujiban"
)

// The lengths that paying in stretches goes by; see the package documentation.
const (
	Stretch = 10 * time.Second
	Margin  = 2 * time.Second
)

// First is how long a call may talk after its first stretch is paid. Zero when the
// call costs nothing.
func First(p tsujiban.Price) time.Duration {
	if p.Increment <= 0 {
		return 0
	}
	return whole(max(Stretch, p.Minimum), p.Increment)
}

// Next is the end of the stretch that has to be paid for a call that has talked for
// the given time and is paid up to paid: paid itself while that covers the margin.
func Next(p tsujiban.Price, paid, talked time.Duration) time.Duration {
	if p.Increment <= 0 || talked < paid-Margin {
		return paid
	}
	step := whole(Stretch, p.Increment)
	// Also after a long silence the stretches stay on their grid: paid plus k steps.
	k := (talked+Margin-paid)/step + 1
	return paid + k*step
}

// whole is the smallest multiple of increment that is not less than d.
func whole(d, increment time.Duration) time.Duration {
	return (d + increment - 1) / increment * increment
}
