package control

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"tsujiban"
)

// ActingHeader names the person for whom root acts (sudo); the program believes it only
// of root and of its own user.
const ActingHeader = "Tsujiban-Acting-For"

// maxReply is the longest reply that is read, and the longest line of a stream.
const maxReply = 256 << 20

// Headers of every reply: how people at that node write time and money.
const (
	ZoneHeader     = "Tsujiban-Time-Zone"
	CurrencyHeader = "Tsujiban-Currency"
)

// Client speaks with a running program. It is safe for concurrent use.
type Client struct {
	socket string
	acting string
	person string // of a client inside the program
	inside bool
	http   *http.Client
	local  *atomic.Pointer[local]
}

// local is what the headers of the last reply said.
type local struct {
	zone     *time.Location
	currency string
}

// Zone is the time zone of the node; this machine's until the program has answered.
func (c *Client) Zone() *time.Location { return c.local.Load().zone }

// Currency is the currency of the node; empty until the program has answered.
func (c *Client) Currency() string { return c.local.Load().currency }

func (c *Client) learn(h http.Header) {
	name, currency := h.Get(ZoneHeader), h.Get(CurrencyHeader)
	if known := c.local.Load(); name == "" || known.zone.String() == name && known.currency == currency {
		return
	}
	if zone, err := time.LoadLocation(name); err == nil {
		c.local.Store(&local{zone: zone, currency: currency})
	}
}

// NewClient makes a client of the program at a unix socket. Acting is the person for whom
// this user acts, usually $SUDO_USER; it may be empty.
func NewClient(socket, acting string) *Client {
	t := &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", socket)
		},
		DisableCompression: true,
	}
	c := &Client{socket: socket, acting: acting, http: &http.Client{Transport: t, CheckRedirect: stay}, local: new(atomic.Pointer[local])}
	c.local.Store(&local{zone: time.Local})
	return c
}

// stay follows no redirect: the program gives none, but for a path like /v1/customers/../rules, which would lead to an order that nobody gave.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// Close lets go of idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Do sends in as JSON (nothing when nil) and reads the reply into out (when not nil).
// Errors carry the code that the program gave.
func (c *Client) Do(ctx context.Context, method, path string, in, out any) (err error) {
	resp, err := c.send(ctx, method, path, in)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, resp.Body.Close()) }()
	if out == nil {
		_, err = io.Copy(io.Discard, resp.Body)
		return err
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxReply)).Decode(out); err != nil {
		return tsujiban.Errorf(tsujiban.CodeInternal, "the program's reply cannot be read: %w; do both have the same version?", err)
	}
	return nil
}

// Download sends in as JSON (nothing when nil) and gives the body of the reply, a file, and the name that it is to have. The caller closes the
// body; an error while reading it says that the file is not whole.
func (c *Client) Download(ctx context.Context, method, path string, in any) (body io.ReadCloser, name string, err error) {
	resp, err := c.send(ctx, method, path, in)
	if err != nil {
		return nil, "", err
	}
	_, params, err := mime.ParseMediaType(resp.Header.Get("Content-Disposition"))
	if err == nil {
		name = params["filename"]
	}
	return resp.Body, name, nil
}

// Stream calls each with every line of the reply until it ends, each fails or ctx is done.
func (c *Client) Stream(ctx context.Context, path string, each func(Raw) error) error {
	return c.Follow(ctx, path, func() error { return nil }, each)
}

// Follow is Stream with began, which is called once the program has begun to tell: nothing that happens from then on is missed.
func (c *Client) Follow(ctx context.Context, path string, began func() error, each func(Raw) error) (err error) {
	resp, err := c.send(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, resp.Body.Close()) }()
	if err := began(); err != nil {
		return err
	}
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, maxReply)
	for lines.Scan() {
		if err := each(lines.Bytes()); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return nil
	}
	return lines.Err()
}

func (c *Client) send(ctx context.Context, method, path string, in any) (*http.Response, error) {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return nil, fmt.Errorf("request: %w", err)
		}
		body = bytes.NewReader(b)
	}
	if c.inside {
		ctx = context.WithValue(ctx, personKey{}, c.person)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://tsujiban"+path, body)
	if err != nil {
		return nil, fmt.Errorf("request: %w", err)
	}
	if c.acting != "" {
		req.Header.Set(ActingHeader, c.acting)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, c.explain(err)
	}
	c.learn(resp.Header)
	if resp.StatusCode/100 == 2 {
		return resp, nil
	}
	if resp.StatusCode/100 == 3 {
		return nil, errors.Join(tsujiban.Errorf(tsujiban.CodeNotFound, "there is no such thing"), resp.Body.Close())
	}
	var f Failure
	err = json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&f)
	if cerr := resp.Body.Close(); err != nil || cerr != nil {
		return nil, tsujiban.Errorf(tsujiban.CodeInternal, "the program answered %s", resp.Status)
	}
	return nil, f.Err()
}

// explain says what to do when nobody answers.
func (c *Client) explain(err error) error {
	switch {
	case c.inside && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)):
		return tsujiban.Errorf(tsujiban.CodeUnavailable, "the order was broken off: %w", err)
	case c.inside:
		return fmt.Errorf("the program does not answer itself: %w", err)
	case errors.Is(err, os.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return tsujiban.Errorf(tsujiban.CodeUnavailable,
			"tsujiban is not running: nobody answers at %s; start it with \"tsujiban serve -config FILE\", or name its socket with -socket", c.socket)
	case errors.Is(err, os.ErrPermission):
		return tsujiban.Errorf(tsujiban.CodeForbidden,
			"this user may not use %s; use sudo, or be named in users under [control]", c.socket)
	}
	return tsujiban.Errorf(tsujiban.CodeUnavailable, "no answer from %s: %w", c.socket, err)
}
