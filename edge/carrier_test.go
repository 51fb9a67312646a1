package edge

import (
	"fmt"
	"net/netip"
	"testing"

	"tsujiban"
)

// Calls are shared among the carriers of the lowest priority by weight, evenly over time; those that are down come last.
func TestCarrierShares(t *testing.T) {
	g := newRig(t, &plainDesk{}, nil)
	set := func(list ...Carrier) *carrierSet {
		t.Helper()
		for i := range list {
			list[i].ID = tsujiban.CarrierID(fmt.Sprint(i))
			list[i].Address, list[i].Transport = fmt.Sprintf("198.51.100.%d:5060", i+1), "udp"
		}
		if err := g.e.SetCarriers(list); err != nil {
			t.Fatal(err)
		}
		return g.e.carriers
	}
	s := set(Carrier{Priority: 2}, Carrier{Priority: 1, Weight: 5}, Carrier{Priority: 1, Weight: 1}, Carrier{Priority: 1})
	run, counts := "", map[tsujiban.CarrierID]int{}
	for range 70 {
		c := s.list[s.next(nil)]
		counts[c.ID]++
		run += string(c.ID)
	}
	if counts["1"] != 50 || counts["2"] != 10 || counts["3"] != 10 || run[:14] != "11213111121311" {
		t.Errorf("shares %v, in the order %s", counts, run[:14])
	}
	var tried []uint8
	order := ""
	for {
		i := s.next(tried)
		if i < 0 {
			break
		}
		tried = append(tried, uint8(i))
		order += string(s.list[i].ID)
	}
	if len(order) != 4 || order[3] != '0' {
		t.Errorf("tried in the order %s", order)
	}
	for _, c := range s.list {
		c.down = c.Priority == 1
	}
	if got := s.list[s.next(nil)].ID; got != "0" {
		t.Errorf("with the first ones down: %s", got)
	}
	s.list[3].down = true
	if i := s.next(nil); i < 0 || s.list[i].Priority != 1 {
		t.Error("with all down none is tried; a probe may be wrong")
	}
	// A new list keeps what is known of the health of those that stay.
	s = set(Carrier{Priority: 2}, Carrier{Priority: 1})
	if !s.list[0].down || !s.list[1].down {
		t.Error("health is forgotten")
	}
}

func TestCarrierFaults(t *testing.T) {
	g := newRig(t, &plainDesk{}, nil)
	good := g.e.carriers
	for what, list := range map[string][]Carrier{
		"a transport without listener": {{ID: "a", Address: "198.51.100.1:5060", Transport: "tls"}},
		"an address family likewise":   {{ID: "a", Address: "[2001:db8::1]:5060", Transport: "udp"}},
		"no address":                   {{ID: "a", Address: "no such host.invalid:x", Transport: "udp"}},
		"too many":                     make([]Carrier, 256),
	} {
		if err := g.e.SetCarriers(list); tsujiban.CodeOf(err) != tsujiban.CodeInvalid {
			t.Errorf("%s: %v", what, err)
		}
	}
	if g.e.carriers != good {
		t.Error("a list that is refused takes the place of the last")
	}
}

func TestDirectoryConflicts(t *testing.T) {
	holder := func([]byte) (tsujiban.CustomerID, bool) { return "", false }
	for what, change := range map[string]func(*tsujiban.Trunk){
		"source":      func(t *tsujiban.Trunk) { t.Sources = prefixes("192.0.2.0/24") },
		"certificate": func(t *tsujiban.Trunk) { t.CertificateName = "PBX.example" },
		"user":        func(t *tsujiban.Trunk) { t.Username = "user" },
		"domain":      func(t *tsujiban.Trunk) { t.Registrar, t.Domain = "192.0.2.1", "Domain.example" },
	} {
		one := tsujiban.Trunk{ID: "one", Customer: "a", Sources: prefixes("192.0.2.0/24"), CertificateName: "pbx.example", Username: "user", Registrar: "192.0.2.1:5060", Domain: "domain.example"}
		two := tsujiban.Trunk{ID: "two", Customer: "b"}
		change(&two)
		if _, err := NewDirectory([]tsujiban.Trunk{one, two}, holder); tsujiban.CodeOf(err) != tsujiban.CodeConflict {
			t.Errorf("two trunks with one %s: %v", what, err)
		}
	}
	for _, bad := range []tsujiban.Trunk{{ID: "t", Address: "::nowhere::"}, {ID: "t", Registrar: "x:y:z"}} {
		if _, err := NewDirectory([]tsujiban.Trunk{bad}, holder); tsujiban.CodeOf(err) != tsujiban.CodeInvalid {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	// The narrower network counts.
	d, err := NewDirectory([]tsujiban.Trunk{{ID: "wide", Customer: "a", Sources: prefixes("192.0.2.0/24")}, {ID: "narrow", Customer: "b", Sources: prefixes("192.0.2.77/30")}}, holder)
	if err != nil {
		t.Fatal(err)
	}
	for addr, want := range map[string]tsujiban.TrunkID{"192.0.2.76": "narrow", "192.0.2.80": "wide"} {
		if got := d.source(netip.MustParseAddr(addr)); got == nil || got.ID != want {
			t.Errorf("%s belongs to %v", addr, got)
		}
	}
}

func TestResolve(t *testing.T) {
	for in, want := range map[string]string{
		"192.0.2.1:5070": "192.0.2.1:5070", "192.0.2.1": "192.0.2.1:5060", "[2001:db8::1]:5070": "[2001:db8::1]:5070",
		"2001:db8::1": "[2001:db8::1]:5060", "[2001:db8::1]": "[2001:db8::1]:5060", "::ffff:192.0.2.1": "192.0.2.1:5060",
	} {
		if got, err := resolve(in, "udp"); err != nil || got.String() != want {
			t.Errorf("%q is %s, %v", in, got, err)
		}
	}
	if got, err := resolve("192.0.2.1", "tls"); err != nil || got.Port() != 5061 {
		t.Errorf("over TLS %s, %v", got, err)
	}
	for in, want := range map[string]string{"pbx.example:5061": "pbx.example", "pbx.example": "pbx.example", "[2001:db8::1]:5061": "2001:db8::1"} {
		if got := hostOnly(in); got != want {
			t.Errorf("the host of %q is %q", in, got)
		}
	}
}
