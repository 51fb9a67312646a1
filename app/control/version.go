package control

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
)

// A change can be bound to what it was made from: an order about a customer, its own settings, a trunk or the rules that has "?version=" in its path is refused with
// [tsujiban.CodeChanged] when something else is set by then. Who gives it has read the version with what it stands for.

// VersionOf changes with what is set, and with nothing else.
func VersionOf(set any) string {
	b, err := json.Marshal(set)
	if err != nil {
		panic(err) // a programming error: what is set is text, numbers and lists
	}
	h := sha256.Sum256(b)
	return base64.RawURLEncoding.EncodeToString(h[:12])
}

// VersionOfCustomer leaves out what the customer sets for itself, which the operator's orders leave as it is.
func VersionOfCustomer(c Customer) string {
	c.Own = Own{}
	return VersionOf(c)
}
