package sipwire

import "bytes"

// ParseUint reads a decimal number of at most limit (at most ten digits), white space not allowed.
func ParseUint(b []byte, limit uint64) (uint64, error) {
	if len(b) == 0 || len(b) > 10 {
		return 0, ErrNumber
	}
	var n uint64
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, ErrNumber
		}
		n = n*10 + uint64(c-'0')
	}
	if n > limit {
		return 0, ErrNumber
	}
	return n, nil
}

// ParseCSeq reads "4711 INVITE"; the number is below 2^31 (RFC 3261 §8.1.1.5).
func ParseCSeq(b []byte) (num uint32, method []byte, err error) {
	i := 0
	for i < len(b) && b[i] >= '0' && b[i] <= '9' {
		i++
	}
	n, e := ParseUint(b[:i], 1<<31-1)
	if e != nil {
		return 0, nil, ErrCSeq
	}
	method = trim(b[i:])
	if len(method) == 0 || len(method) == len(b)-i {
		return 0, nil, ErrCSeq
	}
	for _, c := range method {
		if !tokenChar[c] {
			return 0, nil, ErrCSeq
		}
	}
	return uint32(n), method, nil
}

// ViaValue is one value of a Via header (RFC 3261 §20.42, RFC 3581).
type ViaValue struct {
	Transport []byte // as written: "UDP"
	Host      []byte // with brackets for IPv6
	Port      uint16 // 0 when absent
	Params    []byte // from the first ';', empty when none
	Branch    []byte
	RPort     bool // an rport parameter without value is there
	Len       int  // bytes of the value in the header, white space before a following comma included
	More      bool // a comma and another value follow
}

// ParseVia reads the first value of a Via header.
func ParseVia(b []byte) (v ViaValue, err error) {
	end, more := valueEnd(b)
	if end < 0 {
		return v, ErrVia
	}
	v.Len, v.More = end, more
	s := trim(b[:end])
	if len(s) < 9 || !EqualFold(s[:3], "sip") {
		return v, ErrVia
	}
	// "SIP" SLASH "2.0" SLASH transport, blanks allowed around the slashes.
	s, ok := cutSlash(s[3:])
	if !ok || len(s) < 3 || string(s[:3]) != "2.0" {
		return v, ErrVia
	}
	if s, ok = cutSlash(s[3:]); !ok {
		return v, ErrVia
	}
	i := 0
	for i < len(s) && tokenChar[s[i]] {
		i++
	}
	if i == 0 || i == len(s) || s[i] != ' ' && s[i] != '\t' {
		return v, ErrVia
	}
	v.Transport = s[:i]
	s = trim(s[i:])
	if i = bytes.IndexByte(s, ';'); i >= 0 {
		v.Params = s[i:]
		s = trim(s[:i])
	}
	if v.Host, v.Port, err = hostPort(s); err != nil {
		return v, ErrVia
	}
	return v, v.readParams()
}

func (v *ViaValue) readParams() error {
	for p := v.Params; len(p) > 0; {
		name, value, rest, err := NextParam(p)
		if err != nil {
			return ErrVia
		}
		switch {
		case EqualFold(name, "branch"):
			if v.Branch != nil {
				return ErrVia
			}
			v.Branch = value
		case EqualFold(name, "rport"):
			v.RPort = value == nil
		}
		p = rest
	}
	return nil
}

func cutSlash(s []byte) ([]byte, bool) {
	s = trim(s)
	if len(s) == 0 || s[0] != '/' {
		return nil, false
	}
	return trim(s[1:]), true
}

// valueEnd finds the comma that ends the first of several values, outside quotes
// and angle brackets; -1 when a quote or bracket is left open.
func valueEnd(b []byte) (end int, more bool) {
	quote, angle := false, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case quote:
			if c == '\\' {
				i++
			} else if c == '"' {
				quote = false
			}
		case c == '"':
			quote = true
		case c == '<':
			angle = true
		case c == '>':
			angle = false
		case c == ',' && !angle:
			return i, true
		}
	}
	if quote || angle {
		return -1, false
	}
	return len(b), false
}

// Address is one value of From, To, Contact, Route, Record-Route, Path,
// P-Asserted-Identity (RFC 3261 §20.10).
type Address struct {
	Display []byte // as written, quotes included; empty when none
	URI     []byte
	Params  []byte // header parameters from the first ';', empty when none
	Len     int    // bytes of the value in the header
	More    bool   // a comma and another value follow
	Angle   bool   // the URI stands in angle brackets
}

// ParseAddress reads the first value of an address header.
func ParseAddress(b []byte) (a Address, err error) {
	end, more := valueEnd(b)
	if end < 0 {
		return a, ErrAddress
	}
	a.Len, a.More = end, more
	s := trim(b[:end])
	open := angleOpen(s)
	if open < 0 {
		// addr-spec without brackets: parameters belong to the header (RFC 3261 §20).
		if i := bytes.IndexByte(s, ';'); i >= 0 {
			a.Params = s[i:]
			s = trim(s[:i])
		}
		if a.URI = s; len(s) == 0 || bytes.ContainsAny(s, " \t\"<>?") {
			return a, ErrAddress
		}
		return a, nil
	}
	a.Angle = true
	a.Display = trim(s[:open])
	if !validDisplay(a.Display) {
		return a, ErrAddress
	}
	i := bytes.IndexByte(s[open:], '>')
	if i < 2 {
		return a, ErrAddress
	}
	a.URI = s[open+1 : open+i]
	for _, c := range a.URI {
		if c <= ' ' || c == '<' || c == '"' {
			return a, ErrAddress
		}
	}
	if rest := trim(s[open+i+1:]); len(rest) > 0 {
		if rest[0] != ';' {
			return a, ErrAddress
		}
		a.Params = rest
	}
	return a, nil
}

// angleOpen finds the '<' outside a quoted string, -1 when there is none.
func angleOpen(s []byte) int {
	quote := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quote && c == '\\':
			i++
		case c == '"':
			quote = !quote
		case c == '<' && !quote:
			return i
		}
	}
	return -1
}

// validDisplay takes nothing, one quoted string, or tokens with blanks between. Bytes
// above ASCII pass: many PBXs write raw UTF-8 without quotes.
func validDisplay(d []byte) bool {
	if len(d) == 0 {
		return true
	}
	if d[0] == '"' {
		for i := 1; i < len(d); i++ {
			switch d[i] {
			case '\\':
				i++
			case '"':
				return i == len(d)-1
			}
		}
		return false
	}
	for _, c := range d {
		if !tokenChar[c] && c != ' ' && c != '\t' && c < 0x80 {
			return false
		}
	}
	return true
}

// Tag is the tag parameter, nil when there is none; a second tag is an error.
func (a *Address) Tag() ([]byte, error) { return OneParam(a.Params, "tag") }

// NextParam reads the first of ";name=value;…". The value is nil when there is no
// '=', and keeps the quotes of a quoted string.
func NextParam(p []byte) (name, value, rest []byte, err error) {
	p = trim(p)
	if len(p) == 0 || p[0] != ';' {
		return nil, nil, nil, ErrParam
	}
	p = trim(p[1:])
	i := 0
	for i < len(p) && paramChar(p[i]) {
		i++
	}
	if i == 0 {
		return nil, nil, nil, ErrParam
	}
	name, p = p[:i], trim(p[i:])
	if len(p) == 0 || p[0] == ';' {
		return name, nil, p, nil
	}
	if p[0] != '=' {
		return nil, nil, nil, ErrParam
	}
	p = trim(p[1:])
	i = 0
	if len(p) > 0 && p[0] == '"' {
		if i = quotedEnd(p); i < 0 {
			return nil, nil, nil, ErrParam
		}
	} else {
		for i < len(p) && (paramChar(p[i]) || p[i] == '@') {
			i++
		}
		if i == 0 {
			return nil, nil, nil, ErrParam
		}
	}
	value, rest = p[:i:i], trim(p[i:])
	if len(rest) > 0 && rest[0] != ';' {
		return nil, nil, nil, ErrParam
	}
	return name, value, rest, nil
}

// quotedEnd is the offset after the closing quote of the quoted string at s[0], -1 when it is not closed.
func quotedEnd(s []byte) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return -1
}

// paramChar holds what parameters of headers and URIs are made of, IPv6 brackets and slashes included.
func paramChar(c byte) bool {
	return tokenChar[c] || c == '[' || c == ']' || c == ':' || c == '/' || c == '&' || c == '$' || c == '(' || c == ')'
}

// OneParam finds a parameter by its lower-case name: nil when it is not there, empty
// when it has no value. A repeated one, or parameters that cannot be read, are an error.
func OneParam(params []byte, lower string) (value []byte, err error) {
	for p := params; len(p) > 0; {
		name, v, rest, err := NextParam(p)
		if err != nil {
			return nil, err
		}
		if EqualFold(name, lower) {
			if value != nil {
				return nil, ErrParam
			}
			if value = v; v == nil {
				value = []byte{}
			}
		}
		p = rest
	}
	return value, nil
}

func trim(b []byte) []byte {
	for len(b) > 0 && blank(b[0]) {
		b = b[1:]
	}
	for len(b) > 0 && blank(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}
