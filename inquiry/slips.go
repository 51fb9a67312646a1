package inquiry

// How often people make which slip.
//
// The shares of the kinds are those that J. Verhoeff counted in some 12,000 errors in decimal numbers ("Error Detecting Decimal
// Codes", Mathematical Centre Tracts 29, Amsterdam 1969, table 2.1): of the errors that keep the length 79 % are one wrong digit, 10.2 % two neighbours
// swapped, 0.8 % swapped over one digit, 0.6 % a wrong pair. Digits too many or too few were a tenth to a fifth of all; we take 15, of which
// leaving out is the larger part and equal digits the likeliest to be miscounted. Only the order matters to the desk, not the second decimal.
const (
	shareReplaced = 79.0
	shareSwapped  = 10.2
	shareJumped   = 0.8
	shareTwin     = 0.6
	shareMissing  = 6.0
	shareDropped  = 3.0
	shareExtra    = 3.0
	shareDoubled  = 3.0

	kindDigits = 0.25
)

// Why one digit is taken for another. A police report passes through a victim's memory, a telephone call, handwriting and a keypad; none of
// them is known to us, so each has its part, and what remains is any digit.
const (
	partKey   = 0.40
	partHeard = 0.25
	partRead  = 0.20
	partAny   = 0.15
)

// pair is two digits that are taken for each other, and how readily beside the others of its table.
type pair struct {
	a, b byte
	w    float64
}

// keyPairs are neighbours on a telephone's keypad (ITU-T E.161: 123/456/789/0), on a computer's number pad (789/456/123/0) and in the
// row above the letters. Side by side counts most, corner to corner half.
var keyPairs = []pair{
	{1, 2, 1.5}, {2, 3, 1.5}, {4, 5, 1.5}, {5, 6, 1.5}, {7, 8, 1.5}, {8, 9, 1.5}, // beside each other, on the pads and in the row
	{1, 4, 1}, {2, 5, 1}, {3, 6, 1}, {4, 7, 1}, {5, 8, 1}, {6, 9, 1}, {0, 8, 1}, {0, 1, 0.5}, // above each other; 0 is below 8, or below 1
	{1, 5, 0.5}, {2, 4, 0.5}, {2, 6, 0.5}, {3, 5, 0.5}, {4, 8, 0.5}, {5, 7, 0.5}, {5, 9, 0.5}, {6, 8, 0.5}, {0, 7, 0.3}, {0, 9, 0.8}, {0, 2, 0.3},
	{3, 4, 0.3}, {6, 7, 0.3}, // in the row only
}

// heardPairs sound alike in Japanese over a telephone, which takes away the hiss above 3.4 kHz that tells s from ch: ichi/shichi, shi/shichi,
// ichi/hachi, shichi/hachi, ichi/shi; the short words ni/shi and ni/go, which is why operators draw them out (nii, goo);
// roku/kyū and go/ku by their vowels; san/yon by their ending. The phonetic table of Japan's radio rules
// (無線局運用規則 別表第5号) renames one (hito), four (yon), seven (nana) and nine (kyū) to keep them apart.
var heardPairs = []pair{
	{1, 7, 1}, {4, 7, 1}, {2, 5, 0.6}, {1, 8, 0.6}, {7, 8, 0.6}, {2, 4, 0.5}, {1, 4, 0.4}, {6, 9, 0.4}, {3, 4, 0.3}, {5, 9, 0.2},
}

// readPairs look alike, in handwriting (the confusions that remain in the MNIST digits: 4/9, 7/9, 3/5, 3/8, 2/7, 1/7, 5/6, 0/6; Y. LeCun et al.,
// "Gradient-based learning applied to document recognition", Proc. IEEE 86, 1998) and on segment displays and faxes (0/8, 6/8, 8/9).
var readPairs = []pair{
	{1, 7, 1}, {4, 9, 0.8}, {0, 6, 0.8}, {3, 8, 0.7}, {5, 6, 0.6}, {7, 9, 0.5}, {3, 5, 0.5}, {0, 8, 0.4}, {2, 7, 0.4}, {6, 8, 0.4}, {8, 9, 0.3}, {5, 8, 0.3},
}

// confused is how readily a digit that was meant is taken for another, by reason: confused[meant][taken]. The weights of one
// meant digit add up to 1.
var confused = func() (t [10][10]map[Slip]float64) {
	tables := []struct {
		slip  Slip
		part  float64
		pairs []pair
	}{{SlipKey, partKey, keyPairs}, {SlipHeard, partHeard, heardPairs}, {SlipRead, partRead, readPairs}}
	for meant := range t {
		var raw [10]map[Slip]float64
		sum := 0.0
		for taken := range raw {
			raw[taken] = map[Slip]float64{}
			if taken != meant {
				raw[taken][SlipDigit] = partAny / 9
				sum += partAny / 9
			}
		}
		for _, table := range tables {
			all := 0.0
			for _, p := range table.pairs {
				if _, ok := p.other(byte(meant)); ok {
					all += p.w
				}
			}
			for _, p := range table.pairs {
				if taken, ok := p.other(byte(meant)); ok {
					raw[taken][table.slip] = table.part * p.w / all
					sum += table.part * p.w / all
				}
			}
		}
		for taken := range raw {
			for slip := range raw[taken] {
				raw[taken][slip] /= sum
			}
		}
		t[meant] = raw
	}
	return t
}()

// other is the digit that a pair takes another for.
func (p pair) other(d byte) (byte, bool) {
	switch d {
	case p.a:
		return p.b, true
	case p.b:
		return p.a, true
	}
	return 0, false
}
