package loadgen

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

// batch is how many datagrams one system call moves at most.
const batch = 64

// stride keeps the buffers' first lines out of each other's cache set.
const stride = maxMessage + 3*64

// mmsghdr is struct mmsghdr of recvmmsg(2) on a 64-bit machine.
type mmsghdr struct {
	head unix.Msghdr
	size uint32
	_    [4]byte
}

// sockaddr is an address as the kernel takes it, IPv4 or IPv6.
type sockaddr struct {
	raw  unix.RawSockaddrInet6 // the larger of the two
	size uint32
}

func sockaddrOf(ap netip.AddrPort) sockaddr {
	var s sockaddr
	if ap.Addr().Unmap().Is4() {
		v4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(&s.raw))
		v4.Family = unix.AF_INET
		binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(&v4.Port))[:], ap.Port())
		v4.Addr = ap.Addr().Unmap().As4()
		s.size = unix.SizeofSockaddrInet4
		return s
	}
	s.raw.Family = unix.AF_INET6
	binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(&s.raw.Port))[:], ap.Port())
	s.raw.Addr = ap.Addr().As16()
	s.size = unix.SizeofSockaddrInet6
	return s
}

// addrPort is the address in Go's form.
func (s *sockaddr) addrPort() netip.AddrPort {
	port := binary.BigEndian.Uint16((*[2]byte)(unsafe.Pointer(&s.raw.Port))[:])
	if s.raw.Family == unix.AF_INET {
		v4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(&s.raw))
		return netip.AddrPortFrom(netip.AddrFrom4(v4.Addr), port)
	}
	return netip.AddrPortFrom(netip.AddrFrom16(s.raw.Addr), port)
}

// socket is a UDP socket that is read and written in batches. One goroutine
// uses it.
type socket struct {
	fd    int
	local netip.AddrPort

	in     [batch]mmsghdr
	inVec  [batch]unix.Iovec
	inBuf  [batch][stride]byte
	inFrom [batch]sockaddr

	out    [batch]mmsghdr
	outVec [batch]unix.Iovec
	outBuf [batch][stride]byte
	outTo  [batch]sockaddr
	queued int

	truncated int // datagrams longer than maxMessage
	full      int // times that the kernel would take no more
}

// listen opens a socket on an address; port 0 takes a free one.
func listen(at netip.AddrPort, buffer int) (*socket, error) {
	domain := unix.AF_INET6
	if at.Addr().Unmap().Is4() {
		domain = unix.AF_INET
	}
	fd, err := unix.Socket(domain, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("socket: %w", err)
	}
	s := &socket{fd: fd}
	if err := s.bind(at, buffer); err != nil {
		return nil, errors.Join(fmt.Errorf("listen on %v: %w", at, err), unix.Close(fd))
	}
	for i := range batch {
		s.inVec[i].Base = &s.inBuf[i][0]
		s.inVec[i].SetLen(maxMessage)
		s.in[i].head.Iov = &s.inVec[i]
		s.in[i].head.SetIovlen(1)
		s.in[i].head.Name = (*byte)(unsafe.Pointer(&s.inFrom[i].raw))
		s.outVec[i].Base = &s.outBuf[i][0]
		s.out[i].head.Iov = &s.outVec[i]
		s.out[i].head.SetIovlen(1)
		s.out[i].head.Name = (*byte)(unsafe.Pointer(&s.outTo[i].raw))
	}
	return s, nil
}

func (s *socket) bind(at netip.AddrPort, buffer int) error {
	if err := unix.SetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_RCVBUF, buffer); err != nil {
		return err
	}
	if err := unix.SetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_SNDBUF, buffer); err != nil {
		return err
	}
	var sa unix.Sockaddr = &unix.SockaddrInet6{Port: int(at.Port()), Addr: at.Addr().As16()}
	if at.Addr().Unmap().Is4() {
		sa = &unix.SockaddrInet4{Port: int(at.Port()), Addr: at.Addr().Unmap().As4()}
	}
	if err := unix.Bind(s.fd, sa); err != nil {
		return err
	}
	sa, err := unix.Getsockname(s.fd)
	if err != nil {
		return err
	}
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		s.local = netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port))
	case *unix.SockaddrInet6:
		s.local = netip.AddrPortFrom(netip.AddrFrom16(sa.Addr), uint16(sa.Port))
	}
	return nil
}

func (s *socket) close() error { return unix.Close(s.fd) }

// receive takes what is there, up to a batch, and does not wait.
func (s *socket) receive() (int, error) {
	for i := range batch {
		s.in[i].head.Namelen = unix.SizeofSockaddrInet6
	}
	n, _, errno := unix.RawSyscall6(unix.SYS_RECVMMSG, uintptr(s.fd), uintptr(unsafe.Pointer(&s.in[0])), batch, unix.MSG_DONTWAIT, 0, 0)
	switch errno {
	case 0:
		return int(n), nil
	case unix.EAGAIN, unix.EINTR, unix.ECONNREFUSED:
		return 0, nil
	}
	return 0, fmt.Errorf("recvmmsg on %v: %w", s.local, errno)
}

// datagram is the i-th of the last batch, or nil when it was too long.
func (s *socket) datagram(i int) ([]byte, *sockaddr) {
	if s.in[i].head.Flags&unix.MSG_TRUNC != 0 {
		s.truncated++
		return nil, nil
	}
	s.inFrom[i].size = s.in[i].head.Namelen
	return s.inBuf[i][:s.in[i].size], &s.inFrom[i]
}

// next is an empty buffer for a datagram; queue takes it.
func (s *socket) next() []byte { return s.outBuf[s.queued][:0] }

// queue puts a datagram that was built in next at the end of those to be sent,
// and sends them all when the batch is full.
func (s *socket) queue(data []byte, to *sockaddr) error {
	i := s.queued
	if len(data) > maxMessage {
		return errLong
	}
	s.outVec[i].SetLen(len(data))
	s.outTo[i] = *to
	s.out[i].head.Namelen = to.size
	s.queued++
	if s.queued == batch {
		return s.flush()
	}
	return nil
}

// flush sends what is queued, in order. It waits when the kernel is full.
func (s *socket) flush() error {
	for sent := 0; sent < s.queued; {
		n, _, errno := unix.RawSyscall6(unix.SYS_SENDMMSG, uintptr(s.fd), uintptr(unsafe.Pointer(&s.out[sent])), uintptr(s.queued-sent), 0, 0, 0)
		switch errno {
		case 0:
			sent += int(n)
		case unix.EINTR, unix.ECONNREFUSED: // refused: an earlier datagram found nobody; the timer repeats it
		case unix.EAGAIN, unix.ENOBUFS:
			s.full++
			fds := []unix.PollFd{{Fd: int32(s.fd), Events: unix.POLLOUT}}
			if _, err := unix.Poll(fds, 1); err != nil && !errors.Is(err, unix.EINTR) {
				return fmt.Errorf("poll: %w", err)
			}
		default:
			s.queued = 0
			return fmt.Errorf("sendmmsg on %v: %w", s.local, errno)
		}
	}
	s.queued = 0
	return nil
}
