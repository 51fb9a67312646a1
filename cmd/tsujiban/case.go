package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tsujiban/app/control"
	"tsujiban/app/term"
	"tsujiban/suspicion"
)

func caseVerbs() []verb {
	return []verb{
		{"case list", "[-open] [-customer ID] [-assigned NAME]", say{"不正利用の疑いの事案一覧", "list the cases of suspicion"}, runCaseList},
		{"case show", "CASE", say{"事案の経過・根拠・通話・金額を表示する", "show a case: timeline, weights, calls, money"}, runCaseShow},
		{"case note", "CASE -note TEXT", say{"事案にメモを残す", "write something down about a case"}, runCaseNote},
		{"case assign", "CASE NAME [-note TEXT]", say{"事案を担当者に引き継ぐ", "hand a case over to somebody"}, runCaseAssign},
		{"case close", "CASE -note TEXT", say{"制限のない事案を「問題なし」として閉じる", "close a case in which nothing was found and nothing stands"}, runCaseClose},
		{"ask", "ID -note TEXT", say{"契約者に「お客様の通話ですか」と確認中であることを記録する", "take down that the customer is being asked: was this you?"}, runAsk},
		{"actions", "[-kind KIND] [-customer ID] [-by NAME] [-verb CODE] [-limit N]", say{"誰が何をしたかの記録", "the record of who has done what"}, runActions},
		{"events", "[-after ID]", say{"判定や事案の変化を 1 行ずつ表示し続ける（JSON）", "follow verdicts and cases as they change, a line of JSON each"}, runEvents},
	}
}

func suspicionPath(id string) string { return "/v1/cases/" + url.PathEscape(id) }

func runCaseList(c *cmd, args []string) error {
	fs := c.options(true)
	open := fs.Bool("open", false, c.tr("未解決のものだけ", "only those that are open"))
	customer := fs.String("customer", "", c.tr("`契約者`", "`customer`"))
	assigned := fs.String("assigned", "", c.tr("担当者の`名前`", "`name` of the person it was handed over to"))
	if _, err := c.parse(args, 0, 0); err != nil {
		return err
	}
	q := url.Values{}
	if *open {
		q.Set("open", "true")
	}
	q.Set("customer", *customer)
	q.Set("assigned", *assigned)
	var page control.Suspicions
	if err := c.do(http.MethodGet, "/v1/cases?"+q.Encode(), nil, &page); err != nil {
		return err
	}
	if c.json {
		return c.writeJSON(page)
	}
	t := term.Table{Columns: []term.Column{
		{Title: c.tr("事案", "CASE"), Right: true}, {Title: c.tr("契約者", "CUSTOMER")}, {Title: c.tr("開始", "OPENED")}, {Title: c.tr("状態", "STATE")},
		{Title: c.tr("通話", "CALLS"), Right: true}, {Title: c.tr("拒否", "REFUSED"), Right: true}, {Title: c.tr("損失", "LOST"), Right: true}, {Title: c.tr("確保中", "AT RISK"), Right: true},
		{Title: c.tr("重み", "WEIGHT"), Right: true}, {Title: c.tr("国", "TO")}, {Title: c.tr("担当", "WITH")},
	}}
	for i := range page.Cases {
		k := &page.Cases[i]
		state, paint := c.caseState(k)
		t.Add(term.Cell{Text: strconv.FormatUint(k.ID, 10)}, term.Cell{Text: k.Customer, Paint: term.Cyan}, term.Cell{Text: c.at(k.Opened)}, term.Cell{Text: state, Paint: paint},
			term.Cell{Text: strconv.Itoa(k.Calls)}, term.Cell{Text: strconv.Itoa(k.Refused)}, term.Cell{Text: some(c.client.Currency(), k.Lost)}, term.Cell{Text: some(c.client.Currency(), k.AtRisk)},
			term.Cell{Text: decibans(k.Weight)}, term.Cell{Text: strings.Join(k.Countries, " ")}, term.Cell{Text: k.Assigned})
	}
	if err := t.Write(c.stdout, c.style); err != nil {
		return err
	}
	if len(page.Cases) == 0 {
		return c.printf("%s\n", c.tr("該当する事案はありません。", "There is no such case."))
	}
	return nil
}

var endingWords = map[string]say{
	string(suspicion.EndReleased): {"解除済み", "released"},
	string(suspicion.EndTheirs):   {"本人の通話", "theirs"},
	string(suspicion.EndQuiet):    {"収束", "quiet"},
	string(suspicion.EndNothing):  {"問題なし", "nothing found"},
}

func (c *cmd) caseState(k *control.SuspicionLine) (string, term.Paint) {
	switch {
	case k.Ending != "":
		return endingWords[k.Ending].in(c.lang), term.Dim
	case k.Stands != nil:
		return c.level(k.Stands.Level)
	}
	return c.level("watch")
}

var stepWords = map[string]say{
	"opened": {"事案開始", "opened"}, "watch": {"監視", "watched"}, "deny": {"拒否", "refused"}, "restricted": {"制限", "restricted"}, "released": {"解除", "released"},
	"replied": {"契約者の返事", "the customer says"}, "noted": {"メモ", "note"}, "assigned": {"引き継ぎ", "handed over"}, "asked": {"契約者に確認中", "the customer is asked"}, "closed": {"終了", "closed"},
}

func runCaseShow(c *cmd, args []string) error {
	c.options(true)
	args, err := c.parse(args, 1, 1)
	if err != nil {
		return err
	}
	var k control.SuspicionCase
	if err := c.do(http.MethodGet, suspicionPath(args[0]), nil, &k); err != nil {
		return err
	}
	if c.json {
		return c.writeJSON(k)
	}
	cur := c.client.Currency()
	state, _ := c.caseState(&k.SuspicionLine)
	t := term.Table{Columns: []term.Column{{}, {Least: 20}}}
	t.Row(c.tr("事案", "case"), strconv.FormatUint(k.ID, 10))
	t.Row(c.tr("契約者", "customer"), strings.TrimSpace(k.Customer+" "+k.Name))
	t.Row(c.tr("状態", "state"), state)
	t.Row(c.tr("担当", "with"), k.Assigned)
	t.Row(c.tr("通話", "calls"), fmt.Sprintf(c.tr("%d 件、うち拒否 %d、応答 %d、切断 %d", "%d, of them refused %d, answered %d, ended %d"), k.Calls, k.Refused, k.Answered, k.Cut))
	t.Row(c.tr("損失", "lost"), money(cur, k.Lost))
	t.Row(c.tr("確保中", "at risk"), money(cur, k.AtRisk))
	if k.Campaign != nil {
		t.Row(c.tr("共通点", "in common"), c.campaign(k.Campaign))
	}
	for _, l := range k.Links {
		t.Row(c.tr("関連", "linked"), fmt.Sprintf("%d %s: %s %s", l.Case, l.Customer, l.Factor, l.Value))
	}
	if k.Heaviest != nil {
		for _, w := range k.Heaviest.Why {
			t.Row(decibans(w.Value), say{w.Ja, w.En}.in(c.lang))
		}
	}
	for _, g := range k.Groups {
		t.Row(g.Country+" "+g.Class, fmt.Sprintf(c.tr("%d 件、通話 %s、%s", "%d calls, %s of talk, %s"), g.Calls, talk(time.Duration(g.TalkS*float64(time.Second))), money(cur, g.Lost)))
	}
	for i := range k.Steps {
		t.Row(c.at(k.Steps[i].At), c.caseStep(&k.Steps[i]))
	}
	return t.Write(c.stdout, c.style)
}

// caseStep says a step of the timeline.
func (c *cmd) caseStep(s *suspicion.Step) string {
	parts := []string{s.Kind}
	if w, ok := stepWords[s.Kind]; ok {
		parts[0] = w.in(c.lang)
	}
	add := func(text string) {
		if text != "" {
			parts = append(parts, text)
		}
	}
	if s.Level != "" {
		text, _ := c.level(s.Level)
		add(text)
		add(c.reach(s.Level, s.Reach))
	}
	if s.Theirs != nil {
		add(map[bool]string{true: c.tr("本人の通話", "theirs"), false: c.tr("心当たりなし", "not theirs")}[*s.Theirs])
	}
	add(s.Country)
	if s.Kind == "deny" {
		add(c.reason(s.Reason))
	}
	add(decibans(s.Weight))
	add(s.To)
	add(s.By)
	add(s.Note)
	return strings.Join(parts, "  ")
}

func runCaseNote(c *cmd, args []string) error  { return c.caseOrder(args, "note") }
func runCaseClose(c *cmd, args []string) error { return c.caseOrder(args, "close") }

func (c *cmd) caseOrder(args []string, act string) error {
	var o control.Order
	c.options(true)
	id, err := c.order(args, &o)
	if err != nil {
		return err
	}
	return c.change(http.MethodPost, suspicionPath(id)+"/"+act, control.CaseNote{Note: o.Note})
}

func runCaseAssign(c *cmd, args []string) error {
	var n control.CaseNote
	c.options(true)
	c.flags.StringVar(&n.Note, "note", "", c.tr("引き継ぎの`文`", "a `text` for who takes it over"))
	args, err := c.parse(args, 2, 2)
	if err != nil {
		return err
	}
	n.To = args[1]
	return c.change(http.MethodPost, suspicionPath(args[0])+"/assign", n)
}

func runAsk(c *cmd, args []string) error {
	var o control.Order
	c.options(true)
	id, err := c.order(args, &o)
	if err != nil {
		return err
	}
	return c.change(http.MethodPost, customerPath(id)+"/ask", o)
}

func runActions(c *cmd, args []string) error {
	q := url.Values{}
	fs := c.options(true)
	for _, f := range []struct{ name, ja, en string }{
		{"customer", "`契約者`", "`customer`"}, {"by", "実行した人の`名前`", "`name` of who did it"}, {"verb", "操作の`種類`（limits-set など）", "`kind` of action, such as limits-set"}, {"limit", "最大`件数`", "at most so `many`"},
	} {
		fs.Func(f.name, c.tr(f.ja, f.en), func(s string) error { q.Set(f.name, s); return nil })
	}
	kinds := strings.Join(control.Kinds, ", ")
	kind := fs.String("kind", control.KindSettings, c.tr("種別の`名前`（"+kinds+"、すべては all）", "`name` of the kind: "+kinds+", or all"))
	if _, err := c.parse(args, 0, 0); err != nil {
		return err
	}
	q["kind"] = []string{*kind}
	if *kind == "all" {
		q["kind"] = control.Kinds
	}
	var page control.Actions
	if err := c.do(http.MethodGet, "/v1/actions?"+q.Encode(), nil, &page); err != nil {
		return err
	}
	if c.json {
		return c.writeJSON(page)
	}
	t := term.Table{Columns: []term.Column{{Title: c.tr("日時", "TIME")}, {Title: c.tr("誰が", "BY")}, {Title: c.tr("操作", "WHAT")}, {Title: c.tr("契約者", "CUSTOMER")}, {Title: c.tr("内容", "NOTE"), Least: 20}}}
	for _, a := range page.Actions {
		note := a.Noted(c.lang)
		t.Row(c.at(a.At), a.By, strings.TrimSpace(a.Verb+" "+a.Object), a.Customer, strings.TrimSpace(note.Ours+" "+note.Typed))
	}
	return t.Write(c.stdout, c.style)
}

func runEvents(c *cmd, args []string) error {
	fs := c.options(true)
	after := fs.Uint64("after", 0, c.tr("この`番号`の後から（0 は残っている最初から）", "after this `id`; 0 is from the first that is remembered"))
	if _, err := c.parse(args, 0, 0); err != nil {
		return err
	}
	client, err := c.dial()
	if err != nil {
		return err
	}
	defer client.Close()
	return client.Stream(c.ctx, "/v1/events?after="+strconv.FormatUint(*after, 10), func(line control.Raw) error {
		return c.printf("%s\n", term.Clean(string(line)))
	})
}
