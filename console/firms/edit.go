package firms

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/console/ui"
)

// form is what a customer is set by. An empty limit follows the default.
type form struct {
	ID            string         `form:"id" max:"64" base:"-"`
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

func formOf(r *ui.Request, c *control.Customer) *shown {
	l := &c.Limits
	return showing(r, form{
		CapCall: tsujiban.Money(l.CapCall), CapDay: tsujiban.Money(l.CapDay), CapMonth: tsujiban.Money(l.CapMonth), Channels: l.Channels, PerSecond: l.CallsPerSecond, LongestCall: time.Duration(l.LongestCall),
		ID: c.ID, Name: c.Name, Contact: c.Contact, Language: c.Language, Opened: c.Opened, International: c.International, Numbers: strings.Join(c.Numbers, "\n"),
		Allow: strings.Join(l.AllowCountries, " "), Bar: strings.Join(l.BarCountries, " "), Prefixes: strings.Join(l.BarPrefixes, " "), Classes: l.AllowClasses, Hours: l.Hours,
	})
}

// showing is a form as the page writes it.
func showing(r *ui.Request, f form) *shown {
	return &shown{
		form: f, Call: money(f.CapCall), Day: money(f.CapDay), Month: money(f.CapMonth), Most: count(f.Channels), Rate: count(f.PerSecond), Longest: ui.Length(r.Lang, f.LongestCall),
	}
}

func money(a tsujiban.Money) string {
	if a == 0 {
		return ""
	}
	return a.String()
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
	f := formOf(r, &h.Customer.Customer)
	return r.Page("edit", map[string]any{"Head": h, "Form": f, "Made": r.Made(h.Customer.Version, &f.form), "To": h.At + "/edit"})
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
	made := r.WasMade()
	data := map[string]any{"Head": h, "Form": typed(r, in), "Made": made, "To": h.At + "/edit"}
	if len(wrong) > 0 {
		return r.Again("edit", data, wrong)
	}
	switch err := r.Office.Do(r.Context(), http.MethodPatch, order(in.ID, "?version="+url.QueryEscape(made.Version)), in.patch(), nil); {
	case tsujiban.CodeOf(err) == tsujiban.CodeChanged:
		return stale(r, &in)
	case err != nil:
		if wrong := refused(r, err); wrong != nil {
			return r.Again("edit", data, wrong)
		}
		return err
	}
	return r.Done(h.At, "edit.saved")
}

// stale shows the form again when somebody else has changed the customer since it was made.
func stale(r *ui.Request, in *form) error {
	h, err := headOf(r, "edit")
	if err != nil {
		return err
	}
	now := &formOf(r, &h.Customer.Customer).form
	made := r.Made(h.Customer.Version, now)
	m := r.Merge(in, now)
	for i := range m.Changed {
		c := &m.Changed[i]
		c.Label = r.T(labels[c.Field])
		c.Now, c.Typed = inWords(r, c.Field, c.Now), inWords(r, c.Field, c.Typed)
	}
	var list control.Actions
	if err := r.Office.Do(r.Context(), http.MethodGet, "/v1/actions?limit=20&customer="+url.QueryEscape(in.ID), nil, &list); err != nil {
		return err
	}
	m.Since(list.Actions)
	return r.Stale("edit", map[string]any{"Head": h, "Form": showing(r, *in), "Made": made, "To": h.At + "/edit", "Meanwhile": m})
}

// labels are what the page calls its fields.
var labels = map[string]string{
	"name": "edit.name", "contact": "edit.contact", "language": "edit.language", "opened": "edit.opened", "international": "edit.international", "numbers": "edit.numbers", "cap_call": "edit.cap_call",
	"cap_day": "edit.cap_day", "cap_month": "edit.cap_month", "channels": "edit.channels", "per_second": "edit.per_second", "longest_call": "edit.longest_call", "allow": "edit.allow", "bar": "edit.bar",
	"prefixes": "edit.prefixes", "class": "edit.classes", "hours": "edit.hours",
}

// choices are what the page calls the values of a choice.
var choices = map[string]string{"ja": "show.japanese", "en": "show.english", "premium": "edit.premium", "satellite": "edit.satellite", "undesignated": "edit.undesignated"}

// inWords says the value of a field as the page does.
func inWords(r *ui.Request, field string, value any) any {
	list, _ := value.([]string)
	switch field {
	case "language":
		list = []string{value.(string)}
	case "class":
	default:
		return value
	}
	var said []string
	for _, v := range list {
		if w := choices[v]; w != "" {
			v = r.T(w)
		}
		said = append(said, v)
	}
	return said
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
