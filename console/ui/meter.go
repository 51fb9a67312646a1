package ui

import "tsujiban/app/control"

// Meter is how much of a limit is used.
type Meter struct {
	Used, Limit control.Amount // Limit 0: none
	Left        control.Amount
	Share       float64 // 0 without a limit; above 1 where more is used
	Percent     int
	Kind        string // as of a badge: bad at the limit, warn from four fifths on
}

// MeterOf is the meter of what is used of a limit.
func MeterOf(used, limit control.Amount) Meter {
	m := Meter{Used: used, Limit: limit, Left: max(limit-used, 0), Share: Share(used, limit), Kind: "info"}
	m.Percent = int(m.Share * 100)
	switch {
	case m.Share >= 1:
		m.Kind = "bad"
	case m.Share >= 0.8:
		m.Kind = "warn"
	}
	return m
}

// Share is a part of a whole; 0 where there is no whole.
func Share(part, whole control.Amount) float64 {
	if whole <= 0 {
		return 0
	}
	return float64(part) / float64(whole)
}
