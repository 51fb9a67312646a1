package console

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/console/ui"
	"tsujiban/console/ui/fan"
	"tsujiban/people"
)

// Guests tells who is signed in.
type Guests interface {
	// Guest finds the person whom a session's token stands for, and the session's id. Nobody is a nil person without an error.
	Guest(ctx context.Context, token, address, agent string) (p *people.Person, session string, err error)
}

// Options are what a console needs.
type Options struct {
	Node   ui.Node
	Lang   tsujiban.Lang // of people who have not chosen one and whose browser asks for none
	Rooms  []ui.Room
	Guests Guests
	// Office makes a client that gives orders in the name of a person.
	Office func(*people.Person) *control.Client
	// PublicURL is how people reach the console, as in links of mails; empty: as the request says.
	PublicURL *url.URL
	Trusted   []netip.Prefix // proxies whose X-Forwarded-For is believed
	TLS       *tls.Config    // nil: plain HTTP, behind a proxy or on this machine
	Limits    Limits
	API       http.Handler // answers everything under /api/, with bounds of its own; nil: nobody does
}

// Server is the console. It is immutable but for its counters.
type Server struct {
	o       Options
	book    *ui.Book
	routes  []ui.Bound
	log     *slog.Logger
	byPlace *limiter
	byWho   *limiter
	cross   *http.CrossOriginProtection

	server *http.Server
	cancel context.CancelFunc // ends streams
	done   chan struct{}
	failed error // of Serve; read after done
}

// New reads the rooms' pages and builds the table of routes.
func New(o Options) (*Server, error) {
	o.Limits.fill()
	if o.Node.Clock == nil {
		o.Node.Clock = time.Now
	}
	if o.Node.Log == nil {
		o.Node.Log = slog.New(slog.DiscardHandler)
	}
	o.Rooms = append([]ui.Room{settings()}, o.Rooms...)
	book, err := ui.Build(o.Node, o.Rooms...)
	if err != nil {
		return nil, err
	}
	s := &Server{
		o: o, book: book, routes: book.Routes(), log: o.Node.Log, cross: http.NewCrossOriginProtection(),
		byPlace: newLimiter(o.Limits.Address, o.Node.Clock), byWho: newLimiter(o.Limits.Person, o.Node.Clock),
	}
	if o.PublicURL != nil {
		if err := s.cross.AddTrustedOrigin(o.PublicURL.Scheme + "://" + o.PublicURL.Host); err != nil {
			return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "console.public_url: %w", err)
		}
	}
	return s, nil
}

// Routes is the table: every route of every room.
func (s *Server) Routes() []ui.Bound { return s.routes }

// Handler answers requests.
func (s *Server) Handler() (h http.Handler, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("console: two routes are the same, or one is not well-formed: %v", p)
		}
	}()
	mux := http.NewServeMux()
	for i := range s.routes {
		b := &s.routes[i]
		mux.Handle(b.Method+" "+b.Path, s.route(b))
	}
	mux.Handle("GET "+ui.AssetPath, http.HandlerFunc(ui.ServeAsset))
	mux.Handle("/", s.route(nil))
	if s.o.API == nil {
		return s.outer(mux), nil
	}
	both := http.NewServeMux()
	both.Handle("/api/", s.o.API)
	both.Handle("/", s.outer(mux))
	return both, nil
}

// Bounds of a connection.
const (
	headerTime = 5 * time.Second
	idleTime   = time.Minute
	pageTime   = 30 * time.Second // to read a request and to write a page
	maxHeader  = 32 << 10
)

// Serve begins to answer at a listener and returns at once; Close ends it.
func (s *Server) Serve(l net.Listener) error {
	h, err := s.Handler()
	if err != nil {
		return err
	}
	if s.o.TLS != nil {
		l = tls.NewListener(fan.Listener(l), s.o.TLS)
	}
	base, cancel := context.WithCancel(context.Background())
	s.cancel, s.done = cancel, make(chan struct{})
	s.server = &http.Server{
		Handler: h, ReadHeaderTimeout: headerTime, IdleTimeout: idleTime, MaxHeaderBytes: maxHeader,
		BaseContext: func(net.Listener) context.Context { return base }, ConnContext: fan.ConnContext, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	go func() {
		defer close(s.done)
		if err := s.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.failed = err
			s.log.Error("the console is no longer served", slog.Any("error", err))
		}
	}()
	return nil
}

// Close ends streams, lets pages that are being made be finished until ctx is done, and returns when nothing is served any more.
func (s *Server) Close(ctx context.Context) error {
	if s == nil || s.server == nil {
		return nil
	}
	s.cancel()
	err := s.server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		err = s.server.Close()
	}
	<-s.done
	return errors.Join(err, s.failed, s.book.StreamsEnded(ctx))
}

// newID names a request.
func newID() string { return rand.Text()[:12] }
