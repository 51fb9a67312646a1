package app

import (
	"net/http"
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
}
