package store

import (
	"net"
	"net/netip"
	"strconv"
	"strings"

	"tsujiban"
)

// ValidTrunk checks all fields of a trunk. The error is CodeInvalid and names the field.
func ValidTrunk(t *tsujiban.Trunk) error {
	if err := ValidID("id", string(t.ID)); err != nil {
		return err
	}
	if err := ValidID("customer", string(t.Customer)); err != nil {
		return err
	}
	if len(t.Sources) == 0 && t.CertificateName == "" && t.Username == "" {
		return invalid("sources", "the trunk cannot be recognised: set at least one of sources, certificate-name and username")
	}
	if err := validSources(t.Sources); err != nil {
		return err
	}
	if t.CertificateName != "" {
		if err := validHost("certificate-name", t.CertificateName); err != nil {
			return err
		}
	}
	if err := validDigest(t); err != nil {
		return err
	}
	return validRoutes(t)
}

func validSources(sources []netip.Prefix) error {
	if len(sources) > MaxList {
		return invalid("sources", "has %d networks, at most %d fit", len(sources), MaxList)
	}
	seen := make(map[netip.Prefix]bool, len(sources))
	for _, p := range sources {
		switch {
		case !p.IsValid():
			return invalid("sources", "holds something that is no network")
		case p.Bits() == 0:
			return invalid("sources", "%s is the whole internet", p)
		case p.Addr().Is4In6():
			return invalid("sources", "%s: write it as an IPv4 network", p)
		case p.Masked() != p:
			return invalid("sources", "%s has bits set behind the mask: %s is meant, or %s/%d", p, p.Masked(), p.Addr(), p.Addr().BitLen())
		case seen[p]:
			return invalid("sources", "%s stands there twice", p)
		}
		seen[p] = true
	}
	return nil
}

func validDigest(t *tsujiban.Trunk) error {
	if t.Username == "" {
		for _, f := range []struct{ field, v string }{{"realm", t.Realm}, {"ha1-md5", t.HA1MD5}, {"ha1-sha256", t.HA1SHA256}} {
			if f.v != "" {
				return invalid(f.field, "is set, but username is empty")
			}
		}
		return nil
	}
	if err := ValidText("username", t.Username, 128, true); err != nil {
		return err
	}
	if err := ValidText("realm", t.Realm, 128, true); err != nil {
		return err
	}
	// RFC 3261 §25.1 writes both as quoted strings; a quote or backslash is where parsers differ.
	if strings.ContainsAny(t.Username, "\"\\:") {
		return invalid("username", `must not hold any of " \ :`)
	}
	if strings.ContainsAny(t.Realm, `"\`) {
		return invalid("realm", `must not hold any of " \`)
	}
	if t.HA1MD5 == "" && t.HA1SHA256 == "" {
		return invalid("ha1-sha256", "a username needs ha1-sha256 or ha1-md5")
	}
	if err := validHex("ha1-md5", t.HA1MD5, 32); err != nil {
		return err
	}
	return validHex("ha1-sha256", t.HA1SHA256, 64)
}

// validHex does not repeat the value: it is a secret.
func validHex(field, s string, n int) error {
	if s == "" {
		return nil
	}
	if len(s) != n || strings.Trim(s, "0123456789abcdef") != "" {
		return invalid(field, "want %d characters of 0-9, a-f", n)
	}
	return nil
}

func validRoutes(t *tsujiban.Trunk) error {
	switch t.Transport {
	case "udp", "tcp", "tls":
		if t.Address == "" {
			return invalid("transport", "is set, but address is empty")
		}
	case "":
		if t.Address != "" {
			return invalid("transport", "want udp, tcp or tls for address %s", t.Address)
		}
	default:
		return invalid("transport", "%q is none of udp, tcp, tls", t.Transport)
	}
	if err := validHostPort("address", t.Address); err != nil {
		return err
	}
	if err := validHostPort("registrar", t.Registrar); err != nil {
		return err
	}
	if t.Domain != "" {
		return validHost("domain", t.Domain)
	}
	return nil
}

func validHostPort(field, s string) error {
	if s == "" {
		return nil
	}
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return invalid(field, "%q is not host:port, such as 192.0.2.10:5060 or [2001:db8::10]:5060", s)
	}
	if p, err := strconv.ParseUint(port, 10, 16); err != nil || p == 0 {
		return invalid(field, "port %q is not between 1 and 65535", port)
	}
	return validHost(field, host)
}

// validHost takes an address or a DNS name (RFC 1123 §2.1).
func validHost(field, s string) error {
	if a, err := netip.ParseAddr(s); err == nil && a.Zone() == "" {
		return nil
	}
	if len(s) > 253 || s == "" {
		return invalid(field, "want a host name of 1 to 253 characters, got %d", len(s))
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' || !hostLabel(label) {
			return invalid(field, "%q is not a host name such as pbx.example.jp", s)
		}
	}
	return nil
}

func hostLabel(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}
