package edge

import (
	"net/netip"
	"slices"

	"tsujiban"
)

// Limits of phones that register through the guard.
const (
	maxPhones      = 100_000
	maxBindings    = 64     // names under which one source registers
	sweepPhones    = 4_000  // looked at in a second
	maxExpires     = 86_400 // seconds
	defaultExpires = 3_600
)

// phone is a source that a customer's registrar accepted: from now on its address speaks
// for the customer.
type phone struct {
	token    uint64 // in our Path URI
	flow     flow
	trunk    *trunk
	bindings []binding
	until    int64 // milliseconds: the latest of the bindings
}

// binding is a registration.
type binding struct {
	user  string // of the address of record
	until int64
}

type phoneKey struct {
	addr netip.AddrPort
	lis  int
}

type phoneName struct {
	trunk tsujiban.TrunkID
	user  string
}

// phones is the table of registrations. Guarded by Edge.mu.
type phones struct {
	bySrc   map[phoneKey]*phone
	byToken map[uint64]*phone
	byName  map[phoneName]*phone        // the one that registered last
	pending map[uint32]*pendingRegister // by relay slot
}

func (p *phones) init() {
	p.bySrc, p.byToken, p.byName = map[phoneKey]*phone{}, map[uint64]*phone{}, map[phoneName]*phone{}
	p.pending = map[uint32]*pendingRegister{}
}

func keyOfPhone(fl *flow) phoneKey { return phoneKey{fl.addr, fl.lis.index} }

func (p *phones) bySource(fl *flow, ms int64) *phone {
	if len(p.bySrc) == 0 {
		return nil
	}
	if ph := p.bySrc[keyOfPhone(fl)]; ph != nil && ph.until > ms {
		return ph
	}
	return nil
}

// ofTrunk finds the phone of a trunk that registered under a number.
func (p *phones) ofTrunk(t tsujiban.TrunkID, dialled []byte, ms int64) *phone {
	if len(p.byName) == 0 {
		return nil
	}
	ph := p.byName[phoneName{t, string(dialled)}]
	if ph == nil {
		return nil
	}
	for _, b := range ph.bindings {
		if b.user == string(dialled) && b.until > ms {
			return ph
		}
	}
	return nil
}

// put notes a registration; false when there are too many.
func (p *phones) put(reg *pendingRegister, until int64) bool {
	k := keyOfPhone(&reg.flow)
	ph := p.bySrc[k]
	switch {
	case ph != nil && ph.trunk.ID != reg.trunk.ID:
		p.remove(ph)
		ph = nil
	case ph == nil && len(p.bySrc) >= maxPhones, ph != nil && len(ph.bindings) >= maxBindings:
		return false
	}
	if ph == nil {
		ph = &phone{token: reg.token, flow: reg.flow, trunk: reg.trunk}
		p.bySrc[k], p.byToken[ph.token] = ph, ph
	}
	ph.flow, ph.trunk = reg.flow, reg.trunk
	ph.bindings = append(slices.DeleteFunc(ph.bindings, func(b binding) bool { return b.user == reg.user }), binding{reg.user, until})
	ph.until = max(ph.until, until)
	p.byName[phoneName{ph.trunk.ID, reg.user}] = ph
	return true
}

// unbind takes a registration back, and forgets the phone with its last.
func (p *phones) unbind(fl *flow, user string) {
	ph := p.bySrc[keyOfPhone(fl)]
	if ph == nil {
		return
	}
	ph.bindings = slices.DeleteFunc(ph.bindings, func(b binding) bool { return b.user == user })
	p.forgetName(ph, user)
	if len(ph.bindings) == 0 {
		p.remove(ph)
	}
}

func (p *phones) forgetName(ph *phone, user string) {
	if k := (phoneName{ph.trunk.ID, user}); p.byName[k] == ph {
		delete(p.byName, k)
	}
}

func (p *phones) remove(ph *phone) {
	for _, b := range ph.bindings {
		p.forgetName(ph, b.user)
	}
	delete(p.bySrc, keyOfPhone(&ph.flow))
	delete(p.byToken, ph.token)
}

// expire forgets phones that did not register again, some of them each time: their time is looked at on every use, so
// there is no hurry, and nobody is to wait for a hundred thousand.
func (p *phones) expire(ms int64) {
	left := sweepPhones
	for _, ph := range p.byToken { // from a random place
		if ph.until <= ms {
			p.remove(ph)
		}
		if left--; left == 0 {
			return
		}
	}
}

// follow points the phones at the trunks of a new directory, and forgets those whose trunk is gone.
func (p *phones) follow(d *Directory) {
	for _, ph := range p.byToken {
		if t := d.byID[ph.trunk.ID]; t != nil && t.Customer == ph.trunk.Customer && t.registrar.IsValid() {
			ph.trunk = t
		} else {
			p.remove(ph)
		}
	}
}
