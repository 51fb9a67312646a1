package tsujiban

import (
	"errors"
	"log/slog"
	"strings"
)

// MaxDigits is the longest number: ITU-T E.164 §6.2.1 allows fifteen digits.
const MaxDigits = 15

// Number is a telephone number: up to fifteen digits, as a comparable value
// without pointers. The zero Number is "no number".
//
// A global number is E.164 without the plus sign (81312345678). A local one
// means something only in the home country and cannot be reached from abroad:
// 110, 119, 117, 104.
type Number struct {
	bcd   uint64 // digit i in bits 60-4(i+1) to 60-4i; the length in the top four bits
	local bool
}

// ErrNumber is returned for text that is not one to fifteen digits.
var ErrNumber = errors.New("not a telephone number of 1 to 15 digits")

// NumberFromDigits makes a global number of E.164 digits without plus sign.
func NumberFromDigits[T ~string | ~[]byte](digits T) (Number, error) {
	if len(digits) == 0 || len(digits) > MaxDigits {
		return Number{}, ErrNumber
	}
	var v uint64
	for i := 0; i < len(digits); i++ {
		d := digits[i] - '0'
		if d > 9 {
			return Number{}, ErrNumber
		}
		v |= uint64(d) << (56 - 4*i)
	}
	return Number{bcd: v | uint64(len(digits))<<60}, nil
}

// LocalNumber makes a number that has a meaning in the home country only.
func LocalNumber[T ~string | ~[]byte](digits T) (Number, error) {
	n, err := NumberFromDigits(digits)
	n.local = err == nil
	return n, err
}

// ParseNumber reads what String writes: "+81312345678" or, for a local number, "110".
func ParseNumber(s string) (Number, error) {
	if rest, ok := strings.CutPrefix(s, "+"); ok {
		return NumberFromDigits(rest)
	}
	return LocalNumber(s)
}

// Len is the count of digits.
func (n Number) Len() int { return int(n.bcd >> 60) }

// IsZero tells whether there is no number.
func (n Number) IsZero() bool { return n.bcd == 0 }

// IsLocal tells whether the number has a meaning in the home country only.
func (n Number) IsLocal() bool { return n.local }

// Digit is the value (0 to 9) of digit i, counted from the left.
func (n Number) Digit(i int) int { return int(n.bcd>>(56-4*i)) & 15 }

// Prefix is the number's first k digits packed as a comparable key; two numbers
// share their first k digits exactly when their Prefix(k) are equal. For a
// number shorter than k it is the whole number.
func (n Number) Prefix(k int) uint64 {
	l := min(k, n.Len())
	if l <= 0 {
		return 0
	}
	digits := n.bcd & (1<<60 - 1)
	return digits>>(60-4*l)<<(60-4*l) | uint64(l)<<60
}

// HasPrefix tells whether the number starts with the digits of p.
func (n Number) HasPrefix(p Number) bool {
	return n.local == p.local && p.Len() <= n.Len() && n.Prefix(p.Len()) == p.bcd
}

// AppendDigits appends the bare digits, without plus sign.
func (n Number) AppendDigits(b []byte) []byte {
	for i := range n.Len() {
		b = append(b, byte('0'+n.Digit(i)))
	}
	return b
}

// Append appends what String returns.
func (n Number) Append(b []byte) []byte {
	if n.IsZero() {
		return b
	}
	if !n.local {
		b = append(b, '+')
	}
	return n.AppendDigits(b)
}

// Digits returns the bare digits, without plus sign.
func (n Number) Digits() string { return string(n.AppendDigits(nil)) }

// String returns the number in full: "+81312345678", or "110" for a local one.
// It is for records and for the wire; people and logs get [Number.Masked].
func (n Number) String() string { return string(n.Append(nil)) }

// Masked is the number as logs and people without a ground may see it: the last
// four digits of a global number are hidden. Short local numbers identify nobody
// and stay readable.
func (n Number) Masked() string {
	if n.local && n.Len() <= 4 {
		return n.String()
	}
	s := n.Append(nil)
	for i := max(len(s)-4, 1); i < len(s); i++ {
		s[i] = '*'
	}
	return string(s)
}

// LogValue keeps full numbers out of logs: see [Number.Masked].
func (n Number) LogValue() slog.Value { return slog.StringValue(n.Masked()) }

// MarshalText writes the number in full, for records.
func (n Number) MarshalText() ([]byte, error) { return n.Append(nil), nil }

// UnmarshalText reads what MarshalText writes.
func (n *Number) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*n = Number{}
		return nil
	}
	v, err := ParseNumber(string(b))
	*n = v
	return err
}
