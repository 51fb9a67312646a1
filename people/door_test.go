package people_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tsujiban"
	"tsujiban/people"
)

// house is a door with a real store, a clock that tests turn, and what was recorded.

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
