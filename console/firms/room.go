package firms

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/console/ui"
	"tsujiban/people"
)

// Room shows the customers.
func Room() ui.Room {
	see, change := people.SeeCustomers, people.ChangeCustomers
	routes := []ui.Route{
		{Method: "GET", Path: "/customers/{customer}", Right: see, Handle: show},
		{Method: "GET", Path: "/customers/{customer}/profile", Right: see, Handle: profile},
		{Method: "GET", Path: "/customers/{customer}/history", Right: see, Handle: history},
		{Method: "GET", Path: "/customers/{customer}/edit", Right: change, Handle: edit},
		{Method: "POST", Path: "/customers/{customer}/edit", Right: change, Handle: save},
		{Method: "GET", Path: "/customers/{customer}/trunks", Right: see, Handle: trunks},
		{Method: "GET", Path: "/customers/{customer}/trunks/edit", Right: change, Handle: editTrunk},
		{Method: "POST", Path: "/customers/{customer}/trunks", Right: change, Handle: saveTrunk},
		{Method: "POST", Path: "/customers/{customer}/trunks/remove", Right: change, Handle: removeTrunk},
	}
	for i := range routes {
		routes[i].Customer = ui.Customer
	}
	return ui.Room{
		Name: "firms", Files: files,
		Menu: []ui.Item{{Path: "/customers", Word: "firms.menu", Icon: "firm", Key: "c", Right: see, Order: 30}},
		Routes: append([]ui.Route{
			{Method: "GET", Path: "/customers", Right: see, Handle: list},
			{Method: "GET", Path: "/newcustomer", Right: change, Handle: newCustomer},
			{Method: "POST", Path: "/newcustomer", Right: change, Handle: addCustomer},
		}, routes...),
	}
}

// at is the path of a customer's pages, order that of an order about it.
func at(customer string) string          { return "/customers/" + url.PathEscape(customer) }
func order(customer, what string) string { return "/v1/customers/" + url.PathEscape(customer) + what }

// pageSize is how many customers a page lists.
const pageSize = 100

// line is one customer in the list.
type line struct {
	control.CustomerState
	Day   ui.Meter
	Month control.Amount // with what is set aside, as Day
}

// asked is what the list shows.
type asked struct {
	Word string `form:"q" max:"200"`
	Sort string `form:"sort" max:"10"`
	Only string `form:"only" max:"10"` // restricted
	Page int    `form:"page"`
}

func (a *asked) query(page int) string {
	q := url.Values{}
	for _, p := range [][2]string{{"q", a.Word}, {"sort", a.Sort}, {"only", a.Only}} {
		if p[1] != "" {
			q.Set(p[0], p[1])
		}
	}
	if page > 1 {
		q.Set("page", strconv.Itoa(page))
	}
	return "/customers?" + q.Encode()
}

// list shows the customers, those that use most today first.
func list(r *ui.Request) error {
	var in asked
	if _, err := r.Decode(&in); err != nil {
		return err
	}
	var found []control.CustomerState
	if err := r.Office.Do(r.Context(), http.MethodGet, "/v1/customers?match="+url.QueryEscape(in.Word), nil, &found); err != nil {
		return err
	}
	all := len(found)
	if in.Only == "restricted" {
		found = slices.DeleteFunc(found, func(c control.CustomerState) bool { return c.Restriction == nil && !c.Own.Stopped })
	}
	slices.SortStableFunc(found, func(x, y control.CustomerState) int {
		if in.Sort == "name" {
			return cmp.Or(cmp.Compare(x.Name, y.Name), cmp.Compare(x.ID, y.ID))
		}
		return cmp.Or(cmp.Compare(level(&y), level(&x)), cmp.Compare(y.Usage.Today+y.Usage.Reserved, x.Usage.Today+x.Usage.Reserved), cmp.Compare(x.ID, y.ID))
	})
	pages := max((len(found)+pageSize-1)/pageSize, 1)
	page := min(max(in.Page, 1), pages)
	data := map[string]any{"Asked": &in, "All": all, "Found": len(found), "Page": page, "Pages": pages}
	if page > 1 {
		data["Before"] = in.query(page - 1)
	}
	if page < pages {
		data["After"] = in.query(page + 1)
	}
	var lines []line
	for _, c := range found[(page-1)*pageSize : min(page*pageSize, len(found))] {
		lines = append(lines, line{c, ui.MeterOf(c.Usage.Today+c.Usage.Reserved, c.Effective.CapDay), c.Usage.Month + c.Usage.Reserved})
	}
	data["Customers"] = lines
	return r.Page("list", data)
}

// level is how far something stands against a customer.
func level(c *control.CustomerState) tsujiban.Level {
	if c.Restriction == nil {
		return tsujiban.LevelNone
	}
	l, _ := tsujiban.ParseLevel(c.Restriction.Level)
	return l
}

// head is what all pages of one customer have.
type head struct {
	Customer control.CustomerState
	At, Tab  string
}

func headOf(r *ui.Request, tab string) (*head, error) {
	id := r.PathValue("customer")
	h := &head{At: at(id), Tab: tab}
	err := r.Office.Do(r.Context(), http.MethodGet, order(id, ""), nil, &h.Customer)
	if err != nil && tsujiban.CodeOf(err) == tsujiban.CodeNotFound {
		return nil, r.Errorf(tsujiban.CodeNotFound, "firms.gone")
	}
	return h, err
}

// show is one customer at a glance.
func show(r *ui.Request) error {
	h, err := headOf(r, "show")
	if err != nil {
		return err
	}
	c := &h.Customer
	var cases control.Suspicions
	if err := r.Office.Do(r.Context(), http.MethodGet, "/v1/cases?limit=5&customer="+url.QueryEscape(c.ID), nil, &cases); err != nil {
		return err
	}
	var use control.Use
	if err := r.Office.Do(r.Context(), http.MethodGet, order(c.ID, "/use?by=day"), nil, &use); err != nil {
		return err
	}
	return r.Page("show", map[string]any{
		"Head": h, "Cases": cases.Cases, "Use": &use, "Places": use.Places[:min(len(use.Places), 8)],
		"Day": ui.MeterOf(c.Usage.Today+c.Usage.Reserved, c.Effective.CapDay), "Month": ui.MeterOf(c.Usage.Month+c.Usage.Reserved, c.Effective.CapMonth),
		"Channels": channels(c),
	})
}

// channels is how many of its calls at once a customer has.
func channels(c *control.CustomerState) ui.Meter {
	return ui.MeterOf(control.Amount(c.Usage.Channels), control.Amount(c.Effective.Channels))
}

// history is what was set for the customer.
func history(r *ui.Request) error {
	h, err := headOf(r, "history")
	if err != nil {
		return err
	}
	q := url.Values{"limit": {"50"}, "customer": {h.Customer.ID}}
	if c := r.URL.Query().Get("cursor"); c != "" {
		q.Set("cursor", c)
	}
	var actions control.Actions
	if err := r.Office.Do(r.Context(), http.MethodGet, "/v1/actions?"+q.Encode(), nil, &actions); err != nil {
		return err
	}
	return r.Page("history", map[string]any{"Head": h, "Actions": &actions})
}

// words parts a list that people typed: commas, spaces and line ends.
func words(s string) []string {
	return append([]string{}, strings.FieldsFunc(s, func(c rune) bool {
		return c == ',' || c == '、' || c == ' ' || c == '　' || c == '\n' || c == '\r' || c == '\t'
	})...)
}
