package screen

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"tsujiban"
	"tsujiban/ledger"
)

// Applied is what is known of other applications with the same field; the caller has looked.
type Applied struct {
	Field  string
	Others []tsujiban.CustomerID // other holders that applied with it within the days of the rule
}

// Facts are what a judgement is made of.
type Facts struct {
	Holder  *ledger.Holder
	Answers map[string]string
	Applied map[string]Applied // by rule
	Barred  []string           // suspension schemes that bar this holder, or one that is the same firm
}

// Judge tries all rules. Without an answer to every question the outcome is incomplete, unless something refuses.
func (r *Rules) Judge(f *Facts) (ledger.ScreenOutcome, []ledger.Hit) {
	var hits []ledger.Hit
	outcome := ledger.ScreenPassed
	worse := func(o ledger.ScreenOutcome) {
		if o > outcome {
			outcome = o
		}
	}
	for i := range r.Questions {
		q := &r.Questions[i]
		if why := misanswered(q, f.Answers[q.ID]); why.En != "" {
			hits = append(hits, ledger.Hit{Rule: "question " + q.ID, Ja: q.Ja + ": " + why.Ja, En: q.En + ": " + why.En})
			worse(ledger.ScreenIncomplete)
		}
	}
	for i := range r.Rules {
		u := &r.Rules[i]
		hit := ledger.Hit{Rule: u.ID, Ja: u.Ja, En: u.En}
		if u.Repeated != nil {
			a := f.Applied[u.ID]
			if len(a.Others) < u.Repeated.AtLeast {
				continue
			}
			names := make([]string, len(a.Others))
			for i, o := range a.Others {
				names[i] = string(o)
			}
			hit.Ja += ": " + strings.Join(names, " ")
			hit.En += ": " + strings.Join(names, " ")
		}
		if !all(u.When, f.Answers) {
			continue
		}
		hits = append(hits, hit)
		if u.Outcome == "refuse" {
			worse(ledger.ScreenRefused)
		} else {
			worse(ledger.ScreenReview)
		}
	}
	for _, x := range r.Refused {
		if v := ledger.NormalField(x.Field, f.Holder.Field(x.Field)); v != "" && v == ledger.NormalField(x.Field, x.Value) {
			hits = append(hits, ledger.Hit{Rule: "refused " + x.Field, Ja: "お断りリスト: " + x.Why, En: "refusal list: " + x.Why})
			worse(ledger.ScreenRefused)
		}
	}
	for _, b := range f.Barred {
		hits = append(hits, ledger.Hit{Rule: "barred", Ja: "利用停止スキームにより新規提供を止めています: " + b, En: "barred by the suspension scheme: " + b})
		worse(ledger.ScreenRefused)
	}
	return outcome, hits
}

func all(cs []Condition, answers map[string]string) bool {
	for i := range cs {
		if !cs[i].fits(answers[cs[i].Question]) {
			return false
		}
	}
	return true
}

func (c *Condition) fits(answer string) bool {
	switch {
	case answer == "":
		return false
	case c.Is != "":
		return strings.EqualFold(ledger.Narrow(answer), c.Is)
	case c.AtLeast != 0:
		n, err := strconv.ParseInt(strings.ReplaceAll(ledger.Narrow(answer), ",", ""), 10, 64)
		return err == nil && n >= c.AtLeast
	case c.ShorterThan != 0:
		return utf8.RuneCountInString(answer) < c.ShorterThan
	}
	text := strings.ToLower(ledger.Narrow(answer))
	for _, w := range c.Contains {
		if strings.Contains(text, strings.ToLower(ledger.Narrow(w))) {
			return true
		}
	}
	return false
}

// misanswered says what is wrong with an answer.
func misanswered(q *Question, answer string) ledger.Hit {
	answer = ledger.Narrow(strings.TrimSpace(answer))
	switch {
	case answer == "":
		return ledger.Hit{Ja: "回答がありません", En: "is not answered"}
	case q.Kind == "count":
		if n, err := strconv.ParseInt(strings.ReplaceAll(answer, ",", ""), 10, 64); err != nil || n < 0 {
			return ledger.Hit{Ja: "数で答えてください", En: "wants a number"}
		}
	case q.Kind == "yesno" && answer != "yes" && answer != "no":
		return ledger.Hit{Ja: "yes か no で答えてください", En: "wants yes or no"}
	}
	return ledger.Hit{}
}
