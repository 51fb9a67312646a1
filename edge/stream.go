package edge

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"

	"tsujiban/sipwire"
)

// Limits of a stream connection.
const (
	maxPerSource   = 100              // connections of one address
	queueMessages  = 256              // messages waiting to be written
	messageTimeout = 20 * time.Second // from the first byte of a message to its last
	idleTimeout    = 10 * time.Minute
	dialTimeout    = 5 * time.Second
)

// conn is one TCP or TLS connection. Its reader and its writer are goroutines of their own.
type conn struct {
	lis    *listener
	remote netip.AddrPort
	names  []string // DNS names in the client certificate, when one was given and checked
	queue  chan []byte
	closed chan struct{}
	once   sync.Once

	mu sync.Mutex // guards nc
	nc net.Conn   // nil while it is being dialled
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

	mu      sync.Mutex
	byAddr  map[streamKey]*conn
	sources map[netip.Addr]int
	tls     map[netip.AddrPort]*tls.Config // what a carrier wants when it is dialled
	stopped bool
}

type streamKey struct {
	lis  int
	addr netip.AddrPort
}

func newStreams(e *Edge) *streams {
	return &streams{e: e, byAddr: map[streamKey]*conn{}, sources: map[netip.Addr]int{}, tls: map[netip.AddrPort]*tls.Config{}}
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
		remote := addrPort(nc.RemoteAddr())
		c := &conn{lis: lis, remote: remote, queue: make(chan []byte, queueMessages), closed: make(chan struct{}), nc: nc}
		if !s.put(c) {
			s.e.stats.connRefused.Add(1)
			_ = nc.Close() // over the limit: silence
			continue
		}
		s.start(ctx, c)
	}
}

func addrPort(a net.Addr) netip.AddrPort {
	if t, ok := a.(*net.TCPAddr); ok {
		ap := t.AddrPort()
		return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
	}
	return netip.AddrPort{}
}

// put enters a connection; false when there are too many.
func (s *streams) put(c *conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped || len(s.byAddr) >= s.e.opt.MaxConnections || s.sources[c.remote.Addr()] >= maxPerSource {
		return false
	}
	s.byAddr[streamKey{c.lis.index, c.remote}] = c
	s.sources[c.remote.Addr()]++
	return true
}

func (s *streams) drop(c *conn) {
	c.close()
	s.mu.Lock()
	defer s.mu.Unlock()
	k := streamKey{c.lis.index, c.remote}
	if s.byAddr[k] != c {
		return
	}
	delete(s.byAddr, k)
	if s.sources[c.remote.Addr()]--; s.sources[c.remote.Addr()] <= 0 {
		delete(s.sources, c.remote.Addr())
	}
}

func (s *streams) start(ctx context.Context, c *conn) {
	s.wg.Go(func() {
		defer s.drop(c)
		if !s.open(ctx, c) {
			s.e.stats.dialFailed.Add(1)
			return
		}
		s.wg.Go(func() { s.write(c) })
		s.read(c)
	})
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
	cfg := s.tls[c.remote]
	s.mu.Unlock()
	if cfg == nil {
		cfg = &tls.Config{ServerName: c.remote.Addr().String(), MinVersion: tls.VersionTLS12}
	}
	return tls.Client(nc, cfg), nil
}

// send queues a message on the flow's connection, or on one to its address, dialling when there is none.
func (s *streams) send(f *flow, p []byte) {
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
			s.e.stats.sendLost.Add(1)
			return
		}
	}
	select {
	case c.queue <- append([]byte(nil), p...):
	default: // it does not read: a stream with holes is of no use
		s.e.stats.sendLost.Add(1)
		c.close()
	}
}

func (s *streams) find(f *flow) *conn {
	s.mu.Lock()
	c := s.byAddr[streamKey{f.lis.index, f.addr}]
	ctx := s.e.ctx
	s.mu.Unlock()
	if c != nil || !f.addr.IsValid() || ctx == nil {
		return c
	}
	c = &conn{lis: f.lis, remote: f.addr, queue: make(chan []byte, queueMessages), closed: make(chan struct{})}
	if !s.put(c) {
		return nil
	}
	s.start(ctx, c)
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
	buf := make([]byte, 0, 8192)
	for {
		limit := idleTimeout
		if len(buf) > 0 {
			limit = messageTimeout
		}
		// A slow sender gets no more time by sending a byte now and then.
		if len(buf) == 0 || cap(buf) == 8192 {
			_ = c.nc.SetReadDeadline(time.Now().Add(limit))
		}
		if len(buf) == cap(buf) {
			grown := make([]byte, len(buf), 2*cap(buf))
			copy(grown, buf)
			buf = grown
		}
		n, err := c.nc.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		rest, ok := s.frames(w, c, buf)
		if !ok || err != nil {
			return
		}
		buf = buf[:copy(buf, rest)]
	}
}

// frames works through the whole messages in buf and returns what is left.
func (s *streams) frames(w *worker, c *conn, buf []byte) (rest []byte, ok bool) {
	w.begin()
	defer w.end()
	for len(buf) > 0 {
		skip, n, err := sipwire.Frame(buf)
		if skip >= 4 && n == 0 && skip == len(buf) {
			w.out.add(&flow{lis: c.lis, conn: c, addr: c.remote}, crlf) // RFC 5626 §3.5.1
		}
		buf = buf[skip:]
		if err != nil {
			s.e.stats.streamBroken.Add(1)
			return nil, false
		}
		if n == 0 {
			return buf, true
		}
		w.take(buf[:n], &flow{lis: c.lis, conn: c, addr: c.remote})
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
