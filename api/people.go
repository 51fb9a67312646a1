package api

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/people"
)

// StaffMember is somebody who can sign in: the operator's people, resellers and customers.
type StaffMember struct {
	ID        string    `json:"id" doc:"Stable, never given to somebody else." example:"sato-k7q2x"`
	Login     string    `json:"login" example:"sato@example.jp"`
	Name      string    `json:"name" example:"佐藤 一郎"`
	Role      string    `json:"role" enum:"viewer,analyst,inquiry-officer,administrator,reseller,customer"`
	Language  string    `json:"language" enum:"ja,en"`
	Customers []string  `json:"customers,omitempty" doc:"Of resellers and customers: whom they reach."`
	Created   time.Time `json:"created,omitzero"`
	Disabled  time.Time `json:"disabled,omitzero" doc:"Since when they may not sign in; absent: they may."`
	Secured   bool      `json:"secured,omitempty" doc:"Whether they have a factor that cannot be guessed."`
	Sessions  int       `json:"sessions,omitempty" doc:"How many browsers are signed in."`
	SignedIn  time.Time `json:"signed_in,omitzero" doc:"When they signed in last."`
}

// PersonPath names a person by id or login.
type PersonPath struct {
	Person string `path:"person" minLength:"1" maxLength:"254" doc:"Id or login." example:"sato-k7q2x"`
}

func staffMembers(ctx context.Context, c *call) (list []StaffMember, err error) {
	err = c.Office.Do(ctx, http.MethodGet, "/v1/staff", nil, &list)
	slices.SortFunc(list, func(a, b StaffMember) int { return strings.Compare(a.ID, b.ID) })
	return list, err
}

func (s *server) staffRoutes() {
	register(s, "list-staff", note{Summary: "List who can sign in", Text: "In the order of their ids."}, func(ctx context.Context, c *call, in *Paging) (*body[Page[StaffMember]], error) {
		list, err := staffMembers(ctx, c)
		if err != nil {
			return nil, err
		}
		return pageOf(list, func(v *StaffMember) string { return v.ID }, *in, "staff")
	})
	register(s, "get-staff", note{Summary: "Show a person"}, func(ctx context.Context, c *call, in *PersonPath) (*body[StaffMember], error) {
		list, err := staffMembers(ctx, c)
		if err != nil {
			return nil, err
		}
		for _, v := range list {
			if v.ID == in.Person || v.Login == strings.ToLower(in.Person) {
				return answer(v), nil
			}
		}
		return nil, problem(codeOf(tsujiban.CodeNotFound), c.Lang)
	})
	for id, n := range map[string]note{
		"disable-staff": {Summary: "Keep a person out", Text: "From now on they cannot sign in; sessions, tokens and links end. " +
			"Inviting, enabling and changing people takes somebody who has just proved at the console who they are: a program cannot do it."},
		"sign-staff-out": {Summary: "Sign a person out everywhere", Text: "Their tokens stay."},
	} {
		do := map[string]string{"disable-staff": "/disable", "sign-staff-out": "/signout"}[id]
		register(s, id, n, func(ctx context.Context, c *call, in *PersonPath) (*body[Done], error) {
			return change(ctx, c, http.MethodPost, at("/v1/staff/", in.Person, do), nil)
		})
	}
	s.tokenRoutes()
	s.proposalRoutes()
}

// Token is one of the owner's tokens. What it is made of is told once, when it is made.
type Token struct {
	ID      string    `json:"id" example:"9f86d081884c7d65"`
	Name    string    `json:"name" example:"監視"`
	Scopes  []string  `json:"scopes" doc:"Rights; its owner may have lost some since."`
	Created time.Time `json:"created"`
	Until   time.Time `json:"until"`
	Used    time.Time `json:"used,omitzero" doc:"When it was used last, to the minute."`
	This    bool      `json:"this,omitempty" doc:"It is the one of this request."`
}

func ownTokens(ctx context.Context, c *call) (list []Token, err error) {
	err = c.Office.Do(ctx, http.MethodGet, "/v1/tokens", nil, &list)
	for i := range list {
		list[i].Scopes, list[i].This = items(list[i].Scopes), list[i].ID == c.Token
	}
	slices.SortFunc(list, func(a, b Token) int { return strings.Compare(a.ID, b.ID) })
	return list, err
}

// covers tells whether the caller's token may all that another may.
func (c *call) covers(t *Token) bool {
	return t.This || !slices.ContainsFunc(t.Scopes, func(name string) bool {
		right, ok := people.ParseRight(name)
		return !ok || c.Scope != nil && right > people.SignedIn && !c.Scope(right)
	})
}

func (s *server) tokenRoutes() {
	register(s, "list-tokens", note{Summary: "List the tokens of this token's owner", Text: "They are made at the console under \"My account\", by somebody who has just proved who they are: one that could make others could not be taken back."},
		func(ctx context.Context, c *call, in *Paging) (*body[Page[Token]], error) {
			list, err := ownTokens(ctx, c)
			if err != nil {
				return nil, err
			}
			return pageOf(list, func(t *Token) string { return t.ID }, *in, "tokens", c.Person.ID)
		})
	register(s, "end-token", note{Summary: "End a token", Text: "Itself, or another one of its owner that may no more than it. What ends cannot be used from now on."}, func(ctx context.Context, c *call, in *struct {
		Token string `path:"token" pattern:"^[0-9a-f]{1,40}$"`
	}) (*body[Done], error) {
		list, err := ownTokens(ctx, c)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(list, func(t Token) bool { return t.ID == in.Token })
		switch {
		case i < 0:
			return nil, problem(codeOf(tsujiban.CodeNotFound), c.Lang)
		case !c.covers(&list[i]):
			return nil, problem(codeOf(tsujiban.CodeForbidden), c.Lang)
		}
		return change(ctx, c, http.MethodDelete, at("/v1/tokens/", in.Token), nil)
	})
}

// ProposalState is an act that waits, or waited, for a second person.
type ProposalState struct {
	ID      int64     `json:"proposal" example:"12"`
	Act     string    `json:"act" enum:"release-closed,hand-over,retention"`
	Subject string    `json:"subject" doc:"What it is about." example:"hakata-shokai"`
	Note    string    `json:"note,omitempty" doc:"Why, in the words of the first person."`
	By      string    `json:"by" doc:"Id of the first person."`
	At      time.Time `json:"at"`
	Until   time.Time `json:"until" doc:"Until when somebody may agree."`
	State   string    `json:"state" enum:"waiting,approved,declined,withdrawn,expired"`
	Second  string    `json:"second,omitempty" doc:"Who decided."`
	Decided time.Time `json:"decided,omitzero"`
	Answer  string    `json:"answer,omitempty" doc:"Why, in the words of who decided."`
	Outcome string    `json:"outcome,omitempty" doc:"What came of it, once approved."`
}

// ProposalPath names a proposal.
type ProposalPath struct {
	Proposal int64 `path:"proposal" minimum:"1" example:"12"`
}

// proposals are those that the caller may see, the newest first: all with see-record, else the own.
func proposals(ctx context.Context, c *call, all bool) ([]ProposalState, error) {
	var list []control.Proposal
	var out []ProposalState
	if err := c.Office.Do(ctx, http.MethodGet, "/v1/proposals"+asked("all", yes(all)), nil, &list); err != nil {
		return nil, err
	}
	for _, p := range list {
		if c.May(people.SeeRecord) || p.By == c.Person.ID {
			out = append(out, ProposalState(p))
		}
	}
	slices.SortFunc(out, func(a, b ProposalState) int { return int(b.ID - a.ID) })
	return out, nil
}

func (s *server) proposalRoutes() {
	register(s, "list-proposals", note{Summary: "List what waits for a second person", Text: "The newest first. With `see-record` everybody's, otherwise one's own. They are decided at the console only."},
		func(ctx context.Context, c *call, in *struct {
			Paging
			All bool `query:"all" doc:"Also those that were decided, withdrawn or have expired; of these the newest."`
		}) (*body[Page[ProposalState]], error) {
			list, err := proposals(ctx, c, in.All)
			if err != nil {
				return nil, err
			}
			return pageOf(list, func(p *ProposalState) string { return padded(maxID - p.ID) }, in.Paging, "proposals", yes(in.All), c.Person.ID)
		})
	register(s, "get-proposal", note{Summary: "Show what became of a proposal"}, func(ctx context.Context, c *call, in *ProposalPath) (*body[ProposalState], error) {
		list, err := proposals(ctx, c, true)
		if err != nil {
			return nil, err
		}
		for _, p := range list {
			if p.ID == in.Proposal {
				return answer(p), nil
			}
		}
		return nil, problem(codeOf(tsujiban.CodeNotFound), c.Lang)
	})
	register(s, "withdraw-proposal", note{Summary: "Take one's own proposal back"}, func(ctx context.Context, c *call, in *ProposalPath) (*body[ProposalState], error) {
		list, err := proposals(ctx, c, true)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(list, func(p ProposalState) bool { return p.ID == in.Proposal && p.By == c.Person.ID }) {
			return nil, problem(codeOf(tsujiban.CodeNotFound), c.Lang)
		}
		var p control.Proposal
		err = c.Office.Do(ctx, http.MethodPost, at("/v1/proposals/", strconv.FormatInt(in.Proposal, 10)), control.Decision{Say: "withdraw"}, &p)
		return answer(ProposalState(p)), err
	})
}

// maxID is larger than any number of a thing, so that lists with the newest first have keys that rise.
const maxID = 1 << 62
