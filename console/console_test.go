package console_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"tsujiban/console/consoletest"
	"tsujiban/console/ui"
	"tsujiban/people"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// roles are all roles, and nobody.
var roles = append([]people.Role{0}, people.Roles...)

// TestEveryRouteEveryRole walks the table: whoever has the right gets past the door, nobody else does, and no handler runs before.
func TestEveryRouteEveryRole(t *testing.T) {
	site := consoletest.Start(t, "")
	routes := site.App.ConsoleRoutes()
	if len(routes) < 4 {
		t.Fatalf("only %d routes", len(routes))
	}
	for _, b := range routes {
		for _, role := range roles {
			for _, own := range []bool{true, false} {
				if b.Customer == nil && !own {
					continue
				}
				walk(t, site, &b, role, own)
			}
		}
	}
}

var wildcard = regexp.MustCompile(`\{[^}]*\}`)

// walk asks one route as one role, about its own customer or about another's.
func walk(t *testing.T, site *consoletest.Site, b *ui.Bound, role people.Role, own bool) {
	t.Helper()
	customer := string(consoletest.Firm)
	if !own {
		customer = "naniwa-denki"
	}
	path := strings.ReplaceAll(b.Path, "{customer}", customer)
	path = wildcard.ReplaceAllString(path, customer)
	who := "nobody"
	var p *people.Person
	if role != 0 {
		p = consoletest.Guest(role)
		who = role.String()
	}
	may := p.May(b.Right) && p.May(b.Also) && (b.Customer == nil || p.Reaches("naniwa-denki") || own)
	c := site.Client(role)
	req, err := http.NewRequestWithContext(t.Context(), b.Method, site.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	status, body, location := do(t, c, req)
	name := fmt.Sprintf("%s %s as %s (own: %v)", b.Method, path, who, own)
	unsafe := b.Method != http.MethodGet
	switch {
	case may && unsafe && !b.Foreign: // let in as far as the form's token, which is not there
		if status != http.StatusForbidden || !strings.Contains(body, "期限が切れました") {
			t.Errorf("%s: %d, want a refusal for want of a token", name, status)
		}
	case may:
		if status == http.StatusForbidden || status == http.StatusUnauthorized || strings.HasPrefix(location, "/signin?") {
			t.Errorf("%s: refused (%d)", name, status)
		}
	case p == nil && !unsafe:
		if status != http.StatusSeeOther || !strings.HasPrefix(location, "/signin") {
			t.Errorf("%s: %d to %q, want to be led to the sign-in", name, status, location)
		}
	case p == nil:
		if status != http.StatusUnauthorized {
			t.Errorf("%s: %d, want 401", name, status)
		}
	case !p.May(b.Right) || !p.May(b.Also):
		if status != http.StatusForbidden || !strings.Contains(body, "権限がありません") {
			t.Errorf("%s: %d, want a refusal for want of a right", name, status)
		}
	default:
		if status != http.StatusNotFound {
			t.Errorf("%s: %d, want 404: what is out of reach does not exist", name, status)
		}
	}
}

// do asks and reads at most the beginning of the answer: a stream has no end.
func do(t *testing.T, c *http.Client, req *http.Request) (status int, body, location string) {
	t.Helper()
	req.Header.Set("Accept-Language", "ja")
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	return read(t, resp)
}

func read(t *testing.T, resp *http.Response) (status int, body, location string) {
	t.Helper()
	defer func() {
		if err := resp.Body.Close(); err != nil {
			t.Error(err)
		}
	}()
	if resp.Header.Get("Content-Type") == "text/event-stream" {
		return resp.StatusCode, "", ""
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b), resp.Header.Get("Location")
}

var token = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

// get asks for a page and returns it with the token of its forms.
func get(t *testing.T, c *http.Client, at string) (body, csrf string, resp *http.Response) {
	t.Helper()
	resp, err := c.Get(at)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
	if m := token.FindSubmatch(b); m != nil {
		csrf = string(m[1])
	}
	return string(b), csrf, resp
}

func post(t *testing.T, c *http.Client, at string, form url.Values, headers ...string) (status int, body, location string) {
	t.Helper()
	req := filled(t, at, form)
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return do(t, c, req)
}

// filled is a form on its way.
func filled(t *testing.T, at string, form url.Values) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, at, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return req
}

// TestForms: an order needs the token of its session, comes from this site, is not too large, and leads back to this site only.
func TestForms(t *testing.T) {
	site := consoletest.Start(t, "")
	c, other := site.Client(people.Viewer), site.Client(people.Analyst)
	_, csrf, _ := get(t, c, site.URL+"/now")
	_, theirs, _ := get(t, other, site.URL+"/now")
	if csrf == "" || csrf == theirs {
		t.Fatalf("tokens %q, %q", csrf, theirs)
	}
	at := site.URL + "/settings/language"
	form := func(token, back string) url.Values {
		return url.Values{"csrf": {token}, "language": {"en"}, "back": {back}}
	}
	for _, x := range []struct {
		what     string
		form     url.Values
		headers  []string
		status   int
		location string
	}{
		{"in order", form(csrf, "/now?x=1"), nil, 303, "/now?x=1"},
		{"no token", form("", "/now"), nil, 403, ""},
		{"another session's token", form(theirs, "/now"), nil, 403, ""},
		{"from another site", form(csrf, "/now"), []string{"Sec-Fetch-Site", "cross-site"}, 403, ""},
		{"another origin", form(csrf, "/now"), []string{"Origin", "https://evil.example"}, 403, ""},
		{"back to another site", form(csrf, "https://evil.example/"), nil, 303, "/"},
		{"back to another host", form(csrf, "//evil.example/"), nil, 303, "/"},
		{"back with a backslash", form(csrf, `/\evil.example`), nil, 303, "/"},
		{"too large", url.Values{"csrf": {csrf}, "x": {strings.Repeat("x", ui.MaxForm)}}, nil, 400, ""},
	} {
		status, _, location := post(t, c, at, x.form, x.headers...)
		if status != x.status || location != x.location {
			t.Errorf("%s: %d to %q, want %d to %q", x.what, status, location, x.status, x.location)
		}
	}
	if body, _, _ := get(t, c, site.URL+"/now"); !strings.Contains(body, `<html lang="en"`) {
		t.Error("the language was not changed")
	}
}

// TestHeaders: every page forbids what it does not use.
func TestHeaders(t *testing.T) {
	site := consoletest.Start(t, "")
	_, _, resp := get(t, site.Client(people.Viewer), site.URL+"/now")
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cache-Control": "no-store", "X-Frame-Options": "DENY", "Strict-Transport-Security": "",
	} {
		if got := resp.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	csp := resp.Header.Get("Content-Security-Policy")
	if strings.Contains(csp, "unsafe") || !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") {
		t.Errorf("policy %s", csp)
	}
}

// TestFirstViewIsSmall: page, style and scripts together are under 100 KB as they travel.
func TestFirstViewIsSmall(t *testing.T) {
	site := consoletest.Start(t, "")
	c := site.Client(people.Viewer)
	total := 0
	body, _, _ := get(t, c, site.URL+"/now")
	total += travels(t, c, site.URL+"/now", "")
	for _, m := range regexp.MustCompile(`(?:src|href)="(/assets/[^"#]+)"`).FindAllStringSubmatch(body, -1) {
		total += travels(t, c, site.URL+m[1], "immutable")
	}
	if total > 100_000 || total < 10_000 {
		t.Errorf("the first view is %d bytes", total)
	}
}

// travels is how many bytes an answer has on the way to a browser that reads gzip.
func travels(t *testing.T, c *http.Client, at, cached string) int {
	t.Helper()
	req := request(t, at)
	req.Header.Set("Accept-Encoding", "gzip")
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	n, err := io.Copy(io.Discard, resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
	h := resp.Header
	if resp.StatusCode != 200 || !strings.Contains(h.Get("Cache-Control"), cached) || n > 2000 && h.Get("Content-Encoding") != "gzip" {
		t.Errorf("%s: %d, %v", at, resp.StatusCode, h)
	}
	return int(n)
}

// TestNowhere: an address that leads nowhere says so in the person's language, and the first page is one that the person may see.
func TestNowhere(t *testing.T) {
	site := consoletest.Start(t, "")
	status, body, _ := do(t, site.Client(people.Viewer), request(t, site.URL+"/nowhere"))
	if status != 404 || !strings.Contains(body, "見つかりません") {
		t.Errorf("%d %s", status, body)
	}
	if status, _, location := do(t, site.Client(people.Viewer), request(t, site.URL+"/")); status != 303 || location != "/now" {
		t.Errorf("%d to %q", status, location)
	}
	if status, _, location := do(t, site.Client(0), request(t, site.URL+"/now?a=b")); status != 303 || location != "/signin?to=%2Fnow%3Fa%3Db" {
		t.Errorf("%d to %q", status, location)
	}
}

func request(t *testing.T, at string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, at, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
