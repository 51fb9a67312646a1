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
		{"restrict", "ID -note TEXT [-level watch|restrict|close]", say{"契約者の発信を制限する（緊急通報は常に通る）", "put a restriction on a customer (emergency calls always pass)"}, runRestrict},
		{"release", "ID -note TEXT", say{"契約者の制限を解除する", "lift the restriction of a customer"}, runRelease},
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
	fs.StringVar(&o.Level, "level", "restrict", c.tr("watch（見る）、restrict（国際発信を止める）、close（緊急通報以外を止める）", "watch, restrict (no international calls) or close (nothing but emergency calls)"))
	id, err := c.order(args, &o)
	if err != nil {
		return err
	}
	return c.change(http.MethodPut, customerPath(id)+"/restriction", o)
}

func runRelease(c *cmd, args []string) error {
	var o control.Order
	c.options(true)
	id, err := c.order(args, &o)
	if err != nil {
		return err
	}
	return c.change(http.MethodDelete, customerPath(id)+"/restriction", o)
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
		{Title: c.tr("契約者", "CUSTOMER")}, {Title: c.tr("状態", "STATE")}, {Title: c.tr("いつから", "SINCE")}, {Title: c.tr("誰が", "BY")},
		{Title: c.tr("重み", "WEIGHT"), Right: true}, {Title: c.tr("理由", "WHY"), Least: 20},
	}}
	for i := range list {
		r := &list[i]
		text, paint := c.level(r.Level)
		why := r.Note
		if why == "" {
			why = c.why(r.Why)
		}
		t.Add(term.Cell{Text: r.Customer, Paint: term.Cyan}, term.Cell{Text: text, Paint: paint}, term.Cell{Text: c.at(r.At)},
			term.Cell{Text: r.By}, term.Cell{Text: decibans(r.Weight)}, term.Cell{Text: why})
	}
	return t.Write(c.stdout, c.style)
}
