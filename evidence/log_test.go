package evidence

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"tsujiban"
)

// The tree is that of RFC 6962 at every size around the borders of tiles, however the entries came: at once, or with restarts between.
func TestTreeIsRFC6962(t *testing.T) {
	s := newSite(t, 0)
	for _, n := range []int{0, 1, 2, 255, 256, 257, 511, 600, 1024, 70_000} {
		if have := int(s.committed()); n > have {
			s.write(n - have)
		}
		s.keep()
		lines := s.lines()
		head := s.tree().Checkpoint()
		if head.Size != int64(len(lines)) || len(lines) != n || head.Root != rootOf(lines) {
			t.Fatalf("%s: checkpoint %d %s, root by the book %s", testName(n), head.Size, head.Root, rootOf(lines))
		}
	}
	tr := s.tree()
	lines := s.lines()
	for _, size := range []int{1, 2, 256, 257, 69_999} {
		if root, err := tr.Root(int64(size)); err != nil || root != rootOf(lines[:size]) {
			t.Errorf("root at %d: %s, %v", size, root, err)
		}
	}
}

func TestProofs(t *testing.T) {
	s := newSite(t, 1000)
	s.keep()
	first := s.tree().Checkpoint().Note
	s.write(1500)
	s.keep()
	tr := s.tree()
	lines := s.lines()
	for _, seq := range []uint64{1, 2, 255, 256, 257, 1000, 2499, 2500} {
		p, err := tr.Prove(seq)
		s.must(err)
		text := p.Marshal()
		if len(text) > 2048 {
			t.Errorf("the proof of entry %d takes %d bytes", seq, len(text))
		}
		back, err := ParseProof(text)
		s.must(err)
		if _, err := back.Verify(lines[seq-1], tr.Keys()...); err != nil {
			t.Errorf("entry %d: %v", seq, err)
		}
		if _, err := back.Verify(lines[seq%2500], tr.Keys()...); err == nil {
			t.Errorf("entry %d: another line passes", seq)
		}
		for i := range text {
			changed := bytes.Clone(text)
			changed[i] ^= 1
			back, err := ParseProof(changed)
			if err != nil {
				continue
			}
			if _, err := back.Verify(lines[seq-1], tr.Keys()...); err == nil {
				t.Fatalf("entry %d: byte %d of the proof changed and not seen:\n%s", seq, i, changed)
			}
		}
	}
	if _, err := tr.Prove(2501); tsujiban.CodeOf(err) != tsujiban.CodeConflict {
		t.Errorf("an entry that is not there yet: %v", err)
	}
	c, err := tr.Consistency(1000)
	s.must(err)
	text := c.Marshal()
	for i := -1; i < len(text); i++ {
		changed := bytes.Clone(text)
		if i >= 0 {
			changed[i] ^= 1
		}
		back, err := ParseConsistency(changed)
		if err == nil {
			_, _, err = back.Verify(first, tr.Keys()...)
		}
		if (err == nil) != (i < 0) {
			t.Fatalf("consistency, byte %d changed: %v", i, err)
		}
	}
	for _, size := range []int64{0, 1, 255, 256, 2500} {
		c, err := tr.Consistency(size)
		s.must(err)
		if err := c.check(&tr.head); err != nil {
			t.Errorf("from %d: %v", size, err)
		}
	}
	old, err := tr.At(first)
	s.must(err)
	if p, err := old.Prove(7); err != nil {
		t.Error(err)
	} else if at, err := p.Verify(lines[6], tr.Keys()...); err != nil || at.Size != 1000 {
		t.Errorf("at the earlier checkpoint: %+v, %v", at, err)
	}
}

// A proof stays below 2 KB up to four thousand million entries, with the longest name that a log gets.
func TestProofSize(t *testing.T) {
	s := newSite(t, 1)
	o := s.options()
	o.Node = strings.Repeat("n", 100)
	l, err := Open(t.Context(), o, 1)
	s.must(err)
	s.catchUp(l)
	s.must(l.Publish())
	p := Proof{Index: 1<<32 - 2, Hashes: make(tlog.RecordProof, 32), Checkpoint: l.Published().Note}
	if n := len(p.Marshal()); n > 2048 {
		t.Errorf("%d bytes", n)
	}
	s.must(l.Close())
}

// A tree that forks is found by whoever kept a checkpoint.
func TestForkIsFound(t *testing.T) {
	s := newSite(t, 300)
	s.keep()
	kept := s.tree().Checkpoint().Note
	keys := s.path(keysDir)
	other := newSite(t, 0)
	other.now = epoch.Add(time.Second)
	other.write(400)
	s.must(os.MkdirAll(other.dir, 0o750))
	s.must(os.CopyFS(other.path(keysDir), os.DirFS(keys)))
	other.keep()
	c, err := other.tree().Consistency(300)
	s.must(err)
	if _, _, err := c.Verify(kept, s.tree().Keys()...); err == nil || !strings.Contains(err.Error(), "different trees") {
		t.Errorf("a fork passes: %v", err)
	}
}

func TestRotation(t *testing.T) {
	s := newSite(t, 10)
	s.keep()
	old := s.tree().Keys()[0]
	l := s.open()
	s.now = s.now.Add(time.Minute)
	key, err := l.Rotate()
	s.must(err)
	if b := l.Published(); b.NextKey != key.String() {
		t.Errorf("the checkpoint does not name the next key: %s", b.Note)
	}
	if both, err := OpenCheckpoint(l.Published().Note, old, key); err != nil || len(both.By) != 2 {
		t.Errorf("signed by %v, %v", both, err)
	}
	s.must(l.Close())
	s.write(10)
	s.keep()
	tr := s.tree()
	if _, err := OpenCheckpoint(tr.Checkpoint().Note, old); err == nil {
		t.Error("the old key still signs")
	}
	if _, err := os.Stat(s.path("keys/0001.key")); err == nil {
		t.Error("the old private key is still there")
	}
	st, err := os.Stat(s.path("keys/0002.key"))
	s.must(err)
	if st.Mode().Perm() != 0o600 {
		t.Errorf("the private key has rights %v", st.Mode())
	}
	keys, n, err := follow([]Key{old}, tr.Rotations())
	if err != nil || n != 1 || !known(keys, key) {
		t.Errorf("the new key does not follow from the old one: %v, %d", err, n)
	}
	// A stranger's key does not get in by his own signature.
	stranger := newSite(t, 1)
	stranger.keep()
	l = stranger.open()
	_, err = l.Rotate()
	s.must(err)
	s.must(l.Close())
	if keys, n, err := follow([]Key{old}, stranger.tree().Rotations()); err != nil || n != 0 || len(keys) != 1 {
		t.Errorf("a stranger's rotation: %v %d %v", keys, n, err)
	}
}

// A file of keys may have comments, and a key twice; anything else in it is refused with what to give instead.
func TestKeyFiles(t *testing.T) {
	s := newSite(t, 3)
	s.keep()
	text := s.key().String()
	keys, err := ParseKeys("# fingerprint\n" + text + "\r\n\n" + text + "\n")
	if err != nil || len(keys) != 1 {
		t.Errorf("%v, %v", keys, err)
	}
	if r := VerifyBundle(s.bundle("1-3"), keys...); !r.OK() {
		t.Errorf("%+v", r.Faults)
	}
	for _, bad := range []string{"", "# only this\n", "hello", text[:len(text)-1], string(s.read("keys/0001.key")), strings.Repeat("k", 10_000)} {
		if _, err := ParseKeys(bad); tsujiban.CodeOf(err) != tsujiban.CodeInvalid || !strings.Contains(err.Error(), "public-key") || strings.Contains(err.Error(), "PRIVATE") {
			t.Errorf("%.20q: %v", bad, err)
		}
	}
}

// A rotation that was cut off at any step is either not done or done.
func TestRotationCutOff(t *testing.T) {
	s := newSite(t, 10)
	s.keep()
	private := s.read("keys/0001.key")
	_, err := newKey(s.dir, 2, s.tree().Keys()[0].Name())
	s.must(err)
	s.keep() // the key never signed: it goes
	if _, err := os.Stat(s.path("keys/0002.pub")); err == nil {
		t.Error("a key that never signed is kept")
	}
	l := s.open()
	key, err := l.Rotate()
	s.must(err)
	s.must(l.Close())
	s.put("keys/0001.key", private) // the crash came before it was removed
	s.keep()
	if _, err := os.Stat(s.path("keys/0001.key")); err == nil {
		t.Error("the old private key stays")
	}
	if tr := s.tree(); tr.keys.current().String() != key.String() {
		t.Error("the new key does not count")
	}
}

func TestKeysAreNotReplaced(t *testing.T) {
	s := newSite(t, 10)
	s.keep()
	saved := filepath.Join(t.TempDir(), "keys")
	s.must(os.CopyFS(saved, os.DirFS(s.path(keysDir))))
	for _, c := range []struct {
		name, want string
		damage     func()
	}{
		{"all gone", "the keys in ", func() { s.must(os.RemoveAll(s.path(keysDir))) }},
		{"private gone", "the private key keys/0001.key is gone", func() { s.must(os.Remove(s.path("keys/0001.key"))) }},
		{"public changed", "keys/0001.pub", func() { flip(t, s.path("keys/0001.pub"), 30) }},
		{"private changed", "keys/0001.key", func() { flip(t, s.path("keys/0001.key"), 60) }},
		{"private of another", "does not belong to", func() {
			other := newSite(t, 1)
			other.keep()
			s.put("keys/0001.key", other.read("keys/0001.key"))
		}},
	} {
		c.damage()
		_, err := Open(t.Context(), s.options(), s.committed())
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
		s.must(os.RemoveAll(s.path(keysDir)))
		s.must(os.CopyFS(s.path(keysDir), os.DirFS(saved)))
		s.must(os.Chmod(s.path("keys/0001.key"), 0o600))
		s.keep()
	}
}

// The tree says so when the journal is not the one that it was made from.
func TestJournalAndTreeBelongTogether(t *testing.T) {
	s := newSite(t, 500)
	s.keep()
	if _, err := Open(t.Context(), s.options(), 499); err == nil || !strings.Contains(err.Error(), "the journal was cut short") {
		t.Errorf("a shorter journal: %v", err)
	}
	other := newSite(t, 0)
	other.now = epoch.Add(time.Hour)
	other.write(600)
	s.must(os.RemoveAll(s.journal))
	s.must(os.Rename(other.journal, s.journal))
	if _, err := Open(t.Context(), s.options(), 600); err == nil || !strings.Contains(err.Error(), "entry 500 of the journal is not the one") {
		t.Errorf("another journal: %v", err)
	}
}

func TestOneProgramOnly(t *testing.T) {
	s := newSite(t, 1)
	l := s.open()
	if _, err := Open(t.Context(), s.options(), 1); tsujiban.CodeOf(err) != tsujiban.CodeConflict {
		t.Errorf("twice open: %v", err)
	}
	s.must(l.Close())
}
