package ui

import (
	"regexp"
	"strings"

	"tsujiban"
	"tsujiban/app/control"
)

// capChange is a change of a limit of money as the record of actions has it: its name, what it was, what it is.
var capChange = regexp.MustCompile(`(cap-(?:call|day|month)|(?:1通話|1日|1か月)の上限)(（お客様設定）)? ([0-9]+(?:\.[0-9]+)?)( → ([0-9]+(?:\.[0-9]+)?))?`)

// inMoney writes the amounts in a change of settings as amounts. A limit of zero is none.
func (b *Book) inMoney(text string) string {
	return capChange.ReplaceAllStringFunc(text, func(change string) string {
		m := capChange.FindStringSubmatch(change)
		amount := func(figures string) string {
			whole, part, _ := strings.Cut(figures, ".")
			if part != "" {
				part = "." + part // exact: it is a record
			}
			v, err := tsujiban.ParseMoney(figures)
			switch {
			case err != nil:
				return figures
			case v == 0:
				return "–"
			}
			if v, err = tsujiban.ParseMoney(whole); err != nil {
				return figures
			}
			return Yen(b.node.Currency, v) + part
		}
		out := m[1] + m[2] + " " + amount(m[3])
		if m[4] != "" {
			out += " → " + amount(m[5])
		}
		return out
	})
}

// Noted is the note of an action as pages show it, for tables: in the person's language, amounts with their unit.
func (r *Request) Noted(a *control.Action) control.Noted { return r.book.noted(a.Noted(r.Lang)) }

// noted is [control.Noted] with its amounts written as amounts.
func (b *Book) noted(n control.Noted) control.Noted {
	n.Ours = b.inMoney(n.Ours)
	return n
}
