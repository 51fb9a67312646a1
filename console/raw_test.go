package console_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"tsujiban/app/control"
	"tsujiban/console/consoletest"
	"tsujiban/console/ui"
	"tsujiban/people"
)

// wire is a connection on which a request is sent as it is written: no client has made its path clean.
type wire struct {
	t    *testing.T
	site *consoletest.Site
	conn net.Conn
	read *bufio.Reader
}

func (w *wire) close() {
	if w.conn != nil {
		if err := w.conn.Close(); err != nil {
			w.t.Error(err)
		}
		w.conn = nil
	}
}

// ask sends a request and reads its answer; a stream's is not waited for.
func (w *wire) ask(method, target string, headers ...string) (status int, header http.Header, body string) {
	w.t.Helper()
	host := strings.TrimPrefix(w.site.URL, "http://")
	if w.conn == nil {
		var err error
		if w.conn, err = net.Dial("tcp", host); err != nil {
			w.t.Fatal(err)
		}
		w.read = bufio.NewReader(w.conn)
	}
	lines := append([]string{method + " " + target + " HTTP/1.1", "Host: " + host, "Accept-Language: ja"}, headers...)
	if _, err := io.WriteString(w.conn, strings.Join(lines, "\r\n")+"\r\n\r\n"); err != nil {
		w.t.Fatal(err)
	}
	resp, err := http.ReadResponse(w.read, &http.Request{Method: method})
	if err != nil {
		w.t.Fatalf("%s %q: %v", method, target, err)
	}
	if resp.Header.Get("Content-Type") != "text/event-stream" {
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			w.t.Fatal(err)
		}
		body = string(b)
	}
	if resp.Close || body == "" && resp.ContentLength < 0 {
		w.close()
	}
	return resp.StatusCode, resp.Header, body
}

func as(role people.Role) string {
	return "Cookie: " + ui.SessionCookie(false) + "=" + role.String()
}

// inside fails when a Location leads a browser elsewhere: it takes \ for / and leaves tabs and line ends out.
func inside(t *testing.T, what, location string) {
	t.Helper()
	seen := strings.NewReplacer(`\`, "/", "\t", "", "\r", "", "\n", "").Replace(strings.TrimSpace(location))
	if !strings.HasPrefix(seen, "/") || strings.HasPrefix(seen, "//") {
		t.Errorf("%s leads to %q", what, location)
	}
}

// TestPathsThatClimb: whatever a path is dressed up as, it leads to no file, to nobody else's data, and off this site neither.
func TestPathsThatClimb(t *testing.T) {
	site := consoletest.Start(t, "")
	w := &wire{t: t, site: site}
	t.Cleanup(w.close)
	assets := strings.TrimSuffix(ui.Asset("style.css"), "style.css")
	if status, _, body := w.ask("GET", assets+"style.css"); status != 200 || !strings.Contains(body, "{") {
		t.Fatalf("the style sheet is not where it is asked for: %d", status)
	}
	climbs := []string{
		"../../../../../../etc/passwd", "..%2f..%2f..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/%2e%2e/etc/passwd", "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
		`..\..\..\etc\passwd`, "..%5c..%5cetc%5cpasswd", "..", ".", "%2e%2e", "%2e", "%2e.", "%00", "style.css%00", "style.css%00.html", "..;/..;/etc/passwd",
		"%c0%ae%c0%ae/etc/passwd", "%252e%252e%252fetc%252fpasswd", "....//....//etc/passwd", "/etc/passwd", "%2fetc%2fpasswd", "file:///etc/passwd", "C:%5cWindows%5cwin.ini",
		"%2e%2e/naniwa-denki", "..%2fnaniwa-denki", "hakata-shokai/../naniwa-denki", "hakata-shokai%2f..%2fnaniwa-denki", "hakata-shokai/%2e%2e/naniwa-denki/bill.csv", "naniwa-denki%00", "naniwa-denki%20", "%6eaniwa-denki",
		"naniwa-denki/bill.csv", "naniwa-denki/bill.pdf", "x%0d%0aSet-Cookie:%20a=b", "%E2%80%A8", "x?..%2f..%2f", "hakata-shokai;naniwa-denki",
	}
	for _, role := range []people.Role{0, people.CustomerRole, people.Administrator} {
		for _, base := range []string{
			assets, "/assets/", "/assets/../", "/", "//", `/\`, "/portal/", "/live/portal/", "/customers/", "/customers/hakata-shokai/", "/numbers/holders/", "/numbers/", "/inquiries/", "/inquiries/1/", "/cases/", "/record/", "/reply/",
			"/api/v1/customers/", "/api/v1/looks/", "/api/", "/staff/",
		} {
			for _, climb := range climbs {
				target := base + climb
				what := fmt.Sprintf("GET %s as %v", target, role)
				status, header, body := w.ask("GET", target, as(role))
				if status >= 500 {
					t.Errorf("%s: %d\n%s", what, status, body)
				}
				if strings.Contains(body, "root:") || header.Get("Set-Cookie") == "a=b" {
					t.Errorf("%s gives what it must not:\n%s", what, body)
				}
				if role != people.Administrator && (strings.Contains(body, "浪速電機") || strings.Contains(body, "6655501")) {
					t.Errorf("%s shows another customer", what)
				}
				if at := header.Get("Location"); at != "" {
					inside(t, what, at)
				}
				if status == 200 && role == 0 && !strings.HasPrefix(base, "/assets/") {
					t.Errorf("%s: %d for nobody", what, status)
				}
				if status == 200 && strings.HasPrefix(base, "/assets/") {
					t.Errorf("%s: %d", what, status)
				}
			}
		}
	}
}

// TestOrdersThatClimb: no page gives another order than its own, because a part of its path climbs in the order's.
func TestOrdersThatClimb(t *testing.T) {
	site := consoletest.Start(t, "")
	w := &wire{t: t, site: site}
	t.Cleanup(w.close)
	_, csrf, _ := get(t, site.Client(people.Administrator), site.URL+"/now")
	record := func() int {
		var list control.Actions
		if err := site.Socket.Do(t.Context(), http.MethodGet, "/v1/actions?limit=1000", nil, &list); err != nil {
			t.Fatal(err)
		}
		return len(list.Actions)
	}
	before := record()
	tried := 0
	for _, b := range site.App.ConsoleRoutes() {
		if !strings.Contains(b.Path, "{") || strings.HasPrefix(b.Path, "/reply/") {
			continue
		}
		for _, climb := range []string{"%2e%2e", "%2e", "x%2f%2e%2e", "%2e%2e%2fcustomers", "%2e%2e%3fx=", "%2e%2e%23", "hakata-shokai%2f%2e%2e", "%00"} {
			tried++
			target := wildcard.ReplaceAllString(b.Path, climb)
			status, header, body := w.ask(b.Method, target, as(people.Administrator), "X-CSRF-Token: "+csrf, "Content-Length: 0")
			// A form without its fields may be shown again (422), a page that needs a proof asks for it.
			if status == 200 || status >= 500 {
				t.Errorf("%s %s: %d\n%s", b.Method, target, status, body)
			}
			if at := header.Get("Location"); at != "" {
				inside(t, target, at)
			}
		}
	}
	if n := record(); n != before || tried < 100 {
		t.Errorf("%d acts were recorded in %d tries", n-before, tried)
	}
	if err := site.App.Office("test").Do(t.Context(), http.MethodGet, "/v1/customers/../actions", nil, nil); err == nil {
		t.Error("a path that climbs leads to another order")
	}
}
