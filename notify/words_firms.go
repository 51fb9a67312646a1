package notify

import (
	"fmt"
	"strconv"

	"tsujiban/app/control"
	"tsujiban/notify/letter"
)

// digestFirms is the last day of all customers of one reader, a reseller. It tells of no other customer and of nobody who tried at the operator's door.
func (p *page) digestFirms() *letter.Letter {
	d := p.f.Firms
	l := &letter.Letter{
		Subject: p.trf("%sのご利用のまとめ: %d契約者、要確認 %d件", "Your customers on %s: %d, to look at %d", p.day(d.From), len(d.Customers)+d.More+d.Quiet, len(d.Customers)+d.More),
		Title:   p.trf("%sのご利用のまとめ", "Your customers on %s", p.day(d.From)),
	}
	l.Parts = append(l.Parts, letter.Part{
		Text:  p.trf("発信 %d件（お断り %d件、途中で切断 %d件）、金額 %s。", "%d calls (%d refused, %d ended by us), %s.", d.Attempts, d.Denied, d.Cut, p.money(d.Charge)),
		After: p.trf("普段どおりの契約者: %d", "Customers with nothing unusual: %d", d.Quiet),
	})
	if len(d.Customers) == 0 {
		l.Subject = p.trf("%s: 普段どおりでした（%d契約者）", "%s: nothing unusual (%d customers)", p.day(d.From), d.Quiet)
	} else {
		l.Tone = letter.Warn
		t, stopped := p.firms(d.Customers)
		if stopped {
			l.Tone = letter.Alarm
		}
		l.Parts = append(l.Parts, letter.Part{Heading: p.tr("確認が必要な契約者", "Customers to look at"), Table: t, After: p.left(len(d.Customers) + d.More - len(t.Rows))})
	}
	if p.Base != nil {
		l.Parts = append(l.Parts, letter.Part{Links: []letter.Link{{Text: p.tr("今月のご利用を開く", "Open this month's use"), URL: p.Base.JoinPath("sums").String(), Strong: true}}})
	}
	return l
}

// firms is a table of customers with something to look at; stopped tells whether calls of one are.
func (p *page) firms(list []control.Day) (t *letter.Table, stopped bool) {
	t = &letter.Table{
		Head:  []string{p.tr("契約者", "Customer"), p.tr("発信", "Calls"), p.tr("お断り", "Refused"), p.tr("夜間", "Night"), p.tr("国際等", "Abroad"), p.tr("新しい登録", "New devices"), p.tr("金額／上限", "Used / limit"), p.tr("状態", "State")},
		Right: []bool{false, true, true, true, true, true, true, false},
	}
	for i := range list[:min(len(list), maxCustomers)] {
		c := &list[i]
		fresh, abroad := 0, 0
		for k := range c.Accesses {
			if c.Accesses[k].New {
				fresh++
			}
		}
		for k := range c.Abroad {
			abroad += c.Abroad[k].Attempts
		}
		state := ""
		if c.Restriction != nil {
			state, stopped = p.tr("停止中", "stopped"), true
		}
		limit := p.money(c.CapDay)
		if c.CapDay == 0 {
			limit = p.tr("なし", "none")
		}
		t.Rows = append(t.Rows, []string{letter.Foreign(c.Name), strconv.Itoa(c.Attempts), strconv.Itoa(c.Denied), strconv.Itoa(c.Night), strconv.Itoa(abroad), strconv.Itoa(fresh), fmt.Sprintf("%s / %s", p.money(c.Charge), limit), state})
	}
	return t, stopped
}
