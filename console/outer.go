package console

import (
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/console/ui"
)

// policy is what pages may do: only what comes from here, nothing inline, no frame around them.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
	"manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// outer is what every request passes, assets too: headers, rate by address, panics.
func (s *Server) outer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
		if s.o.Node.Secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		began := &began{ResponseWriter: w}
		defer s.recovered(began, r)
		if !strings.HasPrefix(r.URL.Path, ui.AssetPath) {
			if wait, ok := s.byPlace.take(place(s.address(r))); !ok {
				s.slow(began, r, wait)
				return
			}
		}
		next.ServeHTTP(began, r)
	})
}

// began remembers whether a reply has begun.
type began struct {
	http.ResponseWriter
	yes bool
}

func (b *began) WriteHeader(status int) {
	b.yes = true
	b.ResponseWriter.WriteHeader(status)
}

func (b *began) Write(p []byte) (int, error) {
	b.yes = true
	return b.ResponseWriter.Write(p)
}

// Unwrap is what http.ResponseController asks for.
func (b *began) Unwrap() http.ResponseWriter { return b.ResponseWriter }

// recovered makes a page of a panic; its id leads to the log.
func (s *Server) recovered(w *began, r *http.Request) {
	p := recover()
	if p == nil {
		return
	}
	if p == http.ErrAbortHandler {
		panic(p)
	}
	q := s.request(w, r)
	s.log.Error("a page panicked", slog.String("id", q.ID), slog.String("path", r.Pattern), slog.Any("panic", p), slog.String("stack", string(debug.Stack())))
	if w.yes {
		panic(http.ErrAbortHandler) // half a page is no page
	}
	q.Fail(tsujiban.Errorf(tsujiban.CodeInternal, "panic"))
}

// address is who asks: the connection's other end, or what a trusted proxy says.
func (s *Server) address(r *http.Request) netip.Addr {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	at, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Addr{}
	}
	at = at.Unmap()
	// From the right: each entry was added by the proxy to its right, and is believed as far as those are ours.
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && s.trusts(at); i-- {
		next, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		at = next.Unmap().WithZone("")
	}
	return at
}

func (s *Server) trusts(a netip.Addr) bool {
	for _, p := range s.o.Trusted {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// place is whom an address belongs to: of IPv6 a subscriber has a whole /64.
func place(a netip.Addr) string {
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}

func (s *Server) slow(w http.ResponseWriter, r *http.Request, wait time.Duration) {
	q := s.request(w, r)
	tooMany(q, wait)
}
