package api_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tsujiban/api"
	"tsujiban/people"
)

// browser is a person at the console, over the network.
type browser struct {
	t    *testing.T
	base string
	http *http.Client
}

func (b *browser) do(method, path string, form url.Values) (*http.Response, string) {
	b.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.base+path, body)
	if err != nil {
		b.t.Fatal(err)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return send(b.t, b.http, req)
}

func send(t *testing.T, c *http.Client, req *http.Request) (*http.Response, string) {
	t.Helper()
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(resp.Body)
	if cerr := resp.Body.Close(); err != nil || cerr != nil {
		t.Fatal(err, cerr)
	}
	return resp, string(text)
}

var csrf = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

// post sends a form of a page as the page would.
func (b *browser) post(page, action string, fields url.Values) (*http.Response, string) {
	b.t.Helper()
	_, text := b.do("GET", page, nil)
	m := csrf.FindStringSubmatch(text)
	if m == nil {
		b.t.Fatalf("%s has no form:\n%.500s", page, text)
	}
	fields.Set("csrf", m[1])
	return b.do("POST", action, fields)
}

// enter signs somebody in by the console's own link.
func (s *site) enter(t *testing.T, login string, role people.Role) *browser {
	t.Helper()
	link, err := s.app.Demonstrate(t.Context(), login, "高橋 次郎", role)
	if err != nil {
		t.Fatal(err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	b := &browser{t: t, base: u.Scheme + "://" + u.Host, http: &http.Client{Jar: jar}}
	t.Cleanup(b.http.CloseIdleConnections)
	b.post(u.EscapedPath(), u.EscapedPath(), url.Values{})
	if resp, text := b.do("GET", "/account", nil); resp.StatusCode != http.StatusOK || !strings.Contains(text, "/account/tokens") {
		t.Fatalf("not signed in: %d\n%.300s", resp.StatusCode, text)
	}
	return b
}

var tokenText = regexp.MustCompile(people.TokenPrefix + `[A-Za-z0-9_-]{43}`)

func (b *browser) token(scopes ...string) string {
	b.t.Helper()
	_, text := b.post("/account", "/account/tokens", url.Values{"token_name": {"監視"}, "days": {"30"}, "scope": scopes})
	token := tokenText.FindString(text)
	if token == "" {
		b.t.Fatalf("no token:\n%.500s", text)
	}
	return token
}

// TestBehindTheConsole: a token that is made on the account page works at the console's own listener, within its scopes, until it is ended; the
// session's cookie is nothing to the API, and a token nothing to the pages.
func TestBehindTheConsole(t *testing.T) {
	s := newSite(t)
	s.stop()
	s.more = "[console]\nlisten = \"127.0.0.1:0\"\npublic_url = \"http://127.0.0.1:0\"\n"
	s.start()
	b := s.enter(t, "takahashi@example.jp", people.Administrator)
	token := b.token("see-customers", "change-customers", "lock-staff", "see-staff")
	plain := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	t.Cleanup(plain.CloseIdleConnections)
	ask := func(c *http.Client, method, path, token, in string) (int, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), method, b.base+path, strings.NewReader(in))
		if err != nil {
			t.Fatal(err)
		}
		if token != "" {
			req.Header.Set("Authorization", "Bearer "+token)
		}
		if in != "" {
			req.Header.Set("Content-Type", "application/json")
		}
		resp, text := send(t, c, req)
		return resp.StatusCode, text
	}
	for i, c := range []struct {
		client                  *http.Client
		method, path, token, in string
		status                  int
	}{
		{plain, "GET", "/api/v1/self", token, "", 200},
		{plain, "GET", "/api/v1/openapi.json", "", "", 200},
		{plain, "PATCH", "/api/v1/customers/hakata-shokai/limits", token, `{"cap_day":"20000"}`, 200},
		{plain, "GET", "/api/v1/rules", token, "", 403}, // not one of its scopes
		{plain, "POST", "/api/v1/staff/viewer@example.jp/disable", token, "", 200},
		{plain, "GET", "/api/v1/staff/viewer@example.jp", token, "", 200},
		{plain, "GET", "/api/v1/self", people.TokenPrefix + strings.Repeat("A", 43), "", 401},
		{b.http, "GET", "/api/v1/self", "", "", 401}, // the cookie alone
		{b.http, "PATCH", "/api/v1/customers/hakata-shokai/limits", "", `{"cap_day":"1"}`, 401},
		{plain, "GET", "/staff", token, "", 303}, // the token at a page: to the sign-in
		{plain, "GET", "/api/v1/../../staff", token, "", 307},
		{plain, "GET", "/api/v2/self", token, "", 404},
		{plain, "GET", "/api/v1/self?access_token=" + token, "", "", 401},
	} {
		if status, text := ask(c.client, c.method, c.path, c.token, c.in); status != c.status {
			t.Errorf("%d: %s %s: %d, want %d\n%.300s", i, c.method, c.path, status, c.status, text)
		}
	}
	var self api.Self
	_, text := ask(plain, "GET", "/api/v1/self", token, "")
	(&reply{body: []byte(text)}).into(t, &self)
	if self.Person != "takahashi@example.jp" || !slices.Equal(self.Rights, []string{"see-customers", "change-customers", "see-staff", "lock-staff"}) {
		t.Errorf("%+v", self)
	}
	var mine api.Page[api.Token]
	_, text = ask(plain, "GET", "/api/v1/tokens", token, "")
	(&reply{body: []byte(text)}).into(t, &mine)
	if len(mine.Items) != 1 || !mine.Items[0].This || strings.Contains(text, people.TokenPrefix) {
		t.Fatalf("%s", text)
	}
	if status, text := ask(plain, "DELETE", "/api/v1/tokens/"+mine.Items[0].ID, token, ""); status != 200 {
		t.Errorf("%d %s", status, text)
	}
	if status, _ := ask(plain, "GET", "/api/v1/self", token, ""); status != 401 {
		t.Errorf("a token that ended itself: %d", status)
	}
	if _, text := b.do("GET", "/account", nil); strings.Contains(text, fmt.Sprintf("value=%q", mine.Items[0].ID)) {
		t.Error("the page still has the token")
	}
}
