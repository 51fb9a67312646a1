package people

import (
	"context"

	"tsujiban"
)

// The ceremony of a passkey is the page's business (console/signin speaks WebAuthn); what
// comes of it is kept here.

// Bearer is a person with all that is needed to check a passkey.
type Bearer struct {
	Person   Person
	Handle   []byte
	Passkeys []Passkey
}

// Bearer finds who a passkey's user handle names. CodeForbidden when nobody, or nobody who may sign in.
func (d *Door) Bearer(ctx context.Context, handle []byte) (b Bearer, err error) {
	err = d.Store.ViewPeople(ctx, func(tx Tx) error {
		id, err := tx.PersonByHandle(handle)
		if err != nil {
			return err
		}
		b, err = bearer(tx, id)
		return err
	})
	if err != nil && tsujiban.CodeOf(err) == tsujiban.CodeNotFound || err == nil && !b.Person.Disabled.IsZero() {
		return Bearer{}, errPasskey()
	}
	return b, err
}

// BearerOf is the same by the person's id.
func (d *Door) BearerOf(ctx context.Context, id string) (b Bearer, err error) {
	err = d.Store.ViewPeople(ctx, func(tx Tx) error {
		b, err = bearer(tx, id)
		return err
	})
	return b, err
}

func bearer(tx Tx, id string) (b Bearer, err error) {
	if b.Person, err = tx.Person(id); err != nil {
		return b, err
	}
	s, err := tx.Secrets(id)
	if err != nil {
		return b, err
	}
	b.Handle = s.Handle
	b.Passkeys, err = tx.Passkeys(id)
	return b, err
}

func errPasskey() error {
	return tsujiban.Errorf(tsujiban.CodeForbidden, "this passkey is not known here; use another one, or your password")
}

// EnterByPasskey signs in who proved to hold a passkey. k has its new Data.
func (d *Door) EnterByPasskey(ctx context.Context, k *Passkey, from From) (*Entry, error) {
	k.Used = d.now()
	var p Person
	var s Secrets
	err := d.Store.ChangePeople(ctx, func(tx Tx) (err error) {
		if p, err = tx.Person(k.Person); err != nil {
			return err
		}
		if s, err = tx.Secrets(k.Person); err != nil {
			return err
		}
		return tx.PutPasskey(k)
	})
	switch {
	case err != nil && tsujiban.CodeOf(err) == tsujiban.CodeNotFound:
		return nil, errPasskey()
	case err != nil:
		return nil, err
	}
	return d.enter(ctx, &p, s.Epoch, ByPasskey, from, nil)
}

// ProveByPasskey is [Door.Prove] with a passkey of the caller.
func (d *Door) ProveByPasskey(ctx context.Context, c *Caller, k *Passkey, from From) error {
	if k.Person != c.Person.ID {
		return errPasskey()
	}
	k.Used = d.now()
	if err := d.Store.ChangePeople(ctx, func(tx Tx) error { return tx.PutPasskey(k) }); err != nil {
		return err
	}
	return d.Proved(ctx, c, ByPasskey, from)
}
