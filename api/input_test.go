package api_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tsujiban/api"
)

// TestWrongBodies: each refusal says where and why, in the reader's language, and repeats no value.
func TestWrongBodies(t *testing.T) {
	s := newSite(t)
	at := "/customers/hakata-shokai"
	for _, c := range []struct {
		name, in, lang string
		status         int
		code           string
		faults         []api.Fault
	}{
		{"unknown field", `{"nmae":"x"}`, "en", 422, "invalid", []api.Fault{{In: "body", Pointer: "/nmae", Message: "unexpected property"}}},
		{"unknown field below", `{"limits":{"cap_year":"1"}}`, "ja", 422, "invalid", []api.Fault{{In: "body", Pointer: "/limits/cap_year", Message: "この項目はありません"}}},
		{"wrong type", `{"name":5}`, "en", 422, "invalid", []api.Fault{{In: "body", Pointer: "/name", Message: "expected string"}}},
		{"wrong type in a list", `{"limits":{"bar_countries":["SL",7]}}`, "ja", 422, "invalid", []api.Fault{{In: "body", Pointer: "/limits/bar_countries/1", Message: "文字列でなければなりません"}}},
		{"null", `{"name":null}`, "en", 400, "unreadable", []api.Fault{{In: "body", Message: "null stands for nothing here; leave it out"}}},
		{"money as number", `{"limits":{"cap_day":20000}}`, "en", 422, "invalid", []api.Fault{{In: "body", Pointer: "/limits/cap_day", Message: "expected string"}}},
		{"money below zero", `{"limits":{"cap_day":"-1"}}`, "en", 422, "invalid", []api.Fault{{In: "body", Pointer: "/limits/cap_day", Message: "expected string to be a decimal amount such as 20000 or 12.5"}}},
		{"other case", `{"Name":"x"}`, "en", 422, "invalid", []api.Fault{{In: "body", Pointer: "/Name", Message: "unexpected property"}}},
		{"twice", `{"name":"x","name":"y"}`, "en", 400, "unreadable", []api.Fault{{In: "body", Pointer: "/name", Message: "the same name stands twice"}}},
		{"cut off", `{"name":"x"`, "ja", 400, "unreadable", []api.Fault{{In: "body", Message: "本文がJSONの途中で終わっています"}}},
		{"two values", `{} {}`, "en", 400, "unreadable", []api.Fault{{In: "body", Message: "something follows the JSON value"}}},
		{"no UTF-8", "{\"name\":\"\xff\"}", "en", 400, "unreadable", []api.Fault{{In: "body", Message: "the body is not valid UTF-8"}}},
		{"deep", `{"name":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}`, "en", 400, "unreadable", []api.Fault{{In: "body", Message: "the body is nested too deep"}}},
		{"empty", ``, "en", 400, "unreadable", nil},
		{"list", `[]`, "en", 422, "invalid", []api.Fault{{In: "body", Message: "expected object"}}},
		{"pointer", `{"a/b~c":1}`, "en", 422, "invalid", []api.Fault{{In: "body", Pointer: "/a~1b~0c", Message: "unexpected property"}}},
		{"refused by the rules", `{"limits":{"bar_countries":["XX"]}}`, "en", 422, "invalid", nil},
		{"formula", `{"name":"=cmd|'/c calc'!A0"}`, "en", 200, "", nil}, // text is text; exports disarm it
		{"control characters", "{\"name\":\"a\\u001b[2Jb\"}", "en", 422, "invalid", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := s.do("administrator", "PATCH", at, c.in, "Accept-Language", c.lang)
			if r.status != c.status {
				t.Fatalf("%d, want %d\n%s", r.status, c.status, r.body)
			}
			if c.code == "" {
				return
			}
			p := r.problem(t)
			if d := cmp.Diff(c.faults, p.Errors); d != "" || p.Code != c.code {
				t.Errorf("code %s; -want +got\n%s", p.Code, d)
			}
			if (c.lang == "ja") != strings.ContainsAny(p.Title, "入力本文") {
				t.Errorf("title %q in %s", p.Title, c.lang)
			}
			if strings.Contains(string(r.body), `"tsujiban `) || strings.Contains(string(r.body), "20000,") {
				t.Errorf("%s", r.body)
			}
		})
	}
}

// TestLargeAndBroken: bodies that are too large, that break off, that are something else; methods and paths that there are not.
func TestLargeAndBroken(t *testing.T) {
	s := newSite(t)
	at := "/customers/hakata-shokai"
	big := s.do("administrator", "PATCH", at, `{"name":"`+strings.Repeat("x", 300<<10)+`"}`)
	if big.status != http.StatusRequestEntityTooLarge || big.problem(t).Code != "too-large" {
		t.Errorf("large: %d", big.status)
	}
	if r := s.do("administrator", "PATCH", at, io.MultiReader(strings.NewReader(`{"name":"x`), broken{})); r.status != http.StatusBadRequest {
		t.Errorf("broken off: %d %s", r.status, r.body)
	}
	if r := s.do("administrator", "PATCH", at, strings.NewReader("name=x"), "Content-Type", "application/x-www-form-urlencoded"); r.status != http.StatusBadRequest && r.status != http.StatusUnsupportedMediaType {
		t.Errorf("form: %d %s", r.status, r.body)
	}
	if r := s.do("viewer", "GET", "/customers?"+strings.Repeat("x", 9000), nil); r.status != http.StatusRequestEntityTooLarge {
		t.Errorf("query: %d", r.status)
	}
	r := s.must(http.StatusMethodNotAllowed, "viewer", "PUT", at, "{}")
	if r.header.Get("Allow") != "GET, PATCH, DELETE" || r.problem(t).Code != "method-not-allowed" {
		t.Errorf("Allow %q", r.header.Get("Allow"))
	}
	for _, path := range []string{"/no-such", "/customers/", "/customers/hakata-shokai/", "/customers/%2e%2e/restriction", "/../../metrics"} {
		if r := s.do("viewer", "GET", path, nil); r.status != http.StatusNotFound && r.status != http.StatusTemporaryRedirect && r.status != http.StatusMovedPermanently && r.status != http.StatusMethodNotAllowed && r.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", path, r.status)
		}
	}
	for _, id := range []string{"..", "a%2Fb", "A", "a%00b", "%E5%8D%9A", strings.Repeat("a", 65), "a%0d%0aSet-Cookie:x"} {
		r := s.do("viewer", "GET", "/customers/"+id, nil)
		if r.status < 300 && r.status >= 200 || r.header.Get("Set-Cookie") != "" {
			t.Errorf("%s: %d", id, r.status)
		}
	}
	if h := r.header; h.Get("Cache-Control") != "no-store" || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("headers %v", h)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("connection reset") }

// TestETag: of two who change the same, one learns that the other was first. Each change names a field of its own, so that nothing but the tag tells.
func TestETag(t *testing.T) {
	s := newSite(t)
	const customer, trunk, own = "/customers/hakata-shokai", "/trunks/hakata-pbx", "/customers/hakata-shokai/own"
	for _, of := range []struct {
		read, first, change, second, late string
	}{
		{read: customer, first: customer, change: `{"name":"博多商事"}`, second: customer + "/limits", late: `{"cap_day":"1"}`},
		{read: trunk, first: trunk, change: `{"domain":"pbx.hakata.example"}`, second: trunk, late: `{"address":"192.0.2.7:5060"}`},
		{read: own, first: own + "/switches", change: `{"bar_countries":["SL"]}`, second: own + "/limits", late: `{"cap_month":"1"}`},
	} {
		tag := s.must(http.StatusOK, "administrator", "GET", of.read, nil).header.Get("ETag")
		if again := s.must(http.StatusOK, "administrator", "GET", of.read, nil).header.Get("ETag"); tag == "" || again != tag {
			t.Errorf("%s: tags %q %q of the same", of.read, tag, again)
		}
		next := s.must(http.StatusOK, "administrator", "PATCH", of.first, of.change, "If-Match", tag).header.Get("ETag")
		if next == "" || tag == next {
			t.Errorf("%s: tags %q %q", of.first, tag, next)
		}
		if p := s.must(http.StatusPreconditionFailed, "administrator", "PATCH", of.second, of.late, "If-Match", tag).problem(t); p.Code != "precondition-failed" {
			t.Errorf("%s: %+v", of.second, p)
		}
		s.must(http.StatusOK, "administrator", "PATCH", of.second, of.late, "If-Match", next)
	}
	made := s.must(http.StatusCreated, "administrator", "POST", "/trunks", `{"id":"hakata-2","customer":"hakata-shokai","sources":["198.51.100.7/32"]}`).header.Get("ETag")
	if read := s.must(http.StatusOK, "viewer", "GET", "/trunks/hakata-2", nil).header.Get("ETag"); made == "" || made != read {
		t.Errorf("made as %q, read as %q", made, read)
	}
}

// TestCursors: pages hold everything once; a cursor holds for its query only.
func TestCursors(t *testing.T) {
	s := newSite(t)
	for _, id := range []string{"a", "b", "c", "d", "e"} {
		s.must(http.StatusCreated, "administrator", "POST", "/customers", `{"id":"page-`+id+`","name":"頁"}`)
	}
	var got []string
	path := "/customers?match=page&limit=2"
	var last string
	for next := ""; ; {
		var p api.Page[api.Customer]
		s.must(http.StatusOK, "viewer", "GET", path+"&cursor="+next, nil).into(t, &p)
		for _, c := range p.Items {
			got = append(got, c.ID)
		}
		if next = p.Next; next == "" {
			break
		}
		last = next
	}
	if strings.Join(got, " ") != "page-a page-b page-c page-d page-e" {
		t.Errorf("pages: %v", got)
	}
	for _, wrong := range []string{"/customers?match=other&cursor=" + last, "/customers?match=page&cursor=" + last[:len(last)-2], "/customers?cursor=x", "/trunks?cursor=" + last} {
		if p := s.must(http.StatusUnprocessableEntity, "viewer", "GET", wrong, nil).problem(t); !strings.HasPrefix(p.Detail, "cursor: ") {
			t.Errorf("%s: %+v", wrong, p)
		}
	}
}
