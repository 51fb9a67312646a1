package signin

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"tsujiban"
	"tsujiban/console/ui"
	"tsujiban/people"
)

// OIDC lets people sign in at another service (OpenID Connect Core 1.0: authorization code
// with PKCE, state and nonce).
type OIDC struct {
	Name         string // on the button
	Issuer       string
	ClientID     string
	ClientSecret string
	Claim        string      // which claim names the login; "email" by default, then only when verified
	Create       people.Role // who is not known here gets this role; zero: nobody is made
	Scopes       []string    // besides openid; "email" and "profile" by default
	Client       *http.Client

	mu       sync.Mutex // guards provider: it is asked for when it is first needed, and may be away at the start
	provider *oidc.Provider
}

const (
	oidcTime   = 10 * time.Second
	oidcCookie = "tsujiban-elsewhere"
)

// away is who went to sign in elsewhere; the browser carries it, sealed.
type away struct {
	State, Nonce, Verifier, To string
	Until                      int64
}

func (o *OIDC) context(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(ctx, oidcTime)
	if o.Client != nil {
		ctx = oidc.ClientContext(ctx, o.Client)
	}
	return ctx, cancel
}

func (o *OIDC) config(ctx context.Context, base *url.URL) (*oauth2.Config, *oidc.IDTokenVerifier, error) {
	o.mu.Lock()
	p := o.provider
	o.mu.Unlock()
	if p == nil {
		var err error
		if p, err = oidc.NewProvider(ctx, o.Issuer); err != nil {
			return nil, nil, tsujiban.Errorf(tsujiban.CodeUnavailable, "the sign-in service %s does not answer: %w", o.Issuer, err)
		}
		o.mu.Lock()
		o.provider = p
		o.mu.Unlock()
	}
	scopes := o.Scopes
	if scopes == nil {
		scopes = []string{"email", "profile"}
	}
	return &oauth2.Config{
		ClientID: o.ClientID, ClientSecret: o.ClientSecret, Endpoint: p.Endpoint(),
		RedirectURL: base.JoinPath("signin/oidc/back").String(), Scopes: append([]string{oidc.ScopeOpenID}, scopes...),
	}, p.Verifier(&oidc.Config{ClientID: o.ClientID}), nil
}

func (m *room) toOIDC(r *ui.Request) error {
	if m.OIDC == nil {
		return r.Errorf(tsujiban.CodeNotFound, "oidc.none")
	}
	ctx, cancel := m.OIDC.context(r.Context())
	defer cancel()
	c, _, err := m.OIDC.config(ctx, m.PublicURL)
	if err != nil {
		return err
	}
	w := away{State: people.Nonce(), Nonce: people.Nonce(), Verifier: oauth2.GenerateVerifier(), To: ui.Inside(r.URL.Query().Get("to")), Until: r.Now().Add(ceremonyTime).Unix()}
	b, err := json.Marshal(w)
	if err != nil {
		return err
	}
	r.Cookie(oidcCookie, base64.RawURLEncoding.EncodeToString(m.Door.Keys.Seal(b, oidcCookie)), ceremonyTime)
	http.Redirect(r.W, r.Request, c.AuthCodeURL(w.State, oidc.Nonce(w.Nonce), oauth2.S256ChallengeOption(w.Verifier)), http.StatusSeeOther)
	return nil
}

func (m *room) fromOIDC(r *ui.Request) error {
	if m.OIDC == nil {
		return r.Errorf(tsujiban.CodeNotFound, "oidc.none")
	}
	w, ok := m.returned(r)
	r.Cookie(oidcCookie, "", -1)
	q := r.URL.Query()
	if !ok || subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(w.State)) != 1 {
		return r.Errorf(tsujiban.CodeForbidden, "oidc.late")
	}
	if err := m.Door.Once(r.Context(), "oidc "+w.State, time.Unix(w.Until, 0)); err != nil {
		if tsujiban.CodeOf(err) == tsujiban.CodeConflict {
			return r.Errorf(tsujiban.CodeForbidden, "oidc.late")
		}
		return err
	}
	if q.Get("error") != "" || q.Get("code") == "" {
		return r.Errorf(tsujiban.CodeForbidden, "oidc.refused")
	}
	who, err := m.vouched(r, &w, q.Get("code"))
	if err != nil {
		return err
	}
	e, err := m.Door.EnterByOIDC(r.Context(), who, From(r))
	if err != nil {
		if tsujiban.CodeOf(err) == tsujiban.CodeForbidden {
			return r.Errorf(tsujiban.CodeForbidden, "oidc.unknown")
		}
		return err
	}
	return m.entered(r, e, w.To)
}

func (m *room) returned(r *ui.Request) (w away, ok bool) {
	c, err := r.Request.Cookie(oidcCookie)
	if err != nil || len(c.Value) > 4000 {
		return w, false
	}
	sealed, err := base64.RawURLEncoding.DecodeString(c.Value)
	if err != nil {
		return w, false
	}
	b, err := m.Door.Keys.Unseal(sealed, oidcCookie)
	return w, err == nil && json.Unmarshal(b, &w) == nil && r.Now().Unix() < w.Until
}

// vouched turns the code into who the service says this is.
func (m *room) vouched(r *ui.Request, w *away, code string) (who people.Elsewhere, err error) {
	ctx, cancel := m.OIDC.context(r.Context())
	defer cancel()
	c, verifier, err := m.OIDC.config(ctx, m.PublicURL)
	if err != nil {
		return who, err
	}
	refused := r.Errorf(tsujiban.CodeForbidden, "oidc.refused")
	t, err := c.Exchange(ctx, code, oauth2.VerifierOption(w.Verifier))
	if err != nil {
		return who, refused
	}
	raw, _ := t.Extra("id_token").(string)
	id, err := verifier.Verify(ctx, raw)
	if err != nil || subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(w.Nonce)) != 1 {
		return who, refused
	}
	var claims map[string]any
	if err := id.Claims(&claims); err != nil {
		return who, refused
	}
	claim := m.OIDC.Claim
	if claim == "" {
		claim = "email"
	}
	login, _ := claims[claim].(string)
	// A mail address that the service did not check could be anybody's.
	if verified, said := claims["email_verified"]; claim == "email" && (!said || verified != true) {
		return who, r.Errorf(tsujiban.CodeForbidden, "oidc.unverified")
	}
	name, _ := claims["name"].(string)
	return people.Elsewhere{Issuer: id.Issuer, Subject: id.Subject, Login: login, Name: name, Create: m.OIDC.Create}, nil
}
