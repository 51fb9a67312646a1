package inquiry

import (
	"time"

	"tsujiban"
	"tsujiban/ledger"
	"tsujiban/store"
)

// Answer is what the desk says to a question.
type Answer struct {
	Look      int64     `json:"look,omitempty"` // its number, once it is recorded
	At        time.Time `json:"at,omitzero"`
	Case      Case      `json:"case"`
	Question  Question  `json:"question"`
	Finding   Finding   `json:"finding"`
	Subject   Subject   `json:"subject"`
	Looked    bool      `json:"looked"`            // whether call records were looked up
	Refused   string    `json:"refused,omitempty"` // why not, or why not those of near numbers
	Calls     []Call    `json:"calls"`             // those that fit first, then connected ones, then the rest; by time
	More      bool      `json:"more,omitempty"`    // there are more than Calls has; those that fit come first
	Near      []Beside  `json:"near"`
	Other     *Subject  `json:"other,omitempty"`
	OtherNear []Beside  `json:"other_near,omitempty"`
	Behind    uint64    `json:"behind,omitempty"` // entries of the journal that the calls do not have yet

	with map[string]int // calls of the length that is alleged, by other party
}

// Finding is the answer in a word; a closed set.
type Finding string

// The findings.
const (
	FoundCall   Finding = "call"        // there is a call that fits
	FoundNear   Finding = "near"        // there is none, but a number of ours beside it has one that fits
	FoundNone   Finding = "no-call"     // there is no such call
	FoundNoNum  Finding = "no-number"   // there is no such number
	FoundNotOur Finding = "not-ours"    // the number was not ours then, and no call of it passed through here
	NotLooked   Finding = "not-allowed" // the ground does not let anybody look
)

var findingWords = map[Finding]struct{ ja, en string }{
	FoundCall:   {"該当する通話があります", "there is a call that fits"},
	FoundNear:   {"この番号に該当する通話はありません。1つ違いの当社番号に該当する通話があります", "there is no such call on this number; a number of ours one slip away has one that fits"},
	FoundNone:   {"該当する通話はありません", "there is no such call"},
	FoundNoNum:  {"この番号は存在しません", "there is no such number"},
	FoundNotOur: {"当日、当社の番号ではなく、該当する通話もありません", "the number was not ours then, and there is no such call"},
	NotLooked:   {"この根拠では通話記録を見られません", "this ground does not let anybody look into call records"},
}

// Text says the finding to a person.
func (f Finding) Text(l tsujiban.Lang) string {
	if l == tsujiban.English {
		return findingWords[f].en
	}
	return findingWords[f].ja
}

// Subject is a number, and whose it was.
type Subject struct {
	Given      string            `json:"given"`
	Number     string            `json:"number,omitempty"`  // E.164 with +; empty when it is none
	Digits     string            `json:"digits,omitempty"`  // as dialled at home
	Problem    string            `json:"problem,omitempty"` // why it is none
	Ours       bool              `json:"ours"`              // for at least a part of the time
	Held       []ledger.Position `json:"held,omitempty"`    // the states that it was in during the time, in order
	Designated ledger.Designated `json:"designated"`        // who holds its block

	number tsujiban.Number
}

// Result is how a call went; a closed set.
type Result string

// The results.
const (
	Connected  Result = "connected"
	Running    Result = "running" // connected, and not over yet
	Unanswered Result = "unanswered"
	Denied     Result = "denied" // refused by the guard
)

func resultOf(c *store.Call) Result {
	switch {
	case c.Action == tsujiban.Deny:
		return Denied
	case c.Answered.IsZero():
		return Unanswered
	case c.Ended.IsZero():
		return Running
	}
	return Connected
}

// Call is one call of the number that is asked about. Numbers are in full; see [Answer.Mask].
type Call struct {
	ID        tsujiban.CallID     `json:"call"`
	At        time.Time           `json:"at"`
	Answered  time.Time           `json:"answered,omitzero"`
	Ended     time.Time           `json:"ended,omitzero"`
	Way       string              `json:"way"`       // "out": from the number, "in": to it
	Direction string              `json:"direction"` // seen from the customer
	Customer  tsujiban.CustomerID `json:"customer"`
	Caller    string              `json:"caller,omitempty"`
	Callee    string              `json:"callee,omitempty"`
	Withheld  bool                `json:"withheld,omitempty"` // the caller's number was not to be shown
	Foreign   bool                `json:"foreign,omitempty"`  // it shows our number, and came in from the network: no line of ours placed it here
	Talk      Length              `json:"talk"`
	Result    Result              `json:"result"`
	Reason    string              `json:"reason,omitempty"` // why it was denied
	Status    int                 `json:"status,omitempty"`
	Entries   store.Entries       `json:"entries"` // of the journal

	Length  bool `json:"length"`            // its length is the one that is alleged
	Party   bool `json:"party"`             // so is the other party
	Unknown bool `json:"unknown,omitempty"` // the other party cannot be told: it may be the one
	Fits    bool `json:"fits"`              // all that is alleged
}

func (c *Call) order() int {
	switch {
	case c.Fits:
		return 2
	case c.Result == Connected || c.Result == Running:
		return 1
	}
	return 0
}

// other is the other party.
func (c *Call) other() string {
	if c.Way == "out" {
		return c.Callee
	}
	return c.Caller
}

// Beside is a number one slip away, and what is known of it.
type Beside struct {
	Near
	Ours       bool              `json:"ours"`
	State      ledger.State      `json:"state"`
	Chain      []ledger.Link     `json:"chain,omitempty"` // its holder and those above it
	Designated ledger.Designated `json:"designated"`
	Looked     bool              `json:"looked,omitempty"`   // whether its calls were looked up
	Matching   int               `json:"matching,omitempty"` // how many of them fit
}

// rank puts first what has a call that fits, then what may have been meant, then what nobody holds by the designation tables, and last
// what is ruled out: numbers of ours that have no such call.
func (b *Beside) rank() int {
	switch {
	case b.Matching > 0:
		return 0
	case b.Ours && b.Looked:
		return 3
	case !b.Ours && b.Designated.Known && b.Designated.Carrier == "":
		return 2
	}
	return 1
}

// RuledOut tells whether it cannot have been meant: it is ours and has no such call, or nobody has it.
func (b *Beside) RuledOut() bool { return b.rank() > 1 }

// Matching are the calls that fit.
func (a *Answer) Matching() (out []Call) {
	for _, c := range a.Calls {
		if c.Fits {
			out = append(out, c)
		}
	}
	return out
}

// NearMatching is how many calls of numbers beside it fit.
func (a *Answer) NearMatching() (n int) {
	for i := range a.Near {
		n += a.Near[i].Matching
	}
	return n
}

func (a *Answer) find() Finding {
	switch {
	case len(a.Matching()) > 0:
		return FoundCall
	case a.NearMatching() > 0:
		return FoundNear
	case a.Subject.Number == "":
		return FoundNoNum
	case !a.Looked:
		return NotLooked
	case !a.Subject.Ours:
		return FoundNotOur
	}
	return FoundNone
}

// Mask hides the last four digits of every party but the number that is asked about: who asks knows that one. It does the same to the
// other party's number unless that was asked for, too.
func (a *Answer) Mask() {
	keep := map[string]bool{a.Subject.Number: true}
	if a.Other != nil {
		keep[a.Other.Number] = true
	}
	hide := func(s *string) {
		if keep[*s] || *s == "" {
			return
		}
		n, err := tsujiban.ParseNumber(*s)
		if err != nil {
			*s = "?" // digits that make no number may be one all the same
			return
		}
		*s = n.Masked()
	}
	for i := range a.Calls {
		hide(&a.Calls[i].Caller)
		hide(&a.Calls[i].Callee)
	}
	for i := range a.OtherNear {
		// With a match it is a party of a call, and with the number beside it anybody could fill in the digit.
		if b := &a.OtherNear[i]; b.Matching > 0 {
			b.Digits, b.Number = b.Number.Masked(), tsujiban.Number{}
		}
	}
}

// LookOf is what is kept of an answer.
func (a *Answer) LookOf() Look {
	l := Look{Case: a.Case.ID, Question: a.Question, Finding: a.Finding, Calls: len(a.Calls), NearCalls: a.NearMatching()}
	for _, c := range a.Matching() {
		l.Matching++
		if len(l.Found) < maxKept {
			l.Found = append(l.Found, c.ID)
		}
	}
	return l
}

// maxKept is how many calls a look remembers by their ids.
const maxKept = 1000
