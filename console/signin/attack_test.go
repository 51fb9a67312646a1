package signin_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"

	"tsujiban"
	"tsujiban/people"
)

var changing = regexp.MustCompile(`value="[^"]*"|id="[^"]*"`)

// TestEqualWorkOverHTTP: whether there is somebody of a name is told neither by what is said nor by the work that an attempt takes.
func TestEqualWorkOverHTTP(t *testing.T) {
	s := open(t, nil)
	admin := s.browser("192.0.2.1")
	admin.admin()
	for _, login := range []string{"gone@example.jp", "new@example.jp"} { // one is disabled, the other has no password yet
		_, _, err := s.door.Invite(context.Background(), people.Actor{Name: "root"}, login, "新人", people.Viewer, tsujiban.Japanese, nil)
		s.ok(err)
	}
	all, err := s.door.Persons(context.Background())
	s.ok(err)
	for i := range all {
		if all[i].Login == "gone@example.jp" {
			_, err := s.door.Disable(context.Background(), people.Actor{Name: "root"}, all[i].ID)
			s.ok(err)
		}
	}
	answers, slowed := map[string]string{}, map[string]string{}
	logins := []string{"sato@example.jp", "nobody@example.jp", "gone@example.jp", "new@example.jp", "no address", strings.Repeat("x", 200) + "@example.jp"}
	for i, login := range logins {
		b := s.browser(fmt.Sprintf("198.51.100.%d", i))
		try := func() (work uint64, page string) {
			b.get("/signin")
			before := s.door.Hashed()
			b.post("/signin", "login", login, "password", "wrong wrong wrong")
			return s.door.Hashed() - before, fmt.Sprint(b.status, changing.ReplaceAllString(b.page, ""))
		}
		work, page := try()
		if answers[page] = login; work != 1 {
			t.Errorf("%q: the hash ran %d times, want once", login, work)
		}
		for work == 1 {
			if work, page = try(); strings.Contains(page, "Too many failed") != (work == 0) {
				t.Fatalf("%q: %d hashes, and it says\n%s", login, work, page)
			}
		}
		slowed[regexp.MustCompile(`\d+`).ReplaceAllString(page, "")] = login
	}
	if len(answers) != 1 || len(slowed) != 1 {
		t.Errorf("what is said tells who there is: there are %d and %d answers", len(answers), len(slowed))
	}
	// The right password of who is disabled, and a password of a size that nobody has, are the same work again.
	for i, form := range [][2]string{{"gone@example.jp", good}, {"nobody@example.jp", strings.Repeat("x", 1000)}, {"sato@example.jp", strings.Repeat("x", 1000)}} {
		b := s.browser(fmt.Sprintf("203.0.113.%d", i))
		b.get("/signin")
		before := s.door.Hashed()
		b.post("/signin", "login", form[0], "password", form[1])
		if b.status != 422 || s.door.Hashed()-before != 1 {
			t.Errorf("%s: %d after %d hashes", form[0], b.status, s.door.Hashed()-before)
		}
	}
}

// away are addresses of other sites, as one would write them into a link to this one.
var away = []string{"//evil.example", `/\evil.example`, `\\evil.example`, "https:evil.example", "https://evil.example/", "javascript:alert(1)", "\t//evil.example", "/\t/evil.example", " //evil.example", "/.//evil.example", "/%0d%0aLocation:%20//evil.example"}

// TestNothingTwice: what was used, ended or given to somebody else is good for nothing a second time, and no step of signing in leads off this site.
func TestNothingTwice(t *testing.T) {
	s := open(t, nil)
	b := s.browser("192.0.2.1")
	text, err := s.door.FirstLink(context.Background())
	s.ok(err)
	secret := b.admin()
	thief := func(token string) *browser {
		x := s.browser("203.0.113.5")
		if token != "" {
			x.http.Jar.SetCookies(s.base, []*http.Cookie{{Name: "tsujiban", Value: token, Path: "/"}})
		}
		return x
	}

	// The first link once more, with a form that was filled in before it was used.
	again := thief("")
	again.get("/signin")
	again.post("/first/"+text, "name", "盗人", "login", "thief@example.jp", "password", good, "again", good)
	if again.status != 404 || again.session() != "" {
		t.Errorf("the first link twice: %d", again.status)
	}

	// A code that signed somebody in, with the same and with a new first step; and the first step alone, twice.
	b.wait(time.Minute)
	step := func(x *browser, to string) { // both steps but the last form
		x.get("/signin?to=" + url.QueryEscape(to))
		x.post("/signin", "login", "sato@example.jp", "password", good, "to", to)
		x.is("/signin", 200, "Type the six digits")
	}
	at := s.browser("192.0.2.2")
	step(at, "/staff")
	form, code := at.page, at.totp(secret)
	at.post("/signin/factor", "code", code, "to", "/staff")
	at.is("/staff", 200)
	stolen := at.session()
	replay := s.browser("192.0.2.3")
	replay.get("/signin")
	mine := replay.page
	replay.page = regexp.MustCompile(`name="pending" value="[^"]*"`).FindString(form) + regexp.MustCompile(`name="csrf" value="[^"]*"`).FindString(mine)
	replay.post("/signin/factor", "code", code)
	if replay.status != 422 || replay.session() != "" {
		t.Errorf("the same code and first step: %d", replay.status)
	}
	step(replay, "/staff")
	replay.post("/signin/factor", "code", code)
	if replay.status != 422 || replay.session() != "" {
		t.Errorf("the same code after a new first step: %d", replay.status)
	}

	// The form of one session in another of the same person.
	second := s.browser("192.0.2.4")
	b.wait(time.Minute)
	step(second, "/account")
	second.post("/signin/factor", "code", second.totp(secret), "to", "/account")
	second.is("/account", 200)
	at.get("/account")
	second.page = at.page
	second.post("/account/sessions/end")
	second.is("/account/sessions/end", 403)

	// A session that was signed out, by its own browser and from another.
	at.post("/signout")
	if x := thief(stolen); x.get("/account") == nil || x.path != "/signin" {
		t.Errorf("a session that was signed out opens %s", x.path)
	}
	ended := second.session()
	all, err := s.door.Persons(context.Background())
	s.ok(err)
	_, err = s.door.EndSessions(context.Background(), people.Actor{Name: "root"}, all[0].ID)
	s.ok(err)
	x := thief(ended)
	x.get("/account")
	x.is("/signin", 200)
	x = thief(b.session())
	b.wait(17 * time.Hour)
	x.get("/account")
	x.is("/signin", 200)

	s.leadsBack(secret)
}

// leadsBack signs in and proves with every address of another site as the one to go on to.
func (s *site) leadsBack(secret []byte) {
	s.t.Helper()
	stays := func(resp *http.Response, b *browser, to string) {
		s.t.Helper()
		if resp.Request.URL.Host != s.base.Host || b.status == 422 {
			s.t.Errorf("%q leads to %s (%d)", to, resp.Request.URL, b.status)
		}
	}
	for i, to := range away {
		b := s.browser(fmt.Sprintf("192.0.2.%d", 20+i))
		b.wait(time.Minute)
		b.get("/signin?to=" + url.QueryEscape(to))
		b.post("/signin", "login", "sato@example.jp", "password", good, "to", to)
		b.wait(time.Minute)
		stays(b.post("/signin/factor", "code", b.totp(secret), "to", to), b, to)
		if b.session() == "" {
			s.t.Fatalf("not signed in, at %s", b.path)
		}
		b.get("/prove?to=" + url.QueryEscape(to))
		b.wait(time.Minute)
		stays(b.post("/prove", "password", good, "code", b.totp(secret), "to", to), b, to)
	}
}

// TestPasskeyLeadsBack: so does a passkey, when it signs in and when it proves; an answer of either is no answer of the other, nor twice.
func TestPasskeyLeadsBack(t *testing.T) {
	s := open(t, nil)
	b := s.browser("192.0.2.1")
	b.admin()
	rp := virtualwebauthn.RelyingParty{Name: "guard1", ID: "localhost", Origin: s.base.String()}
	phone, cred := virtualwebauthn.NewAuthenticator(), virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)
	b.get("/account")
	options, state := b.ceremony("/account/passkeys/new")
	asked, err := virtualwebauthn.ParseAttestationOptions(options)
	s.ok(err)
	phone.Options.UserHandle = []byte(asked.UserID)
	b.post("/account/passkeys", "credential", virtualwebauthn.CreateAttestationResponse(rp, phone, cred, *asked), "state", state, "name", "電話")
	b.is("/account", 200, "The passkey was added")
	answer := func(b *browser, path string) (credential, state string) {
		options, state := b.ceremony(path)
		asked, err := virtualwebauthn.ParseAssertionOptions(options)
		s.ok(err)
		return virtualwebauthn.CreateAssertionResponse(rp, phone, cred, *asked), state
	}
	for _, to := range away {
		x := s.browser("192.0.2.9")
		x.get("/signin")
		c, state := answer(x, "/signin/passkey")
		if resp := x.post("/signin/passkey", "credential", c, "state", state, "to", to); resp.Request.URL.Host != s.base.Host || x.session() == "" {
			t.Errorf("signed in with %q: %s", to, resp.Request.URL)
		}
		x.get("/prove")
		x.post("/prove/passkey", "credential", c, "state", state, "to", to)
		x.is("/prove/passkey", 403)
		x.get("/prove")
		c, state = answer(x, "/prove/passkey")
		if resp := x.post("/prove/passkey", "credential", c, "state", state, "to", to); resp.Request.URL.Host != s.base.Host || x.path == "/prove/passkey" {
			t.Errorf("proved with %q: %s (%d)", to, resp.Request.URL, x.status)
		}
		x.get("/prove")
		x.post("/prove/passkey", "credential", c, "state", state, "to", to)
		x.is("/prove/passkey", 403)
		jar, err := cookiejar.New(nil)
		s.ok(err)
		x.http.Jar = jar
		x.get("/signin")
		x.post("/signin/passkey", "credential", c, "state", state, "to", to)
		x.is("/signin/passkey", 403)
	}
}
