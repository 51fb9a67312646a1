package app

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/app/config"
	"tsujiban/app/control"
)

// routes are the orders that staff can give.
func (s *controlServer) routes() *http.ServeMux {
	m := http.NewServeMux()
	for pattern, f := range map[string]func(*http.Request) (any, error){
		"GET /v1/status":                        s.status,
		"POST /v1/reload":                       s.reload,
		"POST /v1/import":                       s.importAll,
		"GET /v1/customers":                     s.listCustomers,
		"GET /v1/customers/{id}":                s.showCustomer,
		"POST /v1/customers/{id}":               s.addCustomer,
		"PATCH /v1/customers/{id}":              s.setCustomer,
		"DELETE /v1/customers/{id}":             s.removeCustomer,
		"POST /v1/customers/{id}/numbers/{do}":  s.setNumbers,
		"PUT /v1/customers/{id}/restriction":    s.restrict,
		"DELETE /v1/customers/{id}/restriction": s.release,
		"POST /v1/customers/{id}/answer":        s.answer,
		"GET /v1/restrictions":                  s.restrictions,
		"GET /v1/trunks":                        s.listTrunks,
		"GET /v1/trunks/{id}":                   s.showTrunk,
		"POST /v1/trunks/{id}":                  s.addTrunk,
		"PATCH /v1/trunks/{id}":                 s.setTrunk,
		"DELETE /v1/trunks/{id}":                s.removeTrunk,
		"DELETE /v1/running/{call}":             s.hangUp,
		"POST /v1/calls":                        s.calls,
	} {
		m.HandleFunc(pattern, s.handle(f))
	}
	s.ledgerRoutes(m)
	s.inquiryRoutes(m)
	s.retentionRoutes(m)
	s.staffRoutes(m)
	s.suspicionRoutes(m)
	s.useRoutes(m)
	s.ownRoutes(m)
	s.ruleRoutes(m)
	m.HandleFunc("GET /v1/customers/{id}/profile", s.handle(s.profile))
	m.HandleFunc("GET /v1/overview", s.handle(s.overview))
	m.HandleFunc("POST /v1/calls/export", s.exportCalls)
	m.HandleFunc("GET /v1/actions", s.handle(s.actions))
	m.HandleFunc("GET /v1/events", s.events)
	s.noticeRoutes(m)
	m.HandleFunc("GET /v1/evidence", s.handle(s.evidence))
	m.HandleFunc("POST /v1/evidence/key", s.handle(s.newKey))
	m.HandleFunc("POST /v1/looks", s.handle(s.look))
	m.HandleFunc("GET /v1/live", s.stream)
	m.HandleFunc("/", s.handle(func(r *http.Request) (any, error) {
		return nil, tsujiban.Errorf(tsujiban.CodeNotFound, "there is no order %s %s; do command and program have the same version?", r.Method, r.URL.Path)
	}))
	return m
}

func (s *controlServer) status(*http.Request) (any, error) { return s.app.Status(), nil }

func (s *controlServer) reload(r *http.Request) (any, error) {
	return s.app.Reload(r.Context(), byOf(r))
}

func (s *controlServer) importAll(r *http.Request) (any, error) {
	var in control.Import
	if err := read(r, &in); err != nil {
		return nil, err
	}
	by := byOf(r)
	return s.app.change(r.Context(), by, func(set *settings) error {
		for _, c := range in.Customers {
			if err := s.app.putCustomer(set, by, c); err != nil {
				return err
			}
		}
		for _, t := range in.Trunks {
			if err := s.app.putTrunk(set, by, t); err != nil {
				return err
			}
		}
		set.notes = append([]string{fmt.Sprintf("import: %d customers, %d trunks", len(in.Customers), len(in.Trunks))}, set.notes...)
		return nil
	})
}

func (s *controlServer) listCustomers(r *http.Request) (any, error) {
	match := strings.ToLower(r.URL.Query().Get("match"))
	s.app.admin.Lock()
	defer s.app.admin.Unlock()
	list := []control.CustomerState{}
	for i := range s.app.customers {
		c := &s.app.customers[i]
		if strings.Contains(string(c.ID), match) || strings.Contains(strings.ToLower(c.Name), match) {
			list = append(list, s.app.customerState(c))
		}
	}
	return list, nil
}

func noCustomer(id string) error {
	return tsujiban.Errorf(tsujiban.CodeNotFound, "there is no customer %q; \"tsujiban customer list\" shows them", id)
}

func (s *controlServer) showCustomer(r *http.Request) (any, error) {
	a := s.app
	a.admin.Lock()
	defer a.admin.Unlock()
	set := newSettings(a.customers, a.trunks)
	i, ok := set.customer(tsujiban.CustomerID(r.PathValue("id")))
	if !ok {
		return nil, noCustomer(r.PathValue("id"))
	}
	state := a.customerState(&a.customers[i])
	state.Version, state.OwnVersion = control.VersionOfCustomer(state.Customer), control.VersionOf(state.Own)
	state.Trunks = a.trunksOf(a.customers[i].ID)
	return state, nil
}

// unchanged refuses an order that names another version than that of what is set now. App.admin is held, so nobody comes between.
func unchanged(r *http.Request, version string) error {
	if q := r.URL.Query(); q.Has("version") && q.Get("version") != version {
		return tsujiban.Errorf(tsujiban.CodeChanged, "this was changed meanwhile: read it again")
	}
	return nil
}

func (s *controlServer) addCustomer(r *http.Request) (any, error) { return s.putCustomer(r, true) }
func (s *controlServer) setCustomer(r *http.Request) (any, error) { return s.putCustomer(r, false) }

// putCustomer adds a customer, or changes what the body names of one that is there.
func (s *controlServer) putCustomer(r *http.Request, add bool) (any, error) {
	id, by := tsujiban.CustomerID(r.PathValue("id")), byOf(r)
	return s.app.change(r.Context(), by, func(set *settings) error {
		in := control.Customer{}
		i, found := set.customer(id)
		switch {
		case found && add:
			return tsujiban.Errorf(tsujiban.CodeExists, "customer %q exists; change it with \"tsujiban customer set\"", id)
		case !found && !add:
			return noCustomer(string(id))
		case found:
			in = control.CustomerOf(&set.customers[i])
			if err := unchanged(r, control.VersionOfCustomer(in)); err != nil {
				return err
			}
		}
		if err := read(r, &in); err != nil {
			return err
		}
		in.ID = string(id)
		c, err := in.Customer()
		if err != nil {
			return err
		}
		return s.app.putCustomer(set, by, c)
	})
}

func (s *controlServer) removeCustomer(r *http.Request) (any, error) {
	a, id, by := s.app, tsujiban.CustomerID(r.PathValue("id")), byOf(r)
	return a.change(r.Context(), by, func(set *settings) error {
		i, found := set.customer(id)
		if !found {
			return noCustomer(string(id))
		}
		if ids := a.trunksOf(id); len(ids) > 0 {
			return tsujiban.Errorf(tsujiban.CodeConflict, "customer %q has trunks: %s; remove them first", id, strings.Join(ids, " "))
		}
		if u, _ := a.guard.Usage(id); u.Restriction != nil {
			return tsujiban.Errorf(tsujiban.CodeConflict, "a restriction stands against customer %q; release it first", id)
		}
		set.customers = slices.Delete(set.customers, i, i+1)
		set.notes = append(set.notes, fmt.Sprintf("customer %s: removed", id))
		set.save = append(set.save, func(ctx context.Context) error { return a.store.DeleteCustomer(ctx, by, id) })
		return nil
	})
}

func (s *controlServer) setNumbers(r *http.Request) (any, error) {
	id, by := tsujiban.CustomerID(r.PathValue("id")), byOf(r)
	var numbers []string
	if err := read(r, &numbers); err != nil {
		return nil, err
	}
	return s.app.change(r.Context(), by, func(set *settings) error {
		i, found := set.customer(id)
		if !found {
			return noCustomer(string(id))
		}
		c := set.customers[i]
		c.Numbers = slices.Clone(c.Numbers)
		for _, n := range numbers {
			at := slices.Index(c.Numbers, n)
			switch {
			case r.PathValue("do") == "add" && at < 0:
				c.Numbers = append(c.Numbers, n)
			case r.PathValue("do") == "add":
				return tsujiban.Errorf(tsujiban.CodeExists, "customer %q holds %s already", id, n)
			case at < 0:
				return tsujiban.Errorf(tsujiban.CodeNotFound, "customer %q does not hold %s", id, n)
			default:
				c.Numbers = slices.Delete(c.Numbers, at, at+1)
			}
		}
		slices.Sort(c.Numbers)
		return s.app.putCustomer(set, by, c)
	})
}

func (s *controlServer) listTrunks(r *http.Request) (any, error) {
	of := tsujiban.CustomerID(r.URL.Query().Get("customer"))
	s.app.admin.Lock()
	defer s.app.admin.Unlock()
	list := []control.Trunk{}
	for i := range s.app.trunks {
		if t := &s.app.trunks[i]; of == "" || t.Customer == of {
			list = append(list, trunkNow(t))
		}
	}
	return list, nil
}

func noTrunk(id string) error {
	return tsujiban.Errorf(tsujiban.CodeNotFound, "there is no trunk %q; \"tsujiban trunk list\" shows them", id)
}

func (s *controlServer) showTrunk(r *http.Request) (any, error) {
	s.app.admin.Lock()
	defer s.app.admin.Unlock()
	set := newSettings(s.app.customers, s.app.trunks)
	i, ok := set.trunk(tsujiban.TrunkID(r.PathValue("id")))
	if !ok {
		return nil, noTrunk(r.PathValue("id"))
	}
	return trunkNow(&s.app.trunks[i]), nil
}

func trunkNow(t *tsujiban.Trunk) control.Trunk {
	v := control.TrunkOf(t)
	v.Version = control.VersionOf(v)
	return v
}

func (s *controlServer) addTrunk(r *http.Request) (any, error) { return s.putTrunk(r, true) }
func (s *controlServer) setTrunk(r *http.Request) (any, error) { return s.putTrunk(r, false) }

// putTrunk adds a trunk, or changes what the body names of one that is there. A new user name
// or realm needs the password again: the hashes hold all three.
func (s *controlServer) putTrunk(r *http.Request, add bool) (any, error) {
	id, by := tsujiban.TrunkID(r.PathValue("id")), byOf(r)
	return s.app.change(r.Context(), by, func(set *settings) error {
		var old tsujiban.Trunk
		i, found := set.trunk(id)
		switch {
		case found && add:
			return tsujiban.Errorf(tsujiban.CodeExists, "trunk %q exists; change it with \"tsujiban trunk set\"", id)
		case !found && !add:
			return noTrunk(string(id))
		case found:
			old = set.trunks[i]
		}
		in := control.TrunkOf(&old)
		if found {
			if err := unchanged(r, control.VersionOf(in)); err != nil {
				return err
			}
		}
		if err := read(r, &in); err != nil {
			return err
		}
		t := tsujiban.Trunk{
			ID: id, Customer: tsujiban.CustomerID(in.Customer), Sources: masked(in.Sources), CertificateName: in.CertificateName,
			Username: in.Username, Realm: in.Realm, HA1MD5: old.HA1MD5, HA1SHA256: old.HA1SHA256,
			Address: in.Address, Transport: in.Transport, Registrar: in.Registrar, Domain: in.Domain,
		}
		if t.Username != "" && t.Realm == "" {
			t.Realm = s.app.cfg.SIP.Realm
		}
		if t.Address != "" && t.Transport == "" {
			t.Transport = "udp"
		}
		switch {
		case in.Password != "":
			t.HA1MD5, t.HA1SHA256 = config.HA1(t.Username, t.Realm, in.Password)
		case t.Username == "":
			t.Realm, t.HA1MD5, t.HA1SHA256 = "", "", ""
		case t.Username != old.Username || t.Realm != old.Realm:
			return tsujiban.Errorf(tsujiban.CodeInvalid, "a user name or realm needs its password: give -password and write it to standard input")
		}
		return s.app.putTrunk(set, by, t)
	})
}

func (s *controlServer) removeTrunk(r *http.Request) (any, error) {
	a, id, by := s.app, tsujiban.TrunkID(r.PathValue("id")), byOf(r)
	return a.change(r.Context(), by, func(set *settings) error {
		i, found := set.trunk(id)
		if !found {
			return noTrunk(string(id))
		}
		set.trunks = slices.Delete(set.trunks, i, i+1)
		set.notes = append(set.notes, fmt.Sprintf("trunk %s: removed", id))
		set.save = append(set.save, func(ctx context.Context) error { return a.store.DeleteTrunk(ctx, by, id) })
		return nil
	})
}

// stream tells a picture of the program every so often until the reader goes or the program stops.
func (s *controlServer) stream(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	every, err := time.ParseDuration(q.Get("every"))
	if err != nil {
		every = time.Second
	}
	every = min(max(every, 100*time.Millisecond), time.Minute)
	calls, _ := time.ParseDuration(q.Get("calls")) // without it, each picture has them
	full := max(int(calls/every), 1)
	t := time.NewTicker(every)
	defer t.Stop()
	w.Header().Set("Content-Type", "application/x-ndjson")
	enc, flush := json.NewEncoder(w), http.NewResponseController(w)
	for n := 0; ; n++ {
		f := s.app.shortFrame()
		if n%full == 0 {
			f = s.app.Frame()
		}
		if enc.Encode(&f) != nil || flush.Flush() != nil {
			return // the reader is gone
		}
		select {
		case <-t.C:
		case <-r.Context().Done():
			return
		}
	}
}
