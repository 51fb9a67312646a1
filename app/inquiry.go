package app

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/inquiry"
	"tsujiban/ledger"
	"tsujiban/store/sqlite"
)

// inquiryRoutes are the orders of the desk that answers the police.
func (s *controlServer) inquiryRoutes(m *http.ServeMux) {
	for pattern, f := range map[string]func(*http.Request) (any, error){
		"POST /v1/inquiries":           s.openInquiry,
		"GET /v1/inquiries":            s.listInquiries,
		"GET /v1/inquiries/{case}":     s.showInquiry,
		"DELETE /v1/inquiries/{case}":  s.closeInquiry,
		"POST /v1/inquiries/ask":       s.ask,
		"POST /v1/looks/{look}/{what}": s.handOver,
	} {
		m.HandleFunc(pattern, s.handle(f))
	}
}

// records is what the desk looks into.
type records struct {
	*sqlite.Ledger
	*sqlite.Store
}

func (a *App) inquiryDesk() *inquiry.Desk {
	return &inquiry.Desk{Plan: a.policy.Load().Plan(), Records: records{a.store.Ledger(), a.store}}
}

func (s *controlServer) openInquiry(r *http.Request) (any, error) {
	a := s.app
	var in control.InquiryOpen
	if err := read(r, &in); err != nil {
		return nil, err
	}
	kind, err := inquiry.ParseKind(in.Kind)
	if err != nil {
		return nil, err
	}
	c := inquiry.Case{
		Kind: kind, Agency: in.Agency, Officer: in.Officer, Document: in.Document, Days: in.Days, Note: in.Note, By: byOf(r),
	}
	day, err := a.instant("date", in.Date, a.now())
	if err != nil {
		return nil, err
	}
	c.Date = day.In(a.cfg.Node.TimeZone).Format(time.DateOnly)
	for _, n := range in.Numbers {
		rng, err := ledger.ParseRange(a.policy.Load().Plan(), n)
		if err != nil {
			return nil, err
		}
		if rng.Count()+int64(len(c.Numbers)) > inquiry.MaxNumbers {
			return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "numbers: more than %d: open several cases", inquiry.MaxNumbers)
		}
		for v := rng.First; v <= rng.Last; v++ {
			c.Numbers = append(c.Numbers, ledger.Number(v).String())
		}
	}
	err = a.takeInquiry(r.Context(), &c)
	return c, err
}

// takeInquiry records a case, and keeps it.
func (a *App) takeInquiry(ctx context.Context, c *inquiry.Case) error {
	if err := c.Open(a.now()); err != nil {
		return err
	}
	if _, err := a.store.InquiryOf(ctx, c.Agency, c.Document); err == nil {
		return tsujiban.Errorf(tsujiban.CodeExists, "document %q of %q is a case already; \"tsujiban inquiry list -all\" shows which", c.Document, c.Agency)
	}
	note := fmt.Sprintf("inquiry opened: %s; document %s of %s", c.Kind, c.Document, c.Date)
	for _, p := range [][2]string{{"agency", c.Agency}, {"officer", c.Officer}, {"note", c.Note}, {"until", stamp(c.Until)}} {
		if p[1] != "" {
			note += "; " + p[0] + ": " + p[1]
		}
	}
	for i, n := range c.Numbers {
		if i == 10 {
			note += fmt.Sprintf(" and %d more", len(c.Numbers)-i)
			break
		}
		note += " " + n
	}
	if _, err := a.record(ctx, c.By, note); err != nil {
		return err
	}
	if err := a.store.OpenInquiry(ctx, c); err != nil {
		return err
	}
	return a.inquiryDeed(ctx, c.By, "inquiry-open", c, control.Deed{})
}

// inquiryDeed keeps a step of a case in the record of actions.
func (a *App) inquiryDeed(ctx context.Context, by, verb string, c *inquiry.Case, d control.Deed) error {
	d.What = string(c.Kind)
	if d.Text == "" {
		d.Text = strings.TrimSpace(c.Agency + " " + c.Document)
	}
	return a.keepDeed(ctx, by, verb, "", strconv.FormatInt(c.ID, 10), d)
}

func (s *controlServer) listInquiries(r *http.Request) (any, error) {
	return s.app.store.Inquiries(r.Context(), r.URL.Query().Get("all") != "")
}

func inquiryID(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(r.PathValue("case"), 10, 64)
	if err != nil {
		return 0, tsujiban.Errorf(tsujiban.CodeInvalid, "%q is no case; \"tsujiban inquiry list\" lists them", r.PathValue("case"))
	}
	return id, nil
}

// inquiryCase reads a case, and says where cases are listed when there is none.
func (a *App) inquiryCase(ctx context.Context, id int64) (inquiry.Case, error) {
	c, err := a.store.Inquiry(ctx, id)
	if tsujiban.CodeOf(err) == tsujiban.CodeNotFound && err != nil {
		err = tsujiban.Errorf(tsujiban.CodeNotFound, "%w; \"tsujiban inquiry list -all\" lists them", err)
	}
	return c, err
}

func (s *controlServer) showInquiry(r *http.Request) (any, error) {
	id, err := inquiryID(r)
	if err != nil {
		return nil, err
	}
	var out control.InquiryState
	if out.Case, err = s.app.inquiryCase(r.Context(), id); err != nil {
		return nil, err
	}
	out.Looks, err = s.app.store.Looks(r.Context(), id)
	return out, err
}

func (s *controlServer) closeInquiry(r *http.Request) (any, error) {
	o, err := order(r)
	if err != nil {
		return nil, err
	}
	id, err := inquiryID(r)
	if err != nil {
		return nil, err
	}
	c, err := s.app.inquiryCase(r.Context(), id)
	if err != nil {
		return nil, err
	}
	done, err := s.app.record(r.Context(), byOf(r), fmt.Sprintf("inquiry case %d: closed; %s", id, o.Note))
	if err != nil {
		return nil, err
	}
	if _, err = s.app.store.CloseInquiry(r.Context(), id, s.app.now(), byOf(r), o.Note); err != nil {
		return done, err
	}
	return done, s.app.inquiryDeed(r.Context(), byOf(r), "inquiry-close", &c, control.Deed{Text: o.Note})
}

// ground finds the case that a question is asked under, and opens one when the ground names a document that is none yet. A document
// that is a case already, and is named in full again with another number, names that number, too: who asks says so, and it is recorded.
func (a *App) ground(ctx context.Context, text, by string, q *inquiry.Question) (c inquiry.Case, err error) {
	g, err := inquiry.ParseGround(text)
	if err != nil {
		return c, err
	}
	if g.Case > 0 {
		return a.inquiryCase(ctx, g.Case)
	}
	d, perr := a.policy.Load().Plan().Parse([]byte(inquiry.HomeDigitsOf(q.Number)))
	isNumber := perr == nil && !d.Number.IsLocal()
	c, err = a.store.InquiryOf(ctx, g.New.Agency, g.New.Document)
	switch {
	case err == nil && c.Kind != g.New.Kind:
		return c, tsujiban.Errorf(tsujiban.CodeConflict, "document %q is case %d already, as %s", c.Document, c.ID, c.Kind)
	case err == nil && (!isNumber || c.Names(d.Number)):
		return c, nil
	case err == nil:
		if _, err := a.record(ctx, by, fmt.Sprintf("inquiry case %d: its document names %s, too", c.ID, d.Number)); err != nil {
			return c, err
		}
		if err := a.inquiryDeed(ctx, by, "inquiry-number", &c, control.Deed{Number: d.Number.Masked()}); err != nil {
			return c, err
		}
		return a.store.NameNumber(ctx, c.ID, d.Number)
	case tsujiban.CodeOf(err) != tsujiban.CodeNotFound:
		return c, err
	}
	c = g.New
	c.By, c.Date = by, a.now().In(a.cfg.Node.TimeZone).Format(time.DateOnly)
	if isNumber {
		c.Numbers = []string{d.Number.String()}
	}
	err = a.takeInquiry(ctx, &c)
	return c, err
}

func (s *controlServer) ask(r *http.Request) (any, error) {
	a, by := s.app, byOf(r)
	var in control.InquiryAsk
	if err := read(r, &in); err != nil {
		return nil, err
	}
	lang, err := control.ParseLang(in.Lang)
	if err != nil {
		return nil, err
	}
	zone := a.cfg.Node.TimeZone
	q := inquiry.Question{Number: in.Number, Talked: in.Talked, Within: in.Within, Other: in.Other, Way: in.Way, Zone: zone.String()}
	if q.From, q.To, err = (inquiry.Span{Date: in.Date, From: in.From, To: in.To}).Parse(zone); err != nil {
		return nil, err
	}
	if err := a.inquiryDesk().Check(&inquiry.Case{}, &q); err != nil {
		return nil, err // before a case is opened for it
	}
	c, err := a.ground(r.Context(), in.Ground, by, &q)
	if err != nil {
		return nil, err
	}
	answer, _, err := a.look(r.Context(), by, "ask", &c, &q, in.Reveal, lang)
	if err == nil && !in.Reveal {
		answer.Mask()
	}
	return answer, err
}

// look asks the desk. That it was asked is on disk before anything is looked up, what was found before anything is shown. seqs are the
// entries of the journal that say both.
func (a *App) look(ctx context.Context, by, purpose string, c *inquiry.Case, q *inquiry.Question, reveal bool, lang tsujiban.Lang) (_ *inquiry.Answer, seqs []uint64, err error) {
	desk := a.inquiryDesk()
	if err := desk.Check(c, q); err != nil {
		return nil, nil, err
	}
	asked, err := a.record(ctx, by, questionNote(purpose, c, q, reveal))
	if err != nil {
		return nil, nil, err
	}
	if err := a.inquiryDeed(ctx, by, "inquiry-"+purpose, c, control.Deed{Number: a.maskedDigits(inquiry.HomeDigitsOf(q.Number)), From: a.local(q.From), To: a.local(q.To), Whole: reveal}); err != nil {
		return nil, nil, err
	}
	behind := a.viewed.wait(ctx, asked.Seq)
	answer, err := desk.Ask(ctx, c, q)
	if err != nil {
		return nil, nil, err
	}
	answer.Behind, answer.At, answer.Refused = behind, a.now(), c.Kind.Refusal(inquiry.LookCalls, lang)
	if answer.Refused == "" {
		answer.Refused = c.Kind.Refusal(inquiry.LookNear, lang)
	}
	l := answer.LookOf()
	l.At, l.By, l.Seq, l.Reveal, l.Purpose = answer.At, by, asked.Seq, reveal, purpose
	if err := a.store.AddLook(ctx, &l); err != nil {
		return nil, nil, err
	}
	answer.Look = l.ID
	// The record goes out with the bundle, so it says nothing of the calls of near numbers, which are other customers'.
	finding := l.Finding
	if finding == inquiry.FoundNear {
		finding = inquiry.FoundNone
	}
	found, err := a.record(ctx, by, fmt.Sprintf("inquiry case %d, look %d, asked in entry %d: %s; %d calls, %d fit", c.ID, l.ID, asked.Seq, finding, l.Calls, l.Matching))
	return answer, []uint64{asked.Seq, found.Seq}, err
}

func questionNote(purpose string, c *inquiry.Case, q *inquiry.Question, reveal bool) string {
	note := fmt.Sprintf("inquiry case %d (%s, %s, %s): %s; number: %s; from: %s; to: %s", c.ID, c.Kind, c.Agency, c.Document, purpose, q.Number, stamp(q.From), stamp(q.To))
	if q.Talked > 0 {
		note += "; talked: " + time.Duration(q.Talked).String()
	}
	for _, p := range [][2]string{{"other party", q.Other}, {"way", q.Way}} {
		if p[1] != "" {
			note += "; " + p[0] + ": " + p[1]
		}
	}
	if reveal {
		note += "; whole numbers"
	}
	return note
}
