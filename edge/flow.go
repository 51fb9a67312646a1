package edge

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"tsujiban"
)

// listener is a Listener that is bound.
type listener struct {
	index     int
	transport string // "udp", "tcp", "tls"
	via       []byte // "SIP/2.0/UDP host:port;branch=z9hG4bK-tj"
	host      []byte // host:port as advertised
	bare      []byte // the host alone, when the port is the transport's own
	uriParams []byte // ";transport=tcp" or nothing
	local     netip.AddrPort
	udp       *udpSocket
	stream    net.Listener
}

func (l *listener) reliable() bool { return l.transport != "udp" }

// flow is a way to a neighbour: from which listener (or over which connection) to which address.
type flow struct {
	lis  *listener
	conn *conn
	addr netip.AddrPort
}

func (f *flow) reliable() bool { return f.lis != nil && f.lis.reliable() }

func newListener(i int, l Listener, local netip.AddrPort) (*listener, error) {
	local = netip.AddrPortFrom(local.Addr().Unmap(), local.Port())
	host := l.Advertise
	switch _, _, err := net.SplitHostPort(host); {
	case host == "" && local.Addr().IsUnspecified():
		return nil, fmt.Errorf("%s is every address: say in Advertise which one others reach", local)
	case host == "":
		host = local.String()
	case err != nil:
		host = net.JoinHostPort(strings.Trim(host, "[]"), strconv.Itoa(int(local.Port())))
	}
	b := &listener{index: i, transport: l.Transport, local: local, host: []byte(host)}
	if bare, ok := strings.CutSuffix(host, ":"+strconv.Itoa(int(defaultPort(l.Transport)))); ok {
		b.bare = []byte(bare)
	}
	name := map[string]string{"udp": "UDP", "tcp": "TCP", "tls": "TLS"}[l.Transport]
	b.via = []byte("SIP/2.0/" + name + " " + host + ";branch=" + branchMagic)
	if l.Transport != "udp" {
		b.uriParams = []byte(";transport=" + l.Transport)
	}
	return b, nil
}

// defaultPort is the port of a URI or Via without one (RFC 3261 §18.2.1, §19.1.2).
func defaultPort(transport string) uint16 {
	if transport == "tls" {
		return 5061
	}
	return 5060
}

// resolve finds the address of "host:port"; names are looked up when the directory or the
// carriers are set, never on the path of a call.
func resolve(address, transport string) (netip.AddrPort, error) {
	if ap, err := netip.ParseAddrPort(address); err == nil {
		return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()), nil
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		host, port = strings.Trim(address, "[]"), strconv.Itoa(int(defaultPort(transport)))
	}
	a, err := net.ResolveUDPAddr("udp", net.JoinHostPort(host, port))
	if err != nil {
		return netip.AddrPort{}, tsujiban.Errorf(tsujiban.CodeInvalid, "address %q: %w", address, err)
	}
	ap := a.AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()), nil
}

// hostOnly is the host of "host:port", the name in a peer's certificate.
func hostOnly(address string) string {
	if host, _, err := net.SplitHostPort(address); err == nil {
		return host
	}
	return strings.Trim(address, "[]")
}
