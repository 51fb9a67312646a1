package firms

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/console/ui"
)

// form is what a customer is set by. An empty limit follows the default.
type form struct {
	ID            string         `form:"id" max:"64"`
	Name          string         `form:"name" max:"600" need:"yes"`
	Contact       string         `form:"contact" max:"254"`
	Language      string         `form:"language" max:"2"`
	Opened        string         `form:"opened" max:"10"`
	International bool           `form:"international"`
	Numbers       string         `form:"numbers" max:"200000"`
	CapCall       tsujiban.Money `form:"cap_call" max:"30"`
	CapDay        tsujiban.Money `form:"cap_day" max:"30"`
	CapMonth      tsujiban.Money `form:"cap_month" max:"30"`
	Channels      int            `form:"channels" max:"10"`
	PerSecond     int            `form:"per_second" max:"10"`
	LongestCall   time.Duration  `form:"longest_call" max:"20"`
	Allow         string         `form:"allow" max:"4000"`
	Bar           string         `form:"bar" max:"4000"`
	Prefixes      string         `form:"prefixes" max:"20000"`
	Classes       []string       `form:"class" max:"20"`
	Hours         string         `form:"hours" max:"500"`
}

// shown is the form as the page shows it: amounts as they were typed.
type shown struct {
	form
	Call, Day, Month, Most, Rate, Longest string
}

func formOf(c *control.Customer) *shown {
	l := &c.Limits
	s := &shown{form: form{
		ID: c.ID, Name: c.Name, Contact: c.Contact, Language: c.Language, Opened: c.Opened, International: c.International, Numbers: strings.Join(c.Numbers, "\n"),
		Allow: strings.Join(l.AllowCountries, " "), Bar: strings.Join(l.BarCountries, " "), Prefixes: strings.Join(l.BarPrefixes, " "), Classes: l.AllowClasses, Hours: l.Hours,
	}}
	s.Call, s.Day, s.Month, s.Most, s.Rate = money(l.CapCall), money(l.CapDay), money(l.CapMonth), count(l.Channels), count(l.CallsPerSecond)
	if l.LongestCall > 0 {
		s.Longest = strings.TrimSuffix(strings.TrimSuffix(time.Duration(l.LongestCall).String(), "0s"), "0m")
	}
	return s
}

func money(a control.Amount) string {
	if a == 0 {
		return ""
	}
	return tsujiban.Money(a).String()
}

func count(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// Has tells whether a class is opened.
func (s *shown) Has(class string) bool {
	for _, c := range s.Classes {
		if c == class {
			return true
		}
	}
	return false
}

// typed keeps what was typed, for a form that comes back.
func typed(r *ui.Request, in form) *shown {
	f := r.PostForm.Get
	return &shown{form: in, Call: f("cap_call"), Day: f("cap_day"), Month: f("cap_month"), Most: f("channels"), Rate: f("per_second"), Longest: f("longest_call")}
}

// patch is the order that sets all of it.
func (f *form) patch() map[string]any {
	return map[string]any{
		"name": f.Name, "contact": f.Contact, "language": f.Language, "opened": f.Opened, "international": f.International, "numbers": words(f.Numbers),
		"limits": control.Limits{
			CapCall: control.Amount(f.CapCall), CapDay: control.Amount(f.CapDay), CapMonth: control.Amount(f.CapMonth), Channels: f.Channels, CallsPerSecond: f.PerSecond,
			LongestCall: control.Duration(f.LongestCall), AllowCountries: words(strings.ToUpper(f.Allow)), BarCountries: words(strings.ToUpper(f.Bar)), BarPrefixes: words(f.Prefixes),
			AllowClasses: f.Classes, Hours: f.Hours,
		},
	}
}

// fieldOf finds the field that an order was refused for: its errors begin with the name.
var fieldOf = map[string]string{
	"id": "id", "name": "name", "contact": "contact", "opened": "opened", "numbers": "numbers", "cap-call": "cap_call", "cap-day": "cap_day", "cap-month": "cap_month", "channels": "channels",
	"calls-per-second": "per_second", "longest-call": "longest_call", "allow-countries": "allow", "bar-countries": "bar", "bar-prefixes": "prefixes", "allow-classes": "class", "hours": "hours",
	"allowed countries": "allow", "barred countries": "bar", "barred prefixes": "prefixes", "longest call": "longest_call", "calls per second": "per_second",
	"username": "username", "address": "address", "sources": "sources", "registrar": "registrar", "domain": "domain", "realm": "realm", "certificate-name": "certificate", "transport": "transport",
}

// refused says an order's refusal beside the field that it names; nil when it is none that the form can put right.
func refused(r *ui.Request, err error) ui.Fields {
	switch tsujiban.CodeOf(err) {
	case tsujiban.CodeInvalid, tsujiban.CodeConflict, tsujiban.CodeExists:
	default:
		return nil
	}
	for _, part := range strings.Split(err.Error(), ": ") {
		if f := fieldOf[part]; f != "" {
			return ui.Fields{f: r.T("edit.refused", r.Said(err))}
		}
	}
	return ui.Fields{"all": r.T("edit.refused", r.Said(err))}
}

func edit(r *ui.Request) error {
	h, err := headOf(r, "edit")
	if err != nil {
		return err
	}
	return r.Page("edit", map[string]any{"Head": h, "Form": formOf(&h.Customer.Customer), "To": h.At + "/edit"})
}

func save(r *ui.Request) error {
	h, err := headOf(r, "edit")
	if err != nil {
		return err
	}
	var in form
	wrong, err := r.Decode(&in)
	if err != nil {
		return err
	}
	in.ID = h.Customer.ID
	data := map[string]any{"Head": h, "Form": typed(r, in), "To": h.At + "/edit"}
	if len(wrong) > 0 {
		return r.Again("edit", data, wrong)
	}
	if err := r.Office.Do(r.Context(), http.MethodPatch, order(in.ID, ""), in.patch(), nil); err != nil {
		if wrong := refused(r, err); wrong != nil {
			return r.Again("edit", data, wrong)
		}
		return err
	}
	return r.Done(h.At, "edit.saved")
}

func newCustomer(r *ui.Request) error {
	return r.Page("edit", map[string]any{"Form": &shown{form: form{Language: "ja"}}, "To": "/newcustomer"})
}

func addCustomer(r *ui.Request) error {
	var in form
	wrong, err := r.Decode(&in)
	if err != nil {
		return err
	}
	data := map[string]any{"Form": typed(r, in), "To": "/newcustomer"}
	if in.ID == "" {
		wrong["id"] = r.T("form.needed")
	}
	if len(wrong) > 0 {
		return r.Again("edit", data, wrong)
	}
	if err := r.Office.Do(r.Context(), http.MethodPost, order(in.ID, ""), in.patch(), nil); err != nil {
		if tsujiban.CodeOf(err) == tsujiban.CodeExists {
			return r.Again("edit", data, ui.Fields{"id": r.T("edit.exists")})
		}
		if wrong := refused(r, err); wrong != nil {
			return r.Again("edit", data, wrong)
		}
		return err
	}
	return r.Done(at(in.ID), "edit.added")
}
