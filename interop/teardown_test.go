//go:build interop

package interop

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"tsujiban/app/control"
	"tsujiban/interop/rig"
)

// talking is a call that is up: both sides wait for the BYE.
type talking struct {
	pbx, carrier *rig.Program
	calls        int
}

// startTalking sets calls up that only the guard ends, for the reason given.
func (p *parties) startTalking(calls int, reason string) *talking {
	p.T.Helper()
	p.pbx.Scenario, p.pbx.Reason, p.pbx.Calls, p.pbx.Rate = scenario("pbx-hung-up"), reason, calls, 100
	p.carrier.Reason, p.carrier.Calls = reason, calls
	k := &talking{carrier: p.carrier.Start(p.Site), calls: calls}
	k.pbx = p.pbx.Start(p.Site)
	k.pbx.WaitFor("event answered", calls)
	k.carrier.WaitFor("event talking", calls)
	return k
}

// ended waits until both sides of every call have had their BYE.
func (k *talking) ended() {
	k.pbx.WaitFor("event bye", k.calls)
	k.carrier.WaitFor("event bye", k.calls)
}

// content waits until both programs have ended well.
func (k *talking) content() {
	k.pbx.Succeed()
	k.carrier.Succeed()
}

// newAbroad are parties whose PBX calls the USA, at one yen a second.
func newAbroad(t *testing.T) *parties {
	t.Helper()
	p := newParties(t)
	p.pbx.Dial = "01012125550100"
	p.InGuard = `fraud = "off"`
	return p
}

// TestRestrict: staff restrict a customer; his calls abroad that are up end within the second, in
// both directions, new ones are refused, and his domestic call goes on.
func TestRestrict(t *testing.T) {
	t.Parallel()
	p := newAbroad(t)
	g := p.Serve()
	p.carrier.Calls = 6
	carrier := p.carrier.Start(p.Site)
	home := p.pbx
	home.At, home.Dial, home.Pause = rig.FreePort(t, p.PBX), "0312345678", 5*time.Second
	domestic := home.Start(p.Site)
	p.pbx.Scenario, p.pbx.Reason, p.pbx.Calls, p.pbx.Rate = scenario("pbx-hung-up"), "staff", 5, 100
	abroad := p.pbx.Start(p.Site)
	domestic.WaitFor("event answered", 1)
	abroad.WaitFor("event answered", 5)
	carrier.WaitFor("event talking", 6)

	start := time.Now()
	g.CLI("restrict", "hakata", "-note", "asked to by telephone")
	abroad.WaitFor("event bye", 5)
	carrier.WaitFor("event bye", 5)
	if d := time.Since(start); d > time.Second {
		t.Errorf("the calls ended after %v", d)
	}
	abroad.Succeed()
	p.pbx.Scenario, p.pbx.Reason, p.pbx.Status, p.pbx.Calls = scenario("pbx-refused"), "restricted", 603, 1
	p.pbx.Start(p.Site).Succeed()
	if live := g.Live(); live.Totals.Running != 1 || live.Calls[0].Country != "JP" {
		t.Errorf("the domestic call is not up alone: %+v", live)
	}
	domestic.Succeed()
	carrier.Succeed()

	g.CLI("release", "hakata", "-note", "password changed")
	var cut, refused, ended int
	rig.Until(t, 10*time.Second, func() error {
		records, err := g.Records()
		cut, refused, ended = 0, 0, 0
		for _, r := range records {
			switch {
			case r.Cut == "staff" && r.By == "guard" && r.Charge > 0 && r.Callee == "+12125550100":
				cut++
			case r.Reason == "restricted" && r.Status == 603:
				refused++
			case r.By == "caller" && r.Status == 200 && r.Callee == "+81312345678":
				ended++
			}
		}
		if cut != 5 || refused != 1 || ended != 1 || len(records) != 7 {
			err = errors.Join(err, fmt.Errorf("%d cut, %d refused, %d ended by the caller: %+v", cut, refused, ended, records))
		}
		return err
	})
	g.Stop()
}

// TestHangUp: staff end one call of two.
func TestHangUp(t *testing.T) {
	t.Parallel()
	p := newAbroad(t)
	g := p.Serve()
	k := p.startTalking(2, "staff")
	calls := g.Live().Calls
	if len(calls) != 2 {
		t.Fatalf("%d calls are up: %+v", len(calls), calls)
	}
	for i, c := range calls {
		g.CLI("hangup", c.Call, "-note", "test")
		k.pbx.WaitFor("event bye", i+1)
		k.carrier.WaitFor("event bye", i+1)
		if left := g.Live().Totals.Running; left != 1-i {
			t.Errorf("%d calls are up", left)
		}
	}
	k.content()
	want{calls: 2, status: 200, answered: true, by: "guard", carrier: "carrier-a", cut: "staff"}.records(t, g)
	g.Stop()
}

// TestCaps: a cap that is reached in the middle of calls ends them in time: what they cost
// together never exceeds it.
func TestCaps(t *testing.T) {
	t.Parallel()
	for name, way := range map[string]struct {
		caps  string
		calls int
		cut   string
		each  int64 // yen
		all   int64
	}{
		"per call":               {"cap_call = 16", 4, "cap-call", 16, 64},
		"per day":                {"cap_day = 16", 1, "cap-day", 16, 16},
		"per day, several calls": {"cap_day = 64", 4, "cap-day", 64, 64},
		"per month":              {"cap_month = 16", 1, "cap-month", 16, 16},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newAbroad(t)
			p.InDefaults = way.caps
			g := p.Serve()
			k := p.startTalking(way.calls, way.cut)
			k.content()
			var sum control.Amount
			for _, r := range (want{calls: way.calls, status: 200, answered: true, by: "guard", carrier: "carrier-a", cut: way.cut}).records(t, g) {
				// A yen buys a second: who talked longer was not cut in time.
				if r.Charge > rig.Yen(way.each) || r.TalkS > float64(way.each)+.01 {
					t.Errorf("%+v", r)
				}
				sum += r.Charge
			}
			// What is set aside for an outage of the program is not talked away.
			if sum > rig.Yen(way.all) || sum < rig.Yen(int64(way.calls)*5) {
				t.Errorf("all calls cost %v, the cap is %d", sum, way.all)
			}
			if u := g.Customer("hakata").Usage; u.Today != sum || u.Reserved != 0 || u.Channels != 0 {
				t.Errorf("usage %+v, calls cost %v", u, sum)
			}
			g.Stop()
		})
	}
}

// TestFraudEndsIt: a hijacked PBX calls Sierra Leone, again and again. Nobody is at the desk: the
// guard stops it by itself, and the running calls with it.
func TestFraudEndsIt(t *testing.T) {
	t.Parallel()
	p := newParties(t)
	g := p.Serve()
	p.carrier.Calls = 1000 // it goes on to wait; the test ends it
	carrier := p.carrier.Start(p.Site)
	refused := 0
	for i := range 40 {
		dial := fmt.Sprintf("0102327612345%02d", i)
		call := rig.SIPp{Scenario: scenario("pbx-talk"), At: rig.FreePort(t, p.PBX), To: p.UDP, Dial: dial, Pause: 50 * time.Millisecond}.Start(p.Site)
		if call.Wait() != 0 {
			if refused = i; i > 0 {
				break
			}
		}
	}
	if refused == 0 || refused > 10 {
		t.Errorf("the first call that was stopped is number %d", refused)
	}
	s := g.Customer("hakata")
	if s.Restriction == nil || s.Restriction.Reason != "fraud" {
		t.Errorf("no restriction: %+v", s)
	}
	carrier.Kill()
	g.Stop()
}
