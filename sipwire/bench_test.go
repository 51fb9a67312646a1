package sipwire

import (
	"strings"
	"testing"
)

// invite is an INVITE of a usual PBX: about 900 bytes with SDP.
var invite = []byte(strings.ReplaceAll(`INVITE sip:0312345678@192.0.2.10:5060 SIP/2.0
Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bK2d4790.1c7f3a5e;rport
Max-Forwards: 70
From: "Hakata Shokai" <sip:05012345678@198.51.100.7>;tag=as58f4201b
To: <sip:0312345678@192.0.2.10>
Contact: <sip:05012345678@198.51.100.7:5060>
Call-ID: 1d6a2c3e5b7f48190a2b3c4d5e6f7081@198.51.100.7:5060
CSeq: 102 INVITE
User-Agent: Hakata PBX 16.4.1
Date: Sun, 22 Nov 2026 02:00:00 GMT
Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, SUBSCRIBE, NOTIFY, INFO, PUBLISH, MESSAGE
Supported: replaces, timer
P-Asserted-Identity: "Hakata Shokai" <sip:05012345678@198.51.100.7>
Content-Type: application/sdp
Content-Length: 245

v=0
o=root 1821 1821 IN IP4 198.51.100.7
s=Hakata PBX 16.4.1
c=IN IP4 198.51.100.7
t=0 0
m=audio 18622 RTP/AVP 0 8 101
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-16
a=ptime:20
a=sendrecv
`, "\n", "\r\n"))

// TestNothingIsAllocated holds everything that a message meets on its way to 0 allocations.
func TestNothingIsAllocated(t *testing.T) {
	var m Message
	var p Patch
	var f Framer
	out, user := make([]byte, 0, 4096), make([]byte, 0, 64)
	digest := []byte(`Digest username="2001", realm="hakata.example", nonce="5f5e", uri="sip:hakata.example", response="0123", qop=auth, nc=00000001`)
	broken := []byte(strings.Replace(string(invite), "CSeq: 102", "CSeq: x", 1))
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, work := range map[string]func(){
		"Parse":              func() { must(m.Parse(invite)) },
		"Parse of a fault":   func() { _ = m.Parse(broken) },
		"ParseVia":           func() { _, err := ParseVia(m.Get(Via)); must(err) },
		"ParseURI":           func() { _, err := ParseURI(m.RequestURI()); must(err) },
		"ParseAddress":       func() { a, err := ParseAddress(m.Get(From)); must(err); _, err = a.Tag(); must(err) },
		"FromAddress":        func() { _, err := m.FromAddress().Tag(); must(err) },
		"OneParam":           func() { _, err := OneParam(m.FromAddress().Params, "tag"); must(err) },
		"OneParam, no value": func() { _, err := OneParam([]byte(";lr"), "lr"); must(err) },
		"ParseCSeq":          func() { _, _, err := ParseCSeq(m.Get(CSeq)); must(err) },
		"ParseUint":          func() { _, err := ParseUint(m.Get(MaxForwards), 255); must(err) },
		"ParseCredentials":   func() { _, err := ParseCredentials(digest); must(err) },
		"Unescape":           func() { _, err := Unescape(user, []byte("03%31")); must(err) },
		"Frame":              func() { _, _, err := Frame(invite); must(err) },
		"Framer":             func() { _, _, err := f.Next(invite); must(err) },
		"headers": func() {
			for h := m.First(Via); h != nil; h = m.Next(h) {
				_, _ = m.Name(h), m.Value(h)
			}
		},
		"Patch": func() { patchInvite(&p, &m); out = p.Apply(out[:0], m.Raw) },
		"Patch of a part": func() {
			p.Reset()
			h := m.First(Via)
			p.Insert(int(h.Stop), []byte(";received=198.51.100.7"))
			out = p.ApplySpan(out[:0], m.Raw, int(h.Value), int(h.Stop))
		},
	} {
		must(m.Parse(invite))
		if n := testing.AllocsPerRun(100, work); n != 0 {
			t.Errorf("%s: %v allocations, want 0", name, n)
		}
	}
}

// patchInvite changes an INVITE as a proxy does.
func patchInvite(p *Patch, m *Message) {
	p.Reset()
	via, hops := m.First(Via), m.First(MaxForwards)
	p.Insert(int(via.Stop), []byte("=5060"))
	p.Insert(int(via.Stop), []byte(";received=198.51.100.7"))
	p.Replace(int(hops.Value), int(hops.Stop), []byte("69"))
	start, end := m.URISpan()
	p.Replace(start, end, []byte("sip:"), []byte("0312345678"), []byte("@203.0.113.1"))
	p.Insert(int(via.Start), []byte("Via: SIP/2.0/UDP 203.0.113.9;branch=z9hG4bKabc;rport\r\n"))
	p.Insert(int(via.Start), []byte("Record-Route: <sip:203.0.113.9;lr>\r\n"))
}

func BenchmarkParse(b *testing.B) {
	var m Message
	b.SetBytes(int64(len(invite)))
	b.ReportAllocs()
	for b.Loop() {
		if err := m.Parse(invite); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkParseForVerdict reads every field that a verdict needs.
func BenchmarkParseForVerdict(b *testing.B) {
	var m Message
	b.ReportAllocs()
	for b.Loop() {
		if err := m.Parse(invite); err != nil {
			b.Fatal(err)
		}
		v, err := ParseVia(m.Get(Via))
		if err != nil || len(v.Branch) == 0 {
			b.Fatal(err)
		}
		u, err := ParseURI(m.RequestURI())
		if err != nil || len(u.User) == 0 {
			b.Fatal(err)
		}
		from, _ := m.FromAddress().Tag()
		to, _ := m.ToAddress().Tag()
		a, err := ParseAddress(m.Get(PAssertedIdentity))
		if err != nil || from == nil || to != nil || len(a.URI) == 0 {
			b.Fatal(err)
		}
	}
}

// BenchmarkParse128Vias reads a message of the worst kind that passes and walks over all of it.
func BenchmarkParse128Vias(b *testing.B) {
	raw := []byte(strings.Replace(plain, "Subject: hello\r\n", strings.Repeat("v: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKabc\r\n", MaxHeaders-9), 1))
	var m Message
	b.ReportAllocs()
	for b.Loop() {
		if err := m.Parse(raw); err != nil {
			b.Fatal(err)
		}
		for h := m.First(Via); h != nil; h = m.Next(h) {
			if _, err := ParseVia(m.Value(h)); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkParseVia(b *testing.B) {
	val := []byte("SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bK2d4790.1c7f3a5e;rport")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseVia(val); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseAddress(b *testing.B) {
	val := []byte(`"Hakata Shokai" <sip:05012345678@198.51.100.7>;tag=as58f4201b`)
	b.ReportAllocs()
	for b.Loop() {
		a, err := ParseAddress(val)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := a.Tag(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseURI(b *testing.B) {
	val := []byte("sip:0312345678@192.0.2.10:5060")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseURI(val); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPatch(b *testing.B) {
	var m Message
	if err := m.Parse(invite); err != nil {
		b.Fatal(err)
	}
	var p Patch
	out := make([]byte, 0, 2048)
	b.ReportAllocs()
	for b.Loop() {
		patchInvite(&p, &m)
		out = p.Apply(out[:0], m.Raw)
	}
}

// BenchmarkFrameByBytes takes a message of 8 KiB that comes byte by byte.
func BenchmarkFrameByBytes(b *testing.B) {
	raw := []byte(strings.Replace(plain, "hello", strings.Repeat("x", 7700), 1))
	b.ReportAllocs()
	for b.Loop() {
		var f Framer
		for i := range raw {
			if _, n, err := f.Next(raw[:i+1]); err != nil || (n > 0) != (i+1 == len(raw)) {
				b.Fatal(i, n, err)
			}
		}
	}
}
