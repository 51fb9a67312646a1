package storetest

import (
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tsujiban"
	"tsujiban/people"
)

func somebody(id string, role people.Role) people.Person {
	p := people.Person{ID: id, Login: id + "@example.jp", Name: "佐藤 " + id, Role: role, Language: tsujiban.English, Created: noon}
	if !role.Staff() {
		p.Customers = []tsujiban.CustomerID{"a"}
	}
	return p
}

// change and view run f in a transaction and fail the test when it does.
func change(t *testing.T, s *subject, f func(people.Tx) error) {
	t.Helper()
	ok(t, s.ChangePeople(ctx, f))
}

func view[T any](t *testing.T, s *subject, f func(people.Tx) (T, error)) (v T) {
	t.Helper()
	ok(t, s.ViewPeople(ctx, func(tx people.Tx) (err error) {
		v, err = f(tx)
		return err
	}))
	return v
}

func persons(t *testing.T, s *subject) {
	sato, abe := somebody("sato", people.Administrator), somebody("abe", people.Reseller)
	change(t, s, func(tx people.Tx) error {
		ok(t, tx.AddPerson(&sato))
		return tx.AddPerson(&abe)
	})
	same(t, view(t, s, people.Tx.Persons), []people.Person{abe, sato})
	same(t, view(t, s, people.Tx.Administrators), 1)
	sato.Disabled, sato.Name, sato.Language = noon.Add(time.Hour), "佐藤 花子", tsujiban.Japanese
	abe.Customers = []tsujiban.CustomerID{"a", "b"}
	change(t, s, func(tx people.Tx) error {
		ok(t, tx.PutPerson(&sato))
		return tx.PutPerson(&abe)
	})
	same(t, view(t, s, func(tx people.Tx) (people.Person, error) { return tx.Person("sato") }), sato)
	same(t, view(t, s, func(tx people.Tx) (people.Person, error) { return tx.PersonByLogin("abe@example.jp") }), abe)
	same(t, view(t, s, people.Tx.Administrators), 0)

	double := somebody("sato2", people.Viewer)
	double.Login = sato.Login
	fails(t, s.ChangePeople(ctx, func(tx people.Tx) error { return tx.AddPerson(&double) }), tsujiban.CodeExists, sato.Login)
	abe.Login = sato.Login
	fails(t, s.ChangePeople(ctx, func(tx people.Tx) error { return tx.PutPerson(&abe) }), tsujiban.CodeExists, sato.Login)
	gone := somebody("nobody", people.Viewer)
	fails(t, s.ChangePeople(ctx, func(tx people.Tx) error { return tx.PutPerson(&gone) }), tsujiban.CodeNotFound, "nobody")
	fails(t, s.ViewPeople(ctx, func(tx people.Tx) error { _, err := tx.Person("nobody"); return err }), tsujiban.CodeNotFound)
	fails(t, s.ViewPeople(ctx, func(tx people.Tx) error { return tx.AddPerson(&gone) }), tsujiban.CodeUnavailable)
	for field, spoil := range map[string]func(*people.Person){
		"login":     func(p *people.Person) { p.Login = "Sato@example.jp" },
		"name":      func(p *people.Person) { p.Name = "a\x1b[2J" },
		"role":      func(p *people.Person) { p.Role = 99 },
		"customers": func(p *people.Person) { p.Customers = []tsujiban.CustomerID{"'; DROP TABLE persons"} },
	} {
		p := somebody("x", people.Viewer)
		spoil(&p)
		fails(t, s.ChangePeople(ctx, func(tx people.Tx) error { return tx.AddPerson(&p) }), tsujiban.CodeInvalid, field+": ")
	}
	// What fails leaves nothing behind.
	fails(t, s.ChangePeople(ctx, func(tx people.Tx) error {
		ok(t, tx.AddPerson(&gone))
		return tsujiban.Errorf(tsujiban.CodeConflict, "no")
	}), tsujiban.CodeConflict)
	same(t, len(view(t, s, people.Tx.Persons)), 2)

	n := people.Notices{Person: "abe", Mail: "abe@example.com", Language: tsujiban.English, QuietFrom: 22 * time.Hour, QuietTo: 7*time.Hour + 30*time.Minute, Kinds: []people.NoticeKind{people.NoticeLimit}}
	fails(t, s.ViewPeople(ctx, func(tx people.Tx) error { _, err := tx.Notices("abe"); return err }), tsujiban.CodeNotFound)
	for range 2 {
		n.Language = tsujiban.Japanese
		change(t, s, func(tx people.Tx) error { return tx.PutNotices(&n) })
		same(t, view(t, s, func(tx people.Tx) (people.Notices, error) { return tx.Notices("abe") }), n)
	}
	s.reopen(t)
	same(t, view(t, s, func(tx people.Tx) (people.Person, error) { return tx.Person("sato") }), sato)
}

func secrets(t *testing.T, s *subject) {
	sato, abe := somebody("sato", people.Analyst), somebody("abe", people.Viewer)
	change(t, s, func(tx people.Tx) error {
		ok(t, tx.AddPerson(&sato))
		return tx.AddPerson(&abe)
	})
	fails(t, s.ViewPeople(ctx, func(tx people.Tx) error { _, err := tx.Secrets("sato"); return err }), tsujiban.CodeNotFound)
	x := people.Secrets{Person: "sato", Handle: []byte{0, 1, 255}, Epoch: 3, Password: "$argon2id$", TOTP: []byte{9}, TOTPStep: 77, OIDC: "https://id.example.jp 42"}
	y := people.Secrets{Person: "abe", Handle: []byte{2}, TOTP: []byte{}}
	change(t, s, func(tx people.Tx) error {
		ok(t, tx.PutSecrets(&x))
		x.Epoch++
		ok(t, tx.PutSecrets(&x))
		return tx.PutSecrets(&y)
	})
	same(t, view(t, s, func(tx people.Tx) (people.Secrets, error) { return tx.Secrets("sato") }), x)
	same(t, view(t, s, func(tx people.Tx) (people.Secrets, error) { return tx.Secrets("abe") }), y)
	same(t, view(t, s, func(tx people.Tx) (string, error) { return tx.PersonByHandle(x.Handle) }), "sato")
	same(t, view(t, s, func(tx people.Tx) (string, error) { return tx.PersonByOIDC(x.OIDC) }), "sato")
	y.OIDC = x.OIDC
	fails(t, s.ChangePeople(ctx, func(tx people.Tx) error { return tx.PutSecrets(&y) }), tsujiban.CodeExists)

	k := people.Passkey{ID: []byte("key"), Person: "sato", Name: "電話", Added: noon, Data: []byte(`{}`)}
	change(t, s, func(tx people.Tx) error { return tx.AddPasskey(&k) })
	fails(t, s.ChangePeople(ctx, func(tx people.Tx) error { return tx.AddPasskey(&k) }), tsujiban.CodeExists)
	k.Used, k.Data = noon.Add(time.Minute), []byte(`{"count":1}`)
	change(t, s, func(tx people.Tx) error { return tx.PutPasskey(&k) })
	same(t, view(t, s, func(tx people.Tx) ([]people.Passkey, error) { return tx.Passkeys("sato") }), []people.Passkey{k})
	fails(t, s.ChangePeople(ctx, func(tx people.Tx) error { return tx.DeletePasskey("abe", k.ID) }), tsujiban.CodeNotFound)
	change(t, s, func(tx people.Tx) error { return tx.DeletePasskey("sato", k.ID) })
	same(t, view(t, s, func(tx people.Tx) ([]people.Passkey, error) { return tx.Passkeys("sato") }), nil)

	change(t, s, func(tx people.Tx) error { return tx.PutRecovery("sato", [][]byte{{1}, {2}}) })
	change(t, s, func(tx people.Tx) error { return tx.PutRecovery("sato", [][]byte{{3}, {4}, {5}}) })
	fails(t, s.ChangePeople(ctx, func(tx people.Tx) error { return tx.UseRecovery("sato", []byte{1}) }), tsujiban.CodeNotFound)
	change(t, s, func(tx people.Tx) error { return tx.UseRecovery("sato", []byte{3}) })
	fails(t, s.ChangePeople(ctx, func(tx people.Tx) error { return tx.UseRecovery("sato", []byte{3}) }), tsujiban.CodeNotFound)
	fails(t, s.ChangePeople(ctx, func(tx people.Tx) error { return tx.UseRecovery("abe", []byte{4}) }), tsujiban.CodeNotFound)
	same(t, view(t, s, func(tx people.Tx) (int, error) { return tx.RecoveryLeft("sato") }), 2)
}

func sessions(t *testing.T, s *subject) {
	sato := somebody("sato", people.Analyst)
	from := people.From{Address: "192.0.2.7", Agent: "Firefox\x00<script>"}
	var list []people.Session
	change(t, s, func(tx people.Tx) error {
		ok(t, tx.AddPerson(&sato))
		for i := range 3 {
			x := people.Session{ID: fmt.Sprint("s", i), Hash: []byte{byte(i)}, Person: "sato", Began: noon.Add(time.Duration(i) * time.Second), Seen: noon, Proved: noon, Method: people.ByPasskey, From: from}
			ok(t, tx.AddSession(&x))
			x.From.Agent = "Firefox�<script>"
			list = append([]people.Session{x}, list...)
		}
		return nil
	})
	same(t, view(t, s, func(tx people.Tx) ([]people.Session, error) { return tx.Sessions("sato") }), list)
	list[0].Seen, list[0].Proved, list[0].Method = noon.Add(time.Hour), noon.Add(time.Minute), people.ByTOTP
	change(t, s, func(tx people.Tx) error { return tx.PutSession(&list[0]) })
	same(t, view(t, s, func(tx people.Tx) (people.Session, error) { return tx.Session([]byte{2}) }), list[0])
	fails(t, s.ChangePeople(ctx, func(tx people.Tx) error { return tx.EndSession("abe", "s0") }), tsujiban.CodeNotFound)
	change(t, s, func(tx people.Tx) error { return tx.EndSession("sato", "s0") })
	fails(t, s.ViewPeople(ctx, func(tx people.Tx) error { _, err := tx.Session([]byte{0}); return err }), tsujiban.CodeNotFound)
	change(t, s, func(tx people.Tx) error {
		n, err := tx.EndSessions("sato", "s2")
		same(t, n, 1)
		return err
	})
	same(t, len(view(t, s, func(tx people.Tx) ([]people.Session, error) { return tx.Sessions("sato") })), 1)

	change(t, s, func(tx people.Tx) error {
		for i := range 5 {
			e := people.SignIn{At: noon.Add(time.Duration(i) * time.Minute), Person: []string{"sato", ""}[i%2], Kind: people.FailedKind, Method: people.ByPassword, From: from, Note: fmt.Sprint(i)}
			ok(t, tx.AddSignIn(&e))
		}
		return nil
	})
	page := view(t, s, func(tx people.Tx) ([]people.SignIn, error) { return tx.SignIns("sato", 0, 2) })
	same(t, page[0].Note+page[1].Note, "42")
	page = view(t, s, func(tx people.Tx) ([]people.SignIn, error) { return tx.SignIns("sato", page[1].ID, 2) })
	same(t, page, []people.SignIn{{ID: page[0].ID, At: noon, Person: "sato", Kind: people.FailedKind, Method: people.ByPassword, From: people.From{Address: "192.0.2.7", Agent: "Firefox�<script>"}, Note: "0"}})
	same(t, len(view(t, s, func(tx people.Tx) ([]people.SignIn, error) { return tx.SignIns("", 0, 0) })), 5)

	strike := people.Strikes{Count: 3, Last: noon}
	change(t, s, func(tx people.Tx) error { return tx.PutStrikes("lane", strike) })
	same(t, view(t, s, func(tx people.Tx) (people.Strikes, error) { return tx.Strikes("lane") }), strike)
	change(t, s, func(tx people.Tx) error { return tx.PutStrikes("lane", people.Strikes{}) })
	same(t, view(t, s, func(tx people.Tx) (people.Strikes, error) { return tx.Strikes("lane") }), people.Strikes{})
}

func tokens(t *testing.T, s *subject) {
	sato := somebody("sato", people.Analyst)
	k := people.Token{ID: "t1", Hash: []byte{1}, Person: "sato", Name: "監視", Scopes: []people.Right{people.SeeLive, people.SeeCases}, Created: noon, Until: noon.Add(time.Hour)}
	change(t, s, func(tx people.Tx) error {
		ok(t, tx.AddPerson(&sato))
		return tx.AddToken(&k)
	})
	fails(t, s.ChangePeople(ctx, func(tx people.Tx) error { return tx.AddToken(&k) }), tsujiban.CodeExists)
	k.Used = noon.Add(time.Second)
	change(t, s, func(tx people.Tx) error { return tx.TouchToken("t1", k.Used) })
	same(t, view(t, s, func(tx people.Tx) (people.Token, error) { return tx.Token([]byte{1}) }), k)
	same(t, view(t, s, func(tx people.Tx) ([]people.Token, error) { return tx.Tokens("sato") }), []people.Token{k})
	fails(t, s.ChangePeople(ctx, func(tx people.Tx) error { return tx.DeleteToken("abe", "t1") }), tsujiban.CodeNotFound)
	change(t, s, func(tx people.Tx) error { return tx.DeleteToken("sato", "t1") })
	fails(t, s.ViewPeople(ctx, func(tx people.Tx) error { _, err := tx.Token([]byte{1}); return err }), tsujiban.CodeNotFound)
	change(t, s, func(tx people.Tx) error { return tx.AddToken(&k) })
	change(t, s, func(tx people.Tx) error {
		n, err := tx.DeleteTokens("sato")
		same(t, n, 1)
		return err
	})
}

// links checks that of many who use a link at once one does.
func links(t *testing.T, s *subject) {
	var won, lost atomic.Int32
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			err := s.ChangePeople(ctx, func(tx people.Tx) error { return tx.UseLink("link", noon) })
			switch {
			case err == nil:
				won.Add(1)
			case tsujiban.CodeOf(err) == tsujiban.CodeConflict:
				lost.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	same(t, won.Load(), 1)
	same(t, lost.Load(), 15)
	same(t, view(t, s, func(tx people.Tx) (bool, error) { return tx.LinkUsed("link") }), true)
	same(t, view(t, s, func(tx people.Tx) (bool, error) { return tx.LinkUsed("other") }), false)
}

func proposals(t *testing.T, s *subject) {
	p := people.Proposal{
		Act: people.ActReleaseClosed, Subject: "a", Order: people.Order{Method: "DELETE", Path: "/v1/customers/a/restriction", Body: json.RawMessage(`{"note":"<b>"}`)},
		Note: "PBX は直りました", By: "sato", At: noon, Until: noon.Add(time.Hour), State: people.Waiting,
	}
	q := p
	q.Order.Body, q.Until = nil, noon.Add(2*time.Hour)
	change(t, s, func(tx people.Tx) error {
		ok(t, tx.AddProposal(&p))
		return tx.AddProposal(&q)
	})
	same(t, view(t, s, func(tx people.Tx) ([]people.Proposal, error) { return tx.Proposals(false) }), []people.Proposal{q, p})
	p.State, p.Second, p.Decided, p.Answer, p.Outcome = people.Approved, "abe", noon.Add(time.Minute), "はい", "released"
	change(t, s, func(tx people.Tx) error { return tx.PutProposal(&p) })
	same(t, view(t, s, func(tx people.Tx) (people.Proposal, error) { return tx.Proposal(p.ID) }), p)
	same(t, view(t, s, func(tx people.Tx) ([]people.Proposal, error) { return tx.Proposals(false) }), []people.Proposal{q})
	same(t, view(t, s, func(tx people.Tx) ([]people.Proposal, error) { return tx.Proposals(true) }), []people.Proposal{q, p})
	bad := p
	bad.Act = "anything"
	fails(t, s.ChangePeople(ctx, func(tx people.Tx) error { return tx.AddProposal(&bad) }), tsujiban.CodeInvalid, "act: ")
	bad = p
	bad.Order.Body = json.RawMessage(`{`)
	fails(t, s.ChangePeople(ctx, func(tx people.Tx) error { return tx.AddProposal(&bad) }), tsujiban.CodeInvalid, "order: ")
}

func sweep(t *testing.T, s *subject) {
	sato := somebody("sato", people.Analyst)
	terms := people.Terms{Idle: time.Hour, Absolute: 10 * time.Hour, History: 24 * time.Hour}
	now := noon.Add(100 * time.Hour)
	change(t, s, func(tx people.Tx) error {
		ok(t, tx.AddPerson(&sato))
		for i, x := range []people.Session{
			{ID: "idle", Began: now.Add(-2 * time.Hour), Seen: now.Add(-61 * time.Minute)},
			{ID: "long", Began: now.Add(-11 * time.Hour), Seen: now},
			{ID: "good", Began: now.Add(-9 * time.Hour), Seen: now},
		} {
			x.Hash, x.Person, x.Proved, x.Method = []byte{byte(i)}, "sato", x.Began, people.ByTOTP
			ok(t, tx.AddSession(&x))
		}
		for i, until := range []time.Time{now.Add(-time.Second), now.Add(time.Second)} {
			ok(t, tx.AddToken(&people.Token{ID: fmt.Sprint(i), Hash: []byte{byte(i)}, Person: "sato", Created: noon, Until: until}))
			ok(t, tx.UseLink(fmt.Sprint(i), until))
			ok(t, tx.AddProposal(&people.Proposal{Act: people.ActHandOver, Order: people.Order{Method: "POST", Path: "/v1/x"}, By: "sato", At: noon, Until: until, State: people.Waiting}))
		}
		for _, at := range []time.Time{now.Add(-25 * time.Hour), now.Add(-time.Hour)} {
			ok(t, tx.AddSignIn(&people.SignIn{At: at, Person: "sato", Kind: people.SignedInKind}))
			ok(t, tx.PutStrikes(at.String(), people.Strikes{Count: 1, Last: at}))
		}
		return tx.Sweep(now, terms)
	})
	left := view(t, s, func(tx people.Tx) ([]people.Session, error) { return tx.Sessions("sato") })
	same(t, len(left), 1)
	same(t, left[0].ID, "good")
	same(t, len(view(t, s, func(tx people.Tx) ([]people.Token, error) { return tx.Tokens("sato") })), 1)
	same(t, view(t, s, func(tx people.Tx) (bool, error) { return tx.LinkUsed("0") }), false)
	same(t, view(t, s, func(tx people.Tx) (bool, error) { return tx.LinkUsed("1") }), true)
	same(t, len(view(t, s, func(tx people.Tx) ([]people.SignIn, error) { return tx.SignIns("sato", 0, 0) })), 1)
	same(t, len(view(t, s, func(tx people.Tx) ([]people.Proposal, error) { return tx.Proposals(false) })), 1)
	same(t, view(t, s, func(tx people.Tx) (people.Proposal, error) { return tx.Proposal(1) }).State, people.Expired)
	same(t, view(t, s, func(tx people.Tx) (people.Strikes, error) { return tx.Strikes(now.Add(-25 * time.Hour).String()) }).Count, 0)
}
