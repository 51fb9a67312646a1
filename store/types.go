package store

import (
	"net/netip"
	"time"

	"tsujiban"
)

// Call is one call as the view knows it. Text that came from SIP is cleaned: it is valid
// UTF-8, control characters are replaced by U+FFFD, and it is cut to [MaxText] bytes. The
// journal keeps what was really sent.
type Call struct {
	ID        tsujiban.CallID
	At        time.Time // when it was asked for, UTC with microseconds, as all times here
	Answered  time.Time // zero: never, or not yet
	Ended     time.Time // zero: still running
	Direction tsujiban.Direction
	Customer  tsujiban.CustomerID
	Trunk     tsujiban.TrunkID
	Source    netip.AddrPort
	Presented string          // the caller number as presented
	Dialled   string          // the digits as dialled
	Caller    tsujiban.Number // zero when none or unreadable
	Callee    tsujiban.Number // zero when unreadable
	Withheld  bool

	Destination tsujiban.Destination
	Action      tsujiban.Action
	Reason      tsujiban.Reason // why it was refused; see Cut for running calls
	Rule        string
	Weight      tsujiban.Decibans
	Why         []tsujiban.Weight // at most tsujiban.MaxWhy, none of kind EvidenceNone

	Status    int           // final SIP status; 0 while running or when nothing came
	Talk      time.Duration // whole milliseconds
	Charge    tsujiban.Money
	Cut       tsujiban.Reason // why the guard ended it; ReasonNone when a party did
	By        tsujiban.Party
	Carrier   tsujiban.CarrierID
	UserAgent string
	SIPCallID string
	Entries   Entries
}

// Entries are the entries of the journal that a call was folded from; 0 for what has not happened, and of calls that were folded before
// entries were kept: rebuilding the view finds them.
type Entries struct {
	Asked    uint64 `json:"asked,omitempty"`
	Answered uint64 `json:"answered,omitempty"`
	Ended    uint64 `json:"ended,omitempty"`
}

// List are those that there are, in order.
func (e Entries) List() (out []uint64) {
	for _, seq := range []uint64{e.Asked, e.Answered, e.Ended} {
		if seq > 0 {
			out = append(out, seq)
		}
	}
	return out
}

// BriefOf is as much of a call of a number as a query that is [CallQuery.Brief] gives at least: when, whose, between whom, how it went and how long,
// and what proves it; what was presented or dialled only where that is no number.
func BriefOf(c *Call) Call {
	b := Call{
		ID: c.ID, At: c.At, Answered: c.Answered, Ended: c.Ended, Direction: c.Direction, Customer: c.Customer, Caller: c.Caller, Callee: c.Callee,
		Withheld: c.Withheld, Action: c.Action, Reason: c.Reason, Status: c.Status, Talk: c.Talk, Entries: c.Entries,
	}
	if c.Caller.IsZero() {
		b.Presented = c.Presented
	}
	if c.Callee.IsZero() {
		b.Dialled = c.Dialled
	}
	return b
}

// Open tells whether the call is still running.
func (c *Call) Open() bool { return c.Ended.IsZero() }

// CallQuery selects calls. Zero fields do not restrict.
type CallQuery struct {
	Customer  tsujiban.CustomerID
	Number    tsujiban.Number // the caller or the callee is this number
	From, To  time.Time       // asked for at From or later, and before To
	Direction *tsujiban.Direction
	Action    *tsujiban.Action
	OnlyOpen  bool
	TalkFrom  time.Duration // answered, and talked so long or longer
	TalkTo    time.Duration // and so long or shorter; zero: however long
	Brief     bool          // no more of each is needed than BriefOf leaves: of a number far fewer pages of the disk are read
	Limit     int           // 1 to MaxPage; 0 means DefaultPage
	Cursor    string        // CallPage.Next of the page before, with the same query
}

// The sizes of a page of calls.
const (
	DefaultPage = 100
	MaxPage     = 10_000
)

// CallPage is a page of calls, newest first.
type CallPage struct {
	Calls []Call
	Next  string // cursor of the following page; empty when there is none
}

// DayUse is what a customer used on one day towards one destination: a line of the bill.
type DayUse struct {
	Day         time.Time // midnight in the location asked for
	Destination tsujiban.Destination
	Attempts    int // all that were asked for, refused ones too
	Refused     int
	Answered    int
	Talk        time.Duration
	Charge      tsujiban.Money
}

// Action is an entry in the log of what people (or the guard) set.
type Action struct {
	ID       int64 // counts up; set by the store
	At       time.Time
	By       string // the person, or "guard"
	Verb     string // stable code: "customer-add", "limits-set"; [a-z0-9-]
	Customer tsujiban.CustomerID
	Object   string // what else it was done to: a trunk id
	Note     string // what changed, for people
}

// ActionQuery selects actions, newest first. Zero fields do not restrict.
type ActionQuery struct {
	Customer tsujiban.CustomerID
	By       string
	Verb     string
	Verbs    []string // one of them
	Without  []string // none of them
	Object   string
	From, To time.Time // at From or later, and before To
	Before   int64     // only actions with a smaller ID: the last ID of the page before
	Limit    int       // 1 to MaxPage; 0 means DefaultPage
}

// LimitsPatch changes some limits and keeps the others: a nil field is kept. A pointer to
// a zero value takes the limit off, so that the default of the configuration applies.
type LimitsPatch struct {
	CapCall        *tsujiban.Money `json:"cap_call,omitempty"`
	CapDay         *tsujiban.Money `json:"cap_day,omitempty"`
	CapMonth       *tsujiban.Money `json:"cap_month,omitempty"`
	Channels       *int            `json:"channels,omitempty"`
	CallsPerSecond *int            `json:"calls_per_second,omitempty"`
	LongestCall    *time.Duration  `json:"longest_call,omitempty"` // nanoseconds in JSON
	AllowCountries *[]string       `json:"allow_countries,omitempty"`
	BarCountries   *[]string       `json:"bar_countries,omitempty"`
	BarPrefixes    *[]string       `json:"bar_prefixes,omitempty"`
	AllowClasses   *[]string       `json:"allow_classes,omitempty"`
	Hours          *string         `json:"hours,omitempty"`
}

// Apply puts the patch over l.
func (p *LimitsPatch) Apply(l *tsujiban.Limits) {
	set(&l.CapCall, p.CapCall)
	set(&l.CapDay, p.CapDay)
	set(&l.CapMonth, p.CapMonth)
	set(&l.Channels, p.Channels)
	set(&l.CallsPerSecond, p.CallsPerSecond)
	set(&l.LongestCall, p.LongestCall)
	set(&l.AllowCountries, p.AllowCountries)
	set(&l.BarCountries, p.BarCountries)
	set(&l.BarPrefixes, p.BarPrefixes)
	set(&l.AllowClasses, p.AllowClasses)
	set(&l.Hours, p.Hours)
}

func set[T any](dst, src *T) {
	if src != nil {
		*dst = *src
	}
}

// CallSum is as much of a call as sums need.
type CallSum struct {
	ID          tsujiban.CallID
	At          time.Time
	Answered    bool
	Running     bool
	Direction   tsujiban.Direction
	Customer    tsujiban.CustomerID
	Callee      tsujiban.Number
	Destination tsujiban.Destination
	Action      tsujiban.Action
	Talk        time.Duration
	Charge      tsujiban.Money
	Carrier     tsujiban.CarrierID
}
