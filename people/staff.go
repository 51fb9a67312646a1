package people

import (
	"context"
	"encoding/base32"
	"fmt"
	"strings"

	"tsujiban"
)

// Actor is who changes something about others: a person, or who stands at the socket
// (Person nil), whom the kernel lets in.
type Actor struct {
	Name   string // what the record says: the person's ID
	Caller *Caller
}

// may tells whether the actor may change staff. A person needs the right and a fresh proof.
func (d *Door) may(a Actor) error {
	if a.Caller == nil {
		return nil
	}
	if !a.Caller.May(ChangeStaff) {
		return tsujiban.Errorf(tsujiban.CodeForbidden, "the role %s does not change staff; ask an administrator", a.Caller.Person.Role)
	}
	return d.Fresh(a.Caller)
}

// newPerson makes a person with an ID that can be read and was never there: sato-k7q2x.
func (d *Door) newPerson(login, name string, role Role, lang tsujiban.Lang, customers []tsujiban.CustomerID) (Person, error) {
	login, err := ParseLogin(login)
	if err != nil {
		return Person{}, err
	}
	local, _, _ := strings.Cut(login, "@")
	local = strings.Trim(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, local), "-")
	tail := strings.ToLower(base32.StdEncoding.EncodeToString(random(5)))[:5]
	p := Person{ID: strings.TrimPrefix(local[:min(len(local), 20)]+"-"+tail, "-"), Login: login, Name: strings.TrimSpace(name), Role: role, Language: lang, Customers: customers, Created: d.now()}
	return p, p.Valid()
}

// Invite adds a person and makes the link with which they come in.
func (d *Door) Invite(ctx context.Context, a Actor, login, name string, role Role, lang tsujiban.Lang, customers []tsujiban.CustomerID) (Person, string, error) {
	if err := d.may(a); err != nil {
		return Person{}, "", err
	}
	p, err := d.newPerson(login, name, role, lang, customers)
	if err != nil {
		return p, "", err
	}
	err = d.Store.ViewPeople(ctx, func(tx Tx) error {
		_, err := tx.PersonByLogin(p.Login)
		if err == nil {
			return tsujiban.Errorf(tsujiban.CodeExists, "login %s is taken; send a new link instead, or enable the person", p.Login)
		}
		if tsujiban.CodeOf(err) == tsujiban.CodeNotFound {
			return nil
		}
		return err
	})
	if err != nil {
		return p, "", err
	}
	text, l, err := d.Keys.Sign(LinkInvite, p.ID, 0, d.now())
	if err != nil {
		return p, "", err
	}
	if err := d.Record(ctx, a.Name, fmt.Sprintf("staff: %s is invited as %s, until %s", p.ID, reachText(&p), l.Until.Format("2006-01-02 15:04Z07:00"))); err != nil {
		return p, "", err
	}
	err = d.Store.ChangePeople(ctx, func(tx Tx) error {
		if err := tx.AddPerson(&p); err != nil {
			return err
		}
		if err := tx.PutSecrets(&Secrets{Person: p.ID, Handle: random(32)}); err != nil {
			return err
		}
		return tx.AddSignIn(&SignIn{At: d.now(), Person: p.ID, Kind: LinkKind, Note: "invited by " + a.Name})
	})
	return p, text, err
}

func reachText(p *Person) string {
	s := p.Role.String()
	for i, c := range p.Customers {
		if i == 10 {
			return s + fmt.Sprintf(" and %d more", len(p.Customers)-i)
		}
		s += " " + string(c)
	}
	return s
}

// NewLink makes a link with which a person comes in again, or for the first time. Every
// link from before is good no longer.
func (d *Door) NewLink(ctx context.Context, a Actor, id string) (string, Purpose, error) {
	if err := d.may(a); err != nil {
		return "", "", err
	}
	purpose := LinkInvite
	err := d.Store.ViewPeople(ctx, func(tx Tx) error {
		p, err := tx.Person(id)
		if err != nil {
			return err
		}
		if !p.Disabled.IsZero() {
			return tsujiban.Errorf(tsujiban.CodeConflict, "%s is disabled; enable them first", id)
		}
		s, err := tx.Secrets(id)
		if err != nil {
			return err
		}
		keys, err := tx.Passkeys(id)
		if s.Password != "" || s.OIDC != "" || len(keys) > 0 {
			purpose = LinkReset
		}
		return err
	})
	if err != nil {
		return "", "", err
	}
	if err := d.Record(ctx, a.Name, "staff: a link for "+id+" is made: "+string(purpose)); err != nil {
		return "", "", err
	}
	text := ""
	err = d.Store.ChangePeople(ctx, func(tx Tx) error {
		s, err := tx.Secrets(id)
		if err != nil {
			return err
		}
		s.Epoch++
		if text, _, err = d.Keys.Sign(purpose, id, s.Epoch, d.now()); err != nil {
			return err
		}
		if err := tx.PutSecrets(&s); err != nil {
			return err
		}
		return tx.AddSignIn(&SignIn{At: d.now(), Person: id, Kind: LinkKind, Note: string(purpose) + " by " + a.Name})
	})
	return text, purpose, err
}

// Change changes a person: name, role, reach, language, disabled. What ends a right ends
// sessions and tokens at once. The last administrator stays one.
func (d *Door) Change(ctx context.Context, a Actor, id, what string, change func(*Person) error) (Person, error) {
	if err := d.may(a); err != nil {
		return Person{}, err
	}
	var p Person
	try := func(tx Tx) (old Person, err error) {
		if old, err = tx.Person(id); err != nil {
			return old, err
		}
		p = old
		p.Customers = append([]tsujiban.CustomerID(nil), old.Customers...)
		if err := change(&p); err != nil {
			return old, err
		}
		p.ID, p.Created = old.ID, old.Created
		if err := p.Valid(); err != nil {
			return old, err
		}
		if stands := func(p *Person) bool { return p.Role == Administrator && p.Disabled.IsZero() }; stands(&old) && !stands(&p) {
			n, err := tx.Administrators()
			if err == nil && n <= 1 {
				err = tsujiban.Errorf(tsujiban.CodeConflict, "%s is the last administrator; make somebody else one first", id)
			}
			return old, err
		}
		return old, nil
	}
	if err := d.Store.ViewPeople(ctx, func(tx Tx) error { _, err := try(tx); return err }); err != nil {
		return Person{}, err
	}
	note := "staff: " + id + ": " + clean(what, 500)
	if err := d.Record(ctx, a.Name, note); err != nil {
		return Person{}, err
	}
	return p, d.Store.ChangePeople(ctx, func(tx Tx) error {
		old, err := try(tx)
		if err != nil {
			return err
		}
		if err := tx.PutPerson(&p); err != nil {
			return err
		}
		if err := endWhatEnded(tx, &old, &p); err != nil {
			return err
		}
		return tx.AddSignIn(&SignIn{At: d.now(), Person: id, Kind: ChangedKind, Note: clean(what, 200) + ", by " + a.Name})
	})
}

// endWhatEnded signs a person out whose rights changed. Who is disabled loses tokens and
// links, too: they do not come back when the person does.
func endWhatEnded(tx Tx, old, p *Person) error {
	if old.Role == p.Role && old.Disabled.IsZero() == p.Disabled.IsZero() && len(old.Customers) <= len(p.Customers) {
		return nil
	}
	if _, err := tx.EndSessions(p.ID, ""); err != nil {
		return err
	}
	if p.Disabled.IsZero() {
		return nil
	}
	if _, err := tx.DeleteTokens(p.ID); err != nil {
		return err
	}
	s, err := tx.Secrets(p.ID)
	if err != nil {
		return err
	}
	s.Epoch++
	return tx.PutSecrets(&s)
}

// Disable lets a person in no longer, from now on.
func (d *Door) Disable(ctx context.Context, a Actor, id string) (Person, error) {
	return d.Change(ctx, a, id, "disabled", func(p *Person) error {
		if !p.Disabled.IsZero() {
			return tsujiban.Errorf(tsujiban.CodeConflict, "%s is disabled already", id)
		}
		p.Disabled = d.now()
		return nil
	})
}

// Enable lets a person in again, with the password and the passkeys from before.
func (d *Door) Enable(ctx context.Context, a Actor, id string) (Person, error) {
	return d.Change(ctx, a, id, "enabled", func(p *Person) error {
		if p.Disabled.IsZero() {
			return tsujiban.Errorf(tsujiban.CodeConflict, "%s is not disabled", id)
		}
		p.Disabled = zeroTime
		return nil
	})
}

// EndSessions signs a person out everywhere.
func (d *Door) EndSessions(ctx context.Context, a Actor, id string) (n int, err error) {
	if err := d.may(a); err != nil {
		return 0, err
	}
	if err := d.Record(ctx, a.Name, "staff: all sessions of "+id+" are ended"); err != nil {
		return 0, err
	}
	err = d.Store.ChangePeople(ctx, func(tx Tx) error {
		if _, err := tx.Person(id); err != nil {
			return err
		}
		if n, err = tx.EndSessions(id, ""); err != nil {
			return err
		}
		return tx.AddSignIn(&SignIn{At: d.now(), Person: id, Kind: EndedKind, Note: "by " + a.Name})
	})
	return n, err
}

// EndToken ends a token of another person.
func (d *Door) EndToken(ctx context.Context, a Actor, id, token string) error {
	if err := d.may(a); err != nil {
		return err
	}
	return d.endToken(ctx, a.Name, id, token)
}

func (d *Door) endToken(ctx context.Context, by, id, token string) error {
	if err := d.Record(ctx, by, "staff: token "+clean(token, 40)+" of "+id+" is ended"); err != nil {
		return err
	}
	return d.Store.ChangePeople(ctx, func(tx Tx) error {
		if err := tx.DeleteToken(id, token); err != nil {
			return err
		}
		return tx.AddSignIn(&SignIn{At: d.now(), Person: id, Kind: TokenKind, Note: "ended by " + by})
	})
}

// Persons are all, by login.
func (d *Door) Persons(ctx context.Context) (out []Person, err error) {
	err = d.Store.ViewPeople(ctx, func(tx Tx) error {
		out, err = tx.Persons()
		return err
	})
	return out, err
}

// Find finds a person by ID or by login.
func (d *Door) Find(ctx context.Context, name string) (p Person, err error) {
	err = d.Store.ViewPeople(ctx, func(tx Tx) error {
		if p, err = tx.Person(name); err == nil || tsujiban.CodeOf(err) != tsujiban.CodeNotFound {
			return err
		}
		login, lerr := ParseLogin(name)
		if lerr != nil {
			return tsujiban.Errorf(tsujiban.CodeNotFound, "there is nobody %.100q; \"tsujiban staff list\" shows who there is", name)
		}
		if p, err = tx.PersonByLogin(login); err != nil && tsujiban.CodeOf(err) == tsujiban.CodeNotFound {
			err = tsujiban.Errorf(tsujiban.CodeNotFound, "there is nobody %q; \"tsujiban staff list\" shows who there is", login)
		}
		return err
	})
	return p, err
}
