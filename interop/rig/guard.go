package rig

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tsujiban"
	"tsujiban/app/control"
)

var built struct {
	once sync.Once
	dir  string
	err  error
}

// buildLimit is how long building the program may take.
const buildLimit = 5 * time.Minute

// Main runs the tests of a package and removes the program that Binary built.
func Main(m *testing.M) int {
	code := m.Run()
	if built.dir != "" {
		if err := os.RemoveAll(built.dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return code
}

// Binary is the path of the program under test: what TSUJIBAN_PROGRAM names, or one that
// is built here, once. Main must run the tests.
func Binary(t testing.TB) string {
	t.Helper()
	if path := os.Getenv("TSUJIBAN_PROGRAM"); path != "" {
		return path
	}
	built.once.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "tjbin"); built.err != nil {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), buildLimit)
		defer cancel()
		out, err := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", filepath.Join(built.dir, "tsujiban"), "tsujiban/cmd/tsujiban").CombinedOutput()
		if err != nil {
			built.err = fmt.Errorf("go build: %w\n%s", err, out)
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return filepath.Join(built.dir, "tsujiban")
}

// Guard is a guard that runs at a site.
type Guard struct {
	*Program
	site *Site
}

// Serve writes the configuration, starts the guard and waits until it takes calls.
func (s *Site) Serve() *Guard {
	s.T.Helper()
	s.Configure()
	return s.ServeAsIs()
}

// ServeAsIs starts the guard with the configuration that is there.
func (s *Site) ServeAsIs() *Guard {
	s.T.Helper()
	args := []string{"serve", "-config", s.Config()}
	if s.toImport {
		args = append(args, "-import", filepath.Join(s.Dir, "customers.toml"))
	}
	g := &Guard{site: s, Program: Start(s.T, Command{Name: Binary(s.T), Args: args, Dir: s.Dir, Limit: 3 * time.Minute})}
	g.WaitFor(`"msg":"ready"`, 1)
	s.toImport = false
	return g
}

// Stop stops the guard in order.
func (g *Guard) Stop() {
	g.site.T.Helper()
	g.Signal(syscall.SIGTERM)
	g.Succeed()
}

// CLI runs a command of the guard's own command line and returns what it wrote.
func (g *Guard) CLI(args ...string) string {
	g.site.T.Helper()
	out, err := g.Try(args...)
	if err != nil {
		g.site.T.Fatal(err)
	}
	return out
}

// Try is CLI that returns the error.
func (g *Guard) Try(args ...string) (string, error) { return g.site.Try(args...) }

// Try runs a command of the command line, with or without a guard that runs.
func (s *Site) Try(args ...string) (string, error) {
	return Output(s.T, Command{Name: Binary(s.T), Args: args, Dir: s.Dir, Env: []string{"TSUJIBAN_CONFIG=" + s.Config(), "LC_ALL=C"}})
}

// decode runs a command with -json and reads what it wrote.
func (g *Guard) decode(v any, args ...string) error {
	out, err := g.Try(append(args, "-json")...)
	if err != nil {
		return err
	}
	return json.Unmarshal([]byte(out), v)
}

// Record is a call as the books have it.
type Record struct {
	control.CallRecord
	By string // who ended it, as the journal says
}

// Records are the calls, the oldest first, as "tsujiban calls" and "tsujiban journal cat"
// tell them; an error when those do not agree yet.
func (g *Guard) Records() ([]Record, error) {
	var found control.Calls
	if err := g.decode(&found, "calls", "-ground", "test", "-reveal", "-limit", "10000"); err != nil {
		return nil, err
	}
	if found.Behind > 0 {
		return nil, fmt.Errorf("the view is %d entries behind", found.Behind)
	}
	by := map[string]string{}
	for _, e := range g.Journal("ended") {
		by[e.Call] = e.EndedBy
	}
	var out []Record
	for i := len(found.Calls) - 1; i >= 0; i-- {
		out = append(out, Record{found.Calls[i], by[found.Calls[i].Call]})
	}
	return out, nil
}

// Entry is an entry of the journal, as far as tests look at it.
type Entry struct {
	Seq       uint64 `json:"seq"`
	Kind      string `json:"kind"`
	Call      string `json:"call"`
	Customer  string `json:"customer"`
	Source    string `json:"source"`
	UserAgent string `json:"user_agent"`
	SIPCallID string `json:"sip_call_id"`
	EndedBy   string `json:"ended_by"`
	By        string `json:"by"`
	Note      string `json:"note"`
	Refused   string `json:"refused"`
	Count     int    `json:"count"`
}

// Journal are the entries of a kind, as "tsujiban journal cat" writes them.
func (g *Guard) Journal(kind string) []Entry {
	g.site.T.Helper()
	var entries []Entry
	d := json.NewDecoder(strings.NewReader(g.CLI("journal", "cat", "-ground", "test", "-kind", kind)))
	for {
		var e Entry
		err := d.Decode(&e)
		if errors.Is(err, io.EOF) {
			return entries
		}
		if err != nil {
			g.site.T.Fatalf("journal cat: %v", err)
		}
		entries = append(entries, e)
	}
}

// Live is the picture of the running program.
func (g *Guard) Live() control.Frame {
	g.site.T.Helper()
	var f control.Frame
	if err := g.decode(&f, "live", "-once"); err != nil {
		g.site.T.Fatal(err)
	}
	return f
}

// Customer is all about a customer.
func (g *Guard) Customer(id string) control.CustomerState {
	g.site.T.Helper()
	var c control.CustomerState
	if err := g.decode(&c, "customer", "show", id); err != nil {
		g.site.T.Fatal(err)
	}
	return c
}

// Get asks the guard's metrics server and returns status and body.
func (s *Site) Get(path string) (int, string) {
	s.T.Helper()
	ctx, cancel := context.WithTimeout(s.T.Context(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.Metrics.String()+path, nil)
	if err != nil {
		s.T.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.T.Fatal(err)
	}
	text, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		s.T.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// Metric is the value of a metric, labels included as they are written; 0 when it is not there.
func (g *Guard) Metric(name string) float64 {
	g.site.T.Helper()
	_, text := g.site.Get("/metrics")
	for l := range strings.SplitSeq(text, "\n") {
		if v, ok := strings.CutPrefix(l, name+" "); ok {
			f, err := strconv.ParseFloat(v, 64)
			if err != nil {
				g.site.T.Fatal(err)
			}
			return f
		}
	}
	return 0
}

// Yen is an amount.
func Yen(n int64) control.Amount { return control.Amount(tsujiban.Money(n) * tsujiban.Unit) }
