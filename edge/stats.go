package edge

import (
	"sync/atomic"

	"tsujiban"
	"tsujiban/sipwire"
)

type counter = atomic.Uint64

// stats are the counters of an edge; every label comes from a closed set.
type stats struct {
	requests                                                                            [sipwire.NumMethods]counter
	responses, replies                                                                  [7]counter // by class: 1 to 6
	malformed                                                                           [sipwire.NumErrors]counter
	refused, cuts                                                                       [tsujiban.NumReasons]counter
	silent                                                                              [tsujiban.NumRefusals]counter
	calls, answered, repeatsIn, repeatsOut, timeouts, failovers                         counter
	hungUp, strayResponses, ackAbsorbed, dialogRefused, byeLost, byeRefused, challenges counter
	keepAlive, registrations, callsIn                                                   counter
	sendLost, readFailed, acceptFailed, connRefused, dialFailed, tlsFailed              counter
	streamBroken                                                                        counter
}

// Stats is a copy of an edge's counters since it was made.
type Stats struct {
	Requests  map[string]uint64 // by method
	Responses [7]uint64         // received, by class (index 1 to 6)
	Replies   [7]uint64         // made by the guard itself, by class
	Malformed map[string]uint64 // messages refused, by fault
	Refused   map[string]uint64 // calls refused, by reason
	Cuts      map[string]uint64 // calls ended by the guard, by reason
	Silent    map[string]uint64 // met with silence, by kind
	Events    map[string]uint64 // the rest, by name
	Running   int               // calls, ringing ones included
	Held      int               // INVITEs that wait for the journal
	Relays    int               // transactions kept
	Phones    int
}

// Stats copies the counters.
func (e *Edge) Stats() Stats {
	s := &e.stats
	out := Stats{
		Requests: map[string]uint64{}, Malformed: map[string]uint64{}, Refused: map[string]uint64{},
		Cuts: map[string]uint64{}, Silent: map[string]uint64{},
	}
	for i := range s.requests {
		out.Requests[sipwire.Method(i).String()] = s.requests[i].Load()
	}
	for i := range s.responses {
		out.Responses[i], out.Replies[i] = s.responses[i].Load(), s.replies[i].Load()
	}
	for i := 1; i < len(s.malformed); i++ {
		out.Malformed[sipwire.Error(i).Error()] = s.malformed[i].Load()
	}
	for i := 1; i < len(s.refused); i++ {
		out.Refused[tsujiban.Reason(i).String()] = s.refused[i].Load()
		out.Cuts[tsujiban.Reason(i).String()] = s.cuts[i].Load()
	}
	for i := range s.silent {
		out.Silent[tsujiban.RefusalKind(i).String()] = s.silent[i].Load()
	}
	out.Events = map[string]uint64{
		"calls": s.calls.Load(), "answered": s.answered.Load(), "repeats-received": s.repeatsIn.Load(), "repeats-sent": s.repeatsOut.Load(),
		"timeouts": s.timeouts.Load(), "failovers": s.failovers.Load(), "hung-up": s.hungUp.Load(), "stray-responses": s.strayResponses.Load(),
		"ack-absorbed": s.ackAbsorbed.Load(), "in-dialog-refused": s.dialogRefused.Load(), "bye-unanswered": s.byeLost.Load(), "bye-refused": s.byeRefused.Load(),
		"challenges": s.challenges.Load(), "keep-alives": s.keepAlive.Load(), "registrations": s.registrations.Load(), "calls-in": s.callsIn.Load(),
		"send-lost": s.sendLost.Load(), "read-failed": s.readFailed.Load(), "accept-failed": s.acceptFailed.Load(),
		"connections-refused": s.connRefused.Load(), "dial-failed": s.dialFailed.Load(), "tls-failed": s.tlsFailed.Load(), "stream-broken": s.streamBroken.Load(),
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	out.Running, out.Held, out.Relays, out.Phones = len(e.calls.byID), e.held.waiting(), e.relays.inUse, len(e.phones.bySrc)
	return out
}
