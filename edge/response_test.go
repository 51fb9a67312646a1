package edge

import (
	"fmt"
	"strings"
	"testing"

	"tsujiban"
)

// A 2xx whose transaction is forgotten, after a restart say, costs though nobody listens: when it comes from a
// carrier it is hung up, through the proxies that it passed; from anybody else it is passed over.
func TestStrayAnswer(t *testing.T) {
	g := newRig(t, newTestDesk(t), nil)
	stray := func(from, status string) map[string][]*message {
		raw := "SIP/2.0 " + status + "\r\nVia: SIP/2.0/UDP " + rigAddr + ";branch=z9hG4bK-tj000001g0pl2abc0000000;rport\r\nVia: SIP/2.0/UDP 203.0.113.1;branch=z9hG4bKx\r\n" +
			"Record-Route: <sip:198.51.100.7;lr>, <sip:198.51.100.8;lr>\r\nRecord-Route: <sip:" + rigAddr + ";lr;tj=0pyh573g00000>\r\nRecord-Route: <sip:203.0.113.2;lr>\r\n" +
			"From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\nCall-ID: stray\r\nCSeq: 7 INVITE\r\nContact: <sip:callee@198.51.100.9:5070>\r\nContent-Length: 0\r\n\r\n"
		return parsed(t, g.take([]byte(raw), g.from(from)))
	}
	out := stray("198.51.100.1:5060", "200 OK")["198.51.100.1:5060"]
	if len(out) != 2 || out[0].what() != "ACK" || out[1].what() != "BYE" {
		t.Fatalf("sent %v", out)
	}
	for i, want := range []string{"7 ACK", "8 BYE"} {
		m := out[i]
		if m.get("CSeq") != want || m.uri() != "sip:callee@198.51.100.9:5070" || m.get("To") != "<sip:c@d>;tag=2" ||
			fmt.Sprint(m.all("Route")) != "[<sip:198.51.100.8;lr> <sip:198.51.100.7;lr>]" {
			t.Errorf("not the %s of the dialog:\n%s", want, m.raw)
		}
	}
	for _, c := range [][2]string{{"198.51.100.1:5060", "180 Ringing"}, {"198.51.100.1:5060", "486 Busy"}, {"203.0.113.1:5060", "200 OK"}, {"192.0.2.66:5060", "200 OK"}} {
		if out := stray(c[0], c[1]); len(out) != 0 {
			t.Errorf("%s from %s: sent %v", c[1], c[0], out)
		}
	}
	if n := g.e.Stats().Events["stray-responses"]; n != 5 {
		t.Errorf("%d stray responses counted", n)
	}
}

// Responses that would lead nowhere, or answer something else than was asked.
func TestResponsesThatFitNothing(t *testing.T) {
	desk := newTestDesk(t)
	g := newRig(t, desk, nil)
	pbx, carrier := g.agent("pbx", "203.0.113.1:5060"), g.agent("carrier", "198.51.100.1:5060")
	g.send(t, pbx, pbx.newInvite("", "0398765432"))
	inv := parsed(t, g.commit(desk.ticket, nil))[carrier.addr][0]
	d := carrier.note("", inv)
	for what, change := range map[string]func(m *message){
		"without the caller's Via":      func(m *message) { m.del("Via"); m.add("Via", inv.all("Via")[0]) },
		"to another method":             func(m *message) { m.set("CSeq", "1 BYE") },
		"with a secret that is wrong":   func(m *message) { m.set("Via", strings.Replace(inv.all("Via")[0], "tj0000000", "tj0000001", 1)) },
		"with a branch of its own":      func(m *message) { m.set("Via", "SIP/2.0/UDP "+rigAddr+";branch=z9hG4bKother") },
		"with a Via that is none":       func(m *message) { m.set("Via", "SIP/1.0/UDP") },
		"with a status beyond 6xx":      func(m *message) { m.start = "SIP/2.0 700 Beyond" },
		"without From":                  func(m *message) { m.del("From") },
		"with two To":                   func(m *message) { m.add("To", m.get("To")) },
		"to a CANCEL that was not sent": func(m *message) { m.set("CSeq", "1 CANCEL") },
	} {
		m := carrier.response(d, inv, 180)
		change(m)
		if out := g.send(t, carrier, m); len(out) != 0 {
			t.Errorf("%s: sent %v", what, out)
		}
	}
	if out := g.send(t, carrier, carrier.response(d, inv, 180)); len(out[pbx.addr]) != 1 {
		t.Error("the right one is not passed on")
	}
}

// Several Via values in one line lose only ours.
func TestViaInOneLine(t *testing.T) {
	desk := newTestDesk(t)
	g := newRig(t, desk, nil)
	pbx, carrier := g.agent("pbx", "203.0.113.1:5060"), g.agent("carrier", "198.51.100.1:5060")
	g.send(t, pbx, pbx.newInvite("", "0398765432"))
	inv := parsed(t, g.commit(desk.ticket, nil))[carrier.addr][0]
	m := carrier.response(carrier.note("", inv), inv, 180)
	m.del("Via")
	m.headers = append([]headerLine{{"v", strings.Join(inv.all("Via"), " ,\t")}}, m.headers...)
	out := g.send(t, carrier, m)[pbx.addr]
	if len(out) != 1 || fmt.Sprint(out[0].all("Via")) != fmt.Sprint(inv.all("Via")[1:]) {
		t.Fatalf("sent %v", out)
	}
}

// A neighbour hears what is wrong with his message, when it says where the answer goes; a stranger hears nothing.
func TestMalformedRequests(t *testing.T) {
	desk := newTestDesk(t)
	g := newRig(t, desk, nil)
	for what, c := range map[string]struct {
		change func(m *message)
		want   string
	}{
		"two From":               {func(m *message) { m.add("From", "<sip:a@b>;tag=9") }, "400"},
		"two Content-Lengths":    {func(m *message) { m.add("Content-Length", "1"); m.add("Content-Length", "2") }, "400"},
		"CSeq of another method": {func(m *message) { m.set("CSeq", "1 BYE") }, "400 BYE"},
		"a To that is none":      {func(m *message) { m.set("To", "<<>") }, "400"},
		"two To tags":            {func(m *message) { m.set("To", "<sip:a@b>;tag=1;tag=2") }, "400"},
		"a Via that is none":     {func(m *message) { m.set("Via", "UDP 203.0.113.1") }, "silence"},
		"no Call-ID":             {func(m *message) { m.del("Call-ID") }, "silence"},
		"another version":        {func(m *message) { m.start = "INVITE sip:0398765432@192.0.2.1 SIP/3.0" }, "silence"},
		"a From that is none":    {func(m *message) { m.set("From", "nobody") }, "400"},
		"an odd asserted number": {func(m *message) { m.add("P-Asserted-Identity", "<sip:%00@b>") }, "400"},
	} {
		for _, addr := range []string{"203.0.113.1:5060", "192.0.2.66:5060"} {
			a := g.agent("pbx", addr)
			m := a.newInvite("", "0398765432")
			c.change(m)
			want := c.want
			if addr == "192.0.2.66:5060" {
				want = "silence"
			}
			got := "silence"
			for _, p := range g.take([]byte(m.String()), g.from(addr)) {
				status, rest, _ := strings.Cut(strings.TrimPrefix(string(p.raw), "SIP/2.0 "), " ")
				if got = status; strings.Contains(rest, "CSeq: 1 BYE") {
					got += " BYE"
				}
			}
			if got != want {
				t.Errorf("%s, from %s: %s, wanted %s", what, addr, got, want)
			}
		}
	}
	if len(desk.order) != 0 {
		t.Errorf("%d calls came of it", len(desk.order))
	}
}

// A datagram may do without Content-Length, a stream may not (RFC 3261 §20.14): what goes on always has one.
func TestLengthIsAdded(t *testing.T) {
	desk := newTestDesk(t)
	g := newRig(t, desk, nil)
	pbx, carrier := g.agent("pbx", "203.0.113.1:5060"), g.agent("carrier", "198.51.100.1:5060")
	bare := func(m *message) []byte {
		head, body, _ := strings.Cut(m.String(), "\r\n\r\n")
		head, _, _ = strings.Cut(head, "\r\nContent-Length:")
		return []byte(head + "\r\n\r\n" + body)
	}
	g.take(bare(pbx.newInvite("", "0398765432")), g.from(pbx.addr))
	inv := parsed(t, g.commit(desk.ticket, nil))[carrier.addr][0]
	if want := fmt.Sprint(len(sdp)); inv.get("Content-Length") != want || inv.body != sdp {
		t.Errorf("Content-Length %q, a body of %d bytes", inv.get("Content-Length"), len(inv.body))
	}
	out := parsed(t, g.take(bare(carrier.response(carrier.note("", inv), inv, 200)), g.from(carrier.addr)))[pbx.addr]
	if len(out) != 1 || out[0].get("Content-Length") != fmt.Sprint(len(sdp)) || out[0].body != sdp {
		t.Errorf("passed back: %v", out)
	}
}

// An emergency call is not lost over a caller that cannot be read.
func TestEmergencyWithOddCaller(t *testing.T) {
	desk := newTestDesk(t)
	g := newRig(t, desk, nil)
	pbx := g.agent("pbx", "203.0.113.1:5060")
	m := pbx.newInvite("", "110")
	m.set("From", "<urn:service:sos>;tag=1")
	if out := g.send(t, pbx, m)[pbx.addr]; len(out) != 1 || out[0].what() != "100" {
		t.Fatalf("answered with %v", out)
	}
	if c := desk.call(0); c.dialled != "110" || c.caller != "" || c.attempt.Direction != tsujiban.Out {
		t.Errorf("the desk was asked for %q from %q", c.dialled, c.caller)
	}
}

// An emergency number with its country as context goes on as people dial it.
func TestEmergencyWithContext(t *testing.T) {
	for uri, want := range map[string]string{
		"tel:110;phone-context=+81": "110", "sip:110;phone-context=+81@" + rigAddr: "110", "sip:%3110@" + rigAddr: "110", "sip:110@" + rigAddr: "110", "sip:+81110@" + rigAddr: "+81110",
	} {
		desk := newTestDesk(t)
		g := newRig(t, desk, func(o *Options) {
			o.Emergency = func(d []byte) bool { return string(d) == "110" || string(d) == "+81110" }
		})
		g.e.draining = true // passes all the same
		pbx := g.agent("pbx", "203.0.113.1:5060")
		g.send(t, pbx, pbx.newInvite("", uri))
		out := parsed(t, g.commit(desk.ticket, nil))["198.51.100.1:5060"]
		if len(out) != 1 || !strings.HasPrefix(out[0].uri(), "sip:"+want+"@198.51.100.1:5060") || desk.call(0).dialled != want {
			t.Errorf("%s: sent %v, judged %q", uri, out, desk.call(0).dialled)
		}
	}
}
