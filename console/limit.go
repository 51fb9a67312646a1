package console

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Rate is how many requests one may make: a burst, and then so many a second.
type Rate struct {
	PerSecond float64
	Burst     int
}

// Limits bound how often one may ask. An office behind one address shares that address's rate.
type Limits struct {
	Address Rate
	Person  Rate
}

func (l *Limits) fill() {
	if l.Address.PerSecond <= 0 {
		l.Address = Rate{50, 300}
	}
	if l.Person.PerSecond <= 0 {
		l.Person = Rate{20, 120}
	}
}

// maxKept is how many addresses or persons are remembered; beyond that those at rest are forgotten.
const maxKept = 20_000

// limiter counts requests by key.
type limiter struct {
	rate  Rate
	clock func() time.Time

	mu   sync.Mutex // guards kept
	kept map[string]*rate.Limiter
}

func newLimiter(r Rate, clock func() time.Time) *limiter {
	return &limiter{rate: r, clock: clock, kept: map[string]*rate.Limiter{}}
}

// take counts one request. When it is one too many, wait says when the next is taken.
func (l *limiter) take(key string) (wait time.Duration, ok bool) {
	now := l.clock()
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.kept[key]
	if b == nil {
		l.forget(now)
		b = rate.NewLimiter(rate.Limit(l.rate.PerSecond), l.rate.Burst)
		l.kept[key] = b
	}
	if b.AllowN(now, 1) {
		return 0, true
	}
	return time.Duration((1 - b.TokensAt(now)) / l.rate.PerSecond * float64(time.Second)), false
}

// forget makes room: who has its whole burst again needs not be remembered. When nobody is at rest, all are forgotten: an
// attack from so many addresses is not stopped here.
func (l *limiter) forget(now time.Time) {
	if len(l.kept) < maxKept {
		return
	}
	for k, b := range l.kept {
		if b.TokensAt(now) >= float64(l.rate.Burst) {
			delete(l.kept, k)
		}
	}
	if len(l.kept) >= maxKept {
		clear(l.kept)
	}
}
