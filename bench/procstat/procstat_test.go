package procstat

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

const line = "4242 (tsuji (ban) x) S 7 4242 4242 0 -1 4194560 1 0 0 0 123 45 6 7 20 0 8 0 100 1 2 3\n"

func TestParseStat(t *testing.T) {
	s, err := parseStat(line)
	if err != nil {
		t.Fatal(err)
	}
	if want := (stat{pid: 4242, parent: 7, user: 1230 * time.Millisecond, system: 450 * time.Millisecond}); s != want {
		t.Errorf("%+v, want %+v", s, want)
	}
	for _, bad := range []string{"", "1 x", "1 (x) S 2", ") (", strings.Replace(line, " 123 ", " x ", 1), strings.Replace(line, " 123 ", " -1 ", 1)} {
		if _, err := parseStat(bad); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add(line)
	f.Add("1 (x) S 2 3")
	f.Fuzz(func(t *testing.T, text string) {
		if s, err := parseStat(text); err == nil && (s.user < 0 || s.system < 0) {
			t.Errorf("negative time of %q", text)
		}
	})
}

func TestReadCountsDescendants(t *testing.T) {
	cat := exec.CommandContext(t.Context(), "cat")
	in, err := cat.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cat.Start(); err != nil {
		t.Fatal(err)
	}
	with, err := Read(os.Getpid())
	if err != nil || with.Processes < 2 {
		t.Errorf("%+v, %v: want this process and its child", with, err)
	}
	memory, err := Memory(os.Getpid())
	if err != nil || memory < 1<<20 {
		t.Errorf("memory %d, %v", memory, err)
	}
	if err := in.Close(); err != nil {
		t.Error(err)
	}
	if err := cat.Wait(); err != nil {
		t.Error(err)
	}
	if _, err := Read(cat.Process.Pid); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a process that has ended: %v", err)
	}
}
