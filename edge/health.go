package edge

import (
	"tsujiban"
	"tsujiban/sipwire"
)

// probe asks a carrier by OPTIONS whether it is there.
func (w *worker) probe(k *carrier) {
	r := w.own(sipwire.OPTIONS, &k.flow)
	r.probe = k
	b := append(w.e.relays.buf(), "OPTIONS sip:"...)
	b = append(append(b, k.uri...), " SIP/2.0\r\n"...)
	b = append(w.appendVia(b, r), "Max-Forwards: 70\r\n"...)
	b = append(append(append(b, "From: <sip:tsujiban@"...), k.flow.lis.host...), ">;tag=tjp"...)
	b = append(append32(b, r.secret), crlf...)
	b = append(append(append(b, "To: <sip:"...), k.uri...), ">\r\n"...)
	b = append(append32(append(b, "Call-ID: tjp"...), uint32(w.ms)), append32(nil, r.secret)...)
	b = append(append(append(b, "@"...), k.flow.lis.host...), crlf...)
	b = append(append(append(b, "User-Agent: "...), w.e.opt.Name...), crlf...)
	r.req = appendEnd(b, 1, "OPTIONS")
	w.send(r)
	// A probe is worth little when it is late.
	r.giveUp = w.ms + min(k.Probe.Milliseconds(), t1x64/4)
}

// probed notes the answer to a probe; any answer but 503 says that somebody is there.
func (w *worker) probed(r *relay, status int) {
	k := r.probe
	if status == 0 || status == 503 {
		k.missed++
	} else {
		k.missed = 0
	}
	w.setDown(k, k.missed >= missesUntilDown)
}

// housekeeping runs once a second: probes, reports of refusals, phones that did not register again.
func (w *worker) housekeeping() {
	e := w.e
	for _, k := range e.carriers.list {
		if k.Probe > 0 && w.ms >= k.nextProbe {
			k.nextProbe = w.ms + k.Probe.Milliseconds()
			w.probe(k)
		}
	}
	e.refusals.report(w.ms, func(r *tsujiban.Refusal) { e.opt.Desk.Refused(r, w.now) })
	e.phones.expire(w.ms)
}

// rateLimit counts INVITEs over the second that runs.
type rateLimit struct {
	second int64
	count  int
}

func (l *rateLimit) take(limit int, ms int64) bool {
	if limit <= 0 {
		return true
	}
	if s := ms / 1000; s != l.second {
		l.second, l.count = s, 0
	}
	l.count++
	return l.count <= limit
}
