package notify

import (
	"strconv"

	"tsujiban/app/control"
	"tsujiban/notify/letter"
)

// toStaff is where a reader of the operator goes on from here: a page, where there is a console; else the command that does it.
func (p *page) toStaff(ja, en, command string, path ...string) letter.Part {
	if p.Base == nil || !p.n.Staff {
		return letter.Part{After: p.trf("%s: %s", "%s: %s", p.tr(ja, en), command)}
	}
	return letter.Part{Links: []letter.Link{{Text: p.tr(ja, en), URL: p.Base.JoinPath(path...).String(), Strong: true}}}
}

// toCase leads to the case, or to the customer where there is none.
func (p *page) toCase() letter.Part {
	if c := p.f.Case; c != nil {
		id := strconv.FormatUint(c.ID, 10)
		return p.toStaff("事案を開く（詳細・解除）", "Open the case (details, release)", "tsujiban case show "+id, "cases", id)
	}
	return p.toStaff("契約者を開く（詳細・解除）", "Open the customer (details, release)", "tsujiban customer show "+p.f.Customer, "customers", p.f.Customer)
}

// ofCase is what the case of suspicion came to when the notice was made.
func (p *page) ofCase() []letter.Pair {
	c := p.f.Case
	if c == nil || c.Calls == 0 {
		return nil
	}
	out := []letter.Pair{{
		Name: p.tr("普段と異なる発信", "Unusual calls"), Value: p.trf("%d件（お断り %d件）、ご利用額 %s", "%d (%d refused), used %s", c.Calls, c.Refused, p.money(c.Lost)),
	}}
	if c.Avoided > 0 {
		out = append(out, letter.Pair{Name: p.tr("防いだ金額", "Prevented"), Value: p.money(c.Avoided) + p.tr("（お断りした発信が1分続いた場合）", " (had each refused call lasted a minute)")})
	}
	return out
}

// overdue says which step of which case it is about.
func (p *page) overdue() []letter.Pair {
	s, ok := control.StepOf(p.f.Note)
	if !ok {
		return []letter.Pair{{Name: p.tr("内容", "What"), Value: letter.Clean(p.f.Note)}}
	}
	out := []letter.Pair{
		{Name: p.tr("事案", "Case"), Value: p.trf("利用停止事案 %d（手順 %d）", "suspension case %d, step %d", s.Case, s.Step)},
		{Name: p.tr("未了の手順", "To be done"), Value: s.Kind.Text(p.lang)},
	}
	if s.Of != "" {
		out = append(out, letter.Pair{Name: p.tr("相手", "To whom"), Value: letter.Foreign(s.Of)})
	}
	if !s.Due.IsZero() {
		out = append(out, letter.Pair{Name: p.tr("期限", "Due"), Value: p.at(s.Due)})
	}
	return out
}

// suspension is the path of the case that a step is of.
func (p *page) suspension() []string {
	if s, ok := control.StepOf(p.f.Note); ok {
		return []string{"numbers", "suspensions", strconv.FormatInt(s.Case, 10)}
	}
	return []string{"numbers", "suspensions"}
}

// NoContact is why a customer could not be told that has no address.
const NoContact = "the customer has no contact address"

// because is why a notice could not be told. What a mail server says stays as it is.
func (p *page) because(reason string) string {
	if reason == NoContact {
		return p.tr("連絡先のメールアドレスが登録されていません", NoContact)
	}
	return letter.Foreign(reason)
}

// by is who did it.
func (p *page) by() string {
	return letter.Foreign(control.Who(p.f.By, p.lang))
}

// note is what somebody wrote, if they did.
func (p *page) note() []letter.Pair {
	n := control.TypedNote(p.f.Note, p.lang)
	text := letter.Foreign(n.Typed)
	if n.Ours != "" {
		text = n.Ours + " " + text
	}
	if text == "" {
		return nil
	}
	return []letter.Pair{{Name: p.tr("備考", "Note"), Value: text}}
}
