package sipwire

import "encoding/binary"

// class says what a byte may stand in.
type class uint16

const (
	cToken   class = 1 << iota // a token (RFC 3261 §25.1)
	cParam                     // the name of a parameter of a header or URI
	cValue                     // its value, without quotes
	cUser                      // userinfo of a URI, without ':' and escapes
	cHost                      // a host name; '_' is none of RFC 3261 but is in use
	cURI                       // a URI between angle brackets
	cBare                      // a URI without angle brackets (RFC 3261 §20: no comma, semicolon, question mark)
	cDisplay                   // a display name without quotes
	cBlank                     // white space, line ends of folds included
	cTel                       // the number of a tel: URI (RFC 3966)
)

// chars is the one table of characters.
var chars = func() (t [256]class) {
	put := func(c class, s string) {
		for i := range len(s) {
			t[s[i]] |= c
		}
	}
	for c := 0; c < 256; c++ {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z' && c < 0x80
		digit := c >= '0' && c <= '9'
		if letter || digit {
			t[c] |= cToken | cParam | cValue | cUser | cHost | cDisplay
		}
		if digit || letter && c|0x20 <= 'f' {
			t[c] |= cTel
		}
		if c > ' ' && c < 0x7f {
			t[c] |= cURI | cBare
		}
		if c >= 0x80 { // many PBXs write raw UTF-8 without quotes
			t[c] |= cDisplay
		}
	}
	put(cToken|cParam|cValue|cDisplay, "-.!%*_+`'~")
	put(cParam|cValue, "[]:/&$()") // IPv6 references and what URI parameters may hold
	put(cValue, "@")               // in tags and branches of some PBXs
	put(cUser, "-_.!~*'()&=+$,;?/#")
	put(cHost, "-._")
	put(cDisplay, " \t")
	put(cBlank, " \t\r\n")
	put(cTel, "+-.()*#")
	for _, c := range []byte(`<>"`) {
		t[c] &^= cURI | cBare
	}
	for _, c := range []byte(`?;,`) {
		t[c] &^= cBare
	}
	return t
}()

// lower holds ASCII letters in lower case and every other byte as it is.
var lower = func() (t [256]byte) {
	for c := range t {
		t[c] = byte(c)
	}
	for c := 'A'; c <= 'Z'; c++ {
		t[c] = byte(c) | 0x20
	}
	return t
}()

// EqualFold compares ASCII text without regard to case; lowered must be lower case.
func EqualFold(b []byte, lowered string) bool {
	if len(b) != len(lowered) {
		return false
	}
	for i, c := range b {
		if lower[c] != lowered[i] {
			return false
		}
	}
	return true
}

// equalAnyCase compares ASCII text without regard to case.
func equalAnyCase(b []byte, s string) bool {
	if len(b) != len(s) {
		return false
	}
	for i, c := range b {
		if lower[c] != lower[s[i]] {
			return false
		}
	}
	return true
}

// For work on eight bytes at a time.
const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// below has the high bit of a byte of x set where the byte is below c, which is at most
// 0x80. A borrow can set it falsely, but only above a true hit: the lowest is right.
func below(x uint64, c byte) uint64 { return (x - ones*uint64(c)) &^ x & highs }

// visible tells whether all of b is ASCII that prints, without spaces.
func visible(b []byte) bool {
	i, bad := 0, uint64(0)
	for ; i <= len(b)-8; i += 8 {
		x := binary.LittleEndian.Uint64(b[i : i+8])
		bad |= below(x, '!') | below(x^ones*0x7f, 1) | x&highs
	}
	for ; i < len(b); i++ {
		if b[i] <= ' ' || b[i] >= 0x7f {
			return false
		}
	}
	return bad == 0
}

// skipBlank is the offset of the first byte from i on that is no white space.
func skipBlank(b []byte, i int) int {
	for i < len(b) && chars[b[i]]&cBlank != 0 {
		i++
	}
	return i
}

// trim takes white space off both ends.
func trim(b []byte) []byte { return trimRight(b[skipBlank(b, 0):]) }

func trimRight(b []byte) []byte {
	n := len(b)
	for n > 0 && chars[b[n-1]]&cBlank != 0 {
		n--
	}
	return b[:n]
}

// hexDigit is the value of a hex digit, -1 of anything else.
func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// escaped tells whether a %XX escape stands at b[i].
func escaped(b []byte, i int) bool {
	return i+2 < len(b) && hexDigit(b[i+1]) >= 0 && hexDigit(b[i+2]) >= 0
}

// ParseUint reads a decimal number of at most limit (at most ten digits), white space not allowed.
func ParseUint(b []byte, limit uint64) (uint64, error) {
	n, ok := parseUint(b, limit)
	if !ok {
		return 0, ErrNumber
	}
	return n, nil
}

func parseUint(b []byte, limit uint64) (n uint64, ok bool) {
	if len(b) == 0 || len(b) > 10 {
		return 0, false
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	return n, n <= limit
}
