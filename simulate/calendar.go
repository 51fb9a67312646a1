package simulate

import (
	"math"
	"time"
)

// Times inside the package are milliseconds since the start of the trace.
const (
	second = int64(1000)
	minute = 60 * second
	hour   = 60 * minute
	day    = 24 * hour
)

// tokyo is fixed: Japan has no summer time.
var tokyo = time.FixedZone("JST", 9*60*60)

// date is what the people of a firm know of a day.
type date struct {
	weekday time.Weekday
	holiday bool // a holiday by law
	quiet   bool // most firms are closed though the law does not ask for it: the turn of the year, Obon
	busy    bool // a day on which bills are due (五十日) or the month's last weekday
}

// free tells whether an ordinary firm is closed.
func (d date) free() bool {
	return d.holiday || d.quiet || d.weekday == time.Saturday || d.weekday == time.Sunday
}

// calendarFrom lists the days of a trace that starts at that local midnight, and one more.
func calendarFrom(start time.Time, days int) []date {
	out := make([]date, days+1)
	for i := range out {
		out[i] = dateOf(start.In(tokyo).AddDate(0, 0, i))
	}
	return out
}

func dateOf(t time.Time) date {
	_, m, d := t.Date()
	return date{
		weekday: t.Weekday(),
		holiday: holiday(t),
		quiet:   m == time.December && d >= 29 || m == time.January && d <= 3 || m == time.August && d >= 13 && d <= 15,
		busy:    d%5 == 0 || t.AddDate(0, 0, 1).Month() != m,
	}
}

// holiday tells whether a day is a holiday by the Act on National Holidays (Act 178 of 1948, as it stands since 2022; the
// days that were moved for the games of 2020 and 2021 are not known here).
func holiday(t time.Time) bool {
	if named(t) {
		return true
	}
	// A holiday on a Sunday moves to the next day that is none; a day between two holidays is one.
	for back := t.AddDate(0, 0, -1); named(back); back = back.AddDate(0, 0, -1) {
		if back.Weekday() == time.Sunday {
			return true
		}
	}
	return t.Weekday() != time.Sunday && named(t.AddDate(0, 0, -1)) && named(t.AddDate(0, 0, 1))
}

func named(t time.Time) bool {
	y, m, d := t.Date()
	monday := 0 // which Monday of the month it is
	if t.Weekday() == time.Monday {
		monday = (d + 6) / 7
	}
	switch m {
	case time.January:
		return d == 1 || monday == 2
	case time.February:
		return d == 11 || d == 23
	case time.March:
		return d == equinox(y, 20.8431)
	case time.April:
		return d == 29
	case time.May:
		return d >= 3 && d <= 5
	case time.July:
		return monday == 3
	case time.August:
		return d == 11
	case time.September:
		return monday == 3 || d == equinox(y, 23.2488)
	case time.October:
		return monday == 2
	case time.November:
		return d == 3 || d == 23
	}
	return false
}

// equinox is the day of the month, good from 1980 to 2099 (the usual formula; the cabinet announces the day each February).
func equinox(year int, base float64) int {
	n := float64(year - 1980)
	return int(base + 0.242194*n - math.Floor(n/4))
}

// hours weighs the hours of a day in which something is done. Hours beyond 24 are the early morning after: a bar's
// Friday ends on Saturday.
type hours [30]float64

// opening makes the hours of a firm that opens and closes then (9.5 is half past nine): fuller in the morning and after
// lunch, thinner at lunch, and a small rest at any hour.
func opening(open, shut, lunch, late float64) hours {
	var h hours
	sum := 0.0
	for i := range h {
		w := math.Min(1, math.Min(float64(i)+1, shut)-math.Max(float64(i), open))
		if w <= 0 {
			continue
		}
		switch i {
		case int(open):
			w *= 0.7
		case 10, 11, 14:
			w *= 1.25
		case 12:
			w *= lunch
		}
		h[i] = w
		sum += w
	}
	for i := range 24 {
		// Whoever stays late stays in the evening rather than at four in the morning.
		near := math.Exp(-math.Abs(float64(i)-shut) / 3)
		h[i] += late * sum * (0.01 + near*0.12)
	}
	return h
}

// draw is a time of day in milliseconds.
func (h *hours) draw(d dice) int64 {
	return int64(d.weighted(h[:]))*hour + d.Int64N(hour)
}

// localHour is the hour of the day (0 to 24) at a place, given a time in Japan.
func localHour(at int64, offset float64) float64 {
	h := math.Mod(float64(at%day)/float64(hour)-9+offset, 24)
	if h < 0 {
		h += 24
	}
	return h
}
