//go:build interop

package interop

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tsujiban/interop/rig"
)

func TestMain(m *testing.M) { os.Exit(rig.Main(m)) }

func scenario(name string) string { return filepath.Join("testdata", name+".xml") }

// parties are a site with a PBX and a carrier, and what they are going to do.
type parties struct {
	*rig.Site
	carrier rig.SIPp
	pbx     rig.SIPp
}

// newParties makes a site with a PBX that dials a domestic number and one carrier.
func newParties(t *testing.T) *parties {
	t.Helper()
	s, at := rig.NewSite(t, rig.Memory())
	return &parties{
		Site: s, carrier: rig.SIPp{Scenario: scenario("carrier-talk"), At: at},
		pbx: rig.SIPp{Scenario: scenario("pbx-talk"), At: rig.FreePort(t, s.PBX), To: s.UDP, Dial: "0312345678"},
	}
}

// run runs the calls, and both sides have to be content.
func (p *parties) run() {
	p.T.Helper()
	carrier, pbx := p.carrier.Start(p.Site), p.pbx.Start(p.Site)
	pbx.Succeed()
	carrier.Succeed()
}

// addressOf gives hakata's trunk an address for calls in, and further lines.
func addressOf(customers, address string, more ...string) string {
	lines := "sources = [\"$PBX\"]"
	return strings.Replace(customers, lines, lines+"\naddress = \""+address+"\"\n"+strings.Join(more, "\n"), 1)
}

// want is what every record of a test has to say.
type want struct {
	calls    int
	status   int
	answered bool
	by       string // who ended it
	carrier  string
	reason   string // why it was refused
	cut      string // why the guard ended it
	most     time.Duration
	wait     time.Duration // how long it may take until the books say so; 0: 15 s
}

// records waits until the books say exactly what is wanted, and returns the records.
func (w want) records(t *testing.T, g *rig.Guard) []rig.Record {
	t.Helper()
	var got []rig.Record
	rig.Until(t, max(w.wait, 15*time.Second), func() (err error) {
		if got, err = g.Records(); err != nil {
			return err
		}
		if len(got) != w.calls {
			return fmt.Errorf("%d records, want %d", len(got), w.calls)
		}
		for i := range got {
			if err := w.check(&got[i]); err != nil {
				return fmt.Errorf("record %d: %w: %+v", i, err, got[i])
			}
		}
		return nil
	})
	return got
}

func (w *want) check(r *rig.Record) error {
	type row struct {
		status          int
		answered        bool
		by, carrier     string
		action          string
		reason, cutting string
	}
	named := func(s string) string {
		if s == "" {
			return "none"
		}
		return s
	}
	action := "allow"
	if w.reason != "" {
		action = "deny"
	}
	got := row{r.Status, !r.Answered.IsZero(), named(r.By), r.Carrier, r.Action, named(r.Reason), named(r.Cut)}
	must := row{w.status, w.answered, named(w.by), w.carrier, action, named(w.reason), named(w.cut)}
	switch {
	case got != must:
		return fmt.Errorf("%+v, want %+v", got, must)
	case r.Ended.IsZero() && w.reason == "":
		return fmt.Errorf("it has no end")
	case !w.answered && (r.TalkS != 0 || r.Charge != 0):
		return fmt.Errorf("talked %v s for %v without an answer", r.TalkS, r.Charge)
	case w.most > 0 && r.TalkS > w.most.Seconds():
		return fmt.Errorf("talked %v s, at most %v", r.TalkS, w.most)
	}
	return nil
}
