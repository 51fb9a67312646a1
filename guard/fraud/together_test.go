package fraud

import (
	"fmt"
	"testing"
	"time"

	"tsujiban"
)

// lines calls three numbers of a country that is new, at night, so long after one another, and lets them talk for so long. It returns how far it came.
func lines(t *testing.T, apart, talk time.Duration) (worst tsujiban.Level) {
	var m Model
	var s State
	var f Finding
	now := year(t, &m, &s, 4)
	now += 2 * dayMillis
	now -= (now - start) % dayMillis // midnight
	var traces [3]Trace
	for i := range traces {
		c := abroad(t, now+int64(i)*apart.Milliseconds(), 855, fmt.Sprintf("8552%d345678", i*3))
		c.Abroad = i
		m.Attempt(&s, c, &traces[i], &f)
		worst = max(worst, f.Level)
	}
	for talked := 10 * time.Minute; talked < talk; talked += 10 * time.Minute {
		for i := range traces {
			m.Running(&s, &traces[i], now+int64(i)*apart.Milliseconds()+talked.Milliseconds(), talked.Milliseconds(), 2, &f)
			worst = max(worst, f.Level)
		}
	}
	for i := range traces {
		m.Ended(&s, &traces[i], now+int64(i)*apart.Milliseconds()+talk.Milliseconds(), talk, &f)
		worst = max(worst, f.Level)
	}
	return worst
}

// TestLinesThatBeginTogetherAreOneEvent: a conference at midnight on three lines, in a country that is new, goes on to its end; lines that
// begin one after the other and talk as long are stopped, and so is a conference that lasts the whole night.
func TestLinesThatBeginTogetherAreOneEvent(t *testing.T) {
	if l := lines(t, 90*time.Second, 90*time.Minute); l >= tsujiban.LevelRestrict {
		t.Error("a conference was stopped")
	}
	if l := lines(t, 15*time.Minute, 90*time.Minute); l < tsujiban.LevelRestrict {
		t.Errorf("lines that begin one after the other come to %v", l)
	}
	if l := lines(t, 90*time.Second, 6*time.Hour); l < tsujiban.LevelRestrict {
		t.Errorf("six hours on three lines come to %v", l)
	}
}

// TestFewLinesGather: what begins after the fourth line is weighed like any other call, and so is what begins ten minutes later.
func TestFewLinesGather(t *testing.T) {
	var g gathering
	d := &destination{key: 855}
	at := func(minutes int64, up int, again bool) uint8 {
		d.last = start + (minutes-1)*60_000
		return g.joins(&Call{At: start + minutes*60_000, Abroad: up}, d, &Trace{again: again})
	}
	for i := range 6 {
		want := uint8(i)
		if i > gatherMost {
			want = 0
		}
		if got := at(int64(i), i, i > 0); got != want {
			t.Errorf("line %d: %d, want %d", i, got, want)
		}
	}
	if at(20, 4, true) != 0 || at(21, 5, true) != 0 {
		t.Error("calls of a visit that goes on gather anew")
	}
	if at(600, 0, false) != 0 || at(601, 1, true) != 1 || at(611, 2, true) != 0 {
		t.Error("those of the next visit gather within ten minutes")
	}
}

// TestANewSourceIsSaidOnceADay: a colleague's softphone, in turn with the phones of the firm, is one fact and not one with each call.
func TestANewSourceIsSaidOnceADay(t *testing.T) {
	var m Model
	var s State
	now := year(t, &m, &s, 4) + dayMillis
	now -= now % dayMillis
	said := 0
	for i := range 12 {
		c := abroad(t, now+int64(i)*40*60_000, 82, fmt.Sprintf("8221%d345678", i))
		if i%2 == 1 {
			c.Source, c.Agent = uint32(2+i/2%2), uint32(12+i/2%2) // two of them
		}
		d := s.entry(82, c.At)
		tr := s.trace(c, d)
		var e evidence
		m.weighCall(&s, c, d, &tr, &e)
		for _, w := range e.list[:e.n] {
			if w.kind == tsujiban.EvidenceSource || w.kind == tsujiban.EvidenceUserAgent {
				said++
			}
		}
		s.remember(c, d, &tr)
		s.lastSource, s.lastAgent = c.Source, c.Agent
	}
	if said != 4 {
		t.Errorf("two new sources and two new devices were said %d times", said)
	}
	if !s.said.first(99) || s.said.first(99) {
		t.Error("said once for each")
	}
	m.settle(&s, now+2*dayMillis)
	if !s.said.first(99) {
		t.Error("the next day it is said again")
	}
}

// TestOneCallIsNoVolume: a long call to a satellite costs as much as a hundred others; what it costs says little until more of them follow.
func TestOneCallIsNoVolume(t *testing.T) {
	var p spending
	r := &spendingAbroad
	p.turn(start, true, r)
	if w := p.more(20*r.floor, 0, r); w > 16*deciban {
		t.Errorf("one call weighs %d", w)
	}
	one := p.add(10*r.floor, 0, r)
	two := p.add(10*r.floor, 0, r)
	if one > 16*deciban || one+two <= 20*deciban {
		t.Errorf("one call weighs %d, the second %d", one, two)
	}
}

// TestWhereEveryDayBringsNewOnes: a hotel whose guests call home from everywhere, among a hundred calls at home a day, meets one more new
// country without surprise; a firm with as many calls at home and none abroad does not.
func TestWhereEveryDayBringsNewOnes(t *testing.T) {
	weighs := func(daily int) centi {
		var m Model
		var s State
		var tr Trace
		var f Finding
		now, code := start, uint16(200)
		for day := range 28 {
			for i := range 100 {
				now = start + int64(day)*dayMillis + 8*hourMillis + int64(i)*400_000
				m.Attempt(&s, home(t, now, fmt.Sprintf("8131234%04d", i)), &tr, &f)
				m.Ended(&s, &tr, now+100_000, time.Minute, &f)
				if i < daily*20 && i%20 == 0 {
					code++
					m.Attempt(&s, abroad(t, now+1000, code, fmt.Sprintf("%d55512345", code)), &tr, &f)
					m.Ended(&s, &tr, now+200_000, 3*time.Minute, &f)
				}
			}
		}
		now += dayMillis
		c := abroad(t, now, 500, "50055512345")
		m.Attempt(&s, c, &tr, &f)
		var e evidence
		m.weighDestination(&s, c, &destination{key: 500}, &tr, &e)
		return e.total() - weighPrice(c.PerMinute) - m.weigh(&s, topicNumber, 1)
	}
	if w := weighs(2); w > 6*deciban {
		t.Errorf("to a hotel a new country weighs %d", w)
	}
	if w := weighs(0); w < 10*deciban {
		t.Errorf("to a firm at home it weighs %d", w)
	}
}

// TestStrangersDoNotPushOutWhomOneKnows: a call centre that talks to a thousand strangers still knows its partners.
func TestStrangersDoNotPushOutWhomOneKnows(t *testing.T) {
	var b book
	now := start
	for range 2 {
		for i := range 60 {
			b.note(uint64(1000+i), now)
		}
		now += dayMillis
	}
	for i := range 5000 {
		b.note(uint64(1_000_000+i), now)
	}
	lost := 0
	for i := range 60 {
		if !b.has(uint64(1000+i), now+dayMillis) {
			lost++
		}
	}
	if lost > 15 {
		t.Errorf("%d of 60 partners are forgotten", lost)
	}
}
