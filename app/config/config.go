package config

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"tsujiban"
	"tsujiban/people"
	"tsujiban/retention"
)

// MaxFile is the largest configuration file that is read, in bytes.
const MaxFile = 1 << 20

// Config is the whole configuration, complete and checked.
type Config struct {
	Path      string // the file it was read from
	Node      Node
	Listen    []Listen  // [[listen]], at least one
	Carriers  []Carrier // [[carrier]], at least one
	Guard     Guard
	Journal   Journal
	Ledger    Ledger
	Retention Retention
	SIP       SIP
	Control   Control
	Console   Console
	Metrics   Metrics
	Log       Log
	Mail      Mail
	Webhooks  []Webhook // [[webhook]]
	Notify    Notify
}

// Node says what this program is and where it keeps its data.
type Node struct {
	Name     string         // in logs and in the journal; the host's name by default
	Data     string         // directory that holds the journal, the store, the digest secret and the control socket; "data" by default
	Country  string         // ISO code of the numbering plan; "JP" by default
	TimeZone *time.Location // where days, months and business hours begin; Asia/Tokyo by default
	Language tsujiban.Lang  // Japanese by default
	Currency string         // shown beside amounts; "JPY" by default
}

// Listen is one socket for SIP.
type Listen struct {
	Transport   string // "udp" (default), "tcp" or "tls"
	Address     string // "192.0.2.10:5060"; port 0 takes any free port
	Advertise   string // host:port that peers are told; empty: Address. Given when Address is unspecified
	Certificate string // PEM file, for tls
	Key         string // PEM file, for tls
	ClientCA    string // PEM file of who signs client certificates; empty: none are asked for
}

// Carrier is a way into the telephone network.
type Carrier struct {
	ID          tsujiban.CarrierID
	Address     string         // host:port
	Transport   string         // "udp" (default), "tcp" or "tls"
	Priority    int            // lowest first; 10 by default
	Weight      int            // share within a priority; 10 by default
	Probe       time.Duration  // OPTIONS this often, 0 never; 30 s by default
	Sources     []netip.Prefix // where its requests come from; by default the host of Address alone when that is an IP address
	ServerName  string         // for tls: name in its certificate; by default the host of Address
	CA          string         // for tls: PEM file of who signs it; empty: the system's
	Certificate string         // for tls: our client certificate, PEM file; empty: none
	Key         string
}

// FraudMode says how far the fraud test goes.
type FraudMode uint8

// The modes.
const (
	FraudEnforce FraudMode = iota // weigh, and restrict (default)
	FraudObserve                  // weigh and say, but restrict nobody
	FraudOff
)

var fraudNames = []string{"enforce", "observe", "off"}

func (m FraudMode) String() string {
	if int(m) < len(fraudNames) {
		return fraudNames[m]
	}
	return "invalid"
}

// Guard says what is allowed.
type Guard struct {
	Fraud       FraudMode
	Rates       string // file of prices (rates.csv); may be empty only with AllowNoRate
	AllowNoRate bool   // no_rate = "allow": calls to destinations without a price pass; denied by default
	Hints       string // file of prefixes known from past abuse; empty: none
	// Caution is the evidence, in decibans, that it takes to stop calls that would cost Harm within an hour. Harm is
	// what it costs to stop an honest customer's calls to one destination, in trouble. See guard/fraud.
	Caution   tsujiban.Decibans
	Harm      tsujiban.Money
	Closed    []string        // E.164 prefixes closed for everyone
	Emergency []string        // emergency numbers; nil: the country's own
	Defaults  tsujiban.Limits // for customers without limits of their own
}

// DefaultLimits are the limits when the file says nothing: a customer that is
// hijacked on its first day loses at most CapDay.
func DefaultLimits() tsujiban.Limits {
	return tsujiban.Limits{
		CapCall: 5_000 * tsujiban.Unit, CapDay: 20_000 * tsujiban.Unit, CapMonth: 100_000 * tsujiban.Unit,
		Channels: 30, CallsPerSecond: 10, LongestCall: 4 * time.Hour,
	}
}

// The caution and the harm when the file says nothing.
const (
	DefaultCaution = 38
	DefaultHarm    = 20_000 * tsujiban.Unit
)

// Journal says how records are kept.
type Journal struct {
	PassOnFailure bool  // on_failure = "pass": calls go on while the disk fails; refused by default
	Segment       int64 // bytes of a segment; 64 MiB by default
}

// Ledger says by which rules numbers are given out.
type Ledger struct {
	Name   string // who signs letters and reports; the node's name by default
	Scheme string // file of the rules of the suspension scheme; empty: those that come with the program
	Screen string // file of the rules of the onboarding screen; empty: those that come with the program
}

// Retention says how long each kind of record is kept.
type Retention struct {
	retention.Terms
	At time.Duration // since midnight in the node's zone: when what is past its term is erased; 3:30 by default
}

// SIP holds the timers and bounds of the edge.
type SIP struct {
	Realm             string        // digest realm; the node's name by default
	IdleLimit         time.Duration // a call without session timer (RFC 4028) and without any request ends then; 2 h by default
	RingLimit         time.Duration // a call that only rings ends then (RFC 3261 §16.6, Timer C); 3 m by default
	TryNext           time.Duration // a carrier that does not answer is given up for the next one; 3 s by default
	MaxCallsPerSecond int           // more are answered 503, emergency calls never; 0 is none, the default
	MaxCalls          int           // calls at once, likewise; 200,000 by default
	Drain             time.Duration // how long running calls may go on at a stop; 20 s by default
	KeepCalls         bool          // on_stop = "keep": calls that run longer go on and are taken up again at the next start; ended by default
}

// Control says who may give orders to the running program.
type Control struct {
	Socket string   // unix socket; control.sock in the data directory by default
	Users  []string // users besides the program's own and root
}

// Console says where people reach the web pages.
type Console struct {
	Listen      string         // host:port; empty: off, the default
	Certificate string         // PEM file; empty: plain HTTP, for a proxy or this machine only
	Key         string         // PEM file
	PublicURL   *url.URL       // how people reach it, as in links of mails; by default from Listen and Certificate
	Proxies     []netip.Prefix // whose X-Forwarded-For is believed; none by default
	Idle        time.Duration  // somebody who does nothing is signed out then; 2 h by default
	Absolute    time.Duration  // and everybody after; 16 h by default
	Second      []people.Act   // for these a second person is asked; none by default
	OIDC        OIDC           // [console.oidc]
}

// OIDC says where else people can sign in (OpenID Connect).
type OIDC struct {
	Issuer     string // https://…; empty: nowhere else
	ClientID   string
	SecretFile string      // file that holds the client's secret; empty: a public client
	Name       string      // on the button; the issuer's host by default
	Claim      string      // which claim names the login; "email" by default
	Create     people.Role // who is not known gets this role; zero: nobody is made, the default
}

// Secure tells whether people reach the console over TLS, its own or a proxy's.
func (c *Console) Secure() bool { return c.PublicURL != nil && c.PublicURL.Scheme == "https" }

// Metrics says where numbers about the program are served.
type Metrics struct {
	Listen string // host:port of /metrics, /healthz and /readyz; empty: off, the default
}

// Log says how the program logs.
type Log struct {
	JSON  bool   // format = "json"; text by default
	Level string // debug, info (default), warn or error
}

// SnapshotDir is the directory of the snapshots of the guard's state.
func (c *Config) SnapshotDir() string { return filepath.Join(c.Node.Data, "state") }

// JournalDir is the directory of the journal.
func (c *Config) JournalDir() string { return filepath.Join(c.Node.Data, "journal") }

// EvidenceDir is the directory of the tree over the journal.
func (c *Config) EvidenceDir() string { return filepath.Join(c.Node.Data, "evidence") }

// StoreFile is the file of the store.
func (c *Config) StoreFile() string { return filepath.Join(c.Node.Data, "tsujiban.db") }

// SecretFile holds the key of the digest challenges.
func (c *Config) SecretFile() string { return filepath.Join(c.Node.Data, "secret") }

// Load reads and checks a configuration file. The error is a [tsujiban.Error] that
// holds [Problems] when the file could be read.
func Load(path string) (*Config, error) {
	data, err := ReadFile(path, MaxFile)
	if err != nil {
		return nil, err
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "configuration: %w", err)
	}
	return Parse(path, filepath.Dir(abs), data)
}

// ReadFile reads a file that a configuration names, of at most limit bytes.
func ReadFile(path string, limit int64) (data []byte, err error) {
	f, err := os.Open(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, tsujiban.Errorf(tsujiban.CodeNotFound, "%s: no such file; name the right one", path)
	case errors.Is(err, os.ErrPermission):
		return nil, tsujiban.Errorf(tsujiban.CodeForbidden, "%s: this user may not read it", path)
	case err != nil:
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "%w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	data, err = io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "%w", err)
	}
	if int64(len(data)) > limit {
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "%s: larger than %d bytes; it is no such file", path, limit)
	}
	return data, nil
}

// Parse checks a configuration. Name stands in the problems; relative paths in the
// file start at dir.
func Parse(name, dir string, data []byte) (*Config, error) {
	var f fileConfig
	r := decode(name, dir, data, &f)
	c := &Config{Path: name}
	if !r.broken {
		r.node(&f.Node, c)
		r.listeners(f.Listen, c)
		r.carriers(f.Carrier, c)
		r.guard(&f.Guard, c)
		r.journal(&f.Journal, c)
		r.ledger(&f.Ledger, c)
		r.retention(&f.Retention, c)
		r.sip(&f.SIP, c)
		r.console(&f.Console, c)
		r.rest(&f, c)
		r.mail(&f.Mail, c)
		r.webhooks(f.Webhook, c)
		r.notify(&f.Notify, c)
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	return c, nil
}

// Problem is one thing that is wrong in a file.
type Problem struct {
	File string
	Line int    // from 1; 0 when it is about the file as a whole
	Key  string // "listen[0].address"; empty when it is about no key
	// What is wrong and what to write instead.
	Ja, En string
}

// Text is one line for people: "tsujiban.toml:12: sip.idle_limit: …".
func (p Problem) Text(l tsujiban.Lang) string {
	s := p.File + ":"
	if p.Line > 0 {
		s += fmt.Sprintf("%d:", p.Line)
	}
	if p.Key != "" {
		s += " " + p.Key + ":"
	}
	if l == tsujiban.English {
		return s + " " + p.En
	}
	return s + " " + p.Ja
}

// Problems is all that is wrong in a file, in the order of its lines.
type Problems []Problem

func (p Problems) Error() string { return p.Text(tsujiban.English) }

// Text is one line per problem.
func (p Problems) Text(l tsujiban.Lang) string {
	s := ""
	for i, q := range p {
		if i > 0 {
			s += "\n"
		}
		s += q.Text(l)
	}
	return s
}
