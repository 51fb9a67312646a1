package edge

import (
	"net/netip"
	"testing"
	"time"

	"tsujiban"
)

// restart makes a second edge on the first one's addresses and gives it the calls that the desk saw answered, as
// they stand in the journal.
func (l *lab) restart() {
	l.t.Helper()
	var calls []Restored
	for _, id := range l.desk.order {
		c := l.desk.calls[id]
		if c.outcome != nil {
			continue
		}
		if !c.answered {
			calls = append(calls, Restored{Call: id, Customer: c.attempt.Customer, Trunk: c.attempt.Trunk, Started: c.attempt.At, Answered: c.attempt.At,
				Unanswered: true, Dialog: tsujiban.Dialog{SIPCallID: []byte(c.sipCallID)}})
			continue
		}
		calls = append(calls, Restored{Call: id, Direction: c.attempt.Direction, Customer: c.attempt.Customer, Trunk: c.attempt.Trunk,
			Started: c.attempt.At, Answered: c.attempt.At, Dialog: c.dialog, Next: l.clock.Now().Add(time.Minute)})
	}
	var listeners []Listener
	for _, b := range l.edge.listeners {
		listeners = append(listeners, Listener{Transport: b.transport, Address: b.local.String()})
	}
	agents := l.agents
	l.agents = nil // they outlive the first edge
	l.stop()
	l.agents, l.opt.Listeners, l.worker = agents, listeners, nil
	l.startWith(calls)
}

// After a restart the calls that were up are still on the books: their BYE is understood, and they can be ended in
// both directions.
func TestRestore(t *testing.T) {
	for _, network := range []string{"udp", "tcp"} {
		t.Run(network, func(t *testing.T) {
			l := newLab(t)
			pbx, carrier := l.agent("pbx", network), l.carrier("carrier", "udp", 1, 0)
			l.desk.extend = time.Minute
			l.start()
			for _, label := range []string{"a", "b"} {
				l.connectCall(pbx, carrier, label)
			}
			pbx.disconnect()
			l.restart()
			if n := len(l.edge.Live(nil)); n != 2 {
				t.Fatalf("%d calls are on the books", n)
			}
			// The PBX ends one …
			bye := pbx.within(pbx.dialogs["a"], "BYE")
			pbx.sendTo(pbx.route(bye), bye)
			m := carrier.receive()
			if m.what() != "BYE" {
				t.Fatal(m.raw)
			}
			carrier.sendTo(m.from, carrier.response(carrier.note("a", m), m, 200))
			if got := pbx.receive().what(); got != "200 BYE" {
				t.Fatal(got)
			}
			// … and the guard the other: over TCP it connects to where the PBX listens.
			pbx.disconnect()
			l.edge.Cut(l.desk.call(0).attempt.Call, tsujiban.ReasonStaff)
			l.run()
			for _, a := range []*agent{carrier, pbx} {
				m := a.receive()
				d := a.dialogs["b"]
				if m.what() != "BYE" || m.get("To") != d.local || m.get("From") != d.remote || m.get("Call-ID") != d.callID {
					t.Fatalf("%s: not the BYE of the dialog %q → %q:\n%s", a.name, d.local, d.remote, m.raw)
				}
				a.sendTo(m.from, a.response(d, m, 200))
			}
			l.finish()
		})
	}
}

// disconnect closes the agent's connection, if it has one.
func (a *agent) disconnect() {
	if a.conn == nil {
		return
	}
	if err := a.conn.Close(); err != nil {
		a.lab.fatalf("%v", err)
	}
	a.conn = nil
}

// A call whose money has run out while the program was down is asked about at once; one of which nothing is known any
// more but its id can still be closed.
func TestRestoreOddities(t *testing.T) {
	l := newLab(t)
	l.carrier("carrier", "udp", 1, 0)
	l.desk.extend = time.Minute
	l.desk.refuse = tsujiban.ReasonCapDay
	for id := range tsujiban.CallID(2) {
		l.desk.calls[id+1] = &deskCall{answered: true, attempt: tsujiban.Attempt{Call: id + 1, Customer: "firm"}}
		l.desk.order = append(l.desk.order, id+1)
	}
	l.startWith([]Restored{
		{Call: 1, Customer: "firm", Next: l.clock.Now().Add(-time.Hour), Dialog: tsujiban.Dialog{Caller: tsujiban.Leg{Transport: "ws", Local: 99, Remote: netip.MustParseAddrPort("[::1]:5060")}}},
		{Call: 2, Customer: "firm", Dialog: tsujiban.Dialog{Carrier: "carrier", Caller: tsujiban.Leg{Identity: []byte("no address")}, Callee: tsujiban.Leg{Local: 7}}},
	})
	l.advance(time.Second)
	if got := l.desk.call(1).summary(); got != "ended 200 by guard for cap-day" {
		t.Errorf("the first call %s", got)
	}
	if got := l.desk.call(0).summary(); got != "answered" {
		t.Errorf("the second call %s", got)
	}
	l.advance(3 * time.Hour)
	if got := l.desk.call(0).summary(); got != "ended 200 by guard for session-expired at carrier" {
		t.Errorf("the second call %s", got)
	}
}

// connectCall brings a call up.
func (l *lab) connectCall(pbx, carrier *agent, label string) {
	l.t.Helper()
	want := func(a *agent, what string) *message {
		l.t.Helper()
		m := a.receive()
		if m.what() != what {
			l.t.Fatalf("%s got %s", a.name, m.raw)
		}
		a.note(label, m)
		return m
	}
	pbx.sendTo(pbx.edgeAddr(), pbx.newInvite(label, "0312345678"))
	want(pbx, "100")
	l.commit()
	m := want(carrier, "INVITE")
	carrier.sendTo(m.from, carrier.response(carrier.dialogs[label], m, 200))
	want(pbx, "200")
	ack := pbx.ack(pbx.dialogs[label])
	pbx.sendTo(pbx.route(ack), ack)
	want(carrier, "ACK")
}
