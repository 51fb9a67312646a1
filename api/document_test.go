package api_test

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"tsujiban/api"
)

// document is the OpenAPI document as served.
type document struct {
	t      *testing.T
	all    map[string]any
	schema *jsonschema.Compiler
	called map[string]bool // operation ids
}

func readDocument(t *testing.T, s *site) *document {
	t.Helper()
	r := s.must(http.StatusOK, "", "GET", "/openapi.json", nil)
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(r.body))
	if err != nil {
		t.Fatal(err)
	}
	d := &document{t: t, all: v.(map[string]any), schema: jsonschema.NewCompiler(), called: map[string]bool{}}
	d.schema.AssertFormat()
	d.schema.DefaultDraft(jsonschema.Draft2020)
	if err := d.schema.AddResource("openapi.json", v); err != nil {
		t.Fatal(err)
	}
	return d
}

func part(v any, path ...string) any {
	for _, p := range path {
		m, _ := v.(map[string]any)
		v = m[p]
	}
	return v
}

// operation finds what the document says of a row.
func (d *document) operation(row *api.Row) map[string]any {
	op, _ := part(d.all, "paths", row.Path, strings.ToLower(row.Method)).(map[string]any)
	return op
}

// check holds an answer against the document.
func (d *document) check(row *api.Row, r *reply) {
	d.t.Helper()
	d.called[row.ID] = true
	op := d.operation(row)
	status := fmt.Sprint(r.status)
	if part(op, "responses", status) == nil {
		if r.status < 400 {
			d.t.Errorf("%s: %d is not in the document", row.ID, r.status)
			return
		}
		status = "default"
	}
	kind, _, _ := strings.Cut(r.header.Get("Content-Type"), ";")
	content, _ := part(op, "responses", status, "content").(map[string]any)
	if content[kind] == nil {
		d.t.Errorf("%s: %s answers %q, the document has %v", row.ID, status, kind, slices.Collect(maps.Keys(content)))
		return
	}
	if !strings.HasSuffix(kind, "json") {
		return
	}
	at := "openapi.json#/paths/" + strings.ReplaceAll(strings.ReplaceAll(row.Path, "~", "~0"), "/", "~1") + "/" + strings.ToLower(row.Method) +
		"/responses/" + status + "/content/" + strings.ReplaceAll(kind, "/", "~1") + "/schema"
	schema, err := d.schema.Compile(strings.NewReplacer("{", "%7B", "}", "%7D").Replace(at))
	if err != nil {
		d.t.Fatalf("%s: %v", row.ID, err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(r.body))
	if err == nil {
		err = schema.Validate(v)
	}
	if err != nil {
		d.t.Errorf("%s: %d does not fit the document: %v\n%s", row.ID, r.status, err, r.body)
	}
}

// TestEveryRowIsDescribed: what the mux answers and what the document says are the same.
func TestEveryRowIsDescribed(t *testing.T) {
	s := newSite(t)
	d := readDocument(t, s)
	if v := d.all["openapi"]; v != "3.1.0" {
		t.Errorf("openapi %v", v)
	}
	described := map[string]bool{}
	for path, item := range part(d.all, "paths").(map[string]any) {
		for method, op := range item.(map[string]any) {
			described[strings.ToUpper(method)+" "+path] = true
			o := op.(map[string]any)
			if o["summary"] == "" || o["description"] == "" || o["security"] == nil || len(o["tags"].([]any)) != 1 {
				t.Errorf("%s %s is described too shortly: %s", method, path, keys(o))
			}
		}
	}
	seen := map[string]bool{}
	for _, row := range api.Rows {
		if seen[row.ID] {
			t.Errorf("two rows are %s", row.ID)
		}
		seen[row.ID] = true
		place := row.Method + " " + row.Path
		if strings.HasPrefix(row.Path, "/openapi") || row.Path == "/docs" {
			s.must(http.StatusOK, "", row.Method, row.Path, nil)
			continue
		}
		if !described[place] {
			t.Errorf("%s is not in the document", place)
		}
		delete(described, place)
		if r := s.do("", row.Method, filled(row.Path), nil); r.status != http.StatusUnauthorized {
			t.Errorf("%s answers %d without a token", place, r.status)
		}
	}
	for place := range described {
		t.Errorf("the document has %s, and no row does", place)
	}
	schemas := part(d.all, "components", "schemas").(map[string]any)
	for name, v := range schemas {
		if v.(map[string]any)["additionalProperties"] != false {
			t.Errorf("%s lets other fields in", name)
		}
	}
	if schemas["ErrorModel"] != nil || schemas["Problem"] == nil {
		t.Error("problems are not ours")
	}
}

// TestPageForPeople: no script, nothing from elsewhere, everything in it.
func TestPageForPeople(t *testing.T) {
	s := newSite(t)
	r := s.must(http.StatusOK, "", "GET", "/docs", nil)
	text := string(r.body)
	for _, row := range api.Rows[3:] {
		if !strings.Contains(text, `id="`+row.ID+`"`) {
			t.Errorf("%s is not on the page", row.ID)
		}
	}
	if regexp.MustCompile(`(?i)<script|https?://|src=|<[^>]* on[a-z]+=`).MatchString(text) {
		t.Error("the page asks for something that it does not have")
	}
	if csp := r.header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'; style-src 'sha256-") {
		t.Errorf("CSP %q", csp)
	}
	if yaml := s.must(http.StatusOK, "", "GET", "/openapi.yaml", nil); !strings.Contains(string(yaml.body), "openapi: 3.1.0") {
		t.Error("no YAML")
	}
}

// filled puts something into the places of a path.
func filled(path string) string {
	return strings.NewReplacer("{customer}", "hakata-shokai", "{trunk}", "hakata-pbx", "{holder}", "hakata-shokai", "{number}", "%2B81925551201",
		"{call}", "06b3k9d1r8000", "{case}", "1", "{step}", "1", "{look}", "1", "{hold}", "1", "{entry}", "1", "{person}", "nobody", "{token}", "0a", "{proposal}", "1",
		"{notice}", "n1", "{webhook}", "ticket", "{year}", "2026").Replace(path)
}
