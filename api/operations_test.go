package api_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"tsujiban/api"
	"tsujiban/people"
)

// TestEveryOperation calls each documented operation against a running program, and holds each answer against the document.
func TestEveryOperation(t *testing.T) {
	s := newSite(t)
	d := readDocument(t, s)
	row := func(id string) *api.Row {
		for i := range api.Rows {
			if api.Rows[i].ID == id {
				return &api.Rows[i]
			}
		}
		t.Fatalf("there is no row %s", id)
		return nil
	}
	try := func(status int, token, id, path string, in any) *reply {
		t.Helper()
		r := row(id)
		if path == "" {
			path = filled(r.Path)
		}
		out := s.must(status, token, r.Method, path, in)
		d.check(r, out)
		return out
	}
	const admin, officer, analyst, viewer = "administrator", "inquiry-officer", "analyst", "viewer"
	ok, made := http.StatusOK, http.StatusCreated

	try(ok, viewer, "get-self", "", nil)
	try(ok, viewer, "get-status", "", nil)
	try(ok, viewer, "get-live", "", nil)
	try(404, analyst, "end-call", "", api.Reason{Note: "test"})

	try(ok, viewer, "list-customers", "", nil)
	try(made, admin, "create-customer", "", `{"id":"yatai","name":"屋台","numbers":["+81925551999"],"limits":{"cap_day":"5000","longest_call":"1h"}}`)
	try(ok, viewer, "get-customer", "", nil)
	try(ok, admin, "change-customer", "", `{"name":"博多商事","limits":{"bar_countries":["SL"]}}`)
	try(ok, admin, "change-limits", "", `{"cap_day":"12345.5","bar_countries":[]}`)
	try(ok, viewer, "get-limits", "", nil)
	try(ok, admin, "add-customer-numbers", "", `{"numbers":["+81925551202"]}`)
	try(ok, analyst, "list-customer-numbers", "", nil)
	try(ok, admin, "remove-customer-number", "/customers/hakata-shokai/numbers/+81925551202", nil)
	try(ok, admin, "delete-customer", "/customers/yatai", nil)

	try(ok, analyst, "restrict-customer", "", `{"level":"restrict","note":"test"}`)
	try(ok, viewer, "list-restrictions", "", nil)
	try(ok, viewer, "get-customer", "", nil)
	try(ok, "customer", "get-customer", "", nil)
	try(ok, "customer", "list-restrictions", "", nil)
	try(ok, "reseller", "answer-for-customer", "", `{"theirs":false,"note":"not us"}`)
	try(ok, analyst, "release-customer", "", `{"note":"cleaned"}`)
	try(409, analyst, "release-customer", "", `{"note":"again"}`)

	try(made, admin, "create-trunk", "", `{"id":"tenjin-pbx","customer":"tenjin-denki","sources":["198.51.100.7/32"],"username":"tenjin","password":"correct horse"}`)
	try(ok, viewer, "list-trunks", "/trunks?customer=tenjin-denki", nil)
	if r := try(ok, viewer, "get-trunk", "/trunks/tenjin-pbx", nil); strings.Contains(string(r.body), "horse") {
		t.Error("a password is told")
	}
	try(ok, admin, "change-trunk", "/trunks/tenjin-pbx", `{"domain":"tenjin.example"}`)
	try(ok, admin, "delete-trunk", "/trunks/tenjin-pbx", nil)

	try(ok, analyst, "search-calls", "", `{"ground":"the customer asked"}`)
	try(ok, analyst, "reveal-calls", "", `{"ground":"the customer asked","reason":"which number was it"}`)

	s.cases(try)
	s.ledger(try)
	s.suspension(try)
	s.inquiry(try)
	try(ok, officer, "get-retention", "", nil)
	try(ok, admin, "run-retention", "", `{"dry_run":true}`)
	s.tables(try)
	s.own(try)
	s.rules(try)
	s.house(try)

	for _, r := range api.Rows[3:] {
		if !d.called[r.ID] && r.ID != "stream-events" { // see TestEvents
			t.Errorf("%s was not called", r.ID)
		}
	}
}

type trial func(status int, token, id, path string, in any) *reply

func (s *site) cases(try trial) {
	const admin, officer, analyst, viewer = "administrator", "inquiry-officer", "analyst", "viewer"
	try(200, viewer, "get-overview", "", nil)
	try(200, analyst, "ask-customer", "", `{"note":"calls to Sierra Leone at night"}`)
	var list api.CasePage
	try(200, viewer, "list-cases", "/cases?customer=hakata-shokai", nil).into(s.t, &list)
	if len(list.Items) == 0 {
		s.t.Fatal("a question opens no case")
	}
	at := "/cases/" + strconv.FormatUint(list.Items[0].ID, 10)
	try(200, viewer, "get-case", at, nil)
	try(200, analyst, "note-case", at+"/notes", `{"note":"the PBX is from the batch of 2014"}`)
	try(200, analyst, "assign-case", at+"/assign", `{"to":"sato@example.jp"}`)
	try(409, analyst, "close-case", at+"/close", `{"note":"nothing"}`)
	try(200, analyst, "release-customer", "", `{"note":"theirs, by telephone"}`)
	try(200, viewer, "list-cases", "/cases?open=false", nil)
	try(200, viewer, "get-use", "", nil)
	try(200, "customer", "get-use", "/customers/hakata-shokai/use?from=2026-11-01T00:00:00Z&to=2026-11-20T00:00:00Z", nil)
	try(200, "customer", "get-bill", "/customers/hakata-shokai/bill?month=2026-11", nil)
	try(422, "customer", "get-bill", "/customers/hakata-shokai/bill?month=2026-13", nil)
	try(200, viewer, "get-profile", "", nil)
	try(200, officer, "list-actions", "/actions?limit=2", nil)
}

func (s *site) ledger(try trial) {
	const admin, analyst = "administrator", "analyst"
	try(200, admin, "create-holder", "", `{"id":"hakata-shokai","fields":{"name":"博多商会","corporate":"2000012020001","representative":"佐藤 一郎","address":"福岡市博多区1-1","phone":"092-555-1201","mail":"soumu@hakata.example"},"ground":"contract 1","check":{"what":"登記事項証明書","how":"in person"}}`)
	try(200, admin, "change-holder", "", `{"fields":{"phone":"092-555-1201"},"ground":"letter"}`)
	var asked api.Page[api.ScreeningQuestion]
	try(200, admin, "list-screening-questions", "", nil).into(s.t, &asked)
	answers := map[string]string{}
	for _, q := range asked.Items {
		answers[q.ID] = map[string]string{"text": "取引先への営業連絡と、問い合わせへの折り返し電話に使います", "count": "2", "yesno": "no"}[q.Kind]
	}
	answers["met"] = "yes"
	var screened api.Screening
	try(200, admin, "screen-holder", "", api.ScreeningOrder{Answers: answers, Ground: "application 1"}).into(s.t, &screened)
	if screened.Outcome != "passed" {
		s.t.Fatalf("screen: %+v", screened)
	}
	try(200, admin, "list-screenings", "", nil)
	try(409, admin, "screen-holder", "", `{"decide":"pass","ground":"meeting"}`)
	try(200, admin, "change-numbers", "", `{"verb":"add","numbers":["050-1234-5600..050-1234-5699"],"source":"Carrier A","ground":"delivery 7"}`)
	r := try(200, admin, "change-numbers", "", `{"verb":"assign","numbers":["05012345678"],"holder":"hakata-shokai","ground":"contract 1"}`)
	if !strings.Contains(string(r.body), "+815012345678") {
		s.t.Errorf("assigned: %s", r.body)
	}
	try(200, admin, "change-numbers", "", `{"verb":"assign","numbers":["05012345679"],"holder":"hakata-shokai","ground":"contract 1","dry_run":true}`)
	try(200, analyst, "get-number", "/ledger/numbers/05012345678", nil)
	try(422, analyst, "get-number", "/ledger/numbers/abc", nil)
	try(200, analyst, "list-holders", "", nil)
	try(200, analyst, "get-holder", "", nil)
	try(200, analyst, "list-held-numbers", "", nil)
	try(200, analyst, "list-entries", "/ledger/entries?limit=2", nil)
	var done api.LedgerDone
	try(200, admin, "change-numbers", "", `{"verb":"test","numbers":["05012345601"],"ground":"for us"}`).into(s.t, &done)
	try(200, admin, "undo-entry", "/ledger/entries/"+itoa(done.Entry.ID)+"/undo", api.Reason{Note: "wrong number"})
}

func (s *site) suspension(try trial) {
	var v api.Suspension
	day := time.Now().UTC().AddDate(0, 0, -1).Format(time.DateOnly)
	r := try(201, "inquiry-officer", "open-suspension", "", `{"agency":"福岡県警察本部","request_no":"生安-12","date":"`+day+`","numbers":["05012345678"],"ground":"request by paper"}`)
	r.into(s.t, &v)
	if r.header.Get("Location") != api.Prefix+"/suspensions/"+itoa(v.ID) {
		s.t.Errorf("Location %q", r.header.Get("Location"))
	}
	at := "/suspensions/" + itoa(v.ID)
	try(200, "analyst", "list-suspensions", "", nil)
	try(200, "analyst", "get-suspension", at, nil)
	for _, step := range v.Steps {
		if step.Kind == "report" {
			try(200, "inquiry-officer", "write-suspension-letter", at+"/steps/"+itoa(int64(step.Step))+"/letter", nil)
			try(200, "inquiry-officer", "complete-suspension-step", at+"/steps/"+itoa(int64(step.Step))+"/done", api.Reason{Note: "sent"})
		}
	}
	try(200, "administrator", "lift-suspension", at+"/lift", api.Reason{Note: "withdrawn by the agency"})
}

func (s *site) inquiry(try trial) {
	const officer = "inquiry-officer"
	var v api.Inquiry
	r := try(201, officer, "open-inquiry", "", `{"kind":"warrant","agency":"福岡県警察本部","document":"令状 123","numbers":["050-1234-5678"]}`)
	r.into(s.t, &v)
	at := "/inquiries/" + itoa(v.ID)
	try(200, officer, "list-inquiries", "/inquiries?all=true", nil)
	day := time.Now().UTC().Format(time.DateOnly)
	var a api.InquiryAnswer
	try(200, officer, "ask", at+"/questions", `{"number":"050-1234-5678","date":"`+day+`","talked":"50m"}`).into(s.t, &a)
	if len(a.Near) == 0 || a.Look == 0 {
		s.t.Errorf("%d near numbers, look %d", len(a.Near), a.Look)
	}
	try(200, officer, "ask-and-reveal", at+"/questions/reveal", `{"number":"050-1234-5678","date":"`+day+`","other":"090-1112-2228"}`)
	pdf := try(200, officer, "hand-over-letter", "/looks/"+itoa(a.Look)+"/letter", nil)
	if !strings.HasPrefix(string(pdf.body), "%PDF-") || !strings.Contains(pdf.header.Get("Content-Disposition"), ".pdf") {
		s.t.Errorf("letter: %.20q %v", pdf.body, pdf.header)
	}
	if zip := try(200, officer, "hand-over-bundle", "/looks/"+itoa(a.Look)+"/bundle", nil); !strings.HasPrefix(string(zip.body), "PK") {
		s.t.Errorf("bundle: %.20q", zip.body)
	}
	try(200, officer, "get-inquiry", at, nil)
	try(200, officer, "close-inquiry", at+"/close", api.Reason{Note: "answered by letter"})
	try(200, "administrator", "add-hold", "/retention/holds", `{"customer":"hakata-shokai","kind":"court","ground":"bill of October"}`)
	try(200, "administrator", "release-hold", "/retention/holds/1/release", api.Reason{Note: "settled"})
}

// tables: what comes as a file is whole, and no cell of it is a formula.
func (s *site) tables(try trial) {
	const admin, officer, analyst = "administrator", "inquiry-officer", "analyst"
	table := func(r *reply, kind, head, end string) {
		s.t.Helper()
		if k := r.header.Get("Content-Type"); !strings.HasPrefix(k, kind) || !strings.HasPrefix(r.header.Get("Content-Disposition"), "attachment; filename=") {
			s.t.Errorf("headers %v", r.header)
		}
		if text := strings.TrimPrefix(string(r.body), "\ufeff"); !strings.HasPrefix(text, head) || !strings.Contains(text, end) {
			s.t.Errorf("table %.200q", text)
		}
	}
	table(try(200, officer, "export-calls", "", `{"ground":"reconciliation of October"}`), "text/csv", "call,time,direction", "")
	table(try(200, officer, "export-and-reveal-calls", "", `{"ground":"reconciliation of October","reason":"the carrier names whole numbers"}`), "text/csv", "call,time,direction", "")
	try(422, officer, "export-and-reveal-calls", "", `{"ground":"`+strings.Repeat("x", 300)+`","reason":"`+strings.Repeat("y", 300)+`"}`)
	table(try(200, "customer", "get-bill-table", "/customers/hakata-shokai/bill.csv?month=2026-11", nil), "text/csv", "time,number,country", "")
	table(try(200, analyst, "export-ledger", "", nil), "text/csv", "number,count,state", "#end")
	table(try(200, analyst, "export-ledger", "/ledger/export?format=xlsx", nil), "application/vnd.openxml", "PK", "")
	try(422, analyst, "export-ledger", "/ledger/export?format=pdf", nil)

	try(200, admin, "get-annual-report", "", nil)
	try(409, admin, "get-annual-report", "/ledger/annual-reports/2999", nil)
	table(try(200, admin, "get-annual-table", "", nil), "text/csv", "position,", "#end")
	table(try(200, admin, "get-annual-table", "/ledger/annual-reports/2026/table?format=xlsx", nil), "application/vnd.openxml", "PK", "")
	try(409, admin, "get-annual-table", "/ledger/annual-reports/2999/table", nil)

	list := "number,verb,source\n+815011110000..+815011110099,add,Carrier A\n"
	in := api.LedgerImport{Name: "numbers.csv", Data: []byte(list), Ground: "delivery 8", DryRun: true}
	var done api.LedgerDone
	try(200, admin, "import-ledger", "", in).into(s.t, &done)
	if !done.DryRun || done.Entry != nil || len(done.Refused) > 0 {
		s.t.Fatalf("dry run: %+v", done)
	}
	in.DryRun, done = false, api.LedgerDone{}
	try(200, admin, "import-ledger", "", in).into(s.t, &done)
	if done.Numbers != 100 || done.Entry == nil {
		s.t.Errorf("import: %+v", done)
	}
	in.DryRun, in.Data = true, []byte("number,verb,source\nabc,add,Carrier A\n")
	done = api.LedgerDone{}
	try(200, admin, "import-ledger", "", in).into(s.t, &done)
	if len(done.Refused) != 1 || done.Refused[0].Line != 2 {
		s.t.Errorf("a dry run of a list with a fault: %+v", done)
	}
	in.DryRun = false
	try(422, admin, "import-ledger", "", in)
}

func (s *site) rules(try trial) {
	const admin, viewer = "administrator", "viewer"
	tag := try(200, viewer, "get-rules", "", nil).header.Get("ETag")
	next := try(200, admin, "change-rules", "", `{"closed":["23277"],"defaults":{"cap_day":"15000"},"note":"warned by a carrier"}`).header.Get("ETag")
	if tag == "" || tag == next {
		s.t.Errorf("tags %q %q", tag, next)
	}
	s.must(412, admin, "PATCH", "/rules", `{"hints":["53"],"note":"x"}`, "If-Match", tag)
	s.must(200, admin, "PATCH", "/rules", `{"hints":["53"],"note":"x"}`, "If-Match", next)
	try(200, viewer, "get-preview", "", nil)
	try(409, admin, "cancel-preview", "", nil)
	try(200, admin, "start-preview", "", `{"closed":["53"],"days":3}`)
	for deadline := time.Now().Add(30 * time.Second); ; {
		var p api.Preview
		try(200, viewer, "get-preview", "", nil).into(s.t, &p)
		if p.State == "done" {
			break
		}
		if p.State != "running" || time.Now().After(deadline) {
			s.t.Fatalf("%+v", p)
		}
	}
}

func (s *site) house(try trial) {
	const admin, analyst, viewer = "administrator", "analyst", "viewer"
	var staff api.Page[api.StaffMember]
	try(200, admin, "list-staff", "", nil).into(s.t, &staff)
	if len(staff.Items) != len(people.Roles) {
		s.t.Errorf("staff: %+v", staff.Items)
	}
	try(200, admin, "get-staff", "/staff/viewer@example.jp", nil)
	try(404, admin, "get-staff", "", nil)
	try(200, admin, "sign-staff-out", "/staff/viewer@example.jp/sign-out", nil)
	try(200, admin, "disable-staff", "/staff/viewer@example.jp/disable", nil)
	try(409, admin, "disable-staff", "/staff/administrator@example.jp/disable", nil) // the last one

	s.tokensOf(try)
	who, _ := s.tokens.Caller(s.t.Context(), analyst)
	p, err := s.app.Door().Propose(s.t.Context(), who.Person, people.ActReleaseClosed, "hakata-shokai", "cleaned",
		people.Order{Method: "DELETE", Path: "/v1/customers/hakata-shokai/restriction", Body: []byte(`{"note":"cleaned"}`)})
	if err != nil {
		s.t.Fatal(err)
	}
	at := "/proposals/" + itoa(p.ID)
	for token, want := range map[string]int{analyst: 1, admin: 1, viewer: 0} { // who may not see the record sees the own
		var list api.Page[api.ProposalState]
		if try(200, token, "list-proposals", "", nil).into(s.t, &list); len(list.Items) != want {
			s.t.Errorf("%s sees %+v", token, list.Items)
		}
	}
	try(404, viewer, "get-proposal", at, nil)
	try(404, admin, "withdraw-proposal", at+"/withdraw", nil)
	try(200, analyst, "withdraw-proposal", at+"/withdraw", nil)
	try(409, analyst, "withdraw-proposal", at+"/withdraw", nil)
	var gone api.ProposalState
	if try(200, admin, "get-proposal", at, nil).into(s.t, &gone); gone.State != "withdrawn" {
		s.t.Errorf("%+v", gone)
	}

	try(200, viewer, "get-evidence", "", nil)
	try(200, viewer, "list-webhooks", "", nil)
	try(404, admin, "test-webhook", "", nil)
	try(404, admin, "test-notices", "", `{"mail":"noc@example.jp"}`)
	try(200, viewer, "list-notices", "/notices?state=dead", nil)
	try(422, viewer, "list-notices", "/notices?kind=gossip", nil)
	try(404, "analyst", "send-notice-again", "", nil)
}

// tokensOf: a token ends itself and those that may no more than it.
func (s *site) tokensOf(try trial) {
	who, _ := s.tokens.Caller(s.t.Context(), "analyst")
	owner := &people.Caller{Person: *who.Person, Session: &people.Session{Proved: s.clock(), Method: people.ByPasskey}}
	for name, scopes := range map[string][]people.Right{"narrow": {people.SeeLive}, "wide": {people.SeeLive, people.ActOnCase}} {
		if _, err := s.app.Door().NewToken(s.t.Context(), owner, name, scopes, 24*time.Hour, people.From{}); err != nil {
			s.t.Fatal(err)
		}
	}
	var list api.Page[api.Token]
	try(200, "analyst", "list-tokens", "", nil).into(s.t, &list)
	id := map[string]string{}
	for _, t := range list.Items {
		id[t.Name] = t.ID
	}
	s.tokens.add("narrow", who.Person, func(r people.Right) bool { return r == people.SeeLive })
	try(403, "narrow", "end-token", "/tokens/"+id["wide"], nil)
	try(200, "narrow", "end-token", "/tokens/"+id["narrow"], nil)
	try(404, "customer", "end-token", "/tokens/"+id["wide"], nil)
	try(200, "analyst", "end-token", "/tokens/"+id["wide"], nil)
	if try(200, "analyst", "list-tokens", "", nil).into(s.t, &list); len(list.Items) != 0 {
		s.t.Errorf("%+v", list.Items)
	}
}

// own: what a customer sets for itself narrows what the operator allows, and never widens it.
func (s *site) own(try trial) {
	var v api.OwnSettings
	s.must(200, "administrator", "PATCH", "/customers/hakata-shokai/limits", `{"cap_day":"20000"}`)
	try(200, "customer", "set-own-switches", "", `{"no_international":true,"bar_countries":["US","SL"]}`)
	try(200, "reseller", "set-own-limits", "", `{"cap_day":"5000","longest_call":"30m"}`)
	try(422, "customer", "set-own-limits", "", `{"cap_day":"20001"}`)
	try(422, "customer", "set-own-switches", "", `{"bar_countries":["XX"]}`)
	try(200, "customer", "stop-own-calls", "", nil).into(s.t, &v)
	if o := v.Own; !o.Stopped || !o.NoInternational || len(o.BarCountries) != 2 || o.CapDay != "5000" || v.Effective.CapDay != "5000" || v.Ceiling.CapDay != "20000" {
		s.t.Errorf("%+v", v)
	}
	try(200, "customer", "resume-own-calls", "", nil)
	try(200, "customer", "set-own-switches", "", `{"no_international":false,"bar_countries":[]}`)
	v = api.OwnSettings{}
	if try(200, "viewer", "get-own", "", nil).into(s.t, &v); v.Own.Stopped || v.Own.NoInternational || len(v.Own.BarCountries) != 0 || v.Own.CapDay != "5000" {
		s.t.Errorf("%+v", v.Own)
	}
}
