package app

import (
	"net/http"
	"slices"

	"tsujiban"
	"tsujiban/app/control"
)

// ownRoutes are the orders that customers give themselves. Staff may, too.
func (s *controlServer) ownRoutes(m *http.ServeMux) {
	m.HandleFunc("PUT /v1/customers/{id}/own", s.handle(s.setOwn))
	m.HandleFunc("PATCH /v1/customers/{id}/own", s.handle(s.setOwn)) // what the body does not name stays
	// One country, whatever happens to the others at the same time.
	m.HandleFunc("PUT /v1/customers/{id}/own/countries/{country}", s.handle(s.setCountry))
	m.HandleFunc("DELETE /v1/customers/{id}/own/countries/{country}", s.handle(s.setCountry))
}

// setOwn sets what a customer narrows for itself; limits above the operator's are refused, for they would not hold. What it stops ends at once.
func (s *controlServer) setOwn(r *http.Request) (any, error) {
	return s.changeOwn(r, func(in *control.Own) error {
		if r.Method == http.MethodPut {
			*in = control.Own{}
		}
		return read(r, in)
	})
}

// setCountry switches one country off, or on again.
func (s *controlServer) setCountry(r *http.Request) (any, error) {
	return s.changeOwn(r, func(in *control.Own) error {
		country := r.PathValue("country")
		in.BarCountries = slices.DeleteFunc(in.BarCountries, func(c string) bool { return c == country })
		if r.Method == http.MethodPut {
			in.BarCountries = append(in.BarCountries, country)
		}
		return nil
	})
}

// changeOwn lets f change what the customer has set by now; nobody comes between.
func (s *controlServer) changeOwn(r *http.Request, f func(*control.Own) error) (any, error) {
	a, id, by := s.app, tsujiban.CustomerID(r.PathValue("id")), byOf(r)
	var own tsujiban.Own
	done, err := a.change(r.Context(), by, func(set *settings) error {
		i, found := set.customer(id)
		if !found {
			return noCustomer(string(id))
		}
		c := set.customers[i]
		in := control.OwnOf(&c.Own)
		if err := unchanged(r, control.VersionOf(in)); err != nil {
			return err
		}
		if err := f(&in); err != nil {
			return err
		}
		own = in.Own()
		slices.Sort(own.BarCountries)
		own.BarCountries = slices.Compact(own.BarCountries)
		limits := effective(c.Limits, effective(a.rules.set.Defaults, a.rules.source.Defaults))
		if err := below(&own, &c.Own, &limits); err != nil {
			return err
		}
		c.Own = own
		return a.putCustomer(set, by, c)
	})
	if err == nil {
		a.cutOwn(id, &own)
	}
	return done, err
}

// below refuses limits above the operator's. One that was set before, when that was higher, may stay: the lower holds.
func below(own, had *tsujiban.Own, l *tsujiban.Limits) error {
	for _, m := range []struct {
		field            string
		own, had, theirs tsujiban.Money
	}{{"cap_call", own.CapCall, had.CapCall, l.CapCall}, {"cap_day", own.CapDay, had.CapDay, l.CapDay}, {"cap_month", own.CapMonth, had.CapMonth, l.CapMonth}} {
		if m.theirs > 0 && m.own > m.theirs && m.own != m.had {
			return tsujiban.Errorf(tsujiban.CodeInvalid, "%s: %s is above the operator's %s; set a lower one, or ask the operator for more", m.field, m.own.Grouped(), m.theirs.Grouped())
		}
	}
	if l.LongestCall > 0 && own.LongestCall > l.LongestCall && own.LongestCall != had.LongestCall {
		return tsujiban.Errorf(tsujiban.CodeInvalid, "longest_call: %s is longer than the operator's %s; set a shorter one", own.LongestCall, l.LongestCall)
	}
	return nil
}

// cutOwn ends the running calls that the customer has just stopped. Emergency calls go on.
func (a *App) cutOwn(id tsujiban.CustomerID, own *tsujiban.Own) {
	for _, c := range a.edge.Live(nil) {
		if c.Customer != id || c.Direction != tsujiban.Out || c.Dest.Scope == tsujiban.ScopeEmergency {
			continue
		}
		abroad := c.Dest.Scope != tsujiban.ScopeDomestic
		if own.Stopped || abroad && (own.NoInternational || slices.Contains(own.BarCountries, c.Dest.Country())) {
			a.edge.Cut(c.Call, tsujiban.ReasonStopped)
		}
	}
}
