package edge

import (
	"crypto/tls"
	"log/slog"
	"net/netip"
	"time"

	"tsujiban"
)

// Desk is what the edge asks and tells. Its methods are called one at a time, under the
// edge's lock: they must not block, and may call no method of Edge but Cut.
type Desk interface {
	// Attempt judges a call and appends attempt and verdict to the journal. The
	// INVITE is held until Committed says that the ticket is on disk; ticket 0 waits for
	// nothing. An error says that the record cannot be kept.
	Attempt(a *tsujiban.Attempt, v *tsujiban.Verdict) (ticket uint64, err error)
	// Hurry tells, when messages that came together have been worked through, that calls among them are held.
	Hurry()
	// Answered tells that the callee answered; the edge asks Extend at next (zero: never).
	Answered(call tsujiban.CallID, at time.Time, d *tsujiban.Dialog) (next time.Time)
	// Extend asks whether the call may go on. A cut other than ReasonNone ends it.
	Extend(call tsujiban.CallID, at time.Time) (next time.Time, cut tsujiban.Reason)
	// Ended tells how a call ended that had been allowed.
	Ended(call tsujiban.CallID, at time.Time, o *tsujiban.Outcome)
	// Registered tells of a registration that the registrar accepted: Customer, Trunk, Source, UserAgent.
	Registered(a *tsujiban.Attempt, at time.Time)
	// Refused tells what one source was refused over about a minute.
	Refused(r *tsujiban.Refusal, at time.Time)
}

// Listener is an address at which the edge takes SIP.
type Listener struct {
	Transport string // "udp", "tcp", "tls"
	Address   string // "198.51.100.1:5060"; port 0 takes a free one
	Advertise string // host or host:port in Via and Record-Route; empty: the address
	TLS       *tls.Config
}

// Carrier is a network to which calls go out and from which they come in.
type Carrier struct {
	ID        tsujiban.CarrierID
	Address   string         // "host:port"
	Transport string         // "udp", "tcp", "tls"
	Priority  int            // lower is tried first
	Weight    int            // share among carriers of one priority; 0 counts as 1
	Probe     time.Duration  // how often it is asked by OPTIONS; 0: never
	Sources   []netip.Prefix // further addresses that its requests come from
	TLS       *tls.Config
}

// Options of an Edge. Listeners and Desk must be given.
type Options struct {
	Name      string // in Server and User-Agent; empty: "tsujiban"
	Listeners []Listener
	Carriers  []Carrier
	Desk      Desk
	Log       *slog.Logger
	Clock     func() time.Time // wall clock with monotonic reading; nil: time.Now
	// Emergency tells an emergency number: such a call is never shed and never waits
	// long for the journal. nil: 110, 118 and 119.
	Emergency func(dialled []byte) bool

	PassOnJournalFailure bool          // calls go on without record when the journal fails
	IdleLimit            time.Duration // a dialog without any request for so long, and without session timer, is ended; 0: 2 h
	RingLimit            time.Duration // Timer C (RFC 3261 §16.6): an INVITE that only rings; 0: 180 s
	TryNext              time.Duration // a carrier that does not answer an INVITE is given up for the next after this; 0: 3 s
	Realm                string        // of digest challenges; empty: Name
	Secret               []byte        // keys the nonces of challenges; empty: random
	MaxCallsPerSecond    int           // INVITEs beyond are shed with 503; 0: no limit
	MaxCalls             int           // calls at once; 0: 200,000
	MaxConnections       int           // stream connections; 0: 10,000
}

func (o *Options) defaults() {
	if o.Name == "" {
		o.Name = "tsujiban"
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Emergency == nil {
		o.Emergency = func(d []byte) bool { s := string(d); return s == "110" || s == "118" || s == "119" }
	}
	if o.IdleLimit <= 0 {
		o.IdleLimit = 2 * time.Hour
	}
	if o.RingLimit <= 0 {
		o.RingLimit = 3 * time.Minute
	}
	if o.TryNext <= 0 {
		o.TryNext = 3 * time.Second
	}
	if o.Realm == "" {
		o.Realm = o.Name
	}
	if o.MaxCalls <= 0 {
		o.MaxCalls = 200_000
	}
	if o.MaxConnections <= 0 {
		o.MaxConnections = 10_000
	}
}
