package edge

import (
	"testing"
	"time"

	"tsujiban"
)

// A call that was being set up when the program stopped may be answered after all. The answer is hung up, costs
// from the moment at which it may have been given, and is booked.
func TestAnsweredWhileAway(t *testing.T) {
	for _, c := range []struct {
		name  string
		after time.Duration // from the restart to the answer
		talk  time.Duration // charged at least
	}{{"while the program was away", 2 * time.Second, 7 * time.Second}, {"long after", time.Minute, 0}} {
		t.Run(c.name, func(t *testing.T) {
			l := newLab(t)
			pbx, carrier := l.agent("pbx", "udp"), l.carrier("carrier", "udp", 1, 0)
			l.start()
			pbx.sendTo(pbx.edgeAddr(), pbx.newInvite("a", "0312345678"))
			pbx.receive() // 100
			l.commit()
			invite := carrier.receive()
			d := carrier.note("a", invite)
			l.clock.add(5 * time.Second)
			l.restart()
			if n := len(l.edge.Live(nil)); n != 0 {
				t.Errorf("%d calls are shown as running", n)
			}
			if n := l.edge.Drain(t.Context()); n != 0 {
				t.Errorf("%d calls are waited for", n)
			}
			l.advance(c.after)
			answer := carrier.response(d, invite, 200)
			for range 2 { // it is repeated until the ACK comes
				carrier.sendTo(invite.from, answer)
			}
			l.settle()
			if m := carrier.receive(); m.what() != "ACK" || m.get("To") != d.local {
				t.Fatalf("after the answer:\n%s", m.raw)
			}
			bye := carrier.receive()
			if bye.what() != "BYE" || bye.get("Call-ID") != d.callID || bye.get("To") != d.local || bye.get("From") != d.remote {
				t.Fatalf("after the ACK:\n%s", bye.raw)
			}
			if m := carrier.receive(); m.what() != "ACK" {
				t.Fatalf("after the repeated answer:\n%s", m.raw)
			}
			carrier.sendTo(bye.from, carrier.response(d, bye, 200))
			l.settle()
			got := l.desk.call(0)
			if !got.answered || got.outcome == nil || got.outcome.Cut != tsujiban.ReasonCallGone || got.outcome.Carrier != "carrier" {
				t.Fatalf("the desk knows %+v, outcome %+v", got, got.outcome)
			}
			if talk := got.ended.Sub(got.answeredAt); talk < c.talk || talk > c.talk+time.Second {
				t.Errorf("it is charged for %v, want %v", talk, c.talk)
			}
			l.finish()
		})
	}
}

// Nobody answers: the record is closed when the carrier has nothing more to say.
func TestNotAnsweredWhileAway(t *testing.T) {
	l := newLab(t)
	pbx, carrier := l.agent("pbx", "udp"), l.carrier("carrier", "udp", 1, 0)
	l.start()
	pbx.sendTo(pbx.edgeAddr(), pbx.newInvite("a", "0312345678"))
	pbx.receive() // 100
	l.commit()
	invite := carrier.receive()
	d := carrier.note("a", invite)
	l.restart()
	carrier.sendTo(invite.from, carrier.response(d, invite, 180))
	l.advance(l.edge.opt.RingLimit)
	if got := l.desk.call(0); got.outcome != nil {
		t.Fatalf("given up while it may still ring: %+v", got.outcome)
	}
	l.advance(33 * time.Second)
	if got := l.desk.call(0); got.outcome == nil || got.outcome.Cut != tsujiban.ReasonCallGone || got.answered {
		t.Fatalf("the desk knows %+v", got)
	}
	// What comes now is hung up all the same.
	carrier.sendTo(invite.from, carrier.response(d, invite, 200))
	for _, want := range []string{"ACK", "BYE"} {
		m := carrier.receive()
		if m.what() != want {
			t.Fatalf("want %s:\n%s", want, m.raw)
		}
		if want == "BYE" {
			carrier.sendTo(m.from, carrier.response(d, m, 200))
		}
	}
	l.finish()
}
