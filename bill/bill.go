// Package bill sums up what a customer used: by hour, day and destination, and as an itemised bill in which equal lines are one.
// It is pure; what it is fed are the sums and the equal lines that the view of the calls tells, and it holds no more than its bounds.
package bill

import (
	"cmp"
	"slices"
	"time"

	"tsujiban"
)

// Sum is calls counted.
type Sum struct {
	Attempts int
	Refused  int
	Answered int
	Talk     time.Duration
	Charge   tsujiban.Money
}

func (s *Sum) add(o *Sum) {
	s.Attempts, s.Refused, s.Answered, s.Talk = s.Attempts+o.Attempts, s.Refused+o.Refused, s.Answered+o.Answered, s.Talk+o.Talk
	s.Charge = s.Charge.Add(o.Charge)
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

// Add counts what was used on a day, given by its midnight in Zone, at one destination.
func (u *Use) Add(day time.Time, d tsujiban.Destination, s *Sum) {
	sum(u.Days, day).add(s)
	sum(u.Places, PlaceOf(d)).add(s)
	u.Total.add(s)
}

// AddHour counts a call in its hour; days, places and total are not its business.
func (u *Use) AddHour(at time.Time, s *Sum) {
	// Zones are whole minutes off: the hour of the clock on the wall.
	local := at.In(u.Zone)
	sum(u.Hours, local.Add(-time.Duration(local.Minute())*time.Minute-time.Duration(local.Second())*time.Second-time.Duration(local.Nanosecond()))).add(s)
}

func sum[K comparable](m map[K]*Sum, k K) *Sum {
	s := m[k]
	if s == nil {
		s = &Sum{}
		m[k] = s
	}
	return s
}

// How lines are folded.
const (
	FoldFrom  = 5                // so many calls that are alike stand singly; more are one line
	FoldAbout = 15 * time.Second // lengths that are this close are alike
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

// Bill is a month's sums and its lines.
type Bill struct {
	*Use
	lines  []Line
	groups int
	rest   map[Place]*Line // beyond maxGroups
}

// New makes an empty bill.
func New(zone *time.Location) *Bill {
	return &Bill{Use: NewUse(zone, false), rest: map[Place]*Line{}}
}

// Add puts calls that are alike on the bill: one line, or the single calls when they are given and few. The sums are not its business.
func (b *Bill) Add(group Line, singles []Line) {
	if b.groups++; b.groups > maxGroups {
		l := b.rest[group.Place]
		if l == nil {
			b.rest[group.Place] = &group
			return
		}
		if group.First.Before(l.First) {
			l.First = group.First
		}
		if group.Last.After(l.Last) {
			l.Last = group.Last
		}
		l.Count, l.Talk = l.Count+group.Count, l.Talk+group.Talk
		l.Least, l.Most, l.Charge = min(l.Least, group.Least), max(l.Most, group.Most), l.Charge.Add(group.Charge)
		return
	}
	if group.Count <= FoldFrom && len(singles) == group.Count {
		b.lines = append(b.lines, singles...)
		return
	}
	b.lines = append(b.lines, group)
}

// Lines are the lines, in the order of time.
func (b *Bill) Lines() []Line {
	lines := slices.Clone(b.lines)
	for _, l := range b.rest {
		lines = append(lines, *l)
	}
	slices.SortFunc(lines, func(x, y Line) int {
		return cmp.Or(x.First.Compare(y.First), cmp.Compare(x.Call, y.Call), cmp.Compare(y.Charge, x.Charge))
	})
	return lines
}
