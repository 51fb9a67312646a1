package app

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"sync/atomic"

	"tsujiban"
	"tsujiban/app/config"
	"tsujiban/edge"
)

// certs are the certificates of one configuration, read from disk. A reload reads them
// again and puts the new ones where handshakes look.
type certs struct {
	listen   []*tls.Config    // nil where the transport is not tls
	carriers []*tls.Config    // likewise
	console  *tls.Certificate // nil where the console has none
}

func loadCerts(c *config.Config) (*certs, error) {
	var out certs
	var errs []error
	for _, l := range c.Listen {
		lc, err := loadListen(&l)
		errs = append(errs, err)
		out.listen = append(out.listen, lc)
	}
	for _, k := range c.Carriers {
		cfg, err := loadCarrier(&k)
		errs = append(errs, err)
		out.carriers = append(out.carriers, cfg)
	}
	if c.Console.Certificate != "" {
		pair, err := loadPair(c.Console.Certificate, c.Console.Key)
		errs = append(errs, err)
		out.console = pair
	}
	return &out, errors.Join(errs...)
}

func loadListen(l *config.Listen) (*tls.Config, error) {
	if l.Transport != "tls" {
		return nil, nil // no TLS is no configuration of it, as edge.Listener says
	}
	pair, err := loadPair(l.Certificate, l.Key)
	if err != nil {
		return nil, err
	}
	cfg := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{*pair}}
	if l.ClientCA != "" {
		// A PBX without certificate may still be known by address or password.
		cfg.ClientAuth = tls.VerifyClientCertIfGiven
		if cfg.ClientCAs, err = loadPool(l.ClientCA); err != nil {
			return nil, err
		}
	}
	return cfg, nil
}

func loadCarrier(k *config.Carrier) (*tls.Config, error) {
	if k.Transport != "tls" {
		return nil, nil // no TLS is no configuration of it, as edge.Carrier says
	}
	cfg := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: k.ServerName}
	if k.CA != "" {
		pool, err := loadPool(k.CA)
		if err != nil {
			return nil, err
		}
		cfg.RootCAs = pool
	}
	if k.Certificate != "" {
		pair, err := loadPair(k.Certificate, k.Key)
		if err != nil {
			return nil, err
		}
		cfg.Certificates = []tls.Certificate{*pair}
	}
	return cfg, nil
}

func loadPair(cert, key string) (*tls.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "certificate %s with key %s: %w; put both right", cert, key, err)
	}
	return &pair, nil
}

func loadPool(name string) (*x509.CertPool, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "%w; name a file that this user may read", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(data) {
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "%s: no certificate in PEM is in it", name)
	}
	return pool, nil
}

// liveCerts is where the handshakes of the listeners look.
type liveCerts struct{ now atomic.Pointer[certs] }

// server makes the TLS configuration of listener i, which follows reloads.
func (l *liveCerts) server(i int) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			return l.now.Load().listen[i], nil
		},
	}
}

func edgeListeners(c *config.Config, live *liveCerts) []edge.Listener {
	var out []edge.Listener
	for i, l := range c.Listen {
		e := edge.Listener{Transport: l.Transport, Address: l.Address, Advertise: l.Advertise}
		if l.Transport == "tls" {
			e.TLS = live.server(i)
		}
		out = append(out, e)
	}
	return out
}

func edgeCarriers(c *config.Config, cs *certs) []edge.Carrier {
	var out []edge.Carrier
	for i, k := range c.Carriers {
		out = append(out, edge.Carrier{
			ID: k.ID, Address: k.Address, Transport: k.Transport, Priority: k.Priority, Weight: k.Weight,
			Probe: k.Probe, Sources: k.Sources, TLS: cs.carriers[i],
		})
	}
	return out
}
