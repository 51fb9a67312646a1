package people

import (
	"context"
	"time"
)

// Store keeps people. All that f does in Change happens, or nothing does, and nobody else
// changes anything meanwhile; in View nothing can be changed.
type Store interface {
	ChangePeople(ctx context.Context, f func(Tx) error) error
	ViewPeople(ctx context.Context, f func(Tx) error) error
}

// Tx is one transaction. Whatever is looked for and is not there is CodeNotFound.
type Tx interface {
	PersonTx
	SecretTx
	SessionTx
	TokenTx
	DeskTx
}

// PersonTx keeps persons. They are disabled and never deleted: the record names them.
type PersonTx interface {
	AddPerson(p *Person) error // CodeExists when the login or the id is taken
	PutPerson(p *Person) error // CodeExists when the login is taken
	Person(id string) (Person, error)
	PersonByLogin(login string) (Person, error)
	Persons() ([]Person, error)   // by login
	Administrators() (int, error) // those who may sign in
	Notices(person string) (Notices, error)
	PutNotices(n *Notices) error
}

// Secrets are what a person proves to be themselves with, besides passkeys.
type Secrets struct {
	Person   string
	Handle   []byte // what passkeys know the person by: random, says nothing (WebAuthn §14.6.1)
	Epoch    int64  // in every link to this person; a newer one ends those
	Password string // hash, empty: none
	TOTP     []byte // sealed, empty: none
	TOTPStep int64  // the last step whose code was used
	// OIDC is issuer and subject of who this is elsewhere, as "issuer subject"; empty: nobody yet.
	OIDC string
}

// Passkey is a WebAuthn credential. Data belong to who speaks WebAuthn.
type Passkey struct {
	ID     []byte
	Person string
	Name   string
	Added  time.Time
	Used   time.Time // zero: never
	Data   []byte
}

// SecretTx keeps what people prove themselves with.
type SecretTx interface {
	Secrets(person string) (Secrets, error)
	PutSecrets(s *Secrets) error // CodeExists when OIDC is somebody else's
	PersonByHandle(handle []byte) (string, error)
	PersonByOIDC(identity string) (string, error)
	Passkeys(person string) ([]Passkey, error)
	AddPasskey(k *Passkey) error // CodeExists
	PutPasskey(k *Passkey) error
	DeletePasskey(person string, id []byte) error
	PutRecovery(person string, hashes [][]byte) error // in place of all from before
	UseRecovery(person string, hash []byte) error     // CodeNotFound also when it was used
	RecoveryLeft(person string) (int, error)
}

// SessionTx keeps who is signed in, who was, and who tried.
type SessionTx interface {
	AddSession(s *Session) error
	Session(hash []byte) (Session, error)
	Sessions(person string) ([]Session, error) // the newest first
	PutSession(s *Session) error               // Seen, Proved, Method
	EndSession(person, id string) error
	EndSessions(person, except string) (int, error) // except is the ID of one that stays
	AddSignIn(e *SignIn) error
	SignIns(person string, before int64, limit int) ([]SignIn, error) // the newest first; of everybody when person is empty
	Strikes(key string) (Strikes, error)                              // zero when there are none
	PutStrikes(key string, s Strikes) error
	// Sweep deletes sessions and tokens that ended, what is left of links past their date, strikes
	// that are forgotten and sign-ins past their term; proposals past their date become expired.
	Sweep(now time.Time, t Terms) error
}

// SignIn is one line of somebody's sign-in history.
type SignIn struct {
	ID     int64
	At     time.Time
	Person string // empty: of no login that there is
	Kind   SignInKind
	Method Method
	From   From
	Note   string
}

// SignInKind is what happened.
type SignInKind string

// What stands in a sign-in history.
const (
	SignedInKind   SignInKind = "signed-in"
	SignedOutKind  SignInKind = "signed-out"
	FailedKind     SignInKind = "failed"
	SlowedKind     SignInKind = "slowed" // so many failed that the next have to wait
	ProvedKind     SignInKind = "proved" // again, before a dangerous act
	EndedKind      SignInKind = "ended"  // sessions were ended from elsewhere
	CredentialKind SignInKind = "credential"
	LinkKind       SignInKind = "link"
	TokenKind      SignInKind = "token"
	ChangedKind    SignInKind = "changed" // role, reach, disabled
)

// TokenTx keeps API tokens, and which links were used.
type TokenTx interface {
	AddToken(t *Token) error
	Token(hash []byte) (Token, error)
	Tokens(person string) ([]Token, error)
	TouchToken(id string, at time.Time) error
	DeleteToken(person, id string) error
	DeleteTokens(person string) (int, error)
	UseLink(id string, until time.Time) error // CodeConflict when it was used
	LinkUsed(id string) (bool, error)
}

// DeskTx keeps what waits for a second person.
type DeskTx interface {
	AddProposal(p *Proposal) error // sets ID
	Proposal(id int64) (Proposal, error)
	PutProposal(p *Proposal) error
	Proposals(all bool) ([]Proposal, error) // those that wait, or the newest thousand; the newest first
}
