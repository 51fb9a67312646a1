package simulate

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/trace"
)

// thief makes the calls of one hijacking.
type thief struct {
	w     *World
	c     *Customer
	a     *Attack
	d     dice
	from  leg // where the calls come from, unless they come from the PBX
	calls []Call
}

func (w *World) steal(c *Customer) []Call {
	t := &thief{w: w, c: c, a: c.Attack, d: newDice(w.opts.Seed, forThief, uint64(c.number))}
	net := pick(t.d, w.market.foreign)
	if t.a.shared != nil {
		net = pick(t.d, t.a.shared.home)
	}
	t.from = leg{source: address(t.d, net), agent: pick(t.d, tools)}
	switch {
	case t.a.Entry == Mimic:
		t.from.agent = c.sites[0].at(t.a.from).agent
	case t.a.shared != nil:
		t.from.agent = t.a.shared.agent
	case t.d.chance(0.3):
		t.from.agent = newSoftphone(t.d)
	}
	t.a.plan(t)
	return t.calls
}

// leg is where a call at that time comes from.
func (t *thief) leg(at int64) *leg {
	if t.a.Entry == ThroughPBX {
		return t.c.sites[0].at(at)
	}
	return &t.from
}

func (t *thief) channels(lo, hi int) int { return min(t.d.between(lo, hi), t.c.Lines) }

func (t *thief) out(at int64, to string, setup, talk int64) {
	l := t.leg(at)
	t.add(at, tsujiban.Out, l.source, l.agent, t.c.sites[0].number(t.d), to, setup, talk)
}

func (t *thief) add(at int64, dir tsujiban.Direction, source netip.Addr, agent, caller, callee string, setup, talk int64) {
	t.calls = append(t.calls, Call{Label: t.a.Kind, Call: trace.Call{
		Start: t.w.at(at), Customer: t.c.ID, Direction: dir, Caller: caller, Callee: callee,
		Setup: time.Duration(setup) * time.Millisecond, Talk: time.Duration(talk) * time.Millisecond, Source: source, UserAgent: agent,
	}})
}

// number is a number of a target, as the PBX dials it.
func (t *thief) number(g target) string {
	n := g.head + fmt.Sprintf("%0*d", g.free, t.d.IntN([]int{1, 10, 100, 1000}[g.free]))
	return t.c.style.dialled(n, g.home)
}

// pump is a stretch of calls on some channels.
type pump struct {
	from, to int64
	channels int
	targets  []target
	talk     length
	answer   float64
	pause    float64             // mean seconds between calls of a channel
	awake    func(at int64) bool // nil: always
}

func (t *thief) pump(p pump) {
	d := t.d
	for range p.channels {
		at := p.from + d.wait(p.pause+5)
		for at < p.to {
			if p.awake != nil && !p.awake(at) {
				at += 10*minute + d.wait(300)
				continue
			}
			setup, talk := d.seconds(length{4, 0.5, 0.8, 30}), int64(0)
			if d.chance(p.answer) {
				talk = min(d.seconds(p.talk), max(second, p.to-at))
			}
			t.out(at, t.number(pick(d, p.targets)), setup, talk)
			at += setup + talk + d.wait(p.pause) + 200
		}
	}
}

// talking draws what talk times a thief has: either of nearly equal length, as machines make them, or spread like people's.
func (t *thief) talking(lo, hi float64) length {
	m := t.d.log(span{lo, hi})
	sigma := t.d.in(span{0.02, 0.15})
	if t.d.chance(0.5) {
		sigma = t.d.in(span{0.3, 1})
	}
	return length{m, sigma, m / 5, m * 6}
}

func (t *thief) listed() *place {
	for {
		if p := t.w.dearPlace(t.d, 0); p.listed {
			return p
		}
	}
}

func (t *thief) rent(places ...*place) []target {
	var out []target
	for _, p := range places {
		out = append(out, blocks(t.d, p, t.d.between(1, 4))...)
	}
	return out
}

// pressPump is the press's case: calls of half a minute to one country, one or two at once, for days (INCIDENTS §1).
func (t *thief) pressPump() {
	d := t.d
	t.pump(pump{from: t.a.from, to: t.a.to, channels: t.channels(1, 3), targets: t.rent(t.listed()),
		talk: length{d.log(span{22, 60}), d.in(span{0.02, 0.25}), 8, 120}, answer: d.in(span{0.85, 1}), pause: d.log(span{2, 40})})
}

// weekendBurst fills the lines while nobody is there.
func (t *thief) weekendBurst() {
	d := t.d
	var places []*place
	for range d.between(2, 6) {
		if d.chance(0.6) {
			places = append(places, t.listed())
		} else {
			places = append(places, t.w.dearPlace(d, 25))
		}
	}
	from := t.a.from
	for from+day < t.w.end() && t.w.weekday(from) != time.Friday && t.w.weekday(from) != time.Saturday {
		from += day
	}
	t.pump(pump{from: from, to: from + (t.a.to - t.a.from), channels: t.channels(3, 14), targets: t.rent(places...),
		talk: t.talking(60, 900), answer: d.in(span{0.6, 0.97}), pause: d.log(span{1, 60})})
}

// lowAndSlow stays under every limit: a few long calls a day, for weeks.
func (t *thief) lowAndSlow() {
	d := t.d
	targets := t.rent(t.w.dearPlace(d, 35))
	if d.chance(0.4) {
		targets = append(targets, t.rent(t.w.dearPlace(d, 35))...)
	}
	clock := opening(0, 24, 1, 0)
	if d.chance(0.5) {
		clock = t.c.work // hidden among the calls of the day
	}
	daily, talk := d.log(span{2, 14}), t.talking(150, 2400)
	for start := t.a.from / day * day; start < t.a.to; start += day {
		for n := d.poisson(daily); n > 0; n-- {
			at := start + clock.draw(d)
			if at < t.a.from || at > t.a.to {
				continue
			}
			length := int64(0)
			if d.chance(0.85) {
				length = d.seconds(talk)
			}
			t.out(at, t.number(pick(d, targets)), d.seconds(setupOf(4)), length)
		}
	}
}

func setupOf(median float64) length { return length{median, 0.5, 0.8, 30} }

// testThenPump tries what gets through half an hour to a day before.
func (t *thief) testThenPump() {
	d := t.d
	var all [][]target
	for range d.between(2, 6) {
		all = append(all, t.rent(t.w.dearPlace(d, 15)))
	}
	for range d.between(2, 9) {
		talk := int64(0)
		if d.chance(0.7) {
			talk = d.seconds(length{8, 0.6, 1, 30})
		}
		t.out(t.a.from+d.wait(900), t.number(pick(d, pick(d, all))), d.seconds(setupOf(4)), talk)
	}
	from := t.a.from + int64(d.log(span{0.5, 24})*float64(hour))
	t.pump(pump{from: from, to: from + (t.a.to - t.a.from), channels: t.channels(2, 10), targets: slices.Concat(all[0], all[1]),
		talk: t.talking(40, 1200), answer: d.in(span{0.7, 1}), pause: d.log(span{1, 60})})
}

// disa calls in and is put through: each outgoing call lies within an incoming one.
func (t *thief) disa() {
	d := t.d
	shown := []string{""}
	for range d.between(1, 4) {
		shown = append(shown, "+"+fill(d, pick(d, t.w.callers.draw(d).fixed)))
	}
	targets := t.rent(t.w.dearPlace(d, 30), t.w.dearPlace(d, 30))
	gate := leg{source: address(d, pick(d, t.w.market.home)), agent: "SBC-A 9.2"}
	talk, to := t.talking(90, 1800), t.c.style.presented(t.c.Numbers[0], true)
	for range t.channels(1, 4) {
		pause := d.log(span{30, 1800})
		for at := t.a.from + d.wait(pause); at < t.a.to; {
			setup, wait, ring, length := d.seconds(setupOf(3)), d.seconds(length{9, 0.4, 2, 40}), d.seconds(setupOf(4)), int64(0)
			if d.chance(0.85) {
				length = d.seconds(talk)
			}
			hang := d.seconds(setupOf(2))
			t.add(at, tsujiban.In, gate.source, gate.agent, pick(d, shown), to, setup, wait+ring+length+hang)
			t.out(at+setup+wait, t.number(pick(d, targets)), ring, length)
			at += setup + wait + ring + length + hang + d.wait(pause)
		}
	}
}

// unlisted goes where no list of the past points.
func (t *thief) unlisted() {
	d := t.d
	var places []*place
	for len(places) < d.between(1, 3) {
		if p := t.w.dearPlace(d, 20); !p.listed {
			places = append(places, p)
		}
	}
	t.pump(pump{from: t.a.from, to: t.a.to, channels: t.channels(1, 8), targets: t.rent(places...),
		talk: t.talking(30, 900), answer: d.in(span{0.6, 1}), pause: d.log(span{2, 180})})
}

func (t *thief) satellite() {
	d := t.d
	var targets []target
	for range d.between(1, 4) {
		targets = append(targets, block(d, pick(d, t.w.market.space).form))
	}
	t.pump(pump{from: t.a.from, to: t.a.to, channels: t.channels(1, 5), targets: targets,
		talk: t.talking(40, 600), answer: d.in(span{0.6, 1}), pause: d.log(span{5, 300})})
}

func (t *thief) premiumAbroad() {
	d := t.d
	var targets []target
	for len(targets) < 2 {
		p := &t.w.market.places[d.IntN(len(t.w.market.places))]
		if forms := slices.Concat(t.w.market.premiumForms(p), t.w.market.specialForms(p)); len(forms) > 0 {
			for range d.between(1, 3) {
				targets = append(targets, block(d, pick(d, forms)))
			}
		}
	}
	t.pump(pump{from: t.a.from, to: t.a.to, channels: t.channels(1, 6), targets: targets,
		talk: t.talking(40, 900), answer: d.in(span{0.6, 1}), pause: d.log(span{3, 180})})
}

// premiumHome calls numbers at home that pay whoever is called.
func (t *thief) premiumHome() {
	d := t.d
	forms := t.w.market.premium
	if d.chance(0.3) {
		forms = t.w.market.navi
	}
	var targets []target
	for range d.between(1, 3) {
		targets = append(targets, block(d, pick(d, forms).form))
	}
	t.pump(pump{from: t.a.from, to: t.a.to, channels: t.channels(1, 8), targets: targets,
		talk: t.talking(60, 1200), answer: d.in(span{0.8, 1}), pause: d.log(span{2, 90})})
}

// steppingStone calls homes and mobiles at random: swindlers under the firm's number (INCIDENTS §2).
func (t *thief) steppingStone() {
	d := t.d
	open, shut := d.in(span{8, 11}), d.in(span{16, 20})
	mobile := d.Float64()
	at := make([]int64, t.channels(2, 16))
	for i := range at {
		at[i] = t.a.from + d.Int64N(hour)
	}
	pause, pickup := d.log(span{3, 60}), d.in(span{0.15, 0.55})
	hook := length{d.log(span{8, 30}), 0.6, 2, 120}
	for i := range at {
		for at[i] < t.a.to {
			if h := float64(at[i]%day) / float64(hour); h < open || h >= shut {
				at[i] += 10*minute + d.wait(600)
				continue
			}
			kind := toFixed
			if d.chance(mobile) {
				kind = toMobile
			}
			to := t.c.style.dialled(homeNumber(d, kind, &areas[d.weighted(areaWeights)], 0), true)
			setup, talk := d.seconds(length{20, 0.5, 3, 60}), int64(0)
			if d.chance(pickup) {
				setup, talk = d.seconds(length{9, 0.5, 1, 40}), d.seconds(hook)
				if d.chance(0.04) {
					talk = d.seconds(length{900, 0.7, 200, 5400}) // somebody believes it
				}
			}
			t.out(at[i], to, setup, talk)
			at[i] += setup + talk + d.wait(pause) + 500
		}
	}
}

// hiding goes to a country that the firm calls anyway, to dearer numbers there.
func (t *thief) hiding() {
	d := t.d
	p := t.c.partners[d.IntN(len(t.c.partners))].place
	forms := t.w.market.specialForms(p)
	if len(forms) == 0 || d.chance(0.4) {
		forms = slices.Concat(p.mobile, p.fixed)
	}
	var targets []target
	for range d.between(1, 4) {
		targets = append(targets, block(d, pick(d, forms)))
	}
	pp := pump{from: t.a.from, to: t.a.to, channels: t.channels(1, 5), targets: targets,
		talk: t.talking(60, 1500), answer: d.in(span{0.6, 1}), pause: d.log(span{5, 300})}
	if d.chance(0.4) {
		// by day, where such calls are usual
		pp.awake = func(at int64) bool { h := at % day / hour; return h >= 9 && h < 18 }
	}
	t.pump(pp)
}

// fewCalls is one victim of a campaign: a few calls on each of many.
func (t *thief) fewCalls() {
	d := t.d
	talk := t.talking(60, 900)
	for range d.between(3, 16) {
		length := int64(0)
		if d.chance(0.85) {
			length = d.seconds(talk)
		}
		t.out(t.a.from+d.Int64N(max(hour, t.a.to-t.a.from)), t.number(pick(d, t.a.shared.ranges)), d.seconds(setupOf(4)), length)
	}
}

// nightLong holds a few calls for hours.
func (t *thief) nightLong() {
	d := t.d
	targets := t.rent(t.w.dearPlace(d, 25))
	for start := t.a.from / day * day; start < t.a.to; start += day {
		for range t.channels(1, 4) {
			at := start + int64(d.in(span{20, 27})*float64(hour))
			if at > t.w.end() {
				continue
			}
			t.out(at, t.number(pick(d, targets)), d.seconds(setupOf(4)), d.seconds(length{d.in(span{7000, 24000}), 0.2, 3000, 30000}))
		}
	}
}

// sweep tries number after number, and comes back to those that answer.
func (t *thief) sweep() {
	d := t.d
	p := t.w.dearPlace(d, 30)
	digits := fill(d, pick(d, slices.Concat(p.fixed, p.mobile)))
	head := digits[:len(digits)-4]
	next, alive := d.IntN(4000), []string{}
	step, pause := d.between(1, 3), d.log(span{2, 60})
	talk := t.talking(40, 600)
	for at := t.a.from; at < t.a.to; {
		if len(alive) > 3 && d.chance(0.4) {
			length := d.seconds(talk)
			t.out(at, pick(d, alive), d.seconds(setupOf(4)), length)
			at += length + d.wait(pause)
			continue
		}
		to := t.c.style.dialled(head+fmt.Sprintf("%04d", next%10000), false)
		next += step
		length := int64(0)
		if d.chance(0.2) {
			length = d.seconds(setupOf(6))
			if len(alive) < 60 {
				alive = append(alive, strings.Clone(to))
			}
		}
		setup := d.seconds(setupOf(6))
		t.out(at, to, setup, length)
		at += setup + length + d.wait(pause) + 300
	}
}
