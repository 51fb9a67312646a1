package console

import (
	"crypto/rand"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"golang.org/x/text/language"

	"tsujiban"
	"tsujiban/console/ui"
	"tsujiban/people"
)

// request is a request of nobody yet, with the pages that belong to no room.
func (s *Server) request(w http.ResponseWriter, r *http.Request) *ui.Request {
	q := &ui.Request{Request: r, W: w, Zone: s.o.Node.Zone, ID: newID(), Lang: s.language(r, nil), Theme: theme(r), NoKeys: noKeys(r), Address: s.address(r).String()}
	s.book.BindShared(q)
	return q
}

// route asks everything that is to be asked before a route runs. A nil route is that of an address that leads nowhere.
func (s *Server) route(b *ui.Bound) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := s.request(w, r)
		limit, slow, foreign := int64(ui.MaxForm), false, false
		if b != nil {
			slow, foreign = b.Slow, b.Foreign
			if b.Body > 0 {
				limit = b.Body
			}
		}
		rc := http.NewResponseController(w)
		if !slow {
			deadline := time.Now().Add(pageTime)
			// A writer without deadlines (a test's) has nothing to bound.
			_, _ = rc.SetReadDeadline(deadline), rc.SetWriteDeadline(deadline)
		}
		r.Body = http.MaxBytesReader(w, r.Body, limit)
		if err := s.cross.Check(r); err != nil && !foreign {
			q.Fail(q.Errorf(tsujiban.CodeForbidden, "guard.cross"))
			return
		}
		if err := s.know(q); err != nil {
			q.Fail(err)
			return
		}
		if b == nil {
			s.nowhere(q)
			return
		}
		if s.refused(q, b) {
			return
		}
		b.Bind(q)
		if err := b.Handle(q); err != nil {
			q.Fail(err)
		}
	})
}

// know finds out who asks.
func (s *Server) know(q *ui.Request) error {
	if c, err := q.Request.Cookie(ui.SessionCookie(s.o.Node.Secure)); err == nil && s.o.Guests != nil && c.Value != "" && len(c.Value) <= 256 {
		p, session, err := s.o.Guests.Guest(q.Context(), c.Value, s.address(q.Request).String(), cut(q.UserAgent(), 256))
		if err != nil {
			return err
		}
		if p != nil && p.Disabled.IsZero() {
			q.Person, q.Session, q.CSRF = p, session, s.book.Token("session "+session)
			q.Lang = s.language(q.Request, p)
			q.Office = s.o.Office(p)
			return nil
		}
	}
	q.CSRF = s.book.Token("visit " + s.visit(q))
	return nil
}

func cut(s string, n int) string {
	if len(s) > n {
		return s[:n]
	}
	return s
}

const visitCookie = "tsujiban-visit"

// visit names the browser of somebody who is not signed in, so that a form that it gets fits no other browser.
func (s *Server) visit(q *ui.Request) string {
	if c, err := q.Request.Cookie(visitCookie); err == nil && len(c.Value) == 26 {
		return c.Value
	}
	v := rand.Text()
	if q.Method == http.MethodGet {
		q.Cookie(visitCookie, v, 0)
	}
	return v
}

// refused asks rate, right, reach and the form's token, and answers when one of them is missing.
func (s *Server) refused(q *ui.Request, b *ui.Bound) bool {
	if q.Person != nil {
		if wait, ok := s.byWho.take(q.Person.ID); !ok {
			tooMany(q, wait)
			return true
		}
	}
	switch {
	case q.Person == nil && b.Right != people.Open:
		s.signIn(q)
	case !q.Person.May(b.Right) || !q.Person.May(b.Also):
		s.log.Info("a page was refused", slog.String("person", q.Person.ID), slog.String("right", b.Right.String()), slog.String("path", q.Pattern))
		q.Fail(q.Errorf(tsujiban.CodeForbidden, "guard.right"))
	case b.Customer != nil && !q.Person.Reaches(b.Customer(q.Request)):
		// Whether there is such a customer is not told to who may not reach it.
		q.Fail(q.Errorf(tsujiban.CodeNotFound, "guard.nowhere"))
	case unsafe(q.Method) && !b.Foreign:
		return s.tokenMissing(q)
	default:
		return false
	}
	return true
}

func unsafe(method string) bool {
	return method != http.MethodGet && method != http.MethodHead && method != http.MethodOptions
}

// tokenMissing looks for the token in the header (scripts) and in the form, and answers when it is not there.
func (s *Server) tokenMissing(q *ui.Request) bool {
	given := q.Header.Get("X-CSRF-Token")
	if given == "" {
		var err error
		if given, err = q.FormToken(); err != nil {
			q.Fail(err)
			return true
		}
	}
	if !s.book.Same(given, q.CSRF) {
		q.Fail(q.Errorf(tsujiban.CodeForbidden, "guard.token"))
		return true
	}
	return false
}

// signIn leads somebody who is not signed in to where that is done, and back afterwards.
func (s *Server) signIn(q *ui.Request) {
	if q.Method == http.MethodGet && q.Header.Get("Accept") != "text/event-stream" {
		to := "/signin"
		if here := q.URL.RequestURI(); here != "/" && !q.Htmx() {
			to += "?to=" + url.QueryEscape(here)
		}
		_ = q.Redirect(to) // never fails
		return
	}
	q.Refuse(&ui.Problem{Status: http.StatusUnauthorized, Code: "signed-out", Title: q.T("guard.signed-out"), Detail: q.T("guard.signed-out-more")})
}

func (s *Server) nowhere(q *ui.Request) {
	if q.URL.Path == "/" && q.Method == http.MethodGet {
		if to := s.book.First(q.Person); to != "" {
			_ = q.Redirect(to) // never fails
			return
		}
		if q.Person == nil {
			s.signIn(q)
			return
		}
	}
	q.Fail(q.Errorf(tsujiban.CodeNotFound, "guard.nowhere"))
}

func tooMany(q *ui.Request, wait time.Duration) {
	seconds := int(wait/time.Second) + 1
	q.W.Header().Set("Retry-After", strconv.Itoa(seconds))
	q.Refuse(&ui.Problem{Status: http.StatusTooManyRequests, Code: "too-many", Title: q.T("guard.many"), Detail: q.T("guard.many-more", seconds)})
}

var matcher = language.NewMatcher([]language.Tag{language.Japanese, language.English})

// language is what the person chose here, is known to read, or what the browser asks for.
func (s *Server) language(r *http.Request, p *people.Person) tsujiban.Lang {
	if c, err := r.Cookie(languageCookie); err == nil {
		switch c.Value {
		case "ja":
			return tsujiban.Japanese
		case "en":
			return tsujiban.English
		}
	}
	if p != nil {
		return p.Language
	}
	if tags, _, err := language.ParseAcceptLanguage(cut(r.Header.Get("Accept-Language"), 200)); err == nil && len(tags) > 0 {
		if _, i, sure := matcher.Match(tags...); sure != language.No {
			return tsujiban.Lang(i)
		}
		return tsujiban.English // a reader of neither
	}
	return s.o.Lang
}

func theme(r *http.Request) string {
	if c, err := r.Cookie(themeCookie); err == nil && (c.Value == "light" || c.Value == "dark") {
		return c.Value
	}
	return ""
}

func noKeys(r *http.Request) bool {
	c, err := r.Cookie(keysCookie)
	return err == nil && c.Value == "off"
}
