package main

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/app/term"
	"tsujiban/ledger"
	"tsujiban/ledger/screen"
)

func screenVerbs() []verb {
	return []verb{
		{"holder questions", "[-json]", say{"契約前審査で尋ねること", "list what the onboarding screen asks"}, runQuestions},
		{"holder screen", "ID -ground TEXT -answer QUESTION=ANSWER … | -decide pass|refuse", say{"契約前審査をする。承認されるまで番号は割り当てられない", "put a holder through the onboarding screen; it gets no number before it has passed"}, runScreen},
		{"holder screens", "ID [-json]", say{"契約前審査の記録", "list the onboarding screens of a holder"}, runScreens},
	}
}

func runQuestions(c *cmd, args []string) error {
	c.options(true)
	if _, err := c.parse(args, 0, 0); err != nil {
		return err
	}
	var list []screen.Question
	if err := c.do(http.MethodGet, "/v1/ledger/questions", nil, &list); err != nil {
		return err
	}
	if c.json {
		return c.writeJSON(list)
	}
	kinds := map[string]string{"text": c.tr("文", "text"), "count": c.tr("数", "number"), "yesno": "yes|no"}
	t := term.Table{Columns: []term.Column{{Title: c.tr("質問", "QUESTION")}, {Title: c.tr("答え方", "ANSWER")}, {Title: c.tr("内容", "WHAT"), Least: 20}}}
	for i := range list {
		t.Row(list[i].ID, kinds[list[i].Kind], list[i].Text(c.lang))
	}
	return t.Write(c.stdout, c.style)
}

func runScreen(c *cmd, args []string) error {
	fs := c.options(true)
	in := control.ScreenOrder{Answers: map[string]string{}}
	c.ground(fs, &in.Ground)
	fs.StringVar(&in.Decide, "decide", "", c.tr("要判断のときの担当者の判断 `pass|refuse`", "what a person decides after a review, `pass|refuse`"))
	fs.Func("answer", c.tr("回答 `質問=答え`（繰り返し可）", "`question=answer`, as often as needed"), func(s string) error {
		k, v, ok := strings.Cut(s, "=")
		if !ok {
			return tsujiban.Errorf(tsujiban.CodeInvalid, "%q: write question=answer", s)
		}
		in.Answers[k] = v
		return nil
	})
	args, err := c.parse(args, 1, 1)
	if err != nil {
		return err
	}
	if err := c.hasGround(in.Ground); err != nil {
		return err
	}
	var done control.ScreenDone
	if err := c.do(http.MethodPost, holderPath(args[0])+"/screen", in, &done); err != nil {
		return err
	}
	if c.json {
		return c.writeJSON(done)
	}
	return c.showScreen(&done.Screening)
}

// showScreen tells what came of a screen and which rules fitted.
func (c *cmd) showScreen(s *ledger.Screening) error {
	if err := c.printf("%s: %s\n", term.Clean(string(s.Holder)), s.Outcome.Text(c.lang)); err != nil {
		return err
	}
	if !s.Until.IsZero() {
		if err := c.printf("%s\n", c.tr("  有効期限 "+c.at(s.Until), "  holds until "+c.at(s.Until))); err != nil {
			return err
		}
	}
	if len(s.Changed) > 0 {
		fields := strings.Join(s.Changed, ", ")
		if err := c.printf("%s\n", c.tr("  審査の後に変わった項目: "+fields+"（再審査が必要です）", "  changed since: "+fields+"; it has to be screened again")); err != nil {
			return err
		}
	}
	for _, h := range s.Hits {
		if err := c.printf("  %s\n", term.Clean(c.tr(h.Ja, h.En))); err != nil {
			return err
		}
	}
	return nil
}

func runScreens(c *cmd, args []string) error {
	c.options(true)
	args, err := c.parse(args, 1, 1)
	if err != nil {
		return err
	}
	var list []ledger.Screening
	if err := c.do(http.MethodGet, holderPath(args[0])+"/screens", nil, &list); err != nil {
		return err
	}
	if c.json {
		return c.writeJSON(list)
	}
	for i := range list {
		s := &list[i]
		who := c.at(s.At) + " " + s.By + " (" + s.Ground + ")"
		if s.Decided {
			who += c.tr("、担当者の判断", ", decided by a person")
		}
		if err := c.printf("%s\n", term.Clean(who)); err != nil {
			return err
		}
		if err := c.showScreen(s); err != nil {
			return err
		}
		for _, k := range slices.Sorted(maps.Keys(s.Answers)) {
			if err := c.printf("  %s = %s\n", term.Clean(k), term.Clean(s.Answers[k])); err != nil {
				return err
			}
		}
	}
	return nil
}
