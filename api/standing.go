package api

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/people"
)

// Restriction is what stands against a customer.
type Restriction struct {
	Customer string    `json:"customer" example:"hakata-shokai"`
	Level    string    `json:"level" enum:"watch,ask,restrict,close" doc:"How hard: close stops all calls but emergency calls."`
	Reach    string    `json:"reach" doc:"Of level restrict: what it stands against." example:"abroad"`
	Reason   string    `json:"reason" doc:"A stable word." example:"staff"`
	At       time.Time `json:"at"`
	By       string    `json:"by,omitempty" doc:"Who imposed it; told to staff only."`
	Note     string    `json:"note,omitempty" doc:"Told to staff only."`
	Call     string    `json:"call,omitempty" doc:"The call that brought it about."`
	Weight   float64   `json:"weight,omitempty"`
	Why      []Weight  `json:"why,omitempty"`
	Campaign *Campaign `json:"campaign,omitempty"`
}

// RestrictionOrder is a restriction that is to stand from now on.
type RestrictionOrder struct {
	Level string `json:"level" enum:"watch,ask,restrict,close"`
	Reach string `json:"reach,omitempty" maxLength:"500" doc:"Of level restrict: what it is to stand against; all international calls when absent." example:"abroad"`
	Note  string `json:"note" minLength:"1" maxLength:"2000" example:"the customer asked for it by telephone"`
}

// ReleaseOrder takes a restriction back.
type ReleaseOrder struct {
	Reach string `json:"reach,omitempty" maxLength:"500" doc:"Only this part of it; all of it when absent."`
	Note  string `json:"note" minLength:"1" maxLength:"2000" example:"the PBX was cleaned, confirmed by Mr Sato"`
}

// CustomerAnswer is what a customer says when asked whether the use was theirs.
type CustomerAnswer struct {
	Theirs bool   `json:"theirs" doc:"true: it was us. false: that was not us."`
	Note   string `json:"note" minLength:"1" maxLength:"2000" example:"Mr Sato, by telephone"`
}

func (s *server) standingRoutes() {
	register(s, "list-restrictions", note{Summary: "List the restrictions that stand", Text: "Resellers and customers see their own."}, func(ctx context.Context, c *call, in *Paging) (*body[Page[Restriction]], error) {
		var all []Restriction
		if err := c.Office.Do(ctx, http.MethodGet, "/v1/restrictions", nil, &all); err != nil {
			return nil, err
		}
		var list []Restriction
		for i := range all {
			if c.Person.Reaches(tsujiban.CustomerID(all[i].Customer)) {
				v := customerState{Customer: Customer{Restriction: &all[i]}}
				list = append(list, *v.shown(c).Restriction)
			}
		}
		slices.SortFunc(list, func(a, b Restriction) int { return strings.Compare(a.Customer, b.Customer) })
		return pageOf(list, func(v *Restriction) string { return v.Customer }, *in, "restrictions", c.Person.ID)
	})
	register(s, "restrict-customer", note{Summary: "Restrict a customer", Text: "In force when the answer is given; running calls that it covers are ended."}, func(ctx context.Context, c *call, in *struct {
		CustomerPath
		Body RestrictionOrder
	}) (*body[Done], error) {
		return change(ctx, c, http.MethodPut, at("/v1/customers/", in.Customer, "/restriction"), control.Order{Level: in.Body.Level, Reach: in.Body.Reach, Note: in.Body.Note})
	})
	register(s, "release-customer", note{Summary: "Release a customer", Second: true}, func(ctx context.Context, c *call, in *struct {
		CustomerPath
		Body ReleaseOrder
	}) (*body[Done], error) {
		path, o := at("/v1/customers/", in.Customer, "/restriction"), control.Order{Reach: in.Body.Reach, Note: in.Body.Note}
		switch shut, err := closed(ctx, c, in.Customer); {
		case err != nil:
			return nil, err
		case shut:
			return s.changeBySecond(ctx, c, people.ActReleaseClosed, in.Customer, http.MethodDelete, path, o)
		}
		return change(ctx, c, http.MethodDelete, path, o)
	})
	register(s, "answer-for-customer", note{Summary: "Take down what the customer says: was this you?", Text: "\"That was not us\" keeps the restriction, \"it was us\" takes back what the guard imposed."},
		func(ctx context.Context, c *call, in *struct {
			CustomerPath
			Body CustomerAnswer
		}) (*body[Done], error) {
			return change(ctx, c, http.MethodPost, at("/v1/customers/", in.Customer, "/answer"), control.Answer{Theirs: in.Body.Theirs, Note: in.Body.Note})
		})
}
