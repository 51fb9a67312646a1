package ui

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/app/control"
)

// Grouped writes a whole number with a comma every three digits.
func Grouped(n any) string {
	s := fmt.Sprint(n)
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// Yen writes an amount as a bill does: ¥12,345; another currency has its code before it.
func Yen(currency string, m tsujiban.Money) string {
	if currency == "" || currency == "JPY" {
		return "¥" + m.Grouped()
	}
	return currency + " " + m.Grouped()
}

// money takes what pages have: both are millionths of the unit.
func money(v any) (tsujiban.Money, error) {
	switch v := v.(type) {
	case tsujiban.Money:
		return v, nil
	case control.Amount:
		return tsujiban.Money(v), nil
	case control.Difference:
		return tsujiban.Money(v), nil
	}
	return 0, fmt.Errorf("%T is no amount of money", v)
}

// Day writes a date: 2026年11月25日, 2026-11-25.
func Day(l tsujiban.Lang, t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	if l == tsujiban.English {
		return t.Format(time.DateOnly)
	}
	return t.Format("2006年1月2日")
}

// date writes a date that a record has as text (2026-11-25); what is none stays.
func date(l tsujiban.Lang, s string) string {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return s
	}
	return Day(l, t)
}

// Moment writes an instant to the minute: 2026年11月25日 14:03, 2026-11-25 14:03.
func Moment(l tsujiban.Lang, t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return Day(l, t) + t.Format(" 15:04")
}

// Talk writes a length as a clock does: 1:02:03.
func Talk(d time.Duration) string {
	s := int64(max(d, 0) / time.Second)
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}

// Span writes a length for people, its largest two units: 3日4時間, 3 d 4 h.
func Span(l tsujiban.Lang, d time.Duration) string {
	units := [...]struct {
		of     time.Duration
		ja, en string
	}{{24 * time.Hour, "日", " d"}, {time.Hour, "時間", " h"}, {time.Minute, "分", " min"}, {time.Second, "秒", " s"}}
	d = max(d, 0)
	for i, u := range units {
		if d < u.of && i < len(units)-1 {
			continue
		}
		unit := func(n int, of time.Duration) string {
			if l == tsujiban.English {
				return strconv.FormatInt(int64(of), 10) + units[n].en
			}
			return strconv.FormatInt(int64(of), 10) + units[n].ja
		}
		out := unit(i, d/u.of)
		if i+1 < len(units) {
			if rest := d % u.of / units[i+1].of; rest > 0 {
				if l == tsujiban.English {
					out += " "
				}
				out += unit(i+1, rest)
			}
		}
		return out
	}
	return ""
}

// Length writes a length as a field takes it, whole: 1時間30分, 1h30m; nothing when there is none.
func Length(l tsujiban.Lang, d time.Duration) string {
	if d <= 0 {
		return ""
	}
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	if l == tsujiban.English || d%time.Second != 0 {
		return text
	}
	return strings.NewReplacer("h", "時間", "m", "分", "s", "秒").Replace(text)
}

// Ago writes how long ago an instant was, its largest unit: 3分前, 3 min ago. What is still to come is told as that.
func Ago(l tsujiban.Lang, now, t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	d := now.Sub(t)
	future := d < 0
	if future {
		d = -d
	}
	for _, u := range [...]time.Duration{24 * time.Hour, time.Hour, time.Minute, time.Second} {
		if d >= u {
			d = d.Truncate(u)
			break
		}
	}
	span := Span(l, d)
	switch {
	case d < time.Second && l == tsujiban.English:
		return "now"
	case d < time.Second:
		return "たった今"
	case future && l == tsujiban.English:
		return "in " + span
	case future:
		return span + "後"
	case l == tsujiban.English:
		return span + " ago"
	}
	return span + "前"
}

// Decibans writes a weight of evidence with its sign; nothing when it is about zero.
func Decibans(w float64) string {
	if math.Abs(w) < 0.05 {
		return ""
	}
	return fmt.Sprintf("%+.1f", w)
}

// Masked writes a telephone number with its end hidden. What is not one is hidden whole.
func Masked(v any) (string, error) {
	switch v := v.(type) {
	case tsujiban.Number:
		return v.Masked(), nil
	case string:
		if strings.Contains(v, "*") && strings.Trim(v, "+0123456789*") == "" {
			return v, nil // the program has masked it
		}
		n, err := tsujiban.ParseNumber(v)
		if err != nil {
			return strings.Repeat("•", min(len(v), 8)), nil // never what could not be read
		}
		return n.Masked(), nil
	}
	return "", fmt.Errorf("%T is no telephone number", v)
}
