package numbering

import "tsujiban"

// japan reads digits as dialled in Japan:
//
//	[184|186] [carrier code] ( 010 country code … | 0 national number | 1XY )
//
// Source: the ministry's numbering plan, as in japan.txt.
func (p *Plan) japan(r *reading) error {
	if r.cutPrivacy() {
		if r.len() == 0 {
			return ErrIncomplete
		}
		if p.isEmergency(r) {
			return nil
		}
		if r.hasPrivacy() {
			return ErrPrefixTwice
		}
	}
	if r.has("00") {
		if done, err := p.carrier(r); done || err != nil {
			return err
		}
	}
	switch {
	case r.cut("010"):
		if r.has(p.country.cc) {
			return ErrHomeCode
		}
		return p.global(r, r.rest())
	case r.cut("0"):
		return p.japanNational(r)
	case r.rest()[0] == '1':
		return p.japanSpecial(r)
	}
	return ErrLocal
}

// carrier reads a carrier code, and what follows it unless that is another number.
func (p *Plan) carrier(r *reading) (done bool, err error) {
	before := r.from
	if err := r.cutCarrier(); err != nil {
		return false, err
	}
	switch {
	case p.isEmergency(r):
		return true, nil
	case r.has("00"):
		return false, ErrPrefixTwice
	case r.has("0"):
		return false, nil
	}
	r.from, r.CarrierCode = before, tsujiban.Number{}
	if !isCarrierFreephone(r.rest()) {
		return false, ErrCarrierCode
	}
	return true, p.carrierFreephone(r)
}

// cutPrivacy takes off 184 (withhold the caller's number) or 186 (show it).
func (r *reading) cutPrivacy() bool {
	if !r.hasPrivacy() {
		return false
	}
	r.Privacy = PrivacyShow
	if r.buf[r.from+2] == '4' {
		r.Privacy = PrivacyWithhold
	}
	r.from += len("184")
	return true
}

func (r *reading) hasPrivacy() bool {
	d := r.rest()
	return len(d) >= 3 && d[0] == '1' && d[1] == '8' && (d[2] == '4' || d[2] == '6')
}

// cutCarrier takes off a carrier code. The digits that are left begin with 00.
func (r *reading) cutCarrier() error {
	n := carrierCodeLen(r.rest())
	if n == 0 {
		return ErrCarrierCode
	}
	if r.len() <= n {
		return ErrIncomplete
	}
	code, err := tsujiban.LocalNumber(r.rest()[:n])
	if err != nil {
		return ErrCarrierCode
	}
	r.CarrierCode = code
	r.from += n
	return nil
}

// carrierCodeLen is the length of the carrier code that the digits begin with, 0 when
// they begin with none: 001 (the oldest, three digits), 002YZ, 0091XY, and 00XY, of
// which 0053 has two more digits for the service (005345).
func carrierCodeLen(d []byte) int {
	if len(d) < 3 {
		return 0
	}
	switch d[2] {
	case '0':
		return 0
	case '1':
		return 3
	case '2':
		return 5
	case '5':
		if len(d) > 6 && string(d[3:6]) == "345" {
			return 6
		}
	case '9':
		if len(d) > 3 && d[3] == '1' {
			return 6
		}
	}
	return 4
}

// isCarrierFreephone tells whether a 00XY code is followed by a number of that
// carrier's own freephone service instead of by a number of the network: 0037-6…,
// 0066-9…, 0077-7…, 0078-…, 0088-2…. The digit after the code is not 0.
//
// Source: the carriers' notices; the same ranges as in libphonenumber.
func isCarrierFreephone(d []byte) bool {
	if len(d) < 5 || d[4] == '0' {
		return false
	}
	switch string(d[:4]) {
	case "0037", "0066", "0078":
		return true
	case "0077":
		return d[4] == '7'
	case "0088":
		return d[4] == '2'
	}
	return false
}

// carrierFreephoneFits tells whether such a number has the digits that the service has.
func carrierFreephoneFits(d []byte) bool {
	n := len(d)
	if n < 8 {
		return false
	}
	switch string(d[:5]) {
	case "00777":
		switch d[5] {
		case '0', '1':
			return n == 8
		case '5':
			return n == 9
		}
		return d[5] == '8' && n == 10
	case "00882":
		return n == 10 && (d[5] == '1' || d[5] == '2' || d[5] == '4' || d[5] == '5')
	}
	return n >= 10 && n <= tsujiban.MaxDigits
}

// carrierFreephone reads such a number. It cannot be reached from abroad: it stays local.
func (p *Plan) carrierFreephone(r *reading) error {
	if !carrierFreephoneFits(r.rest()) {
		return ErrLength
	}
	n, err := tsujiban.LocalNumber(r.rest())
	if err != nil {
		return ErrTooLong
	}
	p.setLocal(r, n)
	return nil
}

// japanNational reads the digits after the trunk 0.
func (p *Plan) japanNational(r *reading) error {
	switch n := r.len(); {
	case n == 0:
		return ErrIncomplete
	case r.rest()[0] == '0':
		return ErrCarrierCode
	case n < p.country.min:
		return ErrTooShort
	case n > p.country.max:
		return ErrLength
	}
	return p.national(r)
}

func (p *Plan) japanSpecial(r *reading) error {
	if r.len() != 3 || r.rest()[0] != '1' {
		return ErrSpecial
	}
	if r.hasPrivacy() {
		return ErrIncomplete
	}
	n, err := tsujiban.LocalNumber(r.rest())
	if err != nil {
		return ErrSpecial
	}
	p.setLocal(r, n)
	return nil
}

// japanSpecials are the three-digit numbers 1XY that are in use, besides the emergency
// numbers: directory 104, line test and repairs 111 to 116, telegrams 115, time 117,
// services of the line 136 to 149, 151, 159 and 165, fax network 161 and 162, disaster
// message board 171, weather 177, consumer hotline 188, child abuse hotline 189.
//
// Source: the ministry's numbering plan, table of 1XY numbers.
const japanSpecials = "104 111 113 114 115 116 117 136 141 142 143 144 145 146 147 148 149 " +
	"151 157 159 161 162 165 171 177 188 189 "

// classifyJapanLocal says what kind of local number it is, emergency excepted.
func classifyJapanLocal(n tsujiban.Number) tsujiban.Class {
	var buf [tsujiban.MaxDigits]byte
	d := n.AppendDigits(buf[:0])
	switch {
	case len(d) == 3 && d[0] == '1':
		for i := 0; i < len(japanSpecials); i += 4 {
			if japanSpecials[i:i+3] == string(d) {
				return tsujiban.ClassSpecial
			}
		}
	case isCarrierFreephone(d) && carrierFreephoneFits(d):
		return tsujiban.ClassFreephone
	}
	return tsujiban.ClassUndesignated
}
