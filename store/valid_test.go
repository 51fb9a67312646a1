package store_test

import (
	"strings"
	"testing"

	"tsujiban"
	"tsujiban/store"
)

// FuzzValid checks what must hold of everything that is let in.
func FuzzValid(f *testing.F) {
	for _, s := range []string{"hakata-shokai", "+8131234*", "+81312345678", "pbx.example.jp:5060", "[2001:db8::1]:5061", "tel@example.jp", "JP", "a\nb", "'", "232"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if store.ValidID("id", s) == nil && (len(s) > store.MaxID || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") != "") {
			t.Errorf("id %q", s)
		}
		if store.ValidNumber("numbers", s) == nil {
			if _, err := tsujiban.ParseNumber(strings.TrimSuffix(s, "*")); err != nil || s[0] != '+' {
				t.Errorf("number %q", s)
			}
		}
		c := tsujiban.Customer{ID: "a", Name: "A", Contact: s, Limits: tsujiban.Limits{AllowCountries: []string{s}}}
		if store.ValidCustomer(&c) == nil && (strings.ContainsAny(s, "\r\n\x00") || len(s) != 2) {
			t.Errorf("contact and country %q", s)
		}
		tr := tsujiban.Trunk{ID: "t", Customer: "a", CertificateName: "x", Address: s, Transport: "udp", Domain: s, Registrar: s}
		if s != "" && store.ValidTrunk(&tr) == nil {
			t.Errorf("both host and host:port: %q", s)
		}
		tr = tsujiban.Trunk{ID: "t", Customer: "a", CertificateName: "x", Address: s, Transport: "udp"}
		if s != "" && store.ValidTrunk(&tr) == nil && strings.ContainsAny(s, " \r\n\x00;<>\"/@") {
			t.Errorf("address %q", s)
		}
	})
}

func TestEveryListedCountryIsTwoCapitals(t *testing.T) {
	n := 0
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			l := tsujiban.Limits{BarCountries: []string{string([]rune{a, b})}}
			if store.ValidLimits(&l) == nil {
				n++
			}
		}
	}
	if n != 249+3 { // ISO 3166-1 has 249
		t.Errorf("%d countries", n)
	}
}
