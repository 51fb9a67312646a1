package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/app/term"
)

// errEnough ends a stream after one frame.
var errEnough = errors.New("one frame is enough")

func runLive(c *cmd, args []string) error {
	fs := c.options(true)
	once := fs.Bool("once", false, c.tr("一度だけ表示する", "show one picture and end"))
	every := fs.Duration("every", time.Second, c.tr("更新の`間隔`", "`time` between pictures"))
	if _, err := c.parse(args, 0, 0); err != nil {
		return err
	}
	if *every < 100*time.Millisecond || *every > time.Minute {
		return tsujiban.Errorf(tsujiban.CodeInvalid, "%s", c.tr("-every は 100ms から 1m までです", "write -every between 100ms and 1m"))
	}
	client, err := c.dial()
	if err != nil {
		return err
	}
	defer client.Close()
	show := c.showFrame
	screen := !c.json && !*once && c.style.Rows > 0
	switch {
	case c.json:
		show = func(raw control.Raw) error { return c.printf("%s\n", raw) }
	case screen:
		show = c.paintFrame
		// The alternate screen, without cursor; what was on the terminal comes back at the end.
		if err := c.printf("\x1b[?1049h\x1b[?25l"); err != nil {
			return err
		}
	}
	err = client.Stream(c.ctx, "/v1/live?every="+every.String(), func(raw control.Raw) error {
		if err := show(raw); err != nil {
			return err
		}
		if *once {
			return errEnough
		}
		return nil
	})
	if screen {
		err = errors.Join(err, c.printf("\x1b[?25h\x1b[?1049l"))
	}
	switch {
	case errors.Is(err, errEnough), c.ctx.Err() != nil:
		return nil
	case err == nil:
		return tsujiban.Errorf(tsujiban.CodeUnavailable, "%s", c.tr("プログラムが停止しました", "the program has stopped"))
	}
	return err
}

// showFrame writes a frame as it is, one below the other.
func (c *cmd) showFrame(raw control.Raw) error {
	var f control.Frame
	if err := json.Unmarshal(raw, &f); err != nil {
		return fmt.Errorf("frame: %w", err)
	}
	st := c.style
	st.Rows = 0
	return c.printf("%s\n", strings.Join(c.frame(&f, st), "\n"))
}

// paintFrame writes a frame over the one before.
func (c *cmd) paintFrame(raw control.Raw) error {
	var f control.Frame
	if err := json.Unmarshal(raw, &f); err != nil {
		return fmt.Errorf("frame: %w", err)
	}
	st := term.StyleOf(c.stdout, c.getenv) // the window may have another size by now
	var b strings.Builder
	b.WriteString("\x1b[H")
	for i, l := range c.frame(&f, st) {
		if i > 0 {
			b.WriteString("\r\n")
		}
		b.WriteString(l + "\x1b[K")
	}
	b.WriteString("\x1b[J")
	return c.printf("%s", b.String())
}

// frame lays a picture out: totals, calls, what happened. With st.Rows it has at most so many lines.
func (c *cmd) frame(f *control.Frame, st term.Style) []string {
	lines := append(c.head(f, st), "")
	calls := c.liveCalls(f, st)
	notes := c.liveNotes(f, st)
	if st.Rows > 0 {
		room := max(st.Rows-len(lines)-3, 2)
		forNotes := min(len(notes), max(room/3, room-len(calls)))
		notes = notes[:forNotes]
		if most := room - forNotes; len(calls) > most {
			calls = calls[:max(most, 0)]
		}
	}
	if len(f.Calls) == 0 {
		calls = []string{st.Paint(term.Dim, c.tr("いま通話はありません", "no call is up"))}
	}
	lines = append(lines, calls...)
	if f.Hidden > 0 {
		lines = append(lines, st.Paint(term.Dim, fmt.Sprintf(c.tr("ほか %d 通話", "and %d more"), f.Hidden)))
	}
	if len(notes) > 0 {
		lines = append(lines, "", st.Paint(term.Bold, c.tr("できごと", "WHAT HAPPENED")))
		lines = append(lines, notes...)
	}
	return lines
}

func (c *cmd) head(f *control.Frame, st term.Style) []string {
	t := &f.Totals
	first := st.Paint(term.Bold, c.tr("辻番 ", "tsujiban ")+term.Clean(f.Node)) + "  " + f.At.In(c.local()).Format(time.TimeOnly)
	lines, used := []string{first, ""}, 0
	pair := func(name, value string, p term.Paint) {
		size := term.Width(name) + 1 + term.Width(value)
		switch last := len(lines) - 1; {
		case used == 0:
		case st.Width > 0 && used+2+size > st.Width:
			lines, used = append(lines, ""), 0
		default:
			lines[last] += "  "
			used += 2
		}
		lines[len(lines)-1] += st.Paint(term.Dim, name) + " " + st.Paint(p, value)
		used += size
	}
	warn := func(n uint64) term.Paint {
		if n > 0 {
			return term.Red
		}
		return term.Plain
	}
	pair(c.tr("通話中", "calls"), fmt.Sprint(t.Running), term.Bold)
	pair(c.tr("確保中", "at risk"), money(f.Currency, t.AtRisk), term.Bold)
	pair(c.tr("本日", "today"), money(f.Currency, t.Today), term.Plain)
	pair(c.tr("発信", "attempts"), fmt.Sprint(t.Attempts), term.Plain)
	pair(c.tr("拒否", "refused"), fmt.Sprint(t.Denied), warn(t.Denied))
	pair(c.tr("切断", "ended"), fmt.Sprint(t.Cut), warn(t.Cut))
	pair(c.tr("制限", "restricted"), fmt.Sprint(t.Restricted), warn(uint64(t.Restricted)))
	return lines
}

func (c *cmd) liveCalls(f *control.Frame, st term.Style) []string {
	t := term.Table{Columns: []term.Column{
		{Title: c.tr("契約者", "CUSTOMER"), Least: 10}, {Title: c.tr("向き", "DIR")}, {Title: c.tr("発信者", "FROM"), Least: 8},
		{Title: c.tr("着信先", "TO"), Least: 8}, {Title: c.tr("国", "IN")}, {Title: c.tr("経過", "TIME"), Right: true},
		{Title: c.tr("料金", "COST"), Right: true}, {Title: c.tr("確保", "SET ASIDE"), Right: true}, {Title: c.tr("疑い", "WEIGHT"), Right: true},
	}}
	narrow := st.Width > 0 && st.Width < 110
	if !narrow { // what "hangup" wants; -json has it in any case
		t.Columns = append(t.Columns, term.Column{Title: c.tr("通話番号", "CALL")})
	}
	for i := range f.Calls {
		k := &f.Calls[i]
		length, paint := c.tr("呼出中", "ringing"), term.Dim
		if !k.Answered.IsZero() {
			length, paint = talk(f.At.Sub(k.Answered)), term.Plain
		}
		to := term.Plain
		if k.Action == "watch" {
			to = term.Yellow
		}
		t.Add(term.Cell{Text: k.Customer, Paint: term.Cyan}, term.Cell{Text: c.direction(k.Direction)}, term.Cell{Text: k.Caller},
			term.Cell{Text: k.Callee, Paint: to}, term.Cell{Text: k.Country, Paint: to}, term.Cell{Text: length, Paint: paint},
			term.Cell{Text: some(f.Currency, k.Cost)}, term.Cell{Text: some(f.Currency, k.Reserved), Paint: term.Dim},
			term.Cell{Text: decibans(k.Weight), Paint: to}, term.Cell{Text: k.Call, Paint: term.Dim})
	}
	return t.Lines(st)
}

var noteWords = map[string]say{
	"deny":       {"拒否", "refused"},
	"watch":      {"要注意", "watch"},
	"cut":        {"切断", "ended"},
	"restricted": {"制限", "restricted"},
	"released":   {"解除", "released"},
	"replied":    {"回答", "answer"},
	"set":        {"設定", "set"},
}

var notePaints = map[string]term.Paint{
	"deny": term.Red, "cut": term.Red, "restricted": term.Red, "watch": term.Yellow, "released": term.Green, "replied": term.Green, "set": term.Dim,
}

func (c *cmd) liveNotes(f *control.Frame, st term.Style) []string {
	t := term.Table{Columns: []term.Column{{}, {}, {Least: 10}, {Least: 8}, {Least: 12}}}
	for i := range f.Notes {
		n := &f.Notes[i]
		word := term.Clean(n.Kind)
		if w, ok := noteWords[n.Kind]; ok {
			word = w.in(c.lang)
		}
		to := n.Callee
		if n.Country != "" {
			to += " " + n.Country
		}
		t.Add(term.Cell{Text: n.At.In(c.local()).Format(time.TimeOnly), Paint: term.Dim}, term.Cell{Text: word, Paint: notePaints[n.Kind]},
			term.Cell{Text: n.Customer, Paint: term.Cyan}, term.Cell{Text: to}, term.Cell{Text: c.noteText(f.Currency, n)})
	}
	return t.Lines(st)[1:]
}

// noteText says why: the reason, the evidence, who did it.
func (c *cmd) noteText(cur string, n *control.Notable) string {
	var parts []string
	add := func(s string) {
		if s != "" {
			parts = append(parts, s)
		}
	}
	if n.Level != "" {
		level, _ := c.level(n.Level)
		add(level)
		add(c.reach(n.Level, n.Reach))
	}
	if n.Theirs != nil {
		add(map[bool]string{true: c.tr("お客様の通話", "it was theirs"), false: c.tr("心当たりなし", "it was not theirs")}[*n.Theirs])
	}
	if n.Campaign != nil {
		add(c.campaign(n.Campaign))
	}
	if n.Reason != "" && n.Kind != "restricted" { // a restriction says its level, and by whom
		add(c.reason(n.Reason))
	}
	first, rest, more := strings.Cut(n.Note, "\n")
	add(first)
	if more {
		add(fmt.Sprintf(c.tr("ほか %d 件", "and %d more"), 1+strings.Count(rest, "\n")))
	}
	add(some(cur, n.Charge))
	if n.Weight != 0 {
		add(c.tr("重み ", "weight ") + decibans(n.Weight))
	}
	add(c.why(n.Why))
	if n.By != "" {
		add(c.tr("担当 ", "by ") + n.By)
	}
	return strings.Join(parts, c.tr("・", "; "))
}
