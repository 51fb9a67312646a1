package consoletest

import (
	"bytes"
	"context"
	"net/http"
	"net/http/cookiejar"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tsujiban"
	"tsujiban/app"
	"tsujiban/app/config"
	"tsujiban/app/control"
	"tsujiban/console"
	"tsujiban/console/ui"
	"tsujiban/people"
)

// Site is a running program with its console, a PBX and a carrier beside it.
type Site struct {
	App      *app.App
	Dir      string
	URL      string // "http://127.0.0.1:40123"
	SIP      netip.AddrPort
	PBX      *PBX
	Carrier  *Carrier
	Evidence string // the directory of the tree and its keys
	Log      *Log
	Socket   *control.Client // as whoever runs the program

	t     testing.TB
	ahead atomic.Int64 // ns
}

// Now is the program's clock.
func (s *Site) Now() time.Time { return time.Now().Add(time.Duration(s.ahead.Load())) }

// Wait lets time pass for the program.
func (s *Site) Wait(d time.Duration) { s.ahead.Add(int64(d)) }

var firstLink = regexp.MustCompile(`http://localhost:\d+(/first\S+)`)

// FirstLink is the path of the link that the program printed at its start.
func (s *Site) FirstLink() string {
	s.t.Helper()
	m := firstLink.FindStringSubmatch(s.Log.String())
	if m == nil {
		s.t.Fatalf("no link was printed:\n%s", s.Log)
	}
	return m[1]
}

// Log is what the program logged.
type Log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// Firm is the customer that a site has, with a PBX that calls for it.
const Firm = tsujiban.CustomerID("hakata-shokai")

const seed = `
[[customer]]
id = "hakata-shokai"
name = "博多商会"
international = true
opened = "2015-04-01"
numbers = ["+81925551234"]
[[customer]]
id = "naniwa-denki"
name = "浪速電機"
opened = "2019-10-01"
numbers = ["+81665550100", "+81665550101"]
[[trunk]]
id = "hakata-pbx"
customer = "hakata-shokai"
sources = ["127.0.0.1"]
`

const rates = "prefix,name,yen_per_minute,increment_s\n81,Japan,3,60\n1,USA,60,1\n44,United Kingdom,80,1\n886,Taiwan,70,1\n232,Sierra Leone,300,60\n"

// Guest is who a site knows by a role's name in the session's cookie. Everybody below Staff reaches Firm only.
func Guest(role people.Role) *people.Person {
	p := &people.Person{ID: "p-" + role.String(), Login: role.String() + "@example.jp", Name: "佐藤 " + role.String(), Role: role, Created: time.Unix(0, 0)}
	if !role.Staff() {
		p.Customers = []tsujiban.CustomerID{Firm}
	}
	return p
}

// plenty is what a test that walks all pages asks for.
var plenty = console.Rate{PerSecond: 10_000, Burst: 10_000}

type guests struct{}

// Guest finds a person by a role's name.
func (guests) Guest(_ context.Context, token, _, _ string) (*people.Person, string, error) {
	role, ok := people.ParseRole(token)
	if !ok {
		return nil, "", nil
	}
	return Guest(role), "s-" + token, nil
}

// Start starts a program in a new directory, where the session's cookie names a role (see [Guest]). More is added to its
// configuration; it begins within [console].
func Start(t testing.TB, more string) *Site {
	t.Helper()
	return start(t, more, guests{}, nil)
}

// StartWith is Start after before has put into the program's directories what is to be there.
func StartWith(t testing.TB, more string, before func(*config.Config)) *Site {
	t.Helper()
	return start(t, more, guests{}, before)
}

// StartLocked starts a program where people sign in as they do everywhere; [Site.FirstLink] makes the first administrator.
func StartLocked(t *testing.T, more string) *Site {
	t.Helper()
	s := start(t, more, nil, nil)
	s.URL = strings.Replace(s.URL, "127.0.0.1", "localhost", 1) // passkeys belong to a name
	return s
}

func start(t testing.TB, more string, who console.Guests, before func(*config.Config)) *Site {
	t.Helper()
	s := &Site{t: t, Dir: t.TempDir(), Log: &Log{}}
	s.Carrier = newCarrier(t)
	s.write("rates.csv", rates)
	s.write("tsujiban.toml", `
[node]
name = "guard1"
[[listen]]
address = "127.0.0.1:0"
[[carrier]]
id = "carrier-a"
address = "`+s.Carrier.Addr()+`"
probe = "1s"
[guard]
rates = "rates.csv"
[sip]
drain = "0s"
[console]
listen = "127.0.0.1:0"
`+more)
	c, err := config.Load(filepath.Join(s.Dir, "tsujiban.toml"))
	if err != nil {
		t.Fatal(err)
	}
	sd, err := config.ParseSeed("seed.toml", "guard1", []byte(seed))
	if err != nil {
		t.Fatal(err)
	}
	if before != nil {
		before(c)
	}
	ctx, cancel := context.WithCancel(context.Background())
	a, err := app.Start(ctx, app.Options{Config: c, Seed: sd, Stderr: s.Log, Version: "test", Guests: who, Clock: s.Now, Limits: console.Limits{Address: plenty, Person: plenty}})
	if err != nil {
		cancel()
		t.Fatalf("%v\n%s", err, s.Log)
	}
	s.Evidence = c.EvidenceDir()
	stopped := make(chan error, 1)
	go func() { stopped <- a.Wait() }()
	t.Cleanup(func() {
		cancel()
		if err := <-stopped; err != nil {
			t.Errorf("stop: %v\n%s", err, s.Log)
		}
	})
	s.App, s.Socket = a, control.NewClient(c.Control.Socket, "")
	t.Cleanup(s.Socket.Close)
	for _, p := range a.Ports() {
		switch p.Kind {
		case "udp":
			s.SIP = netip.MustParseAddrPort(p.Address)
		case "console":
			s.URL = "http://" + p.Address
		}
	}
	s.PBX = newPBX(t, s.SIP)
	return s
}

func (s *Site) write(name, text string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.Dir, name), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// Client is a browser without script, signed in as a person of a role; of nobody when role is zero.
func (s *Site) Client(role people.Role) *http.Client {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	at, err := url.Parse(s.URL)
	if err != nil {
		s.t.Fatal(err)
	}
	if role != 0 {
		jar.SetCookies(at, []*http.Cookie{{Name: ui.SessionCookie(false), Value: role.String(), Path: "/"}})
	}
	t := &http.Transport{}
	s.t.Cleanup(t.CloseIdleConnections)
	return &http.Client{Jar: jar, Transport: t, Timeout: 30 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// Until asks again and again until something is so; it gives up after half a minute.
func (s *Site) Until(so func() bool) {
	s.t.Helper()
	end := time.Now().Add(30 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		if time.Now().After(end) {
			s.t.Fatalf("it did not come to that\n%s", s.Log)
		}
		<-tick.C
	}
}
