package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"tsujiban/app/control"
	"tsujiban/people"
)

// Second is who asks a second person.
type Second interface {
	NeedsSecond(people.Act) bool
	Propose(ctx context.Context, first *people.Person, act people.Act, subject, note string, o people.Order) (people.Proposal, error)
}

// Proposal is an act that waits for a second person: it is carried out when somebody else agrees, at the console.
type Proposal struct {
	ID      int64     `json:"proposal" example:"12"`
	Act     string    `json:"act" enum:"release-closed,hand-over,retention"`
	Subject string    `json:"subject" doc:"What it is about." example:"hakata-shokai"`
	Until   time.Time `json:"until" doc:"Until when somebody may agree."`
	State   string    `json:"state" example:"waiting"`
}

// Error and GetStatus make it an answer in place of the one that was asked for.
func (p *Proposal) Error() string { return "a second person is asked" }

// GetStatus is 202: accepted, and not done yet.
func (p *Proposal) GetStatus() int { return http.StatusAccepted }

// second has an act wait for a second person where that is the rule; then the error is the answer.
func (s *server) second(ctx context.Context, c *call, act people.Act, subject, note, method, path string, in any) error {
	if s.o.Second == nil || !s.o.Second.NeedsSecond(act) {
		return nil
	}
	data, err := json.Marshal(in)
	if err != nil {
		return err
	}
	if in == nil {
		data = nil
	}
	p, err := s.o.Second.Propose(ctx, c.Person, act, subject, note, people.Order{Method: method, Path: path, Body: data})
	if err != nil {
		return err
	}
	return &Proposal{ID: p.ID, Act: string(p.Act), Subject: p.Subject, Until: p.Until, State: string(p.State)}
}

// closed tells whether a customer is closed: its release may need a second person.
func closed(ctx context.Context, c *call, id string) (bool, error) {
	v, err := customerOf(ctx, c, id)
	if err != nil {
		return false, err
	}
	return v.Restriction != nil && v.Restriction.Level == "close", nil
}

// changeBySecond gives an order that may need a second person.
func (s *server) changeBySecond(ctx context.Context, c *call, act people.Act, subject, method, path string, o control.Order) (*body[Done], error) {
	if err := s.second(ctx, c, act, subject, o.Note, method, path, o); err != nil {
		return nil, err
	}
	return change(ctx, c, method, path, o)
}
