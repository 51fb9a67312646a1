package records

import (
	"io"
	"net/http"
	"time"

	"tsujiban/app/control"
	"tsujiban/console/ui"
)

// question is a search of call records as the form has it.
type question struct {
	Ground   string    `form:"ground" max:"1000" need:"yes"`
	From     time.Time `form:"from"`
	To       time.Time `form:"to"` // with that day
	Customer string    `form:"customer" max:"64"`
	Number   string    `form:"number" max:"40"`
	Action   string    `form:"action" max:"10"`
	Cursor   string    `form:"cursor" max:"200"`
	Reason   string    `form:"reason" max:"600"`
}

// maxWords is how many characters the program keeps of a ground; the reason for whole numbers is a part of it.
const maxWords = 500

const (
	pageCalls = 100
	lately    = 7 * 24 * time.Hour
)

func (q *question) order(r *ui.Request) control.CallSearch {
	return control.CallSearch{
		Ground: q.Ground, Customer: q.Customer, Number: q.Number, From: q.From, To: through(r, q.To), Action: q.Action, Limit: pageCalls, Cursor: q.Cursor,
	}
}

// through is the end of a day when only a day was given.
func through(r *ui.Request, t time.Time) time.Time {
	if h, m, s := t.In(r.Zone).Clock(); t.IsZero() || h != 0 || m != 0 || s != 0 {
		return t
	}
	return t.In(r.Zone).AddDate(0, 0, 1)
}

// shown is what the page shows.
type shown struct {
	Asked    question
	From, To string // as date fields take them
	Found    *control.Calls
	Whole    bool // numbers are whole
}

func page(r *ui.Request, q *question) *shown {
	date := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		if t = t.In(r.Zone); t.Equal(time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, r.Zone)) {
			return t.Format(time.DateOnly)
		}
		return t.Format("2006-01-02 15:04")
	}
	return &shown{Asked: *q, From: date(q.From), To: date(q.To)}
}

// ask shows the form. A customer or a number may be filled in by the page that leads here; nothing is looked up.
func ask(r *ui.Request) error {
	q := question{Customer: r.URL.Query().Get("customer")}
	p := page(r, &q)
	now := r.Now().In(r.Zone)
	p.From, p.To = now.Add(-lately).Format(time.DateOnly), now.Format(time.DateOnly)
	return r.Page("calls", p)
}

// read reads the form, and says what is wrong with it beside the fields.
func read(r *ui.Request, whole bool) (*question, ui.Fields, error) {
	var q question
	wrong, err := r.Decode(&q)
	if err != nil {
		return nil, nil, err
	}
	if n := len([]rune(q.Ground)); n > maxWords {
		wrong["ground"] = r.T("calls.ground-long", maxWords)
	} else if whole {
		switch {
		case q.Reason == "":
			wrong["reason"] = r.T("form.needed")
		case len([]rune(wholeGround(&q))) > maxWords:
			wrong["reason"] = r.T("calls.reason-long", maxWords)
		}
	}
	if !q.To.IsZero() && q.To.Before(q.From) {
		wrong["to"] = r.T("calls.backwards")
	}
	return &q, wrong, nil
}

// wholeGround is what the record keeps when numbers are shown whole.
func wholeGround(q *question) string { return q.Ground + "; whole numbers: " + q.Reason }

func search(r *ui.Request) error { return look(r, false) }
func reveal(r *ui.Request) error { return look(r, true) }

// look searches. The program records the look before it shows anything.
func look(r *ui.Request, whole bool) error {
	q, wrong, err := read(r, whole)
	if err != nil {
		return err
	}
	p := page(r, q)
	if len(wrong) > 0 {
		return r.Again("calls", p, wrong)
	}
	o := q.order(r)
	if whole {
		o.Ground, o.Reveal = wholeGround(q), true
	}
	var found control.Calls
	if err := r.Office.Do(r.Context(), http.MethodPost, "/v1/calls", o, &found); err != nil {
		return r.Retry("calls", p, err)
	}
	p.Found, p.Whole = &found, whole
	return r.Page("calls", p)
}

func export(r *ui.Request) error      { return table(r, false) }
func exportWhole(r *ui.Request) error { return table(r, true) }

// table hands over all calls that the search finds as CSV.
func table(r *ui.Request, whole bool) error {
	q, wrong, err := read(r, whole)
	if err != nil {
		return err
	}
	p := page(r, q)
	if len(wrong) > 0 {
		return r.Again("calls", p, wrong)
	}
	q.Cursor = ""
	o := q.order(r)
	o.Limit = 0
	if whole {
		o.Ground, o.Reveal = wholeGround(q), true
	}
	body, name, err := r.Office.Download(r.Context(), http.MethodPost, "/v1/calls/export", o)
	if err != nil {
		return r.Retry("calls", p, err)
	}
	defer func() { _ = body.Close() }() // read to its end, or given up
	return r.Write(name, ui.CSV, func(w io.Writer) error {
		_, err := io.Copy(w, body)
		return err
	})
}
