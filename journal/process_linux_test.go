package journal

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// writeChild appends notes as fast as the disk takes them, and says on its output how far OnCommit went: directory.
func writeChild(args []string) {
	acks := make(chan uint64, 1<<16)
	j, err := Open(Options{Dir: args[0], SegmentBytes: 64 << 10, QuietRate: -1, Logger: quietLog(), OnCommit: func(upTo uint64, err error) {
		if err != nil {
			panic(err)
		}
		acks <- upTo
	}})
	if err != nil {
		panic(err)
	}
	fmt.Println(j.Committed())
	go func() {
		for upTo := range acks {
			fmt.Println(upTo) // one write: the parent sees the whole line or nothing
		}
	}()
	for i := int(j.Committed()) + 1; ; i++ {
		if _, err := j.Append(note(i)); err != nil && !errors.Is(err, ErrFull) {
			panic(err)
		}
		if i%20 == 0 {
			if err := j.Wait(context.Background(), uint64(i)); err != nil {
				panic(err)
			}
		}
	}
}

// A program killed at any moment loses nothing whose OnCommit was seen, in many rounds on one directory.
func TestKilledProgram(t *testing.T) {
	const rounds = 20
	dir := t.TempDir()
	durable := 0
	for round := range rounds {
		in, out, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		child, err := startChild("write", out, dir)
		if err != nil {
			t.Fatal(err)
		}
		mustClose(t, out)
		// Killed after a number of lines: at any point of what the child does meanwhile.
		lines := bufio.NewScanner(in)
		acks := []int{}
		for stop := 1 + rand.IntN(40); lines.Scan(); {
			n, err := strconv.Atoi(lines.Text())
			if err != nil {
				t.Fatal(err)
			}
			acks = append(acks, n)
			if len(acks) == stop {
				if err := child.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if _, err := child.Wait(); err != nil {
			t.Fatal(err)
		}
		mustClose(t, in)
		if len(acks) == 0 || acks[0] < durable {
			t.Fatalf("round %d: began with %v, %d were durable", round, acks, durable)
		}
		durable = acks[len(acks)-1]
	}
	j := mustOpen(t, Options{Dir: dir, VerifyBytes: -1, QuietRate: -1})
	if c := int(j.Committed()); c < durable {
		t.Fatalf("%d entries are left of %d", c, durable)
	}
	r := j.Reader(1)
	checkNotes(t, r, 1, int(j.Committed()))
	mustClose(t, r)
	mustClose(t, j)
	rep, err := Check(dir, nil)
	if err != nil || !rep.OK() || rep.Entries != j.Committed() {
		t.Fatalf("%+v, %v", rep, err)
	}
}

// fullChild fills a file system of its own of one MiB: an entry survives or OnCommit tells the failure; with room made it goes on.
func fullChild(args []string) {
	dir := args[0]
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		fmt.Println("cannot mount:", err)
		return
	}
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 300<<10), 0o600); err != nil {
		panic(err)
	}
	failed := make(chan uint64, 1)
	j, err := Open(Options{Dir: filepath.Join(dir, "journal"), SegmentBytes: 128 << 10, QuietRate: 1 << 30, Logger: quietLog(), OnCommit: func(upTo uint64, err error) {
		if errors.Is(err, syscall.ENOSPC) {
			select {
			case failed <- upTo:
			default: // told before
			}
		} else if err != nil {
			panic(err)
		}
	}})
	if err != nil {
		panic(err)
	}
	var upTo uint64
	for i := 1; upTo == 0; i++ {
		if _, err := j.Append(note(i)); err != nil {
			panic(err)
		}
		if i%100 == 0 {
			select {
			case upTo = <-failed:
			case <-time.After(3 * time.Millisecond):
			}
		}
	}
	fmt.Println("full after", upTo, "failing:", j.Failing() != nil)
	if err := os.Remove(ballast); err != nil {
		panic(err)
	}
	last := j.Stats().Appended
	if err := j.Wait(context.Background(), last); err != nil {
		panic(err)
	}
	if err := j.Close(); err != nil {
		panic(err)
	}
	rep, err := Check(filepath.Join(dir, "journal"), nil)
	fmt.Println("kept all:", err == nil && rep.OK() && rep.Entries == last, "failing:", j.Failing() != nil)
}

// A disk that is really full. The child has a mount namespace of its own; where the machine allows none the same is shown
// on a file system in memory that counts its bytes.
func TestFullDisk(t *testing.T) {
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	attr := &os.ProcAttr{
		Env: append(os.Environ(), childEnv+"=full"), Files: []*os.File{nil, out, os.Stderr},
		Sys: &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS, Unshareflags: 0},
	}
	if os.Getuid() != 0 {
		attr.Sys.Cloneflags |= syscall.CLONE_NEWUSER
		attr.Sys.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
	}
	said := ""
	child, err := os.StartProcess("/proc/self/exe", []string{"full", t.TempDir()}, attr)
	mustClose(t, out)
	if err == nil {
		b, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := child.Wait(); err != nil {
			t.Fatal(err)
		}
		said = string(b)
	}
	mustClose(t, in)
	if err != nil || strings.HasPrefix(said, "cannot mount") {
		t.Logf("no mount here (%v%s): the disk is a memory that counts", err, said)
		fullMemory(t)
		return
	}
	if !strings.Contains(said, "failing: true") || !strings.Contains(said, "kept all: true failing: false") {
		t.Fatalf("the child said: %s", said)
	}
}

// fullMemory does with a limited memory what fullChild does with a mount.
func fullMemory(t *testing.T) {
	m := newMemFS()
	limit := 50 // operations; then the disk is full
	m.fault = func(op, _ string) error {
		if m.ops > limit && op == "write" {
			return syscall.ENOSPC
		}
		return nil
	}
	j := mustOpen(t, Options{Dir: "/j", FS: m, CommitInterval: -1})
	for i := 1; j.Failing() == nil; i++ {
		appendNotes(t, j, 1, false)
	}
	m.mu.Lock()
	limit = 1 << 30
	m.mu.Unlock()
	last := j.Stats().Appended
	if err := j.Wait(t.Context(), last); err != nil {
		t.Fatal(err)
	}
	r := j.Reader(1)
	checkNotes(t, r, 1, int(last))
	mustClose(t, r)
	mustClose(t, j)
}
