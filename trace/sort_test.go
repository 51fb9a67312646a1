package trace

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
	"tsujiban"
)

// list is a source of calls and errors.
type list []any

func (l *list) Next(c *Call) error {
	if len(*l) == 0 {
		return io.EOF
	}
	first := (*l)[0]
	*l = (*l)[1:]
	if err, ok := first.(error); ok {
		return err
	}
	*c = first.(Call)
	return nil
}

func TestSort(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var src list
		var want []Call
		bad := 0
		for i := range rapid.SampledFrom([]int{0, 1, 5, chunk - 1, chunk, chunk + 1, 2*chunk + 7}).Draw(t, "rows") {
			if i%97 == 5 {
				src = append(src, &RowError{Line: i})
				bad++
				continue
			}
			// The times are few, so that many calls start together.
			c := Call{Start: time.Unix(minStart+int64(i*7919%13), 0), Line: i}
			src, want = append(src, c), append(want, c)
		}
		slices.SortStableFunc(want, func(a, b Call) int { return a.Start.Compare(b.Start) })
		var rejects Rejects
		sorted := Sort(&src, 0)
		for i := range want {
			var got Call
			if err := rejects.Next(sorted, &got); err != nil || got != want[i] {
				t.Fatalf("call %d: %v %v, want %v", i, got, err, want[i])
			}
		}
		for range 2 {
			if err := rejects.Next(sorted, &Call{}); !errors.Is(err, io.EOF) {
				t.Fatal(err)
			}
		}
		if rejects.Total != bad {
			t.Fatalf("%d bad rows, want %d", rejects.Total, bad)
		}
	})
}

// TestSortLimit: too many calls, or an error of the file, end the reading and say what to do.
func TestSortLimit(t *testing.T) {
	call, cut := Call{Start: time.Unix(minStart, 0)}, errors.New("cable cut")
	s := Sort(&list{call, call, call}, 2)
	for range 2 {
		err := s.Next(&call)
		if err == nil || !strings.HasPrefix(err.Error(), "more than 2 calls, which have to be held in memory to be sorted: read the file in parts") || tsujiban.CodeOf(err) != tsujiban.CodeInvalid {
			t.Error(err)
		}
	}
	s = Sort(&list{call, cut, call}, 2)
	for range 2 {
		if err := s.Next(&call); !errors.Is(err, cut) {
			t.Error(err)
		}
	}
	if got, _ := readAll(t, Sort(&list{call, call}, 2)); len(got) != 2 {
		t.Error(got)
	}
}

// TestSortReader puts a trace in order that the reader alone refuses.
func TestSortReader(t *testing.T) {
	text := callsHeader +
		"b,2026-03-02T08:15:30Z,c,out,03,110,1,2,,\n" +
		"a,2026-03-02T08:15:29Z,c,out,03,110,1,2,,\n" +
		"x\n" +
		"c,2026-03-02T08:15:30Z,c,out,03,110,1,2,,\n"
	r, err := NewReader(strings.NewReader(text), "f")
	if err != nil {
		t.Fatal(err)
	}
	r.AnyOrder = true
	got, bad := readAll(t, Sort(r, 0))
	ids := ""
	for _, c := range got {
		ids += c.ID
	}
	if ids != "abc" || len(bad) != 1 || bad[0].Line != 4 {
		t.Error(got, bad)
	}
}

func TestRejects(t *testing.T) {
	call := Call{ID: "a"}
	src := list{&RowError{Fault: FaultID, Line: 2}, &RowError{Fault: FaultID, Line: 3}, &RowError{Fault: 200, Line: 4}, call, errFull}
	r := Rejects{Keep: 2}
	var got Call
	if err := r.Next(&src, &got); err != nil || got.ID != "a" {
		t.Fatal(err)
	}
	if err := r.Next(&src, &got); !errors.Is(err, errFull) {
		t.Error(err)
	}
	if r.Total != 3 || r.ByFault[FaultID] != 2 || r.ByFault[FaultOther] != 1 || len(r.First) != 2 || r.First[1].Line != 3 {
		t.Errorf("%+v", r)
	}
}

// TestFaults: each has a code of its own and words in both languages.
func TestFaults(t *testing.T) {
	seen := map[string]bool{}
	for f := range numFaults {
		if code := f.String(); code == "" || seen[code] || f.Text(tsujiban.English) == "" || f.Text(tsujiban.Japanese) == "" {
			t.Errorf("%d: %q %q %q", f, code, f.Text(tsujiban.English), f.Text(tsujiban.Japanese))
		}
		seen[f.String()] = true
	}
	if f := numFaults; f.String() != "invalid" || f.Text(tsujiban.English) != "?" {
		t.Error(f)
	}
	if got := (&RowError{Line: 3, Err: errFull}).Error(); got != "line 3: disk full" {
		t.Error(got)
	}
}

// BenchmarkSort reports what a held call takes.
func BenchmarkSort(b *testing.B) {
	const rows = 100_000
	text := sample(rows)
	b.ReportAllocs()
	for b.Loop() {
		r, err := NewReader(bytes.NewReader(text), "")
		if err != nil {
			b.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		s := Sort(r, 0)
		var c Call
		if err := s.Next(&c); err != nil {
			b.Fatal(err)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/rows, "B/call")
		runtime.KeepAlive(s)
	}
}

func BenchmarkAsterisk(b *testing.B) {
	const rows = 10_000
	row := `"","201","01023277123456","from-internal","""Sato"" <201>","PJSIP/201-00000001","PJSIP/carrier-00000002","Dial","PJSIP/01023277123456@carrier,60",` +
		`"2026-03-02 03:10:07","2026-03-02 03:10:10","2026-03-02 03:10:42",35,32,"ANSWERED","DOCUMENTATION","1772388607.1",""` + "\n"
	text := strings.Repeat(row, rows)
	b.ReportAllocs()
	for b.Loop() {
		src, err := NewAsterisk(strings.NewReader(text), "", Import{Zone: tokyo, Customer: "acme"})
		if err != nil {
			b.Fatal(err)
		}
		var c Call
		for range rows {
			if err := src.Next(&c); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*rows), "ns/row")
}
