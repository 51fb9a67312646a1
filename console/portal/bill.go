package portal

import (
	"bufio"
	"encoding/csv"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/console/ui"
	"tsujiban/numbering/names"
)

// maxLines is how many lines of a bill a page shows at most; the files have them all.
const maxLines = 500

// wholeGround is the ground on which a customer sees whole numbers on its own bill: it asked.
const wholeGround = "the customer asked for whole numbers on its own bill"

// billAsked is what is asked of a bill.
type billAsked struct {
	Month string `form:"month" max:"7"`
	By    string `form:"by" max:"10"`
	Whole bool   `form:"whole"`

	// Which lines the page shows.
	Cursor string `form:"cursor" max:"40"`
	Limit  int    `form:"limit"`
}

// query is the question as the order has it.
func (b *billAsked) query() string {
	q := url.Values{"month": {b.Month}}
	if b.Whole {
		q.Set("whole", "true")
		q.Set("ground", wholeGround)
	}
	return q.Encode()
}

// askedOf reads the question: this month by call, when nothing is said.
func askedOf(r *ui.Request) (*billAsked, time.Time, error) {
	var in billAsked
	if _, err := r.Decode(&in); err != nil {
		return nil, time.Time{}, err
	}
	if in.Month == "" {
		in.Month = r.Now().In(r.Zone).Format("2006-01")
	}
	at, err := time.ParseInLocation("2006-01", in.Month, r.Zone)
	if err != nil {
		return nil, at, r.Errorf(tsujiban.CodeInvalid, "bill.no-month")
	}
	if in.By != "day" && in.By != "place" {
		in.By = "call"
	}
	return &in, at, nil
}

// billPage is what the page shows.
type billPage struct {
	Head    *head
	Asked   *billAsked
	Bill    *control.Bill
	Page    pageOf
	Before  string
	After   string // empty: it is still to come
	At      time.Time
	Places  []place
	HighDay control.Amount
}

func (m *room) bill(r *ui.Request) error {
	h, err := m.head(r, "bill")
	if err != nil {
		return err
	}
	in, month, err := askedOf(r)
	if err != nil {
		return err
	}
	var b control.Bill
	if in.Limit <= 0 || in.Limit > maxLines {
		in.Limit = maxLines
	}
	q := in.query() + "&" + url.Values{"cursor": {in.Cursor}, "limit": {strconv.Itoa(in.Limit)}}.Encode()
	if err := r.Office.Do(r.Context(), http.MethodGet, order(h.Customer.ID, "/bill?"+q), nil, &b); err != nil {
		return err
	}
	p := &billPage{Head: h, Asked: in, Bill: &b, At: month, Before: month.AddDate(0, -1, 0).Format("2006-01"), Places: shares(b.Places)}
	if next := month.AddDate(0, 1, 0); !next.After(r.Now()) {
		p.After = next.Format("2006-01")
	}
	for i := range b.Days {
		p.HighDay = max(p.HighDay, b.Days[i].Charge)
	}
	p.Page = p.pages()
	return r.Page("bill", p)
}

// pageOf says which lines are shown, and where the others are; all is empty when they are on one page.
type pageOf struct {
	First, Last    int // counted from 1
	Previous, Next string
}

func (p *billPage) pages() (at pageOf) {
	b := p.Bill
	if len(b.Lines) == b.Count {
		return at
	}
	to := func(cursor string) string {
		q := p.values()
		if cursor != "" {
			q.Set("cursor", cursor)
		}
		if p.Asked.Limit != maxLines {
			q.Set("limit", strconv.Itoa(p.Asked.Limit))
		}
		return p.Head.At + "/bill?" + q.Encode() + "#lines"
	}
	at.First, at.Last = b.First+1, b.First+len(b.Lines)
	if b.First > 0 {
		at.Previous = to(b.Previous)
	}
	if b.Next != "" {
		at.Next = to(b.Next)
	}
	return at
}

// Share is a day's share of the dearest one.
func (p *billPage) Share(a control.Amount) float64 { return ui.Share(a, p.HighDay) }

// Query asks for the same bill in another form.
func (p *billPage) Query() string { return p.values().Encode() }

func (p *billPage) values() url.Values {
	q := url.Values{"month": {p.Asked.Month}}
	if p.Asked.Whole {
		q.Set("whole", "yes")
	}
	return q
}

// billCSV hands the bill over as a table, a row for each call. The program has made sure that no cell is a formula; here it gets titles in the
// person's language, and the mark by which spreadsheets know UTF-8.
func (m *room) billCSV(r *ui.Request) error {
	in, _, err := askedOf(r)
	if err != nil {
		return err
	}
	body, name, err := r.Office.Download(r.Context(), http.MethodGet, order(r.PathValue("customer"), "/bill.csv?"+in.query()), nil)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }() // read only
	return r.Write(name, ui.CSV, func(to io.Writer) error {
		rd := bufio.NewReader(body)
		if _, err := rd.ReadString('\n'); err != nil { // the titles
			return err
		}
		if _, err := io.WriteString(to, "\ufeff"); err != nil {
			return err
		}
		w := csv.NewWriter(to)
		if err := w.Write([]string{r.T("bill.at"), r.T("bill.number"), r.T("bill.country"), r.T("bill.class"), r.T("bill.seconds"), r.T("bill.yen")}); err != nil {
			return err
		}
		if w.Flush(); w.Error() != nil {
			return w.Error()
		}
		_, err := io.Copy(to, rd)
		return err
	})
}

// to names a destination: a country, or a kind of number at home.
func to(r *ui.Request, country, class, scope string) string {
	if scope == tsujiban.ScopeDomestic.String() || country == "" {
		if c, ok := tsujiban.ParseClass(class); ok && classWord[c] != "" {
			return r.T(classWord[c])
		}
		return class
	}
	return names.Country(r.Lang, country)
}

// classWord are the words of the kinds of numbers.
var classWord = [tsujiban.NumClasses]string{
	tsujiban.ClassUnknown: "class.unknown", tsujiban.ClassEmergency: "class.emergency", tsujiban.ClassFixed: "class.fixed", tsujiban.ClassMobile: "class.mobile",
	tsujiban.ClassIPPhone: "class.ip-phone", tsujiban.ClassFreephone: "class.freephone", tsujiban.ClassSharedCost: "class.shared-cost", tsujiban.ClassPremium: "class.premium",
	tsujiban.ClassPager: "class.pager", tsujiban.ClassM2M: "class.m2m", tsujiban.ClassSpecial: "class.special", tsujiban.ClassSatellite: "class.satellite",
	tsujiban.ClassPersonal: "class.personal", tsujiban.ClassNetwork: "class.network", tsujiban.ClassUndesignated: "class.undesignated",
}

// about is the length of calls that are alike, in whole seconds.
func about(seconds float64) string { return strconv.Itoa(int(seconds + 0.5)) }
