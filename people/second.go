package people

import (
	"context"
	"fmt"
	"slices"
)

// NeedsSecond tells whether a second person is asked for an act.
func (d *Door) NeedsSecond(a Act) bool { return slices.Contains(d.Second, a) }

// ProposedNote begins what is recorded of a proposal.
const ProposedNote = "proposed, for a second person to approve: "

// Propose lets an act wait for a second person.
func (d *Door) Propose(ctx context.Context, first *Person, act Act, subject, note string, o Order) (Proposal, error) {
	now := d.now()
	p := Proposal{Act: act, Subject: subject, Order: o, Note: note, By: first.ID, At: now, Until: now.Add(d.Terms.Proposal), State: Waiting}
	if err := p.Valid(); err != nil {
		return p, err
	}
	if err := d.Record(ctx, first.ID, fmt.Sprintf(ProposedNote+"%s %s: %s", act, p.Subject, p.Note)); err != nil {
		return p, err
	}
	return p, d.Store.ChangePeople(ctx, func(tx Tx) error { return tx.AddProposal(&p) })
}

// Decide is what a second person says. When the proposal is approved its order has to be
// carried out next, and what came of it kept with [Door.Outcome].
func (d *Door) Decide(ctx context.Context, second *Person, id int64, yes bool, answer string) (Proposal, error) {
	word := map[bool]string{true: "approved", false: "declined"}[yes]
	return d.settle(ctx, second, id, word, func(p *Proposal) error { return p.Decide(second, yes, answer, d.now()) })
}

// Withdraw takes a proposal back.
func (d *Door) Withdraw(ctx context.Context, first *Person, id int64) (Proposal, error) {
	return d.settle(ctx, first, id, "withdrawn", func(p *Proposal) error { return p.Withdraw(first, d.now()) })
}

func (d *Door) settle(ctx context.Context, who *Person, id int64, word string, f func(*Proposal) error) (p Proposal, err error) {
	err = d.Store.ViewPeople(ctx, func(tx Tx) error {
		if p, err = tx.Proposal(id); err != nil {
			return err
		}
		return f(&p)
	})
	if err != nil {
		return p, err
	}
	if err := d.Record(ctx, who.ID, fmt.Sprintf("proposal %d is %s: %s %s, proposed by %s", id, word, p.Act, p.Subject, p.By)); err != nil {
		return p, err
	}
	err = d.Store.ChangePeople(ctx, func(tx Tx) error {
		if p, err = tx.Proposal(id); err != nil {
			return err
		}
		if err := f(&p); err != nil {
			return err
		}
		return tx.PutProposal(&p)
	})
	return p, err
}

// Outcome keeps what came of a proposal that was approved.
func (d *Door) Outcome(ctx context.Context, id int64, outcome string) error {
	return d.Store.ChangePeople(ctx, func(tx Tx) error {
		p, err := tx.Proposal(id)
		if err != nil {
			return err
		}
		p.Outcome = clean(outcome, 2000)
		return tx.PutProposal(&p)
	})
}

// Claim lets the first person give an order that a second one has agreed to, once, within the time that a proposal has: of an act
// whose outcome, a file, has to reach the first person. It returns the proposal's id, 0 when nobody has agreed. When the order
// fails, [Door.Outcome] with no text makes it good again.
func (d *Door) Claim(ctx context.Context, first *Person, o Order, outcome string) (id int64, err error) {
	now := d.now()
	err = d.Store.ChangePeople(ctx, func(tx Tx) error {
		all, err := tx.Proposals(true)
		for i := range all {
			p := &all[i]
			if p.State != Approved || p.Outcome != "" || p.By != first.ID || p.Order.Method != o.Method || p.Order.Path != o.Path || !now.Before(p.Decided.Add(d.Terms.Proposal)) {
				continue
			}
			id, p.Outcome = p.ID, clean(outcome, 2000)
			return tx.PutProposal(p)
		}
		return err
	})
	return id, err
}

// Proposals are those that wait, or the newest thousand.
func (d *Door) Proposals(ctx context.Context, all bool) (out []Proposal, err error) {
	now := d.now()
	err = d.Store.ViewPeople(ctx, func(tx Tx) error {
		list, err := tx.Proposals(all)
		for _, p := range list {
			if p.State == Waiting && !now.Before(p.Until) {
				p.State = Expired
			}
			if all || p.State == Waiting {
				out = append(out, p)
			}
		}
		return err
	})
	return out, err
}
