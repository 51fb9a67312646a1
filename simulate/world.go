package simulate

import (
	"cmp"
	"io"
	"slices"
	"strconv"
	"time"

	"tsujiban"
	"tsujiban/trace"
)

// Honest is the label of a call that the customer wanted. The others are those of Kinds.
const Honest = "honest"

// Options say what world is made. The zero value of each field but Seed means the default.
type Options struct {
	Seed       uint64
	Start      time.Time // local midnight in Japan of the first day; default 2 March 2026
	Days       int       // default 28
	Customers  int       // default 250
	AttackFrom int       // the day (from 0) from which thieves come; default half of Days
	Victims    int       // hijackings; default one of each kind; negative: none
	Kinds      []string  // of hijackings; default all
	Newcomers  float64   // share of customers who open in the middle; default 0.12; negative: none
}

// The limits keep a slip of the keyboard from filling the memory.
const (
	maxDays      = 400
	maxCustomers = 20_000
)

func (o Options) filled() (Options, error) {
	if o.Start.IsZero() {
		o.Start = time.Date(2026, 3, 2, 0, 0, 0, 0, tokyo)
	}
	y, m, d := o.Start.In(tokyo).Date()
	o.Start = time.Date(y, m, d, 0, 0, 0, 0, tokyo)
	o.Days = cmp.Or(o.Days, 28)
	o.Customers = cmp.Or(o.Customers, 250)
	o.AttackFrom = cmp.Or(o.AttackFrom, o.Days/2)
	if o.Newcomers == 0 {
		o.Newcomers = 0.12
	}
	if len(o.Kinds) == 0 {
		o.Kinds = Kinds()
	}
	o.Victims = cmp.Or(o.Victims, len(o.Kinds))
	switch {
	case o.Days < 2 || o.Days > maxDays:
		return o, tsujiban.Errorf(tsujiban.CodeInvalid, "days: %d: want 2 to %d", o.Days, maxDays)
	case o.Customers < 1 || o.Customers > maxCustomers:
		return o, tsujiban.Errorf(tsujiban.CodeInvalid, "customers: %d: want 1 to %d", o.Customers, maxCustomers)
	case o.AttackFrom < 0 || o.AttackFrom >= o.Days:
		return o, tsujiban.Errorf(tsujiban.CodeInvalid, "attacks from day %d: want one of the %d days", o.AttackFrom, o.Days)
	case o.Newcomers > 1:
		return o, tsujiban.Errorf(tsujiban.CodeInvalid, "newcomers: %v: want a share up to 1", o.Newcomers)
	}
	for _, k := range o.Kinds {
		if kindOf(k) == nil {
			return o, tsujiban.Errorf(tsujiban.CodeInvalid, "there is no kind of hijacking %q; there are %v", k, Kinds())
		}
	}
	return o, nil
}

// Call is a call and what it is.
type Call struct {
	trace.Call
	Label    string // Honest, or the kind of hijacking
	Surprise string // the honest surprise that it is part of, if any
}

// World is a market of customers over some days.
type World struct {
	Customers []Customer

	opts    Options
	market  *market
	dates   []date
	callers choice // from where strangers abroad call a firm in Japan
}

// New draws a world. Its error carries tsujiban.CodeInvalid when the options make no sense.
func New(o Options) (*World, error) {
	o, err := o.filled()
	if err != nil {
		return nil, err
	}
	a, err := loadAtlas()
	if err != nil {
		return nil, err
	}
	w := &World{opts: o, market: newMarket(a, o.Seed), dates: calendarFrom(o.Start, o.Days), callers: a.pool("trade")}
	w.Customers = make([]Customer, o.Customers)
	for i := range w.Customers {
		w.Customers[i] = w.newCustomer(i)
		w.drawSurprises(&w.Customers[i])
	}
	w.drawAttacks()
	return w, nil
}

func (w *World) at(ms int64) time.Time { return w.opts.Start.Add(time.Duration(ms) * time.Millisecond) }

func (w *World) end() int64 { return int64(w.opts.Days) * day }

// Evaluate is the instant from which thieves may come: what is before is history.
func (w *World) Evaluate() time.Time { return w.at(int64(w.opts.AttackFrom) * day).UTC() }

// Calls makes all calls, in the order in which they start, with ids that count up.
func (w *World) Calls() []Call {
	var all []Call
	for i := range w.Customers {
		c := &w.Customers[i]
		k := newWorker(w, c)
		for k.next() {
			all = append(all, k.calls...)
		}
		if c.Attack != nil {
			all = append(all, w.steal(c)...)
		}
	}
	end := w.at(w.end())
	all = slices.DeleteFunc(all, func(c Call) bool { return !c.Start.Before(end) })
	slices.SortStableFunc(all, func(a, b Call) int { return a.Start.Compare(b.Start) })
	for i := range all {
		all[i].ID = strconv.Itoa(i + 1)
		all[i].Start = all[i].Start.UTC()
	}
	return all
}

// Trace gives the customers as a trace names them.
func (w *World) Trace() []trace.Customer {
	out := make([]trace.Customer, len(w.Customers))
	for i := range w.Customers {
		c := &w.Customers[i]
		y, m, d := c.Opened.In(tokyo).Date()
		out[i] = trace.Customer{ID: c.ID, Name: c.Name, International: c.International, Opened: time.Date(y, m, d, 0, 0, 0, 0, time.UTC)}
	}
	return out
}

// Source gives calls as a trace.
func Source(calls []Call) trace.Source { return &source{calls} }

type source struct{ left []Call }

// Next gives the next call. Its only error is io.EOF.
func (s *source) Next(c *trace.Call) error {
	if len(s.left) == 0 {
		return io.EOF
	}
	*c, s.left = s.left[0].Call, s.left[1:]
	return nil
}
