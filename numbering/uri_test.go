package numbering

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func TestParseURI(t *testing.T) {
	for _, tt := range []struct {
		uri, user string
		err       error
	}{
		{"tel:+81-3-1234-5678", "+81-3-1234-5678", nil},
		{"TEL:+81312345678;ext=12", "+81312345678", nil},
		{"tel:0312345678", "0312345678", nil},
		{"tel:110", "110", nil},
		{"tel:110;phone-context=+81", "+81110", nil},
		{"tel:117;Phone-Context=+81", "+81117", nil},
		{"tel:0110;phone-context=+81", "+810110", nil}, // not 110
		{"tel:0-1-1-0;phone-context=+81", "+810-1-1-0", nil},
		{"tel:312345678;phone-context=+81", "+81312345678", nil},
		{"tel:0312345678;phone-context=+81", "+81312345678", nil},
		{"tel:0612345678;phone-context=+39", "+390612345678", nil}, // Italy keeps its 0
		{"tel:12125551234;phone-context=+1", "+12125551234", nil},
		{"tel:84951234567;phone-context=+7", "", ErrURIContext},
		{"tel:7042;phone-context=pbx.example.com", "7042", nil},
		{"tel:0312345678;phone-context=1.example", "0312345678", nil},
		{"tel:7042;phone-context=192.0.2.1", "", ErrURIContext},
		{"tel:7042;phone-context=+1-914-555", "", ErrURIContext},
		{"tel:7042;phone-context=+", "", ErrURIContext},
		{"tel:7042;phone-context=", "", ErrURIContext},
		{"tel:7042;phone-context=+81;phone-context=+1", "", ErrURIParam},
		{"tel:7042;phone-context=+81;PHONE-CONTEXT=+81", "", ErrURIParam},
		{"tel:+81312345678;phone-context=+81", "", ErrURIContext},
		{"sip:0312345678@example.com", "0312345678", nil},
		{"sips:+81312345678@example.com:5061;user=phone;transport=tls", "+81312345678", nil},
		{"sip:0312345678;npdi@example.com;user=phone", "0312345678", nil},
		{"sip:117;phone-context=+81@example.com;user=phone", "+81117", nil},
		{"sip:0312345678;isub=1234@[2001:db8::1]", "0312345678", nil},
		{"sip:%2B81312345678@example.com", "+81312345678", nil},
		{"sip:%30312345678@example.com", "0312345678", nil},
		{"sip:0312345678%3Bnpdi@example.com", "0312345678;npdi", nil}, // Parse refuses it
		{"sip:0312345678;rn=+23277123456@example.com", "", ErrURIParam},
		{"sip:0312345678;npdi;RN=+23277123456@example.com", "", ErrURIParam},
		{"sip:0312345678;%72n=+23277123456@example.com", "", ErrURIParam},
		{"sip:0312345678;cic=+1-6789@example.com", "", ErrURIParam},
		{"sip:110;tgrp=7;trunk-context=example.com@example.com", "110", nil},
		{"sip:110;rn=+23277123456@example.com", "", ErrURIParam}, // no free call to the wrong place
		{"sip:0312345678:secret@example.com", "", ErrURI},
		{"sip:0312345678@a@b", "", ErrURI},
		{"sip:0312345678@", "", ErrURI},
		{"sip:@example.com", "", ErrURI},
		{"sip:0312345678", "", ErrURI},
		{"sip:%3@example.com", "", ErrURI},
		{"sip:%zz@example.com", "", ErrURI},
		{"sip:%25310@example.com", "", ErrURI},
		{"sip:03 12345678@example.com", "", ErrURI},
		{"sip:0312345678@example.com\r\n", "", ErrURI},
		{"sip:０３@example.com", "", ErrURI},
		{"mailto:a@example.com", "", ErrURI},
		{"tel:", "", ErrURI},
		{"tel:;phone-context=+81", "", ErrURI},
		{"tel", "", ErrURI},
		{"", "", ErrURI},
		{"tel:" + strings.Repeat("0", maxURI), "", ErrTooLong},
	} {
		got, err := ParseURI([]byte(tt.uri))
		if string(got) != tt.user || !errors.Is(err, tt.err) || err == nil != (tt.err == nil) {
			t.Errorf("%s: %q %v, want %q %v", tt.uri, got, err, tt.user, tt.err)
		}
	}
}

func TestParseURIAllocates(t *testing.T) {
	uri := []byte("sip:0312345678@example.com;user=phone")
	if n := testing.AllocsPerRun(100, func() {
		if user, err := ParseURI(uri); err != nil || len(user) != 10 {
			t.Fatal(user, err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzParseURI(f *testing.F) {
	for _, s := range []string{
		"tel:+81-3-1234-5678", "tel:110;phone-context=+81", "sip:0312345678;npdi@host;user=phone",
		"sip:%2B81312345678@host", "sips:a;b=c@d", "tel:7042;phone-context=pbx.example.com", "sip:1;rn=2@h", ":", "%",
	} {
		f.Add([]byte(s))
	}
	p := planOf(f, "JP")
	f.Fuzz(func(t *testing.T, uri []byte) {
		before := bytes.Clone(uri)
		user, err := ParseURI(uri)
		if !bytes.Equal(uri, before) {
			t.Fatalf("%q was changed to %q", before, uri)
		}
		if (len(user) == 0) != (err != nil) {
			t.Fatalf("%q: %q beside %v", uri, user, err)
		}
		if err == nil {
			d, err := p.Parse(user)
			checkReading(t, p, string(user), d, err)
		}
	})
}

func BenchmarkParseURI(b *testing.B) {
	uri := []byte("sip:0312345678;npdi@example.com;user=phone")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseURI(uri); err != nil {
			b.Fatal(err)
		}
	}
}
