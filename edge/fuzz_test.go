package edge

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// FuzzTake puts messages, parted by NUL bytes, into the edge; the first byte of each says who sends it: p the PBX,
// c the carrier, anything else a stranger. Nothing may break, what leaves must be SIP, and
// strangers must be met with silence.
func FuzzTake(f *testing.F) {
	s := newScript(f)
	call := [][]byte{append([]byte("p"), s.invite...)}
	for _, m := range [][]byte{s.trying, s.ringing, s.answer, s.byeOver} {
		call = append(call, append([]byte("c"), m...))
	}
	for _, m := range [][]byte{s.ack, s.bye} {
		call = append(call, append([]byte("p"), m...))
	}
	f.Add(bytes.Join(call, []byte{0}))
	for _, m := range call {
		f.Add(m)
		f.Add(append([]byte("x"), m[1:]...))
		f.Add(bytes.Replace(m, []byte("INVITE"), []byte("REGISTER"), 2))
		f.Add(bytes.Replace(m, []byte("INVITE"), []byte("OPTIONS"), 2))
		f.Add(bytes.Replace(m, []byte("INVITE"), []byte("CANCEL"), 2))
		f.Add(bytes.Replace(m, []byte("sip:0398765432@192.0.2.1"), []byte("tel:%2b81398765432;phone-context=+44"), 1))
		f.Add(bytes.Replace(m, []byte("Max-Forwards: 70"), []byte("Route: <sip:192.0.2.1:5060;lr;tj=0000000000000>, <sip:x>"), 1))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s := newScript(t)
		s.g.e.opt.PassOnJournalFailure = true
		from := map[byte]*flow{'p': s.pbx, 'c': s.carrier}
		for m := range bytes.SplitSeq(data, []byte{0}) {
			if len(m) == 0 {
				continue
			}
			fl := from[m[0]]
			sent := s.g.take(m[1:], s.g.from("192.0.2.66:5060"))
			if fl == nil && len(sent) > 0 {
				t.Fatalf("a stranger is answered:\n%s", sent[0].raw)
			}
			if fl != nil {
				look(t, s.g.take(m[1:], fl))
			}
			look(t, s.g.commit(s.desk.n, nil))
		}
		for range 5 {
			look(t, s.g.pass(40*time.Second))
		}
	})
}

// look fails the test unless all that was sent are SIP messages.
func look(t *testing.T, sent []packet) {
	t.Helper()
	for _, p := range sent {
		raw := string(p.raw)
		if _, err := parseMessage(raw); err != nil && !strings.Contains(err.Error(), "Max-Forwards") {
			t.Fatalf("%v\n%q", err, raw)
		}
	}
}
