package trace

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// The limits of a row. What is beyond them is a slip, or was made to fill memory.
const (
	maxID        = 64 // bytes; also of a customer and a label
	maxNumber    = 40 // bytes
	maxUserAgent = 200
	maxName      = 600 // bytes: 200 Japanese characters, as the store has it
	maxSetup     = time.Hour
	maxTalk      = 7 * 24 * time.Hour
)

// Times lie between the years 2000 and 2099, in Unix seconds: others come from a wrong column or a clock that was never set.
const (
	minStart = 946684800
	maxStart = 4102444800 - 1
)

// printable tells whether b is UTF-8 text without control characters and invisible ones.
func printable(b []byte) bool {
	for i, c := range b {
		if c >= utf8.RuneSelf {
			return utf8.Valid(b) && !bytes.ContainsFunc(b[i:], func(r rune) bool { return !unicode.IsGraphic(r) })
		}
		if c < ' ' || c == 0x7f {
			return false
		}
	}
	return true
}

// checkText checks an id, a customer or another text that must be there.
func checkText(b []byte, limit int) error {
	switch {
	case len(b) == 0:
		return errors.New("empty")
	case len(b) > limit:
		return fmt.Errorf("longer than %d bytes", limit)
	case !printable(b):
		return errUnprintable(b)
	case b[0] == ' ' || b[len(b)-1] == ' ':
		return fmt.Errorf("%s has space around it", shown(b))
	}
	return nil
}

func errUnprintable(b []byte) error {
	if !utf8.Valid(b) {
		return errors.New("not UTF-8 text: save the file as “CSV UTF-8”")
	}
	return errors.New("has a character that cannot be printed")
}

// checkNumber checks digits as dialled or presented. Attackers dial anything and callers may be names, so all visible
// ASCII passes: what a number means is for the numbering plan to say. The number itself is not in the error, since
// errors are logged.
func checkNumber(b []byte) error {
	if len(b) > maxNumber {
		return fmt.Errorf("longer than %d characters", maxNumber)
	}
	for i, c := range b {
		if c <= ' ' || c >= 0x7f {
			return fmt.Errorf("character %d is none of a telephone number", i+1)
		}
	}
	return nil
}

// shown is a field for an error message. What could be a telephone number keeps six digits: the field may stand in the
// wrong column, and errors are logged. Dates are shorter and times have colons.
func shown(b []byte) string {
	s := []rune(string(b[:min(len(b), 40)]))
	total := 0
	for _, r := range s {
		if r >= '0' && r <= '9' {
			total++
		}
	}
	spaced := total > 8 && !slices.ContainsFunc(s, func(r rune) bool { return !strings.ContainsRune("0123456789+-.() ", r) })
	digits := 0
	for i, r := range s {
		switch {
		case r >= '0' && r <= '9':
			if digits++; digits > 6 {
				s[i] = '*'
			}
		case !spaced:
			digits = 0
		}
	}
	return strconv.Quote(string(s))
}

// digits2 reads two digits; negative when they are not.
func digits2(b []byte) int {
	hi, lo := b[0]-'0', b[1]-'0'
	if hi > 9 || lo > 9 {
		return -1000
	}
	return int(hi)*10 + int(lo)
}

// parseCivil reads "2006-01-02T15:04:05" with sep in the middle, at the start of b. time.Parse takes ten times as long.
func parseCivil(b []byte, sep byte, zone *time.Location) (time.Time, bool) {
	const width = len("2006-01-02T15:04:05")
	if len(b) < width || b[4] != '-' || b[7] != '-' || b[10] != sep || b[13] != ':' || b[16] != ':' {
		return time.Time{}, false
	}
	century, year, month, day := digits2(b), digits2(b[2:]), digits2(b[5:]), digits2(b[8:])
	hour, minute, second := digits2(b[11:]), digits2(b[14:]), digits2(b[17:])
	year += 100 * century
	switch {
	case month < 1, month > 12, day < 1, day > daysIn(year, month):
		return time.Time{}, false
	case year < 1, uint(hour) > 23, uint(minute) > 59, uint(second) > 59:
		return time.Time{}, false
	}
	return time.Date(year, time.Month(month), day, hour, minute, second, 0, zone), true
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// parseStart reads an instant as in RFC 3339 with at most three decimals.
func parseStart(b []byte) (time.Time, error) {
	t, ok := parseCivil(b, 'T', time.UTC)
	if !ok {
		return t, errStart(b)
	}
	rest := b[19:]
	if len(rest) > 0 && rest[0] == '.' {
		n, width := 0, 1
		for ; width < len(rest) && width < 4 && rest[width]-'0' <= 9; width++ {
			n = n*10 + int(rest[width]-'0')
		}
		if width == 1 {
			return t, errStart(b)
		}
		t = t.Add(time.Duration(n) * [...]time.Duration{2: 100 * time.Millisecond, 3: 10 * time.Millisecond, 4: time.Millisecond}[width])
		rest = rest[width:]
	}
	switch {
	case len(rest) == 1 && rest[0] == 'Z':
	case len(rest) == 6 && (rest[0] == '+' || rest[0] == '-') && rest[3] == ':':
		hours, minutes := digits2(rest[1:]), digits2(rest[4:])
		if uint(hours) > 23 || uint(minutes) > 59 {
			return t, errStart(b)
		}
		east := time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
		if rest[0] == '-' {
			east = -east
		}
		t = t.Add(-east)
	default:
		return t, errStart(b)
	}
	return t, checkStart(t)
}

func errStart(b []byte) error {
	return fmt.Errorf("%s: want a time such as 2026-03-02T08:15:30.250Z", shown(b))
}

func checkStart(t time.Time) error {
	if s := t.Unix(); s < minStart || s > maxStart {
		return fmt.Errorf("the year %d is not between 2000 and 2099", t.Year())
	}
	return nil
}

// parseSeconds reads seconds with so many decimals at most; what is below a millisecond is left out. Nothing is 0.
func parseSeconds(b []byte, decimals int, limit time.Duration) (time.Duration, error) {
	const most = 10 // digits before the point
	ms, digits, point := int64(0), 0, -1
	for i, c := range b {
		switch {
		case c-'0' <= 9:
			if digits++; point < 0 || i-point <= 3 {
				ms = ms*10 + int64(c-'0')
			}
		case c == '.' && point < 0:
			point = i
		default:
			return 0, errSeconds(b, decimals, limit)
		}
		if point < 0 && digits > most || point == 0 || i > most+1+decimals {
			return 0, errSeconds(b, decimals, limit)
		}
	}
	frac := 0
	if point >= 0 {
		if frac = len(b) - 1 - point; frac == 0 || frac > decimals {
			return 0, errSeconds(b, decimals, limit)
		}
	}
	for ; frac < 3; frac++ {
		ms *= 10
	}
	if ms > limit.Milliseconds() {
		return 0, errSeconds(b, decimals, limit)
	}
	return time.Duration(ms) * time.Millisecond, nil
}

func errSeconds(b []byte, decimals int, limit time.Duration) error {
	if decimals == 0 {
		return fmt.Errorf("%s: want whole seconds from 0 to %d", shown(b), limit/time.Second)
	}
	return fmt.Errorf("%s: want seconds from 0 to %d, with at most %d decimals", shown(b), limit/time.Second, decimals)
}

// cut shortens text to at most n bytes, between two characters.
func cut(b []byte, n int) []byte {
	if len(b) <= n {
		return b
	}
	for n > 0 && !utf8.RuneStart(b[n]) {
		n--
	}
	return b[:n]
}

// maxKept bounds each table of a keeper: a trace of millions of invented user agents must not fill the memory.
const maxKept = 1 << 16

// keeper has one copy of each text and address that many calls share.
type keeper struct {
	texts   map[string]string
	sources map[string]netip.Addr
}

func newKeeper() keeper {
	return keeper{texts: map[string]string{}, sources: map[string]netip.Addr{}}
}

func (k *keeper) text(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if s, ok := k.texts[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(k.texts) < maxKept {
		k.texts[s] = s
	}
	return s
}

// source reads an IP address, which may be missing.
func (k *keeper) source(b []byte) (netip.Addr, error) {
	if len(b) == 0 {
		return netip.Addr{}, nil
	}
	if a, ok := k.sources[string(b)]; ok {
		return a, nil
	}
	s := string(b[:min(len(b), 100)])
	a, err := netip.ParseAddr(s)
	if err != nil || a.Zone() != "" {
		return netip.Addr{}, fmt.Errorf("%s: want an IP address", shown(b))
	}
	a = a.Unmap()
	if len(k.sources) < maxKept {
		k.sources[s] = a
	}
	return a, nil
}

// userAgent checks and shortens a User-Agent.
func (k *keeper) userAgent(b []byte) (string, error) {
	if !printable(b) {
		return "", errUnprintable(b)
	}
	return k.text(cut(b, maxUserAgent)), nil
}
