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
	Made      ui.Made       // what the form of limits was made from
	Meanwhile *ui.Meanwhile // what somebody else has set since
}

// limitsForm is what the limits are set by. An empty field follows the operator's.
type limitsForm struct {
	Day   tsujiban.Money `form:"cap_day" max:"30"`
	Month tsujiban.Money `form:"cap_month" max:"30"`
	Call  tsujiban.Money `form:"cap_call" max:"30"`
}

func limitsOf(o *control.Own) *limitsForm {
	return &limitsForm{tsujiban.Money(o.CapDay), tsujiban.Money(o.CapMonth), tsujiban.Money(o.CapCall)}
}

// order sets these, and leaves the rest as it is.
func (f *limitsForm) order() map[string]any {
	return map[string]any{"cap_day": control.Amount(f.Day), "cap_month": control.Amount(f.Month), "cap_call": control.Amount(f.Call)}
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
	f := limitsOf(&h.Customer.Own)
	p.show(f)
	p.Made = r.Made(h.Customer.OwnVersion, f)
	return p, nil
}

// show puts limits into the fields.
func (p *settingsPage) show(f *limitsForm) {
	c := &p.Head.Customer.Ceiling
	p.Limits = []limit{
		{Name: "cap_day", Value: plain(f.Day), Ceiling: c.CapDay},
		{Name: "cap_month", Value: plain(f.Month), Ceiling: c.CapMonth},
		{Name: "cap_call", Value: plain(f.Call), Ceiling: c.CapCall},
	}
}

// plain is an amount as a field takes it; empty when there is none.
func plain(a tsujiban.Money) string {
	if a == 0 {
		return ""
	}
	return a.String()
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

// set sets one thing of the customer's own. All else stays as somebody else of the customer may set it at the same time.
func (m *room) set(r *ui.Request, what string, to bool) error {
	return r.Office.Do(r.Context(), http.MethodPatch, order(r.PathValue("customer"), "/own"), map[string]bool{what: to}, nil)
}

func (m *room) international(r *ui.Request) error {
	var in struct {
		Off bool `form:"off"`
	}
	if _, err := r.Decode(&in); err != nil {
		return err
	}
	if err := m.set(r, "no_international", in.Off); err != nil {
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
	method, word := http.MethodDelete, "settings.country-is-on"
	if in.Off {
		method, word = http.MethodPut, "settings.country-is-off"
	}
	if err := r.Office.Do(r.Context(), method, order(r.PathValue("customer"), "/own/countries/"+in.Country), nil, nil); err != nil {
		return err
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
	var in limitsForm
	wrong, err := r.Decode(&in)
	if err != nil {
		return err
	}
	p, err := m.settingsPage(r)
	if err != nil {
		return err
	}
	p.Made = r.WasMade()
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
	switch err := m.setLimits(r, &in, p.Made.Version); {
	case tsujiban.CodeOf(err) == tsujiban.CodeChanged:
		return m.stale(r, &in)
	case err != nil:
		return err
	}
	return r.Done(p.Head.At+"/settings", "settings.limits-set")
}

// setLimits sets them, unless something has been set since that version.
func (m *room) setLimits(r *ui.Request, in *limitsForm, version string) error {
	return r.Office.Do(r.Context(), http.MethodPatch, order(r.PathValue("customer"), "/own?version="+url.QueryEscape(version)), in.order(), nil)
}

// stale is for limits that were typed into a form which somebody else was faster than: they are shown with what was set meanwhile. A switch that was
// turned meanwhile is none of the form's, and the limits are set as they were typed.
func (m *room) stale(r *ui.Request, in *limitsForm) (err error) {
	for range 5 { // somebody may be faster again
		var p *settingsPage
		if p, err = m.settingsPage(r); err != nil {
			return err
		}
		if p.Meanwhile = r.Merge(in, limitsOf(&p.Head.Customer.Own)); len(p.Meanwhile.Changed) > 0 {
			p.show(in)
			return m.showStale(r, p)
		}
		if err = m.setLimits(r, in, p.Head.Customer.OwnVersion); err == nil {
			return r.Done(p.Head.At+"/settings", "settings.limits-set")
		}
		if tsujiban.CodeOf(err) != tsujiban.CodeChanged {
			return err
		}
	}
	return err
}

// showStale shows what was set meanwhile, and by whom.
func (m *room) showStale(r *ui.Request, p *settingsPage) error {
	for i := range p.Meanwhile.Changed {
		c := &p.Meanwhile.Changed[i]
		c.Label = r.T("settings" + "." + c.Field)
	}
	var list control.Actions
	if err := r.Office.Do(r.Context(), http.MethodGet, "/v1/actions?limit=20&customer="+url.QueryEscape(p.Head.Customer.ID), nil, &list); err != nil {
		return err
	}
	list.Actions = slices.DeleteFunc(list.Actions, func(a control.Action) bool { return !strings.HasPrefix(a.Note, "own ") })
	for i := range list.Actions {
		tell(r, &list.Actions[i])
	}
	p.Meanwhile.Since(list.Actions)
	return r.Stale("settings", p)
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
	if err := m.set(r, "stopped", in.Stop); err != nil {
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
