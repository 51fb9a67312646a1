package people

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"tsujiban"
)

// Act is something that one person alone may not do, when the operator says so.
type Act string

// The acts for which a second person can be asked.
const (
	ActReleaseClosed Act = "release-closed" // lift the closure of a customer
	ActHandOver      Act = "hand-over"      // letters and bundles of an inquiry leave the house
	ActRetention     Act = "retention"      // end a hold, erase now
)

// Acts are all of them.
var Acts = []Act{ActReleaseClosed, ActHandOver, ActRetention}

var actTexts = map[Act][2]string{
	ActReleaseClosed: {"停止中の契約者の解除", "release of a closed customer"},
	ActHandOver:      {"照会の回答の引き渡し", "hand-over of an inquiry"},
	ActRetention:     {"保存期間・保全の変更", "change of retention"},
}

// Text says the act to a person.
func (a Act) Text(l tsujiban.Lang) string {
	if l == tsujiban.English {
		return actTexts[a][1]
	}
	return actTexts[a][0]
}

// ParseAct reads the name of an act.
func ParseAct(s string) (Act, bool) {
	return Act(s), slices.Contains(Acts, Act(s))
}

// ProposalState is how far a proposal is.
type ProposalState string

// The states. Only one that waits can change.
const (
	Waiting   ProposalState = "waiting"
	Approved  ProposalState = "approved"
	Declined  ProposalState = "declined"
	Withdrawn ProposalState = "withdrawn"
	Expired   ProposalState = "expired"
)

// Order is what is carried out once a second person agrees: an order of package
// app/control as it was given.
type Order struct {
	Method string
	Path   string
	Body   json.RawMessage
}

const maxOrder = 64 << 10

// Proposal is an act that waits for a second person.
type Proposal struct {
	ID      int64
	Act     Act
	Subject string // what it is about: a customer, a case
	Order   Order
	Note    string // why, in the words of the first person
	By      string // person's id
	At      time.Time
	Until   time.Time
	State   ProposalState
	Second  string // who decided
	Decided time.Time
	Answer  string // why, in the words of who decided
	Outcome string // what came of it, once approved
}

// Valid checks a new proposal.
func (p *Proposal) Valid() error {
	if _, ok := ParseAct(string(p.Act)); !ok {
		return invalid("act", "there is no %q", p.Act)
	}
	if p.By == "" {
		return invalid("by", "must not be empty")
	}
	if p.Order.Method == "" || !strings.HasPrefix(p.Order.Path, "/v1/") || len(p.Order.Body) > maxOrder {
		return invalid("order", "is no order, or larger than %d bytes", maxOrder)
	}
	if len(p.Order.Body) > 0 && !json.Valid(p.Order.Body) {
		return invalid("order", "the body is not JSON")
	}
	p.Subject, p.Note = clean(p.Subject, 200), clean(p.Note, 2000)
	return nil
}

// Decide is what a second person says. Errors: CodeConflict when it does not wait any
// longer, CodeForbidden when the person is the first one or may not approve.
func (p *Proposal) Decide(second *Person, yes bool, answer string, now time.Time) error {
	if err := p.waits(now); err != nil {
		return err
	}
	if !second.May(Approve) {
		return tsujiban.Errorf(tsujiban.CodeForbidden, "the role %s does not approve; ask an analyst, an inquiry officer or an administrator", second.Role)
	}
	if second.ID == p.By {
		return tsujiban.Errorf(tsujiban.CodeForbidden, "you proposed this yourself; it takes a second person")
	}
	p.State = Declined
	if yes {
		p.State = Approved
	}
	p.Second, p.Decided, p.Answer = second.ID, now, clean(answer, 2000)
	return nil
}

// Withdraw takes a proposal back, which only the first person can.
func (p *Proposal) Withdraw(first *Person, now time.Time) error {
	if err := p.waits(now); err != nil {
		return err
	}
	if first.ID != p.By {
		return tsujiban.Errorf(tsujiban.CodeForbidden, "only who proposed it can take it back; decline it instead")
	}
	p.State, p.Second, p.Decided = Withdrawn, first.ID, now
	return nil
}

func (p *Proposal) waits(now time.Time) error {
	state := p.State
	if state == Waiting && !now.Before(p.Until) {
		state = Expired
	}
	if state != Waiting {
		return tsujiban.Errorf(tsujiban.CodeConflict, "proposal %d is %s; propose it again if it is still needed", p.ID, state)
	}
	return nil
}
