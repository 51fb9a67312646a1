package app

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/guard/policy"
	"tsujiban/store"
)

// ruleRoutes are the orders about what holds for all.
func (s *controlServer) ruleRoutes(m *http.ServeMux) {
	for pattern, f := range map[string]func(*http.Request) (any, error){
		"GET /v1/rules":            s.showRules,
		"PUT /v1/rules":            s.setRules,
		"GET /v1/rules/preview":    s.showPreview,
		"POST /v1/rules/preview":   s.startPreview,
		"DELETE /v1/rules/preview": s.cancelPreview,
	} {
		m.HandleFunc(pattern, s.handle(f))
	}
}

// inForce is the source of the policy: the configuration with what was set at run time over it.
func (r *rules) inForce() policy.Source {
	src := r.source
	src.Closed = union(src.Closed, r.set.Closed)
	src.Hints = union(src.Hints, r.set.Hints)
	src.Defaults = effective(r.set.Defaults, src.Defaults)
	return src
}

// union is both lists without what is there twice.
func union(a, b []string) []string {
	if len(b) == 0 {
		return a
	}
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

func ruleSet(closed, hints []string, l *tsujiban.Limits) control.RuleSet {
	return control.RuleSet{Closed: append([]string{}, closed...), Hints: append([]string{}, hints...), Defaults: control.LimitsOf(l)}
}

// version is that of what is set at run time.
func (r *rules) version() string {
	return control.VersionOf(ruleSet(r.set.Closed, r.set.Hints, &r.set.Defaults))
}

func (s *controlServer) showRules(*http.Request) (any, error) {
	a := s.app
	a.admin.Lock()
	defer a.admin.Unlock()
	r := a.rules
	src := r.inForce()
	return control.Rules{
		Set: ruleSet(r.set.Closed, r.set.Hints, &r.set.Defaults), Version: r.version(), At: r.set.At, By: r.set.By, Note: r.set.Note,
		Base:    ruleSet(r.source.Closed, r.source.Hints, &r.source.Defaults),
		InForce: ruleSet(src.Closed, src.Hints, &src.Defaults), Fraud: fraudWord(src.Fraud), Policy: a.policy.Load().at,
	}, nil
}

func fraudWord(m policy.FraudMode) string {
	return [...]string{policy.FraudOff: "off", policy.FraudObserve: "observe", policy.FraudEnforce: "enforce"}[m]
}

// over puts an order over what is set.
func over(set store.Rules, o *control.RulesOrder) (store.Rules, error) {
	if o.Closed != nil {
		set.Closed = *o.Closed
	}
	if o.Hints != nil {
		set.Hints = *o.Hints
	}
	if o.Defaults != nil {
		set.Defaults = o.Defaults.Limits()
	}
	set.Note = o.Note
	return set, store.ValidRules(&set)
}

// setRules sets what holds for all, in force when it returns; running calls go on.
func (s *controlServer) setRules(r *http.Request) (any, error) {
	a, by := s.app, byOf(r)
	var o control.RulesOrder
	if err := read(r, &o); err != nil {
		return nil, err
	}
	if err := store.ValidText("note", o.Note, store.MaxNote, true); err != nil {
		return nil, err
	}
	a.admin.Lock()
	defer a.admin.Unlock()
	now := *a.rules
	if err := unchanged(r, now.version()); err != nil {
		return nil, err
	}
	set, err := over(now.set, &o)
	if err != nil {
		return nil, err
	}
	set.At, set.By = a.now(), by
	what := differRules(&now.set, &set)
	now.set = set
	p, dir, err := a.compile(&now, a.customers, a.trunks)
	if err != nil {
		return nil, err
	}
	done, err := a.record(r.Context(), by, "rules for all: "+what+"; "+o.Note)
	if err != nil {
		return nil, err
	}
	if err := a.store.PutRules(r.Context(), by, set, what); err != nil {
		return nil, a.undone(context.WithoutCancel(r.Context()), by, 0, 1, err)
	}
	a.rules = &now
	a.force(a.customers, a.trunks, p, dir)
	return done, nil
}

// differRules says what a change of the rules is, for people.
func differRules(old, set *store.Rules) string {
	var parts []string
	for _, l := range []struct {
		name     string
		old, set []string
	}{{"closed", old.Closed, set.Closed}, {"hints", old.Hints, set.Hints}} {
		gone, added := store.DiffList(l.old, l.set)
		if len(added) > 0 {
			parts = append(parts, fmt.Sprintf("%s: added %s", l.name, some(added)))
		}
		if len(gone) > 0 {
			parts = append(parts, fmt.Sprintf("%s: removed %s", l.name, some(gone)))
		}
	}
	if !reflect.DeepEqual(old.Defaults, set.Defaults) {
		parts = append(parts, "default limits: "+store.DiffCustomer(&tsujiban.Customer{Limits: old.Defaults}, &tsujiban.Customer{Limits: set.Defaults}))
	}
	if len(parts) == 0 {
		return "no change"
	}
	return strings.Join(parts, "; ")
}

// some names the first of a list.
func some(list []string) string {
	const named = 20
	if len(list) <= named {
		return strings.Join(list, " ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:named], " "), len(list)-named)
}
