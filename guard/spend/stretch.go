package spend

import (
	"time"

	"tsujiban"
)

// The lengths that paying in stretches goes by; see the package documentation.
const (
	Stretch = 15 * time.Second
	HangUp  = 2 * time.Second               // in which a BYE must reach the other side
	Outage  = 7 * time.Second               // for which the program may be away, from a crash to the restart
	Margin  = HangUp + Outage + time.Second // the second is for a timer that is late
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
	return Cover(p, paid, talked+Margin)
}

// Cover is the end of the first stretch that ends after the given length, from paid on: paid
// itself when that does.
func Cover(p tsujiban.Price, paid, length time.Duration) time.Duration {
	if p.Increment <= 0 || length < paid {
		return paid
	}
	step := whole(Stretch, p.Increment)
	// Also after a long silence the stretches stay on their grid: paid plus k steps.
	k := (length-paid)/step + 1
	return paid + k*step
}

// whole is the smallest multiple of increment that is not less than d.
func whole(d, increment time.Duration) time.Duration {
	return (d + increment - 1) / increment * increment
}
