package main

import (
	"bytes"
	"context"
	"time"

	"tsujiban"
	"tsujiban/backtest"
	"tsujiban/numbering"
	"tsujiban/rating"
	"tsujiban/replay"
	"tsujiban/replay/counters"
	"tsujiban/simulate"
	"tsujiban/trace"
)

// jst is where the simulated firms are.
var jst = time.FixedZone("JST", 9*3600)

// detector is what is measured.
type detector struct {
	name  string
	judge func(*backtest.Setup) (replay.Judge, error)
}

// evidence is the guard as it is delivered, but for the caution.
func evidence(name string, caution tsujiban.Decibans, hints bool) detector {
	return detector{name, func(s *backtest.Setup) (replay.Judge, error) {
		other := *s
		other.Caution = caution
		if !hints {
			other.Hints = nil
		}
		return other.Guard()
	}}
}

// peer are counters of which each limit is that many times the usual one.
func peer(name string, times float64) detector {
	return detector{name, func(s *backtest.Setup) (replay.Judge, error) {
		return counters.New(counters.Usual.Times(times), s.Plan, s.Deck, s.Location), nil
	}}
}

// town is one world, ready to be played.
type town struct {
	seed  uint64
	world *simulate.World
	calls []simulate.Call
	setup *backtest.Setup
}

func newTown(o simulate.Options, hints []string) (*town, error) {
	w, err := simulate.New(o)
	if err != nil {
		return nil, err
	}
	t := &town{seed: o.Seed, world: w, calls: w.Calls()}
	t.setup = &backtest.Setup{Customers: w.Trace(), Location: jst, Hints: hints, ReleaseAfter: 24 * time.Hour}
	// Every class of numbers is open: what is barred needs no detector.
	t.setup.Limits.AllowClasses = []string{"premium", "satellite", "undesignated"}
	if t.setup.Plan, err = numbering.New("JP"); err != nil {
		return nil, err
	}
	t.setup.Deck, err = rating.Parse(bytes.NewReader(w.Rates()))
	return t, err
}

// hurt is an honest call that was denied or cut.
type hurt struct {
	kind     string // of the customer
	victim   string // of what kind of hijacking; empty: of none
	surprise string
	newcomer bool
	seed     uint64
	call     trace.Call
	reason   tsujiban.Reason
	cut      bool
	abroad   bool // or to numbers at home that cost extra
}

// theft is what one hijacking could have cost, and what it did.
type theft struct {
	seed          uint64
	customer      *simulate.Customer
	exposed, lost tsujiban.Money
}

// stop is a restriction of a customer, with why.
type stop struct {
	seed     uint64
	customer *simulate.Customer
	by       tsujiban.Restriction
}

// outcome is what became of a town under one detector.
type outcome struct {
	score  *backtest.Score
	stops  []stop
	hurts  []hurt
	thefts map[tsujiban.CustomerID]*theft
	took   time.Duration
}

// play plays the town against a detector.
func (t *town) play(ctx context.Context, d detector) (*outcome, error) {
	j, err := d.judge(t.setup)
	if err != nil {
		return nil, err
	}
	out := &outcome{thefts: map[tsujiban.CustomerID]*theft{}, score: backtest.NewScore(t.world.Evaluate())}
	who := map[tsujiban.CustomerID]*simulate.Customer{}
	for i := range t.world.Customers {
		c := &t.world.Customers[i]
		who[c.ID] = c
		out.score.Customer(c.ID, c.Newcomer)
	}
	n, from := 0, t.world.Evaluate()
	stopped := func(r *tsujiban.Restriction) {
		if r.Level >= tsujiban.LevelRestrict && !r.At.Before(from) {
			out.stops = append(out.stops, stop{t.seed, who[r.Customer], *r})
		}
	}
	start := time.Now()
	err = t.setup.PlayJudge(ctx, j, simulate.Source(t.calls), replay.Options{OnRestriction: stopped}, func(r *replay.Result) error {
		c := &t.calls[n]
		n++
		out.score.Add(r, c.Label)
		if w := who[c.Customer]; c.Label != simulate.Honest {
			v := out.thefts[c.Customer]
			if v == nil {
				v = &theft{seed: t.seed, customer: w}
				out.thefts[c.Customer] = v
			}
			v.exposed += r.Full
			v.lost += r.Charge
		}
		if c.Label == simulate.Honest && r.Verdict != replay.Allow && !c.Start.Before(from) {
			w := who[c.Customer]
			victim := ""
			if w.Attack != nil {
				victim = w.Attack.Kind
			}
			{
				out.hurts = append(out.hurts, hurt{w.Kind, victim, c.Surprise, w.Newcomer, t.seed, c.Call, r.Reason, r.Verdict == replay.Cut, r.Key != 0})
			}
		}
		return nil
	})
	out.took = time.Since(start)
	return out, err
}
