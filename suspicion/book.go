package suspicion

import (
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"tsujiban"
)

// guardBy is how the guard signs what it imposes; see guard.By.
const guardBy = "guard"

// Book is the cases that events can still change: those that are open, and closed ones with running calls. It is not safe for
// concurrent use.
type Book struct {
	open    map[tsujiban.CustomerID]*Case
	ending  map[tsujiban.CustomerID][]*Case // closed, with running calls
	changed map[uint64]*Case
	late    []Late
	now     time.Time // of the last event
	swept   time.Time
}

// Late is a step to a case that is not in the book.
type Late struct {
	Seq  uint64
	At   time.Time
	Step tsujiban.CaseStep
}

// NewBook makes a book of the cases that are not over; see [Case.Over].
func NewBook(cases []*Case) *Book {
	b := &Book{open: map[tsujiban.CustomerID]*Case{}, ending: map[tsujiban.CustomerID][]*Case{}, changed: map[uint64]*Case{}}
	for _, c := range cases {
		if c.Open() {
			b.open[c.Customer] = c
		} else if !c.Over() {
			b.ending[c.Customer] = append(b.ending[c.Customer], c)
		}
	}
	return b
}

// Over tells whether no event changes the case any more, but what staff write down.
func (c *Case) Over() bool { return !c.Open() && len(c.Running) == 0 }

// Apply folds one event. Nothing of it is kept but copies. An event that concerns no case costs next to nothing.
func (b *Book) Apply(ev *tsujiban.Event) {
	b.now = later(b.now, ev.At)
	switch ev.Kind {
	case tsujiban.EventAttempt:
		if ev.Verdict.Action != tsujiban.Allow {
			b.attempt(ev)
		}
	case tsujiban.EventEnded:
		b.ended(ev)
	case tsujiban.EventRestricted:
		b.restricted(ev)
	case tsujiban.EventReleased:
		b.released(ev)
	case tsujiban.EventReplied:
		b.replied(ev)
	case tsujiban.EventCase:
		b.staff(ev)
	}
}

// Changes are the cases that have changed, in order, and steps to cases that are not in the book, since the last time. Those that
// are over leave the book.
func (b *Book) Changes() ([]*Case, []Late) {
	b.sweep()
	list := slices.SortedFunc(maps.Values(b.changed), func(x, y *Case) int {
		if x.ID < y.ID {
			return -1
		}
		return 1
	})
	late := b.late
	clear(b.changed)
	b.late = nil
	return list, late
}

// sweepEvery is how often the cases are looked through for quiet ones.
const sweepEvery = 10 * time.Minute

func (b *Book) sweep() {
	if b.now.Sub(b.swept) < sweepEvery {
		return
	}
	b.swept = b.now
	for _, c := range b.open {
		if c.quiet(b.now) {
			b.left(c)
		}
	}
}

// left takes a case that was closed out of the open ones.
func (b *Book) left(c *Case) {
	b.changed[c.ID] = c
	delete(b.open, c.Customer)
	if !c.Over() {
		b.ending[c.Customer] = append(b.ending[c.Customer], c)
	}
}

// of finds the customer's open case; one that has been quiet for a day is closed first.
func (b *Book) of(id tsujiban.CustomerID, at time.Time) *Case {
	c := b.open[id]
	if c != nil && c.quiet(at) {
		b.left(c)
		return nil
	}
	return c
}

// begin finds the open case of a customer, or opens one.
func (b *Book) begin(id tsujiban.CustomerID, ev *tsujiban.Event) *Case {
	c := b.of(id, ev.At)
	if c == nil {
		c = &Case{ID: ev.Seq, Customer: id, Opened: ev.At, Last: ev.At, Level: tsujiban.LevelWatch.String()}
		c.step(Step{Seq: ev.Seq, At: ev.At, Kind: "opened"})
		b.open[id] = c
	}
	b.changed[c.ID] = c
	return c
}

// strange tells whether a call belongs to a case.
func strange(v *tsujiban.Verdict) bool {
	return v.Action == tsujiban.Watch || v.Reason == tsujiban.ReasonFraud || v.Reason == tsujiban.ReasonRestricted
}

func (b *Book) attempt(ev *tsujiban.Event) {
	v, a := &ev.Verdict, &ev.Attempt
	if !strange(v) || a.Customer == "" {
		return
	}
	c := b.begin(a.Customer, ev)
	c.Last = later(c.Last, ev.At)
	i := c.group(v.Destination, ev.At)
	g := &c.Groups[i]
	g.Last = later(g.Last, ev.At)
	for _, n := range []*Count{&c.Calls, &g.Count} {
		n.Calls++
		if v.Action == tsujiban.Deny {
			n.Refused++
			n.Avoided = n.Avoided.Add(v.Price.Charge(time.Minute))
		}
	}
	b.weigh(c, ev)
	c.key(tsujiban.FactorRange, digits(v.Callee))
	if s := a.Source.Addr(); s.IsValid() {
		c.key(tsujiban.FactorSource, s.Unmap().String())
	}
	c.key(tsujiban.FactorAgent, clean(a.UserAgent))
	if v.Action == tsujiban.Deny {
		call := Call{Call: ev.Call.String(), At: ev.At, Callee: v.Callee.Masked(), Country: v.Destination.Country(), Action: "deny", Reason: v.Reason.String(), Weight: float64(v.Weight), Ended: true}
		c.show(&call)
		return
	}
	if len(c.Running) >= maxRunning {
		return
	}
	if c.Running == nil {
		c.Running = map[string]*Runs{}
	}
	c.Running[ev.Call.String()] = &Runs{Group: i, Reserved: v.Reserved, At: ev.At, Callee: v.Callee.Masked(), Country: v.Destination.Country(), Weight: float64(v.Weight)}
	c.AtRisk = c.AtRisk.Add(v.Reserved)
}

// weigh keeps the heaviest verdict, and puts on the timeline the first ones and whatever weighs a good deal more than all before.
func (b *Book) weigh(c *Case, ev *tsujiban.Event) {
	const more = 10 // decibans: ten times as likely
	v := &ev.Verdict
	w := Weighed{Call: ev.Call.String(), At: ev.At, Weight: float64(v.Weight), Why: weights(&v.Why)}
	s := Step{Seq: ev.Seq, At: ev.At, Kind: v.Action.String(), Call: w.Call, Country: v.Destination.Country(), Weight: w.Weight, Why: w.Why, Campaign: campaign(v.Campaign)}
	if v.Reason != tsujiban.ReasonNone {
		s.Reason = v.Reason.String()
	}
	grown := s.Campaign != nil && (c.Campaign == nil || s.Campaign.Customers > c.Campaign.Customers)
	if grown {
		c.Campaign = s.Campaign
	}
	first := c.Heaviest == nil || v.Action == tsujiban.Deny && c.Calls.Refused == 1
	heavier := c.Heaviest != nil && w.Weight >= c.Heaviest.Weight+more
	if first || heavier || grown {
		c.step(s)
	}
	if c.Heaviest == nil || w.Weight > c.Heaviest.Weight {
		c.Heaviest = &w
	}
}

// cases are those that a call of a customer can belong to.
func (b *Book) cases(id tsujiban.CustomerID, each func(*Case) bool) {
	if c := b.open[id]; c != nil && each(c) {
		return
	}
	for _, c := range b.ending[id] {
		if each(c) {
			return
		}
	}
}

func (b *Book) ended(ev *tsujiban.Event) {
	o := &ev.Outcome
	if b.open[o.Customer] == nil && b.ending[o.Customer] == nil {
		return
	}
	id, found := ev.Call.String(), false
	b.cases(o.Customer, func(c *Case) bool {
		r := c.Running[id]
		if r == nil {
			return false
		}
		found = true
		delete(c.Running, id)
		b.settle(c, r, ev, id)
		return true
	})
	if c := b.open[o.Customer]; !found && c != nil && suspected(o.Cut) {
		// It was let through before the suspicion, and ended for it.
		c.Calls.Calls++
		b.settle(c, &Runs{Group: -1, At: ev.At}, ev, id)
	}
	b.ending[o.Customer] = slices.DeleteFunc(b.ending[o.Customer], (*Case).Over)
	if len(b.ending[o.Customer]) == 0 {
		delete(b.ending, o.Customer)
	}
}

func suspected(cut tsujiban.Reason) bool {
	return cut == tsujiban.ReasonFraud || cut == tsujiban.ReasonRestricted || cut == tsujiban.ReasonSuspended || cut == tsujiban.ReasonStaff
}

// settle counts what an ended call came to.
func (b *Book) settle(c *Case, r *Runs, ev *tsujiban.Event, id string) {
	o := &ev.Outcome
	b.changed[c.ID] = c
	c.AtRisk -= min(r.Reserved, c.AtRisk)
	counts := []*Count{&c.Calls}
	if r.Group >= 0 && r.Group < len(c.Groups) {
		counts = append(counts, &c.Groups[r.Group].Count)
	}
	for _, n := range counts {
		if o.Talk > 0 {
			n.Answered++
		}
		if o.Cut != tsujiban.ReasonNone && (o.Talk > 0 || suspected(o.Cut)) {
			n.Cut++
		}
		n.Talk += o.Talk
		n.Lost = n.Lost.Add(o.Charge)
	}
	call := Call{Call: id, At: r.At, Callee: r.Callee, Country: r.Country, Action: "watch", Talk: o.Talk, Charge: o.Charge, Weight: r.Weight, Ended: true}
	if o.Cut != tsujiban.ReasonNone {
		call.Reason = o.Cut.String()
	}
	c.show(&call)
}

func (b *Book) restricted(ev *tsujiban.Event) {
	r := &ev.Restriction
	if r.Level == tsujiban.LevelNone {
		b.released(ev)
		return
	}
	c := b.begin(r.Customer, ev)
	c.rise(r.Level)
	c.Stands = &Standing{Level: r.Level.String(), Reach: r.Reach.String(), Reason: r.Reason.String(), At: ev.At, By: r.By}
	s := Step{Seq: ev.Seq, At: ev.At, Kind: "restricted", Level: c.Stands.Level, Reach: c.Stands.Reach, Reason: c.Stands.Reason, By: r.By, Note: r.Note, Weight: float64(r.Weight), Why: weights(&r.Why), Campaign: campaign(r.Campaign)}
	if r.Call != 0 {
		s.Call = r.Call.String()
	}
	if s.Campaign != nil && (c.Campaign == nil || s.Campaign.Customers > c.Campaign.Customers) {
		c.Campaign = s.Campaign
	}
	if c.Heaviest == nil && len(s.Why) > 0 {
		c.Heaviest = &Weighed{Call: s.Call, At: ev.At, Weight: s.Weight, Why: s.Why}
	}
	c.step(s)
}

// released follows what the guard does at a release: a part of a restriction, or all of it.
func (b *Book) released(ev *tsujiban.Event) {
	r := &ev.Restriction
	c := b.of(r.Customer, ev.At)
	if c == nil {
		return
	}
	b.changed[c.ID] = c
	c.step(Step{Seq: ev.Seq, At: ev.At, Kind: "released", Reach: r.Reach.String(), By: r.By, Note: r.Note})
	if c.Stands != nil && c.Stands.Level == tsujiban.LevelRestrict.String() && r.Reach != tsujiban.ReachAbroad() {
		stood, _ := tsujiban.ParseReach(c.Stands.Reach)
		if left := stood.Without(r.Reach); !left.Empty() {
			c.Stands.Reach = left.String()
			return
		}
	}
	c.Stands = nil
	c.close(ev.At, EndReleased, ev.Seq, r.By)
	b.left(c)
}

// replied takes down the customer's answer. "Yes" lifts what the guard imposed, not what staff did.
func (b *Book) replied(ev *tsujiban.Event) {
	r := &ev.Reply
	c := b.of(r.Customer, ev.At)
	if c == nil {
		return
	}
	b.changed[c.ID] = c
	theirs := r.Theirs
	c.step(Step{Seq: ev.Seq, At: ev.At, Kind: "replied", Theirs: &theirs, By: r.By, Note: r.Note})
	c.Answer = "not-theirs"
	if !theirs {
		return
	}
	c.Answer = "theirs"
	if c.Stands != nil && c.Stands.By != guardBy && c.Stands.Level != tsujiban.LevelAsk.String() {
		return
	}
	c.Stands = nil
	c.close(ev.At, EndTheirs, ev.Seq, r.By)
	b.left(c)
}

// staff takes down what a person did to a case.
func (b *Book) staff(ev *tsujiban.Event) {
	l := Late{Seq: ev.Seq, At: ev.At, Step: ev.Step}
	c := b.of(ev.Step.Customer, ev.At)
	if ev.Step.Case != 0 && (c == nil || c.ID != ev.Step.Case) {
		c = nil
		for _, e := range b.ending[ev.Step.Customer] {
			if e.ID == ev.Step.Case {
				c = e
			}
		}
		if c == nil {
			if e := b.changed[ev.Step.Case]; e != nil {
				c = e
			}
		}
	}
	if c == nil {
		if ev.Step.Case != 0 {
			b.late = append(b.late, l)
		}
		return
	}
	b.changed[c.ID] = c
	if c.Note(&l); !c.Open() && b.open[c.Customer] == c {
		b.left(c)
	}
}

// Note puts what a person did into a case that may be closed. Last is when something strange happened: a note does not keep a case open.
func (c *Case) Note(l *Late) {
	s, last := &l.Step, c.Last
	c.step(Step{Seq: l.Seq, At: l.At, Kind: s.Act.String(), To: s.To, By: s.By, Note: s.Note})
	switch s.Act {
	case tsujiban.CaseAssigned:
		c.Assigned = s.To
	case tsujiban.CaseAsked:
		c.Asked = l.At
		return
	case tsujiban.CaseClosed:
		if c.Open() && c.Stands == nil {
			c.Steps = c.Steps[:len(c.Steps)-1] // close says so
			c.close(l.At, EndNothing, l.Seq, s.By)
			c.Steps[len(c.Steps)-1].Note = s.Note
			return
		}
	}
	c.Last = last
}

func weights(why *[tsujiban.MaxWhy]tsujiban.Weight) (out []Weight) {
	for _, w := range why {
		if w.Kind != tsujiban.EvidenceNone {
			out = append(out, Weight{w.Kind.String(), float64(w.Value)})
		}
	}
	return out
}

func campaign(c tsujiban.Campaign) *Campaign {
	if c.Factor == tsujiban.FactorNone {
		return nil
	}
	return &Campaign{c.Factor.String(), int(c.Customers)}
}

// rangeDigits is how many first digits make a range of numbers, as in guard/fraud.
const rangeDigits = 6

// digits are the first digits of a number, which are no number yet.
func digits(n tsujiban.Number) string {
	s := n.String()
	if len(s) <= rangeDigits+4 {
		return ""
	}
	return s[:rangeDigits+1]
}

// clean makes a text out of a SIP message fit to be compared and shown.
func clean(b []byte) string {
	s := strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f || r == utf8.RuneError {
			return -1
		}
		return r
	}, string(b[:min(len(b), 4*maxText)]))
	return s[:min(len(s), maxText)]
}
