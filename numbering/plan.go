package numbering

import (
	"slices"

	"tsujiban"
)

// Plan is the numbering plan of one home country. It is immutable and safe for
// concurrent use.
type Plan struct {
	table     *table
	country   *country
	home      tsujiban.Destination // what a local number has in common with the others
	inJapan   bool
	emergency []tsujiban.Number
}

// Option changes a Plan while New makes it.
type Option func(*Plan) error

// New makes the plan of a home country, given as ISO 3166-1 alpha-2 code: "JP".
// Japan's plan is known in full. Of another country New knows the country code, the
// international and the trunk prefix, the lengths, and the emergency numbers.
func New(country string, opts ...Option) (*Plan, error) {
	t, err := tableOf()
	if err != nil {
		return nil, err
	}
	c := t.countries[country]
	if c == nil || len(c.intl) == 0 {
		return nil, ErrCountry
	}
	p := &Plan{table: t, country: c, inJapan: country == "JP"}
	p.home = tsujiban.Destination{Scope: tsujiban.ScopeDomestic, Code: c.code, ISO: c.iso}
	if err := WithEmergency(c.emergency...)(p); err != nil {
		return nil, err
	}
	for _, o := range opts {
		if err := o(p); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// WithEmergency replaces the country's list of emergency numbers. Each is dialled
// alone; in Japan also after 184 or 186 and after a carrier code.
func WithEmergency(numbers ...string) Option {
	return func(p *Plan) error {
		list := make([]tsujiban.Number, 0, len(numbers))
		for _, s := range numbers {
			n, err := tsujiban.LocalNumber(s)
			if err != nil || n.Len() < 2 || n.Len() > maxEmergency {
				return ErrEmergency
			}
			list = append(list, n)
		}
		p.emergency = list
		return nil
	}
}

// maxEmergency is the longest emergency number that may be configured.
const maxEmergency = 6

// Country is the ISO code of the home country.
func (p *Plan) Country() string { return p.home.Country() }

// Emergency lists the emergency numbers.
func (p *Plan) Emergency() []tsujiban.Number { return slices.Clone(p.emergency) }

// Privacy is what the caller asked for about showing the own number.
type Privacy uint8

// The wishes.
const (
	PrivacyDefault  Privacy = iota
	PrivacyWithhold         // 184
	PrivacyShow             // 186
)

func (v Privacy) String() string {
	switch v {
	case PrivacyWithhold:
		return "withhold"
	case PrivacyShow:
		return "show"
	}
	return "default"
}

// Dialled is what the digits say.
type Dialled struct {
	Number      tsujiban.Number
	Destination tsujiban.Destination
	Privacy     Privacy
	CarrierCode tsujiban.Number // 00XY, 002YZ, 0091XY as a local number; zero when none was dialled
}

// Classify says where a number leads. It does not allocate. A number that was not
// read by Parse may have a length that its range does not have: where the plan is
// known that well (Japan, North America) such a number leads nowhere.
func (p *Plan) Classify(n tsujiban.Number) tsujiban.Destination {
	if n.IsZero() {
		return tsujiban.Destination{}
	}
	if n.IsLocal() {
		return p.classifyLocal(n)
	}
	return p.classifyGlobal(n, p.table.find(n))
}

func (p *Plan) classifyLocal(n tsujiban.Number) tsujiban.Destination {
	d := p.home
	switch {
	case slices.Contains(p.emergency, n):
		d.Scope, d.Class = tsujiban.ScopeEmergency, tsujiban.ClassEmergency
	case p.inJapan:
		d.Class = classifyJapanLocal(n)
	case n.Len() <= maxShort:
		d.Class = tsujiban.ClassSpecial
	default:
		d.Class = tsujiban.ClassUndesignated
	}
	return d
}

func (p *Plan) classifyGlobal(n tsujiban.Number, e *entry) tsujiban.Destination {
	if e == nil { // a country code that nobody has
		return tsujiban.Destination{Scope: tsujiban.ScopeInternational, Class: tsujiban.ClassUndesignated}
	}
	d := e.dest
	if e.exact && !e.fits(n.Len()) {
		d.Class = tsujiban.ClassUndesignated
	}
	d.Scope = tsujiban.ScopeInternational
	if p.domestic(d) {
		d.Scope = tsujiban.ScopeDomestic
	}
	return d
}

// domestic tells whether a destination lies in the home country. Islands that share
// the home country's code and numbering (Guernsey with Britain) count as home; the
// countries that only share a code (1: United States and Canada, 7: Russia and
// Kazakhstan) are foreign to each other.
func (p *Plan) domestic(d tsujiban.Destination) bool {
	if d.ISO == p.home.ISO {
		return true
	}
	if d.Code != p.home.Code {
		return false
	}
	return d.ISO[0] == 0 || d.Code != 1 && d.Code != 7
}
