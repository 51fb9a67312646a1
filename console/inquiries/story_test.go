package inquiries_test

import (
	"net/http"
	"strings"
	"testing"

	"tsujiban/app/control"
	"tsujiban/console/consoletest"
	"tsujiban/people"
)

// TestPoliceCall is the story of INCIDENTS §3 through the pages: a test number of ours, no such call, one digit away a number of
// another carrier; then the letter and the bundle.
func TestPoliceCall(t *testing.T) {
	site := consoletest.Start(t, "")
	site.PBX.Call("0312345678")
	office := site.App.Office("administrator@example.jp")
	do := func(path string, in any) {
		t.Helper()
		if err := office.Do(t.Context(), http.MethodPost, path, in, nil); err != nil {
			t.Fatal(err)
		}
	}
	do("/v1/ledger/numbers", control.NumberChange{Verb: "add", Numbers: []string{"050-1232-*"}, Source: "Carrier A", Ground: "x", When: control.When{From: "2020-01-01"}})
	do("/v1/ledger/numbers", control.NumberChange{Verb: "test", Numbers: []string{"050-1232-5678"}, Ground: "x", When: control.When{From: "2020-01-01"}})
	table := "番号,事業者名\n050-1232,Carrier A\n050-1234,Carrier B\n"
	do("/v1/ledger/import", control.LedgerImport{Name: "d.csv", Data: []byte(table), Published: "2026-10-01", Whole: []string{"0501*"}, Ground: "soumu.go.jp"})

	v := site.Visit(t, people.InquiryOfficer)
	v.Get("/inquiries").Has(t, 200, "受付中の案件はありません")
	v.Post("/inquiries/new", "kind", "warrant").Has(t, 422, "入力してください")
	v.Post("/inquiries/new", "kind", "warrant", "agency", "福岡\u202e県警", "document", "令状 1").Has(t, 422, "使えない文字")
	r := v.Post("/inquiries/new", "kind", "warrant", "agency", "<script>alert(1)</script>", "officer", "捜査第二課 山田", "document", "令状 123", "numbers", "050-1232-5678")
	r.Has(t, 303)
	if r.Location != "/inquiries/1" {
		t.Fatal(r.Location)
	}
	r = v.Get(r.Location)
	r.Has(t, 200, "案件 1 を登録しました", "&lt;script&gt;", "閲覧可", "05012325678")
	r.HasNot(t, "<script>alert")

	v.Post("/inquiries/1/ask", "number", "050-1232-5678", "date", "2026-11-20", "talked", "少し").Has(t, 422, "50m、1h30m、50分")
	v.Post("/inquiries/1/ask", "number", "092-555-1234", "date", "2026-11-20").Has(t, 403, "別の番号が書かれています")
	r = v.Post("/inquiries/1/ask", "number", "050-1232-5678", "date", "2026-11-20", "talked", "50分")
	r.Has(t, 200, "該当する通話はありません", "社内試験用", "050-1234-5678", "7桁目 2→4", "Carrier B", "当社の番号で、該当する通話がないもの", "閲覧番号 1")
	r.HasNot(t, "<script>alert")

	r = v.Post("/inquiries/1/looks/1/letter")
	r.Has(t, 200)
	if !strings.HasPrefix(r.Body, "%PDF-") || r.Header.Get("Content-Type") != "application/pdf" || !strings.Contains(r.Header.Get("Content-Disposition"), "inquiry-1-2.pdf") {
		t.Errorf("%v %.20q", r.Header, r.Body)
	}
	r = v.Post("/inquiries/1/looks/1/bundle")
	r.Has(t, 200)
	if !strings.HasPrefix(r.Body, "PK") || !strings.Contains(r.Header.Get("Content-Disposition"), "inquiry-1-3.zip") {
		t.Errorf("%v %.20q", r.Header, r.Body)
	}
	v.Post("/inquiries/1/looks/99/letter").Has(t, 404, "ありません")
	v.Post("/inquiries/1/looks/1/anything").Has(t, 404)
	v.Get("/inquiries/1").Has(t, 200, "回答書", "証明ファイル")

	v.Post("/inquiries/1/close", "result", "").Has(t, 422)
	v.Post("/inquiries/1/close", "result", "該当なし、番号違いの可能性を回答").Has(t, 303)
	v.Get("/inquiries/1").Has(t, 200, "番号違いの可能性を回答", "終結")
	v.Post("/inquiries/1/ask", "number", "050-1232-5678", "date", "2026-11-20").Has(t, 403)
	v.Get("/inquiries/99").Has(t, 404)
	v.Get("/inquiries/x").Has(t, 404, "お探しの案件はありません")
}

// TestGrounds: a written inquiry shows no call, and a preservation request shows nothing.
func TestGrounds(t *testing.T) {
	site := consoletest.Start(t, "")
	site.PBX.Call("0312345678")
	v := site.Visit(t, people.InquiryOfficer)
	v.Post("/inquiries/new", "kind", "inquiry", "agency", "警視庁", "document", "捜二-88", "numbers", "092-555-1234").Has(t, 303)
	r := v.Post("/inquiries/1/ask", "number", "092-555-1234", "from", "2020-01-01", "to", "2020-02-01")
	r.Has(t, 200, "この根拠では通話記録を見られません", "通話記録は通信の秘密です")
	r.HasNot(t, "8131234", `/inquiries/1/reveal`)
	v.Post("/inquiries/new", "kind", "preservation", "agency", "警視庁", "document", "保全-7", "numbers", "092-555-1234", "days", "31").Has(t, 400, "1〜30 日")
	v.Post("/inquiries/new", "kind", "emergency", "agency", "110番", "document", "受理5").Has(t, 400, "備考")
	for _, role := range []people.Role{people.Viewer, people.Analyst, people.Administrator, people.Reseller, people.CustomerRole} {
		w := site.Visit(t, role)
		w.Get("/inquiries/1").Has(t, 403)
		w.Post("/inquiries/1/ask", "number", "092-555-1234").Has(t, 403)
		w.Post("/inquiries/1/looks/1/letter").Has(t, 403)
	}
}
