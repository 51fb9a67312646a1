package policy

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// MinutesPerWeek is the count of bits of a [Week].
const MinutesPerWeek = 7 * minutesPerDay

const minutesPerDay = 24 * 60

// MaxHours is the longest text that ParseHours reads.
const MaxHours = 512

// Week is a set of the minutes of a week, from Monday 00:00 in the node's time zone.
type Week [(MinutesPerWeek + 63) / 64]uint64

// Has tells whether the minute of the week (0 is Monday 00:00) is in the set.
func (w *Week) Has(minute int) bool {
	return uint(minute) < MinutesPerWeek && w[minute/64]>>(minute%64)&1 != 0
}

// add puts the minutes from start up to, not including, end into the set. An end
// beyond the week goes on at its beginning.
func (w *Week) add(start, end int) {
	for m := start; m < end; m++ {
		i := m % MinutesPerWeek
		w[i/64] |= 1 << (i % 64)
	}
}

var errHours = errors.New(`want days and times such as "Mon-Fri 08:00-20:00; Sat 09:00-12:00"`)

// ParseHours reads hours of a week: parts separated by semicolons, each of days
// and one or more ranges of time separated by commas:
//
//	Mon-Fri 08:00-12:00, 13:00-20:00; Sat,Sun 09:00-12:00
//
// Days are English names of three letters in any case, alone, in a list (Mon,Wed)
// or as a range, which may go over Sunday (Fri-Mon); without days a part means
// every day. A range of time that ends before it starts goes over midnight and
// belongs to the day on which it starts: "Fri 22:00-06:00" ends on Saturday.
// The end is not included; 24:00 is the end of the day.
func ParseHours(s string) (*Week, error) {
	if len(s) > MaxHours {
		return nil, fmt.Errorf("%d characters: at most %d are read", len(s), MaxHours)
	}
	var w Week
	for part := range strings.SplitSeq(s, ";") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		if err := w.parsePart(part); err != nil {
			return nil, fmt.Errorf("%q: %w", part, err)
		}
	}
	if w == (Week{}) {
		return nil, fmt.Errorf("no hours in %q: %w", s, errHours)
	}
	return &w, nil
}

// parsePart reads "Mon-Fri 08:00-12:00, 13:00-20:00" and adds its minutes.
func (w *Week) parsePart(part string) error {
	days := uint8(1<<7 - 1)
	times := part
	if i := strings.IndexAny(part, "0123456789"); i > 0 {
		var err error
		if days, err = parseDays(part[:i]); err != nil {
			return err
		}
		times = part[i:]
	}
	for span := range strings.SplitSeq(times, ",") {
		start, end, err := parseSpan(strings.TrimSpace(span))
		if err != nil {
			return err
		}
		for day := range 7 {
			if days>>day&1 != 0 {
				w.add(day*minutesPerDay+start, day*minutesPerDay+end)
			}
		}
	}
	return nil
}

// parseDays reads "Mon-Fri" or "Mon, Wed" as bits, Monday lowest.
func parseDays(s string) (uint8, error) {
	var days uint8
	for item := range strings.SplitSeq(s, ",") {
		from, to, isRange := strings.Cut(strings.TrimSpace(item), "-")
		first, ok := dayOf(from)
		if !ok {
			return 0, fmt.Errorf("%q is no day: %w", from, errHours)
		}
		last := first
		if isRange {
			if last, ok = dayOf(to); !ok {
				return 0, fmt.Errorf("%q is no day: %w", to, errHours)
			}
		}
		for d := first; ; d = (d + 1) % 7 {
			days |= 1 << d
			if d == last {
				break
			}
		}
	}
	return days, nil
}

func dayOf(s string) (int, bool) {
	s = strings.TrimSpace(s)
	for d := range 7 {
		// Go counts from Sunday, the week here from Monday.
		if strings.EqualFold(s, time.Weekday((d + 1) % 7).String()[:3]) {
			return d, true
		}
	}
	return 0, false
}

// parseSpan reads "08:00-20:00" as minutes of the day; an end over midnight is
// larger than a day.
func parseSpan(s string) (start, end int, err error) {
	from, to, ok := strings.Cut(s, "-")
	if !ok {
		return 0, 0, fmt.Errorf("%q is no range of time: %w", s, errHours)
	}
	start, ok = minuteOf(strings.TrimSpace(from))
	if !ok || start == minutesPerDay {
		return 0, 0, fmt.Errorf("%q is no time to start: %w", from, errHours)
	}
	end, ok = minuteOf(strings.TrimSpace(to))
	switch {
	case !ok:
		return 0, 0, fmt.Errorf("%q is no time to end: %w", to, errHours)
	case end == start:
		return 0, 0, fmt.Errorf("%q starts and ends at the same time: write 00:00-24:00 for a whole day", s)
	case end < start:
		end += minutesPerDay
	}
	return start, end, nil
}

// minuteOf reads "08:00" to "24:00".
func minuteOf(s string) (int, bool) {
	if len(s) != 5 || s[2] != ':' {
		return 0, false
	}
	var d [4]int
	for i, c := range []byte{s[0], s[1], s[3], s[4]} {
		if c < '0' || c > '9' {
			return 0, false
		}
		d[i] = int(c - '0')
	}
	h, m := d[0]*10+d[1], d[2]*10+d[3]
	minute := h*60 + m
	return minute, m < 60 && minute <= minutesPerDay
}
