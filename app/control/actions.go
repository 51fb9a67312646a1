package control

import "time"

// Actions is a page of the record of what people have set, newest first.
type Actions struct {
	Actions []Action `json:"actions"`
	Next    string   `json:"next,omitempty"` // cursor of the following page; empty when there is none
}

// Action is one thing that a person, or the guard, has set.
type Action struct {
	ID       int64     `json:"id"`
	At       time.Time `json:"at"`
	By       string    `json:"by"`
	Verb     string    `json:"verb"` // a code: customer-add, limits-set, restrict
	Customer string    `json:"customer,omitempty"`
	Object   string    `json:"object,omitempty"` // what else it was done to: a trunk
	Note     string    `json:"note,omitempty"`   // what has changed
}
