package portal_test

import (
	"html"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/console/consoletest"
	"tsujiban/console/portal"
	"tsujiban/console/signin"
	"tsujiban/people"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const firm = "/portal/hakata-shokai"

// reader is somebody with a browser without script.
type reader struct {
	t    *testing.T
	site *consoletest.Site
	*http.Client
	page string
}

func read(t *testing.T, site *consoletest.Site, role people.Role) *reader {
	return &reader{t: t, site: site, Client: site.Client(role)}
}

func (b *reader) do(method, path string, form url.Values) (status int, h http.Header) {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.site.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Accept-Language", "ja")
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := b.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		b.t.Fatal(err)
	}
	b.page = string(body)
	return resp.StatusCode, resp.Header
}

// get reads a page that says all the words.
func (b *reader) get(path string, words ...string) {
	b.t.Helper()
	status, _ := b.do(http.MethodGet, path, nil)
	if status != http.StatusOK {
		b.t.Fatalf("%s: %d\n%s", path, status, b.page)
	}
	b.says(words...)
}

func (b *reader) says(words ...string) {
	b.t.Helper()
	for _, w := range words {
		if !strings.Contains(b.page, w) {
			b.t.Errorf("the page does not say %q:\n%s", w, b.page)
		}
	}
}

var made = regexp.MustCompile(`name="(version|was)" value="([^"]*)"`)

var token = regexp.MustCompile(`name="csrf" value="([^"]*)"`)

// post sends a form of the page that was read last, and reads where it leads.
func (b *reader) post(path string, want int, fields ...string) {
	b.t.Helper()
	form := url.Values{}
	if m := token.FindStringSubmatch(b.page); m != nil {
		form.Set("csrf", m[1])
	}
	for _, m := range made.FindAllStringSubmatch(b.page, -1) {
		form.Set(m[1], html.UnescapeString(m[2]))
	}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	status, h := b.do(http.MethodPost, path, form)
	if status != want {
		b.t.Fatalf("POST %s: %d, want %d\n%s", path, status, want, b.page)
	}
	if to := h.Get("Location"); to != "" && status == http.StatusSeeOther {
		b.get(to)
	}
}

func state(t *testing.T, s *consoletest.Site) control.CustomerState {
	t.Helper()
	var c control.CustomerState
	if err := s.App.Office("test").Do(t.Context(), http.MethodGet, "/v1/customers/hakata-shokai", nil, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func set(t *testing.T, s *consoletest.Site, method, path string, in any) {
	t.Helper()
	if err := s.App.Office("test").Do(t.Context(), method, path, in, nil); err != nil {
		t.Fatal(err)
	}
}

// TestPagesOfACustomer: every page says what it is for, hostile names stay text, and another customer's are not there.
func TestPagesOfACustomer(t *testing.T) {
	s := consoletest.Start(t, "")
	set(t, s, http.MethodPatch, "/v1/customers/hakata-shokai", map[string]any{"name": `博多<script>alert(1)</script>`, "limits": map[string]any{"cap_day": 20000, "bar_countries": []string{"CU"}}})
	b := read(t, s, people.CustomerRole)
	b.get(firm, "本日のご利用額", "上限 ¥20,000", "最近30日", "博多&lt;script&gt;")
	for path, words := range map[string][]string{
		firm + "/bill":            {"通話明細", "この月に料金の掛かる通話はありません"},
		firm + "/bill?by=day":     {"日ごと"},
		firm + "/settings":        {"国際発信", "通信事業者の上限 ¥20,000", "ほかの国・地域を止める", "アイスランド"},
		firm + "/stop":            {"すべての発信を止める", "110・118・119"},
		firm + "/history":         {"設定の変更", "ログイン履歴"},
		firm + "/question":        {"確認をお願いしている発信はありません"},
		"/checks":                 {"PBX・ルーターの点検", "SIP（5060・5061 番）"},
		firm + "/bill?month=2026": {},
	} {
		status, _ := b.do(http.MethodGet, path, nil)
		if len(words) == 0 && status != http.StatusBadRequest || len(words) > 0 && status != http.StatusOK {
			t.Errorf("%s: %d\n%s", path, status, b.page)
		}
		b.says(words...)
		if strings.Contains(b.page, "<script>alert") {
			t.Errorf("%s: a name became script", path)
		}
	}
	for _, path := range []string{"", "/bill", "/bill.csv", "/bill.pdf", "/settings", "/stop", "/history", "/question"} {
		for _, other := range []string{"naniwa-denki", "nobody", "..%2fhakata-shokai"} {
			if status, _ := b.do(http.MethodGet, "/portal/"+other+path, nil); status != http.StatusNotFound {
				t.Errorf("/portal/%s%s: %d", other, path, status)
			}
		}
	}
	if status, _ := b.do(http.MethodGet, "/live/portal/naniwa-denki", nil); status != http.StatusNotFound {
		t.Errorf("live of another's: %d", status)
	}
}

// TestReseller: who reaches one customer is led to it, and no other's page.
func TestReseller(t *testing.T) {
	s := consoletest.Start(t, "")
	b := read(t, s, people.Reseller)
	if status, h := b.do(http.MethodGet, "/portal", nil); status != http.StatusSeeOther || h.Get("Location") != firm {
		t.Errorf("%d %v", status, h)
	}
	if status, _ := b.do(http.MethodGet, "/portal/naniwa-denki", nil); status != http.StatusNotFound {
		t.Errorf("another's: %d", status)
	}
	s.PBX.Call("0312345678")
	s.Until(func() bool { return len(s.App.Frame().Calls) == 1 })
	set(t, s, http.MethodDelete, "/v1/running/"+s.App.Frame().Calls[0].Call, control.Order{Note: "test"})
	s.Until(func() bool { return state(t, s).Usage.Month == control.Amount(3*tsujiban.Unit) })
	b.get("/sums", "博多商会", "¥3", firm+"/bill?month=")
	b.get("/sums?month=2015-01", "¥0")
	if _, _ = b.do(http.MethodGet, "/sums.csv", nil); strings.Contains(b.page, "浪速") || !strings.Contains(b.page, "hakata-shokai,博多商会,1,") || !strings.Contains(b.page, ",合計,1,") {
		t.Errorf("%s", b.page)
	}
	if status, _ := b.do(http.MethodGet, "/sums?month=x", nil); status != http.StatusBadRequest {
		t.Errorf("no month: %d", status)
	}
}

// TestSwitches: international calls, countries and limits of its own, recorded under the person's name.
func TestSwitches(t *testing.T) {
	s := consoletest.Start(t, "")
	set(t, s, http.MethodPatch, "/v1/customers/hakata-shokai", map[string]any{"limits": map[string]any{"cap_day": 20000}})
	b := read(t, s, people.CustomerRole)
	b.get(firm + "/settings")
	b.post(firm+"/international", http.StatusSeeOther, "off", "yes")
	b.says("国際発信を止めました", "国際発信を再開する")
	b.post(firm+"/countries", http.StatusSeeOther, "country", "SL", "off", "yes")
	b.says("シエラレオネへの発信を止めました")
	b.post(firm+"/countries", http.StatusUnprocessableEntity, "country", "ZZ", "off", "yes")
	b.says("国・地域を選択してください")
	b.post(firm+"/limits", http.StatusUnprocessableEntity, "cap_day", "２０，００１", "cap_month", "many")
	b.says("通信事業者の上限 ¥20,000 を超えています", "金額は 20000 のように")
	b.post(firm+"/limits", http.StatusSeeOther, "cap_day", "5,000", "cap_month", "")
	c := state(t, s)
	if !c.Own.NoInternational || len(c.Own.BarCountries) != 1 || c.Effective.CapDay != control.Amount(5000*tsujiban.Unit) || c.Ceiling.CapDay != control.Amount(20_000*tsujiban.Unit) {
		t.Fatalf("%+v", c)
	}
	b.get(firm+"/history", "customer@example.jp", "国際発信の停止（お客様設定） はい", "1日の上限（お客様設定） ¥5,000", "通信事業者")
	if strings.Contains(b.page, "test (console)") {
		t.Error("the customer sees who of staff changed something")
	}
	b.get(firm + "/settings")
	b.post(firm+"/countries", http.StatusSeeOther, "country", "SL", "off", "no")
	b.post(firm+"/international", http.StatusSeeOther, "off", "no")
	if c := state(t, s); c.Own.NoInternational || len(c.Own.BarCountries) != 0 {
		t.Fatalf("%+v", c.Own)
	}
	// Without the form's token nothing changes.
	b.page = ""
	b.post(firm+"/international", http.StatusForbidden, "off", "yes")
	// Staff have no portal.
	staff := read(t, s, people.Administrator)
	if status, _ := staff.do(http.MethodGet, firm, nil); status != http.StatusForbidden {
		t.Errorf("staff: %d", status)
	}
}

// TestTwoAtOnce: two people of a customer have the settings open. Neither undoes what the other does: switches set what they name, and of two who change
// the same limit the second is shown what the first has set, and by whom, before it is set anew.
func TestTwoAtOnce(t *testing.T) {
	s := consoletest.Start(t, "")
	a, b := read(t, s, people.CustomerRole), read(t, s, people.Reseller)
	a.get(firm + "/settings")
	b.get(firm + "/settings")
	seen, opened := a.page, b.page
	a.post(firm+"/countries", http.StatusSeeOther, "country", "SL", "off", "yes")
	a.post(firm+"/international", http.StatusSeeOther, "off", "yes")
	b.post(firm+"/countries", http.StatusSeeOther, "country", "MV", "off", "yes")
	// The limits of a page that was opened before: nobody else has set one.
	b.page = opened
	b.post(firm+"/limits", http.StatusSeeOther, "cap_day", "5000", "cap_month", "", "cap_call", "")
	c := state(t, s)
	if strings.Join(c.Own.BarCountries, " ") != "MV SL" || !c.Own.NoInternational || c.Own.CapDay != control.Amount(5000*tsujiban.Unit) {
		t.Fatalf("%+v", c.Own)
	}
	// The first still has the page without that limit. What it typed stays, what it did not touch is as the other has set it.
	a.page = seen
	a.post(firm+"/limits", http.StatusConflict, "cap_day", "", "cap_month", "70,000", "cap_call", "")
	a.says("この画面を開いた後に、設定が変更されました", "1日の上限", "¥5,000", "reseller@example.jp", `name="cap_day" type="text" value="5000"`, `name="cap_month" type="text" value="70000"`)
	if c := state(t, s); c.Own.CapMonth != 0 {
		t.Errorf("%+v", c.Own)
	}
	a.post(firm+"/limits", http.StatusUnprocessableEntity, "cap_day", "5000", "cap_month", "many")
	a.post(firm+"/limits", http.StatusSeeOther, "cap_day", "5000", "cap_month", "70,000", "cap_call", "")
	// Both change the same.
	b.page = opened
	b.post(firm+"/limits", http.StatusConflict, "cap_day", "4000", "cap_month", "60000", "cap_call", "")
	b.says("¥5,000", "¥4,000", "¥70,000", `name="cap_month" type="text" value="60000"`)
	b.post(firm+"/limits", http.StatusSeeOther, "cap_day", "4000", "cap_month", "60000", "cap_call", "")
	if c := state(t, s); c.Own.CapDay != control.Amount(4000*tsujiban.Unit) || c.Own.CapMonth != control.Amount(60_000*tsujiban.Unit) || len(c.Own.BarCountries) != 2 || !c.Own.NoInternational {
		t.Errorf("%+v", c.Own)
	}
	// A form that does not say what it was made from changes nothing that it does not show.
	b.page = token.FindString(b.page)
	b.post(firm+"/limits", http.StatusConflict, "cap_day", "", "cap_month", "", "cap_call", "")
	// The stop sets the stop.
	set(t, s, http.MethodPatch, "/v1/customers/hakata-shokai/own", map[string]bool{"stopped": true})
	a.get(firm + "/settings")
	a.post(firm+"/international", http.StatusSeeOther, "off", "no")
	if c := state(t, s); !c.Own.Stopped || c.Own.NoInternational {
		t.Errorf("%+v", c.Own)
	}
}

// TestAnswerByLink: opening the link changes nothing however often, an answer is taken once, and "no" stops calls abroad.
func TestAnswerByLink(t *testing.T) {
	s := consoletest.Start(t, "")
	set(t, s, http.MethodPost, "/v1/customers/hakata-shokai/ask", control.Order{Note: "strange calls"})
	link := func() string {
		text, err := s.App.Door().ReplyLink(portal.Subject("hakata-shokai", 1<<40))
		if err != nil {
			t.Fatal(err)
		}
		base, err := url.Parse(s.URL)
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimPrefix(signin.Link(base, people.LinkReply, text), s.URL)
	}
	first, second := link(), link()
	b := read(t, s, 0) // nobody, without cookies
	for range 3 {
		b.get(first+"?answer=no", "博多商会 様", "いいえ、利用していません", "はい、当社の利用です", "「いいえ」を選ばれました")
	}
	if c := state(t, s); c.Restriction == nil || c.Restriction.Level != "ask" {
		t.Fatalf("%+v", c.Restriction)
	}
	b.post(first, http.StatusBadRequest)
	b.page = "" // no token, as where cookies are refused
	b.post(first, http.StatusOK, "answer", "no")
	b.says("回答を受け付けました: いいえ", "次の発信を止めました", "いますぐ")
	c := state(t, s)
	if c.Restriction == nil || c.Restriction.Level != "restrict" {
		t.Fatalf("%+v", c.Restriction)
	}
	b.post(first, http.StatusNotFound, "answer", "yes")
	b.says("このリンクは使えません", "通信事業者に電話")
	if got := state(t, s); got.Restriction == nil || got.Restriction.Level != "restrict" {
		t.Fatalf("%+v", got.Restriction)
	}
	b.get(second, "すでに回答をいただいています: いいえ")
	for _, bad := range []string{"/reply/x", first + "x", "/reply/" + strings.Repeat("a", 2000), strings.Replace(first, "/reply/", "/invite/", 1)} {
		if status, _ := b.do(http.MethodGet, bad, nil); status != http.StatusNotFound {
			t.Errorf("%.60s: %d", bad, status)
		}
	}
	var actions control.Actions
	if err := s.App.Office("test").Do(t.Context(), http.MethodGet, "/v1/actions?customer=hakata-shokai", nil, &actions); err != nil {
		t.Fatal(err)
	}
}

// TestAnswerSignedIn: the same question in the portal.
func TestAnswerSignedIn(t *testing.T) {
	s := consoletest.Start(t, "")
	set(t, s, http.MethodPost, "/v1/customers/hakata-shokai/ask", control.Order{Note: "strange calls"})
	b := read(t, s, people.CustomerRole)
	b.get(firm, "普段と異なる発信がありました")
	b.get(firm + "/question")
	b.post(firm+"/question", http.StatusOK, "answer", "yes")
	b.says("回答を受け付けました: はい", "止めているものはありません")
	if c := state(t, s); c.Restriction != nil {
		t.Fatalf("%+v", c.Restriction)
	}
}

// TestStopAsksForProof: who cannot prove lately who they are stops nothing.
func TestStopAsksForProof(t *testing.T) {
	s := consoletest.Start(t, "")
	b := read(t, s, people.CustomerRole)
	b.get(firm + "/stop")
	if status, _ := b.do(http.MethodPost, firm+"/stop", url.Values{"csrf": {token.FindStringSubmatch(b.page)[1]}, "stop": {"yes"}}); status == http.StatusOK {
		t.Errorf("%d", status)
	}
	if c := state(t, s); c.Own.Stopped {
		t.Error("stopped without a proof")
	}
}

// TestBillByPages: each line stands on one page, totals are of the whole, a reader goes on and back, and what the address says else stays.
func TestBillByPages(t *testing.T) {
	s := consoletest.Start(t, "")
	for _, n := range []string{"0312345678", "09012345678", "05010012345"} {
		s.PBX.Call(n)
	}
	s.Until(func() bool { return len(s.App.Frame().Calls) == 3 })
	for _, c := range s.App.Frame().Calls {
		set(t, s, http.MethodDelete, "/v1/running/"+c.Call, control.Order{Note: "test"})
	}
	s.Until(func() bool { return state(t, s).Usage.Month == control.Amount(9*tsujiban.Unit) })
	b := read(t, s, people.CustomerRole)
	lines := func() (masked []string) { return regexp.MustCompile(`0[0-9]+-[0-9]+-\*{4}`).FindAllString(b.page, -1) }
	link := func(rel string) string {
		m := regexp.MustCompile(`rel="` + rel + `" href="([^"#]*)`).FindStringSubmatch(b.page)
		if m == nil {
			return ""
		}
		return strings.ReplaceAll(m[1], "&amp;", "&")
	}
	b.get(firm+"/bill", "¥9")
	all := lines()
	if len(all) != 3 || link("next") != "" || strings.Contains(b.page, "行目") {
		t.Fatalf("%v\n%s", all, b.page)
	}
	b.get(firm+"/bill?limit=2", "1〜2 行目（全 3 行）", "¥9")
	first, next := lines(), link("next")
	if link("prev") != "" || !strings.Contains(next, "month=") || !strings.Contains(next, "limit=2") {
		t.Errorf("next leads to %q, previous to %q", next, link("prev"))
	}
	b.get(next, "3〜3 行目（全 3 行）", "¥9")
	if got := append(first, lines()...); !slices.Equal(got, all) || link("next") != "" {
		t.Errorf("by pages stand %v, want %v", got, all)
	}
	b.get(link("prev"), "1〜2 行目（全 3 行）")
	if status, _ := b.do(http.MethodGet, firm+"/bill?cursor=x", nil); status != http.StatusUnprocessableEntity && status != http.StatusBadRequest {
		t.Errorf("a cursor that no page gave: %d", status)
	}
	b.says("一覧の続きの位置が正しくありません")
}

// TestBill: equal calls are one line that says so, the files have all of them, and no cell is a formula.
func TestBill(t *testing.T) {
	s := consoletest.Start(t, "")
	for range 8 {
		s.PBX.Call("0312345678")
	}
	s.Until(func() bool { return len(s.App.Frame().Calls) == 8 })
	for _, c := range s.App.Frame().Calls {
		set(t, s, http.MethodDelete, "/v1/running/"+c.Call, control.Order{Note: "test"})
	}
	s.Until(func() bool { return state(t, s).Usage.Month == control.Amount(24*tsujiban.Unit) })
	b := read(t, s, people.CustomerRole)
	b.get(firm+"/bill", "通話 8 件を1行にまとめました（1件 ¥3）", "¥24", "似た通話 8 件")
	b.get(firm+"/bill?by=day", "¥24")
	b.get(firm+"/bill?by=place", "国内・固定電話")
	_, h := b.do(http.MethodGet, firm+"/bill.csv", nil)
	if rows := strings.Split(strings.TrimSpace(b.page), "\n"); len(rows) != 9 || !strings.HasPrefix(rows[0], "\ufeff日時,着信先,") || !strings.Contains(rows[1], ",+8131234****,") || !strings.Contains(h.Get("Content-Disposition"), ".csv") {
		t.Errorf("%v\n%s", h, b.page)
	}
	_, _ = b.do(http.MethodGet, firm+"/bill.csv?whole=yes", nil)
	b.says(",+81312345678,")
	_, h = b.do(http.MethodGet, firm+"/bill.pdf", nil)
	if h.Get("Content-Type") != "application/pdf" || !strings.HasPrefix(b.page, "%PDF-") || strings.Contains(h.Get("Content-Disposition"), "/") {
		t.Fatalf("%v", h)
	}
	name := filepath.Join(t.TempDir(), "bill.pdf")
	if err := os.WriteFile(name, []byte(b.page), 0o600); err != nil {
		t.Fatal(err)
	}
	text, err := exec.CommandContext(t.Context(), "pdftotext", "-layout", name, "-").Output()
	if err != nil {
		t.Fatalf("pdftotext (Debian's poppler-utils): %v", err)
	}
	for _, want := range []string{"通話明細書", "博多商会", "ご利用額", "￥24", "国内・固定電話", "8件"} {
		if !strings.Contains(strings.ReplaceAll(string(text), " ", ""), want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}
