package api

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"tsujiban"
	"tsujiban/app/control"
)

// Limits bound what a customer can lose. What is absent follows the default of the operator.
type Limits struct {
	CapCall        Money    `json:"cap_call,omitzero" doc:"Most that one call may cost."`
	CapDay         Money    `json:"cap_day,omitzero" doc:"Most that a day's calls may cost."`
	CapMonth       Money    `json:"cap_month,omitzero" doc:"Most that a month's calls may cost."`
	Channels       int      `json:"channels,omitempty" doc:"Calls at once." example:"8"`
	CallsPerSecond int      `json:"calls_per_second,omitempty" example:"2"`
	LongestCall    Length   `json:"longest_call,omitzero" doc:"A length of time." example:"2h0m0s"`
	AllowCountries []string `json:"allow_countries,omitempty" doc:"Only these may be called abroad (ISO 3166-1)." example:"[\"US\"]"`
	BarCountries   []string `json:"bar_countries,omitempty" doc:"These may not." example:"[\"SL\"]"`
	BarPrefixes    []string `json:"bar_prefixes,omitempty" doc:"Nor numbers that begin so, in E.164 digits." example:"[\"23277\"]"`
	AllowClasses   []string `json:"allow_classes,omitempty" doc:"Kinds of numbers that are barred unless they stand here." example:"[\"premium\"]"`
	Hours          string   `json:"hours,omitempty" doc:"When calls abroad are allowed." example:"Mon-Fri 08:00-20:00"`
}

// LimitsChange sets the limits that it names. "0", 0, "" and [] take one back: the default applies again.
type LimitsChange struct {
	CapCall        *Money    `json:"cap_call,omitempty"`
	CapDay         *Money    `json:"cap_day,omitempty"`
	CapMonth       *Money    `json:"cap_month,omitempty"`
	Channels       *int      `json:"channels,omitempty" minimum:"0" maximum:"1000000"`
	CallsPerSecond *int      `json:"calls_per_second,omitempty" minimum:"0" maximum:"1000000"`
	LongestCall    *string   `json:"longest_call,omitempty" maxLength:"32" example:"2h0m0s"`
	AllowCountries *[]string `json:"allow_countries,omitempty" maxItems:"300"`
	BarCountries   *[]string `json:"bar_countries,omitempty" maxItems:"300"`
	BarPrefixes    *[]string `json:"bar_prefixes,omitempty" maxItems:"1000"`
	AllowClasses   *[]string `json:"allow_classes,omitempty" maxItems:"20"`
	Hours          *string   `json:"hours,omitempty" maxLength:"200"`
}

// Customer is a firm whose calls are guarded, as it stands now.
type Customer struct {
	ID            string       `json:"id" example:"hakata-shokai"`
	Name          string       `json:"name" example:"博多商会"`
	International bool         `json:"international" doc:"Whether it may call abroad at all."`
	Opened        string       `json:"opened,omitempty" doc:"Since when it is a customer." example:"2015-04-01"`
	Contact       string       `json:"contact,omitempty" doc:"Where it is told, and asked." example:"soumu@hakata.example"`
	Language      string       `json:"language" enum:"ja,en"`
	NumberCount   int          `json:"number_count" doc:"How many numbers, and patterns of numbers, it may show; GET …/numbers lists them."`
	Limits        Limits       `json:"limits" doc:"Its own."`
	Effective     Limits       `json:"effective" doc:"Those in force: its own, and the defaults."`
	Usage         Usage        `json:"usage"`
	Restriction   *Restriction `json:"restriction,omitempty" doc:"What stands against it."`
	Trunks        []string     `json:"trunks,omitempty" doc:"Ids of its trunks; only of a single customer."`
}

// Usage is what a customer has used.
type Usage struct {
	Today    Money   `json:"today"`
	Month    Money   `json:"month"`
	Reserved Money   `json:"reserved" doc:"Set aside for running calls."`
	Channels int     `json:"channels" doc:"Calls that are running."`
	Weight   float64 `json:"weight,omitempty" doc:"Weight of evidence in decibans; told to staff only."`
}

// NewCustomer is a customer that is to be added.
type NewCustomer struct {
	ID            string        `json:"id" pattern:"^[a-z0-9-]{1,64}$" example:"hakata-shokai"`
	Name          string        `json:"name" minLength:"1" maxLength:"200" example:"博多商会"`
	International bool          `json:"international,omitempty"`
	Opened        string        `json:"opened,omitempty" format:"date" example:"2015-04-01"`
	Contact       string        `json:"contact,omitempty" maxLength:"320" example:"soumu@hakata.example"`
	Language      string        `json:"language,omitempty" enum:"ja,en" doc:"ja when absent."`
	Numbers       []string      `json:"numbers,omitempty" maxItems:"10000" doc:"E.164 with +, or a prefix with *: what it may show as its own." example:"[\"+81925551201\"]"`
	Limits        *LimitsChange `json:"limits,omitempty"`
}

// CustomerChange sets what it names.
type CustomerChange struct {
	Name          *string       `json:"name,omitempty" minLength:"1" maxLength:"200"`
	International *bool         `json:"international,omitempty"`
	Opened        *string       `json:"opened,omitempty" format:"date"`
	Contact       *string       `json:"contact,omitempty" maxLength:"320"`
	Language      *string       `json:"language,omitempty" enum:"ja,en"`
	Limits        *LimitsChange `json:"limits,omitempty"`
}

// Numbers are what a customer may show as its own.
type Numbers struct {
	Numbers []string `json:"numbers" minItems:"1" maxItems:"10000" doc:"E.164 with +, or a prefix with *." example:"[\"+81925551201\"]"`
}

// customerState is a customer as the program tells it.
type customerState struct {
	Customer
	Numbers []string `json:"numbers"`
	Version string   `json:"version"`
}

// shown is what a caller is told of a customer: how suspicion is counted helps who hijacked its PBX.
func (v *customerState) shown(c *call) Customer {
	out := v.Customer
	out.NumberCount = len(v.Numbers)
	if !c.Person.Role.Staff() {
		out.Usage.Weight = 0
		if out.Restriction != nil {
			r := *out.Restriction
			r.Weight, r.Why, r.Campaign, r.Note, r.By, r.Call = 0, nil, nil, "", "", ""
			out.Restriction = &r
		}
	}
	return out
}

// etag changes with what is set, not with what is used.
func (v *customerState) etag() string { return `"` + v.Version + `"` }

// under is an order's query that has it given only if what is set is still what the ETag stands for.
func under(match string) string {
	if match == "" || match == "*" {
		return ""
	}
	return "?version=" + url.QueryEscape(strings.Trim(match, `"`))
}

// tagged is an answer with its ETag.
type tagged[T any] struct {
	ETag string `header:"ETag"`
	Body T
}

// made is an answer about something new.
type made[T any] struct {
	ETag     string `header:"ETag"`
	Location string `header:"Location"`
	Body     T
}

// ifMatch is what a conditional change carries.
type IfMatch struct {
	IfMatch string `header:"If-Match" maxLength:"200" doc:"The ETag that was read: the change is made only if nobody has changed it since (412)."`
}

func (s *server) customerRoutes() {
	register(s, "list-customers", note{Summary: "List customers", Text: "In the order of their ids. Resellers and customers see their own."}, listCustomers)
	register(s, "create-customer", note{Summary: "Add a customer", Status: http.StatusCreated, Body: 1 << 20}, createCustomer)
	register(s, "get-customer", note{Summary: "Show a customer"}, func(ctx context.Context, c *call, in *CustomerPath) (*tagged[Customer], error) {
		v, err := customerOf(ctx, c, in.Customer)
		if err != nil {
			return nil, err
		}
		return &tagged[Customer]{v.etag(), v.shown(c)}, nil
	})
	register(s, "change-customer", note{Summary: "Change a customer", Text: "Sets what the body names; the rest stays.", Problem: []int{http.StatusPreconditionFailed}},
		func(ctx context.Context, c *call, in *struct {
			CustomerPath
			IfMatch
			Body CustomerChange
		}) (*tagged[Customer], error) {
			v, err := changeCustomer(ctx, c, in.Customer, in.IfMatch.IfMatch, in.Body)
			if err != nil {
				return nil, err
			}
			return &tagged[Customer]{v.etag(), v.shown(c)}, nil
		})
	register(s, "delete-customer", note{Summary: "Remove a customer", Text: "Its trunks have to be removed first, and no restriction may stand."},
		func(ctx context.Context, c *call, in *CustomerPath) (*body[Done], error) {
			return change(ctx, c, http.MethodDelete, at("/v1/customers/", in.Customer), nil)
		})
	register(s, "get-limits", note{Summary: "Show a customer's own limits"}, func(ctx context.Context, c *call, in *CustomerPath) (*tagged[Limits], error) {
		v, err := customerOf(ctx, c, in.Customer)
		if err != nil {
			return nil, err
		}
		return &tagged[Limits]{v.etag(), v.Limits}, nil
	})
	register(s, "change-limits", note{Summary: "Change a customer's limits", Text: "Sets those that the body names; the rest stays.", Problem: []int{http.StatusPreconditionFailed}},
		func(ctx context.Context, c *call, in *struct {
			CustomerPath
			IfMatch
			Body LimitsChange
		}) (*tagged[Limits], error) {
			v, err := changeCustomer(ctx, c, in.Customer, in.IfMatch.IfMatch, CustomerChange{Limits: &in.Body})
			if err != nil {
				return nil, err
			}
			return &tagged[Limits]{v.etag(), v.Limits}, nil
		})
	s.customerNumberRoutes()
}

func (s *server) customerNumberRoutes() {
	register(s, "list-customer-numbers", note{Summary: "List the numbers that a customer may show"}, func(ctx context.Context, c *call, in *struct {
		CustomerPath
		Paging
	}) (*body[Page[string]], error) {
		v, err := customerOf(ctx, c, in.Customer)
		if err != nil {
			return nil, err
		}
		slices.Sort(v.Numbers)
		return pageOf(v.Numbers, func(n *string) string { return *n }, in.Paging, "numbers", in.Customer)
	})
	register(s, "add-customer-numbers", note{Summary: "Add numbers that a customer may show", Text: "All of them, or none.", Body: 1 << 20}, func(ctx context.Context, c *call, in *struct {
		CustomerPath
		Body Numbers
	}) (*body[Done], error) {
		return change(ctx, c, http.MethodPost, at("/v1/customers/", in.Customer, "/numbers/add"), in.Body.Numbers)
	})
	register(s, "remove-customer-number", note{Summary: "Remove a number"}, func(ctx context.Context, c *call, in *struct {
		CustomerPath
		Number string `path:"number" pattern:"^\\+[0-9]{1,15}\\*?$" doc:"E.164 with + (in a URL %2B), or the pattern." example:"+81925551201"`
	}) (*body[Done], error) {
		return change(ctx, c, http.MethodPost, at("/v1/customers/", in.Customer, "/numbers/remove"), []string{in.Number})
	})
}

func customerOf(ctx context.Context, c *call, id string) (*customerState, error) {
	var v customerState
	err := c.Office.Do(ctx, http.MethodGet, at("/v1/customers/", id), nil, &v)
	return &v, err
}

func listCustomers(ctx context.Context, c *call, in *struct {
	Paging
	Match string `query:"match" maxLength:"100" doc:"Only those whose id or name has this in it."`
}) (*body[Page[Customer]], error) {
	var all []customerState
	if err := c.Office.Do(ctx, http.MethodGet, "/v1/customers"+asked("match", in.Match), nil, &all); err != nil {
		return nil, err
	}
	var list []Customer
	for i := range all {
		if c.Person.Reaches(tsujiban.CustomerID(all[i].ID)) {
			list = append(list, all[i].shown(c))
		}
	}
	slices.SortFunc(list, func(a, b Customer) int { return strings.Compare(a.ID, b.ID) })
	return pageOf(list, func(v *Customer) string { return v.ID }, in.Paging, "customers", c.Person.ID, in.Match)
}

func createCustomer(ctx context.Context, c *call, in *struct{ Body NewCustomer }) (*made[Customer], error) {
	var d done
	n := in.Body
	id := n.ID
	n.ID = "" // the path names it
	if err := c.Office.Do(ctx, http.MethodPost, at("/v1/customers/", id), n, &d); err != nil {
		return nil, err
	}
	v, err := customerOf(ctx, c, id)
	if err != nil {
		return nil, err
	}
	return &made[Customer]{v.etag(), Prefix + at("/customers/", id), v.shown(c)}, nil
}

// changeCustomer changes what is named, if nobody else has changed it since.
func changeCustomer(ctx context.Context, c *call, id, match string, in CustomerChange) (*customerState, error) {
	if err := c.Office.Do(ctx, http.MethodPatch, at("/v1/customers/", id)+under(match), in, new(control.Done)); err != nil {
		return nil, err
	}
	return customerOf(ctx, c, id)
}
