package ui

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// A form that was sent when the proof of who sends it was too old is kept while that is proved: in the browser, signed for its session. Secrets are not.

// Kept is a form on its way.
type Kept struct {
	To    string     `json:"to"`   // the path that it was sent to
	Back  string     `json:"back"` // the page that it leads back to when it is not sent again
	Form  url.Values `json:"form"`
	Until int64      `json:"until"` // seconds of Unix time
}

const (
	keptCookie = "tsujiban-form"
	keptFor    = 10 * time.Minute
	maxKept    = 3000 // bytes: a cookie has 4096
)

// Keep keeps the form of this request, if it has one that fits and holds no secret.
func (r *Request) Keep(back string) {
	if r.Method != http.MethodPost || r.MultipartForm != nil {
		return
	}
	k := Kept{To: r.URL.RequestURI(), Back: back, Form: url.Values{}, Until: r.Now().Add(keptFor).Unix()}
	for name, values := range r.PostForm {
		switch {
		case strings.Contains(name, "password") || name == "again" || name == "code" || name == "offer" || name == "credential":
			return // to be typed again
		case name != "csrf":
			k.Form[name] = values
		}
	}
	b, err := json.Marshal(&k)
	if err != nil || len(b) > maxKept*3/4 || len(k.Form) == 0 {
		return
	}
	text := base64.RawURLEncoding.EncodeToString(b)
	r.Cookie(keptCookie, text+"."+r.book.sign("form "+r.Session, text), keptFor)
}

// Kept is the form that was kept for this session, once; nil when there is none.
func (r *Request) Kept() *Kept {
	k := r.kept()
	if k != nil {
		r.Cookie(keptCookie, "", -1)
	}
	return k
}

// HasKept tells whether a form waits that would have led back to a page.
func (r *Request) HasKept(back string) bool {
	k := r.kept()
	return k != nil && k.Back == back
}

func (r *Request) kept() *Kept {
	c, err := r.Request.Cookie(keptCookie)
	if err != nil {
		return nil
	}
	text, sum, _ := strings.Cut(c.Value, ".")
	b, err := base64.RawURLEncoding.DecodeString(text)
	var k Kept
	if !same(sum, r.book.sign("form "+r.Session, text)) || err != nil || json.Unmarshal(b, &k) != nil || k.Until <= r.Now().Unix() || Inside(k.To) != k.To {
		return nil
	}
	return &k
}
