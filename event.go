package tsujiban

import (
	"net/netip"
	"time"
)

// EventKind says what happened.
type EventKind uint8

// The kinds. New ones go at the end: the names are written in journals.
const (
	EventNone     EventKind = iota
	EventAttempt            // a call was asked for and judged: Attempt and Verdict
	EventAnswered           // the callee answered: Dialog
	EventEnded              // a call is over, or never came to be: Outcome
	EventRestricted
	EventReleased
	EventRegistered // a phone or PBX registered through the guard: Attempt.Customer, Trunk, Source, UserAgent
	EventRefused    // a source that is not known, or text that is no SIP, counted over a minute: Refusal
	EventStarted    // the program took up work
	EventStopped    // the program stopped in order
	EventSet        // staff changed a setting: By, Note
	EventReplied    // the customer said whether the use was theirs: Reply
	EventCase       // staff did something to a case of suspicion: Step
	EventStored     // the store was changed: By (which file), Note (what its rows are now, as sums)
	numEvents
)

// NumEvents is the count of kinds, for tables indexed by EventKind.
const NumEvents = int(numEvents)

var eventNames = []string{"none", "attempt", "answered", "ended", "restricted", "released", "registered", "refused", "started", "stopped", "set", "replied", "case", "stored"}

func (k EventKind) String() string { return name(eventNames, uint8(k)) }

// ParseEventKind finds a kind by its name.
func ParseEventKind(s string) (EventKind, bool) {
	i, ok := index(eventNames, s)
	return EventKind(i), ok
}

// Event is one thing that happened, as the journal keeps it. Which fields mean
// something depends on Kind. Byte slices (in Attempt, in Dialog) are valid only as
// long as the function that got the Event runs.
type Event struct {
	Seq  uint64 // the journal's count, from 1; 0 before it is appended
	Kind EventKind
	At   time.Time
	Call CallID

	Attempt     Attempt     // EventAttempt, EventRegistered
	Verdict     Verdict     // EventAttempt
	Dialog      Dialog      // EventAnswered
	Outcome     Outcome     // EventEnded
	Restriction Restriction // EventRestricted, EventReleased (Customer, By, Note)
	Refusal     Refusal     // EventRefused
	Reply       Reply       // EventReplied
	Step        CaseStep    // EventCase
	By          string      // EventSet, EventStarted, EventStopped: who; EventStored
	Note        string      // likewise: what
}

// Outcome is how a call ended.
type Outcome struct {
	Customer CustomerID
	Status   int           // final SIP status; 200 for an answered call, 487 for a cancelled one, 0 when nothing came
	Talk     time.Duration // from answer to end; 0 when it was not answered
	Charge   Money         // what the call cost by our rates
	Cut      Reason        // why the guard ended it; ReasonNone when a party did
	By       Party         // who ended it
	Carrier  CarrierID     // which carrier took it
}

// Reply is what a customer said when asked whether the use was theirs.
type Reply struct {
	Customer CustomerID
	Theirs   bool   // yes, that was us
	By       string // who took the answer down: a member of staff, or the link in the mail
	Note     string
}

// CaseStep is what a person did to a case of suspicion against a customer.
type CaseStep struct {
	Case     uint64 // the entry of the journal that opened it; 0: the customer's open one
	Customer CustomerID
	Act      CaseAct
	To       string // CaseAssigned: to whom
	By       string
	Note     string
}

// CaseAct is one thing that a person does to a case of suspicion.
type CaseAct uint8

// The acts. New ones go at the end: the names are written in journals.
const (
	CaseNoted    CaseAct = iota // wrote something down
	CaseAssigned                // handed it over to somebody
	CaseAsked                   // asked the customer whether the use is theirs
	CaseClosed                  // found nothing, where nothing stood against the customer
	numCaseActs
)

// NumCaseActs is the count of acts.
const NumCaseActs = int(numCaseActs)

var caseActNames = []string{"noted", "assigned", "asked", "closed"}

func (a CaseAct) String() string { return name(caseActNames, uint8(a)) }

// ParseCaseAct finds an act by its name.
func ParseCaseAct(s string) (CaseAct, bool) {
	i, ok := index(caseActNames, s)
	return CaseAct(i), ok
}

// Party is a side of a call.
type Party uint8

// The parties.
const (
	PartyNone Party = iota
	PartyCaller
	PartyCallee
	PartyGuard
)

var partyNames = []string{"none", "caller", "callee", "guard"}

func (p Party) String() string { return name(partyNames, uint8(p)) }

// ParseParty finds a party by its name.
func ParseParty(s string) (Party, bool) {
	i, ok := index(partyNames, s)
	return Party(i), ok
}

// Dialog is what is needed to end a running call in both directions, also after a
// restart (RFC 3261 §12): it is written when the call is answered.
type Dialog struct {
	SIPCallID []byte
	Caller    Leg
	Callee    Leg
	Carrier   CarrierID
}

// Leg is one party of a dialog as the guard sees it.
type Leg struct {
	Transport string         // "udp", "tcp", "tls"
	Remote    netip.AddrPort // where its messages come from and go to
	Local     int            // index of the listener that it talks to
	Identity  []byte         // its From or To header value with tag
	Target    []byte         // its Contact URI
	Routes    []byte         // further proxies on its side: Route header value, empty when none
	CSeq      uint32         // the last CSeq number that it used; 0 when none
}

// Refusal counts what was turned away without an answer from one source.
type Refusal struct {
	Source    netip.Addr
	What      RefusalKind
	Count     int
	UserAgent string // of the last one, cut to 64 printable ASCII characters
}

// RefusalKind says what was turned away; a closed set.
type RefusalKind uint8

// The kinds of refusal.
const (
	RefusedUnknownSource RefusalKind = iota
	RefusedGarbage                   // not SIP, or SIP that two parsers could read differently
	RefusedPassword                  // wrong credentials
	RefusedSpoof                     // a request inside a dialog that does not come from its parties
	RefusedFlood                     // over the rate for one source
	numRefusals
)

// NumRefusals is the count of kinds, for tables indexed by RefusalKind.
const NumRefusals = int(numRefusals)

var refusalNames = []string{"unknown-source", "garbage", "password", "spoof", "flood"}

func (k RefusalKind) String() string { return name(refusalNames, uint8(k)) }
