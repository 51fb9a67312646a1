package simulate

import (
	"slices"
	"time"
)

// Attack is a hijacking of a customer's PBX, or of its account.
type Attack struct {
	Kind     string // one of Kinds
	From, To time.Time
	Entry    Entry

	from, to int64
	number   int // of the hijacking in the world
	plan     func(*thief)
	shared   *gang // of a campaign
}

// Entry is how a thief comes in.
type Entry string

// The entries.
const (
	ThroughPBX Entry = "pbx"     // as an extension, or by a feature: the call comes from where the firm's calls come from
	Account    Entry = "account" // with stolen credentials of the trunk, from the thief's own machine
	Mimic      Entry = "mimic"   // so, too, under the User-Agent that the firm has
)

// gang is what the hijackings of one campaign have in common.
type gang struct {
	ranges []target
	places []*place
	home   []int // networks
	agent  string
	entry  Entry
}

// attackKind is a kind of hijacking.
type attackKind struct {
	name   string
	abroad bool // needs a customer who may call abroad
	known  bool // needs one with partners abroad
	days   span // how long it lasts
	plan   func(*thief)
}

// attackKinds are all kinds.
var attackKinds = []attackKind{
	{"press-pump", true, false, span{1, 4}, (*thief).pressPump},
	{"weekend-burst", true, false, span{1.2, 2.6}, (*thief).weekendBurst},
	{"low-and-slow", true, false, span{4, 14}, (*thief).lowAndSlow},
	{"test-then-pump", true, false, span{0.4, 2}, (*thief).testThenPump},
	{"disa", true, false, span{0.5, 4}, (*thief).disa},
	{"unlisted", true, false, span{0.3, 2.5}, (*thief).unlisted},
	{"satellite", true, false, span{0.15, 1.5}, (*thief).satellite},
	{"premium-abroad", true, false, span{0.2, 2}, (*thief).premiumAbroad},
	{"premium-home", false, false, span{0.2, 2}, (*thief).premiumHome},
	{"stepping-stone", false, false, span{1, 5}, (*thief).steppingStone},
	{"hiding", true, true, span{0.5, 4}, (*thief).hiding},
	{"campaign", true, false, span{0.5, 3}, (*thief).fewCalls},
	{"night-long", true, false, span{1, 5}, (*thief).nightLong},
	{"sweep", true, false, span{0.3, 2}, (*thief).sweep},
}

// Kinds are the names of all kinds of hijacking.
func Kinds() []string {
	out := make([]string, len(attackKinds))
	for i := range attackKinds {
		out[i] = attackKinds[i].name
	}
	return out
}

func kindOf(name string) *attackKind {
	for i := range attackKinds {
		if attackKinds[i].name == name {
			return &attackKinds[i]
		}
	}
	return nil
}

// drawAttacks picks the victims: as many of each kind as there are rounds, each customer once.
func (w *World) drawAttacks() {
	d := newDice(w.opts.Seed, forAttack, 0)
	order := d.Perm(len(w.Customers))
	kinds := d.Perm(len(w.opts.Kinds))
	for n := range max(0, w.opts.Victims) {
		k := kindOf(w.opts.Kinds[kinds[n%len(kinds)]])
		victims := 1
		var g *gang
		if k.name == "campaign" {
			victims = d.between(8, 30)
			g = w.newGang(newDice(w.opts.Seed, forCampaign, uint64(n)))
		}
		var from int64
		for v := range victims {
			i := slices.IndexFunc(order, func(i int) bool { return w.suits(&w.Customers[i], k, g) })
			if i < 0 {
				break // nobody is left
			}
			c := &w.Customers[order[i]]
			order = slices.Delete(order, i, i+1)
			a := w.newAttack(newDice(w.opts.Seed, forAttack, uint64(1+c.number)), c, k)
			a.number = n
			if g != nil {
				// They begin within hours of each other.
				if v == 0 {
					from = a.from
				}
				length := a.to - a.from
				a.from = max(from+d.Int64N(20*hour), c.opened+hour)
				a.to = a.from + length
				a.shared, a.Entry = g, g.entry
			}
			a.From, a.To = w.at(a.from).UTC(), w.at(a.to).UTC()
			c.Attack = a
		}
	}
}

// suits tells whether a customer can fall victim to a kind. A campaign is aimed at one maker's product.
func (w *World) suits(c *Customer, k *attackKind, g *gang) bool {
	switch {
	case k.abroad && !c.International, k.known && len(c.partners) == 0:
		return false
	case g != nil && (c.maker != w.market.maker || c.Newcomer):
		return false
	}
	return c.opened+12*hour < w.end()
}

func (w *World) newAttack(d dice, c *Customer, k *attackKind) *Attack {
	a := &Attack{Kind: k.name, plan: k.plan, Entry: ThroughPBX}
	switch x := d.Float64(); {
	case k.name == "disa":
	case x < 0.3:
		a.Entry = Account
	case x < 0.42:
		a.Entry = Mimic
	}
	length := int64(d.log(k.days) * float64(day))
	first := max(int64(w.opts.AttackFrom)*day, c.opened+hour)
	last := max(first, w.end()-length-2*hour)
	a.from = first + int64(d.Float64()*float64(last-first))
	// Thieves like the hours in which nobody looks: most begin in the evening or at night, many when the week is over.
	if d.chance(0.65) {
		a.from = a.from/day*day + int64(d.in(span{17, 26})*float64(hour))
		for range 3 {
			if w.weekday(a.from) >= time.Friday || w.weekday(a.from) == time.Sunday || d.chance(0.4) || a.from+day > last {
				break
			}
			a.from += day
		}
	}
	a.from = max(first, min(a.from, last))
	a.to = min(a.from+length, w.end())
	return a
}

func (w *World) weekday(at int64) time.Weekday {
	return w.dates[min(int(at/day), len(w.dates)-1)].weekday
}

func (w *World) newGang(d dice) *gang {
	g := &gang{agent: pick(d, tools), entry: ThroughPBX}
	if d.chance(0.5) {
		g.entry = Account
	}
	for range d.between(1, 3) {
		g.home = append(g.home, pick(d, w.market.foreign))
	}
	for range d.between(1, 4) {
		p := w.dearPlace(d, 25)
		g.places = append(g.places, p)
		g.ranges = append(g.ranges, blocks(d, p, d.between(1, 3))...)
	}
	return g
}

// dearPlace is a place at which a minute costs at least so much: what a thief earns from.
func (w *World) dearPlace(d dice, yen float64) *place {
	for {
		p := &w.market.places[d.IntN(len(w.market.places))]
		if w.market.prices[p.index].mobile >= yen {
			return p
		}
	}
}

// target is a small range of numbers of which a thief has a share of the revenue: the last digits are free.
type target struct {
	head string // E.164 digits, or as dialled at home
	free int    // digits that follow
	home bool
}

// blocks rents some ranges at a place.
func blocks(d dice, p *place, n int) []target {
	forms := slices.Concat(p.mobile, p.fixed, p.mobile)
	out := make([]target, n)
	for i := range out {
		out[i] = block(d, pick(d, forms))
	}
	return out
}

// block is a range under a form: of ten, a hundred or a thousand numbers.
func block(d dice, form string) target {
	digits := fill(d, form)
	free := d.between(1, 3)
	return target{head: digits[:len(digits)-free], free: free, home: form[0] == '0'}
}
