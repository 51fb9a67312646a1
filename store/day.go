package store

import (
	"net/netip"
	"time"

	"tsujiban"
)

// Access is what came from one address with one device over a span of time: registrations of a customer, or
// requests that were turned away.
type Access struct {
	What     string // "registered", or a [tsujiban.RefusalKind]
	Customer tsujiban.CustomerID
	Source   netip.Addr // invalid: addresses beyond those that are kept singly
	Agent    string     // cleaned
	Count    int
	First    time.Time
	Last     time.Time
	New      bool // nothing of the kind in the time before that was asked for
}

// CustomerDay is a customer's outgoing calls over a span of time to one kind of destination.
type CustomerDay struct {
	Customer    tsujiban.CustomerID
	Destination tsujiban.Destination
	Reason      tsujiban.Reason // why they were denied; ReasonNone of those that were not
	Attempts    int
	Answered    int
	Cut         int // ended by the guard
	Night       int // asked for between 22:00 and 6:00 in the zone of the span
	Talk        time.Duration
	Charge      tsujiban.Money
	New         bool // no answered call there in the time before that was asked for
}

// Alike are a customer's calls of a span that make one line of a bill.
type Alike struct {
	Destination tsujiban.Destination // without its code: a country, and a kind of number
	First, Last time.Time
	Count       int
	Talk        time.Duration // of all
	Least, Most tsujiban.Money
	Charge      tsujiban.Money // of all
	Calls       []CallSum      // when there are few: ID, At, Callee, Talk and Charge of each
}
