// Package rating reads a rate deck and says what a call to a number costs. It does
// nothing else: it knows no customer, no limit and no clock.
package rating
