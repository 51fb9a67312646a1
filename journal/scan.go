package journal

import (
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"tsujiban"
)

// maxDepth bounds how deep unknown values may be nested.
const maxDepth = 16

// scanner reads one line of JSON (RFC 8259). The first error sticks: later calls do nothing and
// return zero values, so that callers check once.
type scanner struct {
	b    []byte
	i    int
	what string // why the line cannot be read; empty while all is well
	key  string // the field at hand, for the error
}

func (s *scanner) fail(what string) {
	if s.what == "" {
		s.what = what
	}
}

func (s *scanner) err() error {
	if s.what == "" {
		return nil
	}
	return tsujiban.Errorf(tsujiban.CodeInvalid, "journal line, byte %d, field %q: %s", s.i, s.key, s.what)
}

func (s *scanner) space() {
	for s.i < len(s.b) {
		switch s.b[s.i] {
		case ' ', '\t', '\r', '\n':
			s.i++
		default:
			return
		}
	}
}

// is skips blanks, and c when it comes next.
func (s *scanner) is(c byte) bool {
	if s.i < len(s.b) && s.b[s.i] <= ' ' {
		s.space()
	}
	if s.what == "" && s.i < len(s.b) && s.b[s.i] == c {
		s.i++
		return true
	}
	return false
}

func (s *scanner) want(c byte) {
	if !s.is(c) {
		s.fail("want " + strconv.QuoteRune(rune(c)))
	}
}

// field moves to the next field of an object whose '{' has been read, and returns its name; nil
// when the object is over or an error stands.
func (s *scanner) field(first *bool) []byte {
	// The way our own lines are written: no blanks, no escapes in names.
	if !*first && s.what == "" && s.i+1 < len(s.b) && s.b[s.i] == ',' && s.b[s.i+1] == '"' {
		start := s.i + 2
		end := start + plainRun(s.b[start:])
		if end+1 < len(s.b) && s.b[end] == '"' && s.b[end+1] == ':' {
			s.i = end + 2
			return s.b[start:end:end]
		}
	}
	if s.is('}') || s.what != "" {
		return nil
	}
	if !*first {
		s.want(',')
	}
	*first = false
	name := s.text()
	s.want(':')
	if s.what != "" {
		return nil
	}
	return name
}

// text reads a string. The result lies in the line unless it held escapes.
func (s *scanner) text() []byte {
	s.want('"')
	start, ascii := s.i, true
	for s.what == "" {
		s.i += plainRun(s.b[s.i:])
		if s.i >= len(s.b) {
			s.fail("the text does not end")
			return nil
		}
		switch c := s.b[s.i]; {
		case c == '"':
			t := s.b[start:s.i:s.i]
			s.i++
			if !ascii && !utf8.Valid(t) {
				s.fail("not UTF-8")
				return nil
			}
			return t
		case c == '\\':
			return s.escaped(start)
		case c < ' ':
			s.fail("a control character in a text")
		default:
			ascii = false
			s.i++
		}
	}
	return nil
}

// escaped reads the rest of a string that holds escapes, into memory of its own.
func (s *scanner) escaped(start int) []byte {
	t := append(make([]byte, 0, s.i-start+32), s.b[start:s.i]...)
	for s.i < len(s.b) {
		c := s.b[s.i]
		s.i++
		switch {
		case c == '"':
			if !utf8.Valid(t) {
				s.fail("not UTF-8")
				return nil
			}
			return t
		case c < ' ':
			s.fail("a control character in a text")
			return nil
		case c != '\\':
			t = append(t, c)
		default:
			t = s.escape(t)
		}
		if s.what != "" {
			return nil
		}
	}
	s.fail("the text does not end")
	return nil
}

// escape reads what follows a backslash.
func (s *scanner) escape(t []byte) []byte {
	if s.i >= len(s.b) {
		s.fail("the text does not end")
		return t
	}
	c := s.b[s.i]
	s.i++
	switch c {
	case '"', '\\', '/':
		return append(t, c)
	case 'b':
		return append(t, '\b')
	case 'f':
		return append(t, '\f')
	case 'n':
		return append(t, '\n')
	case 'r':
		return append(t, '\r')
	case 't':
		return append(t, '\t')
	case 'u':
		r := s.hex4()
		if utf16.IsSurrogate(r) {
			r = s.lowSurrogate(r)
		}
		return utf8.AppendRune(t, r)
	}
	s.fail("an unknown escape")
	return t
}

func (s *scanner) hex4() rune {
	if s.i+4 > len(s.b) {
		s.fail("want four hexadecimal digits")
		return 0
	}
	var r rune
	for _, c := range s.b[s.i : s.i+4] {
		d := unhex[c]
		if d > 15 {
			s.fail("want four hexadecimal digits")
			return 0
		}
		r = r<<4 | rune(d)
	}
	s.i += 4
	return r
}

// lowSurrogate pairs hi with the escape behind it; without a fitting one it stands for U+FFFD.
func (s *scanner) lowSurrogate(hi rune) rune {
	if s.i+6 > len(s.b) || s.b[s.i] != '\\' || s.b[s.i+1] != 'u' {
		return utf8.RuneError
	}
	back := s.i
	s.i += 2
	r := utf16.DecodeRune(hi, s.hex4())
	if r == utf8.RuneError {
		s.i = back
	}
	return r
}

// number returns the characters of a JSON number.
func (s *scanner) number() []byte {
	s.space()
	start := s.i
	if s.i < len(s.b) && s.b[s.i] == '-' {
		s.i++
	}
	lead := s.i
	whole := s.digits()
	if whole == 0 || whole > 1 && s.b[lead] == '0' {
		s.fail("want a number")
		return nil
	}
	if s.i < len(s.b) && s.b[s.i] == '.' {
		s.i++
		if s.digits() == 0 {
			s.fail("want digits after the point")
		}
	}
	if s.i < len(s.b) && s.b[s.i]|0x20 == 'e' {
		s.i++
		if s.i < len(s.b) && (s.b[s.i] == '+' || s.b[s.i] == '-') {
			s.i++
		}
		if s.digits() == 0 {
			s.fail("want digits in the exponent")
		}
	}
	if s.what != "" {
		return nil
	}
	return s.b[start:s.i]
}

func (s *scanner) digits() int {
	start := s.i
	for s.i < len(s.b) && s.b[s.i]-'0' <= 9 {
		s.i++
	}
	return s.i - start
}

// whole reads a number without point and exponent, between lo and hi.
func (s *scanner) whole(lo, hi int64) int64 {
	t := s.number()
	if s.what != "" {
		return 0
	}
	v, err := strconv.ParseInt(string(t), 10, 64)
	if err != nil || v < lo || v > hi {
		s.fail(fmt.Sprintf("want a whole number from %d to %d", lo, hi))
		return 0
	}
	return v
}

func (s *scanner) unsigned() uint64 {
	t := s.number()
	if s.what != "" {
		return 0
	}
	v, err := strconv.ParseUint(string(t), 10, 64)
	if err != nil {
		s.fail("want a whole number that is not negative")
	}
	return v
}

func (s *scanner) boolean() bool {
	s.space()
	rest := s.b[s.i:]
	switch {
	case len(rest) >= 4 && string(rest[:4]) == "true":
		s.i += 4
		return true
	case len(rest) >= 5 && string(rest[:5]) == "false":
		s.i += 5
		return false
	}
	s.fail("want true or false")
	return false
}

// skip passes over a value of any type: a field of a later version.
func (s *scanner) skip(depth int) {
	s.space()
	if s.i >= len(s.b) || depth > maxDepth {
		s.fail("want a value, not nested deeper than 16")
		return
	}
	switch s.b[s.i] {
	case '"':
		s.text()
	case '{':
		s.i++
		for first := true; s.field(&first) != nil; {
			s.skip(depth + 1)
		}
	case '[':
		s.i++
		for first := true; !s.is(']') && s.what == ""; first = false {
			if !first {
				s.want(',')
			}
			s.skip(depth + 1)
		}
	case 't', 'f':
		s.boolean()
	case 'n':
		if len(s.b)-s.i < 4 || string(s.b[s.i:s.i+4]) != "null" {
			s.fail("want a value")
			return
		}
		s.i += 4
	default:
		s.number()
	}
}
