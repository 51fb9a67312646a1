package signin

import (
	"encoding/base64"
	"encoding/json"
	"net/netip"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"tsujiban"
	"tsujiban/console/ui"
	"tsujiban/people"
)

// passkeys speaks WebAuthn (Level 3): keys that the device finds by itself and that check
// who holds it, so that one is enough.
type passkeys struct {
	*webauthn.WebAuthn
	door *people.Door
}

// ceremonyTime is how long somebody may take to touch the key.
const ceremonyTime = 5 * time.Minute

// newPasskeys is nil where the console is reached by a bare address, which cannot have
// passkeys (WebAuthn §5.1.2, "valid domain").
func newPasskeys(o Options) (*passkeys, error) {
	host := o.PublicURL.Hostname()
	if _, err := netip.ParseAddr(host); err == nil {
		return nil, nil
	}
	limit := webauthn.TimeoutConfig{Enforce: true, Timeout: ceremonyTime, TimeoutUVD: ceremonyTime}
	w, err := webauthn.New(&webauthn.Config{
		RPID: host, RPDisplayName: o.Name, RPOrigins: []string{o.PublicURL.Scheme + "://" + o.PublicURL.Host},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: protocol.ResidentKeyRequired(), UserVerification: protocol.VerificationRequired,
		},
		Timeouts: webauthn.TimeoutsConfig{Login: limit, Registration: limit},
	})
	if err != nil {
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "console.public_url: passkeys cannot belong to %q: %w", host, err)
	}
	return &passkeys{w, o.Door}, nil
}

// bearer is a person as the library wants to see one.
type bearer struct {
	people.Bearer
	creds []webauthn.Credential
}

func bearerOf(b people.Bearer) (*bearer, error) {
	v := &bearer{Bearer: b}
	for _, k := range b.Passkeys {
		var c webauthn.Credential
		if err := json.Unmarshal(k.Data, &c); err != nil {
			return nil, tsujiban.Errorf(tsujiban.CodeCorrupt, "a stored passkey cannot be read: %w", err)
		}
		v.creds = append(v.creds, c)
	}
	return v, nil
}

func (b *bearer) WebAuthnID() []byte                         { return b.Handle }
func (b *bearer) WebAuthnName() string                       { return b.Person.Login }
func (b *bearer) WebAuthnDisplayName() string                { return b.Person.Name }
func (b *bearer) WebAuthnCredentials() []webauthn.Credential { return b.creds }

// used is the passkey with what the library learnt of it now.
func (b *bearer) used(c *webauthn.Credential) (*people.Passkey, error) {
	for i := range b.Passkeys {
		if k := &b.Passkeys[i]; string(k.ID) == string(c.ID) {
			data, err := json.Marshal(c)
			k.Data = data
			return k, err
		}
	}
	return nil, tsujiban.Errorf(tsujiban.CodeForbidden, "this passkey is not known here")
}

// ask tells a browser what to do, and gives it the sealed state that comes back with the
// answer: the program keeps nothing of who only asks.
func (m *room) ask(r *ui.Request, purpose string, options any, s *webauthn.SessionData) error {
	s.Expires = r.Now().Add(ceremonyTime)
	b, err := json.Marshal(s)
	if err != nil {
		return err
	}
	r.W.Header().Set("Content-Type", "application/json")
	r.W.Header().Set("Cache-Control", "no-store")
	state := base64.RawURLEncoding.EncodeToString(m.Door.Keys.Seal(b, "ceremony "+purpose))
	return json.NewEncoder(r.W).Encode(map[string]any{"options": options, "state": state})
}

// answer is what comes back.
type answer struct {
	Credential string `form:"credential" max:"40000" need:"yes"`
	State      string `form:"state" max:"8000" need:"yes"`
	Name       string `form:"name" max:"300"`
	To         string `form:"to" max:"2000"`
}

// state opens a state once: what was asked can be answered once.
func (m *room) state(r *ui.Request, purpose string, in *answer) (s webauthn.SessionData, err error) {
	if m.keys == nil {
		return s, r.Errorf(tsujiban.CodeNotFound, "passkey.none")
	}
	wrong, err := r.Decode(in)
	if err != nil {
		return s, err
	}
	late := r.Errorf(tsujiban.CodeForbidden, "passkey.late")
	sealed, err := base64.RawURLEncoding.DecodeString(in.State)
	if err != nil || len(wrong) > 0 {
		return s, late
	}
	b, err := m.Door.Keys.Unseal(sealed, "ceremony "+purpose)
	if err != nil || json.Unmarshal(b, &s) != nil || s.Expires.Before(r.Now()) {
		return s, late
	}
	if err := m.Door.Once(r.Context(), "challenge "+s.Challenge, s.Expires); err != nil {
		if tsujiban.CodeOf(err) == tsujiban.CodeConflict {
			err = late
		}
		return s, err
	}
	return s, nil
}

func (m *room) noKeys(r *ui.Request) error { return r.Errorf(tsujiban.CodeNotFound, "passkey.none") }

func (m *room) askPasskey(r *ui.Request) error {
	if m.keys == nil {
		return m.noKeys(r)
	}
	o, s, err := m.keys.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return err
	}
	return m.ask(r, "signin", o.Response, s)
}

// check finds whose passkey answered, and checks it.
func (m *room) check(r *ui.Request, s webauthn.SessionData, credential string) (*people.Passkey, error) {
	refused := r.Errorf(tsujiban.CodeForbidden, "passkey.refused")
	answer, err := protocol.ParseCredentialRequestResponseBytes([]byte(credential))
	if err != nil {
		return nil, refused
	}
	var b *bearer
	var failed error
	c, err := func() (*webauthn.Credential, error) {
		if len(s.UserID) > 0 {
			who, err := m.Door.Bearer(r.Context(), s.UserID)
			if err != nil {
				failed = err
				return nil, err
			}
			if b, err = bearerOf(who); err != nil {
				failed = err
				return nil, err
			}
			return m.keys.ValidateLogin(b, s, answer)
		}
		_, c, err := m.keys.ValidatePasskeyLogin(func(_, handle []byte) (webauthn.User, error) {
			who, err := m.Door.Bearer(r.Context(), handle)
			if err == nil {
				b, err = bearerOf(who)
			}
			failed = err
			return b, err
		}, s, answer)
		return c, err
	}()
	switch {
	case failed != nil && tsujiban.CodeOf(failed) != tsujiban.CodeForbidden:
		return nil, failed
	case err != nil || c.Authenticator.CloneWarning:
		return nil, refused
	}
	return b.used(c)
}

func (m *room) passkey(r *ui.Request) error {
	var in answer
	s, err := m.state(r, "signin", &in)
	if err != nil {
		return err
	}
	k, err := m.check(r, s, in.Credential)
	if err != nil {
		return err
	}
	e, err := m.Door.EnterByPasskey(r.Context(), k, From(r))
	if err != nil {
		return err
	}
	return m.entered(r, e, in.To)
}

func (m *room) askProof(r *ui.Request) error {
	if m.keys == nil {
		return m.noKeys(r)
	}
	who, err := m.Door.BearerOf(r.Context(), r.Person.ID)
	if err != nil {
		return err
	}
	b, err := bearerOf(who)
	if err != nil {
		return err
	}
	if len(b.creds) == 0 {
		return m.noKeys(r)
	}
	o, s, err := m.keys.BeginLogin(b, webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return err
	}
	return m.ask(r, "prove "+r.Session, o.Response, s)
}

func (m *room) provePasskey(r *ui.Request) error {
	var in answer
	s, err := m.state(r, "prove "+r.Session, &in)
	if err != nil {
		return err
	}
	c, err := Caller(r, m.Door)
	if err != nil {
		return err
	}
	k, err := m.check(r, s, in.Credential)
	if err != nil {
		return err
	}
	if err := m.Door.ProveByPasskey(r.Context(), c, k, From(r)); err != nil {
		return err
	}
	return proved(r, in.To)
}

func (m *room) askNewPasskey(r *ui.Request) error {
	if m.keys == nil {
		return m.noKeys(r)
	}
	who, err := m.Door.BearerOf(r.Context(), r.Person.ID)
	if err != nil {
		return err
	}
	b, err := bearerOf(who)
	if err != nil {
		return err
	}
	o, s, err := m.keys.BeginRegistration(b, webauthn.WithExclusions(webauthn.Credentials(b.creds).CredentialDescriptors()))
	if err != nil {
		return err
	}
	return m.ask(r, "new "+r.Session, o.Response, s)
}

func (m *room) addPasskey(r *ui.Request) error {
	var in answer
	s, err := m.state(r, "new "+r.Session, &in)
	if err != nil {
		return err
	}
	c, err := Caller(r, m.Door)
	if err != nil {
		return err
	}
	who, err := m.Door.BearerOf(r.Context(), r.Person.ID)
	if err != nil {
		return err
	}
	b, err := bearerOf(who)
	if err != nil {
		return err
	}
	made, err := protocol.ParseCredentialCreationResponseBytes([]byte(in.Credential))
	if err != nil {
		return r.Errorf(tsujiban.CodeForbidden, "passkey.refused")
	}
	cred, err := m.keys.CreateCredential(b, s, made)
	if err != nil {
		return r.Errorf(tsujiban.CodeForbidden, "passkey.refused")
	}
	data, err := json.Marshal(cred)
	if err != nil {
		return err
	}
	if in.Name == "" {
		in.Name = r.T("passkey.name-default", r.Now().In(r.Zone).Format(time.DateOnly))
	}
	err = m.Door.AddPasskey(r.Context(), c, &people.Passkey{ID: cred.ID, Name: in.Name, Data: data}, From(r))
	return m.did(r, err, "passkey.added")
}

// did ends a change of the own account: a proof first where one is asked for, else back to the account.
func (m *room) did(r *ui.Request, err error, word string) error {
	if err != nil {
		_, err := Prove(r, err, "/account")
		return err
	}
	return r.Done("/account", word)
}
