package names

import (
	_ "embed"
	"slices"
	"strconv"
	"strings"

	"tsujiban"
)

// areasText says how long area codes are; telephone_test.go writes it.
//
//go:embed areas.txt
var areasText string

// area is where, among the first five digits behind the 0, area codes of another length begin.
type area struct{ from, length int }

var areas = readAreas(areasText)

func readAreas(text string) (list []area) {
	for line := range strings.Lines(text) {
		from, length, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok || from == "#" {
			continue
		}
		f, err1 := strconv.Atoi(from)
		l, err2 := strconv.Atoi(length)
		if err1 != nil || err2 != nil {
			panic("names: areas.txt: " + line)
		}
		list = append(list, area{f, l})
	}
	return list
}

// Telephone writes a telephone number as people at home write theirs: 092-555-1234, 050-1234-5678, also when its end is masked or it is the
// beginning of many (050-1234*), and a range "A..B" as A〜B. What it is given is a number as the program writes it ("+81925551234") or as it is
// dialled at home ("0925551234"). Numbers of other countries, all numbers for who reads English, and what is no number stay as they are.
func Telephone(l tsujiban.Lang, s string) string {
	if l == tsujiban.English {
		return s
	}
	if from, to, ok := strings.Cut(s, ".."); ok {
		return Telephone(l, from) + "〜" + Telephone(l, to)
	}
	rest, ok := strings.CutPrefix(s, "+81")
	if !ok {
		rest, ok = strings.CutPrefix(s, "0")
	}
	if !ok || rest == "" || rest[0] == '0' || strings.Trim(rest, "0123456789*") != "" {
		return s
	}
	at := groups(rest)
	if at == nil {
		return "0" + rest
	}
	var b strings.Builder
	b.WriteByte('0')
	for i := range len(rest) {
		// No hyphen stands before what only says that there is more.
		if slices.Contains(at, i) && strings.Trim(rest[i:], "*") != "" || slices.Contains(at, i) && len(rest) >= 9 {
			b.WriteByte('-')
		}
		b.WriteByte(rest[i])
	}
	return b.String()
}

// groups is before which digits behind the 0 a hyphen stands; nil when that cannot be told.
func groups(rest string) []int {
	switch {
	case strings.HasPrefix(rest, "800"):
		return []int{3, 6}
	case strings.HasPrefix(rest, "120"), strings.HasPrefix(rest, "570"), strings.HasPrefix(rest, "990"):
		return []int{3, 6}
	case len(rest) > 1 && rest[1] == '0' && rest[0] >= '5', strings.HasPrefix(rest, "20") && len(rest) <= 10:
		return []int{2, 6}
	case len(rest) > 9:
		return nil
	}
	known := rest[:min(5, len(rest))]
	if i := strings.IndexByte(known, '*'); i >= 0 {
		known = known[:i]
	}
	// All prefixes of five digits that begin so have to agree.
	low, _ := strconv.Atoi((known + "00000")[:5])
	high, _ := strconv.Atoi((known + "99999")[:5])
	i, found := slices.BinarySearchFunc(areas, low, func(a area, p int) int { return a.from - p })
	if !found {
		i--
	}
	if i < 0 || i+1 < len(areas) && areas[i+1].from <= high {
		return nil
	}
	return []int{areas[i].length, 5}
}
