package firms

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/console/ui"
)

// trunkForm is what a trunk is set by.
type trunkForm struct {
	ID          string `form:"id" max:"64" need:"yes" base:"-"`
	New         bool   `form:"new" base:"-"`
	Sources     string `form:"sources" max:"4000"`
	Certificate string `form:"certificate" max:"255"`
	Username    string `form:"username" max:"200"`
	Realm       string `form:"realm" max:"200"`
	Address     string `form:"address" max:"255"`
	Transport   string `form:"transport" max:"5"`
	Registrar   string `form:"registrar" max:"255"`
	Domain      string `form:"domain" max:"255"`
}

// theirs are the customer's trunks.
func theirs(r *ui.Request, customer string) (list []control.Trunk, err error) {
	return list, r.Office.Do(r.Context(), http.MethodGet, "/v1/trunks?customer="+url.QueryEscape(customer), nil, &list)
}

func trunks(r *ui.Request) error {
	h, err := headOf(r, "trunks")
	if err != nil {
		return err
	}
	list, err := theirs(r, h.Customer.ID)
	if err != nil {
		return err
	}
	return r.Page("trunks", map[string]any{"Head": h, "Trunks": list})
}

// own finds one of the customer's trunks; another's is none.
func own(r *ui.Request, customer, id string) (*control.Trunk, error) {
	list, err := theirs(r, customer)
	if err != nil {
		return nil, err
	}
	for i := range list {
		if list[i].ID == id {
			return &list[i], nil
		}
	}
	return nil, r.Errorf(tsujiban.CodeNotFound, "trunks.gone")
}

func editTrunk(r *ui.Request) error {
	h, err := headOf(r, "trunks")
	if err != nil {
		return err
	}
	data := map[string]any{"Head": h, "Form": &trunkForm{New: true}}
	if id := r.URL.Query().Get("trunk"); id != "" {
		t, err := own(r, h.Customer.ID, id)
		if err != nil {
			return err
		}
		f := trunkFormOf(t)
		data["Form"], data["Made"], data["Digest"] = f, r.Made(t.Version, f), t.Digest
	}
	return r.Page("trunk", data)
}

func trunkFormOf(t *control.Trunk) *trunkForm {
	var sources []string
	for _, p := range t.Sources {
		sources = append(sources, p.String())
	}
	return &trunkForm{ID: t.ID, Sources: strings.Join(sources, " "), Certificate: t.CertificateName, Username: t.Username, Realm: t.Realm, Address: t.Address, Transport: t.Transport, Registrar: t.Registrar, Domain: t.Domain}
}

func saveTrunk(r *ui.Request) error {
	h, err := headOf(r, "trunks")
	if err != nil {
		return err
	}
	var f trunkForm
	wrong, err := r.Decode(&f)
	if err != nil {
		return err
	}
	made := r.WasMade()
	data := map[string]any{"Head": h, "Form": &f, "Made": made}
	again := func(wrong ui.Fields) error { return r.Again("trunk", data, wrong) }
	in := map[string]any{
		"customer": h.Customer.ID, "certificate_name": f.Certificate, "username": f.Username, "realm": f.Realm, "address": f.Address, "transport": f.Transport, "registrar": f.Registrar, "domain": f.Domain,
	}
	var sources []netip.Prefix
	for _, w := range words(f.Sources) {
		p, err := prefix(w)
		if err != nil {
			wrong["sources"] = r.T("trunks.no-network", w)
		}
		sources = append(sources, p)
	}
	in["sources"] = sources
	// A password may begin or end with a space; the form's own reading trims.
	if p := r.PostForm.Get("password"); p != "" {
		in["password"] = p
	}
	if len(wrong) > 0 {
		return again(wrong)
	}
	method, path := http.MethodPost, "/v1/trunks/"+url.PathEscape(f.ID)
	if !f.New {
		method, path = http.MethodPatch, path+"?version="+url.QueryEscape(made.Version)
		if _, err := own(r, h.Customer.ID, f.ID); err != nil {
			return err
		}
	}
	if err := r.Office.Do(r.Context(), method, path, in, nil); err != nil {
		switch {
		case tsujiban.CodeOf(err) == tsujiban.CodeChanged:
			return staleTrunk(r, h, &f)
		case tsujiban.CodeOf(err) == tsujiban.CodeExists:
			return again(ui.Fields{"id": r.T("edit.exists")})
		case tsujiban.CodeOf(err) == tsujiban.CodeInvalid && strings.Contains(err.Error(), "needs its password"):
			return again(ui.Fields{"password": r.T("trunks.password-again")})
		}
		if wrong := refused(r, err); wrong != nil {
			return again(wrong)
		}
		return err
	}
	return r.Done(h.At+"/trunks", "trunks.saved", f.ID)
}

// staleTrunk shows the form again when somebody else has changed the trunk since it was made. A password has to be typed again.
func staleTrunk(r *ui.Request, h *head, f *trunkForm) error {
	t, err := own(r, h.Customer.ID, f.ID)
	if err != nil {
		return err
	}
	now := trunkFormOf(t)
	made := r.Made(t.Version, now)
	m := r.Merge(f, now)
	for i := range m.Changed {
		m.Changed[i].Label = r.T("trunks" + "." + m.Changed[i].Field)
	}
	var list control.Actions
	if err := r.Office.Do(r.Context(), http.MethodGet, "/v1/actions?limit=20&object="+url.QueryEscape(f.ID), nil, &list); err != nil {
		return err
	}
	m.Since(list.Actions)
	return r.Stale("trunk", map[string]any{"Head": h, "Form": f, "Made": made, "Digest": t.Digest, "Meanwhile": m})
}

// prefix reads a network, or a single address.
func prefix(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	return netip.ParsePrefix(s)
}

func removeTrunk(r *ui.Request) error {
	var in struct {
		ID string `form:"id" max:"64"`
	}
	if _, err := r.Decode(&in); err != nil {
		return err
	}
	customer := r.PathValue("customer")
	if _, err := own(r, customer, in.ID); err != nil {
		return err
	}
	if err := r.Office.Do(r.Context(), http.MethodDelete, "/v1/trunks/"+url.PathEscape(in.ID), nil, nil); err != nil {
		return err
	}
	return r.Done(at(customer)+"/trunks", "trunks.removed", in.ID)
}
