package journal

import (
	"testing"
	"time"
)

// A bell that rings ends the wait of now, or the next one, wherever it waits.
func TestBell(t *testing.T) {
	for _, kernel := range []bool{false, true} {
		var b bell
		b.init(kernel)
		b.wait(time.Millisecond) // comes back by itself
		b.ring()
		b.ring()
		b.wait(time.Hour)
		done := make(chan struct{})
		go func() {
			b.wait(time.Hour)
			close(done)
		}()
		for rung := false; !rung; {
			select {
			case <-done:
				rung = true
			default:
				b.ring()
			}
		}
	}
}
