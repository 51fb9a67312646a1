package control

import "time"

// Status says how the program is.
type Status struct {
	Node      string     `json:"node"`
	Version   string     `json:"version"`
	Realm     string     `json:"realm"` // digest realm of trunks that name none
	Started   time.Time  `json:"started"`
	Ready     bool       `json:"ready"`
	Listeners []string   `json:"listeners"` // "udp 192.0.2.10:5060"
	Carriers  []Carrier  `json:"carriers"`
	Customers int        `json:"customers"`
	Trunks    int        `json:"trunks"`
	Policy    time.Time  `json:"policy"` // when the policy in force was made
	Journal   JournalNow `json:"journal"`
	Currency  string     `json:"currency"`
	Totals    Totals     `json:"totals"`
}

// Carrier is how a carrier is doing.
type Carrier struct {
	ID      string `json:"id"`
	Address string `json:"address"`
	Up      bool   `json:"up"`
}

// JournalNow is how the journal is doing.
type JournalNow struct {
	Committed uint64 `json:"committed"`          // the last entry that is on disk
	Viewed    uint64 `json:"viewed"`             // the last entry that the calls view has
	Failing   string `json:"failing,omitempty"`  // why it cannot write
	Proven    uint64 `json:"proven"`             // entries under the newest signed checkpoint
	Unproven  string `json:"unproven,omitempty"` // why the evidence does not follow
}

// Totals is the whole in numbers; the counts are since the program started.
type Totals struct {
	Running    int    `json:"running"`  // calls that are up or being set up
	AtRisk     Amount `json:"at_risk"`  // set aside for running calls
	Today      Amount `json:"today"`    // ended calls of today, all customers
	Attempts   uint64 `json:"attempts"` // calls asked for
	Denied     uint64 `json:"denied"`
	Cut        uint64 `json:"cut"`        // running calls that the guard ended
	Restricted int    `json:"restricted"` // customers with a restriction
	Refused    uint64 `json:"refused"`    // requests of nobody's that were turned away
}

// Frame is one picture of the running program.
type Frame struct {
	At       time.Time `json:"at"`
	Node     string    `json:"node"`
	Currency string    `json:"currency"`
	Totals   Totals    `json:"totals"`
	Calls    []Call    `json:"calls"` // the dearest first
	Hidden   int       `json:"hidden,omitempty"`
	NoCalls  bool      `json:"no_calls,omitempty"` // calls were left out, as was asked
	Notes    []Notable `json:"notes"`              // the newest first
}

// Call is one running call. Numbers are masked.
type Call struct {
	Call      string    `json:"call"`
	Customer  string    `json:"customer"`
	Direction string    `json:"direction"`
	Caller    string    `json:"caller,omitempty"`
	Callee    string    `json:"callee"`
	Country   string    `json:"country,omitempty"`
	Class     string    `json:"class,omitempty"`
	Since     time.Time `json:"since"`              // when it was asked for
	Answered  time.Time `json:"answered,omitzero"`  // when it was answered
	Cost      Amount    `json:"cost"`               // so far
	PerMinute Amount    `json:"per_minute"`         // its price
	Action    string    `json:"action"`             // allow, watch
	Weight    float64   `json:"weight"`             // decibans
	Reserved  Amount    `json:"reserved,omitempty"` // set aside when it was let through
}

// Notable is something that staff want to see: a refusal, a suspicion, a cut, a restriction.
type Notable struct {
	At       time.Time `json:"at"`
	Kind     string    `json:"kind"` // deny, watch, cut, restricted, released, replied, set, step (staff, at a case of suspicion); in a stream of events also case (it changed), gap, alive
	Customer string    `json:"customer,omitempty"`
	Call     string    `json:"call,omitempty"`
	Callee   string    `json:"callee,omitempty"`
	Country  string    `json:"country,omitempty"`
	Reason   string    `json:"reason,omitempty"`
	Rule     string    `json:"rule,omitempty"`
	Level    string    `json:"level,omitempty"`
	Reach    string    `json:"reach,omitempty"` // of level restrict
	Campaign *Campaign `json:"campaign,omitempty"`
	Theirs   *bool     `json:"theirs,omitempty"` // replied: what the customer said
	By       string    `json:"by,omitempty"`
	Note     string    `json:"note,omitempty"`
	Weight   float64   `json:"weight,omitempty"`
	Why      []Weight  `json:"why,omitempty"`
	Charge   Amount    `json:"charge,omitempty"`

	Case *CaseChange `json:"case,omitempty"`
}

// CaseChange is what happened to a case of suspicion.
type CaseChange struct {
	ID     uint64 `json:"id,omitempty"`  // 0 in a step: the open one
	Act    string `json:"act,omitempty"` // of a step: noted, assigned, asked, closed
	To     string `json:"to,omitempty"`  // to whom it was handed over
	Open   *bool  `json:"open,omitempty"`
	Ending string `json:"ending,omitempty"`
	Calls  int    `json:"calls,omitempty"`
}

// Event is one line of the stream of events. Ids rise, also over a restart; a line of kind gap says that
// events before it are no longer remembered, one of kind alive that nothing has happened: both repeat the id up to which all is told.
type Event struct {
	ID uint64 `json:"id"`
	Notable
}

// CallRecord is one line of the calls view. Numbers are masked unless they were asked for.
type CallRecord struct {
	Call      string    `json:"call"`
	At        time.Time `json:"at"`
	Direction string    `json:"direction"`
	Customer  string    `json:"customer"`
	Trunk     string    `json:"trunk,omitempty"`
	Caller    string    `json:"caller,omitempty"`
	Callee    string    `json:"callee,omitempty"`
	Country   string    `json:"country,omitempty"`
	Action    string    `json:"action"`
	Reason    string    `json:"reason,omitempty"` // why it was refused
	Cut       string    `json:"cut,omitempty"`    // why the guard ended it
	Status    int       `json:"status,omitempty"`
	Answered  time.Time `json:"answered,omitzero"`
	Ended     time.Time `json:"ended,omitzero"`
	TalkS     float64   `json:"talk_s"`
	Charge    Amount    `json:"charge"`
	Carrier   string    `json:"carrier,omitempty"`
	Source    string    `json:"source,omitempty"`
	UserAgent string    `json:"user_agent,omitempty"`
	Weight    float64   `json:"weight,omitempty"`
}

// Calls is what a search found, newest first.
type Calls struct {
	Calls  []CallRecord `json:"calls"`
	Behind uint64       `json:"behind"`         // entries of the journal that the view does not have yet
	Next   string       `json:"next,omitempty"` // cursor of the following page
}

// CallSearch asks for calls. Ground is why the law lets this person look; it is journaled.
type CallSearch struct {
	Ground   string    `json:"ground"`
	Customer string    `json:"customer,omitempty"`
	Number   string    `json:"number,omitempty"` // either party
	From     time.Time `json:"from,omitzero"`
	To       time.Time `json:"to,omitzero"`
	Action   string    `json:"action,omitempty"`
	Limit    int       `json:"limit,omitempty"`
	Cursor   string    `json:"cursor,omitempty"` // Calls.Next of the page before, with the same question
	Reveal   bool      `json:"reveal,omitempty"` // whole numbers
}
