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
	// batchSize is how many datagrams one system call reads or sends at most. 128 took 5 % less for each call than 64 with 100 calls
	// outstanding, 32 took 10 % more.
	batchSize = 128
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
// The socket is in blocking mode and not known to Go's poller: the reader waits in the kernel, so that
// a datagram that comes alone costs one system call and no scheduling, and nobody else is woken by
// it (a registered socket wakes a thread of the poller with each). Every write says MSG_DONTWAIT.
type udpSocket struct {
	local netip.AddrPort
	file  *os.File // keeps the descriptor while somebody writes
	raw   syscall.RawConn

	// Owned by the reader.
	reading *os.File // the reader's own descriptor, so that closing file cannot pull it away
	fd      uintptr
	quiet   bool // nothing has come lately
	mem     []byte
	names   [batchSize]unix.RawSockaddrInet6
	iovs    [batchSize]unix.Iovec
	msgs    [batchSize]mmsghdr
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
	s := &udpSocket{local: c.LocalAddr().(*net.UDPAddr).AddrPort(), mem: make([]byte, batchSize*slotStride)}
	// Larger than asked for is fine; less than asked for only makes bursts harder.
	_ = c.SetReadBuffer(socketBuffer)
	_ = c.SetWriteBuffer(socketBuffer)
	err = s.take(c)
	// What the poller knows is closed; the socket stays open by its other descriptors.
	if err = errors.Join(err, c.Close()); err != nil {
		return nil, errors.Join(err, s.close(), s.closeReader())
	}
	s.fd = s.reading.Fd()
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

// take makes the descriptors of a socket that net has opened, in blocking mode.
func (s *udpSocket) take(c *net.UDPConn) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	wait := unix.NsecToTimeval(int64(readWait))
	var made error
	err = raw.Control(func(fd uintptr) {
		made = errors.Join(unix.SetNonblock(int(fd), false), unix.SetsockoptTimeval(int(fd), unix.SOL_SOCKET, unix.SO_RCVTIMEO, &wait))
		for _, to := range []**os.File{&s.file, &s.reading} {
			n, err := unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0)
			if err != nil {
				made = errors.Join(made, os.NewSyscallError("fcntl", err))
				continue
			}
			*to = os.NewFile(uintptr(n), "udp")
		}
	})
	if err = errors.Join(err, made); err != nil {
		return err
	}
	s.raw, err = s.file.SyscallConn()
	return err
}

// readWait is how long a read waits at most before it looks whether it is to end.
const readWait = 250 * time.Millisecond

// readBatch waits for datagrams and returns how many there are; none when it has waited for
// readWait, a signal came or the socket was closed.
//
// While datagrams come one after the other it waits without telling the runtime, which would
// otherwise have its monitor look every 20 µs whether the processor can be given to somebody else: a fifth
// of all work at 1,000 calls a second. The runtime's signal for "somebody needs the
// processor", which it sends to who works for more than 10 ms and to stop the world, ends such a wait (signal(7): a receive with
// a timeout is never taken up again). The processor must be one that nobody else needs: see app's tuneRuntime.
func (s *udpSocket) readBatch() (int, error) {
	for i := range s.msgs {
		s.msgs[i].hdr.Namelen = unix.SizeofSockaddrInet6
	}
	var n uintptr
	var e syscall.Errno
	if s.quiet {
		n, _, e = unix.Syscall6(unix.SYS_RECVMMSG, s.fd, uintptr(unsafe.Pointer(&s.msgs[0])), batchSize, unix.MSG_WAITFORONE, 0, 0)
	} else {
		n, _, e = unix.RawSyscall6(unix.SYS_RECVMMSG, s.fd, uintptr(unsafe.Pointer(&s.msgs[0])), batchSize, unix.MSG_WAITFORONE, 0, 0)
	}
	s.quiet = e != 0
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

// writeBatch sends what was added and forgets it. A datagram that the kernel refuses
// (no route, too long, no room for as long as writeWait) is left out and counted: SIP over UDP repeats what is lost.
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

// writeWait is how long a writer waits for room in the socket's buffer.
const writeWait = 20 * time.Millisecond

func (b *sendBatch) sendmmsg(fd uintptr) bool {
	for waited := false; ; waited = true {
		n, _, e := unix.RawSyscall6(unix.SYS_SENDMMSG, fd, uintptr(unsafe.Pointer(&b.msgs[b.sent])), uintptr(b.n-b.sent), unix.MSG_DONTWAIT, 0, 0)
		b.errno = e
		if e == 0 {
			b.sent += int(n)
		}
		if e != unix.EAGAIN || waited {
			return true
		}
		room := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}
		_, _ = unix.Poll(room, int(writeWait.Milliseconds())) // the next try tells
	}
}

// close wakes the reader, which must then call closeReader.
func (s *udpSocket) close() error {
	if s.file == nil {
		return nil
	}
	if s.raw != nil {
		_ = s.raw.Control(func(fd uintptr) { _ = unix.Shutdown(int(fd), unix.SHUT_RDWR) }) // says ENOTCONN and wakes the reader all the same
	}
	return s.file.Close()
}

// closeReader gives the reader's descriptor back.
func (s *udpSocket) closeReader() error {
	if s.reading == nil {
		return nil
	}
	return s.reading.Close()
}

// nap sleeps in the kernel, for less than a millisecond, and keeps the processor meanwhile. It may return early.
func nap(d time.Duration) {
	t := unix.NsecToTimespec(int64(d))
	_, _, _ = unix.RawSyscall(unix.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&t)), 0, 0)
}
