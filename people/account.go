package people

import (
	"context"
	"encoding/base64"
	"fmt"
	"time"

	"tsujiban"
)

var zeroTime time.Time

// Account is all that a person sees of the own account, and staff of another's.
type Account struct {
	Person   Person
	Password bool
	TOTP     bool
	OIDC     bool
	Recovery int // codes left
	Passkeys []Passkey
	Sessions []Session
	Tokens   []Token
	SignIns  []SignIn // the newest fifty
	Notices  Notices
}

// Secured tells whether there is a factor that cannot be guessed.
func (a *Account) Secured() bool { return len(a.Passkeys) > 0 || a.TOTP || a.OIDC }

// Account reads it.
func (d *Door) Account(ctx context.Context, id string) (a Account, err error) {
	err = d.Store.ViewPeople(ctx, func(tx Tx) (err error) {
		if a.Person, err = tx.Person(id); err != nil {
			return err
		}
		s, err := tx.Secrets(id)
		if err != nil {
			return err
		}
		a.Password, a.TOTP, a.OIDC = s.Password != "", len(s.TOTP) > 0, s.OIDC != ""
		if a.Recovery, err = tx.RecoveryLeft(id); err != nil {
			return err
		}
		if a.Passkeys, err = tx.Passkeys(id); err != nil {
			return err
		}
		all, err := tx.Sessions(id)
		if err != nil {
			return err
		}
		for i := range all {
			if all[i].Lives(d.now(), d.Terms) {
				a.Sessions = append(a.Sessions, all[i])
			}
		}
		if a.Tokens, err = tx.Tokens(id); err != nil {
			return err
		}
		if a.SignIns, err = tx.SignIns(id, 0, 50); err != nil {
			return err
		}
		a.Notices, err = notices(tx, &a.Person)
		return err
	})
	return a, err
}

func notices(tx Tx, p *Person) (Notices, error) {
	n, err := tx.Notices(p.ID)
	if err != nil && tsujiban.CodeOf(err) == tsujiban.CodeNotFound {
		return DefaultNotices(p), nil
	}
	return n, err
}

// own changes something of the caller's own account, with a fresh proof, and keeps a line
// of history. f runs in the transaction.
func (d *Door) own(ctx context.Context, c *Caller, kind SignInKind, what string, from From, f func(Tx, *Secrets) error) error {
	if err := d.Fresh(c); err != nil {
		return err
	}
	if err := d.Record(ctx, c.Person.ID, "account: "+what); err != nil {
		return err
	}
	return d.Store.ChangePeople(ctx, func(tx Tx) error {
		s, err := tx.Secrets(c.Person.ID)
		if err != nil {
			return err
		}
		if err := f(tx, &s); err != nil {
			return err
		}
		if err := tx.PutSecrets(&s); err != nil {
			return err
		}
		return tx.AddSignIn(&SignIn{At: d.now(), Person: c.Person.ID, Kind: kind, Method: c.Session.Method, From: from, Note: what})
	})
}

// SetPassword sets a new password; all other sessions and open links end.
func (d *Door) SetPassword(ctx context.Context, c *Caller, password string, from From) error {
	if err := ValidPassword(password, &c.Person); err != nil {
		return err
	}
	if err := d.Fresh(c); err != nil {
		return err
	}
	hash, err := d.hasher.Hash(ctx, password)
	if err != nil {
		return err
	}
	return d.own(ctx, c, CredentialKind, "password set", from, func(tx Tx, s *Secrets) error {
		s.Password = hash
		s.Epoch++
		_, err := tx.EndSessions(c.Person.ID, c.Session.ID)
		return err
	})
}

// OfferTOTP makes a secret for the caller's app and the sealed form in which it comes
// back with the first code.
func (d *Door) OfferTOTP(c *Caller) (secret []byte, sealed string) {
	secret = NewTOTP()
	return secret, base64.RawURLEncoding.EncodeToString(d.Keys.Seal(secret, "offer "+c.Person.ID))
}

// Offered reads the secret again, to show it once more after a wrong code.
func (d *Door) Offered(c *Caller, sealed string) ([]byte, error) {
	b, err := base64.RawURLEncoding.DecodeString(sealed)
	if err == nil && len(sealed) < maxLink {
		b, err = d.Keys.Unseal(b, "offer "+c.Person.ID)
	}
	if err != nil || len(b) != totpSecret {
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "code: this took too long or was damaged; begin again")
	}
	return b, nil
}

// SetTOTP makes an offered secret the second factor, once the app has shown a right code.
// It returns recovery codes, which are shown this once.
func (d *Door) SetTOTP(ctx context.Context, c *Caller, sealed, code string, from From) ([]string, error) {
	secret, err := d.Offered(c, sealed)
	if err != nil {
		return nil, err
	}
	step, ok := CheckTOTP(secret, code, d.now(), 0)
	if !ok {
		return nil, invalid("code", "is not what the app shows now; look whether the clocks of phone and computer are right, and type the next one")
	}
	codes, hashes := d.newRecovery()
	err = d.own(ctx, c, CredentialKind, "one-time codes set up", from, func(tx Tx, s *Secrets) error {
		s.TOTP, s.TOTPStep = d.Keys.Seal(secret, c.Person.ID), step
		s.Epoch++
		if err := tx.PutRecovery(c.Person.ID, hashes); err != nil {
			return err
		}
		if _, err := tx.EndSessions(c.Person.ID, c.Session.ID); err != nil {
			return err
		}
		if c.Session.Method == ByPassword {
			c.Session.Method = ByTOTP
		}
		return tx.PutSession(c.Session)
	})
	return codes, err
}

// RemoveTOTP takes the second factor away. Staff need a passkey then.
func (d *Door) RemoveTOTP(ctx context.Context, c *Caller, from From) error {
	return d.own(ctx, c, CredentialKind, "one-time codes removed", from, func(tx Tx, s *Secrets) error {
		keys, err := tx.Passkeys(c.Person.ID)
		if err != nil {
			return err
		}
		if c.Person.Role.Staff() && len(keys) == 0 && s.OIDC == "" {
			return tsujiban.Errorf(tsujiban.CodeConflict, "staff need a second factor; add a passkey first")
		}
		s.TOTP, s.TOTPStep = nil, 0
		return tx.PutRecovery(c.Person.ID, nil)
	})
}

func (d *Door) newRecovery() (codes []string, hashes [][]byte) {
	for range RecoveryCodes {
		code := newRecoveryCode()
		codes, hashes = append(codes, code), append(hashes, mac(d.Keys.pepper, foldRecovery(code)))
	}
	return codes, hashes
}

// NewRecovery makes new recovery codes in place of those from before.
func (d *Door) NewRecovery(ctx context.Context, c *Caller, from From) ([]string, error) {
	codes, hashes := d.newRecovery()
	err := d.own(ctx, c, CredentialKind, "new recovery codes", from, func(tx Tx, s *Secrets) error {
		if len(s.TOTP) == 0 {
			return tsujiban.Errorf(tsujiban.CodeConflict, "recovery codes stand in for one-time codes; set those up first")
		}
		return tx.PutRecovery(c.Person.ID, hashes)
	})
	return codes, err
}

const maxPasskeys = 20

// AddPasskey keeps a passkey that was just made.
func (d *Door) AddPasskey(ctx context.Context, c *Caller, k *Passkey, from From) error {
	if err := validName("name", k.Name); err != nil {
		return err
	}
	k.Person, k.Added = c.Person.ID, d.now()
	return d.own(ctx, c, CredentialKind, "passkey added: "+k.Name, from, func(tx Tx, _ *Secrets) error {
		keys, err := tx.Passkeys(k.Person)
		if err != nil {
			return err
		}
		if len(keys) >= maxPasskeys {
			return tsujiban.Errorf(tsujiban.CodeConflict, "there are %d passkeys; remove one that is no longer used", len(keys))
		}
		if err := tx.AddPasskey(k); err != nil {
			return err
		}
		if c.Session.Method == ByPassword || c.Session.Method == ByLink {
			c.Session.Method = ByPasskey
		}
		return tx.PutSession(c.Session)
	})
}

// RemovePasskey forgets one; a way in has to stay.
func (d *Door) RemovePasskey(ctx context.Context, c *Caller, id []byte, from From) error {
	return d.own(ctx, c, CredentialKind, "passkey removed", from, func(tx Tx, s *Secrets) error {
		keys, err := tx.Passkeys(c.Person.ID)
		if err != nil {
			return err
		}
		if len(keys) == 1 && s.OIDC == "" && (s.Password == "" || c.Person.Role.Staff() && len(s.TOTP) == 0) {
			return tsujiban.Errorf(tsujiban.CodeConflict, "this is your only way in; set a password with one-time codes, or add another passkey, first")
		}
		return tx.DeletePasskey(c.Person.ID, id)
	})
}

// EndOwn ends one of the caller's sessions, or with an empty id all others. It needs no
// fresh proof: who sees a stranger signed in acts at once.
func (d *Door) EndOwn(ctx context.Context, c *Caller, id string, from From) error {
	if err := d.Record(ctx, c.Person.ID, "account: sessions ended"); err != nil {
		return err
	}
	return d.Store.ChangePeople(ctx, func(tx Tx) (err error) {
		if id == "" {
			_, err = tx.EndSessions(c.Person.ID, c.Session.ID)
		} else {
			err = tx.EndSession(c.Person.ID, id)
		}
		if err != nil {
			return err
		}
		return tx.AddSignIn(&SignIn{At: d.now(), Person: c.Person.ID, Kind: EndedKind, From: from})
	})
}

// NewToken makes an API token. It is told this once.
func (d *Door) NewToken(ctx context.Context, c *Caller, name string, scopes []Right, life time.Duration, from From) (string, error) {
	text, now := TokenPrefix+newToken(), d.now()
	k := Token{ID: newID(), Hash: hashToken(text), Person: c.Person.ID, Name: name, Scopes: scopes, Created: now, Until: now.Add(life)}
	if err := k.Valid(&c.Person); err != nil {
		return "", err
	}
	err := d.own(ctx, c, TokenKind, fmt.Sprintf("token %s made: %s, until %s", k.ID, name, k.Until.Format(time.DateOnly)), from, func(tx Tx, _ *Secrets) error {
		have, err := tx.Tokens(k.Person)
		if err != nil {
			return err
		}
		if len(have) >= MaxTokens {
			return tsujiban.Errorf(tsujiban.CodeConflict, "there are %d tokens; end one that is no longer used", len(have))
		}
		return tx.AddToken(&k)
	})
	if err != nil {
		return "", err
	}
	return text, nil
}

// EndOwnToken ends one of the caller's tokens; like sessions, without a fresh proof.
func (d *Door) EndOwnToken(ctx context.Context, c *Caller, id string) error {
	return d.endToken(ctx, c.Person.ID, c.Person.ID, id)
}

// SetLanguage sets the language of the caller's pages.
func (d *Door) SetLanguage(ctx context.Context, c *Caller, l tsujiban.Lang) error {
	return d.Store.ChangePeople(ctx, func(tx Tx) error {
		p, err := tx.Person(c.Person.ID)
		if err != nil {
			return err
		}
		p.Language = l
		c.Person.Language = l
		return tx.PutPerson(&p)
	})
}

// Notices are how a person wants to be told.
func (d *Door) Notices(ctx context.Context, id string) (n Notices, err error) {
	err = d.Store.ViewPeople(ctx, func(tx Tx) error {
		p, err := tx.Person(id)
		if err != nil {
			return err
		}
		n, err = notices(tx, &p)
		return err
	})
	return n, err
}

// SetNotices changes it. Another mail address needs a fresh proof: links may come there.
func (d *Door) SetNotices(ctx context.Context, c *Caller, n Notices, from From) error {
	n.Person = c.Person.ID
	if err := n.Valid(); err != nil {
		return err
	}
	old, err := d.Notices(ctx, c.Person.ID)
	if err != nil {
		return err
	}
	if old.Mail != n.Mail {
		return d.own(ctx, c, ChangedKind, "mail address for notices changed", from, func(tx Tx, _ *Secrets) error { return tx.PutNotices(&n) })
	}
	return d.Store.ChangePeople(ctx, func(tx Tx) error { return tx.PutNotices(&n) })
}
