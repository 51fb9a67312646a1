package inquiries

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"tsujiban/app/control"
	"tsujiban/console/ui"
	"tsujiban/inquiry"
	"tsujiban/people"
)

// row is a case in a list.
type row struct {
	inquiry.Case
	Ground string
	State  string // open, closed, kept, over
}

func rowOf(r *ui.Request, c *inquiry.Case) row {
	x := row{Case: *c, Ground: c.Kind.Text(r.Lang), State: "open"}
	switch {
	case !c.Closed.IsZero():
		x.State = "closed"
	case c.Holds(r.Now()):
		x.State = "kept"
	case !c.Until.IsZero():
		x.State = "over"
	}
	return x
}

func list(r *ui.Request) error {
	all, path := r.URL.Query().Get("all") != "", "/v1/inquiries"
	if all {
		path += "?all=1"
	}
	var cases []inquiry.Case
	if err := r.Office.Do(r.Context(), http.MethodGet, path, nil, &cases); err != nil {
		return err
	}
	var rows []row
	for i := range cases {
		rows = append(rows, rowOf(r, &cases[i]))
	}
	return r.Page("list", map[string]any{"Rows": rows, "All": all})
}

// opening is a new case as the form has it.
type opening struct {
	Kind     string    `form:"kind" max:"20" need:"yes"`
	Agency   string    `form:"agency" max:"600"`
	Officer  string    `form:"officer" max:"600"`
	Document string    `form:"document" max:"600" need:"yes"`
	Date     time.Time `form:"date"`
	Numbers  string    `form:"numbers" max:"20000"`
	Days     int       `form:"days"`
	Note     string    `form:"note" max:"6000"`
}

func opened(r *ui.Request, in *opening) map[string]any {
	var kinds []map[string]string
	for _, k := range inquiry.Kinds {
		kinds = append(kinds, map[string]string{"value": string(k), "text": k.Text(r.Lang)})
	}
	date := in.Date
	if date.IsZero() {
		date = r.Now()
	}
	days := ""
	if in.Days != 0 {
		days = strconv.Itoa(in.Days)
	}
	return map[string]any{"Form": in, "Kinds": kinds, "Date": date.In(r.Zone).Format(time.DateOnly), "Days": days}
}

func blank(r *ui.Request) error {
	return r.Page("new", opened(r, &opening{Kind: string(inquiry.KindWarrant)}))
}

// separated takes a list of numbers apart as people write it: commas, spaces, line ends.
func separated(s string) []string {
	return strings.FieldsFunc(s, func(c rune) bool { return strings.ContainsRune(",、，;\r\n\t 　", c) })
}

func open(r *ui.Request) error {
	var in opening
	wrong, err := r.Decode(&in)
	if err != nil {
		return err
	}
	if len(wrong) > 0 {
		return r.Again("new", opened(r, &in), wrong)
	}
	o := control.InquiryOpen{Kind: in.Kind, Agency: in.Agency, Officer: in.Officer, Document: in.Document, Numbers: separated(in.Numbers), Days: in.Days, Note: oneLine(in.Note)}
	if !in.Date.IsZero() {
		o.Date = in.Date.Format(time.DateOnly)
	}
	var c inquiry.Case
	if err := r.Office.Do(r.Context(), http.MethodPost, "/v1/inquiries", o, &c); err != nil {
		return r.Retry("new", opened(r, &in), err)
	}
	return r.Done("/inquiries/"+strconv.FormatInt(c.ID, 10), "inquiries.opened", c.ID)
}

// oneLine joins the lines of a text: what is kept of a case has none.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// state is all that the page of a case shows.
type state struct {
	row
	Looks  []look
	Sights []sight
	Ask    question
	Days   string // of the question, as the field takes it
	Open   bool
	Result string
	Answer *answer
}

// look is a question that was asked, for the table.
type look struct {
	inquiry.Look
	Found   string
	Purpose string
	Hand    []hand
}

// hand is a letter or a bundle that can be made of a look, and how far the second person is with it.
type hand struct {
	What  string // letter, bundle
	State string // empty, waiting, approved
	ID    int64  // of the proposal
}

// sight says whether the ground lets something be looked at.
type sight struct {
	What, Why string // Why is empty when it does
}

func caseOf(r *ui.Request) (*state, error) {
	var s control.InquiryState
	if err := r.Office.Do(r.Context(), http.MethodGet, "/v1/inquiries/"+url.PathEscape(r.PathValue("case")), nil, &s); err != nil {
		return nil, err
	}
	out := &state{row: rowOf(r, &s.Case), Open: s.Case.Closed.IsZero()}
	for _, w := range []struct {
		what inquiry.What
		word string
	}{{inquiry.LookHolder, "inquiries.holder"}, {inquiry.LookCalls, "inquiries.calls"}, {inquiry.LookNear, "inquiries.near-calls"}} {
		out.Sights = append(out.Sights, sight{r.T(w.word), s.Case.Kind.Refusal(w.what, r.Lang)})
	}
	waiting, err := seconds(r)
	if err != nil {
		return nil, err
	}
	for i := range s.Looks {
		l := look{Look: s.Looks[i], Found: s.Looks[i].Finding.Text(r.Lang)}
		for _, what := range []string{"letter", "bundle"} {
			h := hand{What: what}
			if p, ok := waiting[strconv.FormatInt(l.ID, 10)+" "+what]; ok {
				h.State, h.ID = p.State, p.ID
			}
			l.Hand = append(l.Hand, h)
		}
		out.Looks = append(out.Looks, l)
	}
	slices.Reverse(out.Looks)
	if len(s.Case.Numbers) > 0 {
		out.Ask.Number = inquiry.HomeDigitsOf(s.Case.Numbers[0])
	}
	return out, nil
}

// seconds are the hand-overs of this person that a second one has to agree to, or has agreed to, by look and what.
func seconds(r *ui.Request) (map[string]control.Proposal, error) {
	out := map[string]control.Proposal{}
	if !r.Person.May(people.HandOver) {
		return out, nil
	}
	var all []control.Proposal
	if err := r.Office.Do(r.Context(), http.MethodGet, "/v1/proposals?all=1", nil, &all); err != nil {
		return nil, err
	}
	for _, p := range slices.Backward(all) { // the newest last, so that it stays
		open := p.State == string(people.Waiting) || p.State == string(people.Approved) && p.Outcome == ""
		if p.Act == string(people.ActHandOver) && p.By == r.Person.ID && open {
			out[p.Subject] = p
		}
	}
	return out, nil
}

func show(r *ui.Request) error {
	if _, err := strconv.ParseInt(r.PathValue("case"), 10, 64); err != nil {
		return r.Errorf(codeNotFound, "inquiries.no-case")
	}
	s, err := caseOf(r)
	if err != nil {
		return err
	}
	return r.Page("case", s)
}

type ending struct {
	Result string `form:"result" max:"3000" need:"yes"`
}

func end(r *ui.Request) error {
	var in ending
	wrong, err := r.Decode(&in)
	if err != nil {
		return err
	}
	s, err := caseOf(r)
	if err != nil {
		return err
	}
	s.Result = in.Result
	if len(wrong) > 0 {
		return r.Again("case", s, wrong)
	}
	if err := r.Office.Do(r.Context(), http.MethodDelete, "/v1/inquiries/"+url.PathEscape(r.PathValue("case")), control.Order{Note: oneLine(in.Result)}, nil); err != nil {
		return r.Retry("case", s, err)
	}
	return r.Done("/inquiries/"+url.PathEscape(r.PathValue("case")), "inquiries.ended")
}
