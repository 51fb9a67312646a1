package fraud

import "testing"

// TestProfile: after four weeks the figures are those of what the customer did, and reading them changes nothing.
func TestProfile(t *testing.T) {
	var m Model
	var s State
	now := year(t, &m, &s, 4)
	before := s
	p := s.Profile(now)
	if s != before {
		t.Error("a look changed the state")
	}
	if len(p.Destinations) != 2 || p.Destinations[0].Share+p.Destinations[1].Share < 0.999 || p.Destinations[0].Days < 20 || p.Destinations[0].Trust < 80 {
		t.Errorf("destinations %+v", p.Destinations)
	}
	calls := 0
	for hour, n := range p.Hours {
		if calls += n; n > 0 && hour%24 != 10 && hour%24 != 11 && hour%24 != 15 && hour%24 != 16 {
			t.Errorf("%d calls at %d o'clock", n, hour%24)
		}
	}
	if calls < 50 || p.Abroad != 1 || p.Suspected || p.History < 50 || p.LengthAbroad[2] == 0 || p.LengthAbroad[0] != 0 {
		t.Errorf("%d calls, %+v", calls, p)
	}
	if !p.KnowsSource(1) || p.KnowsSource(2) || !p.KnowsAgent(1) {
		t.Error("sources and devices are not those of the calls")
	}
	if p := new(State).Profile(now); p.Observed != 0 || len(p.Destinations) != 0 {
		t.Errorf("of nobody: %+v", p)
	}
}
