package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"tsujiban"
	"tsujiban/app/control"
)

// Problem is every answer that is not a success (RFC 9457).
type Problem struct {
	Type   string  `json:"type" format:"uri" doc:"Which kind of problem: urn:tsujiban:problem: and the code." example:"urn:tsujiban:problem:not-found"`
	Title  string  `json:"title" doc:"The kind in words, in the language of Accept-Language (ja or en)." example:"not found"`
	Status int     `json:"status" minimum:"400" maximum:"599" doc:"The status of the answer." example:"404"`
	Code   string  `json:"code" doc:"The kind as a stable word for programs." example:"not-found"`
	Detail string  `json:"detail,omitempty" doc:"What is wrong here and what to do next." example:"There is no such customer."`
	Errors []Fault `json:"errors,omitempty" doc:"Each thing that is wrong with the request."`

	header http.Header
}

// Fault is one thing that is wrong with a request.
type Fault struct {
	In      string `json:"in" enum:"body,path,query,header" doc:"Where it stands." example:"body"`
	Pointer string `json:"pointer,omitempty" doc:"In the body: JSON pointer (RFC 6901) to what is wrong." example:"/limits/cap_day"`
	Name    string `json:"name,omitempty" doc:"Elsewhere: the parameter's name." example:"limit"`
	Message string `json:"message" doc:"What is wrong with it." example:"expected string"`
}

// Error is what the log shows.
func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

// GetStatus, GetHeaders and ContentType are what huma asks for.
func (p *Problem) GetStatus() int { return p.Status }

// GetHeaders are the headers that go with it.
func (p *Problem) GetHeaders() http.Header { return p.header }

// ContentType is that of RFC 9457.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

func (p *Problem) with(name, value string) *Problem {
	if p.header == nil {
		p.header = http.Header{}
	}
	p.header.Set(name, value)
	return p
}

// problem makes a problem in the language of a reader, the first of langs, Japanese when there is none.
func problem(k kind, langs ...tsujiban.Lang) *Problem {
	lang := tsujiban.Japanese
	if len(langs) > 0 {
		lang = langs[0]
	}
	return &Problem{Type: "urn:tsujiban:problem:" + k.code, Title: k.title(lang), Status: k.status, Code: k.code, Detail: k.detail(lang)}
}

// problemOf says an error of a handler or of the program. That something is not there is said in words that do not depend on
// what was asked for.
func (s *server) problemOf(c *call, row *Row, err error) error {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	var waits *Proposal
	if errors.As(err, &waits) {
		return waits
	}
	code := tsujiban.CodeOf(err)
	p = problem(codeOf(code), c.Lang)
	switch code {
	case tsujiban.CodeNotFound, tsujiban.CodeChanged:
	case tsujiban.CodeInternal, tsujiban.CodeCorrupt:
		s.o.Log.Error("an operation of the API failed", "operation", row.ID, "error", err)
	default:
		p.Detail, _ = control.Said(code, err.Error(), c.Lang)
	}
	if code == tsujiban.CodeUnavailable {
		p.with("Retry-After", "5")
	}
	return p
}

// refuse answers with a problem outside of huma.
func (s *server) refuse(w http.ResponseWriter, r *http.Request, p *Problem) {
	h := w.Header()
	for name, values := range p.header {
		h[name] = values
	}
	h.Set("Content-Type", p.ContentType(""))
	w.WriteHeader(p.Status)
	if r.Method == http.MethodHead {
		return
	}
	if err := json.NewEncoder(w).Encode(p); err != nil {
		s.o.Log.Debug("a reply was not read", "error", err)
	}
}

// transform makes our problems of what huma says about a request that does not fit the document.
func transform(ctx huma.Context, _ string, v any) (any, error) {
	m, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	lang := langOf(ctx.Header("Accept-Language"), nil)
	if c := callOf(ctx.Context()); c != nil {
		lang = c.Lang
	}
	p := problem(kindOf(m.Status), lang)
	for _, e := range m.Errors {
		p.Errors = append(p.Errors, fault(e, lang))
		if len(p.Errors) == maxFaults {
			break
		}
	}
	return p, nil
}

// maxFaults is how many faults one answer names.
const maxFaults = 50

// fault says where something is wrong. The value itself is not repeated: it may be a secret or a number.
func fault(e *huma.ErrorDetail, lang tsujiban.Lang) Fault {
	in, rest, _ := strings.Cut(e.Location, ".")
	f := Fault{In: in, Message: faultText(e.Message, lang)}
	switch in {
	case "path", "query", "header":
		f.Name = rest
	default:
		f.In = "body"
		if at, name, ok := strings.Cut(e.Message, ": /"); ok && strings.HasSuffix(at, "twice") {
			f.Pointer, f.Message = "/"+name, faultText(at, lang)
			return f
		}
		f.Pointer = pointer(strings.TrimPrefix(e.Location, "body"))
		if name, ok := strings.CutPrefix(e.Message, "expected required property "); ok {
			if name, ok = strings.CutSuffix(name, " to be present"); ok {
				f.Pointer += "/" + escape(name)
			}
		}
	}
	return f
}

// pointer makes a JSON pointer of huma's path: ".items[3].tags" is "/items/3/tags".
func pointer(path string) string {
	var b strings.Builder
	for _, part := range strings.Split(strings.ReplaceAll(strings.ReplaceAll(path, "[", "."), "]", ""), ".") {
		if part != "" {
			b.WriteString("/" + escape(part))
		}
	}
	return b.String()
}

// escape writes a name for a JSON pointer (RFC 6901 section 3).
func escape(name string) string {
	return strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1")
}

// invalidField is a fault of one field that a handler found.
func invalidField(c *call, pointer, ja, en string, args ...any) error {
	p := problem(codeOf(tsujiban.CodeInvalid), c.Lang)
	text := ja
	if c.Lang == tsujiban.English {
		text = en
	}
	p.Errors = []Fault{{In: "body", Pointer: pointer, Message: fmt.Sprintf(text, args...)}}
	return p
}
