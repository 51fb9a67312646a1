package portal

import (
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/console/ui"
	"tsujiban/ledger/sheet"
)

// sumLine is one customer's month.
type sumLine struct {
	ID, Name, At string
	control.UseSum
	Share float64 // of the dearest
}

// sumsPage is a month of all customers of a person.
type sumsPage struct {
	At            time.Time
	Month         string
	Before, After string // After is empty while it is still to come
	Lines         []sumLine
	Total         control.UseSum
}

// monthSums adds a month up, customer by customer.
func (m *room) monthSums(r *ui.Request) (*sumsPage, error) {
	in, month, err := askedOf(r)
	if err != nil {
		return nil, err
	}
	next := month.AddDate(0, 1, 0)
	p := &sumsPage{At: month, Month: in.Month, Before: month.AddDate(0, -1, 0).Format("2006-01")}
	if !next.After(r.Now()) {
		p.After = next.Format("2006-01")
	}
	if len(r.Person.Customers) == 0 {
		return p, nil
	}
	asked := url.Values{"from": {month.Format(time.RFC3339)}, "to": {next.Format(time.RFC3339)}}
	for _, id := range r.Person.Customers {
		asked.Add("customer", string(id))
	}
	var all control.Uses // without those that were removed
	if err := r.Office.Do(r.Context(), http.MethodGet, "/v1/use?"+asked.Encode(), nil, &all); err != nil {
		return nil, err
	}
	most := control.Amount(0)
	for i := range all.Uses {
		u := &all.Uses[i]
		p.Lines = append(p.Lines, sumLine{ID: u.Customer, Name: u.Name, At: at(u.Customer), UseSum: u.UseSum})
		p.Total.Answered += u.Answered
		p.Total.TalkS += u.TalkS
		p.Total.Charge = control.Amount(tsujiban.Money(p.Total.Charge).Add(tsujiban.Money(u.Charge)))
		most = max(most, u.Charge)
	}
	for i := range p.Lines {
		p.Lines[i].Share = ui.Share(p.Lines[i].Charge, max(most, 1))
	}
	return p, nil
}

func (m *room) sums(r *ui.Request) error {
	p, err := m.monthSums(r)
	if err != nil {
		return err
	}
	return r.Page("sums", p)
}

// sumsCSV hands the month over as a table.
func (m *room) sumsCSV(r *ui.Request) error {
	p, err := m.monthSums(r)
	if err != nil {
		return err
	}
	name := "use-" + p.Month + ".csv"
	return r.Write(name, ui.CSV, func(to io.Writer) error {
		w, err := sheet.NewWriter(name, to)
		if err != nil {
			return err
		}
		row := func(id, customer string, u *control.UseSum) error {
			return w.Row(id, customer, u.Answered, strconv.FormatFloat(u.TalkS, 'f', 0, 64), tsujiban.Money(u.Charge).String())
		}
		err = w.Row("ID", r.T("portal.customer"), r.T("bill.calls"), r.T("bill.seconds"), r.T("bill.yen"))
		for i := range p.Lines {
			if err == nil {
				err = row(p.Lines[i].ID, p.Lines[i].Name, &p.Lines[i].UseSum)
			}
		}
		if err == nil {
			err = row("", r.T("sums.total"), &p.Total)
		}
		if err != nil {
			return err
		}
		return w.Close()
	})
}
