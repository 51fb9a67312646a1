package app

import (
	"context"
	"log/slog"
	"slices"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/notify"
	"tsujiban/notify/outbox"
	"tsujiban/people"
)

// chosen are the kinds of notice behind each kind that people choose: of staff, and of customers' people.
var chosen = map[people.NoticeKind][2][]outbox.Kind{
	people.NoticeRestriction: {{outbox.Restriction, outbox.Closing, outbox.Release}, {outbox.Restriction, outbox.Closing, outbox.Release}},
	people.NoticeCase:        {{outbox.Question}, nil},
	people.NoticeAsked:       {nil, {outbox.Question}},
	people.NoticeReply:       {{outbox.Reply}, nil},
	people.NoticeLimit:       {{outbox.Spending}, {outbox.Spending}},
	people.NoticeProposal:    {{outbox.Proposal}, nil},
	people.NoticeHealth:      {{outbox.Trouble, outbox.Overdue, outbox.Undeliverable}, nil},
	people.NoticeDigest:      {{outbox.Digest}, {outbox.Digest}},
}

// persons are those who sign in and want mail, as they have chosen: staff when of is empty, else who belongs to that customer.
func (t *teller) persons(of tsujiban.CustomerID) (out []notify.Recipient) {
	t.everybody(func(p *people.Person, r notify.Recipient) {
		if p.Role.Staff() == (of == "") && (of == "" || slices.Contains(p.Customers, of)) {
			out = append(out, r)
		}
	})
	return out
}

// severals is somebody who has several customers: a reseller.
type severals struct {
	people.Person
	to notify.Recipient
}

// customersPersons are those of all customers, read once. Who has several is sent one digest of all and not one of each.
func (t *teller) customersPersons() (of map[tsujiban.CustomerID][]notify.Recipient, several []severals) {
	of = map[tsujiban.CustomerID][]notify.Recipient{}
	t.everybody(func(p *people.Person, r notify.Recipient) {
		switch {
		case p.Role.Staff():
		case len(p.Customers) == 1:
			of[p.Customers[0]] = append(of[p.Customers[0]], r)
		case len(p.Customers) > 1:
			several = append(several, severals{*p, r})
		}
	})
	return of, several
}

// firmsOf sums up the days of those customers that a person reaches, and of no other. It is nil when there is none.
func firmsOf(p *people.Person, all *control.Days) *control.Days {
	out := &control.Days{From: all.From, To: all.To}
	for i := range all.Customers {
		d := &all.Customers[i]
		if !p.Reaches(tsujiban.CustomerID(d.Customer)) {
			continue
		}
		out.Attempts, out.Denied, out.Cut = out.Attempts+d.Attempts, out.Denied+d.Denied, out.Cut+d.Cut
		out.Charge = control.Amount(tsujiban.Money(out.Charge).Add(tsujiban.Money(d.Charge)))
		if d.Quiet() {
			out.Quiet++
		} else {
			out.Customers = append(out.Customers, *d)
		}
	}
	if out.Quiet+len(out.Customers) == 0 {
		return nil
	}
	return trimmed(out)
}

// everybody calls each for every person whom mail can reach.
func (t *teller) everybody(each func(*people.Person, notify.Recipient)) {
	if t.ways.Load().mail == nil {
		return
	}
	err := t.app.store.ViewPeople(context.WithoutCancel(t.app.ctx), func(tx people.Tx) error {
		ps, err := tx.Persons()
		if err != nil {
			return err
		}
		for i := range ps {
			p := &ps[i]
			if !p.Disabled.IsZero() {
				continue
			}
			n, err := tx.Notices(p.ID)
			if tsujiban.CodeOf(err) == tsujiban.CodeNotFound && err != nil {
				n = people.DefaultNotices(p)
			} else if err != nil {
				return err
			}
			if r, ok := recipientOf(p, &n); ok {
				each(p, r)
			}
		}
		return nil
	})
	if err != nil {
		t.app.log.Error("who wants to be told cannot be read; only those of the configuration are", slog.Any("error", err))
	}
}

// recipientOf is a person as somebody who is told; ok is false without an address that mail can go to.
func recipientOf(p *people.Person, n *people.Notices) (r notify.Recipient, ok bool) {
	to := n.Mail
	if to == "" {
		to = p.Login
	}
	who := 1
	if p.Role.Staff() {
		who = 0
	}
	kinds := []outbox.Kind{}
	for _, k := range n.For(p.Role) {
		if n.Wants(k) {
			kinds = append(kinds, chosen[k][who]...)
		}
	}
	return notify.Recipient{To: to, Name: p.Name, Lang: n.Language, Staff: p.Role.Staff(), Kinds: kinds, QuietFrom: n.QuietFrom, QuietTo: n.QuietTo}, outbox.ValidAddress(to) == nil
}

// once keeps the first of recipients with the same address.
func once(list []notify.Recipient) (out []notify.Recipient) {
	for _, r := range list {
		if !slices.ContainsFunc(out, func(x notify.Recipient) bool { return x.Channel == r.Channel && x.To == r.To }) {
			out = append(out, r)
		}
	}
	return out
}
