package app

import (
	"context"
	"time"

	"tsujiban"
	"tsujiban/api"
	"tsujiban/app/control"
	"tsujiban/people"
	"tsujiban/store"
	"tsujiban/store/sqlite"
)

// APIOptions are what the API needs of this program, but for who its callers are.
func (a *App) APIOptions(callers api.Callers) api.Options {
	return api.Options{
		Version: a.o.Version, Callers: callers, Replies: replies{a.store}, Clock: a.o.Clock, Log: a.log,
		Office: func(p *people.Person) *control.Client { return a.Office(p.Login) }, Second: a.door,
	}
}

// replies keeps the API's answers in the store.
type replies struct{ store *sqlite.Store }

func (r replies) Begin(ctx context.Context, person, key string, hash [32]byte, now, old time.Time, most int) (*api.Kept, error) {
	before, err := r.store.BeginReply(ctx, person, key, hash, now, old, most)
	if tsujiban.CodeOf(err) == tsujiban.CodeExists {
		err = api.ErrTooManyReplies
	}
	return (*api.Kept)(before), err
}

func (r replies) End(ctx context.Context, person, key string, k *api.Kept) error {
	return r.store.EndReply(ctx, person, key, (*store.Reply)(k))
}

func (r replies) Drop(ctx context.Context, person, key string) error {
	return r.store.DropReply(ctx, person, key)
}

// callers finds the owners of tokens.
type callers struct{ door *people.Door }

func (k callers) Caller(ctx context.Context, secret string) (*api.Caller, error) {
	c, err := k.door.TokenCaller(ctx, secret)
	if err != nil {
		return nil, err
	}
	return &api.Caller{Person: &c.Person, Token: c.Token.ID, Scope: c.May}, nil
}
