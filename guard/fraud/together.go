package fraud

// A conference begins on several lines within minutes, and then on no more; a thief's calls go on beginning. So lines to one destination that
// begin together are one event: how soon one followed the other and that they are up beside each other is not held against them, and what
// their length and their money say is said whole by the first, by half by the second, and so on.

// gathering is what began last at some destination: its first call, and how many joined it.
type gathering struct {
	at    int64 // when the first was asked for, milliseconds since 1970
	key   uint16
	lines uint8 // beside the first
}

const (
	gatherMillis = 10 * 60_000 // from the first call on others can join
	gatherMost   = 3           // beside the first: what begins after them is weighed like any other
	gatherPause  = hourMillis  // with no call to the destination, until a visit can begin another one
)

// joins says how many calls of the same gathering were asked for before this one, 0 for the first of one and for what belongs to none. It
// takes down the call.
func (g *gathering) joins(c *Call, d *destination, t *Trace) uint8 {
	switch {
	case g.key == d.key && c.Abroad > 0 && c.At >= g.at && c.At-g.at < gatherMillis:
		if t.redial {
			return 0
		}
		if g.lines++; g.lines > gatherMost {
			g.key = 0
			return 0
		}
		return g.lines
	case !t.again || c.Abroad == 0 && c.At-d.last > gatherPause:
		*g = gathering{at: c.At, key: d.key}
	}
	return 0
}

// shared is what a weight that the whole gathering gives is for this call.
func (t *Trace) shared(w centi) centi { return w / centi(1+t.beside) }

// said are sources and devices whose newness has been said today: told again with each call that comes from there in turn with
// others it would count one fact many times.
type said [4]uint32

// first tells whether it is said for the first time, and takes that down.
func (s *said) first(key uint32) bool {
	for _, k := range s {
		if k == key {
			return false
		}
	}
	copy(s[1:], s[:])
	s[0] = key
	return true
}
