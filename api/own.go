package api

import (
	"context"
	"net/http"
)

// Own is what a customer has set for itself. It narrows what the operator allows, and never widens it.
type Own struct {
	Stopped         bool     `json:"stopped" doc:"The kill switch: nothing goes out but emergency calls."`
	NoInternational bool     `json:"no_international" doc:"International calls are switched off."`
	BarCountries    []string `json:"bar_countries" doc:"Countries that are switched off (ISO 3166-1)." example:"[\"SL\"]"`
	CapCall         Money    `json:"cap_call,omitzero" doc:"Most that one call may cost; absent: the operator's."`
	CapDay          Money    `json:"cap_day,omitzero"`
	CapMonth        Money    `json:"cap_month,omitzero"`
	LongestCall     Length   `json:"longest_call,omitzero" example:"1h0m0s"`
}

// OwnSettings is what a customer has set, and within what.
type OwnSettings struct {
	Customer      string `json:"customer" example:"hakata-shokai"`
	Own           Own    `json:"own"`
	International bool   `json:"international" doc:"Whether the operator lets it call abroad at all."`
	Ceiling       Limits `json:"ceiling" doc:"The operator's limits; one's own stand below them."`
	Effective     Limits `json:"effective" doc:"Those in force: the lower of both."`
}

// OwnSwitches turns off and on what it names.
type OwnSwitches struct {
	NoInternational *bool     `json:"no_international,omitempty"`
	BarCountries    *[]string `json:"bar_countries,omitempty" maxItems:"300" doc:"All that are to be off; [] turns all on that the operator allows." example:"[\"SL\"]"`
}

// OwnLimits sets the limits that it names; "0" takes one back: the operator's holds.
type OwnLimits struct {
	CapCall     *Money  `json:"cap_call,omitempty"`
	CapDay      *Money  `json:"cap_day,omitempty"`
	CapMonth    *Money  `json:"cap_month,omitempty"`
	LongestCall *string `json:"longest_call,omitempty" maxLength:"32" example:"1h"`
}

func ownOf(ctx context.Context, c *call, id string) (*tagged[OwnSettings], error) {
	var v struct {
		ID                 string
		International      bool
		Own                Own
		OwnVersion         string `json:"own_version"`
		Ceiling, Effective Limits
	}
	if err := c.Office.Do(ctx, http.MethodGet, at("/v1/customers/", id), nil, &v); err != nil {
		return nil, err
	}
	v.Own.BarCountries = items(v.Own.BarCountries)
	return &tagged[OwnSettings]{`"` + v.OwnVersion + `"`, OwnSettings{v.ID, v.Own, v.International, v.Ceiling, v.Effective}}, nil
}

// setOwn sets what is named, if nobody else has set anything since, and tells what holds then.
func setOwn(ctx context.Context, c *call, id, match string, in any) (*tagged[OwnSettings], error) {
	if err := c.Office.Do(ctx, http.MethodPatch, at("/v1/customers/", id, "/own")+under(match), in, nil); err != nil {
		return nil, err
	}
	return ownOf(ctx, c, id)
}

func (s *server) ownRoutes() {
	register(s, "get-own", note{Summary: "What a customer has set for itself"}, func(ctx context.Context, c *call, in *CustomerPath) (*tagged[OwnSettings], error) {
		return ownOf(ctx, c, in.Customer)
	})
	register(s, "set-own-switches", note{Summary: "Switch international calls, or countries, off and on", Text: "In force when the answer is given; running calls that it covers are ended.", Problem: []int{http.StatusPreconditionFailed}}, func(ctx context.Context, c *call, in *struct {
		CustomerPath
		IfMatch
		Body OwnSwitches
	}) (*tagged[OwnSettings], error) {
		return setOwn(ctx, c, in.Customer, in.IfMatch.IfMatch, in.Body)
	})
	register(s, "set-own-limits", note{Summary: "Set limits below the operator's", Text: "One above the operator's is refused.", Problem: []int{http.StatusPreconditionFailed}}, func(ctx context.Context, c *call, in *struct {
		CustomerPath
		IfMatch
		Body OwnLimits
	}) (*tagged[OwnSettings], error) {
		return setOwn(ctx, c, in.Customer, in.IfMatch.IfMatch, in.Body)
	})
	for id, stopped := range map[string]bool{"stop-own-calls": true, "resume-own-calls": false} {
		n := note{Summary: "Stop all calls (the kill switch)", Text: "Running calls are ended; nothing goes out but emergency calls."}
		if !stopped {
			n = note{Summary: "Take the stop back", Text: "A restriction that the guard or staff have imposed stays."}
		}
		register(s, id, n, func(ctx context.Context, c *call, in *CustomerPath) (*tagged[OwnSettings], error) {
			return setOwn(ctx, c, in.Customer, "", map[string]bool{"stopped": stopped})
		})
	}
}
