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

func TestRatioIsDecibans(t *testing.T) {
	for _, c := range []struct {
		p, q uint64
		want float64
	}{{500_000, 500_000, 0}, {500_000, 50_000, 10}, {50_000, 500_000, -10}, {700_000, 120_000, 7.66}, {0, 1_000_000, -60}, {900_000, 0, 59.54}} {
		if got := float64(ratio(c.p, c.q)) / 100; math.Abs(got-c.want) > 0.02 {
			t.Errorf("%d against %d: %v decibans, want %v", c.p, c.q, got, c.want)
		}
	}
}
