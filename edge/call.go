package edge

import (
	"bytes"
	"net/netip"
	"time"

	"tsujiban"
	"tsujiban/sipwire"
)

// callState is where a call stands.
type callState uint8

const (
	callSetup  callState = iota // no final response yet
	callUp                      // answered
	callEnding                  // BYE is under way
	callLost                    // it was being set up when the program stopped; the callee may have answered
)

// call is a call that the desk allowed, from its INVITE to its end.
type call struct {
	timer     timer
	id        tsujiban.CallID
	state     callState
	direction tsujiban.Direction
	customer  tsujiban.CustomerID
	trunk     tsujiban.TrunkID
	carrier   tsujiban.CarrierID
	callee    tsujiban.Number // for Live
	caller    tsujiban.Number
	dest      tsujiban.Destination
	started   time.Time
	answered  time.Time // callLost: not before this
	sipCallID []byte
	legs      [2]leg // caller, callee
	setup     *relay // the INVITE's relay while it runs
	endedBy   tsujiban.Party
	cut       tsujiban.Reason

	// Milliseconds of the edge's clock; 0 is never.
	extendAt int64
	expires  int64 // session timer or idle limit
	refresh  int64 // the session interval agreed on, 0 without session timer
	giveUp   int64 // callEnding: the end is taken for certain then
	byeAt    int64 // callEnding: a BYE that was refused is sent again then
}

// leg is one side of a call: the neighbour that speaks for it.
type leg struct {
	flow     flow       // where requests to it go
	src      netip.Addr // where its requests come from
	identity []byte     // its From or To value with tag
	tag      []byte     // in identity
	target   []byte     // its Contact URI
	routes   []byte     // proxies on its side, as a Route value
	cseq     uint32     // its last CSeq number, 0 when it sent none
}

const (
	legCaller = 0
	legCallee = 1
)

func (c *call) party(leg int) tsujiban.Party {
	if leg == legCaller {
		return tsujiban.PartyCaller
	}
	return tsujiban.PartyCallee
}

// internal tells a call between a PBX and its own phones.
func (c *call) internal() bool { return c.carrier == "" }

// carrierLeg is the leg on the side of the network, the one that charges.
func (c *call) carrierLeg() int {
	if c.direction != tsujiban.Out {
		return legCaller
	}
	return legCallee
}

type calls struct {
	byID map[tsujiban.CallID]*call
	lost int // those of them that are callLost
	free []*call
}

func (t *calls) take(id tsujiban.CallID) *call {
	var c *call
	if n := len(t.free); n > 0 {
		c = t.free[n-1]
		t.free = t.free[:n-1]
	} else {
		c = &call{}
	}
	c.id = id
	c.timer.call = c
	t.byID[id] = c
	return c
}

// release forgets a call; its timer must have been stopped.
func (t *calls) release(c *call) {
	delete(t.byID, c.id)
	if len(t.free) >= 4096 {
		return
	}
	n := call{sipCallID: c.sipCallID[:0]}
	for i := range c.legs {
		l := &c.legs[i]
		n.legs[i] = leg{identity: l.identity[:0], target: l.target[:0], routes: l.routes[:0]}
	}
	*c = n
	t.free = append(t.free, c)
}

// setIdentity keeps a From or To value and finds its tag.
func (l *leg) setIdentity(value []byte) bool {
	l.identity = append(l.identity[:0], value...)
	a, err := sipwire.ParseAddress(l.identity)
	if err != nil {
		return false
	}
	l.tag, err = a.Tag()
	return err == nil
}

// setTarget keeps the URI of a Contact value.
func (l *leg) setTarget(contact []byte) {
	a, err := sipwire.ParseAddress(contact)
	if err == nil {
		l.target = append(l.target[:0], a.URI...)
	}
}

// sender tells which leg sent a request inside the dialog: Call-ID and both tags must be
// the call's (RFC 3261 §12.2.2), and so must the address it came from. A BYE that
// somebody else made up fails here.
func (w *worker) sender(c *call, q *query) (from int, ok bool) {
	if !bytes.Equal(q.m.Get(sipwire.CallID), c.sipCallID) {
		return 0, false
	}
	fromTag, toTag, err := tags(q.m)
	if err != nil {
		return 0, false
	}
	caller, callee := c.legs[legCaller].tag, c.legs[legCallee].tag
	// Before the answer there may be several callees, each with a tag of its own.
	early := c.state == callSetup
	switch {
	case bytes.Equal(fromTag, caller) && (early || bytes.Equal(toTag, callee)):
		from = legCaller
	case bytes.Equal(toTag, caller) && (early || bytes.Equal(fromTag, callee)):
		from = legCallee
	default:
		return 0, false
	}
	return from, w.speaksFor(c, from, q)
}

// speaksFor tells whether a request comes from where a leg is: the address that it had from the start, or another
// of the same trunk or carrier.
func (w *worker) speaksFor(c *call, leg int, q *query) bool {
	l, a := &c.legs[leg], q.fl.addr.Addr()
	if a == l.src || a == l.flow.addr.Addr() {
		return true
	}
	if leg == c.carrierLeg() && !c.internal() {
		return q.who.carrier != nil && q.who.carrier.ID == c.carrier
	}
	t := q.who.ofTrunk()
	return t != nil && t.ID == c.trunk
}

func tags(m *sipwire.Message) (from, to []byte, err error) {
	a, err := sipwire.ParseAddress(m.Get(sipwire.From))
	if err != nil {
		return nil, nil, err
	}
	if from, err = a.Tag(); err != nil {
		return nil, nil, err
	}
	if a, err = sipwire.ParseAddress(m.Get(sipwire.To)); err != nil {
		return nil, nil, err
	}
	to, err = a.Tag()
	return from, to, err
}

// dialog writes down what ends the call in both directions.
func (c *call) dialog(d *tsujiban.Dialog) {
	d.SIPCallID, d.Carrier = c.sipCallID, c.carrier
	for i, to := range []*tsujiban.Leg{&d.Caller, &d.Callee} {
		l := &c.legs[i]
		*to = tsujiban.Leg{Remote: l.flow.addr, Identity: l.identity, Target: l.target, Routes: l.routes, CSeq: l.cseq}
		if l.flow.lis != nil {
			to.Transport, to.Local = l.flow.lis.transport, l.flow.lis.index
		}
	}
}

// LiveCall is a running call as people see it.
type LiveCall struct {
	Call      tsujiban.CallID
	Direction tsujiban.Direction
	Customer  tsujiban.CustomerID
	Trunk     tsujiban.TrunkID
	Carrier   tsujiban.CarrierID
	Caller    tsujiban.Number
	Callee    tsujiban.Number
	Dest      tsujiban.Destination
	Started   time.Time
	Answered  time.Time // zero while it rings
}

// Live appends the running calls.
func (e *Edge) Live(dst []LiveCall) []LiveCall {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, c := range e.calls.byID {
		if c.state == callEnding || c.state == callLost {
			continue
		}
		dst = append(dst, LiveCall{c.id, c.direction, c.customer, c.trunk, c.carrier, c.caller, c.callee, c.dest, c.started, c.answered})
	}
	return dst
}
