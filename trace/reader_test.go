package trace

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"tsujiban"
)

const callsHeader = "id,start,customer,direction,caller,callee,setup_s,talk_s,source,user_agent\n"

var sameAddr = cmpopts.EquateComparable(netip.Addr{})

// readAll reads a source to its end.
func readAll(t testing.TB, src Source) (calls []Call, bad []*RowError) {
	t.Helper()
	for {
		var c Call
		err := src.Next(&c)
		var row *RowError
		switch {
		case errors.Is(err, io.EOF):
			return calls, bad
		case errors.As(err, &row):
			bad = append(bad, row)
		case err != nil:
			t.Fatal(err)
		default:
			calls = append(calls, c)
		}
	}
}

func readCalls(t testing.TB, text string) ([]Call, []*RowError) {
	t.Helper()
	r, err := NewReader(strings.NewReader(text), "calls.csv")
	if err != nil {
		t.Fatal(err)
	}
	return readAll(t, r)
}

func TestReader(t *testing.T) {
	want := []Call{
		{
			ID: "a1", Start: time.Date(2026, 3, 2, 8, 15, 30, 250e6, time.UTC), Customer: "hakata-shokai", Direction: tsujiban.Out,
			Caller: "0312345678", Callee: "01023277123456", Setup: 2500 * time.Millisecond, Talk: 32 * time.Second,
			Source: netip.MustParseAddr("203.0.113.5"), UserAgent: `PBX, "big"`, Line: 2,
		},
		{
			ID: "a2", Start: time.Date(2026, 3, 2, 8, 15, 30, 250e6, time.UTC), Customer: "hakata-shokai", Direction: tsujiban.In,
			Callee: "+81312345678", Setup: 0, Talk: 0, Line: 4,
		},
	}
	rows := callsHeader +
		"a1,2026-03-02T08:15:30.25Z,hakata-shokai,out,0312345678,01023277123456,2.5,32,203.0.113.5,\"PBX, \"\"big\"\"\"\n\n" +
		"a2,2026-03-02T17:15:30.250+09:00,hakata-shokai,in,,+81312345678,,,,\n"
	for name, text := range map[string]string{
		"plain":      rows,
		"BOM":        "\ufeff" + rows,
		"CRLF":       strings.ReplaceAll(rows, "\n", "\r\n"),
		"no newline": strings.TrimSuffix(rows, "\n"),
	} {
		got, bad := readCalls(t, text)
		if diff := cmp.Diff(want, got, sameAddr); diff != "" || len(bad) > 0 {
			t.Errorf("%s: %v\n%s", name, bad, diff)
		}
	}
	// Columns in another order, the optional ones left out, bytes one by one.
	r, err := NewReader(iotest.OneByteReader(strings.NewReader("talk_s,setup_s,callee,caller,direction,customer,start,id\n"+
		"60,1,110,,out,c,2026-03-02T08:15:30Z,x\n")), "")
	if err != nil {
		t.Fatal(err)
	}
	got, bad := readAll(t, r)
	if len(got) != 1 || len(bad) > 0 || got[0].Talk != time.Minute || got[0].Callee != "110" || got[0].Source.IsValid() {
		t.Error(got, bad)
	}
}

// TestReaderHeader: a slip in the header says what to do.
func TestReaderHeader(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"", "f: empty; the first line has to be id,start,"},
		{"\ufeff\n\n", "f: empty; the first line has to be id,start,"},
		{"a1,2026-03-02T08:15:30Z\n", `f line 1: unknown column "a1": rename or remove it; the columns are id,`},
		{"id,start,customer,direction,caller,callee,setup_s\n", "f line 1: the column talk_s is missing; needed are id,"},
		{strings.Replace(callsHeader, "user_agent", "id", 1), "f line 1: the column id is there twice: remove one"},
		{strings.Replace(callsHeader, "user_agent", "User_Agent", 1), `f line 1: unknown column "User_Agent"`},
		{"\n\"id\n", "f line 2: a quoted field does not end; the first line has to be id,"},
		{"\xff\xfei\x00d\x00", "f: UTF-16 text: save it as “CSV UTF-8”"},
		{strings.Repeat("x", maxLine+1), "f line 1: longer than 65536 bytes; the first line has to be id,"},
	} {
		_, err := NewReader(strings.NewReader(tt.text), "f")
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) || tsujiban.CodeOf(err) != tsujiban.CodeInvalid {
			t.Errorf("%.60q: %v, want %s", tt.text, err, tt.want)
		}
	}
}

// TestReaderRows: each bad row says where and what, and costs nobody else.
func TestReaderRows(t *testing.T) {
	const good = "z,2026-03-02T08:15:30Z,c,out,03,110,1,2,,"
	row := func(col int, value string) string {
		f := strings.Split(good, ",")
		f[col] = value
		return strings.Join(f, ",")
	}
	for _, tt := range []struct {
		row, want string
		fault     Fault
	}{
		{"a,b", "2 fields are too many or too few", FaultFields},
		{good + ",", "11 fields are too many or too few", FaultFields},
		{row(0, ""), "id: empty", FaultID},
		{row(0, strings.Repeat("x", 65)), "id: longer than 64 bytes", FaultID},
		{row(0, "x "), `id: "x " has space around it`, FaultID},
		{row(0, "a\x00"), "id: has a character that cannot be printed", FaultID},
		{row(0, "a\u202e"), "id: has a character that cannot be printed", FaultID},
		{row(0, "a\xff"), "id: not UTF-8 text: save the file as “CSV UTF-8”", FaultID},
		{row(0, "\"a\nb\""), "id: has a character that cannot be printed", FaultID},
		{row(1, ""), `start: "": want a time such as 2026-03-02T08:15:30.250Z`, FaultStart},
		{row(1, "2026-03-02 08:15:30"), `start: "2026-03-02 08:15:30": want`, FaultStart},
		{row(1, "2026-03-02T08:15:30"), `start: "2026-03-02T08:15:30": want`, FaultStart},
		{row(1, "2026-02-29T08:15:30Z"), "start: ", FaultStart},
		{row(1, "2026-03-02T24:15:30Z"), "start: ", FaultStart},
		{row(1, "2026-03-02T08:15:30.1234Z"), "start: ", FaultStart},
		{row(1, "1999-12-31T23:59:59Z"), "start: the year 1999 is not between 2000 and 2099", FaultStart},
		{row(1, "0312345678"), `start: "031234****": want`, FaultStart},
		{row(1, "03-1234-5678"), `start: "03-1234-****": want`, FaultStart},
		{row(2, ""), "customer: empty", FaultCustomer},
		{row(3, "Out"), `direction: "Out": want out or in`, FaultDirection},
		{row(3, "inside"), `direction: "inside": want out or in`, FaultDirection},
		{row(4, "03 1234"), "caller: character 3 is none of a telephone number", FaultCaller},
		{row(4, strings.Repeat("1", 41)), "caller: longer than 40 characters", FaultCaller},
		{row(5, ""), "callee: empty", FaultCallee},
		{row(5, "03\t"), "callee: character 3 is none", FaultCallee},
		{row(6, "-1"), `setup_s: "-1": want seconds from 0 to 3600, with at most 3 decimals`, FaultSetup},
		{row(6, "3600.001"), "setup_s: ", FaultSetup},
		{row(7, "604800.001"), `talk_s: "604800.***": want seconds from 0 to 604800`, FaultTalk},
		{row(7, "1.2345"), "talk_s: ", FaultTalk},
		{row(7, "1."), "talk_s: ", FaultTalk},
		{row(7, ".5"), "talk_s: ", FaultTalk},
		{row(7, "1e3"), "talk_s: ", FaultTalk},
		{row(7, strings.Repeat("9", 30)), "talk_s: ", FaultTalk},
		{row(8, "10.0.0.1:5060"), "source: \"10.0.0.1:5060\": want an IP address", FaultSource},
		{row(8, "fe80::1%eth0"), "source: ", FaultSource},
		{row(9, "a\x1b[31m"), "user_agent: has a character that cannot be printed", FaultUserAgent},
		{row(9, "x\"y"), "a quote inside a field that is not quoted", FaultQuotes},
		{row(9, "\"x\"y"), "text after a quoted field; a quote inside is written twice", FaultQuotes},
		{row(9, "\"x"), "a quoted field does not end", FaultQuotes},
		{row(9, strings.Repeat("x", maxLine)), "longer than 65536 bytes", FaultLong},
		{row(9, strings.Repeat("x", 3*bufSize)), "longer than 65536 bytes", FaultLong},
		{row(1, "2026-03-02T08:15:29.999Z"), "not sorted: it starts at 2026-03-02T08:15:29.999Z, line 2 at 2026-03-02T08:15:30.000Z: use -sort", FaultOrder},
	} {
		got, bad := readCalls(t, callsHeader+good+"\n"+tt.row+"\n"+good+"\n")
		if len(got) != 2 || len(bad) != 1 {
			t.Errorf("%.80q: %d calls, %v", tt.row, len(got), bad)
			continue
		}
		e := bad[0]
		if e.Line != 3 || e.Fault != tt.fault || !strings.HasPrefix(e.Err.Error(), tt.want) || !strings.HasPrefix(e.Error(), "calls.csv line 3: ") {
			t.Errorf("%.80q: %v (%v), want %s (%v)", tt.row, e, e.Fault, tt.want, tt.fault)
		}
		if want := 4 + strings.Count(tt.row, "\n"); got[1].Line != want {
			t.Errorf("%.80q: the next row is in line %d, want %d", tt.row, got[1].Line, want)
		}
	}
}

func TestReaderUserAgentIsCut(t *testing.T) {
	got, bad := readCalls(t, callsHeader+"z,2026-03-02T08:15:30Z,c,out,03,110,1,2,,"+strings.Repeat("電", 100)+"\n")
	if len(bad) > 0 || got[0].UserAgent != strings.Repeat("電", 66) {
		t.Error(got, bad)
	}
}

// TestReaderFails: an error of the file itself ends the reading, and stays.
func TestReaderFails(t *testing.T) {
	broken := errors.New("cable cut")
	r, err := NewReader(io.MultiReader(strings.NewReader(callsHeader+"z,2026-03-02T08:15:30Z,c,out,03,110,1,2,,\nz,20"), iotest.ErrReader(broken)), "f")
	if err != nil {
		t.Fatal(err)
	}
	var c Call
	if err := r.Next(&c); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := r.Next(&c); !errors.Is(err, broken) || err.Error() != "f line 3: cable cut" {
			t.Fatal(err)
		}
	}
	if _, err := NewReader(iotest.ErrReader(broken), "f"); !errors.Is(err, broken) {
		t.Error(err)
	}
	if _, err := NewReader(idle{}, "f"); !errors.Is(err, io.ErrNoProgress) {
		t.Error(err)
	}
}

// idle reads nothing, again and again.
type idle struct{}

func (idle) Read([]byte) (int, error) { return 0, nil }

// TestStrayQuote: one quote too many costs its own line.
func TestStrayQuote(t *testing.T) {
	row := func(i int) string { return fmt.Sprintf("c%d,2026-03-02T08:15:30Z,c,out,03,110,1,2,,%s\n", i, `"UA"`) }
	var text strings.Builder
	text.WriteString(callsHeader)
	for i := range 5000 {
		if i%1000 == 500 {
			text.WriteString("\"" + row(i))
			continue
		}
		text.WriteString(row(i))
	}
	got, bad := readCalls(t, text.String())
	if len(got) != 4995 || len(bad) != 5 || bad[0].Fault != FaultQuotes || bad[0].Line != 502 {
		t.Error(len(got), bad)
	}
}

// sample is a trace as simulate writes it.
func sample(n int) []byte {
	rnd := rand.New(rand.NewPCG(1, 2))
	var out bytes.Buffer
	out.WriteString(callsHeader)
	at := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	for i := range n {
		at = at.Add(time.Duration(rnd.IntN(500)) * time.Millisecond)
		fmt.Fprintf(&out, "%013x,%s,customer-%03d,%s,03%08d,010232%09d,%d.%03d,%d,203.0.113.%d,Asterisk PBX 18.%d.0\n", i,
			at.Format(startLayout), rnd.IntN(500), []string{"out", "in"}[rnd.IntN(2)], rnd.IntN(1e8), rnd.IntN(1e9), rnd.IntN(20),
			rnd.IntN(1000), rnd.IntN(600), rnd.IntN(250), rnd.IntN(20))
	}
	return out.Bytes()
}

func TestReaderAllocates(t *testing.T) {
	const rows = 20_000
	text := sample(rows)
	r, err := NewReader(bytes.NewReader(text), "")
	if err != nil {
		t.Fatal(err)
	}
	var c Call
	for range rows / 2 { // the customers and user agents are known after a while
		if err := r.Next(&c); err != nil {
			t.Fatal(err)
		}
	}
	if allocs := testing.AllocsPerRun(1000, func() {
		if err := r.Next(&c); err != nil {
			t.Fatal(err)
		}
	}); allocs > 1 {
		t.Errorf("%v allocations per row", allocs)
	}
}

func BenchmarkReader(b *testing.B) {
	const rows = 100_000
	text := sample(rows)
	b.SetBytes(int64(len(text) / rows))
	b.ReportAllocs()
	var r *Reader
	var c Call
	for i := 0; b.Loop(); i++ {
		if i%rows == 0 {
			var err error
			if r, err = NewReader(bytes.NewReader(text), ""); err != nil {
				b.Fatal(err)
			}
		}
		if err := r.Next(&c); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N), "ns/row")
}
