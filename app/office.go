package app

import (
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"tsujiban"
	"tsujiban/app/control"
)

// office takes the orders of people who sit at the console, inside the program: the same as through the socket, recorded under
// their names. Who may do what was asked before; see package people.
type office struct {
	base   context.Context // done when the program stops
	server *controlServer
	orders http.Handler
	client *control.Client

	mu      sync.Mutex // guards what follows
	closed  bool
	running int
	idle    chan struct{} // closed when closed and nothing runs
}

func newOffice(base context.Context, s *controlServer, orders http.Handler) *office {
	o := &office{base: base, server: s, orders: orders, idle: make(chan struct{})}
	o.client = control.NewLocal(o, "")
	return o
}

// Office gives orders in the name of a person who has signed in, or of a part of the program. It costs an allocation:
// make one for each request.
func (a *App) Office(person string) *control.Client { return a.control.office.client.As(person) }

// ServeHTTP carries out an order. A stream ends with the program; a panic is logged and ends that order only.
func (o *office) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !o.enter() {
		o.server.fail(w, tsujiban.Errorf(tsujiban.CodeUnavailable, "the program is stopping; try again when it is back"))
		return
	}
	defer o.leave()
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(o.base, cancel)()
	defer func() {
		if v := recover(); v == http.ErrAbortHandler {
			panic(v) // a table was broken off
		} else if v != nil {
			o.server.app.log.Error("an order panicked", slog.Any("panic", v), slog.String("path", r.URL.Path), slog.String("stack", string(debug.Stack())))
			panic(v)
		}
	}()
	o.server.local(w)
	r = r.WithContext(ctx)
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	o.orders.ServeHTTP(w, r)
}

func (o *office) enter() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.closed {
		o.running++
	}
	return !o.closed
}

func (o *office) leave() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.running--; o.closed && o.running == 0 {
		close(o.idle)
	}
}

// officeDrain is how long the stop waits for orders: their contexts are done, but one may be telling a page that does not listen.
const officeDrain = time.Second

// stop takes no more orders and returns when those that run have ended.
func (o *office) stop() {
	o.mu.Lock()
	if !o.closed && o.running == 0 {
		close(o.idle)
	}
	o.closed = true
	o.mu.Unlock()
	t := time.NewTimer(officeDrain)
	defer t.Stop()
	select {
	case <-o.idle:
	case <-t.C:
	}
}
