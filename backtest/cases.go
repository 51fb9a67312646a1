package backtest

import (
	"slices"
	"time"

	"tsujiban"
	"tsujiban/replay"
)

// Case is one restriction with the calls around it.
type Case struct {
	Customer tsujiban.CustomerID
	Name     string
	At       time.Time
	Reach    tsujiban.Reach
	Weight   tsujiban.Decibans
	Why      [tsujiban.MaxWhy]tsujiban.Weight
	Campaign tsujiban.Campaign
	Points   []Point        // calls out to what is restricted: those before, and those after
	Before   int            // of Points
	Lost     tsujiban.Money // what those before cost within a day
	Denied   int            // calls that the restriction refused or cut
	Saved    tsujiban.Money // what those would have cost
	Labels   map[string]int // of the calls of a labelled trace that it refused or cut
}

// Point is one call of a case.
type Point struct {
	At      time.Time
	Callee  string // masked
	Verdict replay.Outcome
	Talk    time.Duration
	Full    tsujiban.Money
	Charge  tsujiban.Money
	Key     uint16
	Home    bool
}

const (
	pointsBefore = 24  // calls remembered of every customer, to show what led to a case
	pointsAfter  = 200 // calls shown of a case
	maxCases     = 500 // in a report
)

// Casebook gathers cases. Give it every restriction and every result, in order.
type Casebook struct {
	names  map[tsujiban.CustomerID]string
	recent map[tsujiban.CustomerID]*ring
	open   map[tsujiban.CustomerID][]*Case
	Cases  []*Case
	More   int // cases beyond maxCases
}

type ring struct {
	points [pointsBefore]Point
	n      int
}

// NewCasebook makes an empty one.
func NewCasebook(s *Setup) *Casebook {
	b := &Casebook{names: map[tsujiban.CustomerID]string{}, recent: map[tsujiban.CustomerID]*ring{}, open: map[tsujiban.CustomerID][]*Case{}}
	for i := range s.Customers {
		b.names[s.Customers[i].ID] = s.Customers[i].Name
	}
	return b
}

// Restrict opens a case.
func (b *Casebook) Restrict(r *tsujiban.Restriction) {
	if r.Level < tsujiban.LevelRestrict {
		return
	}
	c := &Case{
		Customer: r.Customer, Name: b.names[r.Customer], At: r.At, Reach: r.Reach, Weight: r.Weight, Why: r.Why, Campaign: r.Campaign,
		Labels: map[string]int{},
	}
	// A wider restriction of the same customer counts from here on; the narrower one stays as it was.
	b.open[r.Customer] = append(b.open[r.Customer], c)
	if len(b.Cases) >= maxCases {
		b.More++
		return
	}
	b.Cases = append(b.Cases, c)
}

// Add sorts a result to its case, or remembers it for one to come. label is empty where there is no truth.
func (b *Casebook) Add(r *replay.Result, label string) {
	if r.Call.Direction != tsujiban.Out {
		return
	}
	p := Point{At: r.Call.Start, Callee: mask(r.Call.Callee), Verdict: r.Verdict, Talk: r.Talk, Full: r.Full, Charge: r.Charge, Key: r.Key, Home: r.Key == 0}
	var of *Case
	for _, c := range slices.Backward(b.open[r.Call.Customer]) {
		if c.means(r.Key) && !r.Call.Start.Before(c.At) {
			of = c
			break
		}
	}
	if of == nil || r.Verdict == replay.Allow && r.Call.Start.Before(of.At) {
		b.remember(r.Call.Customer, p)
		return
	}
	if r.Verdict == replay.Allow {
		b.remember(r.Call.Customer, p)
		return
	}
	if of.Points == nil {
		b.lead(of)
	}
	of.Denied++
	of.Saved += p.Full - p.Charge
	if label != "" {
		of.Labels[label]++
	}
	if len(of.Points)-of.Before < pointsAfter {
		of.Points = append(of.Points, p)
	}
}

// means tells whether the case is about a destination.
func (c *Case) means(key uint16) bool {
	if key == 0 {
		return c.Reach.Home()
	}
	return c.Reach.Abroad() || c.Reach.HasKey(key)
}

func (b *Casebook) remember(id tsujiban.CustomerID, p Point) {
	k := b.recent[id]
	if k == nil {
		k = &ring{}
		b.recent[id] = k
	}
	k.points[k.n%pointsBefore] = p
	k.n++
}

// lead puts the calls of the last day that led to a case in front of it.
func (b *Casebook) lead(c *Case) {
	k := b.recent[c.Customer]
	if k == nil {
		return
	}
	for i := range min(k.n, pointsBefore) {
		p := &k.points[(k.n-min(k.n, pointsBefore)+i)%pointsBefore]
		if c.means(p.Key) && c.At.Sub(p.At) < 24*time.Hour && !p.At.After(c.At) {
			c.Points = append(c.Points, *p)
			c.Lost += p.Charge
		}
	}
	c.Before = len(c.Points)
}

// mask hides the last four digits: a report is passed round.
func mask(s string) string {
	b := []byte(s)
	for i := max(len(b)-4, min(len(b), 3)); i < len(b); i++ {
		b[i] = '*'
	}
	return string(b)
}
