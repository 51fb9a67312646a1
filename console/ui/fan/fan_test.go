package fan

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// hall is a server whose every address is one stream of a fan.
type hall struct {
	*httptest.Server
	fan  *Fan
	came chan *Viewer
	end  context.CancelFunc

	mu   sync.Mutex // guards what follows
	all  []*Viewer
	gone int
}

// how a hall is reached.
const (
	plain    = "plain"
	crypted  = "TLS"
	foreign  = "TLS of somebody else's listener"
	two      = "HTTP/2"
	unhooked = "no ConnContext"
)

func open(t *testing.T, how string) *hall {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	h := &hall{fan: New(nil), came: make(chan *Viewer, 100), end: cancel}
	h.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("X-Frame-Options", "DENY")
		v, err := h.fan.Open(w, r)
		if err != nil {
			t.Error(err)
			return
		}
		h.mu.Lock()
		h.all = append(h.all, v)
		h.mu.Unlock()
		h.fan.Send([]byte("data: welcome\n\n"), v)
		h.came <- v
		v.Watch(r.Context())
		h.mu.Lock()
		h.gone++
		h.mu.Unlock()
	}))
	h.Config.BaseContext = func(net.Listener) context.Context { return ctx }
	if how != unhooked {
		h.Config.ConnContext = ConnContext
	}
	switch how {
	case crypted:
		h.Listener = Listener(h.Listener)
		h.StartTLS()
	case foreign:
		h.StartTLS()
	case two:
		h.EnableHTTP2 = true
		h.StartTLS()
	default:
		h.Start()
	}
	t.Cleanup(func() {
		cancel()
		h.CloseClientConnections()
		h.Close()
		if err := h.fan.Wait(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return h
}

// say sends to all who are there.
func (h *hall) say(text string) {
	h.mu.Lock()
	to := slices.Clone(h.all)
	h.mu.Unlock()
	h.fan.Send([]byte("data: "+text+"\n\n"), to...)
}

// visit opens a stream and reads the welcome.
func (h *hall) visit(t *testing.T, at string) (*http.Response, *bufio.Reader, *Viewer) {
	t.Helper()
	resp, err := h.Client().Get(at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	v := <-h.came
	r := bufio.NewReader(resp.Body)
	if got := event(t, r); got != "welcome" {
		t.Errorf("first came %q", got)
	}
	return resp, r, v
}

// event reads an event.
func event(t *testing.T, r *bufio.Reader) string {
	t.Helper()
	line, err := r.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(strings.TrimPrefix(line, "data: "), "\n")
}

// TestWays: however a viewer comes, it hears the same in the same order, with the answer's headers, and at the end of the program the stream ends as its
// protocol has it. Whether its connection was taken over is as expected.
func TestWays(t *testing.T) {
	for how, takes := range map[string]bool{plain: true, crypted: true, foreign: false, two: false, unhooked: false} {
		t.Run(how, func(t *testing.T) {
			h := open(t, how)
			resp, r, v := h.visit(t, h.URL)
			if _, queued := v.line.(*queue); queued == takes && systemTakes {
				t.Errorf("reached by %T", v.line)
			}
			if want := map[bool]int{true: 2, false: 1}[how == two]; resp.ProtoMajor != want {
				t.Errorf("HTTP/%d", resp.ProtoMajor)
			}
			if resp.Header.Get("X-Frame-Options") != "DENY" || resp.Header.Get("Content-Type") != "text/event-stream" || resp.Header.Get("Date") == "" {
				t.Errorf("headers %v", resp.Header)
			}
			for i := range 200 {
				h.say(fmt.Sprint(i))
				if got := event(t, r); got != fmt.Sprint(i) {
					t.Fatalf("%d came as %q", i, got)
				}
			}
			h.end()
			if rest, err := io.ReadAll(r); err != nil || len(rest) > 0 {
				t.Errorf("at the end %q, %v", rest, err)
			}
		})
	}
}

// TestOldProtocol: who speaks HTTP/1.0, as some proxies do, gets no chunks.
func TestOldProtocol(t *testing.T) {
	h := open(t, plain)
	c := dial(t, h)
	ask(t, c, "GET / HTTP/1.0\r\n\r\n")
	<-h.came
	h.say("hello")
	h.end()
	all, err := io.ReadAll(c)
	head, body, _ := strings.Cut(string(all), "\r\n\r\n")
	if err != nil || !strings.HasPrefix(head, "HTTP/1.0 200") || strings.Contains(head, "chunked") || !strings.HasPrefix(body, "data: welcome\n\n") {
		t.Errorf("%q, %v", all, err)
	}
	if body != "data: welcome\n\n" && body != "data: welcome\n\ndata: hello\n\n" {
		t.Errorf("body %q", body)
	}
}

func dial(t *testing.T, h *hall) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", h.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func ask(t *testing.T, c net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
}

// TestProxy: through a proxy a viewer hears each event as it falls, and is taken off the books when it leaves the proxy.
func TestProxy(t *testing.T) {
	h := open(t, plain)
	to, err := url.Parse(h.URL)
	if err != nil {
		t.Fatal(err)
	}
	way := &http.Transport{}
	defer way.CloseIdleConnections()
	proxy := httptest.NewServer(&httputil.ReverseProxy{Transport: way, Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }})
	defer proxy.Close()
	resp, r, v := h.visit(t, proxy.URL)
	h.say("one")
	if got := event(t, r); got != "one" {
		t.Errorf("%q", got)
	}
	if err := resp.Body.Close(); err != nil {
		t.Error(err)
	}
	<-v.gone
}

// TestSlow: a viewer who does not read holds nobody up, and is cut off when as much waits as may; one who reads late, but in time, misses nothing.
func TestSlow(t *testing.T) {
	for _, how := range []string{plain, crypted, foreign, unhooked} {
		t.Run(how, func(t *testing.T) {
			h := open(t, how)
			slow, _, lost := h.visit(t, h.URL) // it reads no more
			_, r, kept := h.visit(t, h.URL)
			long := strings.Repeat("x", 100_000)
			sent := 0
			for cut := false; !cut; sent++ {
				h.say(fmt.Sprint(sent, " ", long))
				if got, _, _ := strings.Cut(event(t, r), " "); got != fmt.Sprint(sent) {
					t.Fatalf("%d came as %q", sent, got)
				}
				h.fan.Do(func() { cut = lost.over })
				if sent > 1000 {
					t.Fatal("it is never cut off")
				}
			}
			if sent < maxQueue {
				t.Errorf("cut off after %d messages", sent)
			}
			select {
			case <-kept.gone:
				t.Error("the other one was cut off, too")
			default:
			}
			_ = slow.Body.Close() // it was broken off; who is reached through net/http is waited for until its deadline
			<-lost.gone

			// Of what came before it was full nobody misses anything.
			_, late, _ := h.visit(t, h.URL)
			for i := range maxQueue / 2 {
				h.say(fmt.Sprint(i, " ", long))
				event(t, r)
			}
			for i := range maxQueue / 2 {
				if got, rest, _ := strings.Cut(event(t, late), " "); got != fmt.Sprint(i) || rest != long {
					t.Fatalf("%d came as %q and %d bytes", i, got, len(rest))
				}
			}
		})
	}
}

// TestStalled: who takes nothing for too long is cut off, however little waits; who takes a little has time anew.
func TestStalled(t *testing.T) {
	h := open(t, plain)
	_, _, v := h.visit(t, h.URL)
	if !v.stallsAfter(maxStall) {
		t.Error("it may take nothing for ever")
	}
	if v.stallsAfter(maxStall - time.Second) {
		t.Error("it was cut off before its time")
	}
}

// TestChatter: who goes on talking is no viewer.
func TestChatter(t *testing.T) {
	h := open(t, plain)
	c := dial(t, h)
	ask(t, c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	v := <-h.came
	for range maxSaid / 512 * 2 {
		if _, err := c.Write(make([]byte, 512)); err != nil {
			break // it was cut off
		}
	}
	<-v.gone
}

// TestLeaving: who leaves is taken off the books; when nobody is left, nothing runs (see TestMain), and who comes after that is served.
func TestLeaving(t *testing.T) {
	h := open(t, plain)
	for range 3 {
		resp, _, v := h.visit(t, h.URL)
		if err := resp.Body.Close(); err != nil {
			t.Error(err)
		}
		<-v.gone
		if err := h.fan.Wait(t.Context()); err != nil {
			t.Error(err)
		}
		h.fan.mu.Lock()
		if h.fan.running || h.fan.viewers != 0 {
			t.Errorf("running %v, %d viewers", h.fan.running, h.fan.viewers)
		}
		h.fan.mu.Unlock()
	}
}

// TestBeat: who hears nothing for a while hears that the stream is alive.
func TestBeat(t *testing.T) {
	h := open(t, plain)
	_, r, v := h.visit(t, h.URL)
	w := &writer{Fan: h.fan, open: map[*Viewer]struct{}{v: {}}}
	h.fan.Do(func() { v.fed = true; w.beat(); w.beat() }) // the first finds that it was fed
	if line, err := r.ReadString('\n'); err != nil || line != ": still here\n" {
		t.Errorf("%q, %v", line, err)
	}
	if _, err := r.ReadString('\n'); err != nil {
		t.Error(err)
	}
	h.say("more")
	if got := event(t, r); got != "more" {
		t.Errorf("then came %q", got)
	}
}

// TestDo: what is to be done is done behind what was sent, on the goroutine that stands back; a panic is the caller's, and the fan goes on.
func TestDo(t *testing.T) {
	stood := 0
	f := New(func() { stood++ })
	f.Do(func() {})
	func() {
		defer func() {
			if p := recover(); p != "broken" {
				t.Errorf("panicked with %v", p)
			}
		}()
		f.Do(func() { panic("broken") })
	}()
	done := false
	f.Do(func() { done = true })
	if err := f.Wait(t.Context()); err != nil || !done || stood == 0 {
		t.Errorf("done %v, stood back %d times, %v", done, stood, err)
	}
}

// TestWait: the end of the program does not wait for ever.
func TestWait(t *testing.T) {
	h := open(t, plain)
	h.visit(t, h.URL)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.fan.Wait(ctx); err == nil {
		t.Error("somebody watches, and it did not say so")
	}
}
