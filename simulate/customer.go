package simulate

import (
	"fmt"
	"math"
	"time"

	"tsujiban"
)

// Customer is a firm with its own PBX.
type Customer struct {
	ID            tsujiban.CustomerID
	Name          string
	International bool
	Opened        time.Time // local midnight
	Newcomer      bool      // opened in the middle of the trace
	Kind          string    // one of HonestKinds
	Lines         int       // honest calls at once never exceed this
	Numbers       []string  // numbers that it shows as caller, as dialled at home
	Surprises     []Surprise
	Attack        *Attack // nil: it is never hijacked

	number int // its place in the world; draws depend on nothing else of the others
	opened int64
	*habits
}

// habits are how a firm telephones, drawn once.
type habits struct {
	traits   *traits
	area     *area
	style    style
	sites    []site
	maker    int
	out, in  float64    // calls of a full working day
	week     [7]float64 // factor of each weekday
	feast    float64    // factor of a holiday
	busy     float64    // of a day on which bills are due
	noise    float64    // spread of the days
	cluster  float64    // chance that a call is followed by another within minutes
	work     hours
	weekend  hours
	closing  float64
	abroad   float64 // share of the calls out
	partners []partner
	ships    []*party
	rare     float64 // partners in the same countries that are new: share
	odd      float64
	awayIn   float64
	fresh    float64
	again    float64
	keep     float64 // chance that a new number becomes a regular one
	steep    float64 // exponent of Zipf's law among contacts
	regulars int
	kinds    [numHomeKinds]float64
	nearby   float64
	faxes    float64 // share of the contacts that are fax machines
	answer   float64
	pickup   float64
	talk     length
	far      length
	redial   float64
	ringback float64
	known    float64
	withheld float64
	prefixed float64 // share of the calls with 184 or 186 in front
	guests   float64
	fax      []faxList
	meeting  *meeting
	oncall   float64
	shipping float64
	alarm    float64 // emergency calls a day
}

// partner is a country that a firm deals with.
type partner struct {
	place    *place
	weight   float64
	numbers  int
	steep    float64
	surprise int // 1 and up: the surprise that began it; it has its own calls and takes no share of the others
}

// faxList is a list that is faxed to at set times.
type faxList struct {
	size  int
	days  [7]bool
	times []int64 // of the day
	pages span    // seconds on the line, nearly the same for all
	ports int     // calls at once
}

// meeting is the call with the head office.
type meeting struct {
	at    int64 // time of the day in Japan
	days  [7]bool
	talk  length
	party *party
}

// syllables of names: places of Japan.
var syllables = []string{
	"Aoba", "Sumida", "Naniwa", "Hakata", "Kanda", "Sakura", "Asahi", "Fuji", "Midori", "Yamato", "Musashi", "Sagami", "Kita", "Minami", "Higashi", "Nishi",
	"Izumi", "Hikari", "Matsuba", "Takara", "Chuo", "Daiwa", "Shinsei", "Mikawa", "Owari", "Kaga", "Tosa", "Sanuki", "Satsuma", "Hizen", "Bizen", "Ise", "Omi", "Tamba",
	"Echigo", "Shinano", "Kai", "Suruga", "Izu", "Awa", "Iyo", "Bungo", "Hyuga", "Chikuzen", "Hoki", "Inaba", "Wakasa", "Noto", "Sado", "Rikuzen", "Mutsu", "Dewa",
}

func (w *World) newCustomer(i int) Customer {
	m, d := w.market, newDice(w.opts.Seed, forCustomer, uint64(i))
	weights := make([]float64, len(honestKinds))
	for k := range honestKinds {
		weights[k] = honestKinds[k].weight
	}
	t := &honestKinds[d.weighted(weights)]
	c := Customer{number: i, Kind: t.name, habits: &habits{traits: t}}
	c.Name = pick(d, syllables) + " " + pick(d, t.nouns)
	c.ID = tsujiban.CustomerID(fmt.Sprintf("c%05d", i))
	c.International = !d.chance(t.barred)

	age := d.log(span{40, 4500}) // days before the trace
	newcomer, first := d.chance(w.opts.Newcomers), w.opts.AttackFrom+d.IntN(w.opts.Days-w.opts.AttackFrom)
	c.opened = -int64(age) * day
	if newcomer {
		c.Newcomer, c.opened = true, int64(first)*day
	}
	c.Opened = w.at(c.opened).UTC()

	c.drawHabits(m, d)
	c.drawPlaces(m, d, w.end())
	c.drawLines(d)
	for k := range c.sites {
		c.Numbers = append(c.Numbers, c.sites[k].numbers...)
	}
	return c
}

func (c *Customer) drawHabits(m *market, d dice) {
	t, h := c.traits, c.habits
	h.area = &areas[d.weighted(areaWeights)]
	h.style = newStyle(d)
	h.out, h.in = d.log(t.out), d.log(t.in)
	h.drawWeek(d)
	open, shut := d.in(t.open), d.in(t.shut)
	h.closing = shut
	h.work = opening(open, shut, d.in(t.lunch), d.in(t.late))
	h.weekend = opening(open+d.in(span{0, 1}), max(open+3, shut-d.in(span{0, 4})), 0.8, d.in(t.late))
	round := d.in(t.round)
	for i := range 24 {
		h.work[i] += round * 10 / 24
		h.weekend[i] += round * 10 / 24
	}
	h.noise = d.in(span{0.12, 0.45})
	h.cluster = d.in(span{0.08, 0.45})
	h.odd, h.awayIn = d.in(t.odd), d.in(t.awayIn)
	h.fresh, h.again, h.keep = d.in(t.fresh), d.in(t.again), d.in(span{0.05, 0.4})
	h.steep, h.regulars = d.in(span{0.6, 1.25}), d.count(t.book)
	mobile, navi := d.in(t.mobile), d.in(t.navi)
	h.kinds = [numHomeKinds]float64{
		toFixed: 1 - mobile, toMobile: mobile, toIPPhone: d.in(span{0.01, 0.08}), toFreephone: d.in(span{0.005, 0.07}),
		toNavi: navi, toSpecial: d.in(span{0, 0.003}),
	}
	h.nearby, h.faxes = d.in(span{0.3, 0.85}), d.in(span{0, 0.15})
	h.answer, h.pickup = d.in(t.answer), d.in(t.pickup)
	sigma := d.in(t.sigma)
	h.talk = length{d.log(t.talk), sigma, 1.5, 3 * 3600}
	h.far = length{d.log(t.talkAbroad), max(0.7, sigma-0.1), 2, 4 * 3600}
	h.redial, h.ringback = d.in(t.redial), d.in(t.ringback)
	h.known, h.withheld = d.in(t.known), d.in(t.withheld)
	if d.chance(0.12) {
		h.prefixed = d.log(span{0.005, 0.2})
	}
	h.alarm = d.in(span{0, 0.004})
	h.drawAbroad(m, d)
	h.drawRoutines(m, d)
}

func (h *habits) drawWeek(d dice) {
	t := h.traits
	h.week = [7]float64{time.Sunday: d.in(t.sunday), time.Saturday: d.in(t.saturday)}
	for w := time.Monday; w <= time.Friday; w++ {
		h.week[w] = d.in(span{0.85, 1.1})
	}
	h.week[time.Monday] *= d.in(span{1, 1.3})
	if len(t.rest) > 0 && d.chance(t.resting) {
		h.week[pick(d, t.rest)] *= d.in(span{0, 0.12})
	}
	h.feast = d.in(t.feast)
	h.busy = d.in(span{1, 1.3})
}

func (h *habits) drawAbroad(m *market, d dice) {
	t := h.traits
	if !d.chance(t.anyAbroad) {
		return
	}
	h.abroad, h.rare = d.log(t.abroad), d.in(t.freshAbroad)
	pool, steep := m.pool(t.pool), d.in(span{0.5, 1.6})
	for k := range d.count(t.countries) {
		p := pool.draw(d)
		if h.deals(p) {
			continue
		}
		weight := math.Exp(0.5*d.NormFloat64()) / math.Pow(float64(k+1), steep)
		h.partners = append(h.partners, partner{place: p, weight: weight, numbers: d.count(t.partners), steep: d.in(span{0.3, 1.4})})
	}
}

func (h *habits) deals(p *place) bool {
	for i := range h.partners {
		if h.partners[i].place == p {
			return true
		}
	}
	return false
}

// drawPlaces draws from where the firm calls.
func (c *Customer) drawPlaces(m *market, d dice, end int64) {
	t, h := c.traits, c.habits
	h.maker = m.maker
	if !d.chance(m.share) {
		h.maker = d.IntN(len(makers))
	}
	from := min(c.opened, 0)
	if c.Newcomer {
		from = c.opened
	}
	h.sites = []site{m.newSite(d, h.area, h.maker, from, end, d.chance(t.moves))}
	if d.chance(t.twoSites) {
		second := m.newSite(d, &areas[d.weighted(areaWeights)], h.maker, from, end, d.chance(t.moves))
		second.share = d.in(span{0.1, 0.9})
		h.sites = append(h.sites, second)
	}
	if d.chance(t.roams) {
		for range d.between(1, 3) {
			phone := m.newWanderer(d, &h.sites[0], from, end)
			phone.share = d.in(span{0.02, 0.25})
			h.sites = append(h.sites, phone)
		}
	}
}

// sizes are the numbers of lines that are sold.
var sizes = []int{1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 23, 30, 40, 50, 60, 80, 100}

// drawLines draws how many lines the firm has: what its busy hour needs, and some more.
func (c *Customer) drawLines(d dice) {
	h := c.habits
	mean := func(l length) float64 { return l.median * math.Exp(l.sigma*l.sigma/2) }
	open := 0.0
	for _, w := range h.work {
		open += min(w, 1)
	}
	out := 12 + h.answer*((1-h.abroad)*mean(h.talk)+h.abroad*mean(h.far))
	in := 10 + h.pickup*mean(h.talk)
	erlang := 1.5 * (h.out*out + h.in*in) / 3600 / max(open, 4)
	need := int(math.Ceil(erlang+d.in(span{1.5, 5})*math.Sqrt(erlang))) + d.between(0, 2)
	for i := range h.fax {
		need = max(need, h.fax[i].ports+d.between(1, 3))
	}
	c.Lines = sizes[len(sizes)-1]
	for i := len(sizes) - 1; i >= 0 && sizes[i] >= need; i-- {
		c.Lines = sizes[i]
	}
	c.Lines = max(c.Lines, 2)
}

// load is what part of a working day's traffic the firm has on a day, without surprises.
func (h *habits) load(day date) float64 {
	w := h.week[day.weekday]
	switch {
	case day.holiday || day.quiet:
		// A firm that closes on Sundays closes on holidays; one that lives on them does not.
		return min(h.feast, max(w, h.feast*0.8))
	case day.busy && day.weekday != time.Saturday && day.weekday != time.Sunday:
		return w * h.busy
	}
	return w
}

// party makes somebody out of a number.
func (h *habits) party(d dice, digits string, p *place, answer float64) *party {
	v := &party{digits: digits, place: p, dial: h.style.dialled(digits, p == nil), shown: h.style.presented(digits, p == nil)}
	v.answer = float32(min(0.98, max(0.04, answer+0.18*d.NormFloat64())))
	v.talk = float32(math.Exp(0.4 * d.NormFloat64()))
	return v
}

// stranger is somebody at home.
func (h *habits) stranger(d dice) *party {
	k := homeKind(d.weighted(h.kinds[:]))
	p := h.party(d, homeNumber(d, k, h.area, h.nearby), nil, h.answer)
	switch k {
	case toFreephone, toNavi, toSpecial:
		p.answer, p.talk = 0.97, p.talk*1.5
	case toFixed:
		if p.fax = d.chance(h.faxes); p.fax {
			p.answer = 0.95
		}
	}
	return p
}

// foreigner is somebody at a place abroad.
func (h *habits) foreigner(d dice, p *place) *party {
	forms := p.fixed
	if len(p.mobile) > 0 && d.chance(0.3) {
		forms = p.mobile
	}
	return h.party(d, fill(d, pick(d, forms)), p, h.answer)
}
