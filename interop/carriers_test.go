//go:build interop

package interop

import (
	"net"
	"testing"
	"time"

	"tsujiban/interop/rig"
)

// TestFailover: the first carrier fails in one of the ways in which carriers fail; the
// calls go out by the second.
func TestFailover(t *testing.T) {
	t.Parallel()
	for name, way := range map[string]struct {
		via  string // how the first carrier is reached
		mute bool   // it is there and says nothing
		says int    // what it says
	}{
		"nobody there":          {via: "udp"},
		"nobody there over TCP": {via: "tcp"},
		"says nothing":          {via: "udp", mute: true},
		"says 503":              {via: "udp", says: 503},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newParties(t)
			first := rig.FreePort(t, p.Carrier)
			p.Carriers[0].ID, p.Carriers[0].Priority = "carrier-b", 20
			p.Carriers = append(p.Carriers, rig.Carrier{ID: "carrier-a", At: first, Transport: way.via, Priority: 10})
			p.InSIP = `try_next = "500ms"`
			g := p.Serve()
			p.carrier.Calls, p.pbx.Calls = 10, 10
			if way.mute {
				mute(t, net.UDPAddrFromAddrPort(first))
			}
			if way.says != 0 {
				refuses := rig.SIPp{Scenario: scenario("carrier-rejects"), At: first, Status: way.says, Calls: 10}.Start(p.Site)
				defer refuses.Succeed()
			}
			p.run()
			want{calls: 10, status: 200, answered: true, by: "caller", carrier: "carrier-b"}.records(t, g)
			g.Stop()
		})
	}
}

// mute takes an address and says nothing there until the test ends.
func mute(t *testing.T, at *net.UDPAddr) {
	t.Helper()
	conn, err := net.ListenUDP("udp", at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestAllCarriersFail: when none is left the PBX hears 503, with the reason.
func TestAllCarriersFail(t *testing.T) {
	t.Parallel()
	p := newParties(t)
	second := rig.FreePort(t, p.Carrier)
	p.Carriers = append(p.Carriers, rig.Carrier{ID: "carrier-b", At: second, Priority: 20})
	g := p.Serve()
	p.carrier.Scenario, p.carrier.Status, p.carrier.Calls = scenario("carrier-rejects"), 503, 10
	b := rig.SIPp{Scenario: scenario("carrier-rejects"), At: second, Status: 503, Calls: 10}.Start(p.Site)
	p.pbx.Scenario, p.pbx.Status, p.pbx.Reason, p.pbx.Calls = scenario("pbx-refused"), 503, "carrier-failed", 10
	p.run()
	b.Succeed()
	want{calls: 10, status: 503, by: "guard", carrier: "carrier-b", cut: "carrier-failed"}.records(t, g)
	g.Stop()
}

// TestMuteCarrier: the only carrier says nothing at all. The PBX hears so after 64 times T1 (RFC 3261
// §17.1.1.2).
func TestMuteCarrier(t *testing.T) {
	t.Parallel()
	p := newParties(t)
	g := p.Serve()
	mute(t, net.UDPAddrFromAddrPort(p.carrier.At))
	p.pbx.Scenario, p.pbx.Status = scenario("pbx-refused"), 408
	p.pbx.Start(p.Site).Succeed()
	want{calls: 1, status: 408, carrier: "carrier-a"}.records(t, g)
	g.Stop()
}

// TestPBXGone: the PBX dies in the middle of a call. The callee hangs up, nobody answers his
// BYE, and a proxy may not answer for the PBX (RFC 4320 §4.2): the record has its end all
// the same, and nothing stays set aside.
func TestPBXGone(t *testing.T) {
	t.Parallel()
	for name, via := range map[string]string{"UDP": "udp", "TCP": "tcp"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newParties(t)
			p.Carriers[0].Transport = via
			g := p.Serve()
			p.carrier.Transport, p.pbx.Transport = via, via
			p.carrier.Scenario, p.pbx.Scenario = scenario("carrier-hangs-up"), scenario("pbx-hung-up")
			p.carrier.Pause = 500 * time.Millisecond
			carrier, pbx := p.carrier.Start(p.Site), p.pbx.Start(p.Site)
			pbx.WaitFor("event answered", 1)
			carrier.WaitFor("event talking", 1)
			pbx.Kill()
			if live := g.Live(); live.Totals.Running != 1 || live.Totals.AtRisk == 0 {
				t.Errorf("%+v", live)
			}
			want{calls: 1, status: 200, answered: true, by: "callee", carrier: "carrier-a", most: 40 * time.Second, wait: 45 * time.Second}.records(t, g)
			if live := g.Live(); live.Totals.Running != 0 || live.Totals.AtRisk != 0 {
				t.Errorf("%+v", live)
			}
			carrier.Kill()
			g.Stop()
		})
	}
}
