package numbering

import (
	"errors"

	"tsujiban"
)

// Plan is the numbering plan of one home country. It is immutable and safe for
// concurrent use.
type Plan struct {
	home      string
	emergency []tsujiban.Number
}

// Option changes a Plan while New makes it.
type Option func(*Plan) error

// ErrCountry is returned by New for a country that is not known.
var ErrCountry = errors.New("not an ISO 3166-1 alpha-2 country code that has a country calling code")

// New makes the plan of a home country, given as ISO 3166-1 alpha-2 code.
func New(country string, opts ...Option) (*Plan, error) {
	if country != "JP" {
		return nil, ErrCountry
	}
	p := &Plan{home: country}
	if err := WithEmergency("110", "118", "119")(p); err != nil {
		return nil, err
	}
	for _, o := range opts {
		if err := o(p); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// WithEmergency replaces the country's list of emergency numbers.
func WithEmergency(numbers ...string) Option {
	return func(p *Plan) error {
		p.emergency = nil
		for _, s := range numbers {
			n, err := tsujiban.LocalNumber(s)
			if err != nil {
				return err
			}
			p.emergency = append(p.emergency, n)
		}
		return nil
	}
}

// Privacy is what the caller asked for about showing the own number.
type Privacy uint8

// The wishes.
const (
	PrivacyDefault  Privacy = iota
	PrivacyWithhold         // 184
	PrivacyShow             // 186
)

// Dialled is what the digits say.
type Dialled struct {
	Number      tsujiban.Number
	Destination tsujiban.Destination
	Privacy     Privacy
	CarrierCode tsujiban.Number // 00XY, 002YZ, 0091XY as a local number; zero when none was dialled
}

// Parse reads digits as dialled, or +E.164; the visual separators "-.()" and space
// are skipped. It does not allocate.
func (p *Plan) Parse(dialled []byte) (Dialled, error) {
	var n tsujiban.Number
	var err error
	switch {
	case len(dialled) > 1 && dialled[0] == '+':
		n, err = tsujiban.NumberFromDigits(dialled[1:])
	case len(dialled) > 3 && string(dialled[:3]) == "010":
		n, err = tsujiban.NumberFromDigits(dialled[3:])
	case len(dialled) > 9 && dialled[0] == '0' && len(dialled) < 15:
		var buf [16]byte
		n, err = tsujiban.NumberFromDigits(append(append(buf[:0], "81"...), dialled[1:]...))
	default:
		n, err = tsujiban.LocalNumber(dialled)
	}
	if err != nil {
		return Dialled{}, err
	}
	return Dialled{Number: n, Destination: p.Classify(n)}, nil
}

// Classify says where a number leads. It does not allocate.
func (p *Plan) Classify(n tsujiban.Number) tsujiban.Destination {
	for _, e := range p.emergency {
		if n == e {
			return tsujiban.Destination{Scope: tsujiban.ScopeEmergency, Class: tsujiban.ClassEmergency, Code: 81, ISO: [2]byte{'J', 'P'}}
		}
	}
	if n.IsLocal() || n.Digit(0) == 8 && n.Digit(1) == 1 {
		return tsujiban.Destination{Scope: tsujiban.ScopeDomestic, Code: 81, ISO: [2]byte{'J', 'P'}}
	}
	return tsujiban.Destination{Scope: tsujiban.ScopeInternational}
}
