package numbers

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"tsujiban/app/control"
	"tsujiban/console/ui"
	"tsujiban/ledger"
	"tsujiban/ledger/screen"
)

// asking is a question of the onboarding screen with the answer that was given.
type asking struct {
	ID, Kind, Text, Answer string
}

// past is a screen from before.
type past struct {
	screenState
	Answers []asking
}

func answerField(id string) string { return "a-" + id }

// screenData is what the page of the onboarding screen shows: the questions, filled with given or with the last answers, and what
// came of those before.
func screenData(r *ui.Request, given map[string]string) (map[string]any, error) {
	h, err := holderNow(r)
	if err != nil {
		return nil, err
	}
	var questions []screen.Question
	if err := r.Office.Do(r.Context(), http.MethodGet, "/v1/ledger/questions", nil, &questions); err != nil {
		return nil, err
	}
	var list []ledger.Screening
	if err := r.Office.Do(r.Context(), http.MethodGet, holderPath(r)+"/screens", nil, &list); err != nil {
		return nil, err
	}
	if given == nil && len(list) > 0 {
		given = list[0].Answers
	}
	var ask []asking
	words := map[string]string{}
	for i := range questions {
		q := &questions[i]
		words[q.ID] = q.Text(r.Lang)
		ask = append(ask, asking{answerField(q.ID), q.Kind, q.Text(r.Lang), given[q.ID]})
	}
	var before []past
	for i := range list {
		p := past{screenState: screenOf(r, &list[i])}
		for _, k := range slices.Sorted(maps.Keys(list[i].Answers)) {
			text := words[k]
			if text == "" {
				text = k
			}
			p.Answers = append(p.Answers, asking{Text: text, Answer: list[i].Answers[k]})
		}
		before = append(before, p)
	}
	data := map[string]any{"Holder": h, "Questions": ask, "Before": before, "Form": grounded{}, "Decide": grounded{}}
	data["Review"] = len(list) > 0 && list[0].Outcome == ledger.ScreenReview
	return data, nil
}

func screening(r *ui.Request) error {
	data, err := screenData(r, nil)
	if err != nil {
		return err
	}
	return r.Page("screen", data)
}

// judge sends the answers to the rules.
func judge(r *ui.Request) error {
	var in grounded
	wrong, err := r.Decode(&in)
	if err != nil {
		return err
	}
	answers := map[string]string{}
	for k, v := range r.PostForm {
		if id, ok := strings.CutPrefix(k, answerField("")); ok && len(v) > 0 && strings.TrimSpace(v[0]) != "" {
			answers[id] = oneLine(v[0])
		}
	}
	data, err := screenData(r, answers)
	if err != nil {
		return err
	}
	data["Form"] = in
	if len(wrong) > 0 {
		return r.Again("screen", data, wrong)
	}
	return screened(r, data, control.ScreenOrder{Answers: answers, Ground: oneLine(in.Ground)})
}

func screened(r *ui.Request, data map[string]any, o control.ScreenOrder) error {
	var done control.ScreenDone
	if err := r.Office.Do(r.Context(), http.MethodPost, holderPath(r)+"/screen", o, &done); err != nil {
		return r.Retry("screen", data, err)
	}
	return r.Done("/numbers/holders/"+url.PathEscape(r.PathValue("holder"))+"/screen", "numbers.screened", done.Screening.Outcome.Text(r.Lang))
}

// decide is what a person says of an application that the rules left open.
func decide(r *ui.Request) error {
	var in struct {
		Decide string `form:"decide" max:"10" need:"yes"`
		Reason string `form:"reason" max:"1500" need:"yes"`
	}
	wrong, err := r.Decode(&in)
	if err != nil {
		return err
	}
	data, err := screenData(r, nil)
	if err != nil {
		return err
	}
	data["Decide"] = grounded{in.Reason}
	if len(wrong) > 0 {
		return r.Again("screen", data, wrong)
	}
	return screened(r, data, control.ScreenOrder{Decide: in.Decide, Ground: oneLine(in.Reason)})
}
