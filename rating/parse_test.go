package rating

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"tsujiban"
)

const header = "prefix,name,yen_per_minute,increment_s\n"

// TestParseErrors: every error says where and what.
func TestParseErrors(t *testing.T) {
	full := "prefix,name,yen_per_minute,increment_s,setup_yen,minimum_s,valid_from\n"
	for _, tt := range []struct{ deck, want string }{
		{"", "rates: empty; want the header prefix,name,yen_per_minute,increment_s"},
		{"\ufeff", "rates: empty; want the header prefix,name,yen_per_minute,increment_s"},
		{"81,Japan,2.7,180\n", "rates line 1: unknown column \"81\"; the columns are "},
		{"prefix,name,yen_per_minute\n", "rates line 1: the column increment_s is missing"},
		{"prefix,name,yen_per_minute,increment_s,prefix\n", "rates line 1: the column prefix is there twice"},
		{"Prefix,name,yen_per_minute,increment_s\n", "rates line 1: unknown column \"Prefix\""},
		{header + "81,Japan,2.7\n", "rates line 2: wrong number of fields"},
		{header + "81,Japan,2.7,180,\n", "rates line 2: wrong number of fields"},
		{header + "81,\"Japan,2.7,180\n", "rates line 2: extraneous or missing \" in quoted-field"},
		{header + "81,Ja\"pan,2.7,180\n", "rates line 2: bare \" in non-quoted-field"},
		{header + ",Japan,2.7,180\n", "rates line 2: prefix: \"\": want 1 to 15 digits, or = and a local number"},
		{header + "+81,Japan,2.7,180\n", "rates line 2: prefix: \"+81\": write the digits without +"},
		{header + "0312,Japan,2.7,180\n", "rates line 2: prefix: \"0312\": no E.164 number begins with 0; "},
		{header + "8 1,Japan,2.7,180\n", "rates line 2: prefix: \"8 1\": want 1 to 15 digits"},
		{header + "1234567890123456,Japan,2.7,180\n", "rates line 2: prefix: "},
		{header + "=,Time,2.7,180\n", "rates line 2: prefix: \"=\": after = not a telephone number"},
		{header + "=+81,Time,2.7,180\n", "rates line 2: prefix: \"=+81\": after = not a telephone number"},
		{header + "81,,2.7,180\n", "rates line 2: name: empty, or with space around it"},
		{header + "81, Japan,2.7,180\n", "rates line 2: name: empty, or with space around it"},
		{header + "81,\"Ja\npan\",2.7,180\n", "rates line 2: name: \"Ja\\npan\" has a character that cannot be printed"},
		{header + "81," + strings.Repeat("J", 101) + ",2.7,180\n", "rates line 2: name: longer than 100 bytes"},
		{header + "81,\x93\xfa\x96{,2.7,180\n", "rates line 2: name: not UTF-8 text: save the file as “CSV UTF-8”"},
		{header + "81,Japan,-1,180\n", "rates line 2: yen_per_minute: \"-1\": not an amount"},
		{header + "81,Japan,,180\n", "rates line 2: yen_per_minute: \"\": not an amount"},
		{header + "81,Japan,1.2345678,180\n", "rates line 2: yen_per_minute: \"1.2345678\": not an amount"},
		{header + "81,Japan,1000001,180\n", "rates line 2: yen_per_minute: \"1000001\": more than 1000000"},
		{header + "81,Japan,2.7,0\n", "rates line 2: increment_s: \"0\": want whole seconds from 1 to 3600"},
		{header + "81,Japan,2.7,1.5\n", "rates line 2: increment_s: \"1.5\": want whole seconds from 1 to 3600"},
		{header + "81,Japan,2.7,3601\n", "rates line 2: increment_s: "},
		{header + "81,Japan,2.7,+6\n", "rates line 2: increment_s: "},
		{full + "81,Japan,2.7,60,x,,\n", "rates line 2: setup_yen: \"x\": not an amount"},
		{full + "81,Japan,2.7,60,,-1,\n", "rates line 2: minimum_s: \"-1\": want whole seconds from 0 to 3600"},
		{full + "81,Japan,2.7,60,,,1/4/2027\n", "rates line 2: valid_from: \"1/4/2027\": want a day (2027-04-01) or an instant"},
		{full + "81,Japan,2.7,60,,,2027-02-30\n", "rates line 2: valid_from: "},
		{full + "81,Japan,2.7,60,,,2027-04-01T00:00:00.5Z\n", "rates line 2: valid_from: "},
		{header + "81,Japan,2.7,180\n82,Korea,30,6\n81,Japan again,3,180\n", "rates line 4: prefix 81 stands already in line 2, with the same valid_from"},
		{full + "81,Japan,2.7,60,,,2027-04-01\n\n81,Japan,3,60,,,2027-04-01T00:00:00Z\n", "rates line 4: prefix 81 stands already in line 2, with the same valid_from"},
		{header + "=117,Time,2.7,180\n=117,Time,2.7,180\n", "rates line 3: prefix =117 stands already in line 2, with the same valid_from"},
	} {
		_, err := Parse(strings.NewReader(tt.deck))
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) || tsujiban.CodeOf(err) != tsujiban.CodeInvalid {
			t.Errorf("%.60q:\n got %v (%v)\nwant %s", tt.deck, err, tsujiban.CodeOf(err), tt.want)
		}
	}
}

func TestParseAccepts(t *testing.T) {
	for _, s := range []string{
		header,
		strings.TrimSuffix(header, "\n"),
		header + "81,日本,2.7,180",
		"\ufeff" + header + "81,Japan,2.7,180\n",
		strings.ReplaceAll(header+"81,Japan,2.7,180\n=81,Local,1,60\n", "\n", "\r\n"),
		"name,increment_s,yen_per_minute,prefix,valid_from\n\"Japan, fixed\",180,\"1,000\",81,2027-04-01\n",
	} {
		if _, err := Parse(strings.NewReader(s)); err != nil {
			t.Errorf("%q: %v", s, err)
		}
		if _, err := Parse(iotest.OneByteReader(strings.NewReader(s))); err != nil {
			t.Errorf("%q byte by byte: %v", s, err)
		}
	}
}

func TestParsePassesOnReaderErrors(t *testing.T) {
	broken := errors.New("the disk is gone")
	for _, before := range []string{"", header, header + "81,Japan,2.7,180\n82,Ko"} {
		_, err := Parse(io.MultiReader(strings.NewReader(before), iotest.ErrReader(broken)))
		if !errors.Is(err, broken) || tsujiban.CodeOf(err) == tsujiban.CodeInvalid {
			t.Errorf("%q: %v", before, err)
		}
	}
}

func TestParseLimits(t *testing.T) {
	endless := io.MultiReader(strings.NewReader(header+"81,\""), forever('x'))
	_, err := Parse(endless)
	if err == nil || err.Error() != "rates: longer than 64 MiB" {
		t.Errorf("%.200v", err)
	}
}

// forever is a reader of one byte without end.
type forever byte

func (f forever) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = byte(f)
	}
	return len(b), nil
}

// FuzzParse: whatever stands in a deck, it is refused with words or each of its rows is found.
func FuzzParse(f *testing.F) {
	text, err := os.ReadFile("testdata/rates.csv")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(header + "81,Japan,2.7,180\n=117,Time,1,60\n"))
	f.Add([]byte("\ufeff" + header + "81,\"a\"\"b\",2.7,180\r\n"))
	f.Add([]byte("valid_from,increment_s,prefix,name,yen_per_minute\n2026-06-01,60,1,one,2\n,60,1,one,1\n"))
	f.Fuzz(func(t *testing.T, deck []byte) {
		d, err := Parse(bytes.NewReader(deck))
		if err != nil {
			if d != nil || tsujiban.CodeOf(err) != tsujiban.CodeInvalid {
				t.Fatalf("%v %v", d, err)
			}
			return
		}
		for i := range d.rates {
			if next := d.rates[i].next; next != none && d.rates[next].name == "" {
				t.Fatalf("rate %d leads to %d, which has no name", i, next)
			}
		}
		for n := range d.local {
			if _, name, ok := d.Find(n, someDay.AddDate(8000, 0, 0)); !ok || name == "" {
				t.Fatalf("%v is not found", n)
			}
		}
	})
}
