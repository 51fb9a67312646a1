package fan

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
)

// Listener makes connections whose TLS streams can be taken over: put tls.NewListener on top of it.
func Listener(l net.Listener) net.Listener { return listener{l} }

type listener struct{ net.Listener }

func (l listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if tcp, ok := c.(*net.TCPConn); ok {
		return &pipe{TCPConn: tcp}, err
	}
	return c, err
}

// pipe is a connection below TLS. Once it is turned, what is written stays in it for the fan, which writes without waiting.
type pipe struct {
	*net.TCPConn

	mu     sync.Mutex // guards what follows; the reader writes, too (alerts, keys)
	turned bool
	out    []byte
}

func (p *pipe) Write(b []byte) (int, error) {
	p.mu.Lock()
	if !p.turned {
		p.mu.Unlock()
		return p.TCPConn.Write(b)
	}
	defer p.mu.Unlock()
	p.out = append(p.out, b...)
	return len(b), nil
}

func (p *pipe) turn() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.turned = true
}

// take takes what was written; used is what was taken before and is not needed any more.
func (p *pipe) take(used []byte) (out []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	out, p.out = p.out, used[:0]
	return out
}

type connKey struct{}

// ConnContext remembers the connection of a request where it can be taken over; it is an http.Server's ConnContext.
func ConnContext(ctx context.Context, c net.Conn) context.Context {
	switch c := c.(type) {
	case *net.TCPConn:
		return context.WithValue(ctx, connKey{}, c)
	case *tls.Conn:
		if _, ours := c.NetConn().(*pipe); ours {
			return context.WithValue(ctx, connKey{}, c)
		}
	}
	return ctx
}
