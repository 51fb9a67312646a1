package people_test

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"sync"
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
