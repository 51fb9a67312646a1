package trace

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"tsujiban"
)

var update = flag.Bool("update", false, "write the golden files anew")

var tokyo = func() *time.Location {
	zone, err := time.LoadLocation("Asia/Tokyo")
	if err != nil {
		panic(err)
	}
	return zone
}()

// golden is what a source gives: calls.csv, and the rows that it refuses.
func golden(t *testing.T, src Source) string {
	t.Helper()
	calls, bad := readAll(t, src)
	var out bytes.Buffer
	w := NewWriter(&out)
	for i := range calls {
		if err := w.Write(&calls[i]); err != nil {
			t.Error(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	for _, e := range bad {
		fmt.Fprintf(&out, "%s: %v\n", e.Fault, e)
	}
	return out.String()
}

// TestImport reads records as other programs write them. The golden files were checked by hand.
func TestImport(t *testing.T) {
	inside := regexp.MustCompile(`^(\*.*|2..|1...)$`)
	asterisk := func(o Import) func(io.Reader, string) (Source, error) {
		return func(r io.Reader, name string) (Source, error) { return NewAsterisk(r, name, o) }
	}
	freeSwitch := func(o Import) func(io.Reader, string) (Source, error) {
		return func(r io.Reader, name string) (Source, error) { return NewFreeSWITCH(r, name, o) }
	}
	mapped := func(mapping string) func(io.Reader, string) (Source, error) {
		return func(r io.Reader, name string) (Source, error) {
			m, err := ParseMapping(mapping)
			if err != nil {
				return nil, err
			}
			return NewMapped(r, name, m)
		}
	}
	for name, open := range map[string]func(io.Reader, string) (Source, error){
		"asterisk-18":        asterisk(Import{Zone: time.UTC, Customer: "acme", Inside: inside}),
		"asterisk-1.4":       asterisk(Import{Zone: tokyo}),
		"freeswitch":         freeSwitch(Import{Zone: tokyo, Inside: inside}),
		"freeswitch-linksys": freeSwitch(Import{Zone: tokyo, Customer: "hakata-shokai"}),
		"carrier": mapped("start=Begin, callee=Called Party, caller=A, talk_s=Sec, customer=Acct, direction=Type, source=From," +
			" delimiter==semicolon, layout==02/01/2006 15:04:05, zone==UTC"),
		"carrier-sjis": mapped("start=ご利用年月日,start=通話開始時刻,callee=通話先電話番号,caller=発信電話番号,talk_s=通話時間,user_agent=備考," +
			"customer==hakata-shokai,direction==out,layout==2006/01/02 15:04:05,zone==Asia/Tokyo,encoding==Shift_JIS"),
	} {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile("testdata/" + name + ".csv")
			if err != nil {
				t.Fatal(err)
			}
			src, err := open(bytes.NewReader(text), name+".csv")
			if err != nil {
				t.Fatal(err)
			}
			got, file := golden(t, src), "testdata/"+name+".golden"
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// TestImportOptions: what is missing is said before a row is read.
func TestImportOptions(t *testing.T) {
	for _, tt := range []struct {
		o    Import
		want string
	}{
		{Import{Customer: "acme"}, "no time zone: "},
		{Import{Zone: tokyo, Customer: "acme\n"}, `customer "acme\n": has a character that cannot be printed`},
	} {
		_, err := NewAsterisk(strings.NewReader(""), "f", tt.o)
		_, err2 := NewFreeSWITCH(strings.NewReader(""), "f", tt.o)
		for _, err := range []error{err, err2} {
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) || tsujiban.CodeOf(err) != tsujiban.CodeInvalid {
				t.Errorf("%v: %v", tt.o, err)
			}
		}
	}
}

func TestImportContexts(t *testing.T) {
	row := func(context string) string {
		return `a,1,2,` + context + `,,,,,,2026-03-02 03:10:07,,2026-03-02 03:10:17,10,0,BUSY,3` + "\n"
	}
	text := row("from-trunk") + row("from-did-direct") + row("ext-did-0002") + row("my-carrier") + row("internal")
	for want, incoming := range map[string][]string{
		"in in in out out":    nil,
		"out out out in out":  {"my-"},
		"out out out out out": {},
		"in in out out out":   {"from"},
		"out out out out in":  {"internal", "x"},
	} {
		src, err := NewAsterisk(strings.NewReader(text), "", Import{Zone: time.UTC, Incoming: incoming})
		if err != nil {
			t.Fatal(err)
		}
		calls, bad := readAll(t, src)
		var got []string
		for _, c := range calls {
			got = append(got, c.Direction.String())
		}
		if strings.Join(got, " ") != want || len(bad) > 0 {
			t.Errorf("%q: %v, want %s; %v", incoming, got, want, bad)
		}
	}
}

// TestAsteriskID: with 17 or 20 fields the uniqueid may be a userfield.
func TestAsteriskID(t *testing.T) {
	base := `a,1,2,c,,,,,,2026-03-02 03:10:07,,2026-03-02 03:10:17,10,0,BUSY,3`
	for more, want := range map[string]string{
		"":                                  "line-1",
		",1772388607.1":                     "1772388607.1",
		",pbx-tokyo-1772388607.1":           "pbx-tokyo-1772388607.1",
		",who asked":                        "line-1",
		",1772388607.1,who asked":           "1772388607.1",
		",acme,1772388607.1,7":              "line-1", // newcdrcolumns without uniqueid
		",1772388607.2,acme,1772388607.1,7": "1772388607.2",
		",who asked,acme,1772388607.1,7":    "line-1",
		",1772388607.2,who asked,acme,1772388607.1,7": "1772388607.2",
		",a5c9f6c0-e752-11e3-8bfb-65b6c3cdac7d,":      "a5c9f6c0-e752-11e3-8bfb-65b6c3cdac7d",
	} {
		src, err := NewAsterisk(strings.NewReader(base+more+"\n"), "", Import{Zone: time.UTC})
		if err != nil {
			t.Fatal(err)
		}
		calls, bad := readAll(t, src)
		if len(calls) != 1 || calls[0].ID != want {
			t.Errorf("%q: %v %v, want id %s", more, calls, bad, want)
		}
	}
}

// TestIDs: every call has its own id, whatever the file says.
func TestIDs(t *testing.T) {
	long := strings.Repeat("x", 64)
	text := "i,s,c\n" + strings.Join([]string{"a", "a", "a#3", "a", "", "line-6", long, long, long + "x"}, ",1772388607,110\n") + ",1772388607,110\n"
	m, err := ParseMapping("id=i,start=s,callee=c,talk_s=s,customer==c,direction==out,layout==unix")
	if err != nil {
		t.Fatal(err)
	}
	m.columns[colTalk] = nil // every call lasts 0 seconds
	src, err := NewMapped(strings.NewReader(text), "", m)
	if err != nil {
		t.Fatal(err)
	}
	calls, bad := readAll(t, src)
	var got []string
	for _, c := range calls {
		got = append(got, c.ID)
	}
	want := []string{"a", "a#3", "a#3#4", "a#5", "line-6", "line-6#7", long, long[:52] + "#9"}
	if fmt.Sprint(got) != fmt.Sprint(want) || len(bad) != 1 || bad[0].Fault != FaultID {
		t.Errorf("%q, want %q; %v", got, want, bad)
	}
}

func TestParseMappingErrors(t *testing.T) {
	const good = "start=B,callee=C,talk_s=T,customer==c,direction==out"
	if _, err := ParseMapping(good + `,"caller=A, presented"`); err != nil {
		t.Error(err)
	}
	for _, tt := range []struct{ mapping, want string }{
		{"", "mapping: EOF; want start=Column,callee=Column,…"},
		{good + "\n" + good, "mapping: it has more than one line"},
		{good + `,"caller=A`, "mapping: parse error"},
		{"start=B,callee=C,talk_s=T,customer==c", "mapping: direction is missing: say direction=Column, or direction==value for all rows"},
		{"start=B,callee=C,customer==c,direction==out", "mapping: talk_s is missing: say talk_s=Column"},
		{good + ",caller", `mapping: "caller": want field=Column or field==value`},
		{good + ",caller=", `mapping: "caller=": nothing after =`},
		{good + ",caller==", `mapping: "caller==": nothing after =`},
		{good + ",calling=A", `mapping: "calling=A": unknown field; the fields are id,start,`},
		{good + ",calling==A", `mapping: "calling==A": unknown field or setting; the settings are`},
		{good + ",callee=A", `mapping: "callee=A": callee is there already`},
		{good + ",customer=A", `mapping: "customer=A": customer is there already`},
		{good + ",start=A,start=D", `mapping: "start=D": start is there already`},
		{good + ",id==7", `mapping: "id==7": id is another in each call: say id=Column`},
		{"direction==sideways", `mapping: "direction==sideways": "sideways": want out or in`},
		{"source==home", `mapping: "source==home": "home": want an IP address`},
		{"zone==Mars/Crater", `mapping: "zone==Mars/Crater": unknown time zone Mars/Crater; want a name such as Asia/Tokyo`},
		{"delimiter==|", `mapping: "delimiter==|": want comma, semicolon or tab`},
	} {
		_, err := ParseMapping(tt.mapping)
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) || tsujiban.CodeOf(err) != tsujiban.CodeInvalid {
			t.Errorf("%q: %v, want %s", tt.mapping, err, tt.want)
		}
	}
}

func TestNewMappedErrors(t *testing.T) {
	const good = "start=B,callee=C,talk_s=T,customer==c,direction==out"
	for _, tt := range []struct{ mapping, text, want string }{
		{good, "", "f: empty; the first line has to name the columns"},
		{good, "\"B\n", "f line 1: a quoted field does not end; the first line has to name the columns"},
		{good, "B,C,Time\n", `f line 1: no column "T" for talk_s; there are B | C | Time`},
		{good, "B;C;T\n", `f line 1: no column "B" for start; there are only one, "B;C;T": is the delimiter right?`},
		{good, "\x93\xfa,C,T\n", `f line 1: no column "B" for start; there are names that are not UTF-8: try encoding==shift_jis`},
		{good, "B,C,T,C\n", `f line 1: the column "C" is there twice: rename one`},
		{good + ",encoding==latin1", "B,C,T\n", `mapping: encoding "latin1": want utf-8 or shift_jis`},
		{good + ",layout==YYYY-MM-DD", "B,C,T\n", `mapping: layout "YYYY-MM-DD" does not say day and time`},
		{good + ",layout==2006-01-02", "B,C,T\n", `mapping: layout "2006-01-02" does not say day and time`},
		{good + ",layout==2006-01-02 15:04", "B,C,T\n", `mapping: no time zone: `},
		{good + ",start=D", "B,C,T,D\n", `mapping: start has two columns: say how they look together`},
	} {
		m, err := ParseMapping(tt.mapping)
		if err != nil {
			t.Fatal(err)
		}
		_, err = NewMapped(strings.NewReader(tt.text), "f", m)
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) || tsujiban.CodeOf(err) != tsujiban.CodeInvalid {
			t.Errorf("%q, %q: %v, want %s", tt.mapping, tt.text, err, tt.want)
		}
	}
}

// TestMappedStart reads the same instant in several ways.
func TestMappedStart(t *testing.T) {
	want := time.Date(2026, 3, 2, 8, 15, 30, 0, time.UTC)
	for setting, cell := range map[string]string{
		"":                                   "2026-03-02T17:15:30+09:00",
		",layout==unix":                      "1772439330",
		",layout==unix,delimiter==semicolon": "1772439330.000999999",
		",layout==2006-01-02T15:04:05-0700":  "2026-03-02T17:15:30+0900",
		",layout==2006/1/2 15:04:05,zone==Asia/Tokyo":        "2026/3/2 17:15:30",
		`,"layout==Jan 2, 2006 3:04:05 PM",zone==Asia/Tokyo`: `"Mar 2, 2026 5:15:30 PM"`,
	} {
		m, err := ParseMapping("start=B,callee=C,talk_s=T,customer==c,direction==out" + setting)
		if err != nil {
			t.Fatal(setting, err)
		}
		text := "B,C,T\n" + cell + ",110,1.5\n"
		if m.Delimiter == ';' {
			text = strings.ReplaceAll(text, ",", ";")
		}
		src, err := NewMapped(strings.NewReader(text), "f", m)
		if err != nil {
			t.Fatal(setting, err)
		}
		calls, bad := readAll(t, src)
		if len(calls) != 1 || !calls[0].Start.Equal(want) || calls[0].Start.Location() != time.UTC || calls[0].Talk != 1500*time.Millisecond {
			t.Errorf("%s: %v %v", setting, calls, bad)
		}
	}
}
