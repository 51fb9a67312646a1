package fraud

// hit is one observation in the counts: sixteenths, so that a count can fade.
const hit = 16

// full is where counts are halved: what is newer counts for more.
const full = 4000 * hit

// habit counts which of a few kinds of thing a customer does.
type habit [5]uint16

func (h *habit) total() uint64 {
	var n uint64
	for _, c := range h {
		n += uint64(c)
	}
	return n
}

func (h *habit) learn(kind uint8) {
	if h[kind] >= full {
		for i := range h {
			h[i] /= 2
		}
	}
	h[kind] += hit
}

// merge adds what another habit counted.
func (h *habit) merge(o *habit) {
	halve := false
	for i := range h {
		n := uint32(h[i]) + uint32(o[i])
		h[i] = uint16(min(n, 1<<16-1))
		halve = halve || n >= full
	}
	if halve {
		for i := range h {
			h[i] /= 2
		}
	}
}

// fade takes an eighth off every count, and off small counts the last bit too.
func (h *habit) fade() {
	for i := range h {
		h[i] = faded(h[i])
	}
}

func faded(n uint16) uint16 { return n - (n+7)/8 }

// question is what a kind of observation says: how likely each kind of thing is when
// the line is hijacked and for customers in general, in thousandths; how many
// observations of its own a customer's habit must have to count as much as that; and
// within which bounds one observation may weigh.
type question struct {
	hijacked, usual [5]uint64
	doubt           uint64
	least, most     centi
}

// weigh is the weight of seeing a kind of thing at a customer with these habits.
func (q *question) weigh(h *habit, kind uint8) centi {
	const thousand = 1000
	seen := uint64(h[kind])*thousand + q.usual[kind]*q.doubt*hit
	of := (h.total() + q.doubt*hit) * thousand
	return min(max(odds(q.hijacked[kind], thousand, seen, of), q.least), q.most)
}

// The questions. The shares under "hijacked" follow the published incident (a call
// every 25 seconds, each of about 32 seconds, 1.3 at once) with room for slower and
// less regular thieves; the usual shares are those of office traffic.
var (
	// To one destination again: the pace of the theft itself.
	askGap = question{ // kinds: gapKind
		hijacked: [5]uint64{700, 150, 100, 30, 20}, usual: [5]uint64{120, 100, 180, 200, 400},
		doubt: 20, least: -4 * deciban, most: 7 * deciban,
	}
	// To any destination: on several lines calls follow each other closely by chance.
	askGapAbroad = question{ // kinds: gapKind
		hijacked: [5]uint64{700, 150, 100, 30, 20}, usual: [5]uint64{120, 100, 180, 200, 400},
		doubt: 20, least: -6 * deciban, most: 4 * deciban,
	}
	askConcurrency = question{ // kinds: how many are up, 3 stands for more
		hijacked: [5]uint64{600, 200, 100, 100}, usual: [5]uint64{880, 90, 20, 10},
		doubt: 20, least: -1 * deciban, most: 4 * deciban,
	}
	askAdjacency = question{ // kinds: adjacencyKind
		hijacked: [5]uint64{500, 250, 250}, usual: [5]uint64{900, 60, 40},
		doubt: 20, least: -deciban / 2, most: 5 * deciban,
	}
	askDuration = question{ // kinds: durationKind
		hijacked: [5]uint64{150, 550, 150, 100, 50}, usual: [5]uint64{150, 250, 250, 220, 130},
		doubt: 20, least: -3 * deciban, most: 3 * deciban,
	}
	askEqual = question{ // kinds: how many of the last calls were as long, 2 stands for more
		hijacked: [5]uint64{300, 250, 450}, usual: [5]uint64{780, 180, 40},
		doubt: 20, least: -2 * deciban, most: 6 * deciban,
	}
	askNovelty = question{ // kinds: 0 known, 1 new; the usual share is what is said of a customer without history
		hijacked: [5]uint64{100, 900}, usual: [5]uint64{600, 400},
		doubt: 2, least: 0, most: 9 * deciban,
	}
	askSource = question{ // kinds: 0 known, 1 new
		hijacked: [5]uint64{500, 500}, usual: [5]uint64{980, 20},
		doubt: 20, least: 0, most: 6 * deciban,
	}
	askAgent = question{ // kinds: 0 known, 1 new
		hijacked: [5]uint64{600, 400}, usual: [5]uint64{980, 20},
		doubt: 20, least: 0, most: 4 * deciban,
	}
)

// gapKind sorts the time since another call, in milliseconds.
func gapKind(ms int64) uint8 {
	switch s := ms / 1000; {
	case s < 90:
		return 0
	case s < 5*60:
		return 1
	case s < 30*60:
		return 2
	case s < 2*3600:
		return 3
	}
	return 4
}

// durationKind sorts how long a call talked, in milliseconds.
func durationKind(ms int64) uint8 {
	switch s := ms / 1000; {
	case s < 15:
		return 0
	case s < 60:
		return 1
	case s < 180:
		return 2
	case s < 600:
		return 3
	}
	return 4
}

// habits are what is learned of one customer besides its destinations.
type habits struct {
	novelty    habit // kinds: 0 known, 1 new
	adjacency  habit
	durations  habit
	equal      habit
	newSources habit
	newAgents  habit
	sources    known
	agents     known
	hours      hours
}

func (h *habits) each() [6]*habit {
	return [...]*habit{&h.novelty, &h.adjacency, &h.durations, &h.equal, &h.newSources, &h.newAgents}
}

func (h *habits) merge(o *habits) {
	own, other := h.each(), o.each()
	for i := range own {
		own[i].merge(other[i])
	}
	h.sources.merge(&o.sources)
	h.agents.merge(&o.agents)
	h.hours.merge(&o.hours)
}

func (h *habits) fade() {
	for _, own := range h.each() {
		own.fade()
	}
	h.sources.fade()
	h.agents.fade()
	h.hours.fade()
}

// known is a small set of keys that were seen, the least used of which gives way.
type known [6]struct {
	key  uint32
	hits uint16
}

func (k *known) has(key uint32) bool {
	for i := range k {
		if k[i].key == key && k[i].hits > 0 {
			return true
		}
	}
	return false
}

// fresh is 1 for a key that is new to a set that knows some, else 0.
func (k *known) fresh(key uint32) uint8 {
	if k.empty() || k.has(key) {
		return 0
	}
	return 1
}

func (k *known) empty() bool { return *k == known{} }

func (k *known) learn(key uint32, hits uint16) {
	least := &k[0]
	for i := range k {
		e := &k[i]
		if e.key == key && e.hits > 0 {
			e.hits = min(e.hits, full-hits) + hits
			return
		}
		if e.hits < least.hits {
			least = e
		}
	}
	least.key, least.hits = key, hits
}

func (k *known) merge(o *known) {
	for i := range o {
		if o[i].hits > 0 {
			k.learn(o[i].key, min(o[i].hits, full))
		}
	}
}

func (k *known) fade() {
	for i := range k {
		k[i].hits = faded(k[i].hits)
	}
}
