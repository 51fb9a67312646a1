// Package bill sums up what a customer used: by hour, day and destination, and as an itemised bill in which equal lines are one.
// It is pure; what it is fed comes from the view of the calls, one call after the other, and it holds no more than its bounds.
package bill

import (
	"cmp"
	"slices"
	"time"

	"tsujiban"
)

// Call is what is needed of one outgoing call.
type Call struct {
	ID          tsujiban.CallID
	At          time.Time
	Callee      tsujiban.Number
	Destination tsujiban.Destination
	Refused     bool
	Answered    bool
	Talk        time.Duration
	Charge      tsujiban.Money
}

// Sum is calls counted.
type Sum struct {
	Attempts int
	Refused  int
	Answered int
	Talk     time.Duration
	Charge   tsujiban.Money
}

func (s *Sum) add(c *Call) {
	s.Attempts++
	if c.Refused {
		s.Refused++
	}
	if c.Answered {
		s.Answered++
	}
	s.Talk += c.Talk
	s.Charge = s.Charge.Add(c.Charge)
}

// Place is a destination as a bill tells it: a country, or a kind of number at home.
type Place struct {
	Country string // ISO 3166-1; empty when there is none
	Class   tsujiban.Class
	Scope   tsujiban.Scope
}

// PlaceOf is the place of a destination.
func PlaceOf(d tsujiban.Destination) Place { return Place{d.Country(), d.Class, d.Scope} }

// Use is what a customer used, by hour, day and destination. The zero value needs Zone.
type Use struct {
	Zone   *time.Location
	Hours  map[time.Time]*Sum // by the hour's beginning; nil: not asked for
	Days   map[time.Time]*Sum // by midnight in Zone
	Places map[Place]*Sum
	Total  Sum
}

// NewUse makes an empty one.
func NewUse(zone *time.Location, hours bool) *Use {
	u := &Use{Zone: zone, Days: map[time.Time]*Sum{}, Places: map[Place]*Sum{}}
	if hours {
		u.Hours = map[time.Time]*Sum{}
	}
	return u
}

// Add counts a call.
func (u *Use) Add(c *Call) {
	local := c.At.In(u.Zone)
	y, m, d := local.Date()
	sum(u.Days, time.Date(y, m, d, 0, 0, 0, 0, u.Zone)).add(c)
	if u.Hours != nil {
		// Zones are whole minutes off: the hour of the clock on the wall.
		sum(u.Hours, local.Add(-time.Duration(local.Minute())*time.Minute-time.Duration(local.Second())*time.Second-time.Duration(local.Nanosecond()))).add(c)
	}
	sum(u.Places, PlaceOf(c.Destination)).add(c)
	u.Total.add(c)
}

func sum[K comparable](m map[K]*Sum, k K) *Sum {
	s := m[k]
	if s == nil {
		s = &Sum{}
		m[k] = s
	}
	return s
}

// The folding of lines.
const (
	foldFrom  = 5                // so many calls that are alike stand singly; more are one line
	foldAbout = 15 * time.Second // lengths that are this close are alike
	maxGroups = 5000             // kinds of line; what is beyond is one line by destination
)

// Line is one line of an itemised bill: a call, or many that are alike.
type Line struct {
	First, Last time.Time
	Place       Place
	Callee      tsujiban.Number // of a single call
	Call        tsujiban.CallID // of a single call
	Count       int
	Talk        time.Duration // of all
	Least, Most tsujiban.Money
	Charge      tsujiban.Money // of all
}

// About is how long each call was, in the mean, to the second.
func (l *Line) About() time.Duration {
	return (l.Talk / time.Duration(max(l.Count, 1))).Round(time.Second)
}

type alike struct {
	place Place
	about int64 // -1: of any length
}

type group struct {
	Line
	singles []Line // while there are few
}

// Bill gathers the lines of a month. Only answered calls cost and are told.
type Bill struct {
	*Use
	groups map[alike]*group
}

// New makes an empty bill.
func New(zone *time.Location) *Bill {
	return &Bill{Use: NewUse(zone, false), groups: map[alike]*group{}}
}

// Add puts a call on the bill.
func (b *Bill) Add(c *Call) {
	b.Use.Add(c)
	if !c.Answered && c.Charge == 0 {
		return
	}
	key := alike{PlaceOf(c.Destination), int64((c.Talk + foldAbout/2) / foldAbout)}
	g := b.groups[key]
	if g == nil && len(b.groups) >= maxGroups {
		key.about = -1
		g = b.groups[key]
	}
	line := Line{First: c.At, Last: c.At, Place: key.place, Callee: c.Callee, Call: c.ID, Count: 1, Talk: c.Talk, Least: c.Charge, Most: c.Charge, Charge: c.Charge}
	if g == nil {
		g = &group{Line: line, singles: []Line{line}}
		b.groups[key] = g
		return
	}
	g.Count++
	if c.At.Before(g.First) {
		g.First = c.At
	}
	if c.At.After(g.Last) {
		g.Last = c.At
	}
	g.Talk += c.Talk
	g.Least, g.Most, g.Charge = min(g.Least, c.Charge), max(g.Most, c.Charge), g.Charge.Add(c.Charge)
	if g.Count <= foldFrom {
		g.singles = append(g.singles, line)
	} else {
		g.singles = nil
	}
}

// Lines are the lines, in the order of time.
func (b *Bill) Lines() (lines []Line) {
	for _, g := range b.groups {
		if g.Count <= foldFrom {
			lines = append(lines, g.singles...)
			continue
		}
		l := g.Line
		l.Callee, l.Call = tsujiban.Number{}, 0
		lines = append(lines, l)
	}
	slices.SortFunc(lines, func(x, y Line) int {
		return cmp.Or(x.First.Compare(y.First), cmp.Compare(x.Call, y.Call), cmp.Compare(y.Charge, x.Charge))
	})
	return lines
}
