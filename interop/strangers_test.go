//go:build interop

package interop

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tsujiban/interop/rig"
)

// scan is a run of sipvicious against the guard.
type scan struct {
	tool  string
	args  []string
	kinds []string // what the guard has to count it as
	knows bool     // it knows the customer's domain, so that the registrar is asked
}

var scans = map[string]scan{
	"svmap":                   {"svmap", nil, []string{"unknown-source"}, false},
	"svmap INVITE":            {"svmap", []string{"-m", "INVITE", "-e", "0312345678"}, []string{"unknown-source"}, false},
	"svwar":                   {"svwar", []string{"--force", "-e", "100-160"}, []string{"unknown-source"}, false},
	"svwar INVITE":            {"svwar", []string{"--force", "-m", "INVITE", "-e", "100-160,0312345678"}, []string{"unknown-source"}, false},
	"svwar OPTIONS":           {"svwar", []string{"--force", "-m", "OPTIONS", "-e", "100-160"}, []string{"unknown-source"}, false},
	"svwar with the domain":   {"svwar", []string{"--force", "--domain", phoneDomain, "-e", "100-160,0925551234"}, nil, true},
	"svcrack":                 {"svcrack", []string{"-u", "0925551234", "-d", "words"}, []string{"unknown-source"}, false},
	"svcrack with the domain": {"svcrack", []string{"-u", "0925551234", "-d", "words", "--maximumtime", "3", "--domain", phoneDomain}, []string{"password", "flood"}, true},
}

// TestScanned: sipvicious looks for the guard, for extensions and for passwords. It finds
// nothing, hears nothing unless it knows a customer's domain, and little then, and is seen: in the
// journal, the metrics and the live picture. Ordinary calls go on beside it.
func TestScanned(t *testing.T) {
	t.Parallel()
	for name, s := range scans {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s.run(t)
		})
	}
}

func (s *scan) run(t *testing.T) {
	p := newParties(t)
	k, _ := registrar(t, p, false)
	g := p.Serve()
	p.Write("words", words())
	p.carrier.Calls, p.pbx.Calls, p.pbx.Rate, p.pbx.Pause = 60, 60, 10, 500*time.Millisecond
	carrier, pbx := p.carrier.Start(p.Site), p.pbx.Start(p.Site)
	pbx.WaitFor("event answered", 1)

	// svwar and svcrack take the address to send from (-b) and do not use it; sessions are kept in HOME.
	args := slices.Concat([]string{"-b", p.Stranger.String(), "-p", strconv.Itoa(int(p.UDP.Port()))}, s.args, []string{p.Guard.String()})
	tool := rig.Start(t, rig.Command{Name: s.tool, Package: "sipvicious", Args: args, Dir: p.Dir, Limit: 40 * time.Second, Env: []string{"HOME=" + p.Dir}})
	tool.WaitFor("found nothing", 1)
	tool.Wait()
	pbx.Succeed()
	carrier.Succeed()

	if n := k.Count("event password"); n > 6 {
		t.Errorf("the registrar was asked about %d passwords", n)
	}
	if answers := g.Metric(`tsujiban_sip_replies_total{class="2xx"}`) + g.Metric(`tsujiban_sip_replies_total{class="4xx"}`); answers > 0 && !s.knows {
		t.Errorf("the guard has answered %v times", answers)
	}
	for _, kind := range s.kinds {
		s.seen(t, g, kind)
	}
	want{calls: 60, status: 200, answered: true, by: "caller", carrier: "carrier-a"}.records(t, g)
	g.Stop()
}

// words are guesses at the password; the right one is not among the first.
func words() string {
	var b strings.Builder
	for i := range 40 {
		fmt.Fprintf(&b, "guess%02d\n", i)
		if i == 20 {
			b.WriteString("secret\n")
		}
	}
	return b.String()
}

// seen waits until the scan is in the books as a kind of refusal.
func (s *scan) seen(t *testing.T, g *rig.Guard, kind string) {
	t.Helper()
	rig.Until(t, 20*time.Second, func() error {
		for _, e := range g.Journal("refused") {
			if e.Refused == kind && e.Count > 0 && strings.HasPrefix(e.Source, "127.") && e.UserAgent == "friendly-scanner" {
				return nil
			}
		}
		return errors.New("the journal says nothing of " + kind + " by friendly-scanner")
	})
	if g.Metric(`tsujiban_refusals_total{kind="`+kind+`"}`) == 0 {
		t.Errorf("the metrics do not count %s", kind)
	}
	if g.Live().Totals.Refused == 0 {
		t.Error("the live picture counts nothing")
	}
}
