package api_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"tsujiban"
	"tsujiban/api"
	"tsujiban/people"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// may is the table again, by hand: what a role, narrowed to a scope, may use.
func may(row *api.Row, role people.Role, scope func(people.Right) bool) bool {
	has := func(r people.Right) bool { return role.May(r) && (r <= people.SignedIn || scope(r)) }
	if !role.Staff() {
		return row.Own != people.Open && has(row.Own)
	}
	for _, r := range row.Staff {
		if !has(r) {
			return false
		}
	}
	return true
}

// TestEveryRowEveryRoleEveryScope: 403 exactly where a right is missing. A body that does not fit keeps anything from being done.
func TestEveryRowEveryRoleEveryScope(t *testing.T) {
	s := newSite(t)
	scopes := map[string]func(people.Right) bool{"all": func(people.Right) bool { return true }, "none": func(people.Right) bool { return false }}
	for r := people.SeeLive; r < people.NumRights; r++ {
		scopes[r.String()] = func(x people.Right) bool { return x == r }
		scopes["not "+r.String()] = func(x people.Right) bool { return x != r }
	}
	tried := 0
	for name, scope := range scopes {
		for _, role := range people.Roles {
			token := role.String() + "-" + name
			p := &people.Person{ID: "x", Login: "x@example.jp", Role: role, Customers: []tsujiban.CustomerID{"hakata-shokai"}}
			s.tokens.add(strings.ReplaceAll(token, " ", "-"), p, scope)
			for i := range api.Rows {
				row := &api.Rows[i]
				if row.Staff[0] == people.Open || row.Method == "GET" && name != "all" && strings.HasPrefix(name, "not ") && i%3 != tried%3 {
					continue
				}
				tried++
				r := s.do(strings.ReplaceAll(token, " ", "-"), row.Method, filled(row.Path)+"?no-such-parameter=1", `{"no-such-field":1}`)
				want := may(row, role, scope)
				if got := r.status != http.StatusForbidden; got != want || want && r.status != http.StatusUnprocessableEntity {
					t.Fatalf("%s as %s with scope %s: %d, allowed %v\n%s", row.ID, role, name, r.status, want, r.body)
				}
			}
		}
	}
	if tried < 5000 {
		t.Errorf("only %d were tried", tried)
	}
}

// TestAnothersCustomer: a customer that is not within reach, and one that does not exist, are answered alike.
func TestAnothersCustomer(t *testing.T) {
	s := newSite(t)
	for i := range api.Rows {
		row := &api.Rows[i]
		if !strings.Contains(row.Path, "{customer}") {
			continue
		}
		for _, token := range []string{"reseller", "customer"} {
			var answers [2][]byte
			for n, id := range []string{"tenjin-denki", "no-such-customer"} {
				r := s.do(token, row.Method, strings.Replace(filled(row.Path), "hakata-shokai", id, 1), `{}`)
				want := http.StatusForbidden
				if row.Own != people.Open {
					want = http.StatusNotFound
				}
				if r.status != want {
					t.Errorf("%s of %s as %s: %d, want %d", row.ID, id, token, r.status, want)
				}
				answers[n] = fmt.Append(r.body, r.header)
			}
			if !bytes.Equal(answers[0], answers[1]) {
				t.Errorf("%s tells whether a customer exists:\n%s\n%s", row.ID, answers[0], answers[1])
			}
		}
	}
	var list api.Page[api.Customer]
	s.must(http.StatusOK, "customer", "GET", "/customers", nil).into(t, &list)
	if len(list.Items) != 1 || list.Items[0].ID != "hakata-shokai" {
		t.Errorf("a customer sees %v", list.Items)
	}
	s.must(http.StatusOK, "analyst", "PUT", "/customers/tenjin-denki/restriction", `{"level":"close","note":"secret"}`)
	var stands api.Page[api.Restriction]
	s.must(http.StatusOK, "customer", "GET", "/restrictions", nil).into(t, &stands)
	if len(stands.Items) != 0 {
		t.Errorf("a customer sees %v", stands.Items)
	}
}

// TestAnothersIDInside: whoever names another customer, its trunk or its number where an operation does not ask for it in its path, in the query or in the
// body, gets nothing of it and changes nothing of it.
func TestAnothersIDInside(t *testing.T) {
	s := newSite(t)
	s.must(http.StatusOK, "analyst", "PUT", "/customers/tenjin-denki/restriction", `{"level":"close","note":"secret"}`)
	theirs := func() (all []byte) {
		for _, path := range []string{"/customers/tenjin-denki", "/trunks", "/restrictions", "/customers/tenjin-denki/own"} {
			r := s.must(http.StatusOK, "administrator", "GET", path, nil)
			all = append(all, r.body...)
		}
		return all
	}
	before, tried, refused := theirs(), 0, 0
	if !bytes.Contains(before, []byte("secret")) {
		t.Fatalf("%s", before)
	}
	bodies := []string{
		`{"customer":"tenjin-denki"}`, `{"customers":["tenjin-denki"]}`, `{"id":"tenjin-denki","customer":"tenjin-denki"}`, `{"customer":"tenjin-denki","stopped":true,"no_international":true,"note":"x"}`,
	}
	for i := range api.Rows {
		row := &api.Rows[i]
		if row.Own == people.Open || row.ID == "stream-events" {
			continue
		}
		for _, token := range []string{"reseller", "customer"} {
			for _, query := range []string{"", "?customer=tenjin-denki", "?customers=tenjin-denki", "?id=tenjin-denki"} {
				for _, b := range bodies {
					if row.Method == http.MethodGet && (query == "" || b != bodies[0]) {
						continue
					}
					r := s.do(token, row.Method, filled(row.Path)+query, b)
					tried++
					if r.status >= 400 {
						refused++
					}
					if bytes.Contains(r.body, []byte("secret")) || r.status < 300 && bytes.Contains(r.body, []byte("tenjin-denki")) {
						t.Errorf("%s as %s with %q and %s: %d %s", row.ID, token, query, b, r.status, r.body)
					}
				}
			}
		}
	}
	if after := theirs(); !bytes.Equal(before, after) {
		t.Errorf("another's settings were changed:\n%s\n%s", before, after)
	}
	if tried < 100 || refused == 0 {
		t.Errorf("%d tried, %d refused", tried, refused)
	}
}

// TestTokens: no token, a wrong one, one that was taken back, one in the wrong place.
func TestTokens(t *testing.T) {
	s := newSite(t)
	for _, c := range []struct {
		name    string
		headers []string
	}{
		{"none", nil},
		{"basic", []string{"Authorization", "Basic dmlld2VyOng="}},
		{"empty", []string{"Authorization", "Bearer "}},
		{"unknown", []string{"Authorization", "Bearer nobody"}},
		{"two", []string{"Authorization", "Bearer viewer", "Authorization", "Bearer analyst"}},
		{"cookie", []string{"Cookie", "session=viewer; token=viewer"}},
		{"long", []string{"Authorization", "Bearer " + strings.Repeat("x", 5000)}},
	} {
		r := s.do("", "GET", "/status?access_token=viewer", nil, c.headers...)
		if r.status != http.StatusUnauthorized || !strings.HasPrefix(r.header.Get("WWW-Authenticate"), "Bearer ") || r.problem(t).Code != "unauthenticated" {
			t.Errorf("%s: %d %v", c.name, r.status, r.header)
		}
	}
	s.must(http.StatusOK, "viewer", "GET", "/status", nil)
	s.tokens.revoke("viewer")
	s.must(http.StatusUnauthorized, "viewer", "GET", "/status", nil)

	gone := &people.Person{ID: "d", Login: "d@example.jp", Role: people.Administrator, Disabled: s.clock()}
	s.tokens.add("disabled", gone, nil)
	s.must(http.StatusForbidden, "disabled", "GET", "/status", nil)

	for range 30 {
		s.do("wrong", "GET", "/status", nil)
	}
	if r := s.do("wrong", "GET", "/status", nil); r.status != http.StatusTooManyRequests || r.header.Get("Retry-After") == "" {
		t.Errorf("an address that tries many tokens: %d", r.status)
	}
	s.must(http.StatusForbidden, "inquiry-officer", "POST", "/customers", "{}") // who has one is not held up
}

// TestRate: a token is slowed down, others are not.
func TestRate(t *testing.T) {
	s := newSite(t)
	now := s.clock()
	s.stop()
	s.clock, s.rate = func() time.Time { return now }, 5
	s.start()
	for i := range 5 {
		s.must(http.StatusOK, "viewer", "GET", "/self", nil)
		_ = i
	}
	r := s.must(http.StatusTooManyRequests, "viewer", "GET", "/self", nil)
	if r.header.Get("Retry-After") == "" || r.problem(t).Code != "rate-limited" {
		t.Errorf("%v", r.header)
	}
	s.must(http.StatusOK, "analyst", "GET", "/self", nil)
	now = now.Add(time.Second)
	s.must(http.StatusOK, "viewer", "GET", "/self", nil)
}
