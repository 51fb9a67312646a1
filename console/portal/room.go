package portal

import (
	"log/slog"
	"net/http"
	"net/url"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/console/signin"
	"tsujiban/console/ui"
	"tsujiban/people"
)

// Options are what the room needs.
type Options struct {
	Door *people.Door
	// Office gives orders under a name: of the pages that watch, and of who answers by link.
	Office func(name string) *control.Client
	Log    *slog.Logger
}

// byLink is the name under which an answer without a sign-in is recorded: whoever holds the customer's mail gave it.
const byLink = control.ByLink

// room is what its handlers share.
type room struct {
	Options
	live topics
}

// Room shows the portal.
func Room(o Options) ui.Room {
	m := &room{Options: o}
	m.live.office = o.Office("portal")
	return ui.Room{
		Name: "portal", Files: files,
		Menu: []ui.Item{
			{Path: "/portal", Word: "portal.menu", Icon: "use", Key: "u", Right: people.OwnUse, Order: 10},
			{Path: "/checks", Word: "checks.menu", Icon: "rule", Key: "c", Right: people.OwnUse, Order: 20},
		},
		Routes: append([]ui.Route{
			{Method: "GET", Path: "/portal", Right: people.OwnUse, Handle: m.list},
			// A month of all customers of the person; which they are is no part of the path.
			{Method: "GET", Path: "/sums", Right: people.OwnUse, Handle: m.sums},
			{Method: "GET", Path: "/sums.csv", Right: people.OwnUse, Slow: true, Handle: m.sumsCSV},
			{Method: "GET", Path: "/checks", Right: people.Open, Handle: m.checks},
			// The link is the proof: it needs no cookie, and whoever holds it may answer from anywhere. A GET changes nothing, for
			// programs that look for viruses in mail follow links.
			{Method: "GET", Path: "/reply/{link}", Right: people.Open, Handle: m.showLink},
			{Method: "POST", Path: "/reply/{link}", Right: people.Open, Foreign: true, Handle: m.answerLink},
		}, m.ofOne()...),
	}
}

// ofOne are the routes of one customer's pages.
func (m *room) ofOne() []ui.Route {
	routes := []ui.Route{
		{Method: "GET", Path: "/portal/{customer}", Right: people.OwnUse, Handle: m.use},
		{Method: "GET", Path: "/live/portal/{customer}", Right: people.OwnUse, Slow: true, Handle: m.live.serve},
		{Method: "GET", Path: "/portal/{customer}/bill", Right: people.OwnUse, Handle: m.bill},
		{Method: "GET", Path: "/portal/{customer}/bill.csv", Right: people.OwnUse, Slow: true, Handle: m.billCSV},
		{Method: "GET", Path: "/portal/{customer}/bill.pdf", Right: people.OwnUse, Handle: m.billPDF},
		{Method: "GET", Path: "/portal/{customer}/settings", Right: people.OwnSwitches, Handle: m.settings},
		{Method: "POST", Path: "/portal/{customer}/international", Right: people.OwnSwitches, Handle: m.international},
		{Method: "POST", Path: "/portal/{customer}/countries", Right: people.OwnSwitches, Handle: m.countries},
		{Method: "POST", Path: "/portal/{customer}/limits", Right: people.OwnLimits, Handle: m.limits},
		{Method: "GET", Path: "/portal/{customer}/stop", Right: people.OwnStop, Handle: m.showStop},
		{Method: "POST", Path: "/portal/{customer}/stop", Right: people.OwnStop, Handle: m.stop},
		{Method: "GET", Path: "/portal/{customer}/question", Right: people.OwnReply, Handle: m.showQuestion},
		{Method: "POST", Path: "/portal/{customer}/question", Right: people.OwnReply, Handle: m.answerQuestion},
		{Method: "GET", Path: "/portal/{customer}/history", Right: people.OwnUse, Handle: m.history},
	}
	for i := range routes {
		routes[i].Customer = ui.Customer
	}
	return routes
}

// head is what all pages of one customer have.
type head struct {
	Customer control.CustomerState
	At       string // the path of the pages
	Tab      string
	Many     bool // the person has others, too
}

// head reads the customer of the path.
func (m *room) head(r *ui.Request, tab string) (*head, error) {
	id := r.PathValue("customer")
	h := &head{At: at(id), Tab: tab, Many: len(r.Person.Customers) > 1}
	return h, m.state(r, id, &h.Customer)
}

func at(customer string) string { return "/portal/" + url.PathEscape(customer) }

// state reads a customer. One that is gone is no page of theirs.
func (m *room) state(r *ui.Request, id string, into *control.CustomerState) error {
	err := r.Office.Do(r.Context(), http.MethodGet, order(id, ""), nil, into)
	if err != nil && tsujiban.CodeOf(err) == tsujiban.CodeNotFound {
		return r.Errorf(tsujiban.CodeNotFound, "guard.nowhere")
	}
	return err
}

// order is the path of an order about a customer.
func order(customer, what string) string { return "/v1/customers/" + url.PathEscape(customer) + what }

// fresh leads to a new proof of who it is where the last one is too old; led tells that it did.
func (m *room) fresh(r *ui.Request, back string) (led bool, err error) {
	c, err := signin.Caller(r, m.Door)
	if err != nil {
		return false, err
	}
	return signin.Prove(r, m.Door.Fresh(c), back)
}

// line is one customer in a reseller's list.
type line struct {
	control.CustomerState
	At    string
	Share float64 // of the day's limit
}

// list shows the customers that the person reaches; who has one is led to it.
func (m *room) list(r *ui.Request) error {
	if len(r.Person.Customers) == 1 {
		return r.Redirect(at(string(r.Person.Customers[0])))
	}
	var lines []line
	var today, month tsujiban.Money
	running := 0
	for _, id := range r.Person.Customers {
		l := line{At: at(string(id))}
		err := r.Office.Do(r.Context(), http.MethodGet, order(string(id), ""), nil, &l.CustomerState)
		if err != nil && tsujiban.CodeOf(err) == tsujiban.CodeNotFound {
			continue // it was removed
		}
		if err != nil {
			return err
		}
		l.Share = ui.Share(l.Usage.Today+l.Usage.Reserved, l.Effective.CapDay)
		lines = append(lines, l)
		today, month, running = today.Add(tsujiban.Money(l.Usage.Today)), month.Add(tsujiban.Money(l.Usage.Month)), running+l.Usage.Channels
	}
	return r.Page("list", map[string]any{"Customers": lines, "Today": control.Amount(today), "Month": control.Amount(month), "Running": running})
}

// checks is what to look at on a PBX; open to everybody, for who was attacked may not get in.
func (m *room) checks(r *ui.Request) error { return r.Page("checks", nil) }
