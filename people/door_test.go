package people_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tsujiban"
	"tsujiban/people"
	"tsujiban/store/sqlite"
)

// house is a door with a real store, a clock that tests turn, and what was recorded.
type house struct {
	*people.Door
	t   *testing.T
	mu  sync.Mutex // guards what follows
	now time.Time
	log []string
}

var (
	home    = people.From{Address: "192.0.2.10", Agent: "Firefox"}
	abroad  = people.From{Address: "203.0.113.66", Agent: "curl"}
	cheap   = people.Cost{Memory: 8, Time: 1, Threads: 1}
	ctx     = context.Background()
	nothing = ""
)

const good = "kaze wa minami kara"

func open(t *testing.T) *house {
	t.Helper()
	st, err := sqlite.Open(ctx, filepath.Join(t.TempDir(), "t.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	keys, err := people.NewKeys(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, now: noon}
	h.Door = people.NewDoor(people.Options{
		Store: st, Keys: keys, Cost: cheap, Second: []people.Act{people.ActHandOver},
		Clock: func() time.Time { h.mu.Lock(); defer h.mu.Unlock(); return h.now },
		Record: func(_ context.Context, by, note string) error {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.log = append(h.log, by+": "+note)
			return nil
		},
	})
	return h
}

func (h *house) wait(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

func (h *house) recorded(words ...string) {
	h.t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, w := range words {
		if !strings.Contains(strings.Join(h.log, "\n"), w) {
			h.t.Errorf("nothing recorded of %q:\n%s", w, strings.Join(h.log, "\n"))
		}
	}
}

func (h *house) ok(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) code(err error, want tsujiban.Code, why string) {
	h.t.Helper()
	if err == nil || tsujiban.CodeOf(err) != want {
		h.t.Fatalf("%s: %v, want %v", why, err, want)
	}
}

// admin makes the first administrator with one-time codes; it returns who asks and the app's secret.
func (h *house) admin() (*people.Caller, []byte) {
	h.t.Helper()
	link, err := h.FirstLink(ctx)
	h.ok(err)
	e, err := h.First(ctx, link, "sato@example.jp", "佐藤 花子", good, tsujiban.Japanese, home)
	h.ok(err)
	return h.secure(e)
}

// secure sets one-time codes up.
func (h *house) secure(e *people.Entry) (*people.Caller, []byte) {
	h.t.Helper()
	c := h.caller(e.Token)
	secret, sealed := h.OfferTOTP(c)
	_, err := h.SetTOTP(ctx, c, sealed, h.totp(secret), home)
	h.ok(err)
	h.wait(time.Minute) // that code is used up
	return h.caller(e.Token), secret
}

func (h *house) totp(secret []byte) string {
	return people.TOTPCode(secret, people.TOTPStep(h.Clock()))
}

func (h *house) caller(token string) *people.Caller {
	h.t.Helper()
	c, err := h.Caller(ctx, token)
	h.ok(err)
	return c
}

// invited invites somebody and lets them come in with the same password.
func (h *house) invited(admin *people.Caller, login string, role people.Role, of ...tsujiban.CustomerID) *people.Entry {
	h.t.Helper()
	_, link, err := h.Invite(ctx, people.Actor{Name: admin.Person.ID, Caller: admin}, login, "伊藤 次郎", role, tsujiban.Japanese, of)
	h.ok(err)
	e, err := h.Accept(ctx, link, people.LinkInvite, good, home)
	h.ok(err)
	return e
}

func TestFirstAdministrator(t *testing.T) {
	h := open(t)
	one, err := h.FirstLink(ctx)
	h.ok(err)
	two, err := h.FirstLink(ctx) // the next start
	h.ok(err)
	_, err = h.First(ctx, one, "sato@example.jp", "佐藤", "short", tsujiban.Japanese, home)
	h.code(err, tsujiban.CodeInvalid, "a bad password")
	e, err := h.First(ctx, one, "Sato@Example.jp", "佐藤", good, tsujiban.Japanese, home)
	h.ok(err) // the bad password did not burn the link
	if e.Person.Role != people.Administrator || e.Person.Login != "sato@example.jp" || !strings.HasPrefix(e.Person.ID, "sato-") {
		t.Errorf("%+v", e.Person)
	}
	for _, link := range []string{one, two} {
		_, err = h.First(ctx, link, "mallory@example.jp", "M", good, tsujiban.Japanese, abroad)
		h.code(err, tsujiban.CodeForbidden, "a second administrator")
	}
	if again, err := h.FirstLink(ctx); err != nil || again != "" {
		t.Errorf("a link although there is an administrator: %q, %v", again, err)
	}
	// Until there is a second factor the session is good for nothing but that.
	c := h.caller(e.Token)
	if c.May(people.SeeStaff) || c.Person.May(people.SeeStaff) || !c.May(people.SignedIn) {
		t.Error("without a second factor staff see what is none of the own account")
	}
	c, _ = h.secure(e)
	if !c.May(people.SeeStaff) {
		t.Error("with a second factor the administrator does not see staff")
	}
	h.recorded("becomes the first administrator", "one-time codes set up")
}

// TestFirstLinkRace lets many use the links of many starts at once: there is one first administrator.
func TestFirstLinkRace(t *testing.T) {
	h := open(t)
	var won atomic.Int32
	var wg sync.WaitGroup
	for i := range 12 {
		link, err := h.FirstLink(ctx)
		h.ok(err)
		wg.Go(func() {
			if _, err := h.First(ctx, link, fmt.Sprintf("a%d@example.jp", i), "A", good, tsujiban.Japanese, home); err == nil {
				won.Add(1)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d first administrators", won.Load())
	}
}

// TestEqualWork checks that known, unknown, disabled, odd and locked-out logins cost the same: one hash, or none.
func TestEqualWork(t *testing.T) {
	h := open(t)
	admin, _ := h.admin()
	gone := h.invited(admin, "gone@example.jp", people.Viewer)
	_, err := h.Disable(ctx, people.Actor{Name: "root"}, gone.Person.ID)
	h.ok(err)
	_, _, err = h.Invite(ctx, people.Actor{Name: "root"}, "new@example.jp", "新人", people.Viewer, tsujiban.Japanese, nil) // has no password yet
	h.ok(err)
	runs := 0
	h.OnHash(func() { runs++ })
	said := map[string]bool{}
	for i, login := range []string{"sato@example.jp", "nobody@example.jp", "gone@example.jp", "new@example.jp", "no login at all", "", strings.Repeat("x", 5000), "\x00\xff"} {
		runs = 0
		_, err := h.Password(ctx, login, "wrong wrong wrong", nothing, people.From{Address: fmt.Sprintf("198.51.100.%d", i)})
		h.code(err, tsujiban.CodeForbidden, login)
		said[err.Error()] = true
		if runs != 1 {
			t.Errorf("%.20q: the hash ran %d times, want once", login, runs)
		}
	}
	if len(said) != 1 {
		t.Errorf("what is said differs: %v", said)
	}
	runs = 0
	_, err = h.Password(ctx, "gone@example.jp", good, nothing, home)
	h.code(err, tsujiban.CodeForbidden, "a disabled person with the right password")
	_, err = h.Password(ctx, "sato@example.jp", strings.Repeat("x", 1<<20), nothing, home)
	h.code(err, tsujiban.CodeForbidden, "a password of a megabyte")
	if runs != 2 {
		t.Errorf("the hash ran %d times, want twice", runs)
	}
}

func TestPasswordAndCode(t *testing.T) {
	h := open(t)
	_, secret := h.admin()
	e, err := h.Password(ctx, "SATO@example.jp ", good, nothing, home)
	h.ok(err)
	if e.Token != "" || e.Pending == "" {
		t.Fatalf("the password alone was enough: %+v", e)
	}
	code := h.totp(secret)
	_, err = h.Factor(ctx, e.Pending, "000000", nothing, home)
	h.code(err, tsujiban.CodeForbidden, "a wrong code")
	in, err := h.Factor(ctx, e.Pending, code, nothing, home)
	h.ok(err)
	if c := h.caller(in.Token); c.Session.Method != people.ByTOTP || !c.May(people.ChangeStaff) {
		t.Errorf("signed in as %+v", c)
	}
	_, err = h.Factor(ctx, e.Pending, code, nothing, home)
	h.code(err, tsujiban.CodeForbidden, "the same code once more")
	h.wait(6 * time.Minute)
	_, err = h.Factor(ctx, e.Pending, h.totp(secret), nothing, home)
	h.code(err, tsujiban.CodeForbidden, "the second factor six minutes after the first")
	_, err = h.Factor(ctx, "made up", h.totp(secret), nothing, home)
	h.code(err, tsujiban.CodeForbidden, "no first factor")
	h.recorded("sign-in: totp from 192.0.2.10")
}

// TestCodeRace shows one code many times at once: it is good once.
func TestCodeRace(t *testing.T) {
	h := open(t)
	_, secret := h.admin()
	e, err := h.Password(ctx, "sato@example.jp", good, nothing, home)
	h.ok(err)
	code := h.totp(secret)
	var won atomic.Int32
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if _, err := h.Factor(ctx, e.Pending, code, nothing, home); err == nil {
				won.Add(1)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("one code was good %d times", won.Load())
	}
}

func TestRecoveryCodes(t *testing.T) {
	h := open(t)
	c, _ := h.admin()
	codes, err := h.NewRecovery(ctx, c, home)
	h.ok(err)
	if len(codes) != people.RecoveryCodes {
		t.Fatal(codes)
	}
	e, err := h.Password(ctx, "sato@example.jp", good, nothing, home)
	h.ok(err)
	_, err = h.Factor(ctx, e.Pending, " "+strings.ToUpper(codes[3])+" ", nothing, home)
	h.ok(err)
	_, err = h.Factor(ctx, e.Pending, codes[3], nothing, home)
	h.code(err, tsujiban.CodeForbidden, "a recovery code used twice")
	a, err := h.Account(ctx, c.Person.ID)
	h.ok(err)
	if a.Recovery != people.RecoveryCodes-1 {
		t.Errorf("%d codes left", a.Recovery)
	}
}

// TestNoFixation checks that signing in always gives a token that was not there before, and that ended ones stay ended.
func TestNoFixation(t *testing.T) {
	h := open(t)
	c, secret := h.admin()
	seen := map[string]bool{}
	for range 3 {
		e, err := h.Password(ctx, "sato@example.jp", good, nothing, home)
		h.ok(err)
		in, err := h.Factor(ctx, e.Pending, h.totp(secret), nothing, home)
		h.ok(err)
		if seen[in.Token] || len(in.Token) != 43 {
			t.Errorf("token %q", in.Token)
		}
		seen[in.Token] = true
		h.wait(time.Minute)
		mine := h.caller(in.Token)
		h.ok(h.SignOut(ctx, mine, home))
		_, err = h.Caller(ctx, in.Token)
		h.code(err, tsujiban.CodeForbidden, "after signing out")
	}
	for _, token := range []string{"", "x", strings.Repeat("A", 43), strings.Repeat("A", 1<<20), string(c.Session.Hash)} {
		_, err := h.Caller(ctx, token)
		h.code(err, tsujiban.CodeForbidden, "a made-up token")
	}
}

func TestSessionEnds(t *testing.T) {
	h := open(t)
	admin, _ := h.admin()
	e := h.invited(admin, "c@example.jp", people.CustomerRole, "a")
	h.wait(2*time.Hour - time.Second)
	h.caller(e.Token) // in use
	h.wait(2*time.Hour - time.Minute)
	h.caller(e.Token)
	h.wait(2*time.Hour + time.Minute)
	_, err := h.Caller(ctx, e.Token)
	h.code(err, tsujiban.CodeForbidden, "idle for two hours")

	in, err := h.Password(ctx, "c@example.jp", good, nothing, home)
	h.ok(err)
	for range 15 {
		h.wait(time.Hour)
		h.caller(in.Token)
	}
	h.wait(time.Hour)
	_, err = h.Caller(ctx, in.Token)
	h.code(err, tsujiban.CodeForbidden, "sixteen hours old")
	h.ok(h.Sweep(ctx))
}

// TestStrangersLockNobodyOut is the lockout turned against its owner: strangers fail as often as they like, the person
// comes in with a browser that is known, from another address, and with a passkey.
func TestStrangersLockNobodyOut(t *testing.T) {
	h := open(t)
	c, secret := h.admin()
	e, err := h.Password(ctx, "sato@example.jp", good, nothing, home)
	h.ok(err)
	in, err := h.Factor(ctx, e.Pending, h.totp(secret), nothing, home)
	h.ok(err)
	h.wait(time.Minute)
	k := &people.Passkey{ID: []byte("k"), Name: "鍵", Data: []byte("{}")}
	h.ok(h.AddPasskey(ctx, h.caller(in.Token), k, home))

	slowed := 0
	for i := range 400 {
		from := people.From{Address: fmt.Sprintf("203.0.113.%d", i%40)}
		_, err := h.Password(ctx, "sato@example.jp", "guess guess guess", nothing, from)
		var w *people.Wait
		if errors.As(err, &w) {
			slowed++
			if w.For <= 0 || w.For > 15*time.Minute {
				t.Fatalf("wait %v", w.For)
			}
		}
	}
	if slowed < 100 {
		t.Errorf("400 guesses from 40 addresses, and only %d were slowed down", slowed)
	}
	// From the stranger's own address, without a cookie, even the right password has to wait.
	_, err = h.Password(ctx, "sato@example.jp", good, nothing, people.From{Address: "203.0.113.1"})
	if w := (*people.Wait)(nil); !errors.As(err, &w) {
		t.Errorf("from the stranger's address: %v", err)
	}
	// But not with the cookie of a browser that is known, nor from another address, nor another login from there.
	for name, try := range map[string]func() (*people.Entry, error){
		"known browser, same address": func() (*people.Entry, error) {
			return h.Password(ctx, "sato@example.jp", good, in.Device, people.From{Address: "203.0.113.1"})
		},
		"another address": func() (*people.Entry, error) { return h.Password(ctx, "sato@example.jp", good, nothing, home) },
		"passkey, same address": func() (*people.Entry, error) {
			return h.EnterByPasskey(ctx, k, people.From{Address: "203.0.113.1"})
		},
	} {
		if _, err := try(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A cookie that is made up, or another person's, is none.
	other := h.invited(h.caller(in.Token), "other@example.jp", people.Viewer)
	for _, device := range []string{"made.up", other.Device, in.Device + "0", strings.Repeat("a.", 5000)} {
		if _, err := h.Password(ctx, "sato@example.jp", good, device, people.From{Address: "203.0.113.1"}); !errors.As(err, new(*people.Wait)) {
			t.Errorf("cookie %.20q: %v", device, err)
		}
	}
	// A known browser that guesses waits, too.
	for range 12 {
		_, err = h.Password(ctx, "sato@example.jp", "guess guess guess", in.Device, home)
	}
	if !errors.As(err, new(*people.Wait)) {
		t.Errorf("twelve guesses with the cookie: %v", err)
	}
	h.wait(16 * time.Minute)
	_, err = h.Password(ctx, "sato@example.jp", good, in.Device, home)
	h.ok(err)
	h.recorded(c.Person.ID + ": sign-in: failed attempts from 203.0.113.1")
	n := 0
	for _, line := range h.log {
		if strings.Contains(line, "failed attempts from 203.0.113.1;") {
			n++
		}
	}
	if n != 1 {
		t.Errorf("recorded %d times: strangers could fill the journal", n)
	}
}

// TestOneSite is an attacker with a whole IPv6 site: 65,536 networks of /64.
func TestOneSite(t *testing.T) {
	h := open(t)
	slowed := false
	for i := range 260 {
		_, err := h.Password(ctx, fmt.Sprintf("u%d@example.jp", i), "x", nothing, people.From{Address: fmt.Sprintf("2001:db8:1:%x::1", i)})
		slowed = slowed || errors.As(err, new(*people.Wait))
	}
	if !slowed {
		t.Error("260 guesses from one site, and none was slowed down")
	}
	_, err := h.Password(ctx, "u@example.jp", "x", nothing, people.From{Address: "2001:db8:2::1"})
	h.code(err, tsujiban.CodeForbidden, "the neighbouring site")
}

// TestManyAtOnce guesses at once: no more are looked at than one after the other.
func TestManyAtOnce(t *testing.T) {
	h := open(t)
	h.admin()
	var looked atomic.Int32
	h.OnHash(func() { looked.Add(1) })
	var wg sync.WaitGroup
	for range 60 {
		wg.Go(func() { _, _ = h.Password(ctx, "sato@example.jp", "guess guess guess", nothing, abroad) })
	}
	wg.Wait()
	if n := looked.Load(); n > 5 {
		t.Errorf("%d guesses were looked at, want 5 at most", n)
	}
}

func TestDisabledAtOnce(t *testing.T) {
	h := open(t)
	admin, _ := h.admin()
	e := h.invited(admin, "ito@example.jp", people.Analyst)
	c, secret := h.secure(e)
	token, err := h.NewToken(ctx, c, "監視", []people.Right{people.SeeLive}, 24*time.Hour, home)
	h.ok(err)
	byToken, err := h.TokenCaller(ctx, token)
	h.ok(err)
	if !byToken.May(people.SeeLive) || byToken.May(people.SeeCases) {
		t.Error("the token has other rights than its scopes")
	}
	if h.Fresh(byToken) == nil {
		t.Error("a token counts as a person who proved lately who they are")
	}
	pending, err := h.Password(ctx, "ito@example.jp", good, nothing, home)
	h.ok(err)
	link, _, err := h.NewLink(ctx, people.Actor{Name: "root"}, c.Person.ID)
	h.ok(err)
	_, err = h.Disable(ctx, people.Actor{Name: admin.Person.ID, Caller: admin}, c.Person.ID)
	h.ok(err)
	_, err = h.Caller(ctx, e.Token)
	h.code(err, tsujiban.CodeForbidden, "session of a disabled person")
	_, err = h.TokenCaller(ctx, token)
	h.code(err, tsujiban.CodeForbidden, "token of a disabled person")
	_, err = h.Factor(ctx, pending.Pending, h.totp(secret), nothing, home)
	h.code(err, tsujiban.CodeForbidden, "second step of a disabled person")
	_, err = h.Accept(ctx, link, people.LinkReset, good, home)
	h.code(err, tsujiban.CodeForbidden, "link of a disabled person")
	_, err = h.Enable(ctx, people.Actor{Name: "root"}, c.Person.ID)
	h.ok(err)
	for name, err := range map[string]error{
		"session": func() error { _, err := h.Caller(ctx, e.Token); return err }(),
		"token":   func() error { _, err := h.TokenCaller(ctx, token); return err }(),
		"link":    func() error { _, err := h.Accept(ctx, link, people.LinkReset, good, home); return err }(),
	} {
		h.code(err, tsujiban.CodeForbidden, name+" from before, enabled again")
	}
}

func TestStaffChanges(t *testing.T) {
	h := open(t)
	admin, _ := h.admin()
	a := people.Actor{Name: admin.Person.ID, Caller: admin}
	_, err := h.Disable(ctx, a, admin.Person.ID)
	h.code(err, tsujiban.CodeConflict, "the last administrator disables themselves")
	_, err = h.Change(ctx, a, admin.Person.ID, "role", func(p *people.Person) error { p.Role = people.Viewer; return nil })
	h.code(err, tsujiban.CodeConflict, "the last administrator becomes a viewer")
	_, err = h.Disable(ctx, people.Actor{Name: "root"}, admin.Person.ID)
	h.code(err, tsujiban.CodeConflict, "the last administrator, over the socket")

	e := h.invited(admin, "ito@example.jp", people.Viewer)
	viewer, _ := h.secure(e)
	_, _, err = h.Invite(ctx, people.Actor{Name: viewer.Person.ID, Caller: viewer}, "x@example.jp", "X", people.Administrator, tsujiban.Japanese, nil)
	h.code(err, tsujiban.CodeForbidden, "a viewer invites")
	_, _, err = h.Invite(ctx, a, "ito@example.jp", "X", people.Viewer, tsujiban.Japanese, nil)
	h.code(err, tsujiban.CodeExists, "a login twice")
	// A new role signs out, a new name does not.
	_, err = h.Change(ctx, a, viewer.Person.ID, "name", func(p *people.Person) error { p.Name = "伊東"; return nil })
	h.ok(err)
	h.caller(e.Token)
	_, err = h.Change(ctx, a, viewer.Person.ID, "role", func(p *people.Person) error { p.Role = people.Analyst; return nil })
	h.ok(err)
	_, err = h.Caller(ctx, e.Token)
	h.code(err, tsujiban.CodeForbidden, "the session of who was a viewer")
	// Dangerous acts need a fresh proof.
	h.wait(11 * time.Minute)
	_, _, err = h.Invite(ctx, a, "y@example.jp", "Y", people.Viewer, tsujiban.Japanese, nil)
	if !errors.As(err, new(*people.Stale)) {
		t.Errorf("eleven minutes after signing in: %v", err)
	}
	h.recorded("is invited as viewer", "staff: "+viewer.Person.ID+": role")
}

// TestLastAdministratorRace has two administrators disable each other at once.
func TestLastAdministratorRace(t *testing.T) {
	h := open(t)
	first, _ := h.admin()
	second, _ := h.secure(h.invited(first, "ito@example.jp", people.Administrator))
	var wg sync.WaitGroup
	for _, id := range []string{first.Person.ID, second.Person.ID} {
		wg.Go(func() { _, _ = h.Disable(ctx, people.Actor{Name: "root"}, id) })
	}
	wg.Wait()
	all, err := h.Persons(ctx)
	h.ok(err)
	if all[0].Disabled.IsZero() == all[1].Disabled.IsZero() {
		t.Errorf("%+v", all)
	}
}

func TestLinkOnce(t *testing.T) {
	h := open(t)
	admin, _ := h.admin()
	a := people.Actor{Name: admin.Person.ID, Caller: admin}
	p, invite, err := h.Invite(ctx, a, "ito@example.jp", "伊藤", people.Viewer, tsujiban.English, nil)
	h.ok(err)
	_, seen, err := h.Link(ctx, invite, people.LinkInvite)
	h.ok(err)
	if seen.ID != p.ID {
		t.Errorf("the link is for %s", seen.ID)
	}
	_, err = h.Accept(ctx, invite, people.LinkReset, good, home)
	h.code(err, tsujiban.CodeForbidden, "an invitation as a reset")
	_, err = h.Accept(ctx, invite, people.LinkInvite, "password1234", home)
	h.code(err, tsujiban.CodeInvalid, "a bad password")
	var won atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := h.Accept(ctx, invite, people.LinkInvite, good, home); err == nil {
				won.Add(1)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("a link was good %d times", won.Load())
	}
	// Of two resets the newer one is good; both end with it.
	old, purpose, err := h.NewLink(ctx, a, p.ID)
	h.ok(err)
	fresh, _, err := h.NewLink(ctx, a, p.ID)
	h.ok(err)
	if purpose != people.LinkReset {
		t.Errorf("purpose %s", purpose)
	}
	_, err = h.Accept(ctx, old, people.LinkReset, good, home)
	h.code(err, tsujiban.CodeForbidden, "an older link")
	h.wait(3 * time.Hour)
	_, err = h.Accept(ctx, fresh, people.LinkReset, good, home)
	h.code(err, tsujiban.CodeForbidden, "a link from three hours ago")

	reply, err := h.ReplyLink("acme 2026-11-25")
	h.ok(err)
	won.Store(0)
	for range 8 {
		wg.Go(func() {
			if s, err := h.Reply(ctx, reply); err == nil && s == "acme 2026-11-25" {
				won.Add(1)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("an answer was taken %d times", won.Load())
	}
}

// TestReset ends what was lost: the second factor, sessions, recovery codes.
func TestReset(t *testing.T) {
	h := open(t)
	admin, _ := h.admin()
	e := h.invited(admin, "ito@example.jp", people.Viewer)
	c, _ := h.secure(e)
	link, _, err := h.NewLink(ctx, people.Actor{Name: "root"}, c.Person.ID)
	h.ok(err)
	in, err := h.Accept(ctx, link, people.LinkReset, "haru no umi wa shizuka", home)
	h.ok(err)
	_, err = h.Caller(ctx, e.Token)
	h.code(err, tsujiban.CodeForbidden, "the session from before")
	again := h.caller(in.Token)
	if again.May(people.SeeLive) {
		t.Error("after a reset staff see everything without a second factor")
	}
	a, err := h.Account(ctx, c.Person.ID)
	h.ok(err)
	if a.TOTP || a.Recovery != 0 || !a.Password || a.Secured() {
		t.Errorf("%+v", a)
	}
	_, err = h.Password(ctx, "ito@example.jp", good, nothing, abroad)
	h.code(err, tsujiban.CodeForbidden, "the password from before")
}

func TestAccount(t *testing.T) {
	h := open(t)
	c, secret := h.admin()
	h.code(h.RemoveTOTP(ctx, c, home), tsujiban.CodeConflict, "staff without a second factor")
	k := &people.Passkey{ID: []byte("k"), Name: "電話", Data: []byte("{}")}
	h.ok(h.AddPasskey(ctx, c, k, home))
	h.ok(h.RemoveTOTP(ctx, c, home))
	h.code(h.RemovePasskey(ctx, c, k.ID, home), tsujiban.CodeConflict, "the only way in")
	_, sealed := h.OfferTOTP(c)
	_, err := h.SetTOTP(ctx, c, sealed, "000000", home)
	h.code(err, tsujiban.CodeInvalid, "a wrong first code")
	_, err = h.SetTOTP(ctx, c, "x", h.totp(secret), home)
	h.code(err, tsujiban.CodeInvalid, "no offer")
	h.wait(11 * time.Minute)
	c, err = h.Caller(ctx, mustSignIn(h, k))
	h.ok(err)
	h.wait(11 * time.Minute)
	err = h.SetPassword(ctx, c, "haru no umi wa shizuka", home)
	if !errors.As(err, new(*people.Stale)) {
		t.Errorf("without a fresh proof: %v", err)
	}
	h.code(h.Prove(ctx, c, "wrong", "", nothing, home), tsujiban.CodeForbidden, "a wrong proof")
	h.ok(h.Prove(ctx, c, good, "", nothing, home))
	h.ok(h.SetPassword(ctx, c, "haru no umi wa shizuka", home))
	n := people.Notices{Mail: "Keitai@example.jp", Kinds: []people.NoticeKind{people.NoticeCase}, QuietFrom: 22 * time.Hour, QuietTo: 7 * time.Hour}
	h.ok(h.SetNotices(ctx, c, n, home))
	got, err := h.Notices(ctx, c.Person.ID)
	h.ok(err)
	if got.Mail != "keitai@example.jp" || got.Wants(people.NoticeDigest) || !got.Wants(people.NoticeSecurity) {
		t.Errorf("%+v", got)
	}
	a, err := h.Account(ctx, c.Person.ID)
	h.ok(err)
	if len(a.SignIns) < 5 || len(a.Passkeys) != 1 {
		t.Errorf("%+v", a)
	}
}

func mustSignIn(h *house, k *people.Passkey) string {
	h.t.Helper()
	e, err := h.EnterByPasskey(ctx, k, home)
	h.ok(err)
	return e.Token
}

func TestElsewhere(t *testing.T) {
	h := open(t)
	admin, _ := h.admin()
	h.invited(admin, "ito@example.jp", people.Analyst)
	w := people.Elsewhere{Issuer: "https://id.example.jp", Subject: "42", Login: "ITO@example.jp", Name: "伊藤"}
	e, err := h.EnterByOIDC(ctx, w, home)
	h.ok(err)
	if c := h.caller(e.Token); !c.May(people.ActOnCase) {
		t.Error("signed in elsewhere, an analyst may not act")
	}
	w.Login = "renamed@example.jp" // the service's own name for the person stays
	again, err := h.EnterByOIDC(ctx, w, home)
	h.ok(err)
	if again.Person.ID != e.Person.ID {
		t.Error("the same account elsewhere is somebody else here")
	}
	for name, bad := range map[string]people.Elsewhere{
		"another account with the same address": {Issuer: w.Issuer, Subject: "43", Login: "ito@example.jp"},
		"another service":                       {Issuer: "https://evil.example", Subject: "42", Login: "ito@example.jp"},
		"nobody":                                {Issuer: w.Issuer, Subject: "44", Login: "nobody@example.jp"},
		"no login":                              {Issuer: w.Issuer, Subject: "45"},
		"two as one":                            {Issuer: "https://id.example.jp 4", Subject: "2", Login: "ito@example.jp"},
	} {
		_, err := h.EnterByOIDC(ctx, bad, home)
		h.code(err, tsujiban.CodeForbidden, name)
	}
	made, err := h.EnterByOIDC(ctx, people.Elsewhere{Issuer: w.Issuer, Subject: "50", Login: "new@example.jp", Create: people.Viewer}, home)
	h.ok(err)
	if made.Person.Role != people.Viewer || made.Person.Name != "new@example.jp" {
		t.Errorf("%+v", made.Person)
	}
}

func TestProposals(t *testing.T) {
	h := open(t)
	first, _ := h.admin()
	second, _ := h.secure(h.invited(first, "ito@example.jp", people.Analyst))
	if !h.NeedsSecond(people.ActHandOver) || h.NeedsSecond(people.ActRetention) {
		t.Error("not the acts that were set")
	}
	o := people.Order{Method: "POST", Path: "/v1/inquiries/1/answer"}
	p, err := h.Propose(ctx, &first.Person, people.ActHandOver, "1", "回答", o)
	h.ok(err)
	_, err = h.Decide(ctx, &first.Person, p.ID, true, "")
	h.code(err, tsujiban.CodeForbidden, "one's own proposal")
	got, err := h.Decide(ctx, &second.Person, p.ID, true, "確認しました")
	h.ok(err)
	if got.State != people.Approved || got.Order.Path != o.Path {
		t.Errorf("%+v", got)
	}
	_, err = h.Decide(ctx, &second.Person, p.ID, true, "")
	h.code(err, tsujiban.CodeConflict, "approved twice")
	h.ok(h.Outcome(ctx, p.ID, "done"))
	q, err := h.Propose(ctx, &first.Person, people.ActHandOver, "2", "", o)
	h.ok(err)
	h.wait(73 * time.Hour)
	_, err = h.Decide(ctx, &second.Person, q.ID, true, "")
	h.code(err, tsujiban.CodeConflict, "after three days")
	waiting, err := h.Proposals(ctx, false)
	h.ok(err)
	all, err := h.Proposals(ctx, true)
	h.ok(err)
	if len(waiting) != 0 || len(all) != 2 || all[0].State != people.Expired {
		t.Errorf("%+v, %+v", waiting, all)
	}
	h.recorded("proposal 1 is approved: hand-over 1")
}

// TestNotRecordedNotDone checks that without a record nobody comes in and nothing changes.
func TestNotRecordedNotDone(t *testing.T) {
	h := open(t)
	admin, secret := h.admin()
	h.Record = func(context.Context, string, string) error {
		return tsujiban.Errorf(tsujiban.CodeUnavailable, "disk full")
	}
	e, err := h.Password(ctx, "sato@example.jp", good, nothing, home)
	h.ok(err)
	_, err = h.Factor(ctx, e.Pending, h.totp(secret), nothing, home)
	h.code(err, tsujiban.CodeUnavailable, "signed in without a record")
	_, _, err = h.Invite(ctx, people.Actor{Name: "root"}, "x@example.jp", "X", people.Viewer, tsujiban.Japanese, nil)
	h.code(err, tsujiban.CodeUnavailable, "invited without a record")
	h.code(h.SetPassword(ctx, admin, "haru no umi wa shizuka", home), tsujiban.CodeUnavailable, "password without a record")
	all, err := h.Persons(ctx)
	h.ok(err)
	if len(all) != 1 {
		t.Errorf("%+v", all)
	}
}
