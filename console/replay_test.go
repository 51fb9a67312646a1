package console_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"tsujiban"
	"tsujiban/api"
	"tsujiban/console/consoletest"
	"tsujiban/people"
)

// bearer asks the API at the console's listener.
func bearer(t *testing.T, site *consoletest.Site, token, method, path, body string, headers ...string) (int, http.Header, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, site.URL+api.Prefix+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := site.Client(0).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	status, text, _ := read(t, resp)
	return status, resp.Header, text
}

// TestTokensAtTheListener: a token that ran out, was taken back, or whose owner was disabled is good for nothing, and so is what another token has asked for.
func TestTokensAtTheListener(t *testing.T) {
	site := consoletest.Start(t, "")
	door := site.App.Door()
	root := people.Actor{Name: "root"}
	person := func(login string, role people.Role) *people.Caller {
		p, _, err := door.Invite(t.Context(), root, login, "田中", role, tsujiban.English, nil)
		if err != nil {
			t.Fatal(err)
		}
		return &people.Caller{Person: p, Session: &people.Session{Proved: site.Now(), Method: people.ByPasskey}}
	}
	token := func(c *people.Caller, name string, life time.Duration, scopes ...people.Right) (secret, id string) {
		secret, err := door.NewToken(t.Context(), c, name, scopes, life, people.From{})
		if err != nil {
			t.Fatal(err)
		}
		a, err := door.Account(t.Context(), c.Person.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range a.Tokens {
			if k.Name == name {
				id = k.ID
			}
		}
		return secret, id
	}
	first, second := person("first@example.jp", people.Administrator), person("second@example.jp", people.Administrator)
	wide, wideID := token(first, "wide", 24*time.Hour, people.SeeCustomers, people.ChangeCustomers)
	narrow, _ := token(first, "narrow", 24*time.Hour, people.SeeCustomers)
	short, _ := token(first, "short", time.Hour, people.SeeCustomers)
	other, _ := token(second, "other", 24*time.Hour, people.SeeCustomers, people.ChangeCustomers)

	// What one token has asked for under a key is no answer to another's.
	const trunk = `{"id":"t1","customer":"naniwa-denki","sources":["198.51.100.7/32"]}`
	key := []string{api.KeyHeader, "0b1deb4d-3b7d"}
	status, h, made := bearer(t, site, wide, "POST", "/trunks", trunk, key...)
	if status != http.StatusCreated || h.Get("Idempotency-Replayed") != "" {
		t.Fatalf("%d %s", status, made)
	}
	if status, h, _ := bearer(t, site, wide, "POST", "/trunks", trunk, key...); status != http.StatusCreated || h.Get("Idempotency-Replayed") != "true" {
		t.Errorf("the same token: %d", status)
	}
	if status, _, text := bearer(t, site, narrow, "POST", "/trunks", trunk, key...); status != http.StatusForbidden || strings.Contains(text, "198.51.100") {
		t.Errorf("a token of the same person without the right: %d %s", status, text)
	}
	if status, h, _ := bearer(t, site, other, "POST", "/trunks", trunk, key...); status != http.StatusConflict || h.Get("Idempotency-Replayed") != "" {
		t.Errorf("another person's token: %d, want another request, which finds the trunk there", status)
	}

	asks := func(token string) int {
		t.Helper()
		status, _, _ := bearer(t, site, token, "GET", "/self", "")
		if replayed, _, text := bearer(t, site, token, "POST", "/trunks", trunk, key...); status == http.StatusUnauthorized && (replayed != http.StatusUnauthorized || strings.Contains(text, "198.51.100")) {
			t.Errorf("%d: what was asked for before is told to a token that is over", replayed)
		}
		return status
	}
	if err := door.EndOwnToken(t.Context(), first, wideID); err != nil {
		t.Fatal(err)
	}
	if status := asks(wide); status != http.StatusUnauthorized {
		t.Errorf("a token that was taken back: %d", status)
	}
	if status := asks(short); status != http.StatusOK {
		t.Errorf("a token before its end: %d", status)
	}
	site.Wait(time.Hour)
	if status := asks(short); status != http.StatusUnauthorized {
		t.Errorf("a token that ran out: %d", status)
	}
	if _, err := door.Disable(t.Context(), root, second.Person.ID); err != nil {
		t.Fatal(err)
	}
	if status := asks(other); status != http.StatusUnauthorized {
		t.Errorf("a token of somebody who was disabled: %d", status)
	}
	if status := asks(narrow); status != http.StatusOK {
		t.Errorf("a token that nobody took back: %d", status)
	}
	if status, _, _ := bearer(t, site, narrow, "GET", "/customers/naniwa-denki", "", "Cookie", "tsujiban=customer"); status != http.StatusOK {
		t.Errorf("a cookie beside a token: %d", status)
	}
}

// TestOthersByName: what a customer or a reseller may open without naming whose data it is shows nobody else's, whatever the query says.
func TestOthersByName(t *testing.T) {
	site := consoletest.Start(t, "")
	tried := 0
	for _, role := range []people.Role{people.CustomerRole, people.Reseller} {
		c := site.Client(role)
		for _, b := range site.App.ConsoleRoutes() {
			if b.Customer != nil || b.Method != http.MethodGet || !consoletest.Guest(role).May(b.Right) || strings.Contains(b.Path, "{link}") {
				continue
			}
			for _, query := range []string{"customer=naniwa-denki", "q=naniwa", "id=naniwa-denki", "to=/portal/naniwa-denki", "cursor=naniwa-denki"} {
				tried++
				path := wildcard.ReplaceAllString(b.Path, "naniwa-denki") + "?" + query
				status, body, _ := do(t, c, request(t, site.URL+path))
				if strings.Contains(body, "浪速電機") || strings.Contains(body, "6655501") || status >= 500 {
					t.Errorf("%s as %v: %d", path, role, status)
				}
			}
		}
	}
	if tried < 20 {
		t.Errorf("only %d were tried", tried)
	}
}
