package numbering

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"
	"tsujiban"
)

var update = flag.Bool("update", false, "write world.txt anew from the peer's metadata")

const worldHeader = `# The ranges of the countries other than Japan, and how one dials there.
# Read by table.go, where the format is described.
#
# Sources: ITU-T, List of E.164 assigned country codes (which codes there are); the
# metadata of Google's libphonenumber (Apache License 2.0, Copyright The
# Libphonenumber Authors), as in github.com/nyaruka/phonenumbers (MIT License), which
# collects the plans that the countries have told the ITU.
#
# Written by: go test ./numbering -run TestWorldTable -update
# To correct a range, correct it in the test that writes this file.

`

// TestWorldTable keeps world.txt equal to what the peer's metadata say: a new version of
// the peer brings new ranges, and this test shows which.
func TestWorldTable(t *testing.T) {
	got := worldOf(t)
	if *update {
		if err := os.WriteFile("world.txt", got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(got, worldText) {
		t.Fatal("world.txt is not what the peer's metadata say: run go test -run TestWorldTable -update, look at the difference, build again")
	}
}

// region is one country in the peer's metadata.
type region struct {
	iso  string
	main bool
	meta *phonenumbers.PhoneMetadata
}

// worldOf writes the blocks of all countries.
func worldOf(t *testing.T) []byte {
	t.Helper()
	all, err := phonenumbers.MetadataCollection()
	if err != nil {
		t.Fatal(err)
	}
	short, err := phonenumbers.ShortNumberMetadataCollection()
	if err != nil {
		t.Fatal(err)
	}
	emergency := make(map[string]string)
	for _, m := range short.Metadata {
		emergency[m.GetId()] = m.GetEmergency().GetNationalNumberPattern()
	}
	byCode := make(map[int][]region)
	for _, m := range all.Metadata {
		if m.GetId() != "001" && m.GetId() != "JP" {
			cc := int(m.GetCountryCode())
			byCode[cc] = append(byCode[cc], region{m.GetId(), m.GetMainCountryForCode(), m})
		}
	}
	out := bytes.NewBufferString(worldHeader)
	for _, cc := range slices.Sorted(maps.Keys(byCode)) {
		regions := byCode[cc]
		slices.SortFunc(regions, func(a, b region) int {
			if a.main != b.main {
				return map[bool]int{true: -1, false: 1}[a.main]
			}
			return strings.Compare(a.iso, b.iso)
		})
		writeCode(out, cc, regions, emergency)
	}
	return out.Bytes()
}

// writeCode writes the blocks of all countries that share a country calling code.
func writeCode(out *bytes.Buffer, cc int, regions []region, emergency map[string]string) {
	ranges := make(map[string]map[tsujiban.Class][]string) // by ISO code
	root := rangesOf(cc, regions)
	root.walk("", func(prefix string, l label) {
		if ranges[l.iso] == nil {
			ranges[l.iso] = make(map[tsujiban.Class][]string)
		}
		if l.class != tsujiban.ClassUnknown {
			ranges[l.iso][l.class] = append(ranges[l.iso][l.class], prefix)
		}
	})
	if cc == 1 { // area codes that nobody has are known to be nobody's
		fmt.Fprintf(out, "-- 1 trunk=1 nsn=10-10\n\tundesignated\t*\n")
		writeRanges(out, ranges["--"])
	}
	for _, r := range regions {
		fmt.Fprintf(out, "%s %d", r.iso, cc)
		if area := islandCode(cc, r); area != "" {
			fmt.Fprintf(out, " code=1%s", area)
		}
		fmt.Fprintf(out, " intl=%s", strings.Join(internationalPrefixes(r.meta), ","))
		if p := r.meta.GetNationalPrefix(); p != "" {
			fmt.Fprintf(out, " trunk=%s", p)
		}
		lengths := r.meta.GetGeneralDesc().GetPossibleLength()
		lo, hi := int(slices.Min(lengths)), int(slices.Max(lengths))
		if cc == 1 {
			lo, hi = 10, 10
		}
		fmt.Fprintf(out, " nsn=%d-%d", lo, min(hi, tsujiban.MaxDigits-len(strconv.Itoa(cc))))
		if list := emergencyNumbers(emergency[r.iso]); len(list) > 0 {
			fmt.Fprintf(out, " emergency=%s", strings.Join(list, ","))
		}
		fmt.Fprintln(out)
		if islandCode(cc, r) != "" {
			writeAreas(out, ranges[r.iso])
		}
		writeRanges(out, ranges[r.iso])
	}
}

// writeAreas says that all of an area code is the country's, also what the ranges leave out.
func writeAreas(out *bytes.Buffer, byClass map[tsujiban.Class][]string) {
	areas := make(map[string]bool)
	for _, list := range byClass {
		for _, prefix := range list {
			areas[prefix[:areaDepth]] = areas[prefix[:areaDepth]] || len(prefix) > areaDepth
		}
	}
	maps.DeleteFunc(areas, func(_ string, split bool) bool { return !split })
	writeRanges(out, map[tsujiban.Class][]string{tsujiban.ClassUnknown: slices.Collect(maps.Keys(areas))})
}

func writeRanges(out *bytes.Buffer, byClass map[tsujiban.Class][]string) {
	for class := range tsujiban.NumClasses {
		list := byClass[tsujiban.Class(class)]
		if len(list) == 0 {
			continue
		}
		line := "\t" + tsujiban.Class(class).String() + "\t"
		width := 0
		for i, r := range joinRanges(list) {
			switch {
			case i == 0:
			case width+len(r) > 100:
				line += "\n\t" + tsujiban.Class(class).String() + "\t"
				width = 0
			default:
				line += " "
			}
			line += r
			width += len(r) + 1
		}
		fmt.Fprintln(out, line)
	}
}

// joinRanges writes sorted prefixes of the same length that follow each other as one.
func joinRanges(list []string) []string {
	slices.Sort(list)
	var out []string
	for i := 0; i < len(list); {
		j := i
		for j+1 < len(list) && len(list[j+1]) == len(list[i]) && list[i] != "" && atoi(list[j+1]) == atoi(list[j])+1 {
			j++
		}
		switch {
		case list[i] == "":
			out = append(out, "*")
		case i == j:
			out = append(out, list[i])
		default:
			out = append(out, list[i]+"-"+list[j])
		}
		i = j + 1
	}
	return out
}

// islandCode is the area code that names a country of the North American plan.
func islandCode(cc int, r region) string {
	if cc != 1 || r.iso == "US" || r.iso == "CA" {
		return ""
	}
	switch r.iso { // those that have several: the first one given out
	case "JM":
		return "876"
	case "DO":
		return "809"
	}
	return r.meta.GetLeadingDigits()[:3]
}

// internationalPrefixes are the prefixes of which none begins another: from the others
// one could not tell the number.
func internationalPrefixes(m *phonenumbers.PhoneMetadata) []string {
	if p := m.GetPreferredInternationalPrefix(); p != "" {
		return []string{strings.ReplaceAll(p, "~", "")}[:1:1]
	}
	list := stringsOf(m.GetInternationalPrefix(), 7)
	for _, a := range list {
		for _, b := range list {
			if a != b && strings.HasPrefix(b, a) {
				return []string{"00"}
			}
		}
	}
	return list
}

func emergencyNumbers(pattern string) []string {
	if pattern == "" || pattern == "NA" {
		return nil
	}
	list := stringsOf(pattern, 5)
	if len(list) > 12 { // a whole block: keep the numbers that people know
		list = slices.DeleteFunc(list, func(s string) bool { return len(s) > 3 })
	}
	return list
}

// stringsOf lists the strings of at most limit digits that a pattern matches.
func stringsOf(pattern string, limit int) []string {
	var out []string
	a := newAutomaton(pattern)
	var walk func(at states, s string)
	walk = func(at states, s string) {
		if a.accepts(at) {
			out = append(out, s)
		}
		for d := '0'; d <= '9' && len(s) < limit; d++ {
			if next := a.step(at, d); len(next) > 0 {
				walk(next, s+string(d))
			}
		}
	}
	walk(a.start, "")
	slices.Sort(out)
	return out
}

// automaton runs a pattern digit by digit, so that one can ask what may still follow.
type automaton struct {
	prog  *syntax.Prog
	start states
	count map[string]float64
}

type states []uint32

func newAutomaton(pattern string) *automaton {
	re, err := syntax.Parse("(?:"+pattern+")", syntax.Perl)
	if err != nil {
		panic(err)
	}
	prog, err := syntax.Compile(re.Simplify())
	if err != nil {
		panic(err)
	}
	a := &automaton{prog: prog, count: make(map[string]float64)}
	a.start = a.closure(states{uint32(prog.Start)})
	return a
}

func (a *automaton) closure(in states) states {
	seen := make(map[uint32]bool)
	var out states
	var add func(uint32)
	add = func(pc uint32) {
		if seen[pc] {
			return
		}
		seen[pc] = true
		switch i := a.prog.Inst[pc]; i.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			add(i.Out)
			add(i.Arg)
		case syntax.InstCapture, syntax.InstNop, syntax.InstEmptyWidth:
			add(i.Out)
		case syntax.InstFail:
		default:
			out = append(out, pc)
		}
	}
	for _, pc := range in {
		add(pc)
	}
	slices.Sort(out)
	return out
}

func (a *automaton) step(at states, d rune) states {
	var next states
	for _, pc := range at {
		if i := &a.prog.Inst[pc]; i.Op != syntax.InstMatch && i.MatchRune(d) {
			next = append(next, i.Out)
		}
	}
	return a.closure(next)
}

func (a *automaton) accepts(at states) bool {
	return slices.ContainsFunc(at, func(pc uint32) bool { return a.prog.Inst[pc].Op == syntax.InstMatch })
}

// size counts the numbers of at most left more digits that may still follow.
func (a *automaton) size(at states, left int) float64 {
	if len(at) == 0 {
		return 0
	}
	key := fmt.Sprint(at, left)
	if n, ok := a.count[key]; ok {
		return n
	}
	n := 0.0
	if a.accepts(at) {
		n = 1
	}
	for d := '0'; d <= '9' && left > 0; d++ {
		n += a.size(a.step(at, d), left-1)
	}
	a.count[key] = n
	return n
}

func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(err)
	}
	return n
}
