package journal

import (
	"errors"
	"syscall"
)

// noSpace tells an error that goes away when room is made on the disk.
func noSpace(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
