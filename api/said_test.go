package api_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// TestSaidInJapanese: what the program refuses is explained in Japanese to whom reads it, and the explanation names what it is about.
func TestSaidInJapanese(t *testing.T) {
	s := newSite(t)
	const firm = "/customers/hakata-shokai"
	for _, c := range []struct {
		status                  int
		token, method, path, in string
		ja                      string
	}{
		{404, "viewer", "GET", "/customers/nobody", "", "存在しないか、このトークンでは扱えません。"},
		{403, "viewer", "PATCH", "/rules", "{}", "権限がありません"},
		{409, "administrator", "POST", "/customers", `{"id":"hakata-shokai","name":"x"}`, "契約者「hakata-shokai」はすでに登録されています。"},
		{409, "administrator", "POST", "/trunks", `{"id":"hakata-pbx","customer":"hakata-shokai","sources":["198.51.100.7/32"]}`, "トランク「hakata-pbx」はすでに登録されています。"},
		{409, "administrator", "DELETE", firm, "", "契約者「hakata-shokai」にはトランク（hakata-pbx）があります。"},
		{409, "analyst", "POST", firm + "/restriction/release", `{"note":"x"}`, "契約者「hakata-shokai」は規制されていません。"},
		{409, "administrator", "POST", firm + "/numbers", `{"numbers":["+81925551201"]}`, "すでに契約者「hakata-shokai」に登録されています。"},
		{409, "administrator", "POST", "/rules/preview/cancel", "", "試算は実行されていません。"},
		{422, "administrator", "PATCH", firm + "/limits", `{"bar_countries":["XX"]}`, "発信できない国: 「XX」は国コードではありません。"},
		{422, "administrator", "PATCH", firm, `{"name":"a\u001bb"}`, "名称: 使えない文字"},
		{422, "customer", "GET", firm + "/bill?month=2026-13", "", "月: 「2026-13」は月ではありません。"},
		{422, "analyst", "GET", "/ledger/numbers/abc", "", "「abc」は番号として読めません。"},
	} {
		var in any
		if c.in != "" {
			in = c.in
		}
		p := s.must(c.status, c.token, c.method, c.path, in, "Accept-Language", "ja").problem(t)
		if !strings.Contains(p.Detail, c.ja) || !japanese.MatchString(p.Title) || strings.Contains(p.Detail, "tsujiban ") {
			t.Errorf("%s %s: %q: %q, want %q", c.method, c.path, p.Title, p.Detail, c.ja)
		}
		if c.status != http.StatusNotFound && c.method == "DELETE" {
			continue
		}
		if p = s.must(c.status, c.token, c.method, c.path, in, "Accept-Language", "en").problem(t); japanese.MatchString(p.Title + p.Detail) {
			t.Errorf("%s %s in English: %q: %q", c.method, c.path, p.Title, p.Detail)
		}
	}
}

var japanese = regexp.MustCompile(`[ぁ-んァ-ヶ一-龠]`)
