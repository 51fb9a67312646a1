//go:build interop

package interop

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"tsujiban/interop/rig"
)

// TestReload: SIGHUP in the middle of calls. They go on, and the new rules hold for new ones;
// a configuration that is wrong changes nothing.
func TestReload(t *testing.T) {
	t.Parallel()
	p := newAbroad(t)
	g := p.Serve()
	p.carrier.Calls, p.pbx.Calls, p.pbx.Pause = 5, 5, 3*time.Second
	carrier, pbx := p.carrier.Start(p.Site), p.pbx.Start(p.Site)
	carrier.WaitFor("event talking", 5)

	p.InGuard += "\nclosed = [\"1\"]"
	p.Configure()
	g.Signal(syscall.SIGHUP)
	g.WaitFor(`"msg":"reloaded"`, 1)
	refused := rig.SIPp{Scenario: scenario("pbx-refused"), At: rig.FreePort(t, p.PBX), To: p.UDP, Dial: p.pbx.Dial, Status: 403, Reason: "closed-for-all"}
	refused.Start(p.Site).Succeed()

	good := p.InGuard
	p.InGuard += "\nclsoed = []"
	p.Configure()
	g.Signal(syscall.SIGHUP)
	g.WaitFor("reload failed", 1)
	p.InGuard = good
	p.Configure()
	refused.At = rig.FreePort(t, p.PBX)
	refused.Start(p.Site).Succeed()

	if live := g.Live(); live.Totals.Running != 5 {
		t.Errorf("%d calls are up", live.Totals.Running)
	}
	pbx.Succeed()
	carrier.Succeed()
	g.Stop()
}

// TestDrain: SIGTERM in the middle of calls. Calls go on until they end by themselves, emergency calls
// come in, others do not.
func TestDrain(t *testing.T) {
	t.Parallel()
	p := newParties(t)
	p.Drain = "30s"
	g := p.Serve()
	p.carrier.Calls, p.pbx.Calls, p.pbx.Pause = 6, 5, 4*time.Second
	carrier, pbx := p.carrier.Start(p.Site), p.pbx.Start(p.Site)
	carrier.WaitFor("event talking", 5)
	g.Signal(syscall.SIGTERM)
	g.WaitFor("stopping: no new calls", 1)
	rig.SIPp{Scenario: scenario("pbx-refused"), At: rig.FreePort(t, p.PBX), To: p.UDP, Dial: "0312345678", Status: 503}.Start(p.Site).Succeed()
	rig.SIPp{Scenario: scenario("pbx-talk"), At: rig.FreePort(t, p.PBX), To: p.UDP, Dial: "110"}.Start(p.Site).Succeed()
	pbx.Succeed()
	carrier.Succeed()
	g.Succeed()
	want{calls: 6, status: 200, answered: true, by: "caller", carrier: "carrier-a"}.records(t, p.Serve())
}

// TestStopEndsCalls: calls that outlast the drain are ended in both directions.
func TestStopEndsCalls(t *testing.T) {
	t.Parallel()
	p := newAbroad(t)
	g := p.Serve()
	k := p.startTalking(5, "shutdown")
	g.Stop()
	k.content()
	want{calls: 5, status: 200, answered: true, by: "guard", carrier: "carrier-a", cut: "shutdown"}.records(t, p.Serve())
}

// TestKilled: kill -9 in the middle of calls. The next start has them on the books, with their money; staff
// can end them, a cap ends them, and what the parties end is seen.
func TestKilled(t *testing.T) {
	t.Parallel()
	for name, way := range map[string]struct {
		reason string
		staff  bool
		caps   string
	}{
		"then ended by staff": {reason: "staff", staff: true},
		"then over the cap":   {reason: "cap-call", caps: "cap_call = 16"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newAbroad(t)
			p.InDefaults = way.caps
			g := p.Serve()
			k := p.startTalking(5, way.reason)
			before := g.Live()
			// The answers' entries need not be on disk when the wire has them.
			rig.Until(t, 10*time.Second, func() error {
				if n := len(g.Journal("answered")); n != 5 {
					return fmt.Errorf("%d answers in the journal", n)
				}
				return nil
			})
			g.Kill()
			g = p.Serve()
			after := g.Live()
			if len(after.Calls) != 5 || after.Totals.AtRisk < before.Totals.AtRisk {
				t.Errorf("before %+v\nafter %+v", before, after)
			}
			for i := range after.Calls {
				if c := &after.Calls[i]; c.Answered.IsZero() || c.Country != "US" || c.Customer != "hakata" {
					t.Errorf("%+v", c)
				}
			}
			if way.staff {
				start := time.Now()
				g.CLI("restrict", "hakata", "-note", "test")
				k.ended()
				if d := time.Since(start); d > time.Second {
					t.Errorf("the calls ended after %v", d)
				}
			}
			k.content()
			for _, r := range (want{calls: 5, status: 200, answered: true, by: "guard", carrier: "carrier-a", cut: way.reason}).records(t, g) {
				if r.Charge == 0 || way.caps != "" && (r.Charge > rig.Yen(16) || r.TalkS > 16.01) {
					t.Errorf("%+v", r)
				}
			}
			g.Stop()
			checkJournal(t, p.Site)
		})
	}
}

// TestKilledAndHungUp: after kill -9 and a new start, a BYE of the PBX goes through and closes the record.
func TestKilledAndHungUp(t *testing.T) {
	t.Parallel()
	p := newAbroad(t)
	g := p.Serve()
	p.carrier.Calls, p.pbx.Calls, p.pbx.Pause = 5, 5, 3*time.Second
	carrier, pbx := p.carrier.Start(p.Site), p.pbx.Start(p.Site)
	carrier.WaitFor("event talking", 5)
	rig.Until(t, 10*time.Second, func() error {
		if n := len(g.Journal("answered")); n != 5 {
			return fmt.Errorf("%d answers in the journal", n)
		}
		return nil
	})
	g.Kill()
	g = p.Serve()
	pbx.Succeed()
	carrier.Succeed()
	for _, r := range (want{calls: 5, status: 200, answered: true, by: "caller", carrier: "carrier-a"}).records(t, g) {
		if r.TalkS < 2.9 || r.Charge < rig.Yen(3) {
			t.Errorf("%+v", r)
		}
	}
	g.Stop()
	checkJournal(t, p.Site)
}

// TestKilledWhileRinging: the callee answers after the guard was killed and started again. Nobody
// is there any more for whom it would pay, so the carrier is told at once; what it cost is booked.
func TestKilledWhileRinging(t *testing.T) {
	t.Parallel()
	p := newAbroad(t)
	g := p.Serve()
	p.carrier.Pause = 3 * time.Second
	carrier, pbx := p.carrier.Start(p.Site), p.pbx.Start(p.Site)
	carrier.WaitFor("event invite", 1)
	g.Kill()
	pbx.Kill()
	g = p.Serve()
	carrier.WaitFor("event talking", 1)
	carrier.Succeed()
	want{calls: 1, status: 200, answered: true, by: "guard", carrier: "carrier-a", cut: "call-gone"}.records(t, g)
	g.Stop()
	checkJournal(t, p.Site)
}

// checkJournal wants "tsujiban journal check" to find nothing.
func checkJournal(t *testing.T, s *rig.Site) {
	t.Helper()
	if out, err := s.Try("journal", "check"); err != nil {
		t.Error(err, out)
	}
}
