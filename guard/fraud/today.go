package fraud

// A hotel whose guests call home is strange every day, and a call centre calls a thousand strangers before noon. What one day brings is
// measured against what days have brought so far.

// today is what the present day has brought, and what a day may bring.
type today struct {
	day        int64  // since 1970
	calls      uint32 // out, at home
	peak       uint32 // of calls on the fullest day, fading
	odd        centi  // what calls abroad weighed
	usuallyOdd centi  // of a day, on average
}

const (
	usualDay   = 80 // calls: no day of fewer is full
	floodFrom  = 4  // times the fullest day: from here on calls at home are weighed
	floodWhole = 10 // from here on their evidence counts whole
	mostOdd    = 400 * deciban
)

// flood is how far so many hundredths of calls at home leave the fullest day behind, in percent.
func (t *today) flood(n uint64) centi {
	times := n / uint64(max(t.peak, usualDay))
	if times <= 100*floodFrom {
		return 0
	}
	return centi(min((times-100*floodFrom)/(floodWhole-floodFrom), 100))
}

// close ends the day. What was not suspicious becomes part of what is usual, but never more than twice as much as was usual
// before: whoever wants to poison the measure needs days for it, and none of them may be suspicious.
func (t *today) close(day int64, home, abroad bool) {
	if home {
		t.growPeak()
	}
	if abroad {
		t.growOdd(5)
	}
	if t.day != 0 {
		// Days on which nothing happened count, too.
		for range min(day-t.day, 60) {
			t.peak -= t.peak / 64
		}
	}
	t.day, t.calls, t.odd = day, 0, 0
}

func (t *today) growPeak() { t.peak = max(t.peak, min(t.calls, 2*t.peak+usualDay)) }

func (t *today) growOdd(days centi) {
	odd := min(t.odd, 2*t.usuallyOdd+50*deciban, mostOdd)
	t.usuallyOdd += (odd - t.usuallyOdd) / days
}

// allow makes usual what was suspicious until somebody lifted the restriction.
func (t *today) allow(home, abroad bool) {
	if home {
		t.growPeak()
	}
	if abroad {
		t.growOdd(2)
	}
}
