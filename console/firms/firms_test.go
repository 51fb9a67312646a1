package firms_test

import (
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/console/consoletest"
	"tsujiban/console/firms"
	"tsujiban/people"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestWords(t *testing.T) { consoletest.Words(t, ".", firms.Room()) }

// visit asks for a page, or sends a form with the token of the page before.
type visit struct {
	t    *testing.T
	site *consoletest.Site
	c    *http.Client
	page string
}

var made = regexp.MustCompile(`name="(version|was)" value="([^"]*)"`)

var token = regexp.MustCompile(`name="csrf" value="([^"]*)"`)

func (v *visit) do(path string, want int, fields ...string) {
	v.t.Helper()
	method, body := http.MethodGet, url.Values{}
	if fields != nil {
		method = http.MethodPost
		if m := token.FindStringSubmatch(v.page); m != nil {
			body.Set("csrf", m[1])
		}
		for _, m := range made.FindAllStringSubmatch(v.page, -1) {
			body.Set(m[1], html.UnescapeString(m[2]))
		}
		for i := 0; i+1 < len(fields); i += 2 {
			body.Add(fields[i], fields[i+1])
		}
	}
	req, err := http.NewRequestWithContext(v.t.Context(), method, v.site.URL+path, strings.NewReader(body.Encode()))
	if err != nil {
		v.t.Fatal(err)
	}
	req.Header.Set("Accept-Language", "ja")
	if fields != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := v.c.Do(req)
	if err != nil {
		v.t.Fatal(err)
	}
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		v.t.Fatal(err)
	}
	if v.page = string(b); resp.StatusCode != want {
		v.t.Fatalf("%s %s: %d, want %d\n%s", method, path, resp.StatusCode, want, v.page)
	}
	if to := resp.Header.Get("Location"); want == http.StatusSeeOther {
		v.do(to, http.StatusOK)
	}
}

func (v *visit) says(words ...string) {
	v.t.Helper()
	for _, w := range words {
		if !strings.Contains(v.page, w) {
			v.t.Errorf("the page does not say %q:\n%s", w, v.page)
		}
	}
}

const evil = `<script>alert(1)</script>`

// TestCustomers: search, one customer, changes under the person's name, and hostile texts stay text.
func TestCustomers(t *testing.T) {
	s := consoletest.Start(t, "")
	v := &visit{t: t, site: s, c: s.Client(people.Administrator)}
	v.do("/customers", http.StatusOK)
	v.says("博多商会", "浪速電機", "2 件中 2 件")
	v.do("/customers?q=%E6%B5%AA%E9%80%9F", http.StatusOK)
	v.says("浪速電機", "1 件中 1 件")
	v.do("/customers?only=restricted", http.StatusOK)
	v.says("該当する契約者はありません")
	v.do("/customers/nobody", http.StatusNotFound)

	v.do("/customers/hakata-shokai/edit", http.StatusOK)
	v.says("81925551234")
	fields := []string{"name", evil, "language", "ja", "contact", "soumu@hakata.example", "international", "yes", "numbers", "+81925551234", "cap_day", "２０，０００", "longest_call", "2h", "bar", "sl cu"}
	v.do("/customers/hakata-shokai/edit", http.StatusUnprocessableEntity, append([]string{"hours", "whenever"}, fields...)...)
	v.says("設定できません", "２０，０００")
	v.do("/customers/hakata-shokai/edit", http.StatusUnprocessableEntity, append([]string{"channels", "many"}, fields...)...)
	v.do("/customers/hakata-shokai/edit", http.StatusSeeOther, fields...)
	v.says("契約者の設定を保存しました", "&lt;script&gt;", "シエラレオネ", "¥20,000", "2時間")
	var c control.CustomerState
	if err := s.App.Office("test").Do(t.Context(), http.MethodGet, "/v1/customers/hakata-shokai", nil, &c); err != nil {
		t.Fatal(err)
	}
	if c.Limits.CapDay != control.Amount(20_000*tsujiban.Unit) || len(c.Limits.BarCountries) != 2 || c.Contact != "soumu@hakata.example" || !c.International {
		t.Fatalf("%+v", c)
	}
	for _, path := range []string{"", "/profile", "/trunks", "/history", "/edit", "/trunks/edit", "/trunks/edit?trunk=hakata-pbx"} {
		v.do("/customers/hakata-shokai"+path, http.StatusOK)
		if strings.Contains(v.page, evil) {
			t.Errorf("%s: a name became script", path)
		}
	}
	v.do("/customers/hakata-shokai/history", http.StatusOK)
	v.says("administrator@example.jp", "1日の上限 ¥20,000")
}

// TestTwoAtOnce: of two who change the same customer at the same time, the second is shown what the first has changed and keeps what it typed; what it did
// not touch is as the first has set it.
func TestTwoAtOnce(t *testing.T) {
	s := consoletest.Start(t, "")
	a, b := &visit{t: t, site: s, c: s.Client(people.Administrator)}, &visit{t: t, site: s, c: s.Client(people.Administrator)}
	const at = "/customers/hakata-shokai/edit"
	a.do(at, http.StatusOK)
	b.do(at, http.StatusOK)
	form := func(name, day, bar string) []string {
		return []string{"name", name, "language", "ja", "international", "yes", "cap_day", day, "bar", bar}
	}
	a.do(at, http.StatusSeeOther, form("博多商会", "7000", "CU")...)
	b.do(at, http.StatusConflict, form("博多商会"+evil, "", "SL")...)
	b.says("この画面を開いた後に、設定が変更されました", "変更した人", "administrator@example.jp", "¥7,000", `name="cap_day" type="text" value="7000"`, `name="bar" type="text" value="SL"`, ">CU<", "&lt;script&gt;")
	if strings.Contains(b.page, evil) {
		t.Error("a name became script")
	}
	b.do(at, http.StatusUnprocessableEntity, append(form("博多商会", "7000", "SL"), "channels", "many")...)
	b.do(at, http.StatusSeeOther, form("博多商会", "7000", "SL")...)
	var c control.CustomerState
	if err := s.App.Office("test").Do(t.Context(), http.MethodGet, "/v1/customers/hakata-shokai", nil, &c); err != nil {
		t.Fatal(err)
	}
	if c.Limits.CapDay != control.Amount(7_000*tsujiban.Unit) || strings.Join(c.Limits.BarCountries, " ") != "SL" {
		t.Errorf("%+v", c.Limits)
	}
	b.page = token.FindString(b.page) // a form that does not say what it was made from
	b.do(at, http.StatusConflict, form("博多商会", "", "")...)

	const trunk = "/customers/hakata-shokai/trunks"
	a.do(trunk+"/edit?trunk=hakata-pbx", http.StatusOK)
	b.do(trunk+"/edit?trunk=hakata-pbx", http.StatusOK)
	a.do(trunk, http.StatusSeeOther, "id", "hakata-pbx", "sources", "127.0.0.1", "address", "192.0.2.7:5060")
	b.do(trunk, http.StatusConflict, "id", "hakata-pbx", "sources", "127.0.0.1 192.0.2.9")
	b.says("着信の送り先", `value="192.0.2.7:5060"`, `value="127.0.0.1 192.0.2.9"`)
	b.do(trunk, http.StatusSeeOther, "id", "hakata-pbx", "sources", "127.0.0.1 192.0.2.9", "address", "192.0.2.7:5060")
}

// TestTrunks: another customer's trunk is not there; passwords are set and never shown.
func TestTrunks(t *testing.T) {
	s := consoletest.Start(t, "")
	v := &visit{t: t, site: s, c: s.Client(people.Administrator)}
	v.do("/customers/naniwa-denki/trunks/edit?trunk=hakata-pbx", http.StatusNotFound)
	v.do("/customers/naniwa-denki/trunks/edit", http.StatusOK)
	v.do("/customers/naniwa-denki/trunks", http.StatusUnprocessableEntity, "new", "yes", "id", "naniwa", "sources", "300.1.1.1")
	v.says("300.1.1.1 はネットワークの書き方として正しくありません")
	v.do("/customers/naniwa-denki/trunks", http.StatusUnprocessableEntity, "new", "yes", "id", "naniwa", "username", "naniwa")
	v.says("パスワードも入力してください")
	v.do("/customers/naniwa-denki/trunks", http.StatusUnprocessableEntity, "new", "yes", "id", "hakata-pbx", "sources", "192.0.2.7")
	v.says("この ID はすでに使われています")
	v.do("/customers/naniwa-denki/trunks", http.StatusSeeOther, "new", "yes", "id", "naniwa", "sources", "192.0.2.7", "username", "naniwa", "password", " s3cret ")
	v.says("回線 naniwa を保存しました", "192.0.2.7/32")
	v.do("/customers/naniwa-denki/trunks/edit?trunk=naniwa", http.StatusOK)
	if strings.Contains(v.page, "s3cret") {
		t.Error("the password is shown")
	}
	v.do("/customers/naniwa-denki/trunks/remove", http.StatusNotFound, "id", "hakata-pbx")
	v.do("/customers/naniwa-denki/trunks/edit?trunk=naniwa", http.StatusOK)
	v.do("/customers/naniwa-denki/trunks/remove", http.StatusSeeOther, "id", "naniwa")
	v.says("回線 naniwa を削除しました")
}

// TestNewCustomer adds one.
func TestNewCustomer(t *testing.T) {
	s := consoletest.Start(t, "")
	v := &visit{t: t, site: s, c: s.Client(people.Administrator)}
	v.do("/newcustomer", http.StatusOK)
	v.do("/newcustomer", http.StatusUnprocessableEntity, "id", "Kyoto", "name", "京都")
	v.do("/newcustomer", http.StatusUnprocessableEntity, "id", "hakata-shokai", "name", "京都")
	v.says("この ID はすでに使われています")
	v.do("/newcustomer", http.StatusSeeOther, "id", "kyoto-kogyo", "name", "京都工業")
	v.says("契約者を登録しました", "京都工業")
	viewer := &visit{t: t, site: s, c: s.Client(people.Viewer)}
	viewer.do("/customers/kyoto-kogyo", http.StatusOK)
	viewer.do("/customers/kyoto-kogyo/edit", http.StatusForbidden)
}

// TestLook looks at the pages in every window.
func TestLook(t *testing.T) {
	s := consoletest.Start(t, "")
	for _, dialled := range []string{"0312345678", "0667891234", "010886223456789", "01012125551234", "01012125551235"} {
		s.PBX.Call(dialled)
	}
	s.Until(func() bool { return len(s.App.Frame().Calls) == 5 })
	for _, c := range s.App.Frame().Calls[:4] {
		if err := s.App.Office("test").Do(t.Context(), http.MethodDelete, "/v1/running/"+c.Call, control.Order{Note: "test"}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.App.Office("test").Do(t.Context(), http.MethodPut, "/v1/customers/hakata-shokai/restriction", control.Order{Level: "restrict", Reach: "232", Note: "夜間の発信"}, nil); err != nil {
		t.Fatal(err)
	}
	windows := consoletest.Windows(people.Administrator)
	tab := s.Browse(t).Open(t, windows[0], "/customers")
	for _, path := range []string{"", "/hakata-shokai", "/hakata-shokai/profile", "/hakata-shokai/trunks", "/hakata-shokai/history", "/hakata-shokai/edit", "/hakata-shokai/trunks/edit"} {
		tab.Each(windows, "/customers"+path)
	}
	for i, w := range windows {
		tab.Look(w)
		// Somebody else is faster.
		tab.Go("/customers/hakata-shokai/edit")
		other := map[string]any{"limits": map[string]any{"cap_day": 7000 + i, "bar_countries": []string{"CU", "SL"}}, "contact": "soumu@hakata.example"}
		if err := s.App.Office("suzuki@example.jp").Do(t.Context(), http.MethodPatch, "/v1/customers/hakata-shokai", other, nil); err != nil {
			t.Fatal(err)
		}
		tab.Fill("#f-cap_day", "9000")
		tab.Follow("main form button.main")
		tab.Wait("#meanwhile-title")
		tab.Here("clash")
		if w.Width < 760 {
			tab.Go("/customers")
			tab.Click(".bottom summary")
			tab.Here("menu")
		}
	}
}
