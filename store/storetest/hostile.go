package storetest

import (
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"tsujiban"
	"tsujiban/store"
)

// injections are what people type into fields to see what happens.
var injections = []string{
	`'; DROP TABLE customers; --`, `" OR "1"="1`, `' OR 1=1 --`, `'); DELETE FROM calls; --`, `%`, `_`, `*`, `?`, `?1`, `:a`, `@a`, `$a`,
	`\'; SELECT 1`, `[]`, `{"a":1}`, `["a"]`, `NULL`, `''`, `'`, `"`, "`", `/* x */`, `<script>alert(1)</script>`, `${x}`, `{{.}}`,
	`ʼ; DROP TABLE calls`, `１' or '１'='１`, `−1`, `1E999`, `0X41`, `char(0)`, `|| sqlite_version()`, `../../etc/passwd`,
}

// hostileSettings puts them into every field of text: what is taken comes back as it was,
// what is not is refused as invalid, and nothing else happens.
func hostileSettings(t *testing.T, s *subject) {
	witness := fullCustomer("witness")
	ok(t, s.AddCustomer(ctx, "sato", witness))
	for _, x := range injections {
		c := tsujiban.Customer{ID: "victim", Name: x}
		c.Limits.Hours = x
		ok(t, s.PutCustomer(ctx, x, c))
		got, err := s.Customer(ctx, "victim")
		ok(t, err)
		same(t, got, c)
		for field, spoil := range map[string]func(*tsujiban.Customer){
			"id":              func(c *tsujiban.Customer) { c.ID = tsujiban.CustomerID(x) },
			"numbers":         func(c *tsujiban.Customer) { c.Numbers = []string{"+81" + x} },
			"allow-countries": func(c *tsujiban.Customer) { c.Limits.AllowCountries = []string{x} },
			"bar-prefixes":    func(c *tsujiban.Customer) { c.Limits.BarPrefixes = []string{x} },
			"allow-classes":   func(c *tsujiban.Customer) { c.Limits.AllowClasses = []string{x} },
			"contact":         func(c *tsujiban.Customer) { c.Contact = x },
		} {
			bad := c
			spoil(&bad)
			fails(t, s.PutCustomer(ctx, "sato", bad), tsujiban.CodeInvalid, field+": ")
		}
		_, err = s.Customer(ctx, tsujiban.CustomerID(x))
		fails(t, err, tsujiban.CodeNotFound)
		_, err = s.Trunk(ctx, tsujiban.TrunkID(x))
		fails(t, err, tsujiban.CodeNotFound)
		list, err := s.Trunks(ctx, tsujiban.CustomerID(x))
		ok(t, err)
		same(t, list, nil)
		fails(t, s.DeleteCustomer(ctx, "sato", tsujiban.CustomerID(x)), tsujiban.CodeNotFound)
		fails(t, s.DeleteTrunk(ctx, "sato", tsujiban.TrunkID(x)), tsujiban.CodeNotFound)
		ok(t, s.AddAction(ctx, store.Action{By: x, Verb: "x", Object: x, Note: x}))
		log, err := s.Actions(ctx, store.ActionQuery{By: x, Limit: 1})
		ok(t, err)
		same(t, log[0].By+log[0].Object+log[0].Note, x+x+x)
		r := fullRestriction("victim")
		r.Note, r.By = x, x
		ok(t, s.PutRestriction(ctx, r))
		stands, err := s.Restriction(ctx, "victim")
		ok(t, err)
		same(t, stands, r)
		trunk := tsujiban.Trunk{ID: "t", Customer: "victim", Username: "u", Realm: "r" + x, HA1MD5: strings.Repeat("0", 32)}
		if strings.ContainsAny(x, `"\`) {
			fails(t, s.PutTrunk(ctx, "sato", trunk), tsujiban.CodeInvalid, "realm: ")
			continue
		}
		ok(t, s.PutTrunk(ctx, "sato", trunk))
		back, err := s.Trunk(ctx, "t")
		ok(t, err)
		same(t, back, trunk)
	}
	got, err := s.Customer(ctx, "witness")
	ok(t, err)
	same(t, got, witness)
}

// hostileCalls folds events with whatever a stranger can put into a SIP message: it is
// taken, and what comes back can be printed.
func hostileCalls(t *testing.T, s *subject) {
	texts := append([]string{
		"", "\x00", "a\x00b", "\xff\xfe\xfd", "\xc3\x28", "\xed\xa0\x80", "\x1b[2J\x1b[31mred", "a\r\nInjected: header", "\u202etxt", "\u0085", "\u2028",
		strings.Repeat("A", 70_000), strings.Repeat("\xff", 1000), strings.Repeat("あ", 400), "sip:%00@x", "\ufeff", "\u0000",
	}, injections...)
	var events []tsujiban.Event
	for i, x := range texts {
		ev := attempt(uint64(len(events))+1, i+1, noon.Add(time.Duration(i)*time.Second))
		a, b := &ev.Attempt, []byte(x)
		a.Dialled, a.Caller, a.UserAgent, a.SIPCallID = b, b, b, b
		a.Customer, a.Trunk, ev.Verdict.Rule = tsujiban.CustomerID(x), tsujiban.TrunkID(x), x
		events = append(events, ev)
		done := ended(uint64(len(events))+1, i+1, noon.Add(time.Hour))
		done.Outcome.Carrier = tsujiban.CarrierID(x)
		events = append(events, done)
	}
	ok(t, s.ApplyEvents(ctx, events[:len(texts)])) // some calls end in the batch in which they began, some later
	ok(t, s.ApplyEvents(ctx, events))
	page, err := s.Calls(ctx, store.CallQuery{Limit: store.MaxPage})
	ok(t, err)
	same(t, len(page.Calls), len(texts))
	for i, c := range page.Calls {
		x := texts[len(texts)-1-i]
		for _, got := range []string{c.Dialled, c.Presented, c.UserAgent, c.SIPCallID, c.Rule, string(c.Customer), string(c.Trunk), string(c.Carrier)} {
			same(t, got, store.Clean(x))
			if !utf8.ValidString(got) || len(got) > store.MaxText || strings.ContainsFunc(got, unicode.IsControl) {
				t.Errorf("%q came back as %q", x, got)
			}
		}
		found, err := s.Calls(ctx, store.CallQuery{Customer: c.Customer})
		ok(t, err)
		if len(found.Calls) == 0 && c.Customer != "" {
			t.Errorf("calls of %q are not found", c.Customer)
		}
	}
}
