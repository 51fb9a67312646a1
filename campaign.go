package tsujiban

// Factor is what strange calls of several customers have in common; a closed set.
type Factor uint8

// The factors. New ones go at the end: the names are written in journals.
const (
	FactorNone   Factor = iota
	FactorRange         // the first six digits of the numbers called
	FactorSource        // the address that the calls come from
	FactorAgent         // the device (User-Agent), one vendor's PBX say
	numFactors
)

// NumFactors is the count of factors.
const NumFactors = int(numFactors)

var factorRows = [numFactors]struct{ code, ja, en string }{
	FactorNone:   {"none", "", ""},
	FactorRange:  {"range", "同じ番号帯への発信", "calls to the same range of numbers"},
	FactorSource: {"source", "同じ発信元アドレス", "calls from the same address"},
	FactorAgent:  {"agent", "同じ種類の機器（User-Agent）", "calls from the same kind of device (User-Agent)"},
}

// String is the factor's stable code.
func (f Factor) String() string {
	if f < numFactors {
		return factorRows[f].code
	}
	return "invalid"
}

// ParseFactor finds a factor by its code.
func ParseFactor(s string) (Factor, bool) {
	for i := range factorRows {
		if factorRows[i].code == s {
			return Factor(i), true
		}
	}
	return 0, false
}

// Text says the factor to a person.
func (f Factor) Text(l Lang) string {
	switch {
	case f >= numFactors:
		return "?"
	case l == English:
		return factorRows[f].en
	}
	return factorRows[f].ja
}

// Campaign says that a call is not strange by itself only: so many customers, this one included, have lately made strange calls
// with the same factor. The zero value is no campaign.
type Campaign struct {
	Factor    Factor
	Customers uint16
}
