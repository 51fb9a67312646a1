//go:build interop

package interop

import (
	"testing"
	"time"

	"tsujiban/interop/rig"
)

// TestCalls: a hundred calls from PBX to carrier and back, over UDP and TCP.
func TestCalls(t *testing.T) {
	t.Parallel()
	for name, way := range map[string]struct{ pbx, carrier string }{
		"UDP":        {"udp", "udp"},
		"TCP":        {"tcp", "tcp"},
		"UDP to TCP": {"udp", "tcp"},
		"TCP to UDP": {"tcp", "udp"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newParties(t)
			p.Carriers[0].Transport = way.carrier
			g := p.Serve()
			p.carrier.Transport, p.pbx.Transport = way.carrier, way.pbx
			p.carrier.Calls, p.pbx.Calls, p.pbx.Rate, p.pbx.Pause = 100, 100, 50, 200*time.Millisecond
			p.run()
			for _, r := range (want{calls: 100, status: 200, answered: true, by: "caller", carrier: "carrier-a"}).records(t, g) {
				if r.TalkS < .19 || r.TalkS > 10 || r.Charge != rig.Yen(3) || r.Caller != "+81925551234" || r.Callee != "+81312345678" {
					t.Errorf("%+v", r)
				}
			}
			g.Stop()
		})
	}
}

// TestNotAnswered: what the carrier says when it does not put the call through reaches
// the PBX, is recorded, and costs nothing.
func TestNotAnswered(t *testing.T) {
	t.Parallel()
	for name, status := range map[string]int{"busy": 486, "moved": 302, "not found": 404, "server error": 500, "declined": 603} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newParties(t)
			g := p.Serve()
			p.carrier.Scenario, p.pbx.Scenario = scenario("carrier-rejects"), scenario("pbx-refused")
			p.carrier.Status, p.pbx.Status = status, status
			p.carrier.Calls, p.pbx.Calls = 10, 10
			p.run()
			want{calls: 10, status: status, by: "callee", carrier: "carrier-a"}.records(t, g)
			g.Stop()
		})
	}
}

// TestGivenUp: the PBX gives up while it rings, at once or after nobody has answered for
// a while; the carrier hears of it.
func TestGivenUp(t *testing.T) {
	t.Parallel()
	for name, way := range map[string]struct {
		rings time.Duration
		via   string
	}{
		"at once":          {0, "udp"},
		"after a while":    {2 * time.Second, "udp"},
		"at once over TCP": {0, "tcp"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newParties(t)
			p.Carriers[0].Transport = way.via
			g := p.Serve()
			p.carrier.Scenario, p.pbx.Scenario = scenario("carrier-cancelled"), scenario("pbx-cancel")
			p.carrier.Transport, p.pbx.Transport, p.pbx.Pause = way.via, way.via, way.rings
			p.carrier.Calls, p.pbx.Calls = 10, 10
			p.run()
			want{calls: 10, status: 487, by: "caller", carrier: "carrier-a"}.records(t, g)
			g.Stop()
		})
	}
}

// TestRingsForEver: nobody gives up and nobody answers, so the guard does (Timer C, RFC 3261 §16.8).
func TestRingsForEver(t *testing.T) {
	t.Parallel()
	p := newParties(t)
	p.InSIP = `ring_limit = "10s"`
	g := p.Serve()
	p.carrier.Scenario, p.pbx.Scenario = scenario("carrier-cancelled"), scenario("pbx-refused")
	p.pbx.Status = 408
	p.run()
	want{calls: 1, status: 408, carrier: "carrier-a"}.records(t, g)
	g.Stop()
}

// TestLateAnswer: the callee answers in the moment in which the PBX gives up. Such a call is
// up, and costs, until the PBX ends it.
func TestLateAnswer(t *testing.T) {
	t.Parallel()
	p := newParties(t)
	g := p.Serve()
	p.carrier.Scenario, p.pbx.Scenario = scenario("carrier-cancelled"), scenario("pbx-late")
	p.carrier.Late = true
	p.carrier.Calls, p.pbx.Calls = 10, 10
	p.run()
	want{calls: 10, status: 200, answered: true, by: "caller", carrier: "carrier-a", most: 5 * time.Second}.records(t, g)
	g.Stop()
}

// TestHold: re-INVITEs inside the call, with their session descriptions in both directions.
func TestHold(t *testing.T) {
	t.Parallel()
	for name, via := range map[string]string{"UDP": "udp", "TCP": "tcp"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newParties(t)
			p.Carriers[0].Transport = via
			g := p.Serve()
			p.carrier.Scenario, p.pbx.Scenario = scenario("carrier-hold"), scenario("pbx-hold")
			p.carrier.Transport, p.pbx.Transport = via, via
			p.carrier.Ways = []string{"sendonly", "sendrecv"}
			p.pbx.Ways = p.carrier.Ways
			p.carrier.Calls, p.pbx.Calls = 10, 10
			p.run()
			want{calls: 10, status: 200, answered: true, by: "caller", carrier: "carrier-a"}.records(t, g)
			g.Stop()
		})
	}
}

// TestCalleeHangsUp: the BYE comes from the carrier.
func TestCalleeHangsUp(t *testing.T) {
	t.Parallel()
	p := newParties(t)
	g := p.Serve()
	p.carrier.Scenario, p.pbx.Scenario = scenario("carrier-hangs-up"), scenario("pbx-hung-up")
	p.carrier.Pause = 500 * time.Millisecond
	p.carrier.Calls, p.pbx.Calls = 10, 10
	p.run()
	for _, r := range (want{calls: 10, status: 200, answered: true, by: "callee", carrier: "carrier-a"}).records(t, g) {
		if r.TalkS < .4 {
			t.Errorf("talked %v s", r.TalkS)
		}
	}
	g.Stop()
}

// TestCallIn: a call from the carrier to a number of the customer reaches his PBX.
func TestCallIn(t *testing.T) {
	t.Parallel()
	p := newParties(t)
	pbx := rig.FreePort(t, p.PBX)
	p.Customers = addressOf(p.Customers, pbx.String())
	g := p.Serve()
	in := rig.SIPp{Scenario: scenario("carrier-talk"), At: pbx, Calls: 10}.Start(p.Site)
	out := rig.SIPp{Scenario: scenario("pbx-talk"), At: p.carrier.At, To: p.UDP, Dial: "+81925551234", Caller: "0312345678", Calls: 10, Pause: 200 * time.Millisecond}.Start(p.Site)
	out.Succeed()
	in.Succeed()
	for _, r := range (want{calls: 10, status: 200, answered: true, by: "caller", carrier: "carrier-a"}).records(t, g) {
		if r.Direction != "in" || r.Charge != 0 || r.Callee != "+81925551234" {
			t.Errorf("%+v", r)
		}
	}
	// A number that nobody holds leads nowhere.
	rig.SIPp{Scenario: scenario("pbx-refused"), At: rig.FreePort(t, p.Carrier), To: p.UDP, Dial: "+81925559999", Caller: "0312345678", Status: 404, Reason: "no-route"}.Start(p.Site).Succeed()
	g.Stop()
}

// TestRefused: the guard itself says no, with the status and the code of its reason, and the
// carrier hears nothing.
func TestRefused(t *testing.T) {
	t.Parallel()
	for name, way := range map[string]struct {
		dial, caller, reason string
		status               int
		kyoto                bool
	}{
		"international off":  {"01012125550100", "0755551234", "international-off", 403, true},
		"premium":            {"0990512345", "", "barred-class", 403, false},
		"over the cap":       {"010232761234567", "", "cap-day", 402, false},
		"somebody else's":    {"0312345678", "0755551234", "caller-number", 403, false},
		"no number":          {"03", "", "bad-number", 484, false},
		"no price":           {"010861012345678", "", "no-rate", 403, false},
		"emergency, however": {"110", "0755551234", "", 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newParties(t)
			p.InDefaults = "cap_day = 200"
			g := p.Serve()
			p.pbx.Dial, p.pbx.Caller, p.pbx.Calls = way.dial, way.caller, 10
			customer := "hakata"
			if way.kyoto {
				p.pbx.At, customer = rig.FreePort(t, p.Other), "kyoto"
			}
			w := want{calls: 10, status: 200, answered: true, by: "caller", carrier: "carrier-a"}
			if way.status == 0 {
				p.carrier.Calls = 10
				p.run()
			} else {
				w = want{calls: 10, status: way.status, reason: way.reason}
				p.pbx.Scenario, p.pbx.Status, p.pbx.Reason = scenario("pbx-refused"), way.status, way.reason
				p.pbx.Start(p.Site).Succeed()
			}
			for _, r := range w.records(t, g) {
				if r.Customer != customer || r.Charge != 0 {
					t.Errorf("%+v", r)
				}
			}
			g.Stop()
		})
	}
}
