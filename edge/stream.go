package edge

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"tsujiban/sipwire"
)

// Limits of a stream connection.
const (
	maxPerSource   = 100              // connections of one address
	queueMessages  = 256              // messages waiting to be written
	messageTimeout = 20 * time.Second // from the first byte of a message to its last
	idleTimeout    = 10 * time.Minute
	provenTimeout  = time.Minute // until somebody known must have spoken on a connection
	dialTimeout    = 5 * time.Second
	readBuffer     = 8192
)

// conn is one TCP or TLS connection. Its reader and its writer are goroutines of their own.
type conn struct {
	lis    *listener
	remote netip.AddrPort
	names  []string // DNS names in the client certificate, when one was given and checked
	queue  chan []byte
	closed chan struct{}
	once   sync.Once
	proven atomic.Bool // somebody known has spoken on it
	opened time.Time
	ours   bool // dialled by the edge
	known  bool // its source is that of a trunk or carrier

	mu sync.Mutex // guards nc
	nc net.Conn   // nil while it is being dialled
}

func newConn(lis *listener, remote netip.AddrPort, nc net.Conn) *conn {
	return &conn{lis: lis, remote: remote, nc: nc, ours: nc == nil, opened: time.Now(), queue: make(chan []byte, queueMessages), closed: make(chan struct{})}
}

func (c *conn) close() {
	c.once.Do(func() {
		close(c.closed)
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.nc != nil {
			_ = c.nc.Close() // nothing more is wanted from it
		}
	})
}

// streams is the table of connections.
type streams struct {
	e  *Edge
	wg sync.WaitGroup

	mu         sync.Mutex
	byAddr     map[streamKey]*conn
	sources    map[netip.Addr]int
	strangers  int                            // connections from sources that are not known
	carrierTLS map[netip.AddrPort]*tls.Config // what a carrier wants when it is dialled
	trunkNames map[netip.AddrPort]string      // whom the certificate of a PBX must name when it is dialled
	stopped    bool
}

type streamKey struct {
	lis  int
	addr netip.AddrPort
}

func newStreams(e *Edge) *streams {
	return &streams{e: e, byAddr: map[streamKey]*conn{}, sources: map[netip.Addr]int{}}
}

// accept takes connections until the listener is closed.
func (s *streams) accept(ctx context.Context, lis *listener) {
	for {
		nc, err := lis.stream.Accept()
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return
			}
			s.e.stats.acceptFailed.Add(1)
			select { // out of file descriptors, say: the next may work
			case <-ctx.Done():
				return
			case <-time.After(100 * time.Millisecond):
				continue
			}
		}
		c := newConn(lis, addrPort(nc.RemoteAddr()), nc)
		c.known = s.e.knows(&flow{lis: lis, addr: c.remote})
		s.mu.Lock()
		ok := s.put(ctx, c)
		s.mu.Unlock()
		if !ok {
			s.e.stats.connRefused.Add(1)
			_ = nc.Close() // over the limit: silence
		}
	}
}

// knows tells whether a source is that of a trunk, a carrier or a phone.
func (e *Edge) knows(fl *flow) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	w := worker{e: e, ms: e.ms}
	return w.identify(fl).known()
}

func addrPort(a net.Addr) netip.AddrPort {
	if t, ok := a.(*net.TCPAddr); ok {
		ap := t.AddrPort()
		return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
	}
	return netip.AddrPort{}
}

// put enters a connection and starts it; false when there are too many. Strangers never get all of
// the places. s.mu is held.
func (s *streams) put(ctx context.Context, c *conn) bool {
	limit := s.e.opt.MaxConnections
	switch {
	case s.stopped, len(s.byAddr) >= limit, s.sources[c.remote.Addr()] >= maxPerSource:
		return false
	case !c.known && !c.ours && s.strangers >= limit-limit/4:
		return false
	}
	if !c.known && !c.ours {
		s.strangers++
	}
	s.byAddr[streamKey{c.lis.index, c.remote}] = c
	s.sources[c.remote.Addr()]++
	s.wg.Add(1)
	go func() {
		defer s.wg.Done()
		defer s.drop(c)
		s.run(ctx, c)
	}()
	return true
}

func (s *streams) drop(c *conn) {
	c.close()
	s.mu.Lock()
	defer s.mu.Unlock()
	k := streamKey{c.lis.index, c.remote}
	if s.byAddr[k] == c {
		delete(s.byAddr, k)
	}
	if !c.known && !c.ours {
		s.strangers--
	}
	if s.sources[c.remote.Addr()]--; s.sources[c.remote.Addr()] <= 0 {
		delete(s.sources, c.remote.Addr())
	}
}

func (s *streams) run(ctx context.Context, c *conn) {
	if !s.open(ctx, c) {
		s.unreachable(c)
		return
	}
	var writer sync.WaitGroup
	writer.Go(func() { s.write(c) })
	s.read(c)
	c.close()
	writer.Wait()
}

// unreachable gives up the requests that wait for a connection which does not come to be (RFC 3261 §8.1.3.1).
func (s *streams) unreachable(c *conn) {
	c.close() // nothing is added from here on, but what is being added now
	w := newWorker(s.e)
	w.begin()
	defer w.end()
	for {
		select {
		case p := <-c.queue:
			w.notSent(p)
		default:
			return
		}
	}
}

// open dials a connection that we start, or shakes hands on one that we took.
func (s *streams) open(ctx context.Context, c *conn) bool {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	c.mu.Lock()
	nc := c.nc
	c.mu.Unlock()
	if nc == nil {
		var err error
		if nc, err = s.dial(ctx, c); err != nil {
			s.e.stats.dialFailed.Add(1)
			s.e.opt.Log.Warn("cannot connect", "transport", c.lis.transport, "remote", c.remote.String(), "err", err)
			return false
		}
		c.mu.Lock()
		c.nc = nc
		c.mu.Unlock()
		select {
		case <-c.closed: // closed while it was dialled
			_ = nc.Close()
			return false
		default:
		}
	}
	if t, ok := nc.(*tls.Conn); ok {
		if err := t.HandshakeContext(ctx); err != nil {
			s.e.stats.tlsFailed.Add(1)
			return false
		}
		if st := t.ConnectionState(); len(st.VerifiedChains) > 0 {
			c.names = st.PeerCertificates[0].DNSNames
		}
	}
	return true
}

func (s *streams) dial(ctx context.Context, c *conn) (net.Conn, error) {
	nc, err := (&net.Dialer{}).DialContext(ctx, "tcp", c.remote.String())
	if err != nil || c.lis.transport != "tls" {
		return nc, err
	}
	s.mu.Lock()
	cfg, name := s.carrierTLS[c.remote], s.trunkNames[c.remote]
	s.mu.Unlock()
	if name == "" {
		name = c.remote.Addr().String()
	}
	if cfg == nil {
		cfg = &tls.Config{ServerName: name, MinVersion: tls.VersionTLS12}
	}
	return tls.Client(nc, cfg), nil
}

// send queues a message on the flow's connection, or on one to its address, dialling when there is none. False: it could
// not; the connection, if there is one, is then to be closed.
func (s *streams) send(f *flow, p []byte) (*conn, bool) {
	c := f.conn
	if c != nil {
		select {
		case <-c.closed:
			c = nil
		default:
		}
	}
	if c == nil {
		if c = s.find(f); c == nil {
			return nil, false
		}
	}
	select {
	case c.queue <- append([]byte(nil), p...):
		return c, true
	default:
		return c, false
	}
}

// find is the connection to a flow's address, dialled when there is none.
func (s *streams) find(f *flow) *conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.byAddr[streamKey{f.lis.index, f.addr}]; c != nil || !f.addr.IsValid() || s.e.ctx == nil {
		return c
	}
	c := newConn(f.lis, f.addr, nil)
	if !s.put(s.e.ctx, c) {
		return nil
	}
	return c
}

func (s *streams) write(c *conn) {
	for {
		select {
		case <-c.closed:
			return
		case p := <-c.queue:
			bufs := net.Buffers{p}
			for len(bufs) < 32 && len(c.queue) > 0 {
				bufs = append(bufs, <-c.queue)
			}
			_ = c.nc.SetWriteDeadline(time.Now().Add(messageTimeout))
			if _, err := bufs.WriteTo(c.nc); err != nil {
				c.close()
				return
			}
		}
	}
}

// read frames messages until the connection ends, is idle, or sends what is no SIP.
func (s *streams) read(c *conn) {
	w := newWorker(s.e)
	buf := make([]byte, 0, readBuffer)
	fresh := true // the next byte is the first of a message
	for {
		if fresh {
			// Set once for a message: a slow sender gets no more time by sending a byte now and then.
			_ = c.nc.SetReadDeadline(c.deadline(idle(buf))) // fails only on a closed connection, as the read will
		}
		if len(buf) == cap(buf) {
			if !c.trusted() { // a stranger gets no more memory than this
				s.e.stats.streamBroken.Add(1)
				return
			}
			buf = slices.Grow(buf, cap(buf))
		}
		n, err := c.nc.Read(buf[len(buf):cap(buf)])
		began := idle(buf)
		buf = buf[:len(buf)+n]
		rest, ok := s.frames(w, c, buf)
		if !ok || err != nil {
			return
		}
		fresh = len(rest) == 0 || began || len(rest) < len(buf)
		if len(rest) == 0 && cap(buf) > readBuffer {
			buf = make([]byte, 0, readBuffer)
			continue
		}
		buf = buf[:copy(buf, rest)]
	}
}

// idle tells whether nothing is waiting but half a keep-alive.
func idle(buf []byte) bool { return len(buf) == 0 || string(buf) == "\r\n" }

// deadline is when the connection ends unless something comes. A stranger has a minute to show who he is,
// whatever he sends.
func (c *conn) deadline(idle bool) time.Time {
	limit := messageTimeout
	if idle {
		limit = idleTimeout
	}
	end := time.Now().Add(limit)
	if last := c.opened.Add(provenTimeout); !c.trusted() && last.Before(end) {
		return last
	}
	return end
}

// trusted tells whether somebody known is at the other end.
func (c *conn) trusted() bool { return c.known || c.ours || c.proven.Load() }

// frames works through the whole messages in buf and returns what is left.
func (s *streams) frames(w *worker, c *conn, buf []byte) (rest []byte, ok bool) {
	w.begin()
	defer w.end()
	fl := &flow{lis: c.lis, conn: c, addr: c.remote}
	for len(buf) > 0 {
		skip, n, err := sipwire.Frame(buf)
		if err != nil {
			s.e.stats.streamBroken.Add(1)
			return nil, false
		}
		if n == 0 && skip == len(buf) {
			// Keep-alives (RFC 5626 §3.5.1): CRLF CRLF asks for one back, in one piece or two.
			if s.e.stats.keepAlive.Add(1); skip >= 4 {
				w.out.add(fl, crlf)
				return nil, true
			}
			return buf, true
		}
		buf = buf[skip:]
		if n == 0 {
			return buf, true
		}
		w.take(buf[:n], fl)
		buf = buf[n:]
	}
	return nil, true
}

// stop closes every connection and waits for their goroutines.
func (s *streams) stop() {
	s.mu.Lock()
	s.stopped = true
	for _, c := range s.byAddr {
		defer c.close()
	}
	s.mu.Unlock()
}
