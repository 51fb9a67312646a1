package main

import (
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/app/term"
	"tsujiban/inquiry"
)

func inquiryVerbs() []verb {
	return []verb{
		{"inquiry ask", "-number NUMBER -date DATE [-talked LENGTH] -ground GROUND …", say{"照会に答える: 当社の番号か、当日の契約者、該当する通話、1つ違いの番号（閲覧は記録される）", "answer an inquiry: ours or not, who held it that day, calls that fit, numbers one slip away (the look is recorded)"}, runInquiryAsk},
		{"inquiry letter", "LOOK -out FILE", say{"回答書（PDF）を作る", "write the reply as a letter (PDF)"}, runInquiryLetter},
		{"inquiry bundle", "LOOK -out FILE", say{"該当する通話の記録と証明、回答書をひとつの証明ファイルにする", "put the records of the calls that fit, their proofs and the letter into a bundle"}, runInquiryBundle},
		{"inquiry open", "-kind KIND -agency NAME -document NUMBER [-numbers LIST] …", say{"照会・令状・同意・緊急・保全要請の案件を登録する", "take a case down: inquiry, warrant, consent, emergency or preservation request"}, runInquiryOpen},
		{"inquiry list", "[-all] [-json]", say{"照会の案件の一覧", "list the cases of the inquiry desk"}, runInquiryList},
		{"inquiry show", "CASE [-json]", say{"案件一件と、その根拠で行った閲覧すべて", "show a case, and every look that was made under it"}, runInquiryShow},
		{"inquiry close", "CASE -result TEXT", say{"案件を閉じる（回答の内容を記録する）", "close a case, and record what was answered"}, runInquiryClose},
	}
}

// questionFlags are what a question is made of.
func (c *cmd) questionFlags(fs *flag.FlagSet, q *control.InquiryAsk) {
	fs.StringVar(&q.Ground, "ground", "", c.tr("案件の番号、または `根拠`（\"令状, 福岡県警察本部, 令状 123, 担当官\"）", "number of the case, or the `ground`: \"warrant, agency, document, officer\""))
	fs.StringVar(&q.Number, "number", "", c.tr("照会された`番号`", "`number` that is asked about"))
	fs.StringVar(&q.Date, "date", "", c.tr("その`日`", "that `day`"))
	fs.StringVar(&q.From, "from", "", c.tr("この`時刻`から（-date があれば 13:00 のように）", "from this `time` on (with -date as 13:00)"))
	fs.StringVar(&q.To, "to", "", c.tr("この`時刻`まで", "up to this `time`"))
	length := func(dst *inquiry.Length) func(string) error {
		return func(s string) (err error) {
			*dst, err = inquiry.ParseLength(s)
			return err
		}
	}
	fs.Func("talked", c.tr("通話したという`時間`（50m、50分）", "how `long` they are said to have talked: 50m"), length(&q.Talked))
	fs.Func("within", c.tr("通話時間の許す`誤差`（省略時は2割、1分以上）", "how `far` the length may be off; a fifth, at least a minute, when left out"), length(&q.Within))
	fs.StringVar(&q.Other, "other", "", c.tr("相手方の`番号`", "`number` of the other party"))
	fs.StringVar(&q.Way, "way", "", c.tr("照会された番号から見た向き `in|out`", "`in|out`, seen from the number"))
	fs.BoolVar(&q.Reveal, "reveal", false, c.tr("相手方の番号の下 4 桁も表示する（記録されます）", "show whole numbers of other parties; that is recorded"))
}

func runInquiryAsk(c *cmd, args []string) error {
	fs := c.options(true)
	var q control.InquiryAsk
	c.questionFlags(fs, &q)
	all := fs.Bool("all", false, c.tr("除外された番号も含め、近い番号をすべて表示する", "show all near numbers, those that are ruled out, too"))
	page := fs.String("letter", "", c.tr("回答書（PDF）を書き出す`ファイル`", "`file` to write the letter to"))
	bundle := fs.String("bundle", "", c.tr("証明ファイルを書き出す`ファイル`", "`file` to write the bundle to"))
	if _, err := c.parse(args, 0, 0); err != nil {
		return err
	}
	if q.Ground == "" {
		return tsujiban.Errorf(tsujiban.CodeForbidden, "%s", c.tr(
			"照会に答えるには法的根拠が要ります。-ground に案件の番号か、\"令状, 機関, 文書番号\" のように書いてください",
			"an inquiry needs a legal ground: write the number of the case, or kind, agency and document with -ground \"warrant, agency, 123\""))
	}
	q.Lang = control.LangName(c.lang)
	var a inquiry.Answer
	if err := c.do(http.MethodPost, "/v1/inquiries/ask", q, &a); err != nil {
		return err
	}
	var err error
	if c.json {
		err = c.writeJSON(a)
	} else {
		err = c.showAnswer(&a, *all)
	}
	for _, f := range []struct{ what, out string }{{"letter", *page}, {"bundle", *bundle}} {
		if err == nil && f.out != "" {
			err = c.handOver(fmt.Sprint(a.Look), f.what, f.out)
		}
	}
	return err
}

func runInquiryLetter(c *cmd, args []string) error { return c.inquiryFile(args, "letter") }
func runInquiryBundle(c *cmd, args []string) error { return c.inquiryFile(args, "bundle") }

func (c *cmd) inquiryFile(args []string, what string) error {
	out := c.options(true).String("out", "", c.tr("書き出す`ファイル`（すでにあるファイルには書きません）", "`file` to write; one that is there is not overwritten"))
	args, err := c.parse(args, 1, 1)
	if err != nil {
		return err
	}
	if *out == "" {
		return tsujiban.Errorf(tsujiban.CodeInvalid, "%s", c.tr("書き出すファイルを -out に書いてください", "write the file with -out"))
	}
	return c.handOver(args[0], what, *out)
}

// handOver writes what a look comes to. A file that is there is found before anything is looked up for it.
func (c *cmd) handOver(look, what, out string) error {
	if _, err := os.Lstat(out); err == nil {
		return tsujiban.Errorf(tsujiban.CodeExists, "%s is there already; name another file", out)
	}
	var f control.InquiryFile
	if err := c.do(http.MethodPost, "/v1/looks/"+url.PathEscape(look)+"/"+what, nil, &f); err != nil {
		return err
	}
	if err := writeNew(out, f.Data); err != nil {
		return err
	}
	switch {
	case c.json:
		f.Data = nil
		f.Name = out
		return c.writeJSON(f)
	case what == "bundle":
		return c.printf(c.tr("%s: 閲覧 %d、記録 %d 件（鍵の指紋 %s）\n", "%s: look %d, %d records (fingerprint of the key %s)\n"), out, f.Look, f.Records, f.Key)
	}
	return c.printf(c.tr("%s: 閲覧 %d\n", "%s: look %d\n"), out, f.Look)
}

func runInquiryOpen(c *cmd, args []string) error {
	fs := c.options(true)
	var in control.InquiryOpen
	fs.StringVar(&in.Kind, "kind", "", "`inquiry|warrant|consent|emergency|preservation`"+c.tr("（照会・令状・同意・緊急・保全）", ""))
	fs.StringVar(&in.Agency, "agency", "", c.tr("照会した`機関`", "`agency` that asks"))
	fs.StringVar(&in.Officer, "officer", "", c.tr("`担当官`", "`officer`"))
	fs.StringVar(&in.Document, "document", "", c.tr("文書の`番号`", "`number` of the document"))
	fs.StringVar(&in.Date, "date", "", c.tr("文書の`日付`（省略時は今日）", "`day` on the document; today when left out"))
	fs.Func("numbers", c.tr("文書にある`番号`（コンマ区切り、何度でも）", "`numbers` that it names, with commas; may be given several times"), func(s string) error {
		in.Numbers = append(in.Numbers, strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == '、' })...)
		return nil
	})
	fs.IntVar(&in.Days, "days", 0, c.tr("保全する`日数`（30日まで）", "`days` that records are to be kept, up to 30"))
	fs.StringVar(&in.Note, "note", "", c.tr("緊急の事情などの`文`", "`text`: of an emergency, whose life is in danger and why"))
	if _, err := c.parse(args, 0, 0); err != nil {
		return err
	}
	var k inquiry.Case
	if err := c.do(http.MethodPost, "/v1/inquiries", in, &k); err != nil {
		return err
	}
	if c.json {
		return c.writeJSON(k)
	}
	return c.showInquiry(&k)
}

func (c *cmd) showInquiry(k *inquiry.Case) error {
	var p term.Pairs
	p.Add(c.tr("案件", "case"), fmt.Sprint(k.ID))
	p.Add(c.tr("根拠", "ground"), k.Kind.Text(c.lang))
	p.Add(c.tr("機関", "agency"), strings.TrimSpace(k.Agency+" "+k.Officer))
	p.Add(c.tr("文書", "document"), k.Document+" "+k.Date)
	p.Add(c.tr("対象番号", "numbers"), strings.Join(k.Numbers[:min(len(k.Numbers), 10)], " "))
	p.Add(c.tr("保全期限", "kept until"), c.at(k.Until))
	p.Add(c.tr("備考", "note"), k.Note)
	p.Add(c.tr("受付", "taken down"), c.at(k.At)+" "+k.By)
	if !k.Closed.IsZero() {
		p.Add(c.tr("終結", "closed"), c.at(k.Closed)+" "+k.ClosedBy)
		p.Add(c.tr("回答", "answered"), k.Result)
	}
	for _, w := range []struct {
		what inquiry.What
		name string
	}{{inquiry.LookHolder, c.tr("契約者情報", "holder")}, {inquiry.LookCalls, c.tr("通話記録", "call records")}, {inquiry.LookNear, c.tr("近い番号の通話", "calls of near numbers")}} {
		if why := k.Kind.Refusal(w.what, c.lang); why != "" {
			p.Paint(w.name, why, term.Yellow)
			continue
		}
		p.Paint(w.name, c.tr("閲覧可", "may be looked at"), term.Green)
	}
	return p.Write(c.stdout, c.style)
}

func runInquiryList(c *cmd, args []string) error {
	fs := c.options(true)
	all := fs.Bool("all", false, c.tr("閉じた案件も", "those that are closed, too"))
	if _, err := c.parse(args, 0, 0); err != nil {
		return err
	}
	path := "/v1/inquiries"
	if *all {
		path += "?all=1"
	}
	var list []inquiry.Case
	if err := c.do(http.MethodGet, path, nil, &list); err != nil {
		return err
	}
	if c.json {
		return c.writeJSON(list)
	}
	t := term.Table{Columns: []term.Column{{Title: c.tr("案件", "CASE"), Right: true}, {Title: c.tr("受付", "TAKEN DOWN")}, {Title: c.tr("根拠", "GROUND")}, {Title: c.tr("機関", "AGENCY"), Least: 10}, {Title: c.tr("文書", "DOCUMENT"), Least: 10}, {Title: c.tr("状態", "STATE")}}}
	for i := range list {
		k := &list[i]
		state := c.tr("受付中", "open")
		switch {
		case !k.Closed.IsZero():
			state = c.tr("終結", "closed")
		case k.Holds(time.Now()):
			state = c.tr("保全中 〜", "kept until ") + c.at(k.Until)
		case !k.Until.IsZero():
			state = c.tr("保全期限切れ", "term is over")
		}
		t.Row(fmt.Sprint(k.ID), c.at(k.At), k.Kind.Text(c.lang), k.Agency, k.Document, state)
	}
	return t.Write(c.stdout, c.style)
}

func runInquiryShow(c *cmd, args []string) error {
	c.options(true)
	args, err := c.parse(args, 1, 1)
	if err != nil {
		return err
	}
	var s control.InquiryState
	if err := c.do(http.MethodGet, "/v1/inquiries/"+url.PathEscape(args[0]), nil, &s); err != nil {
		return err
	}
	if c.json {
		return c.writeJSON(s)
	}
	if err := c.showInquiry(&s.Case); err != nil || len(s.Looks) == 0 {
		return err
	}
	t := term.Table{Columns: []term.Column{{Title: c.tr("閲覧", "LOOK"), Right: true}, {Title: c.tr("日時", "WHEN")}, {Title: c.tr("誰が", "BY")}, {Title: c.tr("何のため", "FOR")}, {Title: c.tr("番号", "NUMBER")}, {Title: c.tr("期間", "TIME")}, {Title: c.tr("結果", "FOUND"), Least: 10}, {Title: c.tr("該当", "FIT"), Right: true}, {Title: c.tr("記録", "ENTRY"), Right: true}}}
	for i := range s.Looks {
		l := &s.Looks[i]
		t.Row(fmt.Sprint(l.ID), c.at(l.At), l.By, l.Purpose, l.Question.Number, c.at(l.Question.From)+"〜"+c.at(l.Question.To), l.Finding.Text(c.lang), fmt.Sprint(l.Matching), fmt.Sprint(l.Seq))
	}
	if err := c.printf("\n"); err != nil {
		return err
	}
	return t.Write(c.stdout, c.style)
}

func runInquiryClose(c *cmd, args []string) error {
	var o control.Order
	fs := c.options(true)
	fs.StringVar(&o.Note, "result", "", c.tr("何と回答したか（記録されます）の`文`", "what was answered: a `text` for the record"))
	args, err := c.parse(args, 1, 1)
	if err != nil {
		return err
	}
	return c.change(http.MethodDelete, "/v1/inquiries/"+url.PathEscape(args[0]), o)
}
