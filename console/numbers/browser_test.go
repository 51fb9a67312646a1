package numbers_test

import (
	"testing"

	"tsujiban/app/control"
	"tsujiban/console/consoletest"
	"tsujiban/ledger"
	"tsujiban/people"
)

// good are answers that pass the onboarding screen.
var good = map[string]string{
	"purpose": "自社製品の購入者からの問い合わせを受ける窓口に使います", "channels": "4", "messages_per_month": "0", "numbers": "1", "bought_list": "no",
	"hides_both_numbers": "no", "resells": "no", "abroad": "no", "forwarding": "no", "met": "yes",
}

// filled is a site whose ledger has numbers, holders, screens and a suspension case.
func filled(t *testing.T) *consoletest.Site {
	t.Helper()
	site := consoletest.Start(t, "")
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(site.Log)
		}
	})
	office := site.App.Office("administrator@example.jp")
	do := func(path string, in any) {
		t.Helper()
		if err := office.Do(t.Context(), "POST", path, in, nil); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
	}
	holder := func(id, name, parent string, reseller bool) {
		do("/v1/ledger/holders/"+id, control.HolderChange{Add: true, Ground: "申込書 1", Fields: map[string]any{
			"name": name, "address": "福岡市博多区 " + id, "phone": "092-555-1234", "parent": parent, "reseller": reseller,
		}})
	}
	change := func(verb, numbers, holder, source string) {
		do("/v1/ledger/numbers", control.NumberChange{Verb: verb, Numbers: []string{numbers}, Holder: holder, Source: source, Ground: "申込書 1"})
	}
	change("add", "050-1232-*", "", "Carrier A")
	holder("kyushu-tel", "九州テレ再販", "", true)
	holder("hakata-shokai", "博多商会", "kyushu-tel", false)
	holder("bulk", "大量送信", "", false)
	for _, id := range []string{"kyushu-tel", "hakata-shokai"} {
		do("/v1/ledger/holders/"+id+"/screen", control.ScreenOrder{Answers: good, Ground: "申込書 1"})
	}
	do("/v1/ledger/holders/bulk/screen", control.ScreenOrder{Answers: map[string]string{"purpose": "副業の案内"}, Ground: "申込書 2"})
	do("/v1/ledger/holders/hakata-shokai", control.HolderChange{Check: &ledger.Check{What: "登記事項証明書", How: "対面", By: "佐藤"}, Ground: "申込書 1"})
	change("assign", "050-1232-0000..050-1232-0009", "hakata-shokai", "")
	change("test", "050-1232-5678", "", "")
	do("/v1/ledger/cases", control.SuspensionRequest{Agency: "福岡県警察本部", Officer: "山田", RequestNo: "捜二-88", Date: "2026-11-20", Numbers: []string{"050-1232-0003"}, Ground: "要請書"})
	return site
}

// TestPages looks at every page of the room in every window.
func TestPages(t *testing.T) {
	site := filled(t)
	tab := site.Browse(t).Open(t, consoletest.Windows(people.Administrator)[0], "/numbers")
	for i, w := range consoletest.Windows(people.Administrator) {
		tab.Look(w)
		for j, path := range []string{
			"/numbers", "/numbers?q=050-1232-0003", "/numbers/holders", "/numbers/holders/hakata-shokai", "/numbers/holders/hakata-shokai/edit", "/numbers/holders/bulk/screen",
			"/numbers/entries", "/numbers/entries/1/undo", "/numbers/change", "/numbers/change?verb=assign", "/numbers/import", "/numbers/suspensions", "/numbers/suspensions/new",
			"/numbers/suspensions/1", "/numbers/annual?year=2026",
		} {
			if !consoletest.Turn(i, j) {
				continue
			}
			tab.Go(path)
			tab.Check()
			tab.Shot()
		}
	}
}
