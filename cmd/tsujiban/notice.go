package main

import (
	"net/http"
	"net/url"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/app/term"
)

func noticeVerbs() []verb {
	return []verb{
		{"notice list", "[-state waiting|sent|dead] [-customer ID] [-n N] [-json]", say{"通知と、届いたかどうか", "list the notices and how far they are"}, runNoticeList},
		{"notice again", "NOTICE", say{"届かなかった通知をもう一度送る", "send a notice again that was given up"}, runNoticeAgain},
		{"notice test", "[-mail ADDRESS] [-webhook ID]", say{"試験の通知を送る", "send a test notice"}, runNoticeTest},
	}
}

var noticeStates = map[string]say{"waiting": {"送信待ち", "waiting"}, "sent": {"送信済み", "sent"}, "dead": {"届きません", "given up"}}

func runNoticeList(c *cmd, args []string) error {
	fs := c.options(true)
	q := url.Values{}
	for name, help := range map[string]string{
		"state":    c.tr("`状態`: waiting（送信待ち）、sent（送信済み）、dead（届かなかった）", "`state`: waiting, sent, dead"),
		"customer": c.tr("この`契約者`についてのもの", "about this `customer`"),
		"kind":     c.tr("この`種類`のもの", "of this `kind`"),
	} {
		fs.Func(name, help, func(s string) error { q.Set(name, s); return nil })
	}
	fs.Func("n", c.tr("最大の`件数`（100）", "at most so many, a `number` (100)"), func(s string) error { q.Set("limit", s); return nil })
	if _, err := c.parse(args, 0, 0); err != nil {
		return err
	}
	var out control.Notices
	if err := c.do(http.MethodGet, "/v1/notices?"+q.Encode(), nil, &out); err != nil {
		return err
	}
	return c.noticeTable(&out)
}

func (c *cmd) noticeTable(out *control.Notices) error {
	if c.json {
		return c.writeJSON(out)
	}
	if len(out.Notices) == 0 {
		return c.printf("%s\n", c.tr("通知はありません。", "There are no notices."))
	}
	t := term.Table{Columns: []term.Column{{Title: c.tr("通知", "NOTICE")}, {Title: c.tr("日時", "MADE")}, {Title: c.tr("種類", "KIND")}, {Title: c.tr("宛先", "TO"), Least: 12}, {Title: c.tr("契約者", "CUSTOMER")},
		{Title: c.tr("状態", "STATE")}, {Title: c.tr("試行", "TRIES"), Right: true}, {Title: c.tr("理由", "REASON"), Least: 12}}}
	for i := range out.Notices {
		n := &out.Notices[i]
		state, paint := noticeStates[n.State].in(c.lang), term.Plain
		switch n.State {
		case "dead":
			paint = term.Red
		case "waiting":
			if n.Tries > 0 {
				paint = term.Yellow
			}
		}
		t.Add(term.Cell{Text: n.ID}, term.Cell{Text: c.at(n.Made)}, term.Cell{Text: n.Kind}, term.Cell{Text: n.To}, term.Cell{Text: n.Customer}, term.Cell{Text: state, Paint: paint}, term.Cell{Text: itoa(n.Tries)}, term.Cell{Text: n.Reason})
	}
	return t.Write(c.stdout, c.style)
}

func runNoticeAgain(c *cmd, args []string) error {
	c.options(true)
	args, err := c.parse(args, 1, 1)
	if err != nil {
		return err
	}
	return c.change(http.MethodPost, "/v1/notices/"+url.PathEscape(args[0])+"/again", nil)
}

func runNoticeTest(c *cmd, args []string) error {
	var in control.NoticeTest
	fs := c.options(true)
	fs.StringVar(&in.Mail, "mail", "", c.tr("この`アドレス`へ", "to this `address`"))
	fs.StringVar(&in.Webhook, "webhook", "", c.tr("この`Webhook`へ", "to this `webhook`"))
	if _, err := c.parse(args, 0, 0); err != nil {
		return err
	}
	if in.Mail != "" && in.Webhook != "" {
		return tsujiban.Errorf(tsujiban.CodeInvalid, "%s", c.tr("-mail と -webhook はどちらか一つにしてください", "write either -mail or -webhook"))
	}
	var out control.Notices
	if err := c.do(http.MethodPost, "/v1/notices/test", in, &out); err != nil {
		return err
	}
	return c.noticeTable(&out)
}
