package edge

import (
	"log/slog"
	"math"

	"tsujiban"
	"tsujiban/sipwire"
)

// tryNextAt is when an INVITE is given to the next carrier, unless something comes back before.
func (w *worker) tryNextAt(r *relay) int64 {
	s := r.setup
	if s == nil || s.carriers == nil || s.cancelled || s.cut != tsujiban.ReasonNone || len(s.tried) >= len(s.carriers.list) {
		return math.MaxInt64
	}
	return r.giveUp - t1x64 + w.e.opt.TryNext.Milliseconds()
}

// nextCarrier sends the INVITE to the next carrier, in a relay of its own that takes over the server
// side; the old one stays to look after what its carrier still says. False when none is left.
func (w *worker) nextCarrier(r *relay, c *call) bool {
	e, s := w.e, r.setup
	if s.carriers == nil || c == nil {
		return false
	}
	i := s.carriers.next(s.tried)
	if i < 0 {
		return false
	}
	if err := w.again.Parse(s.orig); err != nil {
		return false
	}
	v, err := sipwire.ParseVia(w.again.Get(sipwire.Via))
	if err != nil {
		return false
	}
	n := e.relays.take(w.secret(txnKey{b: r.key.b + uint64(len(s.tried))}))
	n.method, n.up, n.call, n.setup = sipwire.INVITE, r.up, r.call, s
	e.relays.unindex(r)
	e.relays.index(n, r.key)
	r.setup, r.call, r.up = nil, 0, flow{}
	c.setup = n
	s.tried = append(s.tried, uint8(i))
	s.carrier = i
	k := s.carriers.list[i]
	c.carrier = k.ID
	w.aim(n, c, k.flow)
	rt := w.ourRoutes(&w.again)
	w.build(n, c, &w.again, &v, &rt, k.uri)
	e.stats.failovers.Add(1)
	w.abandon(r)
	w.send(n)
	return true
}

// notSent takes back a message that could not be sent: an INVITE goes to the next carrier at once. What else there is has
// timers of its own.
func (w *worker) notSent(p []byte) {
	if err := w.again.Parse(p); err != nil || w.again.Method != sipwire.INVITE || !w.again.IsRequest() {
		return
	}
	v, err := sipwire.ParseVia(w.again.Get(sipwire.Via))
	if err != nil {
		return
	}
	slot, secret, _, ok := parseBranch(v.Branch)
	if !ok {
		return
	}
	if r := w.e.relays.find(slot, secret); r != nil && r.state == relayTrying && r.setup != nil {
		w.carrierFailed(r.setup)
		status, reason := r.setup.end()
		if status == 408 && w.nextCarrier(r, w.e.calls.byID[r.call]) {
			return
		}
		switch {
		case status == 408 && r.setup.carriers != nil:
			status, reason = 503, tsujiban.ReasonCarrierFailed
		case status == 408: // a PBX that is not there
			status = 480
		}
		w.giveUp(r, status, reason)
	}
}

// abandon leaves a relay without a caller. When its carrier has refused, the ACK is kept for repeats (Timer D);
// when it has said nothing yet, it is cancelled as soon as it does (RFC 3261 §9.1).
func (w *worker) abandon(r *relay) {
	if r.acked {
		r.state = relayCompleted
		r.giveUp = w.ms + t1x64
	} else {
		r.asked, r.noRetry = true, true
	}
	w.e.wheel.set(&r.timer, r.giveUp)
}

// abandonedResponse takes what a carrier says that was given up for the next.
func (w *worker) abandonedResponse(r *relay, m *sipwire.Message, fl *flow) {
	switch {
	case r.state == relayCompleted:
		w.afterFinal(r, m, fl)
		return
	case m.Status < 200:
		if r.state == relayTrying {
			w.sendCancel(r)
		}
		return
	case m.Status < 300:
		w.unwanted(r, m, fl)
		w.e.relays.putBuf(r.req)
		r.req = nil
	default:
		w.ackFailure(r, m)
	}
	r.state = relayCompleted
	r.giveUp = w.ms + t1x64
	w.e.wheel.set(&r.timer, r.giveUp)
}

// carrierFailed and carrierAnswered learn from calls what probes would tell later.
func (w *worker) carrierFailed(s *setup) {
	if s.carriers == nil || s.carrier < 0 {
		return
	}
	k := s.carriers.list[s.carrier]
	k.missed++
	w.setDown(k, k.missed >= missesUntilDown && k.Probe > 0)
}

func (w *worker) carrierAnswered(s *setup) {
	if s.carriers == nil || s.carrier < 0 {
		return
	}
	k := s.carriers.list[s.carrier]
	k.missed = 0
	w.setDown(k, false)
}

func (w *worker) setDown(k *carrier, down bool) {
	if k.down == down {
		return
	}
	k.down = down
	id := string(k.ID)
	w.later(func(log *slog.Logger) {
		if down {
			log.Warn("carrier does not answer", "carrier", id)
		} else {
			log.Info("carrier answers again", "carrier", id)
		}
	})
}
