package edge

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"tsujiban"
)

// authority signs the certificates of a test.
type authority struct {
	t    testing.TB
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	a := &authority{t: t, pool: x509.NewCertPool()}
	a.cert, a.key = a.sign(&x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign, Subject: pkix.Name{CommonName: "authority"}})
	a.pool.AddCert(a.cert)
	return a
}

func (a *authority) sign(c *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	c.SerialNumber = big.NewInt(int64(count.next()))
	c.NotBefore, c.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	parent, signer := c, key
	if a.cert != nil {
		parent, signer = a.cert, a.key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, signer)
	if err != nil {
		a.t.Fatal(err)
	}
	out, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return out, key
}

func (a *authority) certificate(name string) tls.Certificate {
	c := &x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}}
	if ip := net.ParseIP(name); ip != nil {
		c.IPAddresses = []net.IP{ip}
	} else {
		c.DNSNames = []string{name}
	}
	cert, key := a.sign(c)
	return tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key}
}

// server is the configuration of a listener; client that of somebody who connects, with a certificate of his own
// when it has a name.
func (a *authority) server(name string) *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{a.certificate(name)}, ClientCAs: a.pool, ClientAuth: tls.VerifyClientCertIfGiven, MinVersion: tls.VersionTLS12}
}

func (a *authority) client(name, server string) *tls.Config {
	c := &tls.Config{RootCAs: a.pool, ServerName: server, MinVersion: tls.VersionTLS12}
	if name != "" {
		c.Certificates = []tls.Certificate{a.certificate(name)}
	}
	return c
}

// useTLS adds a listener for TLS to a lab.
func (l *lab) useTLS() {
	if l.ca == nil {
		l.ca = newAuthority(l.t)
		l.opt.Listeners = append(l.opt.Listeners, Listener{Transport: "tls", Address: "127.0.0.1:0", TLS: l.ca.server("127.0.0.1")})
	}
}

// A trunk is known by the name in its client certificate, wherever it comes from.
func TestTrunkByCertificate(t *testing.T) {
	l := newLab(t)
	l.useTLS()
	l.dir = append(l.dir, tsujiban.Trunk{ID: "roaming", Customer: "traveller", CertificateName: "PBX.firm.example"})
	l.carrier("carrier", "udp", 1, 0)
	l.start()
	at := l.at("tls")
	others := newAuthority(t)
	for _, c := range []struct {
		name   string
		config *tls.Config
		want   string
	}{
		{"its own", l.ca.client("pbx.firm.example", "127.0.0.1"), "SIP/2.0 100 Trying"},
		{"another's", l.ca.client("pbx.other.example", "127.0.0.1"), ""},
		{"none", l.ca.client("", "127.0.0.1"), ""},
		{"one that somebody else signed", func() *tls.Config {
			c := others.client("pbx.firm.example", "127.0.0.1")
			c.RootCAs = l.ca.pool
			return c
		}(), ""},
	} {
		d := tls.Dialer{NetDialer: &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(labIP["stranger"])}}, Config: c.config}
		nc, err := d.DialContext(t.Context(), "tcp", at)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		conn := nc.(*tls.Conn)
		a := &agent{lab: l, name: "stranger", network: "tls", addr: conn.LocalAddr().String(), dialogs: map[string]*dialog{}}
		_, err = io.WriteString(conn, a.newInvite("", "0398765432").String())
		if err == nil && c.want == "" {
			err = conn.CloseWrite() // the edge sees the end only after it has worked through what came before
		}
		got := ""
		if err == nil {
			got, _ = bufio.NewReader(conn).ReadString('\n') // an alert is as good as an end
		}
		if strings.TrimSpace(got) != c.want {
			t.Errorf("with %s certificate: %q, %v", c.name, got, err)
		}
		if c.want == "" {
			_, _ = io.Copy(io.Discard, conn.NetConn()) // an alert comes before the edge has counted, the connection's end after
		}
		_ = conn.Close()
	}
	if got := l.desk.call(0).attempt; got.Customer != "traveller" || got.Trunk != "roaming" || len(l.desk.order) != 1 {
		t.Errorf("%d calls, the last of %s over %s", len(l.desk.order), got.Customer, got.Trunk)
	}
	if got := l.edge.Stats().Events["tls-failed"]; got != 1 {
		t.Errorf("%d handshakes counted as failed", got)
	}
}

// A carrier whose certificate names somebody else is not trusted: the call goes to the next.
func TestCarrierOfAnotherName(t *testing.T) {
	l := newLab(t)
	l.useTLS()
	pbx := l.agent("pbx", "udp")
	first := l.carrier("carrier", "tls", 1, 0)
	first.tls = l.ca.server("192.0.2.99")
	second := l.carrier("carrier2", "udp", 2, 0)
	l.start()
	m := pbx.newInvite("", "0312345678")
	pbx.sendTo(l.at("udp"), m)
	if got := pbx.receive().what(); got != "100" {
		t.Fatal(got)
	}
	l.commit()
	if raw, err := first.readRaw(patience); err == nil {
		t.Fatalf("the first carrier got\n%s", raw)
	}
	l.advance(3200 * time.Millisecond)
	if got := second.receive(); got.method() != "INVITE" {
		t.Fatal(got.raw)
	}
}
