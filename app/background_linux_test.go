package app

import (
	"testing"

	"golang.org/x/sys/unix"
)

// TestStandBack: what stands back does, and nobody else.
func TestStandBack(t *testing.T) {
	niceness := func(before func()) int {
		got := make(chan int)
		go func() {
			before()
			n, err := unix.Getpriority(unix.PRIO_PROCESS, unix.Gettid())
			if err != nil {
				t.Error(err)
			}
			got <- 20 - n // as the system call has it
		}()
		return <-got
	}
	own := niceness(func() {})
	for want, f := range map[int]func(){10: standBack, 19: standFarBack} {
		if n := niceness(f); n != max(want, own) {
			t.Errorf("nice %d, want %d", n, want)
		}
		if n := niceness(func() {}); n != own {
			t.Errorf("others work at nice %d, before at %d", n, own)
		}
	}
}
