package portal

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/console/ui"
	"tsujiban/numbering/names"
)

// abroad is a country as the page of switches shows it.
type abroad struct {
	ISO, Name string
	Calls     int            // of the last days
	Charge    control.Amount // likewise
	Off       bool           // by the customer
	Closed    bool           // by the operator: no switch of theirs opens it
}

// limit is one limit of the form.
type limit struct {
	Name, Value string
	Ceiling     control.Amount
	Error       string
}

// settingsPage is what the page shows.
type settingsPage struct {
	Head      *head
	Countries []abroad            // called lately, or switched off
	Others    []map[string]string // what else there is, as options
	Limits    []limit
}

const lately = 90 // days

func (m *room) settings(r *ui.Request) error {
	p, err := m.settingsPage(r)
	if err != nil {
		return err
	}
	return r.Page("settings", p)
}

func (m *room) settingsPage(r *ui.Request) (*settingsPage, error) {
	h, err := m.head(r, "settings")
	if err != nil {
		return nil, err
	}
	p := &settingsPage{Head: h}
	var u control.Use
	t := r.Now().In(r.Zone)
	q := url.Values{"by": {"day"}, "from": {time.Date(t.Year(), t.Month(), t.Day()-lately, 0, 0, 0, 0, r.Zone).Format(time.RFC3339)}}
	if err := r.Office.Do(r.Context(), http.MethodGet, order(h.Customer.ID, "/use?"+q.Encode()), nil, &u); err != nil {
		return nil, err
	}
	p.countries(r, &u)
	c := &h.Customer
	p.Limits = []limit{
		{Name: "cap_day", Value: plain(c.Own.CapDay), Ceiling: c.Ceiling.CapDay},
		{Name: "cap_month", Value: plain(c.Own.CapMonth), Ceiling: c.Ceiling.CapMonth},
		{Name: "cap_call", Value: plain(c.Own.CapCall), Ceiling: c.Ceiling.CapCall},
	}
	return p, nil
}

// plain is an amount as a field takes it; empty when there is none.
func plain(a control.Amount) string {
	if a == 0 {
		return ""
	}
	return tsujiban.Money(a).String()
}

func (p *settingsPage) countries(r *ui.Request, u *control.Use) {
	c := &p.Head.Customer
	seen := map[string]*abroad{}
	add := func(iso string) *abroad {
		if seen[iso] == nil {
			seen[iso] = &abroad{ISO: iso, Name: names.Country(r.Lang, iso), Off: slices.Contains(c.Own.BarCountries, iso), Closed: closed(&c.Ceiling, iso)}
		}
		return seen[iso]
	}
	for i := range u.Places {
		if pl := &u.Places[i]; pl.Country != "" && pl.Scope != tsujiban.ScopeDomestic.String() {
			a := add(pl.Country)
			a.Calls += pl.Attempts
			a.Charge += pl.Charge
		}
	}
	for _, iso := range c.Own.BarCountries {
		add(iso)
	}
	for _, a := range seen {
		p.Countries = append(p.Countries, *a)
	}
	slices.SortFunc(p.Countries, func(x, y abroad) int {
		return cmp.Or(cmp.Compare(y.Charge, x.Charge), cmp.Compare(y.Calls, x.Calls), cmp.Compare(x.ISO, y.ISO))
	})
	for _, iso := range all() {
		if seen[iso] == nil && iso != "JP" {
			p.Others = append(p.Others, map[string]string{"value": iso, "text": names.Country(r.Lang, iso)})
		}
	}
	tag := language.Japanese
	if r.Lang == tsujiban.English {
		tag = language.English
	}
	by := collate.New(tag)
	slices.SortFunc(p.Others, func(x, y map[string]string) int { return by.CompareString(x["text"], y["text"]) })
	p.Others = append([]map[string]string{{"value": "", "text": r.T("settings.choose")}}, p.Others...)
}

func closed(l *control.Limits, iso string) bool {
	return slices.Contains(l.BarCountries, iso) || len(l.AllowCountries) > 0 && !slices.Contains(l.AllowCountries, iso)
}

// all are the codes of countries (ISO 3166-1).
func all() (list []string) {
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			iso := string([]rune{a, b})
			if region, err := language.ParseRegion(iso); err == nil && region.IsCountry() && region.Canonicalize().String() == iso && !strings.HasPrefix(iso, "X") && iso != "ZZ" {
				list = append(list, iso)
			}
		}
	}
	return list
}

// change reads what the customer has set, lets f change it, and sets it again.
func (m *room) change(r *ui.Request, f func(*control.Own)) error {
	var c control.CustomerState
	if err := m.state(r, r.PathValue("customer"), &c); err != nil {
		return err
	}
	f(&c.Own)
	return r.Office.Do(r.Context(), http.MethodPut, order(c.ID, "/own"), &c.Own, nil)
}

func (m *room) international(r *ui.Request) error {
	var in struct {
		Off bool `form:"off"`
	}
	if _, err := r.Decode(&in); err != nil {
		return err
	}
	if err := m.change(r, func(o *control.Own) { o.NoInternational = in.Off }); err != nil {
		return err
	}
	word := "settings.international-is-on"
	if in.Off {
		word = "settings.international-is-off"
	}
	return r.Done(at(r.PathValue("customer"))+"/settings", word)
}

// countries switches one country.
func (m *room) countries(r *ui.Request) error {
	var in struct {
		Country string `form:"country" max:"2"`
		Off     bool   `form:"off"`
	}
	if _, err := r.Decode(&in); err != nil {
		return err
	}
	if !slices.Contains(all(), in.Country) {
		return m.settingsAgain(r, "country", r.T("settings.no-country"))
	}
	err := m.change(r, func(o *control.Own) {
		o.BarCountries = slices.DeleteFunc(o.BarCountries, func(iso string) bool { return iso == in.Country })
		if in.Off {
			o.BarCountries = append(o.BarCountries, in.Country)
		}
	})
	if err != nil {
		return err
	}
	word := "settings.country-is-on"
	if in.Off {
		word = "settings.country-is-off"
	}
	return r.Done(at(r.PathValue("customer"))+"/settings", word, names.Country(r.Lang, in.Country))
}

func (m *room) settingsAgain(r *ui.Request, field, what string) error {
	p, err := m.settingsPage(r)
	if err != nil {
		return err
	}
	return r.Again("settings", p, ui.Fields{field: what})
}

// limits sets limits below the operator's. An empty field takes one back.
func (m *room) limits(r *ui.Request) error {
	var in struct {
		Day   tsujiban.Money `form:"cap_day" max:"30"`
		Month tsujiban.Money `form:"cap_month" max:"30"`
		Call  tsujiban.Money `form:"cap_call" max:"30"`
	}
	wrong, err := r.Decode(&in)
	if err != nil {
		return err
	}
	p, err := m.settingsPage(r)
	if err != nil {
		return err
	}
	given := []tsujiban.Money{in.Day, in.Month, in.Call}
	for i := range p.Limits {
		l := &p.Limits[i]
		l.Value = r.PostForm.Get(l.Name)
		if ceiling := tsujiban.Money(l.Ceiling); wrong[l.Name] == "" && (given[i] < 0 || ceiling > 0 && given[i] > ceiling) {
			wrong[l.Name] = r.T("settings.above", r.Yen(ceiling))
		}
	}
	if len(wrong) > 0 {
		return r.Again("settings", p, wrong)
	}
	err = m.change(r, func(o *control.Own) {
		o.CapDay, o.CapMonth, o.CapCall = control.Amount(in.Day), control.Amount(in.Month), control.Amount(in.Call)
	})
	if err != nil {
		return err
	}
	return r.Done(p.Head.At+"/settings", "settings.limits-set")
}

// showStop is the page of the stop.
func (m *room) showStop(r *ui.Request) error {
	h, err := m.head(r, "stop")
	if err != nil {
		return err
	}
	return r.Page("stop", map[string]any{"Head": h})
}

// stop stops all outgoing calls, or lets them go on. Both ask for a new proof of who it is, when the last is old.
func (m *room) stop(r *ui.Request) error {
	var in struct {
		Stop bool `form:"stop"`
	}
	if _, err := r.Decode(&in); err != nil {
		return err
	}
	to := at(r.PathValue("customer")) + "/stop"
	if led, err := m.fresh(r, to); led || err != nil {
		return err
	}
	if err := m.change(r, func(o *control.Own) { o.Stopped = in.Stop }); err != nil {
		return err
	}
	word := "stop.is-off"
	if in.Stop {
		word = "stop.is-on"
	}
	return r.Done(to, word)
}

// history shows what was set for the customer, and the person's own sign-ins.
func (m *room) history(r *ui.Request) error {
	h, err := m.head(r, "history")
	if err != nil {
		return err
	}
	var actions control.Actions
	if err := r.Office.Do(r.Context(), http.MethodGet, "/v1/actions?limit=50&customer="+h.Customer.ID, nil, &actions); err != nil {
		return err
	}
	for i := range actions.Actions {
		tell(r, &actions.Actions[i])
	}
	data := map[string]any{"Head": h, "Actions": actions.Actions}
	a, err := m.Door.Account(r.Context(), r.Person.ID)
	if err == nil {
		data["SignIns"] = a.SignIns
	} else if tsujiban.CodeOf(err) != tsujiban.CodeNotFound {
		return err
	}
	return r.Page("history", data)
}

// tell makes of an action what a customer is told: what its own people set with their names, of all else that the operator or the guard did it. What
// staff write to a restriction is for staff.
func tell(r *ui.Request, a *control.Action) {
	if a.Verb == "restrict" || a.Verb == "release" {
		a.Note = ""
	}
	switch {
	case strings.HasPrefix(a.Note, "own "):
		a.By, _ = strings.CutSuffix(a.By, " (console)")
	case a.By == "guard":
		a.By = r.T("history.guard")
	default:
		a.By = r.T("history.operator")
	}
}
