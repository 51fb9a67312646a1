package edge

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"tsujiban"
)

var crlf = []byte("\r\n")

// Edge is the proxy. Make it with New, give it a directory, then call Serve.
type Edge struct {
	opt       Options
	start     time.Time
	listeners []*listener
	streams   *streams
	stats     stats
	server    []byte // Server header line
	ctx       context.Context
	committer *worker // of the journal's goroutine

	since func(now time.Time) int64 // milliseconds since start
	ticks <-chan time.Time          // when to look at the timers; nil: every tickMS

	mu       sync.Mutex
	ms       int64 // the latest instant, in milliseconds since start
	relays   relays
	calls    calls
	wheel    wheel
	dir      *Directory
	carriers *carrierSet
	phones   phones
	refusals refusals
	held     heldQueue
	journal  error // the journal's present failure
	draining bool
	ownCount uint64 // requests of our own, for secrets
	rate     rateLimit
	lastHK   int64 // when housekeeping ran last

	cutMu sync.Mutex
	cuts  []cutOrder
	wake  chan struct{}
}

type cutOrder struct {
	call   tsujiban.CallID
	reason tsujiban.Reason
}

// New binds the listeners. The edge answers nothing before Serve.
func New(o Options) (*Edge, error) {
	o.defaults()
	if o.Desk == nil || len(o.Listeners) == 0 {
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "the edge needs a desk and at least one listener")
	}
	if len(o.Secret) == 0 {
		o.Secret = make([]byte, 32)
		_, _ = rand.Read(o.Secret) // never fails (crypto/rand)
	}
	e := &Edge{opt: o, start: o.Clock(), server: []byte("Server: " + o.Name + "\r\n"), wake: make(chan struct{}, 1)}
	e.since = func(now time.Time) int64 { return now.Sub(e.start).Milliseconds() }
	e.relays.init()
	e.wheel.init()
	e.calls.byID = map[tsujiban.CallID]*call{}
	e.phones.init()
	e.refusals.init()
	e.streams = newStreams(e)
	e.committer = newWorker(e)
	e.dir, _ = NewDirectory(nil, func([]byte) (tsujiban.CustomerID, bool) { return "", false })
	for i, l := range o.Listeners {
		if err := e.listen(i, l); err != nil {
			return nil, errors.Join(tsujiban.Errorf(tsujiban.CodeUnavailable, "listen on %s %s: %w", l.Transport, l.Address, err), e.discard())
		}
	}
	if err := e.SetCarriers(o.Carriers); err != nil {
		return nil, errors.Join(err, e.discard())
	}
	return e, nil
}

func (e *Edge) listen(i int, l Listener) error {
	switch l.Transport {
	case "udp":
		s, err := listenUDP(l.Address)
		if err != nil {
			return err
		}
		b, err := newListener(i, l, s.local)
		if err != nil {
			return errors.Join(err, s.close(), s.closeReader())
		}
		b.udp = s
		e.listeners = append(e.listeners, b)
		return nil
	case "tcp", "tls":
		n, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", l.Address)
		if err != nil {
			return err
		}
		b, err := newListener(i, l, n.Addr().(*net.TCPAddr).AddrPort())
		if err != nil {
			return errors.Join(err, n.Close())
		}
		if l.Transport == "tls" {
			if l.TLS == nil {
				return errors.Join(errors.New("a TLS listener needs a certificate"), n.Close())
			}
			n = tls.NewListener(n, l.TLS)
		}
		b.stream = n
		e.listeners = append(e.listeners, b)
		return nil
	}
	return fmt.Errorf("unknown transport %q: want udp, tcp or tls", l.Transport)
}

// Addrs are the addresses taken, in the order of Options.Listeners.
func (e *Edge) Addrs() []netip.AddrPort {
	var out []netip.AddrPort
	for _, l := range e.listeners {
		out = append(out, l.local)
	}
	return out
}

func (e *Edge) close() error {
	var errs []error
	for _, l := range e.listeners {
		if l.udp != nil {
			errs = append(errs, l.udp.close())
		}
		if l.stream != nil {
			errs = append(errs, l.stream.Close())
		}
	}
	return errors.Join(errs...)
}

// discard closes an edge that never served.
func (e *Edge) discard() error {
	err := e.close()
	for _, l := range e.listeners {
		if l.udp != nil {
			err = errors.Join(err, l.udp.closeReader())
		}
	}
	return err
}

// Serve takes SIP until ctx is done and returns when every goroutine is gone. Calls that
// still run are not ended: they go on without the guard, or with the next Serve.
func (e *Edge) Serve(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	e.streams.mu.Lock()
	e.ctx = ctx
	e.streams.mu.Unlock()
	var wg sync.WaitGroup
	errs := make(chan error, len(e.listeners))
	for _, l := range e.listeners {
		wg.Go(func() {
			if l.udp != nil {
				errs <- e.readUDP(ctx, l)
			} else {
				e.streams.accept(ctx, l)
				errs <- nil
			}
			cancel()
		})
	}
	wg.Go(func() { e.tick(ctx) })
	<-ctx.Done()
	err := e.close()
	wg.Wait()
	e.streams.stop()
	e.streams.wg.Wait()
	for range e.listeners {
		err = errors.Join(err, <-errs)
	}
	return err
}

func (e *Edge) readUDP(ctx context.Context, l *listener) error {
	w := newWorker(e)
	fl := flow{lis: l}
	var g gatherer
	for {
		n, err := l.udp.readBatch()
		if ctx.Err() != nil {
			return l.udp.closeReader()
		}
		if n == 0 && err == nil {
			continue
		}
		if err != nil { // out of memory, say: no reason to end, nor to spin
			e.stats.readFailed.Add(1)
			select {
			case <-ctx.Done():
			case <-time.After(10 * time.Millisecond):
			}
			continue
		}
		w.begin()
		for i := range n {
			var p []byte
			p, fl.addr = l.udp.datagram(i)
			w.take(p, &fl)
		}
		now := w.ms
		w.end()
		if rest := g.took(n, now); rest > 0 {
			nap(rest)
		}
	}
}

// tick works through timers and orders when no message comes that would do it.
func (e *Edge) tick(ctx context.Context) {
	w := newWorker(e)
	ticks := e.ticks
	if ticks == nil {
		t := time.NewTicker(tickMS * time.Millisecond)
		defer t.Stop()
		ticks = t.C
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks:
		case <-e.wake:
		}
		w.begin()
		w.end()
	}
}

// Cut ends a call by BYE in both directions, or by CANCEL while it rings. Any goroutine may
// call it, also under the edge's lock; it is done within milliseconds.
func (e *Edge) Cut(id tsujiban.CallID, r tsujiban.Reason) {
	e.cutMu.Lock()
	e.cuts = append(e.cuts, cutOrder{id, r})
	e.cutMu.Unlock()
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// Drain takes in no new calls but emergency calls and waits until the running ones
// have ended, or ctx is done; it returns how many were left.
func (e *Edge) Drain(ctx context.Context) int {
	e.mu.Lock()
	e.draining = true
	e.mu.Unlock()
	t := time.NewTicker(50 * time.Millisecond)
	defer t.Stop()
	for {
		e.mu.Lock()
		n := len(e.calls.byID) - e.calls.lost
		e.mu.Unlock()
		if n == 0 {
			return 0
		}
		select {
		case <-ctx.Done():
			return n
		case <-t.C:
		}
	}
}
