package sipwire

// span is where the parts of one ";name=value" lie; valueEnd is 0 when there is no value. Quotes are part of it.
type span struct{ name, nameEnd, value, valueEnd int }

// paramAt reads the parameter whose ';' stands at b[i]; next is the offset of the first byte after it that is
// no white space, -1 when it cannot be read.
func paramAt(b []byte, i int) (s span, next int) {
	i = skipBlank(b, i+1)
	s.name = i
	for i < len(b) && chars[b[i]]&cParam != 0 {
		i++
	}
	s.nameEnd = i
	if i == s.name {
		return s, -1
	}
	i = skipBlank(b, i)
	if i == len(b) || b[i] != '=' {
		return s, i
	}
	i = skipBlank(b, i+1)
	s.value = i
	if i < len(b) && b[i] == '"' {
		i = quotedEnd(b, i)
	} else {
		for i < len(b) && chars[b[i]]&cValue != 0 {
			i++
		}
	}
	if i <= s.value {
		return s, -1
	}
	s.valueEnd = i
	return s, skipBlank(b, i)
}

// quotedEnd is the offset after the closing quote of the quoted string at b[i], -1 when it is not closed.
func quotedEnd(b []byte, i int) int {
	for i++; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return -1
}

// NextParam reads the first of ";name=value;…". The value is nil when there is no
// '=', and keeps the quotes of a quoted string.
func NextParam(p []byte) (name, value, rest []byte, err error) {
	i := skipBlank(p, 0)
	if i == len(p) || p[i] != ';' {
		return nil, nil, nil, ErrParam
	}
	s, next := paramAt(p, i)
	if next < 0 || next < len(p) && p[next] != ';' {
		return nil, nil, nil, ErrParam
	}
	if s.valueEnd > 0 {
		value = p[s.value:s.valueEnd:s.valueEnd]
	}
	return p[s.name:s.nameEnd:s.nameEnd], value, p[next:], nil
}

// OneParam finds a parameter by its lower-case name: nil when it is not there, empty
// when it has no value. A repeated one, or parameters that cannot be read, are an error.
func OneParam(params []byte, lowered string) (value []byte, err error) {
	for p := params; len(p) > 0; {
		name, v, rest, err := NextParam(p)
		if err != nil {
			return nil, err
		}
		if EqualFold(name, lowered) {
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
