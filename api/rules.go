package api

import (
	"context"
	"net/http"
	"time"

	"tsujiban/app/control"
)

// RuleSet is rules that hold for all customers.
type RuleSet struct {
	Closed   []string `json:"closed" doc:"E.164 prefixes that are closed for all." example:"[\"23277\"]"`
	Hints    []string `json:"hints" doc:"Prefixes that are known from past abuse."`
	Defaults Limits   `json:"defaults" doc:"Limits of customers that have none of their own."`
}

// Rules is what holds for all, and where it comes from.
type Rules struct {
	Set     RuleSet   `json:"set" doc:"At run time."`
	At      time.Time `json:"at,omitzero"`
	By      string    `json:"by,omitempty"`
	Note    string    `json:"note,omitempty"`
	Base    RuleSet   `json:"base" doc:"By the configuration; what is set comes on top."`
	InForce RuleSet   `json:"in_force"`
	Fraud   string    `json:"fraud" enum:"off,observe,enforce"`
	Policy  time.Time `json:"policy" doc:"When the rules in force were made."`
}

// RulesChange sets what it names; an empty list empties.
type RulesChange struct {
	Closed   *[]string     `json:"closed,omitempty" maxItems:"10000"`
	Hints    *[]string     `json:"hints,omitempty" maxItems:"10000"`
	Defaults *LimitsChange `json:"defaults,omitempty"`
	Note     string        `json:"note" minLength:"1" maxLength:"2000"`
}

func (v *Rules) tidy() {
	for _, s := range []*RuleSet{&v.Set, &v.Base, &v.InForce} {
		s.Closed, s.Hints = items(s.Closed), items(s.Hints)
	}
}

func rules(ctx context.Context, c *call) (*tagged[Rules], error) {
	var v struct {
		Rules
		Version string
	}
	if err := c.Office.Do(ctx, http.MethodGet, "/v1/rules", nil, &v); err != nil {
		return nil, err
	}
	v.tidy()
	return &tagged[Rules]{`"` + v.Version + `"`, v.Rules}, nil
}

// changeRules sets what is named, if nobody else has changed it since.
func changeRules(ctx context.Context, c *call, match string, in RulesChange) (*tagged[Rules], error) {
	if err := c.Office.Do(ctx, http.MethodPut, "/v1/rules"+under(match), in, new(control.Done)); err != nil {
		return nil, err
	}
	return rules(ctx, c)
}

func (s *server) ruleRoutes() {
	register(s, "get-rules", note{Summary: "Show what holds for all customers"}, func(ctx context.Context, c *call, _ *nothing) (*tagged[Rules], error) { return rules(ctx, c) })
	register(s, "change-rules", note{Summary: "Change what holds for all customers", Text: "Sets what the body names; in force for the next call.", Body: 1 << 20, Problem: []int{http.StatusPreconditionFailed}},
		func(ctx context.Context, c *call, in *struct {
			IfMatch
			Body RulesChange
		}) (*tagged[Rules], error) {
			return changeRules(ctx, c, in.IfMatch.IfMatch, in.Body)
		})
	s.previewRoutes()
}
