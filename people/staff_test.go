package people_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tsujiban"
	"tsujiban/people"
)

// house is a door with a real store, a clock that tests turn, and what was recorded.

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
