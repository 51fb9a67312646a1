package rules

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/console/ui"
)

// form is what is typed about the rules. Fields of limits that are empty follow the configuration.
type form struct {
	Closed    string         `form:"closed" max:"100000"`
	Hints     string         `form:"hints" max:"100000"`
	CapCall   tsujiban.Money `form:"cap_call"`
	CapDay    tsujiban.Money `form:"cap_day"`
	CapMonth  tsujiban.Money `form:"cap_month"`
	Channels  int            `form:"channels"`
	PerSecond int            `form:"calls_per_second"`
	Longest   time.Duration  `form:"longest_call"`
	Bar       string         `form:"bar_countries" max:"2000"`
	Allow     string         `form:"allow_countries" max:"2000"`
	Prefixes  string         `form:"bar_prefixes" max:"20000"`
	Hours     string         `form:"hours" max:"200"`
	Note      string         `form:"note" max:"6000" base:"-"`
	Days      int            `form:"days" base:"-"`
}

// listed splits what people write one a line, or with commas.
func listed(s string) []string {
	return append([]string{}, strings.FieldsFunc(s, func(c rune) bool { return strings.ContainsRune(" ,、，\n\r\t　+", c) })...)
}

func formOf(s *control.RuleSet) *form {
	l := s.Defaults.Limits()
	return &form{
		Closed: strings.Join(s.Closed, "\n"), Hints: strings.Join(s.Hints, "\n"), CapCall: l.CapCall, CapDay: l.CapDay, CapMonth: l.CapMonth,
		Channels: l.Channels, PerSecond: l.CallsPerSecond, Longest: l.LongestCall, Bar: strings.Join(l.BarCountries, " "), Allow: strings.Join(l.AllowCountries, " "),
		Prefixes: strings.Join(l.BarPrefixes, "\n"), Hours: l.Hours, Days: 7,
	}
}

// order is the order that the form gives. Classes that are let through are left as they are: the page does not show them.
func (f *form) order(now *control.RuleSet) control.RulesOrder {
	closed, hints := listed(f.Closed), listed(f.Hints)
	l := control.LimitsOf(&tsujiban.Limits{
		CapCall: f.CapCall, CapDay: f.CapDay, CapMonth: f.CapMonth, Channels: f.Channels, CallsPerSecond: f.PerSecond, LongestCall: f.Longest,
		BarCountries: listed(strings.ToUpper(f.Bar)), AllowCountries: listed(strings.ToUpper(f.Allow)), BarPrefixes: listed(f.Prefixes),
		AllowClasses: slices.Clone(now.Defaults.AllowClasses), Hours: f.Hours,
	})
	return control.RulesOrder{Closed: &closed, Hints: &hints, Defaults: &l, Note: f.Note}
}

func read(r *ui.Request) (*control.Rules, error) {
	var rules control.Rules
	return &rules, r.Office.Do(r.Context(), http.MethodGet, "/v1/rules", nil, &rules)
}

func show(r *ui.Request) error {
	rules, err := read(r)
	if err != nil {
		return err
	}
	return page(r, rules, formOf(&rules.Set), nil)
}

func page(r *ui.Request, rules *control.Rules, f *form, wrong ui.Fields) error {
	data := map[string]any{"Rules": rules, "Form": f, "Limits": limits(rules), "Made": r.WasMade()}
	if wrong == nil {
		data["Made"] = r.Made(rules.Version, f)
	}
	if wrong != nil {
		return r.Again("rules", data, wrong)
	}
	return r.Page("rules", data)
}

// limit is one limit in force and where it comes from.
type limit struct {
	Word  string // the word rule.WORD
	Money control.Amount
	Count int
	Span  time.Duration
	Text  string
	Set   bool // at run time
}

// limits lists what holds for customers that have no limit of their own.
func limits(r *control.Rules) (out []limit) {
	f, s := &r.InForce.Defaults, &r.Set.Defaults
	for _, m := range []struct {
		word     string
		now, set control.Amount
	}{{"cap-call", f.CapCall, s.CapCall}, {"cap-day", f.CapDay, s.CapDay}, {"cap-month", f.CapMonth, s.CapMonth}} {
		out = append(out, limit{Word: m.word, Money: m.now, Set: m.set != 0})
	}
	out = append(out, limit{Word: "channels", Count: f.Channels, Set: s.Channels != 0}, limit{Word: "calls-per-second", Count: f.CallsPerSecond, Set: s.CallsPerSecond != 0},
		limit{Word: "longest-call", Span: time.Duration(f.LongestCall), Set: s.LongestCall != 0})
	for _, l := range []struct {
		word     string
		now, set []string
	}{{"allow-countries", f.AllowCountries, s.AllowCountries}, {"bar-countries", f.BarCountries, s.BarCountries}, {"bar-prefixes", f.BarPrefixes, s.BarPrefixes}, {"allow-classes", f.AllowClasses, s.AllowClasses}} {
		if len(l.now) > 0 {
			out = append(out, limit{Word: l.word, Text: strings.Join(l.now, " "), Set: len(l.set) > 0})
		}
	}
	if f.Hours != "" {
		out = append(out, limit{Word: "hours", Text: f.Hours, Set: s.Hours != ""})
	}
	return out
}

// decoded reads the form; the page is shown again when something is wrong with it.
func decoded(r *ui.Request, needNote bool) (rules *control.Rules, f *form, wrong ui.Fields, err error) {
	f = &form{}
	if wrong, err = r.Decode(f); err != nil {
		return nil, nil, nil, err
	}
	if rules, err = read(r); err != nil {
		return nil, nil, nil, err
	}
	if needNote && f.Note == "" && wrong["note"] == "" {
		wrong["note"] = r.T("form.needed")
	}
	return rules, f, wrong, nil
}

func set(r *ui.Request) error {
	rules, f, wrong, err := decoded(r, true)
	if err != nil {
		return err
	}
	if len(wrong) > 0 {
		return page(r, rules, f, wrong)
	}
	err = give(r, f.order(&rules.Set), r.WasMade().Version)
	if tsujiban.CodeOf(err) == tsujiban.CodeChanged {
		return stale(r, f)
	}
	if tsujiban.CodeOf(err) == tsujiban.CodeInvalid && err != nil {
		return page(r, rules, f, placed(r, err))
	}
	if err != nil {
		return err
	}
	return r.Done("/rules", "rules.done")
}

// give sets the rules, unless others have set them since that version.
func give(r *ui.Request, o control.RulesOrder, version string) error {
	return r.Office.Do(r.Context(), http.MethodPut, "/v1/rules?version="+url.QueryEscape(version), o, nil)
}

// stale shows the form again when somebody else has changed the rules since it was made.
func stale(r *ui.Request, f *form) error {
	rules, err := read(r)
	if err != nil {
		return err
	}
	now := formOf(&rules.Set)
	made := r.Made(rules.Version, now)
	m := r.Merge(f, now)
	for i := range m.Changed {
		m.Changed[i].Label = r.T(labels[m.Changed[i].Field])
	}
	var list control.Actions
	if err := r.Office.Do(r.Context(), http.MethodGet, "/v1/actions?limit=20&verb=rules-set", nil, &list); err != nil {
		return err
	}
	m.Since(list.Actions)
	return r.Stale("rules", map[string]any{"Rules": rules, "Form": f, "Limits": limits(rules), "Made": made, "Meanwhile": m})
}

// labels are what the page calls its fields.
var labels = map[string]string{
	"closed": "rules.closed", "hints": "rules.hints", "cap_call": "rule.cap-call", "cap_day": "rule.cap-day", "cap_month": "rule.cap-month", "channels": "rule.channels", "calls_per_second": "rule.calls-per-second",
	"longest_call": "rule.longest-call", "bar_countries": "rule.bar-countries", "allow_countries": "rule.allow-countries", "bar_prefixes": "rule.bar-prefixes", "hours": "rule.hours",
}

// placed puts an error of the rules beside its field.
func placed(r *ui.Request, err error) ui.Fields {
	text := strings.TrimPrefix(err.Error(), "defaults: ")
	field, _, _ := strings.Cut(text, ":")
	switch field = strings.ReplaceAll(field[strings.LastIndexAny(field, ". ")+1:], "-", "_"); field {
	case "closed", "hints", "bar_prefixes":
		return ui.Fields{field: r.T("rules.no-prefix")}
	case "bar_countries", "allow_countries":
		return ui.Fields{field: r.T("rules.no-country")}
	case "hours":
		return ui.Fields{field: r.T("rules.no-hours")}
	}
	return ui.Fields{"note": r.T("rules.not-taken", r.Said(err))}
}
