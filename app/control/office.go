package control

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// NewLocal makes a client of order handlers in this process: no socket lies between. What it changes is recorded under
// the person's name, which reaches the handler in the request's context ([PersonOf]) and in nothing that travels: nobody who
// speaks through a socket can say that it is that person. Streams come line by line; a context that is done, or a
// body that is closed, ends the handler's context.
func NewLocal(handler http.Handler, person string) *Client {
	c := &Client{person: person, inside: true, http: &http.Client{Transport: inside{handler}, CheckRedirect: stay}, local: new(atomic.Pointer[local])}
	c.local.Store(&local{zone: time.Local})
	return c
}

// As is the same client under another person's name. It shares everything else and costs an allocation, so
// that every request of a page can have its own.
func (c *Client) As(person string) *Client {
	as := *c
	if as.person = person; !c.inside {
		as.person, as.acting = "", person
	}
	return &as
}

type personKey struct{}

// PersonOf is the person in whose name an order comes from inside the program; ok is false for one that came through a socket.
func PersonOf(ctx context.Context) (name string, ok bool) {
	name, ok = ctx.Value(personKey{}).(string)
	return name, ok
}

// inside is a RoundTripper that calls a handler.
type inside struct{ handler http.Handler }

// RoundTrip runs the handler beside the caller and returns when its headers are there.
func (t inside) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(req.Context())
	r := req.Clone(ctx)
	r.RequestURI, r.RemoteAddr = req.URL.RequestURI(), "inside"
	if r.Body == nil {
		r.Body = http.NoBody
	}
	pr, pw := io.Pipe()
	w := &insideWriter{header: http.Header{}, pipe: pw, began: make(chan struct{})}
	w.buf = bufio.NewWriterSize(pw, 4096)
	go func() {
		defer cancel()
		w.finish(t.serve(w, r))
	}()
	stop := context.AfterFunc(ctx, func() { _ = pw.CloseWithError(context.Cause(ctx)) }) // never fails (io.Pipe)
	body := &insideBody{PipeReader: pr, done: func() { stop(); cancel() }}
	select {
	case <-w.began:
	case <-req.Context().Done():
	}
	// Asked again, as select takes either when both are ready: a handler that broke off because the caller left "succeeds" with nothing to say.
	if req.Context().Err() != nil {
		body.done()
		_ = pr.Close() // never fails (io.Pipe)
		return nil, context.Cause(req.Context())
	}
	if w.failed != nil {
		body.done()
		return nil, w.failed
	}
	return &http.Response{
		Status: fmt.Sprintf("%d %s", w.status, http.StatusText(w.status)), StatusCode: w.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.sent, Body: body, ContentLength: -1, Request: req,
	}, nil
}

// serve calls the handler; a panic ends the order and not the program, as in an http.Server.
func (t inside) serve(w http.ResponseWriter, r *http.Request) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("the order %s %s failed: %v", r.Method, r.URL.Path, v)
		}
	}()
	t.handler.ServeHTTP(w, r)
	return nil
}

// insideWriter is what the handler writes to. Only the handler's goroutine uses it; began is closed when what RoundTrip reads is set.
type insideWriter struct {
	header http.Header
	pipe   *io.PipeWriter
	buf    *bufio.Writer

	begin  sync.Once
	began  chan struct{}
	sent   http.Header
	status int
	failed error // instead of a status
}

func (w *insideWriter) Header() http.Header { return w.header }

func (w *insideWriter) WriteHeader(status int) {
	if status < 200 {
		return // informational: there is nobody to inform
	}
	w.begin.Do(func() {
		w.sent, w.status = w.header.Clone(), status
		close(w.began)
	})
}

func (w *insideWriter) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.buf.Write(b)
}

// Flush hands on what was written.
func (w *insideWriter) Flush() { _ = w.FlushError() } // FlushError tells, for who asks

// FlushError is what an http.ResponseController calls.
func (w *insideWriter) FlushError() error {
	w.WriteHeader(http.StatusOK)
	return w.buf.Flush()
}

// finish ends the body. err is why the handler broke off, nil when it did not.
func (w *insideWriter) finish(err error) {
	if err == nil {
		err = w.FlushError()
	} else {
		w.begin.Do(func() {
			w.failed = err
			close(w.began)
		})
	}
	_ = w.pipe.CloseWithError(err) // never fails (io.Pipe)
}

// insideBody ends the handler's context when it is closed.
type insideBody struct {
	*io.PipeReader
	done func()
}

func (b *insideBody) Close() error {
	err := b.PipeReader.Close()
	b.done()
	return err
}
