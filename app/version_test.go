package app

import (
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"

	"tsujiban"
	"tsujiban/app/control"
)

// TestVersion: of many who change the same at the same time, from the same picture of it, one does; the others learn that it has changed.
func TestVersion(t *testing.T) {
	r := newSite(t).start()
	office := r.Office("sato")
	var c control.CustomerState
	var rules control.Rules
	if err := office.Do(t.Context(), http.MethodGet, "/v1/customers/hakata-shokai", nil, &c); err != nil {
		t.Fatal(err)
	}
	if err := office.Do(t.Context(), http.MethodGet, "/v1/rules", nil, &rules); err != nil {
		t.Fatal(err)
	}
	if c.Version == "" || c.OwnVersion == "" || rules.Version == "" {
		t.Fatalf("no version: %q %q", c.Version, rules.Version)
	}
	const many = 8
	for _, order := range []struct {
		method, path string
		in           func(n int) any
	}{
		{http.MethodPatch, "/v1/customers/hakata-shokai?version=" + url.QueryEscape(c.Version), func(n int) any {
			return map[string]any{"limits": map[string]any{"channels": n + 20}}
		}},
		{http.MethodPut, "/v1/rules?version=" + url.QueryEscape(rules.Version), func(n int) any {
			return control.RulesOrder{Defaults: &control.Limits{Channels: n + 20}, Note: "x"}
		}},
		{http.MethodPatch, "/v1/customers/hakata-shokai/own?version=" + url.QueryEscape(c.OwnVersion), func(n int) any {
			return map[string]any{"cap_day": n + 20}
		}},
	} {
		var done, late atomic.Int64
		var all sync.WaitGroup
		for n := range many {
			all.Go(func() {
				switch err := office.Do(t.Context(), order.method, order.path, order.in(n), nil); {
				case err == nil:
					done.Add(1)
				case tsujiban.CodeOf(err) == tsujiban.CodeChanged:
					late.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		all.Wait()
		if done.Load() != 1 || late.Load() != many-1 {
			t.Errorf("%s: %d changed it, %d were told", order.path, done.Load(), late.Load())
		}
	}
	// Countries are switched one by one, and none is lost where many are at once.
	countries := []string{"AT", "BE", "CA", "DE", "EE", "FR", "GB", "HU"}
	for _, method := range []string{http.MethodPut, http.MethodDelete} {
		var all sync.WaitGroup
		for _, iso := range countries {
			all.Go(func() {
				if err := office.Do(t.Context(), method, "/v1/customers/hakata-shokai/own/countries/"+iso, nil, nil); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		var now control.CustomerState
		if err := office.Do(t.Context(), http.MethodGet, "/v1/customers/hakata-shokai", nil, &now); err != nil {
			t.Fatal(err)
		}
		if off := len(now.Own.BarCountries); method == http.MethodPut && off != len(countries) || method == http.MethodDelete && off != 0 {
			t.Errorf("%s: %d are off", method, off)
		}
	}
	if err := office.Do(t.Context(), http.MethodPut, "/v1/customers/hakata-shokai/own/countries/XX", nil, nil); tsujiban.CodeOf(err) != tsujiban.CodeInvalid {
		t.Errorf("a country that is none: %v", err)
	}
	// What the customer sets for itself is none of it.
	if err := office.Do(t.Context(), http.MethodGet, "/v1/customers/hakata-shokai", nil, &c); err != nil {
		t.Fatal(err)
	}
	was := c.Version
	if err := office.Do(t.Context(), http.MethodPatch, "/v1/customers/hakata-shokai/own", control.Own{CapDay: control.Amount(tsujiban.Unit)}, nil); err != nil {
		t.Fatal(err)
	}
	if err := office.Do(t.Context(), http.MethodGet, "/v1/customers/hakata-shokai", nil, &c); err != nil || c.Version != was {
		t.Errorf("%q, was %q; %v", c.Version, was, err)
	}
}
