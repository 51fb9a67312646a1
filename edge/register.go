package edge

import (
	"bytes"
	"math/rand/v2"
	"net/netip"
	"strings"

	"tsujiban"
	"tsujiban/sipwire"
)

// Limits of phones that register through the guard.
const (
	maxPhones      = 100_000
	maxExpires     = 7200 // seconds
	defaultExpires = 3600
)

// phone is a registration that a customer's registrar accepted: from now on its address speaks
// for the customer.
type phone struct {
	token uint64 // in our Path URI
	flow  flow
	trunk *trunk
	user  string // of the address of record
	until int64  // milliseconds
}

type phoneKey struct {
	addr netip.AddrPort
	lis  int
}

// phones is the table of registrations. Guarded by Edge.mu.
type phones struct {
	bySrc   map[phoneKey]*phone
	byToken map[uint64]*phone
	pending map[uint32]*pendingRegister // by relay slot
	swept   int64
}

// pendingRegister is a REGISTER that was passed on.
type pendingRegister struct {
	phone    phone
	withAuth bool
	agent    string
	expires  int // asked for, in seconds
}

func (p *phones) init() {
	p.bySrc, p.byToken, p.pending = map[phoneKey]*phone{}, map[uint64]*phone{}, map[uint32]*pendingRegister{}
}

func (p *phones) bySource(fl *flow, ms int64) *phone {
	if len(p.bySrc) == 0 {
		return nil
	}
	if ph := p.bySrc[phoneKey{fl.addr, fl.lis.index}]; ph != nil && ph.until > ms {
		return ph
	}
	return nil
}

// ofTrunk finds the phone of a trunk that registered under a number.
func (p *phones) ofTrunk(t *trunk, dialled []byte, ms int64) *phone {
	for _, ph := range p.byToken {
		if ph.trunk.ID == t.ID && ph.until > ms && ph.user == string(dialled) {
			return ph
		}
	}
	return nil
}

func (p *phones) put(ph phone) {
	k := phoneKey{ph.flow.addr, ph.flow.lis.index}
	if old := p.bySrc[k]; old != nil {
		delete(p.byToken, old.token)
	} else if len(p.bySrc) >= maxPhones {
		return
	}
	p.bySrc[k], p.byToken[ph.token] = &ph, &ph
}

func (p *phones) remove(ph *phone) {
	delete(p.bySrc, phoneKey{ph.flow.addr, ph.flow.lis.index})
	delete(p.byToken, ph.token)
}

// expire forgets phones that did not register again; every ten seconds is enough, for their
// time is looked at on every use.
func (p *phones) expire(ms int64) {
	if ms-p.swept < 10_000 {
		return
	}
	p.swept = ms
	for _, ph := range p.byToken {
		if ph.until <= ms {
			p.remove(ph)
		}
	}
}

// register passes a REGISTER to the registrar of the customer whose domain it names, with a
// Path so that calls to the phone come by here (RFC 3327).
func (w *worker) register(m *sipwire.Message, v *sipwire.ViaValue, up, fl *flow, key txnKey, who party) {
	e := w.e
	t := w.domainOf(m)
	if t == nil {
		if who.known() {
			w.reply(m, v, up, fl, 404, "Domain Not Served", nil)
			return
		}
		e.refuse(w, fl, tsujiban.RefusedUnknownSource, m)
		return
	}
	lis := e.listenerFor("udp", t.registrar.Addr())
	if lis == nil {
		w.reply(m, v, up, fl, 480, "Registrar Unreachable", nil)
		return
	}
	if len(e.phones.pending) >= maxPending {
		e.refuse(w, fl, tsujiban.RefusedFlood, m)
		return
	}
	to, err := sipwire.ParseAddress(m.Get(sipwire.To))
	if err != nil {
		w.reply(m, v, up, fl, 400, err.Error(), nil)
		return
	}
	u, err := sipwire.ParseURI(to.URI)
	if err != nil {
		w.reply(m, v, up, fl, 400, err.Error(), nil)
		return
	}
	token := rand.Uint64()
	if old := e.phones.bySrc[phoneKey{fl.addr, fl.lis.index}]; old != nil {
		token = old.token
	}
	down := flow{lis: lis, addr: t.registrar}
	r := e.relays.take(w.secret(key))
	r.method, r.up, r.down = sipwire.REGISTER, *up, down
	e.relays.index(r, key)
	e.phones.pending[r.slot] = &pendingRegister{
		phone:    phone{token: token, flow: *fl, trunk: t, user: string(u.User)},
		withAuth: m.Has(sipwire.Authorization), agent: string(m.Get(sipwire.UserAgent)), expires: expiresOf(m, defaultExpires),
	}
	rt := w.ourRoutes(m)
	w.patch.Reset()
	w.patchForward(m, v, fl, &rt)
	at := int(m.First(sipwire.Via).Start)
	w.patch.Insert(at, viaName, lis.via, w.branch(r.slot, r.secret, 0), viaEnd)
	path := append32(append32(nil, uint32(token>>32)), uint32(token))
	w.patch.Insert(at, []byte("Path: <sip:"), lis.host, []byte(";lr;ph="), path, []byte(">\r\n"))
	if !supportsPath(m) {
		w.patch.Insert(at, []byte("Supported: path\r\n"))
	}
	r.req = w.patch.Apply(e.relays.buf(), m.Raw)
	w.send(r)
}

// maxPending bounds the REGISTERs that wait for a registrar.
const maxPending = 2_000

func supportsPath(m *sipwire.Message) bool {
	for h := m.First(sipwire.Supported); h != nil; h = m.Next(h) {
		for _, s := range bytes.Split(m.Value(h), []byte(",")) {
			if sipwire.EqualFold(bytes.TrimSpace(s), "path") {
				return true
			}
		}
	}
	return false
}

// domainOf finds the trunk whose domain the Request-URI names.
func (w *worker) domainOf(m *sipwire.Message) *trunk {
	u, err := sipwire.ParseURI(m.RequestURI())
	if err != nil || u.Host == nil {
		return nil
	}
	return w.e.dir.byDomain[strings.ToLower(string(u.Host))]
}

// expiresOf reads how long a registration is asked for or granted: the largest of the Contacts,
// else Expires, else what is given.
func expiresOf(m *sipwire.Message, otherwise int) int {
	best := -1
	for h := m.First(sipwire.Contact); h != nil; h = m.Next(h) {
		for val := m.Value(h); len(val) > 0; {
			a, err := sipwire.ParseAddress(val)
			if err != nil {
				break
			}
			if p, err := sipwire.OneParam(a.Params, "expires"); err == nil && p != nil {
				if n, err := sipwire.ParseUint(p, 1<<32-1); err == nil {
					best = max(best, int(min(n, maxExpires)))
				}
			}
			if !a.More {
				break
			}
			val = val[a.Len+1:]
		}
	}
	if best >= 0 {
		return best
	}
	if n, err := sipwire.ParseUint(m.Get(sipwire.Expires), 1<<32-1); err == nil {
		return int(min(n, maxExpires))
	}
	return otherwise
}

// registered draws the conclusions from the registrar's answer.
func (w *worker) registered(r *relay, m *sipwire.Message) {
	e := w.e
	p := e.phones.pending[r.slot]
	delete(e.phones.pending, r.slot)
	if p == nil {
		return
	}
	source := p.phone.flow.addr.Addr()
	switch {
	case m.Status < 300:
		e.refusals.forgive(source)
		granted := expiresOf(m, p.expires)
		if p.expires == 0 || granted == 0 {
			if old := e.phones.bySrc[phoneKey{p.phone.flow.addr, p.phone.flow.lis.index}]; old != nil {
				e.phones.remove(old)
			}
			return
		}
		p.phone.until = w.ms + int64(granted)*1000
		e.phones.put(p.phone)
		e.stats.registrations.Add(1)
		w.attempt = tsujiban.Attempt{At: w.now, Customer: p.phone.trunk.Customer, Trunk: p.phone.trunk.ID, Source: p.phone.flow.addr, UserAgent: []byte(p.agent)}
		e.opt.Desk.Registered(&w.attempt, w.now)
	case (m.Status == 401 || m.Status == 407) && !p.withAuth:
		// The usual first round. Who only ever asks pays with his share of questions.
	case m.Status >= 400 && m.Status < 500:
		e.refusals.add(w.ms, source, tsujiban.RefusedPassword, []byte(p.agent))
	}
}

// internal passes a call between a customer's PBX and its phones: it is recorded and costs nothing.
func (w *worker) internal(m *sipwire.Message, v *sipwire.ViaValue, up, fl *flow, key txnKey, t *trunk, to flow, rt *routes) {
	u, err := sipwire.ParseURI(m.RequestURI())
	if err == nil {
		w.dialled, err = sipwire.Unescape(w.dialled[:0], u.User)
	}
	if err != nil || !w.fillAttempt(m, fl, tsujiban.In, t) {
		w.refuse(m, v, up, fl, key, 400, "Malformed Address", nil)
		return
	}
	ticket, ok := w.judge(m, v, up, fl, key, false)
	if !ok {
		return
	}
	c, r := w.newCall(m, v, up, fl, key, t, ticket, false)
	r.setup.carrier = -1
	r.down = to
	w.build(r, c, m, v, rt, hostOf(&to))
	w.hold(r, m, v)
}
