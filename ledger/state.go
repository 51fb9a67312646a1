package ledger

import (
	"tsujiban"
)

// State says what is true of a number; a closed set.
type State uint8

// The states. New ones go at the end: the names are stored.
const (
	StateNone      State = iota // not in the ledger
	StateStock                  // ours, and nobody's
	StateTest                   // used by ourselves
	StateAssigned               // held by Value.Holder
	StateSuspended              // held by Value.Holder, who may not use it
	StateAgeing                 // given up by its holder, not to be reused yet
	StatePortedOut              // taken along to another carrier, Value.Peer
	StateReturned               // given back to the carrier that it came from
	numStates
)

var stateRows = [numStates]struct{ code, ja, en string }{
	StateNone:      {"none", "台帳になし", "not in the ledger"},
	StateStock:     {"stock", "在庫", "in stock"},
	StateTest:      {"test", "社内試験用", "own test number"},
	StateAssigned:  {"assigned", "利用中", "assigned"},
	StateSuspended: {"suspended", "利用停止中", "suspended"},
	StateAgeing:    {"ageing", "再利用待ち", "ageing before reuse"},
	StatePortedOut: {"ported-out", "転出", "ported out"},
	StateReturned:  {"returned", "返却済み", "given back to the carrier"},
}

// String is the state's stable code.
func (s State) String() string {
	if s < numStates {
		return stateRows[s].code
	}
	return "invalid"
}

// ParseState finds a state by its code.
func ParseState(code string) (State, bool) {
	for i := range stateRows {
		if stateRows[i].code == code {
			return State(i), true
		}
	}
	return 0, false
}

// Text says the state to a person.
func (s State) Text(l tsujiban.Lang) string {
	switch {
	case s >= numStates:
		return "?"
	case l == tsujiban.English:
		return stateRows[s].en
	}
	return stateRows[s].ja
}

// MarshalText writes the code.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the code.
func (s *State) UnmarshalText(b []byte) error {
	v, ok := ParseState(string(b))
	if !ok {
		return tsujiban.Errorf(tsujiban.CodeInvalid, "there is no state %q", b)
	}
	*s = v
	return nil
}

// Held tells whether somebody holds a number in this state.
func (s State) Held() bool { return s == StateAssigned || s == StateSuspended }

// Ours tells whether a number in this state is served by us.
func (s State) Ours() bool { return s != StateNone && s != StatePortedOut && s != StateReturned }

// Value is all that is true of a number for a while. It is comparable: numbers with equal
// values stand in one row.
type Value struct {
	State      State               `json:"state"`
	Holder     tsujiban.CustomerID `json:"holder,omitempty"`     // who holds it; empty unless assigned or suspended
	Source     string              `json:"source,omitempty"`     // the carrier that we have it from
	Peer       string              `json:"peer,omitempty"`       // the carrier that it was ported from or to; empty when it was not
	Forwarding bool                `json:"forwarding,omitempty"` // its calls are forwarded: stricter identity checks apply
}

// Verb is what is done to numbers; a closed set.
type Verb string

// The verbs.
const (
	VerbAdd      Verb = "add"       // new numbers from a carrier come into stock
	VerbPortIn   Verb = "port-in"   // a number comes from another carrier, with its holder or without
	VerbTest     Verb = "test"      // stock is used by ourselves
	VerbStock    Verb = "stock"     // test numbers go back to stock; ageing ends before its term
	VerbAssign   Verb = "assign"    // stock is given to a holder
	VerbTransfer Verb = "transfer"  // another holder takes the contract over
	VerbUse      Verb = "use"       // forwarding begins or ends
	VerbSuspend  Verb = "suspend"   // its holder may not use it
	VerbResume   Verb = "resume"    // its holder may use it again
	VerbRelease  Verb = "return"    // its holder gives it up: it ages, then it is stock
	VerbPortOut  Verb = "port-out"  // its holder takes it along to another carrier
	VerbGiveBack Verb = "give-back" // the carrier gets it back
)

// verbRows say from which states a verb leads, and for people what it is for.
var verbRows = map[Verb][]State{
	VerbAdd:      {StateNone, StateReturned},
	VerbPortIn:   {StateNone, StateReturned, StatePortedOut},
	VerbTest:     {StateStock},
	VerbStock:    {StateTest, StateAgeing},
	VerbAssign:   {StateStock},
	VerbTransfer: {StateAssigned},
	VerbUse:      {StateAssigned, StateSuspended},
	VerbSuspend:  {StateAssigned, StateTest},
	VerbResume:   {StateSuspended},
	VerbRelease:  {StateAssigned, StateSuspended},
	VerbPortOut:  {StateAssigned, StateSuspended, StateStock, StateAgeing},
	VerbGiveBack: {StateStock, StateAgeing, StateTest},
}

// Verbs are all of them, in the order of a number's life.
var Verbs = []Verb{
	VerbAdd, VerbPortIn, VerbTest, VerbStock, VerbAssign, VerbTransfer, VerbUse, VerbSuspend, VerbResume, VerbRelease, VerbPortOut, VerbGiveBack,
}

// ParseVerb finds a verb by its name.
func ParseVerb(s string) (Verb, bool) {
	_, ok := verbRows[Verb(s)]
	return Verb(s), ok
}

// NeedsHolder tells whether the verb gives numbers to a holder.
func (v Verb) NeedsHolder() bool { return v == VerbAssign || v == VerbTransfer }
