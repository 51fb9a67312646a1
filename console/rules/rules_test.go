package rules_test

import (
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"tsujiban/app/control"
	"tsujiban/console/consoletest"
	"tsujiban/people"
)

// evil is a script in whatever text somebody can write.
const evil = `<script>alert(1)</script>`

var csrf = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

var made = regexp.MustCompile(`name="(version|was)" value="([^"]*)"`)

// desk is a person at the pages, without script.
type desk struct {
	t    *testing.T
	site *consoletest.Site
	c    *http.Client
}

func (d *desk) read(resp *http.Response, err error) (int, string) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		d.t.Fatal(err)
	}
	if strings.Contains(string(b), evil) {
		d.t.Error("a script of somebody's is in the page")
	}
	return resp.StatusCode, string(b)
}

func (d *desk) get(path string) (int, string) {
	d.t.Helper()
	return d.read(d.c.Get(d.site.URL + path))
}

// post sends a form from a page and reads where it leads.
func (d *desk) post(from, to string, form url.Values, status int, says string) {
	d.t.Helper()
	_, page := d.get(from)
	m := csrf.FindStringSubmatch(page)
	if m == nil {
		d.t.Fatalf("%s has no form:\n%s", from, page)
	}
	form.Set("csrf", m[1])
	for _, m := range made.FindAllStringSubmatch(page, -1) {
		if !form.Has(m[1]) {
			form.Set(m[1], html.UnescapeString(m[2]))
		}
	}
	resp, err := d.c.PostForm(d.site.URL+to, form)
	if err != nil {
		d.t.Fatal(err)
	}
	location := resp.Header.Get("Location")
	got, text := d.read(resp, nil)
	if got == http.StatusSeeOther {
		_, text = d.get(location)
	}
	if got != status || !strings.Contains(text, says) {
		d.t.Errorf("POST %s %v: %d, want %d with %q\n%s", to, form, got, status, says, text)
	}
}

// TestRules previews a change, sees what it would have done, applies it, and sees it in force with who did it and why.
func TestRules(t *testing.T) {
	site := consoletest.Start(t, "")
	site.PBX.Call("010886223456789")
	site.PBX.Call("0312345678")
	var calls control.Overview
	site.Until(func() bool {
		if err := site.App.Office("x").Do(t.Context(), http.MethodGet, "/v1/overview", nil, &calls); err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, h := range calls.Hours {
			n += h.Attempts
		}
		return n == 2 && calls.Behind == 0
	})
	d := &desk{t, site, site.Client(people.Administrator)}
	form := func(more ...string) url.Values {
		f := url.Values{"closed": {"886"}, "hints": {"232\n675"}, "cap_day": {"30,000"}, "days": {"7"}}
		for i := 0; i+1 < len(more); i += 2 {
			f.Set(more[i], more[i+1])
		}
		return f
	}
	d.post("/rules", "/rules/preview", form("days", "99"), 422, "31")
	d.post("/rules", "/rules/preview", form("closed", "everywhere"), 422, "先頭")
	d.post("/rules", "/rules/preview", form(), 303, "過去の通話での試算")
	site.Until(func() bool { _, text := d.get("/rules/preview"); return strings.Contains(text, "完了") })
	if _, text := d.get("/rules/preview"); !strings.Contains(text, "発信 2 件で試算しました") {
		t.Errorf("%s", text)
	}
	d.post("/rules", "/rules", form(), 422, "入力してください")
	d.post("/rules", "/rules", form("note", "x", "bar_countries", "Nowhere"), 422, "2 文字の国コード")
	d.post("/rules/preview", "/rules/preview/apply", url.Values{}, 422, "入力してください")
	d.post("/rules/preview", "/rules/preview/apply", url.Values{"note": {evil}}, 303, "¥30,000")
	if _, text := d.get("/rules"); !strings.Contains(text, "<li>&#43;886</li>") && !strings.Contains(text, "<li>+886</li>") || !strings.Contains(text, "administrator@example.jp") || !strings.Contains(text, "&lt;script&gt;") {
		t.Errorf("%s", text)
	}
	d.post("/rules", "/rules", url.Values{"closed": {""}, "hints": {""}, "note": {"元に戻す"}}, 303, "止めている宛先はありません")
	d.post("/rules", "/rules/preview/cancel", url.Values{}, 303, "完了") // it has ended by itself
	if _, text := (&desk{t, site, site.Client(people.Viewer)}).get("/rules"); strings.Contains(text, `name="closed"`) {
		t.Error("a viewer is offered a form")
	}
}

// TestTwoAtOnce: rules that others have set since a form, or a preview, was made are shown before they are set anew.
func TestTwoAtOnce(t *testing.T) {
	site := consoletest.Start(t, "")
	d := &desk{t, site, site.Client(people.Administrator)}
	_, page := d.get("/rules")
	old := map[string]string{}
	for _, m := range made.FindAllStringSubmatch(page, -1) {
		old[m[1]] = html.UnescapeString(m[2])
	}
	form := func(closed, day string) url.Values {
		return url.Values{"closed": {closed}, "hints": {"232"}, "cap_day": {day}, "days": {"7"}, "note": {"演習" + evil}}
	}
	d.post("/rules", "/rules/preview", form("886", ""), 303, "試算")
	site.Until(func() bool { _, text := d.get("/rules/preview"); return strings.Contains(text, "完了") })
	d.post("/rules", "/rules", form("53", "30,000"), 303, "変更しました")
	second := form("675", "")
	second.Set("version", old["version"])
	second.Set("was", old["was"])
	d.post("/rules", "/rules", second, 409, "この画面を開いた後に、設定が変更されました")
	second.Del("csrf")
	d.post("/rules", "/rules/preview", second, 409, `name="cap_day" type="text" value="30000"`)
	d.post("/rules/preview", "/rules/preview/apply", url.Values{"note": {"適用"}}, 409, "¥30,000")
	if _, text := d.get("/rules"); !strings.Contains(text, "53") || strings.Contains(text, "886") || strings.Contains(text, "675") {
		t.Errorf("%s", text)
	}
	d.post("/rules", "/rules", form("675", ""), 303, "変更しました")
}

// TestRetention holds records, releases them, and lets a second person agree where the rule says so.
func TestRetention(t *testing.T) {
	site := consoletest.Start(t, "two_persons = [\"retention\"]\n")
	if err := site.Socket.Do(t.Context(), http.MethodPost, "/v1/staff", control.Staff{Login: "administrator@example.jp", Name: "佐藤", Role: "administrator"}, nil); err != nil {
		t.Fatal(err)
	}
	d := &desk{t, site, site.Client(people.Administrator)}
	hold := url.Values{"number": {"092-555-1234"}, "kind": {"preservation"}, "ground": {evil}}
	d.post("/retention", "/retention/holds", url.Values{"kind": {"warrant"}, "ground": {"令状"}}, 422, "いずれか")
	d.post("/retention", "/retention/holds", url.Values{"customer": {"x"}, "kind": {"preservation"}, "ground": {"要請"}, "until": {"2099-01-01"}}, 422, "期限を短く")
	d.post("/retention", "/retention/holds", hold, 303, "保全しました")
	_, text := d.get("/retention")
	if strings.Contains(text, "5551234") || !strings.Contains(text, "&lt;script&gt;") || !strings.Contains(text, "保全要請") {
		t.Errorf("%s", text)
	}
	d.post("/retention", "/retention/holds/1/release", url.Values{}, 422, "入力してください")
	d.post("/retention", "/retention/holds/1/release", url.Values{"note": {"終了"}}, 303, "二人目の承認を待っています")
	d.post("/retention", "/retention/erase", url.Values{}, 303, "二人目の承認を待っています")
	if _, text := (&desk{t, site, site.Client(people.InquiryOfficer)}).get("/retention"); strings.Contains(text, `action="/retention/holds"`) || !strings.Contains(text, "保存期間") {
		t.Error("an inquiry officer is offered a form, or sees nothing")
	}
}

// TestLook looks at each page in every window.
func TestLook(t *testing.T) {
	site := consoletest.Start(t, "")
	for _, dialled := range []string{"010886223456789", "0312345678"} {
		site.PBX.Call(dialled)
	}
	d := &desk{t, site, site.Client(people.Administrator)}
	site.Until(func() bool { _, text := d.get("/system"); return strings.Contains(text, "carrier-a") })
	d.post("/rules", "/rules", url.Values{"closed": {"883"}, "hints": {"232 675"}, "cap_month": {"100000"}, "note": {"年末年始の対策"}}, 303, "変更しました")
	d.post("/rules", "/rules/preview", url.Values{"closed": {"886 883"}, "days": {"7"}}, 303, "試算")
	site.Until(func() bool { _, text := d.get("/rules/preview"); return strings.Contains(text, "完了") })
	d.post("/retention", "/retention/holds", url.Values{"customer": {string(consoletest.Firm)}, "kind": {"court"}, "ground": {"令和8年(ワ)第12号"}}, 303, "保全しました")
	windows := consoletest.Windows(people.Administrator)
	tab := site.Browse(t).Open(t, windows[0], "/rules")
	for _, path := range []string{"/rules", "/rules/preview", "/retention", "/system"} {
		tab.Each(windows, path)
	}
}
