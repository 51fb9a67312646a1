package evidence

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"tsujiban"
)

// bundle makes a bundle of entries.
func (s *site) bundle(entries string, attach ...Attachment) []byte {
	s.t.Helper()
	list, err := ParseEntries(entries)
	s.must(err)
	var b bytes.Buffer
	report, err := s.tree().WriteBundle(s.t.Context(), &b, s.source, Request{Entries: list, Made: s.now, Attach: attach})
	s.must(err)
	if !report.OK() {
		s.t.Fatalf("%+v", report.Faults)
	}
	return b.Bytes()
}

func (s *site) key() Key { return s.tree().keys.keys[0] }

var letter = Attachment{Name: "回答書.pdf", Data: []byte("%PDF-1.7 not really")}

func TestBundle(t *testing.T) {
	s := newSite(t, 600)
	s.keep()
	b := s.bundle("7,3,10-20,7,600", letter)
	r := VerifyBundle(b, s.key())
	if !r.OK() || r.Records != 14 || r.Proven != 14 || fmt.Sprint(r.Ranges) != "[3 7 10-20 600]" || len(r.Files) != 1 || r.Files[0].Name != "files/回答書.pdf" || r.Entries != 600 {
		t.Fatalf("%+v", r)
	}
	for _, want := range []struct {
		l    tsujiban.Lang
		text string
	}{
		{tsujiban.English, "Within 10-20 no entry is left out."},
		{tsujiban.English, "2026-04-01 03:04:05 UTC"},
		{tsujiban.Japanese, "10-20 件目の間には、抜けている記録はありません。"},
		{tsujiban.Japanese, "2026年4月1日 12時04分05秒（日本時間）"},
		{tsujiban.Japanese, "添付 回答書.pdf は"},
	} {
		if text := r.Text(want.l); !strings.Contains(text, want.text) {
			t.Errorf("%q is not said:\n%s", want.text, text)
		}
	}
	// Any program that reads ZIPs can read it.
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	s.must(err)
	for _, f := range z.File {
		rd, err := f.Open()
		s.must(err)
		data, err := io.ReadAll(rd) // checks the CRC
		s.must(err)
		if f.Name == recordsName && !bytes.Equal(bytes.Split(data, []byte("\n"))[0], s.lines()[2]) {
			t.Errorf("the first record is %s", data[:80])
		}
	}
	other := newSite(t, 1)
	other.keep()
	if r := VerifyBundle(b, other.key()); r.OK() || !strings.Contains(r.Faults[0].En, "not signed by the key") {
		t.Errorf("with another key: %+v", r.Faults)
	}
}

func TestBundleRequests(t *testing.T) {
	s := newSite(t, 30)
	s.keep()
	tr := s.tree()
	for _, c := range []struct {
		req  Request
		code tsujiban.Code
	}{
		{Request{}, tsujiban.CodeInvalid},
		{Request{Entries: []uint64{0}}, tsujiban.CodeInvalid},
		{Request{Entries: []uint64{31}}, tsujiban.CodeConflict},
		{Request{Entries: []uint64{1}, Attach: []Attachment{{Name: "../letter.pdf"}}}, tsujiban.CodeInvalid},
		{Request{Entries: []uint64{1}, Attach: []Attachment{{Name: ".hidden"}}}, tsujiban.CodeInvalid},
		{Request{Entries: []uint64{1}, Attach: []Attachment{{Name: "a"}, {Name: "a"}}}, tsujiban.CodeInvalid},
	} {
		var b bytes.Buffer
		if _, err := tr.WriteBundle(t.Context(), &b, s.source, c.req); tsujiban.CodeOf(err) != c.code || b.Len() > 0 {
			t.Errorf("%+v: %v", c.req, err)
		}
	}
	for _, bad := range []string{"", "0", "5-4", "a", "1-", "-1", "1,,2", "1-99999999", "99999999999999999999"} {
		if _, err := ParseEntries(bad); tsujiban.CodeOf(err) != tsujiban.CodeInvalid {
			t.Errorf("%q: %v", bad, err)
		}
	}
	s.must(os.Remove(s.path("keys/0001.key")))
	if _, err := tr.WriteBundle(t.Context(), io.Discard, s.source, Request{Entries: []uint64{1}}); err == nil {
		t.Error("a bundle without a key")
	}
}

// A reader who has only the first key verifies a bundle signed by the third.
func TestBundleAfterRotations(t *testing.T) {
	s := newSite(t, 30)
	s.keep()
	first := s.key()
	for range 2 {
		l := s.open()
		_, err := l.Rotate()
		s.must(err)
		s.must(l.Close())
		s.write(5)
		s.keep()
	}
	b := s.bundle("1-40")
	r := VerifyBundle(b, first)
	if !r.OK() || r.Changes != 2 {
		t.Errorf("%+v", r)
	}
	if r := VerifyBundle(b, s.tree().keys.current()); !r.OK() || r.Changes != 0 {
		t.Errorf("with the newest key: %+v", r)
	}
}

// Any bit of a bundle that is changed, and any place at which it is cut off, is found.
func TestBundleBytes(t *testing.T) {
	s := newSite(t, 20)
	s.keep()
	b := s.bundle("2,5-7", letter)
	key := s.key()
	for i := 0; i < len(b); i += 20 / few(20) {
		b[i] ^= 1 << (i % 8)
		if r := VerifyBundle(b, key); r.OK() {
			t.Fatalf("byte %d of %d, bit %d changed and not found", i, len(b), i%8)
		}
		b[i] ^= 1 << (i % 8)
		if r := VerifyBundle(b[:i], key); i%7 == 0 && r.OK() {
			t.Fatalf("cut off at byte %d and not found", i)
		}
	}
	for _, more := range []string{"x", "\x00", "PK\x05\x06"} {
		if r := VerifyBundle(append(b[:len(b):len(b)], more...), s.key()); r.OK() {
			t.Fatalf("%q was added and not found", more)
		}
		if r := VerifyBundle(append([]byte(more), b...), s.key()); r.OK() {
			t.Fatalf("%q was put in front and not found", more)
		}
	}
}

// pack makes a bundle of files with all check sums right, as somebody would who changes one on purpose.
func pack(t testing.TB, files []zipEntry) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zipWriter{w: &b}
	for _, f := range files {
		if err := z.add(f.name, f.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Somebody who packs the bundle anew, with check sums that are right, is found and told where; also the one who has
// the signing key and makes a list that fits: the records do not lead to the checkpoint.
func TestBundleTampering(t *testing.T) {
	s := newSite(t, 300)
	s.keep()
	files, err := readZip(s.bundle("100-110,200", letter))
	s.must(err)
	signer, err := s.tree().keys.readSigner(s.dir)
	s.must(err)
	line := func(n int) func([]byte) []byte {
		return func(b []byte) []byte { return []byte(strings.SplitAfter(string(b), "\n")[n]) }
	}
	lines := func(b []byte) [][]byte { return bytes.SplitAfter(bytes.TrimSuffix(b, nil), []byte("\n")) }
	join := func(l [][]byte) []byte { return bytes.Join(l, nil) }
	for _, c := range []struct {
		name   string
		change func(map[string][]byte)
		want   string // the file named
		signed string // what is said when the list is signed anew
	}{
		{"a digit of a record", func(f map[string][]byte) {
			f[recordsName] = bytes.Replace(f[recordsName], []byte("81925551201"), []byte("81925551202"), 1)
		}, "records.jsonl: it was changed", "records.jsonl #100: line 1: this is not what stands in the journal as entry 100"},
		{"a record dropped", func(f map[string][]byte) {
			f[recordsName] = bytes.TrimPrefix(f[recordsName], line(0)(f[recordsName]))
		}, "records.jsonl: it was changed", "records.jsonl #100: line 1"},
		{"a record dropped with its proof", func(f map[string][]byte) {
			for _, n := range []string{recordsName, proofsName} {
				l := lines(f[n])
				f[n] = join(slices.Delete(l, 3, 4))
			}
		}, "records.jsonl: it was changed", ""}, // a smaller bundle of the same keeper: its ranges tell
		{"two records swapped", func(f map[string][]byte) {
			l := lines(f[recordsName])
			l[1], l[2] = l[2], l[1]
			f[recordsName] = join(l)
		}, "records.jsonl: it was changed", "records.jsonl #101: line 2"},
		{"two records swapped with their proofs", func(f map[string][]byte) {
			for _, n := range []string{recordsName, proofsName} {
				l := lines(f[n])
				l[1], l[2] = l[2], l[1]
				f[n] = join(l)
			}
		}, "proofs.txt: it was changed", "records.jsonl #101: line 3: the records are out of order"},
		{"a record twice", func(f map[string][]byte) {
			for _, n := range []string{recordsName, proofsName} {
				l := lines(f[n])
				f[n] = join(slices.Insert(l, 1, l[0]))
			}
		}, "records.jsonl: it was changed", "records.jsonl #100: line 2: the records are out of order, or one is there twice"},
		{"a record made up", func(f map[string][]byte) {
			f[recordsName] = append(f[recordsName], []byte(`{"seq":201,"kind":"set"}`+"\n")...)
			p := line(11)(f[proofsName])
			f[proofsName] = append(f[proofsName], bytes.Replace(p, []byte("199 "), []byte("200 "), 1)...)
		}, "records.jsonl: it was changed", "records.jsonl #201: line 13"},
		{"the letter", func(f map[string][]byte) { f["files/回答書.pdf"] = []byte("%PDF another") }, "files/回答書.pdf: it was changed", ""},
		{"a file added", func(f map[string][]byte) { f["files/more.pdf"] = []byte("%PDF") }, "files/more.pdf: the file is not in the list", ""},
		{"a file taken away", func(f map[string][]byte) { delete(f, proofsName) }, "proofs.txt: the file is missing", "proofs.txt: the file is missing"},
		{"the list taken away", func(f map[string][]byte) { delete(f, manifestName) }, "manifest.txt: the file is missing", ""},
		{"a checkpoint of another size", func(f map[string][]byte) {
			f[checkpointName] = bytes.Replace(f[checkpointName], []byte("\n300\n"), []byte("\n301\n"), 1)
		}, "checkpoint.txt: this is no checkpoint signed by the given key: its signature is wrong", "checkpoint.txt: this is no checkpoint"},
		{"the list", func(f map[string][]byte) {
			f[manifestName] = bytes.Replace(f[manifestName], []byte("2026"), []byte("2025"), 1)
		}, "manifest.txt: this is no list signed by the given key: its signature is wrong", ""},
		{"a second signature on the list", func(f map[string][]byte) {
			f[manifestName] = append(f[manifestName], "— somebody AAAAAAAA\n"...)
		}, "manifest.txt: this is no list signed by the given key: it has more than one signature", ""},
	} {
		f := map[string][]byte{}
		for _, e := range files {
			f[e.name] = bytes.Clone(e.data)
		}
		c.change(f)
		check := func(want string) {
			var list []zipEntry
			for _, e := range files {
				if data, ok := f[e.name]; ok {
					list = append(list, zipEntry{name: e.name, data: data})
				}
			}
			for name, data := range f {
				if !slices.ContainsFunc(files, func(e zipEntry) bool { return e.name == name }) {
					list = append(list, zipEntry{name: name, data: data})
				}
			}
			r := VerifyBundle(pack(t, list), s.key())
			ja, en := "", ""
			for _, fault := range r.Faults {
				en += fault.Text(tsujiban.English) + "\n"
				ja += fault.Text(tsujiban.Japanese) + "\n"
			}
			if r.OK() != (want == "") || !strings.Contains(en, want) || strings.Count(ja, "\n") != strings.Count(en, "\n") {
				t.Errorf("%s: want %q, got\n%s%s", c.name, want, en, ja)
			}
		}
		check(c.want)
		if c.signed == "" {
			continue
		}
		m, err := openManifest(files[0].data, []Key{s.key()})
		s.must(err)
		for i := range m.files {
			m.files[i] = fileOf(m.files[i].Name, f[m.files[i].Name])
		}
		f[manifestName], err = note.Sign(&note.Note{Text: m.text()}, signer)
		s.must(err)
		check(c.signed)
	}
}

// What is no bundle, or would grow when it is read, is refused at once.
func TestBundleBombs(t *testing.T) {
	s := newSite(t, 3)
	s.keep()
	var deflated bytes.Buffer
	z := zip.NewWriter(&deflated)
	w, err := z.Create(recordsName)
	s.must(err)
	for range 64 {
		_, err = w.Write(make([]byte, 1<<20))
		s.must(err)
	}
	s.must(z.Close())
	good := s.bundle("1-3")
	huge := bytes.Clone(good)
	binary.LittleEndian.PutUint32(huge[18:], 0xfffffff0)
	var many []zipEntry
	for i := range maxEntries {
		many = append(many, zipEntry{name: fmt.Sprintf("files/%d", i)})
	}
	overfull := pack(t, many)
	one := (&zipEntry{name: "files/one-more"}).local()
	at := bytes.Index(overfull, binary.LittleEndian.AppendUint32(nil, centralMagic))
	overfull = slices.Insert(overfull, at, one...)
	for name, b := range map[string][]byte{
		"nothing": nil, "text": []byte("hello"), "compressed": deflated.Bytes(), "too long a file": huge, "too many files": overfull,
		"a path": pack(t, []zipEntry{{name: "files/../../etc/passwd"}}), "a drive": pack(t, []zipEntry{{name: `files/C:\x`}}),
		"twice": pack(t, []zipEntry{{name: "files/a"}, {name: "files/A"}}),
	} {
		r := VerifyBundle(b, s.key())
		if r.OK() || r.Faults[0].En == "" || r.Faults[0].Ja == "" || strings.Contains(r.Text(tsujiban.Japanese), "正しいものです") {
			t.Errorf("%s: %+v", name, r.Faults)
		}
	}
}

// The format as the package documentation tells it, verified by another program than ours: nothing but SHA-256.
func TestBundleByTheBook(t *testing.T) {
	s := newSite(t, 777)
	s.keep()
	b := s.bundle("1,300,777")
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	s.must(err)
	file := func(name string) []string {
		f, err := z.Open(name)
		s.must(err)
		b, err := io.ReadAll(f)
		s.must(errors.Join(err, f.Close()))
		return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
	}
	point := file("checkpoint.txt")
	for i, record := range file("records.jsonl") {
		words := strings.Split(file("proofs.txt")[i], " ")
		var index, size int
		if _, err := fmt.Sscan(words[0]+" "+point[1], &index, &size); err != nil {
			t.Fatal(err)
		}
		h := sha256.Sum256(append([]byte{0}, record...))
		p := words[1:]
		for last := size - 1; last > 0; index, last = index/2, last/2 { // RFC 9162 §2.1.3.2
			if index%2 == 0 && index == last {
				continue
			}
			sibling, err := strictBase64.DecodeString(p[0])
			s.must(err)
			p = p[1:]
			if index%2 == 1 {
				h = sha256.Sum256(append(append([]byte{1}, sibling...), h[:]...))
			} else {
				h = sha256.Sum256(append(append([]byte{1}, h[:]...), sibling...))
			}
		}
		if strictBase64.EncodeToString(h[:]) != point[2] {
			t.Errorf("record %d does not lead to the root", i)
		}
	}
}
