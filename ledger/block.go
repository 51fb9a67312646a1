package ledger

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tsujiban"
	"tsujiban/numbering"
)

// Block is all numbers that begin with the same digits: a decimal power of them, aligned. It is
// First*16 + the count of free digits, so that blocks sort by their first number and a
// block is found by its digits.
type Block int64

// maxFree is the most free digits of a block. One more would be more numbers than any carrier holds.
const maxFree = 10

// BlockOf makes a block of its first number, as an integer of E.164 digits, and its free digits.
func BlockOf(first int64, free int) Block { return Block(first*16 + int64(free)) }

// First is the lowest number of the block, as an integer of E.164 digits.
func (b Block) First() int64 { return int64(b) >> 4 }

// Free is the count of digits that are not fixed.
func (b Block) Free() int { return int(b & 15) }

// Last is the highest number of the block.
func (b Block) Last() int64 { return b.First() + pow10[b.Free()] - 1 }

// Range is the block as a range.
func (b Block) Range() Range { return Range{b.First(), b.Last()} }

var pow10 = func() (p [19]int64) {
	p[0] = 1
	for i := 1; i < len(p); i++ {
		p[i] = 10 * p[i-1]
	}
	return p
}()

// Blocks around a number, the narrowest first: all that can hold it.
func Around(n int64) []Block {
	out := make([]Block, 0, maxFree+1)
	for free := 0; free <= maxFree && pow10[free] <= n; free++ {
		out = append(out, BlockOf(n-n%pow10[free], free))
	}
	return out
}

// Range is numbers that follow each other, of the same length, as integers of E.164 digits.
type Range struct{ First, Last int64 }

// Count is how many numbers it has.
func (r Range) Count() int64 { return r.Last - r.First + 1 }

// Has tells whether a number lies in it.
func (r Range) Has(n int64) bool { return r.First <= n && n <= r.Last }

func (r Range) overlaps(o Range) bool { return r.First <= o.Last && o.First <= r.Last }

// Blocks splits the range into the fewest blocks.
func (r Range) Blocks() []Block {
	var out []Block
	for at := r.First; at <= r.Last; {
		free := 0
		for free < maxFree && at%pow10[free+1] == 0 && at+pow10[free+1]-1 <= r.Last {
			free++
		}
		out = append(out, BlockOf(at, free))
		at += pow10[free]
	}
	return out
}

// without appends what is left of r when o is taken out.
func (r Range) without(o Range, dst []Range) []Range {
	if !r.overlaps(o) {
		return append(dst, r)
	}
	if r.First < o.First {
		dst = append(dst, Range{r.First, o.First - 1})
	}
	if o.Last < r.Last {
		dst = append(dst, Range{o.Last + 1, r.Last})
	}
	return dst
}

// Without is what is left of the range when others are taken out.
func (r Range) Without(others []Range) []Range {
	left := []Range{r}
	for _, o := range others {
		var next []Range
		for _, l := range left {
			next = l.without(o, next)
		}
		left = next
	}
	return left
}

// String writes "+815012340000" or "+815012340000..+815012349999".
func (r Range) String() string {
	s := "+" + strconv.FormatInt(r.First, 10)
	if r.Last != r.First {
		s += "..+" + strconv.FormatInt(r.Last, 10)
	}
	return s
}

// MarshalText writes what String returns.
func (r Range) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads what String writes.
func (r *Range) UnmarshalText(b []byte) error {
	first, last, two := strings.Cut(string(b), "..")
	if !two {
		last = first
	}
	f, err := strconv.ParseInt(strings.TrimPrefix(first, "+"), 10, 64)
	if err != nil {
		return err
	}
	l, err := strconv.ParseInt(strings.TrimPrefix(last, "+"), 10, 64)
	if err != nil || l < f {
		return fmt.Errorf("%q is not a range of numbers", b)
	}
	*r = Range{f, l}
	return nil
}

// Patterns are the prefixes and whole numbers that make up the range, as a policy takes them.
func (r Range) Patterns() []string {
	var out []string
	for _, b := range r.Blocks() {
		digits := strconv.FormatInt(b.First()/pow10[b.Free()], 10)
		if b.Free() > 0 {
			digits += "*"
		}
		out = append(out, "+"+digits)
	}
	return out
}

// Join sorts ranges and joins those that touch or overlap.
func Join(rs []Range) []Range {
	slices.SortFunc(rs, func(a, b Range) int { return cmp.Compare(a.First, b.First) })
	out := rs[:0]
	for _, r := range rs {
		if n := len(out); n > 0 && r.First <= out[n-1].Last+1 {
			out[n-1].Last = max(out[n-1].Last, r.Last)
			continue
		}
		out = append(out, r)
	}
	return out
}

// Int is a number as an integer of its E.164 digits; ok is false for one that means something at
// home only, which nobody holds.
func Int(n tsujiban.Number) (v int64, ok bool) {
	if n.IsZero() || n.IsLocal() {
		return 0, false
	}
	for i := range n.Len() {
		v = 10*v + int64(n.Digit(i))
	}
	return v, v > 0
}

// Number makes a number of an integer of E.164 digits.
func Number(v int64) tsujiban.Number {
	n, err := tsujiban.NumberFromDigits(strconv.FormatInt(v, 10))
	if err != nil {
		return tsujiban.Number{}
	}
	return n
}

// ParseRange reads numbers as people write them: one as dialled or with + ("050-1234-5678"), a
// prefix ("0501234*"), or first and last ("050-1234-0000..050-1234-0999", also with 〜 or ~).
// The error is CodeInvalid and says what to write.
func ParseRange(p *numbering.Plan, s string) (Range, error) {
	s = Narrow(strings.TrimSpace(s))
	for _, sep := range []string{"..", "~", "〜", "～"} {
		if first, last, ok := strings.Cut(s, sep); ok {
			return parseTwo(p, first, last)
		}
	}
	if prefix, ok := strings.CutSuffix(s, "*"); ok {
		return parsePrefix(p, prefix)
	}
	n, err := parseOne(p, s)
	return Range{n, n}, err
}

func parseTwo(p *numbering.Plan, first, last string) (Range, error) {
	f, err := parseOne(p, first)
	if err != nil {
		return Range{}, err
	}
	l, err := parseOne(p, last)
	if err != nil {
		return Range{}, err
	}
	switch {
	case l < f:
		return Range{}, tsujiban.Errorf(tsujiban.CodeInvalid, "number: %q comes after %q: write the lower one first", strings.TrimSpace(first), strings.TrimSpace(last))
	case Number(f).Len() != Number(l).Len():
		return Range{}, tsujiban.Errorf(tsujiban.CodeInvalid, "number: %q and %q have not the same length", strings.TrimSpace(first), strings.TrimSpace(last))
	case l-f >= pow10[maxFree]:
		return Range{}, tsujiban.Errorf(tsujiban.CodeInvalid, "number: the range has %d numbers, too many to be meant", l-f+1)
	}
	return Range{f, l}, nil
}

func parseOne(p *numbering.Plan, s string) (int64, error) {
	s = strings.TrimSpace(s)
	d, err := p.Parse([]byte(s))
	if err != nil {
		return 0, tsujiban.Errorf(tsujiban.CodeInvalid, "number: %q is no number: %w; write it as dialled or with +", s, err)
	}
	v, ok := Int(d.Number)
	if !ok {
		return 0, tsujiban.Errorf(tsujiban.CodeInvalid, "number: %q means something at home only: nobody holds it", s)
	}
	return v, nil
}

// parsePrefix finds the length of the numbers behind a prefix by asking the plan how many digits make one whole.
func parsePrefix(p *numbering.Plan, prefix string) (Range, error) {
	for free := 1; free <= maxFree; free++ {
		d, err := p.Parse([]byte(prefix + strings.Repeat("0", free)))
		if err != nil || d.Destination.Class == tsujiban.ClassUndesignated {
			continue
		}
		first, ok := Int(d.Number)
		if ok && first%pow10[free] == 0 {
			return Range{first, first + pow10[free] - 1}, nil
		}
	}
	return Range{}, tsujiban.Errorf(tsujiban.CodeInvalid, "number: %q is not the beginning of numbers, as 0501234* is", prefix+"*")
}

// Narrow makes plain digits, dashes and letters of the wide ones that Japanese tables have.
func Narrow(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '！' && r <= '～' && r != '～':
			return r - 0xfee0
		case r == '　':
			return ' '
		case r == '−', r == '‐', r == '‑', r == '–', r == '—', r == '―', r == 'ー':
			return '-'
		}
		return r
	}, s)
}
