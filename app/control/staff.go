package control

import (
	"fmt"
	"strings"
	"time"

	"tsujiban"
)

// Staff is a people.Person in JSON, as lists show it.
type Staff struct {
	ID        string    `json:"id,omitempty"`
	Login     string    `json:"login"`
	Name      string    `json:"name"`
	Role      string    `json:"role"`
	Language  string    `json:"language,omitempty"`
	Customers []string  `json:"customers,omitempty"`
	Created   time.Time `json:"created,omitzero"`
	Disabled  time.Time `json:"disabled,omitzero"`
	Secured   bool      `json:"secured,omitempty"` // has a factor that cannot be guessed
	Sessions  int       `json:"sessions,omitempty"`
	SignedIn  time.Time `json:"signed_in,omitzero"` // last
}

// StaffLink is a link with which somebody comes in. Whoever has it is that person: hand it over in private.
type StaffLink struct {
	ID      string `json:"id"`
	Login   string `json:"login"`
	Purpose string `json:"purpose"` // "invite", "reset"
	Link    string `json:"link"`
}

// Proposal is a people.Proposal in JSON.
type Proposal struct {
	ID      int64     `json:"id"`
	Act     string    `json:"act"`
	Subject string    `json:"subject"`
	Note    string    `json:"note,omitempty"`
	By      string    `json:"by"`
	At      time.Time `json:"at"`
	Until   time.Time `json:"until"`
	State   string    `json:"state"`
	Second  string    `json:"second,omitempty"`
	Decided time.Time `json:"decided,omitzero"`
	Answer  string    `json:"answer,omitempty"`
	Outcome string    `json:"outcome,omitempty"`
}

// Decision is what somebody says to a proposal: "approve", "decline" or, the first person, "withdraw".
type Decision struct {
	Say  string `json:"say"`
	Note string `json:"note,omitempty"`
}

const waiting = "this waits for a second person as proposal "

// Waiting is the error of an order that was put aside until a second person agrees.
func Waiting(proposal int64, until time.Time) error {
	return tsujiban.Errorf(tsujiban.CodeConflict, "%s%d, until %s", waiting, proposal, until.Format(time.DateTime))
}

// Waits tells whether an order was put aside until a second person agrees, and as which proposal.
func Waits(err error) (proposal int64, ok bool) {
	if tsujiban.CodeOf(err) != tsujiban.CodeConflict || err == nil {
		return 0, false
	}
	rest, ok := strings.CutPrefix(err.Error(), waiting)
	if !ok {
		return 0, false
	}
	_, scanErr := fmt.Sscanf(rest, "%d,", &proposal)
	return proposal, scanErr == nil
}

// Token is one of a person's API tokens; of what it is made is not known.
type Token struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Scopes  []string  `json:"scopes"`
	Created time.Time `json:"created"`
	Until   time.Time `json:"until"`
	Used    time.Time `json:"used,omitzero"`
}
