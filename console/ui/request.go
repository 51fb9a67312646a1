package ui

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tsujiban"
)

// T says a word of the room in the person's language.
func (r *Request) T(key string, args ...any) string {
	text, ok := r.room.words.say(r.Lang, key, args...)
	if !ok {
		r.book.node.Log.Error("a word is missing", "room", r.room.Name, "word", key)
	}
	return text
}

// Now is the wall clock of the node.
func (r *Request) Now() time.Time { return r.book.node.Clock() }

// Yen writes an amount in the currency of the node.
func (r *Request) Yen(m tsujiban.Money) string { return Yen(r.book.node.Currency, m) }

// Htmx tells whether the page's own script asks, and wants a part rather than a page.
func (r *Request) Htmx() bool { return r.Header.Get("HX-Request") == "true" }

// Page shows a page of the room within the layout.
func (r *Request) Page(page string, data any) error { return r.page(http.StatusOK, page, data) }

// Missing shows a page that says that what was asked for is not there, or no longer, and what to do instead.
func (r *Request) Missing(page string, data any) error {
	return r.page(http.StatusNotFound, page, data)
}

// Again shows a page whose form was not good, with what is wrong beside its fields.
func (r *Request) Again(page string, data any, errs Fields) error {
	r.errs = errs
	return r.page(http.StatusUnprocessableEntity, page, data)
}

func (r *Request) page(status int, page string, data any) error {
	v := r.view(data)
	v.Notice = r.takeNotice()
	html, err := r.book.render(r.room, r.Lang, page, "layout", v)
	if err != nil {
		return err
	}
	return r.send(status, html)
}

// Fragment shows a part of a page: the template of that name in the page's file. The page's own script puts it in place.
func (r *Request) Fragment(page, name string, data any) error {
	html, err := r.book.render(r.room, r.Lang, page, name, r.view(data))
	if err != nil {
		return err
	}
	return r.send(http.StatusOK, html)
}

func (r *Request) send(status int, html []byte) error {
	h := r.W.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", code(r.Lang))
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-store")
	}
	h.Add("Vary", "HX-Request, Accept-Encoding, Accept-Language, Cookie")
	html, coding := pack(r.Request, html)
	if coding != "" {
		h.Set("Content-Encoding", coding)
	}
	h.Set("Content-Length", strconv.Itoa(len(html)))
	r.W.WriteHeader(status)
	_, err := r.W.Write(html)
	if err != nil {
		r.book.node.Log.Debug("a page was not read", "error", err)
	}
	return nil
}

// File hands a file over for saving. The name is what the browser suggests.
func (r *Request) File(name, contentType string, data []byte) error {
	r.fileHeader(name, contentType)
	if _, err := r.W.Write(data); err != nil {
		r.book.node.Log.Debug("a file was not read", "error", err)
	}
	return nil
}

// Notice is what a page says once about what was done just before.
type Notice struct {
	Kind string `json:"k"` // ok, warn, bad, info
	Text string `json:"t"`
}

// Done leads on to another page of the console after a change; that page says the word.
func (r *Request) Done(to, word string, args ...any) error {
	r.putNotice(&Notice{"ok", r.T(word, args...)})
	return r.Redirect(to)
}

// Redirect leads on to another page of the console. Whatever would lead elsewhere leads to the first page.
func (r *Request) Redirect(to string) error {
	to = Inside(to)
	if r.Htmx() {
		r.W.Header().Set("HX-Redirect", to)
		r.W.WriteHeader(http.StatusOK)
		return nil
	}
	http.Redirect(r.W, r.Request, to, http.StatusSeeOther)
	return nil
}

// Inside is a path of this site, or "/" when what is given would lead to another.
func Inside(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.IsAbs() || u.Host != "" || u.User != nil || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n\t") {
		return "/"
	}
	return to
}

const noticeCookie = "tsujiban-notice"

// Cookie sets a cookie of this site. With age 0 it lives as long as the window, below 0 it goes.
func (r *Request) Cookie(name, value string, age time.Duration) {
	c := &http.Cookie{Name: name, Value: value, Path: "/", HttpOnly: true, Secure: r.book.node.Secure, SameSite: http.SameSiteLaxMode, MaxAge: int(age / time.Second)}
	if age < 0 {
		c.MaxAge = -1
	}
	http.SetCookie(r.W, c)
}

func (r *Request) putNotice(n *Notice) {
	if len(n.Text) > 2000 {
		n.Text = strings.ToValidUTF8(n.Text[:2000], "") + "…"
	}
	b, err := json.Marshal(n)
	if err != nil {
		return // two texts are always JSON
	}
	text := base64.RawURLEncoding.EncodeToString(b)
	r.Cookie(noticeCookie, text+"."+r.book.sign("notice", text), time.Minute)
}

func (r *Request) takeNotice() *Notice {
	c, err := r.Request.Cookie(noticeCookie)
	if err != nil {
		return nil
	}
	r.Cookie(noticeCookie, "", -1)
	text, sum, _ := strings.Cut(c.Value, ".")
	if !same(sum, r.book.sign("notice", text)) {
		return nil
	}
	b, err := base64.RawURLEncoding.DecodeString(text)
	var n Notice
	if err != nil || json.Unmarshal(b, &n) != nil {
		return nil
	}
	return &n
}

// sign is a tag over a text that only this program can make. Use tells one kind of text from another.
func (b *Book) sign(use, text string) string {
	m := hmac.New(sha256.New, b.node.Key)
	fmt.Fprintf(m, "%s\x00%s", use, text)
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

func same(x, y string) bool { return hmac.Equal([]byte(x), []byte(y)) }

// Token is the token of the forms of a session, or of the visit of somebody who is not signed in. It looks different each time.
func (b *Book) Token(of string) string { return masked(b.sign("csrf", of)) }

// Same compares two tokens, in constant time.
func (b *Book) Same(x, y string) bool {
	x, y = unmasked(x), unmasked(y)
	return x != "" && hmac.Equal([]byte(x), []byte(y))
}

// SessionCookie is the name of the cookie that says who is signed in. Over TLS its prefix lets nobody but this site set it.
func SessionCookie(secure bool) string {
	if secure {
		return "__Host-tsujiban"
	}
	return "tsujiban"
}

// Secure tells whether pages of this node are served over TLS.
func (r *Request) Secure() bool { return r.book.node.Secure }

// FormToken is the token that came with the form; empty when there is none.
func (r *Request) FormToken() (string, error) {
	if err := r.parse(); err != nil {
		return "", err
	}
	return r.PostForm.Get("csrf"), nil
}
