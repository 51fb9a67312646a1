package numbering

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"tsujiban"
)

func planOf(t testing.TB, country string, opts ...Option) *Plan {
	t.Helper()
	p, err := New(country, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

var columns = regexp.MustCompile(`\s{2,}`)

// TestDialled reads testdata/dialled: one file for each home country.
func TestDialled(t *testing.T) {
	files, err := filepath.Glob("testdata/dialled/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		p := planOf(t, strings.TrimSuffix(filepath.Base(file), ".txt"))
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		number := 0
		for line := range bytes.Lines(text) {
			number++
			s := strings.TrimSpace(string(line))
			if s == "" || strings.HasPrefix(s, "# ") {
				continue
			}
			dialled, want := s, ""
			if at := columns.FindStringIndex(s); at != nil {
				dialled, want = s[:at[0]], columns.ReplaceAllString(s[at[1]:], "  ")
			}
			if got := said(p.Parse([]byte(dialled))); got != want {
				t.Errorf("%s:%d: %s\n got %s\nwant %s", file, number, dialled, got, want)
			}
		}
	}
}

// said writes a reading as the files in testdata/dialled do.
func said(d Dialled, err error) string {
	if err != nil {
		return "! " + err.Error()
	}
	s := d.Number.String() + "  " + where(d.Destination)
	var more []string
	if d.Privacy != PrivacyDefault {
		more = append(more, d.Privacy.String())
	}
	if !d.CarrierCode.IsZero() {
		more = append(more, "carrier="+d.CarrierCode.String())
	}
	if len(more) > 0 {
		s += "  " + strings.Join(more, " ")
	}
	return s
}

func TestParseAllocates(t *testing.T) {
	p := planOf(t, "JP")
	for _, s := range []string{"110", "0312345678", "184-0033-010-1-212-555-1234", "+23277123456", "0066-9680-1234", "0312345678x", ""} {
		in := []byte(s)
		if n := testing.AllocsPerRun(100, func() { sink, errSink = p.Parse(in) }); n != 0 {
			t.Errorf("Parse(%q): %v allocations", s, n)
		}
		number := sink.Number
		if n := testing.AllocsPerRun(100, func() { sink.Destination = p.Classify(number) }); n != 0 {
			t.Errorf("Classify(%v): %v allocations", number, n)
		}
	}
}

var (
	sink    Dialled
	errSink error
)

func TestErrorsAreValues(t *testing.T) {
	p := planOf(t, "JP")
	_, err := p.Parse([]byte("+810312345678"))
	if !errors.Is(err, ErrTrunkZero) || tsujiban.CodeOf(err) != tsujiban.CodeInvalid {
		t.Fatal(err)
	}
	_, err = p.Parse(bytes.Repeat([]byte("1-"), 33))
	if !errors.Is(err, ErrTooLong) {
		t.Fatal(err)
	}
}

func TestNew(t *testing.T) {
	for _, s := range []string{"", "jp", "UK", "XX", "--", "JPN", "001"} {
		if _, err := New(s); !errors.Is(err, ErrCountry) {
			t.Errorf("New(%q): %v", s, err)
		}
	}
	for _, s := range []string{"", "1", "1234567", "11x", "+110"} {
		if _, err := New("JP", WithEmergency("110", s)); !errors.Is(err, ErrEmergency) {
			t.Errorf("WithEmergency(%q): %v", s, err)
		}
	}
	p := planOf(t, "JP", WithEmergency("110", "119", "112"))
	for dialled, want := range map[string]tsujiban.Scope{"112": tsujiban.ScopeEmergency, "118": tsujiban.ScopeDomestic} {
		if d, err := p.Parse([]byte(dialled)); err != nil || d.Destination.Scope != want {
			t.Errorf("%s: %v %v", dialled, d, err)
		}
	}
	if p.Country() != "JP" || len(p.Emergency()) != 3 {
		t.Error(p.Country(), p.Emergency())
	}
}

// TestEveryHome makes the plan of every country there is and dials abroad from it.
func TestEveryHome(t *testing.T) {
	table, err := tableOf()
	if err != nil {
		t.Fatal(err)
	}
	if len(table.countries) < 240 {
		t.Fatalf("%d countries", len(table.countries))
	}
	for iso, c := range table.countries {
		p := planOf(t, iso)
		for _, prefix := range c.intl {
			for _, to := range []string{"23277123456", "12125551234"} {
				d, err := p.Parse([]byte(prefix + to))
				if err != nil || d.Number.Digits() != to {
					t.Errorf("%s: %s%s: %v %v", iso, prefix, to, d, err)
				}
			}
		}
		for _, e := range p.Emergency() {
			d, err := p.Parse([]byte(e.Digits()))
			if err != nil || d.Destination.Scope != tsujiban.ScopeEmergency || d.Destination.Country() != iso {
				t.Errorf("%s: %v: %v %v", iso, e, d, err)
			}
		}
	}
}

func TestClassify(t *testing.T) {
	p := planOf(t, "JP")
	for digits, want := range map[string]string{
		"110":            "international undesignated 1",
		"81110":          "domestic undesignated 81 JP",
		"8131234567":     "domestic undesignated 81 JP", // a digit is missing
		"813123456789":   "domestic undesignated 81 JP",
		"81312345678":    "domestic fixed 81 JP",
		"81":             "domestic undesignated 81 JP",
		"1212555":        "international undesignated 1 US",
		"232":            "international unknown 232 SL",
		"23277":          "international mobile 232 SL",
		"0":              "international undesignated 0",
		"99912345678901": "international undesignated 0",
	} {
		n, err := tsujiban.NumberFromDigits(digits)
		if err != nil {
			t.Fatal(err)
		}
		if got := where(p.Classify(n)); got != want {
			t.Errorf("%s: %s, want %s", digits, got, want)
		}
	}
	if d := p.Classify(tsujiban.Number{}); d != (tsujiban.Destination{}) {
		t.Errorf("no number: %v", d)
	}
	n, err := tsujiban.LocalNumber("0312345678")
	if err != nil {
		t.Fatal(err)
	}
	if got := where(p.Classify(n)); got != "domestic undesignated 81 JP" {
		t.Errorf("a local number that is none: %s", got)
	}
}

// where writes a destination as the files in testdata/dialled do.
func where(d tsujiban.Destination) string {
	return strings.TrimSpace(fmt.Sprint(d.Scope, " ", d.Class, " ", d.Code, " ", d.Country()))
}

func BenchmarkParse(b *testing.B) {
	p := planOf(b, "JP")
	for _, bc := range []struct{ name, in string }{
		{"emergency", "110"},
		{"domestic", "0312345678"},
		{"international", "01023277123456"},
		{"plus", "+23277123456"},
		{"prefixes", "184-0033-010-1-212-555-1234"},
		{"garbage", "0312345678;npdi"},
	} {
		b.Run(bc.name, func(b *testing.B) {
			in := []byte(bc.in)
			b.ReportAllocs()
			for b.Loop() {
				sink, errSink = p.Parse(in)
			}
		})
	}
}

func BenchmarkClassify(b *testing.B) {
	p := planOf(b, "JP")
	n, err := tsujiban.NumberFromDigits("23277123456")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		sink.Destination = p.Classify(n)
	}
}

// BenchmarkTable reads the embedded ranges: what the first New of a program costs.
func BenchmarkTable(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := readTable(); err != nil {
			b.Fatal(err)
		}
	}
}
