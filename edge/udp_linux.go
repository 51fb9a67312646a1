package edge

import (
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	batchSize = 64
	// slotSize holds the largest datagram and one byte more, so that none is cut unseen.
	slotSize = 65_536
	// slotStride sets the slots off against each other: with a power of two between them the
	// first kilobytes of all would meet in the same few lines of the processor's cache.
	slotStride = slotSize + 17*64
	// socketBuffer holds a burst: at 2.5 KB of kernel memory a datagram, about 3,000.
	socketBuffer = 8 << 20
)

type mmsghdr struct {
	hdr unix.Msghdr
	n   uint32
	_   [4]byte
}

// udpSocket reads and writes datagrams in batches by recvmmsg(2) and sendmmsg(2). One
// goroutine reads; any may write, each with its own sendBatch.
//
// The reader waits in the kernel and not in Go's poller: a datagram that comes alone costs one
// system call and no scheduling, which at 1,000 calls a second is a fifth of the whole. The
// socket is therefore in blocking mode and every write says MSG_DONTWAIT.
type udpSocket struct {
	conn *net.UDPConn
	raw  syscall.RawConn
	v6   bool

	// Owned by the reader.
	file  *os.File // the reader's own descriptor, so that closing conn cannot pull it away
	fd    uintptr
	mem   []byte
	names [batchSize]unix.RawSockaddrInet6
	iovs  [batchSize]unix.Iovec
	msgs  [batchSize]mmsghdr
}

func listenUDP(address string) (*udpSocket, error) {
	a, err := net.ResolveUDPAddr("udp", address)
	if err != nil {
		return nil, err
	}
	network := "udp4"
	if a.IP != nil && a.IP.To4() == nil {
		network = "udp6"
	}
	c, err := net.ListenUDP(network, a)
	if err != nil {
		return nil, err
	}
	// Larger than asked for is fine; less than asked for only makes bursts harder.
	_ = c.SetReadBuffer(socketBuffer)
	_ = c.SetWriteBuffer(socketBuffer)
	raw, err := c.SyscallConn()
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	file, err := c.File()
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	s := &udpSocket{conn: c, raw: raw, v6: network == "udp6", file: file, fd: file.Fd(), mem: make([]byte, batchSize*slotStride)}
	wait := unix.NsecToTimeval(int64(readWait))
	if err := errors.Join(unix.SetNonblock(int(s.fd), false), unix.SetsockoptTimeval(int(s.fd), unix.SOL_SOCKET, unix.SO_RCVTIMEO, &wait)); err != nil {
		return nil, errors.Join(err, file.Close(), c.Close())
	}
	for i := range batchSize {
		s.iovs[i].Base = &s.mem[i*slotStride]
		s.iovs[i].SetLen(slotSize)
		h := &s.msgs[i].hdr
		h.Name = (*byte)(unsafe.Pointer(&s.names[i]))
		h.Iov = &s.iovs[i]
		h.SetIovlen(1)
	}
	return s, nil
}

// readWait is how long a read waits at most before it looks whether it is to end.
const readWait = 250 * time.Millisecond

// readBatch waits for datagrams and returns how many there are; none when it has waited for
// readWait or the socket was closed.
func (s *udpSocket) readBatch() (int, error) {
	for i := range s.msgs {
		s.msgs[i].hdr.Namelen = unix.SizeofSockaddrInet6
	}
	// Under load there is always something: then the runtime need not hear of the call.
	n, _, e := unix.RawSyscall6(unix.SYS_RECVMMSG, s.fd, uintptr(unsafe.Pointer(&s.msgs[0])), batchSize, unix.MSG_DONTWAIT, 0, 0)
	if e == unix.EAGAIN {
		n, _, e = unix.Syscall6(unix.SYS_RECVMMSG, s.fd, uintptr(unsafe.Pointer(&s.msgs[0])), batchSize, unix.MSG_WAITFORONE, 0, 0)
	}
	switch e {
	case 0:
		return int(n), nil
	case unix.EAGAIN, unix.EINTR:
		return 0, nil
	}
	return 0, os.NewSyscallError("recvmmsg", e)
}

// datagram returns number i of the batch; it is valid until the next readBatch.
func (s *udpSocket) datagram(i int) ([]byte, netip.AddrPort) {
	n := min(int(s.msgs[i].n), slotSize)
	return s.mem[i*slotStride : i*slotStride+n : i*slotStride+n], fromSockaddr(&s.names[i])
}

func fromSockaddr(sa *unix.RawSockaddrInet6) netip.AddrPort {
	port := binary.BigEndian.Uint16((*[2]byte)(unsafe.Pointer(&sa.Port))[:])
	if sa.Family == unix.AF_INET {
		sa4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(sa))
		return netip.AddrPortFrom(netip.AddrFrom4(sa4.Addr), port)
	}
	return netip.AddrPortFrom(netip.AddrFrom16(sa.Addr).Unmap(), port)
}

func toSockaddr(sa *unix.RawSockaddrInet6, a netip.AddrPort) uint32 {
	var port uint16
	binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(&port))[:], a.Port())
	if a.Addr().Is4() {
		sa4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(sa))
		*sa4 = unix.RawSockaddrInet4{Family: unix.AF_INET, Port: port, Addr: a.Addr().As4()}
		return unix.SizeofSockaddrInet4
	}
	*sa = unix.RawSockaddrInet6{Family: unix.AF_INET6, Port: port, Addr: a.Addr().As16()}
	return unix.SizeofSockaddrInet6
}

// sendBatch is the memory of one writer.
type sendBatch struct {
	names [batchSize]unix.RawSockaddrInet6
	iovs  [batchSize]unix.Iovec
	msgs  [batchSize]mmsghdr
	n     int
	sent  int
	write func(fd uintptr) bool
	errno syscall.Errno
}

func (b *sendBatch) add(p []byte, to netip.AddrPort) {
	i := b.n
	h := &b.msgs[i].hdr
	b.iovs[i].Base = &p[0]
	b.iovs[i].SetLen(len(p))
	h.Name = (*byte)(unsafe.Pointer(&b.names[i]))
	h.Namelen = toSockaddr(&b.names[i], to)
	h.Iov = &b.iovs[i]
	h.SetIovlen(1)
	b.n++
}

func (b *sendBatch) sendmmsg(fd uintptr) bool {
	n, _, e := unix.RawSyscall6(unix.SYS_SENDMMSG, fd, uintptr(unsafe.Pointer(&b.msgs[b.sent])), uintptr(b.n-b.sent), unix.MSG_DONTWAIT, 0, 0)
	b.errno = e
	if e == 0 {
		b.sent += int(n)
	}
	return e != unix.EAGAIN
}

// writeBatch sends what was added and forgets it. A datagram that the kernel refuses
// (no route, too long) is left out and counted: SIP over UDP repeats what is lost.
func (s *udpSocket) writeBatch(b *sendBatch) (lost int) {
	if b.write == nil {
		b.write = b.sendmmsg
	}
	b.sent = 0
	for b.sent < b.n {
		if err := s.raw.Write(b.write); err != nil {
			lost += b.n - b.sent
			break
		}
		if b.errno != 0 {
			b.sent++
			lost++
		}
	}
	b.n = 0
	return lost
}

// close wakes the reader, which must then call closeReader.
func (s *udpSocket) close() error {
	_ = unix.Shutdown(int(s.fd), unix.SHUT_RDWR) // says ENOTCONN and wakes the reader all the same
	return s.conn.Close()
}

// closeReader gives the reader's descriptor back.
func (s *udpSocket) closeReader() error { return s.file.Close() }
