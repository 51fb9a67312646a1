package numbers

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/console/ui"
	"tsujiban/ledger"
)

// suspensionRow is a case in a list.
type suspensionRow struct {
	*ledger.Case
	Ranges  []ledger.Range // of its numbers
	Holders string
	Next    *step // the earliest deadline that is open
	Over    bool  // lifted
}

// step is one thing done, or to be done.
type step struct {
	*ledger.Step
	Text    string
	Overdue bool
	Letter  bool // it needs one
	Open    bool
	Told    string
}

func stepOf(r *ui.Request, s *ledger.Step) step {
	letter := s.Kind == ledger.StepReport || s.Kind == ledger.StepNotify
	return step{s, s.Kind.Text(r.Lang), s.Overdue(r.Now()), letter, !s.Due.IsZero() && s.Done.IsZero(), s.Told(r.Lang)}
}

func suspensionOf(r *ui.Request, c *ledger.Case) suspensionRow {
	out := suspensionRow{Case: c, Ranges: c.Numbers, Over: !c.Lifted.IsZero()}
	var holders []string
	for _, chain := range c.Chains {
		if len(chain) > 0 {
			holders = append(holders, string(chain[0].ID))
		}
	}
	out.Holders = strings.Join(holders, " ")
	for i := range c.Steps {
		if s := stepOf(r, &c.Steps[i]); s.Open && (out.Next == nil || s.Due.Before(out.Next.Due)) {
			out.Next = &s
		}
	}
	return out
}

func suspensions(r *ui.Request) error {
	all, path := r.URL.Query().Get("all") != "", "/v1/ledger/cases"
	if all {
		path += "?all=1"
	}
	var list []ledger.Case
	if err := r.Office.Do(r.Context(), http.MethodGet, path, nil, &list); err != nil {
		return err
	}
	var rows []suspensionRow
	for i := range list {
		rows = append(rows, suspensionOf(r, &list[i]))
	}
	return r.Page("suspensions", map[string]any{"Rows": rows, "All": all})
}

// requested is a request to suspend, as the form has it.
type requested struct {
	Numbers   string `form:"numbers" max:"100000" need:"yes"`
	Agency    string `form:"agency" max:"600" need:"yes"`
	Officer   string `form:"officer" max:"600"`
	RequestNo string `form:"request_no" max:"600" need:"yes"`
	Date      string `form:"date" max:"20" need:"yes"`
	Ground    string `form:"ground" max:"1500" need:"yes"`
}

func requestForm(r *ui.Request) error {
	in := requested{Numbers: r.URL.Query().Get("numbers"), Date: date(r, r.Now())}
	return r.Page("request", map[string]any{"Form": in})
}

func request(r *ui.Request) error {
	var in requested
	wrong, err := r.Decode(&in)
	if err != nil {
		return err
	}
	data := map[string]any{"Form": in}
	if len(wrong) > 0 {
		return r.Again("request", data, wrong)
	}
	o := control.SuspensionRequest{Agency: in.Agency, Officer: in.Officer, RequestNo: in.RequestNo, Date: in.Date, Numbers: separated(in.Numbers), Ground: oneLine(in.Ground)}
	var c ledger.Case
	if err := r.Office.Do(r.Context(), http.MethodPost, "/v1/ledger/cases", o, &c); err != nil {
		return r.Retry("request", data, err)
	}
	return r.Done("/numbers/suspensions/"+strconv.FormatInt(c.ID, 10), "numbers.suspended", c.ID)
}

func casePath(r *ui.Request) string {
	return "/v1/ledger/cases/" + url.PathEscape(r.PathValue("case"))
}

func suspensionData(r *ui.Request) (map[string]any, error) {
	if _, err := strconv.ParseInt(r.PathValue("case"), 10, 64); err != nil {
		return nil, r.Errorf(tsujiban.CodeNotFound, "numbers.no-case")
	}
	var c ledger.Case
	if err := r.Office.Do(r.Context(), http.MethodGet, casePath(r), nil, &c); err != nil {
		return nil, err
	}
	var steps []step
	for i := range c.Steps {
		steps = append(steps, stepOf(r, &c.Steps[i]))
	}
	return map[string]any{"Case": suspensionOf(r, &c), "Steps": steps, "Stock": c.Stock, "Ground": ""}, nil
}

func suspension(r *ui.Request) error {
	data, err := suspensionData(r)
	if err != nil {
		return err
	}
	return r.Page("suspension", data)
}

func suspensionPage(r *ui.Request) string {
	return "/numbers/suspensions/" + url.PathEscape(r.PathValue("case"))
}

// stepDone records that a report was sent, or somebody was told.
func stepDone(r *ui.Request) error {
	var in struct {
		Note string `form:"note" max:"1500" need:"yes"`
	}
	wrong, err := r.Decode(&in)
	if err != nil {
		return err
	}
	data, err := suspensionData(r)
	if err != nil {
		return err
	}
	if len(wrong) > 0 {
		return r.Again("suspension", data, wrong)
	}
	if err := r.Office.Do(r.Context(), http.MethodPost, casePath(r)+"/steps/"+url.PathEscape(r.PathValue("step")), control.Order{Note: oneLine(in.Note)}, nil); err != nil {
		return r.Retry("suspension", data, err)
	}
	return r.Done(suspensionPage(r), "numbers.step-done")
}

// letter shows the letter of a step, to be printed or copied; or hands it over as text.
func letter(r *ui.Request) error {
	var in struct {
		Lang string `form:"lang" max:"2"`
		Text bool   `form:"text"`
	}
	if wrong, err := r.Decode(&in); err != nil || len(wrong) > 0 {
		return suspension(r)
	}
	if in.Lang != "en" {
		in.Lang = "ja" // it is for people in Japan
	}
	var l control.LetterText
	if err := r.Office.Do(r.Context(), http.MethodPost, casePath(r)+"/steps/"+url.PathEscape(r.PathValue("step"))+"/letter?lang="+in.Lang, nil, &l); err != nil {
		data, derr := suspensionData(r)
		if derr != nil {
			return err
		}
		return r.Retry("suspension", data, err)
	}
	if in.Text {
		return r.File("letter-"+r.PathValue("case")+"-"+r.PathValue("step")+".txt", "text/plain; charset=utf-8", []byte(l.Plain))
	}
	return r.Page("letter", map[string]any{"Letter": l, "Lang": in.Lang, "Case": r.PathValue("case"), "Step": r.PathValue("step")})
}

func lift(r *ui.Request) error {
	var in grounded
	wrong, err := r.Decode(&in)
	if err != nil {
		return err
	}
	data, err := suspensionData(r)
	if err != nil {
		return err
	}
	data["Ground"] = in.Ground
	if len(wrong) > 0 {
		return r.Again("suspension", data, wrong)
	}
	if err := r.Office.Do(r.Context(), http.MethodDelete, casePath(r), control.Order{Note: oneLine(in.Ground)}, nil); err != nil {
		return r.Retry("suspension", data, err)
	}
	return r.Done(suspensionPage(r), "numbers.lifted-now")
}
