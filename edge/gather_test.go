package edge

import (
	"testing"
	"time"
)

func TestGather(t *testing.T) {
	for _, c := range []struct {
		name  string
		each  int // datagrams in each millisecond
		batch int
		want  time.Duration
	}{
		{"a few calls: nothing waits", 4, 4, 0},
		{"a thousand calls a second: as long as is allowed", 7, 7, gatherLongest},
		{"many: until some have gathered", 24, 20, time.Millisecond},
		{"so many that a rest would be short: none", 96, 20, 0},
		{"more than is waited for have gathered by themselves", 96, gatherMost, 0},
	} {
		var g gatherer
		var got time.Duration
		for ms := range int64(100) {
			for left := c.each; left > 0; left -= c.batch {
				got = g.took(min(left, c.batch), ms)
			}
			if ms < gatherSpan && got != 0 {
				t.Errorf("%s: rests %v before it knows the rate", c.name, got)
			}
		}
		if got = g.took(c.batch, 99); got > c.want || got < c.want*9/10 {
			t.Errorf("%s: rests %v, want %v", c.name, got, c.want)
		}
		if got = g.took(1, 5_000); got != 0 {
			t.Errorf("%s: rests %v after a silence", c.name, got)
		}
	}
}

// A nap is short, and no less than nothing.
func TestNap(t *testing.T) {
	start := time.Now()
	nap(time.Millisecond)
	if d := time.Since(start); d > time.Second {
		t.Errorf("a nap of a millisecond took %v", d)
	}
}
