package edge

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"

	"tsujiban/sipwire"
)

// What goes on has one received and one rport, ours, whatever the sender wrote there.
func TestSendersViaSaysWhereItCameFrom(t *testing.T) {
	from := netip.MustParseAddrPort("192.0.2.7:5072")
	for via, want := range map[string]string{
		"SIP/2.0/UDP 192.0.2.7:5072;branch=z9hG4bKa":                            "SIP/2.0/UDP 192.0.2.7:5072;branch=z9hG4bKa",
		"SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKa":                                  "SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKa;received=192.0.2.7",
		"SIP/2.0/UDP 10.0.0.1;rport;branch=z9hG4bKa":                            "SIP/2.0/UDP 10.0.0.1;rport=5072;branch=z9hG4bKa;received=192.0.2.7",
		"SIP/2.0/UDP 10.0.0.1;x=\";rport\";rport;branch=z9hG4bKa":               "SIP/2.0/UDP 10.0.0.1;x=\";rport\";rport=5072;branch=z9hG4bKa;received=192.0.2.7",
		"SIP/2.0/UDP 10.0.0.1;received=203.0.113.9;branch=z9hG4bKa":             "SIP/2.0/UDP 10.0.0.1;received=192.0.2.7;branch=z9hG4bKa",
		"SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKa , SIP/2.0/UDP b;branch=z9hG4bKb2": "SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKa;received=192.0.2.7 , SIP/2.0/UDP b;branch=z9hG4bKb2",
	} {
		raw := []byte(strings.ReplaceAll("OPTIONS sip:x@192.0.2.1 SIP/2.0\nVia: "+via+"\nFrom: <sip:a@b>;tag=1\nTo: <sip:x@b>\nCall-ID: c\nCSeq: 1 OPTIONS\n\n", "\n", "\r\n"))
		var w worker
		var m sipwire.Message
		if err := m.Parse(raw); err != nil {
			t.Fatalf("%s: %v", via, err)
		}
		v, err := sipwire.ParseVia(m.Get(sipwire.Via))
		if err != nil {
			t.Fatal(err)
		}
		w.patchVia(&w.patch, &m, &v, &flow{addr: from})
		got := w.patch.Apply(nil, raw)
		if !bytes.Contains(got, []byte("Via: "+want+"\r\n")) {
			t.Errorf("%s\nbecame\n%s", via, got)
		}
		if err := m.Parse(got); err != nil {
			t.Errorf("%s cannot be read any more: %v", via, err)
		} else if _, err := sipwire.ParseVia(m.Get(sipwire.Via)); err != nil {
			t.Errorf("%s: the Via cannot be read any more: %v", via, err)
		}
	}
}
