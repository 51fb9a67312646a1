package app

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"tsujiban"
	"tsujiban/store"
)

// pulse is the last two days by the hour: what was asked for, refused and charged, by destination, customer and carrier. It follows the
// calls view, in memory, so that a page that is looked at all day costs no walk through a million calls; a start fills it
// from the view.
type pulse struct {
	mu      sync.Mutex // guards what follows
	hours   [pulseHours]pulseHour
	running map[tsujiban.CallID]pulseCall
	latest  int64 // the latest hour
}

const (
	pulseHours = 48
	pulseNames = 5000 // customers or destinations that one hour tells apart; what is beyond counts in its totals only
)

// pulseHour is one hour of the world's clock.
type pulseHour struct {
	hour int64 // hours since 1970; 0: empty
	pulseSum
	places    map[pulsePlace]*pulseSum
	customers map[tsujiban.CustomerID]*pulseSum
	carriers  map[tsujiban.CarrierID]*pulseSum // of calls that have ended
}

type pulsePlace struct {
	country string
	scope   tsujiban.Scope
}

type pulseSum struct {
	attempts, denied, answered, ended int
	charge                            tsujiban.Money
}

// pulseCall is what has to be known of a running call when it ends.
type pulseCall struct {
	hour     int64
	place    pulsePlace
	customer tsujiban.CustomerID
	answered bool
}

func hourOf(at time.Time) int64 { return at.Unix() / 3600 }

// at finds the hour, nil when it is too long ago. mu is held.
func (p *pulse) at(hour int64) *pulseHour {
	if hour <= p.latest-pulseHours || hour <= 0 {
		return nil
	}
	h := &p.hours[hour%pulseHours]
	if h.hour != hour {
		*h = pulseHour{hour: hour, places: map[pulsePlace]*pulseSum{}, customers: map[tsujiban.CustomerID]*pulseSum{}, carriers: map[tsujiban.CarrierID]*pulseSum{}}
	}
	p.latest = max(p.latest, hour)
	return h
}

func named[K comparable](m map[K]*pulseSum, k K) *pulseSum {
	s := m[k]
	if s == nil {
		if s = (&pulseSum{}); len(m) < pulseNames {
			m[k] = s
		}
	}
	return s
}

// sums are those that a call counts in.
func (h *pulseHour) sums(c *pulseCall) [3]*pulseSum {
	return [3]*pulseSum{&h.pulseSum, named(h.places, c.place), named(h.customers, c.customer)}
}

// apply follows a batch of events.
func (p *pulse) apply(events []tsujiban.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range events {
		ev := &events[i]
		switch ev.Kind {
		case tsujiban.EventAttempt:
			if ev.Attempt.Direction == tsujiban.Out {
				d := ev.Verdict.Destination
				p.asked(ev.Call, ev.Verdict.Action, &pulseCall{hour: hourOf(ev.At), place: pulsePlace{d.Country(), d.Scope}, customer: ev.Attempt.Customer})
			}
		case tsujiban.EventAnswered:
			if c, ok := p.running[ev.Call]; ok {
				c.answered = true
				p.running[ev.Call] = c
			}
		case tsujiban.EventEnded:
			if c, ok := p.running[ev.Call]; ok {
				delete(p.running, ev.Call)
				p.ended(&c, hourOf(ev.At), ev.Outcome.Charge, ev.Outcome.Carrier)
			}
		}
	}
}

func (p *pulse) asked(id tsujiban.CallID, action tsujiban.Action, c *pulseCall) {
	if h := p.at(c.hour); h != nil {
		for _, s := range h.sums(c) {
			s.attempts++
			if action == tsujiban.Deny {
				s.denied++
			}
		}
	}
	if action == tsujiban.Deny {
		return
	}
	if p.running == nil {
		p.running = map[tsujiban.CallID]pulseCall{}
	}
	p.running[id] = *c
}

// ended counts money in the hour in which the call ended, for that is when it was spent.
func (p *pulse) ended(c *pulseCall, hour int64, charge tsujiban.Money, carrier tsujiban.CarrierID) {
	h := p.at(hour)
	if h == nil {
		return
	}
	count := func(s *pulseSum) {
		s.ended++
		s.charge = s.charge.Add(charge)
		if c.answered {
			s.answered++
		}
	}
	for _, s := range h.sums(c) {
		count(s)
	}
	if carrier != "" {
		count(named(h.carriers, carrier))
	}
}

// fillPulse reads the last two days from the view, before the view follows on.
func (a *App) fillPulse(ctx context.Context) {
	now := a.now()
	var p pulse // nobody who looks waits for it
	err := a.store.EachCall(ctx, "", now.Add(-pulseHours*time.Hour), now.Add(time.Hour), func(s *store.CallSum) error {
		if s.Direction != tsujiban.Out {
			return nil
		}
		c := pulseCall{hour: hourOf(s.At), place: pulsePlace{s.Destination.Country(), s.Destination.Scope}, customer: s.Customer, answered: s.Answered}
		p.asked(s.ID, s.Action, &c)
		if !s.Running && s.Action != tsujiban.Deny {
			delete(p.running, s.ID)
			p.ended(&c, hourOf(s.At.Add(s.Talk)), s.Charge, s.Carrier)
		}
		return nil
	})
	if err != nil && ctx.Err() == nil {
		a.log.Warn("the overview begins empty: the calls of the last two days cannot be read", slog.Any("error", err))
	}
	a.pulse.mu.Lock()
	defer a.pulse.mu.Unlock()
	a.pulse.hours, a.pulse.running, a.pulse.latest = p.hours, p.running, p.latest
}
