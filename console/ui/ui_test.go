package ui

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"tsujiban"
	"tsujiban/console/ui/uitest"
)

func TestFormats(t *testing.T) {
	jst := time.FixedZone("JST", 9*3600)
	at := time.Date(2026, 11, 25, 14, 3, 5, 0, jst)
	ja, en := tsujiban.Japanese, tsujiban.English
	for got, want := range map[string]string{
		Moment(ja, at): "2026年11月25日 14:03", Moment(en, at): "2026-11-25 14:03", Moment(ja, time.Time{}): "–",
		Yen("JPY", 12_345*tsujiban.Unit): "¥12,345", Yen("USD", 5*tsujiban.Unit): "USD 5",
		Span(ja, 76*time.Hour): "3日4時間", Span(en, 76*time.Hour): "3 d 4 h", Span(en, 0): "0 s",
		Ago(ja, at, at.Add(-190*time.Second)): "3分前", Ago(en, at, at.Add(-25*time.Hour)): "1 d ago", Ago(en, at, at.Add(time.Hour)): "in 1 h", Ago(ja, at, at): "たった今",
		Talk(3723 * time.Second): "1:02:03", Decibans(5): "+5.0", Decibans(0.01): "", Grouped(-1234567): "-1,234,567", Grouped(123): "123",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	for in, want := range map[string]string{"+819012345678": "+81901234****", "+8190123****": "+8190123****", "anonymous": "••••••••"} {
		if got, err := Masked(in); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", in, got, err, want)
		}
	}
}

func TestInside(t *testing.T) {
	for in, want := range map[string]string{
		"/now": "/now", "/now?a=b#c": "/now?a=b#c", "": "/", "now": "/", "//evil.example": "/", "https://evil.example/": "/", `/\evil.example`: "/", "/a\r\nb": "/", "javascript:alert(1)": "/", "/\t/evil.example": "/",
	} {
		if got := Inside(in); got != want {
			t.Errorf("%q leads to %q, want %q", in, got, want)
		}
	}
}

func TestWords(t *testing.T) {
	w, err := readWords(fstest.MapFS{"w": {Data: []byte("[a]\nb = [\"{0} 件、{1}\", \"{0} case of {1}|{0} cases of {1}\"]")}}, "w")
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		lang tsujiban.Lang
		n    int
		want string
	}{{tsujiban.Japanese, 1, "1 件、{0}"}, {tsujiban.English, 1, "1 case of {0}"}, {tsujiban.English, 12345, "12,345 cases of {0}"}} {
		if got, ok := w.say(x.lang, "a.b", x.n, "{0}"); !ok || got != x.want { // what is filled in is not filled again
			t.Errorf("got %q, want %q", got, x.want)
		}
	}
	for text, why := range map[string]string{`a = "x"`: "two texts", `a = ["x"]`: "two texts", `a = ["", "x"]`: "two texts", `a = ["{0}", "x"]`: "same {0}"} {
		if _, err := readWords(fstest.MapFS{"w": {Data: []byte(text)}}, "w"); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestLength: what a field shows is what it reads again, in both languages.
func TestLength(t *testing.T) {
	b, err := Build(Node{Zone: time.UTC})
	if err != nil {
		t.Fatal(err)
	}
	for d, want := range map[time.Duration][2]string{
		0: {"", ""}, 2 * time.Hour: {"2時間", "2h"}, 90 * time.Minute: {"1時間30分", "1h30m"}, 30 * time.Second: {"30秒", "30s"}, time.Hour + time.Second: {"1時間0分1秒", "1h0m1s"}, 1500 * time.Millisecond: {"1.5s", "1.5s"},
	} {
		for i, l := range []tsujiban.Lang{tsujiban.Japanese, tsujiban.English} {
			got := Length(l, d)
			if got != want[i] {
				t.Errorf("%s is written %q, want %q", d, got, want[i])
			}
			var f struct {
				Long time.Duration `form:"long"`
			}
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(url.Values{"long": {got}}.Encode()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			q := &Request{Request: r, Zone: time.UTC}
			b.BindShared(q)
			if wrong, err := q.Decode(&f); err != nil || len(wrong) > 0 || f.Long != d {
				t.Errorf("%q is read as %s: %v %v", got, f.Long, wrong, err)
			}
		}
	}
	if got := date(tsujiban.Japanese, "2026-04-01") + date(tsujiban.English, "2026-04-01") + date(tsujiban.Japanese, "soon"); got != "2026年4月1日2026-04-01soon" {
		t.Errorf("dates %q", got)
	}
}

// TestBuildRefuses: a page that names a word which nobody has keeps the program from starting.
func TestBuildRefuses(t *testing.T) {
	for page, why := range map[string]string{
		`{{define "content"}}{{if .Data}}{{t "no.word"}}{{end}}{{end}}`:                           `no word "no.word"`,
		`{{define "content"}}{{template "figure" (dict "label" (t "no.word") "value" 1)}}{{end}}`: `no word "no.word"`,
		`{{define "content"}}{{word "nogroup" .Data}}{{end}}`:                                     `no words "nogroup`,
		`{{define "content"}}{{nofunction}}{{end}}`:                                               "nofunction",
	} {
		_, err := Build(Node{Zone: time.UTC}, Room{Name: "x", Files: fstest.MapFS{"words.toml": {}, "pages/p.html": {Data: []byte(page)}}})
		if err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v", page, err)
		}
	}
}

// TestSharedWordsAreSaid: no shared word is left over.
func TestSharedWordsAreSaid(t *testing.T) {
	b, err := Build(Node{Zone: time.UTC})
	if err != nil {
		t.Fatal(err)
	}
	said := append(uitest.Constants(t, "."), uitest.Constants(t, "..")...)
	for _, k := range b.shared.own.keys() {
		group, _, _ := strings.Cut(k, ".")
		if !b.shared.used[k] && !contains(said, k) && group != "level" && group != "direction" {
			t.Errorf("nobody says %q", k)
		}
	}
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

func TestDecode(t *testing.T) {
	b, err := Build(Node{Zone: time.UTC})
	if err != nil {
		t.Fatal(err)
	}
	type form struct {
		Note string         `form:"note" max:"10" need:"yes"`
		Cap  tsujiban.Money `form:"cap"`
		N    int            `form:"n"`
		On   bool           `form:"on"`
		At   time.Time      `form:"at"`
		Who  []string       `form:"who"`
	}
	decode := func(v url.Values) (f form, wrong Fields) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(v.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		q := &Request{Request: r, Zone: time.FixedZone("JST", 9*3600), Lang: tsujiban.English}
		b.BindShared(q)
		wrong, err := q.Decode(&f)
		if err != nil {
			t.Fatal(err)
		}
		return f, wrong
	}
	got, wrong := decode(url.Values{"note": {" 博多 "}, "cap": {"￥２０,０００"}, "n": {"１２"}, "on": {"yes"}, "at": {"2026-11-25T14:03"}, "who": {"a", "", "b"}})
	want := form{"博多", 20_000 * tsujiban.Unit, 12, true, time.Date(2026, 11, 25, 5, 3, 0, 0, time.UTC), []string{"a", "b"}}
	if !got.At.Equal(want.At) || len(wrong) > 0 {
		t.Errorf("%v %v", got.At, wrong)
	}
	got.At = want.At
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
	_, wrong = decode(url.Values{"note": {strings.Repeat("x", 11)}, "cap": {"-1"}, "n": {"x"}, "at": {"soon"}, "who": {"\x00"}})
	for _, f := range []string{"note", "cap", "n", "at", "who"} {
		if wrong[f] == "" {
			t.Errorf("%s was taken", f)
		}
	}
	if _, wrong = decode(url.Values{"note": {"  "}}); wrong["note"] != "Fill this in" {
		t.Errorf("%v", wrong)
	}
	if _, wrong = decode(url.Values{"note": {"a\u202eb"}}); wrong["note"] == "" {
		t.Error("a text that turns its own direction was taken")
	}
}
