package policy

import (
	"strings"
	"testing"
)

// minute is the minute of the week of a day (0 is Monday) and a time.
func minute(day, hour, min int) int { return day*minutesPerDay + hour*60 + min }

// count is the number of minutes in the set.
func count(w *Week) int {
	n := 0
	for m := range MinutesPerWeek {
		if w.Has(m) {
			n++
		}
	}
	return n
}

func TestParseHours(t *testing.T) {
	for _, c := range []struct {
		hours   string
		minutes int   // in the set
		in, out []int // minutes of the week
	}{
		{"Mon-Fri 08:00-20:00", 5 * 12 * 60, []int{minute(0, 8, 0), minute(4, 19, 59)}, []int{minute(0, 7, 59), minute(0, 20, 0), minute(5, 9, 0)}},
		{"Mon-Fri 08:00-20:00; Sat 09:00-12:00", 5*12*60 + 180, []int{minute(5, 9, 0)}, []int{minute(5, 12, 0), minute(6, 9, 0)}},
		{"mon,WED 09:00-10:00", 120, []int{minute(0, 9, 0), minute(2, 9, 59)}, []int{minute(1, 9, 0)}},
		{"Mon 08:00-12:00, 13:00-17:00", 8 * 60, []int{minute(0, 13, 0)}, []int{minute(0, 12, 30)}},
		{"08:00-09:00", 7 * 60, []int{minute(6, 8, 30)}, []int{minute(6, 9, 30)}},
		{"Fri 22:00-06:00", 8 * 60, []int{minute(4, 23, 0), minute(5, 5, 59)}, []int{minute(5, 6, 0), minute(4, 5, 0)}},
		{"Sun 22:00-06:00", 8 * 60, []int{minute(6, 23, 0), minute(0, 5, 59)}, []int{minute(0, 6, 0), minute(6, 5, 0)}},
		{"Fri-Mon 00:00-24:00", 4 * 24 * 60, []int{minute(4, 0, 0), minute(0, 23, 59)}, []int{minute(1, 0, 0), minute(3, 23, 59)}},
		{"Mon-Sun 00:00-24:00;", MinutesPerWeek, []int{0, MinutesPerWeek - 1}, []int{-1, MinutesPerWeek}},
		{"Mon 18:00-24:00; Tue 00:00-02:00", 8 * 60, []int{minute(1, 1, 59)}, []int{minute(1, 2, 0)}},
	} {
		w, err := ParseHours(c.hours)
		if err != nil {
			t.Errorf("%q: %v", c.hours, err)
			continue
		}
		if count(w) != c.minutes {
			t.Errorf("%q: %d minutes, want %d", c.hours, count(w), c.minutes)
		}
		for _, m := range c.in {
			if !w.Has(m) {
				t.Errorf("%q: minute %d of the week is missing", c.hours, m)
			}
		}
		for _, m := range c.out {
			if w.Has(m) {
				t.Errorf("%q: minute %d of the week is in it", c.hours, m)
			}
		}
	}
}

func TestParseHoursSaysWhatIsWrong(t *testing.T) {
	for _, c := range []struct{ hours, want string }{
		{"", "no hours"},
		{";;", "no hours"},
		{"Mon", `"Mon" is no range of time`},
		{"Mon 8:00-20:00", `"8:00" is no time to start`},
		{"Mon 08:00-25:00", `"25:00" is no time to end`},
		{"Mon 08:00-24:01", `"24:01" is no time to end`},
		{"Mon 24:00-02:00", `"24:00" is no time to start`},
		{"Mon 08:60-10:00", `"08:60" is no time to start`},
		{"Mon 08:00-08:00", "write 00:00-24:00"},
		{"Mon-Foo 08:00-20:00", `"Foo" is no day`},
		{"Mo 08:00-20:00", `"Mo" is no day`},
		{"Monday 08:00-20:00", `"Monday" is no day`},
		{strings.Repeat("Mon 08:00-20:00;", 50), "at most 512"},
	} {
		if _, err := ParseHours(c.hours); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: error %v, want one with %q", c.hours, err, c.want)
		}
	}
}

func FuzzParseHours(f *testing.F) {
	for _, s := range []string{
		"Mon-Fri 08:00-20:00; Sat 09:00-12:00", "Fri 22:00-06:00", "00:00-24:00", "mon,wed,fri 09:00-12:00,13:00-17:30",
		"Fri-Mon 10:00-02:00", "Mon", "Mon 8-9", ";", "Mon 08:00-08:00", "月 08:00-20:00",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		w, err := ParseHours(s)
		if (w == nil) == (err == nil) {
			t.Fatalf("%q: both or neither of hours and error", s)
		}
		if err != nil {
			return
		}
		if n := count(w); n == 0 || n > MinutesPerWeek {
			t.Errorf("%q: %d minutes", s, n)
		}
		again, err := ParseHours(s + "; " + s)
		if err == nil && *again != *w {
			t.Errorf("%q: said twice it means something else", s)
		}
	})
}
