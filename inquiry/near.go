package inquiry

import (
	"cmp"
	"slices"
	"strings"

	"tsujiban"
	"tsujiban/ledger"
	"tsujiban/numbering"
)

// Slip is a way in which one number is taken down as another; a closed set.
type Slip string

// The slips.
const (
	SlipKey     Slip = "key"     // the key beside the right one
	SlipHeard   Slip = "heard"   // a digit that sounds alike in Japanese
	SlipRead    Slip = "read"    // a digit that looks alike
	SlipDigit   Slip = "digit"   // any other digit
	SlipSwapped Slip = "swapped" // two digits that follow each other
	SlipJumped  Slip = "jumped"  // the first and the last of three
	SlipTwin    Slip = "twin"    // both of a pair: 55 for 44
	SlipDoubled Slip = "doubled" // a digit was written twice
	SlipExtra   Slip = "extra"   // a digit too many
	SlipDropped Slip = "dropped" // one of two equal digits was left out
	SlipMissing Slip = "missing" // a digit was left out
)

var slipWords = map[Slip]struct{ ja, en string }{
	SlipKey: {"隣のキー", "neighbouring key"}, SlipHeard: {"聞き違い", "misheard"}, SlipRead: {"読み違い", "misread"}, SlipDigit: {"1桁違い", "one digit"},
	SlipSwapped: {"隣の桁と入れ替わり", "two digits swapped"}, SlipJumped: {"1桁おいて入れ替わり", "swapped over one digit"}, SlipTwin: {"同じ数字2桁の誤り", "both of a pair"},
	SlipDoubled: {"重複入力", "a digit doubled"}, SlipExtra: {"余分な1桁", "a digit too many"}, SlipDropped: {"連続する数字の脱落", "one of a pair dropped"}, SlipMissing: {"1桁の脱落", "a digit dropped"},
}

// Text says the slip to a person.
func (s Slip) Text(l tsujiban.Lang) string {
	if l == tsujiban.English {
		return slipWords[s].en
	}
	return slipWords[s].ja
}

// Near is a number that may have been meant.
type Near struct {
	Number tsujiban.Number `json:"number"`
	Digits string          `json:"digits"` // as dialled at home, or + and E.164 digits
	Slips  []Slip          `json:"slips"`  // how it came to be the number that was given, the likeliest first
	Place  int             `json:"place"`  // where the two part, counted from 1 in the digits that were given
	Weight float64         `json:"weight"` // how likely, if there was one slip: all of a list add up to 1
}

// NearNumbers lists every number of the plan that is one slip away from the digits given, the likeliest first. The digits are
// as dialled at home, or with + and a country code; they need not make a number themselves: when a digit is missing,
// or one is too many, those are the numbers that it may have been. It is a pure function; the order is
// stable. nil when there are no digits, or more than a number can have.
func NearNumbers(p *numbering.Plan, given string) []Near {
	g := homeDigits(given)
	if len(g) < 3 || len(g) > tsujiban.MaxDigits+2 {
		return nil
	}
	s := search{plan: p, given: g, found: map[tsujiban.Number]*Near{}, parts: map[tsujiban.Number]map[Slip]float64{}}
	s.replaced()
	s.swapped()
	s.lengths()
	return s.ranked()
}

// homeDigits strips what people write between digits, and the country code of Japan.
func homeDigits(s string) string {
	s = ledger.Narrow(strings.TrimSpace(s))
	plus := strings.HasPrefix(s, "+")
	s = strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
	switch home, japan := strings.CutPrefix(s, "81"); {
	case plus && japan:
		return "0" + home
	case plus:
		return "+" + s
	}
	return s
}

// HomeDigitsOf is what is left of a number as people write it: the digits as dialled at home, or + and those of a foreign number.
func HomeDigitsOf(given string) string { return homeDigits(given) }

// Difference is where two lists of digits part: what stands in the first, and what in the second.
func Difference(a, b string) (was, meant string) {
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return a, b
}

// HomeDigits writes a number as it is dialled at home ("05012345678"), or with + when it is a foreign one.
func HomeDigits(n tsujiban.Number) string { return homeDigits(n.String()) }

// search gathers candidates.
type search struct {
	plan  *numbering.Plan
	given string
	found map[tsujiban.Number]*Near
	parts map[tsujiban.Number]map[Slip]float64
}

// add notes that digits may have been meant. What leads nowhere in the plan was not.
func (s *search) add(meant string, slip Slip, place int, weight float64) {
	if weight <= 0 || meant == s.given || strings.HasPrefix(meant, "+0") {
		return
	}
	d, err := s.plan.Parse([]byte(meant))
	if err != nil || d.Number.IsLocal() || d.Destination.Class == tsujiban.ClassUndesignated || !d.CarrierCode.IsZero() || d.Privacy != numbering.PrivacyDefault {
		return
	}
	n := s.found[d.Number]
	if n == nil {
		n = &Near{Number: d.Number, Digits: meant, Place: place}
		s.found[d.Number], s.parts[d.Number] = n, map[Slip]float64{}
	}
	n.Place = min(n.Place, place)
	n.Weight += weight
	s.parts[d.Number][slip] += weight
}

// digitsAt are where digits may be wrong: a + is none.
func (s *search) digitsAt() int {
	if s.given[0] == '+' {
		return 1
	}
	return 0
}

// at is how likely a place is to be the wrong one. The first three digits say what kind of number it is: who knows that it is
// an 050 number seldom gets them wrong.
func (s *search) at(i int) float64 {
	if i-s.digitsAt() < 3 {
		return kindDigits
	}
	return 1
}

// replaced: one digit was taken for another.
func (s *search) replaced() {
	from := s.digitsAt()
	share := shareReplaced / float64(len(s.given)-from)
	for i := from; i < len(s.given); i++ {
		was := s.given[i] - '0'
		for meant := range byte(10) {
			digits := s.given[:i] + string('0'+meant) + s.given[i+1:]
			for slip, w := range confused[meant][was] {
				s.add(digits, slip, i+1-from, share*s.at(i)*w)
			}
		}
	}
}

// swapped: digits are in the wrong order, or a pair is another.
func (s *search) swapped() {
	from, g := s.digitsAt(), s.given
	n := float64(len(g) - from)
	for i := from; i+1 < len(g); i++ {
		s.add(g[:i]+string(g[i+1])+string(g[i])+g[i+2:], SlipSwapped, i+1-from, shareSwapped/n*s.at(i))
		if g[i] == g[i+1] {
			for d := byte('0'); d <= '9'; d++ {
				s.add(g[:i]+string([]byte{d, d})+g[i+2:], SlipTwin, i+1-from, shareTwin/n/9*s.at(i))
			}
		}
		if i+2 < len(g) {
			s.add(g[:i]+string([]byte{g[i+2], g[i+1], g[i]})+g[i+3:], SlipJumped, i+1-from, shareJumped/n*s.at(i))
		}
	}
}

// lengths: a digit was left out, or there is one too many.
func (s *search) lengths() {
	from, g := s.digitsAt(), s.given
	n := float64(len(g) - from)
	for i := from; i < len(g); i++ {
		slip, w := SlipExtra, shareExtra
		if i > from && g[i] == g[i-1] {
			slip, w = SlipDoubled, shareDoubled
		}
		s.add(g[:i]+g[i+1:], slip, i+1-from, w/n*s.at(i))
	}
	for i := from; i <= len(g); i++ {
		for d := byte('0'); d <= '9'; d++ {
			slip, w := SlipMissing, shareMissing/10
			if i > from && g[i-1] == d {
				slip, w = SlipDropped, shareDropped
			}
			s.add(g[:i]+string(d)+g[i:], slip, i+1-from, w/n*s.at(min(i, len(g)-1)))
		}
	}
}

// ranked is what was found, the likeliest first.
func (s *search) ranked() []Near {
	sum := 0.0
	out := make([]Near, 0, len(s.found))
	for n, c := range s.found {
		for slip := range s.parts[n] {
			plain := slip == SlipDigit || slip == SlipExtra || slip == SlipMissing
			if !plain || len(s.parts[n]) == 1 { // it says nothing beside a better reason
				c.Slips = append(c.Slips, slip)
			}
		}
		slices.SortFunc(c.Slips, func(a, b Slip) int {
			return cmp.Or(cmp.Compare(s.parts[n][b], s.parts[n][a]), cmp.Compare(a, b))
		})
		out = append(out, *c)
	}
	slices.SortFunc(out, func(a, b Near) int { return cmp.Or(cmp.Compare(b.Weight, a.Weight), cmp.Compare(a.Digits, b.Digits)) })
	for i := range out { // in order: a sum of floats depends on it
		sum += out[i].Weight
	}
	for i := range out {
		out[i].Weight /= sum
	}
	return out
}
