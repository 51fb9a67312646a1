package edge

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"tsujiban"
)

// plainDesk allows everything and keeps nothing.
type plainDesk struct {
	last tsujiban.CallID
	n    uint64
	deny tsujiban.Reason

	answered, ended int
}

func (d *plainDesk) Attempt(a *tsujiban.Attempt, v *tsujiban.Verdict) (uint64, error) {
	d.last = tsujiban.NextCallID(d.last, a.At)
	a.Call = d.last
	v.Action, v.Reason = tsujiban.Allow, tsujiban.ReasonNone
	if d.deny != tsujiban.ReasonNone {
		v.Action, v.Reason = tsujiban.Deny, d.deny
	}
	d.n++
	return d.n, nil
}

func (d *plainDesk) Answered(_ tsujiban.CallID, at time.Time, _ *tsujiban.Dialog) time.Time {
	d.answered++
	return at.Add(time.Minute)
}

func (d *plainDesk) Extend(_ tsujiban.CallID, at time.Time) (time.Time, tsujiban.Reason) {
	return at.Add(time.Minute), tsujiban.ReasonNone
}
func (d *plainDesk) Hurry()                                              {}
func (d *plainDesk) Ended(tsujiban.CallID, time.Time, *tsujiban.Outcome) { d.ended++ }
func (d *plainDesk) Registered(*tsujiban.Attempt, time.Time)             {}
func (d *plainDesk) Refused(*tsujiban.Refusal, time.Time)                {}

// script is a call as prepared messages: only serial numbers, and what the edge writes into its Via and
// Record-Route, are filled in.
type script struct {
	g            *rig
	desk         *plainDesk
	pbx, carrier *flow
	n            int

	serials                          [][]byte // where the serial number stands in the messages
	branches                         [][]byte // where slot and secret stand in the responses
	calls                            [][]byte // where the call's id stands
	branchAt                         int      // where slot and secret stand in the INVITE as it is sent on
	callAt                           int      // likewise the call's id
	invite, ack, bye                 []byte
	trying, ringing, answer, byeOver []byte
}

const (
	scriptSerial = "0000000000"
	scriptBranch = "z9hG4bK-tjbbbbbbbbbbbbbbbbbbbbb"
	scriptCall   = ";tj=ccccccccccccc"
)

func newScript(t testing.TB) *script {
	d := &plainDesk{}
	s := &script{desk: d, g: newRig(t, d, nil)}
	s.pbx, s.carrier = s.g.from("203.0.113.1:5060"), s.g.from("198.51.100.1:5060")
	via := "Via: SIP/2.0/UDP 203.0.113.1:5060;branch=z9hG4bKpbx%s" + scriptSerial + ";rport"
	common := "From: \"Suzuki\" <sip:0312345678@203.0.113.1>;tag=from" + scriptSerial + "\r\nTo: <sip:0398765432@192.0.2.1>%s\r\nCall-ID: " + scriptSerial + "@203.0.113.1\r\nCSeq: %d %s\r\n"
	body := "Contact: <sip:0312345678@203.0.113.1:5060>\r\nUser-Agent: Example PBX 1.0\r\nAllow: INVITE, ACK, CANCEL, BYE, OPTIONS\r\nSupported: timer\r\nContent-Type: application/sdp\r\n" +
		fmt.Sprintf("Content-Length: %d\r\n\r\n", 3*len(sdp)) + sdp + sdp + sdp
	rr := "<sip:192.0.2.1:5060;lr" + scriptCall + ">"
	s.invite = fmt.Appendf(nil, "INVITE sip:0398765432@192.0.2.1 SIP/2.0\r\n"+via+"\r\nMax-Forwards: 70\r\n"+common+body, "i", "", 1, "INVITE")
	const toTag = ";tag=callee"
	s.ack = fmt.Appendf(nil, "ACK sip:callee@198.51.100.1:5060 SIP/2.0\r\n"+via+"\r\nRoute: "+rr+"\r\nMax-Forwards: 70\r\n"+common+"Content-Length: 0\r\n\r\n", "a", toTag, 1, "ACK")
	s.bye = fmt.Appendf(nil, "BYE sip:callee@198.51.100.1:5060 SIP/2.0\r\n"+via+"\r\nRoute: "+rr+"\r\nMax-Forwards: 70\r\n"+common+"Content-Length: 0\r\n\r\n", "b", toTag, 2, "BYE")
	response := func(line, letter, method, tag string, cseq int, more string) []byte {
		return fmt.Appendf(nil, "SIP/2.0 "+line+"\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch="+scriptBranch+";rport\r\n"+via+"=5060;received=203.0.113.1\r\n"+common+more, letter, tag, cseq, method)
	}
	const none = "Content-Length: 0\r\n\r\n"
	rec := "Record-Route: " + rr + "\r\nContact: <sip:callee@198.51.100.1:5060>\r\n"
	s.trying = response("100 Trying", "i", "INVITE", "", 1, none)
	s.ringing = response("180 Ringing", "i", "INVITE", toTag, 1, rec+none)
	s.answer = response("200 OK", "i", "INVITE", toTag, 1, rec+"Content-Type: application/sdp\r\n"+fmt.Sprintf("Content-Length: %d\r\n\r\n", len(sdp))+sdp)
	s.byeOver = response("200 OK", "b", "BYE", toTag, 2, none)
	s.serials = places(scriptSerial, s.invite, s.ack, s.bye, s.trying, s.ringing, s.answer, s.byeOver)
	s.branches = places(strings.Repeat("b", 21), s.trying, s.ringing, s.answer, s.byeOver)
	s.calls = places(strings.Repeat("c", 13), s.ringing, s.answer, s.ack, s.bye)
	return s
}

// places finds a text in messages.
func places(text string, messages ...[]byte) (out [][]byte) {
	for _, m := range messages {
		for i := 0; i < len(m); i++ {
			if bytes.HasPrefix(m[i:], []byte(text)) {
				out = append(out, m[i:i+len(text)])
			}
		}
	}
	return out
}

// number writes the next serial number into the messages.
func (s *script) number() {
	var text [10]byte
	s.n++
	for i, v := 9, s.n; i >= 0; i, v = i-1, v/10 {
		text[i] = byte('0' + v%10)
	}
	for _, p := range s.serials {
		copy(p, text[:])
	}
}

// call plays one whole call of no length and fails unless every message goes where it should.
func (s *script) call(t testing.TB) {
	s.number()
	s.play(t)
}

func (s *script) play(t testing.TB) {
	g := s.g
	s.want(t, g.take(s.invite, s.pbx), 1, s.pbx)
	sent := g.commit(s.desk.n, nil)
	s.want(t, sent, 1, s.carrier)
	inv := sent[0].raw
	if s.branchAt == 0 {
		s.branchAt = bytes.Index(inv, []byte("branch=z9hG4bK-tj")) + len("branch=z9hG4bK-tj")
		s.callAt = bytes.Index(inv, []byte(";lr;tj=")) + len(";lr;tj=")
	}
	for _, p := range s.branches[:3] {
		copy(p, inv[s.branchAt:])
	}
	for _, p := range s.calls {
		copy(p, inv[s.callAt:])
	}
	s.want(t, g.take(s.trying, s.carrier), 0, nil)
	s.want(t, g.take(s.ringing, s.carrier), 1, s.pbx)
	s.want(t, g.take(s.answer, s.carrier), 1, s.pbx)
	s.want(t, g.take(s.ack, s.pbx), 1, s.carrier)
	sent = g.take(s.bye, s.pbx)
	s.want(t, sent, 1, s.carrier)
	at := bytes.Index(sent[0].raw, []byte("branch=z9hG4bK-tj")) + len("branch=z9hG4bK-tj")
	copy(s.branches[3], sent[0].raw[at:])
	s.want(t, g.take(s.byeOver, s.carrier), 1, s.pbx)
}

func (s *script) want(t testing.TB, sent []packet, n int, to *flow) {
	if len(sent) != n || n > 0 && sent[0].flow.addr != to.addr {
		t.Fatalf("call %d: sent %d messages: %v", s.n, len(sent), sent)
	}
}

// steady plays calls, so far apart, until the relays of finished ones are reused.
func (s *script) steady(t testing.TB, apart time.Duration) {
	for range 40 * time.Second / apart {
		s.call(t)
		s.g.clock.add(apart)
	}
}

// BenchmarkCall is a whole call without sockets: INVITE, 100, 180, 200, ACK, BYE, 200, and
// the end of its transactions 32 s later, with 64,000 others waiting for theirs.
func BenchmarkCall(b *testing.B) {
	s := newScript(b)
	s.steady(b, time.Millisecond)
	b.ReportAllocs()
	for b.Loop() {
		s.call(b)
		s.g.clock.add(time.Millisecond)
	}
}

// BenchmarkRefusedCall is an INVITE that the desk denies, and its ACK.
func BenchmarkRefusedCall(b *testing.B) {
	s := newScript(b)
	s.desk.deny = tsujiban.ReasonInternationalOff
	ack := bytes.Replace(s.invite, []byte("INVITE"), []byte("ACK"), 1)
	ack = bytes.Replace(ack, []byte("1 INVITE"), []byte("1 ACK"), 1)
	s.serials = append(s.serials, places(scriptSerial, ack)...)
	b.ReportAllocs()
	for b.Loop() {
		s.number()
		s.want(b, s.g.take(s.invite, s.pbx), 1, s.pbx)
		s.want(b, s.g.take(ack, s.pbx), 0, nil)
		s.g.clock.add(time.Millisecond)
	}
}

// TestCallAllocatesNothing holds the hot path to no allocation once tables have grown.
func TestCallAllocatesNothing(t *testing.T) {
	s := newScript(t)
	s.steady(t, 20*time.Millisecond)
	s.call(t)
	// The same messages again are another call as soon as the transactions of the last are forgotten.
	allocs := testing.AllocsPerRun(50, func() {
		s.g.pass(40 * time.Second)
		s.play(t)
	})
	if allocs > 0 {
		t.Errorf("%.1f allocations per call", allocs)
	}
}

// TestMemoryOfFinishedCalls holds what a call leaves behind for the RFC's 32 s: at 1,000 calls a
// second there are 32,000 of them, and the whole process is to stay below 150 MB.
func TestMemoryOfFinishedCalls(t *testing.T) {
	s := newScript(t)
	for range 1_000 {
		s.call(t)
	}
	before := heap()
	const calls = 5_000
	for range calls {
		s.call(t)
	}
	per := (heap() - before) / calls
	t.Logf("%d bytes of heap per finished call", per)
	if per > 1_100 {
		t.Errorf("a finished call keeps %d bytes", per)
	}
	runtime.KeepAlive(s)
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
