package numbers

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/console/ui"
	"tsujiban/ledger"
)

// asked is what is looked up, and as of when.
type asked struct {
	Query    string `form:"q" max:"200"`
	At       string `form:"at" max:"40"`       // as people write it; empty: now
	Believed string `form:"believed" max:"40"` // likewise
}

func (a *asked) when() string {
	v := url.Values{}
	if a.At != "" {
		v.Set("at", a.At)
	}
	if a.Believed != "" {
		v.Set("believed", a.Believed)
	}
	return v.Encode()
}

// home is the page to look something up: a number, or a holder.
func home(r *ui.Request) error {
	var in asked
	wrong, err := r.Decode(&in)
	if err != nil {
		return err
	}
	data := map[string]any{"Asked": in}
	switch {
	case len(wrong) > 0:
		return r.Again("home", data, wrong)
	case in.Query == "":
		var recent []ledger.Entry
		if err := r.Office.Do(r.Context(), http.MethodGet, "/v1/ledger/entries?limit=10", nil, &recent); err != nil {
			return err
		}
		data["Recent"] = recent
		return r.Page("home", data)
	case isNumber(in.Query):
		var s control.NumberState
		if err := r.Office.Do(r.Context(), http.MethodGet, "/v1/ledger/numbers/"+url.PathEscape(ledger.Narrow(in.Query))+"?"+in.when(), nil, &s); err != nil {
			return r.Retry("home", data, err)
		}
		data["Number"] = numberOf(r, &s)
		return r.Page("home", data)
	}
	return r.Redirect("/numbers/holders?" + url.Values{"q": {in.Query}}.Encode())
}

// isNumber tells a telephone number from a name or an id.
func isNumber(s string) bool {
	s = ledger.Narrow(s)
	return strings.ContainsAny(s, "0123456789") && strings.Trim(s, "+0123456789-() .") == ""
}

// number is all that is said of one.
type number struct {
	control.NumberState
	State string
	Kind  string // of a badge
	Life  []stretch
}

// stretch is what is true of a number for a while.
type stretch struct {
	*ledger.Position
	State string
	Kind  string
	Now   bool
}

func numberOf(r *ui.Request, s *control.NumberState) *number {
	out := &number{NumberState: *s, State: s.Position.State.Text(r.Lang), Kind: kindOf(s.Position.State)}
	for i := range s.Life {
		p := &s.Life[i]
		now := !p.From.After(s.At) && (p.To.IsZero() || p.To.After(s.At))
		out.Life = append(out.Life, stretch{p, p.State.Text(r.Lang), kindOf(p.State), now})
	}
	return out
}

// kindOf is the badge of a state.
func kindOf(s ledger.State) string {
	switch s {
	case ledger.StateAssigned:
		return "ok"
	case ledger.StateSuspended:
		return "bad"
	case ledger.StateAgeing:
		return "warn"
	case ledger.StateTest, ledger.StateStock:
		return "info"
	}
	return ""
}

const pageEntries = 50

func entries(r *ui.Request) error {
	before, _ := strconv.ParseInt(r.URL.Query().Get("before"), 10, 64) // what is no number is the newest
	var list []ledger.Entry
	if err := r.Office.Do(r.Context(), http.MethodGet, "/v1/ledger/entries?limit="+strconv.Itoa(pageEntries)+"&before="+strconv.FormatInt(before, 10), nil, &list); err != nil {
		return err
	}
	data := map[string]any{"Entries": list}
	if len(list) == pageEntries {
		data["Older"] = "/numbers/entries?before=" + strconv.FormatInt(list[len(list)-1].ID, 10)
	}
	return r.Page("entries", data)
}

// entryOf finds the entry that the path names.
func entryOf(r *ui.Request) (*ledger.Entry, error) {
	id, err := strconv.ParseInt(r.PathValue("entry"), 10, 64)
	if err == nil && id > 0 {
		var list []ledger.Entry
		if err := r.Office.Do(r.Context(), http.MethodGet, "/v1/ledger/entries?limit=1&before="+strconv.FormatInt(id+1, 10), nil, &list); err != nil {
			return nil, err
		}
		if len(list) == 1 && list[0].ID == id {
			return &list[0], nil
		}
	}
	return nil, r.Errorf(tsujiban.CodeNotFound, "numbers.no-entry")
}

type grounded struct {
	Ground string `form:"ground" max:"1500" need:"yes"`
}

func undoForm(r *ui.Request) error {
	e, err := entryOf(r)
	if err != nil {
		return err
	}
	return r.Page("undo", map[string]any{"Entry": e, "Form": grounded{}})
}

func undo(r *ui.Request) error {
	e, err := entryOf(r)
	if err != nil {
		return err
	}
	var in grounded
	wrong, err := r.Decode(&in)
	if err != nil {
		return err
	}
	data := map[string]any{"Entry": e, "Form": in}
	if len(wrong) > 0 {
		return r.Again("undo", data, wrong)
	}
	var done control.LedgerDone
	if err := r.Office.Do(r.Context(), http.MethodPost, "/v1/ledger/undo/"+strconv.FormatInt(e.ID, 10), control.Order{Note: oneLine(in.Ground)}, &done); err != nil {
		return r.Retry("undo", data, err)
	}
	return r.Done("/numbers/entries", "numbers.done", done.Entry.ID, done.Numbers, len(done.Holders))
}

// oneLine joins the lines of a text: what the ledger keeps has none.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// date is a day as date fields take it.
func date(r *ui.Request, t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(r.Zone).Format(time.DateOnly)
}
