// Package hook tells programs: a POST of JSON, signed as Standard Webhooks asks
// (https://www.standardwebhooks.com), or a message in Slack's shape.
//
// # Where it goes
//
// A webhook is an address that somebody wrote into the configuration, and a request from
// inside the operator's network. So only https passes, redirects are not followed, no proxy
// is asked, and the address is looked at when the connection is made, after the name was
// resolved: private networks are refused unless the configuration names them. On loopback
// http passes, when the configuration says a loopback address in so many words.
package hook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"tsujiban"
	"tsujiban/notify/letter"
	"tsujiban/notify/outbox"
)

// Format is the shape of what is sent.
type Format uint8

// The formats.
const (
	JSON  Format = iota
	Slack        // {"text": …}
)

// Options describe one webhook.
type Options struct {
	ID      string
	URL     string
	Format  Format
	Secrets [][]byte       // each signs; several while they are changed; needed for JSON
	Allowed []netip.Prefix // private networks that it may go to
	Timeout time.Duration  // from the connection to the end of the reply; 10 s when zero
	TLS     *tls.Config    // nil: the machine's certificates
	Clock   func() time.Time
}

// Limits of a reply.
const (
	maxReply  = 16 << 10 // bytes that are read, so that the connection can be used again
	maxReason = 120      // bytes that are kept of what the other side said
)

// Sender sends to one webhook. It is safe for concurrent use.
type Sender struct {
	o    Options
	http *http.Client
}

// ParseSecrets reads the file of a webhook's secret: one a line, each "whsec_" and base64, or text of at least 24 characters.
func ParseSecrets(data []byte) ([][]byte, error) {
	var out [][]byte
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		secret := []byte(line)
		if rest, ok := strings.CutPrefix(line, "whsec_"); ok {
			b, err := base64.StdEncoding.DecodeString(rest)
			if err != nil {
				return nil, tsujiban.Errorf(tsujiban.CodeInvalid, `what follows "whsec_" is not base64`)
			}
			secret = b
		}
		if len(secret) < 24 {
			return nil, tsujiban.Errorf(tsujiban.CodeInvalid, `a secret is shorter than 24 bytes; make one with: printf 'whsec_%%s\n' "$(openssl rand -base64 32)"`)
		}
		out = append(out, secret)
	}
	if len(out) == 0 || len(out) > 4 {
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "there are %d secrets; write one, or up to four while they are changed", len(out))
	}
	return out, nil
}

// New checks the options.
func New(o Options) (*Sender, error) {
	u, err := outbox.WebhookURL(o.URL)
	if err != nil {
		return nil, err
	}
	if o.Format == JSON && len(o.Secrets) == 0 {
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "it has no secret: its receiver could not know who sends")
	}
	if o.Timeout <= 0 {
		o.Timeout = 10 * time.Second
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	onlyLoopback := outbox.Loopback(u)
	d := &net.Dialer{ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error {
		return mayDial(address, onlyLoopback, o.Allowed)
	}}
	return &Sender{o: o, http: &http.Client{
		Transport: &http.Transport{
			DialContext: d.DialContext, TLSClientConfig: o.TLS, DisableCompression: true, MaxIdleConns: 2, IdleConnTimeout: 30 * time.Second,
			MaxResponseHeaderBytes: maxReply, ForceAttemptHTTP2: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Close lets go of idle connections.
func (s *Sender) Close() { s.http.CloseIdleConnections() }

// shared and others are networks that net/netip does not call private and that are nobody's on the internet.
var reserved = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"), netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("100::/64"), netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("fec0::/10"),
}

// mayDial says whether a connection may be made to an address, after names were resolved.
func mayDial(address string, onlyLoopback bool, allowed []netip.Prefix) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	ip := ap.Addr().Unmap().WithZone("")
	if onlyLoopback && ip.IsLoopback() {
		return nil
	}
	in := func(p netip.Prefix) bool { return p.Contains(ip) }
	if slices.ContainsFunc(allowed, in) {
		return nil
	}
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || ip.IsLoopback() || slices.ContainsFunc(reserved, in) {
		return tsujiban.Errorf(tsujiban.CodeForbidden, "%s is no address on the internet; name its network in allow_networks of this webhook if it is meant", ip)
	}
	return nil
}

// Event is the body of a webhook.
type Event struct {
	ID   string          `json:"id"`
	Type string          `json:"type"` // the kind
	At   time.Time       `json:"timestamp"`
	Data json.RawMessage `json:"data"`
}

// Send posts one parcel. When it returns nil the other side has answered 2xx.
func (s *Sender) Send(ctx context.Context, p *letter.Parcel) error {
	body, err := s.body(p)
	if err != nil {
		return outbox.Permanent(err)
	}
	ctx, cancel := context.WithTimeout(ctx, s.o.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.o.URL, bytes.NewReader(body))
	if err != nil {
		return outbox.Permanent(plain(err))
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("User-Agent", "tsujiban")
	if len(s.o.Secrets) > 0 {
		at := strconv.FormatInt(s.o.Clock().Unix(), 10)
		req.Header.Set("webhook-id", p.ID)
		req.Header.Set("webhook-timestamp", at)
		req.Header.Set("webhook-signature", Sign(s.o.Secrets, p.ID, at, body))
	}
	resp, err := s.http.Do(req)
	if err != nil {
		return plain(err)
	}
	defer func() { _ = resp.Body.Close() }()
	said, err := io.ReadAll(io.LimitReader(resp.Body, maxReply))
	switch {
	case resp.StatusCode/100 == 2:
		return nil // taken, however the reply ends
	case err != nil:
		return plain(err)
	case resp.StatusCode == http.StatusGone:
		return outbox.Permanent(fmt.Errorf("answered %d: the other side wants no more", resp.StatusCode))
	case resp.StatusCode/100 == 3:
		return fmt.Errorf("answered %d: redirects are not followed; write the final address", resp.StatusCode)
	}
	return fmt.Errorf("answered %d %s", resp.StatusCode, letter.Foreign(string(said[:min(len(said), maxReason)])))
}

func (s *Sender) body(p *letter.Parcel) ([]byte, error) {
	if s.o.Format == Slack {
		return json.Marshal(map[string]string{"text": p.Letter.Slack()})
	}
	return json.Marshal(Event{ID: p.ID, Type: p.Kind, At: p.At, Data: p.Event})
}

// Sign is the value of the header webhook-signature: "v1," and the base64 of
// HMAC-SHA256(secret, id "." timestamp "." body), for each secret, with spaces between.
func Sign(secrets [][]byte, id, timestamp string, body []byte) string {
	var out []string
	for _, secret := range secrets {
		h := hmac.New(sha256.New, secret)
		h.Write([]byte(id + "." + timestamp + "."))
		h.Write(body)
		out = append(out, "v1,"+base64.StdEncoding.EncodeToString(h.Sum(nil)))
	}
	return strings.Join(out, " ")
}

// plain takes the address out of an error: Slack's addresses are secrets.
func plain(err error) error {
	var ue *url.Error
	if errors.As(err, &ue) {
		return ue.Err
	}
	return err
}
