package app

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"tsujiban"
	"tsujiban/app/config"
	"tsujiban/guard"
	"tsujiban/journal"
)

// newDesk makes a desk with a guard and a journal of its own, without edge and store.
func newDesk(t testing.TB) *desk {
	t.Helper()
	s := &config.Config{Guard: config.Guard{AllowNoRate: true, Defaults: tsujiban.Limits{Channels: 1000}}}
	s.Node.Country, s.Node.TimeZone = "JP", time.UTC
	r, err := loadRules(s)
	if err != nil {
		t.Fatal(err)
	}
	p, err := r.compile([]tsujiban.Customer{{ID: "hakata-shokai", Name: "H", International: true}})
	if err != nil {
		t.Fatal(err)
	}
	j, err := journal.Open(journal.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	})
	return &desk{guard: guard.New(guard.Options{Policy: p}), journal: j, stored: newQueue()}
}

// aCall is one call from attempt to end, as the edge tells it.
type aCall struct {
	a tsujiban.Attempt
	v tsujiban.Verdict
	d tsujiban.Dialog
	o tsujiban.Outcome
}

func newCall() *aCall {
	leg := tsujiban.Leg{Transport: "udp", Remote: netip.MustParseAddrPort("192.0.2.7:5060"), Identity: []byte("<sip:0925551234@192.0.2.7>;tag=a"), Target: []byte("sip:pbx@192.0.2.7")}
	return &aCall{
		a: tsujiban.Attempt{
			Customer: "hakata-shokai", Trunk: "hakata-pbx", Source: netip.MustParseAddrPort("192.0.2.7:5060"),
			Dialled: []byte("0312345678"), Caller: []byte("0925551234"), UserAgent: []byte("PBX 1.0"), SIPCallID: []byte("1@192.0.2.7"),
		},
		d: tsujiban.Dialog{SIPCallID: []byte("1@192.0.2.7"), Caller: leg, Callee: leg, Carrier: "carrier-a"},
	}
}

func (c *aCall) run(t testing.TB, d *desk, at time.Time) {
	c.a.At = at
	if _, err := d.Attempt(&c.a, &c.v); err != nil || c.v.Action == tsujiban.Deny {
		t.Fatalf("attempt: %v %v", err, c.v.Reason)
	}
	d.Answered(c.a.Call, at, &c.d)
	d.Extend(c.a.Call, at)
	c.o = tsujiban.Outcome{Status: 200, By: tsujiban.PartyCaller, Carrier: "carrier-a"}
	d.Ended(c.a.Call, at, &c.o)
}

func TestDeskAllocatesNothing(t *testing.T) {
	d, c := newDesk(t), newCall()
	at := time.Date(2026, 11, 24, 1, 0, 0, 0, time.UTC) // a Tuesday, ten in the morning in Tokyo
	for range 2000 {
		at = at.Add(20 * time.Second)
		c.run(t, d, at)
	}
	if n := testing.AllocsPerRun(2000, func() {
		at = at.Add(20 * time.Second)
		c.run(t, d, at)
	}); n > 0 {
		t.Errorf("a call costs %v allocations", n)
	}
	c.a.Customer = "nobody"
	if n := testing.AllocsPerRun(2000, func() {
		c.a.At = at
		if _, err := d.Attempt(&c.a, &c.v); err != nil {
			t.Fatal(err)
		}
	}); n > 0 {
		t.Errorf("a refused call costs %v allocations", n)
	}
}

// TestDeskKeepsOrder: ids grow also when the clock goes back, and every event is in the
// journal in the order in which it was told.
func TestDeskKeepsOrder(t *testing.T) {
	d, c := newDesk(t), newCall()
	at := time.Date(2026, 11, 24, 1, 0, 0, 0, time.UTC)
	var ids []tsujiban.CallID
	for i := range 20 {
		c.run(t, d, at.Add(-time.Duration(i)*time.Minute))
		ids = append(ids, c.a.Call)
	}
	if !slices.IsSorted(ids) || slices.Compact(slices.Clone(ids))[len(ids)-1] != ids[len(ids)-1] {
		t.Errorf("ids %v", ids)
	}
	seq, err := d.said(tsujiban.EventSet, at, "test", "the end")
	if err != nil {
		t.Fatal(err)
	}
	if err := d.journal.Wait(t.Context(), seq); err != nil {
		t.Fatal(err)
	}
	rd := d.journal.Reader(1)
	for _, id := range ids {
		for _, kind := range []tsujiban.EventKind{tsujiban.EventAttempt, tsujiban.EventAnswered, tsujiban.EventEnded} {
			ev, err := rd.Next(t.Context())
			if err != nil || ev.Kind != kind || ev.Call != id {
				t.Fatalf("got %v of %v (%v), want %v of %v", ev.Kind, ev.Call, err, kind, id)
			}
		}
	}
	if err := rd.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestFullJournal: what the journal does not take is counted, and an emergency call is let through.
func TestFullJournal(t *testing.T) {
	d, c := newDesk(t), newCall()
	if err := d.journal.Close(); err != nil {
		t.Fatal(err)
	}
	c.a.At = time.Date(2026, 11, 24, 1, 0, 0, 0, time.UTC)
	c.a.Dialled = []byte("110")
	if _, err := d.Attempt(&c.a, &c.v); err == nil || c.v.Action != tsujiban.Allow {
		t.Errorf("got %v, %v", err, c.v.Action)
	}
	d.Ended(c.a.Call, c.a.At, &c.o)
	if n := d.numbers(); n.lost != 2 || d.guard.Totals().Running != 0 {
		t.Errorf("lost %d, running %d", n.lost, d.guard.Totals().Running)
	}
}

func BenchmarkDeskCall(b *testing.B) {
	d, c := newDesk(b), newCall()
	at := time.Date(2026, 11, 24, 1, 0, 0, 0, time.UTC)
	b.ReportAllocs()
	for b.Loop() {
		at = at.Add(20 * time.Second)
		c.run(b, d, at)
	}
}
