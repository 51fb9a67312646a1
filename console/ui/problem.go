package ui

import (
	"fmt"
	"log/slog"
	"net/http"

	"tsujiban"
	"tsujiban/app/control"
)

// said is an error that was told in the person's language already.
type said struct {
	error
	text string
}

func (s *said) Unwrap() error { return s.error }

// Errorf makes an error with a code whose text is a word of the room.
func (r *Request) Errorf(c tsujiban.Code, word string, args ...any) error {
	text := r.T(word, args...)
	return &said{tsujiban.Errorf(c, "%s", text), text}
}

// Said is what the program says of an error, in the person's language.
func (r *Request) Said(err error) string {
	text, _ := control.Said(tsujiban.CodeOf(err), err.Error(), r.Lang)
	return text
}

// Problem is what a page that says what went wrong is executed with.
type Problem struct {
	Status  int
	Code    string // of tsujiban.Code
	Title   string // what kind of thing it is
	Detail  string // what exactly, and what to do; empty when that is for the log only
	Foreign bool   // Detail is in English though the page is not
	ID      string // to find it in the log
}

// Fail shows what went wrong. What happened inside stays in the log, under the request's id.
func (r *Request) Fail(err error) {
	p := r.problemOf(err)
	if p.Status >= 500 {
		r.book.node.Log.Error("a page failed", slog.String("id", r.ID), slog.String("path", r.Pattern), slog.Any("error", err))
	}
	r.Refuse(p)
}

// problemOf is what is told of an error.
func (r *Request) problemOf(err error) *Problem {
	c := tsujiban.CodeOf(err)
	p := &Problem{Status: c.HTTPStatus(), Code: c.String(), Title: c.Text(r.Lang), ID: r.ID}
	switch e := err.(type) {
	case *said:
		p.Detail = e.text
	case interface{ Text(tsujiban.Lang) string }:
		p.Detail = e.Text(r.Lang)
	default:
		if c != tsujiban.CodeInternal && c != tsujiban.CodeCorrupt {
			whole := false
			p.Detail, whole = control.Said(c, err.Error(), r.Lang)
			p.Foreign = !whole
		}
	}
	return p
}

// Refuse shows a problem.
func (r *Request) Refuse(p *Problem) {
	if p.ID == "" {
		p.ID = r.ID
	}
	name := "layout"
	if r.Htmx() {
		name = "problem-part"
		// Where a part was to go, what is wrong must not take its place: the page's script shows it above.
		r.W.Header().Set("HX-Retarget", "#problem")
		r.W.Header().Set("HX-Reswap", "innerHTML")
	}
	html, err := r.book.problem(r, name, p)
	if err != nil {
		r.book.node.Log.Error("the page of problems failed", slog.String("id", r.ID), slog.Any("error", err))
		http.Error(r.W, fmt.Sprintf("%s (%s)", p.Title, p.ID), p.Status)
		return
	}
	_ = r.send(p.Status, html) // never fails
}

// problem renders a problem with the shared templates.
func (b *Book) problem(r *Request, name string, p *Problem) ([]byte, error) {
	return b.render(b.shared, r.Lang, "problem", name, r.view(p))
}
