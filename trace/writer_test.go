package trace

import (
	"bytes"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
	"tsujiban"
)

// drawCall makes a call that the format can hold.
func drawCall(t *rapid.T, start time.Time) Call {
	text := rapid.StringMatching(`[!-~]([ -~]{0,20}[!-~])?|[あ-ん漢字]{1,10}`)
	number := rapid.StringMatching(`[!-~]{1,40}|\+?[0-9]{3,15}`)
	ms := func(limit time.Duration) time.Duration {
		return time.Duration(rapid.Int64Range(0, limit.Milliseconds()).Draw(t, "ms")) * time.Millisecond
	}
	c := Call{
		ID: text.Draw(t, "id"), Start: start, Customer: tsujiban.CustomerID(text.Draw(t, "customer")),
		Direction: rapid.SampledFrom([]tsujiban.Direction{tsujiban.Out, tsujiban.In}).Draw(t, "direction"),
		Callee:    number.Draw(t, "callee"), Setup: ms(maxSetup), Talk: ms(maxTalk),
		UserAgent: rapid.StringMatching(`[ -~]{0,50}|=cmd",+-@|[ 　漢字]{0,60}`).Draw(t, "agent"),
	}
	if rapid.Bool().Draw(t, "presented") {
		c.Caller = number.Draw(t, "caller")
	}
	switch rapid.IntRange(0, 2).Draw(t, "source") {
	case 1:
		c.Source = netip.AddrFrom4([4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "v4")))
	case 2:
		c.Source = netip.AddrFrom16([16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "v6"))).Unmap()
	}
	return c
}

// TestWriterRoundTrip: what is written is read as it was.
func TestWriterRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := time.UnixMilli(rapid.Int64Range(minStart*1000, (maxStart-100)*1000).Draw(t, "start")).UTC()
		var want []Call
		var out bytes.Buffer
		w := NewWriter(&out)
		for i := range rapid.IntRange(0, 10).Draw(t, "calls") {
			start = start.Add(time.Duration(rapid.IntRange(0, 5000).Draw(t, "gap")) * time.Millisecond)
			c := drawCall(t, start)
			if err := w.Write(&c); err != nil {
				t.Fatal(err)
			}
			c.Line = i + 2
			want = append(want, c)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		r, err := NewReader(&out, "")
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range want {
			var got Call
			if err := r.Next(&got); err != nil || got != c {
				t.Fatalf("%v\n%s", err, cmp.Diff(c, got, sameAddr))
			}
		}
	})
}

// TestWriterCells: numbers stay as they are; the rest is cut as the reader would.
func TestWriterCells(t *testing.T) {
	var out bytes.Buffer
	w := NewWriter(&out)
	c := Call{
		ID: "=1+1", Start: time.Date(2026, 3, 2, 17, 15, 30, 999_999_999, time.FixedZone("", 9*3600)), Customer: "a,b",
		Caller: "+81312345678", Callee: "@x", Setup: 1_234_567 * time.Microsecond, Talk: 100 * time.Millisecond,
		Source: netip.MustParseAddr("2001:db8::1"), UserAgent: `-"` + strings.Repeat("電", 100),
	}
	if err := w.Write(&c); err != nil {
		t.Fatal(err)
	}
	if out.Len() > 0 {
		t.Error("written before Flush")
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	want := callsHeader + `=1+1,2026-03-02T08:15:30.999Z,"a,b",out,+81312345678,@x,1.234,0.1,2001:db8::1,"-""` + strings.Repeat("電", 66) + "\"\n"
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

// TestWriterRefuses what the reader would refuse, and writes nothing of it.
func TestWriterRefuses(t *testing.T) {
	good := Call{ID: "a", Start: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), Customer: "c", Callee: "110"}
	for want, change := range map[string]func(*Call){
		`call "": id: empty`:               func(c *Call) { c.ID = "" },
		`customer: longer than 64 bytes`:   func(c *Call) { c.Customer = tsujiban.CustomerID(strings.Repeat("x", 65)) },
		`caller: character 1 is none of`:   func(c *Call) { c.Caller = "\n" },
		`callee: empty`:                    func(c *Call) { c.Callee = "" },
		`callee: longer than 40`:           func(c *Call) { c.Callee = strings.Repeat("1", 41) },
		`user agent: has a character that`: func(c *Call) { c.UserAgent = "a\r\nb" },
		`direction: inside: want out or`:   func(c *Call) { c.Direction = tsujiban.Inside },
		`setup: -1ns: want 0 to 1h0m0s`:    func(c *Call) { c.Setup = -1 },
		`talk: 168h0m0.001s: want 0 to`:    func(c *Call) { c.Talk = maxTalk + time.Millisecond },
		`source: an address with a zone`:   func(c *Call) { c.Source = netip.MustParseAddr("fe80::1%eth0") },
		`start: the year 1 is not`:         func(c *Call) { c.Start = time.Time{} },
		`starts before the one written`:    func(c *Call) { c.Start = c.Start.Add(-time.Millisecond) },
	} {
		var out bytes.Buffer
		w := NewWriter(&out)
		c := good
		if err := w.Write(&c); err != nil {
			t.Fatal(err)
		}
		change(&c)
		if err := w.Write(&c); err == nil || !strings.Contains(err.Error(), want) || tsujiban.CodeOf(err) != tsujiban.CodeInvalid {
			t.Errorf("%v, want %s", err, want)
		}
		if err := w.Flush(); err != nil || strings.Count(out.String(), "\n") != 2 {
			t.Errorf("%v\n%s", err, out.String())
		}
	}
}

func TestWriterAllocates(t *testing.T) {
	w := NewWriter(&bytes.Buffer{})
	c := Call{ID: "0123456789abc", Start: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), Customer: "c", Callee: "110", Source: netip.MustParseAddr("203.0.113.5"), UserAgent: "PBX"}
	if allocs := testing.AllocsPerRun(100, func() {
		if err := w.Write(&c); err != nil {
			t.Fatal(err)
		}
	}); allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

// full refuses to be written to.
type full struct{}

var errFull = errors.New("disk full")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestWritersPassErrorsOn(t *testing.T) {
	if err := NewWriter(full{}).Flush(); !errors.Is(err, errFull) {
		t.Error(err)
	}
	if err := WriteCustomers(full{}, nil); !errors.Is(err, errFull) {
		t.Error(err)
	}
	if err := WriteTruth(full{}, make([]Label, 0)); !errors.Is(err, errFull) {
		t.Error(err)
	}
	w, c := NewWriter(full{}), Call{ID: "a", Start: time.Unix(minStart, 0), Customer: "c", Callee: "1"}
	var err error
	for range 10_000 {
		err = w.Write(&c)
	}
	if !errors.Is(err, errFull) {
		t.Error(err)
	}
}

func TestCustomers(t *testing.T) {
	want := []Customer{
		{ID: "acme", Name: `Acme, "the" firm`, International: true, Opened: time.Date(2020, 1, 2, 0, 0, 0, 0, time.UTC)},
		{ID: "hakata-shokai", Name: "株式会社　博多商会"},
		{ID: "x"},
	}
	var out bytes.Buffer
	if err := WriteCustomers(&out, want); err != nil {
		t.Fatal(err)
	}
	got, bad, err := ReadCustomers(&out, "customers.csv")
	if err != nil || len(bad) > 0 || !slices.Equal(got, want) {
		t.Errorf("%v %v %v", got, bad, err)
	}
	for _, list := range [][]Customer{{{ID: ""}}, {{ID: "a", Name: "a\n"}}, {{ID: "a"}, {ID: "a"}}} {
		if err := WriteCustomers(&out, list); tsujiban.CodeOf(err) != tsujiban.CodeInvalid {
			t.Errorf("%v: %v", list, err)
		}
	}
}

func TestCustomersBadRows(t *testing.T) {
	const header = "opened,international,name,id\n" // any order
	for _, tt := range []struct {
		row, want string
		fault     Fault
	}{
		{",no,n,", "id: empty", FaultID},
		{",no,n ,a", `name: "n " has space around it`, FaultName},
		{",No,n,a", `international: "No": want yes or no`, FaultInternational},
		{"2.1.2020,no,n,a", `opened: "2.1.2020": want a day such as 2026-03-02, or nothing`, FaultOpened},
		{"2020-02-30,no,n,a", `opened: "2020-02-30": want`, FaultOpened},
		{",no,other,first", "id: customer first stands already in line 2", FaultDuplicate},
		{",no,n", "3 fields are too many or too few", FaultFields},
		{`,no,"n,a`, "a quoted field does not end", FaultQuotes},
	} {
		got, bad, err := ReadCustomers(strings.NewReader(header+",no,,first\n"+tt.row+"\n,yes,,last\n"), "f")
		if err != nil || len(got) != 2 || len(bad) != 1 || bad[0].Line != 3 || bad[0].Fault != tt.fault || !strings.HasPrefix(bad[0].Err.Error(), tt.want) {
			t.Errorf("%q: %v %v %v, want %s", tt.row, got, bad, err, tt.want)
		}
	}
	_, _, err := ReadCustomers(strings.NewReader("id,name,international\n"), "f")
	if err == nil || err.Error() != "f line 1: the column opened is missing; needed are id,name,international,opened" {
		t.Error(err)
	}
}

func TestTruth(t *testing.T) {
	labels := []Label{{"a", "acme", "honest"}, {"b,1", "acme", "pbx-hacked"}, {"c", "acme", "honest"}}
	var out bytes.Buffer
	if err := WriteTruth(&out, labels); err != nil {
		t.Fatal(err)
	}
	out.WriteString("a,acme,honest\n,acme,honest\nd,,honest\nd,acme,\n")
	got, bad, err := ReadTruth(&out, "truth.csv")
	want := map[string]string{"a": "honest", "b,1": "pbx-hacked", "c": "honest"}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
	var faults []Fault
	for i, e := range bad {
		faults = append(faults, e.Fault)
		if e.Line != 5+i {
			t.Error(e)
		}
	}
	if !slices.Equal(faults, []Fault{FaultDuplicate, FaultID, FaultCustomer, FaultLabel}) {
		t.Error(bad)
	}
	if err := WriteTruth(&out, []Label{{"a", "acme", ""}}); tsujiban.CodeOf(err) != tsujiban.CodeInvalid {
		t.Error(err)
	}
}

func BenchmarkWriter(b *testing.B) {
	r, err := NewReader(bytes.NewReader(sample(1)), "")
	if err != nil {
		b.Fatal(err)
	}
	var c Call
	if err := r.Next(&c); err != nil {
		b.Fatal(err)
	}
	w := NewWriter(nowhere{})
	b.ReportAllocs()
	for b.Loop() {
		if err := w.Write(&c); err != nil {
			b.Fatal(err)
		}
	}
}

// nowhere takes anything.
type nowhere struct{}

func (nowhere) Write(b []byte) (int, error) { return len(b), nil }
