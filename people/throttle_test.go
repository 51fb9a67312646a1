package people_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"tsujiban"
	"tsujiban/people"
)

// house is a door with a real store, a clock that tests turn, and what was recorded.

func TestEqualWork(t *testing.T) {
	h := open(t)
	admin, _ := h.admin()
	gone := h.invited(admin, "gone@example.jp", people.Viewer)
	_, err := h.Disable(ctx, people.Actor{Name: "root"}, gone.Person.ID)
	h.ok(err)
	_, _, err = h.Invite(ctx, people.Actor{Name: "root"}, "new@example.jp", "新人", people.Viewer, tsujiban.Japanese, nil) // has no password yet
	h.ok(err)
	said := map[string]bool{}
	for i, login := range []string{"sato@example.jp", "nobody@example.jp", "gone@example.jp", "new@example.jp", "no login at all", "", strings.Repeat("x", 5000), "\x00\xff"} {
		before := h.Hashed()
		_, err := h.Password(ctx, login, "wrong wrong wrong", nothing, people.From{Address: fmt.Sprintf("198.51.100.%d", i)})
		h.code(err, tsujiban.CodeForbidden, login)
		said[err.Error()] = true
		if runs := h.Hashed() - before; runs != 1 {
			t.Errorf("%.20q: the hash ran %d times, want once", login, runs)
		}
	}
	if len(said) != 1 {
		t.Errorf("what is said differs: %v", said)
	}
	before := h.Hashed()
	_, err = h.Password(ctx, "gone@example.jp", good, nothing, home)
	h.code(err, tsujiban.CodeForbidden, "a disabled person with the right password")
	_, err = h.Password(ctx, "sato@example.jp", strings.Repeat("x", 1<<20), nothing, home)
	h.code(err, tsujiban.CodeForbidden, "a password of a megabyte")
	if runs := h.Hashed() - before; runs != 2 {
		t.Errorf("the hash ran %d times, want twice", runs)
	}
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
	before := h.Hashed()
	var wg sync.WaitGroup
	for range 60 {
		wg.Go(func() { _, _ = h.Password(ctx, "sato@example.jp", "guess guess guess", nothing, abroad) })
	}
	wg.Wait()
	if n := h.Hashed() - before; n > 5 {
		t.Errorf("%d guesses were looked at, want 5 at most", n)
	}
}
