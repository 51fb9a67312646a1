package sqlite

import (
	"os"

	"golang.org/x/sys/unix"
)

// willNeed has the kernel begin to read a part of a file.
func willNeed(f *os.File, at, length int64) {
	_ = unix.Fadvise(int(f.Fd()), at, length, unix.FADV_WILLNEED) // a hint
}
