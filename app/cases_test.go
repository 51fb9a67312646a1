package app

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"tsujiban/app/control"
	"tsujiban/ledger"
)

// TestRunningCallOfASuspendedNumber: it ends at once; an overdue step is told of once, in the journal and in the log.
func TestRunningCallOfASuspendedNumber(t *testing.T) {
	s := newSite(t)
	s.write("scheme.toml", "version = \"test\"\nreport_within = \"1ns\"\nnotify_within = \"72h\"\n")
	s.configure("[ledger]\nscheme = \"scheme.toml\"\n")
	r := s.start()
	day := time.Date(2015, 4, 1, 0, 0, 0, 0, time.UTC)
	_, err := r.App.store.Ledger().Do(t.Context(), &ledger.Order{
		Entry:   ledger.Entry{By: "sato", Verb: "import", Ground: "contract 12"},
		Holders: []ledger.HolderChange{{Holder: ledger.Holder{ID: "hakata-shokai", Name: "博多商会"}, Window: ledger.Window{From: day}}},
		Screens: []ledger.Screening{{Holder: "hakata-shokai", Outcome: ledger.ScreenPassed}},
		Changes: []ledger.Change{
			{Verb: ledger.VerbAdd, Ranges: []ledger.Range{{First: 81925551200, Last: 81925551299}}, From: day, Source: "Carrier A"},
			{Verb: ledger.VerbAssign, Ranges: []ledger.Range{{First: 81925551234, Last: 81925551234}}, From: day, Holder: "hakata-shokai"},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	r.pbx.talkTo(r.guard, r.carrier, "0312345678")
	var c ledger.Case
	in := control.SuspensionRequest{Agency: "福岡県警察本部", RequestNo: "88", Date: r.App.now().AddDate(0, 0, -1).Format(time.DateOnly), Numbers: []string{"0925551234"}, Ground: "文書 88"}
	if err := r.do(http.MethodPost, "/v1/ledger/cases", in, &c); err != nil {
		t.Fatal(err)
	}
	bye := r.carrier.expect("BYE ")
	r.carrier.answer(bye, "200 OK")
	r.pbx.answer(r.pbx.expect("BYE "), "200 OK")
	r.ended()
	if got := r.records(); len(got) != 1 || got[0].Cut != "suspended" {
		t.Errorf("%+v", got)
	}
	for range 2 {
		if err := r.watch(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := strings.Count(r.site.log.String(), "overdue"); n != 1 {
		t.Errorf("told %d times:\n%s", n, r.site.log)
	}
	letter := "3" // to whom the number is assigned
	one := "/v1/ledger/cases/" + strconv.FormatInt(c.ID, 10)
	for _, o := range []struct{ method, path string }{{http.MethodPost, one + "/steps/" + letter + "/letter"}, {http.MethodPost, one + "/steps/" + letter}, {http.MethodDelete, one}} {
		if err := r.do(o.method, o.path, control.Order{Note: "要請の取下げ"}, nil); err != nil {
			t.Fatal(o, err)
		}
	}
	var list control.Actions
	if err := r.do(http.MethodGet, "/v1/actions?kind=ledger", nil, &list); err != nil {
		t.Fatal(err)
	}
	var verbs []string
	for i := range list.Actions {
		verbs = append(verbs, list.Actions[i].Verb+" "+list.Actions[i].Object)
	}
	if got, want := strings.Join(verbs, ", "), "suspension-lift 1, suspension-done 1-3, suspension-letter 1-3, suspension-open 1"; got != want {
		t.Errorf("the record of actions has %q, want %q", got, want)
	}
}
