package journal

import (
	"os"
	"syscall"
)

// Sync is fdatasync(2): it leaves out the times of the file, which nobody needs back after a crash.
func (f *osFile) Sync() error {
	for {
		err := syscall.Fdatasync(int(f.fd))
		if err == nil {
			return nil
		}
		if err != syscall.EINTR {
			return os.NewSyscallError("fdatasync", err)
		}
	}
}
