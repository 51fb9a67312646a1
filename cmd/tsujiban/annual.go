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
			return c.words().Sheets(report, w)
		case line.Behind != nil:
			return c.words().Row(line.Behind, w)
		}
		end = line.End
		return nil
	})
	if err == nil && (!end || report == nil) {
		err = tsujiban.Errorf(tsujiban.CodeUnavailable, "the report broke off: see the program's log, and try again")
	}
	return report, err
}

// words are those of reports, in the person's language and the zone of the node.
func (c *cmd) words() annual.Words { return annual.Words{Lang: c.lang, Zone: c.local()} }

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
		add(&r.Rows[i], r.Rows[i].KindText(c.lang))
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
