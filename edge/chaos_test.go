package edge

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"tsujiban"
)

// TestChaos lets PBXs and carriers do anything in any order over a network that loses, repeats and
// swaps messages, while the journal stalls and fails, calls are cut and carriers are changed. Whatever
// happens, the desk's promises hold (see testDesk), no INVITE leaves before its record, no call that a
// carrier answered goes on costing unseen, and in the end nothing is left.
func TestChaos(t *testing.T) {
	seeds := 100
	if testing.Short() {
		seeds = 10
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			newChaos(t, uint64(seed)).run()
		})
	}
}

type chaos struct {
	t         *testing.T
	rng       *rand.Rand
	g         *rig
	desk      *testDesk
	agents    map[string]*agent // by address
	pbx       *agent
	carriers  []*agent
	net       []parcel // on the way
	committed uint64
	failing   bool
	calls     int
	winding   bool
	finals    map[string]string // the final response to an INVITE, by its topmost Via
	bills     map[*dialog]*bill
	log       []string
}

// bill is a call that a carrier answered, and charges for until it is over.
type bill struct {
	carrier           *agent
	answer            string
	acked, over, sure bool
}

// parcel is a message on the way to or from the edge.
type parcel struct {
	from, to string // one of them is the edge, ""
	raw      string
}

func newChaos(t *testing.T, seed uint64) *chaos {
	c := &chaos{t: t, rng: rand.New(rand.NewPCG(seed, 37)), desk: newTestDesk(t), agents: map[string]*agent{}, bills: map[*dialog]*bill{}, finals: map[string]string{}}
	c.desk.extend = 30 * time.Second
	c.g = newRig(t, c.desk, func(o *Options) {
		o.PassOnJournalFailure = seed%4 == 3
		o.RingLimit, o.IdleLimit = 20*time.Second, 90*time.Second
		for i := range o.Carriers {
			o.Carriers[i].Probe = 5 * time.Second
		}
	})
	c.desk.edge = c.g.e
	c.pbx = c.add("pbx", "203.0.113.1:5060")
	c.carriers = []*agent{c.add("carrier", "198.51.100.1:5060"), c.add("carrier2", "198.51.100.2:5060")}
	return c
}

func (c *chaos) add(name, addr string) *agent {
	a := c.g.agent(name, addr)
	c.agents[addr] = a
	return a
}

func (c *chaos) chance(percent int) bool { return c.rng.IntN(100) < percent }

func (c *chaos) run() {
	for range 1_500 {
		c.step()
	}
	c.wind()
	// Everybody falls silent, and time runs out for all that is left.
	for range 1_000 {
		c.collect(c.g.pass(time.Second))
		c.net = nil
	}
	for d, b := range c.bills {
		if !b.over {
			c.t.Errorf("%s still charges for the call %s, acknowledged %v:\n%s", b.carrier.name, d.callID, b.acked, c.story(d.callID))
		}
	}
	c.desk.settled()
	e := c.g.e
	if c.t.Failed() || len(e.calls.byID) > 0 || e.relays.byKey.n > 0 || e.relays.inUse > 2*len(e.carriers.list) || !e.held.empty() {
		c.t.Errorf("left behind: %d calls, %d relays (%d by key), %d held; the last steps:\n%s", len(e.calls.byID), e.relays.inUse, e.relays.byKey.n, e.held.waiting(),
			strings.Join(c.log[max(0, len(c.log)-60):], "\n"))
	}
}

// wind ends everything: the PBX is gone, and the carriers do what they should. They repeat the answers that were not
// acknowledged (RFC 3261 §13.3.1.4) and take every BYE.
func (c *chaos) wind() {
	c.winding, c.failing = true, false
	c.swapCarriers(true)
	for second := range 250 {
		for _, b := range c.bills {
			if !b.acked && !b.over && second%4 == 0 && second < 32 {
				c.net = append(c.net, parcel{from: b.carrier.addr, raw: b.answer})
			}
		}
		for len(c.net) > 0 {
			c.carry()
		}
		c.committed = c.desk.ticket
		c.collect(c.g.commit(c.committed, nil))
		c.collect(c.g.pass(time.Second))
	}
}

func (c *chaos) step() {
	switch n := c.rng.IntN(100); {
	case n < 60 && len(c.net) > 0:
		c.carry()
	case n < 68:
		c.pass(time.Duration(c.rng.IntN(400)) * time.Millisecond)
	case n < 70:
		c.pass(time.Duration(c.rng.IntN(8_000)) * time.Millisecond)
	case n < 80:
		c.journal()
	case n < 90:
		c.newCall()
	case n < 96:
		c.nudge()
	case n < 99:
		c.cut()
	default:
		c.swapCarriers(false)
	}
}

// pass lets time pass. A message is under way for far less than the timers of RFC 3261 reckon with.
func (c *chaos) pass(d time.Duration) {
	for ; d > 0; d -= 200 * time.Millisecond {
		for n := len(c.net); n > 0 && len(c.net) > 0; n-- {
			c.carry()
		}
		c.collect(c.g.pass(min(d, 200*time.Millisecond)))
	}
}

// carry takes a message to its end; mostly the oldest.
func (c *chaos) carry() {
	i := 0
	if c.chance(15) && !c.winding {
		i = c.rng.IntN(len(c.net))
	}
	p := c.net[i]
	c.net = append(c.net[:i], c.net[i+1:]...)
	switch n := c.rng.IntN(100); {
	case c.winding:
	case n < 6:
		return // lost
	case n < 12:
		c.net = append(c.net, p)
	}
	c.note(p)
	if p.to == "" {
		c.collect(c.g.take([]byte(p.raw), c.g.from(p.from)))
		return
	}
	m, err := parseMessage(p.raw)
	if err != nil {
		c.t.Fatal(err)
	}
	if a := c.agents[p.to]; a != nil {
		c.react(a, m)
	}
}

// note writes a message that arrives into the log.
func (c *chaos) note(p parcel) {
	first, _, _ := strings.Cut(p.raw, "\r\n")
	_, id, _ := strings.Cut(p.raw, "\r\nCall-ID: ")
	id, _, _ = strings.Cut(id, "\r\n")
	_, cseq, _ := strings.Cut(p.raw, "\r\nCSeq: ")
	cseq, _, _ = strings.Cut(cseq, "\r\n")
	if cseq == "1 OPTIONS" {
		return
	}
	c.log = append(c.log, fmt.Sprintf("%s %s -> %s: %s, %s, %s", c.g.clock.Now().Format("05.000"), p.from, p.to, first, cseq, id))
}

// story is what happened to one call.
func (c *chaos) story(id string) string {
	var lines []string
	for _, l := range c.log {
		if strings.HasSuffix(l, ", "+id) {
			lines = append(lines, strings.TrimSuffix(l, ", "+id))
		}
	}
	return strings.Join(lines, "\n")
}

// collect puts what the edge sent on the way, and looks whether it may.
func (c *chaos) collect(sent []packet) {
	for _, p := range sent {
		raw := string(p.raw)
		if strings.HasPrefix(raw, "INVITE ") {
			c.mayLeave(raw)
		}
		c.net = append(c.net, parcel{to: p.flow.addr.String(), raw: raw})
	}
}

// mayLeave fails the test when an INVITE leaves whose record is not on disk.
func (c *chaos) mayLeave(raw string) {
	_, after, ok := strings.Cut(raw, "\r\nRecord-Route: <sip:"+rigAddr+";lr;tj=")
	if !ok {
		return // a re-INVITE
	}
	id, err := tsujiban.ParseCallID(after[:13])
	if err != nil {
		c.t.Fatal(err)
	}
	d := c.desk.calls[id]
	switch {
	case d == nil || d.denied || d.outcome != nil:
		c.t.Errorf("the INVITE of a call leaves that is not allowed, or over:\n%s", raw)
	case d.ticket > c.committed && d.dialled != "110" && !c.g.e.opt.PassOnJournalFailure:
		c.t.Errorf("an INVITE leaves with ticket %d, but only %d is on disk", d.ticket, c.committed)
	}
}

func (c *chaos) send(a *agent, m *message) {
	c.charge(a, m, true)
	c.net = append(c.net, parcel{from: a.addr, raw: m.String()})
}

// charge notes what a carrier says, or is told, about calls that cost. Who gets a BYE takes the call for over, unless he
// refuses it.
func (c *chaos) charge(a *agent, m *message, says bool) {
	if a == c.pbx {
		return
	}
	for _, d := range a.dialogs {
		if d.callID != m.get("Call-ID") {
			continue
		}
		b := c.bills[d]
		switch {
		case b == nil && m.what() == "200" && !d.mine && strings.HasPrefix(d.callID, "pbx") && d.invite.cseq() == 1:
			c.bills[d] = &bill{carrier: a, answer: m.String()}
		case b == nil || b.sure:
		case m.what() == "ACK":
			b.acked = b.acked || !says
		case m.what() == "BYE":
			b.over, b.sure = true, says
		case says && (m.what() == "200 BYE" || m.what() == "481 BYE"):
			b.over, b.sure = true, true
		case says && m.method() == "BYE":
			b.over = false
		}
	}
}

func (c *chaos) journal() {
	if c.chance(10) {
		c.failing = !c.failing
	}
	var err error
	if c.failing {
		err = errors.New("the disk is full")
	} else {
		c.committed = c.desk.ticket
	}
	c.desk.full = c.failing && c.chance(30)
	c.collect(c.g.commit(c.committed, err))
}

func (c *chaos) newCall() {
	c.calls++
	label := fmt.Sprint(c.calls)
	switch n := c.rng.IntN(10); {
	case n == 0:
		c.send(c.pbx, c.pbx.newInvite(label, "01023276123456"))
	case n == 1:
		c.send(c.pbx, c.pbx.newInvite(label, "110"))
	case n < 4:
		a := c.carriers[c.rng.IntN(len(c.carriers))]
		c.send(a, a.newInvite(label, "0501234567"))
	default:
		m := c.pbx.newInvite(label, "0398765432")
		if c.chance(20) {
			m.add("Session-Expires", "90")
		}
		c.send(c.pbx, m)
	}
}

// nudge has somebody do something within one of his calls.
func (c *chaos) nudge() {
	a := c.pbx
	if c.chance(40) {
		a = c.carriers[c.rng.IntN(len(c.carriers))]
	}
	for label, d := range a.dialogs { // in random order
		switch n := c.rng.IntN(10); {
		case d.mine && d.final == nil && n < 5:
			c.send(a, a.hopByHop(d, "CANCEL"))
		case n < 6 && d.invite != nil && param(d.remote, "tag") != "":
			method := []string{"BYE", "BYE", "BYE", "INFO", "UPDATE", "INVITE"}[c.rng.IntN(6)]
			if method == "BYE" && !d.mine && c.finals[d.invite.all("Via")[0]] == "" {
				method = "INFO" // who is called may not hang up before he has answered (RFC 3261 §15)
			}
			c.send(a, a.within(d, method))
		case n < 7:
			delete(a.dialogs, label) // gone without a word
			delete(c.bills, d)
		}
		return
	}
}

func (c *chaos) cut() {
	for id := range c.desk.calls {
		c.g.e.Cut(id, []tsujiban.Reason{tsujiban.ReasonFraud, tsujiban.ReasonCapDay, tsujiban.ReasonStaff}[c.rng.IntN(3)])
		break
	}
	if c.chance(20) {
		c.desk.refuse = tsujiban.ReasonCapMonth
	} else {
		c.desk.refuse = tsujiban.ReasonNone
	}
	c.collect(c.g.pass(0))
}

func (c *chaos) swapCarriers(both bool) {
	list := []Carrier{{ID: "a", Address: "198.51.100.1:5060", Transport: "udp", Priority: c.rng.IntN(2), Probe: 5 * time.Second}}
	if both || c.chance(80) {
		list = append(list, Carrier{ID: "b", Address: "198.51.100.2:5060", Transport: "udp", Priority: c.rng.IntN(2), Probe: 5 * time.Second})
	}
	if err := c.g.e.SetCarriers(list); err != nil {
		c.t.Fatal(err)
	}
}

// react is what an agent does with a message: mostly what it should.
func (c *chaos) react(a *agent, m *message) {
	label := ""
	for l, d := range a.dialogs {
		if d.callID == m.get("Call-ID") {
			label = l
		}
	}
	if label == "" {
		c.calls++
		label = fmt.Sprint(c.calls)
	}
	d := a.note(label, m)
	switch {
	case c.winding && a == c.pbx: // gone
	case m.what() == "ACK":
		c.charge(a, m, false)
	case m.status() == 0:
		c.charge(a, m, false)
		c.answer(a, d, m)
	case m.method() == "INVITE" && m.status() >= 200 && d != nil && d.mine && d.invite.cseq() == m.cseq():
		c.send(a, a.ack(d))
	}
}

// answer responds to a request, or does not. An INVITE gets one final response, and that again when it is repeated.
func (c *chaos) answer(a *agent, d *dialog, m *message) {
	if d == nil {
		d = &dialog{local: m.get("To") + ";tag=none"}
	}
	pick := func(list ...int) {
		if status := list[c.rng.IntN(len(list))]; status > 0 {
			c.send(a, a.response(d, m, status))
		}
	}
	switch method := m.method(); {
	case method == "INVITE":
		if !c.winding {
			pick(100, 0)
			pick(180, 183, 0)
		}
		c.final(a, d, m, 200, 200, 200, 486, 503, 503, 0, 603)
	case method == "CANCEL":
		pick(200, 200, 481, 0)
		if d.invite != nil && !d.mine {
			c.final(a, d, d.invite, 487, 487, 200)
		}
	case c.winding:
		pick(200)
	case method == "BYE":
		pick(200, 200, 200, 481, 500, 401, 0)
	case method == "OPTIONS":
		pick(200, 200, 503, 0)
	default:
		pick(200, 200, 481, 500, 0)
	}
}

// final sends the final response to an INVITE: the one that it had, or one of those given.
func (c *chaos) final(a *agent, d *dialog, invite *message, list ...int) {
	via := invite.all("Via")[0]
	raw := c.finals[via]
	if raw == "" {
		status := list[c.rng.IntN(len(list))]
		if status == 0 {
			return
		}
		m := a.response(d, invite, status)
		c.charge(a, m, true)
		raw = m.String()
		c.finals[via] = raw
	}
	c.net = append(c.net, parcel{from: a.addr, raw: raw})
}
