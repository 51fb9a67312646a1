package journal

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tsujiban"
)

// checkDir makes a journal of 60 notes in several segments, all but the last compressed when packed is set, and returns it closed.
func checkDir(t *testing.T, packed bool) string {
	t.Helper()
	dir := t.TempDir()
	rate := 1 << 30
	if packed {
		rate = -1
	}
	j := mustOpen(t, Options{Dir: dir, SegmentBytes: 1500, QuietRate: rate, CommitInterval: -1})
	for range 12 {
		appendNotes(t, j, 5, true)
	}
	if packed {
		waitPacked(t, j)
	}
	mustClose(t, j)
	return dir
}

func mustCheck(t *testing.T, dir string) Report {
	t.Helper()
	rep, err := Check(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

func dirSegments(t *testing.T, dir string) []segment {
	t.Helper()
	segs, _, err := listSegments(OS, dir)
	if err != nil {
		t.Fatal(err)
	}
	return segs
}

func TestCheckOfSoundJournal(t *testing.T) {
	for _, packed := range []bool{false, true} {
		dir := checkDir(t, packed)
		var last Progress
		rep, err := Check(dir, func(p Progress) { last = p })
		if err != nil || !rep.OK() || len(rep.Notes) != 0 || rep.Entries != 60 {
			t.Fatalf("%+v, %v", rep, err)
		}
		if n := len(rep.Segments); n < 4 || last.Segment != n || last.Segments != n {
			t.Fatalf("%d segments, progress %+v", n, last)
		}
		for i, s := range rep.Segments {
			if s.Packed != (packed && i < len(rep.Segments)-1) || s.Damaged || s.Bytes == 0 || s.Stored == 0 || s.Last < s.First {
				t.Errorf("%+v", s)
			}
		}
	}
	if _, err := Check(filepath.Join(t.TempDir(), "none"), nil); tsujiban.CodeOf(err) != tsujiban.CodeNotFound {
		t.Errorf("no directory: %v", err)
	}
}

// Check goes on behind damage and says which entries are lost.
func TestCheckListsDamage(t *testing.T) {
	dir := checkDir(t, false)
	segs := dirSegments(t, dir)
	second := plainName(dir, segs[1].first)
	b, err := os.ReadFile(second)
	if err != nil {
		t.Fatal(err)
	}
	_, _, size, _ := readFrame(b[headerSize:])
	at := headerSize + 2*size + 30 // in the third entry
	b[at] ^= 1
	b[at+4*size] ^= 1
	if err := os.WriteFile(second, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(plainName(dir, segs[2].first)); err != nil {
		t.Fatal(err)
	}
	rep := mustCheck(t, dir)
	want := []Problem{
		{File: filepath.Base(second), Offset: int64(headerSize + 2*size), First: segs[1].first + 2, Last: segs[1].first + 2, What: fmt.Sprintf("no whole entry: entry %d is expected", segs[1].first+2)},
		{File: filepath.Base(second), Offset: int64(headerSize + 6*size), First: segs[1].first + 6, Last: segs[1].first + 6, What: fmt.Sprintf("no whole entry: entry %d is expected", segs[1].first+6)},
		{File: filepath.Base(second), First: segs[2].first, Last: segs[3].first - 1, What: fmt.Sprintf("the file ends before entry %d", segs[2].first)},
		{File: filepath.Base(plainName(dir, segs[2].first)), First: segs[2].first, Last: segs[3].first - 1, What: "the segment is missing"},
	}
	for i, p := range rep.Problems {
		if i == 2 {
			p.Offset = 0 // the end of the file
		}
		if i >= len(want) || p != want[i] {
			t.Errorf("problem %d: %+v", i, p)
		}
	}
	if len(rep.Problems) != len(want) || rep.OK() || !rep.Segments[1].Damaged {
		t.Errorf("%+v", rep)
	}
	if got := rep.Entries; got != 60-2-(segs[3].first-segs[2].first) {
		t.Errorf("%d entries are readable", got)
	}
}

func TestCheckOfDamagedCompression(t *testing.T) {
	dir := checkDir(t, true)
	segs := dirSegments(t, dir)
	name := packedName(dir, segs[1].first)
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []int{1, len(b) / 2, len(b) - 2} {
		bad := bytes.Clone(b)
		bad[at] ^= 0x10
		if err := os.WriteFile(name, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		rep := mustCheck(t, dir)
		if rep.OK() || rep.Problems[0].File != filepath.Base(name) || rep.Problems[0].Last != segs[2].first-1 {
			t.Errorf("byte %d: %+v", at, rep.Problems)
		}
		_, err := Open(Options{Dir: dir, Logger: quietLog()})
		isCorrupt(t, err, filepath.Base(name))
	}
}

// What a crash leaves is no damage: it is noted.
func TestCheckNotesWhatACrashLeft(t *testing.T) {
	dir := checkDir(t, false)
	segs := dirSegments(t, dir)
	last := plainName(dir, segs[len(segs)-1].first)
	b, err := os.ReadFile(last)
	if err != nil {
		t.Fatal(err)
	}
	b = append(b[:len(b)-frameSize], "0000"...)
	for name, content := range map[string][]byte{last: b, last + tempSuffix: nil, filepath.Join(dir, "x"+tornSuffix): []byte("t")} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	rep := mustCheck(t, dir)
	if !rep.OK() || rep.Entries != 60 || len(rep.Notes) != 3 {
		t.Fatalf("%+v", rep)
	}
	if err := os.WriteFile(last, b[:40], 0o600); err != nil {
		t.Fatal(err)
	}
	if rep = mustCheck(t, dir); !rep.OK() || len(rep.Notes) != 3 {
		t.Fatalf("%+v", rep)
	}
}

// A line whose frame is whole but which this version cannot read is listed, and not taken for damage of the file by readers of lines.
func TestCheckOfUnknownEvents(t *testing.T) {
	dir := t.TempDir()
	b := appendHeader(nil, 1, 0)
	b = sealFrame(append(append(b, blankHead...), `{"seq":1,"kind":"later"}`...), len(b), markBatch)
	if err := os.WriteFile(plainName(dir, 1), b, 0o600); err != nil {
		t.Fatal(err)
	}
	rep := mustCheck(t, dir)
	if rep.Entries != 1 || len(rep.Problems) != 1 || !strings.Contains(rep.Problems[0].What, `"later"`) {
		t.Fatalf("%+v", rep)
	}
	var out bytes.Buffer
	if err := Cat(&out, dir, 0, 0, Filter{}); err != nil || out.String() != "{\"seq\":1,\"kind\":\"later\"}\n" {
		t.Fatalf("%q, %v", out.String(), err)
	}
}

func TestReportPrints(t *testing.T) {
	rep := Report{
		Dir: "/j", Entries: 120,
		Segments: []SegmentReport{
			{File: "00000000000000000001.journal.zst", First: 1, Last: 100, Bytes: 60000, Stored: 6000, Packed: true},
			{File: "00000000000000000101.journal", First: 101, Last: 120, Bytes: 12000, Stored: 12000, Damaged: true},
		},
		Problems: []Problem{{File: "00000000000000000101.journal", Offset: 500, First: 110, Last: 111, What: "no whole entry"}},
		Notes:    []Problem{{File: "x.torn", What: "aside"}},
	}
	for lang, want := range map[tsujiban.Lang]string{
		tsujiban.English: `file                              first  last  entries  bytes  stored  state
00000000000000000001.journal.zst      1   100      100  60000    6000  packed
00000000000000000101.journal        101   120       20  12000   12000  DAMAGED
total                                              120  72000   18000  
Damage:
  00000000000000000101.journal: 500: no whole entry (entries 110 to 111)
Notes (no record is lost):
  x.torn: 0: aside
`,
		tsujiban.Japanese: `ファイル                          最初  最後  件数  バイト   保存  状態
00000000000000000001.journal.zst     1   100   100   60000   6000  圧縮
00000000000000000101.journal       101   120    20   12000  12000  破損
合計                                           120   72000  18000  
破損:
  00000000000000000101.journal: 500: no whole entry (記録 110 から 111)
備考（失われた記録はありません）:
  x.torn: 0: aside
`,
	} {
		var b bytes.Buffer
		if err := rep.Print(&b, lang); err != nil || b.String() != want {
			t.Errorf("%v\n%s", err, b.String())
		}
	}
}

func TestCat(t *testing.T) {
	dir := t.TempDir()
	j := mustOpen(t, Options{Dir: dir})
	evs := callEvents()
	lines := []string{}
	for i := range evs {
		if _, err := j.Append(&evs[i]); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, string(AppendEvent(nil, &evs[i])))
	}
	appendNotes(t, j, 2, true)
	mustClose(t, j)
	cat := func(from, to uint64, f Filter) string {
		var b bytes.Buffer
		if err := Cat(&b, dir, from, to, f); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	if got := cat(2, 3, Filter{Full: true}); got != lines[1]+"\n"+lines[2]+"\n" {
		t.Errorf("in full: %s", got)
	}
	if got := cat(0, 0, Filter{Full: true, Customer: "hakata-shokai"}); got != strings.Join(lines, "\n")+"\n" {
		t.Errorf("of a customer: %s", got)
	}
	for what, c := range map[string]struct {
		f    Filter
		want int
	}{
		"kind":         {Filter{Kinds: []tsujiban.EventKind{tsujiban.EventSet, tsujiban.EventEnded}}, 3},
		"call":         {Filter{Call: evs[0].Call}, 3},
		"other":        {Filter{Customer: "other"}, 0},
		"since":        {Filter{Since: evs[1].At}, 4},
		"until":        {Filter{Until: evs[1].At}, 1},
		"since, until": {Filter{Since: evs[1].At, Until: evs[2].At.Add(time.Second)}, 2},
	} {
		if got := strings.Count(cat(1, 0, c.f), "\n"); got != c.want {
			t.Errorf("%s: %d lines", what, got)
		}
	}
	masked := cat(1, 3, Filter{})
	for _, full := range []string{"01023277123456", "23277123456", "0312345678", "81312345678"} {
		if strings.Contains(masked, full) {
			t.Errorf("%s is shown in\n%s", full, masked)
		}
	}
	for _, part := range []string{`"dialled":"0102327712****"`, `"callee_number":"+2327712****"`, `<sip:031234****@pbx`, `192.0.2.17:5060`} {
		if !strings.Contains(masked, part) {
			t.Errorf("%s is missing in\n%s", part, masked)
		}
	}
}

func TestMaskLine(t *testing.T) {
	for line, want := range map[string]string{
		`{"dialled":"110","caller":"1234"}`:                         `{"dialled":"110","caller":"1234"}`,
		`{"dialled":"03-1234-5678","trunk":"123456789"}`:            `{"dialled":"03-1234-****","trunk":"123456789"}`,
		`{"note":"called 090-1234-5678 at 12:30, call 10.0.12.34"}`: `{"note":"called 090-1234-**** at 12:30, call 10.0.12.34"}`,
		`{"note":"\u00001234567\\123456\""}`:                        `{"note":"\u0000123****\\12****\""}`,
		`{"a":{"target":"sip:123456@x"},"b":["target","123456"]}`:   `{"a":{"target":"sip:12****@x"},"b":["target","123456"]}`,
		`{"note":"cut off 123456`:                                   `{"note":"cut off 12****`,
	} {
		b := []byte(line)
		if maskLine(b); string(b) != want {
			t.Errorf("%s\n%s", line, b)
		}
	}
}

func FuzzMaskLine(f *testing.F) {
	f.Add([]byte(`{"dialled":"0312345678","note":"\u0031\"12345678"}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		var before, after tsujiban.Event
		readable := ParseEvent(line, &before) == nil
		n := len(line)
		b := bytes.Clone(line)
		maskLine(b)
		if len(b) != n {
			t.Fatal("the length changed")
		}
		if err := ParseEvent(b, &after); readable && err != nil && !strings.Contains(err.Error(), "_number") {
			t.Fatalf("%q\n%q: %v", line, b, err)
		}
	})
}
