package main

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/app/term"
)

func limitVerbs() []verb {
	return []verb{
		{"limit show", "ID [-json]", say{"契約者の上限（既定値との別）", "show a customer's limits, and which are the default's"}, runLimitShow},
		{"limit set", "ID …", say{"契約者の上限を変える（0 で既定値に戻す）", "change a customer's limits (0: back to the default)"}, runLimitSet},
	}
}

func runLimitSet(c *cmd, args []string) error {
	fs := c.options(true)
	p := patch{}
	p.amount(fs, "cap-call", "cap_call", c.tr("1通話の上限`額`", "most that one call may cost, `amount`"))
	p.amount(fs, "cap-day", "cap_day", c.tr("1日の上限`額`", "most for a day, `amount`"))
	p.amount(fs, "cap-month", "cap_month", c.tr("1か月の上限`額`", "most for a month, `amount`"))
	p.number(fs, "channels", "channels", c.tr("同時通話`数`", "calls at once, `count`"))
	p.number(fs, "calls-per-second", "calls_per_second", c.tr("毎秒の発信`数`", "attempts in a second, `count`"))
	p.duration(fs, "longest-call", "longest_call", c.tr("最長通話`時間` 4h", "longest call, `time` such as 4h"))
	p.list(fs, "allow-countries", "allow_countries", c.tr("発信できる`国`（他は不可）", "the only `countries` allowed: US,GB"))
	p.list(fs, "bar-countries", "bar_countries", c.tr("発信できない`国`", "barred `countries`: SL,SO"))
	p.list(fs, "bar-prefixes", "bar_prefixes", c.tr("発信できない`番号帯` 232,2478", "barred `prefixes`: 232,2478"))
	p.list(fs, "allow-classes", "allow_classes", c.tr("許可する`種類` premium,satellite,undesignated", "`classes` that are open: premium,satellite,undesignated"))
	p.text(fs, "hours", "hours", c.tr("発信できる`時間帯` \"Mon-Fri 08:00-20:00\"", "`hours` of calls: \"Mon-Fri 08:00-20:00\""))
	args, err := c.parse(args, 1, 1)
	if err != nil {
		return err
	}
	if len(p) == 0 {
		return tsujiban.Errorf(tsujiban.CodeInvalid, "%s", c.tr("変える項目がありません。-h で一覧を表示します", "nothing to change was given; -h lists what there is"))
	}
	return c.change(http.MethodPatch, customerPath(args[0]), patch{"limits": p})
}

func runLimitShow(c *cmd, args []string) error {
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
		return c.writeJSON(map[string]control.Limits{"own": s.Limits, "effective": s.Effective})
	}
	own, all := c.limitTexts(&s.Limits), c.limitTexts(&s.Effective)
	t := term.Table{Columns: []term.Column{{Title: c.tr("上限", "LIMIT")}, {Title: c.tr("値", "VALUE"), Right: true}, {}}}
	for i, name := range c.limitNames() {
		from := term.Cell{Text: c.tr("既定値", "default"), Paint: term.Dim}
		if own[i] != "" {
			from = term.Cell{Text: c.tr("個別", "own")}
		}
		value := all[i]
		if value == "" {
			value, from.Text = c.tr("なし", "none"), ""
		}
		t.Add(term.Cell{Text: name}, term.Cell{Text: value}, from)
	}
	return t.Write(c.stdout, c.style)
}

func (c *cmd) limitNames() []string {
	if c.lang == tsujiban.English {
		return []string{"per call", "per day", "per month", "calls at once", "calls per second", "longest call",
			"only countries", "barred countries", "barred prefixes", "open classes", "hours"}
	}
	return []string{"1通話", "1日", "1か月", "同時通話数", "毎秒の発信数", "最長通話", "許可国のみ", "規制国", "規制番号帯", "許可する種類", "時間帯"}
}

// limitTexts are the values in the order of limitNames; empty: not set.
func (c *cmd) limitTexts(l *control.Limits) []string {
	cur := c.client.Currency()
	count := func(n int) string {
		if n == 0 {
			return ""
		}
		return strconv.Itoa(n)
	}
	longest := ""
	if l.LongestCall > 0 {
		longest = talk(time.Duration(l.LongestCall))
	}
	return []string{
		some(cur, l.CapCall), some(cur, l.CapDay), some(cur, l.CapMonth), count(l.Channels), count(l.CallsPerSecond), longest,
		strings.Join(l.AllowCountries, " "), strings.Join(l.BarCountries, " "), strings.Join(l.BarPrefixes, " "),
		strings.Join(l.AllowClasses, " "), l.Hours,
	}
}
