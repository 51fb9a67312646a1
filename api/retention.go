package api

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"tsujiban/app/control"
	"tsujiban/people"
)

// Retention is how long records are kept, and what is held longer.
type Retention struct {
	Kinds   []RetentionKind `json:"kinds"`
	Ran     time.Time       `json:"ran,omitzero" doc:"When it was enforced last."`
	Next    time.Time       `json:"next"`
	Failing string          `json:"failing,omitempty" doc:"Why it cannot be enforced."`
	Gone    []Gone          `json:"gone" doc:"Entries that the journal no longer has."`
	Holds   []Hold          `json:"holds"`
}

// RetentionKind is one kind of record.
type RetentionKind struct {
	Kind   string    `json:"kind" example:"calls"`
	Term   string    `json:"term" example:"180 days"`
	Before time.Time `json:"before" doc:"What is older is past its term."`
	Erased int       `json:"erased" doc:"What was erased, or would be now."`
	Held   int       `json:"held" doc:"Past its term and under a hold."`
	Oldest time.Time `json:"oldest,omitzero"`
	Newest time.Time `json:"newest,omitzero"`
}

// Gone is a run of entries that were erased.
type Gone struct {
	First uint64 `json:"first"`
	Last  uint64 `json:"last"`
}

// Hold keeps records beyond their term.
type Hold struct {
	ID       int64  `json:"id" doc:"Negative: the preservation request of that inquiry case."`
	Number   string `json:"number,omitempty" doc:"Masked."`
	Customer string `json:"customer,omitempty"`
	From     string `json:"from,omitempty"`
	To       string `json:"to,omitempty"`
	Kind     string `json:"kind" example:"court"`
	Ground   string `json:"ground"`
	Until    string `json:"until"`
	By       string `json:"by,omitempty"`
	At       string `json:"at,omitempty"`
	Stands   bool   `json:"stands"`
	Released string `json:"released,omitempty"`
	Note     string `json:"note,omitempty"`
}

// NewHold is a hold that is to be added.
type NewHold struct {
	Number   string    `json:"number,omitempty" maxLength:"40"`
	Customer string    `json:"customer,omitempty" maxLength:"64"`
	From     time.Time `json:"from,omitzero"`
	To       time.Time `json:"to,omitzero"`
	Kind     string    `json:"kind" enum:"preservation,warrant,consent,court" doc:"The kind of ground."`
	Ground   string    `json:"ground" minLength:"1" maxLength:"500" doc:"The document."`
	Until    time.Time `json:"until,omitzero" doc:"The most that the kind allows when absent."`
}

// RetentionOrder enforces retention now.
type RetentionOrder struct {
	DryRun bool `json:"dry_run" doc:"Only say what would be erased."`
}

// RetentionRun says what was erased, or would be.
type RetentionRun struct {
	DryRun bool            `json:"dry_run,omitempty"`
	At     time.Time       `json:"at"`
	Kinds  []RetentionKind `json:"kinds"`
}

func (s *server) retentionRoutes() {
	register(s, "get-retention", note{Summary: "How long records are kept, and what is held"}, func(ctx context.Context, c *call, _ *nothing) (*body[Retention], error) {
		out := answer(Retention{})
		err := c.Office.Do(ctx, http.MethodGet, "/v1/retention", nil, &out.Body)
		v := &out.Body
		v.Kinds, v.Gone, v.Holds = items(v.Kinds), items(v.Gone), items(v.Holds)
		return out, err
	})
	register(s, "run-retention", note{Summary: "Erase what is past its term", Second: true}, func(ctx context.Context, c *call, in *struct{ Body RetentionOrder }) (*body[RetentionRun], error) {
		if !in.Body.DryRun {
			if err := s.second(ctx, c, people.ActRetention, "erase now", "through the API", http.MethodPost, "/v1/retention", in.Body); err != nil {
				return nil, err
			}
		}
		out := answer(RetentionRun{})
		err := c.Office.Do(ctx, http.MethodPost, "/v1/retention", in.Body, &out.Body)
		out.Body.Kinds = items(out.Body.Kinds)
		return out, err
	})
	register(s, "add-hold", note{Summary: "Hold records beyond their term"}, func(ctx context.Context, c *call, in *struct{ Body NewHold }) (*body[Done], error) {
		b := &in.Body
		return change(ctx, c, http.MethodPost, "/v1/retention/holds", control.Hold{
			Number: b.Number, Customer: b.Customer, From: stamp(b.From), To: stamp(b.To), Kind: b.Kind, Ground: b.Ground, Until: stamp(b.Until),
		})
	})
	register(s, "release-hold", note{Summary: "Release a hold", Second: true}, func(ctx context.Context, c *call, in *struct {
		Hold int64 `path:"hold"`
		Body Reason
	}) (*body[Done], error) {
		id := strconv.FormatInt(in.Hold, 10)
		return s.changeBySecond(ctx, c, people.ActRetention, "hold "+id, http.MethodDelete, at("/v1/retention/holds/", id), control.Order{Note: in.Body.Note})
	})
}
