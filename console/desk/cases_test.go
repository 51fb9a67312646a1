package desk_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"tsujiban/app/control"
	"tsujiban/console/consoletest"
	"tsujiban/people"
)

// evil is a script in whatever text somebody can write.
const evil = `<script>alert(1)</script><img src=x onerror=alert(2)>`

// suspect makes a case of suspicion of the site's firm: a restriction with refused calls, notes and a hand-over.
func suspect(t *testing.T, site *consoletest.Site) uint64 {
	t.Helper()
	office := site.App.Office("sato@example.jp")
	do := func(method, path string, in any) {
		t.Helper()
		if err := office.Do(t.Context(), method, path, in, nil); err != nil {
			t.Fatal(err)
		}
	}
	var list control.Suspicions
	cases := func() []control.SuspicionLine {
		if err := office.Do(t.Context(), http.MethodGet, "/v1/cases", nil, &list); err != nil {
			t.Fatal(err)
		}
		return list.Cases
	}
	for _, dialled := range []string{"0312345678", "010886223456789", "01012125551234", "01023277123456", "01023277123457", "01023277123458", "01023277123459", "01012125559999"} {
		site.PBX.Call(dialled)
	}
	site.Until(func() bool { l := cases(); return len(l) == 1 && l[0].Stands != nil }) // the guard found out by itself
	do(http.MethodPut, "/v1/customers/"+string(consoletest.Firm)+"/restriction", control.Order{Level: "restrict", Reach: "232", Note: evil})
	for range 6 {
		site.PBX.Call("01023277123459")
	}
	site.Until(func() bool { l := cases(); return len(l) == 1 && l[0].Refused >= 6 })
	id := list.Cases[0].ID
	do(http.MethodPost, "/v1/cases/"+strconv.FormatUint(id, 10)+"/note", control.CaseNote{Note: evil})
	do(http.MethodPost, "/v1/cases/"+strconv.FormatUint(id, 10)+"/assign", control.CaseNote{To: "sato@example.jp", Note: "お願いします"})
	return id
}

// linked lets the same PBX call for another customer, as if it were theirs, so that their cases have something in common.
func linked(t *testing.T, site *consoletest.Site) {
	t.Helper()
	office := site.App.Office("sato@example.jp")
	do := func(method, path string, in any) {
		t.Helper()
		if err := office.Do(t.Context(), method, path, in, nil); err != nil {
			t.Fatal(err)
		}
	}
	do(http.MethodPatch, "/v1/trunks/hakata-pbx", map[string]any{"sources": []string{"192.0.2.0/24"}})
	do(http.MethodPatch, "/v1/customers/naniwa-denki", map[string]any{"international": true})
	do(http.MethodPost, "/v1/trunks/naniwa-pbx", map[string]any{"customer": "naniwa-denki", "sources": []string{"127.0.0.0/8"}})
	var list control.Suspicions
	n := 0
	site.Until(func() bool {
		n++
		site.PBX.Send(consoletest.Invite{Dialled: "0102327712" + strconv.Itoa(3000+n), From: "<sip:0665550100@" + site.PBX.Addr() + ">"})
		if err := office.Do(t.Context(), http.MethodGet, "/v1/cases", nil, &list); err != nil {
			t.Fatal(err)
		}
		return len(list.Cases) > 1
	})
}

// TestCasesLook looks at the list and at a case in every window.
func TestCasesLook(t *testing.T) {
	site := consoletest.Start(t, "")
	id := strconv.FormatUint(suspect(t, site), 10)
	linked(t, site)
	b := site.Browse(t)
	for _, w := range consoletest.Windows(people.Analyst) {
		tab := b.Open(t, w, "/cases")
		tab.Wait(`[data-live-state="on"]`)
		tab.Check()
		tab.Shot()
		tab = b.Open(t, w, "/cases/"+id)
		tab.Wait(`[data-live-state="on"]`)
		tab.Check()
		tab.Shot()
	}
	tab := b.Open(t, consoletest.Window{Role: people.Analyst, Lang: "ja", Colour: "light", Width: 390}, "/cases/"+id+"/restrict")
	tab.Check()
	tab.Shot()
}

var csrf = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

// page reads a page.
func page(t *testing.T, c *http.Client, at string) (int, string) {
	t.Helper()
	resp, err := c.Get(at)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, body(t, resp)
}

// TestActs gives each order as a form does, without script, and reads what became of it.
func TestActs(t *testing.T) {
	site := consoletest.Start(t, "")
	at := site.URL + "/cases/" + strconv.FormatUint(suspect(t, site), 10)
	c := site.Client(people.Analyst)
	status, text := page(t, c, at)
	if status != http.StatusOK || strings.Contains(text, "<script>alert") || strings.Contains(text, "<img src=x") || !strings.Contains(text, "&lt;script&gt;") {
		t.Fatalf("%d: a note is not shown as text:\n%s", status, text)
	}
	if strings.Contains(text, "77123456") {
		t.Error("a whole number is shown")
	}
	if !strings.Contains(text, `name="dest" value="232" checked`) {
		t.Error("the destination of the case that is restricted is not ticked")
	}
	token := csrf.FindStringSubmatch(text)[1]
	order := func(act string, form url.Values) (int, string) {
		t.Helper()
		form.Set("csrf", token)
		resp, err := c.PostForm(at+"/"+act, form)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, body(t, resp)
	}
	for _, x := range []struct {
		act    string
		form   url.Values
		status int
		says   string // the page after it
	}{
		{"note", url.Values{}, 422, "入力してください"},
		{"note", url.Values{"note": {"電話で確認した"}}, 303, "電話で確認した"},
		{"assign", url.Values{"to": {"analyst@example.jp"}}, 303, "analyst@example.jp"},
		{"restrict", url.Values{"note": {"x"}, "level": {"restrict"}, "wide": {"these"}, "reach": {"everywhere"}}, 422, "国番号"},
		{"restrict", url.Values{"note": {"範囲を広げる"}, "level": {"restrict"}, "wide": {"these"}, "reach": {"232、44"}}, 303, "&#43;44"},
		{"restrict", url.Values{"note": {"選ぶ"}, "level": {"restrict"}, "wide": {"these"}, "dest": {"232", "53"}, "reach": {"44"}}, 303, "&#43;53"},
		{"restrict", url.Values{"note": {"停止"}, "level": {"close"}}, 303, "停止中"},
		{"close", url.Values{"note": {"済み"}}, 409, ""},
		{"end", url.Values{"note": {"切る"}}, 303, ""},
		{"answer", url.Values{"note": {"電話"}, "said": {"not-theirs"}}, 303, "心当たりなし"},
		{"ask", url.Values{"note": {"メール"}}, 303, "契約者に確認"},
		{"release", url.Values{"note": {"対策済み"}}, 303, "解除済み"},
		{"sing", url.Values{"note": {"x"}}, 404, ""},
	} {
		status, text := order(x.act, x.form)
		if status == http.StatusSeeOther {
			site.Until(func() bool { _, text = page(t, c, at); return strings.Contains(text, x.says) })
		}
		if status != x.status || !strings.Contains(text, x.says) {
			t.Errorf("%s %v: %d, want %d with %q\n%s", x.act, x.form, status, x.status, x.says, text)
		}
	}
	if status, _ := page(t, c, site.URL+"/cases/999999"); status != http.StatusNotFound {
		t.Errorf("a case that is not: %d", status)
	}
	if _, text := page(t, site.Client(people.Viewer), at); strings.Contains(text, `name="note"`) {
		t.Error("a viewer is offered orders")
	}
}

// TestReleaseWaits: the release of a closed customer waits for a second person where the rule says so.
func TestReleaseWaits(t *testing.T) {
	site := consoletest.Start(t, "two_persons = [\"release-closed\"]\n")
	if err := site.Socket.Do(t.Context(), http.MethodPost, "/v1/staff", control.Staff{Login: "analyst@example.jp", Name: "佐藤", Role: "analyst"}, nil); err != nil {
		t.Fatal(err)
	}
	at := site.URL + "/cases/" + strconv.FormatUint(suspect(t, site), 10)
	c := site.Client(people.Analyst)
	_, text := page(t, c, at)
	for _, x := range []struct {
		act  string
		form url.Values
	}{{"restrict", url.Values{"note": {"停止"}, "level": {"close"}}}, {"release", url.Values{"note": {"解除"}}}} {
		x.form.Set("csrf", csrf.FindStringSubmatch(text)[1])
		resp, err := c.PostForm(at+"/"+x.act, x.form)
		if err != nil {
			t.Fatal(err)
		}
		if text := body(t, resp); resp.StatusCode != http.StatusSeeOther {
			t.Fatalf("%s: %d %s", x.act, resp.StatusCode, text)
		}
	}
	if _, text := page(t, c, at); !strings.Contains(text, "二人目の承認を待っています") || !strings.Contains(text, "停止中") {
		t.Errorf("the release did not wait:\n%s", text)
	}
}

// TestCasesAreLive: a case appears in the list, and what happens to it on its page, without a reload; keys lead there and give orders.
func TestCasesAreLive(t *testing.T) {
	site := consoletest.Start(t, "")
	b := site.Browse(t)
	w := consoletest.Window{Role: people.Analyst, Lang: "ja", Colour: "light", Width: 1440}
	list := b.Open(t, w, "/cases")
	list.Wait(`.empty`)
	list.Wait(`[data-live-state="on"]`)
	suspect(t, site)
	list.Wait(`tr[id^="case-"]`)
	list.Press("j")
	list.Press("\r")
	list.Wait(`html.script [data-part="steps"]`) // who presses a key before the page's script runs presses nothing
	list.Press("e")
	list.Press("n")
	list.Wait(`#d-note[open]`)
	list.Type("#n-note", "キーボードから")
	list.Click("#d-note button.main")
	list.Wait(`.notice.ok`)
	list.Wait(`[data-live-state="on"]`)
	site.Until(func() bool { return strings.Contains(list.Text(`[data-part="steps"]`), "キーボードから") }) // the cases follow the journal, the page the cases
	if err := site.App.Office("suzuki").Do(t.Context(), http.MethodDelete, "/v1/customers/"+string(consoletest.Firm)+"/restriction", control.Order{Note: "確認済み"}, nil); err != nil {
		t.Fatal(err)
	}
	list.Wait(`[data-part="state"] .badge.ok`)
	list.Check()
}

func body(t *testing.T, resp *http.Response) string {
	t.Helper()
	b := new(strings.Builder)
	if err := resp.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
