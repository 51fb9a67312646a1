package guard_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"tsujiban"
)

// theft is how a hijacked line is used.
type theft struct {
	name   string
	hours  []int         // of the day at which it begins
	gap    time.Duration // mean time between calls
	talk   time.Duration
	jitter time.Duration // of talk
	heads  []string      // what the numbers begin with
	digits int           // how many follow at random
	same   bool          // one number only
	source string        // "" is the customer's own PBX
	agent  string
	tested bool // one call the evening before
	most   int  // calls that may go out before the stop
}

// press is the incident of March 2015: 2.4 calls a minute of 32 seconds each.
var press = theft{
	name: "press", hours: []int{3, 14}, gap: 25 * time.Second, talk: 32 * time.Second, jitter: 500 * time.Millisecond,
	heads: []string{"01023277"}, digits: 6, most: 10,
}

func thefts() []theft {
	variant := func(name string, hour int, change func(*theft)) theft {
		th := press
		th.name, th.hours = name, []int{hour}
		change(&th)
		return th
	}
	return []theft{
		press,
		variant("one number", 3, func(th *theft) { th.same = true }),
		variant("tested before", 14, func(th *theft) { th.tested = true }),
		variant("slower", 3, func(th *theft) { th.gap, th.most = 3*time.Minute, 15 }),
		variant("not on the list of hints", 14, func(th *theft) { th.heads = []string{"01026771"} }),
		variant("lengths at random", 14, func(th *theft) { th.talk, th.jitter = time.Minute, 50*time.Second }),
		variant("stolen password", 14, func(th *theft) { th.source, th.agent = "198.51.100.9", "friendly" }),
		variant("neighbouring numbers", 3, func(th *theft) { th.heads, th.digits = []string{"010232771234"}, 2 }),
		variant("many countries", 14, func(th *theft) {
			th.heads, th.digits = []string{"01023277", "01037167", "010252612", "010245955", "01022190", "01026771", "010677749", "010269321"}, 5
		}),
	}
}

// number draws a number to call.
func (th *theft) number(r *rand.Rand) string {
	if th.same {
		return th.heads[0] + "123456"
	}
	n := th.heads[r.IntN(len(th.heads))]
	for range th.digits {
		n += string(rune('0' + r.IntN(10)))
	}
	return n
}

// steal plans some hours of stolen calls.
func steal(w *world, r *rand.Rand, c tsujiban.CustomerID, th theft, from time.Time, source, agent string) {
	if th.source != "" {
		source, agent = th.source, th.agent
	}
	p := planned{at: from, customer: c, source: source, agent: agent, stolen: true}
	if th.tested {
		test := p
		test.at, test.dialled, test.talk = from.Add(-20*time.Hour), th.number(r), 8*time.Second
		w.plan(test)
	}
	for range 200 {
		p.dialled = th.number(r)
		p.talk = (th.talk + time.Duration((r.Float64()*2-1)*float64(th.jitter))).Truncate(time.Millisecond)
		w.plan(p)
		p.at = p.at.Add(time.Duration(float64(th.gap) * (0.5 + r.Float64())))
	}
}

// loss counts what went out in a theft before it was stopped. Honest calls go on, but for those to where the thief calls.
func loss(w *world, c tsujiban.CustomerID, from time.Time) (calls int, yen tsujiban.Money) {
	for _, o := range w.done {
		if o.customer != c || o.at.Before(from) {
			continue
		}
		switch denied := o.verdict.Action == tsujiban.Deny; {
		case o.verdict.Destination.Scope == tsujiban.ScopeDomestic && denied:
			w.t.Errorf("%s: a call at home was refused: %v", c, o.verdict.Reason)
		case o.stolen && !denied:
			calls++
			yen += o.end.Charge
		}
	}
	return calls, yen
}

// TestPressIncidentEnds steals the lines of customers with different histories, with no cap
// set. Calls at home go on; nothing goes abroad once the line is restricted.
func TestPressIncidentEnds(t *testing.T) {
	for _, th := range thefts() {
		for _, hour := range th.hours {
			t.Run(fmt.Sprintf("%s, %d h", th.name, hour), func(t *testing.T) { endTheft(t, th, hour) })
		}
	}
}

func endTheft(t *testing.T, th theft, hour int) {
	victims := append(firms(), firm{id: "brand-new"})
	worst, worstYen, total := 0, tsujiban.Money(0), 0
	for i, victim := range victims {
		w := honest(t, uint64(i), 21, []firm{victim})
		w.noRecord = true
		from := monday.Add(17*24*time.Hour + time.Duration(hour)*time.Hour)
		steal(w, rand.New(rand.NewPCG(uint64(i), 2)), victim.id, th, from, victim.address(), "PBX/1.0")
		w.run()
		calls, yen := loss(w, victim.id, from)
		total += calls
		worst, worstYen = max(worst, calls), max(worstYen, yen)
		if calls > th.most {
			t.Errorf("%s: %d calls went out, %s yen\n%s", victim.id, calls, yen.Grouped(), w.tell(victim.id, from))
		}
	}
	t.Logf("worst %d calls, %s yen; mean %.1f calls", worst, worstYen.Grouped(), float64(total)/float64(len(victims)))
}
