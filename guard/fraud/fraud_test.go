package fraud

import (
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"
	"unsafe"

	"pgregory.net/rapid"

	"tsujiban"
)

const start = int64(1_793_545_200_000) // Monday, 2 November 2026, 00:00 in Tokyo

// abroad is a call to a country code at an instant.
func abroad(t testing.TB, at int64, code uint16, number string) *Call {
	t.Helper()
	n, err := tsujiban.NumberFromDigits(number)
	if err != nil {
		t.Fatal(err)
	}
	return &Call{
		At: at, Hour: int((at-start)/hourMillis%168+168) % 168, Callee: n, PerMinute: 50 * tsujiban.Unit, Source: 1, Agent: 1,
		Destination: tsujiban.Destination{Scope: tsujiban.ScopeInternational, Code: code},
	}
}

// year lets a customer call two destinations twice a day for some weeks.
func year(t testing.TB, m *Model, s *State, weeks int) (now int64) {
	var tr Trace
	var f Finding
	for day := range weeks * 7 {
		for i, code := range []uint16{82, 86} {
			for hour := range 2 {
				now = start + int64(day)*dayMillis + int64(10+5*hour+i)*hourMillis
				m.Attempt(s, abroad(t, now, code, []string{"82212345678", "8612345678901"}[i]), &tr, &f)
				m.Ended(s, &tr, now+200_000, time.Duration(100+17*((day+hour)%9))*time.Second, &f)
				if f.Level >= tsujiban.LevelAsk {
					t.Fatalf("day %d: %v", day, f)
				}
			}
		}
	}
	return now
}

func TestStateIsSmall(t *testing.T) {
	if size := unsafe.Sizeof(State{}); size > 3800 {
		t.Errorf("%d bytes for a customer", size)
	}
}

// TestNewDestinationsPushOutOneAnother: a thief who calls two hundred countries does not
// make the customer's own ones look new.
func TestNewDestinationsPushOutOneAnother(t *testing.T) {
	var m Model
	var s State
	now := year(t, &m, &s, 4)
	korea := s.find(82).calls
	var tr Trace
	var f Finding
	for i := range 200 {
		m.Attempt(&s, abroad(t, now+int64(i)*1000, uint16(300+i), "300123456"), &tr, &f)
	}
	if d := s.find(82); d == nil || d.calls != korea || korea == 0 {
		t.Errorf("what was learned of 82 is gone: %+v", d)
	}
}

// TestSuspicionTeachesNothing: what a theft did is no habit afterwards, nor are its
// test calls of the hours before.
func TestSuspicionTeachesNothing(t *testing.T) {
	var m Model
	var s State
	now := year(t, &m, &s, 4) + 18*hourMillis
	var tr Trace
	var f Finding
	m.Attempt(&s, abroad(t, now, 232, "23277000000"), &tr, &f)
	m.Ended(&s, &tr, now+40_000, 20*time.Second, &f)
	now += 8 * hourMillis
	for i := range 20 {
		m.Attempt(&s, abroad(t, now+int64(i)*25_000, 232, "2327700000"+string(rune('0'+i%10))), &tr, &f)
		m.Ended(&s, &tr, now+int64(i)*25_000+24_000, 20*time.Second, &f)
	}
	if f.Level < tsujiban.LevelRestrict {
		t.Fatalf("the theft came to %v", f)
	}
	now += 3 * dayMillis
	m.Attempt(&s, abroad(t, now, 82, "82212345678"), &tr, &f)
	if d := s.find(232); d != nil && (d.calls != 0 || d.pending != 0) {
		t.Errorf("the theft taught %+v", d)
	}
	// The customer never talked for less than a minute, the thief always did.
	if h := s.settled.topics[topicDuration]; h[durationKind(20_000)] != 0 {
		t.Errorf("the theft taught lengths of calls: %v", h)
	}
	for _, n := range []string{"23277000000", "23277000001"} {
		if c := abroad(t, now, 232, n); s.numbers.has(c.Callee.Prefix(tsujiban.MaxDigits), now) {
			t.Errorf("the theft made %s known", n)
		}
	}
}

// stolen plays a theft of twenty calls.
func stolen(t testing.TB, m *Model, s *State, from int64) (now int64, f Finding) {
	var tr Trace
	for i := range 20 {
		now = from + int64(i)*25_000
		m.Attempt(s, abroad(t, now, 232, "2327700000"+string(rune('0'+i%10))), &tr, &f)
		m.Ended(s, &tr, now+24_000, 20*time.Second, &f)
	}
	return now + 24_000, f
}

func TestSuspicionFades(t *testing.T) {
	var m Model
	var s State
	now, f := stolen(t, &m, &s, start)
	before := s.Weight(now)
	if f.Level != tsujiban.LevelRestrict || before < f.Weight {
		t.Fatalf("%v, found %v %v", before, f.Level, f.Weight)
	}
	d := s.find(232)
	sum := d.scope.value(now, leakHere)
	if got, want := d.scope.value(now+12*hourMillis, leakHere), sum-leakHere/2; got != want {
		t.Errorf("after half a day the sum is %v, want %v", got, want)
	}
	if s.Level(now+30*dayMillis) != tsujiban.LevelNone {
		t.Errorf("after 30 days the sum is %v", s.Weight(now+30*dayMillis))
	}
}

// TestAnswers: "yes" takes the suspicion away and teaches, a release without an answer leaves some and teaches nothing, "no" changes
// neither.
func TestAnswers(t *testing.T) {
	after := func(act func(m *Model, s *State, now int64)) (s State, now int64, again Finding) {
		var m Model
		first := year(t, &m, &s, 4) + dayMillis
		now, _ = stolen(t, &m, &s, first)
		act(&m, &s, now)
		var tr Trace
		now += hourMillis
		m.Attempt(&s, abroad(t, now, 232, "23277000009"), &tr, &again)
		return s, now, again
	}
	s, now, f := after(func(m *Model, s *State, now int64) { m.Theirs(s, now) })
	if s.Weight(now) > 5 || f.Level != tsujiban.LevelNone || s.find(232).calls == 0 {
		t.Errorf("after yes: %v, %+v", s.Weight(now), f)
	}
	if s, now, f = after(func(_ *Model, s *State, now int64) { s.Ease(now) }); f.Level >= tsujiban.LevelRestrict || s.Weight(now) < 20 || s.find(232).calls != 0 {
		t.Errorf("after a release: %v, %+v", s.Weight(now), f)
	}
	if s, now, f = after(func(_ *Model, s *State, now int64) { s.NotTheirs(now) }); f.Level < tsujiban.LevelRestrict || s.find(232).calls != 0 {
		t.Errorf("after no: %v, %+v", s.Weight(now), f)
	}
}

// TestWhyAddsUp: the weights that are given add up to the sum, wherever it is not held at
// its bounds, and nothing is out of bounds, whatever a caller sends and whenever.
func TestWhyAddsUp(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var m Model
		var s [3]State
		now := start
		for range rapid.IntRange(1, 200).Draw(rt, "calls") {
			s := &s[rapid.IntRange(0, 2).Draw(rt, "customer")]
			now += rapid.Int64Range(-hourMillis, 3*hourMillis).Draw(rt, "pause")
			n, err := tsujiban.NumberFromDigits(rapid.StringMatching(`[1-9][0-9]{4,14}`).Draw(rt, "number"))
			if err != nil {
				rt.Fatal(err)
			}
			c := &Call{
				At: now, Hour: rapid.IntRange(0, 167).Draw(rt, "hour"), Callee: n,
				PerMinute: tsujiban.Money(rapid.Int64Min(0).Draw(rt, "price")), Hint: rapid.Bool().Draw(rt, "hint"),
				Source: rapid.Uint32().Draw(rt, "source"), Agent: rapid.Uint32().Draw(rt, "agent"),
				Abroad: rapid.IntRange(0, 1000).Draw(rt, "abroad"), Out: rapid.IntRange(0, 1000).Draw(rt, "out"), In: rapid.IntRange(0, 3).Draw(rt, "in"),
				Destination: tsujiban.Destination{
					Scope: rapid.SampledFrom([]tsujiban.Scope{tsujiban.ScopeUnknown, tsujiban.ScopeInternational, tsujiban.ScopeDomestic}).Draw(rt, "scope"),
					Class: tsujiban.Class(rapid.IntRange(0, tsujiban.NumClasses-1).Draw(rt, "class")),
					Code:  rapid.Uint16().Draw(rt, "code"),
				},
			}
			switch rapid.IntRange(0, 20).Draw(rt, "besides") {
			case 0:
				m.Incoming(s, now, n, c.Destination)
			case 1:
				m.Registered(s, now, c.Source, c.Agent)
			case 2:
				s.Ease(now)
			case 3:
				m.Theirs(s, now)
			}
			var tr Trace
			var f Finding
			m.Attempt(s, c, &tr, &f)
			checkFinding(rt, &f)
			talk := rapid.Int64Range(0, int64(5*time.Hour)).Draw(rt, "talk")
			var r Finding
			before := *s
			m.Running(s, &tr, now+1000, talk/1_000_000, 2, &r)
			checkFinding(rt, &r)
			if before != *s {
				rt.Fatal("looking at a running call changes the state")
			}
			m.Ended(s, &tr, now+rapid.Int64Range(-1000, 4_000_000).Draw(rt, "later"), time.Duration(talk), &f)
			checkFinding(rt, &f)
		}
	})
}

func checkFinding(t *rapid.T, f *Finding) {
	var sum tsujiban.Decibans
	for i, w := range f.Why {
		if w.Kind == tsujiban.EvidenceNone && w.Value != 0 || i > 0 && w.Kind != tsujiban.EvidenceNone && f.Why[i-1].Kind == tsujiban.EvidenceNone {
			t.Fatalf("a gap in %v", f.Why)
		}
		sum += w.Value
	}
	limit := most.decibans()
	if f.Weight < 0 || f.Weight > limit+40 {
		t.Fatalf("a sum of %v", f.Weight)
	}
	if f.Level == tsujiban.LevelNone {
		return
	}
	if held := min(max(sum, 0), limit); math.Abs(float64(held-min(f.Weight, limit))) > 0.01 {
		t.Fatalf("the weights add up to %v, the sum is %v: %v", sum, f.Weight, f.Why)
	}
}

// TestForgetting: habits of half a year ago are nearly gone.
func TestForgetting(t *testing.T) {
	var m Model
	var s State
	now := year(t, &m, &s, 4)
	m.settle(&s, now+dayMillis)
	before := s.find(82).calls
	m.settle(&s, now+26*7*dayMillis)
	if after := s.find(82).calls; before == 0 || after*10 > before {
		t.Errorf("%d calls were known, after half a year %d are", before/hit, after/hit)
	}
}

func TestHashes(t *testing.T) {
	four, mapped := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("::ffff:192.0.2.1")
	if HashAddress(four) != HashAddress(mapped) || HashAddress(four) == HashAddress(netip.MustParseAddr("192.0.2.2")) {
		t.Error("an address is known by its value, however it is written")
	}
	if HashAddress(netip.Addr{}) != 0 || HashText(nil) != 0 || HashText([]byte("x")) == 0 {
		t.Error("0 stands for none")
	}
	long := strings.Repeat("x", 200)
	if HashText([]byte(long)) != HashText([]byte(long[:64])) {
		t.Error("only the first 64 characters count")
	}
	if HashText([]byte("a\xff b")) != HashText([]byte("a\ufffdb")) {
		t.Error("bytes that a record may change count")
	}
}
