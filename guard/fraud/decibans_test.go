package fraud

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestLogarithmIsRight(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.Uint64Range(1, 1<<63).Draw(t, "x")
		got, want := float64(log2(x))/(1<<logBits), math.Log2(float64(x))
		if d := want - got; d < -1e-9 || d > 2.0/(1<<logBits) {
			t.Fatalf("log2(%d) = %v, want %v", x, got, want)
		}
	})
}

func TestOddsAreDecibans(t *testing.T) {
	for _, c := range []struct {
		p, q, r, s uint64
		want       float64
	}{{1, 2, 1, 2, 0}, {1, 2, 1, 20, 10}, {1, 20, 1, 2, -10}, {7, 10, 12, 100, 7.66}, {1, 168, 1, 1 << 30, 68.06}} {
		if got := float64(odds(c.p, c.q, c.r, c.s)) / 100; math.Abs(got-c.want) > 0.02 {
			t.Errorf("odds of %d/%d against %d/%d: %v decibans, want %v", c.p, c.q, c.r, c.s, got, c.want)
		}
	}
}
