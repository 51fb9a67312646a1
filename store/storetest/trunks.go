package storetest

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"

	"tsujiban"
)

func networks(list ...string) (out []netip.Prefix) {
	for _, s := range list {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}

// fullTrunk sets every field; what has to be unique is made from the id.
func fullTrunk(id tsujiban.TrunkID, customer tsujiban.CustomerID) tsujiban.Trunk {
	return tsujiban.Trunk{
		ID: id, Customer: customer, Sources: networks("192.0.2.0/28", "2001:db8:1::/48"),
		CertificateName: string(id) + ".example.jp", Username: string(id), Realm: "tsujiban.example",
		HA1MD5: strings.Repeat("0f", 16), HA1SHA256: strings.Repeat("a1", 32),
		Address: "[2001:db8::7]:5061", Transport: "tls", Registrar: "pbx.example.jp:5060", Domain: "pbx.example.jp",
	}
}

func trunksRoundTrip(t *testing.T, s *subject) {
	ok(t, s.AddCustomer(ctx, "sato", tsujiban.Customer{ID: "a", Name: "A"}))
	ok(t, s.AddCustomer(ctx, "sato", tsujiban.Customer{ID: "b", Name: "B"}))
	full := fullTrunk("a-1", "a")
	bare := tsujiban.Trunk{ID: "b-1", Customer: "b", Sources: networks("198.51.100.7/32")}
	ok(t, s.AddTrunk(ctx, "sato", full))
	ok(t, s.AddTrunk(ctx, "sato", bare))
	got, err := s.Trunk(ctx, "a-1")
	ok(t, err)
	same(t, got, full)
	list, err := s.Trunks(ctx, "")
	ok(t, err)
	same(t, list, []tsujiban.Trunk{full, bare})
	list, err = s.Trunks(ctx, "b")
	ok(t, err)
	same(t, list, []tsujiban.Trunk{bare})

	fails(t, s.AddTrunk(ctx, "sato", bare), tsujiban.CodeExists, "b-1", `"b"`)
	bare.Sources, bare.Address, bare.Transport = networks("198.51.100.8/32"), "192.0.2.77:5060", "udp"
	ok(t, s.PutTrunk(ctx, "sato", bare))
	got, err = s.Trunk(ctx, "b-1")
	ok(t, err)
	same(t, got, bare)
	ok(t, s.DeleteTrunk(ctx, "sato", "b-1"))
	_, err = s.Trunk(ctx, "b-1")
	fails(t, err, tsujiban.CodeNotFound, "b-1")
	fails(t, s.DeleteTrunk(ctx, "sato", "b-1"), tsujiban.CodeNotFound, "b-1")
	bare.Customer = "nobody"
	fails(t, s.AddTrunk(ctx, "sato", bare), tsujiban.CodeNotFound, "nobody")
}

func trunksRefused(t *testing.T, s *subject) {
	ok(t, s.AddCustomer(ctx, "sato", tsujiban.Customer{ID: "a", Name: "A"}))
	for _, test := range []struct {
		field string
		spoil func(*tsujiban.Trunk)
	}{
		{"id", func(r *tsujiban.Trunk) { r.ID = "A" }},
		{"customer", func(r *tsujiban.Trunk) { r.Customer = "" }},
		{"sources", func(r *tsujiban.Trunk) { *r = tsujiban.Trunk{ID: "x", Customer: "a"} }},
		{"sources", func(r *tsujiban.Trunk) { r.Sources = networks("0.0.0.0/0") }},
		{"sources", func(r *tsujiban.Trunk) { r.Sources = networks("::/0") }},
		{"sources", func(r *tsujiban.Trunk) { r.Sources = networks("192.0.2.1/24") }},
		{"sources", func(r *tsujiban.Trunk) { r.Sources = networks("::ffff:192.0.2.0/120") }},
		{"sources", func(r *tsujiban.Trunk) { r.Sources = []netip.Prefix{{}} }},
		{"sources", func(r *tsujiban.Trunk) { r.Sources = networks("192.0.2.0/24", "192.0.2.0/24") }},
		{"certificate-name", func(r *tsujiban.Trunk) { r.CertificateName = "a b" }},
		{"certificate-name", func(r *tsujiban.Trunk) { r.CertificateName = strings.Repeat("a.", 130) + "jp" }},
		{"username", func(r *tsujiban.Trunk) { r.Username = `a"b` }},
		{"realm", func(r *tsujiban.Trunk) { r.Realm = "" }},
		{"realm", func(r *tsujiban.Trunk) { r.Realm = `\` }},
		{"realm", func(r *tsujiban.Trunk) { r.Username = "" }},
		{"ha1-md5", func(r *tsujiban.Trunk) { r.HA1MD5 = "secret" }},
		{"ha1-sha256", func(r *tsujiban.Trunk) { r.HA1SHA256 = strings.Repeat("A1", 32) }},
		{"ha1-sha256", func(r *tsujiban.Trunk) { r.HA1MD5, r.HA1SHA256 = "", "" }},
		{"address", func(r *tsujiban.Trunk) { r.Address = "192.0.2.1" }},
		{"address", func(r *tsujiban.Trunk) { r.Address = "192.0.2.1:0" }},
		{"address", func(r *tsujiban.Trunk) { r.Address = "192.0.2.1:66000" }},
		{"address", func(r *tsujiban.Trunk) { r.Address = ":5060" }},
		{"transport", func(r *tsujiban.Trunk) { r.Transport = "ws" }},
		{"transport", func(r *tsujiban.Trunk) { r.Transport = "" }},
		{"transport", func(r *tsujiban.Trunk) { r.Address = "" }},
		{"registrar", func(r *tsujiban.Trunk) { r.Registrar = "x" }},
		{"domain", func(r *tsujiban.Trunk) { r.Domain = "-x.jp" }},
	} {
		r := fullTrunk("x", "a")
		test.spoil(&r)
		err := s.AddTrunk(ctx, "sato", r)
		fails(t, err, tsujiban.CodeInvalid, test.field+": ")
		if contains(err.Error(), "secret") {
			t.Errorf("error tells a secret: %v", err)
		}
	}
	fails(t, s.AddTrunk(ctx, "", fullTrunk("x", "a")), tsujiban.CodeInvalid, "by: ")
}

func trunksConflict(t *testing.T, s *subject) {
	ok(t, s.AddCustomer(ctx, "sato", tsujiban.Customer{ID: "a", Name: "A"}))
	ok(t, s.AddCustomer(ctx, "sato", tsujiban.Customer{ID: "b", Name: "B"}))
	first := fullTrunk("a-1", "a")
	ok(t, s.AddTrunk(ctx, "sato", first))
	ok(t, s.PutTrunk(ctx, "sato", first)) // no conflict with itself

	other := fullTrunk("b-1", "b")
	other.Sources = networks("203.0.113.0/24")
	try := func(field string, spoil func(*tsujiban.Trunk)) {
		t.Helper()
		r := other
		spoil(&r)
		fails(t, s.AddTrunk(ctx, "sato", r), tsujiban.CodeConflict, field+": ", `"a-1"`, `"a"`)
	}
	try("username", func(r *tsujiban.Trunk) { r.Username = "a-1" })
	try("certificate-name", func(r *tsujiban.Trunk) { r.CertificateName = "a-1.example.jp" })
	for _, n := range []string{"192.0.2.0/28", "192.0.2.15/32", "192.0.0.0/8", "128.0.0.0/1", "2001:db8:1:2::/64", "2001::/16", "2001:db8:1::/48"} {
		n := netip.MustParsePrefix(n).Masked()
		try("sources", func(r *tsujiban.Trunk) { r.Sources = append(r.Sources, n) })
	}
	// Networks beside it, another realm, and another trunk of the same customer are no conflict.
	other.Username, other.Realm = "a-1", "elsewhere.example"
	other.Sources = networks("192.0.2.16/28", "192.0.1.255/32", "2001:db8:2::/48", "2001:db8:0:ffff::/64")
	ok(t, s.AddTrunk(ctx, "sato", other))
	sibling := tsujiban.Trunk{ID: "a-2", Customer: "a", Sources: networks("192.0.2.0/29")}
	ok(t, s.AddTrunk(ctx, "sato", sibling))
	// Moved to another customer it would be one.
	sibling.Customer = "b"
	fails(t, s.PutTrunk(ctx, "sato", sibling), tsujiban.CodeConflict, "sources: ", `"a-1"`)
}

// trunksOverlapProperty compares with what netip says, on networks close to each other.
func trunksOverlapProperty(t *testing.T, s *subject) {
	ok(t, s.AddCustomer(ctx, "sato", tsujiban.Customer{ID: "a", Name: "A"}))
	ok(t, s.AddCustomer(ctx, "sato", tsujiban.Customer{ID: "b", Name: "B"}))
	r := rand.New(rand.NewPCG(1, 2))
	random := func() netip.Prefix {
		if r.IntN(3) == 0 {
			a := [16]byte{0x20, 1, 0xd, 0xb8, 14: byte(r.IntN(4)), 15: byte(r.IntN(256))}
			return netip.PrefixFrom(netip.AddrFrom16(a), 108+r.IntN(21)).Masked()
		}
		return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, byte(r.IntN(4)), byte(r.IntN(256))}), 12+r.IntN(21)).Masked()
	}
	for i := range 60 {
		mine, its := random(), random()
		ok(t, s.PutTrunk(ctx, "sato", tsujiban.Trunk{ID: "a-1", Customer: "a", Sources: []netip.Prefix{mine}}))
		id := tsujiban.TrunkID(fmt.Sprintf("b-%d", i))
		err := s.AddTrunk(ctx, "sato", tsujiban.Trunk{ID: id, Customer: "b", Sources: []netip.Prefix{its}})
		if overlap := mine.Overlaps(its); overlap != (tsujiban.CodeOf(err) == tsujiban.CodeConflict) || !overlap && err != nil {
			t.Fatalf("%s and %s overlap: %v, but the store says %v", mine, its, overlap, err)
		}
		if err == nil {
			ok(t, s.DeleteTrunk(ctx, "sato", id))
		}
	}
}
