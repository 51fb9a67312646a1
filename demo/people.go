package demo

import (
	"context"
	"fmt"

	"tsujiban"
	"tsujiban/people"
)

// invite prints a link for each kind of person who looks at the console.
func (s *stage) invite(ctx context.Context) error {
	f := &s.board.firms[victim]
	for _, who := range []struct {
		login string
		name  words
		role  people.Role
		of    []tsujiban.CustomerID
	}{
		{"kanri@demo.invalid", tr("デモの管理者", "Demo administrator"), people.Administrator, nil},
		{"shokai@demo.invalid", tr("デモの照会担当", "Demo inquiry officer"), people.InquiryOfficer, nil},
		{"keiyaku@demo.invalid", words{f.ja + "の担当者", f.en + ", customer"}, people.CustomerRole, []tsujiban.CustomerID{f.id}},
	} {
		link, err := s.app.Demonstrate(ctx, who.login, who.name.in(s.o.Lang), who.role, who.of...)
		if err != nil {
			return fmt.Errorf("console: %w", err)
		}
		s.links = append(s.links, words{who.name.ja + "：" + link, who.name.en + ": " + link})
	}
	s.tellLinks()
	return nil
}

func (s *stage) tellLinks() {
	s.board.say(tr("コンソールをブラウザーで開けます（リンクは一度ずつ使えます）", "The console, in a browser (each link works once)"))
	for _, l := range s.links {
		s.board.say(words{"  " + l.ja, "  " + l.en})
	}
}

// stay keeps the console open after the demo, where somebody sits before a terminal.
func (s *stage) stay(ctx context.Context) error {
	if s.o.Headless || !s.o.Stay {
		return nil
	}
	s.board.say(tr("コンソールは開いたままです。Ctrl-C で終わります", "The console stays open. Ctrl-C ends it"))
	<-ctx.Done()
	return nil
}
