package fraud

// hit is one observation in the counts: sixteenths, so that a count can fade.
const hit = 16

// full is where counts are halved: what is newer counts for more.
const full = 4000 * hit

// kinds is how many kinds of thing a habit tells apart at most.
const kinds = 6

// habit counts which of a few kinds of thing a customer does.
type habit [kinds]uint16

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

// topic is what habits are about.
type topic uint8

const (
	topicAbroad     topic = iota // 0 the call stays at home, 1 it leaves: how often this customer calls abroad at all
	topicNovelty                 // abroad: 0 a destination that is known, 1 a new one
	topicNumber                  // abroad: 0 a number that is known, 1 a new one
	topicNumberHome              // the same at home
	topicAnswered                // abroad: 0 nobody answered, 1 somebody did
	topicDuration                // abroad: durationKind
	topicEqual                   // abroad: how many of the last calls talked as long, 2 stands for more
	topicAdjacency               // abroad: adjacencyKind
	topicOverlap                 // abroad: 0 no call in was up, 1 one was
	topicSource                  // 0 a known source, 1 a new one
	topicAgent                   // the same for the device
	topicHomeLength              // at home: durationKind
	topicHomeEqual               // at home: as topicEqual
	topicHomeNear                // at home: adjacencyKind
	numTopics
)

// quick are the topics that are learned at once and not after a day when the number is known: the pace of a busy morning must
// count at noon. What strange numbers teach of them settles like everything else: a thief must not set the pace.
type quick uint8

const (
	quickGapVisit quick = iota // abroad: since the last call to the same destination, within a visit, after talk: gapKind
	quickGapRetry              // the same when the last call gave no talk
	quickGap                   // abroad: since the last call to any destination
	quickUp                    // abroad: how many calls abroad are up, 3 stands for more
	quickHomeGap               // at home: since the last call at home to a new number: homeGapKind
	quickHomeUp                // at home: how many calls out are up, 5 stands for more
	numQuick
)

// prior is what is said of each kind of thing when a line is hijacked, and of customers of whom nothing is
// known, in thousandths; how many observations of its own a customer's habit must have to count as much as those of
// customers like it; and within which bounds one observation may weigh.
type prior struct {
	hijacked, usual [kinds]uint64
	doubt           uint64
	least, most     centi
}

// The shares under "hijacked" follow the published incidents, with room for slower and less regular thieves; the usual ones are those of office
// traffic. See DESIGN.md for each.
var priors = [numTopics]prior{
	topicAbroad:     {hijacked: [kinds]uint64{100, 900}, usual: [kinds]uint64{960, 40}, doubt: 40},
	topicNovelty:    {hijacked: [kinds]uint64{100, 900}, usual: [kinds]uint64{750, 250}, doubt: 6},
	topicNumber:     {hijacked: [kinds]uint64{200, 800}, usual: [kinds]uint64{600, 400}, doubt: 10, least: -3 * deciban, most: 3 * deciban},
	topicNumberHome: {hijacked: [kinds]uint64{20, 980}, usual: [kinds]uint64{650, 350}, doubt: 20, least: -6 * deciban, most: 3 * deciban},
	topicAnswered:   {hijacked: [kinds]uint64{120, 880}, usual: [kinds]uint64{350, 650}, doubt: 20, least: -4 * deciban, most: 2 * deciban},
	topicDuration:   {hijacked: [kinds]uint64{120, 380, 120, 160, 130, 90}, usual: [kinds]uint64{150, 250, 260, 230, 90, 20}, doubt: 20, least: -deciban, most: 6 * deciban},
	topicEqual:      {hijacked: [kinds]uint64{350, 250, 400}, usual: [kinds]uint64{800, 170, 30}, doubt: 20, least: -deciban, most: 6 * deciban},
	topicAdjacency:  {hijacked: [kinds]uint64{550, 250, 200}, usual: [kinds]uint64{900, 65, 35}, doubt: 20, least: -deciban / 2, most: 5 * deciban},
	topicOverlap:    {hijacked: [kinds]uint64{750, 250}, usual: [kinds]uint64{920, 80}, doubt: 30, least: -deciban, most: 5 * deciban},
	topicSource:     {hijacked: [kinds]uint64{600, 400}, usual: [kinds]uint64{985, 15}, doubt: 20, least: 0, most: 8 * deciban},
	topicAgent:      {hijacked: [kinds]uint64{650, 350}, usual: [kinds]uint64{980, 20}, doubt: 20, least: 0, most: 5 * deciban},
	topicHomeLength: {hijacked: [kinds]uint64{350, 450, 150, 40, 8, 2}, usual: [kinds]uint64{220, 300, 270, 160, 40, 10}, doubt: 30, least: -3 * deciban, most: 2 * deciban},
	topicHomeEqual:  {hijacked: [kinds]uint64{350, 250, 400}, usual: [kinds]uint64{760, 190, 50}, doubt: 30, least: -2 * deciban, most: 4 * deciban},
	topicHomeNear:   {hijacked: [kinds]uint64{550, 200, 250}, usual: [kinds]uint64{930, 50, 20}, doubt: 30, least: -deciban / 2, most: 6 * deciban},
}

var quickPriors = [numQuick]prior{
	quickGapVisit: {hijacked: [kinds]uint64{600, 200, 120, 50, 30}, usual: [kinds]uint64{80, 140, 240, 240, 300}, doubt: 12, least: -2 * deciban, most: 8 * deciban},
	quickGapRetry: {hijacked: [kinds]uint64{700, 150, 100, 30, 20}, usual: [kinds]uint64{400, 200, 180, 120, 100}, doubt: 12, least: -2 * deciban, most: 4 * deciban},
	quickGap:      {hijacked: [kinds]uint64{600, 180, 130, 60, 30}, usual: [kinds]uint64{120, 100, 180, 200, 400}, doubt: 20, least: -2 * deciban, most: 4 * deciban},
	quickUp:       {hijacked: [kinds]uint64{500, 220, 130, 150}, usual: [kinds]uint64{880, 90, 20, 10}, doubt: 20, least: -deciban, most: 6 * deciban},
	quickHomeGap:  {hijacked: [kinds]uint64{500, 340, 120, 30, 10}, usual: [kinds]uint64{60, 120, 320, 320, 180}, doubt: 30, least: -6 * deciban, most: 5 * deciban},
	quickHomeUp:   {hijacked: [kinds]uint64{150, 150, 150, 150, 150, 250}, usual: [kinds]uint64{600, 250, 90, 40, 15, 5}, doubt: 30, least: -2 * deciban, most: 5 * deciban},
}

// share is the probability in millionths that a habit gives to a kind of thing: the customer's own counts, and
// backing in millionths for as many observations as doubt.
func (h *habit) share(kind uint8, backing, doubt uint64) uint64 {
	return (uint64(h[kind])*million + backing*doubt*hit) / (h.total() + doubt*hit)
}

// weigh is the weight of seeing a kind of thing at a customer with these habits, where backing is how usual it is
// elsewhere, in millionths.
func (p *prior) weigh(h *habit, kind uint8, backing uint64) centi {
	return clip(ratio(p.hijacked[kind]*1000, h.share(kind, backing, p.doubt)), p.least, p.most)
}

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

// homeGapKind does so for calls at home, of which there are more.
func homeGapKind(ms int64) uint8 {
	switch s := ms / 1000; {
	case s < 15:
		return 0
	case s < 60:
		return 1
	case s < 5*60:
		return 2
	case s < 30*60:
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
	case s < 1800:
		return 4
	}
	return 5
}

// habits are what is learned of one customer and settles after a day.
type habits struct {
	topics  [numTopics]habit
	quick   [numQuick]habit
	sources known
	agents  known
	hours   hours
}

func (h *habits) merge(o *habits) {
	for i := range h.topics {
		h.topics[i].merge(&o.topics[i])
	}
	for i := range h.quick {
		h.quick[i].merge(&o.quick[i])
	}
	h.sources.merge(&o.sources)
	h.agents.merge(&o.agents)
	h.hours.merge(&o.hours)
}

func (h *habits) fade() {
	for i := range h.topics {
		h.topics[i].fade()
	}
	for i := range h.quick {
		h.quick[i].fade()
	}
	h.sources.fade()
	h.agents.fade()
	h.hours.fade()
}
