package rules

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/console/ui"
	"tsujiban/retention"
)

// holdForm is what is typed about a hold.
type holdForm struct {
	Number   string `form:"number" max:"40"`
	Customer string `form:"customer" max:"64"`
	From     string `form:"from" max:"40"`
	To       string `form:"to" max:"40"`
	Kind     string `form:"kind" max:"20" need:"yes"`
	Ground   string `form:"ground" max:"600" need:"yes"`
	Until    string `form:"until" max:"40"`
}

func keep(r *ui.Request) error { return kept(r, &holdForm{Kind: "preservation"}, nil) }

// kind is what is kept, in words.
type kind struct {
	control.RetentionKind
	Text string
	Span string // the term
}

// held is a hold with its instants.
type held struct {
	control.Hold
	From, To, Until, At, Released time.Time
}

// instant reads what the program tells; zero when there is none.
func instant(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}
	}
	return t
}

func kept(r *ui.Request, f *holdForm, wrong ui.Fields) error {
	var s control.RetentionState
	if err := r.Office.Do(r.Context(), http.MethodGet, "/v1/retention", nil, &s); err != nil {
		return err
	}
	var kinds []kind
	for _, k := range s.Kinds {
		v := kind{RetentionKind: k, Text: k.Kind, Span: span(r, k.Term)}
		if known, ok := retention.ParseKind(k.Kind); ok {
			v.Text = known.Text(r.Lang)
		}
		kinds = append(kinds, v)
	}
	var stand, over []held
	for _, h := range s.Holds {
		v := held{Hold: h, From: instant(h.From), To: instant(h.To), Until: instant(h.Until), At: instant(h.At), Released: instant(h.Released)}
		if h.Stands {
			stand = append(stand, v)
		} else {
			over = append(over, v)
		}
	}
	data := map[string]any{"State": &s, "Kinds": kinds, "Stand": stand, "Over": over, "Form": f, "Grounds": grounds(r)}
	if wrong != nil {
		return r.Again("retention", data, wrong)
	}
	return r.Page("retention", data)
}

// span says a term: "6mo" is 6 months.
func span(r *ui.Request, term string) string {
	for _, u := range []struct{ suffix, word string }{{"mo", "keep.months"}, {"y", "keep.years"}, {"d", "keep.days"}} {
		if n, ok := strings.CutSuffix(term, u.suffix); ok {
			return r.T(u.word, n)
		}
	}
	return term
}

func grounds(r *ui.Request) (options []any) {
	for g := retention.Preservation; g <= retention.Court; g++ {
		options = append(options, map[string]any{"value": g.String(), "text": r.T("keep.ground-most", g.Text(r.Lang), span(r, g.Most().String()))})
	}
	return options
}

func hold(r *ui.Request) error {
	var f holdForm
	wrong, err := r.Decode(&f)
	if err != nil {
		return err
	}
	if f.Number == "" && f.Customer == "" && f.From == "" && f.To == "" {
		wrong["number"] = r.T("keep.what")
	}
	if len(wrong) > 0 {
		return kept(r, &f, wrong)
	}
	err = r.Office.Do(r.Context(), http.MethodPost, "/v1/retention/holds", control.Hold{
		Number: f.Number, Customer: f.Customer, From: f.From, To: f.To, Kind: f.Kind, Ground: f.Ground, Until: f.Until,
	}, nil)
	switch code := tsujiban.CodeOf(err); {
	case err == nil:
		return r.Done("/retention", "keep.held-done")
	case code == tsujiban.CodeForbidden:
		return kept(r, &f, ui.Fields{"until": r.T("keep.too-long")})
	case code == tsujiban.CodeInvalid:
		return kept(r, &f, ui.Fields{"number": r.T("keep.not-taken", r.Said(err))})
	}
	return err
}

// said leads on after an order that may wait for a second person.
func said(r *ui.Request, err error, word string) error {
	if id, waits := control.Waits(err); waits {
		return r.Done("/retention", "keep.waits", id)
	}
	if err != nil {
		return err
	}
	return r.Done("/retention", word)
}

func letGo(r *ui.Request) error {
	var in struct {
		Note string `form:"note" max:"6000" need:"yes"`
	}
	wrong, err := r.Decode(&in)
	if err != nil {
		return err
	}
	if len(wrong) > 0 {
		return kept(r, &holdForm{Kind: "preservation"}, wrong)
	}
	return said(r, r.Office.Do(r.Context(), http.MethodDelete, "/v1/retention/holds/"+url.PathEscape(r.PathValue("hold")), control.Order{Note: in.Note}, nil), "keep.released-done")
}

func erase(r *ui.Request) error {
	return said(r, r.Office.Do(r.Context(), http.MethodPost, "/v1/retention", map[string]bool{"dry_run": false}, nil), "keep.erased-done")
}
