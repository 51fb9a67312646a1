package tsujiban

import (
	"net/netip"
	"time"
)

// Customer is a firm with its own PBX, as it is set. How much it may call is in Limits.
type Customer struct {
	ID            CustomerID
	Name          string
	International bool // false unless switched on
	Opened        time.Time
	Contact       string // mail address that is asked "was this you?"
	Language      Lang
	Limits        Limits
	// Numbers that the customer holds and may show as caller, each a whole number or
	// a prefix ending in '*' ("+8131234*"). When empty, any caller number passes and
	// no incoming call is routed.
	Numbers []string
	Own     Own // what it has set for itself, within Limits
}

// Limits bound what a customer may do. Zero means "no limit of its own": the default
// of the configuration applies.
type Limits struct {
	CapCall, CapDay, CapMonth Money
	Channels                  int           // calls at once
	CallsPerSecond            int           // attempts in one second
	LongestCall               time.Duration // a call is ended then
	AllowCountries            []string      // ISO codes; when given, every other country is barred
	BarCountries              []string
	BarPrefixes               []string // E.164 digits
	AllowClasses              []string // classes barred by default that are open to this customer: "premium", "satellite", "undesignated"
	Hours                     string   // "Mon-Fri 08:00-20:00; Sat 09:00-12:00" in the node's time zone; empty is always
}

// Trunk is the link to one PBX of a customer and how it is recognised. At least one of
// Sources, CertificateName and Username is set.
type Trunk struct {
	ID       TrunkID
	Customer CustomerID
	// Sources are the networks that its requests come from.
	Sources []netip.Prefix
	// CertificateName is the DNS name in the TLS client certificate.
	CertificateName string
	// Username, Realm and the H(A1) values know it by digest (RFC 3261 §22, RFC 8760).
	Username, Realm   string
	HA1MD5, HA1SHA256 string
	// Address is where incoming calls go: "host:port", with Transport. Empty when the
	// PBX takes no incoming calls.
	Address   string
	Transport string
	// Registrar is where REGISTERs for Domain are passed on: "host:port".
	Registrar string
	Domain    string
}
