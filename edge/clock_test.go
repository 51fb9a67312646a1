package edge

import (
	"testing"
	"time"

	"tsujiban"
)

// The wall clock is set forward or back while calls run: no timer of theirs goes by it, and time stands in what
// the desk is told as the wall clock shows it.
func TestWallClockSteps(t *testing.T) {
	for _, step := range []time.Duration{24 * time.Hour, -24 * time.Hour} {
		t.Run(step.String(), func(t *testing.T) {
			desk := newTestDesk(t)
			desk.extend = time.Minute
			g := newRig(t, desk, nil)
			var mono time.Duration
			g.e.since = func(time.Time) int64 { return mono.Milliseconds() }
			pass := func(d time.Duration) []packet {
				mono += d
				return g.pass(d)
			}
			pbx, carrier := g.agent("pbx", "203.0.113.1:5060"), g.agent("carrier", "198.51.100.1:5060")
			g.send(t, pbx, pbx.newInvite("", "0398765432"))
			inv := parsed(t, g.commit(desk.ticket, nil))[carrier.addr][0]

			g.clock.add(step)
			if out := pass(100 * time.Millisecond); len(out) != 0 {
				t.Fatalf("the step alone sends %d messages", len(out))
			}
			if out := pass(450 * time.Millisecond); len(out) != 1 || string(out[0].raw) != inv.raw {
				t.Fatal("the INVITE is not repeated after half a second")
			}
			g.send(t, carrier, carrier.response(carrier.note("", inv), inv, 200))
			if got := desk.call(0); !got.answered || got.extends != 0 {
				t.Fatalf("the call %s, extended %d times", got.summary(), got.extends)
			}
			g.clock.add(-step)
			pass(59 * time.Second)
			if n := desk.call(0).extends; n != 0 {
				t.Errorf("the desk was asked %d times before the minute was over", n)
			}
			pass(2 * time.Second)
			if n := desk.call(0).extends; n != 1 {
				t.Errorf("the desk was asked %d times after a minute", n)
			}
			g.clock.add(step)
			desk.refuse = tsujiban.ReasonCapDay
			pass(61 * time.Second)
			pass(40 * time.Second)
			c := desk.call(0)
			if c.outcome == nil || !c.ended.Equal(g.clock.Now().UTC()) {
				t.Errorf("the call %s at %s by a clock that shows %s", c.summary(), c.ended, g.clock.Now())
			}
		})
	}
}

// A clock that goes back altogether stops time, and does not turn it round.
func TestClockGoesBack(t *testing.T) {
	s := newScript(t)
	s.call(t)
	s.g.clock.add(-time.Hour)
	s.call(t)
	s.g.pass(time.Minute)
	if n := s.g.e.relays.inUse; n != 4 {
		t.Errorf("%d relays before the clock is where it was", n)
	}
	s.g.pass(time.Hour)
	if n := s.g.e.relays.inUse; n != 0 {
		t.Errorf("%d relays after", n)
	}
}

func TestWheel(t *testing.T) {
	var w wheel
	w.init()
	var fired []int64
	timers := map[int64]*timer{}
	for _, due := range []int64{0, 1, 19, 20, 21, 500, 32_000, 40_959, 40_960, 41_000, 100_000, 7_200_000} {
		timers[due] = &timer{due: due}
		w.set(timers[due], due)
	}
	w.stop(timers[500])
	w.stop(timers[500])
	w.set(timers[21], 60) // another time instead
	late := int64(0)
	for now := int64(0); now < 7_300_000; now += 30 + now%70 {
		w.advance(now, func(t *timer) {
			fired = append(fired, t.due)
			if t.due >= now {
				panic("before its time")
			}
			late = max(late, now-t.due)
			if t.due == 100_000 { // what fires may set itself anew, and stop others
				w.set(t, 200_000)
				w.stop(timers[7_200_000])
			}
		})
	}
	want := []int64{0, 1, 19, 20, 60, 32_000, 40_959, 40_960, 41_000, 100_000, 200_000}
	if len(fired) != len(want) {
		t.Fatalf("fired %v", fired)
	}
	for i := range want {
		if fired[i] != want[i] {
			t.Fatalf("fired %v, wanted %v", fired, want)
		}
	}
	if late > 100+2*tickMS {
		t.Errorf("late by %d ms", late)
	}
	w.set(timers[0], 7_400_000)
	n := 0
	w.advance(90_000_000, func(*timer) { n++ }) // the machine slept for a day
	if n != 1 {
		t.Errorf("%d timers after a long sleep", n)
	}
}

func TestHeldQueue(t *testing.T) {
	var q heldQueue
	next, taken := uint64(0), uint64(0)
	push := func(n int) {
		for range n {
			next++
			q.push(heldRef{ticket: next})
		}
	}
	push(10)
	for range 100_000 { // never empty
		push(3)
		for range 3 {
			taken++
			if got := q.items[q.head].ticket; got != taken {
				t.Fatalf("ticket %d comes before %d", got, taken)
			}
			q.pop()
		}
	}
	if q.waiting() != 10 || cap(q.items) > 8_192 {
		t.Errorf("%d wait in room for %d", q.waiting(), cap(q.items))
	}
	for range 10 {
		q.pop()
	}
	if !q.empty() {
		t.Error("not empty")
	}
}
