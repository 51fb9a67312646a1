package edge

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// wire is an edge whose stream connections are pipes, for tests in a synctest bubble: a write returns when the
// edge has read it, and time passes when everybody waits.
type wire struct {
	*rig
	t   *testing.T
	ctx context.Context
}

func newWire(t *testing.T, desk Desk, change func(*Options)) *wire {
	t.Helper()
	w := &wire{t: t}
	w.rig = newRig(t, desk, func(o *Options) {
		o.Clock = time.Now
		o.Listeners = append(o.Listeners, Listener{Transport: "tcp", Address: "127.0.0.1:0", Advertise: rigAddr})
		if change != nil {
			change(o)
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	w.ctx, w.e.ctx = ctx, ctx
	t.Cleanup(func() {
		cancel()
		w.e.streams.stop()
		w.e.streams.wg.Wait()
		w.e.streams.mu.Lock()
		defer w.e.streams.mu.Unlock()
		if s := w.e.streams; len(s.byAddr)+len(s.sources)+s.strangers != 0 {
			t.Errorf("left: %d connections, %d sources, %d strangers", len(s.byAddr), len(s.sources), s.strangers)
		}
	})
	return w
}

// connect takes a connection from an address, as accept does.
func (w *wire) connect(from string) (net.Conn, bool) {
	near, far := net.Pipe()
	c := newConn(w.e.listeners[1], netip.MustParseAddrPort(from), far)
	c.known = w.e.knows(&flow{lis: c.lis, addr: c.remote})
	w.e.streams.mu.Lock()
	defer w.e.streams.mu.Unlock()
	if !w.e.streams.put(w.ctx, c) {
		return nil, false
	}
	return near, true
}

func (w *wire) mustConnect(from string) net.Conn {
	w.t.Helper()
	c, ok := w.connect(from)
	if !ok {
		w.t.Fatal("the connection is refused")
	}
	return c
}

func (w *wire) write(c net.Conn, text string) {
	w.t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		w.t.Fatal(err)
	}
}

const (
	knownSource = "203.0.113.5:40000"
	otherSource = "192.0.2.66:40000"
)

func ping(n int) string {
	return fmt.Sprintf("OPTIONS sip:%s SIP/2.0\r\nVia: SIP/2.0/TCP 203.0.113.5:40000;branch=z9hG4bK%d\r\nMax-Forwards: 70\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:b@c>\r\n"+
		"Call-ID: %d\r\nCSeq: %d OPTIONS\r\nContent-Length: 4\r\n\r\nbody", rigAddr, n, n, n)
}

func inBubble(t *testing.T, f func(t *testing.T)) { synctest.Test(t, f) }

// A message may come in pieces that end anywhere.
func TestStreamCutAnywhere(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWire(t, &plainDesk{}, nil)
		c := w.mustConnect(knownSource)
		in := bufio.NewReader(c)
		for i := 1; i < len(ping(1000)); i++ {
			m := ping(1000 + i)
			w.write(c, m[:i])
			w.write(c, m[i:])
			raw, err := readFrame(in)
			if err != nil || !strings.Contains(raw, fmt.Sprintf("Call-ID: %d\r\n", 1000+i)) {
				t.Fatalf("cut at %d: %v\n%s", i, err, raw)
			}
		}
		for i, b := range []byte(ping(5)) {
			w.write(c, string([]byte{b}))
			if i == 100 {
				synctest.Wait()
			}
		}
		if raw, err := readFrame(in); err != nil || !strings.Contains(raw, "Call-ID: 5\r\n") {
			t.Fatalf("byte by byte: %v\n%s", err, raw)
		}
	})
}

// Many messages in one piece are worked through in order, with keep-alives between.
func TestStreamPipelined(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWire(t, &plainDesk{}, nil)
		c := w.mustConnect(knownSource)
		var all strings.Builder
		const n = 200
		for i := range n {
			all.WriteString(ping(i) + "\r\n")
		}
		go func() { _, _ = io.WriteString(c, all.String()) }() // the reads below say whether it came
		in := bufio.NewReader(c)
		for i := range n {
			raw, err := readFrame(in)
			if err != nil || !strings.Contains(raw, fmt.Sprintf("Call-ID: %d\r\n", i)) {
				t.Fatalf("answer %d: %v\n%s", i, err, raw)
			}
		}
	})
}

// CRLF CRLF asks for CRLF (RFC 5626 §3.5.1), in one piece or in two; one CRLF asks for nothing and ends nothing.
func TestStreamKeepAlive(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWire(t, &plainDesk{}, nil)
		c := w.mustConnect(knownSource)
		pong := func() {
			t.Helper()
			b := make([]byte, 2)
			if _, err := io.ReadFull(c, b); err != nil || string(b) != "\r\n" {
				t.Fatalf("got %q, %v", b, err)
			}
		}
		w.write(c, "\r\n\r\n")
		pong()
		w.write(c, "\r\n")
		w.write(c, "\r\n")
		pong()
		w.write(c, "\r\n")
		time.Sleep(5 * time.Minute) // of the bubble
		w.write(c, ping(1))
		if raw, err := readFrame(bufio.NewReader(c)); err != nil || !strings.Contains(raw, "Call-ID: 1\r\n") {
			t.Fatalf("after half a keep-alive: %v %s", err, raw)
		}
	})
}

// closedAfter is how long a connection lives when its other side does as said once a second.
func closedAfter(t *testing.T, c net.Conn, each func(second int) string) time.Duration {
	t.Helper()
	start := time.Now()
	gone := make(chan time.Duration, 1)
	go func() {
		_, err := io.Copy(io.Discard, c)
		if err != nil && !errors.Is(err, io.ErrClosedPipe) {
			t.Error(err)
		}
		gone <- time.Since(start)
	}()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case d := <-gone:
			return d.Round(time.Second)
		case <-tick.C:
			if text := each(i); text != "" {
				_, _ = io.WriteString(c, text) // fails when the connection is closed, which is what we wait for
			}
		}
	}
}

// A slow sender gets no more time by sending a byte now and then; who says nothing is waited for longer when he is known.
func TestStreamPatience(t *testing.T) {
	m := ping(1)
	for _, c := range []struct {
		name, from string
		each       func(second int) string
		want       time.Duration
	}{
		{"slow sender", knownSource, func(i int) string { return m[i : i+1] }, messageTimeout + time.Second},
		{"slow sender, after whole messages", knownSource, func(i int) string {
			if i < 30 {
				return m
			}
			return m[i-30 : i-29]
		}, 31*time.Second + messageTimeout},
		{"slow sender of a large message", knownSource, func(i int) string {
			if i == 0 {
				return "OPTIONS sip:a SIP/2.0\r\nSubject: " + strings.Repeat("x", 7_000)
			}
			return strings.Repeat("y", 500)
		}, messageTimeout + time.Second},
		{"silent stranger", otherSource, func(int) string { return "" }, provenTimeout},
		{"stranger that only keeps alive", otherSource, func(int) string { return "\r\n\r\n" }, provenTimeout},
		{"stranger that asks", otherSource, func(i int) string {
			if i%10 == 9 {
				return m
			}
			return ""
		}, provenTimeout},
		{"silent neighbour", knownSource, func(int) string { return "" }, idleTimeout},
		{"neighbour that keeps alive", knownSource, func(i int) string {
			if i < 1_000 {
				return "\r\n\r\n"
			}
			return ""
		}, 1_000*time.Second + idleTimeout},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				w := newWire(t, &plainDesk{}, nil)
				if got := closedAfter(t, w.mustConnect(c.from), c.each); got != c.want {
					t.Errorf("closed after %s, wanted %s", got, c.want)
				}
			})
		})
	}
}

// What is no SIP ends the connection: where the next message starts is not known any more.
func TestStreamGarbage(t *testing.T) {
	for name, text := range map[string]string{
		"no Content-Length":        "OPTIONS sip:a SIP/2.0\r\nVia: x\r\n\r\n",
		"two Content-Lengths":      "OPTIONS sip:a SIP/2.0\r\nContent-Length: 1\r\nl: 2\r\n\r\n",
		"negative Content-Length":  "OPTIONS sip:a SIP/2.0\r\nContent-Length: -1\r\n\r\n",
		"a body beyond every size": "OPTIONS sip:a SIP/2.0\r\nContent-Length: 99999999999\r\n\r\n",
		"headers without end":      strings.Repeat("X-Y: zzzzzzzzzzzzzzzzzzzzzzzzzz\r\n", 5_000),
		"binary":                   strings.Repeat("\x16\x03\x01\x02", 40_000),
		"HTTP":                     "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
		"much, by a stranger":      "OPTIONS sip:a SIP/2.0\r\nContent-Length: 60000\r\n\r\n" + strings.Repeat("x", 10_000),
	} {
		from := knownSource
		if strings.HasSuffix(name, "stranger") {
			from = otherSource
		}
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				w := newWire(t, &plainDesk{}, nil)
				c := w.mustConnect(from)
				go func() { _, _ = io.WriteString(c, text) }() // ends when the edge closes
				if b, err := io.ReadAll(c); err != nil || len(b) > 0 {
					t.Errorf("answered with %q, %v", b, err)
				}
				if got := w.e.Stats().Events["stream-broken"]; got != 1 {
					t.Errorf("%d streams counted as broken", got)
				}
			})
		})
	}
}

// A connection whose other side does not read is closed, and holds nobody up.
func TestStreamThatDoesNotRead(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWire(t, &plainDesk{}, nil)
		deaf, hearing := w.mustConnect("203.0.113.6:40000"), w.mustConnect(knownSource)
		in := bufio.NewReader(hearing)
		closed := false
		for i := 0; i < 2*queueMessages && !closed; i++ {
			_, err := io.WriteString(deaf, ping(i))
			closed = errors.Is(err, io.ErrClosedPipe)
			w.write(hearing, ping(i))
			if _, err := readFrame(in); err != nil {
				t.Fatal(err)
			}
		}
		if !closed {
			t.Error("a connection that does not read is fed for ever")
		}
	})
	inBubble(t, func(t *testing.T) { // and when it takes only a little
		w := newWire(t, &plainDesk{}, nil)
		c := w.mustConnect(knownSource)
		w.write(c, ping(1))
		start := time.Now()
		for {
			if _, err := io.WriteString(c, "\r\n\r\n"); err != nil {
				break
			}
			time.Sleep(time.Second) // of the bubble
		}
		if d := time.Since(start); d > messageTimeout+2*time.Second {
			t.Errorf("closed after %s", d)
		}
	})
}

// Connections are bounded by source and in all; strangers leave room for those that are known.
func TestStreamLimits(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWire(t, &plainDesk{}, func(o *Options) { o.MaxConnections = 400 })
		count := func(from func(i int) string, n int) (taken int) {
			for i := range n {
				if _, ok := w.connect(from(i)); ok {
					taken++
				}
			}
			return taken
		}
		if n := count(func(i int) string { return fmt.Sprintf("192.0.2.66:%d", 1_000+i) }, 500); n != maxPerSource {
			t.Errorf("%d connections from one source", n)
		}
		if n := count(func(i int) string { return fmt.Sprintf("10.0.%d.%d:1000", i/250, i%250) }, 1_000); n != 300-maxPerSource {
			t.Errorf("%d connections from strangers", n)
		}
		if n := count(func(i int) string { return fmt.Sprintf("203.0.113.%d:%d", i%8, 1_000+i) }, 200); n != 100 {
			t.Errorf("%d connections from neighbours", n)
		}
		time.Sleep(2 * provenTimeout) // of the bubble: strangers that say nothing lose their places
		if n := count(func(i int) string { return fmt.Sprintf("10.0.7.%d:1000", i%250) }, 50); n != 50 {
			t.Errorf("%d connections from strangers later", n)
		}
	})
}

// A stranger that sends too much loses his connection.
func TestStreamFlood(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWire(t, &plainDesk{}, nil)
		c := w.mustConnect(otherSource)
		m := strings.ReplaceAll(ping(1), "OPTIONS", "REGISTER")
		n := 0
		for ; n < 100; n++ {
			if _, err := io.WriteString(c, m); err != nil {
				break
			}
			synctest.Wait()
		}
		if n > askBurst+1 {
			t.Errorf("%d messages were read", n)
		}
	})
}
