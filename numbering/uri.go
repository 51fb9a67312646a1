package numbering

import (
	"bytes"
	"strings"
)

// maxURI is the longest URI that is read, in bytes.
const maxURI = 512

// ParseURI takes the telephone number out of a tel: URI (RFC 3966), or out of the user
// part of a sip: or sips: URI (RFC 3261 §19.1.1), whose user part is written in the
// same way. The answer is for [Plan.Parse]; it is a part of uri, or new when
// something had to be changed: %-escapes are resolved, and a phone-context that is +
// and a country code is put in front. Any other parameter is left out.
//
// A phone-context that is a domain name leaves the number as it was dialled. Parameters
// that lead the call elsewhere than its number (rn and cic of RFC 4694) are refused: the
// next hop could follow them. tgrp (RFC 4904) picks a trunk and not a number; some PBXs
// send it with every call, emergency calls too, and it is left out.
func ParseURI(uri []byte) (user []byte, err error) {
	if len(uri) > maxURI {
		return nil, ErrTooLong
	}
	for _, c := range uri {
		if c <= ' ' || c >= 0x7f {
			return nil, ErrURI
		}
	}
	scheme, rest, ok := bytes.Cut(uri, []byte(":"))
	if !ok {
		return nil, ErrURI
	}
	switch {
	case bytes.EqualFold(scheme, []byte("tel")):
	case bytes.EqualFold(scheme, []byte("sip")), bytes.EqualFold(scheme, []byte("sips")):
		if rest, err = userPart(rest); err != nil {
			return nil, err
		}
	default:
		return nil, ErrURI
	}
	number, params, _ := bytes.Cut(rest, []byte(";"))
	context, err := phoneContext(params)
	if err != nil {
		return nil, err
	}
	if number, err = unescape(number); err != nil {
		return nil, err
	}
	if len(number) == 0 {
		return nil, ErrURI
	}
	if len(context) == 0 {
		return number, nil
	}
	return inContext(number, context)
}

// userPart is what stands before the @ and the host. A password, a second @ or a
// missing host are refused: parsers differ about where the user part ends.
func userPart(s []byte) ([]byte, error) {
	user, host, ok := bytes.Cut(s, []byte("@"))
	if !ok || len(host) == 0 || bytes.IndexByte(host, '@') >= 0 || bytes.IndexByte(user, ':') >= 0 {
		return nil, ErrURI
	}
	return user, nil
}

// phoneContext looks through the parameters of the number.
func phoneContext(params []byte) (context []byte, err error) {
	seen := false
	for len(params) > 0 {
		var p []byte
		p, params, _ = bytes.Cut(params, []byte(";"))
		name, value, _ := bytes.Cut(p, []byte("="))
		if bytes.IndexByte(name, '%') >= 0 { // an escaped name: another parser may see through it
			return nil, ErrURIParam
		}
		switch strings.ToLower(string(name)) {
		case "rn", "rn-context", "cic", "cic-context":
			return nil, ErrURIParam
		case "phone-context":
			if seen {
				return nil, ErrURIParam
			}
			seen = true
			if context, err = unescape(value); err != nil {
				return nil, err
			}
			if len(context) == 0 {
				return nil, ErrURIContext
			}
		}
	}
	return context, nil
}

// inContext writes a number as its phone-context says.
func inContext(number, context []byte) ([]byte, error) {
	if number[0] == '+' { // RFC 3966 §5.1.5: a global number has no context
		return nil, ErrURIContext
	}
	if context[0] != '+' {
		if !isDomain(context) {
			return nil, ErrURIContext
		}
		return number, nil
	}
	t, err := tableOf()
	if err != nil {
		return nil, err
	}
	c := t.codes[string(context[1:])]
	if c == nil {
		return nil, ErrURIContext
	}
	if countDigits(number) > maxShort && c.trunk != "" && bytes.HasPrefix(number, []byte(c.trunk)) {
		// As dialled inside the country. Only where no area code begins like the trunk
		// prefix can it be told from the number.
		if c.trunk != "0" && c.trunk != "1" {
			return nil, ErrURIContext
		}
		number = number[len(c.trunk):]
	}
	global := make([]byte, 0, len(context)+len(number))
	return append(append(global, context...), number...), nil
}

// countDigits leaves separators out: 0-1-1-0 is as short as 0110, and as little an
// emergency number.
func countDigits(s []byte) int {
	n := 0
	for _, c := range s {
		if c >= '0' && c <= '9' {
			n++
		}
	}
	return n
}

// isDomain tells whether s is written like a domain name. RFC 3966's grammar lets a
// domain name begin with a letter or a digit and demands a letter after the last dot.
func isDomain(s []byte) bool {
	letter := false
	for i, c := range s {
		switch {
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
			letter = true
		case c >= '0' && c <= '9':
		case c == '-' && i > 0:
		case c == '.' && i > 0:
			letter = false
		default:
			return false
		}
	}
	return letter
}

// unescape resolves %XX. Text without escapes is returned as it is. An escaped % is
// refused: whoever resolved escapes once more would read another number.
func unescape(s []byte) ([]byte, error) {
	if bytes.IndexByte(s, '%') < 0 {
		return s, nil
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '%' {
			if i+2 >= len(s) {
				return nil, ErrURI
			}
			hi, lo := unhex(s[i+1]), unhex(s[i+2])
			if hi < 0 || lo < 0 {
				return nil, ErrURI
			}
			if c = byte(hi<<4 | lo); c == '%' {
				return nil, ErrURI
			}
			i += 2
		}
		out = append(out, c)
	}
	return out, nil
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
