package portal

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/console/ui"
	"tsujiban/numbering/names"
	"tsujiban/people"
)

// Subject is what a link of "was this you?" asks: the customer, and the entry of the journal that gave rise to it.
func Subject(customer string, entry uint64) string { return fmt.Sprintf("%s %d", customer, entry) }

// shownStrange is how many single calls the question shows.
const shownStrange = 8

// question is what a person is asked.
type question struct {
	Customer control.CustomerState
	Case     *control.SuspicionCase // nil: none is on record
	Calls    []control.SuspicionCall
	Where    string // the countries that were called, in words
	Form     string // where the answer goes
	Answer   string // "yes", "no": what the link in the mail stood for; empty: neither
	Head     *head  // nil for who is not signed in
	Stopped  bool   // something is stopped already
}

// ask gathers what is known of the strange use: the case that was open at an entry of the journal, the latest when that is 0.
func ask(ctx context.Context, r *ui.Request, office *control.Client, customer string, entry uint64) (*question, error) {
	q := &question{}
	if err := office.Do(ctx, http.MethodGet, order(customer, ""), nil, &q.Customer); err != nil {
		return nil, err
	}
	var list control.Suspicions
	if err := office.Do(ctx, http.MethodGet, "/v1/cases?limit=20&customer="+customer, nil, &list); err != nil {
		return nil, err
	}
	for i := range list.Cases {
		if id := list.Cases[i].ID; entry == 0 || id <= entry {
			q.Case = &control.SuspicionCase{}
			if err := office.Do(ctx, http.MethodGet, "/v1/cases/"+strconv.FormatUint(id, 10), nil, q.Case); err != nil {
				return nil, err
			}
			break
		}
	}
	if s := q.Customer.Restriction; s != nil {
		q.Stopped = s.Level == tsujiban.LevelRestrict.String() || s.Level == tsujiban.LevelClose.String()
	}
	if q.Case == nil {
		return q, nil
	}
	for _, c := range append(append([]control.SuspicionCall{}, q.Case.First...), q.Case.Latest...) {
		if c.Callee != "" { // one that was let through before the suspicion has none
			q.Calls = append(q.Calls, c)
		}
	}
	q.Calls = q.Calls[:min(len(q.Calls), shownStrange)]
	var places []string
	for _, iso := range q.Case.Countries {
		places = append(places, names.Country(r.Lang, iso))
	}
	q.Where = strings.Join(places, r.T("reply.and"))
	return q, nil
}

// subject reads what a link asks.
func subject(s string) (customer string, entry uint64) {
	customer, text, _ := strings.Cut(s, " ")
	entry, _ = strconv.ParseUint(text, 10, 64) // 0 is the latest
	return customer, entry
}

// answerOf reads "yes" or "no"; anything else is neither.
func answerOf(s string) string {
	if s == "yes" || s == "no" {
		return s
	}
	return ""
}

// showLink shows the question behind a link. It changes nothing.
func (m *room) showLink(r *ui.Request) error {
	l, _, err := m.Door.Link(r.Context(), r.PathValue("link"), people.LinkReply)
	if err != nil {
		return m.spent(r, err)
	}
	customer, entry := subject(l.Subject)
	q, err := ask(r.Context(), r, m.Office(byLink), customer, entry)
	if err != nil {
		return m.spent(r, err)
	}
	q.Form, q.Answer = "/reply/"+r.PathValue("link"), answerOf(r.URL.Query().Get("answer"))
	return r.Page("question", q)
}

// spent says what to do when a link is good no longer.
func (m *room) spent(r *ui.Request, err error) error {
	switch tsujiban.CodeOf(err) {
	case tsujiban.CodeForbidden, tsujiban.CodeNotFound:
		return r.Missing("spent", nil)
	}
	return err
}

// answerTime is how long an answer may take to be carried out once its link is used up.
const answerTime = 20 * time.Second

// answerLink takes the answer down. The link is used up first, so that no two answers come of it.
func (m *room) answerLink(r *ui.Request) error {
	answer, err := given(r)
	if err != nil {
		return err
	}
	text, err := m.Door.Reply(r.Context(), r.PathValue("link"))
	if err != nil {
		return m.spent(r, err)
	}
	customer, entry := subject(text)
	// Who has answered may close the page: it is carried out all the same.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), answerTime)
	defer cancel()
	office := m.Office(byLink)
	if err := say(ctx, office, customer, answer, control.AnsweredByLink); err != nil {
		m.Log.Error("an answer by link was not carried out", slog.String("customer", customer), slog.String("answer", answer), slog.Any("error", err))
		return r.Errorf(tsujiban.CodeUnavailable, "reply.failed")
	}
	return m.answered(ctx, r, office, customer, entry, answer, nil)
}

func given(r *ui.Request) (string, error) {
	var in struct {
		Answer string `form:"answer" max:"3"`
	}
	if _, err := r.Decode(&in); err != nil {
		return "", err
	}
	if answerOf(in.Answer) == "" {
		return "", r.Errorf(tsujiban.CodeInvalid, "reply.choose")
	}
	return in.Answer, nil
}

// say gives the answer.
func say(ctx context.Context, office *control.Client, customer, answer, note string) error {
	return office.Do(ctx, http.MethodPost, order(customer, "/answer"), control.Answer{Theirs: answer == "yes", Note: note}, nil)
}

// answered says what came of the answer.
func (m *room) answered(ctx context.Context, r *ui.Request, office *control.Client, customer string, entry uint64, answer string, h *head) error {
	q, err := ask(ctx, r, office, customer, entry)
	if err != nil {
		return err
	}
	q.Answer, q.Head = answer, h
	return r.Page("answered", q)
}

// showQuestion is the same question for who is signed in.
func (m *room) showQuestion(r *ui.Request) error {
	h, err := m.head(r, "question")
	if err != nil {
		return err
	}
	q, err := ask(r.Context(), r, r.Office, h.Customer.ID, 0)
	if err != nil {
		return err
	}
	q.Head, q.Form = h, h.At+"/question"
	return r.Page("question", q)
}

func (m *room) answerQuestion(r *ui.Request) error {
	answer, err := given(r)
	if err != nil {
		return err
	}
	customer := r.PathValue("customer")
	if err := say(r.Context(), r.Office, customer, answer, control.AnsweredInPortal); err != nil {
		return err
	}
	h, err := m.head(r, "question")
	if err != nil {
		return err
	}
	return m.answered(r.Context(), r, r.Office, customer, 0, answer, h)
}
