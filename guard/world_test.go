package guard_test

import (
	"cmp"
	"container/heap"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"tsujiban"
	"tsujiban/guard"
	"tsujiban/guard/policy"
	"tsujiban/numbering"
	"tsujiban/rating"
)

// Monday, 00:00 in Tokyo.
var monday = time.Date(2026, 11, 1, 15, 0, 0, 0, time.UTC)

var tokyo = time.FixedZone("JST", 9*3600)

const deckCSV = `prefix,name,yen_per_minute,increment_s
81,JAPAN,8,180
8190,JAPAN MOBILE,20,60
=117,TIME,8,180
1,USA,9,6
44,UK,20,6
86,CHINA,30,6
82,KOREA,30,6
886,TAIWAN,30,6
66,THAILAND,45,6
84,VIETNAM,85,6
91,INDIA,80,6
49,GERMANY,20,6
33,FRANCE,20,6
232,SIERRA LEONE,327,6
2,AFRICA,150,6
3,EUROPE,60,6
4,EUROPE,60,6
5,AMERICA,80,6
6,OCEANIA,70,6
7,RUSSIA,60,6
9,ASIA,100,6
`

func parseDeck(t testing.TB, csv string) *rating.Deck {
	t.Helper()
	d, err := rating.Parse(strings.NewReader(csv))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func plan(t testing.TB) *numbering.Plan {
	t.Helper()
	p, err := numbering.New("JP")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// hints are the country codes of the operator's notice of 2015.
var hints = strings.Fields("53 212 220 224 228 231 232 242 243 245 247 252 257 269 355 370 371 372 375 377 381 382 387 670 677")

// source is a policy with everything that the tests need; customers are added.
func source(t testing.TB, customers ...tsujiban.Customer) policy.Source {
	t.Helper()
	return policy.Source{
		Customers: customers, Rates: parseDeck(t, deckCSV), Plan: plan(t), Location: tokyo, Hints: hints, Fraud: policy.FraudEnforce,
	}
}

func compile(t testing.TB, src policy.Source) *policy.Policy {
	t.Helper()
	p, err := policy.Compile(src)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// planned is a call that somebody means to make.
type planned struct {
	at       time.Time
	customer tsujiban.CustomerID
	dialled  string
	source   string
	agent    string
	talk     time.Duration // 0: nobody answers
	stolen   bool
}

// outcome is what became of it.
type outcome struct {
	planned
	verdict tsujiban.Verdict
	end     tsujiban.Outcome
}

const setup = 4 * time.Second

// world is an edge without a network: it plays calls against a guard in event time,
// asks Extend when it is due, obeys orders to cut at once, and keeps the journal.
type world struct {
	t        testing.TB
	g        *guard.Guard
	policy   *policy.Policy
	now      time.Time
	last     tsujiban.CallID
	queue    queue
	open     map[tsujiban.CallID]*outcome
	done     []*outcome
	journal  []tsujiban.Event
	effects  []guard.Effect
	imposed  []tsujiban.Restriction
	noRecord bool
}

func newWorld(t testing.TB, p *policy.Policy) *world {
	return &world{t: t, policy: p, g: guard.New(guard.Options{Policy: p}), open: map[tsujiban.CallID]*outcome{}}
}

type step struct {
	at time.Time
	n  int // order among equals
	do func()
}

type queue struct {
	steps []step
	n     int
}

func (q *queue) Len() int { return len(q.steps) }
func (q *queue) Less(i, j int) bool {
	return cmp.Or(q.steps[i].at.Compare(q.steps[j].at), q.steps[i].n-q.steps[j].n) < 0
}
func (q *queue) Swap(i, j int) { q.steps[i], q.steps[j] = q.steps[j], q.steps[i] }
func (q *queue) Push(x any)    { q.steps = append(q.steps, x.(step)) }
func (q *queue) Pop() any {
	s := q.steps[len(q.steps)-1]
	q.steps = q.steps[:len(q.steps)-1]
	return s
}

func (w *world) later(at time.Time, do func()) {
	w.queue.n++
	heap.Push(&w.queue, step{at, w.queue.n, do})
}

// plan takes a call in.
func (w *world) plan(p planned) { w.later(p.at, func() { w.attempt(p) }) }

// run plays everything that was planned.
func (w *world) run() {
	for w.step() {
	}
}

// step plays what comes next; false when nothing does.
func (w *world) step() bool {
	if w.queue.Len() == 0 {
		return false
	}
	s := heap.Pop(&w.queue).(step)
	w.now = s.at
	s.do()
	w.obey()
	return true
}

func (w *world) record(ev tsujiban.Event) {
	if !w.noRecord {
		w.journal = append(w.journal, ev)
	}
}

func (w *world) attempt(p planned) {
	w.last = tsujiban.NextCallID(w.last, w.now)
	a := tsujiban.Attempt{
		Call: w.last, At: w.now, Customer: p.customer, Trunk: "trunk", Dialled: []byte(p.dialled), UserAgent: []byte(p.agent),
	}
	if p.source != "" {
		a.Source = netip.AddrPortFrom(netip.MustParseAddr(p.source), 5060)
	}
	o := &outcome{planned: p}
	w.g.Decide(&a, &o.verdict)
	w.record(tsujiban.Event{Kind: tsujiban.EventAttempt, At: w.now, Call: a.Call, Attempt: a, Verdict: o.verdict})
	if o.verdict.Action == tsujiban.Deny {
		w.done = append(w.done, o)
		return
	}
	w.open[a.Call] = o
	if p.talk == 0 {
		w.later(w.now.Add(20*time.Second), func() { w.end(a.Call, tsujiban.ReasonNone) })
		return
	}
	w.later(w.now.Add(setup), func() { w.answer(a.Call, p.talk) })
}

func (w *world) answer(id tsujiban.CallID, talk time.Duration) {
	if w.open[id] == nil {
		return
	}
	next := w.g.Answered(id, w.now)
	w.record(tsujiban.Event{Kind: tsujiban.EventAnswered, At: w.now, Call: id})
	w.later(w.now.Add(talk), func() { w.end(id, tsujiban.ReasonNone) })
	w.extendAt(id, next)
}

func (w *world) extendAt(id tsujiban.CallID, next time.Time) {
	if next.IsZero() {
		return
	}
	if next.Before(w.now) {
		w.t.Fatalf("call %v: Extend is asked for %v in the past", id, w.now.Sub(next))
	}
	w.later(next, func() {
		if w.open[id] == nil {
			return
		}
		again, cut := w.g.Extend(id, w.now)
		if cut != tsujiban.ReasonNone {
			w.end(id, cut)
			return
		}
		w.extendAt(id, again)
	})
}

func (w *world) end(id tsujiban.CallID, cut tsujiban.Reason) {
	o := w.open[id]
	if o == nil {
		return
	}
	delete(w.open, id)
	o.end = tsujiban.Outcome{Status: 200, Cut: cut}
	w.g.Ended(id, w.now, &o.end)
	w.record(tsujiban.Event{Kind: tsujiban.EventEnded, At: w.now, Call: id, Outcome: o.end})
	w.done = append(w.done, o)
}

// obey does what the guard asked for besides its answers.
func (w *world) obey() {
	for {
		w.effects = w.g.Effects(w.effects[:0])
		if len(w.effects) == 0 {
			return
		}
		for _, e := range w.effects {
			if e.Restriction != nil {
				w.imposed = append(w.imposed, *e.Restriction)
				w.record(tsujiban.Event{Kind: tsujiban.EventRestricted, At: w.now, Call: e.Restriction.Call, Restriction: *e.Restriction})
			}
			if e.Cut != 0 {
				w.end(e.Cut, e.Reason)
			}
		}
	}
}

// tell prints the verdicts of one customer, for a test that failed.
func (w *world) tell(c tsujiban.CustomerID, from time.Time) string {
	var b strings.Builder
	told := 0
	for _, o := range w.done {
		if o.customer != c || o.at.Before(from) || told == 40 || o.verdict.Destination.Scope == tsujiban.ScopeDomestic {
			continue
		}
		told++
		fmt.Fprintf(&b, "%s %s talk %v %v %v %.1f", o.at.In(tokyo).Format("01-02 15:04:05"), o.dialled, o.end.Talk, o.verdict.Action, o.verdict.Reason, o.verdict.Weight)
		for _, w := range o.verdict.Why {
			if w.Kind != tsujiban.EvidenceNone {
				fmt.Fprintf(&b, " %v %+.1f", w.Kind, w.Value)
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}
