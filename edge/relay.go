package edge

import (
	"hash/maphash"

	"tsujiban"
	"tsujiban/sipwire"
)

// relayState is where a pair of transactions stands.
type relayState uint8

const (
	relayFree       relayState = iota
	relayHeld                  // INVITE: ready to go, its record is not on disk yet
	relayTrying                // sent on, nothing came back
	relayProceeding            // a provisional response came
	relayCancelling            // INVITE: CANCEL was sent on
	relayAccepted              // INVITE: 2xx was passed; more of them may come (RFC 6026)
	relayCompleted             // the final response was sent; INVITE waits for ACK
	relayConfirmed             // INVITE: ACK came
)

// relay is a server transaction and the client transaction that it led to. It is kept
// for the RFC's 32 s after the end, so it is small: what only a running set-up needs is in setup.
type relay struct {
	timer   timer
	key     txnKey
	secret  uint32 // in our Via branch
	slot    uint32
	tag     uint32 // hash of the To tag in the 2xx that was passed on, or hung up
	backoff uint16
	status  uint16 // of a final response that a repeat is answered with, when resp is not kept
	state   relayState
	method  sipwire.Method
	leg     uint8 // of the call: which one asked; for a BYE of the guard, which one is asked
	within  bool  // the request was one inside a dialog
	keyed   bool  // key is in the table; false for what the guard sends by itself
	asked   bool  // a CANCEL is wanted, and there is no provisional response to cancel yet
	noRetry bool  // the client side stopped repeating the request
	acked   bool  // INVITE: req is the ACK of the failure that came
	giveUp  int64 // milliseconds: when the present state ends
	up      flow  // no listener when the guard itself asks, or gave a carrier up for the next
	down    flow
	call    tsujiban.CallID // 0 when it belongs to none
	probe   *carrier        // the guard's own OPTIONS
	setup   *setup
	req     []byte // as sent on; nil when it is not needed any more
	resp    []byte // the last response sent back, for repeats
}

// setup is what an INVITE that starts a call needs until its final response.
type setup struct {
	orig        []byte // the INVITE as it came, to build it again for the next carrier
	dialled     []byte // the digits that were judged
	provisional []byte // the last response above 100 that was passed back
	source      flow   // where the INVITE came from, for received and rport
	emergency   bool
	tried       []uint8 // indices of the carriers tried
	carriers    *carrierSet
	carrier     int // index of the present one, -1 for a call in
	cancelled   bool
	cut         tsujiban.Reason // why the guard gives the call up
}

// end is how an attempt is answered that ends without the callee's own word.
func (s *setup) end() (status int, reason tsujiban.Reason) {
	switch {
	case s.cut != tsujiban.ReasonNone:
		return statusOf(s.cut), s.cut
	case s.cancelled:
		return 487, tsujiban.ReasonNone
	}
	return 408, tsujiban.ReasonNone
}

// statusOf is the SIP status for a reason: 480 for those that only end running calls.
func statusOf(r tsujiban.Reason) int {
	if s := r.SIPStatus(); s != 0 {
		return s
	}
	return 480
}

// txnKey names a server transaction: the hash of branch, sent-by, Call-ID, CSeq number
// and method under two secret seeds, so that nobody can make two requests meet.
type txnKey struct{ a, b uint64 }

type relays struct {
	chunks [][]relay
	free   []uint32
	byKey  keyIndex
	seedA  maphash.Seed
	seedB  maphash.Seed
	inUse  int

	setups []*setup
	bufs   [][]byte
}

const (
	chunkBits = 15 // 8 MB, of which only what was used once takes memory
	bufSize   = 2048
)

func (t *relays) init() {
	t.byKey.init()
	t.seedA, t.seedB = maphash.MakeSeed(), maphash.MakeSeed()
}

func (t *relays) at(slot uint32) *relay { return &t.chunks[slot>>chunkBits][slot&(1<<chunkBits-1)] }

// find returns the relay in a slot when it is in use with that secret.
func (t *relays) find(slot, secret uint32) *relay {
	if int(slot>>chunkBits) >= len(t.chunks) {
		return nil
	}
	if r := t.at(slot); r.state != relayFree && r.secret == secret {
		return r
	}
	return nil
}

func (t *relays) take(secret uint32) *relay {
	if len(t.free) == 0 {
		base := uint32(len(t.chunks)) << chunkBits
		t.chunks = append(t.chunks, onHugePages[relay](1<<chunkBits))
		for i := uint32(1 << chunkBits); i > 0; i-- {
			t.free = append(t.free, base+i-1)
		}
	}
	slot := t.free[len(t.free)-1]
	t.free = t.free[:len(t.free)-1]
	r := t.at(slot)
	r.slot, r.secret = slot, secret
	r.timer.relay = r
	t.inUse++
	return r
}

// release gives the relay's slot back; its timer must have been stopped.
func (t *relays) release(r *relay) {
	t.unindex(r)
	t.dropSetup(r)
	t.putBuf(r.req)
	slot := r.slot
	*r = relay{slot: slot}
	t.free = append(t.free, slot)
	t.inUse--
}

func (t *relays) newSetup() *setup {
	if n := len(t.setups); n > 0 {
		s := t.setups[n-1]
		t.setups = t.setups[:n-1]
		return s
	}
	return &setup{}
}

func (t *relays) dropSetup(r *relay) {
	s := r.setup
	if s == nil {
		return
	}
	r.setup = nil
	t.putBuf(s.orig)
	if len(t.setups) < 1024 {
		*s = setup{dialled: s.dialled[:0], tried: s.tried[:0], provisional: s.provisional[:0]}
		t.setups = append(t.setups, s)
	}
}

// buf returns an empty buffer for a message.
func (t *relays) buf() []byte {
	if n := len(t.bufs); n > 0 {
		b := t.bufs[n-1]
		t.bufs = t.bufs[:n-1]
		return b
	}
	return make([]byte, 0, bufSize)
}

func (t *relays) putBuf(b []byte) {
	if cap(b) == bufSize && len(t.bufs) < 4096 {
		t.bufs = append(t.bufs, b[:0])
	}
}

// branchMagic starts every branch that we write; what follows is slot, secret and a
// hash that tells a loop (RFC 3261 §16.6 step 8).
const branchMagic = "z9hG4bK-tj"

const branchLen = len(branchMagic) + 7 + 7 + 7

const digits32 = "0123456789abcdefghijklmnopqrstuv"

func append32(b []byte, v uint32) []byte {
	for shift := 30; shift >= 0; shift -= 5 {
		b = append(b, digits32[v>>shift&31])
	}
	return b
}

func parse32(b []byte) (uint32, bool) {
	var v uint64
	for _, c := range b {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'v':
			c -= 'a' - 10
		default:
			return 0, false
		}
		v = v<<5 | uint64(c)
	}
	return uint32(v), v <= 1<<32-1
}

// parseBranch reads a branch of ours.
func parseBranch(b []byte) (slot, secret, loop uint32, ok bool) {
	if len(b) != branchLen || string(b[:len(branchMagic)]) != branchMagic {
		return 0, 0, 0, false
	}
	b = b[len(branchMagic):]
	slot, ok1 := parse32(b[:7])
	secret, ok2 := parse32(b[7:14])
	loop, ok3 := parse32(b[14:21])
	return slot, secret, loop, ok1 && ok2 && ok3
}
