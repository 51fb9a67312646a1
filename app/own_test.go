package app

import (
	"net/http"
	"strings"
	"testing"

	"tsujiban"
	"tsujiban/app/control"
)

// TestOwnStop: a customer stops its calls and its own countries; emergency calls go on, and nothing goes above the operator's limits.
func TestOwnStop(t *testing.T) {
	r := newSite(t).start()
	own := func(o control.Own) error {
		return r.Office("tanaka@hakata.example").Do(t.Context(), http.MethodPut, "/v1/customers/hakata-shokai/own", &o, nil)
	}
	if err := r.do(http.MethodPatch, "/v1/customers/hakata-shokai", map[string]any{"limits": map[string]any{"cap_day": 20000}}, nil); err != nil {
		t.Fatal(err)
	}
	r.pbx.talkTo(r.guard, r.carrier, "01012125550100")
	if err := own(control.Own{BarCountries: []string{"US", "SL", "US"}, CapDay: control.Amount(5000 * tsujiban.Unit)}); err != nil {
		t.Fatal(err)
	}
	for _, p := range []*phone{r.carrier, r.pbx} { // the call that ran ends
		p.answer(p.expect("BYE "), "200 OK")
	}
	r.ended()
	r.pbx.invite(r.guard, "01012125550100", "0925551234")
	if m := r.pbx.expect("SIP/2.0 403"); !strings.Contains(m.first, "Destination Barred") {
		t.Errorf("got %q", m.first)
	}
	var s control.CustomerState
	if err := r.do(http.MethodGet, "/v1/customers/hakata-shokai", nil, &s); err != nil {
		t.Fatal(err)
	}
	if s.Effective.CapDay != control.Amount(5000*tsujiban.Unit) || s.Ceiling.CapDay != control.Amount(20_000*tsujiban.Unit) || len(s.Own.BarCountries) != 2 {
		t.Errorf("%+v", s)
	}
	if err := own(control.Own{CapDay: control.Amount(20_001 * tsujiban.Unit)}); tsujiban.CodeOf(err) != tsujiban.CodeInvalid || !strings.Contains(err.Error(), "cap_day") {
		t.Errorf("above the operator's: %v", err)
	}
	if err := own(control.Own{Stopped: true}); err != nil {
		t.Fatal(err)
	}
	r.pbx.invite(r.guard, "0312345678", "0925551234")
	if m := r.pbx.expect("SIP/2.0 403"); !strings.Contains(m.first, "Stopped By Customer") {
		t.Errorf("got %q", m.first)
	}
	r.pbx.invite(r.guard, "110", "0925551234")
	r.carrier.answer(r.carrier.expect("INVITE "), "486 Busy Here")
	r.pbx.expect("SIP/2.0 486")
	if err := own(control.Own{}); err != nil {
		t.Fatal(err)
	}
	r.pbx.invite(r.guard, "01012125550100", "0925551234")
	r.carrier.answer(r.carrier.expect("INVITE "), "486 Busy Here")
	var actions control.Actions
	if err := r.do(http.MethodGet, "/v1/actions?customer=hakata-shokai", nil, &actions); err != nil || len(actions.Actions) < 4 {
		t.Fatalf("%+v, %v", actions, err)
	}
	if a := actions.Actions[1]; !strings.HasPrefix(a.By, "tanaka@hakata.example") || !strings.Contains(a.Note, "own stop true") {
		t.Errorf("%+v", a)
	}
}
