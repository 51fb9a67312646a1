package control

import (
	"time"

	"tsujiban"
	"tsujiban/store"
	"tsujiban/suspicion"
)

// SuspicionLine is a case of suspicion in a list. Ids are the entries of the journal that opened the cases.
type SuspicionLine struct {
	ID       uint64              `json:"id"`
	Customer string              `json:"customer"`
	Name     string              `json:"name,omitempty"` // the customer's
	Opened   time.Time           `json:"opened"`
	Last     time.Time           `json:"last"`
	Closed   time.Time           `json:"closed,omitzero"`
	Ending   string              `json:"ending,omitempty"` // released, theirs, quiet, nothing
	Level    string              `json:"level"`            // the highest that it came to
	Stands   *suspicion.Standing `json:"stands,omitempty"`
	Asked    time.Time           `json:"asked,omitzero"`
	Answer   string              `json:"answer,omitempty"` // theirs, not-theirs
	Assigned string              `json:"assigned,omitempty"`
	Weight   float64             `json:"weight"` // the largest, in decibans
	Campaign *Campaign           `json:"campaign,omitempty"`
	SuspicionCount
	AtRisk    Amount   `json:"at_risk"`             // set aside for running calls
	Countries []string `json:"countries,omitempty"` // called, the dearest first
}

// SuspicionCount sums the strange calls of a case up.
type SuspicionCount struct {
	Calls    int     `json:"calls"`
	Refused  int     `json:"refused"`
	Answered int     `json:"answered"`
	Cut      int     `json:"cut"`
	TalkS    float64 `json:"talk_s"`
	Lost     Amount  `json:"lost"`    // what they cost
	Avoided  Amount  `json:"avoided"` // what a minute of each refused one would have cost
}

// Suspicions is a page of cases of suspicion, newest first.
type Suspicions struct {
	Cases  []SuspicionLine `json:"cases"`
	Next   string          `json:"next,omitempty"` // cursor of the following page
	Behind uint64          `json:"behind"`         // entries of the journal that the cases do not have yet
}

// SuspicionCase is a case of suspicion with all that is in it. Numbers are masked; words for kinds and codes are made where it is shown.
type SuspicionCase struct {
	SuspicionLine
	Heaviest *SuspicionWeighed `json:"heaviest,omitempty"`
	Groups   []SuspicionGroup  `json:"groups,omitempty"` // by destination, the dearest first
	First    []SuspicionCall   `json:"first,omitempty"`
	Latest   []SuspicionCall   `json:"latest,omitempty"`
	Dearest  []SuspicionCall   `json:"dearest,omitempty"`
	Running  []string          `json:"running,omitempty"` // calls that have not ended, at most 100
	Steps    []suspicion.Step  `json:"steps"`             // the timeline, oldest first
	Omitted  int               `json:"omitted,omitempty"` // steps left out in its middle
	Links    []SuspicionLink   `json:"links,omitempty"`
}

// SuspicionWeighed is the heaviest verdict: what was seen, in words, too.
type SuspicionWeighed struct {
	Call   string         `json:"call,omitempty"`
	At     time.Time      `json:"at"`
	Weight float64        `json:"weight"`
	Why    []SpokenWeight `json:"why"`
}

// SpokenWeight is one observation with the words that a person reads aloud.
type SpokenWeight struct {
	Weight
	Ja string `json:"ja"`
	En string `json:"en"`
}

// SuspicionGroup is the strange calls to one destination.
type SuspicionGroup struct {
	Country string    `json:"country,omitempty"`
	Class   string    `json:"class,omitempty"`
	Reach   string    `json:"reach,omitempty"` // what a restriction of these calls alone would reach
	First   time.Time `json:"first"`
	Last    time.Time `json:"last"`
	SuspicionCount
}

// SuspicionCall is one call of a case.
type SuspicionCall struct {
	Call    string    `json:"call"`
	At      time.Time `json:"at"`
	Callee  string    `json:"callee"`
	Country string    `json:"country,omitempty"`
	Action  string    `json:"action"`
	Reason  string    `json:"reason,omitempty"`
	TalkS   float64   `json:"talk_s"`
	Charge  Amount    `json:"charge"`
	Weight  float64   `json:"weight"`
}

// SuspicionLink is another case that has something in common with this one.
type SuspicionLink struct {
	Case     uint64    `json:"case"`
	Customer string    `json:"customer"`
	Name     string    `json:"name,omitempty"`
	Opened   time.Time `json:"opened"`
	Open     bool      `json:"open"`
	Factor   string    `json:"factor"` // range, source, agent
	Value    string    `json:"value"`
}

// CaseNote is what staff write down about a case, or to whom they hand it over.
type CaseNote struct {
	To   string `json:"to,omitempty"`
	Note string `json:"note,omitempty"`
}

// SuspicionLineOf turns a case into its line.
func SuspicionLineOf(c *suspicion.Case) SuspicionLine {
	l := SuspicionLine{
		ID: c.ID, Customer: string(c.Customer), Opened: c.Opened, Last: c.Last, Closed: c.Closed, Ending: string(c.Ending), Level: c.Level,
		Stands: c.Stands, Asked: c.Asked, Answer: c.Answer, Assigned: c.Assigned, SuspicionCount: suspicionCount(&c.Calls), AtRisk: Amount(c.AtRisk),
	}
	if c.Heaviest != nil {
		l.Weight = c.Heaviest.Weight
	}
	if c.Campaign != nil {
		l.Campaign = &Campaign{Factor: c.Campaign.Factor, Customers: c.Campaign.Customers}
	}
	for _, g := range c.Dear() {
		if g.Country != "" && len(l.Countries) < 5 && (len(l.Countries) == 0 || l.Countries[len(l.Countries)-1] != g.Country) {
			l.Countries = append(l.Countries, g.Country)
		}
	}
	return l
}

func suspicionCount(c *suspicion.Count) SuspicionCount {
	return SuspicionCount{Calls: c.Calls, Refused: c.Refused, Answered: c.Answered, Cut: c.Cut, TalkS: c.Talk.Seconds(), Lost: Amount(c.Lost), Avoided: Amount(c.Avoided)}
}

// SuspicionCaseOf turns a case and its links into their JSON shape.
func SuspicionCaseOf(c *suspicion.Case, links []store.SuspicionLink) SuspicionCase {
	out := SuspicionCase{SuspicionLine: SuspicionLineOf(c), Steps: c.Steps, Omitted: c.Omitted}
	if h := c.Heaviest; h != nil {
		out.Heaviest = &SuspicionWeighed{Call: h.Call, At: h.At, Weight: h.Weight, Why: []SpokenWeight{}}
		for _, w := range h.Why {
			kind, _ := tsujiban.ParseEvidence(w.Kind)
			out.Heaviest.Why = append(out.Heaviest.Why, SpokenWeight{Weight{w.Kind, w.Value}, kind.Text(tsujiban.Japanese), kind.Text(tsujiban.English)})
		}
	}
	for _, g := range c.Dear() {
		reach := ""
		if g.Key != 0 {
			reach = tsujiban.ReachKey(g.Key).String()
		}
		out.Groups = append(out.Groups, SuspicionGroup{Country: g.Country, Class: g.Class, Reach: reach, First: g.First, Last: g.Last, SuspicionCount: suspicionCount(&g.Count)})
	}
	out.First, out.Latest, out.Dearest = suspicionCalls(c.First), suspicionCalls(c.Latest), suspicionCalls(c.Dearest)
	out.Running = c.Up(100)
	for _, l := range links {
		out.Links = append(out.Links, SuspicionLink{Case: l.Case, Customer: string(l.Customer), Opened: l.Opened, Open: l.Open, Factor: l.Factor, Value: l.Value})
	}
	return out
}

func suspicionCalls(list []suspicion.Call) (out []SuspicionCall) {
	for _, c := range list {
		out = append(out, SuspicionCall{Call: c.Call, At: c.At, Callee: c.Callee, Country: c.Country, Action: c.Action, Reason: c.Reason, TalkS: c.Talk.Seconds(), Charge: Amount(c.Charge), Weight: c.Weight})
	}
	return out
}
