package ui

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestKeptForm: a form waits for its own session, once and not for long; secrets and what is too long are not kept.
func TestKeptForm(t *testing.T) {
	now := time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)
	book := &Book{node: Node{Key: []byte("0123456789abcdef0123456789abcdef"), Clock: func() time.Time { return now }}}
	sent := func(form url.Values) *http.Cookie {
		r := httptest.NewRequest(http.MethodPost, "/cases/7/restrict?x=1", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if err := r.ParseForm(); err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		(&Request{Request: r, W: w, Session: "mine", book: book}).Keep("/cases/7")
		for _, c := range w.Result().Cookies() {
			return c
		}
		return nil
	}
	kept := func(c *http.Cookie, session string) *Kept {
		r := httptest.NewRequest(http.MethodGet, "/prove/on", nil)
		r.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
		return (&Request{Request: r, W: httptest.NewRecorder(), Session: session, book: book}).Kept()
	}
	c := sent(url.Values{"note": {"電話で確認"}, "csrf": {"t"}})
	if c == nil || !c.HttpOnly {
		t.Fatalf("%+v", c)
	}
	if k := kept(c, "mine"); k == nil || k.To != "/cases/7/restrict?x=1" || k.Back != "/cases/7" || k.Form.Get("note") != "電話で確認" || k.Form.Has("csrf") {
		t.Errorf("%+v", k)
	}
	if k := kept(c, "another"); k != nil {
		t.Errorf("another session has %+v", k)
	}
	if k := kept(&http.Cookie{Name: c.Name, Value: "e30" + c.Value[3:]}, "mine"); k != nil {
		t.Errorf("changed on the way: %+v", k)
	}
	now = now.Add(keptFor)
	if k := kept(c, "mine"); k != nil {
		t.Errorf("too late: %+v", k)
	}
	for _, secret := range []string{"password", "new_password", "again", "code", "credential", "offer"} {
		if c := sent(url.Values{"note": {"x"}, secret: {"hunter2"}}); c != nil {
			t.Errorf("a form with %s is kept: %s", secret, c.Value)
		}
	}
	if c := sent(url.Values{"note": {strings.Repeat("x", maxKept)}}); c != nil {
		t.Error("a long form is kept")
	}
}
