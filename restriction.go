package tsujiban

import "time"

// Level is how far the guard goes against a suspicion.
type Level uint8

// The levels. Emergency calls go on at every level.
const (
	LevelNone     Level = iota
	LevelWatch          // look closely
	LevelAsk            // ask the customer
	LevelRestrict       // what Restriction.Reach says is refused, and running calls of that kind end; all else goes on
	LevelClose          // nothing but emergency calls
)

var levelNames = []string{"none", "watch", "ask", "restrict", "close"}

func (l Level) String() string { return name(levelNames, uint8(l)) }

// ParseLevel finds a level by its name.
func ParseLevel(s string) (Level, bool) {
	i, ok := index(levelNames, s)
	return Level(i), ok
}

// Restriction is what stands against a customer until it is released.
type Restriction struct {
	Customer CustomerID
	Level    Level
	Reach    Reach  // LevelRestrict: what it stands against; LevelAsk: what is asked about. Zero: all international calls
	Reason   Reason // ReasonFraud, ReasonStaff, ReasonSuspended
	At       time.Time
	By       string // "guard", or the member of staff
	Note     string // why, for people
	Call     CallID // the call that gave the last bit of evidence, 0 when put by staff
	Weight   Decibans
	Why      [MaxWhy]Weight
	Campaign Campaign // what the calls have in common with those of other customers
}
