package app

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/app/config"
	"tsujiban/app/control"
	"tsujiban/ledger"
	"tsujiban/ledger/screen"
)

// loadScreen reads the rules of the onboarding screen, those that come with the program when no file is named.
func loadScreen(c *config.Config) (*screen.Rules, error) {
	if c.Ledger.Screen == "" {
		return screen.Default(), nil
	}
	data, err := config.ReadFile(c.Ledger.Screen, config.MaxFile)
	if err != nil {
		return nil, err
	}
	return screen.Parse(c.Ledger.Screen, data)
}

func (s *controlServer) questions(*http.Request) (any, error) {
	s.app.admin.Lock()
	defer s.app.admin.Unlock()
	return s.app.rules.screen.Questions, nil
}

func (s *controlServer) listScreens(r *http.Request) (any, error) {
	return s.app.store.Ledger().Screenings(r.Context(), tsujiban.CustomerID(r.PathValue("id")))
}

// screenHolder judges an application, or takes down what a person decided after a review.
func (s *controlServer) screenHolder(r *http.Request) (any, error) {
	a, id := s.app, tsujiban.CustomerID(r.PathValue("id"))
	var in control.ScreenOrder
	if err := read(r, &in); err != nil {
		return nil, err
	}
	var kept ledger.Screening
	o := &ledger.Order{Entry: ledger.Entry{By: byOf(r), Verb: "screen", Ground: in.Ground}}
	done, err := a.book(r.Context(), o, func(o *ledger.Order) (ledger.Outcome, error) {
		var err error
		if in.Decide != "" {
			kept, err = a.decide(r.Context(), id, in.Decide)
		} else {
			kept, err = a.judge(r.Context(), id, in.Answers)
		}
		if err != nil {
			return ledger.Outcome{}, err
		}
		o.Entry.Note = fmt.Sprintf("holder %s: %s", id, kept.Outcome)
		o.Screens = []ledger.Screening{kept}
		return a.store.Ledger().Do(r.Context(), o)
	})
	return control.ScreenDone{Done: done.Done, Screening: kept}, err
}

// judge tries the rules on an application. App.admin is held.
func (a *App) judge(ctx context.Context, id tsujiban.CustomerID, answers map[string]string) (ledger.Screening, error) {
	l, rules := a.store.Ledger(), a.rules.screen
	h, err := l.Holder(ctx, id, a.now(), time.Time{})
	if err != nil {
		return ledger.Screening{}, err
	}
	for k := range answers {
		if !slices.ContainsFunc(rules.Questions, func(q screen.Question) bool { return q.ID == k }) {
			return ledger.Screening{}, tsujiban.Errorf(tsujiban.CodeInvalid, "there is no question %q; \"tsujiban holder questions\" lists them", k)
		}
		if err := ledger.ValidText("answer "+k, strings.TrimSpace(answers[k]), ledger.MaxNote, false); err != nil {
			return ledger.Screening{}, err
		}
	}
	f := screen.Facts{Holder: &h, Answers: answers, Applied: map[string]screen.Applied{}}
	for i := range rules.Rules {
		u := &rules.Rules[i]
		if u.Repeated == nil {
			continue
		}
		since := a.now().AddDate(0, 0, -u.Repeated.WithinDays)
		value := ledger.NormalField(u.Repeated.Field, h.Field(u.Repeated.Field))
		others, err := l.Applied(ctx, id, u.Repeated.Field, value, since)
		if err != nil {
			return ledger.Screening{}, err
		}
		f.Applied[u.ID] = screen.Applied{Field: u.Repeated.Field, Others: others}
	}
	if f.Barred, err = a.barredAs(ctx, &h); err != nil {
		return ledger.Screening{}, err
	}
	out := ledger.Screening{Holder: id, Answers: answers, Rules: rules.Version, Marks: map[string]string{}, Checked: rules.Checked}
	if out.Outcome, out.Hits = rules.Judge(&f); out.Outcome == ledger.ScreenPassed {
		out.Until = a.now().AddDate(0, 0, rules.ValidDays)
	}
	for _, field := range ledger.ApplicantFields {
		out.Marks[field] = ledger.NormalField(field, h.Field(field))
	}
	return out, nil
}

// decide is what a person says of an application that the rules left open. App.admin is held.
func (a *App) decide(ctx context.Context, id tsujiban.CustomerID, what string) (ledger.Screening, error) {
	list, err := a.store.Ledger().Screenings(ctx, id)
	if err != nil {
		return ledger.Screening{}, err
	}
	if len(list) == 0 || list[0].Outcome != ledger.ScreenReview {
		state := ledger.ScreenNone
		if len(list) > 0 {
			state = list[0].Outcome
		}
		return ledger.Screening{}, tsujiban.Errorf(tsujiban.CodeConflict, "holder %q: the screen says %s, there is nothing for a person to decide: screen it again with other answers", id, state)
	}
	out := list[0]
	if len(out.Changed) > 0 {
		return out, tsujiban.Errorf(tsujiban.CodeConflict, "holder %q: %s changed since the screen, so this is not what the rules saw: screen it again", id, strings.Join(out.Changed, ", "))
	}
	out.Decided = true
	switch what {
	case "pass":
		out.Outcome, out.Until = ledger.ScreenPassed, a.now().AddDate(0, 0, a.rules.screen.ValidDays)
	case "refuse":
		out.Outcome = ledger.ScreenRefused
	default:
		return out, tsujiban.Errorf(tsujiban.CodeInvalid, "decide: %q is neither pass nor refuse", what)
	}
	return out, nil
}
