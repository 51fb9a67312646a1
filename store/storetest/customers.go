package storetest

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tsujiban"
	"tsujiban/store"
)

var ctx = context.Background()

func contains(s, sub string) bool { return strings.Contains(s, sub) }

// same compares values, an empty list being no list.
func same[T any](t *testing.T, got, want T) {
	t.Helper()
	if reflect.DeepEqual(got, want) { // far cheaper for long lists
		return
	}
	opts := []cmp.Option{cmpopts.EquateEmpty(), cmpopts.EquateComparable(netip.Prefix{}, netip.AddrPort{}, tsujiban.Number{})}
	if d := cmp.Diff(want, got, opts...); d != "" {
		t.Fatalf("got the + lines, want the - lines:\n%s", d)
	}
}

func number(s string) tsujiban.Number {
	n, err := tsujiban.ParseNumber(s)
	if err != nil {
		panic(err)
	}
	return n
}

// fullCustomer sets every field.
func fullCustomer(id tsujiban.CustomerID) tsujiban.Customer {
	return tsujiban.Customer{
		ID: id, Name: "博多商会　本店", International: true,
		Opened:  time.Date(2019, 4, 1, 3, 4, 5, 678901000, time.UTC),
		Contact: "tel@hakata.example", Language: tsujiban.English,
		Limits: tsujiban.Limits{
			CapCall: 1, CapDay: 20_000 * tsujiban.Unit, CapMonth: tsujiban.MaxMoney,
			Channels: 10, CallsPerSecond: 2, LongestCall: 90*time.Minute + time.Millisecond,
			AllowCountries: []string{"US", "JP"}, BarCountries: []string{"SL"}, BarPrefixes: []string{"232", "8190"},
			AllowClasses: []string{"premium"}, Hours: "Mon-Fri 08:00-20:00; Sat 09:00-12:00",
		},
		Numbers: []string{"+81312345678", "+81501234*"},
		Own: tsujiban.Own{
			Stopped: true, NoInternational: true, BarCountries: []string{"CU"}, CapCall: 2, CapDay: 3 * tsujiban.Unit, CapMonth: 4 * tsujiban.Unit, LongestCall: time.Minute,
		},
	}
}

func customersRoundTrip(t *testing.T, s *subject) {
	list, err := s.Customers(ctx)
	ok(t, err)
	same(t, list, nil)
	full, bare := fullCustomer("hakata-shokai"), tsujiban.Customer{ID: "a", Name: "A"}
	ok(t, s.AddCustomer(ctx, "sato", full))
	ok(t, s.AddCustomer(ctx, "sato", bare))
	for _, want := range []tsujiban.Customer{full, bare} {
		got, err := s.Customer(ctx, want.ID)
		ok(t, err)
		same(t, got, want)
	}
	list, err = s.Customers(ctx)
	ok(t, err)
	same(t, list, []tsujiban.Customer{bare, full})

	full.Name, full.Numbers, full.Limits = "B", []string{"+81501234*"}, tsujiban.Limits{BarCountries: []string{"CU"}}
	ok(t, s.PutCustomer(ctx, "sato", full))
	got, err := s.Customer(ctx, full.ID)
	ok(t, err)
	same(t, got, full)
	_, err = s.Customer(ctx, "nobody")
	fails(t, err, tsujiban.CodeNotFound, "nobody")
	fails(t, s.AddCustomer(ctx, "sato", full), tsujiban.CodeExists, "hakata-shokai", "B")
}

func customersRefused(t *testing.T, s *subject) {
	for _, test := range []struct {
		field string
		spoil func(*tsujiban.Customer)
	}{
		{"id", func(c *tsujiban.Customer) { c.ID = "" }},
		{"id", func(c *tsujiban.Customer) { c.ID = "Hakata" }},
		{"id", func(c *tsujiban.Customer) { c.ID = "a b" }},
		{"id", func(c *tsujiban.Customer) { c.ID = tsujiban.CustomerID(strings.Repeat("a", 65)) }},
		{"name", func(c *tsujiban.Customer) { c.Name = "" }},
		{"name", func(c *tsujiban.Customer) { c.Name = "a\nb" }},
		{"name", func(c *tsujiban.Customer) { c.Name = " a" }},
		{"name", func(c *tsujiban.Customer) { c.Name = "a\xff" }},
		{"name", func(c *tsujiban.Customer) { c.Name = "a\u202eb" }}, // turns the reading order round
		{"name", func(c *tsujiban.Customer) { c.Name = strings.Repeat("あ", 201) }},
		{"opened", func(c *tsujiban.Customer) { c.Opened = time.Date(1, 2, 3, 0, 0, 0, 0, time.UTC) }},
		{"contact", func(c *tsujiban.Customer) { c.Contact = "nobody" }},
		{"contact", func(c *tsujiban.Customer) { c.Contact = "A <a@example.jp>" }},
		{"contact", func(c *tsujiban.Customer) { c.Contact = "a@example.jp\r\nBcc: b@example.jp" }},
		{"contact", func(c *tsujiban.Customer) { c.Contact = strings.Repeat("a", 250) + "@example.jp" }},
		{"language", func(c *tsujiban.Customer) { c.Language = 7 }},
		{"numbers", func(c *tsujiban.Customer) { c.Numbers = []string{"0312345678"} }},
		{"numbers", func(c *tsujiban.Customer) { c.Numbers = []string{"+81*"} }},
		{"numbers", func(c *tsujiban.Customer) { c.Numbers = []string{"+*"} }},
		{"numbers", func(c *tsujiban.Customer) { c.Numbers = []string{"+8131234**"} }},
		{"numbers", func(c *tsujiban.Customer) { c.Numbers = []string{"+81 3 1234"} }},
		{"numbers", func(c *tsujiban.Customer) { c.Numbers = []string{"+8131234567890123"} }},
		{"numbers", func(c *tsujiban.Customer) { c.Numbers = []string{"+8131234*", "+8131234*"} }},
		{"cap-call", func(c *tsujiban.Customer) { c.Limits.CapCall = -1 }},
		{"cap-day", func(c *tsujiban.Customer) { c.Limits.CapDay = -1 }},
		{"cap-month", func(c *tsujiban.Customer) { c.Limits.CapMonth = -1 }},
		{"channels", func(c *tsujiban.Customer) { c.Limits.Channels = -1 }},
		{"calls-per-second", func(c *tsujiban.Customer) { c.Limits.CallsPerSecond = 1 << 40 }},
		{"longest-call", func(c *tsujiban.Customer) { c.Limits.LongestCall = time.Microsecond }},
		{"longest-call", func(c *tsujiban.Customer) { c.Limits.LongestCall = time.Second + 1 }},
		{"longest-call", func(c *tsujiban.Customer) { c.Limits.LongestCall = 1 << 62 }},
		{"allow-countries", func(c *tsujiban.Customer) { c.Limits.AllowCountries = []string{"jp"} }},
		{"allow-countries", func(c *tsujiban.Customer) { c.Limits.AllowCountries = []string{"JP", "JP"} }},
		{"bar-countries", func(c *tsujiban.Customer) { c.Limits.BarCountries = []string{"ZZ"} }},
		{"own bar-countries", func(c *tsujiban.Customer) { c.Own.BarCountries = []string{"ZZ"} }},
		{"own cap-day", func(c *tsujiban.Customer) { c.Own.CapDay = -1 }},
		{"bar-countries", func(c *tsujiban.Customer) { c.Limits.BarCountries = []string{"D "} }},
		{"bar-prefixes", func(c *tsujiban.Customer) { c.Limits.BarPrefixes = []string{"+232"} }},
		{"bar-prefixes", func(c *tsujiban.Customer) { c.Limits.BarPrefixes = []string{""} }},
		{"allow-classes", func(c *tsujiban.Customer) { c.Limits.AllowClasses = []string{"emergency"} }},
		{"allow-classes", func(c *tsujiban.Customer) { c.Limits.AllowClasses = []string{"mobil"} }},
		{"hours", func(c *tsujiban.Customer) { c.Limits.Hours = strings.Repeat("x", 501) }},
	} {
		c := fullCustomer("hakata")
		test.spoil(&c)
		fails(t, s.AddCustomer(ctx, "sato", c), tsujiban.CodeInvalid, test.field+": ")
	}
	for _, by := range []string{"", "a\x00b", strings.Repeat("a", 201)} {
		fails(t, s.AddCustomer(ctx, by, fullCustomer("hakata")), tsujiban.CodeInvalid, "by: ")
	}
	list, err := s.Customers(ctx)
	ok(t, err)
	same(t, list, nil)
	log, err := s.Actions(ctx, store.ActionQuery{})
	ok(t, err)
	same(t, log, nil)
}

func customersUpdate(t *testing.T, s *subject) {
	want := fullCustomer("hakata")
	ok(t, s.AddCustomer(ctx, "sato", want))
	stop := errors.New("thought better of it")
	err := s.UpdateCustomer(ctx, "sato", "hakata", func(c *tsujiban.Customer) error {
		c.Name = "X"
		return stop
	})
	if !errors.Is(err, stop) {
		t.Fatalf("error is %v", err)
	}
	fails(t, s.UpdateCustomer(ctx, "sato", "hakata", func(c *tsujiban.Customer) error {
		c.Contact = "x"
		return nil
	}), tsujiban.CodeInvalid, "contact: ")
	never := func(*tsujiban.Customer) error { t.Error("asked to change nobody"); return nil }
	fails(t, s.UpdateCustomer(ctx, "sato", "nobody", never), tsujiban.CodeNotFound, "nobody")
	got, err := s.Customer(ctx, "hakata")
	ok(t, err)
	same(t, got, want)

	ok(t, s.UpdateCustomer(ctx, "sato", "hakata", func(c *tsujiban.Customer) error {
		same(t, *c, want)
		c.ID, c.International, c.Numbers[0] = "other", false, "+81399999999"
		return nil
	}))
	want.International, want.Numbers = false, []string{"+81399999999", "+81501234*"}
	got, err = s.Customer(ctx, "hakata")
	ok(t, err)
	same(t, got, want)
}

func customersDelete(t *testing.T, s *subject) {
	fails(t, s.DeleteCustomer(ctx, "sato", "hakata"), tsujiban.CodeNotFound, "hakata")
	ok(t, s.AddCustomer(ctx, "sato", fullCustomer("hakata")))
	ok(t, s.AddTrunk(ctx, "sato", fullTrunk("hakata-1", "hakata")))
	fails(t, s.DeleteCustomer(ctx, "sato", "hakata"), tsujiban.CodeConflict, "hakata-1")
	ok(t, s.DeleteTrunk(ctx, "sato", "hakata-1"))
	ok(t, s.PutRestriction(ctx, fullRestriction("hakata")))
	fails(t, s.DeleteCustomer(ctx, "sato", "hakata"), tsujiban.CodeConflict, "restriction")
	ok(t, s.ReleaseRestriction(ctx, "sato", "hakata", time.Time{}, ""))
	ok(t, s.DeleteCustomer(ctx, "sato", "hakata"))
	_, err := s.Customer(ctx, "hakata")
	fails(t, err, tsujiban.CodeNotFound)
	_, _, held, err := s.NumberHolder(ctx, number("+81312345678"))
	ok(t, err)
	if held {
		t.Error("the number is still held")
	}
	other := fullCustomer("other")
	ok(t, s.AddCustomer(ctx, "sato", other))
}

func limits(t *testing.T, s *subject) {
	want := fullCustomer("hakata")
	ok(t, s.AddCustomer(ctx, "sato", want))
	day, none := 5000*tsujiban.Unit, []string(nil)
	ok(t, s.SetLimits(ctx, "sato", "hakata", store.LimitsPatch{CapDay: &day, BarCountries: &none}))
	want.Limits.CapDay, want.Limits.BarCountries = day, nil
	got, err := s.Customer(ctx, "hakata")
	ok(t, err)
	same(t, got, want)

	all := tsujiban.Limits{
		CapCall: 9, CapDay: 8, CapMonth: 7, Channels: 6, CallsPerSecond: 5, LongestCall: 4 * time.Second,
		AllowCountries: []string{"FR"}, BarCountries: []string{"GB"}, BarPrefixes: []string{"1"}, AllowClasses: []string{"satellite"}, Hours: "Sun",
	}
	ok(t, s.SetLimits(ctx, "sato", "hakata", store.LimitsPatch{
		CapCall: &all.CapCall, CapDay: &all.CapDay, CapMonth: &all.CapMonth, Channels: &all.Channels, CallsPerSecond: &all.CallsPerSecond,
		LongestCall: &all.LongestCall, AllowCountries: &all.AllowCountries, BarCountries: &all.BarCountries, BarPrefixes: &all.BarPrefixes,
		AllowClasses: &all.AllowClasses, Hours: &all.Hours,
	}))
	want.Limits = all
	bad := tsujiban.Money(-1)
	fails(t, s.SetLimits(ctx, "sato", "hakata", store.LimitsPatch{CapMonth: &bad}), tsujiban.CodeInvalid, "cap-month: ")
	fails(t, s.SetLimits(ctx, "sato", "nobody", store.LimitsPatch{}), tsujiban.CodeNotFound, "nobody")
	got, err = s.Customer(ctx, "hakata")
	ok(t, err)
	same(t, got, want)
}

func numbers(t *testing.T, s *subject) {
	ok(t, s.AddCustomer(ctx, "sato", tsujiban.Customer{ID: "a", Name: "A", Numbers: []string{"+8131234*", "+81501111*"}}))
	ok(t, s.AddCustomer(ctx, "sato", tsujiban.Customer{ID: "b", Name: "B", Numbers: []string{"+81312345678", "+813123456*"}}))
	fails(t, s.SetNumbers(ctx, "sato", "b", []string{"+81312345678", "+81501111*"}), tsujiban.CodeConflict, "numbers: ", `"a"`, "+81501111*")
	fails(t, s.SetNumbers(ctx, "sato", "b", []string{"81"}), tsujiban.CodeInvalid, "numbers: ")
	fails(t, s.SetNumbers(ctx, "sato", "c", nil), tsujiban.CodeNotFound)
	for _, test := range []struct{ number, holder, pattern string }{
		{"+81312345678", "b", "+81312345678"},
		{"+81312345679", "b", "+813123456*"},
		{"+81312340000", "a", "+8131234*"},
		{"+8131234", "a", "+8131234*"},
		{"+813123", "", ""},
		{"+81501111999", "a", "+81501111*"},
		{"110", "", ""},
		{"+1", "", ""},
	} {
		id, pattern, held, err := s.NumberHolder(ctx, number(test.number))
		ok(t, err)
		same(t, fmt.Sprint(id, pattern, held), fmt.Sprint(test.holder, test.pattern, test.holder != ""))
	}
	_, _, held, err := s.NumberHolder(ctx, tsujiban.Number{})
	ok(t, err)
	same(t, held, false)

	// Numbers move when the one lets go before the other takes.
	ok(t, s.SetNumbers(ctx, "sato", "a", []string{"+8131234*"}))
	ok(t, s.SetNumbers(ctx, "sato", "b", []string{"+81501111*"}))
	id, _, _, err := s.NumberHolder(ctx, number("+81312345678"))
	ok(t, err)
	same(t, id, "a")
	c, err := s.Customer(ctx, "b")
	ok(t, err)
	same(t, c.Numbers, []string{"+81501111*"})
}
