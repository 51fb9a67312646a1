package numbering

import (
	"bytes"
	_ "embed" // the ranges
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"tsujiban"
)

// The ranges, as text that people can read and correct. A line that starts a block
// names a country, its country calling code and how it is dialled from there:
//
//	SL 232 intl=00 trunk=0 nsn=8-8 emergency=019,999
//
// ISO code, or "--" where the ranges belong to no single country; nsn is the count of
// digits after the country code; code is Destination.Code where that is not the country
// code. The indented lines below give each class its ranges,
// as digits after the country code: single prefixes, "30-35" for neighbours of the
// same length, "*" for all that is not told otherwise. The longest prefix wins.
//
//	mobile	25 30-35 7
//
// "fixed/9" says that numbers of these ranges have exactly nine digits after the
// country code; without it the country's own count holds.
var (
	//go:embed world.txt
	worldText []byte
	//go:embed global.txt
	globalText []byte
	//go:embed japan.txt
	japanText []byte
)

// tableOf reads the embedded ranges, once.
var tableOf = sync.OnceValues(readTable)

func readTable() (*table, error) {
	t := &table{
		nodes:     make([]node, 1, 8192),
		entries:   make([]entry, 1, 1024),
		countries: make(map[string]*country),
		codes:     make(map[string]*country),
		shared:    make(map[uint16][]string),
	}
	for _, f := range []struct {
		name string
		text []byte
	}{{"world.txt", worldText}, {"global.txt", globalText}, {"japan.txt", japanText}} {
		if err := t.read(f.text); err != nil {
			return nil, fmt.Errorf("numbering: %s: %w", f.name, err)
		}
	}
	return t, nil
}

// table finds the range of a number: a trie over its digits.
type table struct {
	nodes     []node
	entries   []entry             // entry 0 stands for "none"
	countries map[string]*country // by ISO code; without "--"
	codes     map[string]*country // by country calling code: the first block that has it
	shared    map[uint16][]string // ISO codes by Destination.Code, in the order of the tables
}

type node struct {
	child [10]uint16 // 0: none
	entry uint16     // 0: the range begins further up, or nowhere
}

// entry is what is known of a range.
type entry struct {
	dest     tsujiban.Destination // without scope: that depends on who is at home
	cc       uint8                // digits of the country calling code
	min, max uint8                // digits after it
	exact    bool                 // the plan is known so well that other lengths lead nowhere
	trunk0   bool                 // a 0 after the country code is the trunk prefix, dialled in error
}

// country is how a country is dialled, from inside.
type country struct {
	iso       [2]byte
	cc        string // country calling code
	code      uint16 // Destination.Code: the calling code, or four digits on the islands of +1
	intl      []string
	trunk     string
	min, max  int // digits of a national number
	emergency []string
}

// fits tells whether a number of this range can have n digits in all.
func (e *entry) fits(n int) bool {
	n -= int(e.cc)
	return n >= int(e.min) && n <= int(e.max)
}

// find returns the range with the longest prefix of n, nil when there is none.
func (t *table) find(n tsujiban.Number) *entry {
	var at, best uint16
	for i := range n.Len() {
		if at = t.nodes[at].child[n.Digit(i)]; at == 0 {
			break
		}
		if e := t.nodes[at].entry; e != 0 {
			best = e
		}
	}
	if best == 0 {
		return nil
	}
	return &t.entries[best]
}

func (t *table) read(text []byte) error {
	var c *country
	number := 0
	for line := range bytes.Lines(text) {
		number++
		s := strings.TrimRight(string(line), "\r\n")
		var err error
		switch {
		case s == "" || s[0] == '#':
		case s[0] == '\t':
			err = t.readRanges(c, s[1:])
		default:
			c, err = t.readCountry(s)
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", number, err)
		}
	}
	return nil
}

func (t *table) readCountry(s string) (*country, error) {
	f := strings.Fields(s)
	if len(f) < 3 || len(f[0]) != 2 || !allDigits(f[1]) {
		return nil, fmt.Errorf("want an ISO code, a country code and nsn=: %q", s)
	}
	c := &country{cc: f[1]}
	code := c.cc
	if f[0] != "--" {
		c.iso = [2]byte{f[0][0], f[0][1]}
		if t.countries[f[0]] == nil {
			t.countries[f[0]] = c
		}
	}
	for _, kv := range f[2:] {
		k, v, _ := strings.Cut(kv, "=")
		var err error
		switch k {
		case "intl":
			c.intl = strings.Split(v, ",")
		case "trunk":
			c.trunk = v
		case "nsn":
			c.min, c.max, err = parseLengths(v)
		case "emergency":
			c.emergency = strings.Split(v, ",")
		case "code":
			code = v
		default:
			err = fmt.Errorf("unknown key %q", k)
		}
		if err != nil {
			return nil, err
		}
	}
	v, err := strconv.ParseUint(code, 10, 16)
	if err != nil || c.min == 0 {
		return nil, fmt.Errorf("want a code and nsn=: %q", s)
	}
	c.code = uint16(v)
	if f[0] != "--" && !slices.Contains(t.shared[c.code], f[0]) {
		t.shared[c.code] = append(t.shared[c.code], f[0])
	}
	if t.codes[c.cc] == nil {
		t.codes[c.cc] = c
		// Ranges that no line below tells of belong to the first country of the code.
		return c, t.insert(c.cc, newEntry(c, tsujiban.ClassUnknown))
	}
	return c, nil
}

// CountriesOf are the countries (ISO 3166-1 alpha-2) that a Destination.Code stands for, the largest first; none where there is no
// such code or it belongs to nobody.
func CountriesOf(code uint16) []string {
	t, err := tableOf()
	if err != nil {
		return nil
	}
	return slices.Clone(t.shared[code])
}

func (t *table) readRanges(c *country, s string) error {
	name, list, ok := strings.Cut(s, "\t")
	if !ok || c == nil {
		return fmt.Errorf("want a class, a tab and ranges, below a country: %q", s)
	}
	name, lengths, exact := strings.Cut(name, "/")
	class, ok := tsujiban.ParseClass(name)
	if !ok {
		return fmt.Errorf("unknown class %q", name)
	}
	for _, r := range strings.Fields(list) {
		err := eachPrefix(r, func(prefix string) error {
			e := newEntry(c, class)
			if exact {
				lo, hi, err := parseLengths(lengths)
				if err != nil {
					return err
				}
				e.min, e.max, e.exact = uint8(lo), uint8(hi), true
			}
			return t.insert(c.cc+prefix, e)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func newEntry(c *country, class tsujiban.Class) entry {
	e := entry{
		dest: tsujiban.Destination{Class: class, Code: c.code, ISO: c.iso},
		cc:   uint8(len(c.cc)),
		min:  uint8(c.min),
		// A country may lengthen its numbers, and people overdial: too long is too
		// long for E.164 only, except where the plan is closed.
		max:    uint8(tsujiban.MaxDigits - len(c.cc)),
		trunk0: c.trunk == "0",
	}
	if c.cc == "1" {
		e.max, e.exact = uint8(c.max), true
	}
	return e
}

func (t *table) insert(prefix string, e entry) error {
	if !allDigits(prefix) || len(prefix) > tsujiban.MaxDigits {
		return fmt.Errorf("not a prefix: %q", prefix)
	}
	at := uint16(0)
	for i := range len(prefix) {
		d := prefix[i] - '0'
		next := t.nodes[at].child[d]
		if next == 0 {
			next = uint16(len(t.nodes))
			if next == 0 {
				return fmt.Errorf("too many ranges")
			}
			t.nodes = append(t.nodes, node{})
			t.nodes[at].child[d] = next
		}
		at = next
	}
	id := t.entryID(e)
	if old := t.nodes[at].entry; old != 0 && t.entries[old].dest.Class != tsujiban.ClassUnknown && old != id {
		return fmt.Errorf("%s is told twice", prefix)
	}
	t.nodes[at].entry = id
	return nil
}

// entryID finds or adds an entry; ranges share theirs. They come sorted by country, so
// the search looks back only as far as the same country goes.
func (t *table) entryID(e entry) uint16 {
	for i := len(t.entries) - 1; i > 0 && i > len(t.entries)-40; i-- {
		if t.entries[i] == e {
			return uint16(i)
		}
	}
	t.entries = append(t.entries, e)
	return uint16(len(t.entries) - 1)
}

// eachPrefix calls f for each prefix of "7", "30-35" or "*".
func eachPrefix(s string, f func(string) error) error {
	if s == "*" {
		return f("")
	}
	lo, hi, isRange := strings.Cut(s, "-")
	if !isRange {
		hi = lo
	}
	if !allDigits(lo) || !allDigits(hi) || len(lo) != len(hi) || len(lo) > 9 || lo > hi {
		return fmt.Errorf("not a range of prefixes: %q", s)
	}
	from, _ := strconv.Atoi(lo)
	to, _ := strconv.Atoi(hi)
	for v := from; v <= to; v++ {
		if err := f(fmt.Sprintf("%0*d", len(lo), v)); err != nil {
			return err
		}
	}
	return nil
}

func parseLengths(s string) (lo, hi int, err error) {
	a, b, ok := strings.Cut(s, "-")
	if !ok {
		b = a
	}
	lo, err = strconv.Atoi(a)
	if err == nil {
		hi, err = strconv.Atoi(b)
	}
	if err != nil || lo < 1 || hi < lo || hi > 14 {
		return 0, 0, fmt.Errorf("not a count of digits: %q", s)
	}
	return lo, hi, nil
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
