package main

import (
	"encoding/json"
	"errors"
	"io"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/app/term"
	"tsujiban/ledger/annual"
	"tsujiban/ledger/sheet"
)

func annualVerbs() []verb {
	return []verb{
		{"number report", "FILE [-year YEAR] [-json]", say{"番号使用状況の年次報告（3月31日現在、6月30日提出）を表（XLSX、CSV）に書き出す", "write the annual report on the use of numbers (position of 31 March, due 30 June) to a table (XLSX, CSV)"}, runAnnual},
	}
}

func runAnnual(c *cmd, args []string) error {
	fs := c.options(true)
	year := fs.Int("year", lastPosition(time.Now()), c.tr("この`年`の3月31日現在", "position of 31 March of this `year`"))
	args, err := c.parse(args, 1, 1)
	if err != nil {
		return err
	}
	var report *annual.Report
	err = writeWhole(args[0], func(f io.Writer) error {
		w, err := sheet.NewWriter(args[0], f)
		if err != nil {
			return err
		}
		report, err = c.annual(*year, w)
		return errors.Join(err, w.Close())
	})
	if err != nil {
		return err
	}
	if c.json {
		return c.writeJSON(report)
	}
	return c.showAnnual(args[0], report)
}

// lastPosition is the year of the last 31 March that is over.
func lastPosition(now time.Time) int {
	if now.Month() < time.April {
		return now.Year() - 1
	}
	return now.Year()
}

// annual asks for a report and writes its sheets.
func (c *cmd) annual(year int, w sheet.Writer) (*annual.Report, error) {
	client, err := c.dial()
	if err != nil {
		return nil, err
	}
	defer client.Close()
	var report *annual.Report
	end := false
	err = client.Stream(c.ctx, "/v1/ledger/annual?year="+itoa(year), func(raw control.Raw) error {
		var line control.AnnualLine
		if err := json.Unmarshal(raw, &line); err != nil {
			return tsujiban.Errorf(tsujiban.CodeInternal, "the program's reply cannot be read: %w", err)
		}
		switch {
		case line.Report != nil:
			report = line.Report
			return c.annualSheets(report, w)
		case line.Behind != nil:
			k := line.Behind
			return w.Row(c.kind(k.Kind), k.Source, k.Use.Text(c.lang), k.Range.String(), k.Range.Count(), string(k.Holder), c.mark(k.Forwarding), c.mark(k.Suspended), k.Entry)
		}
		end = line.End
		return nil
	})
	if err == nil && (!end || report == nil) {
		err = tsujiban.Errorf(tsujiban.CodeUnavailable, "the report broke off: see the program's log, and try again")
	}
	return report, err
}

// annualSheets writes what comes before the numbers: figures, difference, resellers, what is missing; then the head of the numbers.
func (c *cmd) annualSheets(r *annual.Report, w sheet.Writer) error {
	var errs []error
	row := func(cells ...any) { errs = append(errs, w.Row(cells...)) }
	table := func(name string) { errs = append(errs, w.Sheet(name)) }
	figures := []any{c.tr("番号種別", "kind"), c.tr("払出元事業者", "source carrier"), c.tr("合計", "total"), c.tr("利用中", "in use"), c.tr("卸提供中", "wholesaled"),
		c.tr("社内試験用", "own tests"), c.tr("未利用", "unused"), c.tr("うち転送利用", "of these forwarding"), c.tr("うち利用停止中", "of these suspended")}
	rows := func(list []annual.Row) {
		for i := range list {
			x := &list[i]
			row(c.kind(x.Kind), x.Source, x.Total, x.InUse, x.Wholesale, x.Test, x.Unused, x.Forwarding, x.Suspended)
		}
	}
	table(c.tr("番号使用状況", "use of numbers"))
	row(c.tr("現在日", "position"), r.Position.In(c.local()).Format(time.DateOnly), c.tr("提出期限", "due"), r.Due.In(c.local()).Format(time.DateOnly))
	row(figures...)
	rows(r.Rows)
	t := r.Total
	row(c.tr("合計", "total"), "", t.Total, t.InUse, t.Wholesale, t.Test, t.Unused, t.Forwarding, t.Suspended)
	table(c.tr("前年との差", "difference to last year"))
	believed := c.tr("現在の台帳", "the ledger as it is now")
	if r.Last != nil && !r.Last.Believed.IsZero() {
		believed = r.Last.Believed.In(c.local()).Format(time.DateOnly)
	}
	row(c.tr("前年の数字は次の時点の台帳による", "last year's figures are those of the ledger of"), believed)
	row(figures...)
	rows(r.Change)
	table(c.tr("卸先", "resellers"))
	row(c.tr("契約者", "id"), c.tr("名称", "name"), c.tr("法人番号", "corporate number"), c.tr("転送役務", "forwarding"), c.tr("認定確認日", "approval checked"), c.tr("仕入先", "buys from"), c.tr("番号数", "numbers"))
	for _, x := range r.Resellers {
		row(string(x.ID), x.Name, x.Corporate, c.tr(map[bool]string{true: "有", false: "無"}[x.Forwarding], map[bool]string{true: "yes", false: "no"}[x.Forwarding]), x.Approved, string(x.Parent), x.Numbers)
	}
	table(c.tr("不足", "missing"))
	row(c.tr("対象", "what"), c.tr("内容", "missing"))
	for _, m := range r.Missing {
		row(m.What, c.tr(m.Ja, m.En))
	}
	table(c.tr("番号の内訳", "numbers behind the figures"))
	row(c.tr("番号種別", "kind"), c.tr("払出元事業者", "source carrier"), c.tr("区分", "use"), c.tr("番号", "numbers"), c.tr("件数", "count"), c.tr("契約者", "holder"), c.tr("転送", "forwarding"), c.tr("利用停止", "suspended"), c.tr("台帳の記入", "entry"))
	return errors.Join(errs...)
}

var kindWords = map[string]say{
	"fixed": {"固定電話番号", "fixed"}, "mobile": {"携帯電話番号", "mobile"}, "ip-phone": {"特定IP電話番号（050）", "IP phone (050)"}, "freephone": {"着信課金番号", "freephone"},
	"shared-cost": {"0570番号", "shared cost"}, "m2m": {"M2M番号", "M2M"}, "pager": {"無線呼出番号", "pager"}, "premium": {"0990番号", "premium"},
}

// kind says the name of a class of numbers to a person.
func (c *cmd) kind(name string) string {
	if w, ok := kindWords[name]; ok {
		return w.in(c.lang)
	}
	return name
}

// showAnnual tells the totals and what is missing.
func (c *cmd) showAnnual(file string, r *annual.Report) error {
	t := term.Table{Columns: []term.Column{
		{Title: c.tr("番号種別", "KIND")}, {Title: c.tr("払出元", "SOURCE"), Least: 8}, {Title: c.tr("合計", "TOTAL"), Right: true}, {Title: c.tr("利用中", "IN USE"), Right: true},
		{Title: c.tr("卸提供中", "WHOLESALED"), Right: true}, {Title: c.tr("試験用", "TESTS"), Right: true}, {Title: c.tr("未利用", "UNUSED"), Right: true}, {Title: c.tr("転送", "FORWARDING"), Right: true},
	}}
	add := func(x *annual.Row, kind string) {
		n := func(v int64) string { return tsujiban.Money(v * int64(tsujiban.Unit)).Grouped() }
		t.Row(kind, x.Source, n(x.Total), n(x.InUse), n(x.Wholesale), n(x.Test), n(x.Unused), n(x.Forwarding))
	}
	for i := range r.Rows {
		add(&r.Rows[i], c.kind(r.Rows[i].Kind))
	}
	add(&r.Total, c.tr("合計", "total"))
	if err := t.Write(c.stdout, c.style); err != nil {
		return err
	}
	var p term.Pairs
	for _, m := range r.Missing {
		p.Add(m.What, c.tr(m.Ja, m.En))
	}
	switch {
	case len(r.Missing) == 0:
		return c.printf(c.tr("%s: 提出できます（期限 %s）\n", "%s: ready to be filed (due %s)\n"), term.Clean(file), r.Due.In(c.local()).Format(time.DateOnly))
	default:
		if err := c.printf("\n"); err != nil {
			return err
		}
		if err := p.Write(c.stdout, c.style); err != nil {
			return err
		}
		return c.printf(c.tr("%s: 提出までに %d 件を補ってください（期限 %s）\n", "%s: %d things are missing before it can be filed (due %s)\n"), term.Clean(file), len(r.Missing), r.Due.In(c.local()).Format(time.DateOnly))
	}
}
