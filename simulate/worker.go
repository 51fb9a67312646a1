package simulate

import (
	"math"

	"tsujiban"
	"tsujiban/trace"
)

// task is what somebody is about to do.
type task uint8

const (
	callHome   task = iota // somebody at home
	callAbroad             // somebody at a partner's place
	callParty              // this party
	takeCall               // somebody calls the firm
	takeParty              // this party calls the firm
	callAlarm              // an emergency number
)

// rule is what is done when nobody answers.
type rule uint8

const (
	byHabit rule = iota
	never
	eager   // nearly always again, within minutes
	machine // a fax machine tries two or three times
	onCall  // the next doctor on the list
)

// event is a call that is going to be made.
type event struct {
	at       int64
	who      *party
	talk     *length // nil: by habit
	answer   float32 // chance; 0: as the party does
	surprise int16   // its number from 1; 0: an ordinary call
	partner  int16
	site     int16 // -1: any
	what     task
	rule     rule
	tries    uint8 // how often it was tried before
	waits    uint8 // how often no line was free
}

// worker makes the honest calls of one customer, day by day.
type worker struct {
	w      *World
	c      *Customer
	d      dice
	day    int // the next day
	queue  queue
	busy   []int64 // when each line becomes free
	mood   float64
	book   []*party
	rank   zipf
	recent []*party
	abroad []contacts
	lists  [][]*party // to fax to
	doctor []*party
	guests []guest
	gates  []leg  // the operator's side: calls in come from here
	calls  []Call // of the day, by start
}

// contacts are whom a firm knows at one place.
type contacts struct {
	list []*party
	rank zipf
}

func newWorker(w *World, c *Customer) *worker {
	k := &worker{w: w, c: c, d: newDice(w.opts.Seed, forHonest, uint64(c.number)), busy: make([]int64, c.Lines)}
	d, h := k.d, c.habits
	for range h.regulars {
		k.book = append(k.book, h.stranger(d))
	}
	k.rank = newZipf(len(k.book), h.steep)
	for i := range h.partners {
		p := &h.partners[i]
		v := contacts{rank: newZipf(p.numbers, p.steep)}
		for range p.numbers {
			v.list = append(v.list, h.foreigner(d, p.place))
		}
		k.abroad = append(k.abroad, v)
	}
	for _, l := range h.fax {
		list := make([]*party, l.size)
		for i := range list {
			list[i] = h.party(d, fixedIn(d, &areas[d.weighted(areaWeights)]), nil, 0.93)
			list[i].fax, list[i].talk = true, float32(math.Exp(l.pages.hi*d.NormFloat64()))
		}
		k.lists = append(k.lists, list)
	}
	if h.oncall > 0 {
		for range d.between(2, 8) {
			k.doctor = append(k.doctor, h.party(d, homeNumber(d, toMobile, h.area, 1), nil, 0.6))
		}
	}
	for range d.between(1, 3) {
		k.gates = append(k.gates, leg{source: address(d, pick(d, w.market.home)), agent: pick(d, []string{"", "SBC-A 9.2", "Carrier-Gateway/4.1"})})
	}
	k.day = max(0, int(c.opened/day))
	return k
}

// next makes the calls of the next day. It is false after the last.
func (k *worker) next() bool {
	k.calls = k.calls[:0]
	if k.day >= k.w.opts.Days {
		return false
	}
	k.plan(k.day)
	k.day++
	for end := int64(k.day) * day; len(k.queue) > 0 && k.queue[0].at < end; {
		e := k.queue.pop()
		k.do(&e)
	}
	return true
}

func (k *worker) do(e *event) {
	line := -1
	for i, until := range k.busy {
		if until <= e.at {
			line = i
			break
		}
	}
	if line < 0 {
		k.wait(e)
		return
	}
	switch e.what {
	case takeCall, takeParty:
		k.receive(e, line)
	default:
		k.place(e, line)
	}
}

// wait is what happens when all lines are taken.
func (k *worker) wait(e *event) {
	d := k.d
	switch {
	case e.rule == machine && e.waits < 250:
		e.at += d.wait(8) + second
	case e.waits < 5 && (e.what != takeCall && e.what != takeParty || d.chance(0.5)):
		e.at += d.wait(120) + 5*second
	default:
		return // given up
	}
	e.waits++
	k.queue.push(*e)
}

func (k *worker) emit(e *event, line int, dir tsujiban.Direction, from leg, caller, callee string, setup, talk int64) {
	k.busy[line] = e.at + setup + talk
	c := Call{Label: Honest}
	c.Call = trace.Call{
		Start: k.w.at(e.at), Customer: k.c.ID, Direction: dir, Caller: caller, Callee: callee,
		Setup: milliseconds(setup), Talk: milliseconds(talk), Source: from.source, UserAgent: from.agent,
	}
	if e.surprise > 0 {
		c.Surprise = k.c.Surprises[e.surprise-1].Kind
	}
	k.calls = append(k.calls, c)
}

// place makes a call out.
func (k *worker) place(e *event, line int) {
	d, h := k.d, k.c.habits
	s := k.site(e)
	switch e.what {
	case callHome:
		e.who = k.somebody()
	case callAbroad:
		e.who = k.partner(int(e.partner))
	case callAlarm:
		k.alarm(e, line, s)
		return
	}
	p := e.who
	if p.place != nil && !k.c.International {
		return // they know that it does not go out
	}
	chance := float64(p.answer)
	if p.place != nil {
		if hour := localHour(e.at, p.place.utc); hour < 7 || hour > 21 {
			chance *= 0.6
		}
	}
	if e.answer > 0 {
		chance = float64(e.answer)
	}
	answered := d.chance(chance)
	setup, talk := k.ringing(p, answered), int64(0)
	if answered {
		talk = k.talking(e)
	}
	dial := p.dial
	if h.prefixed > 0 && p.place == nil && dial[0] == '0' && d.chance(h.prefixed) {
		dial = pick(d, []string{"184", "184", "186"}) + dial
	}
	k.emit(e, line, tsujiban.Out, *s.at(e.at), s.number(d), dial, setup, talk)
	if !answered {
		k.again(e, setup)
	}
}

// alarm calls an ambulance or the police; now and then somebody does.
func (k *worker) alarm(e *event, line int, s *site) {
	number := pick(k.d, []string{"119", "119", "110"})
	k.emit(e, line, tsujiban.Out, *s.at(e.at), s.number(k.d), number, k.d.seconds(length{4, 0.3, 1, 20}), k.d.seconds(length{100, 0.6, 10, 900}))
}

// again is what follows a call that nobody answered.
func (k *worker) again(e *event, setup int64) {
	d, h := k.d, k.c.habits
	next := *e
	next.tries++
	next.what = callParty
	next.waits = 0
	next.at += setup
	switch e.rule {
	case never:
		return
	case machine:
		if e.tries < 2 {
			next.at += 60*second + d.Int64N(4*minute)
			k.queue.push(next)
		}
		return
	case onCall:
		if e.tries < 12 {
			next.who = k.doctor[(int(e.tries)+1)%len(k.doctor)]
			next.at += 10*second + d.wait(40)
			k.queue.push(next)
		}
		return
	}
	try := h.redial
	if e.rule == eager {
		try = 0.85
	}
	if e.tries < 8 && d.chance(try*math.Pow(0.85, float64(e.tries))) {
		if d.chance(0.5) {
			next.at += 15*second + d.wait(90)
		} else {
			next.at += 3*minute + d.wait(3000)
		}
		k.queue.push(next)
		return
	}
	if e.who.place == nil && d.chance(0.22) {
		next.what, next.tries = takeParty, 0
		next.at += d.seconds(length{900, 1.2, 20, 20 * 3600})
		k.queue.push(next)
	}
}

// receive takes a call in.
func (k *worker) receive(e *event, line int) {
	d, h := k.d, k.c.habits
	s := k.site(e)
	p := e.who
	if e.what == takeCall {
		p = k.caller()
	}
	shown := ""
	if p != nil {
		shown = p.shown
	}
	chance := h.pickup
	if h.work[e.at%day/hour] < 0.1 {
		chance *= 0.5 // nobody is there but who is
	}
	answered := d.chance(chance) && e.answer >= 0
	setup, talk := d.seconds(length{7, 0.7, 0.8, 50}), int64(0)
	if answered {
		talk = d.seconds(h.talk)
	} else {
		setup = d.seconds(length{22, 0.6, 1, 90})
	}
	to := h.style.presented(s.number(d), true)
	k.emit(e, line, tsujiban.In, pick(d, k.gates), shown, to, setup, talk)
	if p == nil {
		return
	}
	back := event{what: callParty, who: p, site: -1, at: e.at + setup + talk, surprise: e.surprise}
	switch {
	case !answered && d.chance(h.ringback):
		back.at += d.seconds(length{700, 1.3, 20, 30 * 3600})
		k.queue.push(back)
	case !answered && d.chance(0.4):
		back.what = takeParty
		back.at += minute + d.wait(900)
		k.queue.push(back)
	case answered && d.chance(0.06):
		back.at += d.seconds(length{3600, 1.2, 60, 40 * 3600})
		k.queue.push(back)
	}
}
