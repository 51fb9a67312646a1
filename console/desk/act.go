package desk

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/console/ui"
)

// acts are what can be done to a case, in the order of the page. Each has a form, in a dialog and as a page of its own.
var acts = []string{"restrict", "release", "end", "ask", "answer", "assign", "note", "close"}

// actForm is what any of the forms sends.
type actForm struct {
	Note  string `form:"note" max:"6000"`
	Level string `form:"level" max:"10"`
	Wide  string `form:"wide" max:"10"` // abroad, these
	// Dest are those of the case's destinations that are ticked; Reach is what was typed besides.
	Dest  []string `form:"dest" max:"40"`
	Reach string   `form:"reach" max:"500"`
	Said  string   `form:"said" max:"10"` // theirs, not-theirs
	To    string   `form:"to" max:"300"`
}

// form is the forms as they are offered.
func (v *caseView) form(r *ui.Request) *actForm {
	f := &actForm{Level: "restrict", Wide: "abroad", Said: "not-theirs", To: assignee(r.Person.Login)}
	if v.Stands != nil && v.Stands.Level == "restrict" && v.Stands.Reach != tsujiban.ReachAbroad().String() {
		f.Wide = "these"
		for _, one := range strings.Fields(v.Stands.Reach) {
			if slices.ContainsFunc(v.Groups, func(g control.SuspicionGroup) bool { return g.Reach == one }) {
				f.Dest = append(f.Dest, one)
			} else {
				f.Reach = strings.TrimSpace(f.Reach + " " + one)
			}
		}
	}
	return f
}

// Destination is one of the case's that a restriction can reach alone.
type Destination struct {
	Reach, Country, Class string
	Lost                  control.Amount
	Ticked                bool
}

// Destinations are those of the case, as a form ticks them; before a form was sent, the dearest.
func (v *caseView) Destinations(f *actForm) (out []Destination) {
	for _, g := range v.Groups {
		if g.Reach == "" || slices.ContainsFunc(out, func(d Destination) bool { return d.Reach == g.Reach }) {
			continue
		}
		out = append(out, Destination{Reach: g.Reach, Country: g.Country, Class: g.Class, Lost: g.Lost, Ticked: slices.Contains(f.Dest, g.Reach)})
		if len(out) == tsujiban.MaxReachCodes {
			break
		}
	}
	return out
}

// Can tells whether an act makes sense as things are.
func (v *caseView) Can(act string) bool {
	switch act {
	case "release":
		return v.Stands != nil
	case "end":
		return v.Up > 0
	case "ask", "answer", "restrict":
		return v.Open
	case "close":
		return v.Open && v.Stands == nil
	}
	return true
}

// offer shows the form of an act, for who has no script.
func (p *casesPage) offer(r *ui.Request) error {
	v, err := p.find(r)
	if err != nil {
		return err
	}
	return p.offered(r, v, v.form(r), nil)
}

func (p *casesPage) offered(r *ui.Request, v *caseView, f *actForm, wrong ui.Fields) error {
	act := r.PathValue("act")
	if !slices.Contains(acts, act) {
		return r.Errorf(tsujiban.CodeNotFound, "case.nowhere")
	}
	colleagues, err := handOver(r)
	if err != nil {
		return err
	}
	data := map[string]any{"Case": v, "Act": act, "People": colleagues, "Form": f}
	if wrong != nil {
		return r.Again("act", data, wrong)
	}
	return r.Page("act", data)
}

// act does what a form orders.
func (p *casesPage) act(r *ui.Request) error {
	v, err := p.find(r)
	if err != nil {
		return err
	}
	f := actForm{}
	wrong, err := r.Decode(&f)
	if err != nil {
		return err
	}
	act := r.PathValue("act")
	if f.Note == "" && act != "assign" && wrong["note"] == "" {
		wrong["note"] = r.T("form.needed")
	}
	if len([]rune(f.Note)) > maxNote {
		wrong["note"] = r.T("case.long", maxNote)
	}
	reach := f.check(r, act, wrong)
	if len(wrong) > 0 {
		return p.offered(r, v, &f, wrong)
	}
	word, err := v.order(r, act, &f, reach)
	if id, waits := control.Waits(err); waits {
		return r.Done(v.Path, "did.waits", id)
	}
	if err != nil {
		return err
	}
	return r.Done(v.Path, word)
}

// maxNote is how many characters a note has at most; as in store.
const maxNote = 2000

// check reads what the form of an act needs besides the note.
func (f *actForm) check(r *ui.Request, act string, wrong ui.Fields) (reach string) {
	switch act {
	case "restrict":
		if l, ok := tsujiban.ParseLevel(f.Level); !ok || l == tsujiban.LevelNone {
			wrong["level"] = r.T("form.needed")
		}
		if f.Level != "restrict" || f.Wide != "these" {
			return ""
		}
		got, err := tsujiban.ParseReach(strings.TrimSpace(strings.NewReplacer(",", " ", "、", " ", "+", " ").Replace(strings.Join(append(slices.Clip(f.Dest), f.Reach), " "))))
		if err != nil || got.Empty() {
			wrong["reach"] = r.T("case.reach-wrong")
		}
		return got.String()
	case "assign":
		if f.To == "" {
			wrong["to"] = r.T("form.needed")
		}
	case "answer":
		if f.Said != "theirs" && f.Said != "not-theirs" {
			wrong["said"] = r.T("form.needed")
		}
	}
	return ""
}

// order gives the order; word says that it was done.
func (v *caseView) order(r *ui.Request, act string, f *actForm, reach string) (word string, err error) {
	customer := "/v1/customers/" + url.PathEscape(v.Customer)
	do := func(method, path string, in any) error { return r.Office.Do(r.Context(), method, path, in, nil) }
	switch act {
	case "restrict":
		return "did.restricted", do(http.MethodPut, customer+"/restriction", control.Order{Level: f.Level, Reach: reach, Note: f.Note})
	case "release":
		return "did.released", do(http.MethodDelete, customer+"/restriction", control.Order{Note: f.Note})
	case "ask":
		return "did.asked", do(http.MethodPost, customer+"/ask", control.Order{Note: f.Note})
	case "answer":
		return "did.answered", do(http.MethodPost, customer+"/answer", control.Answer{Theirs: f.Said == "theirs", Note: f.Note})
	case "end":
		return "did.ended", v.endAll(r, f.Note)
	case "assign":
		return "did.assigned", do(http.MethodPost, caseAddress(v.ID)+"/assign", control.CaseNote{To: f.To, Note: f.Note})
	case "note":
		return "did.noted", do(http.MethodPost, caseAddress(v.ID)+"/note", control.CaseNote{Note: f.Note})
	case "close":
		return "did.closed", do(http.MethodPost, caseAddress(v.ID)+"/close", control.CaseNote{Note: f.Note})
	}
	return "", r.Errorf(tsujiban.CodeNotFound, "case.nowhere")
}

// endAll ends the running calls of the case, a hundred at a time, until none is left that can be ended.
func (v *caseView) endAll(r *ui.Request, note string) error {
	gone := map[string]bool{}
	for c := v.SuspicionCase; ; {
		fresh := 0
		for _, call := range c.Running {
			if gone[call] {
				continue
			}
			gone[call] = true
			fresh++
			err := r.Office.Do(r.Context(), http.MethodDelete, "/v1/running/"+url.PathEscape(call), control.Order{Note: note}, nil)
			if err != nil && tsujiban.CodeOf(err) != tsujiban.CodeNotFound { // it has ended by itself
				return err
			}
		}
		if fresh == 0 {
			return nil
		}
		c = &control.SuspicionCase{}
		if err := r.Office.Do(r.Context(), http.MethodGet, caseAddress(v.ID), nil, c); err != nil {
			return err
		}
	}
}
