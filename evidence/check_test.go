package evidence

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"tsujiban"
	"tsujiban/journal"
)

// check checks the whole disk and gives what was found as text.
func (s *site) check() (*CheckReport, string) {
	s.t.Helper()
	var rep journal.Report
	r, err := Check(s.dir, func(each func(uint64, string, int64, []byte)) (err error) {
		rep, err = journal.CheckLines(s.journal, nil, each)
		return err
	}, nil)
	s.must(err)
	en := ""
	for _, f := range append(r.Faults, r.Notes...) {
		en += f.Text(tsujiban.English) + "\n"
		if f.Ja == "" {
			s.t.Errorf("nothing is said in Japanese of %q", f.En)
		}
	}
	for _, p := range rep.Problems {
		en += fmt.Sprintf("journal %s: %s\n", p.File, p.What)
	}
	return r, en
}

func (s *site) segments() []string {
	s.t.Helper()
	names, err := filepath.Glob(filepath.Join(s.journal, "*.journal*"))
	s.must(err)
	return names
}

// edit changes a line of the journal as somebody would who knows how it is framed: length and check sum are right.
func (s *site) edit(seq int, change func([]byte) []byte) {
	s.t.Helper()
	want := []byte(fmt.Sprintf(`{"seq":%d,`, seq))
	for _, name := range s.segments() {
		b, err := os.ReadFile(name)
		s.must(err)
		at := bytes.Index(b, want)
		if at < 0 {
			continue
		}
		start := bytes.LastIndexByte(b[:at], '\n') + 1
		end := at + bytes.IndexByte(b[at:], '\n')
		line := change(bytes.Clone(b[at:end]))
		head := fmt.Sprintf("%08x%c", len(line), b[start+8])
		sum := crc32.Update(crc32.Checksum([]byte(head), crc32.MakeTable(crc32.Castagnoli)), crc32.MakeTable(crc32.Castagnoli), line)
		framed := append(fmt.Appendf(nil, "%s%08x ", head, sum), line...)
		if line == nil {
			framed, end = nil, end+1
		}
		s.must(os.WriteFile(name, append(append(bytes.Clone(b[:start]), framed...), b[end:]...), 0o640))
		return
	}
	s.t.Fatalf("there is no entry %d", seq)
}

func copyOf(s *site) *site {
	s.t.Helper()
	top := s.t.TempDir()
	c := *s
	c.journal, c.dir = filepath.Join(top, "journal"), filepath.Join(top, "evidence")
	s.must(os.CopyFS(c.journal, os.DirFS(s.journal)))
	s.must(os.CopyFS(c.dir, os.DirFS(s.dir)))
	s.must(os.Chmod(c.path("keys/0001.key"), 0o600))
	return &c
}

// Whatever is changed, dropped, inserted or moved, in the journal or in the tree, is found and named; and what is not, is not.
func TestCheckNamesEachFault(t *testing.T) {
	base := newSite(t, 0)
	for i := range 4 { // several checkpoints and segments, tiles of two levels
		base.now = epoch.Add(time.Duration(i) * 2 * time.Hour)
		base.write(400)
		base.keep()
	}
	if len(base.segments()) < 2 {
		t.Fatal("one segment only")
	}
	if r, text := base.check(); !r.OK() || text != "" || r.Read != 1600 || r.Checkpoints != 4 || r.Tiles != 8 {
		t.Fatalf("%+v\n%s", r, text)
	}
	number := func(b []byte) []byte { return bytes.Replace(b, []byte("1201 "), []byte("1202 "), 1) }
	for _, c := range []struct {
		name   string
		change func(*site)
		want   []string // each is named
		not    string   // and this is not
	}{
		{"an entry changed", func(s *site) { s.edit(700, number) }, []string{".journal #700: byte "}, "tile/"},
		{"entries changed", func(s *site) { s.edit(700, number); s.edit(701, number); s.edit(1599, number) }, []string{".journal #700-701: byte ", ".journal #1599: byte"}, "tile/"},
		{"two entries swapped", func(s *site) {
			var a, b []byte
			s.edit(300, func(l []byte) []byte { a = bytes.Clone(l); return l })
			s.edit(301, func(l []byte) []byte { b = bytes.Clone(l); return a })
			s.edit(300, func([]byte) []byte { return b })
		}, []string{"journal 00000000000000000001.journal"}, "tile/"},
		{"an entry's time changed and its neighbour's number", func(s *site) {
			s.edit(300, func(l []byte) []byte { return bytes.Replace(l, []byte("front desk"), []byte("night desk"), 1) })
		}, []string{"#300: byte "}, "tile/"},
		{"an entry dropped", func(s *site) { s.edit(55, func([]byte) []byte { return nil }) }, []string{"journal #55: the journal does not have it", "journal 00000000000000000001.journal"}, "tile/"},
		{"a segment dropped", func(s *site) { s.must(os.Remove(s.segments()[1])) }, []string{"the journal does not have it", "the segment is missing"}, "tile/"},
		{"the end cut off", func(s *site) { s.must(os.Remove(s.segments()[len(s.segments())-1])) }, []string{"-1600: the journal does not have it"}, "tile/"},
		{"a byte of the journal", func(s *site) { flip(t, s.segments()[0], 5000) }, []string{"the journal does not have it", "check"}, "tile/"},
		{"a full tile", func(s *site) { flip(t, s.path("tile/0/002"), 100) }, []string{"tile/0/002 #513-768: the tile was changed"}, ".journal"},
		{"a tile cut short", func(s *site) { s.must(os.Truncate(s.path("tile/0/003"), 100)) }, []string{"tile/0/003 #769-1024: the tile cannot be read: tile/0/003 is 100 bytes, it should be 8192"}, ".journal"},
		{"a tile grown", func(s *site) { s.put("tile/0/003", make([]byte, 9000)) }, []string{"tile/0/003 #769-1024: the tile cannot be read"}, ".journal"},
		{"a tile missing", func(s *site) { s.must(os.Remove(s.path("tile/0/000"))) }, []string{"tile/0/000 #1-256: the tile is missing"}, ".journal"},
		{"tiles swapped", func(s *site) {
			s.must(os.Rename(s.path("tile/0/001"), s.path("tile/x")))
			s.must(os.Rename(s.path("tile/0/004"), s.path("tile/0/001")))
			s.must(os.Rename(s.path("tile/x"), s.path("tile/0/004")))
		}, []string{"tile/0/001 #257-512: the tile was changed", "tile/0/004 #1025-1280: the tile was changed"}, ".journal"},
		{"the edge", func(s *site) { flip(t, s.path("tile/0/006.p/64"), 0) }, []string{"tile/0/006.p/64 #1537-1600: the tile was changed"}, ".journal"},
		{"the level above", func(s *site) { flip(t, s.path("tile/1/000.p/6"), 40) }, []string{"tile/1/000.p/6 #1-1536: the tile was changed"}, ".journal"},
		{"every tile", func(s *site) { s.must(os.RemoveAll(s.path("tile"))) }, []string{"tile/0/000 #1-256: the tile is missing", "tile/1/000.p/6 #1-1536: the tile is missing"}, ".journal"},
		{"a tile and an entry under it", func(s *site) { flip(t, s.path("tile/0/002"), 100); s.edit(600, number) }, []string{"tile/0/002 #513-768", "#600: from byte "}, ""},
		{"an entry and its hash", func(s *site) {
			var leaf tlog.Hash
			s.edit(600, func(l []byte) []byte { l = number(l); leaf = tlog.RecordHash(l); return l })
			b := s.read("tile/0/002")
			copy(b[(599-512)*32:], leaf[:])
			s.put("tile/0/002", b)
		}, []string{"tile/0/002 #513-768: journal and tree agree with each other here"}, ""},
		{"the checkpoint", func(s *site) { flip(t, s.path("checkpoint"), 30) }, []string{"checkpoint: "}, "tile/"},
		{"the checkpoint missing", func(s *site) { s.must(os.Remove(s.path("checkpoint"))) }, []string{"checkpoint: the newest checkpoint is missing"}, "tile/"},
		{"an older checkpoint", func(s *site) { notes, _ := splitNotes(s.read("history")); s.put("checkpoint", notes[1]) }, []string{"history: checkpoint 3 covers 1200 entries, the newest only 800: the tree was put back"}, "tile/"},
		{"a kept checkpoint", func(s *site) { flip(t, s.path("history"), 40) }, []string{"history: checkpoint 1: "}, "tile/"},
		{"kept checkpoints swapped", func(s *site) {
			n, _ := splitNotes(s.read("history"))
			s.put("history", joinNotes(n[1], n[0], n[2], n[3]))
		}, []string{"history: checkpoint 2 is out of order"}, "tile/"},
		{"the history cut off", func(s *site) { b := s.read("history"); s.put("history", b[:len(b)-9]) }, []string{"history: an unfinished checkpoint"}, "tile/"},
		{"the public key", func(s *site) { flip(t, s.path("keys/0001.pub"), 30) }, []string{"keys: the public keys cannot be read"}, "tile/"},
		{"the private key", func(s *site) { flip(t, s.path("keys/0001.key"), 70) }, []string{"keys/0001.key: "}, "tile/"},
		{"the key open to all", func(s *site) { s.must(os.Chmod(s.path("keys/0001.key"), 0o644)) }, []string{"keys/0001.key: others may read the private key"}, "tile/"},
		{"a stray", func(s *site) { s.put("tile/0/notes.txt", nil) }, []string{"tile/0/notes.txt: this is no tile"}, "tile/0/000"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := copyOf(base)
			c.change(s)
			r, text := s.check()
			if r.OK() && !strings.Contains(text, "journal ") && c.name != "a stray" && c.name != "the history cut off" {
				t.Error("nothing was found")
			}
			for _, w := range c.want {
				if !strings.Contains(text, w) {
					t.Errorf("%q is not said:\n%s", w, text)
				}
			}
			if c.not != "" && strings.Contains(text, c.not) {
				t.Errorf("%q is said:\n%s", c.not, text)
			}
		})
	}
}

// Somebody with the signing key who rewrites journal, tree and newest checkpoint is found by the checkpoints that were kept, and
// by anybody who has one.
func TestRewrittenWithTheKey(t *testing.T) {
	s := newSite(t, 400)
	s.keep()
	kept := s.tree().Checkpoint().Note
	history := s.read("history")
	s.edit(77, func(l []byte) []byte { return bytes.Replace(l, []byte("looked"), []byte("cooked"), 1) })
	for _, n := range []string{"tile", "history", "checkpoint", "synced"} {
		s.must(os.RemoveAll(s.path(n)))
	}
	s.now = epoch.Add(time.Hour)
	l := s.open()
	s.catchUp(l)
	s.must(l.Close())
	s.put("history", append(history, s.read("history")...))
	if r, text := s.check(); r.OK() || !strings.Contains(text, "history: checkpoint 1 (2026-04-01 03:04:05 UTC, 400 entries) fits neither the journal nor the tree") {
		t.Error(text)
	}
	c, err := s.tree().Consistency(400)
	s.must(err)
	if _, _, err := c.Verify(kept, s.tree().Keys()...); err == nil {
		t.Error("the consistency with the kept checkpoint is proven")
	}
}

// What is past its term is erased, and the tree still proves the rest; a line is missed by nobody when a statement covers it, and by the check when none does.
func TestErasure(t *testing.T) {
	s := newSite(t, 600)
	s.write(400) // in a second segment
	s.keep()
	first := s.segments()[0]
	end := uint64(0)
	if _, err := fmt.Sscanf(filepath.Base(s.segments()[1]), "%020d", &end); err != nil {
		t.Fatal(err)
	}
	end--
	l := s.open()
	if err := l.Erase(Range{1, 1001}, "term"); tsujiban.CodeOf(err) != tsujiban.CodeConflict {
		t.Errorf("more than there is: %v", err)
	}
	if err := l.Erase(Range{1, end}, "two\nlines"); tsujiban.CodeOf(err) != tsujiban.CodeInvalid {
		t.Errorf("two lines: %v", err)
	}
	s.must(l.Erase(Range{1, end}, "term of six months is over"))
	s.must(l.Close())
	if r, text := s.check(); r.OK() || !strings.Contains(text, "#1: it is still there although it was stated as erased on 2026-04-01") {
		t.Errorf("stated and not erased: %s", text)
	}
	s.must(os.Remove(first))
	r, text := s.check()
	if !r.OK() || r.Erased != end || r.Read != 1000-end {
		t.Errorf("%+v\n%s", r, text)
	}
	b := s.bundle(fmt.Sprintf("%d,1000", end+1))
	if r := VerifyBundle(b, s.key()); !r.OK() {
		t.Errorf("%+v", r.Faults)
	}
	if _, err := s.tree().Prove(1); err != nil {
		t.Errorf("the hash of what is erased is still proven: %v", err)
	}
	var out bytes.Buffer
	if _, err := s.tree().WriteBundle(t.Context(), &out, s.source, Request{Entries: []uint64{1}}); tsujiban.CodeOf(err) != tsujiban.CodeNotFound {
		t.Errorf("a bundle of what is erased: %v", err)
	}
	// The tree opens and goes on without them; a tile that only kept their hashes cannot be made anew.
	l, err := Open(t.Context(), s.options(), 1000)
	s.must(err)
	s.must(l.Close())
	name := fmt.Sprintf("erased/%020d-%020d", 1, end)
	stated := s.read(name)
	flip(t, s.path(name), 70)
	if _, text := s.check(); !strings.Contains(text, name+": the statement of an erasure is wrong") || !strings.Contains(text, "journal #1-"+fmt.Sprint(end)+": the journal does not have it") {
		t.Error(text)
	}
	s.put(name, stated)
	s.must(os.Remove(s.path("tile/0/000")))
	if _, text := s.check(); !strings.Contains(text, "tile/0/000 #1-256: the tile cannot be read, and not be made anew") {
		t.Error(text)
	}
	s.put("synced", []byte("0\n"))
	if _, err := Open(t.Context(), s.options(), 1000); tsujiban.CodeOf(err) != tsujiban.CodeCorrupt || !strings.Contains(err.Error(), "put ") {
		t.Errorf("%v", err)
	}
	// A statement that no key signed counts for nothing.
	forged := newSite(t, 1)
	forged.keep()
	signer, err := forged.tree().keys.readSigner(forged.dir)
	s.must(err)
	e := Erasure{Range{1, end}, epoch, "because"}
	msg, err := note.Sign(&note.Note{Text: e.text(signer.Name())}, signer)
	s.must(err)
	s.put(name, msg)
	if _, text := s.check(); !strings.Contains(text, "the journal does not have it") {
		t.Error(text)
	}
}

// A program that keeps the tree does not disturb a check, nor the check the program.
func TestCheckWhileItGrows(t *testing.T) {
	entries := few(10_000)
	s := newSite(t, entries)
	l := s.open()
	s.must(l.Publish())
	stop, done, checked := make(chan struct{}), make(chan error, 1), make(chan struct{})
	go func() {
		rd, err := s.source(1)
		for n := 0; err == nil && n < entries; n++ {
			if n == entries/3 || n == entries*2/3 {
				<-checked // or all is written before a check has begun
			}
			var line []byte
			if line, err = rd.Line(t.Context()); err != nil {
				break
			}
			l.Append(line)
			switch {
			case n%5003 == 0:
				_, err = l.Rotate()
			case n%37 == 0:
				s.now = s.now.Add(time.Minute)
				err = l.Publish()
			}
		}
		close(stop)
		done <- err
	}()
	checks := 0
	for ; ; checks++ {
		if r, text := s.check(); !r.OK() || text != "" {
			t.Fatalf("check %d: %s", checks, text)
		}
		select {
		case <-stop:
			s.must(<-done)
			s.must(l.Close())
			if r, text := s.check(); !r.OK() || r.Entries != int64(entries) || checks < 2 {
				t.Errorf("%d checks, %+v %s", checks, r, text)
			}
			return
		case checked <- struct{}{}:
		default:
		}
	}
}
