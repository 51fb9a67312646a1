package app

import (
	"fmt"
	"testing"
	"time"

	"tsujiban"
	"tsujiban/app/control"
)

// pulseEvents are calls over some hours: every third refused, the others answered and ended ten minutes later.
func pulseEvents(n int, every time.Duration) (events []tsujiban.Event) {
	at := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	for i := range n {
		id := tsujiban.NextCallID(0, at) + tsujiban.CallID(i)
		ev := tsujiban.Event{Kind: tsujiban.EventAttempt, At: at, Call: id}
		ev.Attempt.Customer = tsujiban.CustomerID(fmt.Sprintf("c%d", i%100))
		ev.Verdict.Destination = tsujiban.Destination{Scope: tsujiban.ScopeInternational, ISO: [2]byte{'S', byte('A' + i%26)}}
		if i%3 == 0 {
			ev.Verdict.Action = tsujiban.Deny
		}
		events = append(events, ev)
		if i%3 != 0 {
			events = append(events, tsujiban.Event{Kind: tsujiban.EventAnswered, At: at, Call: id},
				tsujiban.Event{Kind: tsujiban.EventEnded, At: at.Add(10 * time.Minute), Call: id, Outcome: tsujiban.Outcome{Charge: tsujiban.Unit, Carrier: "a"}})
		}
		at = at.Add(every)
	}
	return events
}

func (p *pulse) total(now time.Time) (attempts, denied, answered int, charge control.Amount) {
	for _, h := range p.past(now, map[pulsePlace]*control.OverviewPlace{}, map[tsujiban.CustomerID]*control.OverviewRisk{}, map[tsujiban.CarrierID]*control.CarrierHealth{}) {
		attempts, denied, answered, charge = attempts+h.Attempts, denied+h.Denied, answered+h.Answered, charge+h.Charge
	}
	return attempts, denied, answered, charge
}

func TestPulseForgets(t *testing.T) {
	var p pulse
	events := pulseEvents(3000, time.Minute) // 50 hours
	p.apply(events)
	now := events[len(events)-1].At
	attempts, denied, answered, charge := p.total(now)
	if attempts < 47*60 || attempts > 48*60 || denied < attempts/3-1 || answered < 47*40 || charge != control.Amount(answered)*control.Amount(tsujiban.Unit) {
		t.Errorf("%d attempts, %d denied, %d answered, %v", attempts, denied, answered, charge)
	}
	if len(p.running) != 0 {
		t.Errorf("%d run for ever", len(p.running))
	}
	if attempts, _, _, _ := p.total(now.Add(72 * time.Hour)); attempts != 0 {
		t.Errorf("%d attempts three days later", attempts)
	}
	p.apply(pulseEvents(1, time.Minute)) // long ago
	if again, _, _, _ := p.total(now); again != attempts {
		t.Errorf("%d attempts, then %d", attempts, again)
	}
}

// BenchmarkPulse is what an event costs, and a look after a million calls.
func BenchmarkPulse(b *testing.B) {
	events := pulseEvents(1_000_000, 170*time.Millisecond)
	now := events[len(events)-1].At
	var p pulse
	b.Run("apply", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			p.apply(events[i%len(events) : i%len(events)+1])
		}
	})
	p = pulse{}
	p.apply(events)
	b.Run("look", func(b *testing.B) {
		for b.Loop() {
			p.total(now)
		}
	})
}
