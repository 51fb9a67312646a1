package fraud

import (
	"math/bits"

	"tsujiban"
)

// centi is a weight of evidence in hundredths of a deciban. Weights are integers, and
// logarithms are taken with integers, so that the same events give the same verdicts on
// every machine.
type centi int32

const deciban centi = 100

func (w centi) decibans() tsujiban.Decibans { return tsujiban.Decibans(w) / tsujiban.Decibans(deciban) }

// Decibans makes a weight of a number of decibans, for settings.
func fromDecibans(d tsujiban.Decibans) centi { return centi(d * tsujiban.Decibans(deciban)) }

// million is one, in the millionths that probabilities are counted in.
const million = 1_000_000

// ratio is the weight of an observation that has probability p under "hijacked" and q under "this
// customer as we know it", both in millionths and at least one.
func ratio(p, q uint64) centi {
	l := log2(max(p, 1)) - log2(max(q, 1))
	// 10 log10(2) decibans are 301.03 hundredths for each factor of two.
	return centi(l * 30103 / 100 >> logBits)
}

func clip(w, least, most centi) centi { return min(max(w, least), most) }

const logBits = 10

// log2 is the binary logarithm of x, at least 1, with logBits bits after the point: the
// mantissa is squared once for each bit, which carries into the next power of two
// when the bit is set. There is no branch on the bit: nobody can foretell it.
func log2(x uint64) int64 {
	n := bits.Len64(x) - 1
	m := x << (63 - n) >> 31 // 1.0 to 2.0 with 32 bits after the point
	l := int64(n)
	for range logBits {
		hi, lo := bits.Mul64(m, m)
		m = hi<<32 | lo>>32
		bit := m >> 33
		m >>= bit & 1
		l = l<<1 | int64(bit)
	}
	return l
}
