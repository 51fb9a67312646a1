package main

import (
	"flag"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/app/term"
)

func customerVerbs() []verb {
	return []verb{
		{"customer list", "[WORD] [-json]", say{"契約者の一覧（今日・今月の利用額、制限）", "list customers: what they used today and this month, what stands against them"}, runCustomerList},
		{"customer show", "ID [-json]", say{"契約者一件のすべて", "all about one customer"}, runCustomerShow},
		{"customer add", "ID -name NAME …", say{"契約者を登録する", "add a customer"}, runCustomerAdd},
		{"customer set", "ID …", say{"契約者の登録内容を変える", "change a customer"}, runCustomerSet},
		{"customer remove", "ID", say{"契約者を削除する（先にトランクを削除）", "remove a customer, whose trunks are removed before"}, runCustomerRemove},
	}
}

// patch gathers the settings that were given, as the JSON that changes them.
type patch map[string]any

// text, flag, list and number make flags that go into the patch only when they are given.
func (p patch) text(fs *flag.FlagSet, name, key, usage string) {
	fs.Func(name, usage, func(s string) error {
		p[key] = s
		return nil
	})
}

func (p patch) yesno(fs *flag.FlagSet, name, key, usage string) {
	fs.BoolFunc(name, usage, func(s string) error {
		b, err := strconv.ParseBool(s)
		p[key] = b
		return err
	})
}

func (p patch) list(fs *flag.FlagSet, name, key, usage string) {
	fs.Func(name, usage, func(s string) error {
		p[key] = split(s)
		return nil
	})
}

// split makes a list of "a,b c"; an empty text is the empty list.
func split(s string) []string {
	return append([]string{}, strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' })...)
}

func (p patch) number(fs *flag.FlagSet, name, key, usage string) {
	fs.Func(name, usage, func(s string) error {
		n, err := strconv.Atoi(s)
		p[key] = n
		return err
	})
}

func (p patch) amount(fs *flag.FlagSet, name, key, usage string) {
	fs.Func(name, usage, func(s string) error {
		m, err := tsujiban.ParseMoney(s)
		p[key] = control.Amount(m)
		return err
	})
}

func (p patch) duration(fs *flag.FlagSet, name, key, usage string) {
	fs.Func(name, usage, func(s string) error {
		d, err := time.ParseDuration(s)
		p[key] = control.Duration(d)
		return err
	})
}

func (c *cmd) customerPatch() patch {
	fs := c.options(true)
	p := patch{}
	p.text(fs, "name", "name", c.tr("`名前`", "`name`"))
	p.yesno(fs, "international", "international", c.tr("国際発信を許可する（-international=false で止める）", "international calls are switched on (-international=false: off)"))
	p.text(fs, "opened", "opened", c.tr("契約日 `2026-04-01`", "day of the contract, `2026-04-01`"))
	p.text(fs, "contact", "contact", c.tr("問い合わせ先の`メール`", "`mail` address that is asked \"was this you?\""))
	p.text(fs, "language", "language", "`ja|en`")
	p.list(fs, "numbers", "numbers", c.tr("使える番号 `+81925551234,+8192556*`", "numbers held, `+81925551234,+8192556*`"))
	return p
}

func customerPath(id string) string { return "/v1/customers/" + url.PathEscape(id) }

func runCustomerAdd(c *cmd, args []string) error {
	p := c.customerPatch()
	args, err := c.parse(args, 1, 1)
	if err != nil {
		return err
	}
	if _, ok := p["name"]; !ok {
		return tsujiban.Errorf(tsujiban.CodeInvalid, "%s", c.tr("-name で契約者の名前を書いてください", "write the customer's name with -name"))
	}
	return c.change(http.MethodPost, customerPath(args[0]), p)
}

func runCustomerSet(c *cmd, args []string) error {
	p := c.customerPatch()
	args, err := c.parse(args, 1, 1)
	if err != nil {
		return err
	}
	if len(p) == 0 {
		return tsujiban.Errorf(tsujiban.CodeInvalid, "%s", c.tr("変える項目がありません。-h で一覧を表示します", "nothing to change was given; -h lists what there is"))
	}
	return c.change(http.MethodPatch, customerPath(args[0]), p)
}

func runCustomerRemove(c *cmd, args []string) error {
	c.options(true)
	args, err := c.parse(args, 1, 1)
	if err != nil {
		return err
	}
	return c.change(http.MethodDelete, customerPath(args[0]), nil)
}

func runCustomerList(c *cmd, args []string) error {
	c.options(true)
	args, err := c.parse(args, 0, 1)
	if err != nil {
		return err
	}
	path := "/v1/customers"
	if len(args) == 1 {
		path += "?match=" + url.QueryEscape(args[0])
	}
	var list []control.CustomerState
	if err := c.do(http.MethodGet, path, nil, &list); err != nil {
		return err
	}
	if c.json {
		return c.writeJSON(list)
	}
	cur := c.client.Currency()
	t := term.Table{Columns: []term.Column{
		{Title: c.tr("契約者", "CUSTOMER")}, {Title: c.tr("名前", "NAME"), Least: 8}, {Title: c.tr("国際", "INTL")},
		{Title: c.tr("今日", "TODAY"), Right: true}, {Title: c.tr("上限", "CAP"), Right: true},
		{Title: c.tr("今月", "MONTH"), Right: true}, {Title: c.tr("上限", "CAP"), Right: true},
		{Title: c.tr("通話中", "CALLS"), Right: true}, {Title: c.tr("状態", "STATE")},
	}}
	for i := range list {
		s := &list[i]
		state := term.Cell{}
		if s.Restriction != nil {
			state.Text, state.Paint = c.level(s.Restriction.Level)
		}
		t.Add(term.Cell{Text: s.ID, Paint: term.Cyan}, term.Cell{Text: s.Name}, term.Cell{Text: c.yes(s.International)},
			term.Cell{Text: money(cur, s.Usage.Today)}, term.Cell{Text: some(cur, s.Effective.CapDay), Paint: term.Dim},
			term.Cell{Text: money(cur, s.Usage.Month)}, term.Cell{Text: some(cur, s.Effective.CapMonth), Paint: term.Dim},
			term.Cell{Text: strconv.Itoa(s.Usage.Channels)}, state)
	}
	return t.Write(c.stdout, c.style)
}

func runCustomerShow(c *cmd, args []string) error {
	c.options(true)
	args, err := c.parse(args, 1, 1)
	if err != nil {
		return err
	}
	var s control.CustomerState
	if err := c.do(http.MethodGet, customerPath(args[0]), nil, &s); err != nil {
		return err
	}
	if c.json {
		return c.writeJSON(s)
	}
	cur := c.client.Currency()
	var p term.Pairs
	p.Paint(c.tr("契約者", "customer"), s.ID, term.Cyan)
	p.Add(c.tr("名前", "name"), s.Name)
	p.Add(c.tr("契約日", "opened"), s.Opened)
	p.Add(c.tr("連絡先", "contact"), s.Contact)
	p.Add(c.tr("国際発信", "international"), c.yes(s.International))
	if own := c.own(cur, &s.Own); own != "" {
		p.Add(c.tr("契約者自身の設定", "set by itself"), own)
	}
	p.Add(c.tr("番号", "numbers"), strings.Join(s.Numbers, " "))
	p.Add(c.tr("トランク", "trunks"), strings.Join(s.Trunks, " "))
	c.restrictionPairs(&p, s.Restriction)
	p.Add(c.tr("今日", "today"), ofCap(cur, s.Usage.Today, s.Effective.CapDay))
	p.Add(c.tr("今月", "this month"), ofCap(cur, s.Usage.Month, s.Effective.CapMonth))
	p.Add(c.tr("通話中", "calls now"), strconv.Itoa(s.Usage.Channels)+" / "+strconv.Itoa(s.Effective.Channels))
	p.Add(c.tr("確保中の金額", "set aside"), some(cur, s.Usage.Reserved))
	p.Add(c.tr("疑いの重み", "suspicion"), decibans(s.Usage.Weight))
	return p.Write(c.stdout, c.style)
}

// own says what a customer has set for itself; empty when nothing.
func (c *cmd) own(cur string, o *control.Own) string {
	var parts []string
	if o.Stopped {
		parts = append(parts, c.tr("緊急停止中", "all calls stopped"))
	}
	if o.NoInternational {
		parts = append(parts, c.tr("国際発信を停止", "international off"))
	}
	if len(o.BarCountries) > 0 {
		parts = append(parts, c.tr("停止中の国 ", "countries off ")+strings.Join(o.BarCountries, " "))
	}
	for _, l := range []struct {
		name  string
		limit control.Amount
	}{{c.tr("1通話", "a call"), o.CapCall}, {c.tr("1日", "a day"), o.CapDay}, {c.tr("1か月", "a month"), o.CapMonth}} {
		if l.limit > 0 {
			parts = append(parts, l.name+" "+money(cur, l.limit))
		}
	}
	return strings.Join(parts, c.tr("、", ", "))
}

func ofCap(cur string, used, limit control.Amount) string {
	if limit == 0 {
		return money(cur, used)
	}
	return money(cur, used) + " / " + money(cur, limit)
}

func (c *cmd) restrictionPairs(p *term.Pairs, r *control.Restriction) {
	if r == nil {
		return
	}
	text, paint := c.level(r.Level)
	p.Paint(c.tr("状態", "state"), text, paint)
	if r.Reason != "staff" {
		p.Add(c.tr("理由", "reason"), c.reason(r.Reason))
	}
	p.Add(c.tr("いつから", "since"), c.at(r.At))
	p.Add(c.tr("誰が", "by"), r.By)
	p.Add(c.tr("メモ", "note"), r.Note)
	p.Add(c.tr("根拠", "because of"), c.why(r.Why))
	p.Add(c.tr("最後の通話", "last call"), r.Call)
}
