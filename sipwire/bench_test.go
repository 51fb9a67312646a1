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

func TestParseAllocatesNothing(t *testing.T) {
	var m Message
	if n := testing.AllocsPerRun(100, func() {
		if err := m.Parse(invite); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations a message, want 0", n)
	}
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
		for _, k := range []Kind{From, To, PAssertedIdentity} {
			a, err := ParseAddress(m.Get(k))
			if err != nil {
				b.Fatal(err)
			}
			if _, err := a.Tag(); err != nil {
				b.Fatal(err)
			}
		}
	}
}
