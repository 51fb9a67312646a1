package letter

import (
	"fmt"
	"strings"

	"github.com/mattn/go-runewidth"
)

// Text is the letter as plain text, UTF-8 with newlines.
func (l *Letter) Text() string {
	var b strings.Builder
	line := func(s string) {
		b.WriteString(strings.TrimRight(s, " "))
		b.WriteByte('\n')
	}
	line(Clean(l.title()))
	for i := range l.Parts {
		p := &l.Parts[i]
		line("")
		if p.Heading != "" {
			line("■ " + Clean(p.Heading))
		}
		for _, s := range paragraphs(p.Text) {
			line(s)
		}
		for _, q := range p.Pairs {
			line(Clean(q.Name) + ": " + Clean(q.Value))
		}
		if p.Table != nil {
			for _, s := range p.Table.lines() {
				line(s)
			}
		}
		for _, s := range p.List {
			line("- " + Clean(s))
		}
		for k, s := range p.Steps {
			line(fmt.Sprintf("%d. %s", k+1, Clean(s)))
		}
		for _, k := range p.Links {
			line(Clean(k.Text) + ":")
			line("  " + Clean(k.URL))
		}
		for _, s := range paragraphs(p.After) {
			line(s)
		}
	}
	line("")
	line("--")
	for _, s := range l.Foot {
		line(Clean(s))
	}
	return b.String()
}

func (l *Letter) title() string {
	if l.Title != "" {
		return l.Title
	}
	return l.Subject
}

func paragraphs(s string) (out []string) {
	if s == "" {
		return nil
	}
	for p := range strings.SplitSeq(s, "\n") {
		out = append(out, Clean(p))
	}
	return out
}

// lines lays a table out in columns; Japanese characters are two wide.
func (t *Table) lines() (out []string) {
	wide := make([]int, len(t.Head))
	rows := append([][]string{t.Head}, t.Rows...)
	for _, r := range rows {
		for i := range wide {
			wide[i] = max(wide[i], runewidth.StringWidth(Clean(r[i])))
		}
	}
	for n, r := range rows {
		var b strings.Builder
		for i := range wide {
			s := Clean(r[i])
			pad := strings.Repeat(" ", wide[i]-runewidth.StringWidth(s))
			if t.IsRight(i) {
				s = pad + s
			} else {
				s += pad
			}
			if i > 0 {
				b.WriteString("  ")
			}
			b.WriteString(s)
		}
		out = append(out, b.String())
		if n == 0 {
			sum := 2 * (len(wide) - 1)
			for _, w := range wide {
				sum += w
			}
			out = append(out, strings.Repeat("-", sum))
		}
	}
	return out
}

// maxSlack is how much a Slack message may hold before Slack cuts it.
const maxSlack = 3500

// Slack is the letter as the text of a Slack message (mrkdwn). Its three characters that
// mean something are escaped, so that no text can call a channel together or hide a link.
func (l *Letter) Slack() string {
	esc := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	say := func(s string) string {
		return esc.Replace(strings.NewReplacer("*", "＊", "_", "＿", "`", "'", "~", "～").Replace(Clean(s)))
	}
	out := []string{"*" + say(l.title()) + "*"}
	for i := range l.Parts {
		p := &l.Parts[i]
		if p.Heading != "" {
			out = append(out, "*"+say(p.Heading)+"*")
		}
		for _, s := range paragraphs(p.Text) {
			out = append(out, say(s))
		}
		for _, q := range p.Pairs {
			out = append(out, say(q.Name)+": "+say(q.Value))
		}
		if p.Table != nil {
			for _, r := range p.Table.Rows {
				var cells []string
				for _, c := range r {
					cells = append(cells, say(c))
				}
				out = append(out, "• "+strings.Join(cells, " | "))
			}
		}
		for _, s := range p.List {
			out = append(out, "• "+say(s))
		}
		for k, s := range p.Steps {
			out = append(out, fmt.Sprintf("%d. %s", k+1, say(s)))
		}
		for _, k := range p.Links {
			out = append(out, "<"+strings.NewReplacer(">", "%3E", "|", "%7C", "<", "%3C").Replace(Clean(k.URL))+"|"+say(k.Text)+">")
		}
		for _, s := range paragraphs(p.After) {
			out = append(out, say(s))
		}
	}
	text := ""
	for _, s := range out {
		if len(text)+len(s) > maxSlack {
			return text + "…"
		}
		text += s + "\n"
	}
	return text
}

// IsRight tells whether a column holds figures; for the template.
func (t *Table) IsRight(i int) bool { return i < len(t.Right) && t.Right[i] }
