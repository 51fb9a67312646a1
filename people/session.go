package people

import (
	"slices"
	"time"

	"tsujiban"
)

// Terms say how long things last. The zero value of a field means the default.
type Terms struct {
	Idle     time.Duration // a session that is not used ends; 2 h
	Absolute time.Duration // and in any case after; 16 h
	Fresh    time.Duration // how long after signing in dangerous acts need no new proof; 10 min
	Proposal time.Duration // how long a proposal waits for the second person; 72 h
	History  time.Duration // how long sign-ins are remembered; 1 year
}

// Filled has the defaults in place of what is zero.
func (t Terms) Filled() Terms {
	for _, f := range []struct {
		of  *time.Duration
		def time.Duration
	}{{&t.Idle, 2 * time.Hour}, {&t.Absolute, 16 * time.Hour}, {&t.Fresh, 10 * time.Minute}, {&t.Proposal, 72 * time.Hour}, {&t.History, 365 * 24 * time.Hour}} {
		if *f.of <= 0 {
			*f.of = f.def
		}
	}
	return t
}

// Method is how somebody proved who they are.
type Method string

// The methods.
const (
	ByPasskey  Method = "passkey"
	ByPassword Method = "password" // alone: where no second factor is set up yet
	ByTOTP     Method = "totp"     // password and one-time code
	ByRecovery Method = "recovery" // password and recovery code
	ByOIDC     Method = "oidc"
	ByLink     Method = "link"
	ByEnter    Method = "enter" // the link of a demonstration: nothing needs to be secured further
	ByToken    Method = "token"
)

// From is where a request came from. Agent is what the browser says of itself.
type From struct {
	Address string // as text, without a port
	Agent   string
}

// Session is somebody signed in with one browser. The store keeps the hash of its token.
type Session struct {
	ID     string // what lists and revocations name; no secret
	Hash   []byte
	Person string
	Began  time.Time
	Seen   time.Time // kept to the minute
	Proved time.Time // when who it is was last proved: at sign-in, or again before a dangerous act
	Method Method
	From   From
}

// Lives tells whether a session has not ended by itself.
func (s *Session) Lives(now time.Time, t Terms) bool {
	t = t.Filled()
	return now.Before(s.Seen.Add(t.Idle)) && now.Before(s.Began.Add(t.Absolute))
}

// Fresh tells whether a dangerous act needs no new proof.
func (s *Session) Fresh(now time.Time, t Terms) bool {
	return now.Before(s.Proved.Add(t.Filled().Fresh))
}

// seenEvery is how exactly the last use is kept: a desk that is watched all day asks often.
const seenEvery = time.Minute

// Token lets a program act as its person, for a part of what the person may.
type Token struct {
	ID      string
	Hash    []byte
	Person  string
	Name    string
	Scopes  []Right
	Created time.Time
	Until   time.Time
	Used    time.Time // kept to the minute; zero: never
}

// TokenPrefix begins every token, so that scanners for leaked secrets find it.
const TokenPrefix = "tsujiban_"

// The bounds of tokens.
const (
	MaxTokens    = 20
	MaxTokenLife = 366 * 24 * time.Hour
)

// Valid checks a new token against its person. The error is CodeInvalid, or CodeForbidden
// when a scope exceeds what the person may.
func (t *Token) Valid(p *Person) error {
	if err := validName("name", t.Name); err != nil {
		return err
	}
	if len(t.Scopes) == 0 {
		return invalid("scopes", "name at least one right")
	}
	for _, r := range t.Scopes {
		if r == Open || r >= NumRights {
			return invalid("scopes", "there is no right %q", r)
		}
		if !p.May(r) {
			return tsujiban.Errorf(tsujiban.CodeForbidden, "scopes: a %s does not have the right %s; leave it out", p.Role, r)
		}
		if slices.Contains(neverToken, r) {
			return tsujiban.Errorf(tsujiban.CodeForbidden, "scopes: %s is for people, not for programs; leave it out", r)
		}
	}
	if life := t.Until.Sub(t.Created); life <= 0 || life > MaxTokenLife {
		return invalid("until", "a token lasts one day to %d days", int(MaxTokenLife.Hours()/24))
	}
	return nil
}

// neverToken are rights whose use needs a person who answers for it there and then. [LockStaff] is none of them: whoever has left
// has to be kept out by a program, too.
var neverToken = []Right{ChangeStaff, Approve}

// Caller is who asks: a person with a session, or a program with a token.
type Caller struct {
	Person  Person
	Session *Session // nil when a token was shown
	Token   *Token
}

// May tells whether the caller has a right: a token never has more than its person has now.
func (c *Caller) May(right Right) bool {
	if c == nil {
		return right == Open
	}
	return c.Person.May(right) && (c.Token == nil || right == Open || right == SignedIn || slices.Contains(c.Token.Scopes, right))
}

// TokenRights are what a person can give a token.
func TokenRights(p *Person) (rights []Right) {
	for r := SignedIn + 1; r < NumRights; r++ {
		if p.May(r) && !slices.Contains(neverToken, r) {
			rights = append(rights, r)
		}
	}
	return rights
}
