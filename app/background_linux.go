package app

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// standBack has the calling goroutine work, until it ends, on a thread of its own that the kernel runs when the threads that carry calls leave
// something over (nice 10; no privilege is needed, and there is no way back: the runtime ends the thread with the goroutine).
// It is for the views, which may be late.
func standBack() {
	runtime.LockOSThread()
	_ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), 10) // without it they are only less polite
}
