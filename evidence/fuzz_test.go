package evidence

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// fuzzSite has something of every kind for fuzzers to begin with.
func fuzzSite(f *testing.F) *site {
	f.Helper()
	s := newSite(f, 300)
	s.keep()
	l := s.open()
	_, err := l.Rotate()
	s.must(err)
	s.must(l.Close())
	return s
}

// What ParseCheckpoint takes can be written again, and says the same.
func FuzzCheckpoint(f *testing.F) {
	s := fuzzSite(f)
	key := s.key()
	head := s.tree().Checkpoint()
	f.Add(head.Note)
	f.Add([]byte(head.Text()))
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := OpenCheckpoint(b, key); err == nil && !bytes.Contains(head.Note, []byte(s.Text())) {
			t.Errorf("a checkpoint that nobody signed: %q", b)
		}
		c, err := ParseCheckpoint(string(b))
		if err != nil {
			return
		}
		again, err := ParseCheckpoint(c.Text())
		if err != nil || *again != *c {
			t.Errorf("%q reads as %+v and then as %+v, %v", b, c, again, err)
		}
		notes, rest := splitNotes(b)
		if !bytes.Equal(append(joinNotes(notes...), rest...), b) {
			t.Errorf("%q is cut into %q and %q", b, notes, rest)
		}
	})
}

// A proof that is read says the same when it is written again; one that verifies is the true one.
func FuzzProof(f *testing.F) {
	s := fuzzSite(f)
	tr := s.tree()
	p, err := tr.Prove(7)
	s.must(err)
	c, err := tr.Consistency(100)
	s.must(err)
	f.Add(p.Marshal())
	f.Add(c.Marshal())
	f.Add([]byte(proofHeader + "extra AA==\nindex 0\n\nx\n"))
	line, keys, old := s.lines()[6], tr.Keys(), tr.Checkpoint().Note
	f.Fuzz(func(t *testing.T, b []byte) {
		if q, err := ParseProof(b); err == nil {
			again, err := ParseProof(q.Marshal())
			if err != nil || again.Index != q.Index || len(again.Hashes) != len(q.Hashes) || !bytes.Equal(again.Checkpoint, q.Checkpoint) {
				t.Errorf("%q reads as %+v and then as %+v, %v", b, q, again, err)
			}
			if _, err := q.Verify(line, keys...); err == nil && (q.Index != p.Index || len(q.Hashes) != len(p.Hashes)) {
				t.Errorf("another proof of entry 7: %q", b)
			}
		}
		if q, err := ParseConsistency(b); err == nil {
			if _, err := ParseConsistency(q.Marshal()); err != nil {
				t.Errorf("%q: %v", b, err)
			}
			_, _, _ = q.Verify(old, keys...) // must not panic
		}
	})
}

// No bundle verifies that was not given out, whatever is thrown at the verifier. Seeds are small: the engine cuts them down byte by byte.
func FuzzBundle(f *testing.F) {
	s := newSite(f, 3)
	s.keep()
	files, err := readZip(s.bundle("2"))
	s.must(err)
	for i := range files {
		f.Add(pack(f, files[i:i+1]))
	}
	f.Add(pack(f, []zipEntry{files[0], {name: recordsName, data: []byte("{}\n")}, {name: proofsName, data: []byte("0\n")}}))
	f.Add(pack(f, slices.DeleteFunc(files, func(e zipEntry) bool { return strings.HasPrefix(e.name, "README") })))
	key := s.key()
	f.Fuzz(func(t *testing.T, b []byte) {
		if r := VerifyBundle(b, key); r.OK() || len(r.Text(0)) == 0 {
			t.Errorf("a bundle that was never given out: %+v", r)
		}
	})
}

// The manifest and the paths of tiles are written in one way only.
func FuzzNames(f *testing.F) {
	m := manifest{origin: "tsujiban/a/b", made: epoch, size: 3, files: []File{fileOf(recordsName, nil), fileOf(attachments+"回答書.pdf", []byte("x"))}}
	f.Add(m.text())
	f.Add("tile/0/x001/234.p/7")
	f.Add("0-9,4")
	f.Fuzz(func(t *testing.T, s string) {
		if m, err := parseManifest(s); err == nil && m.text() != s {
			t.Errorf("%q is written %q", s, m.text())
		}
		if tile, err := parseTilePath(s); err == nil && tilePath(tile) != s {
			t.Errorf("%q is written %q", s, tilePath(tile))
		}
		if e, err := parseErasure(s, "tsujiban/a/b"); err == nil && e.text("tsujiban/a/b") != s {
			t.Errorf("%q is written %q", s, e.text("tsujiban/a/b"))
		}
		if e, err := ParseEntries(s); err == nil && (len(e) == 0 || len(e) > MaxRecords) {
			t.Errorf("%q gives %d entries", s, len(e))
		}
		_, _ = ParseKeys(s) // must not panic
		_, _, _ = parseProofLine([]byte(s))
	})
}
