package ui

import (
	"html/template"
	"strings"

	"tsujiban"
	"tsujiban/people"
)

// View is what a page is executed with: "." in the page's content. The page's own data are in Data.
type View struct {
	Data    any
	Node    string
	Lang    string // "ja", "en"
	Theme   string // "light", "dark" or empty
	NoKeys  bool   // single keys do nothing
	Path    string // of this page, to find it in the menu
	Here    string // path and query, to come back to
	Person  *people.Person
	Menu    []Entry
	Notice  *Notice
	CSRF    string
	Errors  Fields
	Problem *Problem // why what was asked before was not done
	Secure  bool
}

// Entry is an entry of the navigation as it is shown.
type Entry struct {
	Path, Word, Icon, Key string
	Now                   bool // it leads to this page
}

// May tells whether the person has a right, by its name: {{if $.May "change-rules"}}.
func (v *View) May(right string) bool {
	r, ok := people.ParseRight(right)
	return ok && v.Person.May(r)
}

// CSRFField is the hidden field that every form with method="post" needs.
func (v *View) CSRFField() template.HTML {
	return template.HTML(`<input type="hidden" name="csrf" value="` + template.HTMLEscapeString(v.CSRF) + `">`)
}

// Error is what is wrong with a field of the form that came back; empty when nothing is.
func (v *View) Error(field string) string { return v.Errors[field] }

// Main and More are the navigation of phones: what fits, and the rest.
func (v *View) Main() []Entry {
	if len(v.Menu) <= 5 {
		return v.Menu
	}
	return v.Menu[:4]
}

// More is what Main has no room for.
func (v *View) More() []Entry { return v.Menu[len(v.Main()):] }

func (r *Request) view(data any) *View {
	v := &View{
		Data: data, Node: r.book.node.Name, Lang: code(r.Lang), Theme: r.Theme, NoKeys: r.NoKeys, Path: r.URL.Path, Here: r.URL.RequestURI(), Person: r.Person,
		CSRF: r.CSRF, Errors: r.errs, Problem: r.problem, Secure: r.book.node.Secure,
	}
	for _, i := range r.book.menu {
		if !r.Person.May(i.Right) || r.Person == nil {
			continue
		}
		room, key, _ := strings.Cut(i.Word, ":")
		word, _ := r.book.words[room].say(r.Lang, key)
		v.Menu = append(v.Menu, Entry{
			Path: i.Path, Word: word, Icon: i.Icon, Key: i.Key, Now: r.URL.Path == i.Path || i.Path != "/" && strings.HasPrefix(r.URL.Path, i.Path+"/"),
		})
	}
	return v
}

func code(l tsujiban.Lang) string {
	if l == tsujiban.English {
		return "en"
	}
	return "ja"
}
