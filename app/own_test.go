package app

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/people"
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

// TestStopInThePortal: who has just signed in stops all calls and lets them go on again; the sign-in stands in the history.
func TestStopInThePortal(t *testing.T) {
	s := newSite(t)
	s.configure("[console]\nlisten = \"127.0.0.1:0\"\n")
	r := s.start()
	from := people.From{Address: "192.0.2.9", Agent: "<b>Browser</b>"}
	_, link, err := r.door.Invite(t.Context(), people.Actor{Name: "root"}, "tanaka@hakata.example", "田中", people.CustomerRole, tsujiban.Japanese, []tsujiban.CustomerID{"hakata-shokai"})
	if err != nil {
		t.Fatal(err)
	}
	e, err := r.door.Accept(t.Context(), link, people.LinkInvite, "kaze wa minami kara", from)
	if err != nil {
		t.Fatal(err)
	}
	defer http.DefaultClient.CloseIdleConnections()
	at := "http://" + r.pages.listener.Addr().String() + "/portal/hakata-shokai"
	do := func(method, path string, form url.Values) (int, string) {
		t.Helper()
		return visit(t, method, at+path, form, &http.Cookie{Name: "tsujiban", Value: e.Token})
	}
	for _, stop := range []string{"yes", "no"} {
		status, page := do(http.MethodGet, "/stop", nil)
		m := regexp.MustCompile(`name="csrf" value="([^"]*)"`).FindStringSubmatch(page)
		if status != http.StatusOK || m == nil {
			t.Fatalf("%d\n%s", status, page)
		}
		do(http.MethodPost, "/stop", url.Values{"stop": {stop}, "csrf": {m[1]}})
		var c control.CustomerState
		if err := r.do(http.MethodGet, "/v1/customers/hakata-shokai", nil, &c); err != nil || c.Own.Stopped != (stop == "yes") {
			t.Fatalf("stop %s: %+v, %v", stop, c.Own, err)
		}
	}
	_, page := do(http.MethodGet, "/history", nil)
	for _, want := range []string{"tanaka@hakata.example", "発信の停止（お客様設定） はい", "192.0.2.9", "&lt;b&gt;Browser"} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not in\n%s", want, page)
		}
	}
}

// TestResellersList: a reseller sees its own customers and nobody else's; one that was removed is passed over.
func TestResellersList(t *testing.T) {
	s := newSite(t)
	s.configure("[console]\nlisten = \"127.0.0.1:0\"\n")
	r := s.start()
	for _, c := range []string{"kyoto-kogyo", "sapporo-unyu"} {
		if err := r.do(http.MethodPost, "/v1/customers/"+c, map[string]string{"name": "<i>" + c}, nil); err != nil {
			t.Fatal(err)
		}
	}
	own := []tsujiban.CustomerID{"hakata-shokai", "kyoto-kogyo", "gone"}
	_, link, err := r.door.Invite(t.Context(), people.Actor{Name: "root"}, "oroshi@example.jp", "卸", people.Reseller, tsujiban.Japanese, own)
	if err != nil {
		t.Fatal(err)
	}
	e, err := r.door.Accept(t.Context(), link, people.LinkInvite, "kaze wa minami kara", people.From{})
	if err != nil {
		t.Fatal(err)
	}
	defer http.DefaultClient.CloseIdleConnections()
	at := "http://" + r.pages.listener.Addr().String()
	cookie := &http.Cookie{Name: "tsujiban", Value: e.Token}
	status, page := visit(t, http.MethodGet, at+"/portal", nil, cookie)
	if status != http.StatusOK || !strings.Contains(page, "博多商会") || !strings.Contains(page, "&lt;i&gt;kyoto-kogyo") || strings.Contains(page, "sapporo") {
		t.Errorf("%d\n%s", status, page)
	}
	for path, want := range map[string]int{"/portal/kyoto-kogyo": 200, "/portal/sapporo-unyu": 404, "/portal/gone": 404, "/live/portal/sapporo-unyu": 404} {
		if status, _ := visit(t, http.MethodGet, at+path, nil, cookie); status != want {
			t.Errorf("%s: %d, want %d", path, status, want)
		}
	}
}
