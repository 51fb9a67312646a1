package app

import (
	"cmp"
	"context"
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/bill"
	"tsujiban/ledger/sheet"
	"tsujiban/store"
)

// useRoutes are the orders about what customers use and pay.
func (s *controlServer) useRoutes(m *http.ServeMux) {
	m.HandleFunc("GET /v1/customers/{id}/use", s.handle(s.use))
	m.HandleFunc("GET /v1/use", s.handle(s.uses))
	m.HandleFunc("GET /v1/customers/{id}/bill", s.handle(s.bill))
	m.HandleFunc("GET /v1/customers/{id}/bill.csv", s.billTable)
}

// The spans of a use.
const (
	hoursSpan = 10 * 24 * time.Hour // up to here it is told by the hour, too
	longSpan  = 400 * 24 * time.Hour
)

// mostUses is how many customers one order asks for.
const mostUses = 10_000

// uses adds up several customers, without telling how: one look at how far the view is, and one at what they are called.
func (s *controlServer) uses(r *http.Request) (any, error) {
	a, v := s.app, r.URL.Query()
	ids := v["customer"]
	if len(ids) == 0 || len(ids) > mostUses {
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "customer: name 1 to %d", mostUses)
	}
	from, to, err := a.useSpan(v)
	if err != nil {
		return nil, err
	}
	out := control.Uses{From: from, To: to, Uses: make([]control.UseOf, 0, len(ids))}
	a.admin.Lock()
	set := newSettings(a.customers, a.trunks)
	for _, id := range ids {
		if i, ok := set.customer(tsujiban.CustomerID(id)); ok {
			out.Uses = append(out.Uses, control.UseOf{Customer: id, Name: set.customers[i].Name})
		}
	}
	a.admin.Unlock()
	out.Behind = a.fresh(r.Context())
	for i := range out.Uses {
		u := bill.NewUse(a.cfg.Node.TimeZone, false)
		if err := a.used(r.Context(), tsujiban.CustomerID(out.Uses[i].Customer), u, from, to); err != nil {
			return nil, err
		}
		out.Uses[i].UseSum = useSum(&u.Total)
	}
	return out, nil
}

// useSpan is the span that is asked for: this month when nothing is said.
func (a *App) useSpan(v url.Values) (from, to time.Time, err error) {
	now := a.now().In(a.cfg.Node.TimeZone)
	if from, err = a.instant("from", v.Get("from"), time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, now.Location()).UTC()); err != nil {
		return from, to, err
	}
	if to, err = a.instant("to", v.Get("to"), now.UTC()); err != nil {
		return from, to, err
	}
	if !from.Before(to) || to.Sub(from) > longSpan {
		return from, to, tsujiban.Errorf(tsujiban.CodeInvalid, "from, to: write a span of at most %d days, from before to", longSpan/(24*time.Hour))
	}
	return from, to, nil
}

// used adds up a customer's days.
func (a *App) used(ctx context.Context, id tsujiban.CustomerID, u *bill.Use, from, to time.Time) error {
	days, err := a.store.DailyUse(ctx, id, from.In(u.Zone), to)
	for i := range days {
		d := &days[i]
		u.Add(d.Day, d.Destination, &bill.Sum{Attempts: d.Attempts, Refused: d.Refused, Answered: d.Answered, Talk: d.Talk, Charge: d.Charge})
	}
	return err
}

// usedHours adds up a customer's hours, call by call.
func (a *App) usedHours(ctx context.Context, id tsujiban.CustomerID, u *bill.Use, from, to time.Time) error {
	return a.store.EachCall(ctx, id, from, to, func(c *store.CallSum) error {
		if c.Direction != tsujiban.Out {
			return nil
		}
		s := bill.Sum{Attempts: 1, Talk: c.Talk, Charge: c.Charge}
		if c.Action == tsujiban.Deny {
			s.Refused = 1
		}
		if c.Answered {
			s.Answered = 1
		}
		u.AddHour(c.At, &s)
		return nil
	})
}

// customerOf is the customer that the path names, and what stands about it.
func (s *controlServer) customerOf(r *http.Request) (control.CustomerState, *time.Location, error) {
	a := s.app
	a.admin.Lock()
	defer a.admin.Unlock()
	set := newSettings(a.customers, a.trunks)
	i, ok := set.customer(tsujiban.CustomerID(r.PathValue("id")))
	if !ok {
		return control.CustomerState{}, nil, noCustomer(r.PathValue("id"))
	}
	return a.customerState(&a.customers[i]), a.cfg.Node.TimeZone, nil
}

// use tells what a customer used: this month when nothing is said. By the hour only a short span, and not for who asks by day: hours are read
// call by call.
func (s *controlServer) use(r *http.Request) (any, error) {
	a, v := s.app, r.URL.Query()
	state, zone, err := s.customerOf(r)
	if err != nil {
		return nil, err
	}
	from, to, err := a.useSpan(v)
	if err != nil {
		return nil, err
	}
	by := v.Get("by")
	if by != "" && by != "day" && by != "hour" {
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "by: write day or hour")
	}
	behind, id := a.fresh(r.Context()), tsujiban.CustomerID(state.ID)
	u := bill.NewUse(zone, by != "day" && to.Sub(from) <= hoursSpan)
	if err := a.used(r.Context(), id, u, from, to); err != nil {
		return nil, err
	}
	if u.Hours != nil {
		if err := a.usedHours(r.Context(), id, u, from, to); err != nil {
			return nil, err
		}
	}
	return control.Use{
		Customer: state.ID, From: from, To: to, Hours: useBy(u.Hours), Days: useBy(u.Days), Places: usePlaces(u.Places), Total: useSum(&u.Total),
		Now: state.Usage, CapDay: state.Effective.CapDay, CapMonth: state.Effective.CapMonth, Behind: behind,
	}, nil
}

func useSum(s *bill.Sum) control.UseSum {
	return control.UseSum{Attempts: s.Attempts, Refused: s.Refused, Answered: s.Answered, TalkS: s.Talk.Seconds(), Charge: control.Amount(s.Charge)}
}

func useBy(m map[time.Time]*bill.Sum) []control.UseAt {
	out := make([]control.UseAt, 0, len(m))
	for at, s := range m {
		out = append(out, control.UseAt{At: at.UTC(), UseSum: useSum(s)})
	}
	slices.SortFunc(out, func(x, y control.UseAt) int { return x.At.Compare(y.At) })
	return out
}

func usePlaces(m map[bill.Place]*bill.Sum) []control.UsePlace {
	out := make([]control.UsePlace, 0, len(m))
	for p, s := range m {
		out = append(out, control.UsePlace{Country: p.Country, Class: p.Class.String(), Scope: p.Scope.String(), UseSum: useSum(s)})
	}
	slices.SortFunc(out, func(x, y control.UsePlace) int {
		return cmp.Or(cmp.Compare(y.Charge, x.Charge), cmp.Compare(y.Attempts, x.Attempts), cmp.Compare(x.Country, y.Country), cmp.Compare(x.Class, y.Class), cmp.Compare(x.Scope, y.Scope))
	})
	return out
}

// billOrder is what is asked of a bill.
type billOrder struct {
	state    control.CustomerState
	month    string
	from, to time.Time
	whole    bool
	behind   uint64
}

// billOrder reads what is asked, and records the look: a bill tells who was called. The customer's own bill is a ground; the last four digits are
// hidden on it unless the customer has asked for them, and that is a ground of its own.
func (s *controlServer) billOrder(r *http.Request) (o billOrder, err error) {
	a, v := s.app, r.URL.Query()
	var zone *time.Location
	if o.state, zone, err = s.customerOf(r); err != nil {
		return o, err
	}
	if o.month = v.Get("month"); o.month == "" {
		o.month = a.now().In(zone).Format("2006-01")
	}
	if o.from, err = time.ParseInLocation("2006-01", o.month, zone); err != nil {
		return o, tsujiban.Errorf(tsujiban.CodeInvalid, "month: %q is no month; write it as 2026-11", o.month)
	}
	o.to = o.from.AddDate(0, 1, 0)
	ground := v.Get("ground")
	if o.whole, err = strconv.ParseBool(cmp.Or(v.Get("whole"), "false")); err != nil {
		return o, tsujiban.Errorf(tsujiban.CodeInvalid, "whole: write true or false")
	}
	if ground == "" && !o.whole {
		ground = "the customer's own bill"
	}
	if err := store.ValidText("ground", ground, 500, true); err != nil {
		return o, tsujiban.Errorf(tsujiban.CodeForbidden, "whole numbers on a bill need a ground, such as that the customer has asked for them: %w", err)
	}
	note := fmt.Sprintf("looked into calls; ground: %s; customer: %s; bill of %s", ground, o.state.ID, o.month)
	if o.whole {
		note += "; whole numbers"
	}
	o.behind = a.fresh(r.Context()) // before the look is recorded, for which nobody needs to wait in the view
	_, err = a.deed(r.Context(), byOf(r), note, "calls-bill", tsujiban.CustomerID(o.state.ID), "", control.Deed{Month: o.month, Whole: o.whole, Text: v.Get("ground")})
	return o, err
}

func (o *billOrder) number(n tsujiban.Number) string {
	if o.whole {
		return n.String()
	}
	return n.Masked()
}

// bill is a month's itemised bill.
func (s *controlServer) bill(r *http.Request) (any, error) {
	o, err := s.billOrder(r)
	if err != nil {
		return nil, err
	}
	b, id := bill.New(o.from.Location()), tsujiban.CustomerID(o.state.ID)
	if err := s.app.used(r.Context(), id, b.Use, o.from, o.to); err != nil {
		return nil, err
	}
	groups, err := s.app.store.Billed(r.Context(), id, o.from)
	if err != nil {
		return nil, err
	}
	for i := range groups {
		b.Add(linesOf(&groups[i]))
	}
	out := control.Bill{
		Customer: o.state.ID, Name: o.state.Name, Month: o.month, Lines: []control.BillLine{}, Days: useBy(b.Days), Places: usePlaces(b.Places),
		Total: useSum(&b.Total), Whole: o.whole, Behind: o.behind,
	}
	lines := b.Lines()
	out.Count = len(lines)
	for i := range lines {
		if lines[i].Count > 1 {
			out.Folded += lines[i].Count
		}
	}
	limit, err := limitOf(r)
	if err != nil {
		return nil, err
	}
	if cursor := r.URL.Query().Get("cursor"); limit > 0 || cursor != "" {
		page, err := bill.PageOf(lines, cursor, cmp.Or(limit, store.DefaultPage))
		if err != nil {
			return nil, err
		}
		lines, out.First, out.Next, out.Previous = page.Lines, page.First, page.Next, page.Previous
	}
	for _, l := range lines {
		line := control.BillLine{
			First: l.First, Last: l.Last, Country: l.Place.Country, Class: l.Place.Class.String(), Scope: l.Place.Scope.String(), Callee: o.number(l.Callee), Count: l.Count,
			AboutS: l.About().Seconds(), TalkS: l.Talk.Seconds(), Least: control.Amount(l.Least), Most: control.Amount(l.Most), Charge: control.Amount(l.Charge),
		}
		if l.Call != 0 {
			line.Call = l.Call.String()
		}
		out.Lines = append(out.Lines, line)
	}
	return out, nil
}

// linesOf are calls that are alike as lines of a bill.
func linesOf(g *store.Alike) (all bill.Line, singles []bill.Line) {
	all = bill.Line{First: g.First, Last: g.Last, Place: bill.PlaceOf(g.Destination), Count: g.Count, Talk: g.Talk, Least: g.Least, Most: g.Most, Charge: g.Charge}
	for i := range g.Calls {
		c := &g.Calls[i]
		singles = append(singles, bill.Line{First: c.At, Last: c.At, Place: all.Place, Callee: c.Callee, Call: c.ID, Count: 1, Talk: c.Talk, Least: c.Charge, Most: c.Charge, Charge: c.Charge})
	}
	return all, singles
}

// billTable is the bill as a table, a row for each call.
func (s *controlServer) billTable(w http.ResponseWriter, r *http.Request) {
	o, err := s.billOrder(r)
	if err != nil {
		s.fail(w, err)
		return
	}
	zone := o.from.Location()
	t := newTable(w, fmt.Sprintf("bill-%s-%s.csv", o.state.ID, o.month), "time", "number", "country", "class", "talk_s", "yen")
	err = s.app.store.EachCall(r.Context(), tsujiban.CustomerID(o.state.ID), o.from, o.to, func(c *store.CallSum) error {
		if c.Direction != tsujiban.Out || c.Talk <= 0 && c.Charge == 0 {
			return nil
		}
		return t.row(c.At.In(zone).Format(time.DateTime), o.number(c.Callee), c.Destination.Country(), c.Destination.Class.String(),
			strconv.FormatFloat(c.Talk.Seconds(), 'f', 0, 64), tsujiban.Money(c.Charge).String())
	})
	s.tableDone(t, err)
}

// table is a CSV that is written while it is read: no cell of it is a formula.
type table struct {
	w     *csv.Writer
	flush *http.ResponseController
	rows  int
}

func newTable(w http.ResponseWriter, name string, columns ...string) *table {
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", name))
	t := &table{w: csv.NewWriter(w), flush: http.NewResponseController(w)}
	_ = t.w.Write(columns) // kept by the writer; Flush tells
	return t
}

// row adds a row. What a spreadsheet would take for a formula gets a ' in front.
func (t *table) row(cells ...string) error {
	for i := range cells {
		cells[i] = sheet.Safe(store.Clean(cells[i]))
	}
	if t.rows++; t.rows%1000 == 0 {
		t.w.Flush()
		if err := t.flush.Flush(); err != nil {
			return err
		}
	}
	return t.w.Write(cells)
}

// tableDone ends a table. What goes wrong when a part of it is sent breaks it off, so that nobody takes it for whole.
func (s *controlServer) tableDone(t *table, err error) {
	t.w.Flush()
	if err == nil {
		err = t.w.Error()
	}
	if err != nil {
		s.app.log.Debug("a table was broken off", "error", err)
		panic(http.ErrAbortHandler)
	}
}
