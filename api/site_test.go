package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tsujiban"
	"tsujiban/api"
	"tsujiban/app"
	"tsujiban/app/config"
	"tsujiban/people"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const seed = `
[[customer]]
id = "hakata-shokai"
name = "博多商会"
international = true
opened = "2015-04-01"
contact = "soumu@hakata.example"
numbers = ["+81925551201"]
[[customer]]
id = "tenjin-denki"
name = "天神電機"
numbers = ["+81925551301"]
[[trunk]]
id = "hakata-pbx"
customer = "hakata-shokai"
sources = ["127.0.0.1"]
`

// tokens are the callers of a test.
type tokens struct {
	mu  sync.Mutex
	all map[string]*api.Caller
}

func (k *tokens) Caller(_ context.Context, secret string) (*api.Caller, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if c := k.all[secret]; c != nil {
		return c, nil
	}
	return nil, tsujiban.Errorf(tsujiban.CodeForbidden, "no such token")
}

func (k *tokens) add(secret string, p *people.Person, scope func(people.Right) bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.all[secret] = &api.Caller{Person: p, Token: secret, Scope: scope}
}

func (k *tokens) revoke(secret string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.all, secret)
}

// site is a booted program with the API before it.
type site struct {
	t      testing.TB
	dir    string
	tokens *tokens
	clock  func() time.Time
	app    *app.App
	api    http.Handler
	stop   func()
	rate   float64
	more   string // of the configuration
}

func newSite(t testing.TB) *site {
	t.Helper()
	s := &site{t: t, dir: t.TempDir(), tokens: &tokens{all: map[string]*api.Caller{}}, clock: time.Now, rate: 1e6}
	s.start()
	for _, role := range people.Roles {
		var reach []tsujiban.CustomerID
		if !role.Staff() {
			reach = []tsujiban.CustomerID{"hakata-shokai"}
		}
		p, _, err := s.app.Door().Invite(t.Context(), people.Actor{Name: "test"}, role.String()+"@example.jp", "田中 花子", role, tsujiban.English, reach)
		if err != nil {
			t.Fatal(err)
		}
		s.tokens.add(role.String(), &p, nil)
	}
	return s
}

func (s *site) start() {
	s.t.Helper()
	rates := filepath.Join(s.dir, "rates.csv")
	if err := os.WriteFile(rates, []byte("prefix,name,yen_per_minute,increment_s\n81,Japan,3,60\n232,Sierra Leone,300,60\n"), 0o600); err != nil {
		s.t.Fatal(err)
	}
	file := filepath.Join(s.dir, "tsujiban.toml")
	if err := os.WriteFile(file, []byte(`
[node]
name = "guard1"
data = "`+filepath.Join(s.dir, "data")+`"
[[listen]]
address = "127.0.0.1:0"
[[carrier]]
id = "carrier-a"
address = "127.0.0.9:5060"
probe = "0s"
[sip]
drain = "0s"
[guard]
rates = "rates.csv"
`+s.more), 0o600); err != nil {
		s.t.Fatal(err)
	}
	cfg, err := config.Load(file)
	if err != nil {
		s.t.Fatal(err)
	}
	o := app.Options{Config: cfg, Stderr: &bytes.Buffer{}, Version: "test"}
	if s.app == nil {
		if o.Seed, err = config.ParseSeed("seed.toml", "guard1", []byte(seed)); err != nil {
			s.t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	if s.app, err = app.Start(ctx, o); err != nil {
		cancel()
		s.t.Fatalf("%v\n%s", err, o.Stderr)
	}
	done := make(chan error, 1)
	go func() { done <- s.app.Wait() }()
	s.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			s.t.Errorf("stop: %v\n%s", err, o.Stderr)
		}
	})
	s.t.Cleanup(s.stop)
	ao := s.app.APIOptions(s.tokens)
	ao.Clock, ao.PerSecond, ao.Burst = s.clock, s.rate, max(1, int(s.rate))
	s.api = api.Handler(ao)
}

// reply is what was answered.
type reply struct {
	status int
	header http.Header
	body   []byte
}

func (r *reply) into(t testing.TB, v any) {
	t.Helper()
	if err := json.Unmarshal(r.body, v); err != nil {
		t.Fatalf("%d: %v\n%s", r.status, err, r.body)
	}
}

func (r *reply) problem(t testing.TB) api.Problem {
	t.Helper()
	var p api.Problem
	if kind := r.header.Get("Content-Type"); kind != "application/problem+json" {
		t.Fatalf("%d: Content-Type %q\n%s", r.status, kind, r.body)
	}
	r.into(t, &p)
	if p.Status != r.status || p.Type != "urn:tsujiban:problem:"+p.Code || p.Title == "" {
		t.Errorf("status %d: %+v", r.status, p)
	}
	return p
}

// do sends a request as the owner of a token; none when it is empty. in is JSON text, or what is to become some.
func (s *site) do(token, method, path string, in any, headers ...string) *reply {
	s.t.Helper()
	var data io.Reader
	switch v := in.(type) {
	case nil:
	case string:
		data = strings.NewReader(v)
	case io.Reader:
		data = v
	default:
		b, err := json.Marshal(v)
		if err != nil {
			s.t.Fatal(err)
		}
		data = bytes.NewReader(b)
	}
	req := httptest.NewRequestWithContext(s.t.Context(), method, api.Prefix+path, data)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if data != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.api.ServeHTTP(w, req)
	return &reply{w.Code, w.Result().Header, w.Body.Bytes()}
}

// must is do where nothing else than a status may be answered.
func (s *site) must(status int, token, method, path string, in any, headers ...string) *reply {
	s.t.Helper()
	r := s.do(token, method, path, in, headers...)
	if r.status != status {
		s.t.Fatalf("%s %s: %d, want %d\n%s", method, path, r.status, status, r.body)
	}
	return r
}

func keys(m map[string]any) string {
	return fmt.Sprint(slices.Sorted(maps.Keys(m)))
}
