package people

import (
	"slices"
	"time"

	"tsujiban"
)

// Person is somebody who can sign in.
type Person struct {
	ID        string // stable, never reused: what the record of actions names
	Login     string // what is typed: a mail address, lower case
	Name      string
	Role      Role
	Language  tsujiban.Lang
	Customers []tsujiban.CustomerID // whom a reseller or a customer reaches; empty for staff, who reach all
	Created   time.Time
	Disabled  time.Time // zero: may sign in
}

// May tells whether the person has a right at all; for whose data, see Reaches.
func (p *Person) May(right Right) bool {
	if p == nil {
		return right == Open
	}
	return p.Disabled.IsZero() && p.Role.May(right)
}

// Reaches tells whether a customer's data are within the person's reach.
func (p *Person) Reaches(c tsujiban.CustomerID) bool {
	return p != nil && p.Disabled.IsZero() && (p.Role.Staff() || slices.Contains(p.Customers, c))
}
