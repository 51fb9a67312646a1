package people

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"tsujiban"
)

// Recorder keeps in the journal what somebody did, and returns when it is on disk. by is
// a person's ID, or the name of who stands at the socket.
type Recorder func(ctx context.Context, by, note string) error

// Options are what a door is made of; all but Terms, Second and Cost must be given.
type Options struct {
	Store  Store
	Keys   *Keys
	Record Recorder
	Clock  func() time.Time
	Terms  Terms
	Second []Act // for these a second person is asked
	Cost   Cost  // of new passwords; DefaultCost when zero
}

// hashesAtOnce bounds memory and time that strangers can use by signing in.
const hashesAtOnce = 2

// Door is where people come in: it signs them in and out, knows them again, and changes
// what is kept of them. What it does is recorded before it is done. It is safe for
// concurrent use.
type Door struct {
	Options
	hasher *Hasher
}

// NewDoor makes a door.
func NewDoor(o Options) *Door {
	o.Terms = o.Terms.Filled()
	if o.Cost == (Cost{}) {
		o.Cost = DefaultCost
	}
	return &Door{Options: o, hasher: NewHasher(o.Cost, hashesAtOnce)}
}

// Hashed is how often a password was hashed since the start: what guessing costs this machine.
func (d *Door) Hashed() uint64 { return d.hasher.runs.Load() }

func (d *Door) now() time.Time { return d.Clock().UTC() }

// Entry is somebody who has just signed in. Token goes into the session cookie and Device
// into the one that outlives it. When Pending is set nobody is signed in yet: it goes
// with the second factor to [Door.Factor].
type Entry struct {
	Person  Person
	Session Session
	Token   string
	Device  string
	Pending string
}

// errNot says the same of a login that there is not, one that is disabled and a wrong password.
func errNot() error {
	return tsujiban.Errorf(tsujiban.CodeForbidden, "login or password is wrong; try again, sign in with a passkey, or ask an administrator for a link")
}

// Password is the first step of signing in without a passkey. device is the cookie of
// a browser that was known, or empty. Errors: *[Wait], CodeForbidden.
func (d *Door) Password(ctx context.Context, login, password, device string, from From) (*Entry, error) {
	login, err := ParseLogin(clean(login, MaxLogin))
	if err != nil {
		login = "?" // counted and hashed as any other that is not there
	}
	var p Person
	var s Secrets
	var ls []lane
	now := d.now()
	err = d.Store.ChangePeople(ctx, func(tx Tx) (err error) {
		if p, s, err = find(tx, login); err != nil {
			return err
		}
		ls = d.Keys.lanes(login, d.Keys.knownDevice(device, p.ID), from)
		return take(tx, ls, now)
	})
	if err != nil {
		return nil, err
	}
	hash := s.Password
	if !p.Disabled.IsZero() {
		hash = ""
	}
	if len(password) > 4*MaxPassword {
		password, hash = "", ""
	}
	good, stale, err := d.hasher.Check(ctx, password, hash)
	if err != nil {
		return nil, err
	}
	if !good {
		return nil, d.failed(ctx, p.ID, ByPassword, from, ls)
	}
	if stale {
		if err := d.rehash(ctx, p.ID, s.Password, password); err != nil {
			return nil, err
		}
	}
	if len(s.TOTP) > 0 {
		pending, err := d.pend(pending{Person: p.ID, Epoch: s.Epoch, Until: now.Add(pendingLife).Unix()})
		return &Entry{Person: p, Pending: pending}, err
	}
	return d.enter(ctx, &p, s.Epoch, ByPassword, from, ls)
}

// find is empty, and no error, when there is nobody of a login.
func find(tx Tx, login string) (p Person, s Secrets, err error) {
	p, err = tx.PersonByLogin(login)
	if err == nil {
		s, err = tx.Secrets(p.ID)
	}
	if tsujiban.CodeOf(err) == tsujiban.CodeNotFound && err != nil {
		err = nil
	}
	return p, s, err
}

// rehash raises the cost of a password that was just proved, unless it was changed meanwhile.
func (d *Door) rehash(ctx context.Context, person, old, password string) error {
	hash, err := d.hasher.Hash(ctx, password)
	if err != nil {
		return err
	}
	return d.Store.ChangePeople(ctx, func(tx Tx) error {
		s, err := tx.Secrets(person)
		if err != nil || s.Password != old {
			return err
		}
		s.Password = hash
		return tx.PutSecrets(&s)
	})
}

// failed keeps a failure that take has counted already, and returns what the stranger is told.
func (d *Door) failed(ctx context.Context, person string, m Method, from From, ls []lane) error {
	now := d.now()
	slowed := false
	err := d.Store.ChangePeople(ctx, func(tx Tx) error {
		e := SignIn{At: now, Person: person, Kind: FailedKind, Method: m, From: from}
		for _, l := range ls {
			s, err := tx.Strikes(l.key)
			if err != nil {
				return err
			}
			if s.Count == l.free {
				e.Kind, slowed = SlowedKind, true
			}
		}
		return tx.AddSignIn(&e)
	})
	if err != nil {
		return err
	}
	if slowed && person != "" {
		// Once for each lane: strangers must not fill the journal.
		if err := d.Record(ctx, person, "sign-in: failed attempts from "+from.where()+"; the next ones from there have to wait"); err != nil {
			return err
		}
	}
	return errNot()
}

func (f From) where() string {
	own, _ := network(f.Address)
	return own
}

// pending is a password that was right and a second factor that has not come yet.
type pending struct {
	Person string
	Epoch  int64
	Until  int64 // seconds of Unix time
}

const pendingLife = 5 * time.Minute

func (d *Door) pend(p pending) (string, error) {
	b, err := json.Marshal(p)
	return base64.RawURLEncoding.EncodeToString(d.Keys.Seal(b, "pending")), err
}

func (d *Door) pended(text string) (p pending, err error) {
	late := tsujiban.Errorf(tsujiban.CodeForbidden, "that took too long; sign in again from the start")
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(text) > maxLink {
		return p, late
	}
	if b, err = d.Keys.Unseal(b, "pending"); err != nil || json.Unmarshal(b, &p) != nil || d.now().Unix() >= p.Until {
		return pending{}, late
	}
	return p, nil
}

// Factor is the second step: a one-time code, or one of the recovery codes.
func (d *Door) Factor(ctx context.Context, pended, code, device string, from From) (*Entry, error) {
	w, err := d.pended(pended)
	if err != nil {
		return nil, err
	}
	p, m, ls, err := d.factor(ctx, w.Person, w.Epoch, code, device, from)
	if err != nil {
		return nil, err
	}
	return d.enter(ctx, p, w.Epoch, m, from, ls)
}

// factor checks a second factor and uses it up. Who knows the password and not the
// factor is slowed down wherever they come from; browsers that are known are not touched by that.
func (d *Door) factor(ctx context.Context, person string, epoch int64, code, device string, from From) (*Person, Method, []lane, error) {
	var p Person
	m := ByTOTP
	good := false
	now := d.now()
	known := d.Keys.knownDevice(device, person)
	var ls []lane
	err := d.Store.ChangePeople(ctx, func(tx Tx) (err error) {
		if p, err = tx.Person(person); err != nil {
			return err
		}
		s, err := tx.Secrets(person)
		if err != nil {
			return err
		}
		if s.Epoch != epoch || !p.Disabled.IsZero() {
			return tsujiban.Errorf(tsujiban.CodeForbidden, "this account was changed meanwhile; sign in again from the start")
		}
		ls = d.Keys.lanes(p.Login, known, from)
		if known == "" {
			ls = append(ls, lane{"factor " + person, freeFactor})
		}
		if err := take(tx, ls, now); err != nil {
			return err
		}
		m, good, err = d.useFactor(tx, &s, code, now)
		return err
	})
	if err == nil && !good {
		if err = d.failed(ctx, person, m, from, ls); tsujiban.CodeOf(err) == tsujiban.CodeForbidden {
			err = tsujiban.Errorf(tsujiban.CodeForbidden, "this code is wrong, or was used already; wait for the next one, or use a recovery code")
		}
	}
	return &p, m, ls, err
}

func (d *Door) useFactor(tx Tx, s *Secrets, code string, now time.Time) (Method, bool, error) {
	if r := foldRecovery(code); len(r) == 10 {
		err := tx.UseRecovery(s.Person, mac(d.Keys.pepper, r))
		if err != nil && tsujiban.CodeOf(err) == tsujiban.CodeNotFound {
			return ByRecovery, false, nil
		}
		return ByRecovery, err == nil, err
	}
	if len(s.TOTP) == 0 {
		return ByTOTP, false, nil
	}
	secret, err := d.Keys.Unseal(s.TOTP, s.Person)
	if err != nil {
		return ByTOTP, false, err
	}
	step, ok := CheckTOTP(secret, code, now, s.TOTPStep)
	if !ok {
		return ByTOTP, false, nil
	}
	s.TOTPStep = step
	return ByTOTP, true, tx.PutSecrets(s)
}

// enter makes a session with a token that nobody knew before, whatever the browser brought.
func (d *Door) enter(ctx context.Context, p *Person, epoch int64, m Method, from From, ls []lane) (*Entry, error) {
	if err := d.Record(ctx, p.ID, "sign-in: "+string(m)+" from "+from.where()); err != nil {
		return nil, err
	}
	e := &Entry{Token: newToken(), Device: d.Keys.Device(p.ID)}
	now := d.now()
	e.Session = Session{ID: newID(), Hash: hashToken(e.Token), Person: p.ID, Began: now, Seen: now, Proved: now, Method: m, From: From{Address: clean(from.Address, 64), Agent: clean(from.Agent, 200)}}
	err := d.Store.ChangePeople(ctx, func(tx Tx) (err error) {
		if e.Person, err = tx.Person(p.ID); err != nil {
			return err
		}
		s, err := tx.Secrets(p.ID)
		if err != nil {
			return err
		}
		if !e.Person.Disabled.IsZero() || s.Epoch != epoch {
			return errNot()
		}
		if err := succeeded(tx, ls); err != nil {
			return err
		}
		if err := tx.AddSession(&e.Session); err != nil {
			return err
		}
		return tx.AddSignIn(&SignIn{At: now, Person: p.ID, Kind: SignedInKind, Method: m, From: from})
	})
	if err != nil {
		return nil, err
	}
	return e, nil
}

func newID() string { return hex.EncodeToString(random(8)) }

// Caller finds who has a session. CodeForbidden when there is none (any longer).
func (d *Door) Caller(ctx context.Context, token string) (*Caller, error) {
	over := tsujiban.Errorf(tsujiban.CodeForbidden, "you are not signed in, or were signed out; sign in again")
	if len(token) != 43 {
		return nil, over
	}
	now := d.now()
	c := &Caller{Session: &Session{}}
	err := d.Store.ViewPeople(ctx, func(tx Tx) (err error) {
		if *c.Session, err = tx.Session(hashToken(token)); err != nil {
			return err
		}
		c.Person, err = tx.Person(c.Session.Person)
		return err
	})
	switch {
	case err != nil && tsujiban.CodeOf(err) == tsujiban.CodeNotFound:
		return nil, over
	case err != nil:
		return nil, err
	case !c.Session.Lives(now, d.Terms) || !c.Person.Disabled.IsZero():
		return nil, over
	}
	c.Person.Unsecured = c.Person.Role.Staff() && (c.Session.Method == ByPassword || c.Session.Method == ByLink)
	if now.Sub(c.Session.Seen) >= seenEvery {
		c.Session.Seen = now
		err = d.Store.ChangePeople(ctx, func(tx Tx) error { return tx.PutSession(c.Session) })
		if err != nil && tsujiban.CodeOf(err) == tsujiban.CodeNotFound {
			err = over // ended just now
		}
		if err != nil {
			return nil, err
		}
	}
	return c, nil
}

// TokenCaller finds who has an API token. CodeForbidden when there is none (any longer).
func (d *Door) TokenCaller(ctx context.Context, token string) (*Caller, error) {
	over := tsujiban.Errorf(tsujiban.CodeForbidden, "this token is not valid, or is too old; make a new one under \"My account\"")
	if !strings.HasPrefix(token, TokenPrefix) || len(token) != len(TokenPrefix)+43 {
		return nil, over
	}
	now := d.now()
	c := &Caller{Token: &Token{}}
	err := d.Store.ViewPeople(ctx, func(tx Tx) (err error) {
		if *c.Token, err = tx.Token(hashToken(token)); err != nil {
			return err
		}
		c.Person, err = tx.Person(c.Token.Person)
		return err
	})
	switch {
	case err != nil && tsujiban.CodeOf(err) == tsujiban.CodeNotFound:
		return nil, over
	case err != nil:
		return nil, err
	case !now.Before(c.Token.Until) || !c.Person.Disabled.IsZero():
		return nil, over
	}
	if now.Sub(c.Token.Used) >= seenEvery {
		err = d.Store.ChangePeople(ctx, func(tx Tx) error { return tx.TouchToken(c.Token.ID, now) })
		if err != nil && tsujiban.CodeOf(err) == tsujiban.CodeNotFound {
			err = over
		}
		if err != nil {
			return nil, err
		}
	}
	return c, nil
}

// Stale is the error of a dangerous act of somebody whose proof is too old.
type Stale struct{}

func (*Stale) Error() string { return "prove again that it is you, then repeat this" }

// Unwrap gives the code.
func (*Stale) Unwrap() error { return tsujiban.Errorf(tsujiban.CodeForbidden, "proof is too old") }

// Fresh refuses, with *[Stale], who did not prove lately who they are; a token never did.
func (d *Door) Fresh(c *Caller) error {
	if c == nil || c.Session == nil || !c.Session.Fresh(d.now(), d.Terms) {
		return &Stale{}
	}
	return nil
}

// SignOut ends the caller's session.
func (d *Door) SignOut(ctx context.Context, c *Caller, from From) error {
	if err := d.Record(ctx, c.Person.ID, "sign-out"); err != nil {
		return err
	}
	return d.Store.ChangePeople(ctx, func(tx Tx) error {
		if err := tx.EndSession(c.Person.ID, c.Session.ID); err != nil && tsujiban.CodeOf(err) != tsujiban.CodeNotFound {
			return err
		}
		return tx.AddSignIn(&SignIn{At: d.now(), Person: c.Person.ID, Kind: SignedOutKind, From: from})
	})
}

// Prove is a new proof of the same person: the password, and the second factor when there is one.
func (d *Door) Prove(ctx context.Context, c *Caller, password, code, device string, from From) error {
	var s Secrets
	known := d.Keys.knownDevice(device, c.Person.ID)
	ls := d.Keys.lanes(c.Person.Login, known, from)
	err := d.Store.ChangePeople(ctx, func(tx Tx) (err error) {
		if s, err = tx.Secrets(c.Person.ID); err != nil {
			return err
		}
		return take(tx, ls, d.now())
	})
	if err != nil {
		return err
	}
	good, _, err := d.hasher.Check(ctx, password, s.Password)
	if err != nil {
		return err
	}
	if !good {
		return d.failed(ctx, c.Person.ID, ByPassword, from, ls)
	}
	m := ByPassword
	if len(s.TOTP) > 0 {
		if _, m, _, err = d.factor(ctx, c.Person.ID, s.Epoch, code, device, from); err != nil {
			return err
		}
	}
	return d.Proved(ctx, c, m, from, ls...)
}

// Proved notes that the caller proved again who it is; of a passkey, after its check.
func (d *Door) Proved(ctx context.Context, c *Caller, m Method, from From, ls ...lane) error {
	if err := d.Record(ctx, c.Person.ID, "sign-in: proved again by "+string(m)); err != nil {
		return err
	}
	now := d.now()
	return d.Store.ChangePeople(ctx, func(tx Tx) error {
		if err := succeeded(tx, ls); err != nil {
			return err
		}
		c.Session.Proved, c.Session.Seen = now, now
		if slices.Contains([]Method{ByPasskey, ByTOTP, ByRecovery}, m) {
			c.Session.Method = m
		}
		if err := tx.PutSession(c.Session); err != nil {
			return err
		}
		return tx.AddSignIn(&SignIn{At: now, Person: c.Person.ID, Kind: ProvedKind, Method: m, From: from})
	})
}

// Once uses something up that may be used once until an instant: the challenge of
// a passkey, the state of a sign-in elsewhere. CodeConflict when it was used.
func (d *Door) Once(ctx context.Context, id string, until time.Time) error {
	return d.Store.ChangePeople(ctx, func(tx Tx) error { return tx.UseLink(id, until) })
}

// Sweep deletes what is over. To be called now and then.
func (d *Door) Sweep(ctx context.Context) error {
	return d.Store.ChangePeople(ctx, func(tx Tx) error { return tx.Sweep(d.now(), d.Terms) })
}
