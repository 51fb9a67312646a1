package app

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/notify/mailtest"
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

// TestPersonsAreTold: a customer's person reads the day's digest in the language of that person, beside the contact; what waits for a second person is told to
// those who may approve it, and not to who proposed it.
func TestPersonsAreTold(t *testing.T) {
	post := mailtest.Start(t, mailtest.StartTLS)
	s := newSite(t)
	s.telling(post, newReceiver(t))
	r := s.start()
	person := func(login string, role people.Role, lang tsujiban.Lang, of ...tsujiban.CustomerID) people.Person {
		p, _, err := r.door.Invite(t.Context(), people.Actor{Name: "root"}, login, "Ken "+login, role, lang, of)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	person("ken@hakata.example.jp", people.CustomerRole, tsujiban.English, "hakata-shokai")
	first, second := person("first@example.jp", people.Administrator, tsujiban.Japanese), person("second@example.jp", people.Administrator, tsujiban.English)
	to := r.App.now()
	if err := r.teller.digest(t.Context(), to.Add(-24*time.Hour), to); err != nil {
		t.Fatal(err)
	}
	subjectTo := func(to, has string) {
		t.Helper()
		for n := 1; ; n++ {
			got := post.Wait(t, n)[n-1]
			if got.To == to && strings.Contains(subject(t, byAddress(t, []mailtest.Mail{got})[to]), has) {
				return
			}
		}
	}
	subjectTo("ken@hakata.example.jp", "nothing unusual")
	subjectTo("soumu@hakata.example.jp", "普段どおり")
	if _, err := r.door.Propose(t.Context(), &first, people.ActReleaseClosed, "hakata-shokai", "<b>mended", people.Order{Method: "DELETE", Path: "/v1/customers/hakata-shokai/restriction", Body: []byte(`{"note":"x"}`)}); err != nil {
		t.Fatal(err)
	}
	subjectTo(second.Login, "second person")
	var list control.Notices
	if err := r.do(http.MethodGet, "/v1/notices?kind=proposal", nil, &list); err != nil {
		t.Fatal(err)
	}
	told := map[string]bool{}
	for _, n := range list.Notices {
		told[n.To] = true
	}
	if told[first.Login] || !told[second.Login] || !told["noc@example.jp"] || told["ken@hakata.example.jp"] {
		t.Errorf("told are %v", told)
	}
}
