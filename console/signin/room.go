package signin

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/console/ui"
	"tsujiban/people"
)

// Options are what the room needs.
type Options struct {
	Door      *people.Door
	PublicURL *url.URL // what people type; passkeys belong to its host
	Name      string   // the operator's, as apps and passkeys show it
	OIDC      *OIDC    // nil: nobody signs in elsewhere
}

// room is what its handlers share.
type room struct {
	Options
	keys *passkeys // nil where the host cannot have any
}

// Room shows the pages. The error says what of the options cannot be.
func Room(o Options) (ui.Room, error) {
	m := &room{Options: o}
	var err error
	if m.keys, err = newPasskeys(o); err != nil {
		return ui.Room{}, err
	}
	open, own := people.Open, people.SignedIn
	return ui.Room{
		Name: "signin", Files: files,
		Menu: []ui.Item{{Path: "/account", Word: "account.menu", Icon: "key", Right: own, Order: 900}},
		Routes: []ui.Route{
			{Method: "GET", Path: "/signin", Right: open, Handle: m.show},
			{Method: "POST", Path: "/signin", Right: open, Handle: m.password},
			{Method: "POST", Path: "/signin/factor", Right: open, Handle: m.factor},
			{Method: "GET", Path: "/signin/passkey", Right: open, Handle: m.askPasskey},
			{Method: "POST", Path: "/signin/passkey", Right: open, Handle: m.passkey},
			{Method: "GET", Path: "/signin/oidc", Right: open, Handle: m.toOIDC},
			{Method: "GET", Path: "/signin/oidc/back", Right: open, Handle: m.fromOIDC},
			{Method: "POST", Path: "/signout", Right: own, Handle: m.signOut},
			{Method: "GET", Path: "/first/{link}", Right: open, Handle: m.showFirst},
			{Method: "POST", Path: "/first/{link}", Right: open, Handle: m.first},
			{Method: "GET", Path: "/invite/{link}", Right: open, Handle: m.link(people.LinkInvite)},
			{Method: "POST", Path: "/invite/{link}", Right: open, Handle: m.accept(people.LinkInvite)},
			{Method: "GET", Path: "/reset/{link}", Right: open, Handle: m.link(people.LinkReset)},
			{Method: "POST", Path: "/reset/{link}", Right: open, Handle: m.accept(people.LinkReset)},
			{Method: "GET", Path: "/enter/{link}", Right: open, Handle: m.showEnter},
			{Method: "POST", Path: "/enter/{link}", Right: open, Handle: m.enter},
			{Method: "GET", Path: "/prove", Right: own, Handle: m.showProve},
			{Method: "POST", Path: "/prove", Right: own, Handle: m.prove},
			{Method: "GET", Path: "/prove/on", Right: own, Handle: m.goOn},
			{Method: "GET", Path: "/prove/passkey", Right: own, Handle: m.askProof},
			{Method: "POST", Path: "/prove/passkey", Right: own, Handle: m.provePasskey},
			{Method: "GET", Path: "/account", Right: own, Handle: m.account},
			{Method: "GET", Path: "/account/password", Right: own, Handle: m.showPassword},
			{Method: "POST", Path: "/account/password", Right: own, Handle: m.setPassword},
			{Method: "GET", Path: "/account/codes", Right: own, Handle: m.offerCodes},
			{Method: "POST", Path: "/account/codes", Right: own, Handle: m.setCodes},
			{Method: "POST", Path: "/account/codes/remove", Right: own, Handle: m.removeCodes},
			{Method: "POST", Path: "/account/recovery", Right: own, Handle: m.recovery},
			{Method: "GET", Path: "/account/passkeys/new", Right: own, Handle: m.askNewPasskey},
			{Method: "POST", Path: "/account/passkeys", Right: own, Handle: m.addPasskey},
			{Method: "POST", Path: "/account/passkeys/remove", Right: own, Handle: m.removePasskey},
			{Method: "POST", Path: "/account/sessions/end", Right: own, Handle: m.endSession},
			{Method: "POST", Path: "/account/tokens", Right: own, Handle: m.newToken},
			{Method: "POST", Path: "/account/tokens/end", Right: own, Handle: m.endToken},
			{Method: "POST", Path: "/account/notices", Right: own, Handle: m.notices},
		},
	}, nil
}

// Link is the address of a link that people.Door made.
func Link(base *url.URL, purpose people.Purpose, text string) string {
	return base.JoinPath(string(purpose), text).String()
}

// Guests tells the console who is signed in.
type Guests struct{ Door *people.Door }

// Guest finds the person of a session's token; nobody is nil without an error.
func (g Guests) Guest(ctx context.Context, token, _, _ string) (*people.Person, string, error) {
	c, err := g.Door.Caller(ctx, token)
	switch {
	case err == nil:
		return &c.Person, c.Session.ID, nil
	case tsujiban.CodeOf(err) == tsujiban.CodeForbidden:
		return nil, "", nil
	}
	return nil, "", err
}

// Caller is who asks, with the session, for acts that need a fresh proof. The error is CodeConflict when the session
// ended since the page was opened.
func Caller(r *ui.Request, d *people.Door) (*people.Caller, error) {
	token := ""
	if c, err := r.Request.Cookie(ui.SessionCookie(r.Secure())); err == nil {
		token = c.Value
	}
	c, err := d.Caller(r.Context(), token)
	if err != nil && tsujiban.CodeOf(err) == tsujiban.CodeForbidden {
		err = tsujiban.Errorf(tsujiban.CodeConflict, "%w", errors.Unwrap(err))
	}
	return c, err
}

// From is where a request came from.
func From(r *ui.Request) people.From { return people.From{Address: r.Address, Agent: r.UserAgent()} }

// Prove leads to the proof that a dangerous act asks for, and back to a page, or on with the form that was sent; done is
// false when err is something else.
func Prove(r *ui.Request, err error, back string) (done bool, _ error) {
	if !errors.As(err, new(*people.Stale)) {
		return false, err
	}
	r.Keep(back)
	return true, r.Redirect("/prove?to=" + url.QueryEscape(back))
}

// deviceCookie outlives sessions: with it strangers' failures do not slow its owner down.
const (
	deviceCookie = "tsujiban-device"
	deviceFor    = 365 * 24 * time.Hour
)

func device(r *ui.Request) string {
	c, err := r.Request.Cookie(deviceCookie)
	if err != nil {
		return ""
	}
	return c.Value
}

// entered keeps the new session in the browser, whatever it had before, and leads on.
func (m *room) entered(r *ui.Request, e *people.Entry, to string) error {
	r.Cookie(ui.SessionCookie(r.Secure()), e.Token, m.Door.Terms.Absolute)
	r.Cookie(deviceCookie, e.Device, deviceFor)
	if e.Person.Role.Staff() && (e.Session.Method == people.ByPassword || e.Session.Method == people.ByLink) || e.Session.Method == people.ByLink {
		return r.Redirect("/account")
	}
	return r.Redirect(to)
}

// wrong says an error of package people beside the fields of a form; nil when it is none that a person can put right there.
func (m *room) wrong(r *ui.Request, err error, field string) ui.Fields {
	var w *people.Wait
	if errors.As(err, &w) {
		seconds := int(w.For/time.Second) + 1
		r.W.Header().Set("Retry-After", strconv.Itoa(seconds))
		return ui.Fields{field: r.T("signin.wait", seconds)}
	}
	text := err.Error()
	switch code := tsujiban.CodeOf(err); {
	case code == tsujiban.CodeForbidden && field == "code":
		return ui.Fields{field: r.T("signin.wrong-code")}
	case code == tsujiban.CodeForbidden:
		return ui.Fields{field: r.T("signin.wrong")}
	case code != tsujiban.CodeInvalid:
		return nil
	case strings.HasPrefix(text, "password: "):
		return ui.Fields{"password": r.T("signin.weak", people.MinPassword)}
	case strings.HasPrefix(text, "login: "):
		return ui.Fields{"login": r.T("signin.no-mail")}
	case strings.HasPrefix(text, "code: "):
		return ui.Fields{"code": r.T("signin.wrong-code")}
	case strings.HasPrefix(text, "name: "):
		return ui.Fields{"name": r.T("signin.no-name")}
	}
	return nil
}

// again shows a form once more with what is wrong, or fails when it is nothing that a form can say.
func (m *room) again(r *ui.Request, page string, data any, err error, field string) error {
	if wrong := m.wrong(r, err, field); wrong != nil {
		return r.Again(page, data, wrong)
	}
	return err
}

func (m *room) signOut(r *ui.Request) error {
	c, err := Caller(r, m.Door)
	if err != nil {
		return err
	}
	if err := m.Door.SignOut(r.Context(), c, From(r)); err != nil {
		return err
	}
	r.Cookie(ui.SessionCookie(r.Secure()), "", -1)
	// What the browser keeps of pages is nobody's any more.
	r.W.Header().Set("Clear-Site-Data", `"cache"`)
	http.Redirect(r.W, r.Request, "/signin", http.StatusSeeOther)
	return nil
}
