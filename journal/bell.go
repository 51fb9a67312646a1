package journal

import (
	"sync/atomic"
	"time"
)

// bell lets the commit goroutine wait for a short time, or until somebody rings.
type bell struct {
	kernel  bool          // wait in the kernel: see Options.KernelWait
	rung    atomic.Uint32 // 1 when it was rung since the last wait; the kernel's futex
	waiting atomic.Bool
	c       chan struct{} // cap 1
	timer   *time.Timer   // of the goroutine that waits
}

func (b *bell) init(kernel bool) {
	b.kernel = kernel && kernelWait != nil
	b.c = make(chan struct{}, 1)
	b.timer = time.NewTimer(0)
}

// wait returns after d, when the bell rings or has rung since the last wait, or for no reason at all.
func (b *bell) wait(d time.Duration) {
	b.waiting.Store(true)
	switch {
	case b.rung.Swap(0) == 1:
	case b.kernel:
		kernelWait(&b.rung, d)
	default:
		b.timer.Reset(d)
		select {
		case <-b.timer.C:
		case <-b.c:
		}
	}
	b.waiting.Store(false)
	b.rung.Store(0)
}

// ring ends a wait. It does not block.
func (b *bell) ring() {
	b.rung.Store(1)
	if !b.waiting.Load() {
		return
	}
	if b.kernel {
		kernelWake(&b.rung)
		return
	}
	select {
	case b.c <- struct{}{}:
	default:
	}
}
