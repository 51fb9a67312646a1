package app

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"tsujiban"
	"tsujiban/app/control"
)

// TestRulesForAll: what is set at run time holds at once and after a restart; what the configuration says stays beneath it, also when it is
// read again.
func TestRulesForAll(t *testing.T) {
	s := newSite(t)
	s.configure("closed = [\"53\"]\n")
	r := s.start()
	office := r.Office("sato")
	closed, defaults := []string{"1", "1", "247"}, control.Limits{CapDay: control.Amount(5000 * tsujiban.Unit)}
	if err := office.Do(t.Context(), http.MethodPut, "/v1/rules", control.RulesOrder{Closed: &closed}, nil); tsujiban.CodeOf(err) != tsujiban.CodeInvalid {
		t.Errorf("without a note: %v", err)
	}
	bad := []string{"+1"}
	for _, o := range []control.RulesOrder{{Closed: &bad, Note: "x"}, {Hints: &bad, Note: "x"}, {Defaults: &control.Limits{Hours: "always"}, Note: "x"}} {
		if err := office.Do(t.Context(), http.MethodPut, "/v1/rules", o, nil); tsujiban.CodeOf(err) != tsujiban.CodeInvalid {
			t.Errorf("%+v: %v", o, err)
		}
	}
	if err := office.Do(t.Context(), http.MethodPut, "/v1/rules", control.RulesOrder{Closed: &closed, Defaults: &defaults, Note: "abuse at other operators"}, nil); err != nil {
		t.Fatal(err)
	}
	refused := func(r *running) {
		t.Helper()
		r.pbx.invite(r.guard, "01012125550101", "0925551234")
		if m := r.pbx.expect("SIP/2.0 403"); !strings.Contains(m.first, "Destination Closed") {
			t.Errorf("got %q", m.first)
		}
	}
	refused(r)
	var state control.CustomerState
	if err := office.Do(t.Context(), http.MethodGet, "/v1/customers/hakata-shokai", nil, &state); err != nil || state.Effective.CapDay != defaults.CapDay {
		t.Errorf("%+v, %v", state.Effective, err)
	}
	if err := r.do(http.MethodPost, "/v1/reload", nil, nil); err != nil {
		t.Fatal(err)
	}
	refused(r)
	r.stop()
	r = s.start()
	refused(r)
	var rules control.Rules
	if err := r.do(http.MethodGet, "/v1/rules", nil, &rules); err != nil {
		t.Fatal(err)
	}
	if strings.Join(rules.InForce.Closed, " ") != "1 247 53" || strings.Join(rules.Base.Closed, " ") != "53" || strings.Join(rules.Set.Closed, " ") != "1 247" || rules.By != "sato (console)" || rules.Note == "" || rules.At.IsZero() {
		t.Errorf("%+v", rules)
	}
	var actions control.Actions
	if err := r.do(http.MethodGet, "/v1/actions?verb=rules-set", nil, &actions); err != nil || len(actions.Actions) != 1 || !strings.Contains(actions.Actions[0].Note, "closed: added 1 247") {
		t.Errorf("%+v, %v", actions, err)
	}
	none := []string{}
	if err := r.do(http.MethodPut, "/v1/rules", control.RulesOrder{Closed: &none, Note: "over"}, nil); err != nil {
		t.Fatal(err)
	}
	r.pbx.talkTo(r.guard, r.carrier, "01012125550100")
}

// TestPreview: what closing a destination would have done to the calls of the last days, while nothing is changed.
func TestPreview(t *testing.T) {
	r := newSite(t).start()
	for _, number := range []string{"01012125550100", "0312345678"} {
		c, ok, _ := r.pbx.talkTo(r.guard, r.carrier, number)
		r.hangUpCall(c, ok)
	}
	r.records() // the view has them
	closed := []string{"1"}
	order := control.PreviewOrder{RulesOrder: control.RulesOrder{Closed: &closed}, Days: 1}
	if err := r.do(http.MethodDelete, "/v1/rules/preview", nil, nil); tsujiban.CodeOf(err) != tsujiban.CodeConflict {
		t.Errorf("nothing runs: %v", err)
	}
	if err := r.do(http.MethodPost, "/v1/rules/preview", control.PreviewOrder{Days: 365}, nil); tsujiban.CodeOf(err) != tsujiban.CodeInvalid {
		t.Errorf("a year: %v", err)
	}
	if err := r.do(http.MethodPost, "/v1/rules/preview", order, nil); err != nil {
		t.Fatal(err)
	}
	var p control.Preview
	for deadline := time.Now().Add(20 * time.Second); p.State != "done"; <-time.After(10 * time.Millisecond) {
		if err := r.do(http.MethodGet, "/v1/rules/preview", nil, &p); err != nil || p.State == "failed" || time.Now().After(deadline) {
			t.Fatalf("%+v, %v", p, err)
		}
	}
	if p.Now.Calls != 2 || p.Now.Refused != 0 || p.Then.Refused != 1 || p.Then.Hurt != 1 || p.Then.Saved != control.Amount(1*tsujiban.Unit) || p.Then.Reasons["closed-for-all"] != 1 || p.Progress != 1 {
		t.Errorf("now %+v\nthen %+v", p.Now, p.Then)
	}
	if len(p.Differ) != 1 || p.Differ[0].Customer != "hakata-shokai" || p.Differ[0].Stopped != 1 || p.Differ[0].Name == "" {
		t.Errorf("%+v", p.Differ)
	}
	r.pbx.talkTo(r.guard, r.carrier, "01012125550100") // nothing was changed
}
