package app

import (
	"net"

	"golang.org/x/sys/unix"
)

func peerOf(c *net.UnixConn) (uid uint32, ok bool) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, false
	}
	err = raw.Control(func(fd uintptr) {
		cred, cerr := unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
		if ok = cerr == nil; ok {
			uid = cred.Uid
		}
	})
	return uid, ok && err == nil
}
