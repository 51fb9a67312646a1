package trace

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"tsujiban"
)

// FuzzLines reads as encoding/csv does, up to the first row that it refuses.
func FuzzLines(f *testing.F) {
	for _, s := range []string{
		"", "\n", "\r\n\r", "a,b\n1,2", "a,\"b\"\r\n1,2\r\n", "\"a\"\"b\",c\n", "\"a\nb\",c\nd,e\n", "\"a\r\nb\"\r\n\"\"\n", "\"a\n\n\nb\",\n", "a\"b\n", "\"a\"b\n",
		"\"a\n", "\"a,b\nc,\"d\"\n", ",\n,,\n\"\",\"\"\n", "a\rb\n\"a\r\"\n\"a\"\r", "\"\"\"\"\n", "x,\"\n", "\xef\xbb\xbfa\n",
	} {
		f.Add(s, false)
	}
	f.Fuzz(func(t *testing.T, s string, slow bool) {
		if strings.HasPrefix(s, "\xff\xfe") || strings.HasPrefix(s, "\xfe\xff") {
			return
		}
		var in io.Reader = strings.NewReader(s)
		if slow {
			in = iotest.OneByteReader(in)
		}
		l, err := newLines(in, "f", ',')
		if err != nil {
			t.Fatal(err)
		}
		ref := csv.NewReader(strings.NewReader(strings.TrimPrefix(s, "\ufeff")))
		ref.FieldsPerRecord = -1
		for {
			want, refErr := ref.Read()
			got, err := l.next()
			if refErr != nil {
				var syntax *csv.ParseError
				if errors.Is(refErr, io.EOF) != errors.Is(err, io.EOF) || errors.As(refErr, &syntax) && l.line != syntax.StartLine {
					t.Fatalf("line %d: %v, want %v", l.line, err, refErr)
				}
				break
			}
			var row *RowError
			if errors.As(err, &row) && row.Fault == FaultLong {
				break
			}
			if err != nil {
				t.Fatalf("line %d: %v, want %q", l.line, err, want)
			}
			if line, _ := ref.FieldPos(0); line != l.line {
				t.Fatalf("line %d, want %d", l.line, line)
			}
			if !slices.EqualFunc(got, want, func(g []byte, w string) bool { return string(g) == w }) {
				t.Fatalf("line %d: %q, want %q", l.line, got, want)
			}
		}
	})
}

// linesIn counts the lines that are not empty.
func linesIn(text string) (n int) {
	for line := range strings.SplitSeq(strings.TrimPrefix(text, "\ufeff"), "\n") {
		if strings.TrimSuffix(line, "\r") != "" {
			n++
		}
	}
	return n
}

// accounted reads a source to its end and checks that nothing is lost: each line that is not empty belongs to a row
// that is accepted or refused, and only rows with quotes have more than one.
func accounted(t *testing.T, text string, header int, src Source) {
	t.Helper()
	want := linesIn(text) - header
	calls, bad := readAll(t, src)
	got := len(calls) + len(bad)
	if got > want || got < want && !strings.Contains(text, `"`) {
		t.Fatalf("%d rows accepted and %d refused, of %d lines", len(calls), len(bad), want)
	}
	lines := map[int]bool{}
	for _, e := range bad {
		lines[e.Line] = true
	}
	for i := range calls {
		c := &calls[i]
		lines[c.Line] = true
		if i > 0 && c.Start.Before(calls[i-1].Start) {
			t.Fatalf("%v after %v", c.Start, calls[i-1].Start)
		}
		if err := NewWriter(io.Discard).Write(c); err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
	}
	if len(lines) != got {
		t.Fatalf("%d rows on %d lines", got, len(lines))
	}
}

func FuzzReader(f *testing.F) {
	f.Add(callsHeader + "a1,2026-03-02T08:15:30.25Z,acme,out,0312345678,01023277123456,2.5,32,203.0.113.5,\"PBX, \"\"big\"\"\"\n\nx,y\n\"q\n")
	f.Add("\ufeff" + strings.ReplaceAll(string(sample(5)), "\n", "\r\n"))
	f.Fuzz(func(t *testing.T, text string) {
		r, err := NewReader(strings.NewReader(text), "f")
		if err != nil {
			return
		}
		accounted(t, text, 1, r)
	})
}

func addFiles(f *testing.F, names ...string) {
	for _, name := range names {
		text, err := os.ReadFile("testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
}

func FuzzAsterisk(f *testing.F) {
	addFiles(f, "asterisk-18.csv", "asterisk-1.4.csv")
	f.Fuzz(func(t *testing.T, text string) {
		src, err := NewAsterisk(strings.NewReader(text), "f", Import{Zone: tokyo, Inside: regexp.MustCompile("^2..$")})
		if err != nil {
			return
		}
		accounted(t, text, 0, src)
	})
}

func FuzzFreeSWITCH(f *testing.F) {
	addFiles(f, "freeswitch.csv", "freeswitch-linksys.csv")
	f.Fuzz(func(t *testing.T, text string) {
		src, err := NewFreeSWITCH(strings.NewReader(text), "f", Import{Zone: tokyo, Customer: "acme"})
		if err != nil {
			return
		}
		// Here a row never has more than one line.
		rows, bad := readAll(t, src)
		if got, want := len(rows)+len(bad), linesIn(text); got != want {
			t.Fatalf("%d rows accepted and %d refused, of %d", len(rows), len(bad), want)
		}
	})
}

func FuzzMapped(f *testing.F) {
	for _, name := range []string{"carrier.csv", "carrier-sjis.csv"} {
		text, err := os.ReadFile("testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add("start=Begin,callee=Called Party,caller=A,talk_s=Sec,customer=Acct,direction=Type,source=From,delimiter==;,layout==02/01/2006 15:04:05,zone==UTC", string(text))
		f.Add("start=ご利用年月日,start=通話開始時刻,callee=通話先電話番号,caller=発信電話番号,talk_s=通話時間,customer==c,direction==out,layout==2006/01/02 15:04:05,zone==UTC,encoding==shift_jis", string(text))
	}
	f.Add("id=i,start=s,callee=c,talk_s=s,customer==c,direction==out,layout==unix", "i,s,c\na,1772388607,110\na,5,110\n")
	f.Fuzz(func(t *testing.T, mapping, text string) {
		m, err := ParseMapping(mapping)
		if err != nil {
			if tsujiban.CodeOf(err) != tsujiban.CodeInvalid {
				t.Fatal(err)
			}
			return
		}
		src, err := NewMapped(strings.NewReader(text), "f", m)
		if err != nil {
			if tsujiban.CodeOf(err) != tsujiban.CodeInvalid {
				t.Fatal(err)
			}
			return
		}
		if m.Encoding == "shift_jis" && strings.HasPrefix(text, "\ufeff") {
			return // no byte order mark there
		}
		accounted(t, text, 1, src)
	})
}

func FuzzReadCustomers(f *testing.F) {
	f.Add("id,name,international,opened\nacme,\"Acme, Inc.\",yes,2020-01-02\nhakata-shokai,株式会社　博多商会,no,\nacme,,no,\nx,,maybe,\n")
	f.Fuzz(func(t *testing.T, text string) {
		list, bad, err := ReadCustomers(strings.NewReader(text), "f")
		if err != nil {
			return
		}
		if rows := strings.Count(text, "\n") + 1; len(list)+len(bad) > rows {
			t.Fatalf("%d and %d rows in %d lines", len(list), len(bad), rows)
		}
		var out bytes.Buffer
		if err := WriteCustomers(&out, list); err != nil {
			t.Fatal(err)
		}
		again, bad, err := ReadCustomers(&out, "f")
		if err != nil || len(bad) > 0 || !slices.Equal(again, list) {
			t.Fatalf("%v, want %v; %v %v", again, list, bad, err)
		}
	})
}

func FuzzReadTruth(f *testing.F) {
	f.Add("id,customer,label\na,acme,honest\nb,acme,\"wangiri, slow\"\nb,acme,honest\n,,\n")
	f.Fuzz(func(t *testing.T, text string) {
		truth, bad, err := ReadTruth(strings.NewReader(text), "f")
		if err != nil {
			return
		}
		if rows := strings.Count(text, "\n") + 1; len(truth)+len(bad) > rows {
			t.Fatalf("%d and %d rows in %d lines", len(truth), len(bad), rows)
		}
	})
}

// FuzzStart reads instants as time.Parse does, as far as the format goes.
func FuzzStart(f *testing.F) {
	for _, s := range []string{"2026-03-02T08:15:30Z", "2024-02-29T23:59:59.999-11:30", "2026-03-02T08:15:30.1Z", "2026-02-29T00:00:00Z", "2099-12-31T23:59:59+23:59", "2026-13-01T00:00:00Z"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := parseStart([]byte(s))
		want, refErr := time.Parse(time.RFC3339, s)
		if err == nil && (refErr != nil || !got.Equal(want) || got.Location() != time.UTC) {
			t.Fatalf("%q: %v, want %v %v", s, got, want, refErr)
		}
		// time.Parse also takes what RFC 3339 does not, such as one digit for the hour.
		var strict time.Time
		usual := strict.UnmarshalText([]byte(s)) == nil && strict.Unix() >= minStart && strict.Unix() <= maxStart
		if usual && err != nil && !decimals(s, 4) {
			t.Fatalf("%q: %v, want %v", s, err, want)
		}
	})
}

// decimals tells whether s has at least n digits after its point.
func decimals(s string, n int) bool {
	_, after, _ := strings.Cut(s, ".")
	return len(after)-len(strings.TrimLeft(after, "0123456789")) >= n
}
