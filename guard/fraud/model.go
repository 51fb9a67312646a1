package fraud

import (
	"net/netip"
	"time"

	"tsujiban"
)

// maxCode is the largest country code that a destination can have, and one.
const maxCode = 10_000

// Model weighs evidence. It holds what is known of all customers together; what is
// known of each one is in its State. The zero value is ready.
type Model struct {
	calls [maxCode]uint32 // learned calls by country code, over all customers
	total uint64
}

// Call is what the test sees of one attempt.
type Call struct {
	At          int64 // milliseconds since 1970
	Hour        int   // of the week, 0 to 167 from Monday 00:00, in the node's time zone
	Callee      tsujiban.Number
	Destination tsujiban.Destination
	PerMinute   tsujiban.Money // 0 when no price is known
	Hint        bool           // the destination is known from past abuse
	Source      uint32         // HashAddress of where it came from; 0 when that is not known
	Agent       uint32         // HashText of the User-Agent; 0 when there is none
	Running     int            // international calls of the customer that are up already
}

// Finding is what an observation came to.
type Finding struct {
	Level  tsujiban.Level    // how far the larger of the call's two sums goes
	Weight tsujiban.Decibans // that sum
	Why    [tsujiban.MaxWhy]tsujiban.Weight
}

// Trace is what has to be remembered of a call abroad until it ends. The zero value
// belongs to calls that are not weighed.
type Trace struct {
	callee  uint64
	code    uint16
	weighed bool
	novel   bool // its destination was not known
	redial  bool // another try of a number that gave no talk: no habit
	again   bool // not the first call of a visit to the destination
	gapped  bool // there was a call abroad before it
	gap     uint8
	gapHere uint8 // since the last call to the same destination
	running uint8
	near    uint8
	neared  bool // there was a number to be near to
}

// Attempt weighs a call that is asked for and fills in what it found, and what to
// remember of the call. Calls that stay at home are not weighed: they only
// teach at what hours, from where and with what device this customer calls.
func (m *Model) Attempt(s *State, c *Call, t *Trace, f *Finding) {
	*t, *f = Trace{}, Finding{}
	m.settle(s, c.At)
	if c.Destination.Scope == tsujiban.ScopeDomestic || c.Destination.Scope == tsujiban.ScopeEmergency {
		if s.abroad.value(c.At) < learnBelow {
			s.learnLine(c)
		}
		return
	}
	d := s.find(c.Destination.Code)
	if d == nil {
		d = s.make(c.Destination.Code, c.At)
	}
	*t = s.trace(c, d)
	var e evidence
	m.weigh(s, c, d, t, &e)
	s.conclude(c.At, d, &e, f)
	if f.Level < tsujiban.LevelWatch {
		s.learnLine(c)
	}
	s.remember(c, d, t)
}

// Ended weighs the end of a call: how long it talked, 0 when it was not answered.
// A call that ends free of suspicion becomes part of the customer's habits.
func (m *Model) Ended(s *State, t *Trace, at int64, talk time.Duration, f *Finding) {
	*f = Finding{}
	if !t.weighed {
		return
	}
	d := s.find(t.code)
	if d == nil { // pushed out by other destinations meanwhile
		d = &destination{code: t.code}
	}
	ms := talk.Milliseconds()
	if t.callee == s.callees[0] {
		s.lastInVain = ms < inVain
	}
	var e evidence
	length, alike := durationKind(ms), s.alike(ms)
	if talk > 0 && !t.redial {
		e.add(tsujiban.EvidenceDuration, askDuration.weigh(&s.settled.durations, length))
		if s.talks[0] != 0 && ms >= inVain {
			e.add(tsujiban.EvidenceEqualDurations, askEqual.weigh(&s.settled.equal, alike))
		}
	}
	s.conclude(at, d, &e, f)
	if f.Level < tsujiban.LevelWatch && !t.redial {
		s.learn(at, d, t)
		if talk > 0 {
			s.pending.durations.learn(length)
			s.pending.equal.learn(alike)
		}
	}
	if ms >= inVain {
		copy(s.talks[1:], s.talks[:])
		s.talks[0] = uint32(min(ms, 1<<32-1))
	}
}

// conclude adds the evidence to the two sums of a call, its destination's and that of
// all destinations abroad, and says what the larger one comes to.
func (s *State) conclude(now int64, d *destination, e *evidence, f *Finding) {
	here, abroad := d.scope.value(now), s.abroad.value(now)
	total := e.total()
	d.scope.add(now, total+e.paceHere)
	s.abroad.add(now, total+e.paceAbroad)
	sum := max(d.scope.sum, s.abroad.sum)
	f.Weight, f.Level = sum.decibans(), level(sum)
	if sum == d.scope.sum {
		e.write(here, e.paceHere, &f.Why)
	} else {
		e.write(abroad, e.paceAbroad, &f.Why)
	}
	if f.Level >= tsujiban.LevelAsk {
		s.forgetPending()
	}
}

// evidence collects the weights of one observation.
type evidence struct {
	// The pace weighs differently on the two sums: by the calls to the same
	// destination, and by all calls abroad.
	paceHere, paceAbroad centi
	list                 [tsujiban.MaxWhy - 2]struct {
		kind  tsujiban.Evidence
		value centi
	}
	n int
}

func (e *evidence) add(k tsujiban.Evidence, w centi) {
	if w != 0 && e.n < len(e.list) {
		e.list[e.n].kind, e.list[e.n].value = k, w
		e.n++
	}
}

func (e *evidence) total() centi {
	var w centi
	for i := range e.list[:e.n] {
		w += e.list[i].value
	}
	return w
}

// write puts down what was carried over from earlier calls, the pace and the rest.
func (e *evidence) write(carried, pace centi, why *[tsujiban.MaxWhy]tsujiban.Weight) {
	n := 0
	put := func(k tsujiban.Evidence, w centi) {
		if w != 0 {
			why[n] = tsujiban.Weight{Kind: k, Value: w.decibans()}
			n++
		}
	}
	put(tsujiban.EvidenceCarried, carried)
	put(tsujiban.EvidenceRate, pace)
	for i := range e.list[:e.n] {
		put(e.list[i].kind, e.list[i].value)
	}
}

// HashAddress makes the key of a source address: the address without port; 0 for none.
func HashAddress(a netip.Addr) uint32 {
	if !a.IsValid() {
		return 0
	}
	b := a.Unmap().As16()
	return hash(b[:])
}

// maxText is how much of a text counts.
const maxText = 64

// HashText makes the key of a User-Agent: its first 64 printable ASCII characters; 0 for
// none. Other bytes do not count, since a record may hold them in another form.
func HashText(b []byte) uint32 {
	var text [maxText]byte
	n := 0
	for _, c := range b {
		if c > ' ' && c < 0x7f && n < maxText {
			text[n] = c
			n++
		}
	}
	if n == 0 {
		return 0
	}
	return hash(text[:n])
}

// hash is FNV-1a, never 0.
func hash(b []byte) uint32 {
	h := uint32(2166136261)
	for _, c := range b {
		h = (h ^ uint32(c)) * 16777619
	}
	return max(h, 1)
}
