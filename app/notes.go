package app

import (
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/suspicion"
)

// How many notable events are remembered, and how many of them a picture of the program shows.
const (
	maxNotes  = 4096
	showNotes = 128
)

// notes is a ring of what staff want to see. It keeps values, so that a refusal on the
// path of a call costs a copy and no memory.
type notes struct {
	ring  [maxNotes]note
	n     uint64        // how many were ever written
	first uint64        // their ids count on from here: a later start has larger ones
	more  chan struct{} // closed at the next note; nil when nobody waits
}

type noteKind uint8

const (
	noteVerdict noteKind = iota
	noteCut
	noteRestricted
	noteReleased
	noteReplied
	noteSet
	noteStep
	noteCase
)

type note struct {
	kind     noteKind
	at       time.Time
	call     tsujiban.CallID
	customer tsujiban.CustomerID
	action   tsujiban.Action
	level    tsujiban.Level
	reason   tsujiban.Reason
	callee   tsujiban.Number
	country  [2]byte
	rule     string
	by, text string
	reach    tsujiban.Reach
	campaign tsujiban.Campaign
	theirs   bool
	suspect  suspect
	charge   tsujiban.Money
	weight   tsujiban.Decibans
	why      [tsujiban.MaxWhy]tsujiban.Weight
}

// suspect is what a note says of a case of suspicion.
type suspect struct {
	id      uint64
	act, to string // of a step
	ending  string // of a case that is closed
	calls   int
	open    bool
}

func (n *notes) next() *note {
	if n.more != nil {
		close(n.more)
		n.more = nil
	}
	p := &n.ring[n.n%maxNotes]
	n.n++
	*p = note{}
	return p
}

func (n *notes) verdict(a *tsujiban.Attempt, v *tsujiban.Verdict) {
	*n.next() = note{
		kind: noteVerdict, at: a.At, call: a.Call, customer: a.Customer, action: v.Action, reason: v.Reason,
		callee: v.Callee, country: v.Destination.ISO, rule: v.Rule, weight: v.Weight, why: v.Why,
	}
}

func (n *notes) cut(call tsujiban.CallID, at time.Time, o *tsujiban.Outcome) {
	*n.next() = note{kind: noteCut, at: at, call: call, customer: o.Customer, reason: o.Cut, charge: o.Charge}
}

func (n *notes) restricted(r *tsujiban.Restriction) {
	*n.next() = note{
		kind: noteRestricted, at: r.At, call: r.Call, customer: r.Customer, level: r.Level, reason: r.Reason,
		by: r.By, text: r.Note, weight: r.Weight, why: r.Why, reach: r.Reach, campaign: r.Campaign,
	}
}

func (n *notes) released(r *tsujiban.Restriction) {
	*n.next() = note{kind: noteReleased, at: r.At, customer: r.Customer, by: r.By, text: r.Note}
}

func (n *notes) replied(r *tsujiban.Reply, at time.Time) {
	*n.next() = note{kind: noteReplied, at: at, customer: r.Customer, by: r.By, text: r.Note, theirs: r.Theirs}
}

func (n *notes) set(at time.Time, by, text string) {
	*n.next() = note{kind: noteSet, at: at, by: by, text: text}
}

func (n *notes) step(at time.Time, s *tsujiban.CaseStep) {
	*n.next() = note{kind: noteStep, at: at, customer: s.Customer, by: s.By, text: s.Note, suspect: suspect{id: s.Case, act: s.Act.String(), to: s.To}}
}

func (n *notes) changed(c *suspicion.Case) {
	level, _ := tsujiban.ParseLevel(c.Level)
	v := note{
		kind: noteCase, at: c.Last, customer: c.Customer, level: level, charge: c.Calls.Lost,
		suspect: suspect{id: c.ID, ending: string(c.Ending), calls: c.Calls.Calls, open: c.Open(), to: c.Assigned},
	}
	if c.Heaviest != nil {
		v.weight = tsujiban.Decibans(c.Heaviest.Weight)
	}
	*n.next() = v
}

// latest copies the notes, the newest first.
func (d *desk) latest() []control.Notable {
	d.mu.Lock()
	ns := make([]note, 0, showNotes)
	for i := uint64(1); i <= min(d.notes.n, maxNotes) && len(ns) < showNotes; i++ {
		if n := &d.notes.ring[(d.notes.n-i)%maxNotes]; n.kind != noteCase {
			ns = append(ns, *n)
		}
	}
	d.mu.Unlock()
	out := make([]control.Notable, 0, len(ns))
	for i := range ns {
		out = append(out, ns[i].notable())
	}
	return out
}

var noteNames = [...]string{noteVerdict: "", noteCut: "cut", noteRestricted: "restricted", noteReleased: "released", noteReplied: "replied", noteSet: "set", noteStep: "step", noteCase: "case"}

func (n *note) notable() control.Notable {
	v := control.Notable{
		At: n.at, Kind: noteNames[n.kind], Customer: string(n.customer), Callee: n.callee.Masked(), Rule: n.rule,
		By: n.by, Note: n.text, Charge: control.Amount(n.charge), Weight: float64(n.weight), Why: control.WhyOf(&n.why),
		Country: tsujiban.Destination{ISO: n.country}.Country(),
	}
	if n.call != 0 {
		v.Call = n.call.String()
	}
	if n.kind == noteVerdict {
		v.Kind = n.action.String()
	}
	if n.kind == noteStep || n.kind == noteCase {
		c := &n.suspect
		v.Case = &control.CaseChange{ID: c.id, Act: c.act, To: c.to}
		if n.kind == noteCase {
			v.Level = n.level.String()
			v.Case.Open, v.Case.Ending, v.Case.Calls = &c.open, c.ending, c.calls
		}
	}
	if n.kind == noteRestricted {
		v.Level = n.level.String()
		v.Reach, v.Campaign = n.reach.String(), control.CampaignOf(n.campaign)
	}
	if n.kind == noteReplied {
		v.Theirs = &n.theirs
	}
	if n.reason != tsujiban.ReasonNone {
		v.Reason = n.reason.String()
	}
	return v
}
