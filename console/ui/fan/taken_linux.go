package fan

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// kernelBuffer is what the kernel keeps at most for a viewer who does not read, in bytes; it doubles that for its own bookkeeping.
	kernelBuffer = 64 << 10
	// maxSaid is what a viewer may send after the request, in bytes: nothing is asked of it.
	maxSaid = 4 << 10
)

// taken is a connection that was taken over from net/http.
type taken struct {
	conn    net.Conn // as net/http had it
	raw     syscall.RawConn
	crypt   *tls.Conn // nil: plain
	pipe    *pipe     // below crypt
	chunked bool      // the viewer speaks HTTP/1.1

	// Owned by the fan's goroutine.
	rest    []byte // of what is being written
	spare   []byte // of TLS
	waiting []message
	since   time.Time // when it last took something
	broken  bool
	fd      func(uintptr) bool
	out     []byte // of fd: in
	n       int    // of fd: out
	err     error  // of fd: out
}

// takeOver takes the connection of a request over; nil when it cannot be taken over. The head of the answer waits to be written.
func takeOver(w http.ResponseWriter, r *http.Request) (line, error) {
	conn, ok := r.Context().Value(connKey{}).(net.Conn)
	if !ok || r.ProtoMajor != 1 {
		return nil, nil
	}
	l := &taken{conn: conn, chunked: r.ProtoAtLeast(1, 1)}
	tcp, plain := conn.(*net.TCPConn)
	if !plain {
		l.crypt = conn.(*tls.Conn) // as ConnContext has it
		l.pipe = l.crypt.NetConn().(*pipe)
		tcp = l.pipe.TCPConn
	}
	var err error
	if l.raw, err = tcp.SyscallConn(); err != nil {
		return nil, err
	}
	switch _, _, err := http.NewResponseController(w).Hijack(); {
	case errors.Is(err, http.ErrNotSupported):
		return nil, nil
	case err != nil:
		return nil, err
	}
	_ = tcp.SetWriteBuffer(kernelBuffer) // without it the kernel keeps more for who does not read
	if l.crypt != nil {
		l.pipe.turn()
	}
	l.fd = func(fd uintptr) bool {
		for {
			if l.n, l.err = unix.Write(int(fd), l.out); l.err != unix.EINTR {
				return true
			}
		}
	}
	l.put(head(w.Header(), l.chunked))
	return l, nil
}

// head is the head of an answer whose end is the connection's.
func head(h http.Header, chunked bool) []byte {
	var b bytes.Buffer
	h.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	h.Set("Connection", "close")
	version := "1.0"
	if h.Del("Transfer-Encoding"); chunked {
		h.Set("Transfer-Encoding", "chunked")
		version = "1.1"
	}
	fmt.Fprintf(&b, "HTTP/%s 200 OK\r\n", version)
	_ = h.Write(&b) // a buffer takes everything
	b.WriteString("\r\n")
	return b.Bytes()
}

// put begins to write; nothing else is being written.
func (l *taken) put(b []byte) {
	if l.crypt == nil {
		l.rest = b
		return
	}
	if _, err := l.crypt.Write(b); err != nil { // into the pipe
		l.broken = true
	}
	l.rest = l.pipe.take(l.spare)
	l.spare = l.rest
}

func (l *taken) framed(m *message) []byte {
	if l.chunked {
		return m.chunk
	}
	return m.body()
}

func (l *taken) send(m *message, now time.Time) (more, ok bool) {
	if len(l.rest) == 0 {
		l.since = now
		l.put(l.framed(m))
		return l.retry(now)
	}
	if len(l.waiting) >= maxQueue {
		return false, false
	}
	l.waiting = append(l.waiting, *m)
	return true, true
}

func (l *taken) retry(now time.Time) (more, ok bool) {
	for {
		if len(l.rest) == 0 {
			if len(l.waiting) == 0 {
				l.waiting = nil
				return false, true
			}
			l.put(l.framed(&l.waiting[0]))
			l.waiting[0] = message{}
			l.waiting = l.waiting[1:]
		}
		n, err := l.write()
		if err != nil || l.broken {
			return false, false
		}
		if n > 0 || l.since.IsZero() {
			l.since = now
		}
		if l.rest = l.rest[n:]; len(l.rest) > 0 {
			return true, now.Sub(l.since) < maxStall
		}
	}
}

// write writes what the connection takes at once.
func (l *taken) write() (int, error) {
	l.out = l.rest
	l.err = nil
	err := l.raw.Write(l.fd)
	l.out = nil
	switch {
	case err != nil:
		return 0, err // it is closed
	case l.err == unix.EAGAIN:
		return 0, nil
	case l.err != nil:
		return 0, l.err
	}
	return l.n, nil
}

var lastChunk = []byte("0\r\n\r\n")

func (l *taken) end() {
	if len(l.rest) == 0 && l.chunked {
		l.put(lastChunk)
		if l.crypt != nil {
			_ = l.crypt.CloseWrite() // into the pipe; it leaves a deadline
			_ = l.pipe.SetWriteDeadline(time.Time{})
			l.rest = append(l.rest, l.pipe.take(nil)...)
		}
		_, _ = l.write() // it is over in any case
	}
	_ = l.conn.Close()
}

func (l *taken) watch(ctx context.Context) {
	defer context.AfterFunc(ctx, func() { _ = l.conn.SetReadDeadline(time.Unix(1, 0)) })()
	b := make([]byte, 512)
	for said := 0; said < maxSaid; {
		n, err := l.conn.Read(b)
		if err != nil {
			return // it has left, was cut off, or is to go
		}
		said += n
	}
}
