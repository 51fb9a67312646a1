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

// TestLogarithmByTable: the table says what the logarithm bit by bit says, at every edge of it too.
func TestLogarithmByTable(t *testing.T) {
	same := func(t interface{ Fatalf(string, ...any) }, mantissa uint32) {
		if got, want := log2(1<<32|uint64(mantissa)), int64(32<<logBits|log2ByBits(mantissa)); got != want {
			t.Fatalf("mantissa %#x: %d, want %d", mantissa, got, want)
		}
	}
	for _, end := range logEnds {
		same(t, end-1)
		same(t, end)
		same(t, end+1)
	}
	rapid.Check(t, func(t *rapid.T) { same(t, rapid.Uint32().Draw(t, "mantissa")) })
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
