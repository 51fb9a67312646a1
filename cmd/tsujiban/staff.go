package main

import (
	"net/http"
	"net/url"
	"strings"

	"tsujiban/app/control"
	"tsujiban/app/term"
)

func staffVerbs() []verb {
	return []verb{
		{"staff list", "[-json]", say{"コンソールに入れる人の一覧", "list who can sign in at the console"}, runStaffList},
		{"staff invite", "LOGIN -name NAME -role ROLE [-language ja|en] [-customers IDS]", say{"招待し、一度だけ使えるリンクを表示する", "invite somebody and show the link, which works once"}, runStaffInvite},
		{"staff link", "LOGIN [-json]", say{"入れなくなった人のための、一度だけ使えるリンクを表示する", "show a link, which works once, for somebody who cannot get in"}, runStaffLink},
		{"staff disable", "LOGIN", say{"入れないようにする（ログイン中でも直ちに）", "let somebody in no longer, from now on"}, staffDo("disable")},
		{"staff enable", "LOGIN", say{"また入れるようにする", "let somebody in again"}, staffDo("enable")},
		{"staff signout", "LOGIN", say{"すべての端末からログアウトさせる", "sign somebody out everywhere"}, staffDo("signout")},
	}
}

var roleWords = map[string]say{
	"viewer": {"閲覧", "viewer"}, "analyst": {"分析", "analyst"}, "inquiry-officer": {"照会担当", "inquiry officer"}, "administrator": {"管理者", "administrator"},
	"reseller": {"再販事業者", "reseller"}, "customer": {"契約者", "customer"},
}

func runStaffList(c *cmd, args []string) error {
	c.options(true)
	if _, err := c.parse(args, 0, 0); err != nil {
		return err
	}
	var list []control.Staff
	if err := c.do(http.MethodGet, "/v1/staff", nil, &list); err != nil {
		return err
	}
	if c.json {
		return c.writeJSON(list)
	}
	if len(list) == 0 {
		return c.printf("%s\n", c.tr("まだ誰もいません。プログラムの開始時に表示されるリンクで、最初の管理者を登録してください。", "There is nobody yet. The link that the program prints at its start makes the first administrator."))
	}
	t := term.Table{Columns: []term.Column{{Title: c.tr("ログイン", "LOGIN")}, {Title: c.tr("名前", "NAME"), Least: 8}, {Title: c.tr("役割", "ROLE")}, {Title: c.tr("契約者", "CUSTOMERS"), Least: 8}, {Title: c.tr("最終ログイン", "SIGNED IN")}, {Title: c.tr("状態", "STATE")}}}
	for _, s := range list {
		state, paint := c.tr("有効", "active"), term.Plain
		switch {
		case !s.Disabled.IsZero():
			state, paint = c.tr("停止 ", "disabled ")+c.at(s.Disabled), term.Dim
		case s.SignedIn.IsZero():
			state, paint = c.tr("招待中", "invited"), term.Yellow
		case !s.Secured:
			state, paint = c.tr("第二の確認手段なし", "no second factor"), term.Yellow
		}
		role := s.Role
		if w, ok := roleWords[s.Role]; ok {
			role = w.in(c.lang)
		}
		t.Add(term.Cell{Text: s.Login}, term.Cell{Text: s.Name}, term.Cell{Text: role}, term.Cell{Text: strings.Join(s.Customers, " ")}, term.Cell{Text: c.at(s.SignedIn)}, term.Cell{Text: state, Paint: paint})
	}
	return t.Write(c.stdout, c.style)
}

func runStaffInvite(c *cmd, args []string) error {
	var in control.Staff
	customers := ""
	fs := c.options(true)
	fs.StringVar(&in.Name, "name", "", c.tr("その人の`名前`", "their `name`"))
	fs.StringVar(&in.Role, "role", "", c.tr("`役割`: viewer（閲覧）、analyst（分析）、inquiry-officer（照会担当）、administrator（管理者）、reseller（再販事業者）、customer（契約者）", "`role`: viewer, analyst, inquiry-officer, administrator, reseller or customer"))
	fs.StringVar(&in.Language, "language", "", c.tr("その人の言語 `ja|en`", "their language `ja|en`"))
	fs.StringVar(&customers, "customers", "", c.tr("再販事業者・契約者が見られる`契約者`（カンマ区切り）", "`customers` that a reseller or customer reaches, with commas between"))
	args, err := c.parse(args, 1, 1)
	if err != nil {
		return err
	}
	in.Login = args[0]
	in.Customers = strings.FieldsFunc(customers, func(r rune) bool { return r == ',' || r == ' ' })
	return c.staffLink("/v1/staff", in)
}

func runStaffLink(c *cmd, args []string) error {
	c.options(true)
	args, err := c.parse(args, 1, 1)
	if err != nil {
		return err
	}
	return c.staffLink("/v1/staff/"+url.PathEscape(args[0])+"/link", nil)
}

func (c *cmd) staffLink(path string, in any) error {
	var out control.StaffLink
	if err := c.do(http.MethodPost, path, in, &out); err != nil {
		return err
	}
	if c.json {
		return c.writeJSON(out)
	}
	hours := c.tr("7 日以内に", "within 7 days")
	if out.Purpose == "reset" {
		hours = c.tr("2 時間以内に", "within 2 hours")
	}
	return c.printf(c.tr("%s さんに、ほかの人に見られない方法で渡してください。%s一度だけ使えます。\n%s\n", "Hand this to %s in private. It works once, %s.\n%s\n"), term.Clean(out.Login), hours, out.Link)
}

func staffDo(do string) func(*cmd, []string) error {
	return func(c *cmd, args []string) error {
		c.options(true)
		args, err := c.parse(args, 1, 1)
		if err != nil {
			return err
		}
		return c.change(http.MethodPost, "/v1/staff/"+url.PathEscape(args[0])+"/"+do, nil)
	}
}
