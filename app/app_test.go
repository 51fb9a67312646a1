package app

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tsujiban"
	"tsujiban/app/config"
	"tsujiban/app/control"
	"tsujiban/journal"
)

func TestMain(m *testing.M) {
	if path := os.Getenv("TSUJIBAN_TEST_SERVE"); path != "" {
		os.Exit(serveHelper(path))
	}
	goleak.VerifyTestMain(m)
}

const seedText = `
[[customer]]
id = "hakata-shokai"
name = "博多商会"
international = true
opened = "2015-04-01"
numbers = ["+81925551234"]
[[trunk]]
id = "hakata-pbx"
customer = "hakata-shokai"
sources = ["127.0.0.1"]
`

const ratesText = "prefix,name,yen_per_minute,increment_s\n81,Japan,3,60\n1,USA,60,1\n232,Sierra Leone,300,60\n"

// site is a directory with a configuration, and the phones around the program.
type site struct {
	t            *testing.T
	dir, file    string
	listen       string
	pbx, carrier *phone
	seed         *config.Seed
	log          *lockedBuffer
	onStop       string        // on_stop of [sip]; empty is "end"
	drain        string        // "0s" when empty
	now          chan struct{} // Options.Now
	fs           journal.FS    // Options.FS
}

// lockedBuffer is a log that is read while it is written.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *lockedBuffer) Reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.b.Reset()
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{t: t, dir: t.TempDir(), listen: "127.0.0.1:0", pbx: newPhone(t), carrier: newPhone(t), log: &lockedBuffer{}}
	s.file = filepath.Join(s.dir, "tsujiban.toml")
	s.write("rates.csv", ratesText)
	s.configure("")
	seed, err := config.ParseSeed("seed.toml", "guard1", []byte(seedText))
	if err != nil {
		t.Fatal(err)
	}
	s.seed = seed
	return s
}

func (s *site) write(name, text string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// configure writes the configuration; more is added to [guard].
func (s *site) configure(more string) {
	s.write("tsujiban.toml", `
[node]
name = "guard1"
[[listen]]
address = "`+s.listen+`"
[[carrier]]
id = "carrier-a"
address = "`+s.carrier.addr()+`"
probe = "0s"
[metrics]
listen = "127.0.0.1:0"
[sip]
drain = "`+cmp.Or(s.drain, "0s")+`"
on_stop = "`+cmp.Or(s.onStop, "end")+`"
[guard]
rates = "rates.csv"
`+more)
}

// try starts the program where that must fail.
func (s *site) try() (*App, error) {
	s.t.Helper()
	cfg, err := config.Load(s.file)
	if err != nil {
		s.t.Fatal(err)
	}
	return Start(context.Background(), Options{Config: cfg, Seed: s.seed, Stderr: s.log})
}

// start starts the program; it is stopped at the test's end.
func (s *site) start() *running {
	s.t.Helper()
	cfg, err := config.Load(s.file)
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	reload := make(chan struct{})
	a, err := Start(ctx, Options{Config: cfg, Seed: s.seed, Stderr: s.log, Version: "test", Reload: reload, Now: s.now, FS: s.fs})
	if err != nil {
		cancel()
		s.t.Fatalf("%v\n%s", err, s.log)
	}
	r := &running{site: s, App: a, cancel: cancel, done: make(chan error, 1), client: control.NewClient(cfg.Control.Socket, "")}
	go func() { r.done <- a.Wait() }()
	r.guard = a.edge.Addrs()[0]
	s.t.Cleanup(func() {
		r.client.Close()
		r.stop()
	})
	return r
}

// running is a program that runs.
type running struct {
	*site
	*App
	cancel  context.CancelFunc
	done    chan error
	client  *control.Client
	guard   netip.AddrPort
	stopped bool
}

func (r *running) stop() {
	r.t.Helper()
	if r.stopped {
		return
	}
	r.stopped = true
	r.cancel()
	if err := <-r.done; err != nil {
		r.t.Errorf("stop: %v\n%s", err, r.site.log)
	}
}

func (r *running) do(method, path string, in, out any) error {
	return r.client.Do(context.Background(), method, path, in, out)
}

// records returns the calls, newest first.
func (r *running) records() []control.CallRecord {
	r.t.Helper()
	var found control.Calls
	if err := r.do(http.MethodPost, "/v1/calls", control.CallSearch{Ground: "test", Reveal: true}, &found); err != nil {
		r.t.Fatal(err)
	}
	if found.Behind > 0 {
		r.t.Fatalf("the view is %d entries behind", found.Behind)
	}
	return found.Calls
}

// ended waits until no call is running.
func (r *running) ended() {
	r.t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for r.App.guard.Totals().Running > 0 {
		if time.Now().After(deadline) {
			r.t.Fatal("a call does not end")
		}
		<-time.After(5 * time.Millisecond)
	}
}

func TestBootAndStop(t *testing.T) {
	r := newSite(t).start()
	var s control.Status
	if err := r.do(http.MethodGet, "/v1/status", nil, &s); err != nil {
		t.Fatal(err)
	}
	if !s.Ready || s.Customers != 1 || s.Trunks != 1 || s.Node != "guard1" {
		t.Errorf("got %+v", s)
	}
	if got := get(t, r, "/readyz"); got != "ok\n" {
		t.Errorf("readyz: %q", got)
	}
	r.stop()
	for _, want := range []string{"stopping: no new calls are taken in", "stopping: the journal is flushed", "msg=stopped"} {
		if !strings.Contains(r.site.log.String(), want) {
			t.Errorf("%q is not in the log:\n%s", want, r.site.log)
		}
	}
}

func get(t *testing.T, r *running, path string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+r.metrics.listener.Addr().String()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
	http.DefaultClient.CloseIdleConnections()
	return string(b)
}

func TestCallIsRecordedAndPaid(t *testing.T) {
	r := newSite(t).start()
	c, ok, _ := r.pbx.talkTo(r.guard, r.carrier, "0312345678")
	f := r.Frame()
	if len(f.Calls) != 1 || f.Calls[0].Customer != "hakata-shokai" || f.Calls[0].Callee != "+8131234****" || f.Totals.AtRisk == 0 {
		t.Errorf("frame %+v", f)
	}
	r.pbx.inside(r.guard, c, ok, "BYE", 2)
	r.carrier.answer(r.carrier.expect("BYE "), "200 OK")
	r.pbx.expect("SIP/2.0 200")
	r.ended()
	calls := r.records()
	if len(calls) != 1 {
		t.Fatalf("got %d calls", len(calls))
	}
	got := calls[0]
	if got.Callee != "+81312345678" || got.Caller != "+81925551234" || got.Charge != control.Amount(3*tsujiban.Unit) || got.Answered.IsZero() || got.Status != 200 || got.Carrier != "carrier-a" {
		t.Errorf("got %+v", got)
	}
	var state control.CustomerState
	if err := r.do(http.MethodGet, "/v1/customers/hakata-shokai", nil, &state); err != nil {
		t.Fatal(err)
	}
	if state.Usage.Today != control.Amount(3*tsujiban.Unit) || state.Usage.Channels != 0 {
		t.Errorf("usage %+v", state.Usage)
	}
	if m := get(t, r, "/metrics"); !strings.Contains(m, `tsujiban_verdicts_total{action="allow",reason="none"} 1`) || !strings.Contains(m, "tsujiban_money_charged_today 3\n") {
		t.Errorf("metrics:\n%s", m)
	}
}

func TestStaffEndsWhatRuns(t *testing.T) {
	r := newSite(t).start()
	r.pbx.talkTo(r.guard, r.carrier, "01012125550100")
	if err := r.do(http.MethodPut, "/v1/customers/hakata-shokai/restriction", control.Order{Level: "restrict", Note: "asked to by telephone"}, nil); err != nil {
		t.Fatal(err)
	}
	for _, p := range []*phone{r.carrier, r.pbx} {
		p.answer(p.expect("BYE "), "200 OK")
	}
	r.ended()
	r.pbx.invite(r.guard, "01012125550100", "0925551234")
	if m := r.pbx.expect("SIP/2.0 603"); !strings.Contains(m.first, "Held For Review") {
		t.Errorf("got %q", m.first)
	}
	// Domestic calls go on.
	r.pbx.invite(r.guard, "0312345678", "0925551234")
	in := r.carrier.expect("INVITE ")
	r.carrier.answer(in, "486 Busy Here")
	r.pbx.expect("SIP/2.0 486")
	if err := r.do(http.MethodDelete, "/v1/customers/hakata-shokai/restriction", control.Order{Note: "settled"}, nil); err != nil {
		t.Fatal(err)
	}
	r.pbx.invite(r.guard, "01012125550100", "0925551234")
	r.carrier.answer(r.carrier.expect("INVITE "), "486 Busy Here")
}

func TestReloadKeepsRunningCalls(t *testing.T) {
	r := newSite(t).start()
	c, ok, _ := r.pbx.talkTo(r.guard, r.carrier, "01012125550100")
	r.configure("closed = [\"1\"]\n")
	if err := r.do(http.MethodPost, "/v1/reload", nil, nil); err != nil {
		t.Fatal(err)
	}
	r.pbx.invite(r.guard, "01012125550101", "0925551234")
	if m := r.pbx.expect("SIP/2.0 403"); !strings.Contains(m.first, "Destination Closed") {
		t.Errorf("got %q", m.first)
	}
	r.configure("closed = [\"one\"]\n")
	err := r.do(http.MethodPost, "/v1/reload", nil, nil)
	if tsujiban.CodeOf(err) != tsujiban.CodeInvalid || !strings.Contains(err.Error(), "guard.closed[0]") {
		t.Errorf("got %v", err)
	}
	r.pbx.invite(r.guard, "01012125550102", "0925551234")
	r.pbx.expect("SIP/2.0 403") // the policy before stands
	r.pbx.inside(r.guard, c, ok, "BYE", 2)
	r.carrier.answer(r.carrier.expect("BYE "), "200 OK")
	r.pbx.expect("SIP/2.0 200")
}

func TestStopEndsCalls(t *testing.T) {
	r := newSite(t).start()
	r.pbx.talkTo(r.guard, r.carrier, "01012125550100")
	r.cancel()
	for _, p := range []*phone{r.carrier, r.pbx} {
		m := p.expect("BYE ")
		if !strings.Contains(strings.Join(m.all("Reason"), ""), "shutdown") {
			t.Errorf("reason %q", m.all("Reason"))
		}
		p.answer(m, "200 OK")
	}
	r.stop()
}

// TestTwoPrograms: a second one must not touch what the first one has.
func TestTwoPrograms(t *testing.T) {
	s := newSite(t)
	s.start()
	if _, err := s.try(); tsujiban.CodeOf(err) != tsujiban.CodeConflict {
		t.Errorf("got %v", err)
	}
}
