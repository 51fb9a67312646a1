package main

import (
	"net/http"
	"strconv"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/app/term"
)

func callVerbs() []verb {
	return []verb{
		{"calls", "-ground TEXT [-customer ID] [-number N] …", say{"通話記録を探す（法的根拠が必要。閲覧は記録される）", "search call records (needs a legal ground; the look is recorded)"}, runCalls},
		{"live", "[-json] [-once]", say{"いまの通話、確保中の金額、判定を表示し続ける", "watch calls, money at risk and verdicts as they come"}, runLive},
		{"status", "[-json]", say{"動作中のプログラムの状態", "how the running program is"}, runStatus},
		{"import", "FILE", say{"契約者とトランクをファイルから登録する（TOML、または customers.csv）", "set customers and trunks from a file (TOML, or customers.csv)"}, runImport},
		{"reload", "", say{"設定・料金表・証明書を読み直す（通話は続く）", "read configuration, rates and certificates again; calls go on"}, runReload},
	}
}

// instant reads a day or a time in the zone of the person who types.
func instant(s string, p *time.Time) error {
	for _, layout := range []string{time.DateOnly, "2006-01-02 15:04", time.DateTime, time.RFC3339} {
		if t, err := time.ParseInLocation(layout, s, time.Local); err == nil {
			*p = t.UTC()
			return nil
		}
	}
	return tsujiban.Errorf(tsujiban.CodeInvalid, "write a day 2026-11-22, or a time 2026-11-22T09:00:00+09:00")
}

func runCalls(c *cmd, args []string) error {
	q := control.CallSearch{}
	fs := c.options(true)
	fs.StringVar(&q.Ground, "ground", "", c.tr("見る法的根拠の`文`（令状番号、本人の同意など）", "legal ground, a `text`: number of the warrant, the user's consent"))
	fs.StringVar(&q.Customer, "customer", "", c.tr("`契約者`", "`customer`"))
	fs.StringVar(&q.Number, "number", "", c.tr("発信者または着信先の`番号`", "`number` of either party"))
	fs.Func("from", c.tr("この`日時`から", "from this `day` or time on"), func(s string) error { return instant(s, &q.From) })
	fs.Func("to", c.tr("この`日時`より前", "before this `day` or time"), func(s string) error { return instant(s, &q.To) })
	fs.StringVar(&q.Action, "action", "", c.tr("判定 `allow|watch|deny`", "verdict, `allow|watch|deny`"))
	fs.IntVar(&q.Limit, "limit", 100, c.tr("最大`件数`", "at most so `many`"))
	fs.BoolVar(&q.Reveal, "reveal", false, c.tr("番号の下 4 桁も表示する", "show whole numbers"))
	if _, err := c.parse(args, 0, 0); err != nil {
		return err
	}
	if q.Ground == "" {
		return tsujiban.Errorf(tsujiban.CodeForbidden, "%s", c.tr(
			"通話記録は通信の秘密です。見る法的根拠を -ground に書いてください（例: -ground \"本人の同意 2026-11-22 受付 123\"）",
			"call records are secret by law; write the legal ground with -ground (such as -ground \"consent of the subscriber, ticket 123\")"))
	}
	var found control.Calls
	if err := c.do(http.MethodPost, "/v1/calls", q, &found); err != nil {
		return err
	}
	if found.Behind > 0 {
		c.errorf(c.tr("注意: 一覧は記録より %d 件遅れています\n", "note: the view is %d entries behind the journal\n"), found.Behind)
	}
	if c.json {
		return c.writeJSON(found)
	}
	return c.callTable(found.Calls)
}

func (c *cmd) callTable(list []control.CallRecord) error {
	cur := c.client.Currency()
	t := term.Table{Columns: []term.Column{
		{Title: c.tr("日時", "TIME")}, {Title: c.tr("契約者", "CUSTOMER"), Least: 8}, {Title: c.tr("向き", "DIR")},
		{Title: c.tr("発信者", "FROM"), Least: 8}, {Title: c.tr("着信先", "TO"), Least: 8}, {Title: c.tr("国", "IN")},
		{Title: c.tr("通話時間", "TALK"), Right: true}, {Title: c.tr("料金", "COST"), Right: true}, {Title: c.tr("結果", "RESULT"), Least: 10},
	}}
	for i := range list {
		r := &list[i]
		result, paint := c.result(r)
		length := ""
		if !r.Answered.IsZero() && !r.Ended.IsZero() {
			length = talk(time.Duration(r.TalkS * float64(time.Second)))
		}
		t.Add(term.Cell{Text: c.at(r.At)}, term.Cell{Text: r.Customer, Paint: term.Cyan}, term.Cell{Text: c.direction(r.Direction)},
			term.Cell{Text: r.Caller}, term.Cell{Text: r.Callee}, term.Cell{Text: r.Country},
			term.Cell{Text: length}, term.Cell{Text: some(cur, r.Charge)}, term.Cell{Text: result, Paint: paint})
	}
	if err := t.Write(c.stdout, c.style); err != nil {
		return err
	}
	if len(list) == 0 {
		return c.printf("%s\n", c.tr("該当する通話はありません。", "There is no such call."))
	}
	return nil
}

// result says how a call went.
func (c *cmd) result(r *control.CallRecord) (string, term.Paint) {
	switch {
	case r.Action == "deny":
		return c.tr("拒否: ", "refused: ") + c.reason(r.Reason), term.Red
	case r.Cut != "" && r.Cut != "none":
		return c.tr("切断: ", "ended: ") + c.reason(r.Cut), term.Red
	case r.Ended.IsZero():
		return c.tr("通話中", "running"), term.Green
	case r.Answered.IsZero():
		return c.tr("応答なし ", "not answered ") + strconv.Itoa(r.Status), term.Dim
	}
	return c.tr("終了", "over"), term.Plain
}
