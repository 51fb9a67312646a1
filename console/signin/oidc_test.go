package signin_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"tsujiban/console/signin"
	"tsujiban/people"
)

// provider is an OpenID Connect provider: discovery, keys, authorization code with PKCE.
type provider struct {
	t      *testing.T
	server *httptest.Server
	key    *ecdsa.PrivateKey

	mu     sync.Mutex // guards what follows
	claims map[string]any
	asked  map[string]string // nonce and challenge by code
	spoil  func(claims map[string]any)
}

func newProvider(t *testing.T) *provider {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p := &provider{t: t, key: key, asked: map[string]string{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		p.json(w, map[string]any{
			"issuer": p.server.URL, "authorization_endpoint": p.server.URL + "/auth", "token_endpoint": p.server.URL + "/token", "jwks_uri": p.server.URL + "/keys",
			"id_token_signing_alg_values_supported": []string{"ES256"}, "response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
		})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		p.json(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "1", Algorithm: "ES256", Use: "sig"}}})
	})
	mux.HandleFunc("GET /auth", p.auth)
	mux.HandleFunc("POST /token", p.token)
	p.server = httptest.NewServer(mux)
	t.Cleanup(p.server.Close)
	return p
}

func (p *provider) json(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		p.t.Error(err)
	}
}

// auth is the page where somebody signs in; this one asks nothing.
func (p *provider) auth(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if q.Get("code_challenge_method") != "S256" || q.Get("state") == "" || q.Get("nonce") == "" || q.Get("client_id") != "guard" {
		p.t.Errorf("asked without PKCE, state or nonce: %s", r.URL.RawQuery)
	}
	code := rand.Text()
	p.mu.Lock()
	p.asked[code] = q.Get("nonce") + " " + q.Get("code_challenge")
	p.mu.Unlock()
	http.Redirect(w, r, q.Get("redirect_uri")+"?code="+code+"&state="+q.Get("state"), http.StatusFound)
}

func (p *provider) token(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	asked, ok := p.asked[r.FormValue("code")]
	delete(p.asked, r.FormValue("code"))
	nonce, challenge, _ := strings.Cut(asked, " ")
	sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	_, secret, basic := r.BasicAuth()
	if !ok || base64.RawURLEncoding.EncodeToString(sum[:]) != challenge || !basic || secret != "client-secret" {
		http.Error(w, `{"error":"invalid_grant"}`, http.StatusBadRequest)
		return
	}
	claims := map[string]any{"iss": p.server.URL, "aud": "guard", "iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix(), "nonce": nonce}
	for k, v := range p.claims {
		claims[k] = v
	}
	if p.spoil != nil {
		p.spoil(claims)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: p.key, KeyID: "1"}}, nil)
	if err != nil {
		p.t.Error(err)
		return
	}
	body, err := json.Marshal(claims)
	if err != nil {
		p.t.Error(err)
		return
	}
	signed, err := signer.Sign(body)
	if err != nil {
		p.t.Error(err)
		return
	}
	raw, err := signed.CompactSerialize()
	if err != nil {
		p.t.Error(err)
		return
	}
	p.json(w, map[string]any{"access_token": "x", "token_type": "Bearer", "id_token": raw})
}

func (p *provider) says(claims map[string]any, spoil func(map[string]any)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.claims, p.spoil = claims, spoil
}

func TestOIDC(t *testing.T) {
	p := newProvider(t)
	o := &signin.OIDC{Name: "社内ログイン", Issuer: p.server.URL, ClientID: "guard", ClientSecret: "client-secret"}
	s := open(t, o)
	admin := s.browser("192.0.2.1")
	admin.admin()
	sato := map[string]any{"sub": "42", "email": "sato@example.jp", "email_verified": true, "name": "佐藤"}
	for name, c := range map[string]struct {
		claims map[string]any
		spoil  func(map[string]any)
		want   string
	}{
		"not verified":      {map[string]any{"sub": "42", "email": "sato@example.jp"}, nil, "has not verified your mail address"},
		"said not to be":    {map[string]any{"sub": "42", "email": "sato@example.jp", "email_verified": false}, nil, "has not verified your mail address"},
		"nobody here":       {map[string]any{"sub": "43", "email": "nobody@example.jp", "email_verified": true}, nil, "not known here"},
		"no address":        {map[string]any{"sub": "43", "email_verified": true}, nil, "not known here"},
		"another nonce":     {sato, func(c map[string]any) { c["nonce"] = "x" }, "did not confirm"},
		"for somebody else": {sato, func(c map[string]any) { c["aud"] = "other" }, "did not confirm"},
		"another issuer":    {sato, func(c map[string]any) { c["iss"] = "https://evil.example" }, "did not confirm"},
		"too old":           {sato, func(c map[string]any) { c["exp"] = time.Now().Add(-time.Hour).Unix() }, "did not confirm"},
	} {
		p.says(c.claims, c.spoil)
		b := s.browser("192.0.2.2")
		b.get("/signin/oidc")
		if b.status != 403 || !strings.Contains(b.page, c.want) || b.session() != "" {
			t.Errorf("%s: %d, session %q:\n%s", name, b.status, b.session(), b.page)
		}
	}
	p.says(sato, nil)
	b := s.browser("192.0.2.3")
	b.get("/signin")
	b.is("/signin", 200, "Sign in with 社内ログイン")
	b.get("/signin/oidc?to=/staff")
	b.is("/staff", 200, "佐藤 花子")

	// The way back alone, from a page of a stranger, signs nobody in: state and browser belong together.
	thief := s.browser("203.0.113.5")
	thief.get("/signin/oidc/back?code=x&state=y")
	if thief.status != 403 || thief.session() != "" {
		t.Errorf("a forged way back: %d", thief.status)
	}
	// Who is not known is made only when that was set.
	o.Create = people.Viewer
	p.says(map[string]any{"sub": "50", "email": "new@example.jp", "email_verified": true, "name": "新人"}, nil)
	n := s.browser("192.0.2.4")
	n.get("/signin/oidc?to=//evil.example/")
	n.is("/account", 200)
	all, err := s.door.Persons(context.Background())
	s.ok(err)
	if len(all) != 2 || all[0].Role != people.Viewer || all[0].Name != "新人" {
		t.Errorf("%+v", all)
	}
}
