package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"tsujiban"
	"tsujiban/app/term"
	"tsujiban/simulate"
)

func simulateVerbs() []verb {
	return []verb{
		{"simulate", "-out DIR [-seed N] [-customers N] [-days N] …", say{"正解付きの模擬通話記録（正当な利用と乗っ取り）を作る", "make labelled call records, honest and hijacked"}, runSimulate},
	}
}

func runSimulate(c *cmd, args []string) error {
	var o simulate.Options
	var out, kinds string
	c.options(false)
	fs := c.flags
	fs.StringVar(&out, "out", "", c.tr("出力先の`フォルダ`", "`folder` to write to"))
	fs.Uint64Var(&o.Seed, "seed", 1, c.tr("乱数の`種`。同じ種からは同じ記録ができる", "`seed`: the same one makes the same records"))
	fs.IntVar(&o.Customers, "customers", 0, c.tr("契約者の`数`（0: 250）", "`number` of customers (0: 250)"))
	fs.IntVar(&o.Days, "days", 0, c.tr("`日数`（0: 28）", "`days` (0: 28)"))
	fs.IntVar(&o.AttackFrom, "attacks-from", 0, c.tr("乗っ取りが始まる`日`（0: 半ば）", "`day` from which thieves come (0: half way)"))
	fs.IntVar(&o.Victims, "hijackings", 0, c.tr("乗っ取りの`件数`（0: 各種1件、-1: なし）", "`number` of hijackings (0: one of each kind, -1: none)"))
	fs.StringVar(&kinds, "kinds", "", c.tr("乗っ取りの`種類`（", "`kinds` of hijacking (")+strings.Join(simulate.Kinds(), ",")+c.tr("）", ")"))
	if _, err := c.parse(args, 0, 0); err != nil {
		return err
	}
	if out == "" {
		return tsujiban.Errorf(tsujiban.CodeInvalid, "%s", c.tr("出力先がありません。-out フォルダ を付けてください", "where to? give -out FOLDER"))
	}
	o.Kinds = split(kinds)
	w, err := simulate.New(o)
	if err != nil {
		return err
	}
	n, err := w.Write(out)
	if err != nil {
		return err
	}
	stolen := 0
	for i := range w.Customers {
		if w.Customers[i].Attack != nil {
			stolen++
		}
	}
	t := term.Table{Columns: []term.Column{{}, {Right: true}}}
	row := func(ja, en string, v any) {
		t.Add(term.Cell{Text: c.tr(ja, en)}, term.Cell{Text: fmt.Sprint(v)})
	}
	row("契約者", "customers", len(w.Customers))
	row("うち乗っ取られる契約者", "of them hijacked", stolen)
	row("通話", "calls", n)
	if err := t.Write(c.stdout, c.style); err != nil {
		return err
	}
	return c.printf(c.tr("次は: tsujiban backtest -customers %[1]s -rates %[2]s -calls %[3]s -truth %[4]s -out report.html\n",
		"next: tsujiban backtest -customers %[1]s -rates %[2]s -calls %[3]s -truth %[4]s -out report.html\n"),
		filepath.Join(out, "customers.csv"), filepath.Join(out, "rates.csv"), filepath.Join(out, "calls.csv"), filepath.Join(out, "truth.csv"))
}
