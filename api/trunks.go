package api

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"tsujiban/app/control"
)

// Trunk is how a customer's PBX reaches the program. Its password is never told.
type Trunk struct {
	ID              string   `json:"id" example:"hakata-pbx"`
	Customer        string   `json:"customer" example:"hakata-shokai"`
	Sources         []string `json:"sources,omitempty" doc:"Networks that its calls come from." example:"[\"198.51.100.7/32\"]"`
	CertificateName string   `json:"certificate_name,omitempty" doc:"Name in its TLS client certificate."`
	Username        string   `json:"username,omitempty" doc:"Of digest authentication."`
	Realm           string   `json:"realm,omitempty"`
	Digest          bool     `json:"digest" doc:"Whether a password is set."`
	Address         string   `json:"address,omitempty" doc:"Where its incoming calls are sent; empty: where it registered."`
	Transport       string   `json:"transport,omitempty" example:"udp"`
	Registrar       string   `json:"registrar,omitempty" doc:"Where its registrations are passed to."`
	Domain          string   `json:"domain,omitempty"`
}

// NewTrunk is a trunk that is to be added.
type NewTrunk struct {
	ID       string `json:"id" pattern:"^[a-z0-9-]{1,64}$" example:"hakata-pbx"`
	Customer string `json:"customer" pattern:"^[a-z0-9-]{1,64}$" example:"hakata-shokai"`
	TrunkFields
}

// TrunkChange sets what it names. A new user name or realm needs the password again.
type TrunkChange struct {
	Customer *string `json:"customer,omitempty" pattern:"^[a-z0-9-]{1,64}$"`
	TrunkFields
}

type TrunkFields struct {
	Sources         *[]string `json:"sources,omitempty" maxItems:"1000" example:"[\"198.51.100.7/32\"]"`
	CertificateName *string   `json:"certificate_name,omitempty" maxLength:"253"`
	Username        *string   `json:"username,omitempty" maxLength:"128"`
	Realm           *string   `json:"realm,omitempty" maxLength:"253"`
	Password        *string   `json:"password,omitempty" maxLength:"256" writeOnly:"true" doc:"Kept as a hash; never told."`
	Address         *string   `json:"address,omitempty" maxLength:"300"`
	Transport       *string   `json:"transport,omitempty" enum:"udp,tcp,tls"`
	Registrar       *string   `json:"registrar,omitempty" maxLength:"300"`
	Domain          *string   `json:"domain,omitempty" maxLength:"253"`
}

func (s *server) trunkRoutes() {
	register(s, "list-trunks", note{Summary: "List trunks", Text: "In the order of their ids."}, func(ctx context.Context, c *call, in *struct {
		Paging
		Customer string `query:"customer" pattern:"^[a-z0-9-]{1,64}$" doc:"Only those of this customer."`
	}) (*body[Page[Trunk]], error) {
		var list []Trunk
		if err := c.Office.Do(ctx, http.MethodGet, "/v1/trunks"+asked("customer", in.Customer), nil, &list); err != nil {
			return nil, err
		}
		slices.SortFunc(list, func(a, b Trunk) int { return strings.Compare(a.ID, b.ID) })
		return pageOf(list, func(v *Trunk) string { return v.ID }, in.Paging, "trunks", in.Customer)
	})
	register(s, "create-trunk", note{Summary: "Add a trunk", Status: http.StatusCreated}, func(ctx context.Context, c *call, in *struct{ Body NewTrunk }) (*made[Trunk], error) {
		id := in.Body.ID
		in.Body.ID = ""
		if err := c.Office.Do(ctx, http.MethodPost, at("/v1/trunks/", id), in.Body, new(control.Done)); err != nil {
			return nil, err
		}
		v, err := trunkOf(ctx, c, id)
		if err != nil {
			return nil, err
		}
		return &made[Trunk]{v.etag(), Prefix + at("/trunks/", id), v.Trunk}, nil
	})
	register(s, "get-trunk", note{Summary: "Show a trunk"}, func(ctx context.Context, c *call, in *TrunkPath) (*tagged[Trunk], error) {
		return taggedTrunk(ctx, c, in.Trunk)
	})
	register(s, "change-trunk", note{Summary: "Change a trunk", Text: "Sets what the body names; the rest stays.", Problem: []int{http.StatusPreconditionFailed}}, func(ctx context.Context, c *call, in *struct {
		TrunkPath
		IfMatch
		Body TrunkChange
	}) (*tagged[Trunk], error) {
		if err := c.Office.Do(ctx, http.MethodPatch, at("/v1/trunks/", in.Trunk)+under(in.IfMatch.IfMatch), in.Body, new(control.Done)); err != nil {
			return nil, err
		}
		return taggedTrunk(ctx, c, in.Trunk)
	})
	register(s, "delete-trunk", note{Summary: "Remove a trunk"}, func(ctx context.Context, c *call, in *TrunkPath) (*body[Done], error) {
		return change(ctx, c, http.MethodDelete, at("/v1/trunks/", in.Trunk), nil)
	})
}

// trunkState is a trunk as the program tells it.
type trunkState struct {
	Trunk
	Version string `json:"version"`
}

// etag changes with what is shown. A new password alone leaves it as it is: who reads trunks learns nothing of it.
func (v *trunkState) etag() string { return `"` + v.Version + `"` }

func trunkOf(ctx context.Context, c *call, id string) (*trunkState, error) {
	var v trunkState
	err := c.Office.Do(ctx, http.MethodGet, at("/v1/trunks/", id), nil, &v)
	return &v, err
}

func taggedTrunk(ctx context.Context, c *call, id string) (*tagged[Trunk], error) {
	v, err := trunkOf(ctx, c, id)
	if err != nil {
		return nil, err
	}
	return &tagged[Trunk]{v.etag(), v.Trunk}, nil
}
