package evidence

import (
	"os"

	"golang.org/x/sys/unix"
)

// syncAll makes everything durable that was written to the file system of an open file (syncfs(2); since Linux 5.8 it returns what could not be
// written since the file was opened). One call takes as long as some dozens of files; after a busy minute there are thousands.
func syncAll(f *os.File) error {
	c, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	if err := c.Control(func(fd uintptr) { failed = unix.Syncfs(int(fd)) }); err != nil {
		return err
	}
	return os.NewSyscallError("syncfs", failed)
}
