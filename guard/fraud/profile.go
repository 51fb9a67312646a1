package fraud

import (
	"time"

	"tsujiban"
)

// Profile is what is known of one customer, in plain figures. It is a copy: nothing of it follows the state.
type Profile struct {
	Destinations []ProfileDestination // called before, the most called first
	Hours        [168]int             // settled calls by the hour of the week, from Monday 00:00; old ones fade
	LengthAbroad [kinds]int           // answered calls by length: under 15 s, 1, 3, 10, 30 min, longer
	LengthHome   [kinds]int
	Today        int                  // calls out at home so far today
	FullestDay   int                  // calls out at home on the fullest day, fading
	Odd          tsujiban.Decibans    // what calls abroad weigh on a usual day
	Abroad       float64              // the share of calls that leave the country, 0 to 1
	New          float64              // the share of calls abroad that go to new destinations, 0 to 1
	Answered     float64              // the share of calls abroad that reach somebody, 0 to 1
	Observed     int                  // settled calls that all this rests on; old ones fade
	History      int                  // how far the customer is known by them, in percent
	Suspected    bool                 // calls teach nothing at present
	Pending      time.Time            // since when what is learned waits to settle; zero: nothing does
	Weights      [3]tsujiban.Decibans // abroad, at home, from a new source

	sources, agents known
}

// ProfileDestination is one destination that the customer calls.
type ProfileDestination struct {
	Key    uint16    // tsujiban.Destination.Key
	Share  float64   // of its calls abroad, 0 to 1
	Calls  int       // settled; old ones fade
	Days   int       // on how many days
	Trust  int       // how far it is the customer's own, in percent
	Last   time.Time // last call there
	Heard  time.Time // last call in from there; zero: none
	Weight tsujiban.Decibans
}

// Profile tells what is known, as of an instant (milliseconds since 1970).
func (s *State) Profile(now int64) Profile {
	h := &s.settled
	p := Profile{
		Today: int(s.today.calls), FullestDay: int(s.today.peak) / 100, Odd: s.today.usuallyOdd.decibans(),
		History: int(s.history()), Suspected: s.suspected(now), Observed: int(h.topics[topicAbroad].total() / hit),
		Weights: [3]tsujiban.Decibans{s.abroad.value(now, s.leakAbroad()).decibans(), s.home.value(now, leakHome).decibans(), s.source.value(now, leakSource).decibans()},
		sources: h.sources, agents: h.agents,
	}
	if s.pendingSince != 0 {
		p.Pending = time.UnixMilli(s.pendingSince).UTC()
	}
	for i, n := range h.hours.calls {
		p.Hours[i] = int(n)
	}
	for i := range kinds {
		p.LengthAbroad[i], p.LengthHome[i] = int(h.topics[topicDuration][i]/hit), int(h.topics[topicHomeLength][i]/hit)
	}
	p.Abroad, p.New, p.Answered = h.topics[topicAbroad].second(), h.topics[topicNovelty].second(), h.topics[topicAnswered].second()
	p.destinations(s, now)
	return p
}

func (p *Profile) destinations(s *State, now int64) {
	var total uint64
	for i := range s.destinations {
		total += uint64(s.destinations[i].calls)
	}
	for i := range s.destinations {
		d := &s.destinations[i]
		if d.last == 0 || d.calls == 0 {
			continue
		}
		e := ProfileDestination{
			Key: d.key, Share: float64(d.calls) / float64(total), Calls: int(d.calls / hit), Days: int(d.days), Trust: int(d.trust()),
			Last: time.UnixMilli(d.last).UTC(), Weight: d.scope.value(now, leakHere).decibans(),
		}
		if d.heard != 0 {
			e.Heard = time.UnixMilli(d.heard).UTC()
		}
		at := len(p.Destinations)
		for at > 0 && p.Destinations[at-1].Share < e.Share {
			at--
		}
		p.Destinations = append(p.Destinations, ProfileDestination{})
		copy(p.Destinations[at+1:], p.Destinations[at:])
		p.Destinations[at] = e
	}
}

// second is the share of the second of two kinds.
func (h *habit) second() float64 {
	if n := h.total(); n > 0 {
		return float64(h[1]) / float64(n)
	}
	return 0
}

// KnowsSource tells whether a source (HashAddress) is one that the customer calls from.
func (p *Profile) KnowsSource(key uint32) bool { return p.sources.has(key) }

// KnowsAgent does so for a device (HashText).
func (p *Profile) KnowsAgent(key uint32) bool { return p.agents.has(key) }
