package consoletest

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"tsujiban/people"
)

// Visitor is somebody at a browser without script, who reads Japanese.
type Visitor struct {
	t    *testing.T
	site *Site
	http *http.Client
	csrf string
}

// Visit comes as a person of a role.
func (s *Site) Visit(t *testing.T, role people.Role) *Visitor {
	t.Helper()
	v := &Visitor{t: t, site: s, http: s.Client(role)}
	v.Get("/account")
	return v
}

// Reply is what came back.
type Reply struct {
	Status   int
	Body     string
	Location string
	Header   http.Header
}

// Has fails when the page has another status, or lacks one of the texts.
func (r *Reply) Has(t *testing.T, status int, texts ...string) {
	t.Helper()
	if r.Status != status {
		t.Fatalf("status %d, want %d\n%s", r.Status, status, r.Main())
	}
	for _, s := range texts {
		if !strings.Contains(r.Body, s) {
			t.Errorf("the page lacks %q\n%s", s, r.Main())
		}
	}
}

// HasNot fails when the page has one of the texts.
func (r *Reply) HasNot(t *testing.T, texts ...string) {
	t.Helper()
	for _, s := range texts {
		if strings.Contains(r.Body, s) {
			t.Errorf("the page has %q\n%s", s, r.Main())
		}
	}
}

// Main is the page without its frame.
func (r *Reply) Main() string {
	_, main, ok := strings.Cut(r.Body, "<main")
	if !ok {
		return r.Body[:min(len(r.Body), 2000)]
	}
	main, _, _ = strings.Cut(main, "</main>")
	return main
}

var tokenField = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

func (v *Visitor) do(method, path, kind string, body io.Reader) *Reply {
	v.t.Helper()
	req, err := http.NewRequestWithContext(v.t.Context(), method, v.site.URL+path, body)
	if err != nil {
		v.t.Fatal(err)
	}
	req.Header.Set("Accept-Language", "ja")
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	resp, err := v.http.Do(req)
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
	if m := tokenField.FindSubmatch(b); m != nil {
		v.csrf = string(m[1])
	}
	// The sign of a telephone number comes as a reference; everything else stays as it is escaped.
	return &Reply{resp.StatusCode, strings.ReplaceAll(string(b), "&#43;", "+"), resp.Header.Get("Location"), resp.Header}
}

// Get asks for a page.
func (v *Visitor) Get(path string) *Reply {
	v.t.Helper()
	return v.do(http.MethodGet, path, "", nil)
}

// Post sends a form: names and values in turn.
func (v *Visitor) Post(path string, pairs ...string) *Reply {
	v.t.Helper()
	form := url.Values{"csrf": {v.csrf}}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return v.do(http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
}

// Upload sends a form with a file in it.
func (v *Visitor) Upload(path, field, name string, data []byte, pairs ...string) *Reply {
	v.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	err := w.WriteField("csrf", v.csrf)
	for i := 0; i+1 < len(pairs) && err == nil; i += 2 {
		err = w.WriteField(pairs[i], pairs[i+1])
	}
	if err != nil {
		v.t.Fatal(err)
	}
	f, err := w.CreateFormFile(field, name)
	if err == nil {
		_, err = f.Write(data)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		v.t.Fatal(err)
	}
	return v.do(http.MethodPost, path, w.FormDataContentType(), &b)
}
