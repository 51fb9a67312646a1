package fraud

// A customer of whom little is known is taken for one like those like it: customers who call abroad as
// often and telephone as much. What is known of those, and before them of all, backs every share of its own.

// segments are four classes of how much a customer telephones by five of how much of that goes abroad.
const (
	volumes     = 4
	shares      = 5
	numSegments = volumes * shares
)

// crowd counts what settled habits say, over customers of one segment. Counts are whole observations.
type crowd [numTopics][kinds]uint32

// crowdFull is where counts are halved.
const crowdFull = 1 << 28

func (c *crowd) add(h *habits) {
	for t := range h.topics {
		for k, n := range h.topics[t] {
			c[t][k] += uint32(n / hit)
			if c[t][k] >= crowdFull {
				for i := range c[t] {
					c[t][i] /= 2
				}
			}
		}
	}
}

// priorWeight is for how many observations of a segment the prior share counts.
const priorWeight = 300

// share is how usual a kind of thing is in the segment, in millionths.
func (c *crowd) share(t topic, kind uint8) uint64 {
	var n uint64
	for _, k := range c[t] {
		n += uint64(k)
	}
	return (uint64(c[t][kind])*million + priors[t].usual[kind]*1000*priorWeight) / (n + priorWeight)
}

// segment is which customers this one is like.
func (s *State) segment() int {
	h := &s.settled.topics[topicAbroad]
	n := h.total() / hit
	volume, share := 0, 0
	for _, from := range [...]uint64{50, 300, 1500} {
		if n >= from {
			volume++
		}
	}
	// In thousandths; nothing is said of a customer with fewer than 20 calls: it is put in the middle.
	if n < 20 {
		return 2
	}
	permille := uint64(h[1]) * 1000 / h.total()
	for _, from := range [...]uint64{1, 10, 50, 200} {
		if permille >= from {
			share++
		}
	}
	return volume*shares + share
}

// backing is how usual a kind of thing is with customers like this one, in millionths.
func (m *Model) backing(s *State, t topic, kind uint8) uint64 {
	return m.crowds[s.like].share(t, kind)
}

// weigh is the weight of one observation about a customer.
func (m *Model) weigh(s *State, t topic, kind uint8) centi {
	return priors[t].weigh(&s.settled.topics[t], kind, m.backing(s, t, kind))
}

// weighQuick is the weight of one that is learned at once; only the prior backs those.
func (s *State) weighQuick(q quick, kind uint8) centi {
	p := &quickPriors[q]
	return p.weigh(&s.settled.quick[q], kind, p.usual[kind]*1000)
}
