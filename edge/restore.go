package edge

import (
	"time"

	"tsujiban"
)

// Restored is a call that was up when the program stopped, as the journal knows it.
type Restored struct {
	Call      tsujiban.CallID
	Direction tsujiban.Direction
	Customer  tsujiban.CustomerID
	Trunk     tsujiban.TrunkID
	Caller    tsujiban.Number
	Callee    tsujiban.Number
	Dest      tsujiban.Destination
	Started   time.Time
	Answered  time.Time
	Dialog    tsujiban.Dialog
	Next      time.Time // when to ask Desk.Extend; zero: never
}

// Restore takes calls up again after a restart, so that their end is seen and they can be
// ended. Call it before Serve.
func (e *Edge) Restore(list []Restored) {
	w := newWorker(e)
	w.begin()
	defer w.end()
	for i := range list {
		o := &list[i]
		c := e.calls.take(o.Call)
		c.state, c.direction, c.customer, c.trunk = callUp, o.Direction, o.Customer, o.Trunk
		c.carrier, c.caller, c.callee, c.dest = o.Dialog.Carrier, o.Caller, o.Callee, o.Dest
		c.started, c.answered = o.Started, o.Answered
		c.sipCallID = append(c.sipCallID[:0], o.Dialog.SIPCallID...)
		for j, from := range []*tsujiban.Leg{&o.Dialog.Caller, &o.Dialog.Callee} {
			l := &c.legs[j]
			l.setIdentity(from.Identity)
			l.target = append(l.target[:0], from.Target...)
			l.routes = append(l.routes[:0], from.Routes...)
			l.cseq, l.src = from.CSeq, from.Remote.Addr()
			if from.Remote.IsValid() {
				l.flow = flow{lis: e.restoreListener(from), addr: from.Remote}
			}
		}
		c.expires = w.ms + e.opt.IdleLimit.Milliseconds()
		w.setExtend(c, o.Next)
	}
}

func (e *Edge) restoreListener(l *tsujiban.Leg) *listener {
	if l.Local < len(e.listeners) && e.listeners[l.Local].transport == l.Transport {
		return e.listeners[l.Local]
	}
	return e.listenerFor(l.Transport, l.Remote.Addr())
}
