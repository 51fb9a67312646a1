package main

import (
	"flag"
	"net/http"
	"net/url"
	"strings"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/app/term"
	"tsujiban/ledger"
)

func ledgerVerbs() []verb {
	change := func(name, args string, help say, v ledger.Verb, more func(*cmd, *control.NumberChange)) verb {
		return verb{name, args, help, func(c *cmd, args []string) error { return c.changeNumbers(args, v, more) }}
	}
	return []verb{
		{"number show", "NUMBER [-at WHEN] [-believed WHEN] [-json]", say{"番号の保持者、再販の連なり、経歴", "say who holds a number, through whom, and its whole life"}, runNumberShow},
		{"number held-by", "HOLDER [-at WHEN] [-believed WHEN] [-json]", say{"契約者がこれまでに保持した番号すべて", "list everything that a holder ever held"}, runHeldBy},
		change("number receive", "NUMBERS… -source CARRIER -ground TEXT", say{"事業者から払い出された番号を在庫に入れる", "take numbers that a carrier gave us into stock"}, ledger.VerbAdd, func(c *cmd, n *control.NumberChange) {
			c.flags.StringVar(&n.Source, "source", "", c.tr("払い出した`事業者`", "`carrier` that gave them"))
		}),
		change("number assign", "NUMBERS… -to HOLDER -ground TEXT", say{"在庫の番号を契約者に割り当てる", "assign numbers from stock to a holder"}, ledger.VerbAssign, holderFlags),
		change("number transfer", "NUMBERS… -to HOLDER -ground TEXT", say{"番号の契約を別の契約者が引き継ぐ", "let another holder take numbers over"}, ledger.VerbTransfer, holderFlags),
		change("number use", "NUMBERS… [-forwarding] -ground TEXT", say{"転送の利用を始める、やめる（-forwarding=false）", "say that calls to numbers are forwarded, or no longer (-forwarding=false)"}, ledger.VerbUse, func(c *cmd, n *control.NumberChange) {
			c.flags.BoolVar(&n.Forwarding, "forwarding", true, c.tr("転送に使う", "they are"))
		}),
		change("number suspend", "NUMBERS… -ground TEXT", say{"番号を直ちに利用停止にする（緊急通報は通る）", "suspend numbers at once (emergency calls pass)"}, ledger.VerbSuspend, nil),
		change("number resume", "NUMBERS… -ground TEXT", say{"利用停止を解除する", "let suspended numbers be used again"}, ledger.VerbResume, nil),
		{"number return", "NUMBERS… [-to-carrier] -ground TEXT", say{"解約された番号を再利用待ちにする（-to-carrier: 事業者に返却）", "take numbers back from their holder: they age, then they are stock (-to-carrier: give them back to the carrier)"}, runNumberReturn},
		{"number port", "NUMBERS… -in CARRIER | -out CARRIER -ground TEXT", say{"番号ポータビリティによる転入・転出", "take over numbers from another carrier, or let them go to one"}, runNumberPort},
		change("number test", "NUMBERS… -ground TEXT", say{"在庫の番号を社内試験用にする", "use numbers from stock for our own tests"}, ledger.VerbTest, nil),
		change("number stock", "NUMBERS… -ground TEXT", say{"試験用・再利用待ちの番号を在庫に戻す", "put test numbers, or numbers that are ageing, back into stock"}, ledger.VerbStock, nil),
		{"number import", "FILE -ground TEXT [-dry-run]", say{"番号・契約者の表（XLSX、CSV）を取り込む", "take in a table of numbers or holders (XLSX, CSV)"}, runNumberImport},
		{"number designations", "FILE -published DATE -ground TEXT [-whole NUMBERS] [-dry-run]", say{"総務省の番号指定状況の表（XLSX、CSV）を取り込む", "take in a designation table of the ministry (XLSX, CSV)"}, runDesignations},
		{"number export", "FILE [-at WHEN] [-believed WHEN]", say{"番号台帳を表（XLSX、CSV）に書き出す", "write the ledger to a table (XLSX, CSV)"}, runNumberExport},
		{"number log", "[-limit N] [-json]", say{"台帳の記入の一覧（誰が、いつ、何を根拠に）", "list the entries of the ledger: who, when, on what ground"}, runNumberLog},
		{"number undo", "ENTRY -ground TEXT", say{"記入一件を反対記入で取り消す", "take an entry back by a counter-entry"}, runNumberUndo},
	}
}

func holderFlags(c *cmd, n *control.NumberChange) {
	c.flags.StringVar(&n.Holder, "to", "", c.tr("`契約者`", "`holder`"))
	c.flags.BoolVar(&n.Forwarding, "forwarding", false, c.tr("転送に使う", "their calls are forwarded"))
}

// ground makes the flag that every change needs.
func (c *cmd) ground(fs *flag.FlagSet, dst *string) {
	fs.StringVar(dst, "ground", "", c.tr("何を根拠に行うか（記録されます）の`文`", "on what ground: a `text` for the record"))
}

func (c *cmd) hasGround(ground string) error {
	if ground == "" {
		return tsujiban.Errorf(tsujiban.CodeInvalid, "%s", c.tr("-ground で根拠（申込書、依頼の番号など）を書いてください。記録に残ります", "write on what ground with -ground (an application, the number of a request); it goes into the record"))
	}
	return nil
}

func (c *cmd) changeNumbers(args []string, v ledger.Verb, more func(*cmd, *control.NumberChange)) error {
	n := control.NumberChange{Verb: string(v)}
	c.numberFlags(&n)
	if more != nil {
		more(c, &n)
	}
	return c.sendNumbers(args, &n)
}

func (c *cmd) numberFlags(n *control.NumberChange) {
	fs := c.options(true)
	c.ground(fs, &n.Ground)
	fs.StringVar(&n.From, "from", "", c.tr("`いつ`から（2026-04-01、省略時は今）", "since `when` (2026-04-01; now when left out)"))
	fs.StringVar(&n.Until, "until", "", c.tr("`いつ`まで（過去の一部を訂正するとき）", "until `when`, to correct a stretch of the past"))
	fs.BoolVar(&n.DryRun, "dry-run", false, c.tr("実行せず、できるかどうかだけ調べる", "change nothing, say whether it could be done"))
}

func (c *cmd) sendNumbers(args []string, n *control.NumberChange) error {
	args, err := c.parse(args, 1, -1)
	if err != nil {
		return err
	}
	if err := c.hasGround(n.Ground); err != nil {
		return err
	}
	n.Numbers = args
	var done control.LedgerDone
	if err := c.do(http.MethodPost, "/v1/ledger/numbers", n, &done); err != nil {
		return err
	}
	return c.showLedgerDone(&done)
}

// showLedgerDone tells what a change of the ledger came to.
func (c *cmd) showLedgerDone(d *control.LedgerDone) error {
	if c.json {
		return c.writeJSON(d)
	}
	if d.DryRun {
		t := term.Table{Columns: []term.Column{{Title: c.tr("行", "LINE"), Right: true}, {Title: c.tr("断る理由", "REFUSED BECAUSE"), Least: 30}}}
		for _, r := range d.Refused {
			line := ""
			if r.Line > 0 {
				line = itoa(r.Line)
			}
			t.Row(line, r.Reason)
		}
		if len(t.Rows) > 0 {
			if err := t.Write(c.stdout, c.style); err != nil {
				return err
			}
			return c.printf(c.tr("試行: %d 行を断ります。何も変更していません\n", "dry run: %d lines would be refused; nothing was changed\n"), len(d.Refused))
		}
		return c.printf(c.tr("試行: 問題ありません（番号 %d 件、契約者 %d 件）。何も変更していません\n", "dry run: nothing stands against it (%d numbers, %d holders); nothing was changed\n"), d.Numbers, len(d.Holders))
	}
	return c.printf(c.tr("記入 %d: 番号 %d 件、契約者 %d 件\n", "entry %d: %d numbers, %d holders\n"), d.Entry.ID, d.Numbers, len(d.Holders))
}

func runNumberReturn(c *cmd, args []string) error {
	n := control.NumberChange{Verb: string(ledger.VerbRelease)}
	c.numberFlags(&n)
	c.flags.IntVar(&n.AgeingDays, "ageing", 0, c.tr("再利用まで置く`日数`（省略時は180日）", "`days` before they are reused; 180 when left out"))
	back := c.flags.Bool("to-carrier", false, c.tr("在庫の番号を払い出し元の事業者に返す", "give stock back to the carrier that it came from"))
	args, err := c.early(args)
	if err != nil {
		return err
	}
	if *back {
		n.Verb = string(ledger.VerbGiveBack)
	}
	return c.sendNumbers(args, &n)
}

// early reads the flags before the order is made, and returns the other arguments.
func (c *cmd) early(args []string) ([]string, error) {
	rest, err := c.parse(args, 1, -1)
	return append([]string{"--"}, rest...), err
}

func runNumberPort(c *cmd, args []string) error {
	n := control.NumberChange{}
	c.numberFlags(&n)
	in := c.flags.String("in", "", c.tr("転入元の`事業者`", "`carrier` that they come from"))
	out := c.flags.String("out", "", c.tr("転出先の`事業者`", "`carrier` that they go to"))
	holderFlags(c, &n)
	args, err := c.early(args)
	if err != nil {
		return err
	}
	switch {
	case (*in == "") == (*out == ""):
		return tsujiban.Errorf(tsujiban.CodeInvalid, "%s", c.tr("-in（転入元）か -out（転出先）のどちらかを書いてください", "write either -in or -out with the other carrier"))
	case *in != "":
		n.Verb, n.Peer = string(ledger.VerbPortIn), *in
	default:
		n.Verb, n.Peer = string(ledger.VerbPortOut), *out
	}
	return c.sendNumbers(args, &n)
}

// when makes the flags of a question.
func (c *cmd) when(fs *flag.FlagSet) func() string {
	at := fs.String("at", "", c.tr("`いつ`の時点で（2026-04-01 や \"2026-04-01 15:00\"、省略時は今）", "at `when` (2026-04-01, or \"2026-04-01 15:00\"; now when left out)"))
	believed := fs.String("believed", "", c.tr("`いつ`の台帳で（その時点でどう記録していたか）", "as the ledger said `when`"))
	return func() string {
		v := url.Values{}
		if *at != "" {
			v.Set("at", *at)
		}
		if *believed != "" {
			v.Set("believed", *believed)
		}
		return v.Encode()
	}
}

func runNumberShow(c *cmd, args []string) error {
	query := c.when(c.options(true))
	args, err := c.parse(args, 1, 1)
	if err != nil {
		return err
	}
	var s control.NumberState
	if err := c.do(http.MethodGet, "/v1/ledger/numbers/"+url.PathEscape(args[0])+"?"+query(), nil, &s); err != nil {
		return err
	}
	if c.json {
		return c.writeJSON(s)
	}
	var p term.Pairs
	p.Add(c.tr("番号", "number"), s.Position.Number)
	p.Add(c.tr("時点", "at"), c.at(s.At))
	p.Add(c.tr("台帳の時点", "as believed"), c.at(s.Believed))
	p.Add(c.tr("状態", "state"), s.Position.State.Text(c.lang))
	for i, l := range s.Position.Chain {
		name := c.tr("契約者", "holder")
		if i > 0 {
			name = c.tr("その上の再販者", "above it")
		}
		p.Add(name, link(&l))
	}
	p.Add(c.tr("払出元", "from"), s.Position.Source)
	p.Add(c.tr("移転の相手", "ported from or to"), s.Position.Peer)
	if s.Position.Forwarding {
		p.Add(c.tr("転送", "forwarding"), c.tr("あり", "yes"))
	}
	switch d := &s.Designated; {
	case !d.Known:
		p.Add(c.tr("番号指定", "designated to"), c.tr("指定状況の表を取り込んでいません", "no designation table covers it"))
	case d.Carrier == "":
		p.Add(c.tr("番号指定", "designated to"), c.tr("なし（未指定の番号）", "nobody: the block is not given out"))
	default:
		p.Add(c.tr("番号指定", "designated to"), d.Carrier)
	}
	if err := p.Write(c.stdout, c.style); err != nil {
		return err
	}
	if len(s.Life) == 0 {
		return nil
	}
	t := term.Table{Columns: []term.Column{
		{Title: c.tr("から", "FROM")}, {Title: c.tr("まで", "UNTIL")}, {Title: c.tr("状態", "STATE")}, {Title: c.tr("契約者", "HOLDER")},
		{Title: c.tr("記入", "ENTRY"), Right: true}, {Title: c.tr("誰が", "BY")}, {Title: c.tr("根拠", "GROUND"), Least: 20},
	}}
	for i := range s.Life {
		l := &s.Life[i]
		t.Row(c.at(l.From), c.at(l.To), l.State.Text(c.lang), string(l.Holder), itoa(int(l.Entry)), l.Entered.By, l.Entered.Ground)
	}
	if err := c.printf("\n"); err != nil {
		return err
	}
	return t.Write(c.stdout, c.style)
}

// link is a holder in one line.
func link(l *ledger.Link) string {
	s := string(l.ID) + " " + l.Name
	if l.Corporate != "" {
		s += " (" + l.Corporate + ")"
	}
	return s
}

func runHeldBy(c *cmd, args []string) error {
	query := c.when(c.options(true))
	args, err := c.parse(args, 1, 1)
	if err != nil {
		return err
	}
	all := []ledger.Held{}
	for cursor := ""; ; {
		var page ledger.HeldPage
		if err := c.do(http.MethodGet, "/v1/ledger/held/"+url.PathEscape(args[0])+"?"+query()+"&cursor="+url.QueryEscape(cursor), nil, &page); err != nil {
			return err
		}
		all = append(all, page.Held...)
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if c.json {
		return c.writeJSON(all)
	}
	t := term.Table{Columns: []term.Column{{Title: c.tr("番号", "NUMBERS")}, {Title: c.tr("件数", "COUNT"), Right: true}, {Title: c.tr("状態", "STATE")}, {Title: c.tr("から", "FROM")}, {Title: c.tr("まで", "UNTIL")}, {Title: c.tr("記入", "ENTRY"), Right: true}}}
	for i := range all {
		h := &all[i]
		t.Row(h.Range.String(), itoa(int(h.Range.Count())), h.State.Text(c.lang), c.at(h.From), c.at(h.To), itoa(int(h.Entry)))
	}
	return t.Write(c.stdout, c.style)
}

func runNumberLog(c *cmd, args []string) error {
	fs := c.options(true)
	limit := fs.Int("limit", 50, c.tr("表示する`件数`", "how `many`"))
	if _, err := c.parse(args, 0, 0); err != nil {
		return err
	}
	var list []ledger.Entry
	if err := c.do(http.MethodGet, "/v1/ledger/entries?limit="+itoa(*limit), nil, &list); err != nil {
		return err
	}
	if c.json {
		return c.writeJSON(list)
	}
	t := term.Table{Columns: []term.Column{{Title: c.tr("記入", "ENTRY"), Right: true}, {Title: c.tr("日時", "WHEN")}, {Title: c.tr("誰が", "BY")}, {Title: c.tr("何を", "WHAT")}, {Title: c.tr("取消", "UNDONE BY")}, {Title: c.tr("根拠", "GROUND"), Least: 20}}}
	for i := range list {
		e := &list[i]
		what, undone := e.Verb, ""
		if e.Undoes > 0 {
			what += " " + itoa(int(e.Undoes))
		}
		if e.File != "" {
			what += " " + e.File
		}
		if e.UndoneBy > 0 {
			undone = itoa(int(e.UndoneBy))
		}
		t.Row(itoa(int(e.ID)), c.at(e.At), e.By, strings.TrimSpace(what), undone, e.Ground)
	}
	return t.Write(c.stdout, c.style)
}

func runNumberUndo(c *cmd, args []string) error {
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
	if err := c.do(http.MethodPost, "/v1/ledger/undo/"+url.PathEscape(args[0]), o, &done); err != nil {
		return err
	}
	return c.showLedgerDone(&done)
}
