package journal

import (
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	futexWaitPrivate = 0 | 128 // FUTEX_WAIT | FUTEX_PRIVATE_FLAG, linux/futex.h
	futexWakePrivate = 1 | 128
)

// kernelWait waits for at most d while word is 0, by futex(2). The goroutine keeps its processor: two changes of context instead
// of a turn of Go's scheduler and poller, which at 1,000 calls a second was a tenth of all that the program did. The runtime's
// signal to give the processor up ends it.
var kernelWait = func(word *atomic.Uint32, d time.Duration) {
	t := unix.NsecToTimespec(int64(d))
	_, _, _ = unix.RawSyscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexWaitPrivate, 0, uintptr(unsafe.Pointer(&t)), 0, 0)
}

func kernelWake(word *atomic.Uint32) {
	_, _, _ = unix.RawSyscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexWakePrivate, 1, 0, 0, 0)
}
