//go:build interop

package interop

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"tsujiban/interop/rig"
)

// TestDiskFull: when the record cannot be kept, ordinary calls are refused and calls for help
// pass; when the disk works again both pass, and what happened meanwhile is recorded.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	p := newParties(t)
	full := smallDisk(t, p)
	testNoRecord(t, p, full)
}

// TestFileTooLarge: the same when the system allows the program no longer files (setrlimit(2)), while it runs.
func TestFileTooLarge(t *testing.T) {
	t.Parallel()
	p := newParties(t)
	testNoRecord(t, p, fileLimit(t))
}

// fault is a disk that fails and works again.
type fault func(g *rig.Guard) (repair func())

func testNoRecord(t *testing.T, p *parties, fail fault) {
	g := p.Serve()
	p.carrier.Calls = 1_000_000 // the test ends it
	carrier := p.carrier.Start(p.Site)
	call := func(dial string) rig.SIPp {
		return rig.SIPp{Scenario: scenario("pbx-talk"), At: rig.FreePort(t, p.PBX), To: p.UDP, Dial: dial, Limit: 15 * time.Second}
	}
	refused := func(dial string) rig.SIPp {
		c := call(dial)
		c.Scenario, c.Status = scenario("pbx-refused"), 503
		return c
	}
	call("0312345678").Start(p.Site).Succeed()

	repair := fail(g)
	// The journal goes on in the room that it made in advance.
	fill := call("0312345678")
	fill.Calls, fill.Rate = 600, 200
	fill.Start(p.Site).Wait()
	rig.Until(t, 10*time.Second, func() error {
		if g.Metric("tsujiban_journal_failing") != 1 {
			return errors.New("the journal does not fail")
		}
		return nil
	})
	late := refused("0312345678")
	late.Calls = 10
	late.Start(p.Site).Succeed()
	emergency := call("110")
	emergency.Calls = 5
	emergency.Start(p.Site).Succeed()
	if n := p.ready(); n != 503 {
		t.Errorf("/readyz says %d", n)
	}

	repair()
	rig.Until(t, 30*time.Second, func() error {
		if n := p.ready(); n != 200 {
			return fmt.Errorf("/readyz says %d", n)
		}
		return nil
	})
	again := call("0612345678")
	again.Calls = 5
	again.Start(p.Site).Succeed()
	rig.Until(t, 15*time.Second, func() error {
		records, err := g.Records()
		var help, after int
		for _, r := range records {
			if r.Ended.IsZero() {
				err = errors.Join(err, fmt.Errorf("no end: %+v", r))
			}
			switch {
			case r.Status != 200:
			case r.Callee == "110":
				help++
			case r.Callee == "+81612345678":
				after++
			}
		}
		if help != 5 || after != 5 {
			err = errors.Join(err, fmt.Errorf("%d calls for help and %d calls afterwards are recorded, want 5 and 5", help, after))
		}
		return err
	})
	carrier.Kill()
	g.Stop()
	checkJournal(t, p.Site)
}

// smallDisk puts the data of a site on a file system of its own that can be filled. Where this
// user may not mount one, the program's files are limited instead.
func smallDisk(t *testing.T, p *parties) fault {
	t.Helper()
	dir := filepath.Join(p.Dir, "disk")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("none", dir, "tmpfs", 0, "size=16m"); err != nil {
		t.Logf("no file system of our own (%v): a limit of the size of files it is", err)
		return fileLimit(t)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	p.Data = filepath.Join(dir, "data")
	ballast := filepath.Join(dir, "ballast")
	return func(*rig.Guard) func() {
		f, err := os.Create(ballast)
		if err != nil {
			t.Fatal(err)
		}
		for block := make([]byte, 1<<20); len(block) > 0; {
			if _, err := f.Write(block); errors.Is(err, syscall.ENOSPC) {
				block = block[:len(block)/2]
			} else if err != nil {
				t.Fatal(err)
			}
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		return func() {
			if err := os.Remove(ballast); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// fileLimit allows the running guard no file beyond its first byte.
func fileLimit(t *testing.T) fault {
	return func(g *rig.Guard) func() {
		limit := func(soft string) {
			_, err := rig.Output(t, rig.Command{Name: "prlimit", Package: "util-linux", Args: []string{"--pid", strconv.Itoa(g.Pid()), "--fsize=" + soft + ":unlimited"}})
			if err != nil {
				t.Fatal(err)
			}
		}
		limit("1")
		return func() { limit("unlimited") }
	}
}

// ready is the status of /readyz.
func (p *parties) ready() int {
	p.T.Helper()
	status, _ := p.Get("/readyz")
	return status
}
