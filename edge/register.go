package edge

import (
	"bytes"
	"math/rand/v2"
	"strings"

	"tsujiban"
	"tsujiban/sipwire"
)

// How many REGISTERs may wait for a registrar. Strangers get a part, so that a flood of
// theirs leaves room for the phones that are known.
const (
	maxPending          = 2_000
	maxPendingStrangers = 1_500
)

// pendingRegister is a REGISTER that was passed on.
type pendingRegister struct {
	token    uint64
	flow     flow
	trunk    *trunk
	user     string // of the address of record
	agent    string
	withAuth bool
	binds    bool // it names a Contact; without, it only asks
	expires  int  // asked for, in seconds
}

// register passes a REGISTER to the registrar of the customer whose domain it names, with a
// Path so that calls to the phone come by here (RFC 3327).
func (w *worker) register(q *query) {
	e, m := w.e, q.m
	t := w.domainOf(m)
	if t == nil {
		if q.who.known() {
			w.reply(q, 404, "Domain Not Served", nil)
			return
		}
		e.refuse(w, q.fl, tsujiban.RefusedUnknownSource, m)
		return
	}
	to, ok := e.wayTo("udp", t.registrar)
	if !ok {
		w.reply(q, 480, "Registrar Unreachable", nil)
		return
	}
	if n := len(e.phones.pending); n >= maxPending || n >= maxPendingStrangers && !q.who.known() {
		e.refuse(w, q.fl, tsujiban.RefusedFlood, m)
		return
	}
	user, err := recordUser(m)
	if err != nil {
		w.reply(q, 400, err.Error(), nil)
		return
	}
	token := rand.Uint64()
	if old := e.phones.bySrc[keyOfPhone(q.fl)]; old != nil {
		token = old.token
	}
	r := e.relays.take(w.secret(q.key))
	r.method, r.up, r.down = sipwire.REGISTER, q.up, to
	e.relays.index(r, q.key)
	e.phones.pending[r.slot] = &pendingRegister{
		token: token, flow: *q.fl, trunk: t, user: user, agent: string(m.Get(sipwire.UserAgent)),
		withAuth: m.Has(sipwire.Authorization) || m.Has(sipwire.ProxyAuthorization),
		binds:    m.Has(sipwire.Contact), expires: expiresOf(m, defaultExpires),
	}
	w.sendRegister(q, r, token)
}

func (w *worker) sendRegister(q *query, r *relay, token uint64) {
	m, lis := q.m, r.down.lis
	rt := w.ourRoutes(m)
	w.patch.Reset()
	w.patchForward(m, &q.via, q.fl, &rt)
	at := int(m.First(sipwire.Via).Start)
	w.patch.Insert(at, viaName, lis.via, w.branch(r.slot, r.secret, 0), viaEnd)
	if h := m.First(sipwire.Path); h != nil { // before those of others (RFC 3327 §5.2)
		at = min(at, int(h.Start))
	}
	path := append32(append32(nil, uint32(token>>32)), uint32(token))
	w.patch.Insert(at, []byte("Path: <sip:"), lis.host, []byte(";lr;ph="), path, []byte(">\r\n"))
	if !supportsPath(m) {
		w.patch.Insert(at, []byte("Supported: path\r\n"))
	}
	r.req = w.patch.Apply(w.e.relays.buf(), m.Raw)
	w.send(r)
}

// recordUser is the user part of the address of record, in To.
func recordUser(m *sipwire.Message) (string, error) {
	to, err := sipwire.ParseAddress(m.Get(sipwire.To))
	if err != nil {
		return "", err
	}
	u, err := sipwire.ParseURI(to.URI)
	return string(u.User), err
}

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
	switch {
	case m.Status < 300:
		w.accepted(p, m)
	case refusesPassword(p, m):
		e.stats.silent[tsujiban.RefusedPassword].Add(1)
		e.refusals.add(w.ms, p.flow.addr.Addr(), tsujiban.RefusedPassword, []byte(p.agent))
	}
}

// refusesPassword tells an answer to somebody who guesses from those that honest phones get as well: the
// challenge of the usual first round, one because a nonce has aged, an interval that is too short.
func refusesPassword(p *pendingRegister, m *sipwire.Message) bool {
	switch m.Status {
	case 401, 407:
		h := m.Get(sipwire.WWWAuthenticate)
		if m.Status == 407 {
			h = m.Get(sipwire.ProxyAuthenticate)
		}
		h = bytes.ReplaceAll(bytes.ToLower(h), []byte(`"`), nil)
		return p.withAuth && !bytes.Contains(h, []byte("stale=true"))
	case 403, 404:
		return true
	}
	return false
}

// accepted notes a phone whose registrar knows it.
func (w *worker) accepted(p *pendingRegister, m *sipwire.Message) {
	e := w.e
	e.refusals.trust(p.flow.addr.Addr(), w.ms)
	if p.flow.conn != nil {
		p.flow.conn.proven.Store(true)
	}
	if p.trunk = e.dir.byID[p.trunk.ID]; p.trunk == nil { // the directory was swapped meanwhile
		return
	}
	granted := expiresOf(m, p.expires)
	switch {
	case !p.binds:
		return
	case p.expires == 0 || granted == 0:
		e.phones.unbind(&p.flow, p.user)
		return
	case !e.phones.put(p, w.ms+int64(granted)*1000):
		return
	}
	e.stats.registrations.Add(1)
	w.attempt = tsujiban.Attempt{At: w.now, Customer: p.trunk.Customer, Trunk: p.trunk.ID, Source: p.flow.addr, UserAgent: []byte(p.agent)}
	e.opt.Desk.Registered(&w.attempt, w.now)
}
