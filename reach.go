package tsujiban

import (
	"errors"
	"strconv"
	"strings"
)

// MaxReachCodes is how many country codes a reach names before it means all of them.
const MaxReachCodes = 8

// Reach says what a restriction of LevelRestrict stands against. The zero value is all calls to
// other countries. It is comparable.
type Reach struct {
	narrow bool                  // only what follows
	abroad bool                  // all calls to other countries
	home   bool                  // numbers at home that the customer has not called before
	codes  [MaxReachCodes]uint16 // keys of destinations (Destination.Key), ascending, then zeros
}

// ReachAbroad is all calls to other countries, as the zero Reach is.
func ReachAbroad() Reach { return Reach{} }

// ReachHome is the numbers at home that the customer has not called before.
func ReachHome() Reach { return Reach{narrow: true, home: true} }

// ReachKey is the calls to one kind of destination (Destination.Key).
func ReachKey(key uint16) Reach {
	r := Reach{narrow: true}
	r.codes[0] = key
	return r
}

// Abroad tells whether all calls to other countries are meant.
func (r Reach) Abroad() bool { return !r.narrow || r.abroad }

// Home tells whether unknown numbers at home are meant.
func (r Reach) Home() bool { return r.home }

// Keys appends the single destinations that are meant.
func (r Reach) Keys(dst []uint16) []uint16 {
	for _, k := range r.codes {
		if k != 0 {
			dst = append(dst, k)
		}
	}
	return dst
}

// HasKey tells whether a destination is among the single ones that are meant.
func (r Reach) HasKey(key uint16) bool {
	for _, k := range r.codes {
		if k == key && k != 0 {
			return true
		}
	}
	return false
}

// Empty tells whether nothing is meant, as Without may leave it.
func (r Reach) Empty() bool { return r.narrow && !r.abroad && !r.home && r.codes[0] == 0 }

// With is the reach of both. Beyond MaxReachCodes single destinations it is all countries.
func (r Reach) With(o Reach) Reach {
	out := Reach{narrow: r.narrow && o.narrow, home: r.home || o.home}
	out.abroad = r.Abroad() || o.Abroad()
	out.codes = r.codes
	for _, k := range o.codes {
		if k != 0 && !out.add(k) {
			out.abroad = true
		}
	}
	return out.canonical()
}

// Without is what is left of a reach when o is taken away. All countries cannot be left in part: when r
// is all of them, single ones stay.
func (r Reach) Without(o Reach) Reach {
	out := Reach{narrow: true, abroad: r.Abroad() && !o.Abroad(), home: r.home && !o.home}
	for _, k := range r.codes {
		if k != 0 && !o.HasKey(k) {
			out.add(k)
		}
	}
	return out.canonical()
}

// Covers tells whether all that o means is meant.
func (r Reach) Covers(o Reach) bool { return r.With(o) == r.canonical() }

// canonical makes equal reaches equal values.
func (r Reach) canonical() Reach {
	if r.Abroad() && !r.home && r.codes == [MaxReachCodes]uint16{} {
		return Reach{}
	}
	r.abroad, r.narrow = r.Abroad(), true
	return r
}

func (r *Reach) add(key uint16) bool {
	for i, k := range r.codes {
		switch {
		case k == key:
			return true
		case k == 0:
			r.codes[i] = key
			return true
		case k > key:
			if r.codes[MaxReachCodes-1] != 0 {
				return false
			}
			copy(r.codes[i+1:], r.codes[i:])
			r.codes[i] = key
			return true
		}
	}
	return false
}

// ErrReach is returned for text that is no reach.
var ErrReach = errors.New(`not a reach: want "abroad", "home", country codes such as "232", or several of these`)

// Append appends what String returns.
func (r Reach) Append(b []byte) []byte {
	n := len(b)
	word := func(s string) {
		if len(b) > n {
			b = append(b, ' ')
		}
		b = append(b, s...)
	}
	if r.Abroad() {
		word("abroad")
	}
	for _, k := range r.codes {
		if k == 0 {
			break
		}
		word("")
		b = appendKey(b, k)
	}
	if r.home {
		word("home")
	}
	if len(b) == n {
		word("nothing")
	}
	return b
}

// String writes the reach: "abroad", "232 53 home".
func (r Reach) String() string { return string(r.Append(nil)) }

// ParseReach reads what String writes.
func ParseReach(s string) (Reach, error) {
	out := Reach{narrow: true}
	for word := range strings.FieldsSeq(s) {
		switch word {
		case "abroad":
			out.abroad = true
		case "home":
			out.home = true
		case "nothing":
		default:
			k, ok := parseKey(word)
			if !ok || !out.add(k) {
				return Reach{}, ErrReach
			}
		}
	}
	return out.canonical(), nil
}

// MarshalText writes what String returns.
func (r Reach) MarshalText() ([]byte, error) { return r.Append(nil), nil }

// UnmarshalText reads what ParseReach reads.
func (r *Reach) UnmarshalText(b []byte) error {
	v, err := ParseReach(string(b))
	*r = v
	return err
}

const (
	keyPremium = 1 << 14 // marks the key of a country's premium numbers
	keyShared  = 1 << 15 // marks that of the home country's shared-cost numbers (0570)
	keyCode    = keyPremium - 1
	keyUnknown = 9999 // stands for numbers that belong to no country code
)

// Key names the kind of destination that evidence is gathered for and that a restriction can be narrowed to: a country code,
// a country's premium numbers apart from its others, and so the shared-cost ones at home. Zero for ordinary numbers at home, and where no code is known.
func (d Destination) Key() uint16 {
	code := d.Code & keyCode
	if code == 0 {
		code = keyUnknown
	}
	switch {
	case d.Scope == ScopeEmergency:
		return 0
	case d.Class == ClassPremium, d.Class == ClassPersonal:
		return code | keyPremium
	case d.Class == ClassSharedCost && d.Scope == ScopeDomestic:
		return code | keyShared
	case d.Scope == ScopeDomestic:
		return 0
	}
	return code
}

// SharedCost tells whether a Destination.Key is that of the shared-cost numbers at home.
func SharedCost(key uint16) bool { return key&keyShared != 0 }

func appendKey(b []byte, key uint16) []byte {
	b = strconv.AppendUint(b, uint64(key&keyCode), 10)
	switch {
	case key&keyPremium != 0:
		b = append(b, "-premium"...)
	case key&keyShared != 0:
		b = append(b, "-shared-cost"...)
	}
	return b
}

// Text is the reach in words, destinations by their country code.
func (r Reach) Text(l Lang) string { return r.TextOf(l, func(uint16) string { return "" }) }

// TextOf is the reach in words. place names the place of a country code (Destination.Code) for people; where it returns nothing the code stands alone.
func (r Reach) TextOf(l Lang, place func(code uint16) string) string {
	tr := func(ja, en string) string {
		if l == English {
			return en
		}
		return ja
	}
	var parts []string
	if r.Abroad() {
		parts = append(parts, tr("国際発信すべて", "all international calls"))
	}
	for _, key := range r.Keys(nil) {
		word := "+" + strconv.Itoa(int(key&keyCode))
		if name := place(key & keyCode); name != "" {
			word = name + tr("（"+word+"）", " ("+word+")")
		}
		switch {
		case key&keyPremium != 0:
			word += tr("の有料番号", " premium numbers")
		case key&keyShared != 0:
			word += tr("のナビダイヤル等", " shared-cost numbers")
		}
		parts = append(parts, word)
	}
	if r.Home() {
		parts = append(parts, tr("初めての国内番号", "numbers at home never called before"))
	}
	return strings.Join(parts, tr("、", ", "))
}

func parseKey(s string) (uint16, bool) {
	digits, mark := s, uint16(0)
	if d, ok := strings.CutSuffix(s, "-premium"); ok {
		digits, mark = d, keyPremium
	} else if d, ok := strings.CutSuffix(s, "-shared-cost"); ok {
		digits, mark = d, keyShared
	}
	n, err := strconv.ParseUint(digits, 10, 16)
	if err != nil || n == 0 || n > keyCode || digits[0] == '0' {
		return 0, false
	}
	return uint16(n) | mark, true
}
