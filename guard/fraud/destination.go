package fraud

import "tsujiban"

// Where a call goes is most of what it says: how likely this customer is to call there, and how likely a thief.

// Bounds of what a destination may weigh.
const (
	knownLeast   = -6 * deciban
	knownMost    = 4 * deciban
	novelLeast   = 0
	novelMost    = 16 * deciban
	againMost    = 3 * deciban // another call there, within one visit
	numberKnown  = -8 * deciban
	heardLately  = -6 * deciban
	heardMillis  = 14 * dayMillis
	thiefChooses = 4000 // millionths: a thief has some 250 destinations to choose from
	thiefDaily   = 4    // new ones in a day
)

// weighDestination backs off from the customer's own calls to those of customers like it, and to those of all: a
// destination that it has called weighs by its share; a new one by how often this customer calls abroad at all, how often new
// destinations, and how often others call this one.
func (m *Model) weighDestination(s *State, c *Call, d *destination, t *Trace, e *evidence) {
	if !t.strange {
		e.add(tsujiban.EvidenceDestination, numberKnown)
		return
	}
	w := centi(0)
	trust := d.trust()
	if !t.novel {
		// A thief stays with few destinations: one in ten of his calls goes to each.
		const doubt = 10 * hit
		own := uint64(d.calls) * million / (s.settled.topics[topicNovelty].total() + doubt)
		w = clip(ratio(million/10, own), knownLeast, knownMost) * trust / 100
	}
	if trust < 100 {
		abroad := s.settled.topics[topicAbroad].share(1, m.backing(s, topicAbroad, 1), priors[topicAbroad].doubt)
		fresh := s.settled.topics[topicNovelty].share(1, m.backing(s, topicNovelty, 1), priors[topicNovelty].doubt)
		own := abroad * fresh / million * m.expected(s, d.key) / million
		// His calls come beside the customer's own: where a day brings new destinations anyway, one more of them says little, however
		// few of all calls they are.
		often := s.novelDaily() * m.expected(s, d.key) / million
		w += clip(min(ratio(thiefChooses, own), ratio(thiefDaily*thiefChooses, often)), novelLeast, novelMost) * s.history() / 100 * (100 - trust) / 100
	}
	if t.again {
		// One call to a place is seldom the only one: the next ones say less.
		w = clip(w, 0, againMost) / centi(max(d.visit, 1))
		e.add(tsujiban.EvidenceDestination, w)
		if !s.away.called(t.callee) {
			w = m.weigh(s, topicNumber, 1)
			if d.fresh > 6 && w > 0 { // many numbers in one place are one fact
				w /= 2
			}
			e.add(tsujiban.EvidenceDestination, w)
		}
		return
	}
	if d.last != 0 && c.At-d.last < 4*dayMillis && w > 0 {
		w /= 2 // it was said the other day
	}
	e.add(tsujiban.EvidenceDestination, w)
	if d.heard != 0 && c.At-d.heard < heardMillis {
		e.add(tsujiban.EvidenceDestination, heardLately)
	}
	if c.Hint {
		e.add(tsujiban.EvidenceHint, 4*deciban*(100-trust)/100)
	}
	e.add(tsujiban.EvidencePrice, weighPrice(c.PerMinute)*(100-trust)/100)
}

// daily is how many calls there have settled on each day on which some have. Counts fade in such a way that they stand for the last
// eight weeks: some forty days of work.
func (d *destination) daily() int { return int(d.calls/hit) / int(max(min(d.days, 40), 1)) }

// trust is how far a destination is the customer's own, in percent. Days make it so, not calls: a thief makes a hundred calls in one
// night.
func (d *destination) trust() centi {
	if d.calls == 0 {
		return 0
	}
	n := centi(max(d.days, 1))
	return n * 100 / (n + 2)
}

// history is how far the customer is known by all its calls out, in percent: whose first days nobody has seen yet calls nothing but
// new destinations. Some of it counts all the same, since thieves like lines that are new, too.
func (s *State) history() centi {
	const (
		half  = 120 * hit // calls that make half of the rest
		floor = 40
	)
	n := s.settled.topics[topicAbroad].total()
	return floor + centi(n*(100-floor)/(n+half))
}

// novelDaily is how many new destinations a day brings, in millionths. Of somebody of whom nothing is known it is one in ten days, which
// counts like three days.
func (s *State) novelDaily() uint64 {
	const doubt = 3 * hit
	return (uint64(s.settled.topics[topicNovelty][1])*million + doubt*million/10) / (uint64(s.watched) + doubt)
}

// expected is how likely a new destination is this one, in millionths: as often as with all customers, and with one that roams
// at least half as often as any other.
func (m *Model) expected(s *State, key uint16) uint64 {
	p := m.popularity(key)
	if s.roams() {
		p = max(p, million/places/2)
	}
	return p
}

// places is how many destinations there are.
const places = 230

// popularity is the share of all customers' destinations that one has, in millionths.
func (m *Model) popularity(key uint16) uint64 {
	const doubt = 200
	return (uint64(m.calls[key])*million + doubt*million/places) / (m.total + doubt)
}

// learn counts that a customer has settled with a destination.
func (m *Model) learn(key, hits uint16) {
	if hits > 0 && key != 0 {
		m.calls[key]++
		m.total++
	}
}

// weighPrice: stolen calls go where they pay.
func weighPrice(perMinute tsujiban.Money) centi {
	switch {
	case perMinute == 0:
		return 0
	case perMinute < 25*tsujiban.Unit:
		return -4 * deciban
	case perMinute < 60*tsujiban.Unit:
		return -1 * deciban
	case perMinute < 120*tsujiban.Unit:
		return 1 * deciban
	case perMinute < 250*tsujiban.Unit:
		return 3 * deciban
	}
	return 4 * deciban
}

// roams tells whether new destinations are usual with the customer, as with a hotel.
func (s *State) roams() bool {
	h := &s.settled.topics[topicNovelty]
	return h.total() >= 20*hit && uint64(h[1])*5 >= h.total()
}
