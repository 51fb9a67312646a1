package notify

import (
	"encoding/json"
	"fmt"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/notify/outbox"
)

// Facts is what a notice tells. Which fields mean something depends on the kind. It is what
// a webhook gets as data.
type Facts struct {
	At       time.Time `json:"at"`
	Node     string    `json:"node,omitempty"`
	Entry    uint64    `json:"entry,omitempty"` // of the journal
	Customer string    `json:"customer,omitempty"`
	Name     string    `json:"name,omitempty"` // the customer's

	Level    string            `json:"level,omitempty"`
	Reach    string            `json:"reach,omitempty"`
	Reason   string            `json:"reason,omitempty"`
	By       string            `json:"by,omitempty"`
	Note     string            `json:"note,omitempty"`
	Weight   float64           `json:"weight,omitempty"`
	Why      []control.Weight  `json:"why,omitempty"`
	Campaign *control.Campaign `json:"campaign,omitempty"`
	Theirs   *bool             `json:"theirs,omitempty"` // Reply

	// Money of the customer when the notice was made. Left is what could still have been
	// spent today and this month under the caps: what a stop prevents at most.
	Today    control.Amount `json:"today,omitempty"`
	Month    control.Amount `json:"month,omitempty"`
	CapDay   control.Amount `json:"cap_day,omitempty"`
	CapMonth control.Amount `json:"cap_month,omitempty"`
	Left     control.Amount `json:"left,omitempty"`

	Case *Case `json:"case,omitempty"` // of suspicion, when the notice was made; of a question, a restriction, a release, an answer

	Percent int    `json:"percent,omitempty"` // Spending
	Cap     string `json:"cap,omitempty"`     // Spending: "day" or "month"

	Act     string `json:"act,omitempty"`     // Proposal: what waits, as people.Act
	Subject string `json:"subject,omitempty"` // Proposal: of what
	Page    string `json:"page,omitempty"`    // Proposal: where it is approved

	Part string `json:"part,omitempty"` // Trouble: journal, carrier
	Over bool   `json:"over,omitempty"` // Trouble: it works again

	Failed *Failed       `json:"failed,omitempty"` // Undeliverable
	Day    *control.Day  `json:"day,omitempty"`    // Digest of one customer
	All    *control.Days `json:"all,omitempty"`    // Digest of the operator
	Firms  *control.Days `json:"firms,omitempty"`  // Digest of who has several customers, a reseller: of those alone
}

// Case is what a case of suspicion came to.
type Case struct {
	ID      uint64         `json:"id"`
	Calls   int            `json:"calls"`
	Refused int            `json:"refused"`
	Lost    control.Amount `json:"lost"`    // what the calls cost
	Avoided control.Amount `json:"avoided"` // what a minute of each refused one would have cost
}

// Failed is a notice that could not be told.
type Failed struct {
	ID      string `json:"id"`
	Kind    string `json:"kind"`
	Channel string `json:"channel"`
	To      string `json:"to"`
	Reason  string `json:"reason"`
}

// LeftOf is what could still be spent under the caps: 0 when there is none.
func LeftOf(today, month, capDay, capMonth tsujiban.Money) tsujiban.Money {
	left := tsujiban.Money(-1)
	for _, c := range [][2]tsujiban.Money{{today, capDay}, {month, capMonth}} {
		if c[1] > 0 && (left < 0 || c[1]-c[0] < left) {
			left = max(c[1]-c[0], 0)
		}
	}
	return max(left, 0)
}

// Recipient is somebody, or some program, that can be told.
type Recipient struct {
	Channel outbox.Channel
	To      string
	Name    string
	Lang    tsujiban.Lang
	Staff   bool
	Kinds   []outbox.Kind // nil: all
	// Quiet hours as time since midnight in the node's zone; equal: none. They may run over midnight.
	QuietFrom, QuietTo time.Duration
}

func (r *Recipient) wants(k outbox.Kind) bool {
	if r.Kinds == nil {
		return true
	}
	for _, w := range r.Kinds {
		if w == k {
			return true
		}
	}
	return false
}

// due is when a recipient may be told of a kind that is known at an instant.
func (r *Recipient) due(k outbox.Kind, at time.Time, zone *time.Location) time.Time {
	if k.Urgent() || r.QuietFrom == r.QuietTo || r.Channel == outbox.Webhook {
		return at
	}
	local := at.In(zone)
	y, m, d := local.Date()
	clock := time.Duration(local.Hour())*time.Hour + time.Duration(local.Minute())*time.Minute + time.Duration(local.Second())*time.Second
	const day = 24 * time.Hour
	in := func(x time.Duration) time.Duration { return (x%day + day) % day }
	if in(clock-r.QuietFrom) >= in(r.QuietTo-r.QuietFrom) {
		return at
	}
	if clock >= r.QuietTo {
		d++
	}
	// By the clock on the wall, also on days of 23 or 25 hours.
	return time.Date(y, m, d, int(r.QuietTo/time.Hour), int(r.QuietTo%time.Hour/time.Minute), 0, 0, zone)
}

// Gather is how long notices to staff about cases wait for others of their kind.
const Gather = 5 * time.Second

// Plan makes the notices of one fact: one for each recipient that wants it. key names the fact for ever.
func Plan(key string, k outbox.Kind, f *Facts, to []Recipient, now time.Time, zone *time.Location) ([]outbox.Notice, error) {
	var out []outbox.Notice
	body, err := json.Marshal(f)
	if err != nil {
		return nil, fmt.Errorf("facts of a notice: %w", err)
	}
	for i := range to {
		r := &to[i]
		if !r.wants(k) {
			continue
		}
		due := r.due(k, now, zone)
		if r.Staff && k.Case() && r.Channel == outbox.Mail {
			due = due.Add(Gather)
		}
		out = append(out, outbox.Notice{
			ID: outbox.ID(key, r.Channel, r.To), Kind: k, Channel: r.Channel, To: r.To, Name: r.Name, Lang: r.Lang, Staff: r.Staff,
			Customer: tsujiban.CustomerID(f.Customer), Facts: body, Made: now, Due: due,
		})
	}
	return out, nil
}
