package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/app/term"
	"tsujiban/backtest"
	"tsujiban/replay"
	"tsujiban/trace"
)

func replayVerbs() []verb {
	return []verb{
		{"replay", "-customers FILE -rates FILE -calls FILE -verdicts OUT.csv -summary OUT.json …", say{"過去の通話記録に判定を当てはめ、何を止めたかを書き出す", "play recorded calls against the guard and write what it would have done"}, runReplay},
		{"backtest", "-customers FILE -rates FILE -calls FILE -out REPORT.html …", say{"過去の通話記録で検証し、報告書（HTML）を作る", "judge recorded calls and write a report (HTML)"}, runBacktest},
	}
}

// traceFlags are the flags that say which calls are played, and how.
type traceFlags struct {
	files   backtest.Files
	zone    string
	limits  tsujiban.Limits
	caution float64
	release time.Duration
	strict  bool
	classes string
}

func (c *cmd) traceFlags(t *traceFlags) {
	fs := c.flags
	fs.StringVar(&t.files.Customers, "customers", "", c.tr("契約者の`ファイル`（customers.csv）", "`file` of customers (customers.csv)"))
	fs.StringVar(&t.files.Rates, "rates", "", c.tr("料金表の`ファイル`（rates.csv）", "`file` of prices (rates.csv)"))
	fs.StringVar(&t.files.Calls, "calls", "", c.tr("通話の`ファイル`（calls.csv、または PBX の通話記録）", "`file` of calls (calls.csv, or the call records of a PBX)"))
	fs.StringVar(&t.files.Truth, "truth", "", c.tr("正解の`ファイル`（truth.csv、あれば）", "`file` of the truth (truth.csv), when there is one"))
	fs.StringVar(&t.files.Hints, "hints", "", c.tr("不正利用の報告がある番号帯の`ファイル`", "`file` of prefixes known from past abuse"))
	fs.Func("format", c.tr("通話の`形式`: native、asterisk、freeswitch、csv", "`format` of the calls: native, asterisk, freeswitch, csv"), func(s string) error {
		t.files.Format = backtest.Format(s)
		return nil
	})
	fs.StringVar(&t.files.Mapping, "map", "", c.tr("形式 csv の列の`対応`（start=Begin,callee=To,…）", "`mapping` of the columns of format csv (start=Begin,callee=To,…)"))
	fs.StringVar(&t.zone, "zone", "Asia/Tokyo", c.tr("時間`帯`", "time `zone`"))
	fs.StringVar(&t.files.Country, "country", "JP", c.tr("国（`ISO` 3166）", "home country (`ISO` 3166)"))
	fs.StringVar(&t.files.Customer, "customer", "", c.tr("PBX の通話記録がすべてこの契約者のものであるとき、その`ID`", "whose calls the records of a PBX are: an `id`"))
	fs.StringVar(&t.files.Inside, "inside", "", c.tr("構内番号の正規`表現`（PBX の通話記録）", "`pattern` of what is dialled inside the PBX"))
	fs.BoolVar(&t.files.Sort, "sort", false, c.tr("開始時刻順に並べ替える", "sort the calls by their start"))
	fs.BoolVar(&t.strict, "strict", false, c.tr("使えない行があれば失敗とする", "fail when a row cannot be used"))
	fs.DurationVar(&t.release, "release-after", 0, c.tr("制限をこの`時間`で解除する（0: 最後まで）", "lift every restriction after this `time` (0: never)"))
	fs.Float64Var(&t.caution, "caution", 0, c.tr("止めるのに要る証拠の強さ（`デシバン`、0: 既定値）", "evidence in `decibans` that stops calls (0: the default)"))
	moneyFlag(fs, &t.limits.CapCall, "cap-call", c.tr("1通話の上限`額`", "cap of a call, an `amount`"))
	moneyFlag(fs, &t.limits.CapDay, "cap-day", c.tr("1日の上限`額`", "cap of a day, an `amount`"))
	moneyFlag(fs, &t.limits.CapMonth, "cap-month", c.tr("1か月の上限`額`", "cap of a month, an `amount`"))
	fs.StringVar(&t.classes, "allow-classes", "", c.tr("通す番号の`種類`（premium,satellite,undesignated）", "`classes` that are open (premium,satellite,undesignated)"))
}

func moneyFlag(fs *flag.FlagSet, to *tsujiban.Money, name, usage string) {
	fs.Func(name, usage, func(s string) (err error) {
		*to, err = tsujiban.ParseMoney(s)
		return err
	})
}

// load reads what is needed beside the calls.
func (t *traceFlags) load(rejects *trace.Rejects) (*backtest.Setup, map[string]string, error) {
	zone, err := time.LoadLocation(t.zone)
	if err != nil {
		return nil, nil, tsujiban.Errorf(tsujiban.CodeInvalid, "zone: %w", err)
	}
	t.files.Zone = zone
	t.limits.AllowClasses = split(t.classes)
	s, truth, err := t.files.Load(rejects)
	if err != nil {
		return nil, nil, err
	}
	s.Limits, s.Caution, s.ReleaseAfter = t.limits, tsujiban.Decibans(t.caution), t.release
	return s, truth, nil
}

// refused tells of the rows that could not be used; with -strict they are an error.
func (c *cmd) refused(r *trace.Rejects, strict bool) error {
	if r.Total == 0 {
		return nil
	}
	for _, e := range r.First {
		c.errorf("%s\n", term.Clean(e.Error()))
	}
	if more := r.Total - len(r.First); more > 0 {
		c.errorf(c.tr("ほか %d 行\n", "and %d more rows\n"), more)
	}
	if strict {
		return tsujiban.Errorf(tsujiban.CodeInvalid, c.tr("使えない行が %d 行あります", "%d rows cannot be used"), r.Total)
	}
	return nil
}

// keepRejects is how many bad rows are listed one by one.
const keepRejects = 20

func runReplay(c *cmd, args []string) (err error) {
	var t traceFlags
	var verdicts, summary string
	c.options(false)
	c.traceFlags(&t)
	c.flags.StringVar(&verdicts, "verdicts", "", c.tr("判定の出力先`ファイル`（CSV）", "write the verdicts to this `file` (CSV)"))
	c.flags.StringVar(&summary, "summary", "", c.tr("まとめの出力先`ファイル`（JSON。- で標準出力）", "write the summary to this `file` (JSON; - is standard output)"))
	if _, err := c.parse(args, 0, 0); err != nil {
		return err
	}
	rejects := &trace.Rejects{Keep: keepRejects}
	setup, truth, err := t.load(rejects)
	if err != nil {
		return err
	}
	bar := term.NewBar(c.stderr, term.StyleOf(c.stderr, c.getenv), c.tr("再生", "replay"))
	src, done, err := t.files.OpenCalls(bar.Show)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	run := &replaying{score: backtest.NewScore(time.Time{}), truth: truth}
	err = writeTo(verdicts, func(w io.Writer) error {
		if run.verdicts, err = replay.NewVerdictWriter(w); err != nil {
			return err
		}
		o := replay.Options{OnRestriction: run.sum.Restrict, OnReject: func(e *trace.RowError) error { rejects.Add(e); return nil }}
		start := time.Now()
		if err := setup.Play(c.ctx, src, o, run.take); err != nil {
			return err
		}
		run.took = time.Since(start)
		return run.verdicts.Flush()
	})
	bar.End()
	if err != nil {
		return err
	}
	if err := c.refused(rejects, t.strict); err != nil {
		return err
	}
	run.finish(rejects)
	if summary != "" {
		err = c.writeSummary(summary, &run.sum)
	}
	if err == nil && summary != "-" {
		err = c.tellReplay(run)
	}
	return err
}

// replaying is a replay that is under way.
type replaying struct {
	sum      backtest.Summary
	score    *backtest.Score
	truth    map[string]string
	verdicts *replay.VerdictWriter
	took     time.Duration
}

func (r *replaying) take(res *replay.Result) error {
	r.sum.Add(res)
	if r.truth != nil {
		r.score.Add(res, r.truth[res.Call.ID])
	}
	return r.verdicts.Write(res)
}

func (r *replaying) finish(rejects *trace.Rejects) {
	r.sum.Count(rejects)
	if r.truth != nil {
		r.sum.Judge(r.score)
	}
}

// writeTo writes a file whole; an empty name writes nowhere.
func writeTo(name string, write func(io.Writer) error) (err error) {
	if name == "" {
		return write(io.Discard)
	}
	f, err := os.Create(name)
	if err != nil {
		return tsujiban.Errorf(tsujiban.CodeInvalid, "%w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return write(f)
}

func (c *cmd) writeSummary(name string, s *backtest.Summary) error {
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	b = append(b, '\n')
	if name == "-" {
		_, err := c.stdout.Write(b)
		return err
	}
	return os.WriteFile(name, b, 0o640)
}

// tellReplay says to a person what came of it.
func (c *cmd) tellReplay(r *replaying) error {
	s := &r.sum
	t := term.Table{Columns: []term.Column{{}, {Right: true}}}
	row := func(ja, en, value string) { t.Add(term.Cell{Text: c.tr(ja, en)}, term.Cell{Text: value}) }
	row("通話", "calls", fmt.Sprint(s.Calls))
	row("断った通話", "denied", fmt.Sprint(s.Denied))
	row("途中で切った通話", "cut", fmt.Sprint(s.Cut))
	row("制限した契約者", "customers restricted", fmt.Sprint(s.Restricted))
	row("止めなければかかった額", "cost, nobody stopped", money("JPY", control.Amount(s.Full)))
	row("かかった額", "cost, as judged", money("JPY", control.Amount(s.Charged)))
	row("防いだ額", "saved", money("JPY", control.Amount(s.Saved)))
	if s.Truth != nil {
		row("不正利用の総額", "stolen calls would cost", money("JPY", control.Amount(s.Truth.Exposed)))
		row("防げずに失った額", "lost all the same", money("JPY", control.Amount(s.Truth.Lost)))
		row("正当な通話で断ったもの", "honest calls denied or cut", fmt.Sprint(s.Truth.HonestHurt))
		row("巻き込まれた正当な契約者", "honest customers hurt", fmt.Sprintf("%d / %d", s.Truth.CustomersHurt, s.Truth.Customers))
	}
	if r.took > 0 {
		row("速さ（毎秒の通話）", "calls per second", fmt.Sprintf("%.0f", float64(s.Calls)/r.took.Seconds()))
	}
	return t.Write(c.stdout, c.style)
}

func runBacktest(c *cmd, args []string) error {
	var t traceFlags
	var out, title string
	var quick bool
	c.options(false)
	c.traceFlags(&t)
	c.flags.StringVar(&out, "out", "backtest.html", c.tr("報告書の出力先`ファイル`（HTML）", "write the report to this `file` (HTML)"))
	c.flags.StringVar(&title, "title", "", c.tr("報告書の`題`", "`title` of the report"))
	c.flags.BoolVar(&quick, "quick", false, c.tr("別の設定での試算を省く", "leave out what other limits would have done"))
	if _, err := c.parse(args, 0, 0); err != nil {
		return err
	}
	rejects := &trace.Rejects{Keep: keepRejects}
	setup, truth, err := t.load(rejects)
	if err != nil {
		return err
	}
	style := term.StyleOf(c.stderr, c.getenv)
	var bar *term.Bar
	label := ""
	report, err := t.files.Backtest(c.ctx, setup, truth, rejects, !quick, c.lang, func(pass string, read, size int64) {
		if pass != label {
			if bar != nil {
				bar.End()
			}
			label, bar = pass, term.NewBar(c.stderr, style, pass)
		}
		bar.Show(read, size)
	})
	if bar != nil {
		bar.End()
	}
	if err != nil {
		return err
	}
	if err := c.refused(rejects, t.strict); err != nil {
		return err
	}
	report.Title = title
	if err := writeTo(out, report.Write); err != nil {
		return err
	}
	run := &replaying{sum: *report.Summary}
	if err := c.tellReplay(run); err != nil {
		return err
	}
	return c.printf(c.tr("報告書: %s\n", "report: %s\n"), out)
}
