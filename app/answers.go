package app

import (
	"net/url"

	"tsujiban/console/portal"
	"tsujiban/console/signin"
	"tsujiban/notify"
	"tsujiban/notify/outbox"
	"tsujiban/people"
)

// answers makes the links of "was this you?" for one mail; none where there is no console that they could lead to.
func (a *App) answers(_ *outbox.Notice, f *notify.Facts) (notify.Answers, error) {
	base := a.answerBase()
	if base == nil || f.Customer == "" {
		return notify.Answers{}, nil
	}
	text, err := a.door.ReplyLink(portal.Subject(f.Customer, f.Entry))
	if err != nil {
		return notify.Answers{}, err
	}
	link := signin.Link(base, people.LinkReply, text)
	return notify.Answers{Yes: link + "?answer=yes", No: link + "?answer=no"}, nil
}

// answerBase is how people reach the console, known also while it has not begun; nil when there is none.
func (a *App) answerBase() *url.URL {
	if base := a.reachedAt.Load(); base != nil {
		return base
	}
	if c := &a.o.Config.Console; c.Listen != "" && c.PublicURL.Port() != "0" {
		return c.PublicURL
	}
	return nil
}
