// Package mailtest is a real mail server on loopback for tests: it keeps what it takes, and
// answers as it is told.
package mailtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// The only user of the server.
const (
	User     = "guard"
	Password = "s3cret"
)

// Security is how the server speaks.
type Security uint8

// The ways.
const (
	Clear Security = iota
	StartTLS
	TLS
)

// Mail is a message that was taken.
type Mail struct {
	From, To string   // To is the last recipient,
	All      []string // these are all
	Text     string
	Secure   bool
}

// Server is a running mail server.
type Server struct {
	Addr  *net.TCPAddr
	Roots *x509.CertPool
	cert  tls.Certificate

	mu   sync.Mutex
	got  []Mail
	rcpt func(to string) error
	data func(Mail) error
	new  chan struct{} // closed at the next message
}

// Start runs a server until the test ends.
func Start(t *testing.T, way Security) *Server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Addr: l.Addr().(*net.TCPAddr), new: make(chan struct{})}
	s.cert = s.certificate(t)
	conf := &tls.Config{Certificates: []tls.Certificate{s.cert}}
	srv := smtp.NewServer(s)
	srv.Domain, srv.ErrorLog, srv.MaxLineLength = "mx.example.jp", quiet{}, 1000
	switch way {
	case StartTLS:
		srv.TLSConfig = conf
	case TLS:
		l = tls.NewListener(l, conf)
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = srv.Serve(l) }() // ends with the test
	t.Cleanup(func() { _ = srv.Close(); <-done })
	return s
}

// OnRcpt sets what recipients are answered, nil: taken.
func (s *Server) OnRcpt(f func(to string) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rcpt = f
}

// OnData sets what a message is answered that was read whole, nil: taken.
func (s *Server) OnData(f func(Mail) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.data = f
}

// Got is what was taken so far.
func (s *Server) Got() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Mail(nil), s.got...)
}

// Wait returns what was taken once that is n messages.
func (s *Server) Wait(t *testing.T, n int) []Mail {
	t.Helper()
	limit := time.After(30 * time.Second)
	for {
		s.mu.Lock()
		got, next := append([]Mail(nil), s.got...), s.new
		s.mu.Unlock()
		if len(got) >= n {
			return got
		}
		select {
		case <-next:
		case <-limit:
			t.Fatalf("%d messages came, not %d", len(got), n)
		}
	}
}

// CA writes the server's certificate to a file.
func (s *Server) CA(t *testing.T, name string) {
	t.Helper()
	b := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.cert.Certificate[0]})
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func (s *Server) certificate(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	s.Roots = x509.NewCertPool()
	s.Roots.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// NewSession is called by the server for each connection.
func (s *Server) NewSession(c *smtp.Conn) (smtp.Session, error) {
	_, secure := c.TLSConnectionState()
	return &session{s: s, m: Mail{Secure: secure}}, nil
}

type session struct {
	s *Server
	m Mail
}

func (c *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (c *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != User || password != Password {
			return smtp.ErrAuthFailed
		}
		return nil
	}), nil
}

func (c *session) Reset()        { c.m = Mail{Secure: c.m.Secure} }
func (c *session) Logout() error { return nil }

func (c *session) Mail(from string, _ *smtp.MailOptions) error {
	c.m.From = from
	return nil
}

func (c *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	c.m.To = to
	c.m.All = append(c.m.All, to)
	c.s.mu.Lock()
	f := c.s.rcpt
	c.s.mu.Unlock()
	if f != nil {
		return f(to)
	}
	return nil
}

func (c *session) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	c.m.Text = string(b)
	c.s.mu.Lock()
	f := c.s.data
	c.s.mu.Unlock()
	if f != nil {
		if err := f(c.m); err != nil {
			return err
		}
	}
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	c.s.got = append(c.s.got, c.m)
	close(c.s.new)
	c.s.new = make(chan struct{})
	return nil
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}
