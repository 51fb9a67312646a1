package sqlite

import (
	"database/sql"
	"encoding/json"
	"time"

	"tsujiban"
	"tsujiban/people"
)

const secretColumns = `person, handle, epoch, password, totp, totp_step, oidc`

// Secrets are what a person proves to be themselves with.
func (t *peopleTx) Secrets(person string) (s people.Secrets, err error) {
	var oidc sql.NullString
	err = t.row(`SELECT `+secretColumns+` FROM person_secrets WHERE person = ?`, person).Scan(&s.Person, &s.Handle, &s.Epoch, &s.Password, &s.TOTP, &s.TOTPStep, &oidc)
	s.OIDC = oidc.String
	return s, foundOne(err, "secrets of", person)
}

// PutSecrets keeps them.
func (t *peopleTx) PutSecrets(s *people.Secrets) error {
	var oidc any
	if s.OIDC != "" {
		oidc = s.OIDC
	}
	totp := s.TOTP
	if totp == nil {
		totp = []byte{}
	}
	return taken(t.exec(`INSERT INTO person_secrets (`+secretColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (person) DO UPDATE SET (`+secretColumns+`) = (excluded.person, excluded.handle, excluded.epoch, excluded.password, excluded.totp, excluded.totp_step, excluded.oidc)`,
		s.Person, s.Handle, s.Epoch, s.Password, totp, s.TOTPStep, oidc), "this account of the sign-in service belongs to somebody else here")
}

// PersonByHandle finds who a passkey names.
func (t *peopleTx) PersonByHandle(handle []byte) (id string, err error) {
	err = t.row(`SELECT person FROM person_secrets WHERE handle = ?`, handle).Scan(&id)
	return id, foundOne(err, "person", "of this passkey")
}

// PersonByOIDC finds who somebody elsewhere is here.
func (t *peopleTx) PersonByOIDC(identity string) (id string, err error) {
	err = t.row(`SELECT person FROM person_secrets WHERE oidc = ?`, identity).Scan(&id)
	return id, foundOne(err, "person", identity)
}

// Passkeys are those of a person, the oldest first.
func (t *peopleTx) Passkeys(person string) (out []people.Passkey, err error) {
	err = t.list(`SELECT id, person, name, added, used, data FROM passkeys WHERE person = ? ORDER BY added`, []any{person}, func(r *sql.Rows) error {
		var k people.Passkey
		var added int64
		var used sql.NullInt64
		err := r.Scan(&k.ID, &k.Person, &k.Name, &added, &used, &k.Data)
		k.Added, k.Used = fromMicros(added), fromNullMicros(used)
		out = append(out, k)
		return err
	})
	return out, err
}

// AddPasskey keeps a new one.
func (t *peopleTx) AddPasskey(k *people.Passkey) error {
	return taken(t.exec(`INSERT INTO passkeys (id, person, name, added, used, data) VALUES (?, ?, ?, ?, ?, ?)`, k.ID, k.Person, k.Name, micros(k.Added), nullMicros(k.Used), k.Data),
		"this passkey is registered already")
}

// PutPasskey keeps when it was used, and what it says now.
func (t *peopleTx) PutPasskey(k *people.Passkey) error {
	return t.touch("passkey", k.Name, `UPDATE passkeys SET used = ?, data = ? WHERE id = ? AND person = ?`, nullMicros(k.Used), k.Data, k.ID, k.Person)
}

// DeletePasskey forgets one.
func (t *peopleTx) DeletePasskey(person string, id []byte) error {
	return t.touch("passkey", "of "+person, `DELETE FROM passkeys WHERE id = ? AND person = ?`, id, person)
}

// PutRecovery keeps the hashes of recovery codes in place of all from before.
func (t *peopleTx) PutRecovery(person string, hashes [][]byte) error {
	if err := t.exec(`DELETE FROM recovery_codes WHERE person = ?`, person); err != nil {
		return err
	}
	for _, h := range hashes {
		if err := t.exec(`INSERT INTO recovery_codes (person, hash) VALUES (?, ?)`, person, h); err != nil {
			return err
		}
	}
	return nil
}

// UseRecovery uses one up.
func (t *peopleTx) UseRecovery(person string, hash []byte) error {
	return t.touch("recovery code", "of "+person, `DELETE FROM recovery_codes WHERE person = ? AND hash = ?`, person, hash)
}

// RecoveryLeft counts those that are good.
func (t *peopleTx) RecoveryLeft(person string) (n int, err error) {
	err = t.row(`SELECT count(*) FROM recovery_codes WHERE person = ?`, person).Scan(&n)
	return n, err
}

const tokenColumns = `id, hash, person, name, scopes, created, until, used`

func scanToken(r scanner) (k people.Token, err error) {
	var created, until int64
	var used sql.NullInt64
	var scopes string
	if err := r.Scan(&k.ID, &k.Hash, &k.Person, &k.Name, &scopes, &created, &until, &used); err != nil {
		return k, err
	}
	list, err := parseList(scopes)
	if err != nil {
		return k, err
	}
	for _, s := range list {
		// A right that there is no longer is none.
		if right, ok := people.ParseRight(s); ok {
			k.Scopes = append(k.Scopes, right)
		}
	}
	k.Created, k.Until, k.Used = fromMicros(created), fromMicros(until), fromNullMicros(used)
	return k, nil
}

// AddToken keeps a new one.
func (t *peopleTx) AddToken(k *people.Token) error {
	list := make([]string, len(k.Scopes))
	for i, s := range k.Scopes {
		list[i] = s.String()
	}
	scopes, err := json.Marshal(list)
	if err != nil {
		return err
	}
	return taken(t.exec(`INSERT INTO tokens (`+tokenColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, NULL)`, k.ID, k.Hash, k.Person, k.Name, string(scopes), micros(k.Created), micros(k.Until)), "this token exists already")
}

// Token finds one by its hash.
func (t *peopleTx) Token(hash []byte) (people.Token, error) {
	k, err := scanToken(t.row(`SELECT `+tokenColumns+` FROM tokens WHERE hash = ?`, hash))
	return k, foundOne(err, "token", "shown")
}

// Tokens are those of a person, the oldest first.
func (t *peopleTx) Tokens(person string) (out []people.Token, err error) {
	err = t.list(`SELECT `+tokenColumns+` FROM tokens WHERE person = ? ORDER BY created`, []any{person}, func(r *sql.Rows) error {
		k, err := scanToken(r)
		out = append(out, k)
		return err
	})
	return out, err
}

// TouchToken keeps when it was used.
func (t *peopleTx) TouchToken(id string, at time.Time) error {
	return t.touch("token", id, `UPDATE tokens SET used = ? WHERE id = ?`, micros(at), id)
}

// DeleteToken ends one.
func (t *peopleTx) DeleteToken(person, id string) error {
	return t.touch("token", id, `DELETE FROM tokens WHERE id = ? AND person = ?`, id, person)
}

// DeleteTokens ends all of a person.
func (t *peopleTx) DeleteTokens(person string) (int, error) {
	return t.count(`DELETE FROM tokens WHERE person = ?`, person)
}

// UseLink uses a link up.
func (t *peopleTx) UseLink(id string, until time.Time) error {
	n, err := t.count(`INSERT INTO used_links (id, until) VALUES (?, ?) ON CONFLICT (id) DO NOTHING`, id, micros(until))
	if err == nil && n == 0 {
		return tsujiban.Errorf(tsujiban.CodeConflict, "this link was used already; ask for a new one")
	}
	return err
}

// LinkUsed tells whether it was.
func (t *peopleTx) LinkUsed(id string) (used bool, err error) {
	err = t.row(`SELECT EXISTS (SELECT 1 FROM used_links WHERE id = ?)`, id).Scan(&used)
	return used, err
}
