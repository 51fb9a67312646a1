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
	name    string
	gap     time.Duration // mean time between calls
	talk    time.Duration
	jitter  time.Duration // of talk
	numbers string        // head of the numbers
	digits  int           // how many follow at random
	same    bool          // one number only
	source  string
	agent   string
	most    int // calls that may be answered before the stop
}

// press is the incident of March 2015: 2.4 calls a minute of 32 seconds each.
var press = theft{name: "press", gap: 25 * time.Second, talk: 32 * time.Second, jitter: 500 * time.Millisecond, numbers: "01023277", digits: 6, most: 10}

func thefts() []theft {
	same := press
	same.name, same.same = "one number", true
	steady := press
	steady.name, steady.gap, steady.most = "slower", 3*time.Minute, 15
	unlisted := press
	unlisted.name, unlisted.numbers = "not on the list of hints", "01026771"
	varied := press
	varied.name, varied.talk, varied.jitter = "lengths at random", time.Minute, 50*time.Second
	stolen := press
	stolen.name, stolen.source, stolen.agent = "stolen password", "198.51.100.9", "friendly"
	block := press
	block.name, block.numbers, block.digits = "neighbouring numbers", "010232771234", 2
	return []theft{press, same, steady, unlisted, varied, stolen, block}
}

// steal plans a night of stolen calls.
func steal(w *world, r *rand.Rand, c tsujiban.CustomerID, th theft, from time.Time, source, agent string) {
	if th.source != "" {
		source, agent = th.source, th.agent
	}
	at := from
	for range 200 {
		number := th.numbers
		for i := range th.digits {
			if th.same {
				number += string(rune('1' + i))
			} else {
				number += string(rune('0' + r.IntN(10)))
			}
		}
		talk := th.talk + time.Duration((r.Float64()*2-1)*float64(th.jitter))
		w.plan(planned{at: at, customer: c, dialled: number, source: source, agent: agent, talk: talk.Truncate(time.Millisecond)})
		at = at.Add(time.Duration(float64(th.gap) * (0.5 + r.Float64())))
	}
}

// loss counts what went out in a theft before it was stopped.
func loss(w *world, c tsujiban.CustomerID, from time.Time) (calls int, yen tsujiban.Money) {
	for _, o := range w.done {
		if o.customer == c && !o.at.Before(from) && o.verdict.Action != tsujiban.Deny && o.verdict.Destination.Scope == tsujiban.ScopeInternational {
			calls++
			yen += o.end.Charge
		}
	}
	return calls, yen
}

// TestPressIncidentEnds steals the lines of customers with different histories, with
// no cap set, by night and by day.
func TestPressIncidentEnds(t *testing.T) {
	victims := append(firms(), firm{id: "brand-new"})
	for _, th := range thefts() {
		for _, hour := range []int{3, 14} {
			worst, worstYen, total := 0, tsujiban.Money(0), 0
			for i, victim := range victims {
				w := honest(t, uint64(i), 21, []firm{victim})
				w.noRecord = true
				from := monday.Add(17*24*time.Hour + time.Duration(hour)*time.Hour)
				r := rand.New(rand.NewPCG(uint64(i), 2))
				steal(w, r, victim.id, th, from, fmt.Sprintf("192.0.2.%d", len(victim.id)*7%250), "PBX/1.0")
				w.run()
				calls, yen := loss(w, victim.id, from)
				total += calls
				worst, worstYen = max(worst, calls), max(worstYen, yen)
				if calls > th.most {
					t.Errorf("%s, %d h: %s: %d calls went out, %s yen\n%s", th.name, hour, victim.id, calls, yen.Grouped(), w.tell(victim.id, from))
				}
			}
			t.Logf("%-26s %2d h: worst %d calls, %s yen; mean %.1f", th.name, hour, worst, worstYen.Grouped(), float64(total)/float64(len(victims)))
		}
	}
}
