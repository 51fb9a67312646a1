package inquiries

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/console/ui"
	"tsujiban/inquiry"
	"tsujiban/ledger"
)

const codeNotFound = tsujiban.CodeNotFound

// question is what is alleged, as the form has it: as people write it, also in Japanese.
type question struct {
	Number string         `form:"number" max:"60" need:"yes"`
	Date   string         `form:"date" max:"40"`
	From   string         `form:"from" max:"40"`
	To     string         `form:"to" max:"40"`
	Talked inquiry.Length `form:"talked" max:"40"`
	Other  string         `form:"other" max:"60"`
	Way    string         `form:"way" max:"10"`
	All    bool           `form:"all"`
	Reason string         `form:"reason" max:"600"`
}

// answer is what the desk says, for the page.
type answer struct {
	*inquiry.Answer
	Lang     tsujiban.Lang
	Subjects []subject
	Kind     string // of a notice: ok, warn, info
	Lists    []nearList
	Whole    bool
}

type subject struct {
	*inquiry.Subject
	Other bool
	Held  []held
}

type held struct {
	State    string
	From, To time.Time // zero: all of the time that is asked about
	Chain    []ledger.Link
}

type nearList struct {
	Other                bool
	Rows, Rest           []beside // Rest is folded away
	Ours, Nobody, Hidden int
}

type beside struct {
	*inquiry.Beside
	Slip, State, Likely string
	Share               float64
}

// nearShown is how many near numbers are listed when not all are asked for.
const nearShown = 40

// nearOpen is how many of them stand open at least.
const nearOpen = 10

func ask(r *ui.Request) error    { return askDesk(r, false) }
func reveal(r *ui.Request) error { return askDesk(r, true) }

// askDesk asks under a case. The program records that before it looks anything up.
func askDesk(r *ui.Request, whole bool) error {
	var q question
	wrong, err := r.Decode(&q)
	if err != nil {
		return err
	}
	s, err := caseOf(r)
	if err != nil {
		return err
	}
	s.Ask = q
	if _, bad := wrong["talked"]; bad {
		wrong["talked"] = r.T("inquiries.bad-length")
	}
	if len(wrong) > 0 {
		return r.Again("case", s, wrong)
	}
	in := control.InquiryAsk{
		Ground: r.PathValue("case"), Number: q.Number, Date: q.Date, From: q.From, To: q.To, Talked: q.Talked, Other: q.Other, Way: q.Way,
		Reveal: whole, Lang: control.LangName(r.Lang),
	}
	var a inquiry.Answer
	if err := r.Office.Do(r.Context(), http.MethodPost, "/v1/inquiries/ask", in, &a); err != nil {
		return r.Retry("case", s, err)
	}
	if s, err = caseOf(r); err != nil { // with the look that was just made
		return err
	}
	s.Ask, s.Answer = q, answerOf(r, &a, q.All)
	s.Answer.Whole = whole
	return r.Page("case", s)
}

func answerOf(r *ui.Request, a *inquiry.Answer, all bool) *answer {
	out := &answer{Answer: a, Lang: r.Lang, Kind: "warn"}
	switch a.Finding {
	case inquiry.FoundCall:
		out.Kind = "ok"
	case inquiry.FoundNone, inquiry.FoundNotOur:
		out.Kind = "info"
	}
	out.Subjects = append(out.Subjects, subjectOf(r, a, &a.Subject, false))
	if a.Other != nil {
		out.Subjects = append(out.Subjects, subjectOf(r, a, a.Other, true))
	}
	out.Lists = append(out.Lists, nearOf(r, a.Question.Number, a.Near, all))
	if a.Other != nil {
		l := nearOf(r, a.Question.Other, a.OtherNear, all)
		l.Other = true
		out.Lists = append(out.Lists, l)
	}
	return out
}

func subjectOf(r *ui.Request, a *inquiry.Answer, s *inquiry.Subject, other bool) subject {
	out := subject{Subject: s, Other: other}
	for i := range s.Held {
		h := &s.Held[i]
		x := held{State: h.State.Text(r.Lang), Chain: h.Chain}
		if len(s.Held) > 1 || h.From.After(a.Question.From) {
			x.From, x.To = h.From, h.To
		}
		out.Held = append(out.Held, x)
	}
	return out
}

// nearOf lists numbers one slip away; those that are ruled out only when all are asked for.
func nearOf(r *ui.Request, given string, list []inquiry.Beside, all bool) (out nearList) {
	for i := range list {
		b := &list[i]
		switch {
		case !all && b.RuledOut() && b.Ours:
			out.Ours++
		case !all && b.RuledOut():
			out.Nobody++
		case !all && len(out.Rows) == nearShown:
			out.Hidden++
		default:
			x := beside{Beside: b, Slip: slip(r, given, b), Likely: fmt.Sprintf("%.1f%%", 100*b.Weight), Share: b.Weight}
			if b.Ours {
				x.State = b.State.Text(r.Lang)
			}
			out.Rows = append(out.Rows, x)
		}
	}
	// What has a call that fits is never folded away: those come first.
	open := nearOpen
	for open < len(out.Rows) && out.Rows[open].Matching > 0 {
		open++
	}
	open = min(open, len(out.Rows))
	out.Rows, out.Rest = out.Rows[:open], out.Rows[open:]
	return out
}

// slip says what happened where: "digit 7: 2→4 neighbouring key".
func slip(r *ui.Request, given string, b *inquiry.Beside) string {
	var words []string
	for _, s := range b.Slips {
		words = append(words, s.Text(r.Lang))
	}
	was, meant := inquiry.Difference(inquiry.HomeDigitsOf(given), b.Digits)
	if strings.Contains(b.Digits, "*") {
		meant = "*"
	}
	return r.T("inquiries.digit", b.Place, was, meant) + " " + strings.Join(words, r.T("inquiries.and"))
}

// handOver makes the letter or the bundle of a look and hands it over for saving.
func handOver(r *ui.Request) error {
	var in struct {
		Note string `form:"note" max:"1500"`
	}
	if _, err := r.Decode(&in); err != nil {
		return err
	}
	what := r.PathValue("what")
	if what != "letter" && what != "bundle" {
		return r.Errorf(codeNotFound, "inquiries.no-case")
	}
	var f control.InquiryFile
	err := r.Office.Do(r.Context(), http.MethodPost, "/v1/looks/"+url.PathEscape(r.PathValue("look"))+"/"+what, control.Order{Note: oneLine(in.Note)}, &f)
	if err != nil {
		s, serr := caseOf(r)
		if serr != nil {
			return err
		}
		return r.Retry("case", s, err)
	}
	kind := ui.PDF
	if what == "bundle" {
		kind = ui.ZIP
	}
	return r.File(f.Name, kind, f.Data)
}
