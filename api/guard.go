package api

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"golang.org/x/time/rate"

	"tsujiban"
	"tsujiban/people"
)

// The bounds of a request.
const (
	maxBody   = 256 << 10
	maxQuery  = 8 << 10
	bodyTime  = 15 * time.Second // to send a body,
	bodyRate  = 1 << 20          // and a second more for so many bytes of its limit
	maxBearer = 512
)

// adapter is how huma reaches the mux: every operation goes through [server.guarded].
type adapter struct{ s *server }

func (a adapter) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.s.mux.ServeHTTP(w, r) }

func (a adapter) Handle(op *huma.Operation, handler func(huma.Context)) {
	row, _ := op.Metadata["row"].(*Row)
	n, _ := op.Metadata["note"].(note)
	a.s.handle(row, n, func(w http.ResponseWriter, r *http.Request) {
		handler(humago.NewContext(op, r, w))
	})
}

// handle puts a row into the mux, behind the guard.
func (s *server) handle(row *Row, n note, next http.HandlerFunc) {
	s.paths[row.Path] = append(s.paths[row.Path], row.Method)
	s.mux.HandleFunc(row.Method+" "+Prefix+row.Path, s.guarded(row, n, next))
}

// guarded judges a request before any handler runs.
func (s *server) guarded(row *Row, n note, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if row.open() {
			next(w, r)
			return
		}
		caller, p := s.caller(r)
		if p != nil {
			s.refuse(w, r, p)
			return
		}
		c := &call{Caller: caller, Lang: langOf(r.Header.Get("Accept-Language"), caller.Person)}
		if k := s.judge(row, c, r); k != nil {
			p := problem(*k, c.Lang)
			if k.status == http.StatusTooManyRequests {
				p.with("Retry-After", "1")
			}
			s.refuse(w, r, p)
			return
		}
		c.Office = s.o.Office(caller.Person)
		r = r.WithContext(context.WithValue(r.Context(), callKey{}, c))
		if !row.changes() {
			next(w, r)
			return
		}
		data, p := s.body(w, r, n, c.Lang)
		if p != nil {
			s.refuse(w, r, p)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(data))
		s.onceOnly(row, n, c, data, w, r, next)
	}
}

// judge is who may do what, for whom. Nothing else decides.
func (s *server) judge(row *Row, c *call, r *http.Request) *kind {
	if !s.limits.pass(c.Token, s.o) {
		return &tooFast
	}
	if !row.may(c.Caller) {
		k := codeOf(tsujiban.CodeForbidden)
		return &k
	}
	if row.names() && !c.Person.Reaches(tsujiban.CustomerID(r.PathValue("customer"))) {
		k := codeOf(tsujiban.CodeNotFound)
		return &k
	}
	if len(r.URL.RawQuery) > maxQuery {
		return &tooLarge
	}
	return nil
}

// caller finds out whose token a request carries.
func (s *server) caller(r *http.Request) (*Caller, *Problem) {
	lang := langOf(r.Header.Get("Accept-Language"), nil)
	refused := problem(unauthenticated, lang).with("WWW-Authenticate", `Bearer realm="tsujiban"`)
	scheme, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if len(r.Header.Values("Authorization")) != 1 || !strings.EqualFold(scheme, "Bearer") || secret == "" || len(secret) > maxBearer {
		return nil, refused
	}
	c, err := s.o.Callers.Caller(r.Context(), secret)
	switch {
	case err == nil:
		return c, nil
	case tsujiban.CodeOf(err) == tsujiban.CodeForbidden, tsujiban.CodeOf(err) == tsujiban.CodeNotFound:
		if !s.limits.wrongAgain(address(r.RemoteAddr), s.o.Clock()) {
			return nil, problem(tooFast, lang).with("Retry-After", "10")
		}
		return nil, refused.with("WWW-Authenticate", `Bearer realm="tsujiban", error="invalid_token"`)
	case r.Context().Err() == nil:
		s.o.Log.Error("tokens cannot be looked up", slog.Any("error", err))
	}
	return nil, problem(codeOf(tsujiban.CodeUnavailable), lang).with("Retry-After", "5")
}

// address is the host of a peer, of IPv6 its network: who has one address there has many.
func address(remote string) string {
	ap, err := netip.ParseAddrPort(remote)
	if err != nil {
		return remote
	}
	a := ap.Addr().Unmap()
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}

// pass lets a token's request through if it is not too fast.
func (l *limits) pass(token string, o Options) bool {
	l.mu.Lock()
	b := l.tokens[token]
	if b == nil {
		b = rate.NewLimiter(rate.Limit(o.PerSecond), o.Burst)
		l.tokens[token] = b
	}
	l.mu.Unlock()
	return b.AllowN(o.Clock(), 1)
}

// Wrong tokens: so many at once from one address, and one more every so often. A token cannot be guessed; who tries is told to stop.
const (
	wrongBurst = 20
	wrongEvery = 2 * time.Second
	wrongMost  = 10_000 // addresses
)

// wrongAgain counts a token that is not known; false when there were too many. Those that are known are not held up by it: others may share the address.
func (l *limits) wrongAgain(from string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.wrong[from]
	if b == nil {
		if len(l.wrong) >= wrongMost {
			clear(l.wrong)
		}
		b = rate.NewLimiter(rate.Every(wrongEvery), wrongBurst)
		l.wrong[from] = b
	}
	return b.AllowN(now, 1)
}

// body reads all of a body, so that what is carried out is what was sent.
func (s *server) body(w http.ResponseWriter, r *http.Request, n note, lang tsujiban.Lang) ([]byte, *Problem) {
	limit := n.Body
	if limit == 0 {
		limit = maxBody
	}
	if r.ContentLength > limit {
		return nil, problem(tooLarge, lang).with("Connection", "close")
	}
	rc := http.NewResponseController(w)
	_ = rc.SetReadDeadline(s.o.Clock().Add(bodyTime + time.Duration(limit/bodyRate)*time.Second)) // where there is no connection there is nobody to be slow
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	_ = rc.SetReadDeadline(time.Time{})
	var most *http.MaxBytesError
	switch {
	case errors.As(err, &most):
		return nil, problem(tooLarge, lang)
	case err != nil:
		return nil, problem(unreadable, lang).with("Connection", "close")
	}
	return data, nil
}

// self is who is asking.
type Self struct {
	Person    string   `json:"person" doc:"Whose token it is." example:"tanaka@example.jp"`
	Name      string   `json:"name" example:"田中 花子"`
	Role      string   `json:"role" enum:"viewer,analyst,inquiry-officer,administrator,reseller,customer" example:"analyst"`
	Language  string   `json:"language" enum:"ja,en"`
	Customers []string `json:"customers,omitempty" doc:"Of resellers and customers: whom it reaches."`
	Rights    []string `json:"rights" doc:"What this token may do."`
}

func (c *Caller) self() Self {
	out := Self{Person: c.Person.Login, Name: c.Person.Name, Role: c.Person.Role.String(), Language: "ja", Rights: []string{}}
	if c.Person.Language == tsujiban.English {
		out.Language = "en"
	}
	for _, id := range c.Person.Customers {
		out.Customers = append(out.Customers, string(id))
	}
	for r := people.SignedIn + 1; r < people.NumRights; r++ {
		if c.May(r) {
			out.Rights = append(out.Rights, r.String())
		}
	}
	return out
}
