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

func holderVerbs() []verb {
	return []verb{
		{"holder list", "[-below HOLDER] [-at WHEN] [-json]", say{"番号の契約者（エンドユーザーと再販者）の一覧", "list those who can hold numbers: end users and resellers"}, runHolderList},
		{"holder show", "ID [-at WHEN] [-believed WHEN] [-json]", say{"契約者一件の登録内容、本人確認、経歴、再販の連なり", "all about one holder: what was checked, its history, who is above and below it"}, runHolderShow},
		{"holder add", "ID -name NAME -ground TEXT …", say{"契約者を台帳に登録する", "add a holder to the ledger"}, func(c *cmd, args []string) error { return c.setHolder(args, true) }},
		{"holder set", "ID -ground TEXT …", say{"契約者の登録内容を変える（以前の内容も残る）", "change what is known of a holder; what was before stays on record"}, func(c *cmd, args []string) error { return c.setHolder(args, false) }},
		{"holder check", "ID -what DOCUMENT -how METHOD -ground TEXT", say{"本人確認の記録を加える", "record an identity check"}, runHolderCheck},
	}
}

func holderPath(id string) string { return "/v1/ledger/holders/" + url.PathEscape(id) }

func (c *cmd) setHolder(args []string, add bool) error {
	fs := c.options(true)
	p := patch{}
	in := control.HolderChange{Fields: p, Add: add}
	c.ground(fs, &in.Ground)
	fs.StringVar(&in.From, "from", "", c.tr("`いつ`から（省略時は今）", "since `when` (now when left out)"))
	fs.StringVar(&in.Until, "until", "", c.tr("`いつ`まで（過去の一部を訂正するとき）", "until `when`, to correct a stretch of the past"))
	p.text(fs, "name", "name", c.tr("`名称`", "`name`"))
	p.text(fs, "kana", "kana", c.tr("`フリガナ`", "the name in `kana`"))
	p.text(fs, "corporate", "corporate", c.tr("`法人番号`（13桁）", "corporate `number`, 13 digits"))
	p.text(fs, "representative", "representative", c.tr("`代表者`", "`person` who represents it"))
	p.text(fs, "address", "address", c.tr("`住所`", "`address`"))
	p.text(fs, "phone", "phone", c.tr("連絡先の`電話`", "`telephone` where staff reach it"))
	p.text(fs, "mail", "mail", c.tr("`メール`", "`mail` address"))
	p.text(fs, "account", "account", c.tr("支払いの`口座`", "`account` that it pays from"))
	p.text(fs, "contact", "contact", c.tr("`担当者`", "`person` whom staff speak with"))
	p.yesno(fs, "reseller", "reseller", c.tr("番号を再販する", "it sells numbers on"))
	p.yesno(fs, "forwarding", "forwarding", c.tr("電話転送を提供・利用する", "calls are forwarded, by it or below it"))
	p.text(fs, "parent", "parent", c.tr("仕入先の`再販者`", "the `reseller` that it buys from"))
	p.text(fs, "approved", "approved", c.tr("再販者の番号使用計画の認定を確認した`日`", "`day` on which the approval of a reseller's plan was checked"))
	p.text(fs, "ended", "ended", c.tr("契約が終わった`日`", "last `day` of the contract"))
	args, err := c.parse(args, 1, 1)
	if err != nil {
		return err
	}
	if err := c.hasGround(in.Ground); err != nil {
		return err
	}
	if s, ok := p["corporate"].(string); ok {
		p["corporate"] = strings.ReplaceAll(s, "-", "")
	}
	switch {
	case add && p["name"] == nil:
		return tsujiban.Errorf(tsujiban.CodeInvalid, "%s", c.tr("-name で名称を書いてください", "write the holder's name with -name"))
	case !add && len(p) == 0:
		return tsujiban.Errorf(tsujiban.CodeInvalid, "%s", c.tr("変える項目がありません。-h で一覧を表示します", "nothing to change was given; -h lists what there is"))
	}
	return c.sendHolder(args[0], &in)
}

func (c *cmd) sendHolder(id string, in *control.HolderChange) error {
	var done control.LedgerDone
	if err := c.do(http.MethodPost, holderPath(id), in, &done); err != nil {
		return err
	}
	return c.showLedgerDone(&done)
}

func runHolderCheck(c *cmd, args []string) error {
	fs := c.options(true)
	in := control.HolderChange{Check: &ledger.Check{}}
	c.ground(fs, &in.Ground)
	k := in.Check
	fs.StringVar(&k.What, "what", "", c.tr("確認した`書類`", "what `document` was looked at"))
	fs.StringVar(&k.How, "how", "", c.tr("確認の`方法`（対面、転送不要郵便など）", "`how`: in person, by mail to the address, …"))
	fs.StringVar(&k.By, "by", "", c.tr("確認した`人`（省略時は操作した人）", "`who` looked (you, when left out)"))
	fs.StringVar(&in.On, "on", "", c.tr("確認した`日`（省略時は今）", "`when` it was looked at (now when left out)"))
	fs.StringVar(&k.Evidence, "evidence", "", c.tr("保管した写しの`SHA-256`", "`SHA-256` of the copy that is kept"))
	args, err := c.parse(args, 1, 1)
	if err != nil {
		return err
	}
	if err := c.hasGround(in.Ground); err != nil {
		return err
	}
	return c.sendHolder(args[0], &in)
}

func runHolderList(c *cmd, args []string) error {
	fs := c.options(true)
	query := c.when(fs)
	below := fs.String("below", "", c.tr("この`再販者`の下だけ", "only those right below this `reseller`"))
	if _, err := c.parse(args, 0, 0); err != nil {
		return err
	}
	var list []ledger.Holder
	if err := c.do(http.MethodGet, "/v1/ledger/holders?below="+url.QueryEscape(*below)+"&"+query(), nil, &list); err != nil {
		return err
	}
	if c.json {
		return c.writeJSON(list)
	}
	t := term.Table{Columns: []term.Column{{Title: c.tr("契約者", "HOLDER")}, {Title: c.tr("名称", "NAME"), Least: 10}, {Title: c.tr("法人番号", "CORPORATE")}, {Title: c.tr("仕入先", "BUYS FROM")}, {Title: c.tr("再販", "RESELLS")}, {Title: c.tr("転送", "FORWARDS")}, {Title: c.tr("本人確認", "CHECKS"), Right: true}}}
	for i := range list {
		h := &list[i]
		t.Row(string(h.ID), h.Name, h.Corporate, string(h.Parent), c.mark(h.Reseller), c.mark(h.Forwarding), itoa(len(h.Checks)))
	}
	return t.Write(c.stdout, c.style)
}

// mark is a tick for tables, nothing for no.
func (c *cmd) mark(b bool) string {
	if b {
		return c.tr("○", "yes")
	}
	return ""
}

func runHolderShow(c *cmd, args []string) error {
	query := c.when(c.options(true))
	args, err := c.parse(args, 1, 1)
	if err != nil {
		return err
	}
	var s control.HolderState
	if err := c.do(http.MethodGet, holderPath(args[0])+"?"+query(), nil, &s); err != nil {
		return err
	}
	if c.json {
		return c.writeJSON(s)
	}
	h := &s.Life[len(s.Life)-1].Holder
	var p term.Pairs
	p.Add(c.tr("契約者", "holder"), string(h.ID))
	p.Add(c.tr("名称", "name"), h.Name)
	p.Add(c.tr("フリガナ", "kana"), h.Kana)
	p.Add(c.tr("法人番号", "corporate number"), h.Corporate)
	p.Add(c.tr("代表者", "representative"), h.Representative)
	p.Add(c.tr("住所", "address"), h.Address)
	p.Add(c.tr("電話", "telephone"), h.Phone)
	p.Add(c.tr("メール", "mail"), h.Mail)
	p.Add(c.tr("口座", "account"), h.Account)
	p.Add(c.tr("担当者", "contact"), h.Contact)
	p.Add(c.tr("再販", "resells"), c.mark(h.Reseller))
	p.Add(c.tr("転送", "forwards"), c.mark(h.Forwarding))
	p.Add(c.tr("認定確認日", "approval checked"), h.Approved)
	p.Add(c.tr("契約終了日", "ended"), h.Ended)
	for i := range s.Chain[min(len(s.Chain), 1):] {
		p.Add(c.tr("上の再販者", "buys from"), link(&s.Chain[i+1]))
	}
	for _, id := range s.Below {
		p.Add(c.tr("下の契約者", "below it"), string(id))
	}
	for _, k := range h.Checks {
		p.Add(c.tr("本人確認", "checked"), strings.Join([]string{k.At.In(c.local()).Format(time.DateOnly), k.What, k.How, k.By}, ", "))
	}
	p.Add(c.tr("契約前審査", "onboarding screen"), c.screenState(&s))
	for _, v := range s.Life {
		p.Add(c.tr("経歴", "history"), strings.TrimSpace(c.at(v.From)+" – "+c.at(v.To)+" "+v.Name+" "+string(v.Parent)+c.tr(" 記入 ", " entry ")+itoa(int(v.Entry))))
	}
	return p.Write(c.stdout, c.style)
}

// screenState says in one line how the holder stands with the onboarding screen.
func (c *cmd) screenState(s *control.HolderState) string {
	k := s.Screen
	if k == nil {
		return ledger.ScreenNone.Text(c.lang)
	}
	text := k.Outcome.Text(c.lang) + " " + c.at(k.At)
	if !k.Until.IsZero() {
		text += c.tr("、有効期限 ", ", holds until ") + c.at(k.Until)
	}
	switch {
	case len(k.Changed) > 0:
		text += c.tr("、審査後に変更: ", ", changed since: ") + strings.Join(k.Changed, " ")
	case k.Outcome == ledger.ScreenPassed && s.Barred != "":
		text += c.tr("、期限切れ", ", over")
	}
	return text
}
