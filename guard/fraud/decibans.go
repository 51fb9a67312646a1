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

// log2 is the binary logarithm of x, at least 1, with logBits bits after the point, rounded down. A decision takes some
// thirty of them.
func log2(x uint64) int64 {
	n := bits.Len64(x) - 1
	m := uint32(x << (63 - n) >> 31) // what is behind the point of 1.0 to 2.0, in 32 bits
	l := int64(logStarts[m>>24])
	for m > logEnds[l] {
		l++
	}
	return int64(n)<<logBits | l
}

// logEnds[l] is the last mantissa, as in log2, whose logarithm is l. logStarts has the logarithm of the first mantissa
// with each of the upper eight bits: at most six steps lie within one of them.
var logEnds, logStarts = func() (ends [1 << logBits]uint32, starts [256]uint16) {
	for l := range ends {
		for bit := uint32(1) << 31; bit != 0; bit >>= 1 {
			if log2ByBits(ends[l]|bit) <= uint32(l) {
				ends[l] |= bit
			}
		}
	}
	for i := range starts {
		starts[i] = uint16(log2ByBits(uint32(i) << 24))
	}
	return ends, starts
}()

// log2ByBits is the logarithm of a mantissa bit by bit: it is squared once for each, which carries into the next power
// of two when the bit is set.
func log2ByBits(mantissa uint32) (l uint32) {
	m := 1<<32 | uint64(mantissa)
	for range logBits {
		hi, lo := bits.Mul64(m, m)
		m = hi<<32 | lo>>32
		bit := m >> 33
		m >>= bit
		l = l<<1 | uint32(bit)
	}
	return l
}
