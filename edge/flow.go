package edge

import (
	"net"
	"net/netip"
	"strconv"

	"tsujiban"
)

// listener is a Listener that is bound.
type listener struct {
	index     int
	transport string // "udp", "tcp", "tls"
	via       []byte // "SIP/2.0/UDP host:port;branch=z9hG4bK-tj"
	host      []byte // host:port as advertised
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

func newListener(i int, l Listener, local netip.AddrPort) *listener {
	local = netip.AddrPortFrom(local.Addr().Unmap(), local.Port())
	host := l.Advertise
	if host == "" {
		host = local.String()
	} else if _, _, err := net.SplitHostPort(host); err != nil {
		host = net.JoinHostPort(host, strconv.Itoa(int(local.Port())))
	}
	b := &listener{index: i, transport: l.Transport, local: local, host: []byte(host)}
	name := map[string]string{"udp": "UDP", "tcp": "TCP", "tls": "TLS"}[l.Transport]
	b.via = []byte("SIP/2.0/" + name + " " + host + ";branch=" + branchMagic)
	if l.Transport != "udp" {
		b.uriParams = []byte(";transport=" + l.Transport)
	}
	return b
}

// resolve finds the address of "host:port"; names are looked up when the directory or the
// carriers are set, never on the path of a call.
func resolve(address, transport string) (netip.AddrPort, error) {
	if ap, err := netip.ParseAddrPort(address); err == nil {
		return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()), nil
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		host, port = address, map[bool]string{true: "5061", false: "5060"}[transport == "tls"]
	}
	a, err := net.ResolveUDPAddr("udp", net.JoinHostPort(host, port))
	if err != nil {
		return netip.AddrPort{}, tsujiban.Errorf(tsujiban.CodeInvalid, "address %q: %w", address, err)
	}
	ap := a.AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()), nil
}
