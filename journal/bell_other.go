//go:build !linux

package journal

import (
	"sync/atomic"
	"time"
)

var kernelWait func(*atomic.Uint32, time.Duration) // nil: there is none

func kernelWake(*atomic.Uint32) {}
