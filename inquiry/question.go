package inquiry

import (
	"strconv"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/ledger"
)

// Question is what is alleged.
type Question struct {
	Number string    `json:"number"` // as it was given; it need not be one that there is
	From   time.Time `json:"from"`   // the calls of this time, To excluded
	To     time.Time `json:"to"`
	Talked Length    `json:"talked,omitzero"`   // they are said to have talked so long; 0: not said
	Within Length    `json:"within,omitzero"`   // how far the length may be off; 0: a fifth, at least a minute
	Other  string    `json:"other,omitempty"`   // the other party's number, as it was given
	Way    string    `json:"way,omitempty"`     // "in" or "out", seen from the number; empty: not said
	At     time.Time `json:"believed,omitzero"` // what the ledger believed at that instant; zero: now
	Zone   string    `json:"zone,omitempty"`    // in which Date and times are meant, for the letter
}

// Length is a length of time in JSON as people write it: "50m0s".
type Length time.Duration

// MarshalText writes it as time.Duration does.
func (d Length) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads what ParseLength reads.
func (d *Length) UnmarshalText(b []byte) (err error) {
	*d, err = ParseLength(string(b))
	return err
}

// MaxLength is the longest call that is asked for.
const MaxLength = 7 * 24 * time.Hour

// ParseLength reads a length of time as people write it: "50m", "1h30m", "50分", "1時間30分", "45秒", "50" (minutes).
func ParseLength(s string) (Length, error) {
	text := strings.TrimSpace(ledger.Narrow(s))
	if n, err := strconv.Atoi(text); err == nil {
		text = strconv.Itoa(n) + "m"
	}
	text = strings.NewReplacer("時間", "h", "分間", "m", "分", "m", "秒間", "s", "秒", "s", "約", "", " ", "").Replace(text)
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 || d > MaxLength {
		return 0, tsujiban.Errorf(tsujiban.CodeInvalid, "%.40q is no length of a call; write it as 50m, 1h30m or 50分", s)
	}
	return Length(d), nil
}

// maxSpan is the longest time that one question covers: a year and a day, as retention allows no more.
const maxSpan = 367 * 24 * time.Hour

// Span is the time that a question is about, as people write it.
type Span struct {
	Date     string // "2026-11-20": that day
	From, To string // instants, or, with Date, times of the day: "13:00"
}

var dayLayouts = []string{time.DateOnly, "2006/1/2", "2006-1-2", "2006年1月2日"}

func parseIn(layouts []string, s string, zone *time.Location) (time.Time, bool) {
	for _, l := range layouts {
		if t, err := time.ParseInLocation(l, s, zone); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// Parse finds the instants. A day is one of the zone's days, also when summer time makes it 23 or 25 hours long. A time of the day
// that is not after the first one is of the next day: calls do go past midnight.
func (s Span) Parse(zone *time.Location) (from, to time.Time, err error) {
	date, a, b := strings.TrimSpace(ledger.Narrow(s.Date)), strings.TrimSpace(ledger.Narrow(s.From)), strings.TrimSpace(ledger.Narrow(s.To))
	if date == "" {
		from, err = instant("from", a, zone)
		if err == nil {
			to, err = instant("to", b, zone)
		}
	} else {
		day, ok := parseIn(dayLayouts, date, zone)
		if !ok {
			return from, to, invalid("date", "%.40q is no day that there is; write it as 2026-11-20", s.Date)
		}
		from, to = day, day.AddDate(0, 0, 1)
		if a != "" {
			from, err = clock("from", a, day)
		}
		if b != "" && err == nil {
			if to, err = clock("to", b, day); err == nil && !to.After(from) {
				to, err = clock("to", b, day.AddDate(0, 0, 1))
			}
		}
	}
	switch {
	case err != nil:
		return time.Time{}, time.Time{}, err
	case !from.Before(to):
		return from, to, invalid("to", "is not after from")
	case to.Sub(from) > maxSpan:
		return from, to, invalid("to", "is more than a year after from: ask for less")
	}
	return from.UTC(), to.UTC(), nil
}

func instant(field, s string, zone *time.Location) (time.Time, error) {
	t, ok := parseIn(append([]string{"2006-01-02 15:04", time.DateTime, "2006/1/2 15:04", "2006-01-02T15:04", time.RFC3339}, dayLayouts...), s, zone)
	if !ok {
		return t, invalid(field, "%.40q is no time that there is; give -date 2026-11-20, or -from and -to as \"2026-11-20 13:00\"", s)
	}
	return t, nil
}

// clock is a time of the day: "9:00", "13:05", "13時5分", "24:00".
func clock(field, s string, day time.Time) (time.Time, error) {
	text := strings.TrimSuffix(strings.NewReplacer("時", ":", "分", "").Replace(s), ":")
	h, m, _ := strings.Cut(text, ":")
	hour, err1 := strconv.Atoi(h)
	minute, err2 := 0, error(nil)
	if m != "" {
		minute, err2 = strconv.Atoi(m)
	}
	if err1 != nil || err2 != nil || hour < 0 || hour > 24 || minute < 0 || minute > 59 || hour == 24 && minute > 0 {
		return day, invalid(field, "%.40q is no time of the day; write it as 13:00", s)
	}
	return time.Date(day.Year(), day.Month(), day.Day(), hour, minute, 0, 0, day.Location()), nil
}
