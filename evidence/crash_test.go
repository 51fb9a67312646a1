package evidence

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"tsujiban"
	"tsujiban/journal"
)

// childEnv makes the test binary the program that is killed.
const childEnv = "EVIDENCE_TEST_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		if err := keepChild(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// keepChild follows a journal a few entries at a time, rotates the key now and then, and prints each checkpoint as soon as it is on disk.
func keepChild(top string) error {
	journalDir := filepath.Join(top, "journal")
	rep, err := journal.Check(journalDir, nil)
	if err != nil {
		return err
	}
	source := func(from uint64) (Lines, error) { return journal.OpenReader(journalDir, from) }
	l, err := Open(context.Background(), Options{Dir: filepath.Join(top, "evidence"), Node: "child", Source: source, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))}, rep.Entries)
	if err != nil {
		return err
	}
	fmt.Println("open", l.Size())
	rd, err := source(l.Size() + 1)
	if err != nil {
		return err
	}
	for l.Size() < rep.Entries {
		for range min(1+rand.IntN(300), int(rep.Entries-l.Size())) {
			line, err := rd.Line(context.Background())
			if err != nil {
				return err
			}
			l.Append(line)
		}
		switch rand.IntN(20) {
		case 0:
			_, err = l.Rotate()
		case 1:
			err = l.Sync()
		default:
			err = l.Publish()
		}
		if err != nil {
			return err
		}
		c := l.Published()
		if c.Size == 0 {
			continue // synced, and nothing signed yet
		}
		fmt.Println("checkpoint", c.Size, c.Root)
	}
	select {} // to be killed
}

// A program that is killed at any moment, again and again, leaves a tree that the next start goes on with; no checkpoint that was seen is
// taken back, and the whole checks.
func TestKilled(t *testing.T) {
	rounds := few(25)
	s := newSite(t, 0)
	top := filepath.Dir(s.dir)
	seen := map[int64]string{}
	last := int64(0)
	for round := range rounds {
		s.write(1500)
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), childEnv+"="+top)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		s.must(err)
		s.must(cmd.Start())
		lines := bufio.NewScanner(out)
		for stop := 1 + rand.IntN(8); stop > 0 && lines.Scan(); {
			var size int64
			var root string
			switch n, _ := fmt.Sscanf(lines.Text(), "checkpoint %d %s", &size, &root); {
			case n == 2:
				seen[size] = root
				last = max(last, size)
				stop--
			case strings.HasPrefix(lines.Text(), "open "):
				if _, err := fmt.Sscanf(lines.Text(), "open %d", &size); err != nil || size < last {
					t.Fatalf("round %d: the tree begins with %d entries, a checkpoint of %d was seen", round, size, last)
				}
			}
			if size == int64(1500*(round+1)) {
				break
			}
		}
		s.must(cmd.Process.Kill())
		_ = cmd.Wait() // it was killed
	}
	s.keep()
	r, text := s.check()
	if !r.OK() || text != "" || r.Entries != int64(1500*rounds) {
		t.Fatalf("%+v\n%s", r, text)
	}
	tr := s.tree()
	for size, root := range seen {
		if have, err := tr.Root(size); err != nil || have.String() != root {
			t.Errorf("the checkpoint of %d entries does not hold any more: %v", size, err)
		}
	}
	if len(seen) < rounds {
		t.Errorf("only %d checkpoints seen", len(seen))
	}
}

// treeCopy shares the journal.
func treeCopy(s *site) *site {
	c := *s
	c.dir = filepath.Join(s.t.TempDir(), "evidence")
	s.must(os.CopyFS(c.dir, os.DirFS(s.dir)))
	s.must(os.Chmod(c.path("keys/0001.key"), 0o600))
	return &c
}

// Whatever a power failure leaves of files that were not synced, the next start makes whole from the journal.
func TestTornFiles(t *testing.T) {
	base := newSite(t, 66_000)
	l := base.open()
	base.catchUp(l)
	base.must(l.Publish())
	base.must(l.lock.Close()) // as if killed: nothing was synced
	damage := map[string]func(s *site, name string){
		"empty":   func(s *site, name string) { s.put(name, nil) },
		"cut":     func(s *site, name string) { b := s.read(name); s.put(name, b[:len(b)/2]) },
		"zeroes":  func(s *site, name string) { s.put(name, make([]byte, len(s.read(name)))) },
		"flipped": func(s *site, name string) { flip(s.t, s.path(name), 31) },
		"missing": func(s *site, name string) { s.must(os.Remove(s.path(name))) },
	}
	for what, do := range damage {
		names := []string{"tile/0/000", "tile/0/256", "tile/0/257.p/208", "tile/1/000", "tile/1/001.p/1", "tile/2/000.p/1"}
		if what == "cut" || what == "zeroes" || testing.Short() {
			names = names[:1]
		}
		for _, name := range names {
			s := treeCopy(base)
			if do(s, name); what == "cut" || what == "zeroes" {
				do(s, "tile/1/000") // two at once
			}
			l, err := Open(t.Context(), s.options(), 66_000)
			s.must(err)
			if l.Repaired() == 0 && !strings.Contains(name, ".p/") {
				t.Errorf("%s %s: nothing was repaired", name, what)
			}
			s.must(l.Close())
			if !bytes.Equal(s.read(name), base.read(name)) {
				t.Errorf("%s %s: it is not as it was", name, what)
			}
		}
		for _, name := range []string{"checkpoint", "synced", "history"} {
			s := treeCopy(base)
			s.put("synced", []byte("65792\n"))
			do(s, name)
			l, err := Open(t.Context(), s.options(), 66_000)
			if name == "history" && (what == "flipped" || what == "zeroes") {
				continue // it may be refused: a checkpoint that was kept was changed
			}
			if err != nil {
				t.Errorf("%s %s: %v", name, what, err)
				continue
			}
			s.catchUp(l)
			s.must(l.Close())
			if c := s.tree().Checkpoint(); c.Size != 66_000 || c.Root != base.tree().Checkpoint().Root {
				t.Errorf("%s %s: %+v", name, what, c)
			}
		}
	}
}

// A tree that was lost as a whole is made anew from the journal, and leads to the checkpoint as before.
func TestTreeLost(t *testing.T) {
	s := newSite(t, 3000)
	s.keep()
	before := s.tree().Checkpoint()
	s.must(os.RemoveAll(s.path("tile")))
	s.must(os.Remove(s.path("synced")))
	s.keep()
	if after := s.tree().Checkpoint(); after.Root != before.Root || after.Size != before.Size {
		t.Errorf("%+v became %+v", before, after)
	}
	if r, text := s.check(); !r.OK() {
		t.Error(text)
	}
	// With an entry changed as well there is nothing to make it from: it is refused, with what to do.
	s.must(os.RemoveAll(s.path("tile")))
	s.must(os.Remove(s.path("synced")))
	s.edit(1234, func(b []byte) []byte { return append(b[:len(b)-1], ` `...) })
	s.edit(1234, func(b []byte) []byte { return append(b[:len(b)-1], `}`...) })
	s.edit(1234, func(b []byte) []byte { b[len(b)-3]++; return b })
	_, err := Open(t.Context(), s.options(), 3000)
	if tsujiban.CodeOf(err) != tsujiban.CodeCorrupt || !strings.Contains(err.Error(), "evidence check") {
		t.Errorf("%v", err)
	}
}

// A disk that takes nothing: what was appended stays in memory, nothing that is on disk is harmed, and it goes on when there is room again. /dev/full
// says that there is no space left, as a full disk does.
func TestFullDisk(t *testing.T) {
	s := newSite(t, 1000)
	s.keep()
	before := s.read("checkpoint")
	s.write(2000)
	l := s.open()
	s.must(os.Symlink("/dev/full", s.path(tempFile)))
	s.catchUp(l)
	for range 2 {
		for name, f := range map[string]func() error{"flush": l.Flush, "publish": l.Publish, "rotate": func() error { _, err := l.Rotate(); return err }, "sync": l.Sync} {
			if err := f(); tsujiban.CodeOf(err) != tsujiban.CodeUnavailable || !strings.Contains(err.Error(), "no space left") {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if string(s.read("checkpoint")) != string(before) {
		t.Error("the checkpoint on disk was touched")
	}
	if r, text := s.check(); !r.OK() || r.Behind != 2000 {
		t.Errorf("%+v %s", r, text)
	}
	s.must(os.Remove(s.path(tempFile)))
	s.must(l.Publish())
	if l.Published().Size != 3000 {
		t.Errorf("%+v", l.Published())
	}
	s.must(l.Close())
	if r, text := s.check(); !r.OK() || r.Read != 3000 {
		t.Errorf("%+v %s", r, text)
	}
	// At the very start, too: nothing half made is left behind.
	fresh := newSite(t, 10)
	s.must(os.MkdirAll(fresh.dir, 0o750))
	s.must(os.Symlink("/dev/full", fresh.path(tempFile)))
	if _, err := Open(t.Context(), fresh.options(), 10); tsujiban.CodeOf(err) != tsujiban.CodeUnavailable {
		t.Errorf("the first start on a full disk: %v", err)
	}
	s.must(os.Remove(fresh.path(tempFile)))
	fresh.keep()
	if r, text := fresh.check(); !r.OK() {
		t.Error(text)
	}
}

// alone runs a test in a process of its own and tells whether this is it: a limit on files holds for the whole process, the log of package
// testing included.
func alone(t *testing.T) bool {
	t.Helper()
	const name = "TSUJIBAN_TEST_ALONE"
	if os.Getenv(name) == t.Name() {
		return true
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), name+"="+t.Name())
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("%v\n%s", err, out)
	}
	return false
}

// A file that may not grow beyond its limit (RLIMIT_FSIZE) is cut in the middle of a write: it never gets its name.
func TestFileLimit(t *testing.T) {
	if !alone(t) {
		return
	}
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	s := newSite(t, 600)
	l := s.open()
	s.catchUp(l)
	var old syscall.Rlimit
	s.must(syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old))
	s.must(syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 4096, Max: old.Max}))
	err := l.Publish()
	s.must(syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old))
	if tsujiban.CodeOf(err) != tsujiban.CodeUnavailable {
		t.Errorf("%v", err)
	}
	if _, err := readTile(s.dir, tlog.Tile{H: tileHeight, N: 0, W: tileWidth}); err == nil {
		t.Error("a tile was made that cannot be whole")
	}
	s.must(l.Close())
	if r, text := s.check(); !r.OK() || text != "" {
		t.Errorf("%+v %s", r, text)
	}
}

// TestEraseOnFullDisk: an erasure that cannot be stated leaves no statement and harms nothing, whether the disk was full from the start or is in the
// middle of the statement; stated twice, as a run that was interrupted does, it is stated once.
func TestEraseOnFullDisk(t *testing.T) {
	if !alone(t) {
		return
	}
	s := newSite(t, 600)
	s.write(400)
	l := s.open()
	s.catchUp(l)
	s.must(l.Publish())
	r := Range{1, 600}
	s.must(os.Symlink("/dev/full", s.path(tempFile)))
	if err := l.Erase(r, "term"); tsujiban.CodeOf(err) != tsujiban.CodeUnavailable || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("%v", err)
	}
	s.must(os.Remove(s.path(tempFile)))
	s.must(l.Sync())

	// What is left to be written is the statement alone: a limit of some bytes cuts it in the middle.
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	var old syscall.Rlimit
	s.must(syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old))
	s.must(syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 40, Max: old.Max}))
	err := l.Erase(r, "term")
	s.must(syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old))
	if tsujiban.CodeOf(err) != tsujiban.CodeUnavailable {
		t.Errorf("cut in the middle: %v", err)
	}
	if es, err := Erasures(s.dir); err != nil || len(es) != 0 {
		t.Errorf("%+v, %v", es, err)
	}
	if rep, text := s.check(); !rep.OK() || rep.Read != 1000 {
		t.Errorf("%+v %s", rep, text)
	}
	for range 2 {
		s.must(l.Erase(r, "term"))
	}
	if es, err := Erasures(s.dir); err != nil || len(es) != 1 || es[0].Range != r {
		t.Errorf("%+v, %v", es, err)
	}
	s.must(l.Close())
}

// What a program did not make durable before it was killed, or did not stay for at its stop, the next one does: it
// must not take what it reads from memory for what is on the disk.
func TestNotYetDurable(t *testing.T) {
	for name, entries := range map[string]uint64{"many": (manyTiles + 1) * tileWidth, "few": (manyTiles - 2) * tileWidth} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, int(entries))
			l := s.open()
			s.catchUp(l)
			s.must(l.Publish())
			tiles := l.Unsynced()
			s.must(l.lock.Close()) // as if killed
			if l = s.open(); l.Unsynced() != tiles {
				t.Errorf("%d tiles wait after a kill, want %d", l.Unsynced(), tiles)
			}
			s.must(l.lock.Close())
			s.must(os.Remove(s.path("tile/0/003")))
			l = s.open()
			if l.Repaired() != 1 || l.Unsynced() != tiles {
				t.Errorf("%d tiles repaired and %d wait after a loss, want 1 and %d", l.Repaired(), l.Unsynced(), tiles)
			}
			s.must(l.Close())
			l = s.open()
			if waits := l.Unsynced() > 0; waits != (name == "many") {
				t.Errorf("%d tiles wait after a stop", l.Unsynced())
			}
			s.must(l.Sync())
			s.must(l.Close())
			if l = s.open(); l.Unsynced() != 0 {
				t.Errorf("%d tiles wait although all were made durable", l.Unsynced())
			}
			s.must(l.Close())
		})
	}
}
