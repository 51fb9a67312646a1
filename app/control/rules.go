package control

import "time"

// RuleSet is rules that hold for all customers.
type RuleSet struct {
	Closed   []string `json:"closed"`   // E.164 prefixes closed for all
	Hints    []string `json:"hints"`    // prefixes known from past abuse
	Defaults Limits   `json:"defaults"` // of customers that have no limit of their own
}

// Rules tells what holds for all, and where it comes from.
type Rules struct {
	Set     RuleSet   `json:"set"` // at run time
	At      time.Time `json:"at,omitzero"`
	By      string    `json:"by,omitempty"`
	Note    string    `json:"note,omitempty"`
	Base    RuleSet   `json:"base"` // by the configuration; what is set comes on top, and defaults in its place
	InForce RuleSet   `json:"in_force"`
	Version string    `json:"version"` // of Set; see VersionOf
	Fraud   string    `json:"fraud"`   // off, observe, enforce
	Policy  time.Time `json:"policy"`
}

// RulesOrder sets what holds for all. Fields that are left out stay as they are; an empty list empties.
type RulesOrder struct {
	Closed   *[]string `json:"closed,omitempty"`
	Hints    *[]string `json:"hints,omitempty"`
	Defaults *Limits   `json:"defaults,omitempty"`
	Note     string    `json:"note"`
}

// PreviewOrder asks what rules would have done to the last days of one's own calls.
type PreviewOrder struct {
	RulesOrder
	Version string `json:"version,omitempty"` // of the rules that the order was made from
	Days    int    `json:"days"`              // 1 to 31
}

// Preview is how far a preview is, and what it came to. There is one at a time.
type Preview struct {
	State    string          `json:"state"` // none, running, done, failed, cancelled
	By       string          `json:"by,omitempty"`
	Started  time.Time       `json:"started,omitzero"`
	Ended    time.Time       `json:"ended,omitzero"`
	From     time.Time       `json:"from,omitzero"`
	To       time.Time       `json:"to,omitzero"`
	Progress float64         `json:"progress"` // 0 to 1
	Error    string          `json:"error,omitempty"`
	Order    *PreviewOrder   `json:"order,omitempty"`
	Now      *PreviewOutcome `json:"now,omitempty"`  // under the rules in force
	Then     *PreviewOutcome `json:"then,omitempty"` // under the rules that were asked about
	Differ   []PreviewDiffer `json:"differ,omitempty"`
	Skipped  int             `json:"skipped,omitempty"` // calls that could not be replayed
}

// PreviewOutcome is what rules did to the calls.
type PreviewOutcome struct {
	Calls   int            `json:"calls"`
	Refused int            `json:"refused"`
	Cut     int            `json:"cut"`
	Charge  Amount         `json:"charge"`  // of what they let through
	Saved   Amount         `json:"saved"`   // of what was spent, they would have spared
	Hurt    int            `json:"hurt"`    // calls stopped that talked, and whose customer had no case of suspicion at the time
	Reasons map[string]int `json:"reasons"` // of what was refused or cut
}

// PreviewDiffer is a customer whose calls the rules would have treated otherwise.
type PreviewDiffer struct {
	Customer string     `json:"customer"`
	Name     string     `json:"name,omitempty"`
	Stopped  int        `json:"stopped"` // calls stopped under the asked rules, less those under the rules in force
	Hurt     int        `json:"hurt"`    // likewise
	Saved    Difference `json:"saved"`   // likewise; may be negative
}
