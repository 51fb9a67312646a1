package app

import (
	"fmt"
	"net/http"
	"strconv"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/store"
	"tsujiban/suspicion"
)

// suspicionRoutes are the orders about cases of suspicion.
func (s *controlServer) suspicionRoutes(m *http.ServeMux) {
	for pattern, f := range map[string]func(*http.Request) (any, error){
		"GET /v1/cases":               s.suspicions,
		"GET /v1/cases/{case}":        s.suspicion,
		"POST /v1/cases/{case}/{act}": s.suspicionStep,
		"POST /v1/customers/{id}/ask": s.askCustomer,
	} {
		m.HandleFunc(pattern, s.handle(f))
	}
}

// suspected tells who listens to events of a case that has changed; not of the old ones that a start folds.
func (a *App) suspected(c *suspicion.Case) {
	if !c.Last.Before(a.since) {
		a.desk.caseChanged(c)
	}
}

// maxCases is how many cases a page lists at most.
const maxCases = 500

// suspicions lists cases of suspicion, newest first.
func (s *controlServer) suspicions(r *http.Request) (any, error) {
	a, v := s.app, r.URL.Query()
	q := store.SuspicionQuery{Customer: tsujiban.CustomerID(v.Get("customer")), Assigned: v.Get("assigned"), Cursor: v.Get("cursor")}
	if text := v.Get("open"); text != "" {
		open, err := strconv.ParseBool(text)
		if err != nil {
			return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "open: %q is neither true nor false", text)
		}
		q.Open = &open
	}
	var err error
	if q.Limit, err = limitOf(r); err != nil {
		return nil, err
	}
	q.Limit = min(q.Limit, maxCases)
	behind := a.fresh(r.Context())
	page, err := a.store.Suspicions(r.Context(), q)
	if err != nil {
		return nil, err
	}
	out := control.Suspicions{Cases: []control.SuspicionLine{}, Next: page.Next, Behind: behind}
	names := a.names()
	for i := range page.Cases {
		l := control.SuspicionLineOf(&page.Cases[i])
		l.Name = names(page.Cases[i].Customer)
		out.Cases = append(out.Cases, l)
	}
	return out, nil
}

// names finds the names of customers as they are now.
func (a *App) names() func(tsujiban.CustomerID) string {
	a.admin.Lock()
	set := newSettings(a.customers, a.trunks) // swapped whole, never changed
	a.admin.Unlock()
	return func(id tsujiban.CustomerID) string {
		if i, ok := set.customer(id); ok {
			return set.customers[i].Name
		}
		return ""
	}
}

// limitOf reads how many are asked for; 0 when nothing is said.
func limitOf(r *http.Request) (int, error) {
	text := r.URL.Query().Get("limit")
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n <= 0 || n > store.MaxPage {
		return 0, tsujiban.Errorf(tsujiban.CodeInvalid, "limit: %q is not a number from 1 to %d", text, store.MaxPage)
	}
	return n, nil
}

// theSuspicion reads the case that the path names.
func (s *controlServer) theSuspicion(r *http.Request) (c suspicion.Case, err error) {
	id, err := strconv.ParseUint(r.PathValue("case"), 10, 63)
	if err != nil || id == 0 {
		return c, tsujiban.Errorf(tsujiban.CodeInvalid, "%q is no case; \"tsujiban case list\" shows them", r.PathValue("case"))
	}
	s.app.fresh(r.Context())
	c, err = s.app.store.Suspicion(r.Context(), id)
	if tsujiban.CodeOf(err) == tsujiban.CodeNotFound && err != nil {
		err = tsujiban.Errorf(tsujiban.CodeNotFound, "there is no case %d; \"tsujiban case list\" shows them", id)
	}
	return c, err
}

func (s *controlServer) suspicion(r *http.Request) (any, error) {
	c, err := s.theSuspicion(r)
	if err != nil {
		return nil, err
	}
	links, err := s.app.store.SuspicionLinks(r.Context(), &c)
	if err != nil {
		return nil, err
	}
	out := control.SuspicionCaseOf(&c, links)
	names := s.app.names()
	out.Name = names(c.Customer)
	for i := range out.Links {
		out.Links[i].Name = names(tsujiban.CustomerID(out.Links[i].Customer))
	}
	return out, nil
}

// suspicionStep takes down what a person does to a case: note, assign, close.
func (s *controlServer) suspicionStep(r *http.Request) (any, error) {
	acts := map[string]tsujiban.CaseAct{"note": tsujiban.CaseNoted, "assign": tsujiban.CaseAssigned, "close": tsujiban.CaseClosed}
	act, ok := acts[r.PathValue("act")]
	if !ok {
		return nil, tsujiban.Errorf(tsujiban.CodeNotFound, "there is no %q of a case; there are note, assign and close", r.PathValue("act"))
	}
	var in control.CaseNote
	if err := read(r, &in); err != nil {
		return nil, err
	}
	if err := store.ValidText("note", in.Note, store.MaxNote, act != tsujiban.CaseAssigned); err != nil {
		return nil, err
	}
	if err := store.ValidText("to", in.To, maxAssignee, act == tsujiban.CaseAssigned); err != nil {
		return nil, err
	}
	c, err := s.theSuspicion(r)
	switch {
	case err != nil:
		return nil, err
	case act != tsujiban.CaseAssigned:
		in.To = ""
	}
	if act == tsujiban.CaseClosed {
		if u, _ := s.app.guard.Usage(c.Customer); u.Restriction != nil {
			return nil, tsujiban.Errorf(tsujiban.CodeConflict, "%s stands against customer %q; release it, and the case is closed", u.Restriction.Level, c.Customer)
		}
		if !c.Open() {
			return nil, tsujiban.Errorf(tsujiban.CodeConflict, "case %d is closed already", c.ID)
		}
	}
	return s.app.caseStep(r, &tsujiban.CaseStep{Case: c.ID, Customer: c.Customer, Act: act, To: in.To, By: byOf(r), Note: in.Note})
}

// maxAssignee is how long the name of a person is to whom a case is handed over.
const maxAssignee = 64

// caseStep keeps a step on disk.
func (a *App) caseStep(r *http.Request, step *tsujiban.CaseStep) (control.Done, error) {
	if err := a.journal.Failing(); err != nil {
		return control.Done{}, notRecorded(err)
	}
	seq, err := a.desk.step(step, a.now())
	if err == nil {
		err = a.onDisk(r.Context(), seq)
	}
	if err != nil {
		return control.Done{}, notRecorded(err)
	}
	id := ""
	if step.Case > 0 {
		id = strconv.FormatUint(step.Case, 10)
	}
	if err := a.keepDeed(r.Context(), step.By, "case-"+step.Act.String(), step.Customer, id, control.Deed{Whom: cut(printable(step.To), maxAssignee), Text: step.Note}); err != nil {
		return control.Done{}, err
	}
	note := fmt.Sprintf("case of customer %s: %s", step.Customer, step.Act)
	if step.To != "" {
		note += " to " + step.To
	}
	return control.Done{By: step.By, Note: note, Seq: seq}, nil
}

// askCustomer takes down that the customer is being asked whether the use is theirs. Where nothing stands the question does, so that it can be answered: a
// "yes" lifts it and teaches, a "no" restricts; see answer.
func (s *controlServer) askCustomer(r *http.Request) (any, error) {
	a, id, by := s.app, tsujiban.CustomerID(r.PathValue("id")), byOf(r)
	o, err := order(r)
	if err != nil {
		return nil, err
	}
	if !a.known(id) {
		return nil, noCustomer(string(id))
	}
	if u, _ := a.guard.Usage(id); u.Restriction == nil || u.Restriction.Level < tsujiban.LevelAsk {
		res := &tsujiban.Restriction{Customer: id, Level: tsujiban.LevelAsk, Reach: tsujiban.ReachAbroad(), Reason: tsujiban.ReasonStaff, At: a.now(), By: by, Note: o.Note}
		if err := store.ValidRestriction(res); err != nil {
			return nil, err
		}
		if _, err := a.desk.restrict(res); err != nil {
			return nil, err
		}
	}
	return a.caseStep(r, &tsujiban.CaseStep{Customer: id, Act: tsujiban.CaseAsked, By: by, Note: o.Note})
}
