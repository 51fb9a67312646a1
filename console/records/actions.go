package records

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"tsujiban/app/control"
	"tsujiban/console/ui"
	"tsujiban/ledger/sheet"
	"tsujiban/people"
)

// filter is what the record of actions is narrowed to.
type filter struct {
	By       string    `form:"by" max:"254"`
	Kind     string    `form:"kind" max:"20"`
	Verb     string    `form:"verb" max:"64"`
	Customer string    `form:"customer" max:"64"`
	Object   string    `form:"object" max:"64"`
	From     time.Time `form:"from"`
	To       time.Time `form:"to"` // with that day
	Cursor   string    `form:"cursor" max:"32"`
}

// values are the filter as the page's address and the order have it, but for what they write otherwise.
func (f *filter) values(cursor string) url.Values {
	v := url.Values{}
	for k, s := range map[string]string{"by": f.By, "verb": f.Verb, "customer": f.Customer, "object": f.Object, "cursor": cursor} {
		if s != "" {
			v.Set(k, s)
		}
	}
	return v
}

// page is the address of the page, or of its table.
func (f *filter) page(r *ui.Request, path, cursor string) string {
	v := f.values(cursor)
	if f.Kind != "" {
		v.Set("kind", f.Kind)
	}
	for name, day := range map[string]string{"from": f.day(r, f.From), "to": f.day(r, f.To)} {
		if day != "" {
			v.Set(name, day)
		}
	}
	if len(v) == 0 {
		return path
	}
	return path + "?" + v.Encode()
}

func (f *filter) day(r *ui.Request, t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(r.Zone).Format(time.DateOnly)
}

func (f *filter) order(r *ui.Request, cursor string, limit int) string {
	v := f.values(cursor)
	v.Set("limit", strconv.Itoa(limit))
	if strings.Contains(f.By, "@") && !strings.HasSuffix(f.By, ")") {
		v.Set("by", f.By+" (console)") // whoever has a login acts from there
	}
	v["kind"] = control.Kinds
	if f.Kind != "" {
		v["kind"] = []string{f.Kind}
	}
	for name, t := range map[string]time.Time{"from": f.From, "to": through(r, f.To)} {
		if !t.IsZero() {
			v.Set(name, t.UTC().Format(time.RFC3339))
		}
	}
	return "/v1/actions?" + v.Encode()
}

// read asks for a page of the record. On what paper the police asked, and for which number, is for those who answer them.
func (f *filter) read(r *ui.Request, cursor string, limit int) (list control.Actions, err error) {
	err = r.Office.Do(r.Context(), http.MethodGet, f.order(r, cursor, limit), nil, &list)
	for i := range list.Actions {
		if a := &list.Actions[i]; a.Kind() == control.KindInquiries && !r.Person.May(people.SeeInquiries) {
			a.Note = ""
		}
	}
	return list, err
}

// The sizes of a page of the record and of a table of it.
const (
	pageActions  = 100
	tableActions = 5000
)

func actions(r *ui.Request) error {
	var f filter
	wrong, err := r.Decode(&f)
	if err != nil {
		return err
	}
	if f.Kind != "" && !slices.Contains(control.Kinds, f.Kind) {
		f.Kind = ""
	}
	if !f.To.IsZero() && f.To.Before(f.From) {
		wrong["to"] = r.T("calls.backwards")
	}
	data := map[string]any{"Filter": f, "Kinds": kinds(r), "Verbs": verbs(r, f.Kind), "From": f.day(r, f.From), "To": f.day(r, f.To)}
	if len(wrong) > 0 {
		return r.Again("record", data, wrong)
	}
	list, err := f.read(r, f.Cursor, pageActions)
	if err != nil {
		return r.Retry("record", data, err)
	}
	data["List"] = list
	if list.Next != "" {
		data["Older"] = f.page(r, "/record", list.Next)
	}
	data["Table"] = f.page(r, "/record/csv", "")
	return r.Page("record", data)
}

// verbWords say what is set most: "verb." and its code. Others can be typed into the address.
var verbWords = []string{
	"verb.customer-add", "verb.customer-set", "verb.customer-delete", "verb.limits-set", "verb.numbers-set", "verb.trunk-add",
	"verb.trunk-set", "verb.trunk-delete", "verb.restrict", "verb.release", "verb.rules-set",
	"verb.calls-search", "verb.calls-export", "verb.calls-bill", "verb.calls-journal",
	"verb.inquiry-open", "verb.inquiry-number", "verb.inquiry-ask", "verb.inquiry-letter", "verb.inquiry-bundle", "verb.inquiry-close",
	"verb.erase", "verb.hold-add", "verb.hold-release",
	"verb.staff-invite", "verb.staff-first", "verb.staff-link", "verb.staff-enter", "verb.staff-oidc", "verb.staff-set", "verb.staff-signout", "verb.staff-demo", "verb.token-end", "verb.account-set",
	"verb.proposal-add", "verb.proposal-approved", "verb.proposal-declined", "verb.proposal-withdrawn", "verb.notice-again", "verb.notice-test",
	"verb.case-noted", "verb.case-assigned", "verb.case-asked", "verb.case-closed", "verb.case-replied", "verb.call-end",
	"verb.suspension-open", "verb.suspension-letter", "verb.suspension-done", "verb.suspension-lift", "verb.ledger-export", "verb.annual-report", "verb.evidence-key",
}

// kindWords say the kinds, in the order of control.Kinds.
var kindWords = []string{"kind.settings", "kind.looks", "kind.inquiries", "kind.retention", "kind.staff", "kind.notices", "kind.cases", "kind.ledger", "kind.evidence"}

// kinds are the choices of what kind of action is shown.
func kinds(r *ui.Request) []map[string]string {
	all := []map[string]string{{"value": "", "text": r.T("record.any")}}
	for _, w := range kindWords {
		all = append(all, map[string]string{"value": w[5:], "text": r.T(w)})
	}
	return all
}

// verbs are the choices of the filter, of one kind when one was chosen.
func verbs(r *ui.Request, kind string) []map[string]string {
	all := []map[string]string{{"value": "", "text": r.T("record.any")}}
	for _, v := range verbWords {
		if a := (control.Action{Verb: v[5:]}); kind == "" || a.Kind() == kind {
			all = append(all, map[string]string{"value": v[5:], "text": r.T(v)})
		}
	}
	return all
}

// actionsCSV hands over all that the filter lets through.
func actionsCSV(r *ui.Request) error {
	var f filter
	if wrong, err := r.Decode(&f); err != nil || len(wrong) > 0 {
		return actions(r)
	}
	return r.Write("actions.csv", ui.CSV, func(w io.Writer) error {
		t, err := sheet.NewWriter("actions.csv", w)
		if err != nil {
			return err
		}
		if err := t.Row("id", "time", "by", "action", "customer", "object", "note"); err != nil {
			return err
		}
		for cursor := ""; ; {
			list, err := f.read(r, cursor, tableActions)
			if err != nil {
				return err
			}
			for i := range list.Actions {
				a := &list.Actions[i]
				n := r.Noted(a)
				if err := t.Row(a.ID, a.At.In(r.Zone).Format(time.DateTime), a.By, a.Verb, a.Customer, a.Object, strings.TrimSpace(n.Ours+" "+n.Typed)); err != nil {
					return err
				}
			}
			if cursor = list.Next; cursor == "" {
				return t.Close()
			}
		}
	})
}
