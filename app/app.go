package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"tsujiban"
	"tsujiban/app/config"
	"tsujiban/console"
	"tsujiban/edge"
	"tsujiban/guard"
	"tsujiban/guard/policy"
	"tsujiban/journal"
	"tsujiban/people"
	"tsujiban/store/sqlite"
)

// Options are what a program is started with. Config must be given.
type Options struct {
	Config *config.Config
	// Reread reads the configuration again at a reload; by default from Config.Path.
	Reread func() (*config.Config, error)
	// Seed is put into the store before calls are taken in.
	Seed    *config.Seed
	Stderr  io.Writer        // for the log and for progress at the start; os.Stderr when nil
	Clock   func() time.Time // wall clock with monotonic reading; time.Now when nil
	Version string
	Guests  console.Guests // who is signed in at the console, in tests; those of the door when nil
	Limits  console.Limits // of requests to the console; the usual ones when zero
	FS      journal.FS     // where the journal is kept; the machine's when nil
	// Reload asks to read configuration, rates, certificates and customers again.
	Reload <-chan struct{}
	// Now, once closed, cuts the orderly stop short: running calls are not waited for.
	Now <-chan struct{}
}

// App is a running program.
type App struct {
	o     Options
	log   *slog.Logger
	level slog.LevelVar
	since time.Time

	store   *sqlite.Store
	journal *journal.Journal
	guard   *guard.Guard
	desk    *desk
	edge    *edge.Edge
	certs   liveCerts
	policy  atomic.Pointer[policyNow]
	ready   atomic.Bool
	metrics *metrics
	control *controlServer
	pages   pages
	// reachedAt is how people reach the console, for who writes mail meanwhile; nil until it is served.
	reachedAt atomic.Pointer[url.URL]
	door      *people.Door
	swept     time.Time // of the goroutine that watches deadlines

	admin     sync.Mutex // guards what is set; see the package's locks
	cfg       *config.Config
	rules     *rules
	customers []tsujiban.Customer // by id
	trunks    []tsujiban.Trunk    // by id

	recovered   *recovered         // between the journal's stage and the edge's
	stopEdge    context.CancelFunc // nil before Serve
	served      chan error         // the result of Serve
	stopQueue   context.CancelFunc
	queueDone   chan struct{}
	stopView    context.CancelFunc
	viewDone    chan struct{}
	stopFolder  context.CancelFunc
	folderDone  chan struct{}
	prover      *prover
	keeper      *keeper
	teller      *teller
	folds       chan struct{} // cap 1: taken by who writes a snapshot
	stopWatch   context.CancelFunc
	watchDone   chan struct{}
	snapshotted uint64 // the entry up to which a snapshot was there at the start
	viewFailing atomic.Pointer[error]
	viewed      viewed
	pulse       pulse // the last two days by the hour
	preview     preview
	ctx         context.Context // done when the program is to stop
}

// policyNow is the policy in force.
type policyNow struct {
	*policy.Policy
	at time.Time
}

// Start starts the program; when it returns without error calls are taken in. Wait must
// follow. The error says which stage failed and what to do.
func Start(ctx context.Context, o Options) (*App, error) {
	a := &App{o: o, cfg: o.Config, ctx: ctx, folds: make(chan struct{}, 1)}
	a.defaults()
	tuneRuntime(len(o.Config.Listen))
	for _, s := range []struct {
		name  string
		start func(context.Context) error
	}{
		{"data directory", a.startData},
		{"store", a.startStore},
		{"policy", a.startPolicy},
		{"journal", a.startJournal},
		{"people", a.startPeople},
		{"edge", a.startEdge},
		{"views", a.startViews},
		{"snapshots", a.startFolder},
		{"evidence", a.startEvidence},
		{"retention", a.startRetention},
		{"metrics", a.startMetrics},
		{"deadlines", a.startWatch},
		{"notices", a.startNotices},
		{"control socket", a.startControl},
		{"console", a.startConsole},
	} {
		if err := s.start(ctx); err != nil {
			return nil, errors.Join(fmt.Errorf("start: %s: %w", s.name, err), a.stop("start failed"))
		}
	}
	a.serve()
	return a, nil
}

func (a *App) defaults() {
	if a.o.Stderr == nil {
		a.o.Stderr = os.Stderr
	}
	if a.o.Clock == nil {
		a.o.Clock = time.Now
	}
	if a.o.FS == nil {
		a.o.FS = journal.OS
	}
	if a.o.Reread == nil {
		path := a.cfg.Path
		a.o.Reread = func() (*config.Config, error) { return config.Load(path) }
	}
	a.since = a.o.Clock()
	a.setLevel()
	a.log = newLogger(a.o.Stderr, a.cfg.Log.JSON, &a.level)
	a.metrics = newMetrics(a)
}

func (a *App) now() time.Time { return a.o.Clock().UTC() }

// startData makes the data directory.
func (a *App) startData(context.Context) error {
	dir := a.cfg.Node.Data
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return tsujiban.Errorf(tsujiban.CodeUnavailable, "%w; make %s for this user, or name another place as node.data", err, dir)
	}
	return nil
}

// startStore opens the store and puts the seed into it.
func (a *App) startStore(ctx context.Context) (err error) {
	a.store, err = sqlite.Open(ctx, a.cfg.StoreFile(), sqlite.WithClock(a.now), sqlite.WithZone(a.cfg.Node.TimeZone), sqlite.WithErased(a.erased), sqlite.WithSuspicions(a.suspected))
	if err != nil {
		return err
	}
	if s := a.o.Seed; s != nil {
		for _, c := range s.Customers {
			if err := a.store.PutCustomer(ctx, guardName, c); err != nil {
				return fmt.Errorf("customer %s: %w", c.ID, err)
			}
		}
		for _, t := range s.Trunks {
			if err := a.store.PutTrunk(ctx, guardName, t); err != nil {
				return fmt.Errorf("trunk %s: %w", t.ID, err)
			}
		}
	}
	return nil
}

// startPolicy reads rates, hints, certificates and customers and compiles them.
func (a *App) startPolicy(ctx context.Context) (err error) {
	if a.rules, err = loadRules(a.cfg); err != nil {
		return err
	}
	if a.rules.set, err = a.store.Rules(ctx); err != nil {
		return err
	}
	cs, err := loadCerts(a.cfg)
	if err != nil {
		return err
	}
	a.certs.now.Store(cs)
	if a.customers, err = a.store.Customers(ctx); err != nil {
		return err
	}
	if a.trunks, err = a.store.Trunks(ctx, ""); err != nil {
		return err
	}
	if a.rules.source.Suspended, err = a.suspendedNow(ctx, a.customers); err != nil {
		return err
	}
	p, err := a.rules.compile(a.customers)
	if err != nil {
		return err
	}
	a.policy.Store(&policyNow{p, a.now()})
	return nil
}

// lazyCommit is how long entries wait at most that no call waits for.
const lazyCommit = 5 * time.Millisecond

// startJournal opens the journal and lets the guard live through it.
func (a *App) startJournal(ctx context.Context) (err error) {
	a.desk = &desk{stored: newQueue()}
	a.desk.notes.first = uint64(a.since.UnixMicro())
	a.journal, err = journal.Open(journal.Options{
		Dir: a.cfg.JournalDir(), SegmentBytes: a.cfg.Journal.Segment, OnCommit: a.committed,
		LazyInterval: lazyCommit, KernelWait: true, Logger: a.log, Erased: a.stated(), FS: timedFS{FS: a.o.FS, sync: a.metrics.commit},
	})
	if err != nil {
		return err
	}
	a.desk.journal = a.journal
	g, rec, err := a.folder().upTo(ctx, a.journal.Committed(), a.o.Stderr)
	if err != nil {
		return err
	}
	rec.stands = g.Restrictions()
	a.log.Info("journal read", slog.Uint64("events", rec.events), slog.Uint64("from", rec.from), slog.Int("open_calls", len(rec.open)), slog.Int("restrictions", len(rec.stands)))
	a.guard, a.snapshotted = g, rec.from
	a.desk.guard, a.desk.last = g, rec.last
	if _, err := a.desk.said(tsujiban.EventStarted, a.now(), a.cfg.Node.Name, a.o.Version); err != nil {
		return err
	}
	if s := a.o.Seed; s != nil {
		note := fmt.Sprintf("import at the start: %d customers, %d trunks", len(s.Customers), len(s.Trunks))
		if _, err := a.desk.said(tsujiban.EventSet, a.now(), guardName, note); err != nil {
			return err
		}
	}
	a.recovered = rec
	if err := a.store.Witnessed(ctx, a.witness); err != nil {
		return err
	}
	return sameStanding(ctx, a.store, rec.stands, a.now())
}

// committed tells the edge how far the record is on disk.
func (a *App) committed(upTo uint64, err error) {
	if e := a.desk.edge.Load(); e != nil {
		e.Committed(upTo, err)
	}
}

// startEdge binds the sockets and takes up the calls that were running.
func (a *App) startEdge(context.Context) error {
	secret, err := secretOf(a.cfg.SecretFile())
	if err != nil {
		return err
	}
	c := a.cfg
	a.edge, err = edge.New(edge.Options{
		Listeners: edgeListeners(c, &a.certs), Carriers: edgeCarriers(c, a.certs.now.Load()),
		Desk: a.desk, Log: a.log, Clock: a.o.Clock, Emergency: a.rules.emergency,
		PassOnJournalFailure: c.Journal.PassOnFailure, IdleLimit: c.SIP.IdleLimit, RingLimit: c.SIP.RingLimit, TryNext: c.SIP.TryNext,
		Realm: c.SIP.Realm, Secret: secret, MaxCallsPerSecond: c.SIP.MaxCallsPerSecond, MaxCalls: c.SIP.MaxCalls,
	})
	if err != nil {
		return fmt.Errorf("%w; see [[listen]] and [[carrier]], and whether another program has the port", err)
	}
	dir, err := edge.NewDirectory(a.trunks, holder(a.policy.Load().Policy))
	if err != nil {
		return err
	}
	a.edge.SetDirectory(dir)
	a.desk.edge.Store(a.edge)
	a.takeUp()
	return nil
}

// takeUp gives the edge the calls that were running when the program stopped.
func (a *App) takeUp() {
	rec := a.recovered
	a.recovered = nil
	running, cut := settleOpen(a.desk, rec, a.now())
	a.edge.Restore(running)
	for id, why := range cut {
		a.edge.Cut(id, why)
	}
	if len(rec.open) > 0 {
		a.log.Warn("calls were open when the program stopped", slog.Int("taken_up", len(running)-len(cut)), slog.Int("ended", len(cut)), slog.Int("closed", len(rec.open)-len(running)))
	}
}

// serve opens the doors.
func (a *App) serve() {
	ctx, cancel := context.WithCancel(context.WithoutCancel(a.ctx))
	a.stopEdge, a.served = cancel, make(chan error, 1)
	go func() { a.served <- a.edge.Serve(ctx) }()
	a.ready.Store(true)
	a.log.Info("ready", slog.String("node", a.cfg.Node.Name), slog.Any("listen", a.Ports()), slog.Int("customers", len(a.customers)), slog.Int("trunks", len(a.trunks)))
}

// Wait serves until the program is to stop, then stops it. It returns nil after an orderly stop.
func (a *App) Wait() error {
	var failed error
	for {
		select {
		case <-a.ctx.Done():
			return errors.Join(failed, a.stop("asked to stop"))
		case err := <-a.served:
			a.served <- err // stop looks at it, too
			return errors.Join(fmt.Errorf("the edge stopped by itself: %w", err), a.stop("the edge failed"))
		case <-a.o.Reload:
			if _, err := a.Reload(a.ctx, "SIGHUP"); err != nil {
				a.log.Error("reload failed; the policy in force stays", slog.Any("error", err))
			}
		}
	}
}

// Port is an address that the program has taken.
type Port struct {
	Kind    string // "udp", "tcp", "tls", "metrics", "console", "control"
	Address string
}

func (p Port) String() string { return p.Kind + " " + p.Address }

// Ports are the addresses taken: those of SIP in the order of the configuration, then
// metrics and console, then the control socket.
func (a *App) Ports() []Port {
	var ports []Port
	for i, addr := range a.edge.Addrs() {
		ports = append(ports, Port{a.o.Config.Listen[i].Transport, addr.String()})
	}
	if l := a.metrics.listener; l != nil {
		ports = append(ports, Port{"metrics", l.Addr().(*net.TCPAddr).AddrPort().String()})
	}
	if l := a.pages.listener; l != nil {
		ports = append(ports, Port{"console", l.Addr().(*net.TCPAddr).AddrPort().String()})
	}
	return append(ports, Port{"control", a.o.Config.Control.Socket})
}

// secretOf reads the key of the digest challenges, making one at the first start, so that
// phones need not ask again after a restart.
func secretOf(name string) ([]byte, error) {
	const size = 32
	b, err := os.ReadFile(name)
	switch {
	case err == nil && len(b) == size:
		return b, nil
	case err == nil:
		return nil, tsujiban.Errorf(tsujiban.CodeCorrupt, "%s is not %d bytes; remove it, a new one is made at the next start", name, size)
	case !errors.Is(err, os.ErrNotExist):
		return nil, tsujiban.Errorf(tsujiban.CodeUnavailable, "%w", err)
	}
	b = make([]byte, size)
	if _, err := rand.Read(b); err != nil {
		return nil, err
	}
	tmp := filepath.Join(filepath.Dir(name), ".secret")
	if err := os.WriteFile(tmp, b, 0o600); err != nil {
		return nil, tsujiban.Errorf(tsujiban.CodeUnavailable, "%w", err)
	}
	if err := os.Rename(tmp, name); err != nil {
		return nil, tsujiban.Errorf(tsujiban.CodeUnavailable, "%w", err)
	}
	return b, nil
}
