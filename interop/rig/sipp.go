package rig

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"text/template"
	"time"
)

// SIPp is a run of SIPp with a scenario of ours. The scenario is a text template (text/template) over the
// SIPp value; the messages that scenarios share are defined in parts.xml beside it.
type SIPp struct {
	Scenario  string         // path of the scenario
	At        netip.AddrPort // where it sends from and listens
	To        netip.AddrPort // where it sends to; the zero value: it waits for calls
	Transport string         // "udp" (or empty), "tcp"
	Calls     int            // it ends after so many; 0: 1
	Rate      int            // calls per second; 0: 10
	Pause     time.Duration  // what a <pause/> without a time takes
	Limit     time.Duration  // the run fails when it is not done by then; 0: 60 s

	Dial   string   // number to dial
	Caller string   // number that calls; empty: hakata's
	Status int      // final status that the scenario is about
	Reason string   // code of the guard's reason that has to come with it
	Late   bool     // the carrier answers although it was cancelled
	Ways   []string // what is put into the SDP of re-INVITEs, one after the other: "sendonly", "sendrecv"
}

var sippFuncs = template.FuncMap{"inc": func(a, b int) int { return a + b }}

var sippCount atomic.Uint32

// Start starts the run. What its scenario logs are lines of the program, as is what went wrong.
func (c SIPp) Start(s *Site) *Program {
	s.T.Helper()
	if c.Calls == 0 {
		c.Calls = 1
	}
	if c.Rate == 0 {
		c.Rate = 10
	}
	if c.Limit == 0 {
		c.Limit = 60 * time.Second
	}
	if c.Caller == "" {
		c.Caller = "0925551234"
	}
	n := sippCount.Add(1)
	args := []string{
		"-sf", c.render(s.T, s.Dir, n), "-i", c.At.Addr().String(), "-p", strconv.Itoa(int(c.At.Port())), "-mi", c.At.Addr().String(),
		"-m", strconv.Itoa(c.Calls), "-nostdin", "-timeout", strconv.Itoa(int(c.Limit.Seconds())), "-timeout_error",
		"-trace_logs", "-log_file", "/dev/fd/3", "-trace_err", "-error_file", "/dev/stderr",
		"-d", strconv.FormatInt(c.Pause.Milliseconds(), 10), "-t", map[string]string{"": "u1", "udp": "u1", "tcp": "t1"}[c.Transport],
		"-cid_str", fmt.Sprintf("%%u-%d-%%p@%%s", n),
		// A busy machine is no failure; and who asks waits longer than the guard, whose answer is what counts.
		"-watchdog_interval", "0", "-max_retrans", "20", "-max_non_invite_retrans", "20",
	}
	if c.To.IsValid() {
		args = append(args, "-r", strconv.Itoa(c.Rate), c.To.String())
	}
	p := Start(s.T, Command{Name: "sipp", Package: "sip-tester", Args: args, Dir: s.Dir, Events: true, Quiet: true, Limit: c.Limit + 10*time.Second})
	if !c.To.IsValid() {
		WaitBound(s.T, p, c.At, c.Transport)
	}
	return p
}

// render writes the scenario for SIPp.
func (c *SIPp) render(t testing.TB, dir string, n uint32) string {
	t.Helper()
	tmpl, err := template.New(filepath.Base(c.Scenario)).Funcs(sippFuncs).ParseFiles(c.Scenario, filepath.Join(filepath.Dir(c.Scenario), "parts.xml"))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := tmpl.Execute(&b, c); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, fmt.Sprintf("%d-%s", n, filepath.Base(c.Scenario)))
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// WaitBound waits until a program has taken its address, as /proc/net tells (proc_pid_net(5)).
func WaitBound(t testing.TB, p *Program, at netip.AddrPort, transport string) {
	t.Helper()
	if transport == "" {
		transport = "udp"
	}
	a := at.Addr().As4()
	want := []byte(fmt.Sprintf(" %02X%02X%02X%02X:%04X ", a[3], a[2], a[1], a[0], at.Port())) // little-endian, as on all machines that we test on
	Until(t, 20*time.Second, func() error {
		select {
		case <-p.Done():
			return fmt.Errorf("%s ended before it took %s", p.name, at)
		default:
		}
		table, err := os.ReadFile("/proc/net/" + transport)
		if err == nil && !bytes.Contains(table, want) {
			err = fmt.Errorf("%s has not taken %s %s", p.name, transport, at)
		}
		return err
	})
}
