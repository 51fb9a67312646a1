package edge

import (
	"time"

	"tsujiban"
	"tsujiban/sipwire"
)

// Restored is a call that was up, or being set up, when the program stopped, as the journal knows it.
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
	// Unanswered says that the call was being set up. Nobody sees it through any more, but the callee may have
	// answered meanwhile, from Answered on at the earliest. Dialog holds no more than the SIP Call-ID.
	Unanswered bool
	Next       time.Time // when to ask Desk.Extend; zero: never
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
		c.state = callUp
		c.direction, c.customer, c.trunk = o.Direction, o.Customer, o.Trunk
		c.carrier, c.caller, c.callee, c.dest = o.Dialog.Carrier, o.Caller, o.Callee, o.Dest
		c.started, c.answered = o.Started, o.Answered
		c.sipCallID = append(c.sipCallID[:0], o.Dialog.SIPCallID...)
		if o.Unanswered {
			w.restoreLost(c)
			continue
		}
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

// restoreLost waits for what the carrier may still say of a call that was being set up: it rings for at most
// Options.RingLimit, and repeats an answer for 32 s (RFC 3261 §13.3.1.4).
func (w *worker) restoreLost(c *call) {
	c.state = callLost
	w.e.calls.lost++
	c.expires = w.ms + w.e.opt.RingLimit.Milliseconds() + t1x64
	w.armCall(c)
}

// answeredLost takes the 2xx of a call whose set-up a restart has cut off. It is hung up, and it costs. Whoever
// answered longer ago than answers are repeated has just done so.
func (w *worker) answeredLost(c *call, m *sipwire.Message, fl *flow, from tsujiban.CarrierID) {
	w.e.calls.lost--
	at := w.now
	if w.ms < t1x64 && c.answered.Before(at) {
		at = c.answered
	}
	c.state, c.answered, c.carrier = callUp, at, from
	l := &c.legs[legCaller]
	l.setIdentity(m.Get(sipwire.From))
	l.cseq = m.CSeq
	l = &c.legs[legCallee]
	l.setIdentity(m.Get(sipwire.To))
	l.setTarget(m.Get(sipwire.Contact))
	l.routes = w.appendRoutes(l.routes[:0], m, c.id, calleeRoutes, true)
	l.flow, l.src = *fl, fl.addr.Addr()
	c.dialog(&w.dialog)
	w.e.opt.Desk.Answered(c.id, at, &w.dialog)
	w.e.stats.answered.Add(1)
	w.ackAnswer(m, fl, c.id)
	w.teardown(c, tsujiban.ReasonCallGone)
}
