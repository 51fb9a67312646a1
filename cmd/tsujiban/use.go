package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/app/term"
)

func useVerbs() []verb {
	return []verb{
		{"overview", "[-json]", say{"直近 2 日の金額と発信、国別・契約者別・事業者別の状況", "the last two days: money and calls by hour, country, customer and carrier"}, runOverview},
		{"use", "ID [-from DAY] [-to DAY]", say{"契約者の利用額を日別・宛先別に表示する", "what a customer used, by day and destination"}, runUse},
		{"bill", "ID [-month 2026-11] [-whole -ground TEXT] [-csv FILE]", say{"契約者の通話明細（同じような通話は 1 行にまとめる。閲覧は記録される）", "a customer's itemised bill; calls that are alike are one line (the look is recorded)"}, runBill},
		{"profile", "ID", say{"契約者のふだんの使い方", "the habits of a customer, as the guard knows them"}, runProfile},
		{"export", "FILE -ground TEXT [-customer ID] …", say{"通話記録を CSV に書き出す（法的根拠が必要。閲覧は記録される）", "write call records to a CSV file (needs a legal ground; the look is recorded)"}, runExport},
	}
}

func ruleVerbs() []verb {
	return []verb{
		{"rules", "[-json]", say{"全契約者に共通の規則（閉鎖中の宛先、要注意の番号帯、既定の上限）", "what holds for all: closed destinations, hints, default limits"}, runRules},
		{"rules set", "-note TEXT [-close PREFIX] [-open PREFIX] …", say{"全契約者の宛先を閉鎖・再開する（再起動不要）", "close or open destinations for all, in force at once"}, runRulesSet},
		{"rules preview", "[-days N] [-close PREFIX] …", say{"その規則なら直近の自社の通話がどうなったかを計算する", "what such rules would have done to one's own calls of the last days"}, runRulesPreview},
	}
}

// place says a destination's country, or its kind.
func (c *cmd) place(country, class, scope string) string {
	if country == "" {
		return class
	}
	if scope == tsujiban.ScopeDomestic.String() {
		return country + " " + class
	}
	return country
}

func (c *cmd) useTable(title string, sum func(add func(name string, s *control.UseSum))) error {
	cur := c.client.Currency()
	t := term.Table{Columns: []term.Column{
		{Title: title, Least: 10}, {Title: c.tr("発信", "CALLS"), Right: true}, {Title: c.tr("拒否", "REFUSED"), Right: true}, {Title: c.tr("応答", "ANSWERED"), Right: true},
		{Title: c.tr("通話時間", "TALK"), Right: true}, {Title: c.tr("料金", "COST"), Right: true},
	}}
	sum(func(name string, s *control.UseSum) {
		t.Row(name, strconv.Itoa(s.Attempts), strconv.Itoa(s.Refused), strconv.Itoa(s.Answered), talk(time.Duration(s.TalkS*float64(time.Second))), money(cur, s.Charge))
	})
	return t.Write(c.stdout, c.style)
}

func runUse(c *cmd, args []string) error {
	q := url.Values{}
	fs := c.options(true)
	fs.Func("from", c.tr("この`日時`から", "from this `day` or time on"), func(s string) error { q.Set("from", s); return nil })
	fs.Func("to", c.tr("この`日時`より前", "before this `day` or time"), func(s string) error { q.Set("to", s); return nil })
	args, err := c.parse(args, 1, 1)
	if err != nil {
		return err
	}
	var u control.Use
	if err := c.do(http.MethodGet, customerPath(args[0])+"/use?"+q.Encode(), nil, &u); err != nil {
		return err
	}
	if c.json {
		return c.writeJSON(u)
	}
	cur := c.client.Currency()
	if err := c.printf(c.tr("本日 %s（上限 %s）、今月 %s（上限 %s）、確保中 %s\n\n", "today %s (limit %s), this month %s (limit %s), set aside %s\n\n"),
		money(cur, u.Now.Today), c.limit(u.CapDay), money(cur, u.Now.Month), c.limit(u.CapMonth), money(cur, u.Now.Reserved)); err != nil {
		return err
	}
	if err := c.useTable(c.tr("日", "DAY"), func(add func(string, *control.UseSum)) {
		for i := range u.Days {
			add(u.Days[i].At.In(c.local()).Format(time.DateOnly), &u.Days[i].UseSum)
		}
		add(c.tr("合計", "all"), &u.Total)
	}); err != nil {
		return err
	}
	if err := c.printf("\n"); err != nil {
		return err
	}
	return c.useTable(c.tr("宛先", "TO"), func(add func(string, *control.UseSum)) {
		for i := range u.Places {
			p := &u.Places[i]
			add(c.place(p.Country, p.Class, p.Scope), &p.UseSum)
		}
	})
}

// limit is a cap for people.
func (c *cmd) limit(a control.Amount) string {
	if a == 0 {
		return c.tr("なし", "none")
	}
	return money(c.client.Currency(), a)
}

func runBill(c *cmd, args []string) error {
	q := url.Values{}
	fs := c.options(true)
	fs.Func("month", c.tr("`年月`（2026-11）。省略時は今月", "`month`, such as 2026-11; this one when left out"), func(s string) error { q.Set("month", s); return nil })
	fs.Func("ground", c.tr("見る根拠の`文`（本人からの請求など）", "ground, a `text`: that the customer has asked for it"), func(s string) error { q.Set("ground", s); return nil })
	fs.BoolFunc("whole", c.tr("番号の下 4 桁も表示する（-ground が必要）", "whole numbers; needs -ground"), func(string) error { q.Set("whole", "true"); return nil })
	file := fs.String("csv", "", c.tr("1 通話 1 行の CSV を`ファイル`に書く", "write a CSV `file`, a line for each call"))
	args, err := c.parse(args, 1, 1)
	if err != nil {
		return err
	}
	if *file != "" {
		return c.download(http.MethodGet, customerPath(args[0])+"/bill.csv?"+q.Encode(), nil, *file)
	}
	var b control.Bill
	if err := c.do(http.MethodGet, customerPath(args[0])+"/bill?"+q.Encode(), nil, &b); err != nil {
		return err
	}
	if c.json {
		return c.writeJSON(b)
	}
	cur := c.client.Currency()
	t := term.Table{Columns: []term.Column{
		{Title: c.tr("日時", "TIME")}, {Title: c.tr("通話先", "TO"), Least: 12}, {Title: c.tr("国", "IN")}, {Title: c.tr("件数", "CALLS"), Right: true}, {Title: c.tr("通話時間", "TALK"), Right: true},
		{Title: c.tr("1件", "EACH"), Right: true}, {Title: c.tr("料金", "COST"), Right: true},
	}}
	for i := range b.Lines {
		l := &b.Lines[i]
		when, to, each := c.at(l.First), l.Callee, money(cur, l.Most)
		if l.Count > 1 {
			when += " – " + c.at(l.Last)
			to = fmt.Sprintf(c.tr("約%d秒の通話 %d件", "%[2]d calls of about %[1]d s"), int(l.AboutS), l.Count)
			if l.Least != l.Most {
				each = money(cur, l.Least) + "–" + each
			}
		}
		t.Row(when, to, c.place(l.Country, l.Class, l.Scope), strconv.Itoa(l.Count), talk(time.Duration(l.TalkS*float64(time.Second))), each, money(cur, l.Charge))
	}
	if err := t.Write(c.stdout, c.style); err != nil {
		return err
	}
	return c.printf(c.tr("合計 %s（%d 件）\n", "total %s (%d calls)\n"), money(cur, b.Total.Charge), b.Total.Answered)
}

// download writes a file that the program gives, whole or not at all.
func (c *cmd) download(method, path string, in any, name string) (err error) {
	client, err := c.dial()
	if err != nil {
		return err
	}
	defer client.Close()
	body, _, err := client.Download(c.ctx, method, path, in)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, body.Close()) }()
	f, err := os.OpenFile(name+".part", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return tsujiban.Errorf(tsujiban.CodeInvalid, "%w", err)
	}
	_, err = io.Copy(f, body)
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(tsujiban.Errorf(tsujiban.CodeUnavailable, "%s is not whole: %w", name, err), os.Remove(name+".part"))
	}
	if err := os.Rename(name+".part", name); err != nil {
		return tsujiban.Errorf(tsujiban.CodeInvalid, "%w", err)
	}
	return c.printf(c.tr("%s に書き出しました\n", "written to %s\n"), name)
}

func runExport(c *cmd, args []string) error {
	q := control.CallSearch{}
	fs := c.options(true)
	fs.StringVar(&q.Ground, "ground", "", c.tr("見る法的根拠の`文`", "legal ground, a `text`"))
	fs.StringVar(&q.Customer, "customer", "", c.tr("`契約者`", "`customer`"))
	fs.StringVar(&q.Number, "number", "", c.tr("発信者または着信先の`番号`", "`number` of either party"))
	fs.Func("from", c.tr("この`日時`から", "from this `day` or time on"), func(s string) error { return instant(s, &q.From) })
	fs.Func("to", c.tr("この`日時`より前", "before this `day` or time"), func(s string) error { return instant(s, &q.To) })
	fs.StringVar(&q.Action, "action", "", c.tr("判定 `allow|watch|deny`", "verdict, `allow|watch|deny`"))
	fs.IntVar(&q.Limit, "limit", 0, c.tr("最大`件数`", "at most so `many`"))
	fs.BoolVar(&q.Reveal, "reveal", false, c.tr("番号の下 4 桁も書く", "whole numbers"))
	args, err := c.parse(args, 1, 1)
	if err != nil {
		return err
	}
	return c.download(http.MethodPost, "/v1/calls/export", q, args[0])
}

func runProfile(c *cmd, args []string) error {
	c.options(true)
	args, err := c.parse(args, 1, 1)
	if err != nil {
		return err
	}
	var p control.Profile
	if err := c.do(http.MethodGet, customerPath(args[0])+"/profile", nil, &p); err != nil {
		return err
	}
	if c.json {
		return c.writeJSON(p)
	}
	t := term.Table{Columns: []term.Column{{}, {Least: 20}}}
	percent := func(share float64) string { return strconv.Itoa(int(share*100+0.5)) + " %" }
	t.Row(c.tr("記録の始まり", "since"), c.at(p.Since))
	t.Row(c.tr("学習した発信", "calls known"), fmt.Sprintf(c.tr("%d 件（確かさ %d %%）", "%d (known by %d %%)"), p.Observed, p.History))
	t.Row(c.tr("国際発信の割合", "abroad"), percent(p.Abroad))
	t.Row(c.tr("本日の国内発信", "today at home"), fmt.Sprintf(c.tr("%d 件（最も多い日 %d 件）", "%d (fullest day %d)"), p.Today, p.FullestDay))
	for _, d := range p.Destinations {
		t.Row("+"+d.Key+" "+d.Country, fmt.Sprintf(c.tr("%s、%d 日、最後 %s", "%s, on %d days, last %s"), percent(d.Share), d.Days, c.at(d.Last)))
	}
	for _, list := range []struct {
		name string
		seen []control.ProfileSeen
	}{{c.tr("発信元", "source"), p.Sources}, {c.tr("機器", "device"), p.Agents}} {
		for _, s := range list.seen {
			t.Row(list.name, fmt.Sprintf(c.tr("%s（%d 件、ふだんのもの: %s）", "%s (%d calls, its own: %s)"), s.Value, s.Calls, c.yes(s.Known)))
		}
	}
	return t.Write(c.stdout, c.style)
}

func runOverview(c *cmd, args []string) error {
	c.options(true)
	if _, err := c.parse(args, 0, 0); err != nil {
		return err
	}
	var o control.Overview
	if err := c.do(http.MethodGet, "/v1/overview", nil, &o); err != nil {
		return err
	}
	if c.json {
		return c.writeJSON(o)
	}
	t := term.Table{Columns: []term.Column{{}, {Least: 20}}}
	for _, h := range o.Hours {
		if h.Attempts > 0 || h.Charge > 0 {
			t.Row(c.at(h.At), fmt.Sprintf(c.tr("発信 %d、拒否 %d、%s", "%d calls, %d refused, %s"), h.Attempts, h.Denied, money(o.Currency, h.Charge)))
		}
	}
	for _, p := range o.Places {
		t.Row(strings.TrimSpace(p.Country+" "+p.Scope), fmt.Sprintf(c.tr("通話中 %d、確保中 %s、24 時間で %d 件 %s", "%d running, %s at risk, in 24 hours %d calls %s"), p.Running, money(o.Currency, p.AtRisk), p.Attempts, money(o.Currency, p.Charge)))
	}
	for _, r := range o.Customers {
		level, _ := c.level(r.Level)
		t.Row(r.Customer, fmt.Sprintf(c.tr("%s、通話中 %d、確保中 %s、24 時間で %s", "%s, %d running, %s at risk, %s in 24 hours"), level, r.Running, money(o.Currency, r.AtRisk), money(o.Currency, r.Day)))
	}
	for _, k := range o.Carriers {
		t.Row(k.ID, fmt.Sprintf(c.tr("接続 %s、通話中 %d、応答率 %d %%（24 時間 %d 件）", "up %s, %d running, answered %d %% of %[4]d in 24 hours"), c.yes(k.Up), k.Running, int(k.Rate*100+0.5), k.Calls))
	}
	return t.Write(c.stdout, c.style)
}

func runRules(c *cmd, args []string) error {
	c.options(true)
	if _, err := c.parse(args, 0, 0); err != nil {
		return err
	}
	var r control.Rules
	if err := c.do(http.MethodGet, "/v1/rules", nil, &r); err != nil {
		return err
	}
	if c.json {
		return c.writeJSON(r)
	}
	t := term.Table{Columns: []term.Column{{}, {Least: 20}}}
	t.Row(c.tr("閉鎖中（設定ファイル）", "closed by the configuration"), strings.Join(r.Base.Closed, " "))
	t.Row(c.tr("閉鎖中（運用中に設定）", "closed at run time"), strings.Join(r.Set.Closed, " "))
	t.Row(c.tr("要注意の番号帯", "hints"), strconv.Itoa(len(r.InForce.Hints)))
	t.Row(c.tr("既定の上限（1 日）", "default limit a day"), c.limit(r.InForce.Defaults.CapDay))
	t.Row(c.tr("既定の上限（1 か月）", "default limit a month"), c.limit(r.InForce.Defaults.CapMonth))
	if !r.At.IsZero() {
		t.Row(c.tr("最後の変更", "last set"), strings.Join([]string{c.at(r.At), r.By, r.Note}, "  "))
	}
	return t.Write(c.stdout, c.style)
}

// rulesOrder makes the flags of an order about rules; after parsing, fill completes it from what is set now.
func (c *cmd) rulesOrder(o *control.RulesOrder) (fill func() error) {
	var shut, open, hint, unhint []string
	list := func(l *[]string) func(string) error {
		return func(s string) error { *l = append(*l, strings.Fields(s)...); return nil }
	}
	c.flags.Func("close", c.tr("全契約者について閉鎖する`番号帯`（国番号から。232 など）", "`prefix` to close for all, with country code: 232"), list(&shut))
	c.flags.Func("open", c.tr("閉鎖を解く`番号帯`", "`prefix` to open again"), list(&open))
	c.flags.Func("hint", c.tr("要注意に加える`番号帯`", "`prefix` to note as known from abuse"), list(&hint))
	c.flags.Func("unhint", c.tr("要注意から外す`番号帯`", "`prefix` to take from the hints"), list(&unhint))
	day := c.flags.String("cap-day", "", c.tr("既定の 1 日の上限`金額`", "default limit a day, an `amount`"))
	month := c.flags.String("cap-month", "", c.tr("既定の 1 か月の上限`金額`", "default limit a month, an `amount`"))
	return func() error {
		var now control.Rules
		if err := c.do(http.MethodGet, "/v1/rules", nil, &now); err != nil {
			return err
		}
		if len(shut)+len(open) > 0 {
			l := without(append(now.Set.Closed, shut...), open)
			o.Closed = &l
		}
		if len(hint)+len(unhint) > 0 {
			l := without(append(now.Set.Hints, hint...), unhint)
			o.Hints = &l
		}
		for _, f := range []struct {
			text string
			to   *control.Amount
		}{{*day, &now.Set.Defaults.CapDay}, {*month, &now.Set.Defaults.CapMonth}} {
			if f.text == "" {
				continue
			}
			if err := json.Unmarshal([]byte(strconv.Quote(f.text)), f.to); err != nil {
				return tsujiban.Errorf(tsujiban.CodeInvalid, "%q is no amount: %w", f.text, err)
			}
			o.Defaults = &now.Set.Defaults
		}
		return nil
	}
}

func without(list, gone []string) []string {
	out := []string{}
	for _, p := range list {
		keep := true
		for _, g := range gone {
			keep = keep && g != p
		}
		if keep {
			out = append(out, p)
		}
	}
	return out
}

func runRulesSet(c *cmd, args []string) error {
	var o control.RulesOrder
	fs := c.options(true)
	fs.StringVar(&o.Note, "note", "", c.tr("理由（記録されます）の`文`", "why: a `text` for the record"))
	fill := c.rulesOrder(&o)
	if _, err := c.parse(args, 0, 0); err != nil {
		return err
	}
	if o.Note == "" {
		return tsujiban.Errorf(tsujiban.CodeInvalid, "%s", c.tr("-note で理由を書いてください。記録に残ります", "write why with -note; it goes into the record"))
	}
	if err := fill(); err != nil {
		return err
	}
	return c.change(http.MethodPut, "/v1/rules", o)
}

// previewLook is how often a preview is asked how far it is.
const previewLook = 300 * time.Millisecond

func runRulesPreview(c *cmd, args []string) error {
	var o control.PreviewOrder
	fs := c.options(true)
	fs.IntVar(&o.Days, "days", 7, c.tr("直近の`日数`", "so many `days`"))
	fill := c.rulesOrder(&o.RulesOrder)
	if _, err := c.parse(args, 0, 0); err != nil {
		return err
	}
	if err := fill(); err != nil {
		return err
	}
	var p control.Preview
	if err := c.do(http.MethodPost, "/v1/rules/preview", o, &p); err != nil {
		return err
	}
	for p.State == "running" {
		select {
		case <-c.ctx.Done():
			return errors.Join(c.ctx.Err(), c.client.Do(context.WithoutCancel(c.ctx), http.MethodDelete, "/v1/rules/preview", nil, nil))
		case <-time.After(previewLook):
		}
		if err := c.do(http.MethodGet, "/v1/rules/preview", nil, &p); err != nil {
			return err
		}
	}
	if p.State != "done" {
		return tsujiban.Errorf(tsujiban.CodeUnavailable, "the preview was %s: %s", p.State, p.Error)
	}
	if c.json {
		return c.writeJSON(p)
	}
	return c.previewTable(&p)
}

func (c *cmd) previewTable(p *control.Preview) error {
	cur := c.client.Currency()
	t := term.Table{Columns: []term.Column{
		{}, {Title: c.tr("通話", "CALLS"), Right: true}, {Title: c.tr("拒否", "REFUSED"), Right: true}, {Title: c.tr("切断", "ENDED"), Right: true},
		{Title: c.tr("料金", "COST"), Right: true}, {Title: c.tr("防げた額", "SAVED"), Right: true}, {Title: c.tr("止めてしまう通話", "HURT"), Right: true},
	}}
	for _, row := range []struct {
		name string
		o    *control.PreviewOutcome
	}{{c.tr("現在の規則", "rules in force"), p.Now}, {c.tr("この規則", "these rules"), p.Then}} {
		t.Row(row.name, strconv.Itoa(row.o.Calls), strconv.Itoa(row.o.Refused), strconv.Itoa(row.o.Cut), money(cur, row.o.Charge), money(cur, row.o.Saved), strconv.Itoa(row.o.Hurt))
	}
	if err := t.Write(c.stdout, c.style); err != nil {
		return err
	}
	for _, d := range p.Differ {
		if err := c.printf(c.tr("%s: 止まる通話 %+d、うち止めてしまう通話 %+d\n", "%s: calls stopped %+d, hurt %+d\n"), term.Clean(d.Customer), d.Stopped, d.Hurt); err != nil {
			return err
		}
	}
	return nil
}
