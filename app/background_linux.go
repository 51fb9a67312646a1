package app

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// standBack has the calling goroutine work, until it ends, on a thread of its own that the kernel runs when the threads that carry calls leave
// something over (nice 10; no privilege is needed, and there is no way back: the runtime ends the thread with the goroutine).
// It is for the views, which may be late.
func standBack() {
	runtime.LockOSThread()
	_ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), 10) // without it they are only less polite
}

// longSlice is how long standFarBack's threads would work at a time. Linux from 6.12 on has a thread that wakes up and asks for less go before them at once and not
// when a few milliseconds are over (sched_setattr(2), sched_runtime); older kernels take no notice.
const longSlice = 100 * time.Millisecond

// standFarBack is standBack for what has a lot to do in short steps, such as to write to a thousand viewers: nice 19, where the kernel soonest finds that others have
// waited long enough.
func standFarBack() {
	runtime.LockOSThread()
	tid := unix.Gettid()
	_ = unix.Setpriority(unix.PRIO_PROCESS, tid, 19) // as above
	_ = unix.SchedSetAttr(tid, &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_NORMAL, Nice: 19, Runtime: uint64(longSlice)}, 0)
}
