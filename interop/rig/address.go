package rig

import (
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"testing"
)

var siteCount atomic.Uint32

// network is a fresh loopback network 127.x.y.0/24 of this process; Linux answers for all of 127.0.0.0/8.
func network() netip.Addr {
	n := siteCount.Add(1)
	return netip.AddrFrom4([4]byte{127, byte(16 + os.Getpid()%224), byte(1 + n%250), 0})
}

// host is an address in a network.
func host(network netip.Addr, n byte) netip.Addr {
	a := network.As4()
	a[3] = n
	return netip.AddrFrom4(a)
}

// FreePort finds a port of an address that neither UDP nor TCP uses. Nobody else has the
// address, so it stays free until the program for which it is meant takes it.
func FreePort(t testing.TB, a netip.Addr) netip.AddrPort {
	t.Helper()
	for range 100 {
		l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", netip.AddrPortFrom(a, 0).String())
		if err != nil {
			t.Fatal(err)
		}
		at := l.Addr().(*net.TCPAddr).AddrPort()
		at = netip.AddrPortFrom(a, at.Port())
		conn, uerr := net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
		if uerr == nil {
			uerr = conn.Close()
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if uerr == nil {
			return at
		}
	}
	t.Fatalf("%s has no port that both UDP and TCP leave free", a)
	return netip.AddrPort{}
}
