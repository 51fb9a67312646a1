package app

import (
	"context"
	"time"
)

// The view of the calls must not take from the calls what they need. Writing one call
// into the store costs more than carrying it, so while the journal grows fast the view works only one
// part in fifty of the time and falls behind; it catches up when there is less to do. At
// 1,000 entries a second and below, some 300 calls a second, it follows at once.
const (
	busyRate  = 1000 // journal entries in a second
	restRatio = 72   // rest for each unit of writing: 1/50 of the time for writing and, half as long, reading
	longRest  = time.Second
	rateSpan  = 200 * time.Millisecond // for which entries are counted
)

// pace tells how long the view is to rest.
type pace struct {
	at   time.Time // when the rate was taken
	seq  uint64
	rate float64 // entries in a second
	busy bool
}

// rest is how long to wait after a batch that took so long to write; committed is how far the journal is.
func (p *pace) rest(now time.Time, committed uint64, took time.Duration) time.Duration {
	if d := now.Sub(p.at); d >= rateSpan {
		if p.rate = 0; !p.at.IsZero() {
			p.rate = float64(committed-p.seq) / d.Seconds()
		}
		p.busy = p.rate > busyRate
		p.at, p.seq = now, committed
	}
	if !p.busy {
		return 0
	}
	return min(restRatio*took, longRest)
}

// pause waits unless ctx is done.
func pause(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
