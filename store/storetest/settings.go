package storetest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"tsujiban"
	"tsujiban/store"
)

var noon = time.Date(2026, 11, 3, 3, 0, 0, 123456000, time.UTC)

func fullRestriction(customer tsujiban.CustomerID) tsujiban.Restriction {
	r := tsujiban.Restriction{
		Customer: customer, Level: tsujiban.LevelRestrict, Reason: tsujiban.ReasonFraud, At: noon,
		By: "guard", Note: "14,000 calls to Sierra Leone", Call: tsujiban.NextCallID(0, noon), Weight: 23.5,
	}
	r.Reach = tsujiban.ReachKey(232).With(tsujiban.ReachHome())
	r.Campaign = tsujiban.Campaign{Factor: tsujiban.FactorAgent, Customers: 12}
	r.Why[0] = tsujiban.Weight{Kind: tsujiban.EvidenceDestination, Value: 12.25}
	r.Why[1] = tsujiban.Weight{Kind: tsujiban.EvidenceRate, Value: -0.1}
	return r
}

func restrictions(t *testing.T, s *subject) {
	list, err := s.Restrictions(ctx)
	ok(t, err)
	same(t, list, nil)
	first, second := fullRestriction("b"), fullRestriction("a")
	second.Level, second.Reason, second.By, second.Note, second.Call, second.Why = tsujiban.LevelClose, tsujiban.ReasonStaff, "sato", "", 0, [tsujiban.MaxWhy]tsujiban.Weight{}
	ok(t, s.PutRestriction(ctx, first)) // a customer that is not set: it must stand all the same
	ok(t, s.PutRestriction(ctx, second))
	got, err := s.Restriction(ctx, "b")
	ok(t, err)
	same(t, got, first)
	list, err = s.Restrictions(ctx)
	ok(t, err)
	same(t, list, []tsujiban.Restriction{second, first})

	first.Level = tsujiban.LevelWatch
	ok(t, s.PutRestriction(ctx, first))
	got, err = s.Restriction(ctx, "b")
	ok(t, err)
	same(t, got, first)

	ok(t, s.ReleaseRestriction(ctx, "suzuki", "b", noon.Add(time.Hour), "it was them"))
	fails(t, s.ReleaseRestriction(ctx, "suzuki", "b", noon, ""), tsujiban.CodeNotFound, "b")
	_, err = s.Restriction(ctx, "b")
	fails(t, err, tsujiban.CodeNotFound)
	log, err := s.Actions(ctx, store.ActionQuery{Customer: "b", Limit: 1})
	ok(t, err)
	same(t, log, []store.Action{{ID: log[0].ID, At: noon.Add(time.Hour), By: "suzuki", Verb: "release", Customer: "b", Object: "watch", Note: "it was them"}})

	for field, spoil := range map[string]func(*tsujiban.Restriction){
		"customer": func(r *tsujiban.Restriction) { r.Customer = "" },
		"level":    func(r *tsujiban.Restriction) { r.Level = tsujiban.LevelNone },
		"reason":   func(r *tsujiban.Restriction) { r.Reason = 250 },
		"at":       func(r *tsujiban.Restriction) { r.At = time.Time{} },
		"by":       func(r *tsujiban.Restriction) { r.By = "" },
	} {
		r := fullRestriction("c")
		spoil(&r)
		fails(t, s.PutRestriction(ctx, r), tsujiban.CodeInvalid, field+": ")
	}
	odd := fullRestriction("c") // the guard's own words must never keep a restriction from standing
	odd.Note, odd.Weight, odd.Why[0].Value = "\x00"+strings.Repeat("あ", 5000), tsujiban.Decibans(math.NaN()), tsujiban.Decibans(math.Inf(1))
	ok(t, s.PutRestriction(ctx, odd))
	_, err = s.Restriction(ctx, "c")
	ok(t, err)
}

func actions(t *testing.T, s *subject) {
	for i := range 25 {
		a := store.Action{At: noon.Add(time.Duration(i) * time.Second), By: "sato", Verb: "calls-looked-up", Customer: "a", Object: fmt.Sprint(i), Note: "ground: consent"}
		if i%5 == 0 {
			a.By, a.Customer = "suzuki", "b"
		}
		ok(t, s.AddAction(ctx, a))
	}
	var got []string
	q := store.ActionQuery{Customer: "a", By: "sato", Limit: 8}
	for {
		page, err := s.Actions(ctx, q)
		ok(t, err)
		for _, a := range page {
			got = append(got, a.Object)
		}
		if len(page) < q.Limit {
			break
		}
		q.Before = page[len(page)-1].ID
	}
	same(t, strings.Join(got, " "), "24 23 22 21 19 18 17 16 14 13 12 11 9 8 7 6 4 3 2 1")
	objects := func(q store.ActionQuery) string {
		t.Helper()
		page, err := s.Actions(ctx, q)
		ok(t, err)
		var list []string
		for _, a := range page {
			list = append(list, a.Object)
		}
		return strings.Join(list, " ")
	}
	day := store.ActionQuery{Customer: "a", From: noon.Add(3 * time.Second), To: noon.Add(8 * time.Second)}
	same(t, objects(day), "7 6 4 3")
	day.Verbs = []string{"x", "calls-looked-up"}
	same(t, objects(day), "7 6 4 3")
	day.Verbs = []string{"x"}
	same(t, objects(day), "")
	day.Verbs, day.Without = nil, []string{"calls-looked-up"}
	same(t, objects(day), "")
	ok(t, s.AddAction(ctx, store.Action{By: "sato", Verb: "x"}))
	last, err := s.Actions(ctx, store.ActionQuery{Limit: 1})
	ok(t, err)
	if time.Since(last[0].At) > time.Hour {
		t.Errorf("an action without a time got %v", last[0].At)
	}
	for field, a := range map[string]store.Action{
		"by":       {Verb: "x"},
		"verb":     {By: "sato", Verb: "DROP TABLE"},
		"customer": {By: "sato", Verb: "x", Customer: "'"},
		"object":   {By: "sato", Verb: "x", Object: "\n"},
		"note":     {By: "sato", Verb: "x", Note: strings.Repeat("x", 2001)},
	} {
		fails(t, s.AddAction(ctx, a), tsujiban.CodeInvalid, field+": ")
	}
	for _, limit := range []int{-1, store.MaxPage + 1} {
		_, err = s.Actions(ctx, store.ActionQuery{Limit: limit})
		fails(t, err, tsujiban.CodeInvalid, "limit: ")
	}
}

// actionsFollowSettings checks that every change leaves a row that says who and what, and
// that one that fails leaves none.
func actionsFollowSettings(t *testing.T, s *subject) {
	c := fullCustomer("a")
	r := fullTrunk("a-1", "a")
	day := 500 * tsujiban.Unit
	for _, step := range []struct {
		do   func() error
		want string // verb, object, and words of the note
	}{
		{func() error { return s.AddCustomer(ctx, "sato", c) }, "customer-add||cap-day 20000|+81312345678|博多商会"},
		{func() error { c.Name, c.Numbers = "B", nil; return s.PutCustomer(ctx, "sato", c) }, "customer-set||→ B|numbers without +81312345678 +81501234*"},
		{func() error { return s.PutCustomer(ctx, "sato", c) }, "customer-set||no change"},
		{func() error { return s.SetLimits(ctx, "sato", "a", store.LimitsPatch{CapDay: &day}) }, "limits-set||cap-day 20000 → 500"},
		{func() error { return s.SetNumbers(ctx, "sato", "a", []string{"+8131111*"}) }, "numbers-set||numbers with +8131111*"},
		{func() error {
			return s.UpdateCustomer(ctx, "sato", "a", func(c *tsujiban.Customer) error { c.International = false; return nil })
		}, "customer-set||international true → false"},
		{func() error { return s.AddTrunk(ctx, "sato", r) }, "trunk-add|a-1|192.0.2.0/28|credentials"},
		{func() error { r.HA1MD5 = ""; return s.PutTrunk(ctx, "sato", r) }, "trunk-set|a-1|credentials changed"},
		{func() error { return s.DeleteTrunk(ctx, "sato", "a-1") }, "trunk-delete|a-1"},
		{func() error { return s.PutRestriction(ctx, fullRestriction("a")) }, "restrict|restrict|Sierra Leone"},
		{func() error { return s.ReleaseRestriction(ctx, "sato", "a", time.Time{}, "asked") }, "release|restrict|asked"},
		{func() error { return s.DeleteCustomer(ctx, "sato", "a") }, "customer-delete||B"},
	} {
		ok(t, step.do())
		log, err := s.Actions(ctx, store.ActionQuery{Customer: "a", Limit: 1})
		ok(t, err)
		want := strings.Split(step.want, "|")
		a := log[0]
		if a.Verb != want[0] || a.Object != want[1] || a.By != "sato" && a.By != "guard" {
			t.Errorf("logged %+v, want %s", a, step.want)
		}
		for _, w := range want[2:] {
			if !contains(a.Note, w) {
				t.Errorf("%s: note %q does not say %q", a.Verb, a.Note, w)
			}
		}
		if contains(a.Note, fullTrunk("a-1", "a").HA1SHA256) {
			t.Errorf("%s: note tells a secret", a.Verb)
		}
	}
	before, err := s.Actions(ctx, store.ActionQuery{})
	ok(t, err)
	fails(t, s.SetNumbers(ctx, "sato", "nobody", nil), tsujiban.CodeNotFound)
	after, err := s.Actions(ctx, store.ActionQuery{})
	ok(t, err)
	same(t, after, before)
}

func watch(t *testing.T, s *subject) {
	seen := s.Changes()
	wait := s.Changed(seen)
	select {
	case <-wait:
		t.Fatal("told of a change before there was one")
	default:
	}
	fails(t, s.SetNumbers(ctx, "sato", "nobody", nil), tsujiban.CodeNotFound)
	ok(t, s.PutRestriction(ctx, fullRestriction("a")))
	ok(t, s.AddAction(ctx, store.Action{By: "sato", Verb: "x"}))
	same(t, s.Changes(), seen)
	ok(t, s.AddCustomer(ctx, "sato", tsujiban.Customer{ID: "a", Name: "A"}))
	<-wait
	<-s.Changed(seen)
	same(t, s.Changes(), seen+1)
	wait = s.Changed(s.Changes())
	ok(t, s.AddTrunk(ctx, "sato", fullTrunk("a-1", "a")))
	<-wait
}

func reopen(t *testing.T, s *subject) {
	c, r, x := fullCustomer("a"), fullTrunk("a-1", "a"), fullRestriction("a")
	ok(t, s.AddCustomer(ctx, "sato", c))
	ok(t, s.AddTrunk(ctx, "sato", r))
	ok(t, s.PutRestriction(ctx, x))
	ok(t, s.ApplyEvents(ctx, []tsujiban.Event{attempt(1, 1, noon)}))
	call, err := s.Call(ctx, callID(1))
	ok(t, err)
	s.reopen(t)
	gotC, err := s.Customer(ctx, "a")
	ok(t, err)
	same(t, gotC, c)
	gotT, err := s.Trunk(ctx, "a-1")
	ok(t, err)
	same(t, gotT, r)
	gotX, err := s.Restriction(ctx, "a")
	ok(t, err)
	same(t, gotX, x)
	pos, err := s.Position(ctx)
	ok(t, err)
	same(t, pos, 1)
	again, err := s.Call(ctx, callID(1))
	ok(t, err)
	same(t, again, call)
	log, err := s.Actions(ctx, store.ActionQuery{})
	ok(t, err)
	same(t, len(log), 3)
}

func closed(t *testing.T, s *subject) {
	ok(t, s.Close())
	ok(t, s.Close())
	_, err := s.Customers(ctx)
	fails(t, err, tsujiban.CodeUnavailable)
	_, err = s.Calls(ctx, store.CallQuery{})
	fails(t, err, tsujiban.CodeUnavailable)
	fails(t, s.AddCustomer(ctx, "sato", tsujiban.Customer{ID: "a", Name: "A"}), tsujiban.CodeUnavailable)
	fails(t, s.ApplyEvents(ctx, []tsujiban.Event{attempt(1, 1, noon)}), tsujiban.CodeUnavailable)
}

func cancelled(t *testing.T, s *subject) {
	done, cancel := context.WithCancel(ctx)
	cancel()
	_, err := s.Customers(done)
	isCancelled(t, err)
	isCancelled(t, s.AddCustomer(done, "sato", tsujiban.Customer{ID: "a", Name: "A"}))
	isCancelled(t, s.ApplyEvents(done, []tsujiban.Event{attempt(1, 1, noon)}))
	_, err = s.Calls(done, store.CallQuery{})
	isCancelled(t, err)
	ok(t, s.AddCustomer(ctx, "sato", tsujiban.Customer{ID: "a", Name: "A"}))
	ok(t, s.ApplyEvents(ctx, []tsujiban.Event{attempt(1, 1, noon)}))
}

func isCancelled(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("error is %v, want context.Canceled", err)
	}
}

// concurrent lets everybody work at once: staff, the follower, and those who look.
func concurrent(t *testing.T, s *subject) {
	ok(t, s.AddCustomer(ctx, "sato", tsujiban.Customer{ID: "shared", Name: "A"}))
	const rounds = 30
	var wg sync.WaitGroup
	worker := func(f func(i int) error) {
		wg.Go(func() {
			for i := range rounds {
				if err := f(i); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for w := range 3 {
		id := tsujiban.CustomerID(fmt.Sprintf("c%d", w))
		worker(func(i int) error {
			c := tsujiban.Customer{ID: id, Name: fmt.Sprint(i), Numbers: []string{fmt.Sprintf("+8131%d%03d*", w, i)}}
			return s.PutCustomer(ctx, "sato", c)
		})
		worker(func(int) error {
			return s.UpdateCustomer(ctx, "sato", "shared", func(c *tsujiban.Customer) error { c.Limits.Channels++; return nil })
		})
		worker(func(int) error {
			_, err := s.Customers(ctx)
			return err
		})
		worker(func(int) error {
			_, err := s.Calls(ctx, store.CallQuery{Number: number("+81312345678")})
			return err
		})
	}
	worker(func(i int) error {
		return s.ApplyEvents(ctx, []tsujiban.Event{attempt(uint64(i)+1, i+1, noon)})
	})
	wg.Wait()
	c, err := s.Customer(ctx, "shared")
	ok(t, err)
	same(t, c.Limits.Channels, 3*rounds)
	pos, err := s.Position(ctx)
	ok(t, err)
	same(t, pos, rounds)
}
