package api

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"tsujiban/app/control"
)

// CaseLine is a case of suspicion in a list.
type CaseLine struct {
	ID        uint64    `json:"id" doc:"The entry of the journal that opened it." example:"4711"`
	Customer  string    `json:"customer" example:"hakata-shokai"`
	Name      string    `json:"name,omitempty" doc:"The customer's."`
	Opened    time.Time `json:"opened"`
	Last      time.Time `json:"last" doc:"When something happened last."`
	Closed    time.Time `json:"closed,omitzero"`
	Ending    string    `json:"ending,omitempty" doc:"How it ended: released, theirs, quiet, nothing."`
	Level     string    `json:"level" doc:"The highest that it came to." example:"restrict"`
	Asked     time.Time `json:"asked,omitzero" doc:"When the customer was asked."`
	Answer    string    `json:"answer,omitempty" doc:"What it said: theirs, not-theirs."`
	Assigned  string    `json:"assigned,omitempty"`
	Weight    float64   `json:"weight" doc:"The largest, in decibans."`
	Campaign  *Campaign `json:"campaign,omitempty"`
	AtRisk    Money     `json:"at_risk" doc:"Set aside for running calls."`
	Countries []string  `json:"countries,omitempty" doc:"Called, the dearest first."`
	CaseCount
}

// CaseCount sums the strange calls of a case up.
type CaseCount struct {
	Calls    int     `json:"calls"`
	Refused  int     `json:"refused"`
	Answered int     `json:"answered"`
	Cut      int     `json:"cut" doc:"Ended by the guard."`
	TalkS    float64 `json:"talk_s"`
	Lost     Money   `json:"lost" doc:"What they cost."`
	Avoided  Money   `json:"avoided" doc:"What a minute of each refused one would have cost."`
}

// Case is a case of suspicion with all that is in it. Numbers are masked.
type Case struct {
	CaseLine
	Heaviest *CaseVerdict `json:"heaviest,omitempty"`
	Groups   []CaseGroup  `json:"groups,omitempty" doc:"By destination, the dearest first."`
	First    []CaseCall   `json:"first,omitempty"`
	Latest   []CaseCall   `json:"latest,omitempty"`
	Dearest  []CaseCall   `json:"dearest,omitempty"`
	Running  []string     `json:"running,omitempty" doc:"Calls that have not ended."`
	Steps    []CaseStep   `json:"steps" doc:"The timeline, the oldest first."`
	Omitted  int          `json:"omitted,omitempty" doc:"Steps that are left out in its middle."`
	Links    []CaseLink   `json:"links,omitempty" doc:"Cases that have something in common with this one."`
}

// CaseVerdict is the heaviest verdict.
type CaseVerdict struct {
	Call   string       `json:"call,omitempty"`
	At     time.Time    `json:"at"`
	Weight float64      `json:"weight"`
	Why    []SaidWeight `json:"why"`
}

// SaidWeight is one observation, in words of both languages.
type SaidWeight struct {
	Weight
	Ja string `json:"ja"`
	En string `json:"en"`
}

// CaseGroup is the strange calls to one destination.
type CaseGroup struct {
	Country string    `json:"country,omitempty"`
	Class   string    `json:"class,omitempty"`
	Reach   string    `json:"reach,omitempty" doc:"What a restriction of these calls alone would reach." example:"232"`
	First   time.Time `json:"first"`
	Last    time.Time `json:"last"`
	CaseCount
}

// CaseCall is one call of a case.
type CaseCall struct {
	Call    string    `json:"call"`
	At      time.Time `json:"at"`
	Callee  string    `json:"callee" doc:"Masked."`
	Country string    `json:"country,omitempty"`
	Action  string    `json:"action"`
	Reason  string    `json:"reason,omitempty"`
	TalkS   float64   `json:"talk_s"`
	Charge  Money     `json:"charge"`
	Weight  float64   `json:"weight"`
}

// CaseLink is another case.
type CaseLink struct {
	Case     uint64    `json:"case"`
	Customer string    `json:"customer"`
	Name     string    `json:"name,omitempty"`
	Opened   time.Time `json:"opened"`
	Open     bool      `json:"open"`
	Factor   string    `json:"factor" doc:"What they have in common: range, source, agent."`
	Value    string    `json:"value"`
}

// CaseStep is one thing that happened in a case.
type CaseStep struct {
	Seq      uint64    `json:"seq" doc:"The entry of the journal."`
	At       time.Time `json:"at"`
	Kind     string    `json:"kind" doc:"opened, watch, deny, restricted, released, replied, noted, assigned, asked, closed, campaign." example:"restricted"`
	Call     string    `json:"call,omitempty"`
	Country  string    `json:"country,omitempty"`
	Level    string    `json:"level,omitempty"`
	Reach    string    `json:"reach,omitempty"`
	Reason   string    `json:"reason,omitempty"`
	Weight   float64   `json:"weight,omitempty"`
	Why      []Weight  `json:"why,omitempty"`
	Campaign *Campaign `json:"campaign,omitempty"`
	Theirs   *bool     `json:"theirs,omitempty"`
	To       string    `json:"to,omitempty"`
	By       string    `json:"by,omitempty"`
	Note     string    `json:"note,omitempty"`
}

// CaseNote is what staff write down about a case.
type CaseNote struct {
	Note string `json:"note" minLength:"1" maxLength:"2000"`
}

// CaseHandOver gives a case to somebody else.
type CaseHandOver struct {
	To   string `json:"to" minLength:"1" maxLength:"200" doc:"Login of who takes it."`
	Note string `json:"note,omitempty" maxLength:"2000"`
}

// CasePage is a page of cases, the newest first.
type CasePage struct {
	Items  []CaseLine `json:"items"`
	Next   string     `json:"next,omitempty" doc:"Give this as cursor, with the same query, for older ones."`
	Behind uint64     `json:"behind,omitempty" doc:"Entries of the journal that the cases do not have yet."`
}

type SuspicionPath struct {
	Case uint64 `path:"case" minimum:"1" doc:"Number of the case." example:"4711"`
}

func (p SuspicionPath) order(rest string) string {
	return at("/v1/cases/", strconv.FormatUint(p.Case, 10), rest)
}

func (s *server) caseRoutes() {
	register(s, "list-cases", note{Summary: "List cases of suspicion", Text: "The newest first."}, func(ctx context.Context, c *call, in *struct {
		Paging
		Customer string `query:"customer" pattern:"^[a-z0-9-]{1,64}$"`
		Open     string `query:"open" enum:"true,false" doc:"Only those that are open, or closed."`
	}) (*body[CasePage], error) {
		query := []string{"cases", in.Customer, in.Open}
		after, err := parseCursor(in.Cursor, query...)
		if err != nil {
			return nil, err
		}
		var found struct {
			Cases  []CaseLine
			Next   string
			Behind uint64
		}
		if err := c.Office.Do(ctx, http.MethodGet, "/v1/cases"+asked("customer", in.Customer, "open", in.Open, "cursor", after, "limit", strconv.Itoa(in.Limit)), nil, &found); err != nil {
			return nil, err
		}
		out := CasePage{Items: items(found.Cases), Behind: found.Behind}
		if found.Next != "" {
			out.Next = newCursor(found.Next, query...)
		}
		return answer(out), nil
	})
	register(s, "get-case", note{Summary: "Show a case of suspicion"}, func(ctx context.Context, c *call, in *SuspicionPath) (*body[Case], error) {
		out := answer(Case{})
		err := c.Office.Do(ctx, http.MethodGet, in.order(""), nil, &out.Body)
		out.Body.Steps = items(out.Body.Steps)
		if h := out.Body.Heaviest; h != nil {
			h.Why = items(h.Why)
		}
		return out, err
	})
	register(s, "note-case", note{Summary: "Write a note to a case"}, func(ctx context.Context, c *call, in *struct {
		SuspicionPath
		Body CaseNote
	}) (*body[Done], error) {
		return change(ctx, c, http.MethodPost, in.order("/note"), control.CaseNote{Note: in.Body.Note})
	})
	register(s, "assign-case", note{Summary: "Hand a case over"}, func(ctx context.Context, c *call, in *struct {
		SuspicionPath
		Body CaseHandOver
	}) (*body[Done], error) {
		return change(ctx, c, http.MethodPost, in.order("/assign"), control.CaseNote{To: in.Body.To, Note: in.Body.Note})
	})
	register(s, "close-case", note{Summary: "Close a case"}, func(ctx context.Context, c *call, in *struct {
		SuspicionPath
		Body CaseNote
	}) (*body[Done], error) {
		return change(ctx, c, http.MethodPost, in.order("/close"), control.CaseNote{Note: in.Body.Note})
	})
	register(s, "ask-customer", note{Summary: "Ask a customer: was this you?", Text: "It is told where its contact is, with a link that it answers by."}, func(ctx context.Context, c *call, in *struct {
		CustomerPath
		Body CaseNote
	}) (*body[Done], error) {
		return change(ctx, c, http.MethodPost, at("/v1/customers/", in.Customer, "/ask"), control.Order{Note: in.Body.Note})
	})
}

// Action is one thing that somebody has done.
type Action struct {
	ID       int64     `json:"id"`
	At       time.Time `json:"at"`
	By       string    `json:"by"`
	Verb     string    `json:"verb" example:"limits-set"`
	Customer string    `json:"customer,omitempty"`
	Object   string    `json:"object,omitempty" doc:"What else it was done to: a trunk."`
	Note     string    `json:"note,omitempty" doc:"What has changed; of other kinds than settings a JSON text with what is known of the action."`
}

func (s *server) recordRoutes() {
	register(s, "list-actions", note{Summary: "The record of actions", Text: "The newest first: what was set, or what else people did, by kind."}, func(ctx context.Context, c *call, in *struct {
		Paging
		Customer string `query:"customer" pattern:"^[a-z0-9-]{1,64}$"`
		By       string `query:"by" maxLength:"200"`
		Verb     string `query:"verb" maxLength:"64"`
		Kind     string `query:"kind" enum:"settings,looks,retention,staff,notices,cases,ledger,evidence" default:"settings" doc:"What people did to inquiries is not told here."`
	}) (*body[Page[Action]], error) {
		query := []string{"actions", in.Customer, in.By, in.Verb, in.Kind}
		after, err := parseCursor(in.Cursor, query...)
		if err != nil {
			return nil, err
		}
		var found struct {
			Actions []Action
			Next    string
		}
		path := "/v1/actions" + asked("customer", in.Customer, "by", in.By, "verb", in.Verb, "kind", in.Kind, "cursor", after, "limit", strconv.Itoa(in.Limit))
		if err := c.Office.Do(ctx, http.MethodGet, path, nil, &found); err != nil {
			return nil, err
		}
		out := Page[Action]{Items: items(found.Actions)}
		if found.Next != "" {
			out.Next = newCursor(found.Next, query...)
		}
		return answer(out), nil
	})
}
