package main

import (
	"fmt"
	"strings"
	"time"

	"tsujiban/app/term"
	"tsujiban/inquiry"
	"tsujiban/ledger"
)

// nearShown is how many near numbers are listed when not all are asked for.
const nearShown = 40

// showAnswer tells what the desk found.
func (c *cmd) showAnswer(a *inquiry.Answer, all bool) error {
	if a.Behind > 0 {
		c.errorf(c.tr("注意: 通話の一覧は記録より %d 件遅れています\n", "note: the calls are %d entries behind the journal\n"), a.Behind)
	}
	var p term.Pairs
	p.Add(c.tr("案件", "case"), strings.TrimSpace(fmt.Sprintf("%d %s %s %s", a.Case.ID, a.Case.Kind.Text(c.lang), a.Case.Agency, a.Case.Document)))
	p.Add(c.tr("閲覧番号", "look"), fmt.Sprint(a.Look))
	p.Add(c.tr("期間", "time"), c.at(a.Question.From)+" 〜 "+c.at(a.Question.To))
	c.subject(&p, a, &a.Subject, c.tr("番号", "number"))
	if a.Other != nil {
		c.subject(&p, a, a.Other, c.tr("相手方", "other party"))
	}
	paint := term.Green
	if a.Finding != inquiry.FoundCall {
		paint = term.Yellow
	}
	p.Paint(c.tr("結論", "finding"), a.Finding.Text(c.lang), paint)
	p.Paint(c.tr("制限", "not shown"), a.Refused, term.Yellow)
	if err := p.Write(c.stdout, c.style); err != nil {
		return err
	}
	if len(a.Calls) > 0 {
		if err := c.answerCalls(a); err != nil {
			return err
		}
	}
	if err := c.near(c.tr("1つ違いの番号", "numbers one slip away"), a.Question.Number, a.Near, all); err != nil {
		return err
	}
	if a.Other == nil {
		return nil
	}
	return c.near(c.tr("相手方の1つ違いの番号", "one slip away from the other party's"), a.Question.Other, a.OtherNear, all)
}

// subject adds whose a number is.
func (c *cmd) subject(p *term.Pairs, a *inquiry.Answer, s *inquiry.Subject, name string) {
	if s.Number == "" {
		p.Paint(name, s.Given+" "+c.tr("（番号として成り立ちません。桁数を確かめてください）", "(no number: "+s.Problem+")"), term.Red)
		return
	}
	p.Add(name, hyphens(s.Digits)+" ("+s.Number+")")
	ours := c.tr("いいえ", "no")
	if s.Ours {
		ours = c.tr("はい", "yes")
	}
	p.Add(c.tr("当社の番号", "ours"), ours)
	p.Add(c.tr("番号指定", "designated to"), c.designated(&s.Designated))
	for i := range s.Held {
		h := &s.Held[i]
		line := h.State.Text(c.lang)
		if len(s.Held) > 1 || h.From.After(a.Question.From) {
			line += " " + c.at(h.From) + "〜" + c.at(h.To)
		}
		p.Add(c.tr("当日の状態", "state then"), line)
		for j := range h.Chain {
			who := c.tr("契約者", "holder")
			if j > 0 {
				who = c.tr("その上の再販者", "above it")
			}
			p.Add(who, link(&h.Chain[j]))
		}
	}
}

// designated says who holds a block.
func (c *cmd) designated(d *ledger.Designated) string {
	switch {
	case !d.Known:
		return c.tr("（表なし）", "(no table)")
	case d.Carrier == "":
		return c.tr("未指定", "nobody")
	}
	return d.Carrier
}

// hyphens writes a number as people do: 050-1234-5678.
func hyphens(digits string) string {
	if len(digits) == 11 && digits[0] == '0' {
		return digits[:3] + "-" + digits[3:7] + "-" + digits[7:]
	}
	return digits
}

func (c *cmd) answerCalls(a *inquiry.Answer) error {
	t := term.Table{Columns: []term.Column{{Title: c.tr("該当", "FITS")}, {Title: c.tr("日時", "TIME")}, {Title: c.tr("向き", "DIR")}, {Title: c.tr("発信者", "FROM"), Least: 8}, {Title: c.tr("着信先", "TO"), Least: 8}, {Title: c.tr("通話時間", "TALK"), Right: true}, {Title: c.tr("結果", "RESULT"), Least: 10}}}
	for i := range a.Calls {
		k := &a.Calls[i]
		fits, paint := "", term.Plain
		switch {
		case k.Fits && k.Unknown:
			fits, paint = c.tr("？相手不明", "? party unknown"), term.Yellow
		case k.Fits:
			fits, paint = "○", term.Green
		}
		caller := k.Caller
		if k.Withheld {
			caller += c.tr("（非通知）", " (withheld)")
		}
		length := ""
		if k.Result == inquiry.Connected {
			length = talk(time.Duration(k.Talk))
		}
		t.Add(term.Cell{Text: fits, Paint: paint}, term.Cell{Text: c.at(k.At)}, term.Cell{Text: c.direction(k.Way)}, term.Cell{Text: strings.TrimSpace(caller)}, term.Cell{Text: k.Callee},
			term.Cell{Text: length}, term.Cell{Text: c.callResult(k)})
	}
	if err := c.printf("\n"); err != nil {
		return err
	}
	if err := t.Write(c.stdout, c.style); err != nil {
		return err
	}
	if a.More {
		return c.printf("%s\n", c.tr("通話が多すぎるため一部だけを表示しています。期間を狭めてください。", "There are more calls than are shown: ask for less time."))
	}
	return nil
}

func (c *cmd) callResult(k *inquiry.Call) string {
	if k.Foreign {
		mine := *k
		mine.Foreign = false
		return c.callResult(&mine) + c.tr("（網から着信し、この番号を表示。当社の回線からの発信ではない）", " (came in from the network showing this number: no line of ours placed it)")
	}
	switch k.Result {
	case inquiry.Denied:
		return c.tr("拒否: ", "refused: ") + c.reason(k.Reason)
	case inquiry.Unanswered:
		return fmt.Sprintf(c.tr("応答なし %d", "not answered %d"), k.Status)
	case inquiry.Running:
		return c.tr("通話中", "running")
	}
	return c.tr("通話", "connected")
}

// near lists numbers one slip away, those that are ruled out only when all are asked for.
func (c *cmd) near(title, given string, list []inquiry.Beside, all bool) error {
	t := term.Table{Columns: []term.Column{{Title: c.tr("番号", "NUMBER")}, {Title: c.tr("違い", "SLIP"), Least: 12}, {Title: c.tr("確からしさ", "LIKELY"), Right: true}, {Title: c.tr("番号指定", "DESIGNATED TO"), Least: 8}, {Title: c.tr("当社", "OURS")}, {Title: c.tr("契約者", "HOLDER"), Least: 8}, {Title: c.tr("該当する通話", "CALLS THAT FIT"), Right: true}}}
	ours, nobody, more := 0, 0, 0
	for i := range list {
		b := &list[i]
		switch {
		case !all && b.RuledOut() && b.Ours:
			ours++
			continue
		case !all && b.RuledOut():
			nobody++
			continue
		case !all && len(t.Rows) == nearShown:
			more++
			continue
		}
		holder, state, fits, paint := "", "", "", term.Plain
		if b.Ours {
			state = b.State.Text(c.lang)
		}
		if len(b.Chain) > 0 {
			holder = link(&b.Chain[0])
		}
		if b.Looked {
			fits = fmt.Sprint(b.Matching)
		}
		if b.Matching > 0 {
			paint = term.Green
		}
		t.Add(term.Cell{Text: hyphens(b.Digits)}, term.Cell{Text: c.slip(given, b)}, term.Cell{Text: fmt.Sprintf("%.1f%%", 100*b.Weight)}, term.Cell{Text: c.designated(&b.Designated)}, term.Cell{Text: state},
			term.Cell{Text: holder}, term.Cell{Text: fits, Paint: paint})
	}
	if err := c.printf("\n%s\n", title); err != nil {
		return err
	}
	if err := t.Write(c.stdout, c.style); err != nil {
		return err
	}
	for _, rest := range []struct {
		n    int
		text string
	}{
		{ours, c.tr("当社の番号で、該当する通話がないもの: %d\n", "ruled out: %d numbers of ours without such a call\n")},
		{nobody, c.tr("どの事業者にも指定されていない番号: %d\n", "ruled out: %d numbers that nobody holds\n")},
		{more, c.tr("ほかに %d（-all ですべて表示）\n", "and %d more; -all shows all\n")},
	} {
		if rest.n > 0 {
			if err := c.printf(rest.text, rest.n); err != nil {
				return err
			}
		}
	}
	return nil
}

// slip says what happened where: "digit 7: 2 for 4, neighbouring key".
func (c *cmd) slip(given string, b *inquiry.Beside) string {
	var words []string
	for _, s := range b.Slips {
		words = append(words, s.Text(c.lang))
	}
	was, meant := inquiry.Difference(inquiry.HomeDigitsOf(given), b.Digits)
	if strings.Contains(b.Digits, "*") {
		meant = "*"
	}
	change := fmt.Sprintf(c.tr("%d桁目 %s→%s ", "digit %d: %s→%s "), b.Place, was, meant)
	return change + strings.Join(words, c.tr("・", ", "))
}
