// Package mail hands letters to a mail server: SMTP (RFC 5321) with STARTTLS (RFC 3207) or
// TLS from the start (RFC 8314), and in the clear only to a server on this machine. The
// message is what RFC 5322 and RFC 2047 ask for, in Japanese too; automatic answers do not
// come back (RFC 3834).
package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"net/textproto"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"tsujiban"
	"tsujiban/notify/letter"
	"tsujiban/notify/outbox"
)

// Security is how the connection is protected.
type Security uint8

// The ways.
const (
	StartTLS Security = iota // begins in the clear and must become TLS
	TLS                      // from the first byte
	None                     // in the clear: to this machine only
)

// Options say where mail goes out. All but User, Password, ReplyTo, TLS and List are needed.
type Options struct {
	Host           string
	Port           int
	Security       Security
	User, Password string
	From           mail.Address
	ReplyTo        *mail.Address
	Hello          string        // our name in EHLO
	List           string        // the node's name in List-Id
	Timeout        time.Duration // for one message, from the connection to the last answer
	TLS            *tls.Config   // nil: the machine's certificates
}

// Sender sends through one mail server. It is safe for concurrent use.
type Sender struct{ o Options }

// New checks the options.
func New(o Options) (*Sender, error) {
	switch {
	case o.Host == "" || o.Port < 1 || o.Port > 65535:
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "mail: the server's host and port are missing")
	case o.From.Address == "":
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "mail: there is no sender's address")
	case o.Security == None && o.User != "":
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "mail: a password does not go over a connection in the clear")
	case o.Timeout <= 0:
		o.Timeout = 30 * time.Second
	}
	return &Sender{o}, nil
}

// Send hands over one letter. When it returns nil the server has taken it. An error for
// which trying again is of no use is marked [outbox.Permanent].
func (s *Sender) Send(ctx context.Context, p *letter.Parcel) error {
	m, err := s.message(p)
	if err != nil {
		return outbox.Permanent(err)
	}
	ctx, cancel := context.WithTimeout(ctx, s.o.Timeout)
	defer cancel()
	c, err := s.client(ctx)
	if err != nil {
		return err
	}
	conn, err := c.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return explain(err)
	}
	err = c.SendWithSMTPClient(conn, m)
	// The letter is with the server, or it is not: how the goodbye went changes nothing.
	_ = c.CloseWithSMTPClient(conn)
	return explain(err)
}

// client makes a client for one message: its connection ends with ctx.
func (s *Sender) client(ctx context.Context) (*gomail.Client, error) {
	o := &s.o
	conf := &tls.Config{}
	if o.TLS != nil {
		conf = o.TLS.Clone()
	}
	conf.ServerName, conf.MinVersion = o.Host, tls.VersionTLS12
	dial := func(dctx context.Context, network, address string) (net.Conn, error) {
		d := net.Dialer{}
		conn, err := d.DialContext(dctx, network, address)
		if err != nil {
			return nil, err
		}
		if o.Security == None && !onThisMachine(conn.RemoteAddr()) {
			return nil, errors.Join(fmt.Errorf("%s is not this machine: mail does not go there in the clear", conn.RemoteAddr()), conn.Close())
		}
		// A server that stops answering in the middle must not hold us beyond ctx.
		stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
		conn = &bound{Conn: conn, stop: stop}
		if o.Security == TLS {
			t := tls.Client(conn, conf)
			if err := t.HandshakeContext(dctx); err != nil {
				return nil, errors.Join(err, conn.Close())
			}
			return t, nil
		}
		return conn, nil
	}
	opts := []gomail.Option{
		gomail.WithPort(o.Port), gomail.WithTimeout(o.Timeout), gomail.WithTLSConfig(conf), gomail.WithDialContextFunc(dial), gomail.WithoutNoop(), gomail.WithoutSMTPUTF8(),
	}
	if o.Hello != "" {
		opts = append(opts, gomail.WithHELO(o.Hello))
	}
	switch o.Security {
	case TLS:
		opts = append(opts, gomail.WithSSL())
	case StartTLS:
		opts = append(opts, gomail.WithTLSPolicy(gomail.TLSMandatory))
	default:
		opts = append(opts, gomail.WithTLSPolicy(gomail.NoTLS))
	}
	if o.User != "" {
		opts = append(opts, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(o.User), gomail.WithPassword(o.Password))
		if o.Security == TLS { // the library does not see that our dialler has encrypted
			opts = append(opts, gomail.WithSMTPAuth(gomail.SMTPAuthPlain))
		}
	}
	return gomail.NewClient(o.Host, opts...)
}

// bound is a connection that lets go of its context when it is closed.
type bound struct {
	net.Conn
	stop func() bool
}

func (b *bound) Close() error {
	b.stop()
	return b.Conn.Close()
}

func onThisMachine(a net.Addr) bool {
	ap, err := netip.ParseAddrPort(a.String())
	return err == nil && ap.Addr().Unmap().IsLoopback()
}

// message writes the letter as a message. Every text that goes into a header is one line.
func (s *Sender) message(p *letter.Parcel) (*gomail.Msg, error) {
	to, err := address(p.To)
	if err != nil {
		return nil, err
	}
	html, err := p.Letter.HTML()
	if err != nil {
		return nil, err
	}
	m := gomail.NewMsg(gomail.WithCharset(gomail.CharsetUTF8), gomail.WithEncoding(gomail.EncodingB64), gomail.WithNoDefaultUserAgent())
	from := s.o.From
	from.Name = letter.Clean(from.Name)
	m.FromMailAddress(&from)
	to.Name = letter.Clean(p.Name)
	m.ToMailAddress(to)
	if s.o.ReplyTo != nil {
		m.ReplyToMailAddress(s.o.ReplyTo)
	}
	_, domain, _ := strings.Cut(from.Address, "@")
	m.SetMessageIDWithValue(atom(p.ID) + "@" + domain)
	m.SetDateWithValue(p.At)
	m.Subject(letter.Clean(p.Letter.Subject))
	m.SetGenHeader("Auto-Submitted", "auto-generated")
	m.SetGenHeader("X-Auto-Response-Suppress", "All")
	m.SetGenHeaderPreformatted("List-Id", "<"+atom(p.Kind)+"."+atom(s.o.List)+".tsujiban."+domain+">")
	if p.Urgent {
		m.SetImportance(gomail.ImportanceHigh)
	}
	m.SetBodyString(gomail.TypeTextPlain, p.Letter.Text())
	m.AddAlternativeString(gomail.TypeTextHTML, html)
	return m, nil
}

// address reads an address for the envelope: one, in ASCII, without a name.
func address(s string) (*mail.Address, error) {
	if err := outbox.ValidAddress(s); err != nil {
		return nil, err
	}
	return &mail.Address{Address: s}, nil
}

// atom keeps what may stand in an id.
func atom(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, s)
	if s == "" {
		return "node"
	}
	return s[:min(len(s), 64)]
}

// explain marks what trying again will not cure: the server has refused this recipient or
// this message for good (5yz). A wrong password, a certificate or a server that is not there
// are for the operator to put right, and are tried again.
func explain(err error) error {
	if err == nil {
		return nil
	}
	var se *gomail.SendError
	if errors.As(err, &se) {
		code := se.ErrorCode()
		final := se.Reason == gomail.ErrSMTPRcptTo || se.Reason == gomail.ErrSMTPData || se.Reason == gomail.ErrSMTPDataClose || se.Reason == gomail.ErrSMTPMailFrom
		if code >= 500 && code <= 559 && final && code != 530 && code != 535 {
			return outbox.Permanent(err)
		}
		return err
	}
	var te *textproto.Error
	if errors.As(err, &te) {
		return fmt.Errorf("the mail server answered %d %s", te.Code, te.Msg)
	}
	return err
}
