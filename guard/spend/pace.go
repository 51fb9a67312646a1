package spend

// Pace holds a customer to its calls per second: a token bucket that holds one
// second's worth, kept as the one instant at which it will be full again (the
// virtual scheduling of ITU-T I.371, GCRA). The zero value is a full bucket.
type Pace struct {
	full int64 // microseconds since 1970
}

const second = 1_000_000 // microseconds

// Allows tells whether one more call fits at the given instant (milliseconds since
// 1970) under a limit of perSecond calls.
func (p *Pace) Allows(at int64, perSecond int) bool {
	if perSecond <= 0 {
		return true
	}
	interval := int64(second / perSecond)
	return p.since(at*1000)-at*1000+interval <= second
}

// Take counts one call.
func (p *Pace) Take(at int64, perSecond int) {
	if perSecond > 0 {
		p.full = p.since(at*1000) + int64(second/perSecond)
	}
}

// since is when the bucket is full, not before now. A bucket is never more than a
// second from full: one that is was filled by a clock that has since been set back.
func (p *Pace) since(now int64) int64 {
	if p.full < now || p.full > now+second {
		return now
	}
	return p.full
}
