package tsujiban

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

// Money is an amount in millionths of the currency unit: micro-yen when the
// currency is the yen. It is an integer so that sums are exact.
type Money int64

// Amounts to multiply with.
const (
	Unit Money = 1_000_000 // one yen

	// MaxMoney is the largest amount; sums stop there instead of wrapping.
	MaxMoney Money = math.MaxInt64
)

// Add is a + b, held at MaxMoney instead of overflowing.
func (m Money) Add(b Money) Money {
	if b > 0 && m > MaxMoney-b {
		return MaxMoney
	}
	return m + b
}

// Times is m * n for non-negative n, held at MaxMoney instead of overflowing.
func (m Money) Times(n int64) Money {
	if n <= 0 || m <= 0 {
		return 0
	}
	if int64(m) > math.MaxInt64/n {
		return MaxMoney
	}
	return m * Money(n)
}

// String writes the amount in units with as many decimals as it needs: "175", "12.5".
func (m Money) String() string { return string(m.Append(nil)) }

// Append appends what String returns.
func (m Money) Append(b []byte) []byte {
	u := uint64(m)
	if m < 0 {
		b = append(b, '-')
		u = -u
	}
	b = strconv.AppendUint(b, u/uint64(Unit), 10)
	frac := u % uint64(Unit)
	if frac == 0 {
		return b
	}
	b = append(b, '.')
	for div := uint64(Unit) / 10; frac > 0; div /= 10 {
		b = append(b, byte('0'+frac/div))
		frac %= div
	}
	return b
}

// Grouped writes the amount rounded up to whole units, with a comma every three
// digits, as a bill does: "2,550,000".
func (m Money) Grouped() string {
	u := m / Unit
	if m%Unit > 0 {
		u++
	}
	s := strconv.FormatInt(int64(u), 10)
	neg := strings.HasPrefix(s, "-")
	s = strings.TrimPrefix(s, "-")
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	if neg {
		return "-" + s
	}
	return s
}

// ErrMoney is returned for text that is not an amount.
var ErrMoney = errors.New("not an amount: want digits with at most six decimals, such as 20000 or 12.5")

// ParseMoney reads "20000", "20,000" or "12.5" (units, at most six decimals, not negative).
func ParseMoney(s string) (Money, error) {
	whole, frac, dot := strings.Cut(strings.ReplaceAll(s, ",", ""), ".")
	if len(frac) > 6 || whole == "" || dot && frac == "" {
		return 0, ErrMoney
	}
	for _, c := range whole + frac {
		if c < '0' || c > '9' {
			return 0, ErrMoney
		}
	}
	v, err := strconv.ParseInt(whole+frac+"000000"[len(frac):], 10, 64)
	if err != nil {
		return 0, ErrMoney
	}
	return Money(v), nil
}

// MarshalText writes what String returns.
func (m Money) MarshalText() ([]byte, error) { return m.Append(nil), nil }

// UnmarshalText reads what ParseMoney reads.
func (m *Money) UnmarshalText(b []byte) error {
	v, err := ParseMoney(string(b))
	*m = v
	return err
}
