package console_test

import (
	"net/http"
	"net/url"
	"testing"

	"tsujiban/console/consoletest"
	"tsujiban/people"
)

// away are addresses that lead off this site in some browser, or would if they were taken apart otherwise than there.
var away = []string{
	"//evil.example", "///evil.example", `/\evil.example`, `\\evil.example`, `\/evil.example`, "https:evil.example", "https:/evil.example", "https://evil.example/", "HTTPS://evil.example",
	"javascript:alert(1)", "data:text/html,x", "mailto:x@evil.example", "\t//evil.example", "/\t/evil.example", "/\n/evil.example", "/\r\n/evil.example", " //evil.example", "\u3000//evil.example", "/\x00/evil.example",
	"http://localhost@evil.example/", "//localhost@evil.example", "//evil.example/%2e%2e", "/%0d%0aLocation:%20https://evil.example", "/.//evil.example", "/..//evil.example", "/%2e%2e//evil.example",
	"／／evil.example", "/／evil.example", "evil.example", "?to=//evil.example", "#//evil.example", "", "/%2fevil.example", "/%5cevil.example", "/;//evil.example", "/x://evil.example", "/\u2028/evil.example",
}

// TestLeadsBackHere: every place of the console that takes an address to go on to stays on this site, with and without script.
func TestLeadsBackHere(t *testing.T) {
	site := consoletest.Start(t, "")
	c := site.Client(people.Viewer)
	_, csrf, _ := get(t, c, site.URL+"/now")
	for _, to := range away {
		for name, req := range map[string]func() *http.Request{
			"language": func() *http.Request {
				return filled(t, site.URL+"/settings/language", url.Values{"csrf": {csrf}, "back": {to}})
			},
			"colours": func() *http.Request {
				return filled(t, site.URL+"/settings/theme", url.Values{"csrf": {csrf}, "back": {to}})
			},
			"sign-in of who is signed in": func() *http.Request { return request(t, site.URL+"/signin?to="+url.QueryEscape(to)) },
			"hint of a language":          func() *http.Request { return request(t, site.URL+"/signin?back="+url.QueryEscape(to)) },
		} {
			for _, script := range []bool{false, true} {
				r := req()
				if script {
					r.Header.Set("HX-Request", "true")
				}
				resp, err := c.Do(r)
				if err != nil {
					t.Fatal(err)
				}
				if err := resp.Body.Close(); err != nil {
					t.Fatal(err)
				}
				at := resp.Header.Get("Location") + resp.Header.Get("HX-Redirect")
				inside(t, name+" with "+to, at)
				u, err := resp.Request.URL.Parse(at)
				if err != nil || u.Host != resp.Request.URL.Host {
					t.Errorf("%s with %q leads to %v (%v)", name, to, u, err)
				}
			}
		}
	}
}
