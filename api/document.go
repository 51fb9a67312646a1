package api

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"tsujiban"
	"tsujiban/people"
)

//go:embed document.md
var introduction string

// tags group the operations, in the order of the document.
var tags = []*huma.Tag{
	{Name: "document", Description: "This document, and who is asking."},
	{Name: "live", Description: "How the program is, and the calls that are running."},
	{Name: "customers", Description: "Customers, their limits, their numbers, what stands against them."},
	{Name: "cases", Description: "Cases of suspicion, the picture of the desk, what happens as it happens."},
	{Name: "rules", Description: "What holds for all customers."},
	{Name: "trunks", Description: "How customers' PBXs reach the program."},
	{Name: "calls", Description: "Call records. They are secret by law: every search states its ground, and is recorded."},
	{Name: "ledger", Description: "Who holds which number since when, and what was believed when."},
	{Name: "suspensions", Description: "Numbers that are suspended because an agency asked for it."},
	{Name: "inquiries", Description: "Questions of the police, and the answers that leave the house."},
	{Name: "people", Description: "Who can sign in, the tokens of who asks, and what waits for a second person."},
	{Name: "notices", Description: "What people and programs are told, dead letters, and webhooks."},
	{Name: "evidence", Description: "How far the signed tree over the journal is."},
	{Name: "retention", Description: "How long records are kept, and what is held longer."},
}

// document begins the OpenAPI document.
func (s *server) document() {
	reg := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	c := huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title: "Tsujiban API", Version: "1", Description: introduction,
				License: &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"},
			},
			Servers: []*huma.Server{{URL: Prefix}},
			Tags:    tags,
			Components: &huma.Components{
				Schemas: reg,
				SecuritySchemes: map[string]*huma.SecurityScheme{
					"token": {Type: "http", Scheme: "bearer", Description: "An API token. Its owner's role, and the scopes that it was made with, say what it may do."},
				},
			},
		},
		Formats:                      map[string]huma.Format{"application/json": jsonFormat, "json": jsonFormat},
		DefaultFormat:                "application/json",
		RejectUnknownQueryParameters: true,
		Transformers:                 []huma.Transformer{transform},
	}
	s.huma = huma.NewAPI(c, adapter{s})
	s.fallback()
	register(s, "get-self", note{Summary: "Who is asking", Text: "Whose token it is, whom it reaches, and what it may do."},
		func(_ context.Context, c *call, _ *nothing) (*body[Self], error) { return answer(c.self()), nil })
}

// operation is what huma has to know of a row.
func (s *server) operation(row *Row, n note) huma.Operation {
	op := huma.Operation{
		OperationID: row.ID, Method: row.Method, Path: row.Path, Summary: n.Summary, Tags: []string{tagOf(row.Path)},
		Description: strings.TrimSpace(n.Text + "\n\n" + needs(row)), DefaultStatus: n.Status, MaxBodyBytes: -1, BodyReadTimeout: -1, // the guard has read the body
		Metadata:  map[string]any{"row": row, "note": n},
		Security:  []map[string][]string{{"token": {}}},
		Responses: map[string]*huma.Response{},
	}
	statuses := append([]int{http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests}, n.Problem...)
	if strings.Contains(row.Path, "{") {
		statuses = append(statuses, http.StatusNotFound)
	}
	if row.changes() {
		statuses = append(statuses, http.StatusBadRequest, http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity, http.StatusServiceUnavailable)
	}
	if row.changes() && !n.Table {
		op.Parameters = append(op.Parameters, &huma.Param{
			Name: KeyHeader, In: "header", Schema: &huma.Schema{Type: huma.TypeString, Pattern: "^[!-~]{1,128}$"},
			Description: "Names this request. Sent again with the same key within 24 hours, it is not carried out again: the first answer is given.",
		})
	}
	if n.Second {
		op.Responses["202"] = &huma.Response{
			Description: "It waits for a second person",
			Content:     map[string]*huma.MediaType{"application/json": {Schema: s.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Proposal](), true, "Proposal")}},
		}
	}
	if n.File != "" {
		files := map[string]*huma.MediaType{}
		for _, kind := range strings.Split(n.File, ", ") {
			files[kind] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}
		}
		op.Responses["200"] = &huma.Response{Description: "The file", Content: files}
	}
	problems := s.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Problem](), true, "Problem")
	add := func(status, text string) {
		op.Responses[status] = &huma.Response{Description: text, Content: map[string]*huma.MediaType{"application/problem+json": {Schema: problems}}}
	}
	for _, status := range statuses {
		add(strconv.Itoa(status), http.StatusText(status))
	}
	add("default", "Any other problem")
	return op
}

// tagOf is the group of a path.
func tagOf(path string) string {
	switch head := strings.Split(path, "/")[1]; head {
	case "self":
		return "document"
	case "overview", "events", "actions":
		return "cases"
	case "status", "running-calls":
		return "live"
	case "restrictions":
		return "customers"
	case "staff", "tokens", "proposals":
		return "people"
	case "webhooks":
		return "notices"
	case "looks":
		return "inquiries"
	default:
		return head
	}
}

// needs says which rights an operation needs.
func needs(row *Row) string {
	var names []string
	for _, r := range row.Staff {
		names = append(names, "`"+r.String()+"`")
	}
	text := "Needs " + strings.Join(names, " and ") + "."
	if row.Own != people.Open && row.Own != people.SignedIn {
		text += fmt.Sprintf(" Resellers and customers need `%s`, for their own.", row.Own)
	}
	if row.Own == people.Open {
		text += " Staff only."
	}
	return text
}

// describe ends the document and serves it.
func (s *server) describe() {
	doc := s.huma.OpenAPI()
	for _, name := range []string{"ErrorModel", "ErrorDetail"} {
		delete(doc.Components.Schemas.Map(), name) // ours are Problem and Fault
	}
	asJSON, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		panic(err) // it is made of constants
	}
	asYAML, err := doc.YAML()
	if err != nil {
		panic(err)
	}
	s.page = page(doc)
	for _, d := range []struct {
		id, kind string
		data     []byte
	}{
		{"get-openapi-json", "application/vnd.oai.openapi+json;version=3.1", asJSON}, {"get-openapi-yaml", "application/vnd.oai.openapi;version=3.1", asYAML},
		{"get-docs", "text/html; charset=utf-8", s.page},
	} {
		s.handle(rowOf(d.id), note{}, func(w http.ResponseWriter, _ *http.Request) {
			h := w.Header()
			h.Set("Content-Type", d.kind)
			if d.id == "get-docs" {
				h.Set("Content-Security-Policy", "default-src 'none'; style-src '"+pageStyleHash+"'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
			}
			if _, err := w.Write(d.data); err != nil {
				s.o.Log.Debug("a reply was not read", "error", err)
			}
		})
	}
}

// fallback answers what no operation answers.
func (s *server) fallback() {
	s.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		lang := langOf(r.Header.Get("Accept-Language"), nil)
		var allow []string
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
			probe := r.Clone(r.Context())
			probe.Method = method
			if _, pattern := s.mux.Handler(probe); pattern != "/" && pattern != "" {
				allow = append(allow, method)
			}
		}
		if len(allow) > 0 {
			s.refuse(w, r, problem(noMethod, lang).with("Allow", strings.Join(allow, ", ")))
			return
		}
		s.refuse(w, r, problem(codeOf(tsujiban.CodeNotFound), lang))
	})
}
