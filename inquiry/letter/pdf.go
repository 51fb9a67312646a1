package letter

import (
	"fmt"
	"io"

	"tsujiban/paper"
)

// MaxRows is how many rows a table of a letter has at most; the bundle holds the rest.
const MaxRows = 500

type page struct {
	*paper.Page
}

// PDF writes the letter as PDF on A4, with the characters that it needs of a Japanese font embedded. For equal letters it is equal, byte
// for byte.
func (l *Letter) PDF(w io.Writer) error {
	sheet, err := paper.New(&paper.Sheet{
		At: l.Date, Subject: l.Subject, Author: l.From, Language: "ja",
		Foot: func(n int) string { return fmt.Sprintf("%s　%d / {nb}", l.No, n) },
	})
	if err != nil {
		return err
	}
	p := page{sheet}
	p.head(l)
	for i := range l.Parts {
		p.part(i+1, &l.Parts[i])
	}
	p.Ln(2)
	p.Text("以上", "R", 0)
	return p.Finish(w)
}

func (p page) head(l *Letter) {
	p.Size(paper.Body)
	p.Text(l.No, "R", 0)
	p.Text(l.Date.Format("2006年1月2日"), "R", 0)
	p.Ln(3)
	for _, to := range l.To {
		p.Text(to, "L", 0)
	}
	p.Ln(2)
	p.Text(l.From, "R", 0)
	p.Ln(5)
	p.Size(paper.Title)
	p.Text(l.Subject, "C", 0)
	p.Ln(4)
	p.Size(paper.Body)
	p.Text("　"+l.Intro, "L", 0)
	p.Ln(2)
	p.Text("記", "C", 0)
	p.Ln(1)
}

func (p page) part(n int, part *Part) {
	p.Room(4 * paper.Line)
	p.Size(paper.Heading)
	p.Text(fmt.Sprintf("%d　%s", n, part.Title), "L", 0)
	p.Size(paper.Body)
	for _, t := range part.Text {
		p.Text(t, "L", 5)
	}
	if len(part.Text) > 0 && len(part.Pairs) > 0 {
		p.Ln(1)
	}
	for _, pair := range part.Pairs {
		p.Table(&paper.Row{Cells: pair[:], Shares: []float64{24, 76}, Name: true})
	}
	if t := part.Table; t != nil {
		p.Ln(1)
		p.Table(&paper.Row{Cells: t.Titles, Shares: t.Widths, Title: true})
		for i, r := range t.Rows {
			if i == MaxRows {
				p.Text(fmt.Sprintf("ほか%d件（証明ファイルに含む）", len(t.Rows)-i), "L", 5)
				break
			}
			p.Table(&paper.Row{Cells: r, Shares: t.Widths, Name: len(r) == 2})
		}
	}
	if len(part.Pairs) > 0 || part.Table != nil {
		p.Ln(1)
	}
	for _, t := range part.After {
		p.Text(t, "L", 5)
	}
	p.Ln(3)
}
