package numbering

import (
	"strings"

	"tsujiban"
)

const (
	maxDialled = 64 // characters, separators included
	maxDigits  = 32 // 184, 0091XY, 010 and fifteen digits are 27
	maxShort   = 6  // digits of a short number: 117, 116117
)

// reading is a number while it is read: what is left of the digits, and what was found.
type reading struct {
	Dialled
	plus     bool
	from, to int
	buf      [maxDigits]byte // the digits; buf[from:to] is left to read
}

func (r *reading) rest() []byte { return r.buf[r.from:r.to] }

func (r *reading) len() int { return r.to - r.from }

// Parse reads digits as dialled, or + and E.164 digits. The visual separators of
// RFC 3966 §5.1.1, "-.()", and space are skipped. It does not allocate.
//
// Emergency numbers are recognised first, as the whole of what was dialled and never
// as a part of it. What two readers could take differently is refused: the error is
// one of this package's values and says what is wrong. An error means that the call
// has no destination; a number in a range that nobody holds is no error but
// ClassUndesignated.
func (p *Plan) Parse(dialled []byte) (Dialled, error) {
	var r reading
	if err := r.scan(dialled); err != nil {
		return Dialled{}, err
	}
	var err error
	switch {
	case r.plus:
		err = p.plus(&r)
	case p.isEmergency(&r):
	case p.inJapan:
		err = p.japan(&r)
	default:
		err = p.generic(&r)
	}
	if err != nil {
		return Dialled{}, err
	}
	return r.Dialled, nil
}

// scan copies the digits without separators.
func (r *reading) scan(dialled []byte) error {
	if len(dialled) > maxDialled {
		return ErrTooLong
	}
	n := 0
	for i, c := range dialled {
		switch {
		case c >= '0' && c <= '9':
			if n == maxDigits {
				return ErrTooLong
			}
			r.buf[n] = c
			n++
		case c == '-' || c == '.' || c == '(' || c == ')' || c == ' ':
		case c == '+' && i == 0:
			r.plus = true
		case c == '+':
			return ErrPlus
		case c == '*' || c == '#':
			return ErrServiceCode
		default:
			return ErrCharacter
		}
	}
	if n == 0 {
		return ErrEmpty
	}
	r.to = n
	return nil
}

func (r *reading) has(prefix string) bool {
	return r.len() >= len(prefix) && string(r.buf[r.from:r.from+len(prefix)]) == prefix
}

// cut takes a prefix off the digits that are left.
func (r *reading) cut(prefix string) bool {
	if !r.has(prefix) {
		return false
	}
	r.from += len(prefix)
	return true
}

// isEmergency tells whether the digits that are left are an emergency number, all of them.
func (p *Plan) isEmergency(r *reading) bool {
	if r.len() > maxEmergency {
		return false
	}
	n, err := tsujiban.LocalNumber(r.rest())
	if err != nil {
		return false
	}
	for _, e := range p.emergency {
		if n == e {
			p.setLocal(r, n)
			return true
		}
	}
	return false
}

func (p *Plan) setLocal(r *reading, n tsujiban.Number) {
	r.Number = n
	r.Destination = p.classifyLocal(n)
}

// plus reads what stands after a +.
func (p *Plan) plus(r *reading) error {
	// tel:110;phone-context=+81 is how RFC 3966 §5.1.5 writes an emergency number, and
	// ParseURI makes +81110 of it. No number of the country is that short.
	if r.cut(p.country.cc) {
		if p.short(r) {
			return nil
		}
		r.from = 0
	}
	return p.global(r, r.rest())
}

// short reads the emergency and other short numbers of the home country that may
// stand after its country code.
func (p *Plan) short(r *reading) bool {
	if r.len() >= p.country.min {
		return false
	}
	if p.inJapan {
		r.cutPrivacy()
	}
	if p.isEmergency(r) || p.inJapan && p.japanSpecial(r) == nil {
		return true
	}
	r.Privacy = PrivacyDefault
	return false
}

// global reads E.164 digits.
func (p *Plan) global(r *reading, digits []byte) error {
	switch {
	case len(digits) == 0:
		return ErrIncomplete
	case len(digits) > tsujiban.MaxDigits:
		return ErrTooLong
	case digits[0] == '0':
		return ErrCountryCode
	}
	n, err := tsujiban.NumberFromDigits(digits)
	if err != nil {
		return ErrTooLong
	}
	e := p.table.find(n)
	switch {
	case e == nil:
		if n.Len() < minUnknown {
			return ErrTooShort
		}
	case e.trunk0 && n.Len() > int(e.cc) && n.Digit(int(e.cc)) == 0:
		return ErrTrunkZero
	case !e.fits(n.Len()):
		if e.exact {
			return ErrLength
		}
		return ErrTooShort
	}
	r.Number = n
	r.Destination = p.classifyGlobal(n, e)
	return nil
}

// minUnknown is the count of digits below which a number with an undesignated country
// code is not even a number: the code and four digits, as on Niue and Tokelau.
const minUnknown = 7

// national reads digits of the home country without trunk prefix.
func (p *Plan) national(r *reading) error {
	var buf [maxDigits + 4]byte
	return p.global(r, append(append(buf[:0], p.country.cc...), r.rest()...))
}

// generic reads digits as dialled in a country of which only the prefixes are known.
func (p *Plan) generic(r *reading) error {
	c := p.country
	for _, prefix := range c.intl {
		if r.cut(prefix) {
			return p.global(r, r.rest())
		}
	}
	switch {
	case r.len() <= maxShort && r.len() < c.min:
		if r.len() < 3 {
			return ErrShort
		}
		n, err := tsujiban.LocalNumber(r.rest())
		if err != nil {
			return ErrShort
		}
		p.setLocal(r, n)
		return nil
	case c.trunk == "":
		return p.national(r)
	case c.trunk == "1":
		// North America dials ten digits with or without the 1: no area code begins with 1.
		r.cut(c.trunk)
		return p.national(r)
	case r.cut(c.trunk):
		if strings.HasSuffix(c.trunk, "0") && r.len() > 0 && r.rest()[0] == '0' {
			return ErrTrunkZero
		}
		return p.national(r)
	}
	return ErrLocal
}
