package people

import (
	"context"
	"strings"

	"tsujiban"
)

// FirstLink makes the link that makes the first administrator; empty when there is one
// who may sign in. Each is good for itself until one was used.
func (d *Door) FirstLink(ctx context.Context) (string, error) {
	n := 0
	err := d.Store.ViewPeople(ctx, func(tx Tx) (err error) {
		n, err = tx.Administrators()
		return err
	})
	if err != nil || n > 0 {
		return "", err
	}
	text, _, err := d.Keys.Sign(LinkFirst, "", 0, d.now())
	return text, err
}

// Link looks at a link without using it. Of an invitation or a reset the person is returned.
func (d *Door) Link(ctx context.Context, text string, purpose Purpose) (l Link, p Person, err error) {
	if l, err = d.Keys.Read(text, purpose, d.now()); err != nil {
		return l, p, err
	}
	err = d.Store.ViewPeople(ctx, func(tx Tx) (err error) {
		p, _, err = d.holds(tx, &l)
		return err
	})
	return l, p, err
}

// holds tells whether a link that reads well is good still.
func (d *Door) holds(tx Tx, l *Link) (p Person, s Secrets, err error) {
	used, err := tx.LinkUsed(l.ID)
	if err != nil {
		return p, s, err
	}
	if used {
		return p, s, errLink()
	}
	switch l.Purpose {
	case LinkFirst:
		n, err := tx.Administrators()
		if err == nil && n > 0 {
			err = errLink()
		}
		return p, s, err
	case LinkInvite, LinkReset, LinkEnter:
		if p, err = tx.Person(l.Subject); err == nil {
			s, err = tx.Secrets(l.Subject)
		}
		if err != nil && tsujiban.CodeOf(err) == tsujiban.CodeNotFound || err == nil && (s.Epoch != l.Epoch || !p.Disabled.IsZero()) {
			err = errLink()
		}
	}
	return p, s, err
}

// First makes the first administrator with the link of the first start, and signs them in.
// Without a password they add a passkey next: until then the session is good for nothing else.
func (d *Door) First(ctx context.Context, text, login, name, password string, lang tsujiban.Lang, from From) (*Entry, error) {
	l, _, err := d.Link(ctx, text, LinkFirst)
	if err != nil {
		return nil, err
	}
	p, err := d.newPerson(login, name, Administrator, lang, nil)
	if err != nil {
		return nil, err
	}
	hash, err := d.newPassword(ctx, password, &p)
	if err != nil {
		return nil, err
	}
	if err := d.Record(ctx, p.ID, "staff: "+p.ID+" becomes the first administrator by the link of the start"); err != nil {
		return nil, err
	}
	err = d.Store.ChangePeople(ctx, func(tx Tx) error {
		if _, _, err := d.holds(tx, &l); err != nil {
			return err
		}
		if err := tx.UseLink(l.ID, l.Until); err != nil {
			return errLink()
		}
		if err := tx.AddPerson(&p); err != nil {
			return err
		}
		return tx.PutSecrets(&Secrets{Person: p.ID, Handle: random(32), Password: hash})
	})
	if err != nil {
		return nil, err
	}
	return d.enter(ctx, &p, 0, entryMethod(password), from, nil)
}

func entryMethod(password string) Method {
	if password == "" {
		return ByLink
	}
	return ByPassword
}

// newPassword is empty when there is none.
func (d *Door) newPassword(ctx context.Context, password string, p *Person) (string, error) {
	if password == "" {
		return "", nil
	}
	if err := ValidPassword(password, p); err != nil {
		return "", err
	}
	return d.hasher.Hash(ctx, password)
}

// Accept uses an invitation or a reset: the person gets this password (or none, to add
// a passkey next), loses the second factor from before, and is signed in; all other
// sessions end.
func (d *Door) Accept(ctx context.Context, text string, purpose Purpose, password string, from From) (*Entry, error) {
	if purpose != LinkInvite && purpose != LinkReset {
		return nil, errLink()
	}
	l, p, err := d.Link(ctx, text, purpose)
	if err != nil {
		return nil, err
	}
	hash, err := d.newPassword(ctx, password, &p)
	if err != nil {
		return nil, err
	}
	if err := d.Record(ctx, p.ID, "staff: "+p.ID+" uses the link: "+string(purpose)); err != nil {
		return nil, err
	}
	epoch := int64(0)
	err = d.Store.ChangePeople(ctx, func(tx Tx) error {
		_, s, err := d.holds(tx, &l)
		if err != nil {
			return err
		}
		if err := tx.UseLink(l.ID, l.Until); err != nil {
			return errLink()
		}
		s.Password, s.TOTP, s.TOTPStep = hash, nil, 0
		s.Epoch++
		epoch = s.Epoch
		if err := tx.PutSecrets(&s); err != nil {
			return err
		}
		if err := tx.PutRecovery(p.ID, nil); err != nil {
			return err
		}
		if _, err := tx.EndSessions(p.ID, ""); err != nil {
			return err
		}
		return tx.AddSignIn(&SignIn{At: d.now(), Person: p.ID, Kind: LinkKind, Method: ByLink, From: from, Note: string(purpose)})
	})
	if err != nil {
		return nil, err
	}
	return d.enter(ctx, &p, epoch, entryMethod(password), from, nil)
}

// ReplyLink makes the link of "was this you?". subject says what is asked, in the words of who asks.
func (d *Door) ReplyLink(subject string) (string, error) {
	text, _, err := d.Keys.Sign(LinkReply, subject, 0, d.now())
	return text, err
}

// Reply uses a link of "was this you?" up and tells what was asked. Use [Door.Link] to show
// the question. Once it is used the answer has to be carried out.
func (d *Door) Reply(ctx context.Context, text string) (subject string, err error) {
	l, err := d.Keys.Read(text, LinkReply, d.now())
	if err != nil {
		return "", err
	}
	if err := d.Once(ctx, l.ID, l.Until); err != nil {
		if tsujiban.CodeOf(err) == tsujiban.CodeConflict {
			err = errLink()
		}
		return "", err
	}
	return l.Subject, nil
}

// Elsewhere is somebody whom another service (OpenID Connect) vouches for.
type Elsewhere struct {
	Issuer, Subject string
	Login           string // the claim that is set to name the login; verified there
	Name            string
	Create          Role // who is not known here gets this role; zero: nobody is made
}

// EnterByOIDC signs in who was vouched for. The first time the login decides who it is,
// afterwards the service's own name for the person does: a mail address can change hands.
func (d *Door) EnterByOIDC(ctx context.Context, w Elsewhere, from From) (*Entry, error) {
	identity := w.Issuer + " " + w.Subject
	login, err := ParseLogin(w.Login)
	if err != nil || w.Issuer == "" || w.Subject == "" || len(identity) > 600 || strings.Contains(w.Issuer, " ") {
		return nil, tsujiban.Errorf(tsujiban.CodeForbidden, "the sign-in service did not say who you are in a way that is understood here; ask an administrator to look at [console.oidc]")
	}
	no := tsujiban.Errorf(tsujiban.CodeForbidden, "%s has no account here; ask an administrator for an invitation", login)
	var p Person
	var s Secrets
	bind := false
	err = d.Store.ViewPeople(ctx, func(tx Tx) (err error) {
		id, err := tx.PersonByOIDC(identity)
		switch {
		case err == nil:
			p, err = tx.Person(id)
		case tsujiban.CodeOf(err) == tsujiban.CodeNotFound:
			bind = true
			p, err = tx.PersonByLogin(login)
		}
		if err == nil {
			s, err = tx.Secrets(p.ID)
		}
		return err
	})
	switch {
	case err != nil && tsujiban.CodeOf(err) == tsujiban.CodeNotFound && w.Create != 0 && p.ID == "":
		if p, err = d.newPerson(login, nameOr(w.Name, login), w.Create, tsujiban.Japanese, nil); err != nil {
			return nil, err
		}
		s = Secrets{Person: p.ID, Handle: random(32)}
	case err != nil && tsujiban.CodeOf(err) == tsujiban.CodeNotFound:
		return nil, no
	case err != nil:
		return nil, err
	case !p.Disabled.IsZero() || bind && s.OIDC != "":
		return nil, no
	}
	if bind {
		if err := d.bind(ctx, &p, &s, identity); err != nil {
			return nil, err
		}
	}
	return d.enter(ctx, &p, s.Epoch, ByOIDC, from, nil)
}

func nameOr(name, login string) string {
	name = strings.TrimSpace(clean(name, MaxName))
	if validName("name", name) != nil {
		return login[:min(len(login), MaxName)]
	}
	return name
}

// bind makes an account elsewhere belong to a person, who may be new.
func (d *Door) bind(ctx context.Context, p *Person, s *Secrets, identity string) error {
	if err := d.Record(ctx, p.ID, "staff: "+p.ID+" ("+p.Role.String()+") signs in by OpenID Connect from now on"); err != nil {
		return err
	}
	return d.Store.ChangePeople(ctx, func(tx Tx) error {
		if _, err := tx.Person(p.ID); tsujiban.CodeOf(err) == tsujiban.CodeNotFound && err != nil {
			if err := tx.AddPerson(p); err != nil {
				return err
			}
		} else if now, err := tx.Secrets(p.ID); err != nil {
			return err
		} else {
			*s = now
		}
		if s.OIDC != "" && s.OIDC != identity {
			return errNot()
		}
		s.OIDC = identity
		return tx.PutSecrets(s)
	})
}
