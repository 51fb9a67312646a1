package edge

import (
	"net/netip"
	"strings"

	"github.com/gaissmai/bart"

	"tsujiban"
)

// Directory says who is who among the PBXs. It is immutable and swapped whole.
type Directory struct {
	bySource bart.Table[*trunk]
	byName   map[string]*trunk // DNS name in a client certificate, lower case
	byUser   map[string]*trunk // digest user name
	byDomain map[string]*trunk // domain that phones register in, lower case
	realms   map[string]bool   // of digest trunks with one of their own
	byID     map[tsujiban.TrunkID]*trunk
	ofOwner  map[tsujiban.CustomerID][]*trunk
	holder   func(dialled []byte) (tsujiban.CustomerID, bool)
}

type trunk struct {
	tsujiban.Trunk
	addr      netip.AddrPort // where calls in go; invalid when it takes none
	registrar netip.AddrPort
}

// NewDirectory compiles trunks. holder finds the customer that holds a dialled number, for calls
// in. Names in addresses are looked up here.
func NewDirectory(trunks []tsujiban.Trunk, holder func(dialled []byte) (tsujiban.CustomerID, bool)) (*Directory, error) {
	d := &Directory{
		byName: map[string]*trunk{}, byUser: map[string]*trunk{}, byDomain: map[string]*trunk{}, realms: map[string]bool{},
		byID: map[tsujiban.TrunkID]*trunk{}, ofOwner: map[tsujiban.CustomerID][]*trunk{}, holder: holder,
	}
	for _, t := range trunks {
		if err := d.add(&trunk{Trunk: t}); err != nil {
			return nil, err
		}
	}
	return d, nil
}

func (d *Directory) add(t *trunk) (err error) {
	if t.Address != "" {
		if t.addr, err = resolve(t.Address, t.Transport); err != nil {
			return tsujiban.Errorf(tsujiban.CodeInvalid, "trunk %s: %w", t.ID, err)
		}
	}
	if t.Registrar != "" {
		if t.registrar, err = resolve(t.Registrar, "udp"); err != nil {
			return tsujiban.Errorf(tsujiban.CodeInvalid, "trunk %s: registrar: %w", t.ID, err)
		}
		if err := claim(d.byDomain, strings.ToLower(t.Domain), t, "domain"); err != nil {
			return err
		}
	}
	for _, p := range t.Sources {
		p = p.Masked()
		if o, ok := d.bySource.Get(p); ok && o.Customer != t.Customer {
			return tsujiban.Errorf(tsujiban.CodeConflict, "trunks %s and %s of two customers both claim the source %s: give each its own", o.ID, t.ID, p)
		}
		d.bySource.Insert(p, t)
	}
	if err := claim(d.byName, strings.ToLower(t.CertificateName), t, "certificate name"); err != nil {
		return err
	}
	if err := claim(d.byUser, t.Username, t, "user name"); err != nil {
		return err
	}
	if t.Username != "" && t.Realm != "" {
		d.realms[t.Realm] = true
	}
	d.byID[t.ID] = t
	d.ofOwner[t.Customer] = append(d.ofOwner[t.Customer], t)
	return nil
}

// claim enters a trunk under what it is known by. Two trunks known by the same would let one customer
// call as the other.
func claim(names map[string]*trunk, name string, t *trunk, what string) error {
	if name == "" {
		return nil
	}
	if o := names[name]; o != nil {
		return tsujiban.Errorf(tsujiban.CodeConflict, "trunks %s and %s both claim the %s %q: give each its own", o.ID, t.ID, what, name)
	}
	names[name] = t
	return nil
}

// source finds the trunk that an address belongs to.
func (d *Directory) source(a netip.Addr) *trunk {
	t, _ := d.bySource.Lookup(a)
	return t
}

// certificate finds the trunk that a connection's certificate names.
func (d *Directory) certificate(c *conn) *trunk {
	if c == nil {
		return nil
	}
	for _, n := range c.names {
		if t := d.byName[strings.ToLower(n)]; t != nil {
			return t
		}
	}
	return nil
}

// SetDirectory swaps the directory whole. Running calls go on; phones whose trunk is gone are strangers
// from then on.
func (e *Edge) SetDirectory(d *Directory) {
	names := map[netip.AddrPort]string{}
	for _, t := range d.byID {
		if t.Transport == "tls" && t.addr.IsValid() {
			names[t.addr] = hostOnly(t.Address)
		}
	}
	e.streams.mu.Lock()
	e.streams.trunkNames = names
	e.streams.mu.Unlock()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.dir = d
	e.phones.follow(d)
}
