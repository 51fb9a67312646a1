package main

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/app/term"
	"tsujiban/ledger"
)

func suspensionVerbs() []verb {
	return []verb{
		{"suspension request", "NUMBERS… -agency NAME -request-no NUMBER -date DATE -ground TEXT", say{"警察からの利用停止要請を受け付け、直ちに番号を停止する", "take down a request to suspend numbers, and suspend them at once"}, runSuspensionRequest},
		{"suspension list", "[-all] [-json]", say{"利用停止の案件と期限", "list the cases that stand, and what is due"}, runSuspensionList},
		{"suspension show", "CASE [-json]", say{"案件一件の経過", "all about one case"}, runSuspensionShow},
		{"suspension letter", "CASE STEP", say{"報告書・通知書の文面を出力する", "write the letter of a step"}, runSuspensionLetter},
		{"suspension done", "CASE STEP -note TEXT", say{"報告・通知を済ませたことを記録する", "record that a step was done"}, runSuspensionDone},
		{"suspension lift", "CASE -ground TEXT", say{"案件の利用停止と新規提供の停止を解除する", "lift what a case brought about"}, runSuspensionLift},
	}
}

func casePath(id string) string { return "/v1/ledger/cases/" + url.PathEscape(id) }

func runSuspensionRequest(c *cmd, args []string) error {
	fs := c.options(true)
	var in control.SuspensionRequest
	c.ground(fs, &in.Ground)
	fs.StringVar(&in.Agency, "agency", "", c.tr("要請した`機関`", "`agency` that asks"))
	fs.StringVar(&in.Officer, "officer", "", c.tr("`担当官`", "`officer` who wrote it"))
	fs.StringVar(&in.RequestNo, "request-no", "", c.tr("要請文書の`番号`", "`number` of the document"))
	fs.StringVar(&in.Date, "date", "", c.tr("文書の`日付`", "`day` on the document"))
	args, err := c.parse(args, 1, -1)
	if err != nil {
		return err
	}
	if err := c.hasGround(in.Ground); err != nil {
		return err
	}
	in.Numbers = args
	var k ledger.Case
	if err := c.do(http.MethodPost, "/v1/ledger/cases", in, &k); err != nil {
		return err
	}
	return c.showCase(&k)
}

// showCase tells a case and its steps.
func (c *cmd) showCase(k *ledger.Case) error {
	if c.json {
		return c.writeJSON(k)
	}
	var p term.Pairs
	p.Add(c.tr("案件", "case"), itoa(int(k.ID)))
	p.Add(c.tr("要請", "request"), k.Request.Agency+" "+k.Request.Number+" "+k.Request.Date.Format(time.DateOnly))
	p.Add(c.tr("番号", "numbers"), rangesText(k.Numbers))
	p.Add(c.tr("あわせて停止", "stock"), rangesText(k.Stock))
	for _, chain := range k.Chains {
		for i := range chain {
			name := c.tr("契約者", "holder")
			if i > 0 {
				name = c.tr("その上の再販者", "above it")
			}
			p.Add(name, link(&chain[i]))
		}
	}
	p.Add(c.tr("解除", "lifted"), c.at(k.Lifted))
	if err := p.Write(c.stdout, c.style); err != nil {
		return err
	}
	t := term.Table{Columns: []term.Column{{Title: c.tr("段階", "STEP"), Right: true}, {Title: c.tr("内容", "WHAT")}, {Title: c.tr("契約者", "HOLDER")}, {Title: c.tr("日時", "WHEN")}, {Title: c.tr("期限", "DUE")}, {Title: c.tr("済", "DONE")}, {Title: c.tr("備考", "NOTE"), Least: 10}}}
	for i := range k.Steps {
		s := &k.Steps[i]
		note, paint := s.Told(c.lang), term.Plain
		if !s.Until.IsZero() {
			note = strings.TrimSpace(note + " " + c.tr("〜", "until ") + c.at(s.Until))
		}
		due := c.at(s.Due)
		if s.Overdue(time.Now()) {
			paint, due = term.Red, due+c.tr(" 期限切れ", " overdue")
		}
		t.Add(term.Cell{Text: itoa(s.N)}, term.Cell{Text: s.Kind.Text(c.lang)}, term.Cell{Text: string(s.Holder)}, term.Cell{Text: c.at(s.At)}, term.Cell{Text: due, Paint: paint}, term.Cell{Text: c.at(s.Done)}, term.Cell{Text: note})
	}
	if err := c.printf("\n"); err != nil {
		return err
	}
	return t.Write(c.stdout, c.style)
}

func rangesText(rs []ledger.Range) string {
	var out []string
	for i, r := range rs {
		if i == 10 {
			out = append(out, "…")
			break
		}
		out = append(out, r.String())
	}
	return strings.Join(out, " ")
}

func runSuspensionList(c *cmd, args []string) error {
	fs := c.options(true)
	all := fs.Bool("all", false, c.tr("解除済みも", "those that were lifted, too"))
	if _, err := c.parse(args, 0, 0); err != nil {
		return err
	}
	path := "/v1/ledger/cases"
	if *all {
		path += "?all=1"
	}
	var list []ledger.Case
	if err := c.do(http.MethodGet, path, nil, &list); err != nil {
		return err
	}
	if c.json {
		return c.writeJSON(list)
	}
	t := term.Table{Columns: []term.Column{{Title: c.tr("案件", "CASE"), Right: true}, {Title: c.tr("受付", "RECEIVED")}, {Title: c.tr("要請", "REQUEST"), Least: 10}, {Title: c.tr("番号", "NUMBERS"), Least: 16}, {Title: c.tr("契約者", "HOLDERS")}, {Title: c.tr("次の期限", "NEXT DUE")}}}
	for i := range list {
		k := &list[i]
		var holders []string
		for _, chain := range k.Chains {
			holders = append(holders, string(chain[0].ID))
		}
		due, paint := c.nextDue(k)
		t.Add(term.Cell{Text: itoa(int(k.ID))}, term.Cell{Text: c.at(k.At)}, term.Cell{Text: k.Request.Agency + " " + k.Request.Number}, term.Cell{Text: rangesText(k.Numbers)},
			term.Cell{Text: strings.Join(holders, " ")}, term.Cell{Text: due, Paint: paint})
	}
	return t.Write(c.stdout, c.style)
}

// nextDue is the earliest deadline that is open.
func (c *cmd) nextDue(k *ledger.Case) (string, term.Paint) {
	var next *ledger.Step
	for i := range k.Steps {
		s := &k.Steps[i]
		if !s.Due.IsZero() && s.Done.IsZero() && (next == nil || s.Due.Before(next.Due)) {
			next = s
		}
	}
	switch {
	case !k.Lifted.IsZero():
		return c.tr("解除済み", "lifted"), term.Plain
	case next == nil:
		return "", term.Plain
	case next.Overdue(time.Now()):
		return c.at(next.Due) + " " + next.Kind.Text(c.lang) + c.tr(" 期限切れ", " overdue"), term.Red
	}
	return c.at(next.Due) + " " + next.Kind.Text(c.lang), term.Yellow
}

func runSuspensionShow(c *cmd, args []string) error {
	c.options(true)
	args, err := c.parse(args, 1, 1)
	if err != nil {
		return err
	}
	var k ledger.Case
	if err := c.do(http.MethodGet, casePath(args[0]), nil, &k); err != nil {
		return err
	}
	return c.showCase(&k)
}

func runSuspensionLetter(c *cmd, args []string) error {
	c.options(true)
	c.lang = tsujiban.Japanese // it is for people in Japan, unless -lang says otherwise
	args, err := c.parse(args, 2, 2)
	if err != nil {
		return err
	}
	var l control.LetterText
	if err := c.do(http.MethodPost, casePath(args[0])+"/steps/"+url.PathEscape(args[1])+"/letter?lang="+control.LangName(c.lang), nil, &l); err != nil {
		return err
	}
	if c.json {
		return c.writeJSON(l)
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(l.Plain, "\n"), "\n") {
		if err := c.printf("%s\n", term.Clean(line)); err != nil {
			return err
		}
	}
	return nil
}

func runSuspensionDone(c *cmd, args []string) error {
	var o control.Order
	c.options(true)
	c.flags.StringVar(&o.Note, "note", "", c.tr("どう済ませたか（記録されます）の`文`", "how it was done: a `text` for the record"))
	args, err := c.parse(args, 2, 2)
	if err != nil {
		return err
	}
	return c.change(http.MethodPost, casePath(args[0])+"/steps/"+url.PathEscape(args[1]), o)
}

func runSuspensionLift(c *cmd, args []string) error {
	var o control.Order
	c.ground(c.options(true), &o.Note)
	args, err := c.parse(args, 1, 1)
	if err != nil {
		return err
	}
	if err := c.hasGround(o.Note); err != nil {
		return err
	}
	var done control.LedgerDone
	if err := c.do(http.MethodDelete, casePath(args[0]), o, &done); err != nil {
		return err
	}
	return c.showLedgerDone(&done)
}
