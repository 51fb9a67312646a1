package control

import "time"

// Notice is one thing that somebody is told, and how far it is.
type Notice struct {
	ID       string    `json:"id"`
	Kind     string    `json:"kind"`    // test, question, restriction, closing, release, reply, spending, trouble, overdue, proposal, undeliverable, digest
	Channel  string    `json:"channel"` // mail, webhook
	To       string    `json:"to"`
	Customer string    `json:"customer,omitempty"`
	Made     time.Time `json:"made"`
	Due      time.Time `json:"due"`
	State    string    `json:"state"` // waiting, sent, dead
	Tries    int       `json:"tries"`
	Tried    time.Time `json:"tried,omitzero"`
	Reason   string    `json:"reason,omitempty"` // why the last try failed
}

// Notices is a list of them, the newest first.
type Notices struct {
	Notices []Notice       `json:"notices"`
	Counts  map[string]int `json:"counts"` // by state
}

// NoticeTest asks for a test notice to one address or webhook; both empty: to all of staff's.
type NoticeTest struct {
	Mail    string `json:"mail,omitempty"`
	Webhook string `json:"webhook,omitempty"`
}

// Webhook is one that the configuration has. Its address is a secret with many receivers: only the host is told.
type Webhook struct {
	ID       string   `json:"id"`
	Host     string   `json:"host"`
	Format   string   `json:"format"` // json, slack
	Signed   bool     `json:"signed"`
	Kinds    []string `json:"kinds"`
	Language string   `json:"language"`
	Waiting  int      `json:"waiting"` // notices, up to a thousand
	Dead     int      `json:"dead"`    // likewise
}

// Day is what one customer's line was used for on one day: what somebody who looks through the logs would look for.
type Day struct {
	Customer string    `json:"customer"`
	Name     string    `json:"name"`
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`

	Attempts int     `json:"attempts"` // outgoing
	Answered int     `json:"answered"`
	Denied   int     `json:"denied"`
	Cut      int     `json:"cut"`
	Night    int     `json:"night"` // asked for between 22:00 and 6:00
	TalkS    float64 `json:"talk_s"`
	Charge   Amount  `json:"charge"`
	CapDay   Amount  `json:"cap_day,omitempty"`
	Month    Amount  `json:"month"` // this month, when it was asked
	CapMonth Amount  `json:"cap_month,omitempty"`

	Refused []ReasonCount    `json:"refused,omitempty"` // why calls were denied, most first
	Abroad  []DayDestination `json:"abroad,omitempty"`  // and special numbers at home; the dearest first

	Registrations int      `json:"registrations"`
	Accesses      []Access `json:"accesses,omitempty"`  // devices that registered or tried to; new ones first
	More          int      `json:"more,omitempty"`      // accesses that are left out
	Strangers     int      `json:"strangers,omitempty"` // requests from the customer's networks that were turned away

	Restriction *Restriction `json:"restriction,omitempty"` // that stands
}

// Quiet tells whether there is nothing to look at.
func (d *Day) Quiet() bool {
	for i := range d.Accesses {
		if d.Accesses[i].New || d.Accesses[i].What != "registered" {
			return false
		}
	}
	return d.Denied == 0 && d.Cut == 0 && d.Night == 0 && len(d.Abroad) == 0 && d.Strangers == 0 && d.Restriction == nil
}

// ReasonCount is how many calls were refused for one reason.
type ReasonCount struct {
	Reason string `json:"reason"`
	Count  int    `json:"count"`
}

// DayDestination is the calls to one kind of destination.
type DayDestination struct {
	Country  string  `json:"country,omitempty"`
	Code     int     `json:"code,omitempty"`
	Class    string  `json:"class,omitempty"`
	New      bool    `json:"new"` // not called in the 30 days before
	Attempts int     `json:"attempts"`
	Answered int     `json:"answered"`
	Denied   int     `json:"denied"`
	TalkS    float64 `json:"talk_s"`
	Charge   Amount  `json:"charge"`
}

// Access is what came from one address with one device on a day. Agent is what the device says of itself: anybody can say anything.
type Access struct {
	What     string    `json:"what"` // registered, or a kind of refusal
	Customer string    `json:"customer,omitempty"`
	Source   string    `json:"source"`
	Agent    string    `json:"agent,omitempty"`
	Count    int       `json:"count"`
	First    time.Time `json:"first"`
	Last     time.Time `json:"last"`
	New      bool      `json:"new"` // not seen in the 30 days before
}

// Days is the last day of all customers.
type Days struct {
	From      time.Time      `json:"from"`
	To        time.Time      `json:"to"`
	Customers []Day          `json:"customers"`      // those with something to look at, the dearest first
	More      int            `json:"more,omitempty"` // of those that are left out
	Quiet     int            `json:"quiet"`          // the others
	Attempts  int            `json:"attempts"`       // of all
	Denied    int            `json:"denied"`
	Cut       int            `json:"cut"`
	Charge    Amount         `json:"charge"`
	Strangers map[string]int `json:"strangers,omitempty"` // requests of nobody's that were turned away, by kind
	Sources   int            `json:"sources,omitempty"`   // from so many addresses
	Loudest   []Access       `json:"loudest,omitempty"`   // those that tried most
	Dead      int            `json:"dead,omitempty"`      // notices that could not be told
	Waiting   int            `json:"waiting,omitempty"`
}
