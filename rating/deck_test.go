package rating

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
	"tsujiban"
)

func number(t testing.TB, s string) tsujiban.Number {
	t.Helper()
	n, err := tsujiban.ParseNumber(s)
	if err != nil {
		t.Fatal(s, err)
	}
	return n
}

func deckOf(t testing.TB, s string) *Deck {
	t.Helper()
	d, err := Parse(strings.NewReader(s))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func example(t testing.TB) *Deck {
	t.Helper()
	text, err := os.ReadFile("testdata/rates.csv")
	if err != nil {
		t.Fatal(err)
	}
	d, err := Parse(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

var someDay = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

// TestExample prices calls with the example deck; the first line is the press's bill.
func TestExample(t *testing.T) {
	d := example(t)
	for _, tt := range []struct {
		number, talk, at, name, yen string
	}{
		{"+23277123456", "32s", "2026-11-22", "Sierra Leone", "175"},
		{"+23277123456", "60s", "2026-11-22", "Sierra Leone", "175"},
		{"+23277123456", "61s", "2026-11-22", "Sierra Leone", "350"},
		{"+23277123456", "32s", "2027-03-31", "Sierra Leone", "175"},
		{"+23277123456", "32s", "2027-04-01", "Sierra Leone", "190"},
		{"+81312345678", "3m", "2026-11-22", "Japan fixed", "8.1"},
		{"+81312345678", "3m1s", "2026-11-22", "Japan fixed", "16.2"},
		{"+819012345678", "10s", "2026-11-22", "Japan mobile", "16"},
		{"+81120123456", "1h", "2026-11-22", "Japan freephone", "0"},
		{"+81570123456", "21s", "2026-11-22", "Japan navi-dial", "23.333334"},
		{"+812041234567", "1s", "2026-11-22", "Japan pager", "30"},
		{"+12125551234", "6s", "2026-11-22", "United States and Canada", "0.9"},
		{"+18765551234", "6s", "2026-11-22", "Jamaica", "7.5"},
		{"+881623456789", "1m", "2026-11-22", "Iridium", "250"},
		{"117", "10s", "2026-11-22", "Time", "8.7"},
		{"104", "10s", "2026-11-22", "Directory", "66"},
	} {
		at, err := time.Parse(time.DateOnly, tt.at)
		if err != nil {
			t.Fatal(err)
		}
		talk, err := time.ParseDuration(tt.talk)
		if err != nil {
			t.Fatal(err)
		}
		p, name, ok := d.Find(number(t, tt.number), at)
		if got := p.Charge(talk).String(); !ok || name != tt.name || got != tt.yen {
			t.Errorf("%s for %s: %s yen, %q %v; want %s yen, %q", tt.number, tt.talk, got, name, ok, tt.yen, tt.name)
		}
	}
	for _, s := range []string{"110", "119", "1170", "11", "+9991234567", "+8811", "+210123456"} {
		if p, name, ok := d.Find(number(t, s), someDay); ok {
			t.Errorf("%s has a price: %v %s", s, p, name)
		}
	}
}

func TestFind(t *testing.T) {
	d := deckOf(t, `valid_from,increment_s,prefix,name,yen_per_minute
,60,1,one,1
2026-06-01,60,1,one later,2
2026-06-01T09:00:01+09:00,60,1,one last,3
2030-01-01,60,12,future,4
2020-01-01,60,123,old,5
,60,=1,local one,6
,60,123456789012345,whole,7
`)
	if d.Len() != 7 {
		t.Error(d.Len())
	}
	for _, tt := range []struct{ number, at, name string }{
		{"+1", "2019-01-01T00:00:00Z", "one"},
		{"+19", "2026-05-31T23:59:59Z", "one"},
		{"+19", "2026-06-01T00:00:00Z", "one later"},
		{"+19", "2026-06-01T00:00:01Z", "one last"},
		{"+129", "2026-06-02T00:00:00Z", "one last"}, // 12 is not valid yet
		{"+129", "2030-01-01T00:00:00Z", "future"},
		{"+1239", "2020-01-01T00:00:00Z", "old"},
		{"+1239", "2019-12-31T23:59:59Z", "one"},
		{"+123456789012345", "2026-01-01T00:00:00Z", "whole"},
		{"+12345678901234", "2026-01-01T00:00:00Z", "old"},
		{"1", "2026-01-01T00:00:00Z", "local one"},
		{"12", "2026-01-01T00:00:00Z", ""},
		{"+2", "2026-01-01T00:00:00Z", ""},
	} {
		at, err := time.Parse(time.RFC3339, tt.at)
		if err != nil {
			t.Fatal(err)
		}
		if _, name, ok := d.Find(number(t, tt.number), at); name != tt.name || ok != (tt.name != "") {
			t.Errorf("%s at %s: %q %v, want %q", tt.number, tt.at, name, ok, tt.name)
		}
	}
	if _, _, ok := d.Find(tsujiban.Number{}, someDay); ok {
		t.Error("no number has a price")
	}
	if _, _, ok := new(Deck).Find(number(t, "+1"), someDay); ok {
		t.Error("the empty deck has a price")
	}
}

// slowFind says what Find says, the long way.
func slowFind(rows []row, n tsujiban.Number, at time.Time) string {
	var best *row
	for i, r := range rows {
		switch {
		case r.from > at.Unix(), n.IsLocal() && n != r.prefix, !n.HasPrefix(r.prefix):
		case best == nil, r.prefix.Len() > best.prefix.Len(),
			r.prefix.Len() == best.prefix.Len() && r.from > best.from:
			best = &rows[i]
		}
	}
	if best == nil {
		return ""
	}
	return best.name
}

func TestFindAsTheLongWay(t *testing.T) {
	digits := rapid.StringMatching(`[0-3]{1,5}`)
	rapid.Check(t, func(t *rapid.T) {
		var rows []row
		seen := make(map[rowKey]bool)
		for i := range rapid.IntRange(0, 40).Draw(t, "rows") {
			n := drawNumber(t, digits)
			r := row{prefix: n, rate: rate{from: rapid.Int64Range(0, 3).Draw(t, "from"), name: fmt.Sprint(i)}}
			if key := (rowKey{n, r.from}); !seen[key] {
				seen[key] = true
				rows = append(rows, r)
			}
		}
		before := append([]row(nil), rows...)
		d := build(rows)
		for range 20 {
			n, at := drawNumber(t, digits), time.Unix(rapid.Int64Range(0, 4).Draw(t, "at"), 0)
			if _, got, _ := d.Find(n, at); got != slowFind(before, n, at) {
				t.Fatalf("%v at %v: %q, want %q", n, at.Unix(), got, slowFind(before, n, at))
			}
		}
	})
}

func drawNumber(t *rapid.T, digits *rapid.Generator[string]) tsujiban.Number {
	s := digits.Draw(t, "digits")
	if rapid.IntRange(0, 4).Draw(t, "local") > 0 {
		s = "+" + s
	}
	n, err := tsujiban.ParseNumber(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// largeDeck has n prefixes of four to nine digits, as an international deck has, and
// numbers that are called with it.
func largeDeck(t testing.TB, n int) (*Deck, []tsujiban.Number) {
	t.Helper()
	rnd := rand.New(rand.NewPCG(5, 6))
	var text strings.Builder
	text.WriteString("prefix,name,yen_per_minute,increment_s\n")
	seen := make(map[string]bool)
	var numbers []tsujiban.Number
	for len(seen) < n {
		prefix := fmt.Sprint(1 + rnd.IntN(9))
		for range 3 + rnd.IntN(6) {
			prefix += fmt.Sprint(rnd.IntN(10))
		}
		if seen[prefix] {
			continue
		}
		seen[prefix] = true
		fmt.Fprintf(&text, "%s,Place %d,%d,6\n", prefix, len(seen)%500, 1+rnd.IntN(300))
		if len(numbers) < 4096 {
			numbers = append(numbers, number(t, fmt.Sprintf("+%s%04d", prefix, rnd.IntN(10000))))
		}
	}
	return deckOf(t, text.String()), numbers
}

func TestFindAllocates(t *testing.T) {
	d, n, local := example(t), number(t, "+23277123456"), number(t, "117")
	if allocs := testing.AllocsPerRun(100, func() {
		sinkPrice, sinkName, sinkOK = d.Find(n, someDay)
		sinkPrice, sinkName, sinkOK = d.Find(local, someDay)
	}); allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

var (
	sinkPrice tsujiban.Price
	sinkName  string
	sinkOK    bool
)

func BenchmarkFind(b *testing.B) {
	d, numbers := largeDeck(b, 50_000)
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; b.Loop(); i++ {
		sinkPrice, sinkName, sinkOK = d.Find(numbers[i%len(numbers)], someDay)
	}
}

func BenchmarkFindLocal(b *testing.B) {
	d, n := example(b), number(b, "117")
	b.ReportAllocs()
	for b.Loop() {
		sinkPrice, sinkName, sinkOK = d.Find(n, someDay)
	}
}

func BenchmarkParse(b *testing.B) {
	text, err := os.ReadFile("testdata/rates.csv")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := Parse(bytes.NewReader(text)); err != nil {
			b.Fatal(err)
		}
	}
}
