package main

import (
	"net/http"
	"net/url"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/app/term"
)

func restrictVerbs() []verb {
	return []verb{
		{"restrict", "ID -note TEXT [-level watch|ask|restrict|close] [-reach abroad|home|CODE …]", say{"契約者の発信を制限する（緊急通報は常に通る）", "put a restriction on a customer (emergency calls always pass)"}, runRestrict},
		{"release", "ID -note TEXT [-reach …]", say{"契約者の制限を解除する", "lift the restriction of a customer, or a part of it"}, runRelease},
		{"answer", "ID yes|no -note TEXT", say{"「お客様の通話ですか」への契約者の返事を記録する", "take down what the customer says: was this you?"}, runAnswer},
		{"restrictions", "[-json]", say{"現在の制限の一覧と根拠", "list what stands against whom, and why"}, runRestrictions},
		{"hangup", "CALL -note TEXT", say{"通話一件を切断する", "end one running call"}, runHangup},
	}
}

// order makes the flags of an order that needs a note.
func (c *cmd) order(args []string, o *control.Order) (string, error) {
	c.flags.StringVar(&o.Note, "note", "", c.tr("理由（記録されます）の`文`", "why: a `text` for the record"))
	c.flags.StringVar(&o.Note, "reason", "", c.tr("-note と同じ", "the same as -note"))
	args, err := c.parse(args, 1, 1)
	if err != nil {
		return "", err
	}
	if o.Note == "" {
		return "", tsujiban.Errorf(tsujiban.CodeInvalid, "%s", c.tr("-note で理由を書いてください。記録に残ります", "write why with -note; it goes into the record"))
	}
	return args[0], nil
}

func runRestrict(c *cmd, args []string) error {
	var o control.Order
	fs := c.options(true)
	fs.StringVar(&o.Level, "level", "restrict", c.tr("watch（見る）、ask（契約者に確認する）、restrict（国際発信を止める）、close（緊急通報以外を止める）", "watch, ask (the customer), restrict (no international calls) or close (nothing but emergency calls)"))
	c.reachFlag(&o)
	id, err := c.order(args, &o)
	if err != nil {
		return err
	}
	return c.change(http.MethodPut, customerPath(id)+"/restriction", o)
}

func runRelease(c *cmd, args []string) error {
	var o control.Order
	c.options(true)
	c.reachFlag(&o)
	id, err := c.order(args, &o)
	if err != nil {
		return err
	}
	return c.change(http.MethodDelete, customerPath(id)+"/restriction", o)
}

func (c *cmd) reachFlag(o *control.Order) {
	c.flags.StringVar(&o.Reach, "reach", "", c.tr("`対象`: abroad（国際発信すべて）、home（かけたことのない国内番号）、国番号（\"232 53\"）。省略時は国際発信すべて、解除ではすべて",
		"`what`: abroad (all international calls), home (numbers at home never called before), country codes (\"232 53\"). Left out: all international calls; of a release, everything"))
}

// runAnswer takes down what a customer said, and has the effect of it: "yes" lifts what the guard put on and
// teaches it, "no" keeps it and ends what is up.
func runAnswer(c *cmd, args []string) error {
	var in control.Answer
	c.options(true)
	c.flags.StringVar(&in.Note, "note", "", c.tr("誰がどう答えたか（記録されます）の`文`", "who said so, and how: a `text` for the record"))
	args, err := c.parse(args, 2, 2)
	if err != nil {
		return err
	}
	switch args[1] {
	case "yes":
		in.Theirs = true
	case "no":
	default:
		return tsujiban.Errorf(tsujiban.CodeInvalid, c.tr("%q は答えではありません。yes（お客様の通話）か no（心当たりがない）と書いてください", "%q is no answer; write yes (it was theirs) or no (it was not)"), args[1])
	}
	if in.Note == "" {
		return tsujiban.Errorf(tsujiban.CodeInvalid, "%s", c.tr("-note で、誰がどう答えたかを書いてください。記録に残ります", "write with -note who said so, and how; it goes into the record"))
	}
	return c.change(http.MethodPost, customerPath(args[0])+"/answer", in)
}

func runHangup(c *cmd, args []string) error {
	var o control.Order
	c.options(true)
	id, err := c.order(args, &o)
	if err != nil {
		return err
	}
	if _, err := tsujiban.ParseCallID(id); err != nil {
		return tsujiban.Errorf(tsujiban.CodeInvalid, "%q is %w; \"tsujiban live -once\" shows the calls", id, err)
	}
	return c.change(http.MethodDelete, "/v1/running/"+url.PathEscape(id), o)
}

func runRestrictions(c *cmd, args []string) error {
	c.options(true)
	if _, err := c.parse(args, 0, 0); err != nil {
		return err
	}
	var list []control.Restriction
	if err := c.do(http.MethodGet, "/v1/restrictions", nil, &list); err != nil {
		return err
	}
	if c.json {
		return c.writeJSON(list)
	}
	t := term.Table{Columns: []term.Column{
		{Title: c.tr("契約者", "CUSTOMER")}, {Title: c.tr("状態", "STATE")}, {Title: c.tr("対象", "WHAT")}, {Title: c.tr("いつから", "SINCE")}, {Title: c.tr("誰が", "BY")},
		{Title: c.tr("重み", "WEIGHT"), Right: true}, {Title: c.tr("理由", "WHY"), Least: 20},
	}}
	for i := range list {
		r := &list[i]
		text, paint := c.level(r.Level)
		why := r.Note
		if why == "" {
			why = c.why(r.Why)
		}
		if r.Campaign != nil {
			why = c.campaign(r.Campaign) + c.tr("。", ". ") + why
		}
		t.Add(term.Cell{Text: r.Customer, Paint: term.Cyan}, term.Cell{Text: text, Paint: paint}, term.Cell{Text: c.reach(r.Level, r.Reach)}, term.Cell{Text: c.at(r.At)},
			term.Cell{Text: r.By}, term.Cell{Text: decibans(r.Weight)}, term.Cell{Text: why})
	}
	return t.Write(c.stdout, c.style)
}
