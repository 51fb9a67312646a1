package app

import (
	"net/http"
	"net/netip"
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

// TestResellerIsTold: who has several customers gets one digest of them, and of no other's calls, names or strangers; somebody disabled gets none.
func TestResellerIsTold(t *testing.T) {
	post := mailtest.Start(t, mailtest.StartTLS)
	s := newSite(t)
	s.seed.Customers = append(s.seed.Customers, tsujiban.Customer{ID: "kyoto-tofu", Name: "京都豆腐"}, tsujiban.Customer{ID: "naniwa-denki", Name: "浪速電機"})
	s.telling(post, newReceiver(t))
	r := s.start()
	for login, of := range map[string][]tsujiban.CustomerID{"oroshi@example.jp": {"hakata-shokai", "kyoto-tofu"}, "gone@example.jp": {"kyoto-tofu", "naniwa-denki"}} {
		p, _, err := r.door.Invite(t.Context(), people.Actor{Name: "root"}, login, "卸", people.Reseller, tsujiban.Japanese, of)
		if err == nil && login == "gone@example.jp" {
			_, err = r.door.Disable(t.Context(), people.Actor{Name: "root"}, p.ID)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	now := r.App.now()
	r.desk.Refused(&tsujiban.Refusal{Source: netip.MustParseAddr("198.51.100.7"), What: tsujiban.RefusedUnknownSource, Count: 40, UserAgent: "friendly-scanner"}, now)
	r.desk.Registered(&tsujiban.Attempt{Customer: "naniwa-denki", Source: netip.MustParseAddrPort("203.0.113.9:5060"), UserAgent: []byte("naniwa-phone")}, now)
	r.pbx.invite(r.guard, "0106712345678", "0925551234")
	r.pbx.expect("SIP/2.0 4")
	seq, err := r.desk.said(tsujiban.EventSet, now, "test", "the last entry")
	if err != nil {
		t.Fatal(err)
	}
	if behind := r.viewed.wait(t.Context(), seq); behind > 0 {
		t.Fatalf("the view is %d behind", behind)
	}
	to := r.App.now().Add(time.Second)
	if err := r.teller.digest(t.Context(), to.Add(-24*time.Hour), to); err != nil {
		t.Fatal(err)
	}
	var list control.Notices
	if err := r.do(http.MethodGet, "/v1/notices?kind=digest", nil, &list); err != nil {
		t.Fatal(err)
	}
	told := map[string]int{}
	for _, n := range list.Notices {
		told[n.To]++
	}
	if told["oroshi@example.jp"] != 1 || told["gone@example.jp"] != 0 {
		t.Errorf("told are %v", told)
	}
	var text string
	for _, m := range post.Wait(t, len(list.Notices)) {
		if m.To == "oroshi@example.jp" {
			msg := byAddress(t, []mailtest.Mail{m})[m.To]
			if got := subject(t, msg); !strings.Contains(got, "2契約者、要確認 1件") {
				t.Errorf("the subject is %q", got)
			}
			text = plainText(t, msg)
		}
	}
	if !strings.Contains(text, "博多商会") || !strings.Contains(text, "普段どおりの契約者: 1") || strings.Contains(text, "浪速") || strings.Contains(text, "naniwa") || strings.Contains(text, "scanner") || strings.Contains(text, "198.51") {
		t.Errorf("the mail says:\n%s", text)
	}
}
