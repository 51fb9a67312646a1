package control

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"tsujiban"
)

// Amount is money in JSON: a decimal number of currency units, exact.
type Amount tsujiban.Money

// MarshalJSON writes 20000 or 12.5.
func (a Amount) MarshalJSON() ([]byte, error) { return tsujiban.Money(a).Append(nil), nil }

// UnmarshalJSON reads a number, or text as people write it ("20,000").
func (a *Amount) UnmarshalJSON(b []byte) error {
	m, err := tsujiban.ParseMoney(strings.Trim(string(b), `"`))
	*a = Amount(m)
	return err
}

// Difference is an amount that may be below zero; only answers have one.
type Difference tsujiban.Money

// MarshalJSON writes -20000 or 12.5.
func (d Difference) MarshalJSON() ([]byte, error) { return tsujiban.Money(d).Append(nil), nil }

// UnmarshalJSON reads what MarshalJSON writes.
func (d *Difference) UnmarshalJSON(b []byte) error {
	text, below := strings.CutPrefix(string(b), "-")
	m, err := tsujiban.ParseMoney(text)
	if *d = Difference(m); below {
		*d = -*d
	}
	return err
}

// Duration is a length of time in JSON: "4h0m0s".
type Duration time.Duration

// MarshalText writes it as time.Duration does.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads what time.ParseDuration reads, if it is not negative.
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	if err != nil || v < 0 {
		return fmt.Errorf("%q is not a length of time; write it as 30s, 5m or 1h30m", b)
	}
	*d = Duration(v)
	return nil
}

// Limits are [tsujiban.Limits] in JSON; what is zero follows the default.
type Limits struct {
	CapCall        Amount   `json:"cap_call"`
	CapDay         Amount   `json:"cap_day"`
	CapMonth       Amount   `json:"cap_month"`
	Channels       int      `json:"channels"`
	CallsPerSecond int      `json:"calls_per_second"`
	LongestCall    Duration `json:"longest_call"`
	AllowCountries []string `json:"allow_countries,omitempty"`
	BarCountries   []string `json:"bar_countries,omitempty"`
	BarPrefixes    []string `json:"bar_prefixes,omitempty"`
	AllowClasses   []string `json:"allow_classes,omitempty"`
	Hours          string   `json:"hours,omitempty"`
}

// LimitsOf turns limits into their JSON shape. It, CustomerOf and TrunkOf share no memory with what they
// are given: a patch can be read over the result.
func LimitsOf(l *tsujiban.Limits) Limits {
	return Limits{
		CapCall: Amount(l.CapCall), CapDay: Amount(l.CapDay), CapMonth: Amount(l.CapMonth), Channels: l.Channels,
		CallsPerSecond: l.CallsPerSecond, LongestCall: Duration(l.LongestCall), AllowCountries: slices.Clone(l.AllowCountries),
		BarCountries: slices.Clone(l.BarCountries), BarPrefixes: slices.Clone(l.BarPrefixes), AllowClasses: slices.Clone(l.AllowClasses), Hours: l.Hours,
	}
}

// Limits turns the JSON shape into limits.
func (l *Limits) Limits() tsujiban.Limits {
	return tsujiban.Limits{
		CapCall: tsujiban.Money(l.CapCall), CapDay: tsujiban.Money(l.CapDay), CapMonth: tsujiban.Money(l.CapMonth), Channels: l.Channels,
		CallsPerSecond: l.CallsPerSecond, LongestCall: time.Duration(l.LongestCall), AllowCountries: l.AllowCountries,
		BarCountries: l.BarCountries, BarPrefixes: l.BarPrefixes, AllowClasses: l.AllowClasses, Hours: l.Hours,
	}
}

// Customer is a [tsujiban.Customer] in JSON.
type Customer struct {
	ID            string   `json:"id"`
	Name          string   `json:"name"`
	International bool     `json:"international"`
	Opened        string   `json:"opened,omitempty"` // "2015-04-01"
	Contact       string   `json:"contact,omitempty"`
	Language      string   `json:"language"` // "ja", "en"
	Numbers       []string `json:"numbers,omitempty"`
	Limits        Limits   `json:"limits"`
	Own           Own      `json:"own"` // what it has set for itself
}

// Own is a [tsujiban.Own] in JSON.
type Own struct {
	Stopped         bool     `json:"stopped"`
	NoInternational bool     `json:"no_international"`
	BarCountries    []string `json:"bar_countries,omitempty"`
	CapCall         Amount   `json:"cap_call"`
	CapDay          Amount   `json:"cap_day"`
	CapMonth        Amount   `json:"cap_month"`
	LongestCall     Duration `json:"longest_call"`
}

// OwnOf turns what a customer has set into its JSON shape.
func OwnOf(o *tsujiban.Own) Own {
	return Own{
		Stopped: o.Stopped, NoInternational: o.NoInternational, BarCountries: slices.Clone(o.BarCountries),
		CapCall: Amount(o.CapCall), CapDay: Amount(o.CapDay), CapMonth: Amount(o.CapMonth), LongestCall: Duration(o.LongestCall),
	}
}

// Own turns the JSON shape into what a customer has set.
func (o *Own) Own() tsujiban.Own {
	return tsujiban.Own{
		Stopped: o.Stopped, NoInternational: o.NoInternational, BarCountries: o.BarCountries,
		CapCall: tsujiban.Money(o.CapCall), CapDay: tsujiban.Money(o.CapDay), CapMonth: tsujiban.Money(o.CapMonth), LongestCall: time.Duration(o.LongestCall),
	}
}

// CustomerOf turns a customer into its JSON shape.
func CustomerOf(c *tsujiban.Customer) Customer {
	v := Customer{
		ID: string(c.ID), Name: c.Name, International: c.International, Contact: c.Contact,
		Language: LangName(c.Language), Numbers: slices.Clone(c.Numbers), Limits: LimitsOf(&c.Limits), Own: OwnOf(&c.Own),
	}
	if !c.Opened.IsZero() {
		v.Opened = c.Opened.Format(time.DateOnly)
	}
	return v
}

// Customer turns the JSON shape into a customer.
func (c *Customer) Customer() (tsujiban.Customer, error) {
	v := tsujiban.Customer{
		ID: tsujiban.CustomerID(c.ID), Name: c.Name, International: c.International, Contact: c.Contact,
		Numbers: c.Numbers, Limits: c.Limits.Limits(), Own: c.Own.Own(),
	}
	var err error
	if v.Language, err = ParseLang(c.Language); err != nil {
		return v, err
	}
	if c.Opened != "" {
		if v.Opened, err = time.Parse(time.DateOnly, c.Opened); err != nil {
			return v, tsujiban.Errorf(tsujiban.CodeInvalid, "opened: %q is not a date; write it as 2026-04-01", c.Opened)
		}
	}
	return v, nil
}

// LangName is "ja" or "en".
func LangName(l tsujiban.Lang) string {
	if l == tsujiban.English {
		return "en"
	}
	return "ja"
}

// ParseLang reads "ja" (also when empty) or "en".
func ParseLang(s string) (tsujiban.Lang, error) {
	switch s {
	case "", "ja":
		return tsujiban.Japanese, nil
	case "en":
		return tsujiban.English, nil
	}
	return 0, tsujiban.Errorf(tsujiban.CodeInvalid, "language: there is no %q; write ja or en", s)
}

// CustomerState is a customer with all that stands about it now.
type CustomerState struct {
	Customer
	Version     string       `json:"version,omitempty"`     // of what the operator has set, where one customer is shown; see VersionOf
	OwnVersion  string       `json:"own_version,omitempty"` // of what the customer has set, likewise
	Effective   Limits       `json:"effective"`             // those in force: Ceiling, narrowed by Own
	Ceiling     Limits       `json:"ceiling"`               // the operator's: its limits with the defaults filled in
	Usage       Usage        `json:"usage"`
	Restriction *Restriction `json:"restriction,omitempty"`
	Trunks      []string     `json:"trunks,omitempty"`
}

// Usage is what a customer has used and what is set aside for running calls.
type Usage struct {
	Today    Amount  `json:"today"`
	Month    Amount  `json:"month"`
	Reserved Amount  `json:"reserved"`
	Channels int     `json:"channels"`
	Weight   float64 `json:"weight"` // decibans
}

// Restriction is a [tsujiban.Restriction] in JSON.
type Restriction struct {
	Customer string    `json:"customer"`
	Level    string    `json:"level"`
	Reach    string    `json:"reach"` // of level restrict: what it stands against
	Reason   string    `json:"reason"`
	At       time.Time `json:"at"`
	By       string    `json:"by"`
	Note     string    `json:"note,omitempty"`
	Call     string    `json:"call,omitempty"`
	Weight   float64   `json:"weight,omitempty"`
	Why      []Weight  `json:"why,omitempty"`
	Campaign *Campaign `json:"campaign,omitempty"`
}

// Campaign is a [tsujiban.Campaign] in JSON.
type Campaign struct {
	Factor    string `json:"factor"`
	Customers int    `json:"customers"`
}

// CampaignOf is nil when there is none.
func CampaignOf(c tsujiban.Campaign) *Campaign {
	if c.Factor == tsujiban.FactorNone {
		return nil
	}
	return &Campaign{Factor: c.Factor.String(), Customers: int(c.Customers)}
}

// RestrictionOf turns a restriction into its JSON shape.
func RestrictionOf(r *tsujiban.Restriction) *Restriction {
	v := &Restriction{
		Customer: string(r.Customer), Level: r.Level.String(), Reach: r.Reach.String(), Reason: r.Reason.String(), At: r.At, By: r.By, Note: r.Note,
		Weight: float64(r.Weight), Why: WhyOf(&r.Why), Campaign: CampaignOf(r.Campaign),
	}
	if r.Call != 0 {
		v.Call = r.Call.String()
	}
	return v
}

// Weight is one observation in JSON.
type Weight struct {
	Kind  string  `json:"kind"`
	Value float64 `json:"value"` // decibans
}

// WhyOf lists the observations that are there.
func WhyOf(why *[tsujiban.MaxWhy]tsujiban.Weight) []Weight {
	var ws []Weight
	for _, w := range why {
		if w.Kind != tsujiban.EvidenceNone {
			ws = append(ws, Weight{Kind: w.Kind.String(), Value: float64(w.Value)})
		}
	}
	return ws
}

// Trunk is a [tsujiban.Trunk] in JSON. The hashes of its password are never told: Digest
// says that they are there, Password sets them.
type Trunk struct {
	ID              string         `json:"id"`
	Customer        string         `json:"customer"`
	Sources         []netip.Prefix `json:"sources,omitempty"`
	CertificateName string         `json:"certificate_name,omitempty"`
	Username        string         `json:"username,omitempty"`
	Realm           string         `json:"realm,omitempty"`
	Digest          bool           `json:"digest"`
	Version         string         `json:"version,omitempty"`  // only from the program; see VersionOf
	Password        string         `json:"password,omitempty"` // only towards the program
	Address         string         `json:"address,omitempty"`
	Transport       string         `json:"transport,omitempty"`
	Registrar       string         `json:"registrar,omitempty"`
	Domain          string         `json:"domain,omitempty"`
}

// TrunkOf turns a trunk into its JSON shape.
func TrunkOf(t *tsujiban.Trunk) Trunk {
	return Trunk{
		ID: string(t.ID), Customer: string(t.Customer), Sources: slices.Clone(t.Sources), CertificateName: t.CertificateName,
		Username: t.Username, Realm: t.Realm, Digest: t.HA1MD5 != "" || t.HA1SHA256 != "",
		Address: t.Address, Transport: t.Transport, Registrar: t.Registrar, Domain: t.Domain,
	}
}

// Order asks for a restriction or its release.
type Order struct {
	Level string `json:"level,omitempty"`
	Reach string `json:"reach,omitempty"` // empty: all international calls; of a release: everything
	Note  string `json:"note"`
}

// Answer is what a customer says when asked whether the use was theirs.
type Answer struct {
	Theirs bool   `json:"theirs"`
	Note   string `json:"note"`
}

// Import is customers and trunks to set at once, as the store keeps them.
type Import struct {
	Customers []tsujiban.Customer `json:"customers"`
	Trunks    []tsujiban.Trunk    `json:"trunks"`
}

// Done says what a change did.
type Done struct {
	By   string `json:"by"`
	Note string `json:"note"`
	Seq  uint64 `json:"seq,omitempty"` // the journal entry that says so
}

// Evidence is how far the tree over the journal is.
type Evidence struct {
	Committed  uint64        `json:"committed"` // entries of the journal
	Failing    string        `json:"failing,omitempty"`
	Log        string        `json:"log,omitempty"` // its name, which its checkpoints carry
	Entries    uint64        `json:"entries"`       // under the newest checkpoint
	Root       string        `json:"root,omitempty"`
	Signed     time.Time     `json:"signed,omitzero"`
	Checkpoint string        `json:"checkpoint,omitempty"` // byte for byte
	Keys       []EvidenceKey `json:"keys"`                 // that signed it
}

// EvidenceKey is a public key of the evidence.
type EvidenceKey struct {
	Key         string `json:"key"`
	Fingerprint string `json:"fingerprint"`
}

// NewKey is the key with which the evidence is signed from now on.
type NewKey struct {
	Key         string `json:"key"`
	Fingerprint string `json:"fingerprint"`
	Seq         uint64 `json:"seq,omitempty"` // the journal entry that says so
}

// Failure is the body of every reply that is not 2xx.
type Failure struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Err turns the failure into an error with its code.
func (f *Failure) Err() error {
	code, _ := tsujiban.ParseCode(f.Code)
	return tsujiban.Errorf(code, "%s", f.Message)
}

// FailureOf is what is told of an error.
func FailureOf(err error) Failure {
	return Failure{Code: tsujiban.CodeOf(err).String(), Message: err.Error()}
}

// Raw is one line of a stream.
type Raw = json.RawMessage
