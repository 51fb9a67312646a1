package app

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"net"
	"net/url"
	"time"

	"tsujiban"
	"tsujiban/api"
	"tsujiban/app/config"
	"tsujiban/app/control"
	"tsujiban/console"
	now "tsujiban/console/desk"
	"tsujiban/console/firms"
	"tsujiban/console/inquiries"
	ledger "tsujiban/console/numbers"
	"tsujiban/console/portal"
	past "tsujiban/console/records"
	shared "tsujiban/console/rules"
	"tsujiban/console/signin"
	"tsujiban/console/staff"
	"tsujiban/console/ui"
	"tsujiban/people"
)

// pages is the console as it runs; zero when the configuration has none.
type pages struct {
	server   *console.Server
	listener net.Listener
	base     *url.URL // how people reach it; nil when there is none
}

// startConsole serves the web pages where the configuration says.
func (a *App) startConsole(ctx context.Context) error {
	c := &a.cfg.Console
	if c.Listen == "" {
		return nil
	}
	secret, err := secretOf(a.cfg.SecretFile())
	if err != nil {
		return err
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return tsujiban.Errorf(tsujiban.CodeUnavailable, "%w; give console.listen another address", err)
	}
	if err := a.openConsole(ctx, secret, l); err != nil {
		return errors.Join(err, l.Close())
	}
	return a.offerFirst(ctx)
}

// openConsole serves the pages at a listener.
func (a *App) openConsole(_ context.Context, secret []byte, l net.Listener) error {
	c := &a.cfg.Console
	a.pages.base = reached(c.PublicURL, l.Addr())
	a.reachedAt.Store(a.pages.base)
	rooms, err := a.rooms()
	if err != nil {
		return err
	}
	o := console.Options{
		Node: ui.Node{
			Name: a.cfg.Node.Name, Zone: a.cfg.Node.TimeZone, Currency: a.cfg.Node.Currency, Version: a.o.Version,
			Key: derived(secret, "console"), Secure: c.Secure(), Clock: a.o.Clock, Log: a.log, StandBack: standFarBack,
		},
		Lang: a.cfg.Node.Language, PublicURL: a.pages.base, Trusted: c.Proxies, Guests: a.guests(),
		Office: func(p *people.Person) *control.Client { return a.Office(p.Login) },
		Limits: a.o.Limits, Rooms: rooms, TLS: a.consoleTLS(c), API: api.Handler(a.APIOptions(callers{a.door})),
	}
	s, err := console.New(o)
	if err != nil {
		return err
	}
	if err := s.Serve(l); err != nil {
		return err
	}
	a.pages.server, a.pages.listener = s, l
	return nil
}

// reached is the address that people type; a port that was left to the machine is known now.
func reached(public *url.URL, at net.Addr) *url.URL {
	u := *public
	if u.Port() == "0" {
		_, port, err := net.SplitHostPort(at.String())
		if err == nil {
			u.Host = net.JoinHostPort(u.Hostname(), port)
		}
	}
	return &u
}

// guests are who is signed in.
func (a *App) guests() console.Guests {
	if a.o.Guests != nil {
		return a.o.Guests
	}
	return signin.Guests{Door: a.door}
}

// rooms are the parts of the console.
func (a *App) rooms() ([]ui.Room, error) {
	o, err := a.signinOptions(a.pages.base)
	if err != nil {
		return nil, err
	}
	in, err := signin.Room(o)
	if err != nil {
		return nil, err
	}
	return []ui.Room{
		now.Room(a.Office("console")),
		firms.Room(),
		past.Room(),
		inquiries.Room(),
		ledger.Room(),
		portal.Room(portal.Options{Door: a.door, Office: a.Office, Log: a.log}),
		shared.Room(a.Office("console")),
		in, staff.Room(a.door, a.pages.base),
	}, nil
}

// derived is a key for one use, made of the secret that digest challenges have, too.
func derived(secret []byte, use string) []byte {
	m := hmac.New(sha256.New, secret)
	m.Write([]byte(use)) // a hash never fails
	return m.Sum(nil)
}

// consoleTLS is nil when the console speaks plain HTTP. The certificate is the one that was read last: a reload reads it again.
func (a *App) consoleTLS(c *config.Console) *tls.Config {
	if c.Certificate == "" {
		return nil
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return a.certs.now.Load().console, nil },
	}
}

// closeTime is how long pages that are being made may take at a stop.
const closeTime = 2 * time.Second

func (a *App) stopConsole() error {
	ctx, cancel := a.bounded(closeTime)
	defer cancel()
	return a.pages.server.Close(ctx)
}

// ConsoleRoutes is the console's table of routes; empty when there is no console.
func (a *App) ConsoleRoutes() []ui.Bound {
	if a.pages.server == nil {
		return nil
	}
	return a.pages.server.Routes()
}
