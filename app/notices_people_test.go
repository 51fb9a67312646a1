package app

import (
	"testing"
	"time"

	"tsujiban/notify/outbox"
	"tsujiban/people"
)

// TestChosen: everybody is told what their role is for and what they have chosen.
func TestChosen(t *testing.T) {
	p := &people.Person{ID: "p1", Login: "sato@example.jp", Role: people.Administrator}
	n := people.DefaultNotices(p)
	n.QuietFrom, n.QuietTo = 22*time.Hour, 7*time.Hour
	r, ok := recipientOf(p, &n)
	if !ok || r.To != "sato@example.jp" || !r.Staff || len(r.Kinds) == 0 || r.QuietTo != 7*time.Hour {
		t.Errorf("%+v", r)
	}
	n.Kinds = []people.NoticeKind{people.NoticeHealth}
	if r, _ = recipientOf(p, &n); len(r.Kinds) != 3 || r.Kinds[0] != outbox.Trouble {
		t.Errorf("%+v", r)
	}
	c := &people.Person{ID: "p2", Login: "not an address", Role: people.CustomerRole}
	n = people.DefaultNotices(c)
	if _, ok := recipientOf(c, &n); ok {
		t.Error("mail would go nowhere")
	}
}
