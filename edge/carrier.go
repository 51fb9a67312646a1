package edge

import (
	"crypto/tls"
	"net/netip"
	"slices"

	"github.com/gaissmai/bart"

	"tsujiban"
)

// carrierSet is the carriers in the order of their priority; it is swapped whole, only
// health and turn change, under Edge.mu.
type carrierSet struct {
	list     []*carrier
	bySource bart.Table[*carrier]
}

type carrier struct {
	Carrier
	flow   flow
	uri    []byte // host:port with transport parameter, for Request-URIs
	down   bool
	missed int // probes without an answer, in a row
	turn   int // smooth weighted round robin (as in nginx)

	nextProbe int64
}

// failed probes in a row until a carrier counts as down.
const missesUntilDown = 2

// SetCarriers swaps the carriers whole; what was known of their health is kept by id.
func (e *Edge) SetCarriers(list []Carrier) error {
	if len(list) > 255 {
		return tsujiban.Errorf(tsujiban.CodeInvalid, "%d carriers: at most 255", len(list))
	}
	set := &carrierSet{}
	configs := map[netip.AddrPort]*tls.Config{}
	for _, c := range list {
		addr, err := resolve(c.Address, c.Transport)
		if err != nil {
			return tsujiban.Errorf(tsujiban.CodeInvalid, "carrier %s: %w", c.ID, err)
		}
		lis := e.listenerFor(c.Transport, addr.Addr())
		if lis == nil {
			return tsujiban.Errorf(tsujiban.CodeInvalid, "carrier %s: no listener with transport %q and the address family of %s: add one to the configuration", c.ID, c.Transport, addr)
		}
		k := &carrier{Carrier: c, flow: flow{lis: lis, addr: addr}}
		k.uri = append([]byte(addr.String()), lis.uriParams...)
		switch {
		case c.TLS != nil:
			configs[addr] = c.TLS
		case c.Transport == "tls":
			configs[addr] = &tls.Config{ServerName: hostOnly(c.Address), MinVersion: tls.VersionTLS12}
		}
		set.list = append(set.list, k)
		set.bySource.Insert(netip.PrefixFrom(addr.Addr(), addr.Addr().BitLen()), k)
		for _, p := range c.Sources {
			set.bySource.Insert(p.Masked(), k)
		}
	}
	slices.SortStableFunc(set.list, func(a, b *carrier) int { return a.Priority - b.Priority })
	e.streams.mu.Lock()
	e.streams.carrierTLS = configs
	e.streams.mu.Unlock()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.carriers != nil {
		for _, k := range set.list {
			for _, o := range e.carriers.list {
				if o.ID == k.ID {
					k.down, k.missed, k.nextProbe = o.down, o.missed, o.nextProbe
				}
			}
		}
	}
	e.carriers = set
	return nil
}

// listenerFor finds the first listener with a transport and an address family.
func (e *Edge) listenerFor(transport string, a netip.Addr) *listener {
	if transport == "" {
		transport = "udp"
	}
	for _, l := range e.listeners {
		if l.transport == transport && l.local.Addr().Is4() == a.Is4() {
			return l
		}
	}
	return nil
}

// next chooses the carrier to try: the healthy ones first, by priority, then by weight; when
// all are down, those too, for a probe may be wrong. -1 when all were tried.
func (s *carrierSet) next(tried []uint8) int {
	if i := s.choose(tried, false); i >= 0 {
		return i
	}
	return s.choose(tried, true)
}

func (s *carrierSet) choose(tried []uint8, down bool) int {
	best, total, first := -1, 0, -1
	for i, c := range s.list {
		if c.down && !down || slices.Contains(tried, uint8(i)) {
			continue
		}
		if first < 0 {
			first = i
		}
		if c.Priority != s.list[first].Priority {
			break
		}
		w := max(c.Weight, 1)
		c.turn += w
		total += w
		if best < 0 || c.turn > s.list[best].turn {
			best = i
		}
	}
	if best >= 0 {
		s.list[best].turn -= total
	}
	return best
}

// CarrierState is a carrier's health.
type CarrierState struct {
	ID   tsujiban.CarrierID
	Up   bool
	Addr netip.AddrPort
}

// Carriers tells the health of every carrier.
func (e *Edge) Carriers() []CarrierState {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.carriers == nil {
		return nil
	}
	var out []CarrierState
	for _, c := range e.carriers.list {
		out = append(out, CarrierState{c.ID, !c.down, c.flow.addr})
	}
	return out
}
