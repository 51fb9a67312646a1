package app

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/app/config"
	"tsujiban/console/signin"
	"tsujiban/people"
)

// startPeople makes the door. Its key lies beside the store: without it no link can be
// signed and no one-time secret be read.
func (a *App) startPeople(context.Context) error {
	secret, err := secretOf(filepath.Join(a.cfg.Node.Data, "people.key"))
	if err != nil {
		return err
	}
	keys, err := people.NewKeys(secret)
	if err != nil {
		return err
	}
	c := &a.cfg.Console
	a.door = people.NewDoor(people.Options{
		Store: a.store, Keys: keys, Clock: a.now, Second: c.Second, Terms: people.Terms{Idle: c.Idle, Absolute: c.Absolute},
		Record: a.recordPeople,
	})
	return nil
}

// Door is where people come in.
func (a *App) Door() *people.Door { return a.door }

// sweepEvery is how often what is over is deleted.
const sweepEvery = time.Hour

// sweepPeople deletes ended sessions, used links and the like, at most once an hour.
func (a *App) sweepPeople(ctx context.Context) error {
	if now := a.now(); now.Sub(a.swept) >= sweepEvery {
		a.swept = now
		return a.door.Sweep(ctx)
	}
	return nil
}

// signinOptions are what the pages of signing in need. base is how people reach them.
func (a *App) signinOptions(base *url.URL) (signin.Options, error) {
	o := signin.Options{Door: a.door, PublicURL: base, Name: a.cfg.Node.Name}
	c := a.cfg.Console.OIDC
	if c.Issuer == "" {
		return o, nil
	}
	secret := ""
	if c.SecretFile != "" {
		b, err := config.ReadFile(c.SecretFile, 4096)
		if err != nil {
			return o, err
		}
		secret = strings.TrimSpace(string(b))
	}
	o.OIDC = &signin.OIDC{Name: c.Name, Issuer: c.Issuer, ClientID: c.ClientID, ClientSecret: secret, Claim: c.Claim, Create: c.Create}
	return o, nil
}

// Demonstrate adds a person for a demonstration and returns the link that signs them in, once.
func (a *App) Demonstrate(ctx context.Context, login, name string, role people.Role, customers ...tsujiban.CustomerID) (string, error) {
	text, err := a.door.Demonstrate(ctx, login, name, role, a.cfg.Node.Language, customers...)
	if err != nil {
		return "", err
	}
	return signin.Link(a.pages.base, people.LinkEnter, text), nil
}

// offerFirst prints the link that makes the first administrator, at each start until there
// is one. It goes to standard error and not to the log, which others may read.
func (a *App) offerFirst(ctx context.Context) error {
	text, err := a.door.FirstLink(ctx)
	if err != nil || text == "" {
		return err
	}
	say := "There is no administrator yet. Open this link within 24 hours to become the first; it works once:"
	if a.cfg.Node.Language == tsujiban.Japanese {
		say = "管理者がまだ登録されていません。24 時間以内に次のリンクを開いて登録してください（使えるのは一度だけです）:"
	}
	if _, err := fmt.Fprintf(a.o.Stderr, "\n%s\n  %s\n\n", say, signin.Link(a.pages.base, people.LinkFirst, text)); err != nil {
		a.log.Warn("the link of the first start could not be printed", slog.Any("error", err))
	}
	return nil
}
