package fraud

import (
	"net/netip"

	"tsujiban"
)

// Call is what the test sees of one attempt.
type Call struct {
	At          int64 // milliseconds since 1970
	Hour        int   // of the week, 0 to 167, in the node's time zone
	Callee      tsujiban.Number
	Destination tsujiban.Destination
	PerMinute   tsujiban.Money
	Hint        bool   // the destination is known from past abuse
	Source      uint32 // hash of the source address; 0 when there is none
	Agent       uint32 // hash of the User-Agent; 0 when there is none
	Running     int    // international calls of the customer that are up already
}

// Finding is what an observation came to.
type Finding struct {
	Level  tsujiban.Level
	Weight tsujiban.Decibans // the largest sum over the scopes of this call
	Why    [tsujiban.MaxWhy]tsujiban.Weight
}

// HashAddress and HashText make keys of what a caller sends.
func HashAddress(a netip.Addr) uint32 {
	if !a.IsValid() {
		return 0
	}
	b := a.Unmap().As16()
	return HashText(b[:])
}

// HashText makes a key of text; 0 for none.
func HashText(b []byte) uint32 {
	if len(b) == 0 {
		return 0
	}
	h := uint32(2166136261)
	for _, c := range b {
		h = (h ^ uint32(c)) * 16777619
	}
	return max(h, 1)
}
