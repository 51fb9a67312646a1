package simulate

import (
	"math"
	"math/rand/v2"
	"sort"
)

// span is a range from which a figure is drawn.
type span struct{ lo, hi float64 }

// length is a lognormal duration in seconds, held between lo and hi. The zero length says nothing.
type length struct {
	median, sigma float64
	lo, hi        float64
}

// dice draws. Each customer has its own for each purpose, so that nothing that one customer does shifts what another draws,
// and the thief's draws shift nothing of the victim's.
type dice struct{ *rand.Rand }

// purposes keep the streams of random numbers of one customer apart.
const (
	forMarket uint64 = iota + 1
	forCustomer
	forHonest
	forSurprise
	forAttack
	forThief
	forCampaign
)

func newDice(seed, purpose, number uint64) dice {
	h := mix(mix(mix(seed)+purpose) + number)
	return dice{rand.New(rand.NewPCG(h, mix(h)))}
}

// mix is the finaliser of SplitMix64 (Steele, Lea, Flood 2014): neighbouring seeds give unlike streams.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func (d dice) chance(p float64) bool { return d.Float64() < p }

// in draws evenly.
func (d dice) in(s span) float64 { return s.lo + d.Float64()*(s.hi-s.lo) }

// log draws evenly on the scale of logarithms: as often from 1 to 10 as from 10 to 100.
func (d dice) log(s span) float64 {
	if s.lo <= 0 {
		return d.in(s)
	}
	return s.lo * math.Pow(s.hi/s.lo, d.Float64())
}

// count draws a whole number, evenly on the scale of logarithms.
func (d dice) count(s span) int { return int(d.log(span{s.lo, s.hi + 0.999})) }

// between draws a whole number, both ends included.
func (d dice) between(lo, hi int) int { return lo + d.IntN(hi-lo+1) }

// seconds draws a duration in milliseconds.
func (d dice) seconds(l length) int64 {
	v := l.median * math.Exp(l.sigma*d.NormFloat64())
	if v < l.lo {
		v = l.lo * (1 + 0.2*d.Float64())
	}
	if l.hi > 0 && v > l.hi {
		v = l.hi * (1 - 0.3*d.Float64())
	}
	return int64(v * 1000)
}

// wait draws an exponential pause in milliseconds from its mean in seconds.
func (d dice) wait(mean float64) int64 { return int64(d.ExpFloat64() * mean * 1000) }

// poisson draws a count of what happens by itself.
func (d dice) poisson(mean float64) int {
	switch {
	case mean <= 0:
		return 0
	case mean > 40: // the normal curve is as good, and one draw
		return max(0, int(math.Round(mean+math.Sqrt(mean)*d.NormFloat64())))
	}
	n, p, floor := 0, d.Float64(), math.Exp(-mean)
	for p > floor {
		n++
		p *= d.Float64()
	}
	return n
}

// weighted draws an index with the chance that its weight has among all.
func (d dice) weighted(w []float64) int {
	sum := 0.0
	for _, v := range w {
		sum += v
	}
	x := d.Float64() * sum
	for i, v := range w {
		if x -= v; x < 0 {
			return i
		}
	}
	return len(w) - 1
}

func pick[T any](d dice, list []T) T { return list[d.IntN(len(list))] }

// zipf draws ranks from 0 with weight 1/(rank+1)^s.
type zipf struct{ cum []float64 }

func newZipf(n int, s float64) zipf {
	z := zipf{make([]float64, n)}
	sum := 0.0
	for i := range z.cum {
		sum += math.Pow(float64(i+1), -s)
		z.cum[i] = sum
	}
	return z
}

func (z zipf) draw(d dice) int {
	x := d.Float64() * z.cum[len(z.cum)-1]
	return min(sort.SearchFloat64s(z.cum, x), len(z.cum)-1)
}
