package records_test

import (
	"html"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"tsujiban/app/control"
	"tsujiban/console/consoletest"
	"tsujiban/people"
)

// hostile is what an attacker calls its device.
const hostile = `=HYPERLINK("http://evil.example/")<script>alert(1)</script>` + "\u202egpj.exe"

func called(t *testing.T) *consoletest.Site {
	t.Helper()
	site := consoletest.Start(t, "")
	site.PBX.Agent = hostile
	site.PBX.Call("0312345678")
	office := site.App.Office("analyst@example.jp")
	for range 200 { // the call has to be in the view
		var found control.Calls
		if err := office.Do(t.Context(), http.MethodPost, "/v1/calls", control.CallSearch{Ground: "test"}, &found); err != nil {
			t.Fatal(err)
		}
		if len(found.Calls) > 0 {
			return site
		}
	}
	t.Fatal("the call is not there")
	return nil
}

// TestCalls: nothing without a ground, masked with one, whole numbers with a reason and the right; what strangers wrote does nothing.
func TestCalls(t *testing.T) {
	site := called(t)
	v := site.Visit(t, people.InquiryOfficer)
	r := v.Get("/calls")
	r.Has(t, 200, "通信の秘密")
	r.HasNot(t, "<tbody>", "81312")
	r = v.Post("/calls", "customer", "hakata-shokai")
	r.Has(t, 422, "入力してください")
	r.HasNot(t, "<tbody>")
	r = v.Post("/calls", "ground", "令状 123", "number", "0312345678")
	r.Has(t, 200, "1 通話", "+8131234****", "この閲覧は記録されました", "&lt;script&gt;", `\u202e`)
	r.HasNot(t, "+81312345678", "<script>alert", "\u202e")
	v.Post("/calls", "ground", "令状 123", "number", "何か").Has(t, 400, "番号として読めません")
	v.Post("/calls", "ground", "令状 \u202e123").Has(t, 422, "使えない文字")
	v.Post("/calls", "ground", strings.Repeat("令", 501)).Has(t, 422, "長すぎます")
	v.Post("/calls", "ground", "x", "from", "2026-11-25", "to", "2026-11-20").Has(t, 422, "開始日より前")
	r = v.Post("/calls/reveal", "ground", "令状 123")
	r.Has(t, 422, "入力してください")
	r.HasNot(t, "+81312345678")
	v.Post("/calls/reveal", "ground", "令状 123", "reason", "相手方の特定").Has(t, 200, "+81312345678")

	r = v.Post("/calls/export", "ground", "令状 123")
	r.Has(t, 200, "+8131234****", "'=HYPERLINK")
	r.HasNot(t, "+81312345678")
	if d := r.Header.Get("Content-Disposition"); !strings.Contains(d, "calls.csv") {
		t.Error(d)
	}
	v.Post("/calls/export", "customer", "hakata-shokai").Has(t, 422)
	v.Post("/calls/export/whole", "ground", "令状 123", "reason", "相手方の特定").Has(t, 200, "+81312345678")
}

// TestRights: who may search may not always reveal or export; who may not search is refused.
func TestRights(t *testing.T) {
	site := called(t)
	for role, want := range map[people.Role][3]int{ // search, reveal, export
		people.Viewer: {403, 403, 403}, people.Analyst: {200, 200, 403}, people.Administrator: {200, 403, 403}, people.CustomerRole: {403, 403, 403},
	} {
		v := site.Visit(t, role)
		for i, path := range []string{"/calls", "/calls/reveal", "/calls/export"} {
			r := v.Post(path, "ground", "令状 123", "reason", "相手方の特定")
			if r.Status != want[i] {
				t.Errorf("%v %s: %d, want %d", role, path, r.Status, want[i])
			}
			if r.Status == 403 {
				r.HasNot(t, "8131234")
			}
		}
		v.Post("/calls/export/whole", "ground", "令状 123", "reason", "x").Has(t, 403)
	}
	site.Visit(t, people.Analyst).Get("/record").Has(t, 403)
}

// TestRecord: what was set, filtered, page after page and as CSV that no spreadsheet calculates.
func TestRecord(t *testing.T) {
	site := consoletest.Start(t, "")
	office := site.App.Office("administrator@example.jp")
	if err := office.Do(t.Context(), http.MethodPut, "/v1/customers/hakata-shokai/restriction", control.Order{Level: "restrict", Note: "<script>alert(1)</script>"}, nil); err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(5 * time.Millisecond) // the store takes it a little later than the guard
	defer tick.Stop()
	for list := (control.Actions{}); len(list.Actions) == 0; <-tick.C {
		if err := office.Do(t.Context(), http.MethodGet, "/v1/actions?verb=restrict", nil, &list); err != nil {
			t.Fatal(err)
		}
	}
	v := site.Visit(t, people.Administrator)
	r := v.Get("/record?verb=restrict")
	r.Has(t, 200, `<td class="nowrap" data-label="操作">制限`, "hakata-shokai", "&lt;script&gt;")
	r.HasNot(t, "<script>alert", `<td class="nowrap" data-label="操作">契約者`)
	v.Get("/record?customer=nobody").Has(t, 200, "該当する操作はありません")
	v.Get("/record?cursor=x").Has(t, 400, "続きの位置が正しくありません")
	r = v.Get("/record/csv")
	r.Has(t, 200, "restrict", "#end")
	// A note has its amounts with their unit, in the reader's language.
	if err := office.Do(t.Context(), http.MethodPatch, "/v1/customers/hakata-shokai", map[string]any{"limits": map[string]any{"cap_day": 20000, "bar_countries": []string{"SL"}}}, nil); err != nil {
		t.Fatal(err)
	}
	v.Get("/record/csv").Has(t, 200, "1日の上限 ¥20,000、発信できない国 追加 シエラレオネ")
}

// TestDeeds: looks with their ground, inquiries, holds and staff are in the record, by kind, person and day, with masked numbers; nothing of an inquiry's
// paper for who does not answer the police, nothing at all on pages of the customer.
func TestDeeds(t *testing.T) {
	site := called(t)
	officer, admin := site.Visit(t, people.InquiryOfficer), site.Visit(t, people.Administrator)
	officer.Post("/calls/reveal", "ground", "令状 <b>77</b>", "number", "0312345678", "customer", "hakata-shokai", "from", "2026-01-01", "to", "2036-01-01", "reason", "相手方の特定").Has(t, 200)
	office := site.App.Office("inquiry-officer@example.jp")
	open := control.InquiryOpen{Kind: "warrant", Agency: "博多警察署", Document: "令状 8-15", Numbers: []string{"092-555-1234"}}
	if err := office.Do(t.Context(), http.MethodPost, "/v1/inquiries", open, nil); err != nil {
		t.Fatal(err)
	}
	ask := control.InquiryAsk{Ground: "1", Number: "0925551234", Date: "2026-11-20"}
	if err := office.Do(t.Context(), http.MethodPost, "/v1/inquiries/ask", ask, nil); err != nil {
		t.Fatal(err)
	}
	if err := office.Do(t.Context(), http.MethodPost, "/v1/retention/holds", control.Hold{Number: "0925551234", Kind: "preservation", Ground: "要請 3"}, nil); err != nil {
		t.Fatal(err)
	}
	if err := site.Socket.Do(t.Context(), http.MethodPost, "/v1/staff", control.Staff{Login: "new@example.jp", Name: "新人", Role: "analyst"}, nil); err != nil {
		t.Fatal(err)
	}
	r := officer.Get("/record")
	r.Has(t, 200, "令状 &lt;b&gt;77&lt;/b&gt;", "番号 +8131234****", "番号をすべて表示", "照会について検索", "博多警察署 令状 8-15", "記録を保全", "要請 3", "担当者を招待", "分析")
	r.HasNot(t, "<b>77", "0312345678", "312345678", "whole numbers", `{"`)
	officer.Get("/record?kind=inquiries").HasNot(t, "5551234")
	officer.Get("/record?kind=retention").HasNot(t, "5551234")
	r = admin.Get("/record?kind=inquiries")
	r.Has(t, 200, "照会を受付", `<td class="nowrap" data-label="対象">1</td>`)
	r.HasNot(t, "博多警察署", "8-15", "555", "通話記録を検索</td>")
	admin.Get("/record/csv?kind=inquiries").HasNot(t, "博多警察署", "8-15")
	officer.Get("/record/csv?kind=looks").Has(t, 200, "calls-search", "令状", "#end")
	officer.Get("/record?kind=looks&by=inquiry-officer@example.jp").Has(t, 200, "相手方の特定")
	officer.Get("/record?kind=looks&by=administrator@example.jp").Has(t, 200, "該当する操作はありません")
	officer.Get("/record?kind=looks&to=2020-01-01").Has(t, 200, "該当する操作はありません")
	officer.Get("/record?kind=looks&from=2020-01-01&to=2036-01-01").Has(t, 200, "相手方の特定")
	officer.Get("/record?from=2026-02-01&to=2026-01-01").Has(t, 422, "開始日より前")
	admin.Get("/customers/hakata-shokai/history").HasNot(t, "令状", "通話記録を検索", "calls-")
	site.Visit(t, people.CustomerRole).Get("/portal/hakata-shokai/history").HasNot(t, "令状", "calls-search")
}

// TestDeedsOfTheDesk: what is done to cases, what the customer answered, exports and new keys are in the record of staff, and not in the customer's.
func TestDeedsOfTheDesk(t *testing.T) {
	site := called(t)
	office := site.App.Office("analyst@example.jp")
	do := func(method, path string, in any) {
		t.Helper()
		if err := office.Do(t.Context(), method, path, in, nil); err != nil {
			t.Fatal(err)
		}
	}
	do(http.MethodPost, "/v1/customers/hakata-shokai/ask", control.Order{Note: "夜間の通話 <b>9</b>"})
	var list control.Suspicions
	tick := time.NewTicker(5 * time.Millisecond) // the view of cases follows the journal
	defer tick.Stop()
	for ; len(list.Cases) == 0; <-tick.C {
		if err := office.Do(t.Context(), http.MethodGet, "/v1/cases", nil, &list); err != nil {
			t.Fatal(err)
		}
	}
	id := strconv.FormatUint(list.Cases[0].ID, 10)
	do(http.MethodPost, "/v1/cases/"+id+"/note", control.CaseNote{Note: "折り返し待ち"})
	do(http.MethodPost, "/v1/cases/"+id+"/assign", control.CaseNote{To: "suzuki", Note: "夜勤"})
	do(http.MethodPost, "/v1/customers/hakata-shokai/answer", control.Answer{Note: "電話で確認"})
	do(http.MethodGet, "/v1/ledger/export", nil)
	do(http.MethodPost, "/v1/evidence/key", nil)
	v := site.Visit(t, people.Administrator)
	r := v.Get("/record?kind=cases")
	r.Has(t, 200, "契約者に確認を依頼", "夜間の通話 &lt;b&gt;9", "事案にメモ", "折り返し待ち", "事案を引き継ぎ", "suzuki へ", "契約者の回答", "自社の通話ではないとの回答", `<td class="nowrap" data-label="対象">`+id+`</td>`)
	r.HasNot(t, "<b>9", "番号台帳を書き出し</td>")
	v.Get("/record?kind=ledger").Has(t, 200, "番号台帳を書き出し")
	v.Get("/record?kind=evidence").Has(t, 200, "署名鍵を交換")
	v.Get("/record?kind=settings").HasNot(t, "折り返し待ち")
	v.Get("/customers/hakata-shokai/history").HasNot(t, "折り返し待ち", "suzuki")
	site.Visit(t, people.CustomerRole).Get("/portal/hakata-shokai/history").HasNot(t, "折り返し待ち", "suzuki")
}

// TestPaging: pages of the record follow one another by their cursors, with the filter.
func TestPaging(t *testing.T) {
	site := consoletest.Start(t, "")
	office := site.App.Office("analyst@example.jp")
	const looks = 103
	for range looks {
		if err := office.Do(t.Context(), http.MethodPost, "/v1/calls", control.CallSearch{Ground: "同意"}, nil); err != nil {
			t.Fatal(err)
		}
	}
	v := site.Visit(t, people.Administrator)
	older := regexp.MustCompile(`href="(/record\?[^"]*cursor=[^"]*)"`)
	n := 0
	for path := "/record?kind=looks"; path != ""; {
		r := v.Get(path)
		r.Has(t, 200)
		n += strings.Count(r.Body, `<th scope="row">`)
		path = ""
		if m := older.FindStringSubmatch(r.Body); m != nil {
			path = html.UnescapeString(m[1])
		}
	}
	if n != looks {
		t.Errorf("the pages have %d looks, not %d", n, looks)
	}
}
