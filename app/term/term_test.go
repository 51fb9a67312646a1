package term

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestTableAligns(t *testing.T) {
	tab := Table{Columns: []Column{{Title: "契約者"}, {Title: "今日", Right: true}, {Title: "状態", Least: 4}}}
	tab.Row("hakata-shokai", "20,000", "制限中")
	tab.Row("博多商会", "5", "")
	got := strings.Join(tab.Lines(Style{}), "\n")
	want := strings.Join([]string{
		"契約者           今日  状態",
		"hakata-shokai  20,000  制限中",
		"博多商会            5",
	}, "\n")
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestTableFits(t *testing.T) {
	tab := Table{Columns: []Column{{Title: "id"}, {Title: "why", Least: 6}}}
	tab.Row("a", "この契約者がほとんど掛けない宛先")
	for _, l := range tab.Lines(Style{Width: 14}) {
		if Width(l) > 14 {
			t.Errorf("%q takes %d cells", l, Width(l))
		}
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"friendly-scanner": "friendly-scanner",
		"\x1b[2Jcleared":   `\x1b[2Jcleared`,
		"a\u202eb":         `a\u202eb`,
		"bell\a\r\n":       `bell\x07\x0d\x0a`,
		"\xff\x9b31m":      `\xff\x9b31m`,
		"c1\u009b31m":      `c1\x9b31m`,
		"博多商会　本店":          "博多商会　本店",
		"zero\u200bwidth":  `zero\u200bwidth`,
	} {
		if got := Clean(in); got != want {
			t.Errorf("Clean(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestPaint(t *testing.T) {
	if got := (Style{Color: true}).Paint(Red, "cut"); got != "\x1b[31mcut\x1b[0m" {
		t.Errorf("got %q", got)
	}
	if got := (Style{}).Paint(Red, "cut"); got != "cut" {
		t.Errorf("got %q", got)
	}
}

// FuzzClean: what is cleaned holds nothing that a terminal obeys, and cleaning it again
// changes nothing.
func FuzzClean(f *testing.F) {
	for _, s := range []string{"\x1b]0;title\a", "\u202e", "\xff", "博多"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Clean(s)
		if !utf8.ValidString(got) || Clean(got) != got {
			t.Fatalf("%q became %q", s, got)
		}
		for _, r := range got {
			if r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x200b && r <= 0x200f || r >= 0x2028 && r <= 0x202e {
				t.Fatalf("%q became %q", s, got)
			}
		}
	})
}
