package fraud

import (
	"fmt"
	"testing"
	"time"

	"tsujiban"
)

// talks makes one call after the other to numbers that differ and returns what they cost in yen until something was
// restricted, or -1 when nothing was.
func talks(m *Model, s *State, calls []*Call, talk time.Duration) (yen int) {
	var tr Trace
	var f Finding
	for _, c := range calls {
		m.Attempt(s, c, &tr, &f)
		if f.Level >= tsujiban.LevelRestrict {
			return yen
		}
		m.Ended(s, &tr, c.At+talk.Milliseconds(), talk, &f)
		yen += int(tr.charge(talk.Milliseconds()))
		if f.Level >= tsujiban.LevelRestrict {
			return yen
		}
	}
	return -1
}

// TestMoneyToStrangersIsWeighed: in a country that is called every day nothing about a destination, an hour or a pace is odd, but what strangers
// there cost in a day is. What they cost on other days is not.
func TestMoneyToStrangersIsWeighed(t *testing.T) {
	play := func(n int) int {
		var m Model
		var s State
		now := year(t, &m, &s, 4) + dayMillis
		now -= now % dayMillis
		var calls []*Call
		for i := range n {
			// By day, in places that lie apart.
			calls = append(calls, abroad(t, now+hourMillis+int64(i)*2700_000, 82, fmt.Sprintf("822%d%07d", i%9+1, i*9_400_007%9_999_999)))
		}
		return talks(&m, &s, calls, 28*time.Minute)
	}
	if yen := play(4); yen >= 0 {
		t.Errorf("four long calls to strangers were stopped after %d yen", yen)
	}
	if yen := play(9); yen < 0 || yen > 13_000 {
		t.Errorf("nine were stopped after %d yen", yen)
	}
}

// TestFullDaysAreLearnedSlowly: a day becomes usual up to twice as much as was usual and the floor, when it was not suspicious; "yes" makes it so at once.
func TestFullDaysAreLearnedSlowly(t *testing.T) {
	r := &spendingAbroad
	var p spending
	p.turn(dayMillis, true, r)
	sum := p.add(100*r.floor, 0, r)
	if sum != r.once {
		t.Errorf("one call of a hundred times as much weighs %d", sum)
	}
	for range 3 {
		sum += p.add(1, 0, r)
	}
	if sum != r.most {
		t.Errorf("a hundred times as much weighs %d", sum)
	}
	if w := p.add(1, 0, r); w != 0 {
		t.Errorf("it was said twice: %d", w)
	}
	suspicious := p
	suspicious.turn(2*dayMillis, false, r)
	if suspicious.fullest != 0 || suspicious.today != 0 {
		t.Errorf("a suspicious day taught %+v", suspicious)
	}
	once := p
	once.turn(2*dayMillis, true, r)
	if most := r.floor; once.fullest > most || once.fullest < most*9/10 {
		t.Errorf("one day taught %d", once.fullest)
	}
	p.allow()
	if w := p.more(0, 0, r); w != 0 || p.fullest != 100*r.floor+4 {
		t.Errorf("after yes: %d, %+v", w, p)
	}
}

// TestWhatIsSpentAtHomeExcusesNothingAbroad: a call centre that has customers ring shared-cost numbers all day may not spend half as much in a country
// that is new.
func TestWhatIsSpentAtHomeExcusesNothingAbroad(t *testing.T) {
	var s State
	none := s.usualAbroad()
	home := tsujiban.Destination{Scope: tsujiban.ScopeDomestic, Class: tsujiban.ClassSharedCost, Code: 81}
	s.destinations[0] = destination{key: home.Key(), spent: spending{fullest: 100_000}}
	if got := s.usualAbroad(); got != none {
		t.Errorf("a country may cost %d a day", got)
	}
	s.destinations[1] = destination{key: 82, spent: spending{fullest: 100_000}}
	if got := s.usualAbroad(); got != 50_000 {
		t.Errorf("beside one that costs 100,000 a country may cost %d a day", got)
	}
}

// TestCharge: time is charged in steps, and nothing that a caller or a deck says overflows.
func TestCharge(t *testing.T) {
	for _, c := range []struct {
		price tsujiban.Money
		step  time.Duration
		ms    int64
		want  uint32
	}{
		{50 * tsujiban.Unit, 0, 90_000, 75},
		{50 * tsujiban.Unit, time.Minute, 61_000, 100},
		{tsujiban.Unit / 2, 0, 3_600_000, 30},
		{0, time.Minute, 61_000, 0},
		{50 * tsujiban.Unit, time.Minute, -5, 0},
		{1<<63 - 1, time.Duration(1<<63 - 1), 1<<63 - 1, mostYen},
	} {
		tr := Trace{price: c.price, step: stepOf(c.step)}
		if got := tr.charge(c.ms); got != c.want && !(c.want == mostYen && got > 1<<29) {
			t.Errorf("%+v: %d", c, got)
		}
	}
}
