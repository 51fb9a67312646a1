package fraud

import (
	"net/netip"
	"time"

	"tsujiban"
)

// Options set how cautious the model is.
type Options struct {
	// Caution is the sum in decibans at which calls are stopped that would cost, in an hour, as much as it costs to stop an
	// honest customer. 0 is DefaultCaution.
	Caution tsujiban.Decibans
	// Harm is what it costs to stop an honest customer's calls to one destination: in trouble, not in money that
	// is charged. 0 is DefaultHarm.
	Harm tsujiban.Money
}

// The defaults.
const (
	DefaultCaution tsujiban.Decibans = 38
	DefaultHarm                      = 20_000 * tsujiban.Unit
)

// Model weighs evidence. It holds what is known of all customers together; what is
// known of each one is in its State. The zero value is ready.
type Model struct {
	caution   centi
	harm      tsujiban.Money
	customers uint32          // how many have called
	calls     [1 << 16]uint32 // by Destination.Key: on how many days customers have settled with it
	total     uint64          // sum of calls
	crowds    [numSegments]crowd
	factors   [numFactorKinds]factorTable
}

// Configure sets the options. What was learned stays.
func (m *Model) Configure(o Options) {
	if o.Caution == 0 {
		o.Caution = DefaultCaution
	}
	if o.Harm <= 0 {
		o.Harm = DefaultHarm
	}
	m.caution, m.harm = fromDecibans(o.Caution), o.Harm
}

// Call is what the test sees of one attempt to call out.
type Call struct {
	At          int64 // milliseconds since 1970
	Hour        int   // of the week, 0 to 167 from Monday 00:00, in the node's time zone
	Callee      tsujiban.Number
	Destination tsujiban.Destination
	PerMinute   tsujiban.Money // 0 when no price is known
	Step        time.Duration  // in which time is charged; 0: by the millisecond
	Hint        bool           // the destination is known from past abuse
	Source      uint32         // HashAddress of where it came from; 0 when that is not known
	Agent       uint32         // HashText of the User-Agent; 0 when there is none
	Abroad      int            // calls of the customer to other countries that are up already
	Out         int            // all its calls out that are up
	In          int            // all its calls in that are up
}

// Finding is what an observation came to.
type Finding struct {
	Level    tsujiban.Level    // none, watch, ask or restrict
	Weight   tsujiban.Decibans // the sum that goes furthest
	Reach    tsujiban.Reach    // what is to be restricted, or asked about; at LevelAsk and above
	Campaign tsujiban.Campaign // what other customers' calls have in common with this one
	Why      [tsujiban.MaxWhy]tsujiban.Weight
}

// Trace is what has to be remembered of a call until it ends. The zero value
// belongs to calls that are not weighed.
type Trace struct {
	callee  uint64
	price   tsujiban.Money // per minute
	step    int32          // in which time is charged, milliseconds
	key     uint16         // 0: at home
	weighed bool
	novel   bool // its destination was not known
	strange bool // its number was not known
	seen    bool // it was met before, if only today
	redial  bool // another try of a number that gave no talk: no habit
	again   bool // not the first call of a visit to the destination
	gapped  bool // there was a call of the kind before it
	talked  bool // the last one of the visit reached somebody
	neared  bool // there was a number to be near to
	overlap bool // a call in was up
	fromNew bool // it came from the source that State.source is about
	arrives bool // it is the first one from there
	gap     uint8
	gapHere uint8 // since the last call to the same destination
	up      uint8
	beside  uint8 // calls that began together with it, before it (gathering)
	near    uint8
}

// Strange tells whether the call goes to a number that the customer had not had to do with before (State.Known), as far as is known.
func (t *Trace) Strange() bool { return !t.weighed || t.strange && (t.key != 0 || !t.seen) }

// Lasting tells whether the call is to be looked at while it runs: it goes to a number that is not known, where time costs.
func (t *Trace) Lasting() bool { return t.weighed && t.key != 0 && t.strange }

// Attempt weighs a call that is asked for and fills in what it found, and what to
// remember of the call.
func (m *Model) Attempt(s *State, c *Call, t *Trace, f *Finding) {
	*t, *f = Trace{}, Finding{}
	m.settle(s, c.At)
	if c.Destination.Scope == tsujiban.ScopeEmergency {
		return
	}
	key := c.Destination.Key()
	if key == 0 {
		m.attemptHome(s, c, t, f)
	} else {
		m.attemptAbroad(s, c, key, t, f)
	}
	if f.Level < tsujiban.LevelWatch && !s.suspected(c.At) {
		s.learnLine(c)
	}
	s.lastSource, s.lastAgent = c.Source, c.Agent
}

// Ended weighs the end of a call: how long it talked, 0 when it was not answered.
// A call that ends free of suspicion becomes part of the customer's habits.
func (m *Model) Ended(s *State, t *Trace, at int64, talk time.Duration, f *Finding) {
	*f = Finding{}
	switch {
	case !t.weighed:
	case t.key == 0:
		m.endedHome(s, t, at, talk.Milliseconds(), f)
	default:
		m.endedAbroad(s, t, at, talk.Milliseconds(), f)
	}
}

// Incoming notes a call from the network to the customer: whoever calls is known from tomorrow on, and
// so is the destination that he calls from.
func (m *Model) Incoming(s *State, at int64, caller tsujiban.Number, from tsujiban.Destination) {
	m.settle(s, at)
	s.called = at
	if caller.IsZero() || from.Key() != 0 && s.suspected(at) {
		return // an attacker may call, too, or have a number forged
	}
	s.numbers.note(caller.Prefix(tsujiban.MaxDigits), at)
	if key := from.Key(); key != 0 {
		if d := s.find(key); d != nil {
			d.heard = at
		}
	}
}

// Registered notes that somebody registered at the customer's PBX.
func (m *Model) Registered(s *State, at int64, source, agent uint32) {
	m.settle(s, at)
	if source != 0 && s.settled.sources.fresh(source) == 1 || agent != 0 && s.settled.agents.fresh(agent) == 1 {
		s.registered = at
	}
}

// Known tells whether a number is one that the customer has to do with: elsewhere since a day at least, at home since any time, for who calls
// strangers there by the hundred does not come back to them.
func (s *State) Known(n tsujiban.Number, to tsujiban.Destination, at int64) bool {
	number := n.Prefix(tsujiban.MaxDigits)
	if to.Key() == 0 {
		return s.numbers.seen(number)
	}
	return s.numbers.has(number, at)
}

// threshold is the sum at which calls are stopped that cost so much per minute: the odds at which what they
// may cost in the time until a person looks, an hour, outweighs what stopping an honest customer costs. ms is how long the call has
// talked already, others how many run beside it, daily how many calls a day are the customer's own: the more they are, the more
// it is hurt.
func (m *Model) threshold(perMinute tsujiban.Money, ms int64, others, daily int) centi {
	const (
		least = 3 * tsujiban.Unit // a call without a price is not free
		few   = 4                 // calls a day that are hurt as much as none
	)
	loss := max(perMinute, least) / tsujiban.Money(1000) * tsujiban.Money(60+ms/60_000) * tsujiban.Money(1+others)
	harm := m.harm / 1000 * tsujiban.Money(few+daily) / few
	return max(m.caution+ratio(uint64(harm), uint64(loss)), leastThreshold)
}

// leastThreshold holds whatever a call costs: odds of a thousand to one, of which a new destination alone makes half.
const leastThreshold = 30 * deciban

// askBelow is how far below the sum at which calls are stopped the customer is asked.
const askBelow = 10 * deciban

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
