package app

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/user"
	"strconv"
	"strings"
	"syscall"
	"time"

	"tsujiban"
	"tsujiban/app/control"
)

// maxBody is the largest request that the control socket takes: the import of a hundred thousand customers.
const maxBody = 256 << 20

// controlServer takes the orders of staff over a local socket.
type controlServer struct {
	app    *App
	users  map[uint32]bool // besides root and our own
	server *http.Server
	done   chan struct{}
	cancel context.CancelFunc // ends streams
	office *office            // the same orders from inside the program
}

// startControl opens the control socket. A program that crashed leaves its socket behind: it is
// removed when nobody answers there.
func (a *App) startControl(ctx context.Context) error {
	s := &controlServer{app: a, users: map[uint32]bool{}, done: make(chan struct{})}
	for _, name := range a.cfg.Control.Users {
		uid, err := uidOf(name)
		if err != nil {
			return tsujiban.Errorf(tsujiban.CodeInvalid, "control.users: there is no user %q on this machine; put the name right or leave it out", name)
		}
		s.users[uid] = true
	}
	l, err := s.listen(ctx, a.cfg.Control.Socket)
	if err != nil {
		return err
	}
	base, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.cancel = cancel
	orders := s.routes()
	s.office = newOffice(base, s, s.twoPersons(orders))
	s.server = &http.Server{
		Handler: s.guarded(orders), ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute,
		BaseContext: func(net.Listener) context.Context { return base },
		ConnContext: withPeer, ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
	}
	go func() {
		defer close(s.done)
		if err := s.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			a.log.Error("the control socket is no longer served", slog.Any("error", err))
		}
	}()
	a.control = s
	return nil
}

func (s *controlServer) listen(ctx context.Context, path string) (net.Listener, error) {
	var d net.Dialer
	dctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	switch c, err := d.DialContext(dctx, "unix", path); {
	case err == nil:
		return nil, errors.Join(tsujiban.Errorf(tsujiban.CodeConflict, "another program answers at %s; stop it, or give this one another control.socket", path), c.Close())
	case errors.Is(err, syscall.ECONNREFUSED):
		if err := os.Remove(path); err != nil {
			return nil, tsujiban.Errorf(tsujiban.CodeUnavailable, "%w", err)
		}
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "unix", path)
	if err != nil {
		return nil, tsujiban.Errorf(tsujiban.CodeUnavailable, "%w; give control.socket a place where this user may write", err)
	}
	mode := os.FileMode(0o600)
	if len(s.users) > 0 {
		mode = 0o666 // the kernel says who it is; see allowed
	}
	if err := os.Chmod(path, mode); err != nil {
		return nil, errors.Join(tsujiban.Errorf(tsujiban.CodeUnavailable, "%w", err), l.Close())
	}
	return l, nil
}

func uidOf(name string) (uint32, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseUint(u.Uid, 10, 32)
	return uint32(n), err
}

func (s *controlServer) stop() error {
	if s == nil {
		return nil
	}
	s.cancel()
	s.office.stop()
	s.app.preview.stop()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	err := s.server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.server.Close()
	}
	<-s.done
	return err
}

type peerKey struct{}

// peer is the user at the other end of a connection; known is false when the kernel does not say.
type peer struct {
	uid   uint32
	known bool
}

// withPeer asks the kernel who is at the other end (SO_PEERCRED, unix(7)).
func withPeer(ctx context.Context, c net.Conn) context.Context {
	var p peer
	if u, ok := c.(*net.UnixConn); ok {
		p.uid, p.known = peerOf(u)
	}
	return context.WithValue(ctx, peerKey{}, p)
}

// allowed tells whether a user may give orders.
func (s *controlServer) allowed(p peer) bool {
	return p.known && (p.uid == 0 || p.uid == uint32(os.Geteuid()) || s.users[p.uid])
}

// byOf is the name under which a change is recorded: the user, and for whom it acts when it
// is one that may say so.
func byOf(r *http.Request) string {
	if person, ok := control.PersonOf(r.Context()); ok {
		return cut(printable(person), 64) + " (console)"
	}
	p, _ := r.Context().Value(peerKey{}).(peer)
	by := "uid " + strconv.FormatUint(uint64(p.uid), 10)
	if u, err := user.LookupId(strconv.FormatUint(uint64(p.uid), 10)); err == nil {
		by = u.Username
	}
	acting := r.Header.Get(control.ActingHeader)
	if acting != "" && (p.uid == 0 || p.uid == uint32(os.Geteuid())) {
		by = cut(printable(acting), 64) + " (" + by + ")"
	}
	return by
}

func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) {
			return -1
		}
		return r
	}, s)
}

// guarded lets through only those who may give orders, and says how people at this node write
// time and money.
func (s *controlServer) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.local(w)
		p, _ := r.Context().Value(peerKey{}).(peer)
		if !s.allowed(p) {
			s.fail(w, tsujiban.Errorf(tsujiban.CodeForbidden, "this user may not give orders; name it in users under [control], or use sudo"))
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next.ServeHTTP(w, r)
	})
}

// local says how people at this node write time and money.
func (s *controlServer) local(w http.ResponseWriter) {
	c := s.app.o.Config
	w.Header().Set(control.ZoneHeader, c.Node.TimeZone.String())
	w.Header().Set(control.CurrencyHeader, c.Node.Currency)
}

// handle makes a handler of a function that returns what to tell.
func (s *controlServer) handle(f func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, err := f(r)
		if err != nil {
			s.fail(w, err)
			return
		}
		s.reply(w, http.StatusOK, v)
	}
}

func (s *controlServer) fail(w http.ResponseWriter, err error) {
	code := tsujiban.CodeOf(err)
	if code == tsujiban.CodeInternal {
		s.app.log.Error("an order failed", slog.Any("error", err))
	}
	s.reply(w, code.HTTPStatus(), control.FailureOf(err))
}

func (s *controlServer) reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(v); err != nil {
		s.app.log.Debug("a reply was not read", slog.Any("error", err))
	}
}

// read fills v with the body. Fields that the body does not name stay as they are.
func read(r *http.Request, v any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil && !errors.Is(err, io.EOF) {
		return tsujiban.Errorf(tsujiban.CodeInvalid, "request: %w", err)
	}
	return nil
}
