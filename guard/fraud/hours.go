package fraud

// hours counts a customer's calls by the hour of the week, from Monday 00:00.
type hours struct {
	calls [168]uint8
	total uint16
}

const maxHourCalls = 250

func (h *hours) learn(hour int) {
	if h.calls[hour] >= maxHourCalls {
		h.total = 0
		for i := range h.calls {
			h.calls[i] /= 2
			h.total += uint16(h.calls[i])
		}
	}
	h.calls[hour]++
	h.total++
}

func (h *hours) merge(o *hours) {
	for hour, n := range o.calls {
		for range n {
			h.learn(hour)
		}
	}
}

func (h *hours) fade() {
	h.total = 0
	for i, n := range h.calls {
		h.calls[i] = n - n/8
		h.total += uint16(h.calls[i])
	}
}

// What is taken for usual of a customer of whom nothing is known: three quarters of
// its calls on weekdays from 8 to 20, the rest at any other hour, in hundred thousandths
// of its calls for one hour. It counts as much as doubt calls of its own.
const (
	officeShare = 1250
	otherShare  = 231
	hourShare   = 595 // under "hijacked": any hour is as good
	hourScale   = 100_000
	hourDoubt   = 20
	hourLeast   = -2 * deciban
	hourMost    = 6 * deciban
)

// weigh is the weight of a call at an hour of the week. The hour itself counts half; the
// hours before and after (nobody calls by the stroke of the clock) and the same hour of
// the other weekdays, or of the other day of the weekend, make up the rest.
func (h *hours) weigh(hour int) centi {
	usual := uint64(otherShare)
	day, clock := hour/24, hour%24
	if day < 5 && clock >= 8 && clock < 20 {
		usual = officeShare
	}
	first, days := 0, 5
	if day >= 5 {
		first, days = 5, 2
	}
	var alike uint64
	for d := first; d < first+days; d++ {
		alike += uint64(h.calls[d*24+clock])
	}
	// In eighths of a call.
	near := 2*uint64(h.calls[hour]) + uint64(h.calls[(hour+1)%168]) + uint64(h.calls[(hour+167)%168]) + 4*alike/uint64(days)
	seen := near*hourScale + 8*hourDoubt*usual
	of := 8 * (uint64(h.total) + hourDoubt) * hourScale
	return clip(ratio(hourShare*million/hourScale, seen*million/of), hourLeast, hourMost)
}
