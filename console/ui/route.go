package ui

import (
	"io/fs"
	"net/http"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/people"
)

// Route is one thing that a person can ask of the console. The server checks right and reach before Handle runs; nothing
// else decides.
type Route struct {
	Method, Path string // "GET", "/cases/{id}": as net/http's patterns
	Right        people.Right
	Also         people.Right // a second right that it needs; people.Open asks for none
	// Customer says whose data the route shows or changes, when it is one customer's. It is asked of people who are not
	// staff, and they must reach that customer. A route that they may use and that has no Customer shows only what
	// Person.Customers allows.
	Customer func(*http.Request) tsujiban.CustomerID
	Handle   func(*Request) error
	// Body is the largest request in bytes; 0 is MaxForm.
	Body int64
	// Slow is a route whose reply may take long: an upload, an export, a stream. It has no write deadline.
	Slow bool
	// Foreign is a route that other sites' pages may post to (the answer of an identity provider). It checks for itself
	// that the request was wanted; the token of forms is not asked for.
	Foreign bool
}

// MaxForm is the largest form in bytes where the route says nothing else.
const MaxForm = 256 << 10

// Room is a part of the console: pages and words in files, and the routes that show them.
type Room struct {
	Name   string // "desk"; in errors and tests
	Files  fs.FS  // words.toml and pages/*.html; see Build
	Menu   []Item
	Routes []Route
}

// Item is one entry of the navigation. It is shown to whom has its right.
type Item struct {
	Path  string
	Word  string // the room's word that names it
	Icon  string // a symbol of assets/icons.svg
	Key   string // one small letter: "g" and then it leads here
	Right people.Right
	Order int // the smallest first; tens, so that there is room between
}

// Request is one request of a person, with all that a handler needs to answer it.
type Request struct {
	*http.Request
	W       http.ResponseWriter
	Person  *people.Person // nil when nobody is signed in
	Lang    tsujiban.Lang
	Zone    *time.Location
	Office  *control.Client // gives orders under the person's name
	Address string          // the client's, as text; behind a trusted proxy what that says
	// Session is the id of the session, empty when there is none; it is no secret and opens nothing.
	Session string
	// CSRF is the token that every form carries; {{$.CSRFField}} in a page.
	CSRF string
	// Theme is "light", "dark" or empty: as the machine is set.
	Theme string
	// NoKeys is true when single keys are to do nothing.
	NoKeys bool
	// ID names the request in the log and on the page that says what went wrong.
	ID string

	book    *Book
	room    *room
	errs    Fields
	problem *Problem
}

// Customer is a Route.Customer for paths with a {customer} in them.
func Customer(r *http.Request) tsujiban.CustomerID {
	return tsujiban.CustomerID(r.PathValue("customer"))
}
