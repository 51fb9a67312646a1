package signin_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"html"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/netip"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/console"
	"tsujiban/console/signin"
	"tsujiban/console/staff"
	"tsujiban/console/ui"
	"tsujiban/people"
	"tsujiban/store/sqlite"
)

const good = "kaze wa minami kara"

// site is a console with a real store, reached over the network.
type site struct {
	t    *testing.T
	base *url.URL
	door *people.Door
	mu   sync.Mutex // guards now
	now  time.Time
}

func open(t *testing.T, oidc *signin.OIDC) *site {
	t.Helper()
	s := &site{t: t, now: time.Now()} // WebAuthn's library asks the machine's clock
	st, err := sqlite.Open(context.Background(), filepath.Join(t.TempDir(), "t.db"))
	s.ok(err)
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	keys, err := people.NewKeys(bytes.Repeat([]byte{7}, 32))
	s.ok(err)
	s.door = people.NewDoor(people.Options{
		Store: st, Keys: keys, Cost: people.Cost{Memory: 8, Time: 1, Threads: 1}, Clock: s.clock,
		Record: func(context.Context, string, string) error { return nil },
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	s.ok(err)
	_, port, err := net.SplitHostPort(l.Addr().String())
	s.ok(err)
	s.base = &url.URL{Scheme: "http", Host: "localhost:" + port}
	room, err := signin.Room(signin.Options{Door: s.door, PublicURL: s.base, Name: "guard1", OIDC: oidc})
	s.ok(err)
	c, err := console.New(console.Options{
		Node: ui.Node{Name: "guard1", Zone: time.UTC, Key: []byte("key"), Clock: s.clock}, Lang: tsujiban.English, PublicURL: s.base,
		Rooms: []ui.Room{room, staff.Room(s.door, s.base)}, Guests: signin.Guests{Door: s.door}, Trusted: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
		Office: func(*people.Person) *control.Client { return control.NewLocal(http.NotFoundHandler(), "") },
	})
	s.ok(err)
	s.ok(c.Serve(l))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := c.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	return s
}

func (s *site) ok(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) clock() time.Time { s.mu.Lock(); defer s.mu.Unlock(); return s.now }

func (s *site) wait(d time.Duration) { s.mu.Lock(); defer s.mu.Unlock(); s.now = s.now.Add(d) }

// browser is one that keeps cookies and follows redirects within the site.
type browser struct {
	*site
	http    *http.Client
	address string
	page    string // last one
	path    string // where it was
	status  int
}

func (s *site) browser(address string) *browser {
	jar, err := cookiejar.New(nil)
	s.ok(err)
	return &browser{site: s, address: address, http: &http.Client{Jar: jar, Timeout: 10 * time.Second}}
}

func (b *browser) do(req *http.Request) *http.Response {
	b.t.Helper()
	req.Header.Set("X-Forwarded-For", b.address)
	req.Header.Set("Accept-Language", "en")
	resp, err := b.http.Do(req)
	b.ok(err)
	body, err := io.ReadAll(resp.Body)
	b.ok(errors.Join(err, resp.Body.Close()))
	b.page, b.path, b.status = string(body), resp.Request.URL.Path, resp.StatusCode
	return resp
}

func (b *browser) get(path string) *http.Response {
	b.t.Helper()
	req, err := http.NewRequest(http.MethodGet, b.base.String()+path, nil)
	b.ok(err)
	return b.do(req)
}

var hidden = regexp.MustCompile(`name="(csrf|pending|offer)" value="([^"]*)"`)

// post sends a form as the page that was read last would, with its hidden fields.
func (b *browser) post(path string, pairs ...string) *http.Response {
	b.t.Helper()
	form := url.Values{}
	for _, m := range hidden.FindAllStringSubmatch(b.page, -1) {
		form.Set(m[1], html.UnescapeString(m[2]))
	}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	req, err := http.NewRequest(http.MethodPost, b.base.String()+path, strings.NewReader(form.Encode()))
	b.ok(err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", b.base.String())
	return b.do(req)
}

// is checks where the browser has come to and what it reads there.
func (b *browser) is(path string, status int, words ...string) {
	b.t.Helper()
	if b.path != path || b.status != status {
		b.t.Fatalf("at %s with %d, want %s with %d:\n%s", b.path, b.status, path, status, b.page)
	}
	for _, w := range words {
		if !strings.Contains(b.page, w) {
			b.t.Fatalf("%s does not say %q:\n%s", path, w, b.page)
		}
	}
}

func (b *browser) session() string {
	for _, c := range b.http.Jar.Cookies(b.base) {
		if c.Name == "tsujiban" {
			return c.Value
		}
	}
	return ""
}

// admin becomes the first administrator with password and one-time codes; it returns the app's secret.
func (b *browser) admin() []byte {
	b.t.Helper()
	text, err := b.door.FirstLink(context.Background())
	b.ok(err)
	at := strings.TrimPrefix(signin.Link(b.base, people.LinkFirst, text), b.base.String())
	b.get(at)
	b.is(at, 200, "The first administrator")
	b.post(at, "name", "佐藤 花子", "login", "sato@example.jp", "password", "password1234", "again", "password1234")
	b.is(at, 422, "Too short or too easy to guess")
	b.post(at, "name", "佐藤 花子", "login", "sato@example.jp", "password", good, "again", "other")
	b.is(at, 422, "The two do not match")
	b.post(at, "name", "佐藤 花子", "login", "sato@example.jp", "password", good, "again", good)
	b.is("/account", 200, "Set up a passkey or one-time codes")
	b.get("/staff")
	b.is("/staff", 403)
	b.get("/account/codes")
	b.is("/account/codes", 200, "<svg viewBox=")
	secret := b.secret()
	b.post("/account/codes", "code", "000000")
	b.is("/account/codes", 422, "This code is wrong")
	b.post("/account/codes", "code", b.totp(secret))
	b.is("/account/codes", 200, "Recovery codes")
	if n := strings.Count(b.page, "<li><code>"); n != people.RecoveryCodes {
		b.t.Fatalf("%d recovery codes", n)
	}
	b.wait(time.Minute)
	b.get("/staff")
	b.is("/staff", 200, "佐藤 花子")
	b.get(at)
	b.is(at, 404, "This link was used")
	return secret
}

var typed = regexp.MustCompile(`<code>([A-Z2-7 ]{20,})</code>`)

func (b *browser) secret() []byte {
	b.t.Helper()
	m := typed.FindStringSubmatch(b.page)
	if m == nil {
		b.t.Fatalf("no secret on the page:\n%s", b.page)
	}
	secret, err := people.ParseTOTP(m[1])
	b.ok(err)
	return secret
}

func (b *browser) totp(secret []byte) string {
	return people.TOTPCode(secret, people.TOTPStep(b.clock()))
}

func TestPasswordAndCodeInABrowser(t *testing.T) {
	s := open(t, nil)
	b := s.browser("192.0.2.1")
	secret := b.admin()
	first := b.session()
	b.post("/signout")
	b.is("/signin", 200)
	if b.session() != "" {
		t.Error("the session's cookie is still there")
	}
	b.get("/staff?x=1")
	b.is("/signin", 200, `name="to" value="/staff?x=1"`)
	b.post("/signin", "login", "sato@example.jp", "password", "wrong", "to", "/staff?x=1")
	b.is("/signin", 422, "Mail address or password is wrong")
	// A session that somebody else put there is not taken over.
	b.http.Jar.SetCookies(b.base, []*http.Cookie{{Name: "tsujiban", Value: first, Path: "/"}})
	b.get("/signin")
	b.post("/signin", "login", "Sato@example.jp", "password", good, "to", "/staff?x=1")
	b.is("/signin", 200, "Type the six digits")
	b.post("/signin/factor", "code", b.totp(secret), "to", "/staff?x=1")
	b.is("/staff", 200, "佐藤 花子")
	if b.session() == first || b.session() == "" {
		t.Error("signing in did not give a new session")
	}
	// Elsewhere leads nowhere else.
	b.get("/signin?to=" + url.QueryEscape("https://evil.example/"))
	b.is("/proposals", 200)
	// Without the form's token nothing happens.
	page := b.page
	b.page = ""
	b.post("/account/sessions/end")
	b.is("/account/sessions/end", 403)
	b.page = page
	b.post("/account/sessions/end")
	b.is("/account", 200, "Signed out there")
}

func TestSlowedInABrowser(t *testing.T) {
	s := open(t, nil)
	s.browser("192.0.2.1").admin()
	stranger := s.browser("203.0.113.5")
	stranger.get("/signin")
	var resp *http.Response
	for range 7 {
		resp = stranger.post("/signin", "login", "sato@example.jp", "password", "guess guess guess")
	}
	stranger.is("/signin", 422, "Too many failed attempts from here")
	if resp.Header.Get("Retry-After") == "" {
		t.Error("nothing says how long to wait")
	}
	other := s.browser("192.0.2.99")
	other.get("/signin")
	other.post("/signin", "login", "sato@example.jp", "password", good)
	other.is("/signin", 200, "Type the six digits")
}

// ceremony asks for the options of a passkey.
func (b *browser) ceremony(path string) (options, state string) {
	b.t.Helper()
	before := b.page
	b.get(path)
	var v struct {
		Options json.RawMessage `json:"options"`
		State   string          `json:"state"`
	}
	if err := json.Unmarshal([]byte(b.page), &v); err != nil {
		b.t.Fatalf("%s: %v: %s", path, err, b.page)
	}
	b.page = before
	return string(v.Options), v.State
}

func TestPasskey(t *testing.T) {
	s := open(t, nil)
	b := s.browser("192.0.2.1")
	b.admin()
	rp := virtualwebauthn.RelyingParty{Name: "guard1", ID: "localhost", Origin: s.base.String()}
	phone := virtualwebauthn.NewAuthenticator()
	cred := virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)
	b.get("/account")
	options, state := b.ceremony("/account/passkeys/new")
	if !strings.Contains(options, `"residentKey":"required"`) || !strings.Contains(options, `"userVerification":"required"`) {
		t.Errorf("the key need not be found by itself, or need not check who holds it: %s", options)
	}
	asked, err := virtualwebauthn.ParseAttestationOptions(options)
	s.ok(err)
	phone.Options.UserHandle = []byte(asked.UserID)
	if strings.Contains(asked.UserID, "sato") {
		t.Error("the user handle says who it is")
	}
	b.post("/account/passkeys", "credential", virtualwebauthn.CreateAttestationResponse(rp, phone, cred, *asked), "state", state, "name", "電話")
	b.is("/account", 200, "The passkey was added", "電話")

	use := func(b *browser, rp virtualwebauthn.RelyingParty, a virtualwebauthn.Authenticator) (credential, state string) {
		b.get("/signin")
		options, state := b.ceremony("/signin/passkey")
		asked, err := virtualwebauthn.ParseAssertionOptions(options)
		s.ok(err)
		return virtualwebauthn.CreateAssertionResponse(rp, a, cred, *asked), state
	}
	other := s.browser("198.51.100.7")
	answer, at := use(other, rp, phone)
	other.post("/signin/passkey", "credential", answer, "state", at, "to", "/staff")
	other.is("/staff", 200, "佐藤 花子")
	// The same answer once more, from whoever overheard it.
	thief := s.browser("203.0.113.5")
	thief.get("/signin")
	thief.post("/signin/passkey", "credential", answer, "state", at, "to", "/staff")
	thief.is("/signin/passkey", 403)
	for name, try := range map[string]func() (string, string){
		"another origin": func() (string, string) {
			return use(thief, virtualwebauthn.RelyingParty{Name: "guard1", ID: "localhost", Origin: "http://evil.example"}, phone)
		},
		"another site's key": func() (string, string) {
			return use(thief, virtualwebauthn.RelyingParty{Name: "guard1", ID: "evil.example", Origin: s.base.String()}, phone)
		},
		"holder not checked": func() (string, string) {
			a := phone
			a.Options.UserNotVerified = true
			return use(thief, rp, a)
		},
		"an old challenge": func() (string, string) {
			c, _ := use(thief, rp, phone)
			_, state := use(thief, rp, phone)
			return c, state
		},
		"nobody's": func() (string, string) {
			a := phone
			a.Options.UserHandle = bytes.Repeat([]byte{1}, 32)
			return use(thief, rp, a)
		},
		"no state": func() (string, string) { c, _ := use(thief, rp, phone); return c, "AAAA" },
	} {
		c, state := try()
		thief.post("/signin/passkey", "credential", c, "state", state, "to", "/staff")
		if thief.status != 403 || thief.session() != "" {
			t.Errorf("%s: %d, session %q", name, thief.status, thief.session())
		}
	}
	// Later a dangerous act asks for a proof, and a passkey is one.
	other.wait(11 * time.Minute)
	other.get("/staff")
	other.post("/staff", "login", "ito@example.jp", "name", "伊藤", "role", "viewer")
	other.is("/prove", 200, "prove once more")
	options, state = other.ceremony("/prove/passkey")
	proof, err := virtualwebauthn.ParseAssertionOptions(options)
	s.ok(err)
	other.post("/prove/passkey", "credential", virtualwebauthn.CreateAssertionResponse(rp, phone, cred, *proof), "state", state, "to", "/staff")
	other.is("/prove/on", 200, "Go on", `name="name" value="伊藤"`, `action="/staff"`)
	form := other.page
	stranger := s.browser("203.0.113.9") // the form is its session's, and waits once
	stranger.get("/prove/on")
	stranger.is("/signin", 200)
	other.get("/prove/on?to=/staff")
	other.is("/staff", 200)
	other.page = form
	other.post("/staff", "login", "ito@example.jp", "name", "伊藤", "role", "viewer")
	other.is("/staff", 200, "Link for 伊藤", "/invite/")
}

func TestInvitedInABrowser(t *testing.T) {
	s := open(t, nil)
	admin := s.browser("192.0.2.1")
	admin.admin()
	admin.get("/staff")
	admin.post("/staff", "login", "sato@example.jp", "name", "x", "role", "viewer")
	admin.is("/staff", 422, "registered already")
	admin.post("/staff", "login", "<script>", "name", "x", "role", "viewer")
	admin.is("/staff", 422, "Write a mail address", "&lt;script&gt;")
	admin.post("/staff", "login", "ito@example.jp", "name", "<b>伊藤", "role", "analyst", "language", "en")
	admin.is("/staff", 200, "&lt;b&gt;伊藤")
	m := regexp.MustCompile(`http://localhost:\d+(/invite/[\w.-]+)`).FindStringSubmatch(admin.page)
	if m == nil {
		t.Fatal(admin.page)
	}
	b := s.browser("192.0.2.2")
	b.get(m[1])
	b.is(m[1], 200, "Welcome, &lt;b&gt;伊藤")
	b.post(m[1], "password", good, "again", good)
	b.is("/account", 200)
	b.get(m[1])
	b.is(m[1], 404, "This link was used")
	// A password is no second factor: the desk stays closed.
	b.get("/proposals")
	b.is("/proposals", 403)
	// Disabled: out at once.
	all, err := s.door.Persons(context.Background())
	s.ok(err)
	id := all[0].ID
	admin.get("/staff/" + id)
	admin.is("/staff/"+id, 200, "ito@example.jp")
	admin.post("/staff/" + id + "/disable")
	admin.is("/staff/"+id, 200, "Disabled")
	b.get("/account")
	b.is("/signin", 200)
	me := all[1].ID
	admin.get("/staff/" + me)
	admin.post("/staff/" + me + "/disable")
	admin.is("/staff/"+me+"/disable", 409, "the last administrator")
	admin.post("/staff/"+me, "name", "佐藤", "role", "viewer")
	admin.is("/staff/"+me, 409, "the last administrator")
}

// TestPages shows every page in both languages: none lacks a word, and none holds inline script or style.
func TestPages(t *testing.T) {
	s := open(t, nil)
	b := s.browser("192.0.2.1")
	b.admin()
	all, err := s.door.Persons(context.Background())
	s.ok(err)
	for _, lang := range []string{"ja", "en"} {
		b.get("/account")
		b.post("/settings/language", "language", lang, "back", "/account")
		for _, path := range []string{"/account", "/account/password", "/account/codes", "/prove", "/staff", "/staff/" + all[0].ID, "/proposals"} {
			b.get(path)
			b.is(path, 200, `<html lang="`+lang+`"`)
			for _, bad := range []string{" style=", "onclick=", "<script>", "javascript:"} {
				if strings.Contains(b.page, bad) {
					t.Errorf("%s holds %q", path, bad)
				}
			}
			if lang == "en" && regexp.MustCompile(`[ぁ-んァ-ヶ]`).MatchString(strings.NewReplacer("日本語に切り替える", "", "日本語", "").Replace(b.page)) {
				t.Errorf("%s in English holds Japanese:\n%s", path, b.page)
			}
		}
	}
	b.post("/account/tokens", "token_name", "監視", "days", "30", "scope", "see-live")
	b.is("/account/tokens", 200, people.TokenPrefix, "監視")
	b.post("/account/tokens", "token_name", "監視", "days", "30", "scope", "change-staff")
	b.is("/account/tokens", 403)
}
