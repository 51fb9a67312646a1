package people

import (
	"context"

	"tsujiban"
)

// Demonstrate adds a person for a demonstration, who has no password and no passkey and
// gets in by the link that is returned, once. Nothing else makes such links.
func (d *Door) Demonstrate(ctx context.Context, login, name string, role Role, lang tsujiban.Lang, customers ...tsujiban.CustomerID) (string, error) {
	p, err := d.newPerson(login, name, role, lang, customers)
	if err != nil {
		return "", err
	}
	if err := d.Record(ctx, p.ID, "staff: "+p.ID+" is added for a demonstration as "+role.String()); err != nil {
		return "", err
	}
	err = d.Store.ChangePeople(ctx, func(tx Tx) error {
		if err := tx.AddPerson(&p); err != nil {
			return err
		}
		return tx.PutSecrets(&Secrets{Person: p.ID, Handle: random(32)})
	})
	if err != nil {
		return "", err
	}
	text, _, err := d.Keys.Sign(LinkEnter, p.ID, 0, d.now())
	return text, err
}

// EnterByLink signs in whom [Door.Demonstrate] added.
func (d *Door) EnterByLink(ctx context.Context, text string, from From) (*Entry, error) {
	l, p, err := d.Link(ctx, text, LinkEnter)
	if err != nil {
		return nil, err
	}
	err = d.Store.ChangePeople(ctx, func(tx Tx) error {
		if tx.UseLink(l.ID, l.Until) != nil {
			return errLink()
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return d.enter(ctx, &p, l.Epoch, ByEnter, from, nil)
}
