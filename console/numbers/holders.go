package numbers

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/console/ui"
	"tsujiban/ledger"
)

func (a *asked) of(q string) string {
	v, _ := url.ParseQuery(a.when()) // it was encoded just now
	v.Set("q", q)
	return v.Encode()
}

func holderPath(r *ui.Request) string {
	return "/v1/ledger/holders/" + url.PathEscape(r.PathValue("holder"))
}

// shownHolders is how many holders a list shows.
const shownHolders = 200

// holders lists those whose name or id has what is asked for.
func holders(r *ui.Request) error {
	var in struct {
		Query string `form:"q" max:"200"`
		Below string `form:"below" max:"64"`
	}
	wrong, err := r.Decode(&in)
	if err != nil {
		return err
	}
	data := map[string]any{"Query": in.Query, "Below": in.Below}
	if len(wrong) > 0 {
		return r.Again("holders", data, wrong)
	}
	var all []ledger.Holder
	if err := r.Office.Do(r.Context(), http.MethodGet, "/v1/ledger/holders?below="+url.QueryEscape(in.Below), nil, &all); err != nil {
		return r.Retry("holders", data, err)
	}
	var found []ledger.Holder
	match := strings.ToLower(ledger.Narrow(in.Query))
	for i := range all {
		h := &all[i]
		for _, s := range []string{string(h.ID), h.Name, h.Kana, h.Corporate} {
			if strings.Contains(strings.ToLower(ledger.Narrow(s)), match) {
				found = append(found, *h)
				break
			}
		}
	}
	if len(found) == 1 && in.Query != "" {
		return r.Redirect("/numbers/holders/" + url.PathEscape(string(found[0].ID)))
	}
	data["More"] = max(len(found)-shownHolders, 0)
	data["Holders"] = found[:min(len(found), shownHolders)]
	return r.Page("holders", data)
}

// screenState is how a holder stands with the onboarding screen.
type screenState struct {
	Text, Kind string
	*ledger.Screening
	Over bool // its term
	Hits []string
}

func screenOf(r *ui.Request, s *ledger.Screening) screenState {
	out := screenState{Text: ledger.ScreenNone.Text(r.Lang), Kind: "warn"}
	if s == nil {
		return out
	}
	out.Screening, out.Text = s, s.Outcome.Text(r.Lang)
	out.Over = s.Outcome == ledger.ScreenPassed && !s.Until.IsZero() && !r.Now().Before(s.Until)
	switch {
	case s.Outcome == ledger.ScreenPassed && !out.Over && len(s.Changed) == 0:
		out.Kind = "ok"
	case s.Outcome == ledger.ScreenRefused:
		out.Kind = "bad"
	}
	for _, h := range s.Hits {
		text := h.Ja
		if r.Lang == tsujiban.English {
			text = h.En
		}
		out.Hits = append(out.Hits, text)
	}
	return out
}

// heldRow is numbers that a holder held alike.
type heldRow struct {
	ledger.Held
	State, Kind string
	Count       int64
	Now         bool
}

// checked is an identity check as the form has it.
type checked struct {
	What     string `form:"what" max:"600" need:"yes"`
	How      string `form:"how" max:"600" need:"yes"`
	By       string `form:"by" max:"600"`
	On       string `form:"on" max:"40"`
	Evidence string `form:"evidence" max:"64"`
	Ground   string `form:"ground" max:"1500" need:"yes"`
}

// holderData is what the page of a holder shows.
func holderData(r *ui.Request) (map[string]any, error) {
	var in asked
	if wrong, err := r.Decode(&in); err != nil || len(wrong) > 0 {
		in = asked{}
	}
	var s control.HolderState
	if err := r.Office.Do(r.Context(), http.MethodGet, holderPath(r)+"?"+in.when(), nil, &s); err != nil {
		return nil, err
	}
	var page ledger.HeldPage
	cursor := r.URL.Query().Get("cursor")
	if err := r.Office.Do(r.Context(), http.MethodGet, "/v1/ledger/held/"+url.PathEscape(r.PathValue("holder"))+"?cursor="+url.QueryEscape(cursor), nil, &page); err != nil {
		return nil, err
	}
	now := r.Now()
	var held []heldRow
	for _, h := range page.Held {
		held = append(held, heldRow{h, h.State.Text(r.Lang), kindOf(h.State), h.Range.Count(), !h.From.After(now) && (h.To.IsZero() || h.To.After(now))})
	}
	h := &s.Life[len(s.Life)-1].Holder
	data := map[string]any{
		"State": &s, "Holder": h, "Above": s.Chain[min(len(s.Chain), 1):], "Held": held, "Screen": screenOf(r, s.Screen), "Check": checked{},
	}
	if page.Next != "" {
		data["Next"] = "/numbers/holders/" + url.PathEscape(string(h.ID)) + "?cursor=" + url.QueryEscape(page.Next)
	}
	return data, nil
}

func holder(r *ui.Request) error {
	data, err := holderData(r)
	if err != nil {
		return err
	}
	return r.Page("holder", data)
}

func check(r *ui.Request) error {
	var in checked
	wrong, err := r.Decode(&in)
	if err != nil {
		return err
	}
	data, err := holderData(r)
	if err != nil {
		return err
	}
	data["Check"] = in
	if len(wrong) > 0 {
		return r.Again("holder", data, wrong)
	}
	o := control.HolderChange{Check: &ledger.Check{What: in.What, How: in.How, By: in.By, Evidence: in.Evidence}, On: in.On, Ground: oneLine(in.Ground)}
	if err := r.Office.Do(r.Context(), http.MethodPost, holderPath(r), o, nil); err != nil {
		return r.Retry("holder", data, err)
	}
	return r.Done("/numbers/holders/"+url.PathEscape(r.PathValue("holder")), "numbers.checked")
}

// known is a holder as the form has it.
type known struct {
	ID     string `form:"id" max:"64"`
	From   string `form:"from" max:"40"`
	Until  string `form:"until" max:"40"`
	Ground string `form:"ground" max:"1500" need:"yes"`

	Name           string `form:"name" max:"600" need:"yes"`
	Kana           string `form:"kana" max:"600"`
	Corporate      string `form:"corporate" max:"30"`
	Representative string `form:"representative" max:"600"`
	Address        string `form:"address" max:"600"`
	Phone          string `form:"phone" max:"600"`
	Mail           string `form:"mail" max:"600"`
	Account        string `form:"account" max:"600"`
	Contact        string `form:"contact" max:"600"`
	Reseller       bool   `form:"reseller"`
	Forwarding     bool   `form:"forwarding"`
	Parent         string `form:"parent" max:"64"`
	Approved       string `form:"approved" max:"20"`
	Ended          string `form:"ended" max:"20"`
}

// fields are what the form says of the holder, as the order takes them.
func (k *known) fields() map[string]any {
	return map[string]any{
		"name": k.Name, "kana": k.Kana, "corporate": strings.ReplaceAll(ledger.Narrow(k.Corporate), "-", ""), "representative": k.Representative, "address": k.Address,
		"phone": k.Phone, "mail": k.Mail, "account": k.Account, "contact": k.Contact, "reseller": k.Reseller, "forwarding": k.Forwarding, "parent": k.Parent,
		"approved": k.Approved, "ended": k.Ended,
	}
}

// holderForm shows the form, filled with what is known of a holder that is there.
func holderForm(r *ui.Request) error {
	var in known
	if id := r.PathValue("holder"); id != "" {
		h, err := holderNow(r)
		if err != nil {
			return err
		}
		in = known{
			ID: id, Name: h.Name, Kana: h.Kana, Corporate: h.Corporate, Representative: h.Representative, Address: h.Address, Phone: h.Phone, Mail: h.Mail,
			Account: h.Account, Contact: h.Contact, Reseller: h.Reseller, Forwarding: h.Forwarding, Parent: string(h.Parent), Approved: h.Approved, Ended: h.Ended,
		}
	}
	return r.Page("edit", map[string]any{"Form": in, "New": r.PathValue("holder") == ""})
}

func holderNow(r *ui.Request) (*ledger.Holder, error) {
	var s control.HolderState
	if err := r.Office.Do(r.Context(), http.MethodGet, holderPath(r), nil, &s); err != nil {
		return nil, err
	}
	now := r.Now()
	for i := range s.Life {
		if v := &s.Life[i]; !v.From.After(now) && (v.To.IsZero() || v.To.After(now)) {
			return &v.Holder, nil
		}
	}
	return &s.Life[len(s.Life)-1].Holder, nil
}

func addHolder(r *ui.Request) error {
	return putHolder(r, func(in *known) (string, map[string]any, error) { return in.ID, in.fields(), nil })
}

// editHolder sends what differs from what is known now: fields that nobody touched stay as they are, and as they will be.
func editHolder(r *ui.Request) error {
	return putHolder(r, func(in *known) (string, map[string]any, error) {
		h, err := holderNow(r)
		if err != nil {
			return "", nil, err
		}
		b, err := json.Marshal(h)
		if err != nil {
			return "", nil, err
		}
		was, now := map[string]any{}, in.fields()
		if err := json.Unmarshal(b, &was); err != nil {
			return "", nil, err
		}
		for k, v := range now {
			old, there := was[k]
			if there && old == v || !there && (v == "" || v == false) {
				delete(now, k)
			}
		}
		if len(now) == 0 {
			return "", nil, r.Errorf(tsujiban.CodeInvalid, "numbers.nothing")
		}
		return r.PathValue("holder"), now, nil
	})
}

func putHolder(r *ui.Request, what func(*known) (string, map[string]any, error)) error {
	var in known
	wrong, err := r.Decode(&in)
	if err != nil {
		return err
	}
	add := r.PathValue("holder") == ""
	if !add {
		in.ID = r.PathValue("holder")
	} else if in.ID == "" {
		wrong["id"] = r.T("form.needed")
	}
	data := map[string]any{"Form": in, "New": add}
	if len(wrong) > 0 {
		return r.Again("edit", data, wrong)
	}
	id, patch, err := what(&in)
	if err != nil {
		return r.Retry("edit", data, err)
	}
	o := control.HolderChange{When: control.When{From: in.From, Until: in.Until}, Fields: patch, Add: add, Ground: oneLine(in.Ground)}
	if err := r.Office.Do(r.Context(), http.MethodPost, "/v1/ledger/holders/"+url.PathEscape(id), o, nil); err != nil {
		return r.Retry("edit", data, err)
	}
	return r.Done("/numbers/holders/"+url.PathEscape(id), "numbers.holder-kept")
}
