package backtest

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"time"

	"tsujiban"
	"tsujiban/trace"
)

// Report is what stands in the page.
type Report struct {
	Lang    tsujiban.Lang
	Title   string // whose traffic
	Zone    *time.Location
	Summary *Summary
	Days    []Day
	Cases   []*Case
	More    int // cases that are not shown
	What    []WhatIf
	Curves  []Curve // of a labelled trace
	Kinds   []*Kind // likewise
	Rejects *trace.Rejects
	Made    time.Time
}

// WhatIf is the same traffic under other limits.
type WhatIf struct {
	Label   string
	Current bool
	Summary Summary
}

//go:embed report.html
var reportHTML string

// Write writes the page: one file that asks no other host for anything.
func (r *Report) Write(w io.Writer) error {
	t, err := template.New("report").Funcs(r.funcs()).Parse(reportHTML)
	if err != nil {
		return err
	}
	return t.Execute(w, r)
}

func (r *Report) funcs() template.FuncMap {
	tr := func(ja, en string) string {
		if r.Lang == tsujiban.English {
			return en
		}
		return ja
	}
	return template.FuncMap{
		"tr":    tr,
		"lang":  func() string { return tr("ja", "en") },
		"yen":   func(v any) string { return r.yen(v) },
		"count": count,
		"at": func(t time.Time) string {
			return t.In(r.zone()).Format(tr("2006年1月2日 15:04:05", "2 Jan 2006 15:04:05"))
		},
		"date":     func(t time.Time) string { return t.In(r.zone()).Format(tr("2006年1月2日", "2 Jan 2006")) },
		"days":     dayChart,
		"chart":    caseChart,
		"bar":      weightBar,
		"curves":   curveChart,
		"evidence": func(e tsujiban.Evidence) string { return e.Text(r.Lang) },
		"factor":   func(c tsujiban.Campaign) string { return c.Factor.Text(r.Lang) },
		"reach":    func(v tsujiban.Reach) string { return v.Text(r.Lang) },
		"reason": func(code string) string {
			v, _ := tsujiban.ParseReason(code)
			return v.Text(r.Lang)
		},
		"fault":    func(f int) string { return trace.Fault(f).Text(r.Lang) },
		"decibans": func(d tsujiban.Decibans) string { return fmt.Sprintf("%+.1f", float64(d)) },
		"share": func(part, whole any) string {
			a, b := number(part), number(whole)
			if b == 0 {
				return "–"
			}
			return fmt.Sprintf("%.2f %%", 100*a/b)
		},
		"some": func(w tsujiban.Weight) bool { return w.Kind != tsujiban.EvidenceNone },
	}
}

func (r *Report) zone() *time.Location {
	if r.Zone == nil {
		return time.UTC
	}
	return r.Zone
}

func (r *Report) yen(v any) string {
	switch v := v.(type) {
	case tsujiban.Money:
		return "¥" + v.Grouped()
	case Yen:
		return "¥" + tsujiban.Money(v).Grouped()
	}
	return "?"
}

// count writes a whole number with a comma every three digits.
func count(n int) string { return (tsujiban.Money(n) * tsujiban.Unit).Grouped() }

func number(v any) float64 {
	switch v := v.(type) {
	case tsujiban.Money:
		return float64(v)
	case Yen:
		return float64(v)
	case int:
		return float64(v)
	}
	return 0
}
