package app

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

var (
	metricName  = regexp.MustCompile(`^(tsujiban|go|process|promhttp)_[a-z0-9_]+$`)
	metricLabel = regexp.MustCompile(`^[a-zA-Z0-9 ,.:;()/'_-]{1,80}$`)
)

// TestMetricNames: counters end in _total, everything is ours by name, and no label can be chosen
// by somebody outside: after a call there is no number in them.
func TestMetricNames(t *testing.T) {
	r := newSite(t).start()
	r.pbx.invite(r.guard, "0990512345", "0925551234")
	r.pbx.expect("SIP/2.0 403")
	families, err := r.metrics.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	if len(families) < 30 {
		t.Errorf("only %d metrics", len(families))
	}
	for _, f := range families {
		name := f.GetName()
		if !metricName.MatchString(name) {
			t.Errorf("metric %q is not named as ours", name)
		}
		if strings.HasPrefix(name, "tsujiban_") && (f.GetType().String() == "COUNTER") != strings.HasSuffix(name, "_total") {
			t.Errorf("metric %q is a %s: counters, and only they, end in _total", name, f.GetType())
		}
		if f.GetHelp() == "" {
			t.Errorf("metric %q has no help", name)
		}
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if !metricLabel.MatchString(l.GetValue()) || strings.Contains(l.GetValue(), "0990") || strings.Contains(l.GetValue(), "925551234") {
					t.Errorf("metric %q has the label %q", name, l.GetValue())
				}
			}
		}
	}
}

// TestSecondSignal: a stop that waits for calls does not wait once it is told to hurry.
func TestSecondSignal(t *testing.T) {
	s := newSite(t)
	s.drain = "1h"
	s.configure("")
	now := make(chan struct{})
	s.now = now
	r := s.start()
	r.pbx.talkTo(r.guard, r.carrier, "0312345678")
	r.cancel()
	close(now)
	for _, p := range []*phone{r.carrier, r.pbx} {
		p.answer(p.expect("BYE "), "200 OK")
	}
	select {
	case err := <-r.done:
		r.stopped = true
		if err != nil {
			t.Error(err)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("it still waits")
	}
}

// TestLogsHideNumbers: after calls of all kinds no full number stands in the log.
func TestLogsHideNumbers(t *testing.T) {
	s := newSite(t)
	r := s.start()
	for _, dialled := range []string{"0312345678", "0990512345", "010232761234567", "+2327612345678901", "12x45"} {
		r.pbx.invite(r.guard, dialled, "0925551234")
		if m := r.pbx.expect("SIP/2.0 "); strings.HasPrefix(m.first, "SIP/2.0 1") && dialled == "0312345678" {
			r.carrier.answer(r.carrier.expect("INVITE "), "486 Busy Here")
		}
	}
	r.stop()
	for _, number := range []string{"312345678", "990512345", "761234567", "925551234"} {
		if strings.Contains(s.log.String(), number) {
			t.Errorf("the log shows %s:\n%s", number, s.log)
		}
	}
}
