package portal

import (
	"bytes"
	"fmt"
	"net/http"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/console/ui"
	"tsujiban/paper"
)

// maxPaper is how many lines a bill on paper has; the table has them all.
const maxPaper = 5000

// billPDF hands the bill over as it is printed.
func (m *room) billPDF(r *ui.Request) error {
	in, month, err := askedOf(r)
	if err != nil {
		return err
	}
	var b control.Bill
	if err := r.Office.Do(r.Context(), http.MethodGet, order(r.PathValue("customer"), "/bill?"+in.query()), nil, &b); err != nil {
		return err
	}
	lang := "ja"
	if r.Lang == tsujiban.English {
		lang = "en"
	}
	title := r.T("bill.paper-title", r.T("bill.month", month.Format("2006"), month.Format("1")))
	p, err := paper.New(&paper.Sheet{
		At: r.Now().In(r.Zone), Subject: title, Author: b.Name, Language: lang,
		Foot: func(n int) string { return fmt.Sprintf("%s　%d / {nb}", title, n) },
	})
	if err != nil {
		return err
	}
	write(r, p, &b, title)
	var out bytes.Buffer
	if err := p.Finish(&out); err != nil {
		return err
	}
	return r.File(fmt.Sprintf("bill-%s-%s.pdf", b.Customer, b.Month), ui.PDF, out.Bytes())
}

func write(r *ui.Request, p *paper.Page, b *control.Bill, title string) {
	p.Text(ui.Day(r.Lang, r.Now().In(r.Zone)), "R", 0)
	p.Text(r.T("bill.paper-to", b.Name), "L", 0)
	p.Ln(4)
	p.Size(paper.Title)
	p.Text(title, "C", 0)
	p.Size(paper.Body)
	p.Ln(3)
	p.Text(r.T("bill.paper-sum", r.Yen(tsujiban.Money(b.Total.Charge)), ui.Grouped(b.Total.Answered), span(b.Total.TalkS)), "L", 0)
	p.Ln(2)
	heading(p, r.T("bill.by-place"))
	figures := []bool{false, true, true, true}
	p.Table(&paper.Row{Cells: []string{r.T("bill.place"), r.T("bill.calls"), r.T("bill.talk"), r.T("bill.charge")}, Shares: []float64{40, 18, 20, 22}, Title: true, Right: figures})
	for i := range b.Places {
		x := &b.Places[i]
		p.Table(&paper.Row{Cells: []string{to(r, x.Country, x.Class, x.Scope), ui.Grouped(x.Answered), span(x.TalkS), r.Yen(tsujiban.Money(x.Charge))}, Shares: []float64{40, 18, 20, 22}, Right: figures})
	}
	p.Ln(4)
	heading(p, r.T("bill.by-call"))
	shares := []float64{26, 24, 22, 12, 16}
	figures = []bool{false, false, false, true, true}
	p.Table(&paper.Row{Cells: []string{r.T("bill.at"), r.T("bill.number"), r.T("bill.place"), r.T("bill.talk"), r.T("bill.charge")}, Shares: shares, Title: true, Right: figures})
	for i := range b.Lines {
		if i == maxPaper {
			p.Text(r.T("bill.more", ui.Grouped(len(b.Lines)-i)), "L", 5)
			break
		}
		l := &b.Lines[i]
		where := to(r, l.Country, l.Class, l.Scope)
		cells := []string{l.First.In(r.Zone).Format("2006/01/02 15:04:05"), l.Callee, where, span(l.TalkS), r.Yen(tsujiban.Money(l.Charge))}
		if l.Count > 1 {
			cells[0] = l.First.In(r.Zone).Format("2006/01/02 15:04") + "–" + l.Last.In(r.Zone).Format("01/02 15:04")
			cells[1] = r.T("bill.alike", ui.Grouped(l.Count), about(l.AboutS), prices(r, l))
		}
		p.Table(&paper.Row{Cells: cells, Shares: shares, Right: figures})
	}
	p.Ln(3)
	p.Text(r.T("bill.note"), "L", 0)
}

func heading(p *paper.Page, text string) {
	p.Room(4 * paper.Line)
	p.Size(paper.Heading)
	p.Text(text, "L", 0)
	p.Size(paper.Body)
	p.Ln(1)
}

func span(seconds float64) string {
	s := int(seconds + 0.5)
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}

// prices is what one of many calls cost: a figure, or from one to another.
func prices(r *ui.Request, l *control.BillLine) string {
	if l.Least == l.Most {
		return r.Yen(tsujiban.Money(l.Most))
	}
	return r.Yen(tsujiban.Money(l.Least)) + "–" + r.Yen(tsujiban.Money(l.Most))
}
