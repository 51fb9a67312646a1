package journal

import (
	"encoding/binary"
	"math/bits"
	"strconv"
	"unicode/utf8"
)

// The longest texts that an entry keeps, in bytes before escaping. What SIP parties send can be any
// length; the record stays bounded. What is needed to end a call after a restart gets most room.
const (
	limitID     = 128  // customer, trunk, carrier
	limitDigits = 128  // dialled, caller
	limitAgent  = 256  // User-Agent
	limitCallID = 512  // Call-ID
	limitURI    = 1024 // From, To, Contact
	limitRoutes = 4096
	limitWord   = 64 // transport
	limitRule   = 256
	limitNote   = 4096
	limitRows   = 56 << 10 // what the store's rows are: lines of plain text, of which only the ends take a second byte
)

// cutRoom is kept for the mark of a cut: "…+" and the count of bytes that are not shown.
const cutRoom = 24

const hexDigits = "0123456789abcdef"

// plain tells the bytes that stand for themselves in a JSON string here: printable ASCII without quote and backslash.
var plain = func() (t [256]bool) {
	for c := 0x20; c < 0x7f; c++ {
		t[c] = c != '"' && c != '\\'
	}
	return t
}()

// appendText appends s as a JSON string with its quotes. Over limit bytes it is cut at a
// character and marked with "…+n", n being the bytes left out; the result then has at most limit bytes.
func appendText[T ~string | ~[]byte](b []byte, s T, limit int) []byte {
	n, cut := len(s), 0
	if n > limit {
		n = limit - cutRoom
		for back := 0; back < utf8.UTFMax-1 && !utf8.RuneStart(s[n]); back++ {
			n--
		}
		cut = len(s) - n
	}
	b = append(b, '"')
	start := len(b)
	b = append(b, s[:n]...)
	if i := plainRun(b[start:]); i < n {
		b = appendEscaped(b[:start+i], s[i:n])
	}
	if cut > 0 {
		b = append(b, "…+"...)
		b = strconv.AppendInt(b, int64(cut), 10)
	}
	return append(b, '"')
}

// plainRun counts the bytes at the start of b that stand for themselves, eight at a time.
func plainRun(b []byte) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	i := 0
	for ; len(b)-i >= 8; i += 8 {
		x := binary.LittleEndian.Uint64(b[i:])
		quote, back, del := x^ones*'"', x^ones*'\\', x^ones*0x7f
		// The top bit of a byte is set here when it is a control character, quote, backslash,
		// DEL or not ASCII. A borrow can mark more bytes, but only behind such a one.
		if m := (x | (x - ones*' ') | (quote - ones) | (back - ones) | (del - ones)) & highs; m != 0 {
			return i + bits.TrailingZeros64(m)/8
		}
	}
	for i < len(b) && plain[b[i]] {
		i++
	}
	return i
}

// appendEscaped appends s with everything escaped that could end the string, end the line, or
// move a terminal's cursor or writing direction.
func appendEscaped[T ~string | ~[]byte](b []byte, s T) []byte {
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if plain[c] {
			i++
			continue
		}
		if c < utf8.RuneSelf {
			b = append(b, s[start:i]...)
			b = appendEscapedByte(b, c)
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(string(s[i:min(i+utf8.UTFMax, len(s))]))
		if bad := r == utf8.RuneError && size == 1; bad || unsafeRune(r) {
			b = append(b, s[start:i]...)
			b = append(b, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
			start = i + size
		}
		i += size
	}
	return append(b, s[start:]...)
}

func appendEscapedByte(b []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\n':
		return append(b, '\\', 'n')
	case '\r':
		return append(b, '\\', 'r')
	case '\t':
		return append(b, '\\', 't')
	}
	return append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
}

// unsafeRune tells the characters beyond ASCII that are escaped: C1 controls, line and paragraph
// separators, and marks that turn the direction of writing.
func unsafeRune(r rune) bool {
	return r >= 0x80 && r < 0xa0 || r >= 0x2028 && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}
