package api

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"golang.org/x/time/rate"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/people"
)

// Prefix is where the API lives.
const Prefix = "/api/v1"

// Options are what the API is made of. Office, Callers and Replies must be given.
type Options struct {
	Version string
	// Office gives orders to the program under a person's name.
	Office func(*people.Person) *control.Client
	// Callers says whose a token is.
	Callers Callers
	// Replies keeps what was answered to requests that may come twice.
	Replies Replies
	// Second says for what a second person is asked, and takes that down; nobody is when nil.
	Second Second
	Clock  func() time.Time // time.Now when nil
	Log    *slog.Logger     // nowhere when nil
	// PerSecond requests of a token are let through, and Burst at once; 20 and 60 when zero.
	PerSecond float64
	Burst     int
}

// Callers knows tokens.
type Callers interface {
	// Caller says whose a token is. The error is CodeForbidden for one that is unknown, has expired or was taken
	// back, or whose owner may not sign in; which of them it is must not be told.
	Caller(ctx context.Context, secret string) (*Caller, error)
}

// Caller is who calls: a person, by one of its tokens.
type Caller struct {
	Person *people.Person
	Token  string                  // its id
	Scope  func(people.Right) bool // what the token was made for; nil: all that its owner may do
}

// May tells whether the owner has a right and the token was made for it.
func (c *Caller) May(r people.Right) bool {
	return c.Person.May(r) && (c.Scope == nil || r <= people.SignedIn || c.Scope(r))
}

// server is the API of one program.
type server struct {
	o    Options
	mux  *http.ServeMux
	huma huma.API
	page []byte // the document for people

	paths   map[string][]string // path → methods, for 405
	limits  limits
	busy    busy // keys whose requests are running
	streams streams
}

// limits are the buckets of the callers.
type limits struct {
	mu     sync.Mutex
	tokens map[string]*rate.Limiter // by token id: there are as many as there are tokens
	wrong  map[string]*rate.Limiter // by address: of requests whose token is not known; emptied when it is full
}

// once sets what huma keeps for the whole process: names of fields are as written, and a list that is empty is
// [], never null.
var once = sync.OnceFunc(func() {
	huma.ValidateStrictCasing = true
	huma.DefaultArrayNullable = false
})

// Handler is the API, for a server that hands it everything under [Prefix].
func Handler(o Options) http.Handler { return newServer(o) }

func newServer(o Options) *server {
	once()
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.PerSecond == 0 {
		o.PerSecond, o.Burst = 20, 60
	}
	s := &server{o: o, mux: http.NewServeMux(), paths: map[string][]string{}}
	s.limits.tokens, s.limits.wrong = map[string]*rate.Limiter{}, map[string]*rate.Limiter{}
	s.busy.keys, s.streams.open = map[string]bool{}, map[string]int{}
	s.document()
	s.routes()
	s.describe()
	return s
}

// routes registers every operation.
func (s *server) routes() {
	s.liveRoutes()
	s.customerRoutes()
	s.standingRoutes()
	s.caseRoutes()
	s.recordRoutes()
	s.useRoutes()
	s.ruleRoutes()
	s.eventRoutes()
	s.trunkRoutes()
	s.callRoutes()
	s.ledgerRoutes()
	s.suspensionRoutes()
	s.inquiryRoutes()
	s.retentionRoutes()
	s.bookRoutes()
	s.annualRoutes()
	s.ownRoutes()
	s.staffRoutes()
	s.noticeRoutes()
	s.evidenceRoutes()
}

// ServeHTTP answers a request, whatever comes.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Add("Vary", "Accept-Language, Authorization")
	defer func() {
		if v := recover(); v != nil {
			if v == http.ErrAbortHandler {
				panic(v)
			}
			s.o.Log.Error("the API failed", slog.Any("panic", v), slog.String("method", r.Method))
			s.refuse(w, r, problem(codeOf(tsujiban.CodeInternal)))
		}
	}()
	s.mux.ServeHTTP(w, r)
}

// call is one request on its way through a handler.
type call struct {
	*Caller
	Office *control.Client
	Lang   tsujiban.Lang
}

type callKey struct{}

func callOf(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}

// note is what the document says of an operation, beside its row.
type note struct {
	Summary string
	Text    string // Markdown
	Status  int    // of success; 200 when zero
	Body    int64  // largest body in bytes; 256 KiB when zero
	Secret  bool   // its answer is not kept for a repeated request
	Problem []int  // statuses that are particular to it
	Second  bool   // it may wait for a second person
	File    string // media types of an answer that is a file, with ", " between
	Table   bool   // it looks and changes nothing, and its answer may be too large to keep: it takes no Idempotency-Key
}

// register puts an operation at the place that its row names. f runs when all rights are there and the
// input fits the document.
func register[I, O any](s *server, id string, n note, f func(context.Context, *call, *I) (*O, error)) {
	row := rowOf(id)
	op := s.operation(row, n)
	huma.Register(s.huma, op, func(ctx context.Context, in *I) (*O, error) {
		c := callOf(ctx)
		out, err := f(ctx, c, in)
		if err != nil {
			return nil, s.problemOf(c, row, err)
		}
		return out, nil
	})
}
